"""What a post says on Discord: pure.

A card keeps its title, tags and buttons in the post itself, where people react. What is too long for one message goes
on in the post's thread; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot import wording
from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, NoteContent
from bot.core.entries import Entry
from bot.core.markup import Run, clean, paragraphs, safe_url, sentence, title_text
from bot.core.messages import msg
from bot.core.people import Language
from bot.discord.actions import ActionId, custom_id
from bot.discord.components import Button, DiscordMessage, Part, Row, Rule, Text, pack
from bot.discord.markdown import heading, parts, small, write
from bot.locale import Translator, translator

MOST_BLOCK: Final = 1_800
"""Characters of one text; shorter than a message may be, so that what is around it finds room beside it."""
_MOST_TITLE: Final = 300  # a longer title goes on as a text of its own
_MOST_TAGS: Final = 600
_MOST_URL: Final = 800
MOST_NAME: Final = 100
"""Characters of the name of a thread."""

_LINE_END: Final = Run("\n")


@dataclass(frozen=True, slots=True)
class ForumPost:
    """A forum post: its name, the tags it would like to have, and its messages in order."""

    name: str
    tags: tuple[str, ...]
    messages: tuple[DiscordMessage, ...]


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
            return _messages([Text(text) for text in parts(sentence(speaker.say(note)), MOST_BLOCK)], (), speaker)


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
            return ForumPost(wording.heading(days, amount, translator(language)).title[:MOST_NAME], (), messages)


def thread_name(text: str) -> str:
    """A name of at most a hundred characters, on one line."""
    line = " ".join(clean(text).replace("`", "").split()) or "Paperboy"
    return line if len(line) <= MOST_NAME else line[: MOST_NAME - 1].rstrip() + "…"


def withdrawn_message(language: Language) -> DiscordMessage:
    """What stands in place of a withdrawn post whose thread stays."""
    return DiscordMessage((Text(small(wording.withdrawn(translator(language)))),))


# --- digests --------------------------------------------------------------------------------------------------------


def _digest(
    head: wording.Heading, mark: str | None, entries: Sequence[Entry], speaker: Translator
) -> tuple[DiscordMessage, ...]:
    body: list[Part] = [Text(heading([Run(head.title)], 2))]
    body.append(Text(small(" · ".join(filter(None, (mark, head.summary))))))
    for number, entry in enumerate(entries, 1):
        body += [Text(text) for text in parts(_item(number, entry, speaker), MOST_BLOCK)]
    return _messages(_joined(body), (), speaker)


def _item(number: int, entry: Entry, speaker: Translator) -> Iterator[Run]:
    yield Run(f"{number}. ")
    yield _title(entry)
    for line in (wording.byline(entry, speaker), _tags(entry)):
        if line:
            yield from (_LINE_END, Run(line))


def _joined(body: Sequence[Part]) -> list[Part]:
    """Short texts that follow each other as one, because a message has few components."""
    joined: list[Part] = []
    for part in body:
        last = joined[-1] if joined else None
        if isinstance(last, Text) and isinstance(part, Text) and len(last.markdown) + len(part.markdown) < MOST_BLOCK:
            joined[-1] = Text(f"{last.markdown}\n{part.markdown}")
        else:
            joined.append(part)
    return joined


# --- cards ----------------------------------------------------------------------------------------------------------


def _card(entry: Entry, late: bool, speaker: Translator) -> tuple[list[Part], list[Part]]:
    """What a card says, and what stands at its foot in the post itself."""
    body: list[Part] = [Text(small(wording.late_mark(speaker)))] if late else []
    body += title_parts(entry)
    origin = " · ".join(filter(None, (wording.byline(entry, speaker), clean(wording.source_of(entry) or ""))))
    body += [Text(f"-# {text}") for text in parts([Run(" ".join(origin.split()))], MOST_BLOCK)]
    body = _joined(body)
    body += text_parts(wording.commentaries(entry, speaker.language)[0])
    links = wording.further_links(entry)
    if links:
        shown = (run for link in links for run in (_LINE_END, Run(link, url=link)))
        body += [Text(text) for text in parts([Run(speaker.say(msg("Links")), bold=True), *shown], MOST_BLOCK)]
    tags = [Text(text) for text in parts([Run(_tags(entry))], MOST_BLOCK)]
    foot: list[Part] = [Rule(), card_buttons(entry, speaker)]
    if sum(len(text.markdown) for text in tags) > _MOST_TAGS:
        return [*body, *tags], foot
    return body, [*tags, *foot]


def title_parts(entry: Entry, level: int = 3) -> list[Part]:
    """The title, linked; one too long for a heading as a text."""
    title = _title(entry)
    line = heading([title], level)
    if len(line) <= MOST_BLOCK and len(title.text) <= _MOST_TITLE:
        return [Text(line)]
    return [Text(text) for text in parts([title], MOST_BLOCK)]


def text_parts(text: str | None, *, keep_lines: bool = True) -> list[Part]:
    """An entry's text with an empty line between its paragraphs; nothing for none."""
    runs: list[Run] = []
    for paragraph in paragraphs(text or "", keep_lines=keep_lines):
        runs += [_LINE_END, _LINE_END, *paragraph] if runs else paragraph
    return [Text(part) for part in parts(runs, MOST_BLOCK)]


def card_buttons(entry: Entry, speaker: Translator) -> Row:
    """What everybody can do with an entry that is posted."""
    kinds = [(ActionId.SAVE, msg("Save")), (ActionId.LIKE, msg("More like this"))]
    if entry.abstract:
        kinds.insert(0, (ActionId.ABSTRACT, msg("Abstract")))
    elif wording.commentaries(entry, speaker.language)[1]:
        kinds.insert(0, (ActionId.DETAILS, msg("Details")))
    return Row(tuple(Button(speaker.say(label), custom_id(kind, entry.id)) for kind, label in kinds))


def _title(entry: Entry) -> Run:
    return Run(title_text(entry.title) or entry.id, bold=True, url=_linked(entry))


def _linked(entry: Entry) -> str | None:
    """Where the title leads; a title that holds an address leads nowhere, because Discord takes no link around one."""
    return None if "://" in entry.title or len(entry.url or "") > _MOST_URL else safe_url(entry.url)


def _tags(entry: Entry) -> str:
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


def said_text(text: str) -> Text:
    """One of our own sentences, in which backticks mark what a person may type."""
    return Text(write(sentence(text)))
