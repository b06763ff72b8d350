"""Reading a page or feed whose address somebody else chose, without being turned against the network we stand in."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot import __version__
from bot.core.errors import LookupUnavailable
from bot.core.messages import Message, msg
from bot.feeds.addresses import IPAddress, is_public, literal_address

USER_AGENT = f"Paperboy/{__version__} (paper digest bot)"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ASK_LATER = frozenset({429, 503})
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_CHUNK = 64 * 1024


class TryLater(LookupUnavailable):
    """The server asks for a pause (429, 503): of `retry_after` seconds, or of its own unsaid length when None."""

    def __init__(self, message: Message, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: where it came from in the end, its status, media type (lower case, no parameters) and whole body."""

    url: str
    status: int
    content_type: str
    body: bytes


class Fetcher:
    """GET over http and https, to public addresses only, within limits of time, size and redirects.

    A name is looked up once a request, by a resolver that hands on only addresses which `allow` accepts: what was
    checked is what is connected to, whatever the name's owner answers a moment later. An address written as a
    number never reaches a resolver, so it is checked before the request; so is every redirect's target. No cookies
    and no credentials are kept or sent, and proxies and passwords from the process environment are not used.

    With a `proxy` (an http URL of the operator's choice) names are looked up by the proxy, and it is the proxy that
    must refuse private ones; everything else holds.

    `own` is an address of the operator's choice, which may be opened wherever it is; what it redirects to may not.

    `timeout` is in seconds, for everything from the first lookup to the last byte; `most_bytes` counts the body both
    as sent and as unpacked.
    """

    def __init__(
        self,
        *,
        allow: Callable[[IPAddress], bool] = is_public,
        ports: Collection[int] = (80, 443),
        timeout: float = 10.0,
        most_redirects: int = 5,
        most_bytes: int = 2 * 1024 * 1024,
        user_agent: str = USER_AGENT,
        proxy: str | None = None,
        resolver: AbstractResolver | None = None,
        own: str | None = None,
    ) -> None:
        self._allow = allow
        self._ports = frozenset(ports)
        self._timeout = timeout
        self._most_redirects = most_redirects
        self._most_bytes = most_bytes
        self._user_agent = user_agent
        self._proxy = proxy
        self._resolver = resolver
        self._own = URL(own).origin() if own else None

    async def get(self, url: str, *, accept: Collection[str], statuses: Collection[int] = (200,)) -> Fetched:
        """The answer at a URL, redirects followed, when its status and media type are among those asked for.

        Raises:
            TryLater: the server asks for a pause.
            LookupUnavailable: there is no such answer; the message says why.
        """
        target = self._checked(url)
        try:
            async with asyncio.timeout(self._timeout), self._session(accept) as session:
                return await self._follow(session, target, accept, statuses)
        except TimeoutError as error:
            raise LookupUnavailable(msg("{host} took too long to answer", host=_host(target))) from error

    def _session(self, accept: Collection[str]) -> aiohttp.ClientSession:
        """A session for one request: its limits are in bytes and seconds we count ourselves."""
        resolver = self._resolver or aiohttp.ThreadedResolver()
        if self._proxy is None:
            resolver = _CheckedResolver(resolver, self._allow, own=self._own.raw_host if self._own else None)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
            headers={"User-Agent": self._user_agent, "Accept": ", ".join(accept), "Accept-Encoding": "gzip"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            trust_env=False,
        )

    async def _follow(
        self, session: aiohttp.ClientSession, target: URL, accept: Collection[str], statuses: Collection[int]
    ) -> Fetched:
        for _ in range(self._most_redirects + 1):
            with _translated(_host(target)):
                async with session.get(target, allow_redirects=False, proxy=self._proxy) as response:
                    location = response.headers.get("Location")
                    if response.status not in _REDIRECTS or location is None:
                        return await self._read(response, accept, statuses)
            target = self._checked(location, base=target)
        raise LookupUnavailable(msg("{host} redirects too many times", host=_host(target)))

    def _checked(self, text: str, *, base: URL | None = None) -> URL:
        """The URL, if it may be opened as far as that shows before its name is looked up."""
        try:
            url = URL(text) if base is None else base.join(URL(text))
            literal = literal_address(_host(url))
        except ValueError as error:
            raise _not_opened(text) from error
        if base is None and self._own is not None and url.origin() == self._own:
            return url
        if url.scheme not in {"http", "https"} or not _host(url) or url.port not in self._ports:
            raise _not_opened(text)
        if url.user is not None or url.password is not None:
            raise _not_opened(text)
        if literal is not None and not self._allow(literal):
            raise _not_public(_host(url))
        return url

    async def _read(
        self, response: aiohttp.ClientResponse, accept: Collection[str], statuses: Collection[int]
    ) -> Fetched:
        host = _host(response.url)
        if response.status not in statuses:
            raise _refused(response, host)
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type not in accept:
            kind = content_type[:60] or "no media type"
            raise LookupUnavailable(msg("{host} sent something else than expected ({kind})", host=host, kind=kind))
        return Fetched(str(response.url), response.status, content_type, await self._body(response, host))

    async def _body(self, response: aiohttp.ClientResponse, host: str) -> bytes:
        unpacker = _unpacker(response.headers.get("Content-Encoding", ""), host)
        received, body = 0, bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            received += len(chunk)
            # One byte over the limit is enough to know, so a small answer never unpacks into a huge one.
            body += unpacker.decompress(chunk, self._most_bytes + 1 - len(body)) if unpacker else chunk
            if max(received, len(body)) > self._most_bytes:
                size = f"{self._most_bytes / 1024 / 1024:.3g} MiB"
                raise LookupUnavailable(msg("the answer from {host} is larger than {size}", host=host, size=size))
        if unpacker and not unpacker.eof:
            raise _unreadable(host)
        return bytes(body)


class _CheckedResolver(AbstractResolver):
    """Looks names up with another resolver and hands on the allowed addresses alone."""

    def __init__(self, inner: AbstractResolver, allow: Callable[[IPAddress], bool], *, own: str | None) -> None:
        self._inner = inner
        self._allow = allow
        self._own = own

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The name's addresses.

        Raises:
            LookupUnavailable: it has none that is allowed.
            OSError: it cannot be looked up.
        """
        found = await self._inner.resolve(host, port, family)
        if not found:
            raise OSError(f"{host} has no addresses")
        if host == self._own:
            return found
        allowed = [result for result in found if self._allow(ip_address(result["host"]))]
        if not allowed:
            raise _not_public(host)
        return allowed

    async def close(self) -> None:
        """Nothing is held open."""


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """The HTTP library's errors as ours; a timeout stays what it is."""
    try:
        yield
    except TimeoutError:
        raise
    except (aiohttp.ClientConnectorDNSError, UnicodeError) as error:
        raise LookupUnavailable(msg("the name {host} cannot be found", host=host)) from error
    except aiohttp.ClientSSLError as error:
        raise LookupUnavailable(msg("{host} has no valid certificate", host=host)) from error
    except (aiohttp.ClientPayloadError, zlib.error) as error:
        raise _unreadable(host) from error
    except (aiohttp.ClientError, OSError) as error:
        raise LookupUnavailable(msg("{host} cannot be reached", host=host)) from error


def _unpacker(encoding: str, host: str) -> zlib._Decompress | None:
    """What undoes a Content-Encoding; None where there is nothing to undo."""
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(_GZIP_OR_ZLIB)
        case _:
            raise _unreadable(host)


def _host(url: URL) -> str:
    return url.raw_host or ""


def _refused(response: aiohttp.ClientResponse, host: str) -> LookupUnavailable:
    if response.status not in _ASK_LATER:
        return LookupUnavailable(msg("{host} answered with error {status}", host=host, status=response.status))
    pause = response.headers.get("Retry-After", "").strip()
    seconds = float(pause) if pause.isdecimal() else None  # its other form, a date, is taken as unsaid
    return TryLater(msg("{host} is too busy to answer right now", host=host), retry_after=seconds)


def _not_opened(url: str) -> LookupUnavailable:
    return LookupUnavailable(msg("{url} is no web address that may be opened", url=url[:200]))


def _not_public(host: str) -> LookupUnavailable:
    return LookupUnavailable(msg("{host} is not on the public internet", host=host))


def _unreadable(host: str) -> LookupUnavailable:
    return LookupUnavailable(msg("the answer from {host} is damaged", host=host))
