"""Commentary in two languages: which lines of a note are Korean, which their English version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from bot.core.text import has_hangul
from bot.formats.note_blocks import Lines, is_quoted, only_links

_MARK = re.compile(r"<\s*(?P<close>/?)\s*(?P<name>[A-Za-z]{5,9})\s*(?P<self>/?)\s*>")
_MARK_LINE = re.compile(r"\s*[</>]*\s*(?P<close>/?)\s*(?P<name>[A-Za-z]{5,9})\s*(?P<self>/?)\s*[</>]*\s*")
_LIKE_ENGLISH = 0.7


@dataclass(frozen=True, slots=True)
class Versions:
    """The commentary's lines, the lines of its English version, and whether the English marks were not closed."""

    main: Lines
    english: Lines
    unclosed: bool = False


def take_english(lines: Sequence[str]) -> Versions:
    """What stands between `<english>` and `</english>`, however misspelt.

    Without an end it goes on to the next Korean line; without a beginning it starts after the last one.
    """
    main: Lines = []
    english: Lines = []
    inside = unclosed = False
    last_mark = max((number for number, line in enumerate(lines) if len(_parts(line)) > 1), default=-1)
    for number, line in enumerate(lines):
        if inside and number > last_mark and has_hangul(line):
            inside, unclosed = False, True
        for text, mark in _parts(line):
            (english if inside else main).append(text)
            if mark == "close" and not inside:
                unclosed = True
                english.extend(_plain_english(main))
            inside = mark == "open" and not inside if mark else inside
    return Versions(main, english, unclosed or inside)


def _parts(line: str) -> list[tuple[str, str]]:
    """A line cut at its English marks: each text with the mark after it, `open`, `close` or none."""
    if "<" not in line and ">" not in line:
        return [(line, "")]
    whole = _MARK_LINE.fullmatch(line)
    if whole and _is_english(whole["name"]):
        return [("", _kind(whole, line)), ("", "")]
    parts: list[tuple[str, str]] = []
    start = 0
    for mark in _MARK.finditer(line):
        if _is_english(mark["name"]):
            parts.append((line[start : mark.start()], _kind(mark, mark[0])))
            start = mark.end()
    return [*parts, (line[start:], "")]


def _kind(mark: re.Match[str], text: str) -> str:
    return "close" if mark["close"] or mark["self"] or "/" in text else "open"


@lru_cache(maxsize=256)
def _is_english(name: str) -> bool:
    return SequenceMatcher(None, name.lower(), "english").ratio() >= _LIKE_ENGLISH


def _plain_english(main: Lines) -> Lines:
    """The lines after the last Korean one, taken off: what a closing mark without an opening one closes."""
    last = next((number for number in range(len(main) - 1, -1, -1) if has_hangul(main[number])), -1)
    taken = main[last + 1 :]
    del main[last + 1 :]
    return taken


_SHORTEST_VERSION = 40


def take_english_paragraphs(lines: Sequence[str]) -> tuple[Lines, Lines]:
    """The commentary's lines, and the English paragraphs after its last Korean one when they read like a version of it.

    A version starts after a blank line, is prose (quotes and lines of links are not), and is no short remark.
    """
    last = next((number for number in range(len(lines) - 1, -1, -1) if has_hangul(lines[number])), -1)
    gap = next((number for number in range(last + 1, len(lines)) if not lines[number].strip()), len(lines))
    rest = list(lines[gap:])
    if last < 0 or not _reads_like_version(rest, lines[:gap]):
        return list(lines), []
    return list(lines[:gap]), rest


def _reads_like_version(english: Sequence[str], korean: Sequence[str]) -> bool:
    prose = [line for line in english if line.strip() and not only_links(line) and not is_quoted(line)]
    length = sum(map(len, prose))
    korean_length = sum(len(line) for line in korean if has_hangul(line))
    sentences = any(line.rstrip().endswith((".", "!", "?", ")", ":", "…", '"', "”")) for line in prose)
    return sentences and length >= max(_SHORTEST_VERSION, korean_length // 2)
