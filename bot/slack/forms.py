"""Forms: opened at once, filled when what belongs in them is known, and read again when they are sent.

    command, shortcut ──trigger──> within a moment: views.open, the form, or why there is none
                          └──────> else: views.open, “One moment…” ──work──> views.update
    form sent ──> submitting ──> its fields' errors, or the outcome within the acknowledgement or right after it
    buttons and menus inside ──> reshaping

What opens a modal is good for three seconds, so what takes longer than a moment is looked up when it stands there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core import commands as core
from bot.core.errors import PaperboyError, StorageError
from bot.core.messages import Message, msg
from bot.core.people import Caller
from bot.slack import reshaping, submitting
from bot.slack.errors import SlackError, SlackRefused, words_for
from bot.slack.interaction import Interaction
from bot.slack.modals import View, loading_view
from bot.slack.parts import SlackParts
from bot.slack.showing import FAULT, language_soon, say, show_or_say, view_of
from bot.usecases import converse
from bot.usecases.answers import Answer, error_answer, notice

_MOMENT: Final = 0.8
"""Seconds within which a form that is ready is opened as it is."""
_TOO_LATE: Final = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})

Wanted = Callable[[], Awaitable[core.Command | Message]]
"""Finds out which command's form is to be shown, or the sentence that stands in its place."""

log = structlog.get_logger(__name__)


def register(app: AsyncApp, parts: SlackParts) -> None:
    """Listen to forms that are sent, and to what is pressed and typed in them."""
    submitting.register(app, parts)
    reshaping.register(app, parts)


async def open_add(parts: SlackParts, interaction: Interaction, reference: str | None) -> None:
    """Open the form for a new entry, filled from arXiv where the reference leads there."""
    moment = 0.0 if reference else _MOMENT  # arXiv is far away: the window does not wait for it
    await _open(parts, interaction, msg("Add a paper"), _known(core.AddEntry(reference)), moment=moment)


async def open_edit(parts: SlackParts, interaction: Interaction, reference: str) -> None:
    """Open the form that changes an entry."""
    await _open(parts, interaction, msg("Change an entry"), _known(core.EditEntry(reference)))


async def open_edit_of(
    parts: SlackParts, interaction: Interaction, find: Callable[[], Awaitable[str | None]], otherwise: Message
) -> None:
    """Open the form that changes an entry whose id is still to be found; where there is none, say so in its place."""

    async def found() -> core.Command | Message:
        entry_id = await find()
        return otherwise if entry_id is None else core.EditEntry(entry_id)

    await _open(parts, interaction, msg("Change an entry"), found)


async def open_subscribe(parts: SlackParts, interaction: Interaction, query_text: str) -> None:
    """Open the form that brings the digest to the channel of the interaction."""
    await _open(parts, interaction, msg("Subscribe"), _known(core.Subscribe(query_text)))


async def open_subscription_edit(parts: SlackParts, interaction: Interaction, number: int | None) -> None:
    """Open the form that changes a subscription of the interaction's channel: the numbered, or its only one."""
    await _open(parts, interaction, msg("Change a subscription"), _known(core.EditSubscription(number)))


def _known(command: core.Command) -> Wanted:
    async def known() -> core.Command | Message:
        return command

    return known


async def _open(
    parts: SlackParts, interaction: Interaction, title: Message, wanted: Wanted, *, moment: float = _MOMENT
) -> None:
    """Open a modal, and show in it what the command that is wanted leads to, or the sentence in its place."""
    asking = asyncio.ensure_future(parts.people.caller(interaction.team_id, interaction.user_id))
    making = asyncio.ensure_future(_view(parts, interaction, asking, title, wanted))
    await asyncio.wait({making}, timeout=moment)
    is_made = making.done()
    try:
        client = await parts.workspaces.client(interaction.team_id)
        view = making.result() if is_made else loading_view(title, await language_soon(parts, asking))
        opened = await client.call("views.open", trigger_id=interaction.trigger_id, view=view)
    except (SlackError, StorageError) as error:
        making.cancel()
        log.info("slack.form_not_opened", team=interaction.team_id, reason=str(error))
        await say(parts, interaction, _why_not_opened(error), (await asking).language)
        return
    if not is_made:
        made, language = await making, (await asking).language
        await show_or_say(parts, interaction, str(opened["view"]["id"]), made, said=None, language=language)


async def _view(
    parts: SlackParts, interaction: Interaction, asking: Awaitable[Caller], title: Message, wanted: Wanted
) -> View:
    caller = await asking
    answer = await _answer(parts, interaction, caller, wanted)
    return view_of(answer, title, parts, language=caller.language, channel_id=interaction.channel_id)


def _why_not_opened(error: SlackError | StorageError) -> Message:
    if isinstance(error, StorageError):
        return error.message
    if isinstance(error, SlackRefused) and error.code in _TOO_LATE:
        return msg("Slack lets a form open within 3 seconds only, and this took longer. Please try again.")
    return words_for(error)


async def _answer(parts: SlackParts, interaction: Interaction, caller: Caller, wanted: Wanted) -> Answer:
    """The form that is wanted, or why there is none."""
    try:
        command = await wanted()
        if isinstance(command, Message):
            return notice(command)
        return await converse.run(parts.desk, caller, interaction.channel, command)
    except PaperboyError as error:
        return error_answer(error)
    except SlackError as error:
        return notice(words_for(error))
    except Exception as error:
        log.error("slack.form_failed", team=interaction.team_id, exc_info=error)
        return notice(FAULT)
