"""Tags, names and days of what a query finds, to complete it with: only what would find something together with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from sqlalchemy import Connection

from bot.core.entries import TagCount, tag_key
from bot.core.ports import Facet
from bot.core.query import Criteria
from storage.chunks import chunked
from storage.codec import texts_of_list
from storage.conditions import resolve
from storage.places import day_of
from storage.raw import marks, rows_of
from storage.search import places_of
from storage.verifying import verified
from storage.words import name_words

_LOOKED_AT = 200
"""So many of the newest results are counted."""


def narrowed(connection: Connection, criteria: Criteria, facet: Facet, prefix: str, limit: int) -> Sequence[TagCount]:
    """What the newest results have that begins so, the most frequent first; days the newest first."""
    conditions = resolve(connection, criteria, None).conditions
    if conditions is None:
        return ()
    places = places_of(connection, conditions, _LOOKED_AT)
    shown = sorted(verified(connection, places, conditions.asked.checks), reverse=True)
    if facet is Facet.DAYS:
        return _days(shown, prefix)[:limit]
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    begins = _beginning(prefix, facet)
    for name, count in _written(connection, shown, facet).items():
        key = _key(name, facet)
        if begins(key):
            counts[key] += count
            names.setdefault(key, name)
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return [TagCount(names[key], counts[key]) for key in ordered[:limit]]


def _days(places: Sequence[int], prefix: str) -> list[TagCount]:
    counts = Counter(filter(None, map(day_of, places)))
    return [TagCount(text, counts[day]) for day in counts if (text := day.isoformat()).startswith(prefix)]


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
    return lambda key: bool(key) and key.startswith(begun)
