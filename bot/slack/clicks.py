"""Buttons of posts and of private answers: acknowledged at once, then carried out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.messages import msg
from bot.slack.actions import ActionId, kind_of
from bot.slack.blocks import SlackMessage
from bot.slack.conversation import answer_ask, guarded, run_line, say, show
from bot.slack.errors import SlackRefused
from bot.slack.interaction import Interaction, of_payload
from bot.slack.parts import SlackParts
from bot.slack.replying import say_in_channel
from bot.slack.sharing import shared_message
from bot.usecases import converse, presses
from bot.usecases.answers import Answer
from bot.usecases.asks import Ask, AskKind, Press, read_ask, read_press

_ANY: Final = re.compile(rf"^(?:{'|'.join(ActionId)})(?::\d+)?$")

_NOT_THERE: Final = frozenset({"not_in_channel", "channel_not_found"})

Handler = Callable[[SlackParts, Interaction, str], Awaitable[None]]


def register(app: AsyncApp, parts: SlackParts) -> None:
    """Listen to every button of `bot.slack.actions`."""

    async def pressed(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        kind = kind_of(str(action.get("action_id", "")))
        if kind is not None:
            interaction = of_payload(body)
            value = str(action.get("value", ""))
            await guarded(parts, interaction, _HANDLERS[kind](parts, interaction, value))

    app.action(_ANY)(pressed)


async def _page(parts: SlackParts, interaction: Interaction, value: str) -> None:
    ask = read_ask(value)
    if ask is None:
        await say(parts, interaction, presses.OUTDATED)
        return
    await answer_ask(parts, interaction, ask, replace=True)


async def _details(parts: SlackParts, interaction: Interaction, value: str) -> None:
    await answer_ask(parts, interaction, Ask(AskKind.ENTRY, read_press(value).entry_id))


async def _abstract(parts: SlackParts, interaction: Interaction, value: str) -> None:
    await answer_ask(parts, interaction, Ask(AskKind.ABSTRACT, read_press(value).entry_id))


async def _like(parts: SlackParts, interaction: Interaction, value: str) -> None:
    await answer_ask(parts, interaction, Ask(AskKind.LIKE, read_press(value).entry_id))


async def _run(parts: SlackParts, interaction: Interaction, value: str) -> None:
    await run_line(parts, interaction, value)


async def _save(parts: SlackParts, interaction: Interaction, value: str) -> None:
    press, caller = read_press(value), await parts.people.caller(interaction.team_id, interaction.user_id)
    await _go_on(parts, interaction, press, await presses.save(parts.desk, caller, press.entry_id))


async def _unsave(parts: SlackParts, interaction: Interaction, value: str) -> None:
    press, caller = read_press(value), await parts.people.caller(interaction.team_id, interaction.user_id)
    await _go_on(parts, interaction, press, await presses.unsave(parts.desk, caller, press.entry_id))


async def _go_on(parts: SlackParts, interaction: Interaction, press: Press, done: Answer) -> None:
    """Show the private answer in which the button stands as it is now; beside a post say what was done."""
    if press.ask is not None and interaction.ephemeral:
        await answer_ask(parts, interaction, press.ask, replace=True)
    else:
        await show(parts, interaction, done)


async def _confirm(parts: SlackParts, interaction: Interaction, value: str) -> None:
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    done = await converse.answered(presses.confirm(parts.desk, caller, interaction.channel, value))
    await show(parts, interaction, done, replace=True)


async def _share(parts: SlackParts, interaction: Interaction, value: str) -> None:
    """Post an entry for everybody in the channel, in the name of who shares it."""
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    entry = await converse.shareable(parts.desk, caller, read_press(value).entry_id)
    who = await parts.people.profile(interaction.team_id, interaction.user_id)
    message = shared_message(entry, who.name, parts.desk.language)
    try:
        await _post(parts, interaction, message)
    except SlackRefused as error:
        # The response URL works where Paperboy is not; it is no way round what the workspace does not allow.
        if error.code not in _NOT_THERE or not await say_in_channel(interaction, message):
            raise
    await say(parts, interaction, msg("Shared into this channel."))


async def _post(parts: SlackParts, interaction: Interaction, message: SlackMessage) -> None:
    """Post into the channel, in its pace."""
    client = await parts.workspaces.client(interaction.team_id)
    async with parts.courier.pace.turn(interaction.channel):
        await client.call(
            "chat.postMessage",
            channel=interaction.channel_id,
            text=message.text,
            blocks=list(message.blocks),
            unfurl_links=False,
            unfurl_media=False,
        )


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
}
