"""A message in plain text, for when Slack does not take it as it was made: pure.

Nothing that Slack could find fault with is left, therefore neither links nor buttons; what a message says is all there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bot.core.text import split_paragraphs
from bot.slack.blocks import SlackMessage
from bot.slack.rich_text import MOST_TEXT, Block

_BULLET: Final = "• "


def plain_message(message: SlackMessage) -> SlackMessage:
    """The same words in sections of plain text. An address stands in brackets behind what was linked with it."""
    text = "\n\n".join(filter(None, map(_text, message.blocks)))
    return SlackMessage(message.text, tuple(_section(part) for part in split_paragraphs(text, MOST_TEXT)))


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _text(block: Any) -> str:
    match block:
        case {"type": "header" | "section", "text": {"text": str(text)}}:
            return text
        case {"type": "context", "elements": [*elements]}:
            return " ".join(str(element["text"]) for element in elements)
        case {"type": "rich_text", "elements": [*parts]}:
            return "\n".join(line for part in parts for line in _lines(part))
        case _:  # buttons
            return ""


def _lines(part: Any) -> Iterator[str]:
    """The lines of a section, or of a list with a bullet each."""
    if part["type"] == "rich_text_list":
        yield from (_BULLET + line for section in part["elements"] for line in _lines(section))
    else:
        yield "".join(map(_words, part["elements"]))


def _words(element: Any) -> str:
    text, url = element.get("text"), element.get("url")
    if text is None:
        return str(url)
    return f"{text} ({url})" if url else str(text)
