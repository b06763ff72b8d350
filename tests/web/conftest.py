"""A real server on a loopback socket over a real database, filled with a few entries made for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.core.entries import Entry
from bot.core.errors import LookupUnavailable
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.ports import Courier
from bot.core.subscriptions import Channel, Subscription
from bot.core.workspace import LocalChannel
from bot.metrics import Metrics
from bot.usecases.converse import Desk
from bot.usecases.revise import revise_posts
from bot.usecases.send import send_waiting
from bot.usecases.subscribe import begin
from bot.web.app import WebParts, build_app, serve
from bot.web.courier import WebCourier
from bot.web.hub import Event, EventKind, Hub
from bot.web.parts import LAYOUTS
from storage.opening import Storage, open_storage

NOW = datetime(2024, 7, 20, 3, tzinfo=UTC)  # noon in Seoul


@dataclass
class StandingClock:
    """A clock that stands still until it is moved."""

    moment: datetime = NOW

    def now(self) -> datetime:
        """The moment it shows."""
        return self.moment


class NoSource:
    """A paper source without a network."""

    async def paper(self, arxiv_id: str) -> Entry | None:
        """Never known."""
        raise LookupUnavailable(msg("{id} cannot be looked up now.", id=arxiv_id))


@dataclass(frozen=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Site:
    """A running server and a browser without a memory."""

    port: int
    storage: Storage
    clock: StandingClock
    hub: Hub
    session: aiohttp.ClientSession

    @property
    def origin(self) -> str:
        """What its own pages send as Origin."""
        return f"http://127.0.0.1:{self.port}"

    async def ask(self, method: str, path: str, **headers: str) -> Answer:
        """One request, its path sent as it is; underscores in header names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = URL(f"{self.origin}{path}", encoded=True)
        async with self.session.request(method, address, headers=named, allow_redirects=False) as response:
            return Answer(response.status, response.headers.copy(), await response.text())

    async def get(self, path: str, **headers: str) -> Answer:
        """Read a page."""
        return await self.ask("GET", path, **headers)


class Start(Protocol):
    """Starts a server over the test's database."""

    def __call__(
        self, *, is_local: bool, language: Language = ..., more: Callable[[web.Application], object] = ...
    ) -> AbstractAsyncContextManager[Site]: ...


@pytest.fixture
async def storage(sqlite_url: str) -> AsyncIterator[Storage]:
    """An empty database."""
    opened = await open_storage(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> StandingClock:
    """The clock of the test."""
    return StandingClock()


@pytest.fixture
def parts(storage: Storage, clock: StandingClock) -> WebParts:
    """What a local workspace is made of."""
    hub = Hub()
    desk = Desk(
        stores=storage,
        clock=clock,
        source=NoSource(),
        courier=WebCourier(storage.workspace, hub, clock),
        nudge=lambda: None,
        entry_changed=lambda entry_id: hub.publish(Event(EventKind.ENTRY, entry_id=entry_id)),
        language=Language.KOREAN,
        zone="Asia/Seoul",
        layouts=LAYOUTS,
    )
    parts = WebParts(desk=desk, hub=hub, workspace="local", is_local=True, metrics=Metrics())
    parts.prepared.set()
    return parts


@pytest.fixture
def reading_only(parts: WebParts) -> WebParts:
    """What a reading room alone is made of."""
    return replace(parts, is_local=False)


@pytest.fixture
def start(parts: WebParts, storage: Storage, clock: StandingClock) -> Start:
    """To start a server; `more` adds handlers to it."""

    @asynccontextmanager
    async def started(
        *,
        is_local: bool,
        language: Language = Language.KOREAN,
        more: Callable[[web.Application], object] = lambda _: None,
    ) -> AsyncIterator[Site]:
        app = build_app(replace(parts, desk=replace(parts.desk, language=language), is_local=is_local))
        more(app)
        jar = aiohttp.DummyCookieJar()
        async with serve(app, "127.0.0.1", 0) as port, aiohttp.ClientSession(cookie_jar=jar) as session:
            yield Site(port, storage, clock, parts.hub, session)

    return started


@pytest.fixture
async def local(start: Start) -> AsyncIterator[Site]:
    """The local workspace, with an empty archive."""
    async with start(is_local=True) as site:
        yield site


@pytest.fixture
async def public(start: Start) -> AsyncIterator[Site]:
    """The reading room alone, with an empty archive."""
    async with start(is_local=False) as site:
        yield site


class Keep(Protocol):
    """Puts an entry into the archive."""

    async def __call__(self, title: str, day: str | None = ..., **fields: Any) -> Entry: ...


@pytest.fixture
def keep(storage: Storage) -> Keep:
    """To put entries into the archive."""

    async def kept(title: str, day: str | None = "2024-07-19", **fields: Any) -> Entry:
        entry = Entry(id="", title=title, digest_date=date.fromisoformat(day) if day else None, **fields)
        return await storage.archive.add(entry, by=None, at=NOW - timedelta(days=1))

    return kept


# --- the chat page --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seat:
    """A person in front of the local workspace, in one language."""

    site: Site
    persona: str
    language: str = "en"

    async def get(self, path: str) -> Answer:
        """Read a page or a piece of one."""
        return await self.site.get(path, Cookie=self._cookies)

    async def post(self, path: str, fields: Mapping[str, str | list[str]] | None = None) -> Answer:
        """Send a form as the page's own scripts do."""
        form = aiohttp.FormData()
        for name, value in (fields or {}).items():
            for one in [value] if isinstance(value, str) else value:
                form.add_field(name, one, content_type="text/plain; charset=utf-8")
        form.add_field("_", "")
        headers = {"Cookie": self._cookies, "Origin": self.site.origin}
        address = f"{self.site.origin}{path}"
        async with self.site.session.post(address, data=form, headers=headers, allow_redirects=False) as response:
            return Answer(response.status, response.headers.copy(), await response.text())

    async def run(self, line: str, channel: str = "papers") -> Answer:
        """Type a command."""
        return await self.post(f"/chat/channels/{channel}/commands", {"text": line})

    @property
    def _cookies(self) -> str:
        return f"persona={self.persona}; lang={self.language}"


@pytest.fixture
async def papers(storage: Storage) -> LocalChannel:
    """A channel for everything."""
    channel = LocalChannel("papers", "papers", "", 0)
    await storage.workspace.add_channel(channel)
    return channel


@pytest.fixture
def reader(local: Site, papers: LocalChannel) -> Seat:
    """Somebody who reads."""
    return Seat(local, "reader")


@pytest.fixture
def maintainer(local: Site, papers: LocalChannel) -> Seat:
    """Somebody who maintains the archive and manages the channel."""
    return Seat(local, "maintainer")


class Deliver(Protocol):
    """Gives a channel the latest digest, or what has changed since."""

    async def __call__(self, channel: str = ..., query: str = ...) -> None: ...


@pytest.fixture
def deliver(parts: WebParts, storage: Storage, papers: LocalChannel) -> Deliver:
    """To subscribe a channel and deliver, by the use cases that the scheduler calls."""
    couriers: dict[str, Courier] = {"web": WebCourier(storage.workspace, parts.hub, parts.clock)}

    async def delivered(channel: str = "papers", query: str = "") -> None:
        place = Channel("web", parts.workspace, channel)
        if not await storage.subscriptions.of_channel(place):
            await begin(storage, Subscription(channel=place, query=query), at=parts.clock.now())
        await revise_posts(storage, parts.clock.now())
        await send_waiting(storage, couriers, parts.clock)

    return delivered
