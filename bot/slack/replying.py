"""Say something to one person, wherever they are: in place of what they clicked, in the channel, or in private.

A `response_url` is the best way, because it works in channels Paperboy is not in; it ends after 30 minutes or 5 uses.
Then comes an ephemeral message, and where that is not possible either, a direct message.
"""

from __future__ import annotations

from http import HTTPStatus

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.core.errors import StorageError
from bot.slack.blocks import SlackMessage
from bot.slack.calling import TIMEOUT
from bot.slack.errors import SlackError
from bot.slack.interaction import Interaction
from bot.slack.parts import SlackParts

log = structlog.get_logger(__name__)


async def reply(parts: SlackParts, interaction: Interaction, message: SlackMessage, *, replace: bool = False) -> None:
    """Show a message to the person alone; `replace` puts it in place of the private answer that was clicked on.

    Nothing is raised: what cannot be said is logged.
    """
    ways = [_through_url, _ephemeral, _direct]
    if interaction.thread_ts and not interaction.ephemeral:  # a response URL does not lead into threads
        ways = [_ephemeral, _through_url, _direct]
    for way in ways:
        try:
            if await way(parts, interaction, message, replace and interaction.ephemeral):
                return
        except (SlackError, StorageError) as error:
            log.warning("slack.reply_failed", team=interaction.team_id, reason=str(error))


async def _through_url(_: SlackParts, interaction: Interaction, message: SlackMessage, replace: bool) -> bool:
    url = interaction.response_url
    return bool(url) and await _respond(url, message, response_type="ephemeral", replace_original=replace)


async def say_in_channel(interaction: Interaction, message: SlackMessage) -> bool:
    """Post for everybody through the response URL, which works in channels Paperboy is not in; whether it did."""
    return bool(interaction.response_url) and await _respond(
        interaction.response_url, message, response_type="in_channel", replace_original=False
    )


async def _respond(url: str, message: SlackMessage, *, response_type: str, replace_original: bool) -> bool:
    """Whether the response URL took it: not when it has expired, or was used too often."""
    client = AsyncWebhookClient(url, timeout=TIMEOUT, retry_handlers=[])
    try:
        answer = await client.send(
            text=message.text,
            blocks=list(message.blocks),
            response_type=response_type,
            replace_original=replace_original,
            unfurl_links=False,
            unfurl_media=False,
        )
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.info("slack.response_url_failed", reason=type(error).__name__)
        return False
    if answer.status_code != HTTPStatus.OK:
        log.info("slack.response_url_refused", status=answer.status_code)
        return False
    return True


async def _ephemeral(parts: SlackParts, interaction: Interaction, message: SlackMessage, _: bool) -> bool:
    if not interaction.channel_id:
        return False
    client = await parts.workspaces.client(interaction.team_id)
    await client.call(
        "chat.postEphemeral",
        channel=interaction.channel_id,
        user=interaction.user_id,
        text=message.text,
        blocks=list(message.blocks),
        thread_ts=interaction.thread_ts or None,
    )
    return True


async def _direct(parts: SlackParts, interaction: Interaction, message: SlackMessage, _: bool) -> bool:
    client = await parts.workspaces.client(interaction.team_id)
    opened = await client.call("conversations.open", users=interaction.user_id)
    await client.call(
        "chat.postMessage",
        channel=str(opened["channel"]["id"]),
        text=message.text,
        blocks=list(message.blocks),
        unfurl_links=False,
        unfurl_media=False,
    )
    return True
