"""Every change of every entry, with the entry as it was after it.

The newest revision of an entry is the entry itself; it is written out only when the next one takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from bot.core.entries import Action, Revision
from bot.core.people import Person
from storage.bulk import insert_values, update_values
from storage.codec import entry_from_json, entry_to_json
from storage.entry_rows import ENTRY_COLUMNS, Stored, to_entry
from storage.people import person_of, person_values, where_person
from storage.tables import PERSON_COLUMNS, entries, revisions

_COLUMNS = tuple(revisions.c[name] for name in ("snapshot", "action", "at", "undone", *PERSON_COLUMNS))


def keep_old(connection: Connection, old: Iterable[Stored]) -> None:
    """Write out what entries are, before they change."""
    rows = [(entry_to_json(item.entry), item.no, item.entry.revision) for item in old]
    update_values(connection, revisions, ("snapshot",), rows, where=("entry_no", "number"))


def record(
    connection: Connection, changed: Iterable[Stored], *, action: Action, by: Person | None, at: datetime
) -> None:
    """Note that entries have become what they are."""
    what = {"action": action, "at": at, "undone": False, **person_values(by)}
    rows = [(item.no, item.entry.revision, *what.values()) for item in changed]
    insert_values(connection, revisions, ("entry_no", "number", *what), rows)


def mark_undone(connection: Connection, entry_no: int) -> None:
    """Mark an entry's newest revision that is neither an undo nor undone."""
    newest = (
        select(revisions.c.id)
        .where(revisions.c.entry_no == entry_no, revisions.c.action != Action.UNDO, revisions.c.undone.is_(False))
        .order_by(revisions.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(update(revisions).where(revisions.c.id == newest).values(undone=True))


def revisions_of(connection: Connection, entry_id: str, limit: int) -> Sequence[Revision]:
    """An entry's revisions, newest first."""
    statement = _select_revisions().where(entries.c.id == entry_id).order_by(revisions.c.number.desc()).limit(limit)
    return [_to_revision(row) for row in connection.execute(statement)]


def last_change_by(connection: Connection, person: Person) -> Revision | None:
    """The newest revision this person made that is neither an undo nor undone."""
    statement = (
        _select_revisions()
        .where(where_person(revisions, person), revisions.c.action != Action.UNDO, revisions.c.undone.is_(False))
        .order_by(revisions.c.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).first()
    return _to_revision(row) if row else None


def _select_revisions() -> Select[Any]:
    joined = entries.join(revisions, revisions.c.entry_no == entries.c.no)
    return select(*ENTRY_COLUMNS, *_COLUMNS).select_from(joined)


def _to_revision(row: Row[*tuple[Any, ...]]) -> Revision:
    entry = to_entry(row) if row.snapshot is None else entry_from_json(row.snapshot)
    return Revision(entry, row.action, person_of(row), row.at, row.undone)
