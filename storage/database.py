"""The engine, its pragmas and its transactions.

SQLAlchemy's synchronous engine, in threads of its own: a whole operation is one hop into a thread, where the async
engine hops for every statement and brings `sqlalchemy.ext.asyncio`, and with it the ORM, into every start. One thread
writes, so that writers of one process wait in line instead of spinning on SQLite's lock; four read beside it.

Write-ahead log with synchronous=FULL: a power cut must not take back that a post was sent.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from storage.faults import translated

P = ParamSpec("P")
T = TypeVar("T")

_READERS = 4
_BUSY_SECONDS = 5
_BEGIN = "paperboy_begin"


class Database:
    """One opened database. Work is a plain function on a `Connection`; it runs in one transaction."""

    def __init__(self, engine: Engine, path: str) -> None:
        self.path = path
        self._engine = engine
        self._writing = engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._readers = ThreadPoolExecutor(_READERS, "storage-reader")
        self._writer = ThreadPoolExecutor(1, "storage-writer")

    async def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that only reads; it sees one moment of the database throughout.

        Raises:
            StorageError
        """
        return await self._run(self._readers, lambda: self._within(self._engine, work, *args, **kwargs))

    async def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that writes: all of it, or nothing when it raises.

        Raises:
            StorageError
        """
        return await self._run(self._writer, lambda: self._within(self._writing, work, *args, **kwargs))

    async def close(self) -> None:
        """Let what runs end, and close all connections."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.shutdown()
        self._writer.shutdown()
        self._engine.dispose()

    def _within(
        self, engine: Engine, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with translated(self.path), engine.begin() as connection:
            return work(connection, *args, **kwargs)

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, job)


def sqlite_engine(path: str, *, mode: str = "rwc", immutable: bool = False, foreign_keys: bool = True) -> Engine:
    """An engine on a SQLite file whose transactions really begin where SQLAlchemy says so.

    `mode` and `immutable` are SQLite's own, see https://www.sqlite.org/uri.html. Python's sqlite3 begins
    transactions by itself, late and only before writes; that is switched off here.
    """
    uri = file_uri(path, mode=mode, immutable=immutable)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=_READERS + 2)

    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        if mode != "ro":
            connection.execute("PRAGMA page_size = 8192")  # of a new file: entries are a few thousand bytes long
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def file_uri(path: str, *, mode: str, immutable: bool = False) -> str:
    """A SQLite file as an address that carries how to open it."""
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{quoted}?mode={mode}{'&immutable=1' if immutable else ''}"
