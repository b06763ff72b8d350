"""The fetcher against web sites that misbehave, over real sockets on the loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.core.errors import LookupUnavailable
from bot.feeds.addresses import is_public
from bot.feeds.fetcher import USER_AGENT, Fetcher, TryLater

if TYPE_CHECKING:
    from .conftest import MakeFetcher, Site

XML = ("text/xml", "application/atom+xml")
MIB = 1024 * 1024


class Names(AbstractResolver):
    """A name server that gives each name's answers in turn, the last one for ever."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self._answers:
            raise OSError(f"no such name: {host}")
        turn = min(self.asked.count(host), len(self._answers[host]) - 1)
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._answers[host][turn]
        ]

    async def close(self) -> None:
        """Nothing to close."""


@asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[int]:
    """A server that says these bytes to whoever has asked something, and hangs up; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(MIB)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def failure(fetcher: Fetcher, url: str) -> LookupUnavailable:
    with pytest.raises(LookupUnavailable) as raised:
        await fetcher.get(url, accept=XML)
    return raised.value


# --- what works ----------------------------------------------------------------------------------------------------


async def test_a_page_comes_whole_with_its_final_address_and_type(site: Site, fetcher: Fetcher) -> None:
    site.page("/feed", b"<feed/>", kind="Application/Atom+XML; charset=utf-8")
    fetched = await fetcher.get(site.url("/feed?a=1#part"), accept=XML)
    assert fetched.body == b"<feed/>"
    assert fetched.content_type == "application/atom+xml"
    assert fetched.status == 200
    assert fetched.url.startswith(site.url("/feed?a=1"))


async def test_the_request_names_paperboy_and_says_what_it_can_read(site: Site, fetcher: Fetcher) -> None:
    site.page("/feed", b"<feed/>")
    await fetcher.get(site.url("/feed"), accept=XML)
    sent = site.requests[0].headers
    assert sent["User-Agent"] == USER_AGENT
    assert "Paperboy" in USER_AGENT
    assert sent["Accept"] == "text/xml, application/atom+xml"
    assert sent["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(site: Site, fetcher: Fetcher, status: int) -> None:
    site.redirect("/old", "../new/feed?x=1", status=status)
    site.page("/new/feed", b"<feed/>")
    fetched = await fetcher.get(site.url("/old"), accept=XML)
    assert (fetched.body, fetched.url) == (b"<feed/>", site.url("/new/feed?x=1"))


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"<feed/>" * 1000, mtime=0)),
        ("x-gzip", gzip.compress(b"<feed/>" * 1000, mtime=0)),
        ("deflate", zlib.compress(b"<feed/>" * 1000)),
        ("identity", b"<feed/>" * 1000),
    ],
)
async def test_packed_pages_are_unpacked(site: Site, fetcher: Fetcher, encoding: str, packed: bytes) -> None:
    site.page("/feed", packed, Content_Encoding=encoding)
    assert (await fetcher.get(site.url("/feed"), accept=XML)).body == b"<feed/>" * 1000


async def test_cookies_are_neither_kept_nor_sent(site: Site, fetcher: Fetcher) -> None:
    site.page("/a", status=302, Location="/b", Set_Cookie="seen=1; Path=/")
    site.page("/b", b"<feed/>", Set_Cookie="seen=2; Path=/")
    await fetcher.get(site.url("/a"), accept=XML)
    await fetcher.get(site.url("/b"), accept=XML)
    assert len(site.requests) == 3
    assert not any("Cookie" in request.headers for request in site.requests)


async def test_statuses_that_are_asked_for_are_answers(site: Site, fetcher: Fetcher) -> None:
    site.page("/feed", b"<feed/>", status=400)
    fetched = await fetcher.get(site.url("/feed"), accept=XML, statuses=(200, 400))
    assert (fetched.status, fetched.body) == (400, b"<feed/>")


# --- where it does not go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254", "①②⑦.0.0.1"),
        *("[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[fd00:ec2::254]"),
        *("0x7f000001", "0x7f.1"),
    ],
)
async def test_by_default_nothing_but_the_public_internet_is_asked(site: Site, host: str) -> None:
    site.page("/", b"<feed/>")
    error = await failure(Fetcher(ports={site.port}), site.url(host=host))
    assert error.message.id == "{host} is not on the public internet"
    assert site.requests == []


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0177.0.0.1", "127.0.0.1."])
async def test_addresses_in_old_forms_are_not_opened_even_where_allowed(
    site: Site, fetcher: Fetcher, host: str
) -> None:
    error = await failure(fetcher, site.url(host=host))
    assert error.message.id == "{url} is no web address that may be opened"
    assert site.requests == []


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.org/feed", "file:///etc/passwd", "gopher://127.0.0.1:80/", "ws://example.org/"),
        *("", "/etc/passwd", "//example.org/", "http://", "http://:80/", "http://[::1/", "http://[x]/"),
        *("http://example.org:22/", "http://example.org:0/", "http://example.org:99999/", "http://example.org:x/"),
        *("https://user:secret@example.org/", "https://:secret@example.org/", "https://user@example.org/"),
    ],
)
async def test_other_schemes_ports_and_credentials_are_not_opened(url: str) -> None:
    error = await failure(Fetcher(), url)
    assert error.message.id == "{url} is no web address that may be opened"


@pytest.mark.parametrize("target", ["http://10.0.0.1:{port}/", "//169.254.169.254:{port}/latest/meta-data/"])
async def test_a_redirect_to_a_private_address_is_refused(site: Site, fetcher: Fetcher, target: str) -> None:
    site.redirect("/", target.format(port=site.port))
    error = await failure(fetcher, site.url())
    assert error.message.id == "{host} is not on the public internet"
    assert len(site.requests) == 1


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://127.0.0.1:1/", "http://u:p@127.0.0.1/", "http://[/"])
async def test_a_redirect_to_what_may_not_be_opened_is_refused(site: Site, fetcher: Fetcher, target: str) -> None:
    site.redirect("/", target)
    error = await failure(fetcher, site.url())
    assert error.message.id == "{url} is no web address that may be opened"


async def test_a_redirect_to_a_name_with_a_private_address_is_refused(site: Site, make_fetcher: MakeFetcher) -> None:
    names = Names({"outside.example": [["127.0.0.1"]], "inside.example": [["10.0.0.1"]]})
    site.redirect("/", site.url("/secret", host="inside.example"))
    error = await failure(make_fetcher(resolver=names), site.url(host="outside.example"))
    assert str(error) == "inside.example is not on the public internet"
    assert names.asked == ["outside.example", "inside.example"]


async def test_what_was_checked_is_what_is_connected_to(site: Site, make_fetcher: MakeFetcher) -> None:
    """DNS rebinding: a name whose second answer differs is looked up once a request, and checked each time."""
    names = Names({"moving.example": [["127.0.0.1"], ["127.0.0.2"]]})
    site.page("/", b"<feed/>")
    fetcher = make_fetcher(resolver=names, allow=lambda address: address == ip_address("127.0.0.1"))
    assert (await fetcher.get(site.url(host="moving.example"), accept=XML)).body == b"<feed/>"
    assert names.asked == ["moving.example"]
    error = await failure(fetcher, site.url(host="moving.example"))
    assert error.message.id == "{host} is not on the public internet"
    assert len(site.requests) == 1


async def test_of_several_addresses_only_allowed_ones_are_used(site: Site, make_fetcher: MakeFetcher) -> None:
    names = Names({"mixed.example": [["10.0.0.1", "::ffff:10.0.0.1", "127.0.0.1"]]})
    site.page("/", b"<feed/>")
    fetcher = make_fetcher(resolver=names)
    assert (await fetcher.get(site.url(host="mixed.example"), accept=XML)).body == b"<feed/>"


async def test_through_a_proxy_names_are_its_business_but_addresses_are_not(
    site: Site, make_fetcher: MakeFetcher
) -> None:
    site.page("/feed", b"<feed/>")
    fetcher = make_fetcher(proxy=site.url(), ports={80}, allow=lambda _: False)
    assert (await fetcher.get("http://paper.example/feed", accept=XML)).body == b"<feed/>"
    assert site.requests[0].headers["Host"] == "paper.example"
    error = await failure(fetcher, "http://10.0.0.1/feed")
    assert error.message.id == "{host} is not on the public internet"
    assert len(site.requests) == 1


async def test_proxies_in_the_environment_are_not_used(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    site.page("/", b"<feed/>")
    assert (await fetcher.get(site.url(), accept=XML)).body == b"<feed/>"


# --- limits --------------------------------------------------------------------------------------------------------


async def test_a_chain_of_redirects_ends(site: Site, make_fetcher: MakeFetcher) -> None:
    for step in range(3):
        site.redirect(f"/{step}", f"/{step + 1}")
    site.page("/3", b"<feed/>")
    assert (await make_fetcher(most_redirects=3).get(site.url("/0"), accept=XML)).body == b"<feed/>"
    site.requests.clear()
    error = await failure(make_fetcher(most_redirects=2), site.url("/0"))
    assert error.message.id == "{host} redirects too many times"
    assert len(site.requests) == 3


async def test_a_redirect_loop_ends(site: Site, fetcher: Fetcher) -> None:
    site.redirect("/", "/")
    error = await failure(fetcher, site.url())
    assert error.message.id == "{host} redirects too many times"
    assert len(site.requests) == 6


async def test_a_server_that_never_answers_is_given_up(site: Site, make_fetcher: MakeFetcher) -> None:
    async def hang(_: web.BaseRequest) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    site.on("/", hang)
    error = await failure(make_fetcher(timeout=0.05), site.url())
    assert str(error) == "127.0.0.1 took too long to answer"


async def test_a_server_that_dribbles_is_given_up(site: Site, make_fetcher: MakeFetcher) -> None:
    async def dribble(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/xml"})
        await response.prepare(request)
        while True:
            await response.write(b"<")
            await asyncio.sleep(0.01)

    site.on("/", dribble)
    error = await failure(make_fetcher(timeout=0.1), site.url())
    assert error.message.id == "{host} took too long to answer"


async def test_a_page_of_the_limit_is_taken_and_one_byte_more_is_not(site: Site, make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(most_bytes=MIB)
    site.page("/most", b"x" * MIB)
    site.page("/more", b"x" * (MIB + 1))
    assert len((await fetcher.get(site.url("/most"), accept=XML)).body) == MIB
    error = await failure(fetcher, site.url("/more"))
    assert str(error) == "the answer from 127.0.0.1 is larger than 1 MiB"


async def test_an_endless_page_is_cut_off(site: Site, fetcher: Fetcher) -> None:
    async def pour(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/xml"})
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    site.on("/", pour)
    error = await failure(fetcher, site.url())
    assert error.message.id == "the answer from {host} is larger than {size}"


async def test_a_small_page_that_unpacks_into_a_huge_one_is_refused(site: Site, fetcher: Fetcher) -> None:
    bomb = gzip.compress(bytes(64 * MIB), mtime=0)
    assert len(bomb) < 100_000
    site.page("/", bomb, Content_Encoding="gzip")
    tracemalloc.start()
    error = await failure(fetcher, site.url())
    _, most_memory = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.message.id == "the answer from {host} is larger than {size}"
    assert most_memory < 16 * MIB


async def test_packed_data_that_unpacks_into_nothing_counts_as_sent(site: Site, make_fetcher: MakeFetcher) -> None:
    header, empty_block = gzip.compress(b"", mtime=0)[:10], b"\x00\x00\x00\xff\xff"
    site.page("/", header + empty_block * 20_000, Content_Encoding="gzip")
    error = await failure(make_fetcher(most_bytes=65536), site.url())
    assert error.message.id == "the answer from {host} is larger than {size}"


# --- answers that are none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 410, 500, 502])
async def test_error_statuses_are_told(site: Site, fetcher: Fetcher, status: int) -> None:
    site.page("/", status=status)
    error = await failure(fetcher, site.url())
    assert str(error) == f"127.0.0.1 answered with error {status}"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), (" 7 ", 7.0), ("Fri, 21 Jun 2024 07:00:00 GMT", None), ("-5", None), ("1e9", None), ("", None)],
)
async def test_a_server_that_asks_for_a_pause_is_told_apart(
    site: Site, fetcher: Fetcher, status: int, header: str, seconds: float | None
) -> None:
    site.page("/", status=status, Retry_After=header)
    error = await failure(fetcher, site.url())
    assert isinstance(error, TryLater)
    assert error.retry_after == seconds
    assert str(error) == "127.0.0.1 is too busy to answer right now"


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "text/xmlx", "", "x" * 500])
async def test_other_media_types_are_not_read(site: Site, fetcher: Fetcher, kind: str) -> None:
    site.page("/", b"<feed/>", kind=kind)
    error = await failure(fetcher, site.url())
    assert error.message.id == "{host} sent something else than expected ({kind})"
    assert len(str(error)) < 120


async def test_a_page_without_media_type_is_not_read(make_fetcher: MakeFetcher) -> None:
    async with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as port:
        error = await failure(make_fetcher(ports={port}), f"http://127.0.0.1:{port}/")
    assert str(error) == "127.0.0.1 sent something else than expected (no media type)"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not packed"),
        ("gzip", gzip.compress(b"<feed/>" * 99, mtime=0)[:-9]),
        ("br", b"x"),
        ("gzip, gzip", b"x"),
    ],
)
async def test_what_cannot_be_unpacked_is_damaged(site: Site, fetcher: Fetcher, encoding: str, body: bytes) -> None:
    site.page("/", body, Content_Encoding=encoding)
    assert str(await failure(fetcher, site.url())) == "the answer from 127.0.0.1 is damaged"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 99\r\n\r\n<feed/>", "is damaged"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n<fe", "is damaged"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "cannot be reached"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "cannot be reached"),
        (b"", "cannot be reached"),
    ],
)
async def test_broken_http_is_told(make_fetcher: MakeFetcher, answer: bytes, expected: str) -> None:
    async with raw_server(answer) as port:
        error = await failure(make_fetcher(ports={port}), f"http://127.0.0.1:{port}/")
    assert expected in str(error)


async def test_a_server_that_does_not_speak_tls_has_no_valid_certificate(site: Site, fetcher: Fetcher) -> None:
    error = await failure(fetcher, site.url().replace("http:", "https:"))
    assert str(error) == "127.0.0.1 has no valid certificate"


async def test_a_port_nobody_listens_on_cannot_be_reached(make_fetcher: MakeFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = await failure(make_fetcher(ports={port}), f"http://127.0.0.1:{port}/")
    assert str(error) == "127.0.0.1 cannot be reached"


async def test_a_name_nobody_has_cannot_be_found(make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(resolver=Names({"empty.example": [[]]}), ports={80})
    assert str(await failure(fetcher, "http://none.example/")) == "the name none.example cannot be found"
    assert str(await failure(fetcher, "http://empty.example/")) == "the name empty.example cannot be found"


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "xn--", "-.example"])
async def test_names_that_cannot_be_names_are_no_surprise(host: str) -> None:
    assert isinstance(await failure(Fetcher(timeout=5), f"http://{host}/"), LookupUnavailable)


async def test_an_address_of_the_operators_own_may_be_anywhere_but_leads_nowhere_else(
    site: Site, make_fetcher: MakeFetcher
) -> None:
    """The proxy of a house stands at a private address and at a port of its own."""
    site.page("/api", b"<feed/>")
    site.redirect("/away", "http://127.0.0.2/")
    own = make_fetcher(allow=is_public, ports={443}, own=site.url("/api"))
    assert (await own.get(site.url("/api"), accept={"text/xml"})).body == b"<feed/>"
    assert isinstance(await failure(own, site.url("/away")), LookupUnavailable)
    assert isinstance(await failure(own, f"http://127.0.0.1:{site.port + 1}/api"), LookupUnavailable)
    assert len(site.requests) == 2


async def test_a_name_of_the_operators_own_may_be_private(site: Site, make_fetcher: MakeFetcher) -> None:
    site.page("/api", b"<feed/>")
    names = Names({"papers.internal": [["127.0.0.1"]], "other.internal": [["127.0.0.1"]]})
    own = make_fetcher(allow=is_public, ports={443}, resolver=names, own=site.url(host="papers.internal"))
    assert (await own.get(site.url("/api", host="papers.internal"), accept={"text/xml"})).body == b"<feed/>"
    assert isinstance(await failure(own, site.url("/api", host="other.internal")), LookupUnavailable)
