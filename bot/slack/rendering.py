"""What a post says on Slack: pure.

A card keeps its title, tags and buttons in the post itself, where people react. What is too long for one message goes
on in the post's thread; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot import wording
from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, NoteContent
from bot.core.entries import Entry
from bot.core.markup import Run, clean, paragraphs, safe_url, sentence, title_text
from bot.core.messages import msg
from bot.core.people import Language
from bot.locale import Translator, translator
from bot.slack.actions import ActionId
from bot.slack.blocks import MOST_FALLBACK, SlackMessage, actions, button, context, fallback, pack, title
from bot.slack.rich_text import Block, Item, Piece, Section, blocks_of, json_length

_MOST_TAGS_JSON = 1_500
"""Characters of the tags as JSON; a longer row goes where the commentary goes."""

_MOST_KEPT = 250
"""Posts whose messages are kept, since they go into many channels."""

_LINE_END = Run("\n")


@lru_cache(_MOST_KEPT)
def messages_of(content: Content, language: Language) -> tuple[SlackMessage, ...]:
    """A post in the language of its subscription, then the messages that continue it in its thread, in order."""
    speaker = translator(language)
    match content:
        case HeaderContent(days, count, late):
            mark = wording.late_head_mark(speaker) if late else None
            return _digest(wording.heading(days, count, speaker), mark, (), speaker)
        case ListContent(days, entries, follows):
            items = [Item(tuple(_item(entry, speaker))) for entry in entries]
            mark = wording.followed(follows, speaker) if follows else None
            return _digest(wording.heading(days, len(entries), speaker), mark, items, speaker)
        case EntryContent(entry, late):
            return _card(entry, late, speaker)
        case NoteContent(note):
            said = speaker.say(note)
            return _messages((said,), blocks_of([Section(sentence(said))]), (), speaker)


def withdrawn_message(language: Language) -> SlackMessage:
    """What stands in place of a withdrawn post whose thread stays."""
    said = wording.withdrawn(translator(language))
    return SlackMessage(fallback(said), (context(said),))


# --- digests --------------------------------------------------------------------------------------------------------


def _digest(
    heading: wording.Heading, mark: str | None, items: Sequence[Item], speaker: Translator
) -> tuple[SlackMessage, ...]:
    summary = " · ".join(filter(None, (mark, heading.summary)))
    body = [*title(heading.title), context(summary), *blocks_of(items)]
    return _messages((heading.title, summary), body, (), speaker)


def _item(entry: Entry, speaker: Translator) -> Iterator[Run]:
    yield _title(entry)
    for line in (wording.byline(entry, speaker), _tags(entry)):
        if line:
            yield from (_LINE_END, Run(line))


# --- cards ----------------------------------------------------------------------------------------------------------


def _card(entry: Entry, late: bool, speaker: Translator) -> tuple[SlackMessage, ...]:
    commentary = tuple(_commentary(entry, speaker.language))
    body = [context(wording.late_mark(speaker))] if late else []
    body += blocks_of(_body(entry, commentary, speaker))
    tags = blocks_of([Section((Run(_tags(entry)),))]) if entry.tags else []
    foot = [_buttons(entry, speaker)]
    if json_length(tags) > _MOST_TAGS_JSON:
        body += tags
    else:
        foot = tags + foot
    start = "".join(run.text for run in commentary)[:MOST_FALLBACK]
    return _messages((_title(entry).text, wording.byline(entry, speaker), start), body, foot, speaker)


def _body(entry: Entry, commentary: tuple[Run, ...], speaker: Translator) -> Iterator[Piece]:
    origin = " · ".join(filter(None, (wording.byline(entry, speaker), clean(wording.source_of(entry) or ""))))
    yield Section((_title(entry), _LINE_END, Run(origin)) if origin else (_title(entry),))
    yield Section(commentary)
    links = wording.further_links(entry)
    if links:
        yield Section((Run(speaker.say(msg("Links")), bold=True),))
        yield from (Item((Run(link, url=link),)) for link in links)


def _title(entry: Entry) -> Run:
    return Run(title_text(entry.title) or entry.id, bold=True, url=safe_url(entry.url))


def _tags(entry: Entry) -> str:
    return " ".join(f"#{title_text(tag)}" for tag in entry.tags)


def _commentary(entry: Entry, language: Language) -> Iterator[Run]:
    """The commentary to show, with an empty line between paragraphs."""
    shown, _ = wording.commentaries(entry, language)
    for number, paragraph in enumerate(paragraphs(shown or "")):
        if number:
            yield from (_LINE_END, _LINE_END)
        yield from paragraph


def _buttons(entry: Entry, speaker: Translator) -> Block:
    abstract = [button(speaker.say(msg("Abstract")), ActionId.ABSTRACT, entry.id)] if entry.abstract else []
    if not abstract and wording.commentaries(entry, speaker.language)[1]:
        abstract = [button(speaker.say(msg("Details")), ActionId.DETAILS, entry.id)]
    save = button(speaker.say(msg("Save")), ActionId.SAVE, entry.id)
    like = button(speaker.say(msg("More like this")), ActionId.LIKE, entry.id)
    return actions([*abstract, save, like])


# --- messages -------------------------------------------------------------------------------------------------------


def _messages(
    names: Sequence[str], body: Sequence[Block], foot: Sequence[Block], speaker: Translator
) -> tuple[SlackMessage, ...]:
    """The body in messages, the foot in the first. `names`: what it is, the most important first, for notifications."""
    first, *rest = pack(body, foot=foot)
    summary = fallback(" · ".join(filter(None, names)))
    if not rest:
        return (SlackMessage(summary, (*first, *foot)),)
    parts = len(rest) + 1
    mark = context(speaker.say(msg("Continues in the thread ({part}/{parts})", part=1, parts=parts)))
    return (
        SlackMessage(summary, (*first, mark, *foot)),
        *(_continuation(names[0], blocks, part, parts, speaker) for part, blocks in enumerate(rest, 2)),
    )


def _continuation(name: str, blocks: Sequence[Block], part: int, parts: int, speaker: Translator) -> SlackMessage:
    mark = speaker.say(msg("Continued ({part}/{parts})", part=part, parts=parts))
    return SlackMessage(fallback(f"{mark} · {name}"), (context(mark), *blocks))
