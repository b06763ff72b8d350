"""Answers that are at hand, before the person who asked; and what is said where something went wrong."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

import structlog

from bot.core.digests import MessageRef
from bot.core.errors import PaperboyError
from bot.core.messages import Message, msg
from bot.core.people import Caller
from bot.core.subscriptions import Channel
from bot.discord.answers import answer_message
from bot.discord.errors import DiscordError, words_for
from bot.discord.parts import DiscordParts
from bot.discord.people import channel_of
from bot.discord.places import link, place_of
from bot.discord.replying import Interaction, reply
from bot.discord.rooms import is_open_to_all
from bot.usecases.answers import AbstractAnswer, Answer, error_answer, hits_in, notice
from bot.usecases.asks import Ask
from bot.viewing import View

FAULT: Final = msg("Something went wrong on our side")

log = structlog.get_logger(__name__)


async def say(parts: DiscordParts, interaction: Interaction, message: Message, *suggestions: str) -> None:
    """Tell the person one sentence."""
    await show(parts, interaction, notice(message, *suggestions))


async def show(parts: DiscordParts, interaction: Interaction, answer: Answer, *, replace: bool = False) -> None:
    """Show an answer that is at hand already."""
    view = view_for(parts, parts.people.caller(interaction), None, answer, channel_of(interaction))
    await reply(parts, interaction, [answer_message(answer, view)], replace=replace)


def view_for(
    parts: DiscordParts, caller: Caller, ask: Ask | None, answer: Answer | AbstractAnswer, here: Channel
) -> View:
    """How a person looks at an answer: links lead to posts in this channel, and in those that everybody sees."""
    jumps = {hit.jump.channel for hit in hits_in(answer) if hit.jump}
    seen = {channel for channel in jumps if channel == here or is_open_to_all(parts.client, channel)}

    def permalink(ref: MessageRef) -> str | None:
        return link(ref.channel.workspace, place_of(ref)) if ref.channel in seen else None

    return View(caller, ask, permalink)


async def guarded(parts: DiscordParts, interaction: Interaction, work: Awaitable[None]) -> None:
    """Do the work; what nobody foresaw is logged, and the person is told that it went wrong."""
    try:
        await work
    except DiscordError as error:
        log.warning("discord.interaction_failed", guild=interaction.guild_id, reason=str(error))
        await say(parts, interaction, words_for(error))
    except PaperboyError as error:
        await show(parts, interaction, error_answer(error))
    except Exception as error:
        log.error("discord.interaction_failed", guild=interaction.guild_id, exc_info=error)
        await say(parts, interaction, FAULT)
