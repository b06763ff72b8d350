"""An entry that a person shares into a channel: pure."""

from __future__ import annotations

from bot.core.people import Language
from bot.locale import translator
from bot.slack.blocks import SlackMessage
from bot.slack.rich_text import Block


def shared_message(card: SlackMessage, user_id: str, language: Language) -> SlackMessage:
    """The card, under a line that says who shares it."""
    before, _, after = translator(language).t("{person} shares a paper", person="\0").partition("\0")
    elements: list[object] = [{"type": "user", "user_id": user_id}]
    elements = [*_text(before), *elements, *_text(after)]
    line: Block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
    return SlackMessage(card.text, (line, *card.blocks))


def _text(text: str) -> list[object]:
    return [{"type": "text", "text": text}] if text else []
