"""Reactions and replies are recorded as they happen: people's, below our posts, in the order in which they happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.digests import Post
from bot.core.entries import Entry
from bot.core.errors import StorageBusy, StorageReadOnly
from bot.core.messages import msg
from bot.core.people import Person
from bot.core.ports import EngagementStore
from bot.core.subscriptions import Layout
from bot.slack.app import SlackPlatform
from bot.slack.events import EventLanes, SlackEvent, moment_of, read_event
from storage.opening import Storage
from tests.platforms.slack import Acme, Message, SlackServer
from tests.slack.conftest import Served, parts_for, serving, settings_for

_REPLIES = "SELECT message_id, at FROM replies"
_TAKEN = "SELECT count(*) FROM inbox"
LONG = "\n\n".join(f"Paragraph {number}. " + "A word and another. " * 20 for number in range(45))


@dataclass
class Posted:
    """One entry, posted."""

    entry: Entry
    post: Post
    message: Message


async def posted(served: Served, layout: Layout = Layout.CARDS, **more: Any) -> Posted:
    (entry,) = await served.add("Attention", **more)
    await served.subscribe(layout)
    post = next(one for one in await served.deliver() if one.entry_id == entry.id)
    return Posted(entry, post, served.message_of(post))


async def counted(served: Served, entry: Entry) -> tuple[int, int]:
    """Reactions and replies of an entry."""
    engagement = await served.gathered(entry)
    return engagement.reactions, engagement.replies


# --- reactions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_reactions_come_and_go(slack: SlackServer, served: Served) -> None:
    it, papers = await posted(served), served.acme.papers
    reader, guest = slack.person(served.acme.reader), slack.person(served.acme.guest)
    await reader.react(papers, it.message, "tada")
    await reader.react(papers, it.message, "eyes")
    await guest.react(papers, it.message, "tada")
    assert await counted(served, it.entry) == (3, 0)
    await reader.unreact(papers, it.message, "tada")
    assert await counted(served, it.entry) == (2, 0)


async def test_bots_do_not_count(slack: SlackServer, served: Served) -> None:
    it, papers = await posted(served), served.acme.papers
    bot = slack.person(served.acme.other_bot)
    await bot.react(papers, it.message, "tada")
    await bot.say(papers, "I found this paper", thread=it.message)
    assert await counted(served, it.entry) == (0, 0)


async def test_other_messages_are_none_of_our_business(slack: SlackServer, served: Served) -> None:
    it, papers = await posted(served), served.acme.papers
    reader = slack.person(served.acme.reader)
    other = await reader.say(papers, "Lunch?")
    await reader.react(papers, other, "tada")
    await reader.say(papers, "Yes", thread=other)
    assert await counted(served, it.entry) == (0, 0)
    assert slack.calls_of("conversations.replies") == []
    assert slack.calls_of("users.info") == []


@pytest.mark.parametrize("layout", [Layout.CARDS, Layout.COMPACT])
async def test_a_reaction_to_a_part_counts_for_its_post(slack: SlackServer, served: Served, layout: Layout) -> None:
    it, papers = await posted(served, layout, commentary_en=LONG), served.acme.papers
    parts = [one for one in papers.messages.values() if one.metadata and one.metadata["event_payload"].get("part") == 1]
    part = next(one for one in parts if one.metadata and one.metadata["event_payload"]["key"] == it.post.key)
    reader, guest = slack.person(served.acme.reader), slack.person(served.acme.guest)
    await reader.react(papers, part, "tada")
    await guest.react(papers, part, "eyes")
    assert await counted(served, it.entry) == (2, 0)
    asked = len(slack.calls_of("conversations.replies"))
    await guest.unreact(papers, part, "eyes")
    assert await counted(served, it.entry) == (1, 0)
    assert len(slack.calls_of("conversations.replies")) == asked, "what a part belongs to does not change"


async def test_a_part_that_cannot_be_read_is_let_be(slack: SlackServer, served: Served) -> None:
    it, papers = await posted(served, commentary_en=LONG), served.acme.papers
    part = next(one for one in papers.messages.values() if one.is_reply)
    slack.limit("conversations.replies", "T1", retry_after=30)
    await slack.person(served.acme.reader).react(papers, part, "tada")
    assert await counted(served, it.entry) == (0, 0)


# --- replies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_replies_come_and_go(slack: SlackServer, served: Served) -> None:
    it, papers = await posted(served), served.acme.papers
    reader, guest = slack.person(served.acme.reader), slack.person(served.acme.guest)
    first = await reader.say(papers, "Interesting!", thread=it.message)
    await guest.say(papers, "Very", thread=it.message, broadcast=True)
    assert await counted(served, it.entry) == (0, 2)
    await reader.edit(papers, first, "Most interesting!")
    assert await counted(served, it.entry) == (0, 2)
    await reader.delete(papers, first)
    assert await counted(served, it.entry) == (0, 1)


async def test_a_reply_keeps_the_time_it_was_written(slack: SlackServer, served: Served) -> None:
    it = await posted(served)
    reply = await slack.person(served.acme.reader).say(served.acme.papers, "Interesting!", thread=it.message)
    await served.settled()
    found = await served.storage.database.read(lambda connection: connection.exec_driver_sql(_REPLIES).all())
    assert [row[0] for row in found] == [reply.ts]
    assert found[0][1] == round(float(reply.ts) * 1_000_000)


async def test_a_reply_to_a_part_is_one_to_the_post(slack: SlackServer, served: Served) -> None:
    """On Slack there are no threads in threads."""
    it, papers = await posted(served, commentary_en=LONG), served.acme.papers
    part = next(one for one in papers.messages.values() if one.is_reply)
    await slack.person(served.acme.reader).say(papers, "Interesting!", thread=part)
    assert await counted(served, it.entry) == (0, 1)


async def test_our_own_parts_are_no_replies(served: Served) -> None:
    it = await posted(served, commentary_en=LONG)
    assert await counted(served, it.entry) == (0, 0)


async def test_a_post_that_an_admin_deletes_leaves_its_count(slack: SlackServer, served: Served) -> None:
    it, papers = await posted(served), served.acme.papers
    await slack.person(served.acme.reader).say(papers, "Interesting!", thread=it.message)
    await slack.person(served.acme.admin).delete(papers, it.message)
    assert await counted(served, it.entry) == (0, 1)
    assert it.message.subtype == "tombstone"


@pytest.mark.parametrize(
    ("fields", "replies"),
    [
        ({"user": "U2", "subtype": "file_share"}, 1),
        ({"user": "U2", "subtype": "me_message"}, 1),
        ({"user": "U2", "subtype": None}, 1),
        ({"user": "U2", "bot_id": "B7"}, 0),
        ({"subtype": "bot_message", "bot_id": "B7"}, 0),
        ({"user": "U2", "subtype": "channel_join"}, 0),
        ({"user": "USLACKBOT"}, 0),
        ({}, 0),
    ],
)
async def test_only_what_people_write_is_a_reply(
    slack: SlackServer, served: Served, fields: dict[str, Any], replies: int
) -> None:
    it, papers = await posted(served), served.acme.papers
    event = {"type": "message", "channel": papers.id, "ts": "1750000000.000100", "thread_ts": it.message.ts, **fields}
    slack.events.emit(served.acme.workspace, {**event, "channel_type": "channel", "event_ts": event["ts"]})
    assert await counted(served, it.entry) == (0, replies)


async def test_a_reply_whose_trace_stays_is_deleted_all_the_same(slack: SlackServer, served: Served) -> None:
    it, papers = await posted(served), served.acme.papers
    reply = await slack.person(served.acme.reader).say(papers, "Interesting!", thread=it.message)
    assert await counted(served, it.entry) == (0, 1)
    gone = {"subtype": "tombstone", "ts": reply.ts, "thread_ts": it.message.ts}
    event = {"type": "message", "subtype": "message_changed", "channel": papers.id, "message": gone, "hidden": True}
    slack.events.emit(served.acme.workspace, {**event, "channel_type": "channel", "event_ts": "1750000001.000100"})
    assert await counted(served, it.entry) == (0, 0)


async def taken(served: Served) -> int:
    """How many events were written down."""
    await served.settled()
    found: int = await served.storage.database.read(lambda connection: connection.exec_driver_sql(_TAKEN).scalar_one())
    return found


async def test_what_is_said_outside_threads_is_not_written_down(slack: SlackServer, served: Served) -> None:
    it, papers = await posted(served), served.acme.papers
    reader, bot = slack.person(served.acme.reader), slack.person(served.acme.other_bot)
    before = await taken(served)
    said = await reader.say(papers, "Lunch?")
    await reader.edit(papers, said, "Lunch at noon?")
    await bot.say(papers, "I found this paper")
    root = {"type": "message", "channel": papers.id, "ts": it.message.ts, "thread_ts": it.message.ts, "user": "U2"}
    of_bot = {**root, "ts": "1750000000.000100", "bot_id": "B7"}
    for made in (root, of_bot):
        slack.events.emit(served.acme.workspace, {**made, "channel_type": "channel", "event_ts": made["ts"]})
    assert await taken(served) == before
    heard = [one.event["type"] for one in slack.events.deliveries if one.is_acked]
    assert heard.count("message") >= 5, "Slack did tell of them"
    reply = await reader.say(papers, "Interesting!", thread=it.message)
    assert await taken(served) == before + 1
    await reader.edit(papers, reply, "Most interesting!")
    assert await taken(served) == before + 1
    await reader.delete(papers, reply)
    assert await taken(served) == before + 2
    assert await counted(served, it.entry) == (0, 0)


# --- order and trouble ------------------------------------------------------------------------------------------------


class SlowEngagement:
    """Engagement that takes as long as the test likes, and is busy as often as it likes."""

    def __init__(self, behind: EngagementStore) -> None:
        self._behind = behind
        self.gate = asyncio.Event()
        self.busy = 0
        self.order: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    async def react(self, post_id: int, person: Person, emoji: str, *, at: datetime) -> None:
        await self._pass(f"+{emoji}")
        await self._behind.react(post_id, person, emoji, at=at)

    async def unreact(self, post_id: int, person: Person, emoji: str) -> None:
        await self._pass(f"-{emoji}")
        await self._behind.unreact(post_id, person, emoji)

    async def _pass(self, what: str) -> None:
        await self.gate.wait()
        if self.busy:
            self.busy -= 1
            raise StorageBusy(msg("busy"))
        self.order.append(what)


class Slowed:
    """A storage whose engagement is slow."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.engagement = SlowEngagement(storage.engagement)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


async def test_a_slow_database_keeps_the_order_and_loses_nothing(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    slowed = Slowed(storage)
    async with serving(slack, acme, storage, stores=slowed) as served:
        it = await posted(served)
        reader = slack.person(acme.reader)
        for _ in range(5):
            await reader.react(acme.papers, it.message, "tada")
            await reader.unreact(acme.papers, it.message, "tada")
        await reader.react(acme.papers, it.message, "tada")
        await slack.settled()
        assert all(one.is_acked for one in slack.events.deliveries)
        assert slowed.engagement.order == []
        slowed.engagement.busy = 3
        slowed.engagement.gate.set()
        assert await counted(served, it.entry) == (1, 0)
        assert slowed.engagement.order == ["+tada", "-tada"] * 5 + ["+tada"]


async def test_one_slow_channel_does_not_hold_up_another() -> None:
    gate, done = asyncio.Event(), asyncio.Event()

    async def slow(_: SlackEvent) -> None:
        await gate.wait()

    async def quick(_: SlackEvent) -> None:
        done.set()

    lanes = EventLanes(Remembering(), Noon())
    lanes.put(event("Ev1", "C1"), slow)
    lanes.put(event("Ev2", "C2"), quick)
    await asyncio.wait_for(done.wait(), 5)
    gate.set()
    await lanes.drain(5)


async def test_events_that_wait_go_in_the_order_in_which_they_happened() -> None:
    order: list[str] = []

    async def note(one: SlackEvent) -> None:
        order.append(one.id)

    lanes = EventLanes(Remembering(), Noon())
    for name, seconds in (("c", 3), ("a", 1), ("b", 2)):
        lanes.put(event(name, "C1", seconds), note)
    await lanes.drain(5)
    assert order == ["a", "b", "c"]


async def test_an_event_that_fails_does_not_stop_the_next() -> None:
    heard: list[str] = []

    async def fail_once(one: SlackEvent) -> None:
        heard.append(one.id)
        if one.id == "a":
            raise ZeroDivisionError

    lanes = EventLanes(Remembering(), Noon())
    lanes.put(event("a", "C1", 1), fail_once)
    lanes.put(event("b", "C1", 2), fail_once)
    await lanes.drain(5)
    assert heard == ["a", "b"]


async def test_a_flood_is_bounded() -> None:
    heard: list[str] = []

    async def note(one: SlackEvent) -> None:
        heard.append(one.id)

    missed: list[str] = []
    lanes = EventLanes(Remembering(), Noon(), most_waiting=2, missed=lambda: missed.append("one"))
    for number in range(5):
        lanes.put(event(f"Ev{number}", "C1", number), note)
    await lanes.drain(5)
    lanes.put(event("later", "C1"), note)
    await lanes.drain(5)
    assert heard == ["Ev0", "Ev1", "later"]
    assert missed == ["one"] * 3


async def test_an_event_that_cannot_be_recorded_is_missed() -> None:
    async def fail(_: SlackEvent) -> None:
        raise StorageReadOnly(msg("The disk is full."))

    async def note(_: SlackEvent) -> None:
        pass

    missed: list[str] = []
    lanes = EventLanes(Remembering(), Noon(), missed=lambda: missed.append("one"))
    lanes.put(event("a", "C1", 1), fail)
    lanes.put(event("b", "C1", 2), note)
    await lanes.drain(5)
    assert missed == ["one"]


class Full:
    """A storage whose disk is full when an event comes."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.inbox = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    async def take(self, platform: str, event_id: str, *, at: datetime) -> bool:
        """See the port."""
        raise StorageReadOnly(msg("The disk is full."))


async def test_whoever_serves_slack_hears_of_what_was_missed(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    settings = settings_for(slack, acme, "socket")
    up, missed = asyncio.Event(), asyncio.Event()
    platform = SlackPlatform(settings, parts_for(settings, Full(storage)), missed=missed.set)
    running = asyncio.create_task(platform.run(up.set))
    await asyncio.wait_for(up.wait(), 10)
    reader = slack.person(acme.reader)
    await reader.react(acme.papers, await reader.say(acme.papers, "Lunch?"), "tada")
    await asyncio.wait_for(missed.wait(), 10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await platform.close()


async def test_what_does_not_end_is_broken_off() -> None:
    async def endless(_: SlackEvent) -> None:
        await asyncio.Event().wait()

    lanes = EventLanes(Remembering(), Noon())
    lanes.put(event("a", "C1"), endless)
    lanes.put(event("b", "C1"), endless)
    await lanes.drain(0.01)
    lanes.put(event("c", "C1"), endless)
    await lanes.drain(0.01)


class Remembering:
    """An inbox in memory."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    async def take(self, platform: str, event_id: str, *, at: datetime) -> bool:
        """See the port."""
        del platform, at
        is_new = event_id not in self.taken
        self.taken.add(event_id)
        return is_new


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Always the same."""
        return datetime(2024, 6, 21, 12, tzinfo=UTC)


def event(name: str, channel: str, seconds: int = 0) -> SlackEvent:
    return SlackEvent(name, "T1", None, datetime.fromtimestamp(seconds, UTC), {"type": "message", "channel": channel})


# --- reading events ---------------------------------------------------------------------------------------------------


def test_in_a_shared_channel_the_workspace_is_ours() -> None:
    body = {
        "team_id": "T_THEIRS",
        "event_id": "Ev1",
        "authorizations": [{"team_id": "T_OURS", "enterprise_id": "E1"}],
        "event": {"type": "message", "channel": {"id": "C1"}, "event_ts": "1750000000.000100"},
    }
    found = read_event(body, Noon().now())
    assert (found.team_id, found.enterprise_id, found.channel_id) == ("T_OURS", "E1", "C1")
    assert found.at == datetime.fromtimestamp(1750000000.0001, UTC)


@pytest.mark.parametrize("stamp", [None, "", "soon", "nan", "inf", "9" * 400, {}])
def test_what_is_no_moment_is_none(stamp: object) -> None:
    assert moment_of(stamp) is None
    assert read_event({"event": {"event_ts": stamp}}, Noon().now()).at == Noon().now()
