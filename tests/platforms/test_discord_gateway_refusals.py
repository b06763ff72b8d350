"""What the gateway of the loopback Discord refuses, with bare WebSockets."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.platforms.discord import Acme, DiscordServer, furnish
from tests.platforms.discord.gateway import INTENTS

Json = dict[str, Any]
QUERY = "/?v=10&encoding=json"


@pytest.fixture
def acme(server: DiscordServer) -> Acme:
    return furnish(server)


class Bare:
    """A WebSocket without a library."""

    def __init__(self, server: DiscordServer, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.server = server
        self.socket = socket

    async def send(self, op: int, data: Any) -> None:
        """Send a frame."""
        await self.socket.send_json({"op": op, "d": data})

    async def identify(self, **changes: Any) -> None:
        """Send IDENTIFY as it should be, but for the changes."""
        token = self.server.state.application.token
        properties = {"os": "linux", "browser": "bare", "device": "bare"}
        usual = {"token": token, "properties": properties, "intents": INTENTS["guilds"] | INTENTS["guild_messages"]}
        await self.send(2, {**usual, **changes})

    async def frame(self) -> Json:
        """The next frame."""
        return dict(await self.socket.receive_json(timeout=5))

    async def until(self, name: str) -> Json:
        """The next event of a name."""
        while (frame := await self.frame())["t"] != name:
            pass
        return frame

    async def closed(self) -> int | None:
        """The code that it is closed with."""
        while not self.socket.closed:
            await self.socket.receive(timeout=5)
        return self.socket.close_code


@asynccontextmanager
async def bare(server: DiscordServer, query: str = QUERY) -> AsyncIterator[Bare]:
    """A WebSocket that has been greeted."""
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway.url + query) as socket:
        one = Bare(server, socket)
        yield one


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"properties": None}, 4002),
        ({"intents": None}, 4013),
        ({"intents": 1 << 30}, 4013),
        ({"intents": INTENTS["message_content"]}, 4014),
        ({"intents": INTENTS["guild_members"]}, 4014),
        ({"shard": [2, 2]}, 4010),
        ({"shard": [0]}, 4010),
    ],
    ids=str,
)
async def test_refused_identifications(server: DiscordServer, acme: Acme, changes: Json, code: int) -> None:
    async with bare(server) as socket:
        await socket.identify(**changes)
        assert await socket.closed() == code


async def test_too_many_servers_for_one_shard(server: DiscordServer, acme: Acme) -> None:
    server.gateway.guilds_per_shard = 0
    async with bare(server) as socket:
        await socket.identify()
        assert await socket.closed() == 4011


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("no json", 4002),
        ("{}", 4002),
        (json.dumps({"op": 1, "d": "x" * 4096}), 4002),
        (json.dumps({"op": 99, "d": None}), 4001),
        (json.dumps({"op": 3, "d": {}}), 4003),
        (json.dumps({"op": 8, "d": {}}), 4003),
        (json.dumps({"op": 6, "d": {}}), 4002),
    ],
)
async def test_refused_frames(server: DiscordServer, sent: str, code: int) -> None:
    async with bare(server) as socket:
        assert (await socket.frame())["op"] == 10
        await socket.socket.send_str(sent)
        assert await socket.closed() == code


async def test_frames_of_other_versions_and_kinds(server: DiscordServer) -> None:
    async with bare(server, "/?v=9&encoding=json") as socket:
        assert await socket.closed() == 4012
    async with bare(server) as socket:
        await socket.socket.send_bytes(b"{}")
        assert await socket.closed() == 4002
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with bare(server, QUERY + "&compress=gzip"):
            pass
    server.gateway.is_down = True
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        async with bare(server):
            pass


async def test_once_identified(server: DiscordServer, acme: Acme) -> None:
    async with bare(server) as socket:
        await socket.identify()
        ready = (await socket.until("READY"))["d"]
        assert ready["guilds"] == [{"id": str(acme.guild.id), "unavailable": True}]
        assert str(server.gateway.resume_port) in ready["resume_gateway_url"]
        await socket.until("GUILD_CREATE")
        await socket.identify()
        assert await socket.closed() == 4005


async def test_too_many_commands(server: DiscordServer, acme: Acme) -> None:
    async with bare(server) as socket:
        await socket.identify()
        for _ in range(120):
            await socket.send(3, {})
        assert await socket.closed() == 4008


async def test_a_heart_that_does_not_beat(server: DiscordServer, acme: Acme) -> None:
    server.gateway.heartbeat_interval = 400
    async with bare(server) as socket:
        await socket.identify()
        await socket.until("READY")
        assert await socket.closed() == 4009
    assert server.gateway.counts["stopped beating"] == 1


async def test_whole_member_lists_need_the_intent(server: DiscordServer, acme: Acme) -> None:
    async with bare(server) as socket:
        await socket.identify()
        await socket.send(8, {"guild_id": str(acme.guild.id), "query": "", "limit": 0})
        assert await socket.closed() == 4014


async def test_sessions_that_cannot_be_resumed(server: DiscordServer, acme: Acme) -> None:
    token = server.state.application.token
    async with bare(server) as socket:
        await socket.frame()
        await socket.send(6, {"token": token, "session_id": "unknown", "seq": 1})
        assert await socket.frame() == {"op": 9, "d": False, "s": None, "t": None}
    async with bare(server) as socket:
        await socket.identify()
        session = (await socket.until("READY"))["d"]["session_id"]
        server.gateway.close()
        assert await socket.closed() == 4000
    async with bare(server) as socket:
        await socket.send(6, {"token": "wrong", "session_id": session, "seq": 1})
        assert await socket.closed() == 4004
    async with bare(server) as socket:
        await socket.send(6, {"token": token, "session_id": session, "seq": 99})
        assert await socket.closed() == 4007
    async with bare(server) as socket:
        await socket.frame()
        await socket.send(6, {"token": token, "session_id": session, "seq": 1})
        assert (await socket.frame())["op"] == 9


async def test_a_session_resumed_from_an_earlier_event(server: DiscordServer, acme: Acme) -> None:
    async with bare(server) as socket:
        await socket.identify()
        session = (await socket.until("READY"))["d"]["session_id"]
        await socket.until("GUILD_CREATE")
        async with bare(server) as again:
            resume = {"token": server.state.application.token, "session_id": session, "seq": 1}
            await again.send(6, resume)
            assert [(await again.frame())["t"] for _ in range(3)] == [None, "GUILD_CREATE", "RESUMED"]
            assert await socket.closed() == 4000  # the newer connection has taken it over


async def test_a_session_that_the_app_closes_is_over(server: DiscordServer, acme: Acme) -> None:
    async with bare(server) as socket:
        await socket.identify()
        await socket.until("GUILD_CREATE")
        await socket.socket.close(code=1000)
    await server.until(lambda: not server.gateway.sessions)


async def test_identifying_too_often(server: DiscordServer, acme: Acme) -> None:
    server.gateway.limits_identify = True
    async with bare(server) as first, bare(server) as second:
        for socket in (first, second):
            await socket.frame()
            await socket.identify()
        assert (await first.frame())["t"] == "READY"
        assert (await second.frame())["op"] == 9


async def test_servers_that_come_late(server: DiscordServer, acme: Acme) -> None:
    server.gateway.holds_guilds = True
    async with bare(server) as socket:
        await socket.identify()
        await socket.until("READY")
        await server.person(acme.reader).write(acme.papers, "first")
        await socket.until("MESSAGE_CREATE")
        server.gateway.release_guilds()
        await socket.until("GUILD_CREATE")


async def test_one_packed_stream(server: DiscordServer, acme: Acme) -> None:
    unpack = zlib.decompressobj()
    async with bare(server, QUERY + "&compress=zlib-stream") as socket:
        await socket.identify()
        names = []
        for _ in range(3):
            packed = await socket.socket.receive_bytes(timeout=5)
            assert packed.endswith(b"\x00\x00\xff\xff")
            names.append(json.loads(unpack.decompress(packed))["t"])
        assert names == [None, "READY", "GUILD_CREATE"]


async def test_servers_are_told_with_their_intent_only(server: DiscordServer, acme: Acme) -> None:
    async with bare(server) as socket:
        await socket.frame()
        await socket.identify(intents=INTENTS["guild_messages"])
        assert (await socket.frame())["t"] == "READY"
        await server.person(acme.reader).write(acme.papers, "first")
        assert (await socket.frame())["t"] == "MESSAGE_CREATE"
