"""Forms that are sent: read, checked, kept, and answered in time.

What is wrong in a field comes back below it with the acknowledgement, and the form stays as it is. Whatever else comes
of it is shown in its place: the form again with what there is to say, or what has been done. Nothing typed is lost.

Pressed twice, a form is kept once: within a process the second press waits for what comes of the first, and a form is
taken from the inbox before it is kept, by the name of its view and how often that has been shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core import entry_form, subscription_form
from bot.core.entries import Entry
from bot.core.errors import FormError, PaperboyError
from bot.core.messages import Message, msg
from bot.core.people import Caller, Language, Role
from bot.core.subscriptions import Channel, Subscription
from bot.locale import translator
from bot.slack.entry_modal import ENTRY_FORM
from bot.slack.form_state import FormMeta, Typed, read_entry, read_meta, read_subscription
from bot.slack.interaction import Interaction, of_payload
from bot.slack.modals import View, loading_view
from bot.slack.parts import SlackParts
from bot.slack.people import PLATFORM
from bot.slack.showing import FAULT, SECONDS_TO_ANSWER, show_or_say, view_of
from bot.slack.subscription_modal import SUBSCRIPTION_FORM
from bot.usecases import converse, curate
from bot.usecases.answers import Answer, EntryFormAnswer, NoticeAnswer, SubscriptionFormAnswer

_SETTLED: Final = 0.3
"""Seconds that Slack gets to take in an acknowledgement before the modal is changed again."""
_MOST_ERROR: Final = 2_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it was sent."""

    parts: SlackParts
    interaction: Interaction
    view_id: str
    callback_id: str
    meta: FormMeta
    typed: Typed

    async def take(self) -> bool:
        """Take the form to be kept; False when it has been taken already.

        Raises:
            StorageError
        """
        desk = self.parts.desk
        generation = max(self.meta.generation, *self.meta.newer.values(), 0)
        return await desk.stores.inbox.take(PLATFORM, f"form/{self.view_id}/{generation}", at=desk.clock.now())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a form. `in_place`: what is wrong can be said below the fields of the form as it stands."""

    answer: Answer
    language: Language
    in_place: bool = False


Work = Callable[[Sent], Awaitable[Outcome]]


def register(app: AsyncApp, parts: SlackParts) -> None:
    """Listen to forms that are sent."""
    under_way: dict[str, asyncio.Task[Outcome]] = {}

    def listen(callback_id: str, work: Work) -> None:
        async def sent(ack: AsyncAck, body: dict[str, Any]) -> None:
            await _answer(ack, _sent(parts, body), work, under_way)

        app.view(callback_id)(sent)

    listen(ENTRY_FORM, _entry_sent)
    listen(SUBSCRIPTION_FORM, _subscription_sent)


def _sent(parts: SlackParts, body: Mapping[str, Any]) -> Sent:
    view = body["view"]
    meta = read_meta(view)
    return Sent(parts, of_payload(body), str(view["id"]), str(view["callback_id"]), meta, Typed(view, meta))


# --- answering in time ------------------------------------------------------------------------------------------------


async def _answer(ack: AsyncAck, sent: Sent, work: Work, under_way: dict[str, asyncio.Task[Outcome]]) -> None:
    task = under_way.get(sent.view_id)
    is_first = task is None
    if task is None:
        task = under_way[sent.view_id] = asyncio.create_task(_guarded(sent, work))
        task.add_done_callback(lambda _: under_way.pop(sent.view_id, None))
    done, _ = await asyncio.wait({task}, timeout=SECONDS_TO_ANSWER)
    if done:
        await ack(**_acknowledgement(sent, task.result()))
        return
    await ack(response_action="update", view=loading_view(msg("Saving…"), sent.meta.language))
    outcome = await task
    if is_first:
        await asyncio.sleep(_SETTLED)
        said = _in_a_word(outcome.answer)
        view = _view(sent, outcome)
        await show_or_say(sent.parts, sent.interaction, sent.view_id, view, said=said, language=outcome.language)


async def _guarded(sent: Sent, work: Work) -> Outcome:
    """What comes of a form; where nobody foresaw it, the form again."""
    try:
        return await work(sent)
    except Exception as error:
        log.error("slack.form_failed", team=sent.interaction.team_id, exc_info=error)
        return Outcome(_again(sent, FAULT), sent.meta.language)


def _again(sent: Sent, problem: Message) -> Answer:
    """The form as it was typed, with a sentence above it."""
    if sent.callback_id == SUBSCRIPTION_FORM:
        form = read_subscription(sent.typed)
        return SubscriptionFormAnswer(form, sent.meta.subscription_id, problem=problem)
    return EntryFormAnswer(read_entry(sent.typed, sent.meta, None), sent.meta.entry_id, problem=problem)


def _acknowledgement(sent: Sent, outcome: Outcome) -> dict[str, Any]:
    if outcome.in_place and (errors := _errors(sent.meta, outcome)):
        return {"response_action": "errors", "errors": errors}
    return {"response_action": "update", "view": _view(sent, outcome)}


def _errors(meta: FormMeta, outcome: Outcome) -> dict[str, str]:
    """By block what is wrong; nothing where it cannot be said below a field."""
    answer = outcome.answer
    assert isinstance(answer, EntryFormAnswer | SubscriptionFormAnswer)
    wrong = answer.wrong or {}
    if not set(wrong).isdisjoint(meta.kept):
        return {}
    speaker = translator(outcome.language)
    return {meta.block(name): speaker.say(message)[:_MOST_ERROR] for name, message in wrong.items()}


def _view(sent: Sent, outcome: Outcome) -> View:
    return view_of(
        outcome.answer,
        msg("Saved"),
        sent.parts,
        language=outcome.language,
        channel_id=sent.meta.channel_id,
        before=sent.meta,
    )


def _in_a_word(answer: Answer) -> Message:
    """What to say where the modal is gone when the outcome is there."""
    match answer:
        case NoticeAnswer(messages):
            return messages[0]
        case EntryFormAnswer(problem=Message() as problem) | SubscriptionFormAnswer(problem=Message() as problem):
            return msg("What you have sent was not saved: {problem}", problem=problem)
        case _:
            return FAULT


# --- entries ----------------------------------------------------------------------------------------------------------


async def _entry_sent(sent: Sent) -> Outcome:
    parts, meta = sent.parts, sent.meta
    caller = await parts.people.caller(sent.interaction.team_id, sent.interaction.user_id)
    form = read_entry(sent.typed, meta, None)
    try:
        before = None
        if meta.entry_id is not None:
            before, opened = await curate.open_edit_form(parts.desk.stores, caller, meta.entry_id)
            if before.revision != meta.revision:
                opened = await _as_shown(parts, meta) or opened
            form = read_entry(sent.typed, meta, opened)
        if wrong := _wrong_entry(form, caller, before):
            return Outcome(
                EntryFormAnswer(form, meta.entry_id, wrong.fields, wrong.message, wrong), caller.language, True
            )
        if not await sent.take():
            return Outcome(EntryFormAnswer(form, meta.entry_id, problem=_twice()), caller.language)
    except PaperboyError as error:
        answer = EntryFormAnswer(form, meta.entry_id, problem=error.message, error=error)
        return Outcome(answer, caller.language)
    return Outcome(await converse.save_entry(parts.desk, caller, form, meta.entry_id), caller.language)


async def _as_shown(parts: SlackParts, meta: FormMeta) -> entry_form.EntryForm | None:
    """The entry as the form was filled with it, where somebody else has changed it since."""
    revisions = await parts.desk.stores.archive.revisions(meta.entry_id or "")
    then = (revision.entry for revision in revisions if revision.entry.revision == meta.revision)
    return next(map(entry_form.form_of, then), None)


def _wrong_entry(form: entry_form.EntryForm, caller: Caller, before: Entry | None) -> FormError | None:
    """What is wrong in the fields; a form that somebody else has overtaken is brought up to date first."""
    if before is not None and before.revision != form.revision:
        return None
    try:
        entry_form.read_form(form, today=caller.today, before=before)
    except FormError as error:
        return error
    return None


def _twice() -> Message:
    return msg("This form was sent before. See whether it has been saved, and send it again only if it has not.")


# --- subscriptions ----------------------------------------------------------------------------------------------------


async def _subscription_sent(sent: Sent) -> Outcome:
    parts, meta = sent.parts, sent.meta
    caller = await parts.people.caller(sent.interaction.team_id, sent.interaction.user_id)
    channel = Channel(PLATFORM, sent.interaction.team_id, meta.channel_id)
    form, number = read_subscription(sent.typed), meta.subscription_id
    try:
        caller.require(Role.OPERATOR)
        subscription_form.read_form(form, Subscription(channel=channel), parts.desk.layouts)
        if not await sent.take():
            return Outcome(SubscriptionFormAnswer(form, number, problem=_twice()), caller.language)
    except FormError as error:
        answer = SubscriptionFormAnswer(form, number, error.fields, problem=error.message, error=error)
        return Outcome(answer, caller.language, in_place=True)
    except PaperboyError as error:
        answer = SubscriptionFormAnswer(form, number, problem=error.message, error=error)
        return Outcome(answer, caller.language)
    saved = await converse.save_subscription(parts.desk, caller, channel, form, number)
    return Outcome(saved, caller.language)
