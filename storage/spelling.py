"""Words that a mistyped one may have meant.

Where one letter is wrong, missing or too many, or two neighbours changed places, one half of a word is still right, but
for neighbours on either side of its middle. So every term is kept by each of its halves (`near_terms`), and a typed
word is looked for by all that may be a half of what was meant. Korean is taken apart into its letters first: `뎨이터`
is one letter away from `데이터`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final, NamedTuple
from zlib import crc32

from sqlalchemy import Connection

from bot.core.entries import TagCount
from bot.core.nearest import distance
from storage.asking import Group, Within
from storage.bulk import insert_rows
from storage.chunks import chunked
from storage.places import FIRST_DATED, LAST
from storage.postings import postings_of
from storage.raw import among, marks, rows_of
from storage.tokens import NAME, WORD
from storage.verifying import texts_at
from storage.words import is_cjk, name_words, stem, tokens, without_particle

_SHORTEST: Final = 4
_LONGEST: Final = 18
_MOST_WORDS: Final = 5
_MOST_NEAR: Final = 3
_TWO_WRONG: Final = 7
"""From so many letters on, two may be wrong."""
_MOST_COMPARED: Final = 5_000
_AT_ONCE: Final = 20_000


def keep_halves(connection: Connection, terms: Iterable[str], suffix: str = "") -> None:
    """Keep terms that are new by their halves; `suffix` is that of the tables of an index that is being made anew."""
    rows = [(half, term) for term in terms for half in _halves_of(term)]
    rows.sort(key=itemgetter(0))
    insert_rows(connection, f"near_terms{suffix}", ("half", "term"), rows, "ON CONFLICT DO NOTHING")


def keep_halves_of_all(connection: Connection) -> None:
    """Keep every term by its halves, where none is yet: after an upgrade, which does not know of them."""
    if rows_of(connection, "SELECT 1 FROM near_terms LIMIT 1"):
        return
    last, sql = "", "SELECT term FROM terms WHERE term > ? ORDER BY term LIMIT ?"
    while some := [term for (term,) in rows_of(connection, sql, (last, _AT_ONCE))]:
        keep_halves(connection, some)
        last = some[-1]


def _halves_of(term: str) -> Iterable[int]:
    """By what a term is kept: its halves, as numbers. Only words and words of names have any."""
    mark = term[:2] if term.startswith((WORD, NAME)) else ""
    word = term[len(mark) :]
    if not (mark or word.isascii()) or not word.isalpha():
        return ()
    letters = letters_of(word)
    if not _SHORTEST <= len(letters) <= _LONGEST:
        return ()
    middle = _middle(len(letters))
    return _front(mark, letters[:middle]), _back(mark, letters[middle:])


def letters_of(word: str) -> str:
    """A word's letters, Korean syllables taken apart."""
    return word if word.isascii() else unicodedata.normalize("NFD", word)


def _middle(length: int) -> int:
    return (length + 1) // 2


def _front(mark: str, letters: str) -> int:
    return crc32(f"{mark}{letters}-".encode())


def _back(mark: str, letters: str) -> int:
    return crc32(f"{mark}-{letters}".encode())


def _halves_meant(mark: str, letters: str, reach: int) -> Iterator[int]:
    """What may be a half of the word that was meant, when so much at most is wrong, and all of it in the other half."""
    typed = len(letters)
    for length in range(max(_SHORTEST, typed - reach), min(_LONGEST, typed + reach) + 1):
        middle = _middle(length)
        yield _front(mark, letters[:middle])
        yield _back(mark, letters[max(0, typed - length + middle) :])
        if length == typed:  # the neighbours in the middle may have changed places
            yield _front(mark, f"{letters[: middle - 1]}{letters[middle]}")


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
    found = _near(connection, mark, letters, reach, _halves_meant(mark, letters, reach))
    if reach > 1 and not found:  # one letter too many, and something else wrong in the other half
        without_one = {letters[:at] + letters[at + 1 :] for at in range(min(len(letters), _LONGEST + reach))}
        halves = chain.from_iterable(_halves_meant(mark, rest, 1) for rest in without_one)
        found = _near(connection, mark, letters, reach, halves)
    if any(near.wrong == 0 for near in found):
        return ()
    return [TagCount(near.term[len(mark) :], near.uses) for near in sorted(found, key=_Near.rank)[:limit]]


class _Near(NamedTuple):
    """A term of the archive, with how many entries have it, and how many letters of what was typed are wrong in it."""

    term: str
    uses: int
    wrong: int

    def rank(self) -> tuple[int, int, str]:
        """Its place in the order of how likely it was meant."""
        return self.wrong, -self.uses, self.term


def _near(connection: Connection, mark: str, letters: str, reach: int, halves: Iterable[int]) -> Sequence[_Near]:
    """Of the terms with such a half, those that are near enough."""
    wanted = list(dict.fromkeys(halves))
    if not wanted:
        return ()
    wrong: dict[str, int] = {}
    there = frozenset(letters)
    meant, asked = among(connection, wanted)
    sql = f"SELECT term FROM near_terms WHERE half {meant} ORDER BY half, term LIMIT ?"  # noqa: S608
    for (term,) in rows_of(connection, sql, [*asked, _MOST_COMPARED]):
        others = letters_of(term[len(mark) :])
        if not term.startswith(mark) or len(there.difference(others)) > reach:  # most are told apart by this already
            continue
        steps = distance(letters, others, reach)
        if steps is not None:
            wrong[term] = steps
    return [_Near(term, uses, wrong[term]) for term, uses in _uses(connection, wrong)]


def _uses(connection: Connection, terms: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Of these terms, those that are on any entry, with on how many."""
    for some in chunked(terms):
        sql = (
            "SELECT t.term, t.uses + coalesce(c.uses, 0) FROM terms t LEFT JOIN term_changes c ON c.term = t.term "  # noqa: S608
            f"WHERE t.term IN ({marks(some)}) AND t.uses > 0"
        )
        yield from ((term, uses) for term, uses in rows_of(connection, sql, some))


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
