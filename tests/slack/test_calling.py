"""Calls share connections where they are to be kept, and make one each where not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.clock import SystemClock
from bot.settings import SlackSettings
from bot.slack.calling import kept_connections
from bot.slack.workspaces import Workspaces

Peers = list[object]


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, Peers]]:
    """A Slack that notes who calls: its address, and the other ends of its connections."""
    peers: Peers = []

    async def about(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.append(request.transport.get_extra_info("peername"))
        return web.json_response({"ok": True, "team_id": "T1", "user_id": "U1", "bot_id": "B1"})

    app = web.Application()
    app.router.add_post("/api/auth.test", about)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/", peers
    await runner.cleanup()


def _workspaces(url: str, connections: aiohttp.ClientSession | None) -> Workspaces:
    return Workspaces(SlackSettings(bot_token="xoxb-1", api_url=url), SystemClock(), connections=connections)


async def test_calls_go_over_one_connection_until_it_is_closed(server: tuple[str, Peers]) -> None:
    url, peers = server
    connections = kept_connections()
    workspaces = _workspaces(url, connections)
    for _ in range(3):
        assert await workspaces.is_good("T1")  # which begins anew with the token each time
    assert len(peers) == 3
    assert len(set(peers)) == 1
    await workspaces.close()
    assert connections.closed


async def test_without_connections_to_keep_each_call_makes_its_own(server: tuple[str, Peers]) -> None:
    url, peers = server
    workspaces = _workspaces(url, None)
    for _ in range(3):
        assert await workspaces.is_good("T1")
    assert len(set(peers)) == 3
    await workspaces.close()
