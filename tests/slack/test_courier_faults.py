"""What may go wrong between Paperboy and Slack: every post ends up in its channel exactly once, whole and in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.digests import ListContent, MessageRef
from bot.core.errors import ChannelUnavailable, ContentRefused, DeliveryUncertain, PlatformBusy
from bot.core.messages import msg
from bot.core.people import Language, Person, Staff
from bot.core.subscriptions import Channel
from bot.slack.courier import SlackCourier
from bot.slack.people import People
from bot.slack.workspaces import Workspaces
from storage.opening import open_storage
from tests.platforms.slack import SlackServer, slack_server
from tests.slack.carrying import (
    LONG,
    PAPERS,
    SECRET,
    Installed,
    Json,
    Office,
    ToldClock,
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
KEY = "1/2024-06-21/a"
SORA = Person("slack", "T1", "U2")
Order = Callable[[SlackServer], object]


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with slack_server() as server:
        yield Office(server)


def _is_once_and_whole(office: Office, ts: str, title: str = "Paper") -> bool:
    """Whether the post with our key is what a fresh one would be, and stands there once."""
    labels = [part for key, part in office.labels() if key == KEY]
    return labels == list(range(len(labels))) and office.messages()[0].ts == ts and title in office.shown()


# --- the post itself ------------------------------------------------------------------------------------------------

LOST: dict[str, Order] = {
    "the connection broke before": lambda slack: slack.faults.drop_before("chat.postMessage"),
    "an error before": lambda slack: slack.faults.error_before("chat.postMessage", status=500),
}
ARRIVED: dict[str, Order] = {
    "the connection broke after": lambda slack: slack.faults.drop_after("chat.postMessage"),
    "an error after": lambda slack: slack.faults.error_after("chat.postMessage", status=500),
    "a gateway gave up": lambda slack: slack.faults.error_after("chat.postMessage", status=504),
    "half an answer": lambda slack: slack.faults.malformed("chat.postMessage"),
}


@pytest.mark.parametrize("order", LOST.values(), ids=LOST)
async def test_a_post_that_did_not_arrive_is_found_nowhere(office: Office, order: Order) -> None:
    order(office.server)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    assert office.calls() == []
    assert await office.find() is None
    assert _is_once_and_whole(office, await office.send())


@pytest.mark.parametrize("order", ARRIVED.values(), ids=ARRIVED)
async def test_a_post_that_arrived_is_found(office: Office, order: Order) -> None:
    order(office.server)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    assert await office.find() == office.messages()[0].ts
    assert office.calls().count("chat.postMessage") == 1


@pytest.mark.parametrize("order", ARRIVED.values(), ids=ARRIVED)
async def test_a_post_in_a_thread_that_arrived_is_found_there(office: Office, order: Order) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    order(office.server)
    with pytest.raises(DeliveryUncertain):
        await office.send(thread=head)
    assert await office.find(thread=head) == office.messages()[1].ts
    assert await office.find("other", thread=head) is None


async def test_another_apps_metadata_is_not_ours(office: Office) -> None:
    ts = await office.send(key="other")
    (own,) = office.messages()
    said = await office.reader.say(office.papers, "A copy")
    said.metadata = {"event_type": "paperboy_post", "event_payload": {"key": KEY, "part": 0}}
    assert await office.find() is None
    assert await office.find("other") == ts == own.ts


async def test_a_continuation_is_not_the_post(office: Office) -> None:
    head = await office.send(card(paragraphs=LONG), key="head", thread=None)
    await office.admin.delete(office.papers, office.messages()[0])
    assert await office.find("head", thread=head) is None


async def test_a_post_is_looked_for_on_every_page_since_it_was_tried(office: Office) -> None:
    ts = await office.send()
    for number in range(30):
        await office.reader.say(office.papers, f"Message {number}")
    office.server.page_max = 7
    assert await office.find() == ts
    assert office.calls().count("conversations.history") == 5
    late = datetime.now(UTC) + timedelta(minutes=6)
    assert await office.courier.find(PAPERS, KEY, thread_id=None, since=late) is None


async def test_a_thread_is_read_to_its_last_page(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    for number in range(30):
        await office.reader.say(office.papers, f"Reply {number}", thread=office.messages()[0])
    ts = await office.send(thread=head)
    office.server.page_max = 7
    assert await office.find(thread=head) == ts


async def test_a_reply_whose_thread_is_gone_is_found_in_the_channel(office: Office) -> None:
    """There Slack puts it, without a word."""
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    await office.admin.delete(office.papers, office.messages()[0])
    office.server.faults.drop_after("chat.postMessage")
    with pytest.raises(DeliveryUncertain):
        await office.send(thread=head)
    assert await office.find(thread=head) == office.messages()[0].ts


# --- what continues it ----------------------------------------------------------------------------------------------


async def _send_with(office: Office, order: Order) -> None:
    """Send a post of three messages; something goes wrong once the first is there."""
    first = office.server.faults.hold("chat.postMessage")
    sending = asyncio.create_task(office.send(card(paragraphs=LONG)))
    await first.reached()
    order(office.server)
    first.release()
    with pytest.raises(DeliveryUncertain):
        await sending


PARTS: dict[str, tuple[Order, int]] = {
    "lost": (lambda slack: slack.faults.drop_before("chat.postMessage"), 1),
    "arrived": (lambda slack: slack.faults.drop_after("chat.postMessage"), 2),
    "half an answer": (lambda slack: slack.faults.malformed("chat.postMessage"), 2),
    "too fast": (lambda slack: slack.limit("chat.postMessage", "T1", retry_after=0), 1),
}


@pytest.mark.parametrize(("order", "arrived"), PARTS.values(), ids=PARTS)
async def test_a_post_broken_off_is_completed_after_a_restart(office: Office, order: Order, arrived: int) -> None:
    await _send_with(office, order)
    assert len(office.messages()) == arrived
    office.courier, office.workspaces = office.start()
    ts = await office.find()
    assert ts is not None
    await office.edit(ts, card(paragraphs=LONG))
    assert _is_once_and_whole(office, ts)
    assert len(office.messages()) == 3


async def test_an_edit_broken_off_is_completed_by_the_same_again(office: Office) -> None:
    ts = await office.send(card("Before"))
    office.server.faults.drop_after("chat.postMessage")
    with pytest.raises(DeliveryUncertain):
        await office.edit(ts, card(paragraphs=LONG))
    assert len(office.messages()) == 2
    await office.edit(ts, card(paragraphs=LONG))
    assert _is_once_and_whole(office, ts)
    assert len(office.messages()) == 3


async def test_what_a_broken_off_edit_had_posted_is_known_to_a_shorter_one(office: Office) -> None:
    ts = await office.send(card("Before"))
    office.server.faults.drop_after("chat.postMessage")
    with pytest.raises(DeliveryUncertain):
        await office.edit(ts, card(paragraphs=LONG))
    await office.edit(ts, card("After"))
    assert office.labels() == [(KEY, 0)]


@pytest.mark.parametrize("method", ["conversations.replies", "chat.update", "chat.delete"])
async def test_reading_changing_and_deleting_leave_nothing_uncertain(office: Office, method: str) -> None:
    ts = await office.send(card(paragraphs=LONG))
    office.server.faults.drop_after(method, times=2)  # the client itself reads once more
    with pytest.raises(PlatformBusy):
        await office.edit(ts, card("After"))
    office.server.faults.clear()
    await office.edit(ts, card("After"))
    assert office.labels() == [(KEY, 0)]
    office.server.faults.drop_after("chat.delete")
    with pytest.raises(PlatformBusy):
        await office.withdraw(ts)
    await office.withdraw(ts)
    assert office.messages() == []


# --- rate limits ----------------------------------------------------------------------------------------------------


async def test_a_rate_limit_holds_for_its_method_and_workspace_only(office: Office) -> None:
    clock = ToldClock(datetime.now(UTC))
    office.courier, _ = office.start(clock=clock)
    ts = await office.send()
    office.server.limit("chat.postMessage", "T1", retry_after=20)
    with pytest.raises(PlatformBusy) as busy:
        await office.send(key="second")
    assert busy.value.retry_at == clock.now() + timedelta(seconds=20)
    tried = len(office.server.calls)
    with pytest.raises(PlatformBusy):  # not even asked
        await office.send(key="second")
    assert len(office.server.calls) == tried
    await office.edit(ts, card("After"))
    assert await office.find() == ts
    clock.pass_time(seconds=20)
    await office.send(key="second")


async def test_other_workspaces_go_on(office: Office, tmp_path: Path) -> None:
    clock = ToldClock(datetime.now(UTC))
    storage = await open_storage(f"sqlite:///{tmp_path / 'paperboy.db'}", migrate=True)
    installed = Installed(storage, office.server, office.acme.app)
    other = office.server.add_workspace("other", "T2")
    await installed.add(office.acme.workspace)
    await installed.add(other)
    other.add_channel("C1", "papers", {office.acme.app.installations["T2"].bot_user})
    workspaces = Workspaces(installed.settings(), clock, installed.kept)
    people = People(workspaces, Staff(), clock, language=Language.ENGLISH, zone="UTC")
    courier = SlackCourier(workspaces, people, clock, pace=0)
    there = Channel("slack", "T2", "C1")
    office.server.limit("chat.postMessage", "T1", retry_after=20)
    with pytest.raises(PlatformBusy):
        await courier.send(PAPERS, card(), key=KEY, language=Language.ENGLISH, thread_id=None)
    ts = await courier.send(there, card(), key=KEY, language=Language.ENGLISH, thread_id=None)
    assert await courier.find(there, KEY, thread_id=None, since=office.begun) == ts
    assert office.messages() == []
    await storage.close()


# --- what Slack does not take ---------------------------------------------------------------------------------------


def _only_plain(arguments: Json) -> Json:
    """Slack on a day when it takes sections only."""
    blocks = json.loads(arguments["blocks"]) if isinstance(arguments["blocks"], str) else arguments["blocks"]
    if any(block["type"] != "section" for block in blocks):
        return {"ok": False, "error": "invalid_blocks"}
    return {"ok": True, "ts": "1.000100"}


async def test_what_is_not_taken_as_it_is_made_is_posted_in_plain_text() -> None:
    async with scripted(chat_postMessage=_only_plain) as slack:
        courier, _ = courier_for(slack.url)
        await courier.send(PAPERS, card(paragraphs=LONG), key=KEY, language=Language.ENGLISH, thread_id=None)
        tried = slack.calls["chat.postMessage"]
    assert len(tried) == 6
    metadata = [json.loads(one["metadata"]) if isinstance(one["metadata"], str) else one["metadata"] for one in tried]
    assert [one["event_payload"]["part"] for one in metadata] == [0, 0, 1, 1, 2, 2]
    assert "Paper, paragraph 0." in str(tried[1]["blocks"])


async def test_an_edit_that_is_not_taken_as_it_is_made_is_shown_in_plain_text() -> None:
    there = answering(page([own_message("1.000100")]))
    async with scripted(auth_test=whoami, conversations_replies=there, chat_update=_only_plain) as slack:
        courier, _ = courier_for(slack.url)
        await courier.edit(MessageRef(PAPERS, "1.000100"), card("After"), language=Language.ENGLISH)
        assert len(slack.calls["chat.update"]) == 2


@pytest.mark.parametrize("code", ["msg_blocks_too_long", "something_new"])
async def test_what_is_not_taken_in_plain_text_either_is_refused_alone(code: str) -> None:
    refused = answering({"ok": False, "error": code})
    there = answering(page([own_message("1.000100")]))
    async with scripted(
        auth_test=whoami, conversations_replies=there, chat_postMessage=refused, chat_update=refused
    ) as slack:
        courier, _ = courier_for(slack.url)
        with pytest.raises(ContentRefused, match=code):
            await courier.send(PAPERS, card(), key=KEY, language=Language.ENGLISH, thread_id=None)
        with pytest.raises(ContentRefused, match=code):
            await courier.edit(MessageRef(PAPERS, "1.000100"), card("After"), language=Language.ENGLISH)
        assert {method: len(calls) for method, calls in slack.calls.items() if method.startswith("chat")} == {
            "chat.postMessage": 2,
            "chat.update": 2,
        }


async def test_where_nothing_is_taken_plain_text_is_not_tried() -> None:
    async with scripted(chat_postMessage=answering({"ok": False, "error": "is_archived"})) as slack:
        courier, _ = courier_for(slack.url)
        with pytest.raises(ChannelUnavailable):
            await courier.send(PAPERS, card(), key=KEY, language=Language.ENGLISH, thread_id=None)
        assert len(slack.calls["chat.postMessage"]) == 1


async def test_only_what_is_said_is_refused_for_what_it_is() -> None:
    refused = answering({"ok": False, "error": "something_new"})
    async with scripted(conversations_info=refused, conversations_open=refused) as slack:
        courier, _ = courier_for(slack.url)
        with pytest.raises(ChannelUnavailable, match="something_new"):
            await courier.enter(PAPERS)
        with pytest.raises(ChannelUnavailable, match="something_new"):
            await courier.direct_channel(SORA)


# --- what only a person can put right -------------------------------------------------------------------------------


async def test_a_history_that_may_not_be_read_leaves_a_post_uncertain(office: Office) -> None:
    office.server.tokens[office.acme.token].scopes.remove("channels:history")
    with pytest.raises(DeliveryUncertain, match="channels:history") as caught:
        await office.find()
    assert caught.value.lasting
    with pytest.raises(ChannelUnavailable, match="channels:history"):
        await office.edit(await office.send(), card("After"))


async def test_a_channel_that_paperboy_was_put_out_of_leaves_a_post_uncertain(office: Office) -> None:
    await office.admin.remove(office.papers, office.acme.app)
    with pytest.raises(DeliveryUncertain, match="/invite"):
        await office.find()


async def test_a_channel_that_cannot_be_seen_is_unavailable(office: Office) -> None:
    with pytest.raises(ChannelUnavailable, match="/invite"):
        await office.courier.find(SECRET, KEY, thread_id=None, since=office.begun)


ATTEMPTS: dict[str, Callable[[Office, str], Awaitable[object]]] = {
    "send": lambda office, _: office.send(),
    "find": lambda office, _: office.find(),
    "edit": lambda office, ts: office.edit(ts, card("After")),
    "withdraw": lambda office, ts: office.withdraw(ts),
    "seen": lambda office, ts: office.courier.seen(PAPERS, [post_of(1, ts)]),
    "enter": lambda office, _: office.courier.enter(PAPERS),
    "direct_channel": lambda office, _: office.courier.direct_channel(SORA),
    "tell": lambda office, _: office.courier.tell(SORA, msg("This channel is archived."), language=Language.ENGLISH),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_after_uninstalling_everything_is_unavailable(
    office: Office, attempt: Callable[[Office, str], Awaitable[object]]
) -> None:
    ts = await office.send()
    await office.admin.uninstall()
    with pytest.raises(ChannelUnavailable, match="Install the app again"):
        await attempt(office, ts)


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_without_a_slack_nothing_is_uncertain(
    office: Office, attempt: Callable[[Office, str], Awaitable[object]], unused_tcp_port: int
) -> None:
    office.courier, _ = courier_for(f"http://127.0.0.1:{unused_tcp_port}/api/")
    with pytest.raises(PlatformBusy):
        await attempt(office, "1.000100")
