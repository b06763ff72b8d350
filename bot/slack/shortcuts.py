"""Shortcuts: change or save the paper that a message shows, and add one from anywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.digests import MessageRef
from bot.core.messages import Message, msg
from bot.slack.actions import ActionId, kind_of
from bot.slack.conversation import guarded, say, show
from bot.slack.forms import open_add, open_edit_of
from bot.slack.interaction import Interaction, of_payload
from bot.slack.parts import SlackParts
from bot.usecases import presses
from bot.usecases.asks import read_press

EDIT_ENTRY: Final = "edit_entry"
SAVE_ENTRY: Final = "save_entry"
ADD_PAPER: Final = "add_paper"

_ABOUT_AN_ENTRY: Final = frozenset(
    {ActionId.ABSTRACT, ActionId.SAVE, ActionId.UNSAVE, ActionId.LIKE, ActionId.DETAILS, ActionId.SHARE}
)
_NO_PAPER: Final[Message] = msg("This message shows no paper, or several. Use the shortcut on the post of one paper.")

Handler = Callable[[SlackParts, Interaction, Mapping[str, Any]], Awaitable[None]]


def register(app: AsyncApp, parts: SlackParts) -> None:
    """Listen to the shortcuts of the manifest."""

    def listen(callback_id: str, handler: Handler) -> None:
        async def used(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            interaction = of_payload(body)
            await guarded(parts, interaction, handler(parts, interaction, body))

        app.shortcut(callback_id)(used)

    listen(EDIT_ENTRY, _edit)
    listen(SAVE_ENTRY, _save)
    listen(ADD_PAPER, _add)


async def _add(parts: SlackParts, interaction: Interaction, _: Mapping[str, Any]) -> None:
    await open_add(parts, interaction, None)


async def _edit(parts: SlackParts, interaction: Interaction, body: Mapping[str, Any]) -> None:
    async def find() -> str | None:
        return await _entry_of(parts, interaction, body.get("message") or {})

    await open_edit_of(parts, interaction, find, _NO_PAPER)


async def _save(parts: SlackParts, interaction: Interaction, body: Mapping[str, Any]) -> None:
    entry_id = await _entry_of(parts, interaction, body.get("message") or {})
    if entry_id is None:
        await say(parts, interaction, _NO_PAPER)
        return
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    await show(parts, interaction, await presses.save(parts.desk, caller, entry_id))


# --- which paper a message shows --------------------------------------------------------------------------------------


async def _entry_of(parts: SlackParts, interaction: Interaction, message: Mapping[str, Any]) -> str | None:
    """The entry that a message shows: by the ledger, by its own buttons, or by the post it is a reply to."""
    if entry_id := await _entry_of_post(parts, interaction, interaction.message_ts):
        return entry_id
    if await _is_ours(parts, interaction, message) and (entry_id := entry_in_buttons(message)):
        return entry_id
    if interaction.thread_ts and interaction.thread_ts != interaction.message_ts:
        return await _entry_of_post(parts, interaction, interaction.thread_ts)
    return None


async def _entry_of_post(parts: SlackParts, interaction: Interaction, ts: str) -> str | None:
    post = await parts.desk.stores.ledger.post_of(MessageRef(interaction.channel, ts))
    return post.entry_id if post else None


async def _is_ours(parts: SlackParts, interaction: Interaction, message: Mapping[str, Any]) -> bool:
    """Whether Paperboy wrote a message: other people's buttons may carry anything."""
    identity = await parts.workspaces.identity(interaction.team_id)
    return bool(identity.bot_id) and message.get("bot_id") == identity.bot_id


def entry_in_buttons(message: Mapping[str, Any]) -> str | None:
    """The one entry that a message's buttons are about; None where there are none or several."""
    found = {read_press(str(button.get("value") or "")).entry_id for button in _buttons(message)}
    return found.pop() if len(found) == 1 else None


def _buttons(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for block in message.get("blocks") or ():
        for element in block.get("elements") or ():
            if kind_of(str(element.get("action_id") or "")) in _ABOUT_AN_ENTRY:
                yield element
