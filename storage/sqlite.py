"""SQLite: its files, its pragmas, and how one is opened.

One thread writes, so that writers of one process wait in line instead of spinning on SQLite's lock; others read beside
it. Write-ahead log with synchronous=FULL: a power cut must not take back that a post was sent.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from storage.database import READERS, Backend, begin_as_told
from storage.faults import SETTING, not_a_database, translated, wrong_address
from storage.schema_version import Standing, standing_of, wants_upgrade

_BUSY_SECONDS = 5
_MOST_LOG = 4_000
"""Pages in the log from which on a commit writes them back itself: `write_back` does it before, and nobody waits."""
_CACHE = 16_000
"""KiB that each connection keeps of the file: what one lookup of a phrase looks into, several times over."""


def sqlite_backend(path: str, *, mode: str = "rwc", immutable: bool = False, foreign_keys: bool = True) -> Backend:
    """A SQLite file; see `sqlite_engine`.

    Changes have a connection of their own. What a connection has in mind of the file is forgotten at each change by
    another one: among those that read, the next change would mostly begin with nothing.
    """
    of_file = partial(sqlite_engine, path, mode=mode, immutable=immutable, foreign_keys=foreign_keys)
    engine = of_file()
    return Backend(
        path,
        engine,
        begin_reading="BEGIN",
        begin_reading_all="BEGIN",
        begin_writing="BEGIN IMMEDIATE",
        begin_copying="BEGIN" if mode == "ro" else "BEGIN IMMEDIATE",
        writers=1,
        writing=of_file(),
        write_back=partial(_write_back, engine),
    )


def sqlite_engine(path: str, *, mode: str = "rwc", immutable: bool = False, foreign_keys: bool = True) -> Engine:
    """An engine on a SQLite file.

    `mode` and `immutable` are SQLite's own, see https://www.sqlite.org/uri.html.
    """
    uri = file_uri(path, mode=mode, immutable=immutable)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=READERS + 2, pool_use_lifo=True)

    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        if mode != "ro":
            connection.execute("PRAGMA page_size = 8192")  # of a new file: entries are a few thousand bytes long
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_MOST_LOG}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = {-_CACHE}")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    event.listen(engine, "connect", prepare)
    begin_as_told(engine)
    return engine


def _write_back(engine: Engine) -> None:
    """As far as no reader needs the log still. Begins no transaction: within one, SQLite refuses it."""
    with closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")


def file_uri(path: str, *, mode: str, immutable: bool = False) -> str:
    """A SQLite file as an address that carries how to open it."""
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{quoted}?mode={mode}{'&immutable=1' if immutable else ''}"


def path_of(address: URL, given_in: str = SETTING) -> Path:
    """The absolute path of a SQLite address, `given_in` a setting or an option.

    Raises:
        StorageError: it names no file.
    """
    if not address.database or address.database == ":memory:" or address.host or address.query:
        raise wrong_address(given_in)
    return Path(address.database).expanduser().absolute()


def prepared(path: Path, *, migrate: bool, copying: bool = False) -> Backend:
    """A database that is ready to be used, or with `copying` to be copied to; one that is not there is made.

    Raises:
        SchemaMismatch: another version has written it. It is left as it is.
        StorageError: it cannot be opened, or is none.
    """
    name = str(path)
    with translated(name):
        if path.is_dir():
            raise not_a_database(name)
        access = _access_to(path)
        if not path.exists() or wants_upgrade(_standing(name, access, copying=copying), name, migrate=migrate):
            _upgrade(name)
    return sqlite_backend(name, mode=access.mode, immutable=access.immutable)


@dataclass(frozen=True, slots=True)
class _Access:
    """How to open the file: SQLite's mode, and whether nobody can change it meanwhile."""

    mode: str = "rw"
    immutable: bool = False


def _access_to(path: Path) -> _Access:
    """Read only where the file or its folder cannot be written.

    SQLite wants to put files beside the database even to read it, unless it is told that nothing can change it. That
    holds where nobody has left a log beside it.
    """
    if not path.exists() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return _Access()
    return _Access("ro", immutable=not path.with_name(path.name + "-wal").exists())


def _standing(path: str, access: _Access, *, copying: bool) -> Standing:
    """How an existing file stands to this code, found out without changing anything about it."""
    uri = file_uri(path, mode="ro", immutable=access.immutable)
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return standing_of(path, tables, lambda sql: connection.execute(sql).fetchone(), copying=copying)


def _upgrade(path: str) -> None:
    """Foreign keys are not enforced meanwhile, since SQLite changes a table by making it again."""
    from storage.migrating import upgrade  # noqa: PLC0415 - brings Alembic

    upgrade(sqlite_backend(path, foreign_keys=False))
