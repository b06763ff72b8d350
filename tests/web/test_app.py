"""Starting and stopping the server, and what it serves where."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.core.errors import SettingsError
from bot.core.workspace import LocalChannel
from bot.web.app import build_app, serve

if TYPE_CHECKING:
    from bot.web.parts import WebParts

    from .conftest import Site, Start


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


async def test_a_port_in_use_is_one_clear_line(parts: WebParts, taken: int) -> None:
    with pytest.raises(SettingsError) as refused:
        async with serve(build_app(parts), "127.0.0.1", taken):
            raise AssertionError("it must not start")
    assert str(refused.value) == (
        f"Port {taken} on 127.0.0.1 is in use by another program. Choose another with PAPERBOY_WEB_PORT."
    )


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid", "999.1.1.1", "a" * 300])
async def test_a_host_that_is_not_this_machine_is_one_clear_line(reading_only: WebParts, host: str) -> None:
    with pytest.raises(SettingsError, match=r"PAPERBOY_WEB_HOST is .* no address of this machine"):
        async with serve(build_app(reading_only), host, 0):
            raise AssertionError("it must not start")


@pytest.mark.parametrize("port", [-1, 65_536])
async def test_an_impossible_port_is_one_clear_line(reading_only: WebParts, port: int) -> None:
    with pytest.raises(SettingsError):
        async with serve(build_app(reading_only), "127.0.0.1", port):
            raise AssertionError("it must not start")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org"])
async def test_the_chat_page_never_leaves_this_machine(parts: WebParts, host: str) -> None:
    with pytest.raises(SettingsError, match="only be served on this machine"):
        async with serve(build_app(parts), host, 0):
            raise AssertionError("it must not start")


async def test_localhost_is_one_socket_with_one_port(parts: WebParts) -> None:
    async with (
        serve(build_app(parts), "localhost", 0) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        assert answer.status == 200


async def test_the_port_is_free_again_afterwards(start: Start) -> None:
    async with start(is_local=True) as site:
        port = site.port
    with socket.create_server(("127.0.0.1", port)):
        pass


async def test_open_tabs_are_told_when_the_server_stops(start: Start) -> None:
    async with aiohttp.ClientSession() as session:
        async with start(is_local=True) as site:
            tab = await session.ws_connect(f"{site.origin}/ws", headers={"Origin": site.origin})
            await tab.receive_json(timeout=5)
            listening = asyncio.create_task(tab.receive(timeout=5))
        closed = await listening
        assert closed.type is aiohttp.WSMsgType.CLOSE
        assert closed.data == aiohttp.WSCloseCode.GOING_AWAY
        await tab.close()


@pytest.mark.parametrize("path", ["/c/papers", "/m/1", "/ws", "/chat/channels/papers/messages", "/chat/entries/x"])
async def test_without_loopback_there_is_no_chat(public: Site, path: str) -> None:
    for method in ("GET", "POST"):
        answer = await public.ask(method, path, Origin=public.origin, Upgrade="", Connection="")
        assert answer.status == 404
    assert 'href="/"' in (await public.get("/")).text
    assert "chat" not in (await public.get("/read", Accept_Language="en")).text.casefold()


async def test_on_loopback_the_chat_has_the_front_page(local: Site) -> None:
    await local.storage.workspace.add_channel(LocalChannel("papers", "papers", "", 0))
    assert 'class="chat"' in (await local.get("/")).text
    assert 'class="reading"' in (await local.get("/read")).text


async def test_health(local: Site) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await local.get(path)
        assert (answer.status, answer.text, answer.headers["Cache-Control"]) == (200, "ok\n", "no-store")


async def test_not_ready_without_a_database(public: Site) -> None:
    with closing(sqlite3.connect(public.storage.database.name)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("ALTER TABLE entries RENAME TO elsewhere")
    assert (await public.get("/healthz")).status == 200
    ready = await public.get("/readyz")
    assert (ready.status, ready.text) == (503, "the database does not answer\n")
    page = await public.get("/read", Accept_Language="en")
    assert page.status == 503
    assert "The archive cannot be read at the moment" in page.text
    assert "elsewhere" not in page.text
