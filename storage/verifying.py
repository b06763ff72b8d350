"""Looking into entries for what their tokens leave open: whether a run of letters or words really stands there."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from storage.asking import AnyCheck, Check, Holds, NameCheck, Within
from storage.chunks import chunked
from storage.raw import marks, rows_of
from storage.words import folded, is_cjk, name_words, stem, tokens

TEXT_COLUMNS = ("title", "authors", "organisation", "tags", "abstract", "commentary", "commentary_en")
_COLUMNS = ", ".join(("shown", *TEXT_COLUMNS))


def verified(connection: Connection, places: Collection[int], checks: Sequence[AnyCheck]) -> set[int]:
    """Which of the entries at these places pass all checks."""
    if not checks:
        return set(places)
    return {text.place for text in texts_at(connection, places) if all(passes(text, check) for check in checks)}


def holds_any(connection: Connection, places: Collection[int], needles: Sequence[str]) -> bool:
    """Whether one of these entries holds one of these runs of Korean letters."""
    wanted = [Check(Within.ANYWHERE, tuple(map(Holds, needles)))]
    return bool(verified(connection, places, wanted))


class Texts:
    """The texts of one entry, folded only where that is needed."""

    def __init__(self, row: Sequence[Any]) -> None:
        self.place: int = row[0]
        self._row = row
        self._folded: dict[tuple[Within, bool], str] = {}

    @property
    def names(self) -> list[str]:
        """Its authors and its organisation."""
        organisation = [self._row[3]] if self._row[3] else []
        return [*json.loads(self._row[2]), *organisation]

    def parts(self, within: Within) -> list[str]:
        """The texts to look in."""
        title = self._row[1]
        if within is Within.TITLE:
            return [title]
        return [title, *filter(None, self._row[5:]), *self.names, *json.loads(self._row[4])]

    def long_texts(self, within: Within) -> Sequence[str]:
        """The title, and the long texts."""
        return (self._row[1],) if within is Within.TITLE else [self._row[1], *filter(None, self._row[5:])]

    def listed(self, word: str) -> Sequence[str]:
        """Names and tags, where one of them may have this word."""
        kept = f"{self._row[2]}{self._row[3]}{self._row[4]}"
        if kept.isascii() and word not in kept.lower():
            return ()
        return [*self.names, *json.loads(self._row[4])]

    def as_kept(self, within: Within) -> Sequence[str]:
        """The same as they lie in the database: names and tags in their lists."""
        return (self._row[1],) if within is Within.TITLE else [text for text in self._row[1:] if text]

    def folded(self, within: Within, *, stemmed: bool) -> str:
        """The texts as one, folded; with the stems of words in their place if `stemmed`."""
        key = within, stemmed
        if key not in self._folded:
            parts = self.parts(within)
            self._folded[key] = _stemmed(parts) if stemmed else folded(parts)
        return self._folded[key]


def texts_at(connection: Connection, places: Iterable[int]) -> Iterable[Texts]:
    """The texts of the entries at these places."""
    for some in chunked(places):
        sql = f"SELECT {_COLUMNS} FROM entries WHERE shown IN ({marks(some)})"  # noqa: S608
        yield from map(Texts, rows_of(connection, sql, some))


def passes(text: Texts, check: AnyCheck) -> bool:
    """Whether an entry passes one check."""
    if isinstance(check, NameCheck):
        found = any(all(words & set(name_words(name)) for words in check.words) for name in text.names)
    else:
        found = any(_holds(text, check.within, one) for one in check.holds)
    return found is not check.negated


def _holds(text: Texts, within: Within, holds: Holds) -> bool:
    needle = holds.needle
    if is_cjk(needle[0]) and " " not in needle:
        kept = text.as_kept(within)  # Korean stands there as it is compared, mostly: nothing has to be folded
        if any(needle in part for part in kept):
            return True
        if all(unicodedata.is_normalized("NFKC", part) for part in kept):
            return False
    if holds.stemmed:
        return needle in text.folded(within, stemmed=True)
    longest = max(needle.split(), key=len)
    if any(_stands_in(part, needle) for part in text.long_texts(within)):
        return True
    return within is Within.ANYWHERE and any(_stands_in(part, needle) for part in text.listed(longest))


def _stands_in(part: str, needle: str) -> bool:
    """Whether one text holds a run of words, without folding it where it can be told as it is."""
    if part.isascii():
        return _pattern(needle).search(part) is not None
    lower = part.casefold()
    if unicodedata.is_normalized("NFKC", lower) and not all(word in lower for word in needle.split()):
        return False
    return needle in folded([part])


@lru_cache(maxsize=256)
def _pattern(needle: str) -> re.Pattern[str]:
    """A run of folded words, in plain text that is not folded."""
    between = r"[\W_]+"
    words = between.join(map(re.escape, needle.split()))
    start = r"(?<![^\W_])" if needle.startswith(" ") else ""
    end = r"(?![^\W_])" if needle.endswith(" ") else ""
    return re.compile(f"{start}{words}{end}", re.ASCII | re.IGNORECASE)


def _stemmed(parts: Iterable[str]) -> str:
    return "\n".join(f" {' '.join(map(stem, tokens(part)))} " for part in parts)
