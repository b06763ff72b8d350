"""Criteria with every name looked up, and the statement that walks along what meets them.

Everything is put to an entry's place (see `storage.places`). What is asked of words, names and several tags is one
question to the index of words, which leads to places in order; one tag alone leads to them by `entry_tags`, a few
entries by themselves, and everything else along all public entries. Whatever does not lead is looked up place by place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection

from bot.core.entries import tag_key
from bot.core.people import Person
from bot.core.query import Criteria
from storage.asking import Asked, Asking, Group, Vocabulary
from storage.chunks import chunked
from storage.places import FIRST_DATED, LAST, bounds
from storage.postings import LIVE, Postings, postings_of
from storage.raw import marks, rows_of
from storage.sparing import spared
from storage.tables import PERSON_COLUMNS
from storage.tokens import tag_token
from storage.vocabulary import ArchiveWords

RARE = 5_000
"""So many results may be put in order afterwards; more are walked along in the order asked for."""

_FEW = 5
_OF_PERSON = " AND ".join(f"s.{column} = ?" for column in PERSON_COLUMNS)


class Tag(NamedTuple):
    """A tag that was asked for."""

    id: int
    uses: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold of a place, between `low` and `high`.

    `tag` is set where that tag is all that is asked of tags and words, `places` where only these may be meant.
    """

    words: Vocabulary
    postings: Postings
    low: int
    high: int
    asked: Asked
    tag: Tag | None = None
    places: tuple[int, ...] | None = None
    saved: bool | None = None
    asker: Person | None = None
    match: str | None = field(init=False)

    def __post_init__(self) -> None:
        """Say once what the index is asked for; None where that is nothing."""
        asked = self.asked
        says_something = self.tag is None and (asked.wanted or asked.unwanted)
        match = self.postings.matching(asked.wanted, asked.unwanted) if says_something else None
        object.__setattr__(self, "match", match)

    @property
    def walks_index(self) -> bool:
        """Whether the index of words leads to the places, and alone says which."""
        return self.match is not None and self.places is None and self.saved is None

    def within(self, low: int, high: int) -> Conditions:
        """The same between narrower bounds."""
        return replace(self, low=max(self.low, low), high=min(self.high, high))

    def asking_for(self, wanted: Sequence[Group]) -> Conditions:
        """The same with these groups wanted instead."""
        return self if wanted is self.asked.wanted else replace(self, asked=replace(self.asked, wanted=tuple(wanted)))

    def walk(self) -> Walk:
        """Along what leads to the fewest places that is known without counting."""
        if self.places is not None:
            walk = Walk("entries e", "e.shown", [f"e.shown IN ({marks(self.places)})"], [*self.places])
        elif self.saved and self.asker:
            walk = Walk("saves s JOIN entries e ON e.no = s.entry_no", "e.shown", [_OF_PERSON], _person(self.asker))
        elif self.tag:
            return self._besides(Walk("entry_tags w", "w.place", ["w.tag_id = ?"], [self.tag.id]), probing=False)
        elif self.match is not None:
            walk = Walk(LIVE, self.postings.place, [self.postings.matches], [self.match])
            return self._besides(walk, probing=False, within=False)
        else:
            walk = Walk("entries e", "e.shown", ["e.shown IS NOT NULL"], [])
        return self._besides(walk, probing=True)

    def along(self) -> Walk:
        """Along all public entries, in any order that an index of them has.

        The sum keeps SQLite from walking along the places and putting them in order afterwards.
        """
        return self._besides(Walk("entries e", "(e.shown + 0)", ["e.shown IS NOT NULL"], []), probing=True)

    def _besides(self, walk: Walk, *, probing: bool, within: bool = True) -> Walk:
        """Further conditions on the places that a walk leads to."""
        where, parameters = [*walk.where], [*walk.parameters]
        if probing and self.tag:
            where.append(f"EXISTS (SELECT 1 FROM entry_tags w WHERE w.tag_id = ? AND w.place = {walk.place})")  # noqa: S608
            parameters.append(self.tag.id)
        if probing and self.match is not None:
            at, there = self.postings.numbered_in_sql(walk.place), self.postings.number
            matching = f"FROM {LIVE} WHERE {self.postings.matches}"
            if self.postings.probes or (self.places is not None and len(self.places) <= _FEW):
                where.append(f"EXISTS (SELECT 1 {matching} AND {there} = {at} {self.postings.fence})")
            else:  # each probe would look through the list of a frequent word anew
                where.append(f"{at} IN (SELECT {there} {matching})")
            parameters.append(self.match)
        if self.saved is False and self.asker:
            where.append(
                "NOT EXISTS (SELECT 1 FROM saves s JOIN entries x ON x.no = s.entry_no "  # noqa: S608
                f"WHERE x.shown = {walk.place} AND {_OF_PERSON})"
            )
            parameters += _person(self.asker)
        where.append(f"{walk.place if within else self.postings.bounded} BETWEEN ? AND ?")
        bounds = (self.low, self.high) if within else self.postings.numbered(self.low, self.high)
        return Walk(walk.table, walk.place, where, [*parameters, *bounds])

    def kept_count(self) -> int | None:
        """How many places of any day there are, where that is kept; it is not where days before some are left out."""
        asked = self.asked
        if self.places is not None or self.saved is not None or self.low > FIRST_DATED or asked.checks:
            return None
        if self.tag:
            return self.tag.uses
        if asked.unwanted or [len(group.alternatives) for group in asked.wanted] != [1]:
            return None
        tokens = asked.wanted[0].alternatives[0]
        return self.words.uses(tokens).get(tokens[0], 0) if len(tokens) == 1 else None

    def later(self) -> Conditions | None:
        """The same for the days after the last one; None where there is none."""
        return replace(self, low=self.high + 1, high=LAST) if self.high < LAST else None

    def most(self) -> int:
        """At most so many places there are, as far as that is known without walking."""
        if self.places is not None or self.saved:
            return 0
        if self.tag:
            return self.tag.uses
        if not self.asked.wanted:
            return RARE + 1
        uses = self.words.uses({token for group in self.asked.wanted for token in group.each()})
        return min(group.most(uses) for group in self.asked.wanted)


class Walk(NamedTuple):
    """Part of a statement that leads to places: the table, its column of places, and conditions."""

    table: str
    place: str
    where: Sequence[str]
    parameters: Sequence[Any]

    def select(self, columns: str, rest: str = "") -> str:
        """The whole statement; `?` stands for the parameters."""
        return f"SELECT {columns} FROM {self.table} WHERE {' AND '.join(self.where)} {rest}"  # noqa: S608


def _person(person: Person) -> list[str]:
    return [person.platform, person.workspace, person.user_id]


class Resolved(NamedTuple):
    """Criteria looked up; no conditions where nothing can meet them. `unknown` are tags that no public entry has."""

    conditions: Conditions | None
    unknown: tuple[str, ...]


def resolve(connection: Connection, criteria: Criteria, asker: Person | None, *, widely: bool = False) -> Resolved:
    """Look up every name in the criteria; `widely` as for `storage.asking.Asking`."""
    names = {name for group in (*criteria.tags, criteria.tags_not) for name in group}
    alone = len(criteria.tags) == len(names) == 1 and not (criteria.tags_not or _asks_for_words(criteria))
    tags, tokens = (tags_named(connection, names), {}) if alone else tags_with_tokens(connection, names)
    unknown = tuple(name for group in (*criteria.tags, criteria.tags_not) for name in group if not tags[name].uses)
    low, high = bounds(criteria.span)
    words = ArchiveWords(connection)
    postings = postings_of(connection, words=words)
    asking = Asking(words, widely=widely)
    asked = asking.asked(criteria.texts, criteria.titles, criteria.authors, criteria.authors_not)
    groups = [[tags[name] for name in group if tags[name].id] for group in criteria.tags]
    places = _identified(connection, criteria.ids) if criteria.ids else None
    impossible = asked is None or not all(groups) or low > high or places == () or (criteria.saved and asker is None)
    if asked is None or impossible:
        return Resolved(None, unknown)
    against = list(dict.fromkeys(tags[name] for name in criteria.tags_not if tags[name].id))
    only = groups[0][0] if len(groups) == 1 and len(set(groups[0])) == 1 else None
    if only and not against and not (asked.wanted or asked.unwanted):
        return Resolved(Conditions(words, postings, low, high, asked, only, places, criteria.saved, asker), unknown)
    asked = with_tags(asked, groups, against, tokens)
    asked = replace(asked, wanted=spared(asked.wanted, words.uses))
    return Resolved(Conditions(words, postings, low, high, asked, None, places, criteria.saved, asker), unknown)


def _asks_for_words(criteria: Criteria) -> bool:
    return bool(criteria.texts or criteria.titles or criteria.authors or criteria.authors_not)


def with_tags(
    asked: Asked, groups: Sequence[Sequence[Tag]], against: Sequence[Tag], tokens: Mapping[int, Sequence[str]]
) -> Asked:
    """The same with one tag of each group wanted as well, and none of those `against`; `tokens` stand for the tags."""
    of_tags = [_any_tag(tokens, group) for group in groups]
    return replace(
        asked,
        wanted=(*of_tags, *asked.wanted),
        besides=(*of_tags, *asked.besides),
        unwanted=(*asked.unwanted, *([_any_tag(tokens, against)] if against else [])),
    )


def tags_named(connection: Connection, names: set[str]) -> dict[str, Tag]:
    """The tags of these names, directly or as aliases; one with the id 0 where there is none."""
    keys = {name: tag_key(name) for name in names}
    found: dict[str, Tag] = {}
    for some in chunked(sorted(set(keys.values()))):
        rows = rows_of(connection, _named(some), [*some, *some])
        found.update((key, Tag(tag_id, uses)) for key, tag_id, uses in rows)
    return {name: found.get(key, Tag(0, 0)) for name, key in keys.items()}


def tags_with_tokens(connection: Connection, names: set[str]) -> tuple[dict[str, Tag], dict[int, list[str]]]:
    """The same, and by the id of each tag the tokens that stand for it: of its key, and of those that became it."""
    keys = {name: tag_key(name) for name in names}
    found: dict[str, Tag] = {}
    tokens: dict[int, dict[str, None]] = {}
    for some in chunked(sorted(set(keys.values()))):
        sql = (
            f"WITH named AS ({_named(some)}) "  # noqa: S608
            "SELECT named.key, named.id, named.uses, t.key AS own FROM named JOIN tags t ON t.id = named.id UNION ALL "
            "SELECT named.key, named.id, named.uses, a.key FROM named JOIN tag_aliases a ON a.tag_id = named.id"
        )
        for key, tag_id, uses, own in rows_of(connection, sql, [*some, *some]):
            found[key] = Tag(tag_id, uses)
            tokens.setdefault(tag_id, {})[tag_token(own)] = None
    return {name: found.get(key, Tag(0, 0)) for name, key in keys.items()}, {i: [*each] for i, each in tokens.items()}


def _named(keys: Sequence[str]) -> str:
    asked = marks(keys)
    return (
        f"SELECT key, id, uses FROM tags WHERE key IN ({asked}) UNION ALL "  # noqa: S608
        f"SELECT a.key, t.id, t.uses FROM tag_aliases a JOIN tags t ON t.id = a.tag_id WHERE a.key IN ({asked})"
    )


def _any_tag(tokens: Mapping[int, Sequence[str]], tags: Sequence[Tag]) -> Group:
    return Group(tuple((token,) for tag in tags for token in tokens[tag.id]))


def _identified(connection: Connection, references: Sequence[str]) -> tuple[int, ...]:
    """The places of the entries that all of these ids name."""
    found: set[int] | None = None
    for reference in references:
        sql = "SELECT shown FROM entries WHERE shown IS NOT NULL AND (id = ? OR arxiv_id = ?)"
        places = {place for (place,) in rows_of(connection, sql, (reference, reference))}
        found = places if found is None else found & places
    return tuple(sorted(found or ()))
