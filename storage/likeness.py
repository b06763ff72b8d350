"""What is like an entry: the same tags, and rare words that both have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain, combinations
from math import log

from sqlalchemy import Connection

from bot.core.entries import Entry
from bot.core.hits import Hit
from bot.core.people import Person
from bot.core.query import DateSpan
from storage.asking import Group, Vocabulary
from storage.found import hits_at
from storage.places import bounds
from storage.postings import postings_of
from storage.raw import among, rows_of, value_of
from storage.tokens import ALL, TAG, TITLE, WORD, tokens_of, tokens_of_compounds, word_tokens
from storage.vocabulary import ArchiveWords
from storage.words import is_cjk, tokens

_RARE_WORDS = _RARE_TAGS = 12
_PAIRED = 4
"""Of so many of the rarest tags, each two are asked for together."""
_OF_EACH = 40
_MOST_COMMON = 0.02
"""A word on more of all entries than this says little about what one is about."""
_OF_TAG, _OF_TITLE = 3.0, 1.5
"""Somebody gave an entry its tags, and its title, to say what it is about: they count so many times as much."""
_LONG = 1_000
"""Longer texts, in letters, have words of all kinds."""
_MOST_MEASURED = 60
"""Of so many entries that share most it is looked up how long they are."""
_CHANCE = 2
"""So many words, or one tag, are shared by more than chance."""


def like(connection: Connection, entry: Entry, asker: Person | None, until: date | None, limit: int) -> Sequence[Hit]:
    """Of the newest entries that share a tag or a rare word, those that share most; what is rarer counts for more.

    What counts is what an entry shares of this one's tags and rarest words; one that shares a single word and no tag
    comes behind all others. Of two as alike, the newer comes first.
    """
    words = ArchiveWords(connection)
    weights = _weights(words, entry)
    postings = postings_of(connection, words=words)
    within = bounds(DateSpan(None, until))
    own = value_of(connection, "SELECT shown FROM entries WHERE id = ?", [entry.id])
    shared: defaultdict[int, set[str]] = defaultdict(set)
    for wanted in _questions(weights):
        groups = [Group((_indexed(term),)) for term in wanted]
        for place in postings.newest(connection, groups, (), within, _OF_EACH):
            shared[place].update(wanted)
    shared.pop(own, None)

    lengths: dict[int, int] = {}

    def rank(place: int) -> tuple[bool, float, int]:
        terms = shared[place]
        by_chance = len(terms) < _CHANCE and not any(map(_is_tag, terms))
        tags = sum(weights[term] for term in terms if _is_tag(term))
        words = sum(weights[term] for term in terms if not _is_tag(term))
        return by_chance, -round(tags + words / _breadth(lengths.get(place, 0)), 6), -place

    best = sorted(shared, key=rank)[:_MOST_MEASURED]
    lengths.update(_lengths(connection, best))
    return hits_at(connection, sorted(best, key=rank)[:limit], asker)


def _breadth(length: int) -> float:
    """By how much less a word says that is shared with a text of so many letters."""
    return max(1, length / _LONG)


def _lengths(connection: Connection, places: Sequence[int]) -> dict[int, int]:
    """How many letters there are in the texts of these entries."""
    if not places:
        return {}
    texts = " + ".join(
        f"length(coalesce({column}, ''))" for column in ("title", "abstract", "commentary", "commentary_en")
    )
    meant, asked = among(connection, places)
    sql = f"SELECT shown, {texts} FROM entries WHERE shown {meant}"  # noqa: S608
    return dict(map(tuple, rows_of(connection, sql, asked)))


def _weights(words: Vocabulary, entry: Entry) -> dict[str, float]:
    """The entry's rarest tags and words, the rarest first, and how much sharing each says.

    Not by the words of names, which say whose it is; Korean by all pairs of a whole word, since one is part of many.
    """
    tags = [term for term in tokens_of(Entry(id="", title="", tags=entry.tags)).indexed if _is_tag(term)]
    said = replace(entry, authors=(), organisation=None, tags=())
    title = tokens_of(Entry(id="", title=entry.title))
    texts = filter(None, (said.title, said.abstract, said.commentary, said.commentary_en))
    apart = tokens_of_compounds(chain.from_iterable(map(tokens, texts)))  # else `zebra-like` would be shared twice
    terms = [term for term in (*apart, *tokens_of(said).counted) if _says_something(term)]
    uses = words.uses([*tags, *terms, ALL])
    total = max(uses.get(ALL, 0), 1)
    most = max(3, total * _MOST_COMMON)
    weights = {term: _OF_TAG * log(1 + total / uses[term]) for term in tags if uses.get(term, 0) > 1}
    in_title = title.indexed | title.counted
    rare = {
        term: log(1 + total / uses[term]) * (_OF_TITLE if term in in_title else 1)
        for term in terms
        if 1 < uses.get(term, 0) <= most
    }
    return {**_heaviest(weights, _RARE_TAGS), **_heaviest(rare, _RARE_WORDS)}


def _heaviest(weights: Mapping[str, float], most: int) -> dict[str, float]:
    return dict(sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:most])


def _is_tag(term: str) -> bool:
    return term.startswith(TAG)


def _says_something(term: str) -> bool:
    """Whether a term is a word of a text, no pair of Korean letters and no number."""
    return term.startswith(WORD) or not (term.startswith((TITLE, ALL)) or term.isdigit() or is_cjk(term))


def _indexed(term: str) -> tuple[str, ...]:
    """The tokens that lead to a term: whole Korean words are not in the index, but their pairs are."""
    return tuple(word_tokens(term[len(WORD) :])) if term.startswith(WORD) else (term,)


def _questions(weights: Mapping[str, float]) -> Iterator[tuple[str, ...]]:
    """Each by itself, and two tags together: the newest with one of them may not have the other."""
    yield from ((term,) for term in weights)
    yield from combinations(list(filter(_is_tag, weights))[:_PAIRED], 2)
