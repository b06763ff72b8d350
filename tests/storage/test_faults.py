"""Every way a database fails reaches the caller as a `StorageError` in words."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.core.errors import StorageBusy, StorageError, StorageReadOnly
from storage import sqlite
from storage.database import Database
from storage.faults import fault_of, translated
from storage.opening import Storage, open_storage
from tests.databases import on_sqlite

from .conftest import Make

PAGE = 8192


async def test_a_locked_database_is_busy(path: Path, make: Make, now: datetime) -> None:
    storage = await open_storage(f"sqlite:///{path}")
    await storage.database.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 50"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusy, match="another process is writing"):
            await storage.archive.add(make(), by=None, at=now)
        assert await storage.archive.count() == 0  # readers go on
    await storage.archive.add(make(), by=None, at=now)
    await storage.close()


async def test_a_database_that_cannot_be_written(path: Path) -> None:
    opened = Database(sqlite.sqlite_backend(str(path), mode="ro"))
    with pytest.raises(StorageReadOnly, match="cannot be written"):
        await opened.write(lambda connection: connection.execute(text("DELETE FROM tags")))
    await opened.close()


@on_sqlite
async def test_a_full_disk(storage: Storage) -> None:
    def fill(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        try:
            connection.exec_driver_sql("CREATE TABLE large AS SELECT zeroblob(1000000)")
        finally:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000000")

    with pytest.raises(StorageError, match="is full"):
        await storage.database.write(fill)


async def test_a_damaged_database(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(3 * PAGE)
        file.write(b"\xff" * (path.stat().st_size - 3 * PAGE))

    async def use() -> None:
        storage = await open_storage(f"sqlite:///{path}")
        try:
            await storage.archive.tags()
        finally:
            await storage.close()

    with pytest.raises(StorageError, match="is damaged"):
        await use()


async def test_a_statement_that_is_wrong(storage: Storage) -> None:
    with pytest.raises(StorageError, match=r"no such table: things|relation \"things\" does not exist"):
        await storage.database.read(lambda connection: connection.execute(text("SELECT 1 FROM things")))


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_BUSY, StorageBusy, "busy"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StorageBusy, "busy"),
        (sqlite3.SQLITE_LOCKED, StorageBusy, "busy"),
        (sqlite3.SQLITE_READONLY, StorageReadOnly, "cannot be written"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StorageReadOnly, "cannot be written"),
        (sqlite3.SQLITE_PERM, StorageReadOnly, "cannot be written"),
        (sqlite3.SQLITE_CANTOPEN, StorageError, "cannot be opened"),
        (sqlite3.SQLITE_NOTADB, StorageError, "not a Paperboy database"),
        (sqlite3.SQLITE_CORRUPT, StorageError, "damaged"),
        (sqlite3.SQLITE_FULL, StorageError, "full"),
        (sqlite3.SQLITE_IOERR_WRITE, StorageError, "reports an error"),
        (sqlite3.SQLITE_ERROR, StorageError, "cannot be used: oh"),
    ],
)
def test_every_code_has_its_words(code: int, kind: type[StorageError], words: str) -> None:
    error = sqlite3.OperationalError("oh")
    error.sqlite_errorcode = code
    fault = fault_of(error, "paperboy.db")
    assert type(fault) is kind
    assert words in str(fault)


def test_errors_of_the_driver_are_translated_too() -> None:
    with pytest.raises(StorageError) as caught, translated("x.db"):
        raise sqlite3.OperationalError("oh")
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), translated("x.db"):
        raise ZeroDivisionError
