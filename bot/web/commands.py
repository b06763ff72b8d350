"""A command's line to a use case's call, and its result to an answer that only the asker sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from bot.core import commands as core
from bot.core.entries import Status
from bot.core.messages import Message, msg, msg_n
from bot.core.people import Role
from bot.core.query import Day, first_day
from bot.core.subscriptions import Channel, Layout
from bot.usecases import curate, deliver, explain, look_up, recap, subscribe, track
from bot.web.answers import (
    Answer,
    ConfirmAnswer,
    DigestAnswer,
    DraftsAnswer,
    EntryAnswer,
    EntryFormAnswer,
    HelpAnswer,
    LikeAnswer,
    NoticeAnswer,
    PreviewAnswer,
    RecapAnswer,
    ResultsAnswer,
    SubscriptionFormAnswer,
    SubscriptionsAnswer,
    notice,
)
from bot.web.hub import Event, EventKind
from bot.web.rendering import card_of, payload_of
from bot.web.visitor import Visitor

LAYOUTS: Final = frozenset({Layout.CARDS, Layout.COMPACT})

# --- commands to answers --------------------------------------------------------------------------------------------


async def run_line(visitor: Visitor, channel: Channel, line: str) -> Answer:
    """Do what a line says.

    Raises:
        PaperboyError: any; `error_answer` says it.
    """
    command = core.parse_command(line)
    needed = core.required_roles(command)
    if Role.READER not in needed:
        visitor.caller.require(*sorted(needed))
    return await _HANDLERS[type(command)](visitor, channel, command)


async def results_page(visitor: Visitor, typed: str, cursor: str | None = None) -> ResultsAnswer:
    """One page of a lookup.

    Raises:
        QueryError, InputError: see `look_up.look_up`.
    """
    return ResultsAnswer(typed, await look_up.look_up(visitor.parts.stores, visitor.caller, typed, cursor=cursor))


async def _look_up(visitor: Visitor, _: Channel, command: core.LookUp) -> Answer:
    return await results_page(visitor, command.query_text)


async def _latest(visitor: Visitor, _: Channel, __: core.Latest) -> Answer:
    return DigestAnswer(await look_up.show_digest(visitor.parts.stores, visitor.caller))


async def _show(visitor: Visitor, _: Channel, command: core.ShowDigest) -> Answer:
    day = _date(visitor, command.day)
    return DigestAnswer(await look_up.show_digest(visitor.parts.stores, visitor.caller, day))


async def _help(visitor: Visitor, _: Channel, __: core.Help) -> Answer:
    view = await look_up.show_help(visitor.parts.stores, visitor.caller)
    return HelpAnswer(view, _commands_for(visitor))


def _commands_for(visitor: Visitor) -> tuple[tuple[str, Message], ...]:
    """The commands this person may use, as they are typed."""
    digest = [(f"/digest {name}", said) for name, said in core.DIGEST_SUBCOMMANDS.items() if name != "help"]
    listed = [
        ("/paper", core.COMMANDS["/paper"]),
        ("/paper forget-me", core.PAPER_SUBCOMMANDS["forget-me"]),
        *digest,
        *((name, said) for name, said in core.COMMANDS.items() if name.startswith("/paper-")),
    ]
    return tuple((line, said) for line, said in listed if _may_use(visitor, line))


def _may_use(visitor: Visitor, line: str) -> bool:
    needs_entry = line in {"/paper-edit", "/paper-remove"}
    command = core.parse_command(f"{line} 2406.14548" if needs_entry else line)
    return bool(core.required_roles(command) & visitor.caller.roles)


async def _forget_me(_: Visitor, __: Channel, ___: core.ForgetMe) -> Answer:
    return ConfirmAnswer(
        msg("Erase all your reactions, replies and saved papers? This cannot be undone."),
        "/chat/forget-me",
        msg("Erase my records"),
    )


async def _recap(visitor: Visitor, _: Channel, command: core.Recap) -> Answer:
    return RecapAnswer(await recap.recap(visitor.parts.stores, visitor.caller, _date(visitor, command.day)))


async def _subscribe(visitor: Visitor, _: Channel, command: core.Subscribe) -> Answer:
    form = subscribe.new_form(visitor.caller, visitor.parts.zone)
    return SubscriptionFormAnswer(replace(form, query=command.query_text))


async def _list(visitor: Visitor, channel: Channel, _: core.ListSubscriptions) -> Answer:
    found = await subscribe.subscriptions(visitor.parts.stores, visitor.caller, channel)
    if not found:
        return notice(msg("This channel has no subscription."), "/digest subscribe")
    return SubscriptionsAnswer(found)


async def _edit_subscription(visitor: Visitor, channel: Channel, command: core.EditSubscription) -> Answer:
    found, form = await subscribe.open_form(visitor.parts.stores, visitor.caller, channel, command.id)
    return SubscriptionFormAnswer(form, found.id)


async def _pause(visitor: Visitor, channel: Channel, command: core.Pause) -> Answer:
    parts = visitor.parts
    done = await subscribe.pause(parts.stores, visitor.caller, channel, command.id)
    return notice(msg("Subscription {id} is paused.", id=str(done.id)), f"/digest resume {done.id}")


async def _resume(visitor: Visitor, channel: Channel, command: core.Resume) -> Answer:
    parts = visitor.parts
    done = await subscribe.resume(parts.stores, visitor.caller, channel, command.id, at=parts.clock.now())
    parts.nudge()
    return notice(msg("Subscription {id} goes on.", id=str(done.id)), "/digest list")


async def _unsubscribe(visitor: Visitor, channel: Channel, command: core.Unsubscribe) -> Answer:
    found, _ = await subscribe.open_form(visitor.parts.stores, visitor.caller, channel, command.id)
    return ConfirmAnswer(
        msg("End subscription {id} of this channel? What has been posted stays.", id=str(found.id)),
        f"/chat/channels/{channel.id}/subscriptions/{found.id}/end",
        msg("End it"),
    )


async def _preview(visitor: Visitor, channel: Channel, command: core.Preview) -> Answer:
    parts = visitor.parts
    found = await deliver.preview(
        parts.stores, visitor.caller, channel, _date(visitor, command.day), at=parts.clock.now()
    )
    here = await parts.stores.subscriptions.of_channel(channel)
    language = here[0].language if here else parts.language
    return PreviewAnswer(found.day, tuple(payload_of(content, language) for content in found.contents))


async def _send(visitor: Visitor, channel: Channel, command: core.Send) -> Answer:
    parts = visitor.parts
    said = await deliver.send_now(
        parts.stores, visitor.caller, channel, _date(visitor, command.day), at=parts.clock.now()
    )
    parts.nudge()
    return notice(said)


async def _why(visitor: Visitor, channel: Channel, command: core.Why) -> Answer:
    parts = visitor.parts
    said = await explain.why(
        parts.stores,
        visitor.caller,
        channel,
        day=_date(visitor, command.day),
        reference=command.reference,
        now=parts.clock.now(),
    )
    return NoticeAnswer(said)


async def _add_entry(visitor: Visitor, _: Channel, command: core.AddEntry) -> Answer:
    parts = visitor.parts
    return EntryFormAnswer(await curate.open_add_form(parts.stores, parts.source, visitor.caller, command.reference))


async def _edit_entry(visitor: Visitor, _: Channel, command: core.EditEntry) -> Answer:
    if command.reference is None:
        return DraftsAnswer(await curate.drafts(visitor.parts.stores, visitor.caller))
    entry, form = await curate.open_edit_form(visitor.parts.stores, visitor.caller, command.reference)
    return EntryFormAnswer(form, entry.id)


async def _remove_entry(visitor: Visitor, _: Channel, command: core.RemoveEntry) -> Answer:
    entry, _form = await curate.open_edit_form(visitor.parts.stores, visitor.caller, command.reference)
    return ConfirmAnswer(
        msg("Remove “{title}” from the archive and from every channel?", title=entry.title),
        f"/chat/entries/{entry.id}/remove",
        msg("Remove it"),
    )


async def _undo(visitor: Visitor, _: Channel, command: core.Undo) -> Answer:
    parts = visitor.parts
    entry = await curate.undo(parts.stores, visitor.caller, command.reference, at=parts.clock.now())
    entry_changed(visitor, entry.id)
    if entry.status is Status.REMOVED:
        return notice(msg("“{title}” is taken out again.", title=entry.title))
    return notice(msg("“{title}” is as it was before.", title=entry.title), f"/paper id:{entry.id}")


def _date(visitor: Visitor, day: Day | None) -> date | None:
    return first_day(day, visitor.caller.today) if day else None


_HANDLERS: Final[Mapping[type[core.Command], Callable[[Visitor, Channel, Any], Awaitable[Answer]]]] = {
    core.LookUp: _look_up,
    core.Latest: _latest,
    core.Help: _help,
    core.ForgetMe: _forget_me,
    core.ShowDigest: _show,
    core.Recap: _recap,
    core.Subscribe: _subscribe,
    core.ListSubscriptions: _list,
    core.EditSubscription: _edit_subscription,
    core.Pause: _pause,
    core.Resume: _resume,
    core.Unsubscribe: _unsubscribe,
    core.Preview: _preview,
    core.Send: _send,
    core.Why: _why,
    core.AddEntry: _add_entry,
    core.EditEntry: _edit_entry,
    core.RemoveEntry: _remove_entry,
    core.Undo: _undo,
}

# --- what a second click does -----------------------------------------------------------------------------------------


def entry_changed(visitor: Visitor, entry_id: str) -> None:
    """Tell the open tabs that whatever shows this entry is stale, and wake the delivery loop."""
    visitor.parts.hub.publish(Event(EventKind.ENTRY, entry_id=entry_id))
    visitor.parts.nudge()


async def show_entry(visitor: Visitor, entry_id: str) -> EntryAnswer:
    """One entry in full.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    hit = await look_up.show_entry(visitor.parts.stores, visitor.caller, entry_id)
    return EntryAnswer(hit, card_of(hit.entry, visitor.caller.language))


async def show_like(visitor: Visitor, entry_id: str) -> LikeAnswer:
    """What is like an entry.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    stores, caller = visitor.parts.stores, visitor.caller
    entry = await look_up.find_entry(stores, caller, entry_id)
    return LikeAnswer(entry, await look_up.more_like(stores, caller, entry_id))


async def remove_entry(visitor: Visitor, entry_id: str) -> NoticeAnswer:
    """Remove an entry, once confirmed.

    Raises:
        NotAllowed, NotFound: see `curate.remove`.
    """
    entry = await curate.remove(visitor.parts.stores, visitor.caller, entry_id, at=visitor.parts.clock.now())
    entry_changed(visitor, entry.id)
    return notice(msg("“{title}” is removed everywhere.", title=entry.title), f"/paper-undo {entry.id}")


async def end_subscription(visitor: Visitor, channel: Channel, subscription_id: int) -> NoticeAnswer:
    """End a subscription, once confirmed.

    Raises:
        NotAllowed, NotFound: see `subscribe.unsubscribe`.
    """
    parts = visitor.parts
    done = await subscribe.unsubscribe(parts.stores, visitor.caller, channel, subscription_id)
    return notice(msg("Subscription {id} has ended.", id=str(done.id)), "/digest subscribe")


async def forget_me(visitor: Visitor) -> NoticeAnswer:
    """Erase the visitor's records here and in the archive, once confirmed."""
    parts = visitor.parts
    count = await track.forget_me(parts.stores, visitor.caller)
    await parts.stores.workspace.forget(visitor.persona.value)
    parts.hub.publish(Event(EventKind.REFRESH))
    return notice(msg_n("{n} record about you was erased.", "{n} records about you were erased.", n=count))
