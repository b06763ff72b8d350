"""The order of relevance: titles first.

Of what matches, the newest few with all words in the title, and the newest few with any, are put in order by how well
their titles fit; everything else follows, the newest first. To count every occurrence of every word, as bm25 does,
takes seconds in a large archive and finds a known paper less often.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from sqlalchemy import Connection

from storage.asking import Group
from storage.chunks import chunked
from storage.conditions import Conditions
from storage.cursors import Key
from storage.raw import among, rows_of
from storage.tokens import TITLE, tokens_of_compounds
from storage.words import compounds

_BEST = 30
"""So many of either kind are put in order."""


class Relevance:
    """Goes through what meets conditions with words in them."""

    def __init__(self, connection: Connection, conditions: Conditions) -> None:
        self._connection = connection
        self._conditions = conditions

    def keys(self, edge: Key | None, backward: bool, limit: int) -> list[Key]:
        """Scores and places, see `storage.search.Keys`. What is not among the best has the score 0."""
        if backward:
            return self._before(edge, limit)
        found: list[Key] = [key for key in self._best if edge is None or key < edge][:limit]
        if len(found) < limit:
            below = edge[1] - 1 if edge and edge[0] == 0 else None
            found += self._others(None, below, limit - len(found), rising=False)
        return found

    def _before(self, edge: Key | None, limit: int) -> list[Key]:
        found: list[Key] = []
        if edge and edge[0] == 0:
            found += self._others(edge[1] + 1, None, limit, rising=True)
        better: list[Key] = [key for key in reversed(self._best) if edge is None or key > edge]
        return (found + better)[:limit]

    def _others(self, low: int | None, high: int | None, limit: int, *, rising: bool) -> list[Key]:
        best = {key[-1] for key in self._best}
        places = self._places(self._conditions.asked.wanted, low, high, limit + len(best), rising=rising)
        others: list[Key] = [(0, place) for place in places if place not in best]
        return others[:limit]

    def _places(
        self, wanted: Sequence[Group], low: int | None, high: int | None, limit: int, *, rising: bool = False
    ) -> Sequence[int]:
        from storage.search import places_of  # noqa: PLC0415 - each goes through results with the other's help

        conditions = self._conditions.asking_for(wanted)
        if low is not None or high is not None:
            conditions = conditions.within(low or 0, conditions.high if high is None else high)
        if conditions.low > conditions.high:
            return ()
        return places_of(self._connection, conditions, limit, rising=rising)

    @cached_property
    def _best(self) -> list[Key]:
        asked = self._conditions.asked
        in_title = [group.marked(TITLE) for group in asked.words]
        places: set[int] = set()
        if len(in_title) > 1:
            any_in_title = Group(tuple(one for group in in_title for one in group.alternatives))
            places.update(self._places([*asked.wanted, any_in_title], None, None, _BEST))
        if len(in_title) == 1 or len(places) == _BEST:  # else those with all in the title are among these
            places.update(self._places([*asked.besides, *in_title], None, None, _BEST))
        scores = self._scores(places)
        best: list[Key] = [(scores[place], place) for place in places]
        return sorted(best, reverse=True)

    def _scores(self, places: Iterable[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for some in chunked(places):
            meant, asked = among(self._connection, some)
            sql = f"SELECT shown, title FROM entries WHERE shown {meant}"  # noqa: S608
            found.update((place, self._score(title)) for place, title in rows_of(self._connection, sql, asked))
        return found

    def _score(self, title: str) -> int:
        """How well a title fits: how many of the words it has, whether as they were typed, and how few others."""
        words = compounds(title)
        tokens_there = tokens_of_compounds(words)
        there = sum(any(map(tokens_there.issuperset, group.alternatives)) for group in self._conditions.asked.words)
        texts = [f" {' '.join(words)} "]
        if "-" in texts[0]:
            words = texts[0].replace("-", " ").split()
            texts = [f" {' '.join(words)} ", texts[0].replace("-", "")]
        as_typed = sum(any(way in text for way in ways for text in texts) for ways in self._typed)
        together = any(self._together in text for text in texts)
        begins = any(text.startswith(self._first) for text in texts)
        brevity = 3 - min(3, len(words) // 4)
        return 1 + 200 * there + 10 * as_typed + 40 * together + 5 * begins + 10 * brevity

    @cached_property
    def _typed(self) -> Sequence[Sequence[str]]:
        """What was typed, run by run, each in all ways to write it."""
        return [[" ".join(words) for words in run.ways] for run in self._conditions.asked.shown]

    @cached_property
    def _together(self) -> str:
        """All that was typed, as a title would have it."""
        return f" {' '.join(ways[0] for ways in self._typed)}"

    @cached_property
    def _first(self) -> str:
        """What a title would begin with."""
        return f" {self._conditions.asked.shown[0].words[0]}"
