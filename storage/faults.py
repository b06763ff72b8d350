"""Where the database's own errors become Paperboy's: the one place that knows SQLite's error codes.

Everything that touches the database runs inside `translated`; nothing of sqlite3 or SQLAlchemy gets past it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from bot.core.errors import StorageBusy, StorageError, StorageReadOnly
from bot.core.messages import msg


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Raise what goes wrong with the database at `path` as a `StorageError`."""
    try:
        yield
    except DBAPIError as error:
        raise fault_of(error.orig or error, path) from error
    except sqlite3.Error as error:
        raise fault_of(error, path) from error


def fault_of(error: BaseException, path: str) -> StorageError:
    """The `StorageError` for an error of the SQLite driver."""
    code = getattr(error, "sqlite_errorcode", None)
    make = _BY_CODE.get(code & 0xFF) if isinstance(code, int) else None  # the low byte is the primary code
    if make is not None:
        return make(path)
    return StorageError(msg("The database {path} cannot be used: {detail}.", path=path, detail=str(error)))


def _busy(path: str) -> StorageError:
    return StorageBusy(
        msg("The database {path} is busy: another process is writing to it. Try again in a moment.", path=path)
    )


def _read_only(path: str) -> StorageError:
    return StorageReadOnly(
        msg("The database {path} cannot be written. Check the permissions of the file and its folder.", path=path)
    )


def _cannot_open(path: str) -> StorageError:
    return StorageError(
        msg(
            "The database {path} cannot be opened or created. Check that its folder exists and may be written.",
            path=path,
        )
    )


def not_a_database(path: str) -> StorageError:
    """For a file that is something else."""
    return StorageError(msg("{path} is not a Paperboy database.", path=path))


def _damaged(path: str) -> StorageError:
    return StorageError(msg("The database {path} is damaged. Restore a backup, or check the disk it is on.", path=path))


def _full(path: str) -> StorageError:
    return StorageError(msg("The disk with the database {path} is full. Nothing was written.", path=path))


def _disk_fault(path: str) -> StorageError:
    return StorageError(msg("The disk with the database {path} reports an error.", path=path))


_BY_CODE: dict[int, Callable[[str], StorageError]] = {
    sqlite3.SQLITE_BUSY: _busy,
    sqlite3.SQLITE_LOCKED: _busy,
    sqlite3.SQLITE_READONLY: _read_only,
    sqlite3.SQLITE_PERM: _read_only,
    sqlite3.SQLITE_CANTOPEN: _cannot_open,
    sqlite3.SQLITE_NOTADB: not_a_database,
    sqlite3.SQLITE_CORRUPT: _damaged,
    sqlite3.SQLITE_FULL: _full,
    sqlite3.SQLITE_IOERR: _disk_fault,
}
