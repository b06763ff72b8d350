"""An entry that a person shares into a channel, as it is at that moment: one message, however long the entry."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot import wording
from bot.core.digests import EntryContent
from bot.core.entries import Entry
from bot.core.markup import clean
from bot.core.people import Language
from bot.core.text import split_paragraphs
from bot.discord.actions import ActionId
from bot.discord.components import DiscordMessage, Row, Text
from bot.discord.markdown import small
from bot.discord.pieces import button
from bot.discord.rendering import messages_of
from bot.locale import translator

_MOST_TEXT: Final = 1_500
"""Characters of commentary; the rest is behind the button."""
_MOST_LINKS: Final = 3
_MOST_NAME: Final = 80


def shared_message(entry: Entry, name: str, language: Language) -> DiscordMessage:
    """The card under a line with the name of who shares it, whom that does not ping.

    A long commentary is cut at the end of a paragraph.
    """
    shown, _ = wording.commentaries(entry, language)
    parts = split_paragraphs(shown or "", _MOST_TEXT)
    start = f"{parts[0]} …" if len(parts) > 1 else shown
    short = replace(entry, commentary=start, commentary_en=None, links=entry.links[:_MOST_LINKS])
    speaker = translator(language)
    who = Text(small(speaker.t("{person} shares a paper", person=clean(name)[:_MOST_NAME] or "?")))
    body = [part for part in messages_of(EntryContent(short), language)[0].parts if not isinstance(part, Row)]
    labelled = (
        (speaker.t("Details"), ActionId.DETAILS),
        (speaker.t("Save"), ActionId.SAVE),
        (speaker.t("More like this"), ActionId.LIKE),
    )
    return DiscordMessage((who, *body, Row(tuple(button(label, kind, entry.id) for label, kind in labelled))))
