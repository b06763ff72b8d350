"""Where the databases' own errors become Paperboy's: the one place that knows their codes.

Everything that touches the database runs inside `translated`; nothing of a driver or of SQLAlchemy gets past it.
psycopg's errors are known by the code they carry (`sqlstate`, see https://www.postgresql.org/docs/current/
errcodes-appendix.html), so that it is not imported where SQLite is used.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from bot.core.errors import StorageBusy, StorageError, StorageReadOnly
from bot.core.messages import msg

SILENCE: Final = "the server says nothing"
"""What a connection says that was given up, in place of a server that says why."""


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Raise what goes wrong with the database at `path` as a `StorageError`."""
    try:
        yield
    except DBAPIError as error:
        raise fault_of(error.orig or error, path) from error
    except Exception as error:
        if not isinstance(error, sqlite3.Error) and not hasattr(error, "sqlstate"):
            raise
        raise fault_of(error, path) from error


def fault_of(error: BaseException, path: str) -> StorageError:
    """The `StorageError` for an error of a driver."""
    if hasattr(error, "sqlstate"):
        return _fault_of_server(error, error.sqlstate, path)
    code = getattr(error, "sqlite_errorcode", None)
    make = _BY_CODE.get(code & 0xFF) if isinstance(code, int) else None  # the low byte is the primary code
    return make(path) if make is not None else _unknown(path, str(error))


def passes_when_repeated(error: BaseException | None) -> bool:
    """Whether a transaction was rolled back only because another was in its way."""
    return getattr(error, "sqlstate", None) in _STOOD_IN_THE_WAY


SETTING: Final = "DATABASE_URL"


def wrong_address(given_in: str = SETTING) -> StorageError:
    """For an address that names no database. It may hold a password: only where it was given is shown."""
    return StorageError(
        msg(
            "{setting} is not the address of a database. Use one such as sqlite:///paperboy.db "
            "or postgresql://user@host/paperboy.",
            setting=given_in,
        )
    )


def no_answer(path: str) -> StorageError:
    """For a database that keeps everybody waiting."""
    return StorageBusy(msg("The database {path} does not answer. Try again in a moment.", path=path))


def _unknown(path: str, detail: str) -> StorageError:
    return StorageError(msg("The database {path} cannot be used: {detail}.", path=path, detail=detail.rstrip(".")))


# --- SQLite --------------------------------------------------------------------------------------------------------


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
    """For a file, or a database, that is something else."""
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

# --- PostgreSQL ----------------------------------------------------------------------------------------------------


def _fault_of_server(error: BaseException, state: str | None, path: str) -> StorageError:
    said = _words_of(error)
    if state is None:  # it never came to a connection, or there is none any more
        return _not_reached(said, path)
    make = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    return make(path) if make is not None else _unknown(path, said)


def _words_of(error: BaseException) -> str:
    """What the driver says, of several lines the one that names the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    fatal = next((line for line in lines if "FATAL:" in line), None)
    return fatal.partition("FATAL:")[2].strip() if fatal else (lines or ["?"])[0].removeprefix("connection failed: ")


def _not_reached(said: str, path: str) -> StorageError:
    """A connection's fault has no code: its kind is told by what a server says where it says it in English."""
    for words, make in _BY_WORDS:
        if re.search(words, said):
            return make(path)
    return StorageBusy(msg("The database {path} cannot be reached: {detail}.", path=path, detail=said.rstrip(".")))


def _in_the_way(path: str) -> StorageError:
    return StorageBusy(
        msg("The database {path} is busy: others are writing to the same rows. Try again in a moment.", path=path)
    )


def _restarting(path: str) -> StorageError:
    return StorageBusy(msg("The server of the database {path} is starting or stopping. Try again soon.", path=path))


def _cut_off(path: str) -> StorageError:
    return StorageBusy(msg("The connection to the database {path} was cut off. Try again in a moment.", path=path))


def _too_many(path: str) -> StorageError:
    return StorageBusy(
        msg(
            "The server of the database {path} takes no more connections. Try again in a moment, "
            "or let it take more (max_connections).",
            path=path,
        )
    )


def _no_entry(path: str) -> StorageError:
    return StorageError(
        msg(
            "The server of the database {path} does not let this user in. Check the name and the password in "
            "DATABASE_URL, and the server's pg_hba.conf.",
            path=path,
        )
    )


def _no_such_database(path: str) -> StorageError:
    return StorageError(
        msg("There is no database {path}. Create it first, as with `createdb --encoding=UTF8 NAME`.", path=path)
    )


def _not_permitted(path: str) -> StorageError:
    return StorageReadOnly(
        msg("The database {path} cannot be written: this user may not, or the server is a standby.", path=path)
    )


_STOOD_IN_THE_WAY = frozenset({"40001", "40P01"})  # serialization failure, deadlock

_BY_STATE: dict[str, Callable[[str], StorageError]] = {
    "25006": _not_permitted,
    "3D000": _no_such_database,
    "42501": _not_permitted,
    "53100": _full,
    "53300": _too_many,
    "55P03": _in_the_way,
    "57P01": _restarting,
    "57P02": _restarting,
    "57P03": _restarting,
    "25P03": _cut_off,  # left idle for too long, as by a machine that was asleep
    "57P05": _cut_off,
    "XX001": _damaged,
    "XX002": _damaged,
}
_BY_CLASS: dict[str, Callable[[str], StorageError]] = {
    "08": _cut_off,
    "28": _no_entry,
    "40": _in_the_way,
    "58": _disk_fault,
}
_BY_WORDS: tuple[tuple[str, Callable[[str], StorageError]], ...] = (
    (r"password|authentication failed|^no pg_hba\.conf entry|^role .* (does not exist|not permitted)", _no_entry),
    (r"^database .* does not exist", _no_such_database),
    (r"^the database system is|^terminating connection due to", _restarting),
    (r"^sorry, too many|^too many connections|^remaining connection slots", _too_many),
    (r"closed the connection unexpectedly|^the connection is (lost|closed)", _cut_off),
    (rf"^{SILENCE}$", no_answer),
)
