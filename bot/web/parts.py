"""What the web platform is made of, and where its handlers find it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from aiohttp import WSCloseCode, web

from bot.core.people import Language
from bot.core.ports import Clock, Stores
from bot.core.subscriptions import Layout
from bot.metrics import Metrics
from bot.usecases.converse import Desk

if TYPE_CHECKING:
    from bot.web.hub import Hub

LAYOUTS: Final = frozenset({Layout.CARDS, Layout.COMPACT})
"""The layouts that the local workspace can post."""


@dataclass(frozen=True, slots=True)
class WebParts:
    """Everything the pages need. `is_local`: bound to loopback, so the chat page is served beside the reading room.

    What stands on the `desk` is the whole platform's; its `language` and `zone` (IANA) are the workspace's. `metrics`
    are what `/metrics` shows of the whole process. Whoever asks whether it is ready hears no until `prepared` is set.
    """

    desk: Desk
    hub: Hub
    workspace: str
    is_local: bool
    metrics: Metrics
    prepared: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def stores(self) -> Stores:
        """The archive and all that belongs to it."""
        return self.desk.stores

    @property
    def clock(self) -> Clock:
        """Whose time it is."""
        return self.desk.clock

    @property
    def language(self) -> Language:
        """The workspace's language, for those who have chosen none."""
        return self.desk.language

    @property
    def zone(self) -> str:
        """The workspace's time zone (IANA)."""
        return self.desk.zone

    def now(self) -> datetime:
        """The present moment in the workspace's zone."""
        return self.clock.now().astimezone(ZoneInfo(self.zone))

    def today(self) -> date:
        """The calendar day in the workspace's zone."""
        return self.now().date()


PARTS: web.AppKey[WebParts] = web.AppKey("PARTS", WebParts)


class OpenSockets:
    """Open WebSockets: a handler holds its own, the frame closes those that are left when the server stops."""

    def __init__(self) -> None:
        self._sockets: set[web.WebSocketResponse] = set()

    @contextmanager
    def holding(self, socket: web.WebSocketResponse) -> Iterator[None]:
        """Remember one while its handler runs.

        aiohttp lets go of a handler's task as soon as the connection is lost, and asyncio holds no task that waits:
        one that is waiting for this socket then hangs on it alone, and would be destroyed in the middle.
        """
        self._sockets.add(socket)
        try:
            yield
        finally:
            self._sockets.discard(socket)

    async def close(self, within: float) -> None:
        """Say goodbye to all, who then try again until the server is back; wait `within` seconds at most."""
        closing = [socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart") for socket in list(self._sockets)]
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await asyncio.gather(*closing, return_exceptions=True)


SOCKETS: web.AppKey[OpenSockets] = web.AppKey("SOCKETS", OpenSockets)
