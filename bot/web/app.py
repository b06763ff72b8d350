"""The web server: the reading room for everybody, and on loopback the local workspace's chat page beside it."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from bot.core.errors import SettingsError
from bot.core.messages import Message, msg
from bot.web import chat, feed, plumbing, reading_room
from bot.web.pages import PAGES, load_pages
from bot.web.parts import PARTS, SOCKETS, OpenSockets, WebParts
from bot.web.security import MAX_BODY, WEBHOOKS, is_loopback, protect

__all__ = ["PAGES", "PARTS", "SOCKETS", "WebParts", "build_app", "is_loopback", "serve"]

_GRACE = 1.0  # seconds for requests under way when the server stops


def build_app(parts: WebParts, *, webhooks: Sequence[web.RouteDef] = (), is_bare: bool = False) -> web.Application:
    """The application. The chat page is a part of it only when `parts.is_local`; without pages it `is_bare`.

    `webhooks` are other platforms' routes, which check by themselves who calls: Host and Origin say nothing there.
    """
    app = web.Application(client_max_size=MAX_BODY)
    app[PARTS] = parts
    app[WEBHOOKS] = frozenset(route.path for route in webhooks)
    app.router.add_routes(webhooks)
    app[PAGES] = load_pages()
    app[SOCKETS] = OpenSockets()
    protect(app)
    plumbing.add_routes(app)
    if not is_bare:
        reading_room.add_routes(app)
        app.router.add_get("/feed.atom", feed.feed)
    if parts.is_local:
        chat.add_routes(app)
    app.on_shutdown.append(_close_sockets)
    return app


async def _close_sockets(app: web.Application) -> None:
    await app[SOCKETS].close(_GRACE)


@asynccontextmanager
async def serve(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve while the context is open, and hand out the port (the one the system chose when `port` is 0).

    Raises:
        SettingsError: the address cannot be bound, or the chat page would be reachable from other machines.
    """
    if app[PARTS].is_local and not is_loopback(host):
        raise SettingsError(msg("The local workspace can only be served on this machine, not on {host}.", host=host))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE, handle_signals=False)
    await runner.setup()
    try:
        yield await _listen(runner, host, port)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    try:
        # One socket, so that there is one port; browsers find it under localhost as well.
        await web.TCPSite(runner, "127.0.0.1" if host.casefold() == "localhost" else host, port).start()
    except (OSError, OverflowError, UnicodeError) as error:
        raise SettingsError(_why_not(error, host, port)) from error
    return int(runner.addresses[0][1])


def _why_not(error: Exception, host: str, port: int) -> Message:
    if isinstance(error, socket.gaierror | UnicodeError):
        return msg("PAPERBOY_WEB_HOST is {host}, which is no address of this machine.", host=host)
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return msg(
                "Port {port} on {host} is in use by another program. Choose another with PAPERBOY_WEB_PORT.",
                port=str(port),
                host=host,
            )
        case errno.EACCES | errno.EPERM:
            return msg(
                "Port {port} may not be used without more rights. Choose one above 1023 with PAPERBOY_WEB_PORT.",
                port=str(port),
            )
        case errno.EADDRNOTAVAIL:
            return msg("PAPERBOY_WEB_HOST is {host}, which is no address of this machine.", host=host)
        case _:
            return msg(
                "Cannot serve pages on {host}, port {port}: {reason}.", host=host, port=str(port), reason=str(error)
            )
