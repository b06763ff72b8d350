"""Buttons of posts and of private answers: acknowledged at once, then carried out.

What a button is about stands in its id, so it works as long as its message is there, whatever has restarted meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

import discord

from bot.core.messages import msg
from bot.discord import forms
from bot.discord.actions import ActionId, key_of_kept, read_custom_id
from bot.discord.api import said
from bot.discord.client import PaperboyClient
from bot.discord.components import DiscordMessage
from bot.discord.conversation import answer_ask, run_line
from bot.discord.errors import DiscordUnreachable
from bot.discord.parts import DiscordParts
from bot.discord.people import channel_of
from bot.discord.replying import Interaction, defer, say_in_channel
from bot.discord.sharing import shared_message
from bot.discord.showing import guarded, say, show
from bot.usecases import converse, presses
from bot.usecases.answers import Answer
from bot.usecases.asks import Ask, AskKind, Press, read_ask, read_press

_MOST_NONCE: Final = 25
_SECONDS_FOR_STATE: Final = 0.7
"""How long a kept state may take where a form may have to open: what that shows takes `forms.PATIENCE` besides."""

Handler = Callable[[DiscordParts, Interaction, str], Awaitable[None]]


def register(client: PaperboyClient, parts: DiscordParts) -> None:
    """Listen to every button of `bot.discord.actions`."""

    async def pressed(interaction: Interaction) -> None:
        if interaction.type is discord.InteractionType.component:
            await guarded(parts, interaction, _pressed(parts, interaction))

    client.on("interaction", pressed)


async def _pressed(parts: DiscordParts, interaction: Interaction) -> None:
    data: Mapping[str, Any] = cast("Any", interaction.data) or {}
    read = read_custom_id(str(data.get("custom_id", "")))
    if read is None:
        await say(parts, interaction, presses.OUTDATED)
        return
    kind, state = read
    if kind not in _MAY_OPEN_FORMS and not await defer(interaction, replace=_replaces(interaction, kind, state)):
        return
    try:
        whole = await asyncio.wait_for(_whole(parts, state), _SECONDS_FOR_STATE if kind in _MAY_OPEN_FORMS else None)
    except TimeoutError:
        await say(parts, interaction, msg("This took too long just now. Please try again in a moment."))
        return
    if whole is None:
        await say(parts, interaction, presses.OUTDATED)
        return
    await _HANDLERS[kind](parts, interaction, whole)


def _replaces(interaction: Interaction, kind: ActionId, state: str) -> bool:
    """Whether the private answer in which the button stands will change."""
    if not is_private(interaction):
        return False
    has_ask = key_of_kept(state) is not None or read_press(state).ask is not None
    return kind in _REPLACING or (kind in _SAVING and has_ask)


def is_private(interaction: Interaction) -> bool:
    """Whether what was clicked on is seen by this person alone."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def _whole(parts: DiscordParts, state: str) -> str | None:
    """A state as it was written; None for one that is not kept any more."""
    key = key_of_kept(state)
    return state if key is None else await parts.desk.stores.questions.get(key)


async def _page(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    ask = read_ask(state)
    if ask is None:
        await say(parts, interaction, presses.OUTDATED)
        return
    await answer_ask(parts, interaction, ask, replace=is_private(interaction))


async def _details(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    await answer_ask(parts, interaction, Ask(AskKind.ENTRY, read_press(state).entry_id))


async def _abstract(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    await answer_ask(parts, interaction, Ask(AskKind.ABSTRACT, read_press(state).entry_id))


async def _like(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    await answer_ask(parts, interaction, Ask(AskKind.LIKE, read_press(state).entry_id))


async def _run(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    await run_line(parts, interaction, state)


async def _form(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    await forms.reopen(parts, interaction, state)


async def _save(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    press, caller = read_press(state), parts.people.caller(interaction)
    await _go_on(parts, interaction, press, await presses.save(parts.desk, caller, press.entry_id))


async def _unsave(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    press, caller = read_press(state), parts.people.caller(interaction)
    await _go_on(parts, interaction, press, await presses.unsave(parts.desk, caller, press.entry_id))


async def _go_on(parts: DiscordParts, interaction: Interaction, press: Press, done: Answer) -> None:
    """Show the private answer in which the button stands as it is now; beside a post say what was done."""
    if press.ask is not None and is_private(interaction):
        await answer_ask(parts, interaction, press.ask, replace=True)
    else:
        await show(parts, interaction, done)


async def _confirm(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    caller = parts.people.caller(interaction)
    done = await converse.answered(presses.confirm(parts.desk, caller, channel_of(interaction), state))
    await show(parts, interaction, done, replace=is_private(interaction))


# --- sharing ----------------------------------------------------------------------------------------------------------


async def _share(parts: DiscordParts, interaction: Interaction, state: str) -> None:
    """Show an entry to everybody in the channel, in the name of who shares it."""
    if not _may_write(interaction, interaction.permissions):
        await say(parts, interaction, msg("You may not write in this channel, so you cannot share into it."))
        return
    caller = parts.people.caller(interaction)
    entry = await converse.shareable(parts.desk, caller, read_press(state).entry_id)
    message = shared_message(entry, interaction.user.display_name, parts.desk.language)
    shared = msg("Shared into this channel.")
    if not _is_member(interaction):
        await say(parts, interaction, shared)
        await say_in_channel(parts, interaction, message)
        return
    if not _may_write(interaction, interaction.app_permissions):
        await say(parts, interaction, msg("Paperboy may not write in this channel."))
        return
    await _post_once(parts, interaction.channel_id or 0, message, nonce=f"share-{interaction.id}"[:_MOST_NONCE])
    await say(parts, interaction, shared)


async def _post_once(parts: DiscordParts, place: int, message: DiscordMessage, *, nonce: str) -> None:
    """Post a message, and again where its answer was lost: with the same nonce it is there once.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    try:
        await parts.api.call(lambda http: http.send_message(place, params=said(message, nonce=nonce)))
    except DiscordUnreachable:
        await parts.api.call(lambda http: http.send_message(place, params=said(message, nonce=nonce)))


def _may_write(interaction: Interaction, may: discord.Permissions) -> bool:
    if interaction.guild_id is None:
        return True
    in_thread = isinstance(interaction.channel, discord.Thread)
    return may.view_channel and (may.send_messages_in_threads if in_thread else may.send_messages)


def _is_member(interaction: Interaction) -> bool:
    """Whether Paperboy itself is where this was pressed, rather than with a person who has added it for themselves."""
    if interaction.guild_id is not None:
        return interaction.is_guild_integration()
    return interaction.context.dm_channel  # with Paperboy, not with others


_REPLACING: Final = frozenset({ActionId.PAGE, ActionId.CONFIRM})
_SAVING: Final = frozenset({ActionId.SAVE, ActionId.UNSAVE})
_MAY_OPEN_FORMS: Final = frozenset({ActionId.RUN, ActionId.FORM})

_HANDLERS: Final[Mapping[ActionId, Handler]] = {
    ActionId.ABSTRACT: _abstract,
    ActionId.SAVE: _save,
    ActionId.UNSAVE: _unsave,
    ActionId.LIKE: _like,
    ActionId.DETAILS: _details,
    ActionId.SHARE: _share,
    ActionId.PAGE: _page,
    ActionId.RUN: _run,
    ActionId.CONFIRM: _confirm,
    ActionId.FORM: _form,
}
