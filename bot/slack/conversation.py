"""Ask and be answered in private: the one way from whatever a person did to what they see.

A question is a command line, or what a button carries (`bot.usecases.asks`). Commands that need a form open one.
"""

from __future__ import annotations

from collections.abc import Awaitable

import structlog

from bot.core import commands as core
from bot.core.digests import MessageRef
from bot.core.errors import PaperboyError, StorageError
from bot.core.messages import Message
from bot.core.people import Caller
from bot.core.subscriptions import Channel
from bot.slack import forms
from bot.slack.answers import answer_message
from bot.slack.errors import SlackError, words_for
from bot.slack.interaction import Interaction
from bot.slack.parts import SlackParts
from bot.slack.replying import reply
from bot.slack.showing import FAULT
from bot.usecases import converse, presses
from bot.usecases.answers import AbstractAnswer, Answer, error_answer, hits_in, notice
from bot.usecases.asks import Ask, AskKind
from bot.viewing import View

log = structlog.get_logger(__name__)


async def run_line(parts: SlackParts, interaction: Interaction, line: str) -> None:
    """Do what a line says: open the form it needs, or show its answer."""
    try:
        command = core.parse_command(line)
    except PaperboyError as error:
        await show(parts, interaction, error_answer(error))
        return
    if not await _opened_form(parts, interaction, command):
        await answer_ask(parts, interaction, Ask(AskKind.LINE, line))


async def _opened_form(parts: SlackParts, interaction: Interaction, command: core.Command) -> bool:
    """Open the form of a command that has one, at once: what opens it is good for three seconds."""
    match command:
        case core.AddEntry(reference):
            await forms.open_add(parts, interaction, reference)
        case core.EditEntry(str(reference)):
            await forms.open_edit(parts, interaction, reference)
        case core.Subscribe(query_text):
            await forms.open_subscribe(parts, interaction, query_text)
        case core.EditSubscription(number):
            await forms.open_subscription_edit(parts, interaction, number)
        case _:
            return False
    return True


async def answer_ask(parts: SlackParts, interaction: Interaction, ask: Ask, *, replace: bool = False) -> None:
    """Answer a question, in place of what was clicked on with `replace`."""
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    async with parts.gate:
        answer = await converse.answered(presses.answer(parts.desk, caller, interaction.channel, ask))
    view = await view_for(parts, caller, ask, answer, interaction.channel)
    async with parts.gate:
        message = answer_message(answer, view)
    await reply(parts, interaction, message, replace=replace)


async def say(parts: SlackParts, interaction: Interaction, message: Message, *suggestions: str) -> None:
    """Tell the person one sentence."""
    await show(parts, interaction, notice(message, *suggestions))


async def show(parts: SlackParts, interaction: Interaction, answer: Answer, *, replace: bool = False) -> None:
    """Show an answer that is at hand already."""
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    view = await view_for(parts, caller, None, answer, interaction.channel)
    await reply(parts, interaction, answer_message(answer, view), replace=replace)


async def view_for(
    parts: SlackParts, caller: Caller, ask: Ask | None, answer: Answer | AbstractAnswer, here: Channel
) -> View:
    """How a person looks at an answer: links lead to posts in this channel, and in those that everybody sees."""
    jumps = {hit.jump.channel for hit in hits_in(answer) if hit.jump}
    url = await _url(parts, caller.person.workspace) if jumps else ""
    seen = await parts.rooms.public(jumps - {here}) | {here} if url else frozenset()

    def permalink(ref: MessageRef) -> str | None:
        return f"{url}/archives/{ref.channel.id}/p{ref.message_id.replace('.', '')}" if ref.channel in seen else None

    return View(caller, ask, permalink)


async def _url(parts: SlackParts, team_id: str) -> str:
    """The workspace's address; empty when it cannot be told now."""
    try:
        return (await parts.workspaces.identity(team_id)).url.rstrip("/")
    except (SlackError, StorageError):
        return ""


async def guarded(parts: SlackParts, interaction: Interaction, work: Awaitable[None]) -> None:
    """Do the work; what nobody foresaw is logged, and the person is told that it went wrong."""
    try:
        await work
    except SlackError as error:
        log.warning("slack.interaction_failed", team=interaction.team_id, reason=str(error))
        await say(parts, interaction, words_for(error))
    except PaperboyError as error:
        await show(parts, interaction, error_answer(error))
    except Exception as error:
        log.error("slack.interaction_failed", team=interaction.team_id, exc_info=error)
        await say(parts, interaction, FAULT)
