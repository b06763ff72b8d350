"""Lookups: pages of results, digests, and whether given entries meet criteria."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from bot.core.entries import Entry, TagCount
from bot.core.hits import Hit
from bot.core.people import Person
from bot.core.ports import Facet, SearchPage
from bot.core.query import AnyOf, Criteria, DateSpan, Sort
from storage.choosing import digest_for_each, matching_for_each
from storage.chunks import chunked
from storage.conditions import RARE, Conditions, Walk, resolve
from storage.cursors import Cursor, Key, read_cursor, write_cursor
from storage.database import Database
from storage.found import entries_at, hits_at
from storage.likeness import like
from storage.places import LAST, day_of
from storage.raw import marks, rows_of
from storage.relevance import Relevance
from storage.spelling import corrections
from storage.verifying import verified

TOTAL_CAP = 1_000
"""Results are counted up to here; more are "about" so many."""
MOST_LOOKED_INTO = 100
"""Where entries have to be looked into, so many are in one read; what lies behind them is on the next page."""
_SAMPLES, _SAMPLE = 4, 10
"""Of more, so many together are looked into, in so many parts, to say about how many results there are."""
_MOST_READS = 10
"""After so many reads a page is handed out that has nothing on it."""

_PASSED = 5_000
"""So many entries are looked at in the order of a score before all results are put in order instead."""
_SCORES = {Sort.POPULAR: "popularity", Sort.DISCUSSED: "replies"}


class EntrySearch:
    """`bot.core.ports.Search` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, criteria: Criteria, *, asker: Person | None, limit: int, cursor: str | None = None
    ) -> SearchPage:
        """See the port."""
        page = first = await self._page(criteria, asker, limit, cursor)
        backward = cursor is not None and read_cursor(cursor, criteria.sort).backward
        for _ in range(_MOST_READS - 1):
            further = page.previous_cursor if backward else page.next_cursor
            if page.hits or further is None:
                break
            page = await self._page(criteria, asker, limit, further)
            if backward and page.previous_cursor is None:  # the beginning: this is a first page, to be read on from
                backward, first = False, page
        if backward:
            return replace(page, next_cursor=first.next_cursor)
        return replace(page, previous_cursor=first.previous_cursor)

    async def _page(self, criteria: Criteria, asker: Person | None, limit: int, cursor: str | None) -> SearchPage:
        start = read_cursor(cursor, criteria.sort) if cursor is not None else None
        return await self._database.read(page_of, criteria, asker, limit, start)

    async def like(self, entry: Entry, *, asker: Person | None, until: date | None, limit: int) -> Sequence[Hit]:
        """See the port."""
        return await self._database.read(like, entry, asker, until, limit)

    async def narrowed(self, criteria: Criteria, facet: Facet, prefix: str, *, limit: int) -> Sequence[TagCount]:
        """See the port."""
        from storage.narrowing import narrowed  # noqa: PLC0415 - it looks things up by way of this

        return await self._database.read(narrowed, criteria, facet, prefix, limit)

    async def nearest_words(
        self, words: Collection[str], *, until: date | None = None
    ) -> Mapping[str, Sequence[TagCount]]:
        """See the port."""
        return await self._database.read(corrections, list(words), until)

    async def nearest_names(
        self, words: Collection[str], *, until: date | None = None
    ) -> Mapping[str, Sequence[TagCount]]:
        """See the port."""
        return await self._database.read(corrections, list(words), until, of_names=True)

    async def finding(self, each: Sequence[Criteria], *, asker: Person | None) -> Sequence[bool]:
        """See the port."""
        return await self._database.read(_finding, each, asker)

    async def digest(self, criteria: Criteria, day: date) -> Sequence[Entry]:
        """See the port."""
        return await self._database.read(_all, replace(criteria, span=DateSpan(day, day), sort=Sort.OLD))

    async def latest_day(self, criteria: Criteria) -> date | None:
        """See the port."""
        return await self._database.read(_latest_day, replace(criteria, sort=Sort.NEW))

    async def matching(self, criteria: Criteria, entry_ids: Collection[str]) -> Collection[str]:
        """See the port."""
        return await self._database.read(_matching, criteria, list(entry_ids))

    async def digest_for_each(self, wanted: Sequence[AnyOf], day: date) -> Sequence[Sequence[str]]:
        """See the port."""
        return await self._database.read(digest_for_each, wanted, day)

    async def matching_for_each(self, wanted: Sequence[AnyOf], entry_ids: Collection[str]) -> Sequence[Collection[str]]:
        """See the port."""
        return await self._database.read(matching_for_each, wanted, sorted(entry_ids))


def page_of(
    connection: Connection, criteria: Criteria, asker: Person | None, limit: int, start: Cursor | None
) -> SearchPage:
    """One page of what meets the criteria."""
    conditions, unknown = resolve(connection, criteria, asker)
    if conditions is None:
        return SearchPage((), None, None, 0, False, unknown)
    backward = start is not None and start.backward
    found = collect(connection, conditions, keys_in(connection, conditions, criteria.sort), start, limit + 1)
    keys = found.keys
    if backward and not keys and found.stopped is None:  # what was before is gone
        return page_of(connection, criteria, asker, limit, None)
    more = len(keys) > limit
    keys = keys[:limit]
    if backward:
        keys.reverse()
    ends = _Ends(start, more=more, stopped=None if more else found.stopped)
    is_all = not (more or start or found.stopped)
    total, is_about = _total(connection, conditions, len(keys), is_all=is_all) if keys else (0, bool(ends.stopped))
    hits = hits_at(connection, [key[-1] for key in keys], asker, conditions.asked.shown)
    return SearchPage(hits, *ends.cursors(keys, criteria.sort), total, is_about, unknown, conditions.asked.read_on)


class _Ends(NamedTuple):
    """What lies on either side of a page."""

    start: Cursor | None
    more: bool
    stopped: Key | None

    def cursors(self, keys: Sequence[Key], sort: Sort) -> tuple[str | None, str | None]:
        """The cursors of the next page and of the one before."""
        backward = self.start is not None and self.start.backward
        first, last = (keys[0], keys[-1]) if keys else self._around_start(sort)
        if self.stopped:
            first, last = (self.stopped, last) if backward else (first or self.stopped, self.stopped)
        goes_on = backward or (self.more and bool(keys)) or self.stopped is not None
        goes_back = (self.more or self.stopped is not None) if backward else self.start is not None
        return (
            write_cursor(Cursor(last, backward=False), sort) if goes_on else None,
            write_cursor(Cursor(first, backward=True), sort) if goes_back else None,
        )

    def _around_start(self, sort: Sort) -> tuple[Key, Key]:
        """Where a page begins and ends that has nothing on it: one further, since its start may be a result."""
        if self.start is None:
            return (), ()
        *score, place = self.start.key
        step = 1 if (sort is Sort.OLD) is not self.start.backward else -1
        key = (*score, max(0, place + step))
        return key, key


def _total(connection: Connection, conditions: Conditions, shown: int, *, is_all: bool) -> tuple[int, bool]:
    """How many results there are, and whether that is only about so many."""
    if is_all:
        return shown, False
    kept = conditions.kept_count()
    if kept is not None:
        later = conditions.later()
        total = kept - (len(places_of(connection, later, TOTAL_CAP + 1)) if later else 0)
        return min(total, TOTAL_CAP), total > TOTAL_CAP
    places = places_of(connection, conditions, TOTAL_CAP + 1)
    if not conditions.asked.checks:
        return min(len(places), TOTAL_CAP), len(places) > TOTAL_CAP
    is_few = len(places) <= MOST_LOOKED_INTO
    some = places if is_few else _here_and_there(places)
    passing = len(verified(connection, some, conditions.asked.checks))
    if is_few:
        return passing, False
    return min(max(shown, len(places) * passing // len(some)), TOTAL_CAP), True  # as many again pass of so many


def _here_and_there(places: Sequence[int]) -> list[int]:
    starts = [part * len(places) // _SAMPLES for part in range(_SAMPLES)]
    return [place for start in starts for place in places[start : start + _SAMPLE]]


# --- the keys of results, in order -----------------------------------------------------------------------------------


class _Found(NamedTuple):
    """Keys of results; `stopped` at the last key that was looked at, when that was enough for one page."""

    keys: list[Key]
    stopped: Key | None


Keys = Callable[[Key | None, bool, int], list[Key]]
"""The keys of what may be results, behind a key in the order of the sort, or before it in the opposite order."""


def keys_in(connection: Connection, conditions: Conditions, sort: Sort) -> Keys:
    """How to go through everything that meets the conditions, but for the checks, in the order of a sort."""
    if sort is Sort.RELEVANCE and conditions.asked.words:
        return Relevance(connection, conditions).keys
    if sort in _SCORES:
        return lambda edge, backward, limit: _scored(connection, conditions, _SCORES[sort], (edge, backward, limit))
    if sort is Sort.RELEVANCE:
        return lambda edge, backward, limit: [
            (0, *key) for key in _placed(connection, conditions, edge and edge[1:], backward, limit)
        ]
    order = {"oldest": sort is Sort.OLD, "with_texts": bool(conditions.asked.checks)}
    return lambda edge, backward, limit: _placed(connection, conditions, edge, backward, limit, **order)


def _placed(
    connection: Connection,
    conditions: Conditions,
    edge: Key | None,
    backward: bool,
    limit: int,
    *,
    oldest: bool = False,
    with_texts: bool = False,
) -> list[Key]:
    rising = oldest is not backward
    if edge:
        low, high = (edge[0] + 1, LAST) if rising else (0, edge[0] - 1)
        conditions = conditions.within(low, high)
    if conditions.low > conditions.high:
        return []
    places = places_of(connection, conditions, limit, rising=rising, with_texts=with_texts)
    return [(place,) for place in places]


def places_of(
    connection: Connection, conditions: Conditions, limit: int, *, rising: bool = False, with_texts: bool = False
) -> Sequence[int]:
    """The newest, or oldest, places that meet the conditions, but for the checks; `with_texts` as in `newest`."""
    if conditions.walks_index:
        asked, bounds = conditions.asked, (conditions.low, conditions.high)
        return conditions.postings.newest(
            connection, asked.wanted, asked.unwanted, bounds, limit, oldest=rising, with_texts=with_texts
        )
    walk = conditions.walk()
    order = f"ORDER BY {walk.place} {'ASC' if rising else 'DESC'} LIMIT ?"
    return [place for (place,) in rows_of(connection, walk.select(walk.place, order), [*walk.parameters, limit])]


def _scored(
    connection: Connection, conditions: Conditions, column: str, asked: tuple[Key | None, bool, int]
) -> list[Key]:
    """Along the index of the score, or, where there are few results, by putting all of them in order."""
    most, limit = conditions.most(), asked[2]
    if most <= RARE:
        return _in_order(connection, conditions.walk(), column, asked)
    if conditions.match is None or not conditions.postings.probes:
        return _in_order(connection, conditions.along(), column, asked)
    found = _in_order(connection, conditions.along(), column, asked, passing=_PASSED)
    return found if len(found) == limit else _in_order(connection, conditions.walk(), column, asked)


def _in_order(
    connection: Connection,
    walk: Walk,
    column: str,
    asked: tuple[Key | None, bool, int],
    passing: int | None = None,
) -> list[Key]:
    """Scores and places of a walk; with `passing` only those among so many entries in the order of the score."""
    edge, backward, limit = asked
    score, way = f"e.{column}", "ASC" if backward else "DESC"
    if not walk.table.endswith("e") and "entries e" not in walk.table:
        joined = f"{walk.table} JOIN entries e ON e.shown = {walk.place}"
        walk = Walk(joined, "e.shown", walk.where, walk.parameters)
    order = f"ORDER BY {score} {way}, e.shown {way} LIMIT ?"
    behind, at = (f"({score}, e.shown) {'>' if backward else '<'} (?, ?)", [*edge]) if edge else ("e.shown > 0", [])
    if passing:
        passed = Walk("entries e", "e.shown", [behind], at).select(f"e.shown, {score}", order)
        walk = Walk(f"({passed}) AS e", "e.shown", walk.where, [*at, passing, *walk.parameters])
    elif edge:
        walk = Walk(walk.table, walk.place, [*walk.where, behind], [*walk.parameters, *at])
    statement = walk.select(f"{score}, e.shown", order)
    return [tuple(row) for row in rows_of(connection, statement, [*walk.parameters, limit])]


def collect(connection: Connection, conditions: Conditions, keys: Keys, start: Cursor | None, limit: int) -> _Found:
    """Keys of results, each looked into where its tokens do not say it for sure."""
    edge, backward = (start.key, start.backward) if start else (None, False)
    checks = conditions.asked.checks
    if not checks:
        return _Found(keys(edge, backward, limit), None)
    kept: list[Key] = []
    waiting: list[Key] = []
    size, is_end, looked_into = limit + 1, False, 0
    most = size  # mostly the first are enough
    while looked_into < MOST_LOOKED_INTO:
        if len(waiting) < size and not is_end:
            further = keys(waiting[-1] if waiting else edge, backward, most + 1)  # one more tells whether it is the end
            waiting, is_end = waiting + further, len(further) <= most
            most = max(0, MOST_LOOKED_INTO - looked_into - len(waiting))  # the walk is begun anew once: that takes long
        some, waiting = waiting[:size], waiting[size:]
        passing = verified(connection, [key[-1] for key in some], checks, conditions.postings.brought)
        kept += [key for key in some if key[-1] in passing]
        if len(kept) >= limit or (is_end and not waiting):
            return _Found(kept[:limit], None)
        edge, looked_into = some[-1], looked_into + len(some)
        likely = looked_into * (limit - len(kept)) // max(1, len(kept))  # as many again pass of so many
        size = min(max(likely, size), MOST_LOOKED_INTO - looked_into)
    return _Found(kept, edge)


def _finding(connection: Connection, each: Sequence[Criteria], asker: Person | None) -> Sequence[bool]:
    return [_finds(connection, criteria, asker) for criteria in each]


def _finds(connection: Connection, criteria: Criteria, asker: Person | None) -> bool:
    conditions = resolve(connection, criteria, asker).conditions
    if conditions is None:
        return False
    return bool(collect(connection, conditions, keys_in(connection, conditions, Sort.NEW), None, 1).keys)


# --- digests --------------------------------------------------------------------------------------------------------


def _verified_places(connection: Connection, conditions: Conditions) -> list[int]:
    walk = conditions.walk()
    places = [place for (place,) in rows_of(connection, walk.select(walk.place), walk.parameters)]
    return sorted(verified(connection, places, conditions.asked.checks))


def _all(connection: Connection, criteria: Criteria) -> Sequence[Entry]:
    conditions = resolve(connection, criteria, None, widely=True).conditions
    return () if conditions is None else entries_at(connection, _verified_places(connection, conditions))


def _latest_day(connection: Connection, criteria: Criteria) -> date | None:
    conditions = resolve(connection, criteria, None, widely=True).conditions
    if conditions is None:
        return None
    edge: Key | None = None
    while places := _placed(connection, conditions, edge, False, 50 if conditions.asked.checks else 1):
        passing = verified(connection, [place for (place,) in places], conditions.asked.checks)
        if passing:
            return day_of(max(passing))
        edge = places[-1]
    return None


def _matching(connection: Connection, criteria: Criteria, entry_ids: Sequence[str]) -> set[str]:
    conditions = resolve(connection, criteria, None, widely=True).conditions
    matching: set[str] = set()
    if conditions is None:
        return matching
    for some in chunked(entry_ids):
        matching.update(_matching_of(connection, conditions, some))
    return matching


def _matching_of(connection: Connection, conditions: Conditions, entry_ids: Sequence[str]) -> Iterable[str]:
    sql = f"SELECT shown, id FROM entries WHERE id IN ({marks(entry_ids)}) AND shown IS NOT NULL"  # noqa: S608
    ids: dict[int, str] = dict(map(tuple, rows_of(connection, sql, entry_ids)))
    meant = set(ids) if conditions.places is None else set(ids) & set(conditions.places)
    among = replace(conditions, places=tuple(sorted(meant)))
    return [ids[place] for place in _verified_places(connection, among)] if meant else []
