"""Texts and tags as the fields of a form hold them: pure.

A field of Slack takes 3,000 characters, so a long text is spread over several. What stands between the parts, usually
the empty line between two paragraphs, is kept beside the form, and a text that nobody touched comes back as it was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.text import split_paragraphs

MOST: Final = 3_000
"""What Slack takes in one field, counted as browsers count: an emoji is two or more."""
MOST_OPTION: Final = 75
"""Characters of an option's text."""

_WHOLE: Final = 2_900  # of a text that stands in one field
_FILLED: Final = 2_400  # of each part of a longer one, so that there is room to write
_MOST_BETWEEN: Final = 4
_AHEAD: Final = 200  # how far to look past what fits, to tell a word's end from its middle
_MOST_VALUE: Final = 150

PARAGRAPH: Final = "\n\n"

# --- long texts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """A text in parts, and what stands between them: one less than there are parts."""

    parts: tuple[str, ...]
    between: tuple[str, ...] = ()

    def with_room(self, between: str = PARAGRAPH) -> Spread:
        """The same text with an empty part at its end."""
        return Spread((*self.parts, ""), (*self.between, between))


def spread(text: str, mark: str | None = None) -> Spread:
    """A text in as many parts as it needs, cut at paragraph ends, or where there is a `mark` after the last of them.

    >>> spread("short")
    Spread(parts=('short',), between=())
    """
    if length(text) <= _WHOLE:
        return Spread((text,))
    parts: list[str] = []
    between: list[str] = []
    start = 0
    while True:
        end = _end_of_part(text, start, mark)
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
    """How long a text is for Slack.

    >>> length("a"), length("가"), length("😀")
    (1, 1, 2)
    """
    return len(text) + sum(letter > "\uffff" for letter in text)


def _breadth(between: str) -> tuple[int, int]:
    return between.count("\n"), len(between)


def _end_of_part(text: str, start: int, mark: str | None) -> int:
    fits = _fitting(text, start)
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


def _fitting(text: str, start: int) -> int:
    """How many letters of the rest make up one part."""
    window = text[start : start + _FILLED]
    while (over := length(window) - _FILLED) > 0:
        window = window[: len(window) - (over + 1) // 2]
    return len(window)


def _after_space(text: str, end: int) -> int:
    """Where the next part begins: past the white space after this one, of which only a little is kept beside."""
    following = end
    while following < len(text) and following - end < _MOST_BETWEEN and text[following].isspace():
        following += 1
    return following


# --- tags -------------------------------------------------------------------------------------------------------------


def tags_of(text: str) -> tuple[str, ...]:
    """The tags of a form's field; those that begin with `#` may have spaces in them.

    >>> tags_of("#llm #weak to strong"), tags_of("llm, agents")
    (('llm', 'weak to strong'), ('llm', 'agents'))
    """
    text = text.replace("＃", "#").strip()
    found = re.split(r"(?:^|[\s,]+)#", text) if text.startswith("#") else re.split(r"[\s,]+", text)
    return tuple(tag for part in found if (tag := part.strip(" \t\r\n,")))


def tag_value(tag: str) -> str:
    """What stands for a tag as an option's value; a very long one is told by its beginning and a digest of it.

    >>> tag_value("rlaif")
    'rlaif'
    """
    if len(tag) <= _MOST_VALUE:
        return tag
    return f"{tag[:100]}…{hashlib.sha256(tag.encode()).hexdigest()[:16]}"


def tag_text(tag: str) -> str:
    """What an option shows of a tag."""
    return shortened(f"#{tag}", MOST_OPTION)


def chosen_tags(values: Sequence[str], before: str) -> str:
    """The form's field after these option values were chosen, where `before` stood in it.

    Unchanged tags give the same text. A space in a tag becomes `-`, which makes no other tag of it.

    >>> chosen_tags(["weak to strong", "llm"], "#weak to strong")
    '#weak-to-strong #llm'
    """
    standing = {tag_value(tag): tag for tag in tags_of(before)}
    if sorted(values) == sorted(standing):
        return before
    names = [standing.get(value, value) for value in values]
    return " ".join(f"#{'-'.join(name.split())}" for name in names)


# --- words of forms ---------------------------------------------------------------------------------------------------


def shortened(text: str, most: int) -> str:
    """A text of at most `most` characters, with `…` where some were left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def block_id(name: str, part: int = 1, generation: int = 0) -> str:
    """What a field, or the part of one, is called in a form.

    Slack keeps what stands in a field for as long as its name stays: another generation makes it show something else.

    >>> block_id("title"), block_id("commentary", 2), block_id("title", generation=3)
    ('title', 'commentary:2', 'title@3')
    """
    return name + (f":{part}" if part > 1 else "") + (f"@{generation}" if generation else "")


def most_parts(spreads: Iterable[Spread]) -> int:
    """How many fields texts take together."""
    return sum(len(one.parts) for one in spreads)


def longest(spreads: Mapping[str, Spread]) -> str:
    """The name of the longest text."""
    return max(spreads, key=lambda name: (len(spreads[name].parts), length(join(spreads[name]))))
