"""Threads and transactions: how work on a database is run.

SQLAlchemy's synchronous engine, in threads of its own: a whole operation is one hop into a thread, where the async
engine hops for every statement and brings `sqlalchemy.ext.asyncio`, and with it the ORM, into every start. What the
two databases do differently stands in `storage.sqlite` and `storage.postgresql`, which make a `Backend`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from bot.core.errors import StorageError
from storage.faults import passes_when_repeated, translated

P = ParamSpec("P")
T = TypeVar("T")

READERS: Final = 4
"""Threads that read beside those that write."""
_ATTEMPTS: Final = 5
_PAUSE: Final = 0.05
"""Seconds to wait at most before the first repetition."""
_BEGIN: Final = "paperboy_begin"


@dataclass(frozen=True, slots=True)
class Backend:
    """A database as `Database` needs to know it; `name` is what messages call it, without a password."""

    name: str
    engine: Engine
    begin_reading: str
    begin_writing: str
    begin_copying: str
    writers: int


class Database:
    """One opened database. Work is a plain function on a `Connection`; it runs in one transaction.

    It may run more than once: where two transactions of PostgreSQL stand in each other's way, one is rolled back and
    done again. So it does nothing but ask the database and count on the answers.
    """

    def __init__(self, backend: Backend) -> None:
        self.name = backend.name
        self._engine = backend.engine
        self._reading = backend.engine.execution_options(**{_BEGIN: backend.begin_reading})
        self._writing = backend.engine.execution_options(**{_BEGIN: backend.begin_writing})
        self._readers = ThreadPoolExecutor(READERS, "storage-reader")
        self._writers = ThreadPoolExecutor(backend.writers, "storage-writer")
        self._waiting = 0
        self._tidying = False
        self._closing = False

    async def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that only reads; it sees one moment of the database throughout.

        Raises:
            StorageError
        """
        return await self._run(self._readers, lambda: self._within(self._reading, work, *args, **kwargs))

    async def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that writes: all of it, or nothing when it raises.

        Raises:
            StorageError
        """
        self._waiting += 1
        try:
            return await self._run(self._writers, lambda: self._within(self._writing, work, *args, **kwargs))
        finally:
            self._waiting -= 1

    def when_idle(self, work: Callable[[Connection], bool]) -> None:
        """Have the writing thread do some work when nobody waits for it, a step at a time, while it says there is more.

        What is left when the database is closed is not done.
        """
        if self._tidying or self._closing:
            return
        self._tidying = True
        self._writers.submit(self._step, work)

    def _step(self, work: Callable[[Connection], bool]) -> None:
        more = self._closing is False
        if more and not self._waiting:
            with suppress(StorageError):
                more = self._within(self._writing, work)
        if more and not self._closing:
            self._writers.submit(self._step, work)
        else:
            self._tidying = False

    async def close(self) -> None:
        """Let what runs end, and close all connections."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._closing = True
        self._readers.shutdown()
        self._writers.shutdown()
        self._engine.dispose()

    def _within(
        self, engine: Engine, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with translated(self.name):
            return repeated(engine, work, *args, **kwargs)

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, job)


def repeated(engine: Engine, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do work in one transaction; again when it was rolled back for the sake of another, or could not even begin.

    It could not begin where a connection that waited in the pool was cut off meanwhile, as by a restart of the server.
    A connection that breaks later is not tried again: nobody knows whether what was written is there.
    """
    for attempt in range(1, _ATTEMPTS):
        begun = False
        try:
            with engine.begin() as connection:
                begun = True
                return work(connection, *args, **kwargs)
        except Exception as error:
            is_cut_off = isinstance(error, DBAPIError) and error.connection_invalidated
            if begun or not is_cut_off:
                if not passes_when_repeated(error.orig if isinstance(error, DBAPIError) else error):
                    raise
                time.sleep(random.uniform(0, _PAUSE * 2**attempt))  # noqa: S311 - so that they do not meet again
    with engine.begin() as connection:
        return work(connection, *args, **kwargs)


def begin_as_told(engine: Engine, default: str = "BEGIN") -> None:
    """Let an engine's transactions begin where SQLAlchemy says so, with the statement that its options name.

    The drivers would begin by themselves, late and in one way for all: whoever makes the engine switches that off.
    """

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, default))

    event.listen(engine, "begin", begin)
