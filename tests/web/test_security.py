"""Who is let in, and what every response carries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from bot.core.errors import (
    Conflict,
    InputError,
    LookupUnavailable,
    NotAllowed,
    NotFound,
    PaperboyError,
    SettingsError,
    StorageBusy,
    StorageError,
)
from bot.core.messages import msg
from bot.web.security import CONTENT_SECURITY_POLICY, MAX_BODY, is_loopback, is_own_host

if TYPE_CHECKING:
    from .conftest import Keep, Site, Start


# --- headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/read", 200),
        ("HEAD", "/read", 200),
        ("GET", "/static/base.css", 200),
        ("GET", "/favicon.svg", 200),
        ("GET", "/robots.txt", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/feed.atom", 200),
        ("GET", "/nothing", 404),
        ("GET", "/static/nothing", 404),
        ("GET", "/search?q=tga:x", 400),
        ("GET", "/d/2024.07.19", 302),
        ("POST", "/read", 403),
    ],
)
async def test_every_response_carries_the_policy(public: Site, keep: Keep, method: str, path: str, status: int) -> None:
    await keep("A paper")
    answer = await public.ask(method, path)
    assert answer.status == status
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Python" not in answer.headers.get("Server", "")
    if method == "HEAD":
        assert answer.text == ""


async def test_what_a_page_asks_for_itself_is_left_to_it(start: Start) -> None:
    own = {"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer"}

    async def strict(request: web.Request) -> web.Response:
        return web.Response(text="strict", headers=own)

    async with start(is_local=False, more=lambda app: app.router.add_get("/strict", strict)) as site:
        answer = await site.get("/strict")
    assert {name: answer.headers[name] for name in own} == own
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY


# --- Host ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "fits"),
    [
        ("127.0.0.1:8080", True),
        ("localhost:8080", True),
        ("LOCALHOST:8080", True),
        ("[::1]:8080", True),
        ("127.0.0.1", False),
        ("localhost:8081", False),
        ("localhost:08080", False),
        ("evil.example:8080", False),
        ("localhost.evil.example:8080", False),
        ("127.0.0.1.nip.io:8080", False),
        ("evil@localhost:8080", False),
        ("0.0.0.0:8080", False),
        ("[::1]", False),
        ("", False),
        (":8080", False),
    ],
)
def test_own_hosts(host: str, fits: bool) -> None:
    assert is_own_host([host], "127.0.0.1", 8080) is fits


def test_the_standard_port_may_be_left_out() -> None:
    assert is_own_host(["localhost"], "127.0.0.1", 80)
    assert is_own_host(["[::1]"], "::1", 80)
    assert not is_own_host(["localhost", "localhost"], "127.0.0.1", 80)
    assert not is_own_host([], "127.0.0.1", 80)


def test_another_loopback_address_answers_to_its_own_name() -> None:
    assert is_own_host(["127.8.8.8:8080"], "127.8.8.8", 8080)
    assert not is_own_host(["127.8.8.8:8080"], "127.0.0.1", 8080)


async def test_a_rebound_name_reads_nothing(local: Site, keep: Keep) -> None:
    entry = await keep("Secret plans")
    for path in ("/", "/read", f"/e/{entry.id}", "/static/base.css", "/healthz", "/ws"):
        answer = await local.get(path, Host=f"evil.example:{local.port}")
        assert answer.status == 421
        assert "Secret" not in answer.text
        assert answer.headers["Content-Type"].startswith("text/plain")
    assert (await local.get("/read", Host=f"localhost:{local.port}")).status == 200
    assert (await local.get("/read", Host=f"localhost:{local.port + 1}")).status == 421


async def test_a_request_without_a_host_is_refused(local: Site) -> None:
    assert " 421 " in await _raw(local.port, b"GET /read HTTP/1.0\r\n\r\n")


async def test_the_reading_room_is_served_under_any_name(public: Site) -> None:
    assert (await public.get("/read", Host="papers.example.org")).status == 200


async def _raw(port: int, request: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.read(4096)
    writer.close()
    await writer.wait_closed()
    return answer.decode(errors="replace")


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /d/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/read HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
)
async def test_malformed_requests_are_answered_without_a_trace(local: Site, request_line: bytes) -> None:
    answer = await _raw(local.port, request_line)
    assert answer.startswith("HTTP/1.")
    assert answer.split()[1] in {"400", "404", "414", "421", "431"}
    assert "Traceback" not in answer


# --- Origin -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_whatever_may_change_something_must_come_from_our_pages(local: Site, method: str) -> None:
    for headers in (
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://localhost:{local.port}"},  # another origin than the Host the browser used
        {"Origin": f"https://127.0.0.1:{local.port}"},
        {"Origin": local.origin, "Sec_Fetch_Site": "cross-site"},
        {"Origin": local.origin, "Sec_Fetch_Site": "same-site"},
    ):
        assert (await local.ask(method, "/chat/persona", **headers)).status == 403
    answer = await local.ask(method, "/chat/persona", Origin=local.origin, Sec_Fetch_Site="same-origin")
    assert answer.status != 403


async def test_a_foreign_page_opens_no_websocket(local: Site) -> None:
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await local.session.ws_connect(f"{local.origin}/ws", headers=headers)
        assert refused.value.status == 403
    async with local.session.ws_connect(f"{local.origin}/ws", headers={"Origin": local.origin}) as socket:
        assert "at" in await socket.receive_json(timeout=5)


async def test_links_from_elsewhere_may_lead_here(local: Site) -> None:
    assert (await local.get("/read", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")).status == 200


# --- sizes and errors ---------------------------------------------------------------------------------------------


async def test_bodies_are_bounded(start: Start) -> None:
    async def read(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    def more(app: web.Application) -> None:
        app.router.add_post("/read-body", read)

    async with start(is_local=True, more=more) as site:
        url, headers = f"{site.origin}/read-body", {"Origin": site.origin}
        async with site.session.post(url, data=b"x" * MAX_BODY, headers=headers) as answer:
            assert answer.status == 200
        async with site.session.post(url, data=b"x" * (MAX_BODY + 1), headers=headers) as answer:
            assert answer.status == 413


_SAID = msg("This was said: {what}.", what="<x>")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(_SAID), 404),
        (InputError(_SAID), 400),
        (NotAllowed(_SAID), 403),
        (Conflict(_SAID), 409),
        (StorageBusy(_SAID), 503),
        (StorageError(_SAID), 503),
        (LookupUnavailable(_SAID), 503),
        (SettingsError(_SAID), 500),
        (PaperboyError(_SAID), 500),
        (ValueError("password is hunter2"), 500),
        (web.HTTPUnsupportedMediaType(), 415),
    ],
)
async def test_errors_become_pages(start: Start, error: Exception, status: int) -> None:
    async def fail(request: web.Request) -> web.Response:
        raise error

    async with start(is_local=False, more=lambda app: app.router.add_get("/fail", fail)) as site:
        page = await site.get("/fail", Accept_Language="en")
        assert page.status == status
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert ("This was said: &lt;x&gt;." in page.text) is (status in {400, 403, 404, 409})
        assert "hunter2" not in page.text
        assert "Traceback" not in page.text
        assert ("If you report this, give the reference" in page.text) is (status == 500)
        assert ("Retry-After" in page.headers) is (status == 503)
        piece = await site.get("/fail", Accept="application/json")
        assert piece.status == status
        assert piece.headers["Content-Type"].startswith("application/json")


async def test_other_methods_are_answered_with_what_is_allowed(local: Site) -> None:
    answer = await local.ask("DELETE", "/read", Origin=local.origin)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET,HEAD"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.0.2", False),
        ("example.org", False),
    ],
)
def test_loopback_addresses(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
