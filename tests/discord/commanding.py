"""Paperboy's commands on a loopback Discord, with the library's client and a database of its own.

async with serving(tmp_path) as served:
    asked = await served.reader.command(served.place.papers, "paper", tag="rlaif")
    answer = await asked.shown()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

from bot.core.entries import Entry, Status
from bot.core.people import Language, Staff
from bot.core.ports import Stores
from bot.discord.api import Api
from bot.discord.app import DiscordPlatform
from bot.discord.client import PaperboyClient
from bot.discord.courier import DiscordCourier
from bot.discord.parts import LAYOUTS, DiscordParts
from bot.discord.people import People
from bot.settings import DiscordSettings
from bot.usecases.desk import Desk
from storage.opening import Storage, open_storage
from tests.platforms.discord.driver import Person
from tests.platforms.discord.world import Message
from tests.platforms.discord_alone import Alone, Place, alone, furnish

TODAY = date(2024, 6, 21)
NOW = datetime(2024, 6, 21, 3, 0, tzinfo=UTC)


class StandingClock:
    """Always the same moment."""

    def now(self) -> datetime:
        """See the port."""
        return NOW


class NoSource:
    """An outside source that knows no paper."""

    async def paper(self, arxiv_id: str) -> Entry | None:
        """See the port."""
        del arxiv_id
        return None


class Stuck:
    """A database that never answers, whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        return Stuck()

    def __call__(self, *_: object, **__: object) -> Any:
        return asyncio.Event().wait()


@dataclass
class Served:
    """Paperboy at work on a Discord."""

    server: Alone
    place: Place
    storage: Storage
    parts: DiscordParts

    @property
    def reader(self) -> Person:
        """An ordinary member, whose Discord speaks Korean."""
        return self.server.person(self.place.reader)

    @property
    def guest(self) -> Person:
        """An ordinary member, whose Discord speaks English."""
        return self.server.person(self.place.guest)

    @property
    def admin(self) -> Person:
        """The server's owner."""
        return self.server.person(self.place.admin)

    async def add(self, title: str, *, day: date | None = TODAY, **fields: Any) -> Entry:
        """Put an entry into the archive, published unless it has no day."""
        entry = Entry(id="", title=title, digest_date=day, status=Status.PUBLISHED if day else Status.DRAFT, **fields)
        return await self.storage.archive.add(entry, by=None, at=NOW)


@asynccontextmanager
async def serving(
    tmp_path: Path, *, maintainer: str | None = None, stores: object | None = None
) -> AsyncIterator[Served]:
    """Paperboy, connected, its commands registered; `stores` may stand before the storage, somebody may maintain."""
    async with alone() as server, opened(tmp_path) as storage:
        place = furnish(server)
        named = {str(user.id) for user in server.state.users.values() if user.username == maintainer}
        async with connected(server, staff=Staff(maintainers=frozenset(named)), stores=stores or storage) as parts:
            yield Served(server, place, storage, parts)


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Storage]:
    """A database of its own."""
    storage = await open_storage(f"sqlite:///{tmp_path / 'paperboy.db'}")
    try:
        yield storage
    finally:
        await storage.close()


@asynccontextmanager
async def connected(server: Alone, *, stores: object, staff: Staff | None = None) -> AsyncIterator[DiscordParts]:
    """Paperboy on a server that is there already, ready and with its commands registered."""
    settings = DiscordSettings(token=server.state.application.token, api_url=server.url, gateway_url=server.gateway.url)
    parts = parts_for(settings, cast(Stores, stores), staff or Staff())
    platform = DiscordPlatform(settings, parts)
    ready = asyncio.Event()
    work = asyncio.create_task(platform.run(ready.set))
    try:
        await asyncio.wait_for(ready.wait(), 10)
        await server.until(lambda: server.state.application.commands)
        yield parts
    finally:
        await platform.close()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def parts_for(settings: DiscordSettings, stores: Stores, staff: Staff) -> DiscordParts:
    """What handlers work with, composed as `bot.app` does it."""
    clock = StandingClock()
    client = PaperboyClient(settings)
    api = Api(client, settings.token, clock)
    courier = DiscordCourier(api)
    desk = Desk(
        stores=stores,
        clock=clock,
        source=NoSource(),
        courier=courier,
        nudge=lambda: None,
        entry_changed=lambda _: None,
        language=Language.ENGLISH,
        zone="Asia/Seoul",
        layouts=LAYOUTS,
    )
    people = People(staff, clock, language=Language.ENGLISH, zone="Asia/Seoul")
    return DiscordParts(desk, client, api, people, courier)


def words(message: Message) -> str:
    """All that a message says."""
    return "\n".join(_texts(message.components)) or message.content


def _texts(parts: Any) -> Iterator[str]:
    for part in parts or ():
        if "content" in part:
            yield str(part["content"])
        if part.get("label"):
            yield str(part["label"])
        yield from _texts(part.get("components"))
        yield from _texts([part["accessory"]] if part.get("accessory") else [])
