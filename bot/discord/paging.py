"""Long private answers in pages: pure.

Every answer is a list of groups, each a few parts that stay together where they can. What does not fit into one message
is turned like pages: the buttons carry the question, which is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from typing import Final

from bot.discord.actions import ActionId, custom_id
from bot.discord.components import MOST_COMPONENTS, MOST_TEXT, Button, DiscordMessage, Part, Row, Rule, joined, size
from bot.usecases.asks import write_ask
from bot.viewing import ALONE, Around, View, page_of, turns

Group = list[Part]

_FRAME: Final = 1
"""The container around all."""
_TURNING: Final = 3
"""A row with two buttons."""


def page_message(
    groups: Sequence[Group], view: View, around: Around = ALONE, *, foot: Sequence[Row] = ()
) -> DiscordMessage:
    """The page that was asked for, with the buttons to turn it; `foot` stands on every page."""
    pages = _pages(groups, foot)
    page = page_of(view, len(pages))
    shown = dropwhile(lambda part: isinstance(part, Rule), joined(pages[page]))  # nothing is there to be kept apart
    return DiscordMessage((*shown, *foot, *_turn(view, page, len(pages), around)))


def _pages(groups: Sequence[Group], foot: Sequence[Row]) -> list[list[Part]]:
    """Groups in as few messages as hold them, in order; at least one. Only one that no message holds is torn apart."""
    most = MOST_COMPONENTS - _FRAME - _TURNING - size(foot)[1]
    pages: list[list[Part]] = [[]]
    for group in groups:
        for parts in [group] if _fit(group, most) else [[part] for part in group]:
            if pages[-1] and not _fit([*pages[-1], *parts], most):
                pages.append([])
            pages[-1] += parts
    return pages


def _fit(parts: Sequence[Part], most: int) -> bool:
    text, count = size(joined(parts))
    return text <= MOST_TEXT and count <= most


def _turn(view: View, page: int, pages: int, around: Around) -> tuple[Row, ...]:
    """The buttons to the pages beside this one."""
    asked = ((label, write_ask(ask) or "") for label, ask in turns(view, page, pages, around))
    buttons = tuple(Button(label, custom_id(ActionId.PAGE, state)) for label, state in asked)
    return (Row(buttons),) if buttons else ()
