"""Forms and what comes of them before a person: which view an answer is, and how it gets into an open modal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

import structlog

from bot.core.messages import Message, msg
from bot.core.people import Caller, Language
from bot.locale import translator
from bot.slack.blocks import SlackMessage, fallback
from bot.slack.entry_modal import entry_view
from bot.slack.errors import SlackError, SlackRefused, words_for
from bot.slack.form_state import FormMeta
from bot.slack.interaction import Interaction
from bot.slack.modals import View, message_view
from bot.slack.parts import SlackParts
from bot.slack.pieces import said_blocks
from bot.slack.replying import reply
from bot.slack.subscription_modal import subscription_view
from bot.usecases.answers import Answer, EntryFormAnswer, NoticeAnswer, SubscriptionFormAnswer

SECONDS_TO_ANSWER: Final = 2.0
"""How long the work may take where its outcome is the acknowledgement, for which Slack waits 3 seconds."""
FAULT: Final = msg("Something went wrong on our side")
_LANGUAGE_SECONDS: Final = 0.5

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


def view_of(
    answer: Answer,
    title: Message,
    parts: SlackParts,
    *,
    language: Language,
    channel_id: str = "",
    before: FormMeta | None = None,
) -> View:
    """An answer as a view; `before` is what the form was shown with the last time."""
    match answer:
        case EntryFormAnswer():
            return entry_view(
                answer.form,
                language=language,
                entry_id=answer.entry_id,
                wrong=answer.wrong,
                problem=answer.problem,
                theirs=answer.theirs,
                before=before,
            )
        case SubscriptionFormAnswer():
            return subscription_view(
                answer.form,
                language=language,
                channel_id=channel_id,
                layouts=parts.desk.layouts,
                subscription_id=answer.subscription_id,
                wrong=answer.wrong,
                suggestions=answer.suggestions,
                problem=answer.problem,
                before=before,
            )
        case NoticeAnswer():
            return message_view(title, answer, language)
        case _:
            raise TypeError(f"no view for {type(answer).__name__}")


async def update(
    parts: SlackParts, interaction: Interaction, view_id: str, view: View, *, view_hash: str | None = None
) -> None:
    """Show another view in an open modal; with a hash only where the modal still shows what it did then.

    Raises:
        SlackRefused, SlackBusy, SlackUnreachable
    """
    client = await parts.workspaces.client(interaction.team_id)
    await client.call("views.update", view_id=view_id, view=view, **({"hash": view_hash} if view_hash else {}))


async def show_or_say(
    parts: SlackParts,
    interaction: Interaction,
    view_id: str,
    view: View,
    *,
    said: Message | None,
    language: Language,
) -> None:
    """Show a view in an open modal; where the person has closed it, say in private what it is about, if anything."""
    try:
        await update(parts, interaction, view_id, view)
    except SlackError as error:
        log.info("slack.view_not_shown", team=interaction.team_id, reason=str(error))
        closed = isinstance(error, SlackRefused) and error.code == "not_found"
        message = said if closed else words_for(error)
        if message is not None:
            await say(parts, interaction, message, language)


async def say(parts: SlackParts, interaction: Interaction, message: Message, language: Language) -> None:
    """Tell the person one sentence in private."""
    said = translator(language).say(message)
    await reply(parts, interaction, SlackMessage(fallback(said), tuple(said_blocks(said))))


async def language_soon(parts: SlackParts, asking: asyncio.Future[Caller]) -> Language:
    """The language of who is asking, as far as it is known in time to open a modal."""
    done, _ = await asyncio.wait({asking}, timeout=_LANGUAGE_SECONDS)
    if done and not asking.cancelled() and asking.exception() is None:
        return asking.result().language
    return parts.desk.language


async def within(seconds: float, work: Awaitable[Result]) -> Result | None:
    """What comes of the work, when it comes in time; the work is cancelled otherwise.

    Raises:
        what the work raises.
    """
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError:
        return None
