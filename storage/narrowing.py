"""Tags, names and days of what a query finds, to complete it with: only what would find something together with it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection

from bot.core.entries import TagCount, tag_key
from bot.core.ports import Facet
from bot.core.query import Criteria, DateSpan
from storage.chunks import chunked
from storage.codec import texts_of_list
from storage.conditions import resolve
from storage.places import bounds, day_of
from storage.raw import marks, rows_of
from storage.search import places_of
from storage.tags import list_tags, may_stand_within
from storage.verifying import verified
from storage.words import name_words

_LOOKED_AT = 200
"""So many of the newest results are counted."""
_LOOKED_INTO = 30
"""So many for each tag, where they have to be looked into."""
_DAY_BEGUN = re.compile(r"([0-9]{0,4})-?([0-9]{0,2})-?([0-9]{0,2})")


def narrowed(connection: Connection, criteria: Criteria, facet: Facet, prefix: str, limit: int) -> Sequence[TagCount]:
    """What the newest results have that begins so, the most frequent first; days the newest first.

    Where there are further results, counts are `at_least` so many. Tags of which a part has been typed are then counted
    each by itself, since the newest results need not have them.
    """
    conditions = resolve(connection, criteria, None).conditions
    if conditions is None:
        return ()
    if facet is Facet.DAYS:
        conditions = conditions.within(*_places_begun(prefix))
        if conditions.low > conditions.high:
            return ()
    places = places_of(connection, conditions, _LOOKED_AT + 1)
    is_all, places = len(places) <= _LOOKED_AT, places[:_LOOKED_AT]
    if facet is Facet.TAGS and prefix and not is_all:
        return _counted_each(connection, criteria, prefix, limit)
    shown = sorted(verified(connection, places, conditions.asked.checks), reverse=True)
    if facet is Facet.DAYS:
        return _days(shown, prefix, is_all=is_all)[:limit]
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    begins = _beginning(prefix, facet)
    begun = tag_key(prefix) if facet is Facet.TAGS else ""
    for name, count in _written(connection, shown, facet).items():
        key = _key(name, facet)
        if begins(key):
            counts[key] += count
            names.setdefault(key, name)
    ordered = sorted(counts, key=lambda key: (not key.startswith(begun), -counts[key], key))
    return [TagCount(names[key], counts[key], at_least=not is_all) for key in ordered[:limit]]


def _counted_each(connection: Connection, criteria: Criteria, prefix: str, limit: int) -> Sequence[TagCount]:
    """The most used tags that begin so, each with how many results have it as well."""
    found: list[TagCount] = []
    for tag in list_tags(connection, prefix, limit, criteria.span.last):
        both = resolve(connection, replace(criteria, tags=(*criteria.tags, (tag.name,))), None).conditions
        if both is None:
            continue
        most = _LOOKED_INTO if both.asked.checks else _LOOKED_AT
        places = places_of(connection, both, most + 1)
        shown = verified(connection, places[:most], both.asked.checks)
        if shown:
            found.append(TagCount(tag.name, len(shown), at_least=len(places) > most))
    begun = tag_key(prefix)
    return sorted(found, key=lambda one: (not tag_key(one.name).startswith(begun), -one.count, one.name))


def _places_begun(prefix: str) -> tuple[int, int]:
    """The places of all days that begin so; of all days, where none does."""
    begun = _DAY_BEGUN.match(prefix)
    year, month, day = begun.groups() if begun else ("", "", "")
    try:
        first = date(_number(year, 4, "0"), _number(month, 2, "0"), _number(day, 2, "0"))
        last = date(_number(year, 4, "9"), min(12, _number(month, 2, "9")), 1)
        in_month = monthrange(last.year, last.month)[1]
        last = last.replace(day=min(in_month, _number(day, 2, "9")))
    except ValueError:
        return bounds(DateSpan(None, None))
    return bounds(DateSpan(first, last))


def _number(digits: str, length: int, others: str) -> int:
    """The number that begins with these digits and goes on with others; none is nought."""
    return max(1, int(digits.ljust(length, others)))


def _days(places: Sequence[int], prefix: str, *, is_all: bool) -> list[TagCount]:
    """How many of these places are of each day; of the last there may be more."""
    counts = Counter(filter(None, map(day_of, places)))
    oldest = min(counts, default=None)
    return [
        TagCount(text, counts[day], at_least=not is_all and day == oldest)
        for day in counts
        if (text := day.isoformat()).startswith(prefix)
    ]


def _written(connection: Connection, places: Sequence[int], facet: Facet) -> Counter[str]:
    """The tags or names as they are written on these entries, the newest first, and on how many."""
    counts: Counter[str] = Counter()
    columns = "tags, NULL" if facet is Facet.TAGS else "authors, organisation"
    for some in chunked(places):
        sql = f"SELECT {columns} FROM entries WHERE shown IN ({marks(some)}) ORDER BY shown DESC"  # noqa: S608
        for listed, organisation in rows_of(connection, sql, some):
            counts.update(dict.fromkeys([*texts_of_list(listed), *([organisation] if organisation else [])], 1))
    return counts


@lru_cache(maxsize=20_000)
def _key(name: str, facet: Facet) -> str:
    return " ".join(name_words(name)) if facet is Facet.AUTHORS else tag_key(name)


def _beginning(prefix: str, facet: Facet) -> Callable[[str], bool]:
    """Whether the key of a tag begins so, or words of a name do."""
    if facet is Facet.AUTHORS:
        parts = name_words(prefix)
        return lambda key: all(any(word.startswith(part) for word in key.split()) for part in parts)
    begun = tag_key(prefix)
    if may_stand_within(begun):
        return lambda key: begun in key
    return lambda key: bool(key) and key.startswith(begun)
