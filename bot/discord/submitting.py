"""Forms that are sent: acknowledged at once, then read, checked and kept.

What is wrong comes back in a private answer, with a button that opens the form as it was typed. Nothing typed is lost:
where it cannot even be kept for that button, the answer says it all again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import discord
import structlog

from bot.core import commands as core
from bot.core.entry_form import EntryForm
from bot.core.errors import CommandError, PaperboyError, StorageError
from bot.core.markup import Run
from bot.core.messages import Message, msg
from bot.core.people import Caller
from bot.core.subscription_form import SubscriptionForm
from bot.core.zones import nearest_zones
from bot.discord import entry_modal, subscription_modal
from bot.discord.actions import ActionId, key_of_kept, read_custom_id
from bot.discord.answers import answer_message
from bot.discord.client import PaperboyClient
from bot.discord.components import Button, DiscordMessage, Part, Row, Style, Text, pack, rows, shortened
from bot.discord.form_state import EntryState, Page, State, SubscriptionState, read_state, write_state
from bot.discord.markdown import small
from bot.discord.modals import Typed, typed_in
from bot.discord.parts import DiscordParts
from bot.discord.people import PLATFORM, channel_of
from bot.discord.pieces import button, said_parts
from bot.discord.rendering import texts
from bot.discord.replying import Interaction, defer, reply
from bot.discord.showing import guarded, view_for
from bot.locale import Translator, translator
from bot.usecases import converse
from bot.usecases.answers import Answer, EntryFormAnswer, NoticeAnswer, SubscriptionFormAnswer

_MOST_THEIRS: Final = 1_500
_MOST_SUGGESTIONS: Final = 5
_NOT_IN_THREAD: Final = msg("It is the channel's subscription: digests go there, and not into this thread.")
_NOT_KNOWN: Final = msg("This form is no longer known, so it was not saved. This is what you typed:")
_NOT_KEPT: Final = msg("This could not be saved just now. This is what you typed; please try again later:")

log = structlog.get_logger(__name__)


def register(client: PaperboyClient, parts: DiscordParts) -> None:
    """Listen to forms that are sent."""

    async def sent(interaction: Interaction) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            await guarded(parts, interaction, _sent(parts, interaction))

    client.on("interaction", sent)


async def _sent(parts: DiscordParts, interaction: Interaction) -> None:
    if not await defer(interaction):  # Discord leaves the window open, with all that was typed
        return
    data: Mapping[str, Any] = cast("Any", interaction.data) or {}
    typed = typed_in(data)
    try:
        state = await _state(parts, str(data.get("custom_id", "")))
        if state is None or state.form is None:
            await _say_typed(parts, interaction, typed, _NOT_KNOWN)
            return
        if not await parts.desk.stores.inbox.take(PLATFORM, f"form/{interaction.id}", at=parts.desk.clock.now()):
            return
        if isinstance(state, EntryState):
            await _entry_sent(parts, interaction, state, typed)
        else:
            await _subscription_sent(parts, interaction, state, typed)
    except StorageError:
        await _say_typed(parts, interaction, typed, _NOT_KEPT)
    except Exception as error:
        log.error("discord.form_failed", guild=interaction.guild_id, exc_info=error)
        await _say_typed(parts, interaction, typed, _NOT_KEPT)


async def _state(parts: DiscordParts, custom_id: str) -> State | None:
    """What a window is about.

    Raises:
        StorageError
    """
    read = read_custom_id(custom_id)
    if read is None or read[0] is not ActionId.FORM:
        return None
    key = key_of_kept(read[1])
    text = read[1] if key is None else await parts.desk.stores.questions.get(key)
    return read_state(text) if text is not None else None


# --- entries ----------------------------------------------------------------------------------------------------------


async def _entry_sent(parts: DiscordParts, interaction: Interaction, state: EntryState, typed: Typed) -> None:
    caller = parts.people.caller(interaction)
    assert state.form is not None
    form = entry_modal.with_typed(state.form, typed)
    async with parts.gate:
        answer = await converse.save_entry(parts.desk, caller, form, state.entry_id)
    if isinstance(answer, EntryFormAnswer):
        again = replace(state, form=answer.form, entry_id=answer.entry_id)
        await _keep(parts, again)
        await reply(parts, interaction, _entry_again(answer, again, translator(caller.language)))
        return
    entry_id = state.entry_id or _entry_in(answer)
    others = list(_page_buttons(entry_id, form, caller)) if entry_id else []
    await _reply_with(parts, interaction, caller, answer, others)


def _entry_in(answer: Answer) -> str | None:
    """The entry that a notice offers to change: the one that was just added."""
    for line in answer.suggestions if isinstance(answer, NoticeAnswer) else ():
        try:
            command = core.parse_command(line)
        except CommandError:
            continue
        if isinstance(command, core.EditEntry):
            return command.reference
    return None


def _page_buttons(entry_id: str, form: EntryForm, caller: Caller) -> Iterator[Button]:
    """What else can be written about an entry."""
    speaker = translator(caller.language)
    for page, name in entry_modal.PAGES.items():
        windows = entry_modal.windows_of(page, form)
        for start in range(windows):
            label = speaker.say(name) + (f" ({start + 1}/{windows})" if windows > 1 else "")
            yield button(label, ActionId.FORM, write_state(EntryState(entry_id=entry_id, page=page, start=start)))


def _entry_again(answer: EntryFormAnswer, state: EntryState, speaker: Translator) -> list[DiscordMessage]:
    wrong, theirs = answer.wrong or {}, answer.theirs or {}
    body = list(_wrong_parts(answer.problem, wrong, entry_modal.label_of, speaker))
    buttons = [
        _open_button(_correct(page, len(pages), speaker), replace(state, page=page, start=0))
        for pages in [_pages(wrong, theirs, answer, state)]
        for page in pages
    ]
    for name, text in theirs.items():
        label = speaker.say(entry_modal.label_of(name))
        body += texts([Run(label, bold=True), Run(" · " + speaker.t("Somebody else wrote:"))])
        body += texts([Run(shortened(text, _MOST_THEIRS) or "—")])
        values: dict[str, Any] = {name: text}
        taken = replace(answer.form, **values)
        shown = replace(state, form=taken, page=entry_modal.page_with(name, taken), start=0)
        buttons.append(_open_button(f"{speaker.t('Take theirs')} · {label}", shown, style=Style.PLAIN))
    return _messages(body, buttons)


def _pages(
    wrong: Mapping[str, Message], theirs: Mapping[str, str], answer: EntryFormAnswer, state: EntryState
) -> list[Page]:
    """The pages that need another look."""
    found = [entry_modal.page_with(name, answer.form) for name in (*wrong, *theirs)]
    return list(dict.fromkeys(found)) or [state.page]


def _correct(page: Page, pages: int, speaker: Translator) -> str:
    label = speaker.t("Correct it")
    return label if pages == 1 else f"{label} · {speaker.say(entry_modal.PAGES[page])}"


# --- subscriptions ----------------------------------------------------------------------------------------------------


async def _subscription_sent(
    parts: DiscordParts, interaction: Interaction, state: SubscriptionState, typed: Typed
) -> None:
    caller, channel = parts.people.caller(interaction), channel_of(interaction)
    assert state.form is not None
    form = subscription_modal.with_typed(state.form, typed)
    answer: Answer
    try:
        desk = replace(parts.desk, layouts=await parts.courier.layouts_in(channel))
        async with parts.gate:
            answer = await converse.save_subscription(desk, caller, channel, form, state.number)
    except PaperboyError as error:
        answer = SubscriptionFormAnswer(form, state.number, problem=error.message, error=error)
    if isinstance(answer, SubscriptionFormAnswer):
        again = replace(state, form=answer.form)
        await _keep(parts, again)
        await reply(parts, interaction, _subscription_again(answer, again, translator(caller.language)))
        return
    if isinstance(answer, NoticeAnswer) and isinstance(interaction.channel, discord.Thread):
        answer = replace(answer, messages=(*answer.messages, _NOT_IN_THREAD))
    number = state.number or _number_in(answer)
    more = [_more_button(number, caller)] if number and state.page is Page.MAIN else []
    await _reply_with(parts, interaction, caller, answer, more)


def _number_in(answer: Answer) -> int | None:
    """The subscription that a notice is about: the one that was just begun."""
    said = [message.values.get("id") for message in answer.messages] if isinstance(answer, NoticeAnswer) else []
    return next((int(str(number)) for number in said if str(number).isdecimal()), None)


def _more_button(number: int, caller: Caller) -> Button:
    label = translator(caller.language).say(subscription_modal.PAGES[Page.MORE])
    return button(label, ActionId.FORM, write_state(SubscriptionState(number=number, page=Page.MORE)))


def _subscription_again(
    answer: SubscriptionFormAnswer, state: SubscriptionState, speaker: Translator
) -> list[DiscordMessage]:
    wrong = answer.wrong or {}
    body = list(_wrong_parts(answer.problem, wrong, subscription_modal.label_of, speaker))
    pages = list(dict.fromkeys(map(subscription_modal.page_with, wrong))) or [state.page]
    buttons = [_open_button(speaker.t("Correct it"), replace(state, page=page)) for page in pages]
    buttons += [
        _open_button(label, replace(state, form=form, page=Page.MAIN), style=Style.PLAIN)
        for label, form in _probably_meant(answer, speaker)
    ]
    return _messages(body, buttons)


def _probably_meant(answer: SubscriptionFormAnswer, speaker: Translator) -> Iterator[tuple[str, SubscriptionForm]]:
    """What to call it, and the form with it."""
    for query in answer.suggestions[:_MOST_SUGGESTIONS]:
        yield query or speaker.t("everything"), replace(answer.form, query=query)
    if "zone" in (answer.wrong or {}):
        for zone in nearest_zones(answer.form.zone):
            yield zone, replace(answer.form, zone=zone)


# --- answers ----------------------------------------------------------------------------------------------------------


def _open_button(label: str, state: State, *, style: Style = Style.FIRST) -> Button:
    return button(label, ActionId.FORM, write_state(state), style=style)


async def _keep(parts: DiscordParts, state: State) -> None:
    """Keep what was typed before anything else.

    Raises:
        StorageError
    """
    await parts.desk.stores.questions.keep([write_state(state)], at=parts.desk.clock.now())


def _wrong_parts(
    problem: Message | None, wrong: Mapping[str, Message], label_of: Any, speaker: Translator
) -> Iterator[Part]:
    if problem is not None:
        yield from said_parts(speaker.say(problem))
    for name, message in wrong.items():
        yield from texts([Run(speaker.say(label_of(name)), bold=True)])
        yield from said_parts(speaker.say(message))


async def _reply_with(
    parts: DiscordParts, interaction: Interaction, caller: Caller, answer: Answer, buttons: Sequence[Button]
) -> None:
    """An answer with more buttons below it."""
    message = answer_message(answer, view_for(parts, caller, None, answer, channel_of(interaction)))
    await reply(parts, interaction, [DiscordMessage((*message.parts, *rows(buttons)))])


def _messages(body: Sequence[Part], buttons: Sequence[Button]) -> list[DiscordMessage]:
    """All that is to be said, with the buttons below the first of it."""
    foot: list[Row] = rows(buttons)
    first, *rest = pack(body, foot=foot)
    return [DiscordMessage((*first, *foot)), *(DiscordMessage(tuple(more)) for more in rest)]


async def _say_typed(parts: DiscordParts, interaction: Interaction, typed: Typed, why: Message) -> None:
    """Hand back what was typed, because it can be kept nowhere."""
    speaker = translator(parts.people.caller(interaction).language)
    body = said_parts(speaker.say(why))
    for name, values in typed.items():
        label = _label(name.partition(":")[0])
        body += [Text(small(speaker.say(label))), *texts([Run(", ".join(values) or "—")])]
    await reply(parts, interaction, _messages(body, []))


def _label(name: str) -> Message:
    known = subscription_modal.LABELS if name in subscription_modal.LABELS else entry_modal.LABELS
    return known.get(name, msg("Entry"))
