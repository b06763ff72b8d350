"""Gateway sessions and the connections they run over: numbered events, kept so that they can be sent once more."""

from __future__ import annotations

import asyncio
import importlib
import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]


@dataclass(eq=False)
class Session:
    """What one IDENTIFY has begun: outlives its connections until it is ended or forgotten."""

    id: str
    token: str
    shard: tuple[int, int]
    intents: int
    events: list[Json] = field(default_factory=list)  # frames in order; the number of the first is 1
    connection: Connection | None = None

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return len(self.events)

    def serves(self, guild_id: int | None) -> bool:
        """Whether a guild's events come here; direct messages go to shard 0."""
        number, count = self.shard
        return (0 if guild_id is None else (guild_id >> 22) % count) == number

    def dispatch(self, name: str, data: Any) -> None:
        """Add an event, and send it when somebody is connected."""
        frame = {"op": 0, "s": self.seq + 1, "t": name, "d": data}
        self.events.append(frame)
        if self.connection is not None:
            self.connection.send(frame)


@dataclass(eq=False)
class Connection:
    """One WebSocket of an app."""

    number: int
    request: web.Request
    socket: web.WebSocketResponse
    is_resume_address: bool
    session: Session | None = None
    received: list[Json] = field(default_factory=list)  # what the app sent, in order
    times: list[float] = field(default_factory=list)  # when it sent the last ones, by the loop's clock
    beat_at: float = 0.0
    is_cut: bool = False
    _queue: asyncio.Queue[Json | int | None] = field(default_factory=asyncio.Queue)
    _compress: Callable[[bytes], bytes] | None = None

    def __post_init__(self) -> None:
        """Ready the compression that the address asks for."""
        self._compress = compression(self.request.query.get("compress"))

    def send(self, frame: Json) -> None:
        """Send a frame after those that wait already."""
        self._queue.put_nowait(frame)

    def close(self, code: int) -> None:
        """Send what waits, then close with a code."""
        self._queue.put_nowait(code)

    def cut(self) -> None:
        """End the connection without a word; what waits is lost with it."""
        self.is_cut = True
        if self.request.transport is not None:
            self.request.transport.abort()

    async def write(self) -> None:
        """Write out what is sent, until the connection is closed or gone."""
        while True:
            item = await self._queue.get()
            if isinstance(item, int):
                await self.socket.close(code=item, message=CLOSE_REASONS.get(item, "").encode(), drain=False)
                return
            if item is None or self.socket.closed or self.is_cut:
                return
            data = json.dumps(item, separators=(",", ":"))
            with suppress(ConnectionError, RuntimeError):
                if self._compress is None:
                    await self.socket.send_str(data)
                else:
                    await self.socket.send_bytes(self._compress(data.encode()))


CLOSE_REASONS = {
    4000: "Unknown error.",
    4001: "Unknown opcode.",
    4002: "Error while decoding payload.",
    4003: "Not authenticated.",
    4004: "Authentication failed.",
    4005: "Already authenticated.",
    4007: "Invalid seq.",
    4008: "Rate limited.",
    4009: "Session timed out.",
    4010: "Invalid shard.",
    4011: "Sharding required.",
    4012: "Invalid API version.",
    4013: "Invalid intent(s).",
    4014: "Disallowed intent(s).",
}


def compression(wanted: str | None) -> Callable[[bytes], bytes] | None:
    """How the frames of a connection are packed; None for as they are.

    Raises:
        LookupError: nobody knows that way, or the library for it is not installed.
    """
    if wanted is None:
        return None
    if wanted == "zlib-stream":
        packer = zlib.compressobj()
        return lambda data: packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    if wanted == "zstd-stream":
        return _zstd()
    raise LookupError(wanted)


def _zstd() -> Callable[[bytes], bytes]:
    with suppress(ImportError):
        third_party: Any = importlib.import_module("zstandard")
        packer = third_party.ZstdCompressor().compressobj()
        flush = third_party.COMPRESSOBJ_FLUSH_BLOCK
        return lambda data: packer.compress(data) + packer.flush(flush)
    try:
        standard: Any = importlib.import_module("compression.zstd")
    except ImportError as error:
        raise LookupError("zstd-stream") from error
    stream = standard.ZstdCompressor()
    return lambda data: stream.compress(data, mode=standard.ZstdCompressor.FLUSH_BLOCK)
