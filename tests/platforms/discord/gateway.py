"""The gateway: WebSockets that apps open, identify or resume on, and are told of events over.

It listens at two addresses: the one that `GET /gateway/bot` names and the one that READY names for resuming.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.platforms.discord.sessions import Connection, Session, compression

if TYPE_CHECKING:
    from tests.platforms.discord.core import DiscordCore

Json = dict[str, Any]

INTENTS = {
    "guilds": 1 << 0,
    "guild_members": 1 << 1,
    "guild_moderation": 1 << 2,
    "guild_expressions": 1 << 3,
    "guild_integrations": 1 << 4,
    "guild_webhooks": 1 << 5,
    "guild_invites": 1 << 6,
    "guild_voice_states": 1 << 7,
    "guild_presences": 1 << 8,
    "guild_messages": 1 << 9,
    "guild_message_reactions": 1 << 10,
    "guild_message_typing": 1 << 11,
    "direct_messages": 1 << 12,
    "direct_message_reactions": 1 << 13,
    "direct_message_typing": 1 << 14,
    "message_content": 1 << 15,
    "guild_scheduled_events": 1 << 16,
    "auto_moderation_configuration": 1 << 20,
    "auto_moderation_execution": 1 << 21,
    "guild_message_polls": 1 << 24,
    "direct_message_polls": 1 << 25,
}
PRIVILEGED = INTENTS["guild_members"] | INTENTS["guild_presences"] | INTENTS["message_content"]
_KNOWN = sum(INTENTS.values())

PAYLOAD_BYTES = 4096
COMMANDS = 120
COMMAND_SECONDS = 60.0
IDENTIFY_SECONDS = 5.0
GUILDS_PER_SHARD = 2500


class Gateway:
    """All sessions of the app, and the switches of a test."""

    def __init__(self, server: DiscordCore) -> None:
        self._server = server
        self._runner: web.AppRunner | None = None
        self._numbers = itertools.count(1)
        self._identified_at: dict[int, float] = {}
        self.port = 0
        self.resume_port = 0
        self.heartbeat_interval = 41_250  # milliseconds
        self.heartbeat_grace = 0.0  # seconds by which a heartbeat may be later still, on a machine with much to do
        self.guilds_per_shard = GUILDS_PER_SHARD  # more than so many on one shard: sharding is required
        self.max_concurrency = 1
        self.starts_left = 999  # sessions that may be begun today, as `GET /gateway/bot` says
        self.limits_identify = False  # one IDENTIFY in 5 s for each place of `max_concurrency`
        self.is_down = False  # connections are answered with HTTP 503
        self.drops = 0  # so many of the next connections break off before a word
        self.greets = True  # else who connects hears nothing
        self.acks_heartbeats = True
        self.holds_guilds = False  # READY comes, GUILD_CREATE waits for `release_guilds`
        self.sessions: list[Session] = []
        self.connections: list[Connection] = []  # open now
        self.opened: list[Connection] = []  # all there have been
        self.counts: Counter[str] = Counter()  # identify, resume, resumed, invalid, cut, ...

    # --- where it is ----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address for new sessions."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def resume_url(self) -> str:
        """The address that READY names for resuming."""
        return f"ws://localhost:{self.resume_port}"

    async def start(self) -> None:
        """Listen at both addresses."""
        app = web.Application()
        app.router.add_get("/", self.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        for _ in range(2):
            await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port, self.resume_port = (address[1] for address in self._runner.addresses)

    async def stop(self) -> None:
        """Close what is open, and listen no more."""
        for connection in list(self.connections):
            connection.cut()
        if self._runner is not None:
            await self._runner.cleanup()

    # --- what a test does -----------------------------------------------------------------------------------------

    async def connected(self, shards: int = 1, within: float = 15.0) -> None:
        """Wait until so many shards have a session with a connection.

        Raises:
            TimeoutError: not in time.
        """
        await self._server.until(lambda: sum(one.session is not None for one in self.connections) >= shards, within)

    def of_shard(self, shard: int | None = None) -> list[Connection]:
        """The open connections of a shard, or all that have a session."""
        return [one for one in self.connections if one.session and shard in (None, one.session.shard[0])]

    def cut(self, shard: int | None = None) -> None:
        """Break connections off without a close frame; events are kept for a RESUME."""
        for connection in self.of_shard(shard):
            self.counts["cut"] += 1
            self._leave(connection)
            connection.cut()

    def close(self, code: int = 4000, shard: int | None = None) -> None:
        """Close connections with a code; their sessions can be resumed."""
        for connection in self.of_shard(shard):
            self._leave(connection)
            connection.close(code)

    def reconnect(self, shard: int | None = None) -> None:
        """Ask to reconnect and resume (op 7), and close as Discord does."""
        for connection in self.of_shard(shard):
            connection.send({"op": 7, "d": None, "s": None, "t": None})

    def invalidate(self, *, resumable: bool = False, shard: int | None = None) -> None:
        """Say that a session is invalid (op 9); what is not resumable is gone."""
        for connection in self.of_shard(shard):
            session = connection.session
            connection.send({"op": 9, "d": resumable, "s": None, "t": None})
            if session is not None and not resumable:
                self._leave(connection)
                self.sessions.remove(session)

    def ask_heartbeat(self, shard: int | None = None) -> None:
        """Ask for a heartbeat at once (op 1)."""
        for connection in self.of_shard(shard):
            connection.send({"op": 1, "d": None, "s": None, "t": None})

    def forget_sessions(self) -> None:
        """Lose every session: nothing is told to them any more, and whoever resumes hears that it is invalid."""
        self.sessions.clear()

    def release_guilds(self) -> None:
        """Send the guilds that `holds_guilds` has kept back."""
        self.holds_guilds = False
        for session in self.sessions:
            self._send_guilds(session)

    # --- events ---------------------------------------------------------------------------------------------------

    def emit(
        self,
        name: str,
        data: Json | Callable[[Session], Json | None],
        *,
        guild_id: int | None,
        intents: int = 0,
    ) -> int:
        """Tell every session of the shard that has one of the intents; how many are connected and were told.

        `data` may be worked out for each session; None is not sent.
        """
        told = 0
        for session in self.sessions:
            if not session.serves(guild_id) or (intents and not session.intents & intents):
                continue
            payload = data(session) if callable(data) else data
            if payload is not None:
                session.dispatch(name, json.loads(json.dumps(payload)))
                told += session.connection is not None
        self._server.changed()
        return told

    def told(self, name: str) -> list[Json]:
        """What sessions have been told under a name, in order."""
        return [frame["d"] for session in self.sessions for frame in session.events if frame["t"] == name]

    # --- connections ----------------------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket from its opening to its end."""
        if self.is_down:
            self.counts["turned away"] += 1
            return web.Response(status=503, text="upstream connect error")
        is_dropped, self.drops = self.drops > 0, max(0, self.drops - 1)
        socket = web.WebSocketResponse(max_msg_size=2**20, autoclose=True)
        try:
            compression(request.query.get("compress"))
        except LookupError:
            return web.Response(status=400, text="unknown compression")
        await socket.prepare(request)
        if is_dropped:
            assert request.transport is not None
            request.transport.abort()
            return socket
        is_resume = request.transport is not None and request.transport.get_extra_info("sockname")[1] != self.port
        connection = Connection(next(self._numbers), request, socket, is_resume)
        self.connections.append(connection)
        self.opened.append(connection)
        tasks = [asyncio.create_task(connection.write()), asyncio.create_task(self._watch(connection))]
        try:
            await self._serve(connection)
        finally:
            self._end(connection)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    async def _serve(self, connection: Connection) -> None:
        query = connection.request.query
        if query.get("v") != "10" or query.get("encoding") != "json":
            connection.close(4012)
        hello = {"heartbeat_interval": self.heartbeat_interval, "_trace": ["loopback"]}
        if self.greets:
            connection.send({"op": 10, "d": hello, "s": None, "t": None})
        with suppress(ConnectionError):
            async for frame in connection.socket:
                if frame.type is WSMsgType.TEXT:
                    self._take(connection, frame.data)
                elif frame.type is WSMsgType.BINARY:
                    connection.close(4002)
                self._server.changed()

    async def _watch(self, connection: Connection) -> None:
        """Close a connection whose heartbeat has stopped."""
        loop = asyncio.get_running_loop()
        connection.beat_at = loop.time()
        while True:
            patience = self.heartbeat_interval / 1000 * 1.5 + self.heartbeat_grace
            left = connection.beat_at + patience - loop.time()
            if left <= 0:
                self.counts["stopped beating"] += 1
                connection.close(4009)
                return
            await asyncio.sleep(left)

    def _leave(self, connection: Connection) -> None:
        """Take a connection from its session, which goes on without one."""
        if connection.session is not None and connection.session.connection is connection:
            connection.session.connection = None
        if connection in self.connections:
            self.connections.remove(connection)
        self._server.changed()

    def _end(self, connection: Connection) -> None:
        session = connection.session
        is_current = session is not None and session.connection is connection
        self._leave(connection)
        if session is not None and is_current and connection.socket.close_code in (1000, 1001):
            self.counts["closed"] += 1
            if session in self.sessions:  # the app has ended it
                self.sessions.remove(session)

    # --- what an app sends ----------------------------------------------------------------------------------------

    def _take(self, connection: Connection, text: str) -> None:
        if len(text.encode()) > PAYLOAD_BYTES:
            return connection.close(4002)
        try:
            frame = json.loads(text)
            op = frame["op"]
        except (ValueError, KeyError, TypeError):
            return connection.close(4002)
        connection.received.append(frame)
        if self._is_too_fast(connection):
            return connection.close(4008)
        takers: dict[int, Callable[[Connection, Any], None]] = {
            1: self._heartbeat,
            2: self._identify,
            3: self._ignored,
            4: self._ignored,
            6: self._resume,
            8: self._members,
        }
        if op not in takers:
            return connection.close(4001)
        if op not in (1, 2, 6) and connection.session is None:
            return connection.close(4003)
        return takers[op](connection, frame.get("d"))

    def _is_too_fast(self, connection: Connection) -> bool:
        now = asyncio.get_running_loop().time()
        connection.times = [*(at for at in connection.times if at > now - COMMAND_SECONDS), now]
        return len(connection.times) > COMMANDS

    def _ignored(self, connection: Connection, data: Any) -> None:
        """Presence and voice: nobody looks at them here."""

    def _heartbeat(self, connection: Connection, data: Any) -> None:
        self.counts["heartbeat"] += 1
        connection.beat_at = asyncio.get_running_loop().time()
        if self.acks_heartbeats:
            connection.send({"op": 11, "d": None, "s": None, "t": None})

    def _identify(self, connection: Connection, data: Any) -> None:
        if connection.session is not None:
            return connection.close(4005)
        self.counts["identify"] += 1
        refusal = self._refusal(data)
        if refusal is not None:
            return connection.close(refusal)
        shard = tuple(data.get("shard") or (0, 1))
        if self.limits_identify and self._is_too_soon(shard[0]):
            connection.send({"op": 9, "d": False, "s": None, "t": None})
            return None
        session = Session(uuid.uuid4().hex, data["token"], (shard[0], shard[1]), data["intents"])
        self.sessions.append(session)
        self._join(connection, session)
        session.dispatch("READY", self._ready(session))
        if not self.holds_guilds:
            self._send_guilds(session)
        return None

    def _refusal(self, data: Any) -> int | None:
        """The code that an IDENTIFY is closed with, when it is not one that Discord takes."""
        if not isinstance(data, dict) or not isinstance(data.get("properties"), dict) or "token" not in data:
            return 4002
        if data["token"].removeprefix("Bot ") != self._server.state.application.token:
            return 4004
        return self._intents_refusal(data.get("intents")) or self._shard_refusal(data.get("shard") or [0, 1])

    def _intents_refusal(self, intents: Any) -> int | None:
        if not isinstance(intents, int) or intents < 0 or intents & ~_KNOWN:
            return 4013
        if intents & PRIVILEGED & ~self._server.state.application.intents:
            return 4014
        return None

    def _shard_refusal(self, shard: Any) -> int | None:
        if not (isinstance(shard, list) and len(shard) == 2 and 0 <= shard[0] < shard[1]):
            return 4010
        served = Session("", "", (shard[0], shard[1]), 0)
        guilds = [one for one in self._server.events.joined_guilds() if served.serves(one.id)]
        return 4011 if len(guilds) > self.guilds_per_shard else None

    def _is_too_soon(self, shard: int) -> bool:
        now = asyncio.get_running_loop().time()
        bucket = shard % self.max_concurrency
        before = self._identified_at.get(bucket, -IDENTIFY_SECONDS)
        if now - before < IDENTIFY_SECONDS:
            return True
        self._identified_at[bucket] = now
        return False

    def _resume(self, connection: Connection, data: Any) -> None:
        if connection.session is not None:
            return connection.close(4005)
        self.counts["resume"] += 1
        if not isinstance(data, dict) or not {"token", "session_id", "seq"} <= set(data):
            return connection.close(4002)
        if data["token"].removeprefix("Bot ") != self._server.state.application.token:
            return connection.close(4004)
        session = next((one for one in self.sessions if one.id == data["session_id"]), None)
        if session is None:
            self.counts["invalid"] += 1
            connection.send({"op": 9, "d": False, "s": None, "t": None})
            return None
        seq = data["seq"]
        if not isinstance(seq, int) or not 0 <= seq <= session.seq:
            self.sessions.remove(session)
            return connection.close(4007)
        if session.connection is not None:  # the newer connection takes the session over
            old = session.connection
            self._leave(old)
            old.close(4000)
        for frame in session.events[seq:]:
            connection.send(frame)
        self._join(connection, session)
        session.dispatch("RESUMED", {"_trace": ["loopback"]})
        self.counts["resumed"] += 1
        return None

    def _join(self, connection: Connection, session: Session) -> None:
        connection.session = session
        session.connection = connection
        self._server.changed()

    def _ready(self, session: Session) -> Json:
        guilds = [{"id": str(one.id), "unavailable": True} for one in self._guilds(session)]
        application = self._server.state.application
        return {
            "v": 10,
            "user": {**self._server.events.bot_json(), "verified": True, "mfa_enabled": True, "email": None},
            "guilds": guilds,
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.resume_url,
            "shard": list(session.shard),
            "application": {"id": str(application.id), "flags": 0},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "user_settings": {},
            "geo_ordered_rtc_regions": [],
            "_trace": ["loopback"],
        }

    def _guilds(self, session: Session) -> list[Any]:
        return [one for one in self._server.events.joined_guilds() if session.serves(one.id)]

    def _send_guilds(self, session: Session) -> None:
        for guild in self._guilds(session):
            if session.intents & INTENTS["guilds"]:
                session.dispatch("GUILD_CREATE", self._server.events.guild_create(guild))

    def _members(self, connection: Connection, data: Any) -> None:
        """Answer a request for members by id; whole lists need the intent."""
        session = connection.session
        if session is None or not isinstance(data, dict) or "guild_id" not in data:
            return connection.close(4002)
        wants_all = not data.get("user_ids")
        if wants_all and data.get("query", "") == "" and not session.intents & INTENTS["guild_members"]:
            return connection.close(4014)
        session.dispatch("GUILD_MEMBERS_CHUNK", self._server.events.members_chunk(data))
        return None
