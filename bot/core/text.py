"""Helpers for text as people write it: Hangul, spelling, short lists of names, long texts.

Everything here is pure and takes time linear in the length of its text, or close to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# --- letters ------------------------------------------------------------------------------------------------------

_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")


def has_hangul(text: str) -> bool:
    """Whether a text holds at least one Korean letter.

    >>> has_hangul("GPT-4o mini가 나왔습니다"), has_hangul("Claude 3.5 Sonnet")
    (True, False)
    """
    return _HANGUL.search(text) is not None


def normalise(text: str) -> str:
    """One way of writing for what looks the same: NFKC (full-width forms, ligatures), runs of white space as one space.

    >>> normalise("ＧＰＴ－４   mini")
    'GPT-4 mini'
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def fold(text: str) -> str:
    """What two spellings of one text share: `normalise`, without regard to case.

    >>> fold("Straße  ＡＩ") == fold("STRASSE ai")
    True
    """
    return unicodedata.normalize("NFKC", normalise(text).casefold())


# --- people -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShortAuthors:
    """The first few names of an entry, and how many more there are."""

    names: tuple[str, ...]
    more: int = 0


def shorten_authors(authors: Sequence[str], organisation: str | None, limit: int = 3) -> ShortAuthors:
    """The organisation and the first persons, `limit` names in all, and the count of those left out.

    One name is never left out alone: it takes no more room than saying so.

    >>> shorten_authors(("A", "B", "C", "D", "E"), None)
    ShortAuthors(names=('A', 'B', 'C'), more=2)
    """
    names = ((organisation,) if organisation else ()) + tuple(authors)
    if len(names) <= limit + 1:
        return ShortAuthors(names)
    return ShortAuthors(names[:limit], len(names) - limit)


# --- long texts ---------------------------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)\]]*\s+")
_JOINER = "\u200d"
_MARKS = re.compile("[\u200d\ufe0e\ufe0f\u20e3\u1160-\u11ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""What belongs to the letter or emoji before it: joiners, variants, keys, parts of a Korean syllable, tones of skin,
the names of countries that have a flag."""
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+\\Z")
"""Each two are a flag."""
_LONGEST_LETTER = 12
_LONGEST_ROW = 64


def split_paragraphs(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` characters: cut at paragraph ends, else at line, sentence or word ends, else anywhere.

    Nothing but white space at the cuts is left out.

    >>> split_paragraphs("One two. Three four.", 12)
    ['One two.', 'Three four.']
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    parts: list[str] = []
    start, end = 0, len(text.rstrip())
    while start < end:
        if text[start].isspace():
            start += 1
            continue
        cut = end if end - start <= limit else _cut(text, start, limit)
        parts.append(text[start:cut].rstrip())
        start = cut
    return parts


def _cut(text: str, start: int, limit: int) -> int:
    """Where a part that starts at `start` and is too long ends: the last good place, else after `limit` characters."""
    window = text[start : start + limit + 1]  # one more: white space after the last character is a fine place
    for mark in ("\n\n", "\n"):
        place = window.rfind(mark)
        if place > 0:
            return start + place
    sentence = _last_sentence_end(window, limit)
    if sentence:
        return start + sentence
    space = next((place for place in range(len(window) - 1, 0, -1) if window[place].isspace()), 0)
    return start + (space or _unbroken_letter(text, start, limit))


def _last_sentence_end(window: str, limit: int) -> int:
    """How many characters the sentences that fit take; 0 when not even one does."""
    ends = [len(match.string[: match.end()].rstrip()) for match in _SENTENCE_END.finditer(window)]
    return max((end for end in ends if end <= limit), default=0)


def _unbroken_letter(text: str, start: int, limit: int) -> int:
    """`limit`, or a little less where a letter and its marks would be torn apart."""
    at = between_letters(text, start + limit)
    return at - start if at > start else limit


def between_letters(text: str, at: int) -> int:
    """`at`, or a little before, where a letter and its marks, or an emoji, would be torn apart there.

    >>> between_letters("a\u0301b", 1), between_letters("a\u0301b", 2)
    (0, 2)
    """
    for place in range(at, max(at - _LONGEST_LETTER, -1), -1):
        if not _tears(text, place):
            return place
    return at


def _tears(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    following, last = text[at], text[at - 1]
    if unicodedata.combining(following) or _MARKS.match(following) or last == _JOINER:
        return True
    if not _FLAG_LETTERS.fullmatch(following):
        return False
    before = _FLAG_LETTERS.search(text, max(0, at - _LONGEST_ROW), at)
    return before is not None and len(before[0]) % 2 == 1
