"""Lookups: pages of results, digests, and whether given entries meet criteria."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union,
)
from sqlalchemy.sql.selectable import CompoundSelect

from bot.core.entries import Entry
from bot.core.people import Person
from bot.core.ports import SearchPage
from bot.core.query import Criteria, DateSpan, Sort
from storage.chunks import chunked
from storage.criteria import EVERYWHERE, RARE, Conditions, Term, resolve
from storage.cursors import Cursor, Key, read_cursor, write_cursor
from storage.database import Database
from storage.entry_rows import ENTRY_COLUMNS, to_entry
from storage.places import day_of
from storage.tables import entries, entry_texts

TOTAL_CAP = 1_000
"""Results are counted up to here; more are "at least" so many."""

_NOTHING = SearchPage((), None, None, 0, False)
_SCORES: dict[Sort, ColumnElement[int]] = {Sort.POPULAR: entries.c.popularity, Sort.DISCUSSED: entries.c.replies}

Statement = Select[Any] | CompoundSelect[Any]


class EntrySearch:
    """`bot.core.ports.Search` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, criteria: Criteria, *, asker: Person | None, limit: int, cursor: str | None = None
    ) -> SearchPage:
        """See the port."""
        start = read_cursor(cursor, criteria.sort) if cursor is not None else None
        return await self._database.read(_page, criteria, asker, limit, start)

    async def digest(self, criteria: Criteria, day: date) -> Sequence[Entry]:
        """See the port."""
        return await self._database.read(_all, replace(criteria, span=DateSpan(day, day), sort=Sort.OLD))

    async def latest_day(self, criteria: Criteria) -> date | None:
        """See the port."""
        return await self._database.read(_latest_day, replace(criteria, sort=Sort.NEW))

    async def matching(self, criteria: Criteria, entry_ids: Collection[str]) -> Collection[str]:
        """See the port."""
        return await self._database.read(_matching, criteria, list(entry_ids))


def _page(
    connection: Connection, criteria: Criteria, asker: Person | None, limit: int, start: Cursor | None
) -> SearchPage:
    conditions = resolve(connection, criteria, asker)
    if conditions is None:
        return _NOTHING
    walked, size = conditions.rarest(connection, sized=criteria.sort in _SCORES)
    statement = keys_statement(conditions, walked, criteria.sort, start, limit + 1, rare=size <= RARE)
    keys: list[Key] = [tuple(row) for row in connection.execute(statement)]
    if start and start.backward and not keys:  # what was before is gone
        return _page(connection, criteria, asker, limit, None)
    more = len(keys) > limit
    keys = keys[:limit]
    if start and start.backward:
        keys.reverse()
    found = _at(connection, [key[-1] for key in keys])
    total = connection.scalar(count_statement(conditions, walked)) or 0
    is_floor = total > TOTAL_CAP
    return SearchPage(found, *_cursors(keys, criteria.sort, start, more), min(total, TOTAL_CAP), is_floor)


def _cursors(keys: Sequence[Key], sort: Sort, start: Cursor | None, more: bool) -> tuple[str | None, str | None]:
    backward = start is not None and start.backward
    first, last = (keys[0], keys[-1]) if keys else (start.key, start.key) if start else ((), ())
    goes_on = backward or (more and bool(keys))
    goes_back = more if backward else start is not None
    return (
        write_cursor(Cursor(last, backward=False), sort) if goes_on else None,
        write_cursor(Cursor(first, backward=True), sort) if goes_back else None,
    )


def keys_statement(
    conditions: Conditions, walked: Term | None, sort: Sort, start: Cursor | None, limit: int, *, rare: bool
) -> Statement:
    """The keys of one page, in order; going backward, in the opposite order."""
    down = (sort is not Sort.OLD) != (start is not None and start.backward)
    if sort in {Sort.NEW, Sort.OLD}:
        if start:
            conditions = conditions.within(start.key[-1], below=down)
        order: ColumnElement[int] = literal_column("place")
        places = places_statement(conditions, walked)
        return places.order_by(order.desc() if down else order).limit(limit)
    return _scored(conditions, walked if rare or sort is Sort.RELEVANCE else None, sort, start, down=down).limit(limit)


def places_statement(conditions: Conditions, walked: Term | None) -> Statement:
    """The places of all results, as one walk or the union of several."""
    walks = [
        walk.select.where(*conditions.on(walk.place, walked=walked))
        for walk in (walked.walks() if walked else [EVERYWHERE])
    ]
    return walks[0] if len(walks) == 1 else union(*walks)


def _scored(
    conditions: Conditions, walked: Term | None, sort: Sort, start: Cursor | None, *, down: bool
) -> Select[Any]:
    """Score and place: along the index of the score, or of what a rare walk finds."""
    if sort is Sort.RELEVANCE:
        texts = places_statement(conditions, walked).subquery()
        score, place = _title_tier(conditions), entry_texts.c.place
        statement = select(score, place).join_from(texts, entry_texts, place == texts.c.place)
    else:
        score, place = _SCORES[sort], entries.c.shown
        if walked is None:  # the sum keeps SQLite from walking along the places and sorting afterwards
            statement = select(score, place).where(*conditions.on(place + 0))
        else:
            found = places_statement(conditions, walked).subquery()
            statement = select(score, place).join_from(found, entries, place == found.c.place)
    if start:
        key, edge = tuple_(score, place), tuple_(*start.key)
        statement = statement.where(key < edge if down else key > edge)
    return statement.order_by(score.desc() if down else score, place.desc() if down else place)


def _title_tier(conditions: Conditions) -> ColumnElement[int]:
    """2 where the title has every word asked for, 1 where it has any, else 0."""
    asked = [text.in_column(entry_texts.c.title) for text in conditions.texts if not text.negated]
    if not asked:
        return literal(0)
    hits = sum((case((hit, 1), else_=0) for hit in asked[1:]), case((asked[0], 1), else_=0))
    return case((hits == len(asked), 2), (hits > 0, 1), else_=0)


def count_statement(conditions: Conditions, walked: Term | None) -> Select[Any]:
    """How many results there are, counted to just past the cap."""
    return select(func.count()).select_from(places_statement(conditions, walked).limit(TOTAL_CAP + 1).subquery())


_AT = select(*ENTRY_COLUMNS, entries.c.shown).where(entries.c.shown.in_(bindparam("places", expanding=True)))


def _at(connection: Connection, places: Sequence[int]) -> tuple[Entry, ...]:
    found: dict[int, Entry] = {}
    for some in chunked(places):
        found.update((row.shown, to_entry(row)) for row in connection.execute(_AT, {"places": some}))
    return tuple(found[place] for place in places)


def _all(connection: Connection, criteria: Criteria) -> Sequence[Entry]:
    conditions = resolve(connection, criteria, None)
    if conditions is None:
        return ()
    statement = places_statement(conditions, None)
    return _at(connection, sorted(connection.scalars(statement)))


def _latest_day(connection: Connection, criteria: Criteria) -> date | None:
    conditions = resolve(connection, criteria, None)
    if conditions is None:
        return None
    walked, _ = conditions.rarest(connection)
    place = connection.scalar(keys_statement(conditions, walked, Sort.NEW, None, 1, rare=True))
    return None if place is None else day_of(place)


def _matching(connection: Connection, criteria: Criteria, entry_ids: Sequence[str]) -> set[str]:
    conditions = resolve(connection, criteria, None)
    if conditions is None:
        return set()
    matching: set[str] = set()
    for some in chunked(entry_ids):
        statement = select(entries.c.id).where(entries.c.id.in_(some), *conditions.on(entries.c.shown))
        matching.update(connection.scalars(statement))
    return matching
