"""What a post says on Discord: pure.

A card keeps its title, tags and buttons in the post itself, where people react. What is too long for one message goes
on in the post's thread; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot import wording
from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, NoteContent
from bot.core.entries import Entry
from bot.core.markup import Run, clean, paragraphs, safe_url, sentence, title_text
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.spreading import length
from bot.discord.actions import ActionId, custom_id
from bot.discord.components import (
    MOST_BLOCK,
    Button,
    DiscordMessage,
    Part,
    Row,
    Rule,
    Text,
    joined,
    pack,
    shortened,
    size,
)
from bot.discord.markdown import heading, parts, small, small_parts
from bot.locale import Translator, translator

_MOST_TITLE: Final = 300  # a longer title goes on as a text of its own
_MOST_TAGS: Final = 600
_MOST_URL: Final = 800
MOST_NAME: Final = 100
"""Characters of the name of a thread."""

_MOST_KEPT: Final = 250
"""Posts whose messages are kept, since they go into many channels."""

_LINE_END: Final = Run("\n")


@dataclass(frozen=True, slots=True)
class ForumPost:
    """A forum post: its name, the tags it would like to have, and its messages in order."""

    name: str
    tags: tuple[str, ...]
    messages: tuple[DiscordMessage, ...]


@lru_cache(_MOST_KEPT)
def messages_of(content: Content, language: Language) -> tuple[DiscordMessage, ...]:
    """A post in the language of its subscription, then the messages that continue it, in order."""
    speaker = translator(language)
    match content:
        case HeaderContent(days, count, late):
            mark = wording.late_head_mark(speaker) if late else None
            return _digest(wording.heading(days, count, speaker), mark, (), speaker)
        case ListContent(days, entries, follows):
            mark = wording.followed(follows, speaker) if follows else None
            return _digest(wording.heading(days, len(entries), speaker), mark, entries, speaker)
        case EntryContent(entry, late):
            return _messages(*_card(entry, late, speaker), speaker)
        case NoteContent(note):
            return _messages(texts(sentence(speaker.say(note))), (), speaker)


def forum_post_of(content: Content, language: Language) -> ForumPost:
    """A post of a forum channel, named by its entry's title."""
    messages = messages_of(content, language)
    match content:
        case EntryContent(entry, _):
            return ForumPost(thread_name(title_text(entry.title) or entry.id), entry.tags, messages)
        case NoteContent(note):
            return ForumPost(thread_name(translator(language).say(note)), (), messages)
        case HeaderContent(days, count, _) | ListContent(days, count, _):
            amount = count if isinstance(count, int) else len(count)
            return ForumPost(thread_name(wording.heading(days, amount, translator(language)).title), (), messages)


def thread_name(text: str) -> str:
    """A name of at most a hundred characters, on one line."""
    return shortened(" ".join(clean(text).replace("`", "").split()) or "Paperboy", MOST_NAME)


def withdrawn_message(language: Language) -> DiscordMessage:
    """What stands in place of a withdrawn post whose thread stays."""
    return DiscordMessage((Text(small(wording.withdrawn(translator(language)))),))


# --- digests --------------------------------------------------------------------------------------------------------


def _digest(
    head: wording.Heading, mark: str | None, entries: Sequence[Entry], speaker: Translator
) -> tuple[DiscordMessage, ...]:
    body = _headed(Run(head.title, bold=True), 2)
    body.append(Text(small(" · ".join(filter(None, (mark, head.summary))))))
    for number, entry in enumerate(entries, 1):
        body += joined(_item(number, entry, speaker))  # an item is not torn apart where it need not be
    return _messages(joined(body), (), speaker)


def _item(number: int, entry: Entry, speaker: Translator) -> list[Part]:
    told = " · ".join(filter(None, (wording.byline(entry, speaker), tags_line(entry))))
    return [*texts([Run(f"{number}. "), title_run(entry)]), *small_texts([Run(told)])]


# --- cards ----------------------------------------------------------------------------------------------------------


def _card(entry: Entry, late: bool, speaker: Translator) -> tuple[list[Part], list[Part]]:
    """What a card says, and what stands at its foot in the post itself."""
    body: list[Part] = [Text(small(wording.late_mark(speaker)))] if late else []
    body += [*title_parts(entry), *origin_parts(entry, speaker)]
    body = joined(body)
    body += text_parts(wording.commentaries(entry, speaker.language)[0])
    links = wording.further_links(entry)
    if links:
        shown = (run for link in links for run in (_LINE_END, Run(link, url=link)))
        body += texts([Run(speaker.say(msg("Links")), bold=True), *shown])
    tags = texts([Run(tags_line(entry))])
    foot: list[Part] = [Rule(), card_buttons(entry, speaker)]
    if size(tags)[0] > _MOST_TAGS:
        return [*body, *tags], foot
    return body, [*tags, *foot]


def title_parts(entry: Entry, level: int = 3) -> list[Part]:
    """The title, linked; one too long for a heading as a text."""
    return _headed(title_run(entry), level)


def _headed(run: Run, level: int) -> list[Part]:
    line = heading([run], level)
    return [Text(line)] if length(run.text) <= _MOST_TITLE and length(line) <= MOST_BLOCK else texts([run])


def origin_parts(entry: Entry, speaker: Translator) -> list[Part]:
    """Who wrote it, and where its title leads, in small print; nothing where nobody knows."""
    told = (wording.byline(entry, speaker), clean(wording.source_of(entry) or ""))
    return small_texts([Run(" · ".join(filter(None, told)))])


def text_parts(text: str | None, *, keep_lines: bool = True) -> list[Part]:
    """An entry's text with an empty line between its paragraphs; nothing for none."""
    runs: list[Run] = []
    for paragraph in paragraphs(text or "", keep_lines=keep_lines):
        runs += [_LINE_END, _LINE_END, *paragraph] if runs else paragraph
    return texts(runs)


def texts(runs: Iterable[Run]) -> list[Part]:
    """Runs as texts, as many as they need."""
    return [Text(text) for text in parts(runs, MOST_BLOCK)]


def small_texts(runs: Iterable[Run]) -> list[Part]:
    """Runs in small print, as many lines as they need."""
    return [Text(text) for text in small_parts(runs, MOST_BLOCK)]


def card_buttons(entry: Entry, speaker: Translator) -> Row:
    """What everybody can do with an entry that is posted."""
    kinds = [(ActionId.SAVE, msg("Save")), (ActionId.LIKE, msg("More like this"))]
    if entry.abstract:
        kinds.insert(0, (ActionId.ABSTRACT, msg("Abstract")))
    elif wording.commentaries(entry, speaker.language)[1]:
        kinds.insert(0, (ActionId.DETAILS, msg("Details")))
    return Row(tuple(Button(speaker.say(label), custom_id(kind, entry.id)) for kind, label in kinds))


def title_run(entry: Entry) -> Run:
    """The title, linked where its address is not too long for that; an illegible one is the entry's id."""
    url = None if length(entry.url or "") > _MOST_URL else safe_url(entry.url)
    return Run(title_text(entry.title) or entry.id, bold=True, url=url)


def tags_line(entry: Entry) -> str:
    """All tags; nothing for none."""
    return " ".join(f"#{title_text(tag)}" for tag in entry.tags)


# --- messages -------------------------------------------------------------------------------------------------------


def _messages(body: Sequence[Part], foot: Sequence[Part], speaker: Translator) -> tuple[DiscordMessage, ...]:
    """The body in messages, the foot in the first."""
    first, *rest = pack(body, foot=foot)
    if not rest:
        return (DiscordMessage((*first, *foot)),)
    count = len(rest) + 1
    mark = Text(small(speaker.say(msg("Continues in the thread ({part}/{parts})", part=1, parts=count))))
    return (
        DiscordMessage((*first, mark, *foot)),
        *(
            DiscordMessage((Text(small(speaker.say(msg("Continued ({part}/{parts})", part=part, parts=count)))), *more))
            for part, more in enumerate(rest, 2)
        ),
    )
