"""Runs of letters or words, and whether they stand in a text as it lies in the database: in UTF-8.

Most texts that are looked into are turned down. So a text is searched as it lies there first, for what every text with
the run has; only one that has it, or letters that are written otherwise than they are compared, is read and folded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from storage.asking import Holds
from storage.words import WORD, compared, is_cjk, stem

StandsIn = Callable[[bytes], bool]

_APART: Final = r"(?:_|\W)"
"""What stands between words. Korean and other letters are told from Latin ones afterwards: it takes milliseconds to
compile a set of all of them, and seldom is the same run looked for twice."""
_LETTER: Final = r"[^\W_]"
_SHORT_STEM: Final = 2
"""Words with a stem of so many letters begin with all of them."""

_LATIN: Final = {
    0xC2: rb"\xc2[\xaa\xb2\xb3\xb9\xba\xbc-\xbe]",
    0xC3: rb"\xc3\x9f",
    0xC4: rb"\xc4[\xb0\xb2\xb3\xbf]",
    0xC5: rb"\xc5[\x80\x89\xbf]",
    0xC7: rb"\xc7[\x84-\x8c\xb0-\xb3]",
    0xCA: rb"\xca[\xb0-\xb8]",
    0xCB: rb"\xcb[\xa1-\xa3]",
    0xE1: rb"\xe1[\xb4-\xba]",
    0xE2: rb"\xe2(?:[\x81\x82\x84\x85\x91-\x93\xb1]|\x86[\x80-\x89])",
    0xE3: rb"\xe3[\x88-\x8f]",
    0xEF: rb"\xef[\xac\xbc\xbd]",
    0xF0: rb"\xf0(?:\x90\x9e|\x9c\xb3|\x9d[\x90-\x9f]|\x9f[\x84-\x86\xaf])",
}
"""In UTF-8, by their first byte: what is compared as a Latin letter or digit and written otherwise, as `ﬁ`, `Ｌ`, `②`,
with some beside it. Nothing that begins with another byte is, but for `ꟲ`, `ꟳ` and `ꟴ`."""
_APART_FROM_THESE: Final = b"\xea\x9f"
"""What those three begin with: its first byte stands in every Korean text, often."""
_KOREAN: Final = {
    **_LATIN,
    0xE1: rb"\xe1(?:[\xb4-\xba]|[\x84-\x87])",
    0xE3: rb"\xe3[\x84-\x8f]",
    0xEF: rb"\xef[\xac\xbc-\xbf]",
}
"""The same with what is compared as Korean."""
_PLAIN: Final = re.compile("[\x00-\x7f가-힣]+")


class Sought(NamedTuple):
    """A run that is looked for: whether a text has it, and whether one of the texts of a list in JSON may have it."""

    stands_in: StandsIn
    may_stand_in: StandsIn


def sought(run: Holds) -> Sought:
    """How to look for a run."""
    stands_in_letters = _in_letters(run)
    if not _PLAIN.fullmatch(run.needle):
        return Sought(lambda text: not text.isascii() and stands_in_letters(text.decode()), _has_others)
    has_it = _as_it_lies(run)
    written_otherwise = (LATIN if run.needle.isascii() else KOREAN).is_in
    says_all = _says_all(run)
    longest = max(_beginnings(run), key=len).encode()

    def stands_in(text: bytes) -> bool:
        if has_it(text.lower()):
            return says_all(text) or stands_in_letters(text.decode())
        return not text.isascii() and written_otherwise(text) and stands_in_letters(text.decode())

    def may_stand_in(text: bytes) -> bool:
        lower = text.lower()
        if longest in lower and (b"\\" in text or has_it(lower)):  # behind an escape no word begins
            return True
        return not text.isascii() and written_otherwise(text)

    return Sought(stands_in, may_stand_in)


class Otherwise:
    """What is compared as some letters and written otherwise."""

    def __init__(self, ways: Mapping[int, bytes]) -> None:
        """`ways` are regular expressions by the first byte of all that they match."""
        self._searches = {first: re.compile(way).search for first, way in ways.items()}
        self._others = bytes(sorted(set(range(0x100)) - set(ways)))

    def is_in(self, text: bytes) -> bool:
        """Whether a text may have some."""
        firsts = text.translate(None, self._others)
        return (bool(firsts) and any(self._searches[first](text) for first in set(firsts))) or _APART_FROM_THESE in text


LATIN, KOREAN = Otherwise(_LATIN), Otherwise(_KOREAN)


def _has_others(text: bytes) -> bool:
    return not text.isascii()


def _beginnings(run: Holds) -> Sequence[str]:
    """What the words of a run begin with."""
    words = run.needle.split()
    return [*map(_beginning, words)] if run.stemmed else words


def _beginning(word: str) -> str:
    """What all words with this stem begin with; a Korean word is its own."""
    return word if len(word) <= _SHORT_STEM or is_cjk(word) else word[:-1]


# --- as it lies in the database ------------------------------------------------------------------------------------


def _as_it_lies(run: Holds) -> Callable[[bytes], object]:
    """Whether a text, in small letters, has what every text with the run has unless it is otherwise written.

    To bytes that are no ASCII a regular expression has no letters: words end there, and stand apart.
    """
    words = run.needle.split()
    if not run.needle.isascii():
        needed = [one.encode() for one in sorted(_beginnings(run), key=len, reverse=True)]
        return lambda text: all(one in text for one in needed)
    if run.stemmed:
        return re.compile("".join(_pieces(words)).encode()).search
    return re.compile(_pattern(run.needle).encode()).search


def _says_all(run: Holds) -> Callable[[bytes], bool]:
    """Whether a text that has what `_as_it_lies` looks for has the run: one that is compared as it lies."""
    if not run.stemmed and run.needle.isascii():
        return bytes.isascii
    if not run.stemmed and " " not in run.needle:
        return lambda text: not KOREAN.is_in(text)  # a final by itself makes another syllable of the one before
    return lambda _: False


def _pattern(needle: str) -> str:
    """A regular expression, in bytes, for a run of folded Latin words.

    The last goes on if there is no space behind it. It begins with letters: those are searched for fastest.
    """
    first, *others = map(re.escape, needle.split())
    end = f"(?!{_LETTER})" if needle.endswith(" ") else ""
    return f"{_APART}+".join([f"{first}(?<!{_LETTER}{first})", *others]) + end


def _pieces(words: Sequence[str]) -> Iterator[str]:
    """A regular expression, in bytes, for what a run of words has, the English ones by their stems.

    It begins with letters: those are searched for fastest.
    """
    for at, word in enumerate(words):
        beginning = re.escape(_beginning(word))
        if at:
            yield f"{_APART}+"
        yield f"{beginning}(?<!{_LETTER}{beginning}){_LETTER}*"


# --- in letters ------------------------------------------------------------------------------------------------------


def _in_letters(run: Holds) -> Callable[[str], bool]:
    """Whether a text holds a run, as text is compared."""
    words = run.needle.split()
    if len(words) == 1 and is_cjk(words[0]) and not run.stemmed:
        return lambda text: words[0] in compared(text)
    first, fits = _beginnings(run)[0], _fitting(run, words)

    def stands_in(text: str) -> bool:
        lower = compared(text)
        at = lower.find(first)
        while at >= 0:
            if _begins_at(lower, at, words) and fits(_words_from(lower, at, len(words))):
                return True
            at = lower.find(first, at + 1)
        return False

    return stands_in


def _fitting(run: Holds, words: Sequence[str]) -> Callable[[Sequence[str]], bool]:
    """Whether these words of a text are the run: the last may go on, if it is Korean or there is no space behind it."""
    *others, last = words
    shape = stem if run.stemmed else str
    goes_on = not run.needle.endswith(" ") or is_cjk(last)

    def fits(there: Sequence[str]) -> bool:
        if len(there) < len(words):
            return False
        ends = there[-1].startswith(last) if goes_on else shape(there[-1]) == last
        return ends and [*map(shape, there[:-1])] == others

    return fits


def _begins_at(text: str, at: int, words: Sequence[str]) -> bool:
    """Whether a run may begin here: a Latin word where words do; a Korean one anywhere, if words follow at its end.

    It looks at one letter: the words there are of any length, and there may be very many such places.
    """
    if not is_cjk(words[0]):
        return not (at and text[at - 1].isalnum() and not is_cjk(text[at - 1]))
    end = at + len(words[0])
    return len(words) == 1 or not (end < len(text) and is_cjk(text[end]))


def _words_from(text: str, at: int, count: int) -> Sequence[str]:
    """So many of the words that follow."""
    return [found[0] for found in islice(WORD.finditer(text, at), count)]
