"""Paperboy served on the loopback Discord, with a database of its own.

    async def test_something(served: Served) -> None:
        await served.reader.command(served.acme.papers, "paper", tag="rlaif")

`serving(...)` is the same as a context manager, for tests that set more up, or stop Paperboy and start it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

import pytest
from discord.http import Route

from bot.clock import SystemClock
from bot.core.digests import Post
from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.people import Language, Person, Staff
from bot.core.ports import Clock, PaperSource, Stores
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.discord.api import Api
from bot.discord.app import DiscordPlatform
from bot.discord.client import PaperboyClient
from bot.discord.courier import DiscordCourier
from bot.discord.parts import LAYOUTS, DiscordParts
from bot.discord.people import PLATFORM, People
from bot.settings import DiscordSettings
from bot.usecases import deliver, send, subscribe
from bot.usecases.converse import Desk
from storage.opening import Storage, open_storage
from tests.discord.carrying import Office, an_office
from tests.platforms.conftest import discord
from tests.platforms.discord import Acme, DiscordServer, furnish
from tests.platforms.discord import Person as Somebody
from tests.platforms.discord import world as shown

__all__ = ["discord"]

TODAY = date(2024, 6, 21)
AT_ONCE = (0.01,)
"""Seconds between attempts to reach Discord."""
Found = TypeVar("Found")


async def eventually(look: Callable[[], Awaitable[Found]], within: float = 15.0) -> Found:
    """Look again and again until there is something, and hand it out.

    Raises:
        TimeoutError: nothing in time.
    """
    async with asyncio.timeout(within):
        while not (found := await look()):  # noqa: ASYNC110 - a database tells nobody of its changes
            await asyncio.sleep(0.01)
    return found


class NoSource:
    """An outside source that knows no paper."""

    async def paper(self, arxiv_id: str) -> Entry | None:
        """See the port."""
        del arxiv_id
        return None


@pytest.fixture(autouse=True)
def base() -> Any:
    """Where the library's routes lead is set for the whole process: put back as it was."""
    before = Route.BASE
    yield
    Route.BASE = before


@dataclass
class Served:
    """Paperboy at work on a Discord.

    `changed` are the entries whose change the delivery loop was told of, `missed` how often something may have been
    missed; who else wants to hear of that stands in `told_of_missed`.
    """

    server: DiscordServer
    acme: Acme
    storage: Storage
    parts: DiscordParts
    platform: DiscordPlatform
    changed: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    told_of_missed: list[Callable[[], None]] = field(default_factory=list)

    @property
    def papers(self) -> Channel:
        """The channel #papers as the core knows it."""
        return self.channel(self.acme.papers)

    def channel(self, channel: shown.Channel) -> Channel:
        """A channel as the core knows it."""
        return Channel(PLATFORM, str(self.acme.guild.id), str(channel.id))

    @property
    def reader(self) -> Somebody:
        """Somebody who reads Korean."""
        return self.server.person(self.acme.reader)

    @property
    def guest(self) -> Somebody:
        """Somebody who reads English."""
        return self.server.person(self.acme.guest)

    @property
    def maintainer(self) -> Somebody:
        """Whom the settings name."""
        return self.server.person(self.acme.maintainer)

    @property
    def owner(self) -> Somebody:
        """Whose server it is."""
        return self.server.person(self.acme.owner)

    def person(self, user: shown.User) -> Person:
        """Somebody as the core knows them."""
        return Person(PLATFORM, str(self.acme.guild.id), str(user.id))

    async def engagement(self, entry: Entry) -> Engagement:
        """What the posts of an entry have gathered so far."""
        return (await self.storage.engagement.counts([entry.id])).get(entry.id, Engagement())

    async def add(self, *titles: str, day: date | None = TODAY, **more: Any) -> list[Entry]:
        """New entries in the archive."""
        now = self.parts.desk.clock.now()
        made = [Entry(id="", title=title, digest_date=day, **more) for title in titles]
        return [await self.storage.archive.add(entry, by=None, at=now) for entry in made]

    async def subscribe(self, layout: Layout = Layout.CARDS, **more: Any) -> Subscription:
        """A subscription of #papers, of the forum for forum posts; its first digest is planned."""
        where = self.channel(self.acme.forum if layout is Layout.FORUM else self.acme.papers)
        wanted = Subscription(
            channel=where, layout=layout, language=Language.ENGLISH, created_by=self.person(self.acme.owner)
        )
        at = self.parts.desk.clock.now()
        return await subscribe.begin(self.storage, replace(wanted, **more), at=at)

    async def deliver(self) -> list[Post]:
        """Post what is waiting; all posts of the platform that were sent lately, oldest first."""
        clock, couriers = self.parts.desk.clock, {PLATFORM: self.parts.courier}
        await deliver.plan_due(self.storage, clock.now())
        await send.send_waiting(self.storage, couriers, clock)
        posts = await self.storage.ledger.recent_posts(PLATFORM, since=clock.now().replace(year=2000))
        return list(reversed(posts))

    def message_of(self, post: Post) -> shown.Message:
        """The message that a post is."""
        thread, _, message = (post.message_id or "").rpartition("/")
        channel = self.server.state.channel(int(thread or post.channel.id))
        assert channel is not None
        return channel.messages[int(message)]


def settings_for(server: DiscordServer, **more: Any) -> DiscordSettings:
    """As the settings would have it that lead to the loopback."""
    given = {"api_url": server.url, "gateway_url": server.gateway_url, "shard_count": None, "shard_ids": None}
    return DiscordSettings(token=server.state.application.token, **{**given, **more})


async def _at_once(_shard_id: int | None, *, initial: bool = False) -> None:
    del initial


def parts_for(
    settings: DiscordSettings,
    stores: Stores,
    *,
    acme: Acme | None = None,
    clock: Clock | None = None,
    source: PaperSource | None = None,
    changed: list[str] | None = None,
    missed: Callable[[], None] = lambda: None,
) -> DiscordParts:
    """Composed as `bot.app` does it; the maintainer of `acme` is named, and those with its role for curators."""
    clock = clock or SystemClock()
    client = PaperboyClient(settings, missed=missed)
    client._connection.guild_ready_timeout = 0.05
    client.before_identify_hook = _at_once  # type: ignore[assignment,method-assign] # else five seconds each
    api = Api(client, settings.token, clock)
    named = frozenset({str(acme.maintainer.id), str(acme.curators.id)}) if acme else frozenset()
    people = People(Staff(maintainers=named), clock, language=Language.ENGLISH, zone="UTC")
    courier = DiscordCourier(api)
    heard = changed if changed is not None else []
    desk = Desk(
        stores=stores,
        clock=clock,
        source=source or NoSource(),
        courier=courier,
        nudge=lambda: None,
        entry_changed=heard.append,
        language=Language.ENGLISH,
        zone="UTC",
        layouts=LAYOUTS,
        one_id_everywhere=True,
    )
    return DiscordParts(desk, client, api, people, courier)


@asynccontextmanager
async def serving(
    server: DiscordServer,
    acme: Acme,
    storage: Storage,
    *,
    stores: Stores | None = None,
    clock: Clock | None = None,
    source: PaperSource | None = None,
    **more: Any,
) -> AsyncIterator[Served]:
    """Paperboy connected to a Discord, ready for what people do; `stores` stand in for the storage."""
    settings = settings_for(server, **more)
    changed: list[str] = []
    missed: list[str] = []
    told_of_missed: list[Callable[[], None]] = []

    def is_missed() -> None:
        missed.append("missed")
        for tell in told_of_missed:
            tell()

    parts = parts_for(
        settings,
        stores or storage,
        acme=acme,
        clock=clock,
        source=source,
        changed=changed,
        missed=is_missed,
    )
    platform = DiscordPlatform(settings, parts, missed=is_missed, pauses=AT_ONCE)
    up = asyncio.Event()
    running = asyncio.create_task(platform.run(up.set))
    try:
        waiting = asyncio.create_task(up.wait())
        await asyncio.wait({running, waiting}, timeout=15, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if running.done():
            running.result()
        assert up.is_set(), (
            "not connected in time",
            [(c.method, c.route, c.status) for c in server.requests],
            server.gateway.counts,
            server.violations,
        )
        await server.until(lambda: server.state.application.commands)
        yield Served(server, acme, storage, parts, platform, changed, missed, told_of_missed)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await platform.close()


@pytest.fixture
async def storage(sqlite_url: str) -> AsyncIterator[Storage]:
    """An empty database."""
    opened = await open_storage(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def acme(discord: DiscordServer) -> Acme:
    """The usual server."""
    return furnish(discord)


@pytest.fixture
def clock() -> Clock:
    """Paperboy's clock; tests of a certain day have one of their own."""
    return SystemClock()


@pytest.fixture
async def served(discord: DiscordServer, acme: Acme, storage: Storage, clock: Clock) -> AsyncIterator[Served]:
    """Paperboy at work."""
    async with serving(discord, acme, storage, clock=clock) as it:
        yield it


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """A courier on a Discord of its own."""
    async with an_office() as made:
        yield made
