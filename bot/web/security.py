"""What every request has to pass and every response carries.

    request ──> answer_errors ──> check_host ──> check_origin ──> handler
                     │ any error becomes a page in the reader's language
    response <── add_headers (a signal: on pages, files, errors and WebSockets alike)

On loopback the Host header must name this machine, so that a page whose name was made to point here (DNS rebinding)
reads nothing. Whatever may change something, and every WebSocket, must come from our own pages.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from aiohttp import web
from yarl import URL

from bot.core.errors import (
    Conflict,
    InputError,
    LookupUnavailable,
    NotAllowed,
    NotFound,
    PaperboyError,
    StorageBusy,
    StorageError,
)
from bot.core.messages import Message, msg
from bot.locale import translator
from bot.web.pages import language_for, render
from bot.web.parts import PARTS

MAX_BODY = 256 * 1024
WEBHOOKS: web.AppKey[frozenset[str]] = web.AppKey("webhooks")
"""Paths that other platforms call: each request there is checked by its own signature or state."""

_log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_started: ContextVar[bool] = ContextVar("started")  # whether the response to this request is on its way


def protect(app: web.Application) -> None:
    """Put the checks in front of all handlers and the headers on all responses."""
    app.middlewares.extend((answer_errors, check_host, check_origin))
    app.on_response_prepare.append(add_headers)


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """The security headers, on every response that has no stricter ones; no word about the software behind it."""
    _started.set(True)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.popall("Server", None)


# --- checks -------------------------------------------------------------------------------------------------------


@web.middleware
async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """On loopback refuse every Host but this machine's own names with our own port."""
    if request.path in request.app[WEBHOOKS]:
        return await handler(request)
    if request.app[PARTS].is_local and not is_own_host(request.headers.getall("Host", []), *_own_address(request)):
        return web.Response(
            status=HTTPStatus.MISDIRECTED_REQUEST, text="This address does not belong to Paperboy's local workspace.\n"
        )
    return await handler(request)


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site's page sends: whatever is not plain reading, and WebSockets."""
    is_ours = request.path not in request.app[WEBHOOKS]
    if is_ours and is_sensitive(request) and not is_same_origin(request):
        return web.Response(status=HTTPStatus.FORBIDDEN, text="This request did not come from Paperboy's own pages.\n")
    return await handler(request)


def is_loopback(host: str) -> bool:
    """Whether an address to bind to is reached from this machine only."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_own_host(hosts: list[str], address: str, port: int) -> bool:
    """Whether there is one Host header, with our port and this machine's name, or the address that was asked."""
    if len(hosts) != 1:
        return False
    name, colon, digits = hosts[0].casefold().rpartition(":")
    if not colon or digits.endswith("]"):
        name, digits = hosts[0].casefold(), "80"
    return name in {"127.0.0.1", "localhost", "[::1]", address} and digits == str(port)


def is_sensitive(request: web.Request) -> bool:
    """Whether a request may change something or opens a WebSocket."""
    return request.method not in _SAFE_METHODS or "websocket" in request.headers.get("Upgrade", "").casefold()


def is_same_origin(request: web.Request) -> bool:
    """Whether the browser says that one of our own pages sent this. No Origin header counts as no."""
    origins = request.headers.getall("Origin", [])
    own = f"{request.scheme}://{request.headers.get('Host', '')}".casefold()
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return len(origins) == 1 and origins[0].casefold() == own and site == "same-origin"


def own_origin(request: web.Request) -> URL:
    """Scheme, host and port under which the reader reached us."""
    try:
        return URL.build(scheme=request.scheme, authority=request.headers.get("Host", "localhost"))
    except ValueError:
        raise web.HTTPBadRequest from None


def _own_address(request: web.Request) -> tuple[str, int]:
    """The address and port of ours that this connection came in on; none that fits when it is gone already."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else ("", -1)


# --- errors -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A way on from a problem: `text` as it is, or a sentence."""

    address: str
    text: str | Message


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as the reader is told."""

    status: int
    title: Message
    detail: Message | None = None
    links: tuple[Link, ...] = ()
    reference: str | None = None
    retry_after: int | None = None


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a page (or JSON for those who ask for it) that says what happened, never how."""
    _started.set(False)
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        response = answer(request, _of_http(error))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except PaperboyError as error:
        if _started.get():
            raise
        response = answer(request, _of_error(error))
    except ConnectionResetError:
        raise
    except Exception as error:  # the last net: nobody ever reads a stack trace
        reference = secrets.token_hex(4)
        _log.error("web.failed", reference=reference, method=request.method, path=request.path, exc_info=error)
        if _started.get():
            raise
        response = answer(request, _unexpected(reference))
    return response


def answer(request: web.Request, problem: Problem) -> web.Response:
    """A problem in the reader's language."""
    if "application/json" in request.headers.get("Accept", ""):
        response = _as_json(request, problem)
    else:
        response = render(request, "reading/problem.html", status=problem.status, problem=problem)
    response.headers["Cache-Control"] = "no-store"
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _as_json(request: web.Request, problem: Problem) -> web.Response:
    say = translator(language_for(request)).say
    said = {"error": say(problem.title), "detail": say(problem.detail) if problem.detail else None}
    return web.json_response(said | {"reference": problem.reference}, status=problem.status)


def _of_http(error: web.HTTPException) -> Problem:
    match error.status:
        case HTTPStatus.NOT_FOUND:
            return Problem(error.status, msg("There is no such page"))
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return Problem(error.status, msg("This page can only be read"))
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Problem(error.status, msg("That is more text than Paperboy takes at once"))
        case _:
            return Problem(error.status, msg("This request was not understood"))


def _of_error(error: PaperboyError) -> Problem:
    match error:
        case NotFound():
            return Problem(HTTPStatus.NOT_FOUND, error.message)
        case InputError():
            return Problem(HTTPStatus.BAD_REQUEST, error.message)
        case NotAllowed():
            return Problem(HTTPStatus.FORBIDDEN, error.message)
        case Conflict():
            return Problem(HTTPStatus.CONFLICT, error.message)
        case StorageError() | LookupUnavailable():
            _log.warning("web.unavailable", reason=str(error))
            pause = 5 if isinstance(error, StorageBusy) else 30
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, _CLOSED, _TRY_AGAIN, retry_after=pause)
        case _:
            reference = secrets.token_hex(4)
            _log.error("web.failed", reference=reference, exc_info=error)
            return _unexpected(reference)


def _unexpected(reference: str) -> Problem:
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN, reference=reference)


_CLOSED = msg("The archive cannot be read at the moment")
_TRY_AGAIN = msg("Please try again shortly.")
_BROKEN = msg("Something went wrong on our side")
