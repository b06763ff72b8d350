"""Writing a whole import: thousands of entries in one transaction, a few statements for all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from bot.core.entries import Action, Entry
from bot.core.errors import Conflict
from bot.core.messages import msg
from bot.core.ports import ImportedEntry
from storage.chunks import chunked
from storage.dialects import upsert
from storage.entry_rows import Stored, insert_entries, stored, update_entries
from storage.index import ReadyTokens
from storage.locks import lock_archive
from storage.revisions import keep_old, record
from storage.tables import documents


def write_import(
    connection: Connection,
    imported: Sequence[ImportedEntry],
    digests: Iterable[str],
    at: datetime,
    ready: ReadyTokens | None = None,
) -> None:
    """Write new and merged entries with a revision each, and the documents that have been read."""
    lock_archive(connection)
    new = [item.entry for item in imported if item.is_new]
    merged = [item.entry for item in imported if not item.is_new]
    changes = _with_stored(connection, merged)
    keep_old(connection, [old for old, _ in changes])
    try:
        written = update_entries(connection, changes, at, ready)
        written += insert_entries(connection, new, at, ready)
    except (IntegrityError, sqlite3.IntegrityError) as error:
        raise Conflict(
            msg("Two entries of this import, or one and the archive, have the same id. Nothing was imported.")
        ) from error
    record(connection, written, action=Action.IMPORT, by=None, at=at)
    rows = [{"digest": digest, "imported_at": at} for digest in digests]
    if rows:
        connection.execute(upsert(connection, documents).on_conflict_do_nothing(), rows)


def _with_stored(connection: Connection, merged: Sequence[Entry]) -> list[tuple[Stored, Entry]]:
    found = stored(connection, [entry.id for entry in merged])
    changes = []
    for entry in merged:
        old = found.get(entry.id)
        if old is None or old.entry.revision != entry.revision:
            raise Conflict(
                msg("“{title}” was changed during this import. Nothing was imported; import again.", title=entry.title)
            )
        changes.append((old, replace(entry, revision=entry.revision + 1)))
    return changes


def seen_documents(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Which of these an earlier import has read."""
    seen: set[str] = set()
    for some in chunked(digests):
        seen.update(connection.scalars(select(documents.c.digest).where(documents.c.digest.in_(some))))
    return seen
