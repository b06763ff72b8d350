"""Criteria as SQL: conditions on a place, and the narrowest index to walk along.

Every condition is put to a place (see `storage.places`), whichever table it comes from: `shown` of an entry, or a
row of a lookup table. So the plan is chosen here and not left to the database, which knows nothing of frequencies:
the walk goes along the rarest tag, author or saved list asked for, else along all public entries, and everything else
is looked up place by place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from bot.core.entries import tag_key
from bot.core.people import Person
from bot.core.query import Criteria
from storage.dialects import position
from storage.names import spellings_of
from storage.people import where_person
from storage.places import bounds
from storage.tables import entries, entry_name_words, entry_tags, entry_texts, saves, tags
from storage.tags import tag_ids
from storage.words import name_words, needles

Place = ColumnElement[int]
RARE = 2_000
"""A walk of at most so many places may be sorted afterwards; a longer one goes along the index of the sort."""

_SHOWN = entries.c.shown.label("place")


class Walk(NamedTuple):
    """A select of places, and the column they come from, for conditions on it."""

    place: Place
    select: Select[Any]


EVERYWHERE = Walk(entries.c.shown, select(_SHOWN))
"""Along all public entries."""


@dataclass(frozen=True, slots=True)
class Carries:
    """Has any of these tags."""

    ids: tuple[int, ...]

    def holds(self, place: Place) -> ColumnElement[bool]:
        """The condition on a place."""
        other = entry_tags.alias()
        return select(other.c.tag_id).where(other.c.tag_id.in_(self.ids), other.c.place == place).exists()

    def walks(self) -> list[Walk]:
        """The places in order, as one walk for each tag."""
        place = entry_tags.c.place
        return [Walk(place, select(place).where(entry_tags.c.tag_id == tag_id)) for tag_id in self.ids]

    def size(self, connection: Connection) -> int:
        """About how many places there are."""
        return connection.scalar(select(func.sum(tags.c.uses)).where(tags.c.id.in_(self.ids))) or 0


@dataclass(frozen=True, slots=True)
class NamedAs:
    """Has a name with all these words; each stands for any of its spellings."""

    words: tuple[tuple[str, ...], ...]

    def holds(self, place: Place) -> ColumnElement[bool]:
        """The condition on a place."""
        first, *others = [entry_name_words.alias() for _ in self.words]
        statement = select(first.c.word).where(first.c.place == place, first.c.word.in_(self.words[0]))
        for other, words in zip(others, self.words[1:], strict=True):
            same_name = (other.c.place == first.c.place) & (other.c.position == first.c.position)
            statement = statement.where(select(other.c.word).where(same_name, other.c.word.in_(words)).exists())
        return statement.exists()

    def walks(self) -> list[Walk]:
        """The places of the first word, which is the rarest; whether the others are there is left to `holds`."""
        place, word = entry_name_words.c.place, entry_name_words.c.word
        walks = [Walk(place, select(place).where(word == one)) for one in self.words[0]]
        if len(walks) > 1:
            return walks  # their union names each place once
        return [Walk(place, walks[0].select.group_by(place))]  # two people of that name on one paper

    def size(self, connection: Connection) -> int:
        """About how many places there are, up to a bound."""
        return _bounded(connection, select(entry_name_words.c.place).where(entry_name_words.c.word.in_(self.words[0])))


@dataclass(frozen=True, slots=True)
class SavedBy:
    """Is saved by this person."""

    person: Person

    def holds(self, place: Place) -> ColumnElement[bool]:
        """The condition on a place."""
        entry, save = entries.alias(), saves.alias()
        joined = entry.join(save, save.c.entry_no == entry.c.no)
        found = select(entry.c.no).select_from(joined).where(entry.c.shown == place, where_person(save, self.person))
        return found.exists()

    def walks(self) -> list[Walk]:
        """The places, in no order."""
        joined = saves.join(entries, entries.c.no == saves.c.entry_no)
        statement = select(_SHOWN).select_from(joined).where(where_person(saves, self.person))
        return [Walk(entries.c.shown, statement)]

    def size(self, connection: Connection) -> int:
        """How many there are, up to a bound."""
        return _bounded(connection, select(saves.c.entry_no).where(where_person(saves, self.person)))


@dataclass(frozen=True, slots=True)
class IsAt:
    """Is one of these entries."""

    places: tuple[int, ...]

    def holds(self, place: Place) -> ColumnElement[bool]:
        """The condition on a place."""
        return place.in_(self.places)

    def walks(self) -> list[Walk]:
        """The places in order."""
        return [Walk(entries.c.shown, select(_SHOWN).where(entries.c.shown.in_(self.places)))]

    def size(self, connection: Connection) -> int:  # noqa: ARG002 - like the others
        """How many there are."""
        return len(self.places)


Term = Carries | NamedAs | SavedBy | IsAt


@dataclass(frozen=True, slots=True)
class Texts:
    """Holds one of these forms, in the title or anywhere."""

    forms: tuple[str, ...]
    title_only: bool
    negated: bool

    def in_column(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """The condition on a folded text."""
        return or_(*(position(column, form) > 0 for form in self.forms))

    def holds(self, place: Place) -> ColumnElement[bool]:
        """The condition on a place."""
        other = entry_texts.alias()
        column = other.c.title if self.title_only else other.c.body
        found = select(other.c.place).where(other.c.place == place, self.in_column(column)).exists()
        return ~found if self.negated else found


@dataclass(frozen=True, slots=True)
class Conditions:
    """Criteria with every name looked up: `wanted` must hold, `unwanted` must not."""

    low: int
    high: int
    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...]
    texts: tuple[Texts, ...]

    def on(self, place: Place, *, walked: Term | None = None) -> list[ColumnElement[bool]]:
        """All conditions on a place, but the one that is walked along already."""
        found: list[ColumnElement[bool]] = [place.between(self.low, self.high)]
        found += [term.holds(place) for term in self.wanted if term is not walked or _walk_is_loose(term)]
        found += [~term.holds(place) for term in self.unwanted]
        found += [text.holds(place) for text in self.texts]
        return found

    def within(self, edge: int, *, below: bool) -> Conditions:
        """The same, but only below, or above, a place."""
        if below:
            return replace(self, high=min(self.high, edge - 1))
        return replace(self, low=max(self.low, edge + 1))

    def rarest(self, connection: Connection, *, sized: bool = False) -> tuple[Term | None, int]:
        """The wanted term with the fewest places, and about how many; None and no bound when there is none.

        An only term is not counted unless its size is asked for; it then passes as having none.
        """
        if not self.wanted:
            return None, RARE + 1
        if len(self.wanted) == 1 and not sized:
            return self.wanted[0], 0
        size, number = min((term.size(connection), number) for number, term in enumerate(self.wanted))
        return self.wanted[number], size


def _walk_is_loose(term: Term) -> bool:
    return isinstance(term, NamedAs) and len(term.words) > 1


def resolve(connection: Connection, criteria: Criteria, asker: Person | None) -> Conditions | None:
    """Look up every name in the criteria; None when nothing can meet them."""
    wanted: list[Term | None] = [
        *_tag_groups(connection, criteria.tags),
        *(_named(connection, name) for name in criteria.authors),
        *(_identified(connection, reference) for reference in criteria.ids),
    ]
    unwanted: list[Term | None] = [
        *_tag_groups(connection, [criteria.tags_not] if criteria.tags_not else []),
        *(_named(connection, name) for name in criteria.authors_not),
    ]
    if criteria.saved is not None:
        by = SavedBy(asker) if asker else None
        (wanted if criteria.saved else unwanted).append(by)
    low, high = bounds(criteria.span)
    possible = [term for term in wanted if term is not None]
    if len(possible) < len(wanted) or low > high:
        return None
    impossible = [term for term in unwanted if term is not None]
    return Conditions(low, high, tuple(possible), tuple(impossible), tuple(_texts(criteria)))


def _tag_groups(connection: Connection, groups: Sequence[Sequence[str]]) -> list[Term | None]:
    ids = tag_ids(connection, {tag_key(name) for group in groups for name in group})
    known = [sorted({ids[key] for key in map(tag_key, group) if key in ids}) for group in groups]
    return [Carries(tuple(group)) if group else None for group in known]


def _named(connection: Connection, name: str) -> Term | None:
    spelled: list[Collection[str]] = [spellings_of(connection, word) for word in name_words(name)]
    if not spelled or not all(spelled):
        return None
    by_size = sorted(spelled, key=lambda words: NamedAs((tuple(words),)).size(connection))
    return NamedAs(tuple(map(tuple, by_size)))


def _identified(connection: Connection, reference: str) -> Term | None:
    statement = select(entries.c.shown).where(or_(entries.c.id == reference, entries.c.arxiv_id == reference))
    places = tuple(place for place in connection.scalars(statement) if place is not None)
    return IsAt(places) if places else None


def _texts(criteria: Criteria) -> list[Texts]:
    found = []
    for title_only, terms in ((False, criteria.texts), (True, criteria.titles)):
        for term in terms:
            alternatives = needles(term.text, phrase=term.phrase)
            found += [Texts(forms, title_only, term.negated) for forms in alternatives]
    return found


def _bounded(connection: Connection, statement: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(statement.limit(RARE + 1).subquery())) or 0
