"""Socket Mode: WebSockets that apps open with a ticket, and envelopes that they acknowledge."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.platforms.slack.apps import App
from tests.platforms.slack.errors import DispatchFailed, OperationTimeout, SlackError

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]

CONNECTIONS = 10  # open at once for one app
TICKET_SECONDS = 30.0


@dataclass
class Ack:
    """What an app acknowledged with, and after how many seconds."""

    payload: Json | None
    seconds: float


@dataclass
class Envelope:
    """Something sent to an app over one of its connections."""

    id: str
    kind: str
    accepts_payload: bool
    answer: asyncio.Future[Json | None]


@dataclass(eq=False)
class Connection:
    """One WebSocket of an app."""

    number: int
    app: App
    socket: web.WebSocketResponse
    request: web.Request
    pending: dict[str, Envelope] = field(default_factory=dict)
    received: int = 0  # envelopes that went this way


class Sockets:
    """The WebSockets of all apps."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._tickets: dict[str, tuple[str, float]] = {}
        self._open: defaultdict[str, list[Connection]] = defaultdict(list)
        self._turns: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
        self._numbers = itertools.count(1)
        self._finished: set[str] = set()
        self.unacked: list[Json] = []  # envelopes nobody acknowledged in time
        self.faults: list[str] = []  # acknowledgements that Slack could make nothing of

    # --- connecting -----------------------------------------------------------------------------------------------

    def ticket(self, app: App) -> str:
        """A WebSocket address that is good for one connection."""
        if not app.manifest.uses_socket_mode:
            raise SlackError("socket_mode_not_enabled")
        ticket = uuid.uuid4().hex
        self._tickets[ticket] = (app.id, self._server.clock.now() + TICKET_SECONDS)
        return f"ws://127.0.0.1:{self._server.port}/link/?ticket={ticket}&app_id={app.id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket from its opening to its end."""
        app_id, expires_at = self._tickets.pop(request.query.get("ticket", ""), ("", 0.0))
        if app_id not in self._server.apps or self._server.clock.now() > expires_at:
            return web.Response(status=408, text="invalid ticket")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(next(self._numbers), self._server.apps[app_id], socket, request)
        open_now = self._open[app_id]
        if len(open_now) >= CONNECTIONS:
            await self._say_goodbye(connection, "too_many_websockets")
            return socket
        open_now.append(connection)
        try:
            await socket.send_json(self._hello(connection))
            self._server.changed()
            await self._listen(connection)
        finally:
            self._forget(connection)
        return socket

    def _hello(self, connection: Connection) -> Json:
        debug = {"host": "applink-loopback", "build_number": 1, "approximate_connection_time": 18_060}
        return {
            "type": "hello",
            "num_connections": len(self._open[connection.app.id]),
            "debug_info": debug,
            "connection_info": {"app_id": connection.app.id},
        }

    async def _listen(self, connection: Connection) -> None:
        async for frame in connection.socket:
            if frame.type is WSMsgType.TEXT:
                self._acknowledged(connection, frame.data)
                self._server.changed()
            elif frame.type is WSMsgType.BINARY:
                self.faults.append("a binary frame")

    def _forget(self, connection: Connection) -> None:
        if connection in self._open[connection.app.id]:
            self._open[connection.app.id].remove(connection)
        for envelope in connection.pending.values():
            if not envelope.answer.done():
                envelope.answer.set_exception(DispatchFailed("connection_lost"))
        self._server.changed()

    # --- envelopes ------------------------------------------------------------------------------------------------

    async def dispatch(self, app: App, kind: str, payload: Json, retry: tuple[int, str] | None) -> Ack:
        """Send an envelope over one of the app's connections and wait for its acknowledgement.

        Raises:
            DispatchFailed: there is no connection, or it went away.
            OperationTimeout: no acknowledgement in time.
        """
        open_now = [one for one in self._open[app.id] if not one.socket.closed]
        if not open_now:
            raise DispatchFailed("no_connection")
        connection = open_now[next(self._turns[app.id]) % len(open_now)]
        loop = asyncio.get_running_loop()
        envelope = Envelope(str(uuid.uuid4()), kind, kind != "events_api", loop.create_future())
        frame: Json = {"envelope_id": envelope.id, "type": kind, "payload": payload}
        frame["accepts_response_payload"] = envelope.accepts_payload
        if kind == "events_api":
            number, reason = retry or (0, "")
            frame |= {"retry_attempt": number, "retry_reason": reason}
        connection.pending[envelope.id] = envelope
        connection.received += 1
        began = loop.time()
        try:
            async with asyncio.timeout(self._server.ack_timeout):
                await connection.socket.send_json(frame)
                answer = await envelope.answer
        except TimeoutError:
            self.unacked.append(frame)
            raise OperationTimeout(f"{kind} was not acknowledged") from None
        except ConnectionError:
            raise DispatchFailed("connection_lost") from None
        finally:
            del connection.pending[envelope.id]
            self._finished.add(envelope.id)
            if not envelope.answer.cancel() and not envelope.answer.cancelled():
                envelope.answer.exception()  # looked at, whoever has stopped waiting for it
        return Ack(answer, loop.time() - began)

    def _acknowledged(self, connection: Connection, text: str) -> None:
        try:
            frame = json.loads(text)
            envelope = connection.pending.get(frame["envelope_id"])
        except (ValueError, TypeError, KeyError):
            self.faults.append(f"not an acknowledgement: {text[:200]}")
            return
        if envelope is None:
            known = frame["envelope_id"] in self._finished
            what = "acknowledged twice or too late" if known else "no such envelope"
            self.faults.append(f"{what}: {frame['envelope_id']}")
            return
        payload = frame.get("payload")
        if payload and not envelope.accepts_payload:
            self.faults.append(f"a payload where none is accepted: {envelope.kind}")
        if not envelope.answer.done():
            envelope.answer.set_result(payload)

    # --- what a test brings about ---------------------------------------------------------------------------------

    def connections(self, app: App) -> list[Connection]:
        """The connections that are open."""
        return list(self._open[app.id])

    async def connected(self, app: App, count: int = 1, within: float = 5.0) -> None:
        """Wait until an app has this many connections.

        Raises:
            TimeoutError: it did not come so far.
        """
        await self._server.until(lambda: len(self._open[app.id]) == count, within)

    async def disconnect(self, app: App, reason: str = "refresh_requested") -> None:
        """Announce the end to every connection of an app, and close; after a `warning` they stay open for now."""
        for connection in self.connections(app):
            if reason == "warning":
                await connection.socket.send_json(self._goodbye(reason))
            else:
                await self._say_goodbye(connection, reason)

    async def cut(self, app: App) -> None:
        """Let every connection of an app break without a word."""
        for connection in self.connections(app):
            if connection.request.transport is not None:
                connection.request.transport.abort()
        await self.connected(app, 0)

    async def close(self) -> None:
        """Close everything."""
        for open_now in list(self._open.values()):
            for connection in list(open_now):
                await connection.socket.close()

    async def _say_goodbye(self, connection: Connection, reason: str) -> None:
        await connection.socket.send_json(self._goodbye(reason))
        await connection.socket.close()

    def _goodbye(self, reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-loopback"}}
