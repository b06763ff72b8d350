"""Slack messages and the blocks around an entry's text: pure.

What is ours to say stands in plain text, without emoji codes; what an entry says stands in `rich_text`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.core.markup import Run, clean
from bot.slack.actions import ActionId, action_id
from bot.slack.rich_text import Block, Section, blocks_of, json_length

MOST_HEADER = 150
"""Characters that Slack takes in a header; on a button it takes 75."""
MOST_VALUE = 2_000
"""Characters that Slack takes as a button's value."""
MOST_BLOCKS = 45
"""Blocks in one message, of the 50 that Slack takes."""
MOST_JSON = 10_000
"""Characters of all blocks of a message as JSON; Slack refuses a message somewhere around 12,000."""
MOST_FALLBACK = 300
"""Characters of the text that stands for a message in notifications and for screen readers."""

_MARK_JSON = 250  # what `context` takes for a mark such as “Continued (2/3)”
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_STYLING_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_QUOTE = re.compile(r"^>+")


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """What one message says: `blocks` to see, and `text` for notifications, as Slack takes it (see `fallback`)."""

    text: str
    blocks: tuple[Block, ...]


def fallback(text: str) -> str:
    """A text on one line, of at most 300 characters, that neither mentions anybody nor styles or links anything."""
    line = _shortened(" ".join(clean(text).split())).translate(_LOOKALIKES)
    return _escaped(_QUOTE.sub("›", _STYLING_UNDERSCORE.sub("ˍ", line)))


def _shortened(line: str) -> str:
    """As much of a line as fits when it is escaped."""
    lengths = list(accumulate(len(_escaped(letter)) for letter in line))
    if not lengths or lengths[-1] <= MOST_FALLBACK:
        return line
    return line[: sum(length < MOST_FALLBACK for length in lengths)].rstrip() + "…"


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def title(text: str) -> list[Block]:
    """A heading: a header block, or a bold line where it is too long for one."""
    if len(text) > MOST_HEADER:
        return blocks_of([Section((Run(text, bold=True),))])
    return [{"type": "header", "text": _plain(text)}]


def context(text: str) -> Block:
    """A small line of our own."""
    return {"type": "context", "elements": [_plain(text)]}


def actions(buttons: Sequence[Block]) -> Block:
    """A row of buttons, whose ids differ."""
    return {"type": "actions", "elements": list(buttons)}


def button(text: str, kind: ActionId, value: str, *, n: int | None = None) -> Block:
    """A button that says `text` and carries `value` to whoever handles its press."""
    return {"type": "button", "text": _plain(text), "action_id": action_id(kind, n), "value": value}


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": False}


def pack(body: Sequence[Block], *, foot: Sequence[Block] = ()) -> list[list[Block]]:
    """The body's blocks in as many messages as they need, in order; at least one, which may be empty.

    Every message keeps room for a mark of `context`, and the first one for the foot, which is small: a block of a body
    has room beside it.
    """
    messages: list[list[Block]] = [[]]
    number, length = len(foot) + 1, json_length(list(foot)) + _MARK_JSON
    for block in body:
        room = json_length(block) + 1
        if messages[-1] and (length + room > MOST_JSON or number >= MOST_BLOCKS):
            messages.append([])
            number, length = 1, _MARK_JSON
        messages[-1].append(block)
        number, length = number + 1, length + room
    return messages
