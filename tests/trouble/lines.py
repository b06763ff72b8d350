"""A line to a PostgreSQL server that can be cut, and that can swallow what is said over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.postgres import Server

_AT_ONCE = 64 * 1024


class Line:
    """A TCP proxy before a server. `connections` is how many have been asked for."""

    def __init__(self, server: Server) -> None:
        self._socket = str(server.folder / ".s.PGSQL.5432")
        self._listening: asyncio.Server | None = None
        self._calls: set[_Call] = set()
        self._is_silent = False
        self.port = 0
        self.connections = 0

    def url(self, database: str, *, patience: int = 2) -> str:
        """The address of a database over this line; who hears nothing for so many seconds gives up."""
        options = f"connect_timeout=2&tcp_user_timeout={patience * 1000}&sslmode=disable"
        return f"postgresql://paperboy@127.0.0.1:{self.port}/{database}?{options}"

    async def restore(self) -> None:
        """Let everything through. What was swallowed stays so, and connections that have been lost say nothing more."""
        self._is_silent = False
        if self._listening is None:
            self._listening = await asyncio.start_server(self._called, "127.0.0.1", self.port)
            self.port = int(self._listening.sockets[0].getsockname()[1])

    async def refuse(self) -> None:
        """Cut all connections, and take no new ones."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        tasks = [call.task for call in self._calls]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def fall_silent(self) -> None:
        """Take new connections and whatever is said, and say nothing more over any of them."""
        self._is_silent = True
        for call in self._calls:
            call.is_lost = True

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        call = _Call(reader, writer, is_lost=self._is_silent)
        self._calls.add(call)
        try:
            await call.carry(self._socket)
        except (OSError, asyncio.CancelledError):
            pass  # whoever called sees the end of it
        finally:
            self._calls.discard(call)
            writer.close()


class _Call:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_lost: bool) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        self.is_lost = is_lost
        self._reader = reader
        self._writer = writer

    async def carry(self, socket: str) -> None:
        """Carry what is said to and fro, until one side ends."""
        if self.is_lost:
            await self._pump(self._reader, self._writer)
            return
        reader, writer = await asyncio.open_unix_connection(socket)
        there = asyncio.ensure_future(self._pump(self._reader, writer))
        back = asyncio.ensure_future(self._pump(reader, self._writer))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(_AT_ONCE):
                if not self.is_lost:
                    writer.write(said)
                    await writer.drain()


@asynccontextmanager
async def line_to(server: Server) -> AsyncIterator[Line]:
    """A line that lets everything through until a test says otherwise."""
    line = Line(server)
    await line.restore()
    try:
        yield line
    finally:
        await line.refuse()
