"""Long private answers in pages: pure.

Every answer is a list of groups, each a few blocks that stay together. What does not fit into one message is turned
like pages: the buttons carry the question, which is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.slack.actions import ActionId
from bot.slack.blocks import MOST_VALUE, SlackMessage, actions, button, fallback
from bot.slack.rich_text import Block, json_length
from bot.usecases.asks import write_ask
from bot.viewing import Around, View, page_of, turns

MOST_JSON: Final = 9_000
MOST_BLOCKS: Final = 44

Group = list[Block]


def page_message(groups: Sequence[Group], view: View, around: Around) -> SlackMessage:
    """The page that was asked for, with the buttons to turn it."""
    pages = _pages(groups)
    page = page_of(view, len(pages))
    blocks = [block for group in pages[page] for block in group]
    turn = _turn(view, page, len(pages), around)
    return SlackMessage(_summary(blocks), tuple(blocks + ([actions(turn)] if turn else [])))


def _pages(groups: Sequence[Group]) -> list[list[Group]]:
    """Groups in as few messages as hold them, in order; at least one."""
    pages: list[list[Group]] = [[]]
    length = count = 0
    for group in groups:
        room = json_length(group)
        if pages[-1] and (length + room > MOST_JSON or count + len(group) > MOST_BLOCKS):
            pages.append([])
            length = count = 0
        pages[-1].append(group)
        length, count = length + room, count + len(group)
    return pages


def _turn(view: View, page: int, pages: int, around: Around) -> list[Block]:
    """The buttons to the pages beside this one; one whose question is too long for a button is left out."""
    asked = turns(view, page, pages, around)
    written = [(label, value) for label, ask in asked if (value := write_ask(ask, MOST_VALUE)) is not None]
    return [button(label, ActionId.PAGE, value, n=number) for number, (label, value) in enumerate(written)]


def _summary(blocks: Sequence[Block]) -> str:
    """What a notification says: the first words there are."""
    return fallback(next(filter(None, map(_words, blocks)), "Paperboy"))


def _words(value: object) -> str:
    """All that a block says, in order."""
    if isinstance(value, dict):
        text = value.get("text")
        return text if isinstance(text, str) else "".join(map(_words, value.values()))
    return "".join(map(_words, value)) if isinstance(value, list) else ""
