"""Messages of components as plain values: what rendering makes, and what Discord's limits count.

Discord's servers count an emoji as one character, its apps as two; whatever is counted here is counted as the apps do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.core.spreading import length

MOST_TEXT: Final = 4_000
"""Characters of all texts of a message together."""
MOST_BLOCK: Final = 1_800
"""Characters of one text; shorter than a message may be, so that what is around it finds room beside it."""
MOST_COMPONENTS: Final = 40
"""Components of a message, those inside others too."""
MOST_LABEL: Final = 80
"""Characters on a button."""
MOST_BUTTONS: Final = 5
"""Buttons in a row."""

_FRAME: Final = 2  # the container, and room for a mark such as “Continued (2/3)”
_MARK_TEXT: Final = 120


class Style(StrEnum):
    """How a button looks; each is the name of one of Discord's styles."""

    PLAIN = "secondary"
    FIRST = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Discord's Markdown, never empty."""

    markdown: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line between two parts."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button: with `custom_id` a press comes back to Paperboy, with `url` it leads there."""

    label: str
    custom_id: str | None = None
    url: str | None = None
    style: Style = Style.PLAIN
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Buttons beside each other, one to five."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A text with a button at its right."""

    markdown: str
    button: Button


Part = Text | Rule | Row | Section


@dataclass(frozen=True, slots=True)
class DiscordMessage:
    """What one message says, from top to bottom; a post begins with a text."""

    parts: tuple[Part, ...]


def size(parts: Iterable[Part]) -> tuple[int, int]:
    """Characters of text, and number of components, those inside others too."""
    text = count = 0
    for part in parts:
        count += 1 + len(buttons_in(part)) + isinstance(part, Section)  # the text in a section is one of its own
        text += length(part.markdown) if isinstance(part, Text | Section) else 0
    return text, count


def joined(parts: Iterable[Part]) -> list[Part]:
    """Short texts that follow each other as one: a message may have few components.

    Long ones stay apart, which shows as the gap between two paragraphs.
    """
    made: list[Part] = []
    for part in parts:
        last = made[-1] if made else None
        both = f"{last.markdown}\n{part.markdown}" if isinstance(last, Text) and isinstance(part, Text) else None
        if both is not None and length(both) <= MOST_BLOCK:
            made[-1] = Text(both)
        else:
            made.append(part)
    return made


def shortened(text: str, most: int) -> str:
    """A text of at most `most` characters, with `…` where some were left out.

    >>> shortened("A long name", 7), shortened("😀😀😀", 5)
    ('A long…', '😀😀…')
    """
    if length(text) <= most:
        return text
    start = text[: most - 1]
    while length(start) > most - 1:
        start = start[:-1]
    return start.rstrip() + "…"


def buttons_in(part: Part) -> tuple[Button, ...]:
    """The buttons of a part, from left to right."""
    match part:
        case Row(buttons):
            return buttons
        case Section(button=button):
            return (button,)
        case _:
            return ()


def with_buttons(message: DiscordMessage, change: Callable[[Button], Button]) -> DiscordMessage:
    """A message with every button changed, from top to bottom."""
    return DiscordMessage(tuple(_with_buttons(part, change) for part in message.parts))


def _with_buttons(part: Part, change: Callable[[Button], Button]) -> Part:
    match part:
        case Row(buttons):
            return Row(tuple(map(change, buttons)))
        case Section(markdown, button):
            return Section(markdown, change(button))
        case _:
            return part


def rows(buttons: Sequence[Button]) -> list[Row]:
    """Buttons in as many rows as they need."""
    return [Row(tuple(buttons[at : at + MOST_BUTTONS])) for at in range(0, len(buttons), MOST_BUTTONS)]


def pack(body: Sequence[Part], *, foot: Sequence[Part] = ()) -> list[list[Part]]:
    """The body in as many messages as it needs, in order; at least one.

    Every message keeps room for a mark, and the first one for the foot, which is small.
    """
    messages: list[list[Part]] = [[]]
    text, count = size(foot)
    text, count = text + _MARK_TEXT, count + _FRAME
    for part in body:
        more_text, more = size([part])
        if messages[-1] and (text + more_text > MOST_TEXT or count + more > MOST_COMPONENTS):
            messages.append([])
            text, count = _MARK_TEXT, _FRAME
        messages[-1].append(part)
        text, count = text + more_text, count + more
    return messages
