"""Addresses for browsers, crawlers and load balancers: static files, health, robots."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus
from typing import TypeVar

import structlog
from aiohttp import web

from bot.core.errors import StorageError
from bot.metrics import CONTENT_TYPE
from bot.web.pages import PAGES, StaticFile
from bot.web.parts import PARTS
from bot.web.readiness import NO_ANSWER, READINESS, Readiness

Read = TypeVar("Read")

_READY_WITHIN = 5.0  # seconds
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, no-cache"

_log = structlog.get_logger(__name__)


def add_routes(app: web.Application) -> None:
    """Everything that is not a page."""
    app[READINESS] = Readiness(app[PARTS].stores, app[PARTS].prepared)
    app.on_shutdown.append(_stop_asking)
    app.add_routes(
        (
            web.get("/static/{name:.*}", static),
            web.get("/favicon.svg", favicon),
            web.get("/favicon.ico", favicon),
            web.get("/robots.txt", robots),
            web.get("/healthz", healthy),
            web.get("/readyz", ready),
            web.get("/metrics", metrics),
        )
    )


async def static(request: web.Request) -> web.Response:
    """One of the files read at start. No path is ever looked up on disk, so none can lead elsewhere."""
    file = request.app[PAGES].static.get(request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    return _file(request, file, for_good=request.query.get("v") == file.version)


async def favicon(request: web.Request) -> web.Response:
    """The icon, for browsers that ask for it at the root."""
    return _file(request, request.app[PAGES].static["favicon.svg"], for_good=False)


def _file(request: web.Request, file: StaticFile, *, for_good: bool) -> web.Response:
    headers = {"ETag": f'"{file.version}"', "Cache-Control": _FOR_GOOD if for_good else _ASK_AGAIN}
    if any(known.value in {file.version, "*"} for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    charset = "utf-8" if file.content_type.startswith("text/") else None
    return web.Response(body=file.body, content_type=file.content_type, charset=charset, headers=headers)


async def robots(request: web.Request) -> web.Response:
    """Crawlers may read digests and entries; searches are for people. A local workspace is for nobody else."""
    rule = "/" if request.app[PARTS].is_local else "/search"
    return web.Response(text=f"User-agent: *\nDisallow: {rule}\n", headers={"Cache-Control": "public, max-age=86400"})


async def healthy(request: web.Request) -> web.Response:  # noqa: ARG001 - a handler takes a request
    """The process answers."""
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


async def ready(request: web.Request) -> web.Response:
    """The database answers too, and takes something down."""
    why_not = await request.app[READINESS].why_not()
    if why_not is not None:
        return _unavailable(why_not)
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


async def _stop_asking(app: web.Application) -> None:
    await app[READINESS].close()


async def metrics(request: web.Request) -> web.Response:
    """Counters for Prometheus."""
    parts = request.app[PARTS]
    backlog = await _in_time("metrics", parts.stores.ledger.backlog(parts.clock.now()))
    if backlog is None:
        return _unavailable(NO_ANSWER)
    headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
    return web.Response(body=parts.metrics.page(backlog), headers=headers)


async def _in_time(asked: str, reading: Awaitable[Read]) -> Read | None:
    """What the database answers; None where it does not, or takes too long."""
    try:
        async with asyncio.timeout(_READY_WITHIN):
            return await reading
    except (StorageError, TimeoutError) as error:
        _log.warning("web.not_ready", asked=asked, reason=str(error) or "no answer in time")
    return None


def _unavailable(why: str) -> web.Response:
    return web.Response(
        text=f"{why}\n",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Cache-Control": "no-store", "Retry-After": "5"},
    )
