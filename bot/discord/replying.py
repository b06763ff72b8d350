"""Say something to one person, in answer to what they did: acknowledged in time, in private, for fifteen minutes.

What is shown stands in place of the "thinking" that acknowledged a command, in place of the private answer that was
clicked on, or in a message of its own. When Discord takes no answer any more, a direct message says so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace as changed
from typing import Any, Final

import discord
import structlog
from discord.http import Route

from bot.core.errors import CourierError, StorageError
from bot.core.messages import msg
from bot.discord.actions import MOST_CUSTOM_ID, custom_id, kept_state, numbered, read_custom_id
from bot.discord.api import said
from bot.discord.client import PaperboyClient
from bot.discord.components import Button, DiscordMessage, buttons_in, with_buttons
from bot.discord.errors import EXPIRED, DiscordError, DiscordRefused, DiscordUnreachable, translated
from bot.discord.parts import DiscordParts

Interaction = discord.Interaction[PaperboyClient]

_NUMBER: Final = 3
"""Characters that keep a custom id apart from an equal one, as `.12`."""
_THINKING: Final = "thinking"
_ACKNOWLEDGED: Final = "acknowledged"
_ACKNOWLEDGED_ALREADY: Final = 40060
_PAUSES: Final = (0.2, 1.0, 3.0)
"""Seconds before an answer is said again that did not get through."""
_PRIVATE: Final = 1 << 6
"""The flag of a message that one person sees."""

log = structlog.get_logger(__name__)


def is_acknowledged(interaction: Interaction) -> bool:
    """Whether Discord has heard of us since the person did it."""
    return interaction.response.is_done() or interaction.extras.get(_ACKNOWLEDGED, False)


async def defer(interaction: Interaction, *, replace: bool = False) -> bool:
    """Acknowledge what a person did, before anything slow; with `replace` the message that was clicked on will change.

    False when Discord takes no answer any more: the person has been told so by Discord itself.
    """
    if is_acknowledged(interaction):
        return True
    try:
        if replace:
            await acknowledge(interaction, interaction.response.defer)
        else:
            await acknowledge(interaction, lambda: interaction.response.defer(ephemeral=True, thinking=True))
            interaction.extras[_THINKING] = True
    except DiscordError as error:
        log.warning("discord.not_acknowledged", guild=interaction.guild_id, reason=str(error))
        return False
    return True


async def acknowledge(interaction: Interaction, work: Callable[[], Awaitable[object]]) -> None:
    """Tell Discord the first it hears; once more where its answer was lost, which tells whether it had heard.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    try:
        with translated(discord.utils.utcnow()):
            await work()
    except DiscordUnreachable:
        try:
            with translated(discord.utils.utcnow()):
                await work()
        except DiscordRefused as error:
            if error.code != _ACKNOWLEDGED_ALREADY:
                raise
    interaction.extras[_ACKNOWLEDGED] = True


async def reply(
    parts: DiscordParts, interaction: Interaction, messages: Sequence[DiscordMessage], *, replace: bool = False
) -> None:
    """Show messages to the person alone; `replace` puts the first in place of the private answer that was clicked on.

    Nothing is raised: what cannot be said is logged.
    """
    try:
        if not await defer(interaction, replace=replace):
            return
        for number, message in enumerate(messages):
            await _show(parts, interaction, await _ready(parts, message), replace=replace and number == 0)
    except DiscordError as error:
        log.warning("discord.reply_failed", guild=interaction.guild_id, reason=str(error))
        if isinstance(error, DiscordRefused) and error.code in EXPIRED:
            await _say_it_is_over(parts, interaction)


async def _show(parts: DiscordParts, interaction: Interaction, message: DiscordMessage, *, replace: bool) -> None:
    """The library's own functions add what Discord does not describe, and keep every button in memory."""
    webhook: dict[str, Any] = {"webhook_id": interaction.application_id, "webhook_token": interaction.token}
    payload: Any = said(message).payload
    if interaction.extras.pop(_THINKING, False) or replace:
        route = Route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", **webhook)
    else:
        route = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", **webhook)
        payload["flags"] |= _PRIVATE
    await _asked_for(parts, route, payload)


async def _asked_for(parts: DiscordParts, route: Route, payload: Any) -> None:
    """Ask Discord, and again after a pause where it could not be reached: what replaces a message may be said twice.

    Raises:
        DiscordRefused, DiscordBusy
        DiscordUnreachable: still, or a message of its own that may have arrived.
    """
    for pause in _PAUSES:
        try:
            await parts.api.call(lambda http: http.request(route, json=payload))
        except DiscordUnreachable as error:
            if error.sent and route.method == "POST":
                raise
            log.info("discord.reply_repeated", reason=str(error))
        else:
            return
        await asyncio.sleep(pause)
    await parts.api.call(lambda http: http.request(route, json=payload))


async def say_in_channel(parts: DiscordParts, interaction: Interaction, message: DiscordMessage) -> None:
    """Say something for everybody, where Paperboy is not itself; the private answer has been given already.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    webhook: dict[str, Any] = {"webhook_id": interaction.application_id, "webhook_token": interaction.token}
    route = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", **webhook)
    await parts.api.call(lambda http: http.request(route, json=said(message).payload))


async def _say_it_is_over(parts: DiscordParts, interaction: Interaction) -> None:
    caller = parts.people.caller(interaction)
    over = msg("Discord takes an answer for fifteen minutes only, and this one came later. Please ask again.")
    try:
        await parts.courier.tell(caller.person, over, language=caller.language)
    except CourierError as error:
        log.info("discord.not_told", guild=interaction.guild_id, reason=str(error))


# --- ids of buttons ---------------------------------------------------------------------------------------------------


async def _ready(parts: DiscordParts, message: DiscordMessage) -> DiscordMessage:
    """The message with ids on its buttons that Discord takes: short ones, each only once."""
    return _each_once(await _shortened(parts, message))


async def short_id(parts: DiscordParts, written: str) -> str:
    """A custom id as Discord takes it; the state of a longer one is kept in the database.

    Raises:
        StorageError
    """
    read = read_custom_id(written)
    if read is None or len(written) <= MOST_CUSTOM_ID - _NUMBER:
        return written
    kind, state = read
    (key,) = await parts.desk.stores.questions.keep([state], at=parts.desk.clock.now())
    return custom_id(kind, kept_state(key))


async def _shortened(parts: DiscordParts, message: DiscordMessage) -> DiscordMessage:
    """Where a button's state is too long, it is kept in the database; when it cannot be, the button is greyed out."""
    written = {button.custom_id or "" for part in message.parts for button in buttons_in(part)}
    long = sorted(one for one in written if len(one) > MOST_CUSTOM_ID - _NUMBER)
    read = [found for one in long if (found := read_custom_id(one))]
    try:
        keys = await parts.desk.stores.questions.keep([state for _, state in read], at=parts.desk.clock.now())
    except StorageError as error:
        log.warning("discord.question_not_kept", reason=str(error))
        keys = ()
    short = {one: custom_id(kind, kept_state(key)) for one, (kind, _), key in zip(long, read, keys, strict=False)}

    def shortened(button: Button) -> Button:
        if button.custom_id not in long:
            return button
        if button.custom_id in short:
            return changed(button, custom_id=short[button.custom_id])
        return changed(button, custom_id=button.custom_id[: MOST_CUSTOM_ID - _NUMBER], disabled=True)

    return with_buttons(message, shortened)


def _each_once(message: DiscordMessage) -> DiscordMessage:
    seen: Counter[str] = Counter()

    def once(button: Button) -> Button:
        if button.custom_id is None:
            return button
        seen[button.custom_id] += 1
        number = seen[button.custom_id]
        return button if number == 1 else changed(button, custom_id=numbered(button.custom_id, number))

    return with_buttons(message, once)
