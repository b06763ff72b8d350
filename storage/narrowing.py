"""Tags, names and days of what a query finds, to complete it with: only what would find something together with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from bot.core.entries import TagCount, tag_key
from bot.core.ports import Facet
from bot.core.query import Criteria
from storage.chunks import chunked
from storage.conditions import resolve
from storage.found import texts_of_list
from storage.raw import marks, rows_of
from storage.search import places_of
from storage.verifying import verified
from storage.words import name_words

_LOOKED_AT = 300
"""So many of the newest results are counted."""


def narrowed(connection: Connection, criteria: Criteria, facet: Facet, prefix: str, limit: int) -> Sequence[TagCount]:
    """What the newest results have that begins so, the most frequent first; days the newest first."""
    conditions = resolve(connection, criteria, None).conditions
    if conditions is None:
        return ()
    places = places_of(connection, conditions, _LOOKED_AT)
    shown = sorted(verified(connection, places, conditions.asked.checks), reverse=True)
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for row in _rows(connection, shown):
        for key, name in dict(_values(row, facet)).items():
            if _begins(key, prefix, facet):
                counts[key] += 1
                names.setdefault(key, name)
    ordered = (
        sorted(counts, reverse=True) if facet is Facet.DAYS else sorted(counts, key=lambda key: (-counts[key], key))
    )
    return [TagCount(names[key], counts[key]) for key in ordered[:limit]]


def _rows(connection: Connection, places: Iterable[int]) -> Iterator[Sequence[Any]]:
    for some in chunked(places):
        sql = f"SELECT tags, authors, organisation, digest_date FROM entries WHERE shown IN ({marks(some)})"  # noqa: S608
        yield from rows_of(connection, sql, some)


def _values(row: Sequence[Any], facet: Facet) -> Iterator[tuple[str, str]]:
    tags, authors, organisation, day = row
    if facet is Facet.TAGS:
        yield from ((tag_key(name), name) for name in texts_of_list(tags))
    elif facet is Facet.AUTHORS:
        on_it = (*texts_of_list(authors), *([organisation] if organisation else []))
        yield from ((" ".join(name_words(name)), name) for name in on_it)
    else:
        yield day, day


def _begins(key: str, prefix: str, facet: Facet) -> bool:
    if facet is Facet.AUTHORS:
        return all(any(word.startswith(part) for word in key.split()) for part in name_words(prefix))
    return bool(key) and key.startswith(tag_key(prefix) if facet is Facet.TAGS else prefix)
