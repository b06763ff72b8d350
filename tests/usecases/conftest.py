"""Real storage, a clock that is told the time, and a platform that behaves: it refuses what a real one refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar, cast

import pytest

from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, MessageRef, NoteContent, Post
from bot.core.engagement import Seen, SeenReaction, SeenReply
from bot.core.entries import Action, Entry
from bot.core.errors import ChannelUnavailable, DeliveryUncertain, PlatformBusy
from bot.core.messages import Message as SentMessage
from bot.core.messages import msg
from bot.core.people import Caller, Language, Person, Role
from bot.core.query import Criteria
from bot.core.subscriptions import Channel, Subscription
from bot.usecases.deliver import plan_due
from bot.usecases.revise import revise_posts
from bot.usecases.send import send_waiting
from bot.usecases.subscribe import begin
from storage.opening import Storage, open_storage
from storage.search import EntrySearch

HERE = Channel("chat", "team", "papers")
THERE = Channel("chat", "team", "vision")


@dataclass
class ToldClock:
    """A clock that stands still until it is told otherwise."""

    moment: datetime = datetime(2024, 6, 21, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@dataclass
class Message:
    """What the platform shows."""

    key: str
    content: Content
    thread_id: str | None
    edits: int = 0


@dataclass
class SmallPlatform:
    """A chat platform in memory: channels, unique ids, threads, reactions, and faults to order.

    `faults` are raised by the next sends, in order: before the message is taken, or for DeliveryUncertain after.
    `edit_faults` and `find_faults` are raised by the next edits and lookups.
    """

    channels: set[Channel] = field(default_factory=lambda: {HERE, THERE})
    messages: dict[tuple[Channel, str], Message] = field(default_factory=dict)
    reactions: dict[str, list[SeenReaction]] = field(default_factory=dict)
    replies: dict[str, list[SeenReply]] = field(default_factory=dict)
    faults: list[Exception | None] = field(default_factory=list)
    edit_faults: list[Exception | None] = field(default_factory=list)
    find_faults: list[Exception] = field(default_factory=list)
    finds: int = 0
    busy_reads: list[PlatformBusy] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    deaf: bool = False
    arrivals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    platform: str = "chat"
    _next_id: int = 0

    async def send(
        self, channel: Channel, content: Content, *, key: str, language: Language, thread_id: str | None
    ) -> str:
        self._require(channel)
        if thread_id is not None and (channel, thread_id) not in self.messages:
            raise ChannelUnavailable(msg("No such thread."))
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not isinstance(fault, DeliveryUncertain):
            raise fault
        self._next_id += 1
        self.messages[channel, str(self._next_id)] = Message(key, content, thread_id)
        self.arrivals.put_nowait(key)
        if fault is not None:
            raise fault
        return str(self._next_id)

    async def edit(self, ref: MessageRef, content: Content, *, language: Language) -> None:
        self._require(ref.channel)
        fault = self.edit_faults.pop(0) if self.edit_faults else None
        if fault is not None:
            raise fault
        message = self.messages.get((ref.channel, ref.message_id))
        if message is not None:
            message.content = content
            message.edits += 1

    async def withdraw(self, ref: MessageRef) -> None:
        self._require(ref.channel)
        self.messages.pop((ref.channel, ref.message_id), None)

    async def find(self, channel: Channel, key: str, *, thread_id: str | None, since: datetime) -> str | None:
        self._require(channel)
        self.finds += 1
        if self.find_faults:
            raise self.find_faults.pop(0)
        return next(
            (
                message_id
                for (where, message_id), message in self.messages.items()
                if (where, message.key) == (channel, key)
            ),
            None,
        )

    def message_at(self, channel: Channel, link: str) -> str | None:
        here = f"https://chat.example/{channel.id}/"
        return link.removeprefix(here) if link.startswith(here) else None

    async def seen(self, channel: Channel, posts: Sequence[Post]) -> Mapping[int, Seen]:
        self._require(channel)
        if self.busy_reads:
            raise self.busy_reads.pop(0)
        there = {post.id: post.message_id or "" for post in posts if (channel, post.message_id) in self.messages}
        return {
            post_id: Seen(tuple(self.reactions.get(message_id, ())), tuple(self.replies.get(message_id, ())))
            for post_id, message_id in there.items()
        }

    async def enter(self, channel: Channel) -> None:
        self._require(channel)

    async def direct_channel(self, person: Person) -> Channel:
        channel = Channel("chat", person.workspace, f"direct-{person.user_id}")
        self.channels.add(channel)
        return channel

    async def tell(self, person: Person, message: SentMessage, *, language: Language) -> None:
        if self.deaf:
            raise ChannelUnavailable(msg("They do not listen."))
        self.told.append((person.user_id, str(message)))

    def _require(self, channel: Channel) -> None:
        if channel not in self.channels:
            raise ChannelUnavailable(msg("The channel is archived."))

    def shown(self, channel: Channel = HERE) -> list[str]:
        """What stands in a channel, in words."""
        return [_words(message) for (where, _), message in self.messages.items() if where == channel]


def _words(message: Message) -> str:
    thread = "  " if message.thread_id else ""
    match message.content:
        case HeaderContent(days, count):
            return f"{thread}head {' '.join(day.isoformat() for day in days)} ({count})"
        case ListContent(days, entries, follows) if follows:
            return f"{thread}for {'; '.join(follows)}: {', '.join(e.title for e in entries)}"
        case ListContent(days, entries):
            return f"{thread}list {' '.join(day.isoformat() for day in days)}: {', '.join(e.title for e in entries)}"
        case EntryContent(entry, late):
            return f"{thread}{'late ' if late else ''}{entry.title}"
        case NoteContent(note):
            return f"{thread}note {note}"


def busy(retry_at: datetime | None = None) -> PlatformBusy:
    return PlatformBusy(msg("Too many requests."), retry_at=retry_at)


def uncertain() -> DeliveryUncertain:
    return DeliveryUncertain(msg("The connection broke."))


class Crash(Exception):
    """A process ends in the middle of what it does."""


StoreT = TypeVar("StoreT")


def failing(store: StoreT, *methods: str, error: Exception) -> StoreT:
    """A store like another, but for these methods, which fail."""
    return cast("StoreT", _Failing(store, methods, error))


class _Failing:
    def __init__(self, store: object, methods: Sequence[str], error: Exception) -> None:
        self._store, self._methods, self._error = store, methods, error

    def __getattr__(self, name: str) -> Any:
        return self._fail if name in self._methods else getattr(self._store, name)

    async def _fail(self, *_: object, **__: object) -> None:
        raise self._error


def paper(title: str, day: date | None = None, **more: object) -> Entry:
    base: dict[str, object] = {
        "id": "",
        "title": title,
        "digest_date": day or date(2024, 6, 21),
        "authors": (f"{title} Author",),
    }
    return Entry(**{**base, **more})  # type: ignore[arg-type]


def caller(*roles: Role, user: str = "ann", today: date = date(2024, 6, 21)) -> Caller:
    return Caller(Person("chat", "team", user), frozenset({Role.READER, *roles}), Language.ENGLISH, today)


MAINTAINER = caller(Role.MAINTAINER)
OPERATOR = caller(Role.OPERATOR, user="olga")
READER = caller(user="rex")


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def chat() -> SmallPlatform:
    return SmallPlatform()


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[Storage]:
    storage = await open_storage(database_url)
    yield storage
    await storage.close()


class Desk:
    """Storage, platform and clock together, with the three steps of every round."""

    def __init__(self, stores: Storage, chat: SmallPlatform, clock: ToldClock) -> None:
        self.stores, self.chat, self.clock = stores, chat, clock

    async def round(self) -> None:
        await plan_due(self.stores, self.clock.now())
        await revise_posts(self.stores, self.clock.now())
        await self.send()

    async def send(self) -> None:
        await send_waiting(self.stores, {"chat": self.chat}, self.clock)

    async def add(self, title: str, day: date = date(2024, 6, 21), **more: object) -> Entry:
        return await self.stores.archive.add(paper(title, day, **more), by=MAINTAINER.person, at=self.clock.now())

    async def change(self, entry: Entry, **fields: object) -> Entry:
        changed = replace(entry, **fields)  # type: ignore[arg-type]
        return await self.stores.archive.replace(changed, action=Action.EDIT, by=MAINTAINER.person, at=self.clock.now())

    async def subscribe(self, channel: Channel = HERE, **fields: object) -> Subscription:
        wanted = Subscription(channel=channel, at=time(9), zone="Asia/Seoul", **fields)  # type: ignore[arg-type]
        return await begin(self.stores, wanted, at=self.clock.now())


@pytest.fixture
def desk(stores: Storage, chat: SmallPlatform, clock: ToldClock) -> Desk:
    return Desk(stores, chat, clock)


class Tried:
    """A search that notes how many queries are tried, in how many turns."""

    def __init__(self, search: EntrySearch) -> None:
        self._search = search
        self.turns: list[int] = []

    def instead_of(self, stores: Storage) -> Storage:
        """The same stores with this search."""
        return replace(stores, search=cast("EntrySearch", self))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._search, name)

    async def finding(self, each: Sequence[Criteria], *, asker: Person | None) -> Sequence[bool]:
        """See the port."""
        self.turns.append(len(each))
        return await self._search.finding(each, asker=asker)
