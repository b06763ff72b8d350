"""Paperboy served on the loopback Slack, over either transport, with a database of its own.

    async def test_something(served: Served) -> None:            # Socket Mode; `transport` makes it both
        reader = served.server.person(served.acme.reader)
        await reader.command(served.acme.papers, "/paper", "help")

`serving(...)` is the same as a context manager, for tests that set more up, or stop Paperboy and start it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pytest
from aiohttp import web

from bot.clock import SystemClock
from bot.core.digests import Post
from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.people import Language, Person, Staff
from bot.core.ports import Clock, PaperSource, Stores
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.settings import SlackSettings
from bot.slack.courier import SlackCourier
from bot.slack.manifest import EVENTS_PATH, manifest
from bot.slack.parts import SlackParts
from bot.slack.people import PLATFORM, People
from bot.slack.rooms import Rooms
from bot.slack.workspaces import Workspaces
from bot.usecases import deliver, send, subscribe
from bot.usecases.converse import Desk
from storage.opening import Storage, open_storage
from tests.platforms.conftest import slack
from tests.platforms.slack import Acme, Message, SlackServer, furnish

if TYPE_CHECKING:
    from bot.slack.app import SlackPlatform

__all__ = ["slack"]

Transport = Literal["socket", "http"]
REQUEST_URL = "https://paperboy.example.org"
TODAY = date(2024, 6, 21)


Found = TypeVar("Found")


async def eventually(look: Callable[[], Awaitable[Found]], within: float = 5.0) -> Found:
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


@dataclass
class Served:
    """Paperboy at work on a Slack. `changed` are the entries whose change the delivery loop was told of."""

    server: SlackServer
    acme: Acme
    storage: Storage
    parts: SlackParts
    platform: SlackPlatform
    changed: list[str] = field(default_factory=list)

    @property
    def papers(self) -> Channel:
        """The channel #papers as the core knows it."""
        return Channel(PLATFORM, self.acme.workspace.id, self.acme.papers.id)

    async def settled(self) -> None:
        """Wait until Slack has been answered, and everything that its requests led to is done."""
        await self.server.settled()
        await self.platform.close()

    async def gathered(self, entry: Entry) -> Engagement:
        """What the posts of an entry have gathered, once everything is done."""
        await self.settled()
        return (await self.storage.engagement.counts([entry.id])).get(entry.id, Engagement())

    def message_of(self, post: Post) -> Message:
        """The message that a post is."""
        assert post.message_id is not None
        return self.acme.workspace.channels[post.channel.id].messages[post.message_id]

    async def add(self, *titles: str, day: date = TODAY, **more: Any) -> list[Entry]:
        """New entries in the archive."""
        now = self.parts.desk.clock.now()
        made = [Entry(id="", title=title, digest_date=day, **more) for title in titles]
        return [await self.storage.archive.add(entry, by=None, at=now) for entry in made]

    async def subscribe(self, layout: Layout = Layout.CARDS, **more: Any) -> Subscription:
        """A subscription of #papers, set up by the admin; its first digest is planned."""
        admin = Person(PLATFORM, self.acme.workspace.id, self.acme.admin.id)
        wanted = Subscription(channel=self.papers, layout=layout, language=Language.ENGLISH, created_by=admin)
        at = self.parts.desk.clock.now()
        return await subscribe.begin(self.storage, Subscription(**{**_fields(wanted), **more}), at=at)

    async def deliver(self) -> list[Post]:
        """Post what is waiting; all posts of the platform that were sent lately, oldest first."""
        clock, couriers = self.parts.desk.clock, {PLATFORM: self.parts.courier}
        await deliver.plan_due(self.storage, clock.now())
        await send.send_waiting(self.storage, couriers, clock)
        posts = await self.storage.ledger.recent_posts(PLATFORM, since=clock.now().replace(year=2000))
        return list(reversed(posts))


def _fields(subscription: Subscription) -> dict[str, Any]:
    return {name: getattr(subscription, name) for name in Subscription.__dataclass_fields__}


def settings_for(server: SlackServer, acme: Acme, transport: Transport) -> SlackSettings:
    """One workspace by its bot token."""
    over_socket = transport == "socket"
    return SlackSettings(
        bot_token=acme.token,
        app_token=acme.app.app_token if over_socket else None,
        signing_secret=None if over_socket else acme.app.signing_secret,
        api_url=server.api_url,
    )


def furnished(server: SlackServer, transport: Transport = "socket") -> Acme:
    """The usual workspace, with Paperboy's own manifest."""
    url = None if transport == "socket" else REQUEST_URL
    return furnish(server, manifest(http_url=url, language=Language.ENGLISH, many=False))


def parts_for(
    settings: SlackSettings,
    stores: Stores,
    *,
    clock: Clock | None = None,
    staff: Staff | None = None,
    changed: Callable[[str], None] = lambda _: None,
    language: Language = Language.ENGLISH,
    source: PaperSource | None = None,
) -> SlackParts:
    """What handlers work with; the courier does not wait between messages."""
    clock = clock or SystemClock()
    workspaces = Workspaces(settings, clock)
    people = People(workspaces, staff or Staff(), clock, language=language, zone="Asia/Seoul")
    courier = SlackCourier(workspaces, people, clock, pace=0)
    desk = Desk(
        stores=stores,
        clock=clock,
        source=source or NoSource(),
        courier=courier,
        nudge=lambda: None,
        entry_changed=changed,
        language=language,
        zone="Asia/Seoul",
        layouts=frozenset({Layout.CARDS, Layout.COMPACT}),
    )
    return SlackParts(desk=desk, workspaces=workspaces, people=people, courier=courier, rooms=Rooms(workspaces))


@asynccontextmanager
async def serving(
    server: SlackServer,
    acme: Acme,
    storage: Storage,
    *,
    transport: Transport = "socket",
    stores: Stores | None = None,
    staff: Staff | None = None,
    clock: Clock | None = None,
    source: PaperSource | None = None,
) -> AsyncIterator[Served]:
    """Paperboy, connected; `stores` may stand before the storage. What it still does at the end is waited for."""
    from bot.slack.app import SlackPlatform

    settings = settings_for(server, acme, transport)
    changed: list[str] = []
    parts = parts_for(settings, stores or storage, clock=clock, staff=staff, changed=changed.append, source=source)
    platform = SlackPlatform(settings, parts)
    up = asyncio.Event()
    async with _routes_of(platform.routes(), acme):
        running = asyncio.create_task(platform.run(up.set))
        waiting = asyncio.create_task(up.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        if running.done():
            waiting.cancel()
            await running
        try:
            yield Served(server, acme, storage, parts, platform, changed)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await platform.close()


@asynccontextmanager
async def _routes_of(routes: list[web.RouteDef], acme: Acme) -> AsyncIterator[None]:
    """A web server with these routes, at which Slack finds the app."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    acme.app.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}{EVENTS_PATH}"
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
def transport() -> Transport:
    """Socket Mode, unless a test asks for both: `@pytest.mark.parametrize("transport", ["socket", "http"])`."""
    return "socket"


@pytest.fixture
def acme(slack: SlackServer, transport: Transport) -> Acme:
    """Workspace T1 with Paperboy installed."""
    return furnished(slack, transport)


@pytest.fixture
async def storage(sqlite_url: str) -> AsyncIterator[Storage]:
    """An empty database."""
    opened = await open_storage(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
async def served(slack: SlackServer, acme: Acme, storage: Storage, transport: Transport) -> AsyncIterator[Served]:
    """Paperboy at work; the guest is a maintainer."""
    staff = Staff(maintainers=frozenset({acme.guest.id}))
    async with serving(slack, acme, storage, transport=transport, staff=staff) as at_work:
        yield at_work
