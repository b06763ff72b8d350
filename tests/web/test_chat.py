"""The chat page over HTTP and its WebSocket, as its own scripts use them."""

from __future__ import annotations

import html
import json
import re

import aiohttp
import pytest

from bot.core.people import Language, Person
from bot.core.workspace import LocalChannel, LocalMessage
from bot.web.hub import Event, EventKind
from storage.opening import Storage
from tests.web.conftest import Answer, Deliver, Keep, Seat, Site, StandingClock, Start

TOKEN = "0123456789abcdef"


def _ids(answer: Answer) -> list[int]:
    return [int(found) for found in re.findall(r'<article class="message[^>]* data-id="(\d+)"', answer.text)]


async def _say(seat: Seat, text: str, token: str = TOKEN, channel: str = "papers") -> int:
    answer = await seat.post(f"/chat/channels/{channel}/messages", {"text": text, "token": token})
    assert answer.status == 200, answer.text
    return _ids(answer)[0]


# --- the page -------------------------------------------------------------------------------------------------------


async def test_the_first_page_shows_the_digest(reader: Seat, keep: Keep, deliver: Deliver) -> None:
    await keep("A <b>bold</b> title", commentary="해설 & more", tags=("rlaif",), url="https://example.org/x")
    await deliver()
    page = await reader.get("/")
    assert page.status == 200
    assert "A &lt;b&gt;bold&lt;/b&gt; title" in page.text
    assert '<div class="text commentary" lang="ko"><p>해설 &amp; more</p></div>' in page.text
    assert 'data-command="/paper tag:rlaif"' in page.text
    assert "2024년 7월 19일 (금)" in page.text  # the post speaks its subscription's language


async def test_the_page_keeps_the_policy(reader: Seat) -> None:
    page = await reader.get("/c/papers")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page.text)
    scripts = re.findall(r"<script[^>]*>", page.text)
    assert all("src=" in script or 'type="application/json"' in script for script in scripts)


async def test_the_pages_data_is_json_that_cannot_end_early(reader: Seat, storage: Storage) -> None:
    await storage.workspace.add_channel(LocalChannel("x", "</script><b>", "", 1))
    page = await reader.get("/c/x")
    data = re.search(r'id="page-data">(.*?)</script>', page.text)
    assert data is not None
    assert json.loads(data[1])["channel"] == "x"
    assert "</script><b>" not in page.text


async def test_a_channel_nobody_made(reader: Seat) -> None:
    assert (await reader.get("/c/nowhere")).status == 404
    for answer in (
        await reader.run("/paper", "nowhere"),
        await reader.get("/chat/channels/nowhere/messages"),
        await reader.post("/chat/channels/nowhere/messages", {"text": "x", "token": TOKEN}),
    ):
        assert answer.status == 404
        assert "channel" in answer.text


async def test_a_workspace_without_channels_says_so(local: Site) -> None:
    assert (await local.get("/")).status == 404


async def test_both_languages(local: Site, papers: LocalChannel) -> None:
    for language in Language:
        page = await Seat(local, "reader", language.value).get("/")
        assert f'<html lang="{language.value}"' in page.text


async def test_choosing_a_person_sets_a_cookie(reader: Seat) -> None:
    answer = await reader.post("/chat/persona", {"persona": "maintainer", "channel": "papers"})
    assert (answer.status, answer.headers["Location"]) == (303, "/c/papers")
    cookie = answer.headers["Set-Cookie"]
    assert "persona=maintainer" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert (await reader.post("/chat/persona", {"persona": "king", "channel": "papers"})).status == 400
    elsewhere = await reader.post("/chat/persona", {"persona": "reader", "channel": "//example.org"})
    assert elsewhere.status == 404


async def test_an_invented_person_is_the_reader(local: Site, papers: LocalChannel) -> None:
    assert (await Seat(local, "operator").run("/paper-add")).status == 403


async def test_the_reading_room_alone_has_no_chat(public: Site, papers: LocalChannel) -> None:
    for path in ("/c/papers", "/ws", "/chat/channels/papers/messages"):
        assert (await public.get(path)).status == 404


async def test_other_sites_may_not_write(local: Site, papers: LocalChannel) -> None:
    address = f"{local.origin}/chat/channels/papers/messages"
    fields = {"text": "x", "token": TOKEN}
    async with local.session.post(address, data=fields, headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403


# --- messages -------------------------------------------------------------------------------------------------------


async def test_a_message_is_escaped_and_posted_once(reader: Seat) -> None:
    first = await _say(reader, "<script>alert(1)</script> https://example.org/a")
    assert await _say(reader, "again", TOKEN) == first
    page = await reader.get("/c/papers")
    assert _ids(page) == [first]
    assert "&lt;script&gt;" in page.text
    assert 'href="https://example.org/a"' in page.text


@pytest.mark.parametrize(
    ("text", "token"), [("   ", TOKEN), ("x" * 4001, TOKEN), ("x", ""), ("x", "../../1/2024-07-19/head")]
)
async def test_a_message_that_cannot_be_sent(reader: Seat, text: str, token: str) -> None:
    answer = await reader.post("/chat/channels/papers/messages", {"text": text, "token": token})
    assert answer.status == 422
    assert "is-error" in answer.text
    assert _ids(await reader.get("/c/papers")) == []


async def test_history_goes_back_page_by_page(reader: Seat, storage: Storage, clock: StandingClock) -> None:
    for number in range(95):
        await storage.workspace.post(
            LocalMessage(channel_id="papers", author="reader", text=f"No {number}", sent_at=clock.now())
        )
    newest = await reader.get("/chat/channels/papers/messages")
    shown = _ids(newest)
    assert len(shown) == 40
    assert 'data-more="1"' in newest.text
    before = _ids(await reader.get(f"/chat/channels/papers/messages?before={shown[0]}"))
    assert before[-1] == shown[0] - 1
    everything = await reader.get("/chat/channels/papers/messages?since=1")
    assert len(_ids(everything)) == 95
    assert 'data-more=""' in everything.text
    assert len(_ids(await reader.get("/chat/channels/papers/messages?before=nonsense"))) == 40


async def test_days_are_set_apart(reader: Seat, storage: Storage, clock: StandingClock) -> None:
    for day in (18, 18, 19):
        moment = clock.moment.replace(day=day)
        await storage.workspace.post(LocalMessage(channel_id="papers", author="reader", text="x", sent_at=moment))
    page = await reader.get("/c/papers")
    assert page.text.count('class="day"') == 2


async def test_a_thread(reader: Seat, maintainer: Seat) -> None:
    parent = await _say(reader, "What do you think?")
    reply = await maintainer.post(f"/chat/messages/{parent}/replies", {"text": "Good.", "token": TOKEN})
    assert 'id="r' in reply.text
    nested = await reader.post(f"/chat/messages/{_ids(reply)[0]}/replies", {"text": "Yes.", "token": TOKEN[::-1]})
    thread = await reader.get(f"/chat/messages/{parent}/thread")
    assert _ids(thread) == [parent, *_ids(reply), *_ids(nested)]
    assert "2 replies" in (await reader.get("/c/papers")).text
    place = await reader.get(f"/chat/messages/{_ids(reply)[0]}/place")
    assert json.loads(place.text) == {"channel": "papers", "thread": parent}
    link = await reader.get(f"/m/{_ids(reply)[0]}")
    assert link.headers["Location"] == f"/c/papers#m{parent}-r{_ids(reply)[0]}"
    assert (await reader.get(f"/m/{parent}")).headers["Location"] == f"/c/papers#m{parent}"


async def test_what_is_gone_is_gone(reader: Seat) -> None:
    for path in ("/m/999", "/chat/messages/999", "/chat/messages/999/thread", "/chat/messages/999/place"):
        assert (await reader.get(path)).status == 404
    for path, fields in (
        ("/chat/messages/999/replies", {"text": "x", "token": TOKEN}),
        ("/chat/messages/999/reactions", {"emoji": "🔥", "on": "1"}),
        ("/chat/messages/999/delete", {}),
    ):
        answer = await reader.post(path, fields)
        assert (answer.status, "gone" in answer.text) == (404, True)


async def test_only_ones_own_messages_can_be_deleted(reader: Seat, maintainer: Seat) -> None:
    mine = await _say(reader, "Mine.")
    assert (await maintainer.post(f"/chat/messages/{mine}/delete")).status == 403
    assert (await reader.post(f"/chat/messages/{mine}/delete")).status == 204
    assert _ids(await reader.get("/c/papers")) == []


# --- engagement -----------------------------------------------------------------------------------------------------


async def _post_of(seat: Seat, entry_id: str) -> int:
    found = re.search(rf'data-id="(\d+)"[^>]*data-entry="{entry_id}"', (await seat.get("/c/papers")).text)
    assert found is not None
    return int(found[1])


async def test_what_readers_do_is_counted(
    reader: Seat, maintainer: Seat, keep: Keep, deliver: Deliver, storage: Storage
) -> None:
    entry = await keep("P")
    await deliver()
    post = await _post_of(reader, entry.id)
    for seat in (reader, maintainer):
        answer = await seat.post(f"/chat/messages/{post}/reactions", {"emoji": "🔥", "on": "1"})
        assert 'aria-pressed="true"' in answer.text
    reply = await reader.post(f"/chat/messages/{post}/replies", {"text": "Good.", "token": TOKEN})
    assert (await reader.post(f"/chat/entries/{entry.id}/saved", {"on": "1"})).status == 204
    counts = (await storage.engagement.counts([entry.id]))[entry.id]
    assert (counts.reactions, counts.replies, counts.saves) == (2, 1, 1)
    assert "P" in (await reader.run("/paper is:saved")).text
    assert "2 reactions" in (await reader.run("/paper")).text

    await maintainer.post(f"/chat/messages/{post}/reactions", {"emoji": "🔥", "on": "0"})
    await reader.post(f"/chat/messages/{_ids(reply)[0]}/delete")
    await reader.post(f"/chat/entries/{entry.id}/saved", {"on": "0"})
    counts = (await storage.engagement.counts([entry.id]))[entry.id]
    assert (counts.reactions, counts.replies, counts.saves) == (1, 0, 0)


async def test_a_body_that_is_no_form(local: Site, papers: LocalChannel) -> None:
    address = f"{local.origin}/chat/channels/papers/messages"
    for kind, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"--a\r\nnonsense"),
        ("application/x-www-form-urlencoded", b"text=%ff%fe&token=0123456789abcdef&\xff"),
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded; charset=nothing", b"text=x"),
    ):
        headers = {"Origin": local.origin, "Content-Type": kind}
        async with local.session.post(address, data=body, headers=headers) as answer:
            assert answer.status in {200, 400, 422}, kind


async def test_only_the_pickers_emoji(reader: Seat) -> None:
    message = await _say(reader, "Hi.")
    answer = await reader.post(f"/chat/messages/{message}/reactions", {"emoji": "<b>", "on": "1"})
    assert answer.status == 422


async def test_forgetting_reaches_the_workspace(reader: Seat, keep: Keep, deliver: Deliver, storage: Storage) -> None:
    entry = await keep("P")
    await deliver()
    post = await _post_of(reader, entry.id)
    await reader.post(f"/chat/messages/{post}/reactions", {"emoji": "🔥", "on": "1"})
    await reader.post(f"/chat/messages/{post}/replies", {"text": "My secret.", "token": TOKEN})
    assert "Erase my records" in (await reader.run("/paper forget-me")).text
    assert (await reader.post("/chat/forget-me")).status == 200
    thread = await reader.get(f"/chat/messages/{post}/thread")
    assert "My secret." not in thread.text
    assert 'data-emoji="🔥"' not in thread.text
    assert await storage.engagement.saved([entry.id], Person("web", "local", "reader")) == set()


async def test_saving_what_is_not_there(reader: Seat) -> None:
    assert (await reader.post("/chat/entries/nothere222/saved", {"on": "1"})).status == 404


# --- commands -------------------------------------------------------------------------------------------------------


async def test_paging_lives_in_the_request_and_survives_a_restart(reader: Seat, keep: Keep, start: Start) -> None:
    for number in range(7):
        await keep(f"Paper {number}", tags=("rlaif",))
    first = await reader.run("/paper tag:rlaif")
    assert first.text.count('<li class="hit">') == 5
    turn = re.search(r'data-page="next" data-turn="([^"]+)"', first.text)
    assert turn is not None
    async with start(is_local=True) as again:
        second = await Seat(again, "reader").get(html.unescape(turn[1]))
    assert second.status == 200
    assert second.text.count('<li class="hit">') == 2
    assert 'data-page="previous" data-turn=' in second.text


async def test_a_broken_cursor_is_an_answer(reader: Seat, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    answer = await reader.get("/chat/channels/papers/results?text=tag:rlaif&cursor=%21%21")
    assert answer.status == 422
    assert "is-error" in answer.text


async def test_errors_are_answers_with_suggestions(reader: Seat, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    answer = await reader.run("/paper tga:rlaif")
    assert answer.status == 422
    assert 'data-command="/paper tag:rlaif"' in answer.text
    unknown = await reader.run("/paper-ad")
    assert 'data-command="/paper-add"' in unknown.text
    nasty = await reader.run('/paper "><script>alert(1)</script>:x')
    assert "<script>" not in nasty.text


async def test_every_answer_renders_in_both_languages(
    local: Site, maintainer: Seat, keep: Keep, deliver: Deliver
) -> None:
    entry = await keep("P", tags=("rlaif",), authors=("A", "B", "C", "D", "E"), abstract="x", commentary_en="y")
    await deliver()
    for language in Language:
        seat = Seat(local, "maintainer", language.value)
        for line in (
            "/paper",
            "/paper tag:rlaif",
            "/paper nothing-like-it",
            "/paper help",
            "/paper forget-me",
            "/digest recap",
            "/digest list",
            "/digest edit",
            "/digest subscribe",
            "/digest preview",
            "/digest send",
            "/digest why",
            "/digest unsubscribe",
            "/paper-add",
            f"/paper-edit {entry.id}",
            f"/paper-remove {entry.id}",
            "/digest pause",
            "/digest list",
            "/digest resume",
        ):
            answer = await seat.run(line)
            assert answer.status == 200, f"{line}: {answer.text}"
        for path in (f"/chat/entries/{entry.id}", f"/chat/entries/{entry.id}/like"):
            assert (await seat.get(path)).status == 200


async def test_compact_digests_have_their_cards_in_the_thread(maintainer: Seat, keep: Keep, deliver: Deliver) -> None:
    entry = await keep("P", tags=("rlaif",))
    fields: dict[str, str | list[str]] = {
        "query": "",
        "at": "09:00",
        "zone": "Asia/Seoul",
        "weekdays": list("0123456"),
        "layout": "compact",
        "language": "en",
        "late_policy": "in-order",
    }
    answer = await maintainer.post("/chat/channels/papers/subscriptions", fields)
    assert answer.status == 200, answer.text
    await deliver()
    page = await maintainer.get("/c/papers")
    assert "is-list" in page.text
    thread = await maintainer.get(f"/chat/messages/{_ids(page)[0]}/thread")
    assert f'data-entry="{entry.id}"' in thread.text
    assert "data-jump=" in (await maintainer.run("/paper")).text


async def test_sharing_posts_once_and_stays_right(reader: Seat, maintainer: Seat, keep: Keep) -> None:
    entry = await keep("Before")
    fields = {"entry": entry.id, "token": TOKEN}
    for _ in range(2):
        assert (await reader.post("/chat/channels/papers/shares", fields)).status == 204
    page = await reader.get("/c/papers")
    assert len(_ids(page)) == 1
    assert "Reader shared a paper" in page.text
    await maintainer.post(
        f"/chat/entries/{entry.id}", {"title": "After", "publish": "date", "date": "2024-07-19", "revision": "1"}
    )
    assert "After" in (await reader.get("/c/papers")).text
    await maintainer.post(f"/chat/entries/{entry.id}/remove")
    page = await reader.get("/c/papers")
    assert "After" not in page.text
    assert "no longer in the archive" in page.text


async def test_drafts_cannot_be_shared(maintainer: Seat, reader: Seat, keep: Keep) -> None:
    entry = await keep("Tomorrow's", "2024-07-21")
    fields = {"entry": entry.id, "token": TOKEN}
    assert (await maintainer.post("/chat/channels/papers/shares", fields)).status == 403
    assert (await reader.post("/chat/channels/papers/shares", fields)).status == 404


async def test_completions_are_json(reader: Seat, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    answer = await reader.get("/chat/channels/papers/completions?text=/paper%20tag:rl&cursor=13")
    assert json.loads(answer.text) == {
        "start": 11,
        "end": 13,
        "sure": True,
        "offers": [{"label": "rlaif", "detail": "1 entry", "insert": "rlaif ", "restricted": False}],
    }
    for query in ("", "?text=/&cursor=-5", "?text=/paper&cursor=99999999999999999999", "?of=tags&text=%00"):
        assert (await reader.get(f"/chat/channels/papers/completions{query}")).status == 200


# --- live -----------------------------------------------------------------------------------------------------------


async def _listen(seat: Seat) -> aiohttp.ClientWebSocketResponse:
    return await seat.site.session.ws_connect(f"{seat.site.origin}/ws", headers={"Origin": seat.site.origin})


async def test_every_open_tab_hears_what_happens(reader: Seat) -> None:
    one, two = await _listen(reader), await _listen(reader)
    page = await reader.get("/c/papers")
    for tab in (one, two):
        hello = await tab.receive_json(timeout=5)
        assert f'data-position="{hello["at"]}"' in page.text
    message = await _say(reader, "Hello.")
    for tab in (one, two):
        event = await tab.receive_json(timeout=5)
        assert (event["kind"], event["channel_id"], event["message_id"]) == ("posted", "papers", message)
        assert event["at"] == reader.site.hub.position
    await reader.post(f"/chat/messages/{message}/reactions", {"emoji": "🔥", "on": "1"})
    assert (await one.receive_json(timeout=5))["kind"] == "changed"
    await reader.post(f"/chat/messages/{message}/delete")
    assert (await one.receive_json(timeout=5))["kind"] == "deleted"
    for tab in (one, two):
        await tab.close()


async def test_a_lost_tab_is_told_to_come_again(reader: Seat) -> None:
    tab = await _listen(reader)
    await tab.receive_json(timeout=5)
    while reader.site.hub.tab_count:
        reader.site.hub.publish(Event(EventKind.REFRESH))  # without a pause, so that it cannot keep up
    closing = await tab.receive(timeout=5)
    assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.TRY_AGAIN_LATER)
    await tab.close()


async def test_other_sites_may_not_listen(local: Site) -> None:
    for origin in ("https://evil.example", "null", ""):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await local.session.ws_connect(f"{local.origin}/ws", headers={"Origin": origin} if origin else {})
        assert refused.value.status == 403
