"""What to offer while a command, a query or a list of tags is being typed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.core.command_completion import Candidate, CompletionContext, CompletionKind, complete_command
from bot.core.commands import parse_command, required_roles
from bot.core.entries import TagCount, tag_key
from bot.core.errors import CommandError, InputError, QueryError
from bot.core.markup import title_text
from bot.core.messages import Message, msg, msg_n
from bot.core.people import Caller, Role
from bot.core.ports import Facet, Stores
from bot.core.query import criteria_of
from bot.core.query_syntax import parse
from bot.core.query_writing import write_author, write_tag
from bot.core.subscriptions import Channel
from bot.usecases.look_up import look_up

_MOST: Final = 12
_QUERY_COMMAND: Final = "/digest subscribe "
_TAG_BEING_TYPED: Final = re.compile(r"[^\s,#＃]*$")
_SURE_KINDS: Final = frozenset(
    {
        CompletionKind.COMMAND,
        CompletionKind.SUBCOMMAND,
        CompletionKind.TAG,
        CompletionKind.AUTHOR,
        CompletionKind.SORT,
        CompletionKind.IS,
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One choice: what the list shows, what it means, and what goes into the text in its place."""

    label: str
    detail: Message | str
    insert: str
    is_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Completions:
    """What fits at the cursor, for the span `start`..`end` of the text (offsets in characters).

    `is_sure`: what is typed so far is no whole word yet, so the first offer is most likely what is meant.
    """

    start: int
    end: int
    offers: tuple[Offer, ...] = ()
    is_sure: bool = False


async def complete_line(stores: Stores, caller: Caller, channel: Channel, text: str, cursor: int) -> Completions:
    """Complete a command."""
    context = complete_command(text, cursor)
    offers = await _offers(stores, caller, channel, context, text)
    return Completions(context.start, context.end, tuple(offers[:_MOST]), _is_sure(context, offers))


def _is_sure(context: CompletionContext, offers: list[Offer]) -> bool:
    typed = tag_key(context.prefix)
    return bool(typed) and context.kind in _SURE_KINDS and all(tag_key(offer.label) != typed for offer in offers)


async def complete_query(stores: Stores, caller: Caller, channel: Channel, text: str, cursor: int) -> Completions:
    """Complete a query that stands alone in a field."""
    shift = len(_QUERY_COMMAND)
    found = await complete_line(stores, caller, channel, _QUERY_COMMAND + text, cursor + shift)
    return Completions(max(0, found.start - shift), max(0, found.end - shift), found.offers, found.is_sure)


async def complete_tags(stores: Stores, caller: Caller, text: str, cursor: int) -> Completions:
    """Complete the tag at the cursor of a list of tags."""
    typed = _TAG_BEING_TYPED.search(text[:cursor])
    prefix = typed[0] if typed else ""
    there = {tag_key(name.strip("#＃")) for name in re.split(r"[\s,]+", text[: cursor - len(prefix)] + text[cursor:])}
    tags = await stores.archive.tags(prefix, limit=_MOST + len(there), today=_tag_horizon(caller))
    offers = [_counted(tag, f"{tag.name} ") for tag in tags if tag_key(tag.name) not in there]
    is_sure = bool(prefix) and all(tag_key(offer.label) != tag_key(prefix) for offer in offers)
    return Completions(cursor - len(prefix), cursor, tuple(offers[:_MOST]), is_sure)


def _tag_horizon(caller: Caller) -> date | None:
    """Up to which digest tags are offered for an entry: those who write tomorrow's know its tags."""
    return None if Role.MAINTAINER in caller.roles else caller.today


async def _offers(
    stores: Stores, caller: Caller, channel: Channel, context: CompletionContext, text: str
) -> list[Offer]:
    known = [_known(caller, context, candidate, text) for candidate in context.candidates]
    narrowed = await _narrowed(stores, caller, context, text)
    return known + (await _from_archive(stores, caller, channel, context) if narrowed is None else narrowed)


async def _narrowed(stores: Stores, caller: Caller, context: CompletionContext, text: str) -> list[Offer] | None:
    """What goes with the rest of the query; None where there is no rest, or none that is understood yet."""
    facet = _FACETS.get(context.kind)
    rest = _TYPED.sub("", text[: context.start]) + text[context.end :]
    command = _QUERY_COMMANDS.match(rest)
    if facet is None or command is None or not rest[command.end() :].strip():
        return None
    try:
        query = parse(rest[command.end() :])
    except QueryError:
        return None
    if not query.terms:
        return None
    criteria = criteria_of(query, caller.today, until=caller.horizon)
    there = {tag_key(name) for name in context.tags}
    prefix, most = context.prefix, _MOST + len(there)
    found = await stores.search.narrowed(criteria, facet, prefix, limit=most)
    write = _WRITERS[facet]
    return [
        _counted(one, f"{write(one.name)} ")
        for one in found
        if facet is not Facet.TAGS or tag_key(one.name) not in there
    ]


async def complete_value(
    stores: Stores, caller: Caller, channel: Channel, kind: CompletionKind, typed: str, *, tags: tuple[str, ...] = ()
) -> tuple[Offer, ...]:
    """Complete a value that stands in a field of its own; `tags` are those that have been chosen already."""
    context = CompletionContext(kind, typed, 0, len(typed), tags=tags)
    return tuple((await _from_archive(stores, caller, channel, context))[:_MOST])


async def _from_archive(stores: Stores, caller: Caller, channel: Channel, context: CompletionContext) -> list[Offer]:
    look = _FROM_ARCHIVE.get(context.kind)
    return await look(stores, caller, channel, context) if look else []


def _known(caller: Caller, context: CompletionContext, candidate: Candidate, text: str) -> Offer:
    """A choice that the line alone tells; a key goes on at once, anything else after a space."""
    insert = candidate.label if candidate.label.endswith(":") else f"{candidate.label} "
    line = text[: context.start] + candidate.label
    return Offer(candidate.label, candidate.description, insert, not _is_open_to(caller, line))


def _is_open_to(caller: Caller, line: str) -> bool:
    """Whether this person may use the command that the line begins; what is no command yet is open."""
    for attempt in (line, f"{line} 2406.14548"):
        try:
            needed = required_roles(parse_command(attempt))
        except CommandError:
            continue
        return bool(needed & caller.roles)
    return True


async def _tags(stores: Stores, caller: Caller, _: Channel, context: CompletionContext) -> list[Offer]:
    there = {tag_key(name) for name in context.tags}
    tags = await stores.archive.tags(context.prefix, limit=_MOST + len(there), today=caller.today)
    return [_counted(tag, f"{write_tag(tag.name)} ") for tag in tags if tag_key(tag.name) not in there]


async def _authors(stores: Stores, caller: Caller, _: Channel, context: CompletionContext) -> list[Offer]:
    if not context.prefix.strip():
        return []
    authors = await stores.archive.authors(context.prefix, limit=_MOST, today=caller.today)
    return [_counted(author, f"{write_author(author.name)} ") for author in authors]


def _counted(found: TagCount, insert: str) -> Offer:
    said = msg_n("{n} entry", "{n} entries", n=found.count)
    if found.at_least:
        said = msg_n("at least {n} entry", "at least {n} entries", n=found.count)
    return Offer(found.name, said, insert)


async def _dates(stores: Stores, caller: Caller, _: Channel, context: CompletionContext) -> list[Offer]:
    days = await stores.archive.digest_dates(context.prefix, today=caller.today, limit=_MOST)
    return [_counted(TagCount(day.isoformat(), count), f"{day.isoformat()} ") for day, count in days]


async def _entries(stores: Stores, caller: Caller, _: Channel, context: CompletionContext) -> list[Offer]:
    """Entries by their words, the newest where nothing has been typed yet; what goes in is an id."""
    try:
        found = await look_up(stores, caller, context.prefix, limit=_MOST, typing=True, explained=False)
    except InputError:
        return []
    return [
        Offer(
            title_text(hit.entry.title),
            hit.entry.digest_date.isoformat() if hit.entry.digest_date else "",
            hit.entry.arxiv_id or hit.entry.id,
        )
        for hit in found.hits
    ]


async def _subscriptions(stores: Stores, caller: Caller, channel: Channel, _: CompletionContext) -> list[Offer]:
    if Role.OPERATOR not in caller.roles:
        return []
    found = await stores.subscriptions.of_channel(channel)
    return [Offer(str(one.id), one.query or msg("everything"), str(one.id)) for one in found]


_TYPED: Final = re.compile(r"\S*$")
_QUERY_COMMANDS: Final = re.compile(r"\s*/(?:paper|digest\s+subscribe)\s", re.IGNORECASE)
_FACETS: Final = {
    CompletionKind.TAG: Facet.TAGS,
    CompletionKind.AUTHOR: Facet.AUTHORS,
    CompletionKind.DATE: Facet.DAYS,
}
_WRITERS: Final[Mapping[Facet, Callable[[str], str]]] = {
    Facet.TAGS: write_tag,
    Facet.AUTHORS: write_author,
    Facet.DAYS: str,
}
_Look = Callable[[Stores, Caller, Channel, CompletionContext], Awaitable[list[Offer]]]
_FROM_ARCHIVE: Final[Mapping[CompletionKind, _Look]] = {
    CompletionKind.TAG: _tags,
    CompletionKind.AUTHOR: _authors,
    CompletionKind.DATE: _dates,
    CompletionKind.ENTRY: _entries,
    CompletionKind.SUBSCRIPTION: _subscriptions,
}
