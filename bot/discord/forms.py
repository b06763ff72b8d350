"""Forms: opened as the first that Discord hears of a command or a click, filled with what there is.

Discord lets a window open within three seconds only. What is not ready soon, as a paper that arXiv has to be asked for,
is offered with a button instead, which opens the same window.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bot.core import commands as core
from bot.core.errors import PaperboyError
from bot.core.messages import Message, msg
from bot.core.people import Caller, Role
from bot.core.subscriptions import Layout
from bot.discord import submitting
from bot.discord.actions import ActionId, custom_id
from bot.discord.client import PaperboyClient
from bot.discord.components import DiscordMessage, Row, Style
from bot.discord.entry_modal import entry_modal
from bot.discord.errors import DiscordError, words_for
from bot.discord.form_state import EntryState, Page, State, SubscriptionState, read_state, write_state
from bot.discord.modals import Modal, modal_of
from bot.discord.parts import DiscordParts
from bot.discord.people import channel_of
from bot.discord.pieces import button, said_parts
from bot.discord.replying import Interaction, acknowledge, defer, is_acknowledged, reply, short_id
from bot.discord.showing import FAULT, show
from bot.discord.subscription_modal import subscription_modal
from bot.locale import translator
from bot.usecases import converse
from bot.usecases.answers import Answer, EntryFormAnswer, SubscriptionFormAnswer, error_answer, notice
from bot.usecases.presses import OUTDATED

PATIENCE: Final = 1.5
"""Seconds that what a form shows may take; after them there is still time to say that more is needed."""

Wanted = Callable[[], Awaitable[core.Command | State | Message]]
"""Finds out which form is to be shown, or the sentence that stands in its place."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A window that can open: what it is about, and the id that leads back to that."""

    modal: Modal
    custom_id: str
    state: State
    remark: Message | None = None


def register(client: PaperboyClient, parts: DiscordParts) -> None:
    """Listen to forms that are sent."""
    submitting.register(client, parts)


async def open_add(parts: DiscordParts, interaction: Interaction, reference: str | None) -> None:
    """Open the form for a new entry, filled from arXiv where the reference leads there."""
    await _open(parts, interaction, _known(core.AddEntry(reference)))


async def open_edit(parts: DiscordParts, interaction: Interaction, reference: str, page: Page = Page.MAIN) -> None:
    """Open a page of the form that changes an entry."""
    await _open(parts, interaction, _known(core.EditEntry(reference)), page=page)


async def open_edit_of(
    parts: DiscordParts, interaction: Interaction, find: Callable[[], Awaitable[str | None]], otherwise: Message
) -> None:
    """Open the form that changes an entry whose id is still to be found; where there is none, say so in its place."""

    async def found() -> core.Command | Message:
        entry_id = await find()
        return otherwise if entry_id is None else core.EditEntry(entry_id)

    await _open(parts, interaction, found)


async def open_subscribe(parts: DiscordParts, interaction: Interaction, query_text: str) -> None:
    """Open the form that brings the digest to the channel of the interaction."""
    await _open(parts, interaction, _known(core.Subscribe(query_text)))


async def open_subscription_edit(parts: DiscordParts, interaction: Interaction, number: int | None) -> None:
    """Open the form that changes a subscription of the interaction's channel: the numbered, or its only one."""
    await _open(parts, interaction, _known(core.EditSubscription(number)))


async def reopen(parts: DiscordParts, interaction: Interaction, text: str) -> None:
    """Open the form that a button leads to: as it was typed, or another page of what is saved."""
    match read_state(text):
        case None:
            await _open(parts, interaction, _known(OUTDATED))
        case EntryState(form=None, entry_id=str(entry_id), page=page, start=start):
            await _open(parts, interaction, _known(core.EditEntry(entry_id)), page=page, start=start)
        case SubscriptionState(form=None, number=number, page=page):
            await _open(parts, interaction, _known(core.EditSubscription(number)), page=page)
        case state:
            await _open(parts, interaction, _known(state))


def _known(wanted: core.Command | State | Message) -> Wanted:
    async def known() -> core.Command | State | Message:
        return wanted

    return known


async def _open(
    parts: DiscordParts, interaction: Interaction, wanted: Wanted, *, page: Page = Page.MAIN, start: int = 0
) -> None:
    making = asyncio.ensure_future(_made(parts, interaction, wanted, page, start))
    await asyncio.wait({making}, timeout=PATIENCE)
    if not making.done() and not await defer(interaction):
        making.cancel()
        return
    try:
        made = await making
    except Exception as error:
        await show(parts, interaction, notice(FAULT))  # before the log has put down where it comes from
        log.error("discord.form_failed", guild=interaction.guild_id, exc_info=error)
        return
    if not isinstance(made, Ready):
        await show(parts, interaction, made)
    elif is_acknowledged(interaction):
        await reply(parts, interaction, [_offer(parts, interaction, made)])
    else:
        await _show_window(parts, interaction, made)


async def _show_window(parts: DiscordParts, interaction: Interaction, made: Ready) -> None:
    window = modal_of(made.modal, made.custom_id)
    window.stop()  # the library would keep it in memory until it is sent, which it need not be
    try:
        await acknowledge(interaction, lambda: interaction.response.send_modal(window))
    except DiscordError as error:
        log.warning("discord.form_not_opened", guild=interaction.guild_id, reason=str(error))
        await show(parts, interaction, notice(words_for(error)))


def _offer(parts: DiscordParts, interaction: Interaction, made: Ready) -> DiscordMessage:
    speaker = translator(parts.people.caller(interaction).language)
    said = made.remark or msg("The form is ready.")
    opens = button(speaker.t("Open the form"), ActionId.FORM, write_state(made.state), style=Style.FIRST)
    return DiscordMessage((*said_parts(speaker.say(said)), Row((opens,))))


# --- what a form shows ------------------------------------------------------------------------------------------------


async def _made(
    parts: DiscordParts, interaction: Interaction, wanted: Wanted, page: Page, start: int
) -> Ready | Answer:
    """The window that is wanted, or why there is none."""
    try:
        return await _found(parts, interaction, await wanted(), page, start)
    except PaperboyError as error:
        return error_answer(error)
    except DiscordError as error:
        return notice(words_for(error))


async def _found(
    parts: DiscordParts, interaction: Interaction, found: core.Command | State | Message, page: Page, start: int
) -> Ready | Answer:
    caller = parts.people.caller(interaction)
    if isinstance(found, Message):
        return notice(found)
    if isinstance(found, EntryState | SubscriptionState):
        caller.require(Role.MAINTAINER if isinstance(found, EntryState) else Role.OPERATOR)
        return await _ready(parts, interaction, caller, found)
    answer = await converse.run(parts.desk, caller, channel_of(interaction), found)
    match answer:
        case EntryFormAnswer(form=form, entry_id=entry_id):
            state: State = EntryState(form=form, entry_id=entry_id, page=page, start=start)
        case SubscriptionFormAnswer(form=form, subscription_id=number):
            state = SubscriptionState(form=form, number=number, page=page)
        case _:
            return answer
    return await _ready(parts, interaction, caller, state)


async def _ready(parts: DiscordParts, interaction: Interaction, caller: Caller, state: State) -> Ready:
    """The window for a form, whose state is kept where it does not fit into the window's id.

    Raises:
        StorageError: it cannot be kept.
        CourierError: Discord does not tell what kind of channel it is.
    """
    if isinstance(state, EntryState):
        form = state.form
        assert form is not None  # only a button's state is without
        modal = entry_modal(form, state, language=caller.language, today=caller.today)
        remark = form.note
    else:
        layouts = await parts.courier.layouts_in(channel_of(interaction))
        state = _fitting(state, layouts)
        assert state.form is not None
        modal = subscription_modal(state.form, state, language=caller.language, layouts=layouts)
        remark = None
    return Ready(modal, await short_id(parts, custom_id(ActionId.FORM, write_state(state))), state, remark)


def _fitting(state: SubscriptionState, layouts: frozenset[Layout]) -> SubscriptionState:
    """The state with a layout that the channel can show."""
    form = state.form
    if form is None or form.layout in layouts:
        return state
    layout = next(one for one in Layout if one in layouts)
    return replace(state, form=replace(form, layout=layout))
