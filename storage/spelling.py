"""Words that a mistyped one may have meant.

Where one letter is wrong, missing or too many, or two neighbours changed places, it is so in one part of a word, of
three letters at most. So every term is kept by what is left of it without each of its parts (`near_terms`), and a typed
word is looked for by all that may be left of what was meant. With larger parts, too many long words would have the same
left, as those in `-합니다`; with single letters each word would be kept three times as often. Korean is taken apart
into its letters first: `뎨이터` is one letter away from `데이터`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, pairwise
from operator import itemgetter
from typing import Final, NamedTuple
from zlib import crc32

from sqlalchemy import Connection

from bot.core.entries import TagCount
from bot.core.nearest import distance
from bot.core.query import DateSpan
from storage.asking import Group
from storage.bulk import insert_rows
from storage.chunks import chunked
from storage.found import entries_at
from storage.places import bounds, last_place
from storage.postings import postings_of
from storage.raw import among, rows_of
from storage.tokens import ALL, NAME, WORD, tokens_of
from storage.verifying import texts_at
from storage.vocabulary import ArchiveWords
from storage.words import compounds, is_cjk, name_words, stem, tokens, without_particle

_PAIR: Final = 2
_EXAMPLES: Final = 5
_SHORTEST: Final = 4
_LONGEST: Final = 18
_LONGEST_PART: Final = 3
_ENDING: Final = "ing"
_MOST_WORDS: Final = 5
_MOST_NEAR: Final = 3
_TWO_WRONG: Final = 7
"""From so many letters on, two may be wrong."""
_TWO_WRONG_IN_KOREAN: Final = 10
_SHORT_KOREAN: Final = 2
_OFTEN: Final = 0.05
"""A Korean word of two syllables that no entry has is mostly another word, as `보상` beside `보강`. It is taken for a
mistyped one where it sounds like one that is there, or has the vowels of one that this share of all entries has."""
_ALIKE: Final = str.maketrans("ᅢᅤᅨᅬᅫᅣᅧᅭᅲ", "ᅦᅦᅦᅰᅰᅡᅥᅩᅮ")
_VOWEL: Final = re.compile("[\u1161-\u1175]")
_FAR_RARER: Final = 20
_NEVER_OFFERED: Final = frozenset({"보지", "자지", "씨발", "시발", "병신"})
"""Nobody who has mistyped something is to be asked whether that was meant."""
_MOST_COMPARED: Final = 5_000
_AT_ONCE: Final = 20_000
_MOST_LATER: Final = 300
"""So many entries of later digests at most are looked into: there are mostly those of one digest."""


def keep_rests(connection: Connection, terms: Iterable[str], suffix: str = "") -> None:
    """Keep terms that are new by their rests; `suffix` is that of the tables of an index that is being made anew."""
    rows = [(rest, term) for term in terms for rest in rests_of(term)]
    rows.sort(key=itemgetter(0))
    insert_rows(connection, f"near_terms{suffix}", ("rest", "term"), rows, "ON CONFLICT DO NOTHING")


def keep_rests_of_all(connection: Connection) -> None:
    """Keep every term by its rests, where none is yet: after an upgrade, which does not know of them."""
    if rows_of(connection, "SELECT 1 FROM near_terms LIMIT 1"):
        return
    last, sql = "", "SELECT term FROM terms WHERE term > ? ORDER BY term LIMIT ?"
    while some := [term for (term,) in rows_of(connection, sql, (last, _AT_ONCE))]:
        keep_rests(connection, some)
        last = some[-1]


def not_kept(connection: Connection, terms: Iterable[str]) -> set[str]:
    """Which of these terms are not kept by all their rests."""
    wanted = {(rest, term) for term in terms for rest in rests_of(term)}
    for some in chunked({rest for rest, _ in wanted}):
        meant, asked = among(connection, some)
        wanted.difference_update(
            map(tuple, rows_of(connection, f"SELECT rest, term FROM near_terms WHERE rest {meant}", asked))  # noqa: S608
        )
    return {term for _, term in wanted}


def rests_of(term: str) -> Iterable[int]:
    """By what a term is kept: its rests, as numbers. Only words and words of names have any."""
    mark = term[:2] if term.startswith((WORD, NAME)) else ""
    word = term[len(mark) :]
    if not (mark or word.isascii()) or not word.isalpha():
        return ()
    letters = letters_of(word)
    if not _SHORTEST <= len(letters) <= _LONGEST:
        return ()
    return [_rest(mark, letters[:start], letters[end:]) for start, end in _PARTS[len(letters)]]


def letters_of(word: str) -> str:
    """A word's letters, Korean syllables taken apart."""
    return word if word.isascii() else unicodedata.normalize("NFD", word)


def _parts(length: int) -> Sequence[tuple[int, int]]:
    """Where each part of a word of so many letters begins and ends."""
    count = -(-length // _LONGEST_PART)
    return list(pairwise(-(-length * at // count) for at in range(count + 1)))


_PARTS: Final = {length: _parts(length) for length in range(_SHORTEST, _LONGEST + 1)}


def _rest(mark: str, before: str, after: str) -> int:
    """What is left without the part between these two."""
    return crc32(f"{mark}{before}-{after}".encode())


def _rests_meant(mark: str, letters: str, reach: int) -> Iterator[int]:
    """The rests of whatever was meant by these letters, when so much at most is wrong, all of it in one part."""
    typed = len(letters)
    for length in range(max(_SHORTEST, typed - reach), min(_LONGEST, typed + reach) + 1):
        for start, end in _PARTS[length]:
            yield _rest(mark, letters[:start], letters[max(0, typed - length + end) :])
            if start and length == typed:  # neighbours on either side of where a part begins may have changed places
                yield _rest(mark, f"{letters[: start - 1]}{letters[start]}", letters[end:])


def near_words(
    connection: Connection, word: str, limit: int, later: Mapping[str, int], *, of_names: bool = False
) -> Sequence[TagCount]:
    """Words of the archive that this one may have meant, the likeliest first, with how many entries have each.

    None where it is a word of the archive itself. English ones come by their stems, see `spelled`. `later` says on how
    many entries that are not counted each term is.
    """
    split = name_words(word) if of_names else tokens(word)
    if len(split) != 1:
        return ()
    (whole,) = split
    if of_names:
        mark, meant = NAME, whole
    else:
        mark, meant = (WORD, without_particle(whole)) if is_cjk(whole) else ("", stem(whole))
    if _counted(connection, [mark + meant], later):
        return ()
    typed = _Typed(mark, letters_of(meant))
    letters, reach = typed.letters, typed.reach
    found = _near(connection, typed, _rests_meant(mark, letters, reach), later)
    if not mark and meant.endswith("e"):  # stems of longer words have none: `clude` is near `claud`
        found |= _near(connection, _Typed(mark, letters[:-1]), _rests_meant(mark, letters[:-1], reach), later)
    if reach > 1 and all(near.wrong > 1 for near in found):  # one letter too many, and something wrong in another part
        without_one = {letters[:at] + letters[at + 1 :] for at in range(min(len(letters), _LONGEST + reach))}
        rests = chain.from_iterable(_rests_meant(mark, rest, 1) for rest in without_one)
        found |= _near(connection, typed, rests, later)
    if not mark:
        found |= _with_its_ending(connection, whole, later)
    if mark == WORD and len(meant) == _SHORT_KOREAN:
        often = ArchiveWords(connection).uses([ALL])[ALL] * _OFTEN
        others = ((near, near.term[len(mark) :]) for near in found)
        found = {
            near
            for near, other in others
            if _sounds(other) == _sounds(meant) or (near.uses > often and _vowels(other) == _vowels(meant))
        }
    uses = {
        near.term[len(mark) :]: near.uses for near in sorted(_likely(found), key=_Near.rank)
    }  # once, if found twice
    return [TagCount(term, count) for term, count in uses.items() if term not in _NEVER_OFFERED][:limit]


def _sounds(word: str) -> str:
    """A Korean word with one letter for those that sound alike."""
    return letters_of(word).translate(_ALIKE)


def _vowels(word: str) -> str:
    return "".join(_VOWEL.findall(letters_of(word)))


def _likely(found: Collection[_Near]) -> Iterator[_Near]:
    """Without words that are far rarer than one that is as near: mostly mistyped ones themselves."""
    for near in found:
        if near.uses * _FAR_RARER > max(other.uses for other in found if other.wrong <= near.wrong):
            yield near


def _with_its_ending(connection: Connection, word: str, later: Mapping[str, int]) -> set[_Near]:
    """The stem of a word whose `-ing` is mistyped, as in `learnign`: that is in no term, which are stems themselves."""
    meant = {
        stem(word[:-length] + _ENDING)
        for length in range(len(_ENDING) - 1, len(_ENDING) + 2)
        if len(word) - length >= _SHORTEST and distance(word[-length:], _ENDING, 1) == 1
    }
    return {_Near(term, uses, 1) for term, uses in _counted(connection, meant, later).items()}


def _counted(connection: Connection, terms: Collection[str], later: Mapping[str, int]) -> Mapping[str, int]:
    """On how many entries each of these terms is, but for later ones; those on none are left out."""
    uses = ArchiveWords(connection).uses(terms)
    return {term: left for term in terms if (left := uses[term] - later.get(term, 0)) > 0}


def _uses_after(connection: Connection, day: date | None) -> Mapping[str, int]:
    """On how many entries of later digests each term is, as far as these are not very many."""
    uses: Counter[str] = Counter()
    if day is not None:
        sql = "SELECT shown FROM entries WHERE shown > ? ORDER BY shown LIMIT ?"
        places = [place for (place,) in rows_of(connection, sql, [last_place(day), _MOST_LATER])]
        for entry in entries_at(connection, places):
            uses.update(chain(*tokens_of(entry)))
    return uses


class _Typed(NamedTuple):
    """What was typed, as it is compared: its mark, and its letters, Korean ones taken apart."""

    mark: str
    letters: str

    @property
    def reach(self) -> int:
        """So many letters may be wrong."""
        return 2 if len(self.letters) >= (_TWO_WRONG_IN_KOREAN if self.mark == WORD else _TWO_WRONG) else 1


class _Near(NamedTuple):
    """A term of the archive, with how many entries have it, and how many letters of what was typed are wrong in it."""

    term: str
    uses: int
    wrong: int

    def rank(self) -> tuple[int, int, str]:
        """Its place in the order of how likely it was meant."""
        return self.wrong, -self.uses, self.term


def _near(connection: Connection, typed: _Typed, rests: Iterable[int], later: Mapping[str, int]) -> set[_Near]:
    """Of the terms with such a rest, those that are near enough."""
    mark, letters, reach = *typed, typed.reach
    wanted = sorted(set(rests))
    if not wanted:
        return set()
    wrong: dict[str, int] = {}
    there = frozenset(letters)
    meant, asked = among(connection, wanted)
    sql = f"SELECT term FROM near_terms WHERE rest {meant} ORDER BY rest, term LIMIT ?"  # noqa: S608
    for (term,) in rows_of(connection, sql, [*asked, _MOST_COMPARED]):
        others = letters_of(term[len(mark) :])
        if (
            not term.startswith(mark) or len(there.difference(others)) > typed.reach
        ):  # most are told apart by this already
            continue
        steps = distance(letters, others, reach)
        if steps is not None:
            wrong[term] = steps
    return {_Near(term, uses, wrong[term]) for term, uses in _counted(connection, wrong, later).items()}


def corrections(
    connection: Connection, words: Sequence[str], until: date | None = None, *, of_names: bool = False
) -> dict[str, Sequence[TagCount]]:
    """For each word that is not in the archive, those it may have meant, as they are written there.

    With `until` as if there were no later digests.
    """
    found: dict[str, Sequence[TagCount]] = {}
    later = _uses_after(connection, until)
    for word in words[:_MOST_WORDS]:
        near = near_words(connection, word, _MOST_NEAR, later, of_names=of_names)
        if near and not of_names:
            near = [
                TagCount(written, term.count) for term in near if (written := spelled(connection, term.name, until))
            ]
        if near:
            found[word] = near
    return found


def spelled(connection: Connection, term: str, until: date | None = None) -> str | None:
    """A word with this stem, as the newest entry has it; None where the newest have it in what hyphens join only."""
    if is_cjk(term):
        return term
    wanted = [Group(((term,),))]
    for place in postings_of(connection).newest(connection, wanted, (), bounds(DateSpan(None, until)), _EXAMPLES):
        for text in texts_at(connection, [place]):
            for part in text.parts:
                for word in compounds(part):
                    for written in _words_of(word):
                        if stem(written.replace("-", "")) == term:
                            return written
    return None


def _words_of(compound: str) -> Iterator[str]:
    """The words of several with hyphens between them, and all of them where there are two."""
    words = compound.split("-")
    yield from words
    if len(words) == _PAIR:
        yield compound
