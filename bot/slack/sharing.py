"""An entry that a person shares into a channel, as it is at that moment: one message, however long the entry. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot import wording
from bot.core.digests import EntryContent
from bot.core.entries import Entry
from bot.core.markup import clean
from bot.core.people import Language
from bot.core.text import split_paragraphs
from bot.locale import translator
from bot.slack.actions import ActionId
from bot.slack.blocks import SlackMessage, actions, button, context
from bot.slack.rendering import messages_of

_MOST_TEXT: Final = 1_500
"""Characters of commentary; the rest is behind the button."""
_MOST_LINKS: Final = 3
_MOST_NAME: Final = 80


def shared_message(entry: Entry, name: str, language: Language) -> SlackMessage:
    """The card under a line with the name of who shares it, whom that does not ping.

    A long commentary is cut at the end of a paragraph.
    """
    shown, _ = wording.commentaries(entry, language)
    parts = split_paragraphs(shown or "", _MOST_TEXT)
    start = f"{parts[0]} …" if len(parts) > 1 else shown
    short = replace(entry, commentary=start, commentary_en=None, links=entry.links[:_MOST_LINKS])
    card = messages_of(EntryContent(short), language)[0]
    speaker = translator(language)
    row = actions(
        [
            button(speaker.t("Details"), ActionId.DETAILS, entry.id),
            button(speaker.t("Save"), ActionId.SAVE, entry.id),
            button(speaker.t("More like this"), ActionId.LIKE, entry.id),
        ]
    )
    body = [block for block in card.blocks if block["type"] != "actions"]
    who = context(speaker.t("{person} shares a paper", person=clean(name)[:_MOST_NAME] or "?"))
    return SlackMessage(card.text, (who, *body, row))
