"""What a press of a button comes to, the same on every chat platform: a question is asked, something is done.

What a button carries is read by `bot.usecases.asks` and `bot.usecases.acts`.
"""

from __future__ import annotations

from typing import Final

from bot.core.messages import Message, msg
from bot.core.people import Caller
from bot.core.subscriptions import Channel
from bot.usecases import converse, look_up, track
from bot.usecases.acts import read_act
from bot.usecases.answers import AbstractAnswer, Answer, NoticeAnswer, notice
from bot.usecases.asks import Ask, AskKind
from bot.usecases.desk import Desk

OUTDATED: Final[Message] = msg("This button is no longer understood. Type the command again.")
"""What a button is answered with that another version of Paperboy has made, or that carries what is forgotten."""


async def answer(desk: Desk, caller: Caller, channel: Channel, ask: Ask) -> Answer | AbstractAnswer:
    """Answer a question that a button carries, asked in this channel.

    Raises:
        PaperboyError: any; `error_answer` says it.
    """
    match ask.kind:
        case AskKind.LOOKUP:
            return await converse.results_page(desk, caller, ask.text, ask.cursor)
        case AskKind.ENTRY:
            return await converse.show_entry(desk, caller, ask.text)
        case AskKind.ABSTRACT:
            return AbstractAnswer(await look_up.find_entry(desk.stores, caller, ask.text))
        case AskKind.LIKE:
            return await converse.show_like(desk, caller, ask.text)
        case AskKind.LINE:
            return await converse.run_line(desk, caller, channel, ask.text)


async def save(desk: Desk, caller: Caller, entry_id: str) -> NoticeAnswer:
    """Save an entry for the caller.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    await track.save(desk.stores, caller, entry_id, at=desk.clock.now())
    return notice(msg("Saved. `/paper is:saved` shows what you have saved."), "/paper is:saved")


async def unsave(desk: Desk, caller: Caller, entry_id: str) -> NoticeAnswer:
    """Save an entry no longer."""
    await track.unsave(desk.stores, caller, entry_id)
    return notice(msg("No longer saved"))


async def confirm(desk: Desk, caller: Caller, channel: Channel, value: str) -> NoticeAnswer:
    """Do what the button of a `ConfirmAnswer` carries.

    Raises:
        NotAllowed: the caller lacks the role for it.
        NotFound: what it is about is gone.
    """
    act = read_act(value)
    return notice(OUTDATED) if act is None else await converse.perform(desk, caller, channel, act)
