"""Entries in a message's menu: change or save the paper that the message shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import discord
from discord import app_commands

from bot.core.digests import MessageRef
from bot.core.messages import Message, msg
from bot.core.subscriptions import Channel
from bot.discord.actions import ActionId, read_custom_id
from bot.discord.client import PaperboyClient
from bot.discord.commands import BY_SERVERS, ON_SERVERS, WITH_PAPERBOY
from bot.discord.forms import open_edit_of
from bot.discord.parts import DiscordParts
from bot.discord.people import channel_of
from bot.discord.places import Place, message_id_of
from bot.discord.replying import Interaction, defer
from bot.discord.showing import guarded, say, show
from bot.discord.translations import named
from bot.usecases import presses
from bot.usecases.asks import read_press

_ABOUT_AN_ENTRY: Final = frozenset(
    {ActionId.ABSTRACT, ActionId.SAVE, ActionId.UNSAVE, ActionId.LIKE, ActionId.DETAILS, ActionId.SHARE}
)
_NO_PAPER: Final[Message] = msg("This message shows no paper, or several. Use the menu of the post of one paper.")


def register(client: PaperboyClient, parts: DiscordParts) -> None:
    """Put both into the client's tree."""

    async def edit(interaction: discord.Interaction, message: discord.Message) -> None:
        await _edit(parts, interaction, message)  # type: ignore[arg-type] # the library does not read aliases

    async def save(interaction: discord.Interaction, message: discord.Message) -> None:
        await guarded(parts, interaction, _save(parts, interaction, message))  # type: ignore[arg-type]

    client.tree.add_command(
        app_commands.ContextMenu(
            name=named("Edit paper", "논문 수정"),
            callback=edit,
            allowed_contexts=ON_SERVERS,
            allowed_installs=BY_SERVERS,
        )
    )
    client.tree.add_command(
        app_commands.ContextMenu(
            name=named("Save paper", "논문 저장"),
            callback=save,
            allowed_contexts=WITH_PAPERBOY,
            allowed_installs=BY_SERVERS,
        )
    )


async def _edit(parts: DiscordParts, interaction: Interaction, message: discord.Message) -> None:
    async def find() -> str | None:
        return await _entry_of(parts, interaction, message)

    await guarded(parts, interaction, open_edit_of(parts, interaction, find, _NO_PAPER))


async def _save(parts: DiscordParts, interaction: Interaction, message: discord.Message) -> None:
    if not await defer(interaction):
        return
    entry_id = await _entry_of(parts, interaction, message)
    if entry_id is None:
        await say(parts, interaction, _NO_PAPER)
        return
    caller = parts.people.caller(interaction)
    await show(parts, interaction, await presses.save(parts.desk, caller, entry_id))


# --- which paper a message shows --------------------------------------------------------------------------------------


async def _entry_of(parts: DiscordParts, interaction: Interaction, message: discord.Message) -> str | None:
    """The entry that a message shows: by the ledger, by its own buttons, or by the post in whose thread it is."""
    channel = channel_of(interaction)
    if entry_id := await _entry_of_post(parts, channel, Place(message.channel.id, message.id)):
        return entry_id
    if message.author == parts.client.user and (entry_id := entry_in_buttons(_buttons(interaction))):
        return entry_id
    if str(message.channel.id) == channel.id:
        return None
    thread = message.channel.id  # has the id of the post it was started from, or of a forum post's first message
    for place in (Place(int(channel.id), thread), Place(thread, thread)):
        if entry_id := await _entry_of_post(parts, channel, place):
            return entry_id
    return None


async def _entry_of_post(parts: DiscordParts, channel: Channel, place: Place) -> str | None:
    post = await parts.desk.stores.ledger.post_of(MessageRef(channel, message_id_of(channel.id, place)))
    return post.entry_id if post else None


def entry_in_buttons(custom_ids: list[str]) -> str | None:
    """The one entry that a message's buttons are about; None where there are none or several."""
    read = (found for one in custom_ids if (found := read_custom_id(one)))
    entries = {read_press(state).entry_id for kind, state in read if kind in _ABOUT_AN_ENTRY}
    return entries.pop() if len(entries) == 1 else None


def _buttons(interaction: Interaction) -> list[str]:
    """The custom ids in the message whose menu was used, as Discord has told them."""
    data: Mapping[str, Any] = dict(interaction.data or {})
    messages = (data.get("resolved") or {}).get("messages") or {}
    found: list[str] = []
    waiting: list[Any] = [one for message in messages.values() for one in message.get("components") or ()]
    while waiting:
        component = waiting.pop()
        found += [str(component["custom_id"])] if component.get("custom_id") else []
        waiting += [*(component.get("components") or ()), *filter(None, [component.get("accessory")])]
    return found
