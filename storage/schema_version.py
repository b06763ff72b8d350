"""Which version of the schema a database has, without importing Alembic."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from enum import Enum

from bot.core.errors import SchemaMismatch
from bot.core.messages import msg
from storage.database import file_uri
from storage.faults import not_a_database

REVISIONS = ("0001", "0002", "0003", "0004")
"""Alembic's revision ids, oldest first."""

HEAD = REVISIONS[-1]


class Standing(Enum):
    """How a database's schema stands to this code."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"


def standing_of(path: str, *, immutable: bool = False) -> Standing:
    """Look at an existing database file without changing anything about it.

    Raises:
        StorageError: it is not a Paperboy database.
        SchemaMismatch: a newer Paperboy has written it.
        sqlite3.Error: it cannot be read.
    """
    with closing(sqlite3.connect(file_uri(path, mode="ro", immutable=immutable), uri=True)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not names:
            return Standing.EMPTY
        if not {"alembic_version", "entries"} <= names:
            raise not_a_database(path)
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
    if version == HEAD:
        return Standing.CURRENT
    if version in REVISIONS:
        return Standing.OLDER
    raise SchemaMismatch(
        msg(
            "The database {path} was written by a newer Paperboy (schema {version}, this one knows {head}). "
            "Install that version; nothing was changed.",
            path=path,
            version=version or "?",
            head=HEAD,
        )
    )


def needs_upgrade(path: str) -> SchemaMismatch:
    """For a database at an older revision that may not be upgraded in passing."""
    return SchemaMismatch(
        msg(
            "The database {path} was written by an older Paperboy. "
            "Run `paperboy db upgrade` to bring it up to date; back it up first.",
            path=path,
        )
    )
