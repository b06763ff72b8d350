"""People in front of Paperboy's forms, and databases and sources that keep them waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.core.entries import Entry
from bot.core.errors import LookupUnavailable
from bot.core.messages import msg
from bot.slack.form_state import FormMeta, Typed, read_meta
from storage.opening import Storage
from tests.platforms.slack import User, View
from tests.platforms.slack.driver import Person
from tests.platforms.slack.text import visible_blocks
from tests.slack.conftest import Served


class Waiting:
    """Part of the stores; `held` methods wait until they are let go, `faults` are raised once each."""

    def __init__(self, inner: Any, *held: str) -> None:
        self._inner = inner
        self._held = set(held)
        self._free = asyncio.Event()
        self.reached = asyncio.Event()
        self.faults: dict[str, Exception] = {}

    def let_go(self) -> None:
        """Let those who wait, and all who come, go on."""
        self._free.set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)

        async def called(*arguments: Any, **more: Any) -> Any:
            if name in self.faults:
                raise self.faults.pop(name)
            if name in self._held:
                self.reached.set()
                await self._free.wait()
            return await method(*arguments, **more)

        return called


class WaitingStores:
    """Stores of which one part is `Waiting`."""

    def __init__(self, storage: Storage, **parts: Waiting) -> None:
        self._storage = storage
        self._parts = parts

    def __getattr__(self, name: str) -> Any:
        return self._parts.get(name) or getattr(self._storage, name)


@dataclass
class LateSource:
    """A source that answers when it is told to."""

    known: dict[str, Entry] = field(default_factory=dict)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    is_down: bool = False

    async def paper(self, arxiv_id: str) -> Entry | None:
        """See `bot.core.ports.PaperSource`."""
        self.asked.set()
        await self.answering.wait()
        if self.is_down:
            raise LookupUnavailable(msg("no connection"))
        return self.known.get(arxiv_id)


@dataclass
class Writer:
    """Somebody who fills in forms."""

    served: Served
    person: Person

    @property
    def view(self) -> View:
        """The modal before them."""
        view = self.person.view
        assert view is not None
        return view

    @property
    def meta(self) -> FormMeta:
        """What the form carries."""
        return read_meta(self.view.payload)

    async def waits(self) -> None:
        """Wait for the modal that says to wait."""
        await self.served.server.until(lambda: self.person.view and "One moment…" in self.shown)

    @property
    def typed(self) -> Typed:
        """What stands in the form."""
        return Typed(self.view.json(), self.meta)

    @property
    def shown(self) -> str:
        """What they read, without the fields."""
        return visible_blocks([block for block in self.view.blocks if block["type"] != "input"])

    def name(self, field: str, part: int = 1) -> str:
        """What a field is called in the form before them."""
        return self.meta.block(field, part)

    async def open(self, command: str, text: str = "") -> View:
        """Type a command, and wait for the form it opens."""
        await self.person.command(self.served.acme.papers, command, text)
        return await self.form()

    async def form(self, *, shown: int | None = None) -> View:
        """Wait for a form; with a number for the one that has been shown so often before."""

        def look() -> View | None:
            view = self.person.view
            if view is None or not view.callback_id:
                return None
            return view if shown is None or read_meta(view.payload).generation == shown else None

        view = await self.served.server.until(look)
        assert view is not None
        return view

    async def words(self) -> str:
        """Wait for a modal that only says something, and hand out what."""

        def look() -> View | None:
            view = self.person.view
            return view if view and not view.callback_id and "One moment…" not in self.shown else None

        await self.served.server.until(look)
        return self.shown

    async def told(self) -> str:
        """Wait for something that only they see, in the channel or in their direct messages; the last of it."""

        def look() -> str:
            found = [one.blocks for one in self.person.ephemerals()]
            found += [one.blocks for one in self.person.direct().messages.values()]
            return visible_blocks(found[-1]) if found else ""

        return await self.served.server.until(look)

    async def more_room(self, field: str, part: int) -> None:
        """Ask for more room, and wait for this part of the text."""
        await self.person.click(self.view, f"form_room:{field}")
        await self.served.server.until(lambda: self.name(field, part) in self.view.values)

    async def put(self, **values: Any) -> None:
        """Put something into fields, by their names; `commentary__2` is its second part."""
        for key, value in values.items():
            field, _, part = key.partition("__")
            block_id = self.name(field, int(part or 1))
            (element,) = [block["element"] for block in self.view.blocks if block["block_id"] == block_id]
            await self.person.choose(self.view, element["action_id"], value, block_id=block_id)


def writer(served: Served, user: User) -> Writer:
    """A person of the workspace."""
    return Writer(served, served.server.person(user))
