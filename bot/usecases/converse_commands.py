"""Each command as one call of a use case, and its result as an answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from bot.core import commands as core
from bot.core.entries import Status
from bot.core.messages import Message, msg
from bot.core.people import Caller, Role
from bot.core.query import Day, first_day
from bot.core.subscriptions import Channel
from bot.usecases import curate, decide, deliver, explain, follow, look_up, recap, subscribe
from bot.usecases.answers import (
    Answer,
    ConfirmAnswer,
    DigestAnswer,
    DraftsAnswer,
    EndAct,
    EntryFormAnswer,
    FollowingAnswer,
    ForgetAct,
    HelpAnswer,
    NoticeAnswer,
    PreviewAnswer,
    RecapAnswer,
    RemoveAct,
    ResendAct,
    ResultsAnswer,
    SubscriptionFormAnswer,
    SubscriptionsAnswer,
    notice,
)
from bot.usecases.desk import Desk

# --- everybody's commands ---------------------------------------------------------------------------------------------


async def results_page(desk: Desk, caller: Caller, typed: str, cursor: str | None = None) -> ResultsAnswer:
    """One page of a lookup.

    Raises:
        QueryError, InputError: see `look_up.look_up`.
    """
    begun = time.perf_counter()
    found = await look_up.look_up(desk.stores, caller, typed, cursor=cursor)
    desk.meter.looked_up(caller.person.platform, time.perf_counter() - begun)
    return ResultsAnswer(typed, found)


async def _look_up(desk: Desk, caller: Caller, _: Channel, command: core.LookUp) -> Answer:
    return await results_page(desk, caller, command.query_text)


async def _latest(desk: Desk, caller: Caller, _: Channel, __: core.Latest) -> Answer:
    return DigestAnswer(await look_up.show_digest(desk.stores, caller))


async def _show(desk: Desk, caller: Caller, _: Channel, command: core.ShowDigest) -> Answer:
    return DigestAnswer(await look_up.show_digest(desk.stores, caller, _date(caller, command.day)))


async def _help(desk: Desk, caller: Caller, _: Channel, __: core.Help) -> Answer:
    return HelpAnswer(await look_up.show_help(desk.stores, caller), _commands_for(caller))


def _commands_for(caller: Caller) -> tuple[tuple[str, Message], ...]:
    """The commands this person may use, as they are typed."""
    listed = [
        ("/paper", core.COMMANDS["/paper"]),
        *((f"/paper {name}", said) for name, said in core.PAPER_SUBCOMMANDS.items() if name != "help"),
        *((f"/digest {name}", said) for name, said in core.DIGEST_SUBCOMMANDS.items() if name != "help"),
        *((name, said) for name, said in core.COMMANDS.items() if name.startswith("/paper-")),
    ]
    return tuple((line, said) for line, said in listed if _may_use(caller, line))


def _may_use(caller: Caller, line: str) -> bool:
    command = core.parse_command(f"{line} 2406.14548" if line in _INCOMPLETE else line)
    return bool(core.required_roles(command) & caller.roles)


_INCOMPLETE: Final = frozenset({"/paper follow", "/paper unfollow", "/paper-edit", "/paper-remove"})
"""Lines that are no command before they name something."""


async def _follow(desk: Desk, caller: Caller, _: Channel, command: core.Follow) -> Answer:
    done = await follow.follow(
        desk.stores, desk.courier, caller, command.query_text, zone=desk.zone, at=desk.clock.now()
    )
    said = msg(
        "You follow `{query}` now. When a digest has something for you, a direct message comes at {time}.",
        query=done.queries[-1],
        time=f"{done.at:%H:%M}",
    )
    return notice(said, "/paper following")


async def _following(desk: Desk, caller: Caller, _: Channel, __: core.Following) -> Answer:
    return FollowingAnswer(await follow.following(desk.stores, caller))


async def _unfollow(desk: Desk, caller: Caller, _: Channel, command: core.Unfollow) -> Answer:
    query, _left = await follow.unfollow(desk.stores, caller, command.reference)
    return notice(msg("You no longer follow `{query}`.", query=query), f"/paper follow {query}")


async def _forget_me(_: Desk, __: Caller, ___: Channel, ____: core.ForgetMe) -> Answer:
    return ConfirmAnswer(
        msg("Erase all your reactions, replies, saved papers and what you follow? This cannot be undone."),
        ForgetAct(),
        msg("Erase my records"),
    )


async def _recap(desk: Desk, caller: Caller, _: Channel, command: core.Recap) -> Answer:
    return RecapAnswer(await recap.recap(desk.stores, caller, _date(caller, command.day)))


# --- the channel's digest ---------------------------------------------------------------------------------------------


async def _subscribe(desk: Desk, caller: Caller, _: Channel, command: core.Subscribe) -> Answer:
    form = subscribe.new_form(caller, desk.zone)
    return SubscriptionFormAnswer(replace(form, query=command.query_text))


async def _list(desk: Desk, caller: Caller, channel: Channel, _: core.ListSubscriptions) -> Answer:
    found = await subscribe.subscriptions(desk.stores, caller, channel)
    if not found:
        return notice(msg("This channel has no subscription."), "/digest subscribe")
    return SubscriptionsAnswer(found)


async def _edit_subscription(desk: Desk, caller: Caller, channel: Channel, command: core.EditSubscription) -> Answer:
    found, form = await subscribe.open_form(desk.stores, caller, channel, command.id)
    return SubscriptionFormAnswer(form, found.id)


async def _pause(desk: Desk, caller: Caller, channel: Channel, command: core.Pause) -> Answer:
    done = await subscribe.pause(desk.stores, caller, channel, command.id)
    return notice(msg("Subscription {id} is paused.", id=str(done.id)), f"/digest resume {done.id}")


async def _resume(desk: Desk, caller: Caller, channel: Channel, command: core.Resume) -> Answer:
    done = await subscribe.resume(desk.stores, caller, channel, command.id, at=desk.clock.now())
    desk.nudge()
    return notice(msg("Subscription {id} goes on.", id=str(done.id)), "/digest list")


async def _unsubscribe(desk: Desk, caller: Caller, channel: Channel, command: core.Unsubscribe) -> Answer:
    found, _ = await subscribe.open_form(desk.stores, caller, channel, command.id)
    return ConfirmAnswer(
        msg("End subscription {id} of this channel? What has been posted stays.", id=str(found.id)),
        EndAct(found.id),
        msg("End it"),
    )


async def _preview(desk: Desk, caller: Caller, channel: Channel, command: core.Preview) -> Answer:
    day = _date(caller, command.day)
    found = await deliver.preview(desk.stores, caller, channel, day, at=desk.clock.now())
    here = await desk.stores.subscriptions.of_channel(channel)
    return PreviewAnswer(found.day, found.contents, here[0].language if here else desk.language)


async def _send(desk: Desk, caller: Caller, channel: Channel, command: core.Send) -> Answer:
    day = _date(caller, command.day)
    said = await deliver.send_now(desk.stores, caller, channel, day, at=desk.clock.now())
    desk.nudge()
    return notice(said)


async def _why(desk: Desk, caller: Caller, channel: Channel, command: core.Why) -> Answer:
    day, now = _date(caller, command.day), desk.clock.now()
    said = await explain.why(desk.stores, caller, channel, day=day, reference=command.reference, now=now)
    held = await decide.held_up(desk.stores, channel) if Role.OPERATOR in caller.roles else None
    if held is None:
        return NoticeAnswer(said)
    return NoticeAnswer((*said, decide.question(held)), ("/digest found", "/digest resend"))


async def _found(desk: Desk, caller: Caller, channel: Channel, command: core.Found) -> Answer:
    held = await decide.found(desk.stores, desk.courier, caller, channel, command.link, at=desk.clock.now())
    desk.nudge()
    return notice(msg("“{post}” counts as posted, and what waits behind it goes out.", post=held.name), "/digest why")


async def _resend(desk: Desk, caller: Caller, channel: Channel, _: core.Resend) -> Answer:
    held = await decide.to_resend(desk.stores, caller, channel)
    return ConfirmAnswer(
        msg("Send “{post}” again? If it is in this channel already, it will be there twice.", post=held.name),
        ResendAct(held.post.id),
        msg("Send it again"),
    )


# --- the archive ------------------------------------------------------------------------------------------------------


async def _add_entry(desk: Desk, caller: Caller, _: Channel, command: core.AddEntry) -> Answer:
    return EntryFormAnswer(await curate.open_add_form(desk.stores, desk.source, caller, command.reference))


async def _edit_entry(desk: Desk, caller: Caller, _: Channel, command: core.EditEntry) -> Answer:
    if command.reference is None:
        return DraftsAnswer(await curate.drafts(desk.stores, caller))
    entry, form = await curate.open_edit_form(desk.stores, caller, command.reference)
    return EntryFormAnswer(form, entry.id)


async def _remove_entry(desk: Desk, caller: Caller, _: Channel, command: core.RemoveEntry) -> Answer:
    entry, _form = await curate.open_edit_form(desk.stores, caller, command.reference)
    return ConfirmAnswer(
        msg("Remove “{title}” from the archive and from every channel?", title=entry.title),
        RemoveAct(entry.id),
        msg("Remove it"),
    )


async def _undo(desk: Desk, caller: Caller, _: Channel, command: core.Undo) -> Answer:
    entry = await curate.undo(desk.stores, caller, command.reference, at=desk.clock.now())
    desk.entry_changed(entry.id)
    if entry.status is Status.REMOVED:
        return notice(msg("“{title}” is taken out again.", title=entry.title))
    return notice(msg("“{title}” is as it was before.", title=entry.title), f"/paper id:{entry.id}")


def _date(caller: Caller, day: Day | None) -> date | None:
    return first_day(day, caller.today) if day else None


HANDLERS: Final[Mapping[type[core.Command], Callable[[Desk, Caller, Channel, Any], Awaitable[Answer]]]] = {
    core.LookUp: _look_up,
    core.Latest: _latest,
    core.Help: _help,
    core.ForgetMe: _forget_me,
    core.Follow: _follow,
    core.Following: _following,
    core.Unfollow: _unfollow,
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
    core.Found: _found,
    core.Resend: _resend,
    core.AddEntry: _add_entry,
    core.EditEntry: _edit_entry,
    core.RemoveEntry: _remove_entry,
    core.Undo: _undo,
}
