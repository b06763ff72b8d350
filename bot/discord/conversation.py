"""Ask and be answered in private: the one way from whatever a person did to what they see.

A question is a command line, or what a button carries (`bot.usecases.asks`). It is acknowledged before anything is
looked up. Commands that need a form open one.
"""

from __future__ import annotations

from bot.core import commands as core
from bot.core.errors import PaperboyError
from bot.discord import forms
from bot.discord.answers import answer_message
from bot.discord.parts import DiscordParts
from bot.discord.people import channel_of
from bot.discord.replying import Interaction, defer, reply
from bot.discord.showing import show, view_for
from bot.usecases import converse, presses
from bot.usecases.answers import error_answer
from bot.usecases.asks import Ask, AskKind


async def run_line(parts: DiscordParts, interaction: Interaction, line: str) -> None:
    """Do what a line says: open the form it needs, or show its answer."""
    try:
        command = core.parse_command(line)
    except PaperboyError as error:
        await show(parts, interaction, error_answer(error))
        return
    if not await _opened_form(parts, interaction, command):
        await answer_ask(parts, interaction, Ask(AskKind.LINE, line))


async def _opened_form(parts: DiscordParts, interaction: Interaction, command: core.Command) -> bool:
    """Open the form of a command that has one: it has to be the first that Discord hears."""
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


async def answer_ask(parts: DiscordParts, interaction: Interaction, ask: Ask, *, replace: bool = False) -> None:
    """Answer a question, in place of the private answer that was clicked on with `replace`."""
    if not await defer(interaction, replace=replace):
        return
    caller, channel = parts.people.caller(interaction), channel_of(interaction)
    async with parts.gate:
        answer = await converse.answered(presses.answer(parts.desk, caller, channel, ask))
        message = answer_message(answer, view_for(parts, caller, ask, answer, channel))
    await reply(parts, interaction, [message], replace=replace)
