"""An entry that a person shares into a channel, as it is at that moment: one message, however long the entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot import wording
from bot.core.digests import EntryContent
from bot.core.entries import Entry
from bot.core.markup import clean, title_text
from bot.core.people import Language
from bot.core.text import split_paragraphs
from bot.discord.actions import ActionId
from bot.discord.components import DiscordMessage, Row, Text, shortened
from bot.discord.markdown import small
from bot.discord.pieces import button
from bot.discord.rendering import messages_of
from bot.locale import translator

_MOST_TEXT: Final = 1_500
"""Characters of commentary; the rest is behind the button."""
_LESS_TEXT: Final = 300
_MOST_TITLE: Final = 300
_MOST_LINKS: Final = 3
_MOST_NAME: Final = 80


def shared_message(entry: Entry, name: str, language: Language) -> DiscordMessage:
    """The card under a line with the name of who shares it, whom that does not ping.

    A long commentary is cut at the end of a paragraph; of what takes more than a message even so, the title is left.
    """
    speaker = translator(language)
    who = Text(small(speaker.t("{person} shares a paper", person=shortened(clean(name).strip(), _MOST_NAME) or "?")))
    posts = (messages_of(EntryContent(short), language) for short in _shorter(entry, language))
    post = next(messages[0] for messages in posts if len(messages) == 1)
    body = [part for part in post.parts if not isinstance(part, Row)]
    labelled = (
        (speaker.t("Details"), ActionId.DETAILS),
        (speaker.t("Save"), ActionId.SAVE),
        (speaker.t("More like this"), ActionId.LIKE),
    )
    return DiscordMessage((who, *body, Row(tuple(button(label, kind, entry.id) for label, kind in labelled))))


def _shorter(entry: Entry, language: Language) -> Iterator[Entry]:
    """The entry with ever less of what there may be too much of."""
    shown, _ = wording.commentaries(entry, language)
    title = shortened(title_text(entry.title), _MOST_TITLE)
    short = replace(entry, title=title, commentary_en=None, links=entry.links[:_MOST_LINKS])
    for most in (_MOST_TEXT, _LESS_TEXT):
        parts = split_paragraphs(shown or "", most)
        yield replace(short, commentary=f"{parts[0]} …" if len(parts) > 1 else shown)
    yield Entry(id=entry.id, title=title, url=entry.url)
    yield Entry(id=entry.id, title=title)
