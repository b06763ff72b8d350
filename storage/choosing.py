"""Many criteria put to the same few entries: decided on the entries' own tokens, without asking the index for each.

The tokens of an entry are all that the index knows of it, and what criteria ask of the index is known as tokens too
(`storage.asking`): so whoever has both at hand needs the database for the entries, the tags and the words only, once
for all criteria. Standing orders ask so, of which very many are about one digest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from bot.core.query import AnyOf, Criteria, DateSpan
from storage.asking import Asked, Asking, Group
from storage.chunks import chunked
from storage.codec import ENTRY_FIELDS, entry_of
from storage.conditions import tags_with_tokens, with_tags
from storage.found import public_rows
from storage.places import bounds, first_place, last_place
from storage.raw import marks
from storage.tokens import tokens_of
from storage.verifying import TEXT_COLUMNS, Texts, passing
from storage.vocabulary import ArchiveWords

_TEXTS = tuple(ENTRY_FIELDS.index(name) for name in TEXT_COLUMNS)
_ANY_DAY = DateSpan(None, None)


def digest_for_each(connection: Connection, wanted: Sequence[AnyOf], day: date) -> Sequence[Sequence[str]]:
    """See `bot.core.ports.Search.digest_for_each`."""
    of_any_day = [tuple(replace(one, span=_ANY_DAY) for one in criteria) for criteria in wanted]
    rows = public_rows(connection, "e.shown BETWEEN ? AND ?", (first_place(day), last_place(day)))
    return _chosen(connection, of_any_day, rows)


def matching_for_each(
    connection: Connection, wanted: Sequence[AnyOf], entry_ids: Sequence[str]
) -> Sequence[Collection[str]]:
    """See `bot.core.ports.Search.matching_for_each`."""
    rows = [row for some in chunked(entry_ids) for row in public_rows(connection, f"e.id IN ({marks(some)})", some)]
    return [set(some) for some in _chosen(connection, wanted, rows)]


def _chosen(connection: Connection, wanted: Sequence[AnyOf], rows: Iterable[Sequence[Any]]) -> list[list[str]]:
    """For each of the wanted the ids of those entries that it wants, in the order of the rows."""
    found: list[list[str]] = [[] for _ in wanted]
    conditions = _conditions(connection, {one for criteria in wanted for one in criteria})
    for row in rows:
        one = _OneEntry(row)
        met_by = {criteria: of.met_by(one) for criteria, of in conditions.items()}
        for ids, criteria in zip(found, wanted, strict=True):
            if any(met_by.get(each, False) for each in criteria):
                ids.append(one.id)
    return found


class _OneEntry:
    """An entry as conditions look at it."""

    def __init__(self, row: Sequence[Any]) -> None:
        self._row = row
        entry = entry_of(row)
        self.id, self.place = entry.id, row[-1]
        self.names = {entry.id, entry.arxiv_id}
        self._tokens = frozenset(tokens_of(entry).indexed)

    def has_one_of(self, group: Group) -> bool:
        """Whether it has all tokens of one of the alternatives."""
        return any(self._tokens.issuperset(tokens) for tokens in group.alternatives)

    @cached_property
    def texts(self) -> Texts:
        """What checks look into."""
        return Texts.read([self.place, *(self._row[at] for at in _TEXTS)])


@dataclass(frozen=True, slots=True)
class _Conditions:
    """What one of the criteria asks of an entry."""

    asked: Asked
    references: tuple[str, ...]
    low: int
    high: int

    def met_by(self, entry: _OneEntry) -> bool:
        return (
            self.low <= entry.place <= self.high
            and all(reference in entry.names for reference in self.references)
            and all(map(entry.has_one_of, self.asked.wanted))
            and not any(map(entry.has_one_of, self.asked.unwanted))
            and all(passing(check)(entry.texts) for check in self.asked.checks)
        )


def _conditions(connection: Connection, every: Collection[Criteria]) -> Mapping[Criteria, _Conditions]:
    """What each of the criteria asks; those that nothing can meet are left out."""
    names = {name for one in every for group in (*one.tags, one.tags_not) for name in group}
    tags, tokens = tags_with_tokens(connection, names)
    words = ArchiveWords(connection)
    words.expect(_words_of(every))
    asking = Asking(words, widely=True)
    found: dict[Criteria, _Conditions] = {}
    for criteria in every:
        asked = _asked(asking, criteria)
        groups = [[tags[name] for name in group if tags[name].id] for group in criteria.tags]
        if asked is None or not all(groups) or criteria.saved:  # a standing order has nobody who could have saved it
            continue
        against = [tags[name] for name in criteria.tags_not if tags[name].id]
        asked = with_tags(asked, groups, against, tokens)
        found[criteria] = _Conditions(asked, criteria.ids, *bounds(criteria.span))
    return found


def _asked(asking: Asking, criteria: Criteria) -> Asked | None:
    return asking.asked(criteria.texts, criteria.titles, criteria.authors, criteria.authors_not)


def _words_of(every: Iterable[Criteria]) -> set[str]:
    """The tokens that the archive will be asked for."""
    noted = _NotedWords()
    asking = Asking(noted, widely=True)
    for criteria in every:
        _asked(asking, criteria)
    return noted.terms


class _NotedWords:
    """A vocabulary that has every word, and notes which ones it is asked for."""

    def __init__(self) -> None:
        self.terms: set[str] = set()

    def expect(self, terms: Iterable[str]) -> None:
        pass

    def uses(self, terms: Collection[str]) -> Mapping[str, int]:
        self.terms.update(terms)
        return dict.fromkeys(terms, 1)

    def span(self) -> tuple[int, int]:
        return 0, 0

    def begun(self, beginning: str, most: int) -> Sequence[str]:  # noqa: ARG002 - as the protocol has it
        return ()

    def is_followed(self, word: str, endings: Sequence[str]) -> bool:  # noqa: ARG002
        return False
