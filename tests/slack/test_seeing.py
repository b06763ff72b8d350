"""What stands below posts: people's reactions and replies, whoever was listening when they came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.core.digests import ListContent, Post
from bot.core.engagement import Seen
from bot.core.errors import ChannelUnavailable, PlatformBusy
from tests.platforms.slack import Message, slack_server
from tests.slack.carrying import (
    LONG,
    PAPERS,
    Office,
    answering,
    card,
    courier_for,
    own_message,
    page,
    paper,
    post_of,
    scripted,
    whoami,
)

DAY = date(2024, 6, 21)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with slack_server() as server:
        yield Office(server)


async def _see(office: Office, *posts: Post) -> dict[int, Seen]:
    return dict(await office.courier.seen(PAPERS, posts))


def _reactions(seen: Seen) -> set[tuple[str, str]]:
    return {(reaction.person.user_id, reaction.emoji) for reaction in seen.reactions}


def _replies(seen: Seen) -> list[tuple[str, str]]:
    return [(reply.person.user_id, reply.message_id) for reply in seen.replies]


def _message(office: Office, ts: str) -> Message:
    return office.papers.messages[ts]


async def test_reactions_and_replies_of_people(office: Office) -> None:
    ts = await office.send()
    message = _message(office, ts)
    guest = office.server.person(office.acme.guest)
    await office.reader.react(office.papers, message, "tada")
    await guest.react(office.papers, message, "tada")
    await guest.react(office.papers, message, "eyes")
    first = await office.reader.say(office.papers, "Interesting!", thread=message)
    second = await guest.say(office.papers, "Indeed", thread=message, broadcast=True)
    seen = (await _see(office, post_of(1, ts)))[1]
    assert _reactions(seen) == {("U2", "tada"), ("U3", "tada"), ("U3", "eyes")}
    assert _replies(seen) == [("U2", first.ts), ("U3", second.ts)]
    assert seen.replies[0].at == datetime.fromtimestamp(float(first.ts), UTC)
    people = [reaction.person for reaction in seen.reactions] + [reply.person for reply in seen.replies]
    assert {(person.platform, person.workspace) for person in people} == {("slack", "T1")}


async def test_bots_paperboy_and_what_is_gone_do_not_count(office: Office) -> None:
    ts = await office.send(card(paragraphs=LONG))
    message = _message(office, ts)
    bot = office.server.person(office.acme.other_bot)
    await bot.react(office.papers, message, "robot_face")
    await bot.say(office.papers, "Beep", thread=message)
    gone = await office.reader.say(office.papers, "Oops", thread=message)
    await office.reader.delete(office.papers, gone)
    await office.reader.react(office.papers, message, "tada")
    await office.reader.unreact(office.papers, message, "tada")
    assert await _see(office, post_of(1, ts)) == {1: Seen()}


async def test_a_reaction_to_what_continues_a_post_is_one_to_the_post(office: Office) -> None:
    ts = await office.send(card(paragraphs=LONG))
    first, second, third = office.messages()
    await office.reader.react(office.papers, second, "tada")
    await office.reader.react(office.papers, third, "tada")
    await office.reader.react(office.papers, first, "eyes")
    seen = (await _see(office, post_of(1, ts)))[1]
    assert sorted(_reactions(seen)) == [("U2", "eyes"), ("U2", "tada")]
    assert len(seen.reactions) == 2


async def test_replies_in_the_thread_of_a_list_belong_to_the_list(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"), paper("B"))), key="head")
    a = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    b = await office.send(card("B"), key="b", thread=head)
    await office.reader.react(office.papers, _message(office, b), "tada")
    await office.reader.react(office.papers, office.messages()[3], "eyes")  # what continues A
    reply = await office.reader.say(office.papers, "Interesting!", thread=_message(office, head))
    seen = await _see(office, post_of(1, head), post_of(2, a, thread=head), post_of(3, b, thread=head))
    assert _replies(seen[1]) == [("U2", reply.ts)]
    assert [_reactions(seen[number]) for number in (1, 2, 3)] == [set(), {("U2", "eyes")}, {("U2", "tada")}]
    assert (seen[2].replies, seen[3].replies) == ((), ())


async def test_a_post_that_is_gone_is_left_out(office: Office) -> None:
    kept, gone, stone = [await office.send(key=key) for key in "abc"]
    await office.reader.say(office.papers, "Interesting!", thread=_message(office, stone))
    for ts in (gone, stone):
        await office.admin.delete(office.papers, _message(office, ts))
    inside = post_of(4, "1718900000.000100", thread="1718900000.000000")
    posts = [post_of(number, ts) for number, ts in enumerate((kept, gone, stone), 1)]
    assert (await _see(office, *posts, inside)).keys() == {1}


async def test_nothing_asked_is_nothing_read(office: Office) -> None:
    assert await _see(office) == {}
    assert set(office.calls()) <= {"auth.test"}


async def test_many_posts_take_few_calls(office: Office) -> None:
    sent = [await office.send(key=str(number)) for number in range(120)]
    for number in (3, 50, 119):
        await office.reader.react(office.papers, _message(office, sent[number]), "tada")
        await office.reader.say(office.papers, "Interesting!", thread=_message(office, sent[number]))
    office.server.calls.clear()
    seen = await _see(office, *[post_of(number, ts) for number, ts in enumerate(sent)])
    assert len(seen) == 120
    assert [number for number in seen if seen[number].reactions and seen[number].replies] == [3, 50, 119]
    assert sorted(office.calls()) == [
        "auth.test", "conversations.history", *["conversations.replies"] * 3, "users.info",
    ]  # fmt: skip


async def test_what_was_said_between_posts_is_skipped(office: Office) -> None:
    sent = []
    for day in range(3):
        sent += [await office.send(key=f"{day}/{number}") for number in range(4)]
        for number in range(60):
            await office.reader.say(office.papers, f"{day}, {number}")
    office.server.page_max = 10
    seen = await _see(office, *[post_of(number, ts) for number, ts in enumerate(sent)])
    assert len(seen) == 12
    assert office.calls().count("conversations.history") == 3


async def test_long_pages_of_posts_and_threads_are_read_to_the_end(office: Office) -> None:
    sent = [await office.send(key=str(number)) for number in range(25)]
    replies = [await office.reader.say(office.papers, "!", thread=_message(office, sent[7])) for _ in range(25)]
    office.server.page_max = 10
    seen = await _see(office, *[post_of(number, ts) for number, ts in enumerate(sent)])
    assert len(seen) == 25
    assert [ts for _, ts in _replies(seen[7])] == [reply.ts for reply in replies]


async def test_who_reacted_is_asked_for_where_slack_names_some_only() -> None:
    reactions = [{"name": "tada", "users": ["U1"], "count": 3}, {"name": "eyes", "users": ["U1"], "count": 1}]
    everybody = [{"name": "tada", "users": ["U1", "U2", "U3"], "count": 3}]
    history = page([own_message("1.000100", reactions=reactions)])
    full = {"ok": True, "type": "message", "message": {"ts": "1.000100", "reactions": everybody}}

    def person(arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "user": {"id": arguments["user"], "is_bot": arguments["user"] == "U3"}}

    async with scripted(
        auth_test=whoami, conversations_history=answering(history), reactions_get=answering(full), users_info=person
    ) as slack:
        courier, _ = courier_for(slack.url)
        seen = await courier.seen(PAPERS, [post_of(1, "1.000100")])
        assert _reactions(seen[1]) == {("U1", "tada"), ("U2", "tada")}
        assert slack.calls["reactions.get"][0]["full"] == "1"


async def test_what_stands_on_two_pages_counts_once() -> None:
    root = own_message("1.000100", reply_count=2)
    replies = [{"type": "message", "user": f"U{n}", "ts": f"{n}.000100", "thread_ts": "1.000100"} for n in (2, 3, 4)]
    replies[2]["bot_id"] = "B7"  # an app that speaks for U4

    def thread(arguments: dict[str, Any]) -> dict[str, Any]:
        if "cursor" in arguments:
            return page([root, *replies])
        return {**page([root, replies[0]]), "has_more": True, "response_metadata": {"next_cursor": "more"}}

    async with scripted(
        auth_test=whoami, conversations_history=answering(page([root])), conversations_replies=thread
    ) as slack:
        courier, _ = courier_for(slack.url)
        seen = await courier.seen(PAPERS, [post_of(1, "1.000100")])
        assert _replies(seen[1]) == [("U2", "2.000100"), ("U3", "3.000100")]


async def test_a_post_that_goes_while_it_is_looked_at_is_left_out() -> None:
    async with scripted(
        auth_test=whoami,
        conversations_history=answering(page([own_message("1.000100", reply_count=2)])),
        conversations_replies=answering({"ok": False, "error": "thread_not_found"}),
    ) as slack:
        courier, _ = courier_for(slack.url)
        assert await courier.seen(PAPERS, [post_of(1, "1.000100")]) == {}


async def test_a_short_pause_is_waited_for_so_that_long_reading_ends(office: Office) -> None:
    sent = [await office.send(key=key) for key in "abc"]
    for ts in sent:
        await office.reader.say(office.papers, "Interesting!", thread=_message(office, ts))
    office.server.limit("conversations.replies", "T1", retry_after=1, times=1)
    seen = await _see(office, *[post_of(number, ts) for number, ts in enumerate(sent)])
    assert [len(seen[number].replies) for number in range(3)] == [1, 1, 1]
    assert [call.error for call in office.server.calls_of("conversations.replies")].count("ratelimited") == 1


async def test_a_long_pause_is_the_callers(office: Office) -> None:
    ts = await office.send()
    office.server.limit("conversations.history", "T1", retry_after=600)
    with pytest.raises(PlatformBusy) as busy:
        await _see(office, post_of(1, ts))
    assert busy.value.retry_at is not None


async def test_a_channel_that_may_not_be_read_is_unavailable(office: Office) -> None:
    ts = await office.send()
    await office.admin.remove(office.papers, office.acme.app)
    with pytest.raises(ChannelUnavailable, match="/invite"):
        await _see(office, post_of(1, ts))
