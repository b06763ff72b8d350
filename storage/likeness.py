"""What is like an entry: the same tags, and rare words that both have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations
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
from storage.raw import value_of
from storage.tokens import ALL, NAME, TAG, TITLE, tokens_of
from storage.vocabulary import ArchiveWords

_RARE_WORDS = _RARE_TAGS = 12
_PAIRED = 4
"""Of so many of the rarest tags, each two are asked for together."""
_OF_EACH = 40
_MOST_COMMON = 0.02
"""A word on more of all entries than this says little about what one is about."""


def like(connection: Connection, entry: Entry, asker: Person | None, until: date | None, limit: int) -> Sequence[Hit]:
    """Of the newest entries that share a tag or a rare word, those that share most; what is rarer counts for more.

    What counts is what an entry shares of this one's tags and rarest words; of two as alike, the newer comes first.
    """
    words = ArchiveWords(connection)
    weights = _weights(words, entry)
    postings = postings_of(connection, words=words)
    within = bounds(DateSpan(None, until))
    own = value_of(connection, "SELECT shown FROM entries WHERE id = ?", [entry.id])
    shared: defaultdict[int, set[str]] = defaultdict(set)
    for wanted in _questions(weights):
        for place in postings.newest(connection, [Group(((token,),)) for token in wanted], (), within, _OF_EACH):
            shared[place].update(wanted)
    scores = {place: sum(weights[token] for token in tokens) for place, tokens in shared.items()}
    scores.pop(own, None)
    best = sorted(scores, key=lambda place: (-round(scores[place], 6), -place))[:limit]
    return hits_at(connection, best, asker)


def _weights(words: Vocabulary, entry: Entry) -> dict[str, float]:
    """The entry's rarest tags and words, the rarest first, and how much sharing each says."""
    tokens = [token for token in tokens_of(entry).indexed if not token.startswith((TITLE, NAME)) and token != ALL]
    uses = words.uses([*tokens, ALL])
    total = max(uses.get(ALL, 0), 1)
    tags = [token for token in tokens if token.startswith(TAG) and uses.get(token, 0) > 1]
    most = max(3, total * _MOST_COMMON)
    rare = [token for token in tokens if not token.startswith(TAG) and 1 < uses.get(token, 0) <= most]
    for kind in (tags, rare):
        kind.sort(key=lambda token: (uses[token], token))
    return {token: log(1 + total / uses[token]) for token in [*tags[:_RARE_TAGS], *rare[:_RARE_WORDS]]}


def _questions(weights: Mapping[str, float]) -> Iterator[tuple[str, ...]]:
    """Each by itself, and two tags together: the newest with one of them may not have the other."""
    yield from ((token,) for token in weights)
    yield from combinations([token for token in weights if token.startswith(TAG)][:_PAIRED], 2)
