"""PostgreSQL: how a server is reached and a database on it opened. Imported only where one is used: it brings psycopg.

Readers work on a snapshot (REPEATABLE READ), so that they see one moment. Writers read what is committed (READ
COMMITTED) and take the locks of `storage.locks` first, each of which stands for something that SQLite's only writer
has for itself: once a lock is held, every statement sees what its last holder has left.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any, Final

from psycopg import Connection as Driver
from psycopg import OperationalError
from psycopg.abc import RV, PQGen
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.pool import QueuePool

from bot.core.errors import StorageError
from bot.core.messages import msg
from storage.database import PATIENCE, READERS, Backend, begin_as_told, repeated
from storage.faults import SILENCE, translated
from storage.schema_version import Standing, standing_of, wants_upgrade

_WRITERS: Final = 4
_BEGIN_READING_ALL: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_READING: Final = (
    # Every question has its index. That of words would seem dear beside its narrow table, whose long values lie apart:
    # the planner does not know what it takes to fetch and read all of those.
    f"{_BEGIN_READING_ALL}; SET LOCAL enable_seqscan = off; SET LOCAL jit = off; "
    # And every question has one plan: to make it anew takes longer than most answers.
    "SET LOCAL plan_cache_mode = force_generic_plan"
)
_BEGIN_WRITING: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '5s'; "
    # A machine that vanished within a transaction does not hold its locks for ever.
    "SET LOCAL idle_in_transaction_session_timeout = '5min'"
)
_BEGIN_COPYING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '5s'"
_REACHING: Final = {
    "application_name": "paperboy",
    "connect_timeout": "5",
    # A server that vanished is noticed within a minute, not after hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}


def postgresql_backend(url: URL) -> Backend:
    """The database at a PostgreSQL address, with whatever options of libpq its query names."""
    over = threading.Event()
    return Backend(
        name_of(url),
        _engine(url, over),
        begin_reading=_BEGIN_READING,
        begin_reading_all=_BEGIN_READING_ALL,
        begin_writing=_BEGIN_WRITING,
        begin_copying=_BEGIN_COPYING,
        writers=_WRITERS,
        break_off=over.set,
    )


def name_of(url: URL) -> str:
    """An address as messages may show it: where and which database, never a password."""
    host = url.query.get("host")
    shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return shown.update_query_dict({"host": host} if host else {}).render_as_string().replace("%2F", "/")


def _engine(url: URL, over: threading.Event) -> Engine:
    """`over` ends whatever waits for the server."""
    query = {**{name: value for name, value in _REACHING.items() if name not in url.query}, **url.query}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg", query=query),
        poolclass=QueuePool,
        pool_size=READERS + _WRITERS,
        pool_use_lifo=True,
        use_native_hstore=False,  # it would be asked for at every start
    )

    def prepare(connection: Driver[Any], _record: object) -> None:
        connection.autocommit = True
        connection.adapters.register_dumper(str, _Words)

    def connect(_dialect: object, _record: object, arguments: Any, named: Any) -> Driver[Any]:
        connection = _Patient.connect(*arguments, **named)
        connection.over = over
        return connection

    def choose_patience(connection: Connection) -> None:
        driver: _Patient = connection.connection.driver_connection  # type: ignore[assignment] # made just above
        wanted = connection.get_execution_options().get(PATIENCE)
        driver.patience = None if wanted is None else min(wanted, longest)

    longest = int(str(query["tcp_user_timeout"])) / 1000 or math.inf
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", choose_patience)
    begin_as_told(engine)
    return engine


class _Patient(Driver[Any]):
    """A connection that can be given up.

    libpq waits for ever for an answer where the other end is there and says nothing: a server that hangs, or something
    between that has lost it. The network's own limits (`tcp_user_timeout`) are about whether bytes arrive.
    """

    patience: float | None = None
    over: threading.Event | None = None

    def wait(self, gen: PQGen[RV], *arguments: Any, **named: Any) -> RV:
        """See psycopg, all of whose waiting comes through here: it looks again ten times a second."""
        return super().wait(self._patiently(gen), *arguments, **named)

    def _patiently(self, gen: PQGen[RV]) -> PQGen[RV]:
        """As `gen`, until nothing has come for too long. What comes later finds the connection closed."""
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    heard = time.monotonic()
                elif self._is_given_up(heard):
                    self.pgconn.finish()
                    raise OperationalError(SILENCE)
                wanted = gen.send(ready)
        except StopIteration as end:
            result: RV = end.value
            return result

    def _is_given_up(self, heard: float) -> bool:
        if self.over is not None and self.over.is_set():
            return True
        return self.patience is not None and time.monotonic() - heard > self.patience


class _Words(StrDumper):
    """Text on its way in. PostgreSQL keeps no NUL: the sign for what cannot be shown stands for one."""

    def dump(self, obj: str) -> Any:
        """See psycopg."""
        return super().dump(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj)


def prepared(url: URL, *, migrate: bool, copying: bool = False) -> Backend:
    """A database that is ready to be used, or with `copying` to be copied to; an empty one gets its tables.

    Raises:
        SchemaMismatch: another version has written it. It is left as it is.
        StorageError: it cannot be reached, or is not Paperboy's.
    """
    backend = postgresql_backend(url)
    try:
        with translated(backend.name):
            standing = repeated(backend.engine, _standing, backend.name, copying=copying)
            if wants_upgrade(standing, backend.name, migrate=migrate):
                _upgrade(backend)
    except BaseException:
        backend.engine.dispose()
        raise
    return backend


def _standing(connection: Connection, name: str, *, copying: bool) -> Standing:
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise StorageError(
            msg(
                "The database {path} keeps its text in {encoding}, which does not hold every language. "
                "Create one in UTF8.",
                path=name,
                encoding=encoding,
            )
        )
    tables = connection.scalars(text("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"))
    return standing_of(name, set(tables), lambda sql: connection.execute(text(sql)).first(), copying=copying)


def _upgrade(backend: Backend) -> None:
    from storage.migrating import upgrade  # noqa: PLC0415 - brings Alembic

    upgrade(backend)
