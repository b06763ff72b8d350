"""Texts and tags as the fields of a form on Slack hold them: pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bot.core.spreading import Room, Spread, join, length

MOST: Final = 3_000
"""What Slack takes in one field, counted as browsers count: an emoji is two or more."""
MOST_OPTION: Final = 75
"""Characters of an option's text."""

ROOM: Final = Room(whole=2_900, filled=2_400)
_MOST_VALUE: Final = 150

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
