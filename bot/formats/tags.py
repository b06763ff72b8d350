"""Tags as people write them: on a line of their own, at the end of a text, or before a remark."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.text import has_hangul

TAG = r"#(?=[^\s#]*[^\W\d_])\w(?:[\w./+&'’-]*[\w+])?"
_RUN = rf"(?:{TAG}[,;.]*(?:\s+|(?=#)|$))+"
_ONE = re.compile(TAG)
_TAG_LINE = re.compile(rf"\s*(?P<tags>{_RUN})(?P<stray>[A-Za-z#\u3131-\u318e\uac00-\ud7a3]?)\s*")
_TAGS = re.compile(rf"(?:{TAG}[,;.]*)+")
_GLUED = re.compile(rf"(?P<text>(?!\S*://)[^#]*[가-힣][.!?…)~]?)(?:{TAG}[,;.]*)+")
_WORD = re.compile(r"\S+")
_STRAY = re.compile("[a-z\u3131-\u318e]")
_AT_START = re.compile(rf"\s*(?P<tags>{_RUN})(?=\S)")
_INSIDE = re.compile(rf"(?<!\S)(?:{TAG}[,;]?\s+)+")


@dataclass(frozen=True, slots=True)
class TaggedLine:
    """A line without its tags, the tags in order, and whether a stray letter after them was dropped."""

    text: str
    tags: tuple[str, ...] = ()
    stray: bool = False


def is_tag_line(line: str) -> bool:
    """Whether a line holds tags and nothing else, but for one stray letter.

    >>> is_tag_line("#llm #3d  "), is_tag_line("# Links"), is_tag_line("#InsTag: a title"), is_tag_line("#1")
    (True, False, False, False)
    """
    return "#" in line and _TAG_LINE.fullmatch(line) is not None


def take_tags(line: str) -> TaggedLine:
    """A line with its tags taken out of it.

    >>> take_tags("좋은 결과. #nerf #3d")
    TaggedLine(text='좋은 결과.', tags=('nerf', '3d'), stray=False)
    """
    if "#" not in line:
        return TaggedLine(line)
    alone = _TAG_LINE.fullmatch(line)
    if alone:
        return TaggedLine("", _names(alone["tags"]), bool(alone["stray"]))
    start, end = _run_at_end(line)
    if start < end:
        before = _before_a_remark(line[:start].rstrip())
        return TaggedLine(before.text, before.tags + _names(line[start:end]), end < len(line.rstrip()))
    return _before_a_remark(line)


def _run_at_end(line: str) -> tuple[int, int]:
    """Where the tags at the end of a line begin and end; a stray letter may follow, a Korean sentence stand before."""
    words = list(_WORD.finditer(line))
    if len(words) > 1 and _STRAY.fullmatch(words[-1][0]):
        words.pop()
    start = end = words[-1].end() if words else 0
    while words and _TAGS.fullmatch(words[-1][0]):
        start = words.pop().start()
    glued = _GLUED.fullmatch(words[-1][0]) if words else None
    return (words[-1].start() + glued.end("text") if glued else start), end


def _before_a_remark(line: str) -> TaggedLine:
    at_start = _AT_START.match(line)
    if at_start and (has_hangul(line) or line[at_start.end()] == "("):
        return TaggedLine(line[at_start.end() :], _names(at_start["tags"]))
    for inside in _INSIDE.finditer(line):
        names, following = _names(inside[0]), line[inside.end() : inside.end() + 1]
        if following == "(" or (following and len(names) > 1):
            return TaggedLine(line[: inside.start()] + line[inside.end() :], names)
    return TaggedLine(line)


def _names(run: str) -> tuple[str, ...]:
    return tuple(tag[0][1:] for tag in _ONE.finditer(run))
