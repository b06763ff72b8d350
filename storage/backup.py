"""A copy of the database as one file, taken while it is in use."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from bot.core.errors import StorageError
from bot.core.messages import msg


def write_backup(connection: Connection, path: Path) -> None:
    """Copy to a file beside `path`, and give it that name when it is whole and on the disk.

    Raises:
        StorageError: there is such a file already, the folder cannot be written, or the database is no file.
    """
    if path.exists():
        raise _exists(path)
    source = connection.connection.driver_connection
    if not isinstance(source, sqlite3.Connection):
        raise StorageError(
            msg(
                "The archive is on a PostgreSQL server. Back it up there: "
                "pg_dump --format=custom --file={path} with the address in DATABASE_URL.",
                path=str(path),
            )
        )
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    os.close(handle)
    try:
        with closing(sqlite3.connect(name)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        _keep(Path(name), path)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


def _keep(copy: Path, path: Path) -> None:
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    os.link(copy, path)  # unlike a rename, never over another file
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _exists(path: Path) -> StorageError:
    return StorageError(msg("{path} exists already. Name a new file for the backup.", path=str(path)))


def _cannot_write(path: Path, error: OSError) -> StorageError:
    return StorageError(msg("The backup {path} cannot be written: {detail}.", path=str(path), detail=error.strerror))
