"""The archive: entries and what is asked of all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import count

from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce

from bot.core.entries import Action, Entry, Revision, Status, TagCount, arxiv_id_of, identity_of, new_entry_id
from bot.core.errors import Conflict, NotFound
from bot.core.messages import msg
from bot.core.people import Person
from bot.core.ports import ImportedEntry
from storage.aliases import declare_alias
from storage.chunks import chunked
from storage.database import Database
from storage.entry_rows import (
    ENTRY_COLUMNS,
    fetch,
    find_entry,
    insert_entries,
    stored,
    to_entry,
    update_entries,
)
from storage.garbage import seldom_collected
from storage.imports import seen_documents, write_import
from storage.index import tidy
from storage.locks import lock_archive
from storage.names import list_names
from storage.places import FIRST_DATED, day_of, first_place, last_place
from storage.raw import value_of
from storage.revisions import keep_old, last_change_by, mark_undone, record, revisions_of
from storage.tables import archive_state, entries, match_keys
from storage.tags import known_tags, list_tags, tags_by_name
from storage.tokenising import tokens_beside


class EntryArchive:
    """`bot.core.ports.Archive` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, entry_ids: Collection[str]) -> Mapping[str, Entry]:
        """See the port."""
        return await self._database.read(_get, list(entry_ids))

    async def find(self, reference: str) -> Entry | None:
        """See the port."""
        reference = reference.strip()
        is_address = reference.lower().startswith(("http://", "https://"))
        known = arxiv_id_of(reference) or (reference if is_address else reference.lower())
        return await self._database.read(find_entry, known)

    async def add(self, entry: Entry, *, by: Person | None, at: datetime) -> Entry:
        """See the port."""
        added = await self._database.write(_add, entry, by, at)
        self._database.when_idle(tidy)
        return added

    async def replace(self, entry: Entry, *, action: Action, by: Person | None, at: datetime) -> Entry:
        """See the port."""
        written = await self._database.write(_replace, entry, action, by, at)
        self._database.when_idle(tidy)
        return written

    async def revisions(self, entry_id: str, *, limit: int = 50) -> Sequence[Revision]:
        """See the port."""
        return await self._database.read(revisions_of, entry_id, limit)

    async def last_change_by(self, person: Person) -> Revision | None:
        """See the port."""
        return await self._database.read(last_change_by, person)

    async def same_papers(self, keys: Collection[str]) -> Sequence[Entry]:
        """See the port."""
        return await self._database.read(_same_papers, list(keys))

    async def seen_documents(self, digests: Collection[str]) -> Collection[str]:
        """See the port."""
        return await self._database.read(seen_documents, list(digests))

    async def write_import(self, entries: Iterable[ImportedEntry], *, documents: Iterable[str], at: datetime) -> None:
        """See the port.

        Raises:
            Conflict: an entry changed since it was merged, or two are the same paper. Nothing is written.
        """
        imported = list(entries)
        with seldom_collected(), tokens_beside([item.entry for item in imported]) as ready:
            await self._database.write_long(write_import, imported, list(documents), at, ready)
        self._database.when_idle(tidy)

    async def changed_since(self, change: int, *, limit: int = 500) -> Sequence[tuple[int, Entry]]:
        """See the port."""
        return await self._database.read(_changed_since, change, limit)

    async def latest_change(self) -> int:
        """See the port."""
        return await self._database.read(_latest_change)

    async def export(self, *, after: str | None, limit: int = 500) -> Sequence[Entry]:
        """See the port."""
        return await self._database.read(_export, after, limit)

    async def nearest_digests(self, day: date, *, today: date) -> tuple[date | None, date | None]:
        """See the port."""
        return await self._database.read(_nearest_digests, day, today)

    async def tags(self, prefix: str = "", *, limit: int = 25, today: date | None = None) -> Sequence[TagCount]:
        """See the port. A tag is found under its aliases too."""
        return await self._database.read(list_tags, prefix, limit, today)

    async def tags_by_name(self, *, limit: int, today: date | None = None) -> Mapping[str, TagCount]:
        """See the port."""
        return await self._database.read(tags_by_name, limit, today)

    async def known_tags(self, names: Collection[str], *, today: date | None = None) -> Collection[str]:
        """See the port."""
        return await self._database.read(known_tags, list(names), today)

    async def authors(self, prefix: str, *, limit: int = 25, today: date | None = None) -> Sequence[TagCount]:
        """See the port."""
        return await self._database.read(list_names, prefix, limit, today)

    async def digest_dates(self, prefix: str = "", *, today: date, limit: int = 25) -> Sequence[tuple[date, int]]:
        """See the port."""
        return await self._database.read(_digest_dates, prefix, today, limit)

    async def declare_alias(self, alias: str, tag: str) -> None:
        """See the port. Entries that carry the alias as a tag of their own are found under the tag as well."""
        await self._database.write(declare_alias, alias, tag)

    async def drafts(self, *, limit: int = 25) -> Sequence[Entry]:
        """See the port."""
        return await self._database.read(_drafts, limit)

    async def count(self) -> int:
        """See the port."""
        return await self._database.read(_count)


def _get(connection: Connection, entry_ids: Sequence[str]) -> Mapping[str, Entry]:
    return {key: item.entry for key, item in stored(connection, entry_ids).items()}


def _add(connection: Connection, entry: Entry, by: Person | None, at: datetime) -> Entry:
    lock_archive(connection)
    _refuse_second(connection, entry)
    if not entry.id:
        entry = replace(entry, id=_free_id(connection, entry))
    elif find_entry(connection, entry.id):
        raise Conflict(msg("The archive holds an entry {id} already.", id=entry.id))
    added = insert_entries(connection, [replace(entry, revision=1)], at)
    record(connection, added, action=Action.ADD, by=by, at=at)
    return added[0].entry


def _replace(connection: Connection, entry: Entry, action: Action, by: Person | None, at: datetime) -> Entry:
    lock_archive(connection)
    old = stored(connection, [entry.id]).get(entry.id)
    if old is None:
        raise NotFound(msg("There is no entry {id}.", id=entry.id))
    if old.entry.revision != entry.revision:
        raise Conflict(msg("“{title}” was changed by somebody else meanwhile.", title=old.entry.title))
    if entry.arxiv_id != old.entry.arxiv_id:
        _refuse_second(connection, entry)
    if action is Action.UNDO:
        mark_undone(connection, old.no)
    keep_old(connection, [old])
    written = update_entries(connection, [(old, replace(entry, revision=entry.revision + 1))], at)
    record(connection, written, action=action, by=by, at=at)
    return written[0].entry


def _refuse_second(connection: Connection, entry: Entry) -> None:
    if entry.arxiv_id is None:
        return
    other = connection.execute(
        select(entries.c.id, entries.c.title).where(entries.c.arxiv_id == entry.arxiv_id)
    ).first()
    if other and other.id != entry.id:
        raise Conflict(msg("The archive holds this paper already: “{title}” ({id}).", title=other.title, id=other.id))


def _free_id(connection: Connection, entry: Entry) -> str:
    identity = identity_of(entry)
    return next(
        candidate
        for candidate in (new_entry_id(identity, attempt) for attempt in count())
        if value_of(connection, "SELECT 1 FROM entries WHERE id = ?", [candidate]) is None
    )


def _drafts(connection: Connection, limit: int) -> Sequence[Entry]:
    newest_first = select(*ENTRY_COLUMNS).where(entries.c.status == Status.DRAFT).order_by(entries.c.change_no.desc())
    return fetch(connection, newest_first.limit(limit))


def _same_papers(connection: Connection, keys: Sequence[str]) -> Sequence[Entry]:
    numbers: set[int] = set()
    for some in chunked(keys):
        numbers.update(connection.scalars(select(match_keys.c.entry_no).where(match_keys.c.key.in_(some))))
    found: list[Entry] = []
    for some_numbers in chunked(sorted(numbers)):
        found += fetch(connection, select(*ENTRY_COLUMNS).where(entries.c.no.in_(some_numbers)).order_by(entries.c.no))
    return found


def _changed_since(connection: Connection, change: int, limit: int) -> Sequence[tuple[int, Entry]]:
    statement = (
        select(*ENTRY_COLUMNS, entries.c.change_no)
        .where(entries.c.change_no > change)
        .order_by(entries.c.change_no)
        .limit(limit)
    )
    return [(row.change_no, to_entry(row)) for row in connection.execute(statement)]


def _latest_change(connection: Connection) -> int:
    return connection.scalar(select(archive_state.c.change_no)) or 0


def _export(connection: Connection, after: str | None, limit: int) -> Sequence[Entry]:
    """Dated entries first, then the undated, whose places are the lowest."""
    last = None if after is None else connection.scalar(select(entries.c.place).where(entries.c.id == after))
    if last is None and after is not None:
        raise NotFound(msg("There is no entry {id}.", id=after))
    undated = entries.c.place < FIRST_DATED
    if last is not None and last < FIRST_DATED:
        return _export_part(connection, undated & (entries.c.place > last), limit)
    dated = entries.c.place >= (FIRST_DATED if last is None else last + 1)
    page = _export_part(connection, dated, limit)
    return page + _export_part(connection, undated, limit - len(page)) if len(page) < limit else page


def _export_part(connection: Connection, condition: ColumnElement[bool], limit: int) -> list[Entry]:
    return fetch(connection, select(*ENTRY_COLUMNS).where(condition).order_by(entries.c.place).limit(limit))


def _nearest_digests(connection: Connection, day: date, today: date) -> tuple[date | None, date | None]:
    past = func.max(entries.c.shown)
    before = connection.scalar(select(past).where(entries.c.shown < min(first_place(day), last_place(today) + 1)))
    coming = func.min(entries.c.shown)
    after = connection.scalar(select(coming).where(entries.c.shown.between(last_place(day) + 1, last_place(today))))
    return day_of(before or 0), day_of(after or 0)


def _digest_dates(connection: Connection, prefix: str, today: date, limit: int) -> Sequence[tuple[date, int]]:
    as_text = type_coerce(entries.c.digest_date, Text)
    statement = (
        select(entries.c.digest_date, func.count())
        .where(entries.c.digest_date <= today, entries.c.shown.is_not(None))
        .where(as_text >= prefix, as_text < prefix + "~")
        .group_by(entries.c.digest_date)
        .order_by(entries.c.digest_date.desc())
        .limit(limit)
    )
    return [(day, number) for day, number in connection.execute(statement)]


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(entries)) or 0
