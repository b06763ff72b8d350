"""Long private answers in pages: pure.

Every answer is a list of groups, each a few parts that stay together. What does not fit into one message is turned like
pages: the buttons carry the question, which is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.discord.actions import ActionId, custom_id
from bot.discord.components import MOST_COMPONENTS, MOST_TEXT, Button, DiscordMessage, Part, Row, Text, size
from bot.usecases.asks import write_ask
from bot.viewing import Around, View, page_of, turns

Group = list[Part]

_FRAME: Final = 1
"""The container around all."""
_TURNING: Final = 3
"""A row with two buttons."""


def page_message(groups: Sequence[Group], view: View, around: Around) -> DiscordMessage:
    """The page that was asked for, with the buttons to turn it."""
    pages = _pages(groups)
    page = page_of(view, len(pages))
    return DiscordMessage(tuple(_joined(pages[page])) + _turn(view, page, len(pages), around))


def _pages(groups: Sequence[Group]) -> list[list[Part]]:
    """Groups in as few messages as hold them, in order; at least one."""
    pages: list[list[Part]] = [[]]
    for group in groups:
        text, count = size(_joined([*pages[-1], *group]))
        if pages[-1] and (text > MOST_TEXT or count + _FRAME + _TURNING > MOST_COMPONENTS):
            pages.append([])
        pages[-1] += group
    return pages


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Texts that follow each other as one: a message may have few components."""
    joined: list[Part] = []
    for part in parts:
        if joined and isinstance(part, Text) and isinstance(last := joined[-1], Text):
            joined[-1] = Text(f"{last.markdown}\n{part.markdown}")
        else:
            joined.append(part)
    return joined


def _turn(view: View, page: int, pages: int, around: Around) -> tuple[Row, ...]:
    """The buttons to the pages beside this one."""
    asked = ((label, write_ask(ask) or "") for label, ask in turns(view, page, pages, around))
    buttons = tuple(Button(label, custom_id(ActionId.PAGE, state)) for label, state in asked)
    return (Row(buttons),) if buttons else ()
