"""What is offered while somebody types into an option: tags with counts, dates with digests, authors, entries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from enum import Enum, auto
from typing import Any, Final

import discord
import structlog
from discord.app_commands import Choice

from bot.core.command_completion import CompletionKind
from bot.core.errors import PaperboyError
from bot.core.markup import title_text
from bot.core.people import Caller, Role
from bot.core.ports import Stores
from bot.core.text import fold
from bot.discord.client import PaperboyClient
from bot.discord.errors import DiscordError, translated
from bot.discord.parts import DiscordParts
from bot.discord.people import channel_of
from bot.discord.query_options import tags_in
from bot.locale import translator
from bot.usecases import follow
from bot.usecases.complete import Offer, complete_query, complete_value

PATIENCE: Final = 2.0
"""Seconds for looking up; Discord waits for three."""
_MOST_CHOICES: Final = 25
_MOST_TEXT: Final = 100
"""Characters of a choice's name, and of its value."""
_MOST_TYPED: Final = 200

log = structlog.get_logger(__name__)

Interaction = discord.Interaction[PaperboyClient]
Found = Sequence[tuple[str, str]]
"""What is shown, and what goes into the option."""
Suggest = Callable[[Any, str], Coroutine[Any, Any, list[Choice[Any]]]]


class Suggested(Enum):
    """What an option takes."""

    TAGS = auto()
    DATE = auto()
    AUTHOR = auto()
    QUERY = auto()
    ENTRY = auto()
    DRAFT_OR_ENTRY = auto()
    DATE_OR_ENTRY = auto()
    SUBSCRIPTION = auto()
    FOLLOWED = auto()


_KINDS: Final = {
    Suggested.DATE: CompletionKind.DATE,
    Suggested.AUTHOR: CompletionKind.AUTHOR,
    Suggested.ENTRY: CompletionKind.ENTRY,
    Suggested.SUBSCRIPTION: CompletionKind.SUBSCRIPTION,
}


def suggest(parts: DiscordParts, what: Suggested) -> Suggest:
    """What to offer for an option; nothing when it takes too long, for nobody has to choose what is offered."""

    async def offered(interaction: Interaction, typed: str) -> list[Choice[Any]]:
        try:
            found = await asyncio.wait_for(_found(parts, interaction, what, str(typed)[:_MOST_TYPED]), PATIENCE)
        except (TimeoutError, PaperboyError) as error:
            log.info("discord.nothing_suggested", reason=str(error) or "it took too long")
            return []
        numbered = what is Suggested.SUBSCRIPTION
        choices = [
            Choice[Any](name=_shortened(shown), value=int(value) if numbered else value)
            for shown, value in found
            if len(value) <= _MOST_TEXT
        ]
        await _answer(interaction, choices[:_MOST_CHOICES])
        return []  # for the library, which has nothing to answer any more

    return offered


async def _answer(interaction: Interaction, choices: Sequence[Choice[Any]]) -> None:
    """Offer choices; one who has typed on meanwhile does not see them, which is no fault."""
    try:
        with translated(discord.utils.utcnow()):
            await interaction.response.autocomplete(choices)
    except DiscordError as error:
        log.info("discord.suggestion_too_late", reason=str(error))


async def _found(parts: DiscordParts, interaction: Interaction, what: Suggested, typed: str) -> Found:
    caller, channel, stores = parts.people.caller(interaction), channel_of(interaction), parts.desk.stores
    match what:
        case Suggested.TAGS:
            return await _tags(parts, interaction, caller, typed)
        case Suggested.QUERY:
            done = await complete_query(stores, caller, channel, typed, len(typed))
            # the same twice: what is shown is what somebody goes on typing after
            return [(line, line) for offer in done.offers for line in [_completed(typed, done.start, offer)]]
        case Suggested.FOLLOWED:
            return _followed((await follow.following(stores, caller)).queries, typed)
        case Suggested.DATE_OR_ENTRY:
            days = await complete_value(stores, caller, channel, CompletionKind.DATE, typed)
            entries = await complete_value(stores, caller, channel, CompletionKind.ENTRY, typed)
            return [_choice(offer, what, caller) for offer in (*days, *entries)]
        case Suggested.DRAFT_OR_ENTRY:
            entries = await complete_value(stores, caller, channel, CompletionKind.ENTRY, typed)
            return [*await _drafts(stores, caller, typed), *(_choice(offer, what, caller) for offer in entries)]
        case _:
            offers = await complete_value(stores, caller, channel, _KINDS[what], typed)
            return [_choice(offer, what, caller) for offer in offers]


def _choice(offer: Offer, what: Suggested, caller: Caller) -> tuple[str, str]:
    """What stands alone in an option needs none of the quotes that it would have in a query."""
    value = offer.label if what in {Suggested.DATE, Suggested.AUTHOR} else offer.insert.strip()
    return _told(offer.label, offer, caller), value


async def _drafts(stores: Stores, caller: Caller, typed: str) -> Found:
    """Drafts in whose titles the typed words stand, for those who may see drafts."""
    if Role.MAINTAINER not in caller.roles:
        return []
    draft = translator(caller.language).t("Draft")
    found = ((title_text(entry.title), entry.id) for entry in await stores.archive.drafts())
    return [(f"{title} · {draft}", entry_id) for title, entry_id in found if fold(typed) in fold(title)]


def _followed(queries: Sequence[str], typed: str) -> Found:
    """What somebody follows; a long query by its number in their list."""
    return [
        (f"{number}. {query}", query if len(query) <= _MOST_TEXT else str(number))
        for number, query in enumerate(queries, 1)
        if typed.casefold() in f"{number}. {query}".casefold()
    ]


async def _tags(parts: DiscordParts, interaction: Interaction, caller: Caller, typed: str) -> Found:
    """Tags for the last of those that are typed."""
    before, comma, last = typed.rpartition(",")
    chosen = tags_in(before) if comma else ()
    prefix = last.strip().lstrip("#＃")
    offers = await complete_value(
        parts.desk.stores, caller, channel_of(interaction), CompletionKind.TAG, prefix, tags=chosen
    )
    found = [(offer, ", ".join((*chosen, offer.label))) for offer in offers if tags_in(offer.label) == (offer.label,)]
    return [(_told(value, offer, caller), value) for offer, value in found]


def _told(shown: str, offer: Offer, caller: Caller) -> str:
    detail = offer.detail if isinstance(offer.detail, str) else translator(caller.language).say(offer.detail)
    return f"{shown} · {detail}" if detail else shown


def _completed(typed: str, start: int, offer: Offer) -> str:
    return (typed[:start] + offer.insert).strip()


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
