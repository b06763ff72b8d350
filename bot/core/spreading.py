"""Long texts in the fields of forms: pure.

A field takes so many characters, so a long text is spread over several. What stands between the parts, usually the
empty line between two paragraphs, is kept beside the form, and a text that nobody touched comes back as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.core.text import split_paragraphs

PARAGRAPH: Final = "\n\n"
_MOST_BETWEEN: Final = 4
_AHEAD: Final = 200  # how far to look past what fits, to tell a word's end from its middle


@dataclass(frozen=True, slots=True)
class Room:
    """What fields hold, counted as browsers count: an emoji is two or more.

    `whole` is how long a text may be that stands in one field, `filled` how full each field of a longer one is made, so
    that there is room to write.
    """

    whole: int
    filled: int


@dataclass(frozen=True, slots=True)
class Spread:
    """A text in parts, and what stands between them: one less than there are parts."""

    parts: tuple[str, ...]
    between: tuple[str, ...] = ()

    def with_room(self, between: str = PARAGRAPH) -> Spread:
        """The same text with an empty part at its end."""
        return Spread((*self.parts, ""), (*self.between, between))


def spread(text: str, room: Room, mark: str | None = None) -> Spread:
    """A text in as many parts as it needs, cut at paragraph ends, or where there is a `mark` after the last of them.

    >>> spread("short", Room(2_900, 2_400))
    Spread(parts=('short',), between=())
    """
    if length(text) <= room.whole:
        return Spread((text,))
    parts: list[str] = []
    between: list[str] = []
    start = 0
    while True:
        end = _end_of_part(text, start, room.filled, mark)
        following = _after_space(text, end)
        if following == len(text):  # white space at the very end stays in the last part
            return Spread((*parts, text[start:]), tuple(between))
        parts.append(text[start:end])
        between.append(text[end:following])
        start = following


def join(spread: Spread) -> str:
    """The whole text; an empty part is left out, with the lesser of what stood around it.

    >>> join(Spread(("One.", "", "Two."), (" ", PARAGRAPH)))
    'One.\\n\\nTwo.'
    """
    whole, between = "", ""
    for part, after in zip(spread.parts, (*spread.between, ""), strict=True):
        if part:
            whole = f"{whole}{between}{part}" if whole else part
            between = after
        else:
            between = max(between, after, key=_breadth)
    return whole


def length(text: str) -> int:
    """How long a text is for a field, and for Discord's apps: in units of UTF-16.

    >>> length("a"), length("가"), length("😀")
    (1, 1, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _breadth(between: str) -> tuple[int, int]:
    return between.count("\n"), len(between)


def _end_of_part(text: str, start: int, filled: int, mark: str | None) -> int:
    fits = _fitting(text, start, filled)
    window = text[start : start + fits]
    if start + fits == len(text):
        return len(text)
    place = window.rfind(mark, 1) if mark else -1
    if mark and place > 0:
        return start + place + len(mark.rstrip())
    lead = len(window) - len(window.lstrip())
    if lead == fits:
        return start + fits
    first = split_paragraphs(text[start + lead : start + fits + _AHEAD], fits - lead)[0]
    return start + lead + len(first)


def _fitting(text: str, start: int, filled: int) -> int:
    """How many letters of the rest make up one part."""
    window = text[start : start + filled]
    while (over := length(window) - filled) > 0:
        window = window[: len(window) - (over + 1) // 2]
    return len(window)


def _after_space(text: str, end: int) -> int:
    """Where the next part begins: past the white space after this one, of which only a little is kept beside."""
    following = end
    while following < len(text) and following - end < _MOST_BETWEEN and text[following].isspace():
        following += 1
    return following
