"""Words that a mistyped one may have meant.

Two words that differ in one letter, or in two neighbours that changed places, share what is left of each without one
letter. So every term is kept by all that can be left of it (`near_terms`), and a typed word is looked for by all that
can be left of it. Korean is taken apart into its letters first: `뎨이터` is one letter away from `데이터`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Final
from zlib import crc32

from sqlalchemy import Connection

from bot.core.entries import TagCount
from bot.core.nearest import distance
from storage.asking import Group, Within
from storage.chunks import chunked
from storage.places import FIRST_DATED, LAST
from storage.postings import postings_of
from storage.raw import marks, rows_of
from storage.tokens import NAME, WORD
from storage.verifying import texts_at
from storage.words import is_cjk, name_words, stem, tokens, without_particle

_SHORTEST: Final = 4
_LONGEST: Final = 18
_MOST_WORDS: Final = 5
_MOST_NEAR: Final = 3
_TWO_WRONG: Final = 7
"""From so many letters on, two may be wrong."""


def rests_of(term: str) -> Collection[int]:
    """By what a term is kept: all that can be left of it, as numbers. Only words and words of names have any."""
    mark = term[:2] if term.startswith((WORD, NAME)) else ""
    word = term[len(mark) :]
    if not (mark or word.isascii()) or not word.isalpha():
        return ()
    letters = letters_of(word)
    if not _SHORTEST <= len(letters) <= _LONGEST:
        return ()
    size = 1 if letters.isascii() else 3  # so many bytes a letter takes, in plain words and in Korean ones
    if size > 1 and not (min(letters) >= "\u0800" and max(letters) <= "\uffff"):
        return {_number(mark + rest) for rest in without_one(letters)}
    written = f"{mark}{letters}".encode()
    rests = {crc32(written[:at] + written[at + size :]) for at in range(len(mark), len(written), size)}
    rests.add(crc32(written))
    return rests


def letters_of(word: str) -> str:
    """A word's letters, Korean syllables taken apart."""
    return word if word.isascii() else unicodedata.normalize("NFD", word)


def without_one(letters: str) -> set[str]:
    """The word itself, and all that can be left of it without one letter."""
    return {letters, *(letters[:at] + letters[at + 1 :] for at in range(len(letters)))}


def _without_two(letters: str) -> set[str]:
    return {
        letters[:one] + letters[one + 1 : two] + letters[two + 1 :] for one, two in combinations(range(len(letters)), 2)
    }


def _number(rest: str) -> int:
    return crc32(rest.encode())


def near_words(connection: Connection, word: str, limit: int, *, of_names: bool = False) -> Sequence[TagCount]:
    """Words of the archive that this one may have meant, the likeliest first, with how many entries have each.

    None where it is a word of the archive itself. English ones come by their stems, see `spelled`.
    """
    split = name_words(word) if of_names else tokens(word)
    if len(split) != 1:
        return ()
    (typed,) = split
    if of_names:
        mark, meant = NAME, typed
    else:
        mark, meant = (WORD, without_particle(typed)) if is_cjk(typed) else ("", stem(typed))
    letters = letters_of(meant)
    reach = 2 if len(letters) >= _TWO_WRONG else 1
    rests = without_one(letters) | (_without_two(letters) if reach == 2 and len(letters) <= _LONGEST else set())
    found: dict[str, tuple[int, int]] = {}
    for some in chunked({_number(mark + rest) for rest in rests}):
        sql = (
            "SELECT DISTINCT t.term, t.uses + coalesce(c.uses, 0) FROM near_terms n JOIN terms t ON t.term = n.term "  # noqa: S608
            f"LEFT JOIN term_changes c ON c.term = t.term WHERE n.rest IN ({marks(some)}) AND t.uses > 0"
        )
        for term, uses in rows_of(connection, sql, some):
            wrong = distance(letters, letters_of(term[len(mark) :]), reach) if term.startswith(mark) else None
            if wrong is not None:
                found[term[len(mark) :]] = wrong, uses
    if found.get(meant, (1, 0))[0] == 0:
        return ()
    best = sorted(found, key=lambda term: (found[term][0], -found[term][1], term))[:limit]
    return [TagCount(term, found[term][1]) for term in best]


def corrections(
    connection: Connection, words: Sequence[str], *, of_names: bool = False
) -> dict[str, Sequence[TagCount]]:
    """For each word that is not in the archive, those it may have meant, as they are written there."""
    found: dict[str, Sequence[TagCount]] = {}
    for word in words[:_MOST_WORDS]:
        near = near_words(connection, word, _MOST_NEAR, of_names=of_names)
        if near and not of_names:
            near = [TagCount(spelled(connection, term.name), term.count) for term in near]
        if near:
            found[word] = near
    return found


def spelled(connection: Connection, term: str) -> str:
    """A word with this stem, as the newest entry with it has it; the term itself where it is a word of its own."""
    if is_cjk(term):
        return term
    wanted = [Group(((term,),))]
    for place in postings_of(connection).newest(connection, wanted, (), (FIRST_DATED, LAST), 1):
        for text in texts_at(connection, [place]):
            for part in text.parts(Within.ANYWHERE):
                for word in tokens(part):
                    if stem(word) == term:
                        return word
    return term
