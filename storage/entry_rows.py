"""Entries as rows: reading them, and writing them together with everything that is kept about them.

Whoever inserts or updates an entry goes through here, so that its match keys and the lookups follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, func, or_, select, type_coerce

from bot.core.entries import Entry
from bot.core.imports import Doubt
from bot.core.merging import match_keys as keys_of
from storage.bulk import insert_rows, insert_values, update_values
from storage.chunks import chunked
from storage.codec import ENTRY_FIELDS, entry_of
from storage.dialects import position
from storage.index import Placed, ReadyTokens, exchange
from storage.locks import lock_entries
from storage.names import count_names
from storage.places import day_number, day_of, first_place, last_place
from storage.raw import change, marks, rows_of, value_of
from storage.tables import entries
from storage.tags import count_tags
from storage.tokens import names_on, texts_of

_FEW_DAYS = 20

ENTRY_COLUMNS = tuple(entries.c[name] for name in ENTRY_FIELDS)
_FIELDS = attrgetter(*ENTRY_FIELDS)
_WRITTEN = ("place", "shown", "change_no", "updated_at", *ENTRY_FIELDS)
"""What every change of an entry writes."""


def to_entry(row: Row[Any] | Sequence[Any]) -> Entry:
    """The entry of a row of `ENTRY_COLUMNS`, possibly with more columns behind them."""
    return Entry(**dict(zip(ENTRY_FIELDS, row, strict=False)))


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as the archive has it, with its row's key and its place."""

    no: int
    place: int
    entry: Entry


def stored(connection: Connection, ids: Iterable[str]) -> dict[str, Stored]:
    """Entries of any status by their ids."""
    found: dict[str, Stored] = {}
    for some in chunked(ids):
        sql = f"SELECT {', '.join(ENTRY_FIELDS)}, no, place FROM entries WHERE id IN ({marks(some)})"  # noqa: S608
        for row in rows_of(connection, sql, some):
            entry, (no, place) = entry_of(row), row[len(ENTRY_FIELDS) :]
            found[entry.id] = Stored(no, place, entry)
    return found


def find_entry(connection: Connection, reference: str) -> Entry | None:
    """The entry with this id, arXiv id or address; of several with one, that which is about this paper alone."""
    is_meant = or_(entries.c.id == reference, entries.c.arxiv_id == reference)
    if reference.lower().startswith(("http://", "https://")):
        bare = reference.rstrip("/")
        is_meant = entries.c.url.in_((bare, f"{bare}/"))
    statement = select(*ENTRY_COLUMNS).where(is_meant)
    about_several = position(type_coerce(entries.c.warnings, Text), Doubt.SEVERAL_PAPERS.value) > 0
    row = connection.execute(statement.order_by(about_several, entries.c.no).limit(1)).first()
    return to_entry(row) if row else None


def fetch(connection: Connection, statement: Select[Any]) -> list[Entry]:
    """The entries of a select of `ENTRY_COLUMNS`."""
    return [to_entry(row) for row in connection.execute(statement)]


def insert_entries(
    connection: Connection, new: Sequence[Entry], at: datetime, ready: ReadyTokens | None = None
) -> list[Stored]:
    """Add entries, which have their ids, each at the end of its day; hand them back as stored."""
    if not new:
        return []
    first_no = (value_of(connection, "SELECT max(no) FROM entries") or 0) + 1
    placed = [
        Stored(first_no + offset, place, entry)
        for offset, (entry, place) in enumerate(zip(new, _next_places(connection, new), strict=True))
    ]
    change_no = _take_changes(connection, len(new))
    rows = [(item.no, at, *_row(item, change_no + offset, at)) for offset, item in enumerate(placed, 1)]
    insert_values(connection, entries, ("no", "created_at", *_WRITTEN), rows)
    _add_match_keys(connection, placed)
    _keep_lookups(connection, [(None, item) for item in placed], ready)
    return placed


def update_entries(
    connection: Connection, changes: Sequence[tuple[Stored, Entry]], at: datetime, ready: ReadyTokens | None = None
) -> list[Stored]:
    """Write changed entries over what is stored; one whose digest date changed goes to the end of that day."""
    if not changes:
        return []
    before = [old for old, _ in changes]
    moved = [new for old, new in changes if new.digest_date != old.entry.digest_date]
    new_places = iter(_next_places(connection, moved))
    after = [
        Stored(old.no, old.place if new.digest_date == old.entry.digest_date else next(new_places), new)
        for old, new in changes
    ]
    lock_entries(connection, [old.no for old in before])  # others count what they gathered
    first_change = _take_changes(connection, len(after)) + 1
    _write_over(connection, zip(before, after, strict=True), first_change, at)
    # Who changes what these keys are made of writes those of all entries anew, in a migration.
    other = [new for old, new in zip(before, after, strict=True) if keys_of(old.entry) != keys_of(new.entry)]
    change(connection, "DELETE FROM match_keys WHERE entry_no = ?", [(item.no,) for item in other])
    _add_match_keys(connection, other)
    _keep_lookups(connection, zip(before, after, strict=True), ready)
    return after


def _write_over(
    connection: Connection, changes: Iterable[tuple[Stored, Stored]], first_change: int, at: datetime
) -> None:
    """Write what differs: SQLite would enter what stays the same in its indexes anew as well."""
    by_columns: defaultdict[tuple[str, ...], list[tuple[object, ...]]] = defaultdict(list)
    for number, (old, new) in enumerate(changes, first_change):
        values = zip(_WRITTEN, _row(old, None, None), _row(new, number, at), strict=True)
        differing = {name: value for name, before, value in values if value != before}
        by_columns[tuple(differing)].append((*differing.values(), new.no))
    for columns, rows in by_columns.items():
        update_values(connection, entries, columns, rows, where=("no",))


def _row(item: Stored, change: int | None, at: datetime | None) -> tuple[object, ...]:
    """The values of `_WRITTEN`; nothing is like no change and no moment."""
    return item.place, item.place if item.entry.is_public else None, change, at, *_FIELDS(item.entry)


def _next_places(connection: Connection, arriving: Sequence[Entry]) -> list[int]:
    last = _last_places(connection, {entry.digest_date for entry in arriving})
    found = []
    for entry in arriving:
        day = entry.digest_date
        last[day] = last.get(day, first_place(day) - 1) + 1
        found.append(last[day])
    return found


def _last_places(connection: Connection, days: Set[date | None]) -> dict[date | None, int]:
    """The highest place taken on each of these days that has any."""
    first = {first_place(day): day for day in days}
    if len(days) <= _FEW_DAYS:
        highest = "SELECT max(place) FROM entries WHERE place BETWEEN ? AND ?"
        found = [value_of(connection, highest, (low, last_place(day))) for low, day in first.items()]
    else:  # one pass over the days between is quicker than a question for each
        between = entries.c.place.between(min(first), last_place(first[max(first)]))
        by_day = select(func.max(entries.c.place)).where(between).group_by(day_number(entries.c.place))
        found = list(connection.scalars(by_day))
    return {day_of(place): place for place in found if place is not None}


def _take_changes(connection: Connection, count: int) -> int:
    """Take this many change numbers; they begin after the one handed back."""
    change(connection, "UPDATE archive_state SET change_no = change_no + ?", [(count,)])
    return int(value_of(connection, "SELECT change_no FROM archive_state")) - count


def _add_match_keys(connection: Connection, placed: Iterable[Stored]) -> None:
    rows = [(key, item.no) for item in placed for key in keys_of(item.entry)]
    insert_rows(connection, "match_keys", ("key", "entry_no"), rows)


# --- lookups -------------------------------------------------------------------------------------------------------


def _keep_lookups(
    connection: Connection, pairs: Iterable[tuple[Stored | None, Stored]], ready: ReadyTokens | None
) -> None:
    """Have what lookups use follow entries, each with what it was before; only what changed is written."""
    changes = [(_public(old), _public(new)) for old, new in pairs]
    for count, part in ((count_tags, _tags), (count_names, names_on)):
        differing = _differing(changes, part)
        count(connection, [old for old, _ in differing if old], -1)
        count(connection, [new for _, new in differing if new], 1)
    exchange(connection, _differing(changes, texts_of), ready)


def _public(item: Stored | None) -> Placed | None:
    return (item.entry, item.place) if item and item.entry.is_public else None


def _differing(
    changes: Iterable[tuple[Placed | None, Placed | None]], part: Callable[[Entry], object]
) -> list[tuple[Placed | None, Placed | None]]:
    """Those that are at another place, or are another in this part."""
    return [(old, new) for old, new in changes if (old and (old[1], part(old[0]))) != (new and (new[1], part(new[0])))]


def _tags(entry: Entry) -> object:
    return entry.tags
