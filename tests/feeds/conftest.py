"""A small web site on the loopback, over real sockets, and a fetcher that may visit it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import pytest
from aiohttp import web

from bot.feeds.addresses import IPAddress
from bot.feeds.fetcher import Fetcher

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Site:
    """Answers paths as told and keeps what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[web.BaseRequest] = []
        self._handlers: dict[str, Handler] = {}

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        """The address of one of its pages."""
        return f"http://{host}:{self.port}{path}"

    def on(self, path: str, handler: Handler) -> None:
        """Answer a path with whatever the handler does."""
        self._handlers[path] = handler

    def page(self, path: str, body: bytes = b"", *, kind: str = "text/xml", status: int = 200, **headers: str) -> None:
        """Answer a path with a page; header names are written with `_` for `-`."""
        sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}

        async def answer(_: web.BaseRequest) -> web.Response:
            return web.Response(body=body, status=status, headers=sent)

        self.on(path, answer)

    def redirect(self, path: str, location: str, *, status: int = 302) -> None:
        """Answer a path with a redirect."""
        self.page(path, status=status, Location=location)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """What the server does with each request."""
        self.requests.append(request)
        handler = self._handlers.get(request.path)
        return await handler(request) if handler else web.Response(status=404, text="no such page")


class MakeFetcher(Protocol):
    """Makes a fetcher with other limits than usual."""

    def __call__(self, **limits: Any) -> Fetcher: ...


def on_loopback(address: IPAddress) -> bool:
    """The tests' own rule: the loopback and nothing else."""
    return address.is_loopback


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    runner = web.ServerRunner(web.Server(site.answer), shutdown_timeout=0.1)
    await runner.setup()
    socket = web.TCPSite(runner, "127.0.0.1", 0)
    await socket.start()
    site.port = runner.addresses[0][1]
    yield site
    await runner.cleanup()


@pytest.fixture
def make_fetcher(site: Site) -> MakeFetcher:
    def make(**limits: Any) -> Fetcher:
        return Fetcher(**{"allow": on_loopback, "ports": {site.port}, "timeout": 5.0, **limits})

    return make


@pytest.fixture
def fetcher(make_fetcher: MakeFetcher) -> Fetcher:
    return make_fetcher()
