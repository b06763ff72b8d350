"""Threads and transactions: how work on a database is run.

SQLAlchemy's synchronous engine, in threads of its own: a whole operation is one hop into a thread, where the async
engine hops for every statement and brings `sqlalchemy.ext.asyncio`, and with it the ORM, into every start. What the
two databases do differently stands in `storage.sqlite` and `storage.postgresql`, which make a `Backend`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import SystemRandom
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from bot.core.errors import StorageError
from storage.faults import no_answer, passes_when_repeated, translated
from storage.idle import Idle, Work
from storage.raw import change
from storage.threads import QUEUE_TIMEOUT, NotBegun, Threads

P = ParamSpec("P")
T = TypeVar("T")

READERS: Final = 4
"""Threads that read beside those that write."""
_ATTEMPTS: Final = 5
_PAUSE: Final = 0.05
"""Seconds to wait at most before the first repetition."""
_BEGIN: Final = "paperboy_begin"
PATIENCE: Final = "paperboy_patience"
"""The option that says for how many seconds a server may be silent; without it for ever."""
_SILENT: Final = 15.0
"""Seconds for which a server may say nothing at all to a statement."""
_ENDING: Final = 1.0
"""Seconds that work gets when the database is closed: then none begins any more, and connections are broken off."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A database as `Database` needs to know it; `name` is what messages call it, without a password.

    `writing` is what changes go through, if that is another engine. `break_off` ends whatever waits for an answer of
    the server, from another thread. `write_back` brings what was committed from the log into the file, beside those who
    write.
    """

    name: str
    engine: Engine
    begin_reading: str
    begin_reading_all: str
    begin_writing: str
    begin_copying: str
    writers: int
    writing: Engine | None = None
    break_off: Callable[[], None] = lambda: None
    write_back: Callable[[], None] = lambda: None

    @property
    def engines(self) -> Sequence[Engine]:
        """All that statements go through."""
        return (self.engine, self.writing) if self.writing else (self.engine,)


class Database:
    """One opened database. Work is a plain function on a `Connection`; it runs in one transaction.

    It may run more than once: where two transactions of PostgreSQL stand in each other's way, one is rolled back and
    done again. So it does nothing but ask the database and count on the answers.
    """

    def __init__(self, backend: Backend, *, queue_timeout: float = QUEUE_TIMEOUT) -> None:
        """Work that has waited for its turn for more than `queue_timeout` seconds is not begun, unless it is `long`."""
        self.name = backend.name
        self.engines = backend.engines
        self._backend = backend
        self._reading_long = backend.engine.execution_options(**{_BEGIN: backend.begin_reading_all})
        writing = backend.writing or backend.engine
        self._writing_long = writing.execution_options(**{_BEGIN: backend.begin_writing})
        self._reading = backend.engine.execution_options(**{_BEGIN: backend.begin_reading, PATIENCE: _SILENT})
        self._writing = self._writing_long.execution_options(**{PATIENCE: _SILENT})
        self._readers = Threads(READERS, "storage-reader", queue_timeout=queue_timeout)
        self._writers = Threads(backend.writers, "storage-writer", queue_timeout=queue_timeout)
        self._idle = Idle(self._writers, self._step, self._write_back)

    async def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that only reads; it sees one moment of the database throughout.

        Raises:
            StorageError
        """
        return await self._soon(self._readers, lambda: self._within(self._reading, work, *args, **kwargs))

    async def read_long(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for work that may take minutes, for which somebody waits."""
        return await self._readers.do(lambda: self._within(self._reading_long, work, *args, **kwargs))

    async def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that writes: all of it, or nothing when it raises.

        Raises:
            StorageError
        """
        with self._idle.not_now():
            return await self._soon(self._writers, lambda: self._within(self._writing, work, *args, **kwargs))

    async def write_long(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for work that may take minutes, for which somebody waits."""
        with self._idle.not_now():
            return await self._writers.do(lambda: self._within(self._writing_long, work, *args, **kwargs))

    def when_idle(self, work: Work) -> None:
        """Have a writing thread do some work when nobody else writes, a step at a time, while it says there is more.

        What is left when the database is closed, or cannot be used, is not done: whoever writes next asks for it again.
        """
        self._idle.ask(work)

    def _step(self, work: Work) -> bool:
        with suppress(StorageError):
            return self._within(self._writing, work)
        return False

    def _write_back(self) -> None:
        with suppress(StorageError), translated(self.name):
            self._backend.write_back()

    async def close(self) -> None:
        """Let what runs end, for a moment where the database does not answer, and close all connections."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        ending = threading.Timer(_ENDING, self._end)
        ending.start()
        self._idle.close()
        self._readers.close()
        self._writers.close()
        ending.cancel()
        for engine in self.engines:
            engine.dispose()

    def _end(self) -> None:
        self._readers.hurry()
        self._writers.hurry()
        self._backend.break_off()

    def _within(
        self, engine: Engine, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with translated(self.name):
            return repeated(engine, work, *args, **kwargs)

    async def _soon(self, threads: Threads, job: Callable[[], T]) -> T:
        try:
            return await threads.do_soon(job)
        except NotBegun:
            raise no_answer(self.name) from None


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
                time.sleep(SystemRandom().uniform(0, _PAUSE * 2**attempt))  # so that they do not meet again
    with engine.begin() as connection:
        return work(connection, *args, **kwargs)


def begin_as_told(engine: Engine, default: str = "BEGIN") -> None:
    """Let an engine's transactions begin where SQLAlchemy says so, with the statement that its options name.

    The drivers would begin by themselves, late and in one way for all: whoever makes the engine switches that off.
    """

    def begin(connection: Connection) -> None:
        change(connection, connection.get_execution_options().get(_BEGIN, default))

    event.listen(engine, "begin", begin)
