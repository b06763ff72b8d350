"""Which version of the schema a database has, without importing Alembic."""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import Enum
from typing import Any

from bot.core.errors import SchemaMismatch, StorageError
from bot.core.messages import msg
from storage.faults import not_a_database

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""Alembic's revision ids, oldest first."""

HEAD = REVISIONS[-1]

COPY_UNDER_WAY = "copy_under_way"
"""A table that stands in a database while it is being copied to."""


class Standing(Enum):
    """How a database's schema stands to this code."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"


def standing_of(
    name: str, tables: Collection[str], first_row: Callable[[str], Any], *, copying: bool = False
) -> Standing:
    """How a database with these tables stands; `first_row` asks it for a statement's first row, None without one.

    One that is being copied to is for nobody else: it needs `copying`.

    Raises:
        StorageError: it is not a Paperboy database.
        SchemaMismatch: a newer Paperboy has written it.
    """
    if not tables:
        return Standing.EMPTY
    if not {"alembic_version", "entries"} <= set(tables):
        raise not_a_database(name)
    (version,) = first_row("SELECT version_num FROM alembic_version") or ("",)
    if COPY_UNDER_WAY in tables and version in REVISIONS[:-1]:
        raise StorageError(
            msg(
                "The copy to {path} was begun by an older Paperboy and is not whole. "
                "Copy to an empty database instead.",
                path=name,
            )
        )
    if COPY_UNDER_WAY in tables and not copying:
        raise StorageError(
            msg("The copy to {path} is not whole. Run the same `paperboy copy` again to go on with it.", path=name)
        )
    if version == HEAD:
        return Standing.CURRENT
    if version in REVISIONS:
        return Standing.OLDER
    raise SchemaMismatch(
        msg(
            "The database {path} was written by a newer Paperboy (schema {version}, this one knows {head}). "
            "Install that version; nothing was changed.",
            path=name,
            version=version or "?",
            head=HEAD,
        )
    )


def wants_upgrade(standing: Standing, name: str, *, migrate: bool) -> bool:
    """Whether to bring the schema up to date before anything else.

    Raises:
        SchemaMismatch: it is at an older revision, and may not be upgraded in passing.
    """
    if standing is Standing.OLDER and not migrate:
        raise SchemaMismatch(
            msg(
                "The database {path} was written by an older Paperboy. "
                "Run `paperboy db upgrade` to bring it up to date; back it up first.",
                path=name,
            )
        )
    return standing is not Standing.CURRENT
