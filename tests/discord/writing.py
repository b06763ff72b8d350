"""People in front of Paperboy's windows on the loopback Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storage.opening import Storage
from tests.discord.conftest import Served, serving
from tests.discord.saying import pressable, text_of
from tests.platforms.discord import Acme, DiscordServer, Person
from tests.platforms.discord.interactions import Interaction
from tests.platforms.discord.modals import Modal
from tests.platforms.discord.world import Channel, Message, User


@dataclass
class ThatDay:
    """A clock at one moment of the digest's day."""

    def now(self) -> datetime:
        """The moment."""
        return datetime(2024, 6, 21, 13, 0, tzinfo=UTC)


@asynccontextmanager
async def at_work(discord: DiscordServer, acme: Acme, storage: Storage, **more: Any) -> AsyncIterator[Served]:
    """Paperboy on the digest's day; the guest is a maintainer too, by role."""
    acme.guild.members[acme.guest.id].roles = [acme.curators.id]
    async with serving(discord, acme, storage, clock=ThatDay(), **more) as served:
        yield served


@dataclass
class Writer:
    """Somebody who fills in forms, in #papers when nothing else is said."""

    served: Served
    person: Person

    @property
    def window(self) -> Modal:
        """The window before them."""
        modal = self.person.modal
        assert modal is not None, [text_of(one) for one in self.person.private]
        return modal

    @property
    def typed(self) -> dict[str, Any]:
        """What stands in its fields, by name."""
        return self.window.values

    async def ask(self, name: str, where: Channel | None = None, **options: Any) -> Interaction:
        """Type a command."""
        return await self.person.command(where or self.served.acme.papers, name, **options)

    async def open(self, name: str, where: Channel | None = None, **options: Any) -> Modal:
        """Type a command that opens a window."""
        return await self._before_them(await self.ask(name, where, **options))

    async def told(self, name: str, where: Channel | None = None, **options: Any) -> str:
        """Type a command that opens none, and what it says instead."""
        answer = await (await self.ask(name, where, **options)).shown()
        assert self.person.modal is None
        return text_of(answer)

    async def send(self, **values: Any) -> Message:
        """Fill in the window, and send it; the answer."""
        return await (await self.person.submit(values)).shown()

    async def reopen(self, answer: Message, button: str) -> Modal:
        """Press a button that opens a window."""
        return await self._before_them(await self.person.click(answer, button))

    async def _before_them(self, asked: Interaction) -> Modal:
        """The window that was asked for; one that takes a while on a busy machine is offered with a button."""
        if self.person.modal is None and asked.reply is not None:
            offer = await asked.shown()
            opens = [one["custom_id"] for one in pressable(offer) if one["custom_id"].startswith("form:")]
            if len(opens) == 1:
                await self.person.click(offer, opens[0])
        return self.window


def writer(served: Served, user: User) -> Writer:
    """Somebody on the server."""
    return Writer(served, served.server.person(user))
