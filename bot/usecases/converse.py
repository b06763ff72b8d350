"""Answer a person in private: run a command, do what was confirmed, turn a page, save a form.

Every platform holds the same conversation. It hands in who asks and where, and shows the answers in its own way.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from bot.core.commands import Command, parse_command, required_roles
from bot.core.entries import Entry
from bot.core.errors import NotAllowed, PaperboyError
from bot.core.messages import msg, msg_n
from bot.core.people import Caller, Role
from bot.core.subscriptions import Channel
from bot.usecases import curate, decide, look_up, subscribe, track
from bot.usecases.answers import (
    Act,
    Answer,
    EndAct,
    EntryAnswer,
    ForgetAct,
    LikeAnswer,
    NoticeAnswer,
    RemoveAct,
    ResendAct,
    error_answer,
    notice,
)
from bot.usecases.converse_commands import HANDLERS, results_page
from bot.usecases.converse_forms import save_entry, save_subscription
from bot.usecases.desk import Desk

__all__ = [
    "Desk",
    "answered",
    "perform",
    "results_page",
    "run",
    "run_line",
    "save_entry",
    "save_subscription",
    "shareable",
    "show_entry",
    "show_like",
]


Given = TypeVar("Given")


async def answered(work: Awaitable[Given]) -> Given | NoticeAnswer:
    """The answer; an error that can be told to a person becomes one, any other goes through."""
    try:
        return await work
    except PaperboyError as error:
        return error_answer(error)


async def run_line(desk: Desk, caller: Caller, channel: Channel, line: str) -> Answer:
    """Do what a line such as `/digest show 2024-06-21` says.

    Raises:
        PaperboyError: any; `error_answer` says it.
    """
    return await run(desk, caller, channel, parse_command(line))


async def run(desk: Desk, caller: Caller, channel: Channel, command: Command) -> Answer:
    """Do what a command says.

    Raises:
        PaperboyError: any; `error_answer` says it.
    """
    needed = required_roles(command)
    if Role.READER not in needed:
        caller.require(*sorted(needed))
    return await HANDLERS[type(command)](desk, caller, channel, command)


async def perform(desk: Desk, caller: Caller, channel: Channel, act: Act) -> NoticeAnswer:
    """Do what was asked for and has been confirmed; `channel` is where.

    Raises:
        NotAllowed: the caller lacks the role for it.
        NotFound: what it is about is gone.
    """
    match act:
        case RemoveAct(entry_id):
            return await _remove(desk, caller, entry_id)
        case EndAct(subscription_id):
            return await _end(desk, caller, channel, subscription_id)
        case ForgetAct():
            return await _forget(desk, caller)
        case ResendAct(post_id):
            return await _resend(desk, caller, channel, post_id)


async def show_entry(desk: Desk, caller: Caller, entry_id: str) -> EntryAnswer:
    """One entry in full.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    return EntryAnswer(await look_up.show_entry(desk.stores, caller, entry_id))


async def show_like(desk: Desk, caller: Caller, entry_id: str) -> LikeAnswer:
    """What is like an entry.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    entry = await look_up.find_entry(desk.stores, caller, entry_id)
    return LikeAnswer(entry, await look_up.more_like(desk.stores, caller, entry_id))


async def shareable(desk: Desk, caller: Caller, entry_id: str) -> Entry:
    """An entry that may be shown to everybody now.

    Raises:
        NotFound: no such entry, or not for this person.
        NotAllowed: it is not published.
    """
    entry = await look_up.find_entry(desk.stores, caller, entry_id)
    if not entry.is_public or (entry.digest_date and entry.digest_date > caller.horizon):
        raise NotAllowed(msg("“{title}” is not published yet.", title=entry.title))
    return entry


# --- what a second click does -----------------------------------------------------------------------------------------


async def _remove(desk: Desk, caller: Caller, entry_id: str) -> NoticeAnswer:
    entry = await curate.remove(desk.stores, caller, entry_id, at=desk.clock.now())
    desk.entry_changed(entry.id)
    return notice(msg("“{title}” is removed everywhere.", title=entry.title), f"/paper-undo {entry.id}")


async def _end(desk: Desk, caller: Caller, channel: Channel, subscription_id: int) -> NoticeAnswer:
    done = await subscribe.unsubscribe(desk.stores, caller, channel, subscription_id)
    return notice(msg("Subscription {id} has ended.", id=str(done.id)), "/digest subscribe")


async def _resend(desk: Desk, caller: Caller, channel: Channel, post_id: int) -> NoticeAnswer:
    await decide.resend(desk.stores, caller, channel, post_id)
    desk.nudge()
    return notice(msg("It is sent again, and what waits behind it goes out."), "/digest why")


async def _forget(desk: Desk, caller: Caller) -> NoticeAnswer:
    count = await track.forget_me(desk.stores, caller, in_all_workspaces=desk.one_id_everywhere)
    return notice(msg_n("{n} record about you was erased.", "{n} records about you were erased.", n=count))
