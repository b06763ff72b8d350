"""Looking into entries for what their tokens leave open: whether a run of letters or words really stands there.

Most entries that are looked into are turned down. So their texts are searched as they lie in the database, and folded
only where that could make a difference.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from storage.asking import AnyCheck, Check, Holds, NameCheck, Within
from storage.chunks import chunked
from storage.raw import among, rows_of
from storage.words import CJK, folded, is_cjk, name_words, stem

TEXT_COLUMNS = ("title", "authors", "organisation", "tags", "abstract", "commentary", "commentary_en")
_COLUMNS = ", ".join(("shown", *TEXT_COLUMNS))
_NONE: Mapping[int, Sequence[Any]] = {}
_APART = rf"(?:_|[^\w{CJK}])"
"""What stands between words. A few of the letters that `CJK` counts as such are none to `re`, as `・`."""
_SHORT_STEM = 2
"""Words with a stem of so many letters begin with all of them."""


def verified(
    connection: Connection,
    places: Collection[int],
    checks: Sequence[AnyCheck],
    brought: Mapping[int, Sequence[Any]] = _NONE,
) -> set[int]:
    """Which of the entries at these places pass all checks; `brought` are rows of texts that are there already."""
    if not checks:
        return set(places)
    texts = texts_at(connection, places, brought)
    for test in map(passing, checks):
        texts = filter(test, texts)
    return {text.place for text in texts}


def holds_any(
    connection: Connection,
    places: Collection[int],
    needles: Sequence[str],
    brought: Mapping[int, Sequence[Any]] = _NONE,
) -> bool:
    """Whether one of these entries holds one of these runs of Korean letters; `brought` as for `verified`."""
    wanted = [Check(Within.ANYWHERE, tuple(map(Holds, needles)))]
    return bool(verified(connection, places, wanted, brought))


class Texts:
    """The texts of one entry, as they lie in the database."""

    def __init__(self, row: Sequence[Any]) -> None:
        self.place: int = row[0]
        self.title: str = row[1]
        self._row = row

    @property
    def names(self) -> list[str]:
        """Its authors and its organisation."""
        organisation = [self._row[3]] if self._row[3] else []
        return [*json.loads(self._row[2]), *organisation]

    @property
    def short(self) -> list[str]:
        """Names and tags."""
        return [*self.names, *json.loads(self._row[4])]

    @property
    def short_as_kept(self) -> str:
        """The same as they lie in the database, in their lists."""
        return f"{self._row[2]}{self._row[3] or ''}{self._row[4]}"

    @property
    def long(self) -> Sequence[str | None]:
        """Abstract and commentaries, those that there are."""
        return self._row[5:]

    @property
    def parts(self) -> list[str]:
        """All of them."""
        return [self.title, *filter(None, self.long), *self.short]


def texts_at(
    connection: Connection, places: Collection[int], brought: Mapping[int, Sequence[Any]] = _NONE
) -> Iterable[Texts]:
    """The texts of the entries at these places, `brought` as for `verified`."""
    if brought:
        there = [place for place in places if place in brought]
        places = [place for place in places if place not in brought]
        yield from (Texts(brought[place]) for place in there)
    for some in chunked(places):
        meant, asked = among(connection, some)
        sql = f"SELECT {_COLUMNS} FROM entries WHERE shown {meant}"  # noqa: S608
        yield from map(Texts, rows_of(connection, sql, asked))


Test = Callable[[Texts], bool]


@lru_cache(maxsize=256)
def passing(check: AnyCheck) -> Test:
    """Whether an entry passes a check."""
    if isinstance(check, NameCheck):
        tests: list[Test] = [_named(check.words)]
    else:
        tests = [_holding(check.within, one) for one in check.holds]
    (first, *others), negated = tests, check.negated
    if not others and not negated:
        return first
    return lambda text: any(test(text) for test in tests) is not negated


def _named(asked: Sequence[frozenset[str]]) -> Test:
    return lambda text: any(all(words & set(name_words(name)) for words in asked) for name in text.names)


def _holding(within: Within, holds: Holds) -> Test:
    needle = holds.needle
    begins = needle
    if holds.stemmed:
        stands_in, begins = _inflected(needle), " ".join(map(_beginning, needle.split()))
    else:
        stands_in = _korean(needle) if is_cjk(needle[0]) and " " not in needle else _latin(needle)
    if within is Within.TITLE:
        return lambda text: stands_in(text.title)
    may_hold = _may_hold(begins)

    def stands_anywhere(text: Texts) -> bool:
        for part in (text.title, *text.long):
            if part and stands_in(part):
                return True
        return may_hold(text.short_as_kept) and any(map(stands_in, text.short))

    return stands_anywhere


def _korean(needle: str) -> Callable[[str], bool]:
    """Whether a text holds a run of Korean letters, which mostly stand there as they are compared."""

    def stands_in(part: str) -> bool:
        if needle in part:
            return True
        return not (part.isascii() or unicodedata.is_normalized("NFKC", part)) and needle in _as_compared(part)

    return stands_in


def _as_compared(part: str) -> str:
    """A text without case and width, as `storage.words.tokens` splits it."""
    return (part if unicodedata.is_normalized("NFKC", part) else unicodedata.normalize("NFKC", part)).casefold()


def _latin(needle: str) -> Callable[[str], bool]:
    """Whether a text holds a run of words."""
    plain, other, may_hold = _plain_pattern(needle).search, _pattern(needle), _may_hold(needle)

    def stands_in(part: str) -> bool:
        if part.isascii():
            return plain(part.lower()) is not None
        if not may_hold(part):
            return False
        return other.search(_as_compared(part)) is not None if other else needle in folded([part])

    return stands_in


def _may_hold(needle: str) -> Callable[[str], bool]:
    """Whether a text could hold a run: it has its longest word, or is written in another way than it is compared."""
    longest = max(needle.split(), key=len)

    def may_hold(part: str) -> bool:
        lower = part.casefold()
        return longest in lower or not unicodedata.is_normalized("NFKC", lower)

    return may_hold


def _plain_pattern(needle: str) -> re.Pattern[str]:
    """A run of folded words, in plain text of small letters. It begins with letters: those are searched for fastest."""
    return _compiled(needle, letter=r"[^\W_]", flags=re.ASCII)


def _pattern(needle: str) -> re.Pattern[str] | None:
    """The same in text with Korean between; None for runs with Korean in them."""
    return None if any(map(is_cjk, needle.split())) else _compiled(needle, letter=rf"[^\W_{CJK}]", flags=re.NOFLAG)


def _compiled(needle: str, letter: str, flags: re.RegexFlag) -> re.Pattern[str]:
    first, *others = map(re.escape, needle.split())
    start = f"{first}(?<!{letter}{first})" if needle.startswith(" ") else first
    end = f"(?!{letter})" if needle.endswith(" ") else ""
    return re.compile(f"{_APART}+".join([start, *others]) + end, flags)


def _inflected(needle: str) -> Callable[[str], bool]:
    """Whether a text holds a run of words, of whose English ones `needle` has the stems.

    Every inflection begins with its stem, but for the last letter: to look for these beginnings, and take the stems of
    what stands there, is many times quicker than to take the stems of a whole text.
    """
    stems = needle.split()
    latin = [at for at, word in enumerate(stems) if not is_cjk(word)]
    beginnings = sorted(map(_beginning, stems), key=len, reverse=True)
    begun = re.compile("".join(_pieces(stems)))

    def stands_at(found: re.Match[str]) -> bool:
        return all(stem(found[f"word{at}"]) == stems[at] for at in latin)

    def stands_in(part: str) -> bool:
        lower = _as_compared(part)
        for beginning in beginnings:
            if beginning not in lower:
                return False
        found = begun.search(lower)
        while found:
            if stands_at(found):
                return True
            found = begun.search(lower, found.start() + 1)
        return False

    return stands_in


def _beginning(word: str) -> str:
    """What all words with this stem begin with; a Korean word is its own."""
    return word if len(word) <= _SHORT_STEM or is_cjk(word) else word[:-1]


def _pieces(stems: Sequence[str]) -> Iterator[str]:
    """A regular expression for a run of words, some of them by their stems, in folded text.

    It begins with letters: those are searched for fastest.
    """
    letter, last = rf"[^\W_{CJK}]", len(stems) - 1
    for at, word in enumerate(stems):
        of_korean = is_cjk(word)
        if at:
            yield f"{_APART}*" if of_korean != is_cjk(stems[at - 1]) else f"{_APART}+"
        if of_korean:  # the first may be the end of a longer word, the last the beginning of one
            yield f"{rf'(?<![{CJK}])' if at else ''}{re.escape(word)}{rf'(?![{CJK}])' if at < last else ''}"
        else:
            beginning = re.escape(_beginning(word))
            yield rf"(?P<word{at}>{beginning}(?<!{letter}{beginning}){letter}*)"
