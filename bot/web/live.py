"""The WebSocket that keeps open tabs up to date: events go out, nothing comes in."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Final

from aiohttp import WSCloseCode, web

from bot.web.hub import Tab
from bot.web.parts import PARTS, SOCKETS

_HEARTBEAT: Final = 20.0
_PATIENCE: Final = 10.0


async def listen(request: web.Request) -> web.WebSocketResponse:
    """Serve one tab until it goes, falls too far behind, or the server stops.

    The first message is `{"at": POSITION}`; each later one an event with the position after it. A tab whose own
    position differs from what it is told has missed something and fetches the channel anew.
    """
    hub = request.app[PARTS].hub
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=1024)
    await socket.prepare(request)
    with request.app[SOCKETS].holding(socket), hub.listening() as tab:
        talking = asyncio.create_task(_talk(socket, tab, hub.position))
        try:
            async for _ in socket:
                pass  # nothing a tab says matters; reading notices when it goes
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
    return socket


async def _talk(socket: web.WebSocketResponse, tab: Tab, position: str) -> None:
    """Hand events over in order; a tab that was let go, or does not take them in time, is closed."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await socket.send_json({"at": position})
        while (coming := await tab.events.get()) is not None:
            at, event = coming
            async with asyncio.timeout(_PATIENCE):
                await socket.send_json({"at": at, **asdict(event)})
    except (TimeoutError, ConnectionError):
        pass
    await _hang_up(socket)


async def _hang_up(socket: web.WebSocketResponse) -> None:
    """Say goodbye; a tab that does not even take that is cut off."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
    except (TimeoutError, ConnectionError):
        transport = socket.get_extra_info("transport")
        if transport is not None:
            transport.abort()
