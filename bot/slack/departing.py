"""Slack tells that Paperboy cannot post somewhere any more: a channel, or the whole workspace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.messages import Message, msg
from bot.core.subscriptions import Channel
from bot.slack.errors import SlackError
from bot.slack.events import EventLanes, SlackEvent
from bot.slack.parts import SlackParts
from bot.slack.people import PLATFORM
from bot.usecases.departures import channel_gone, workspace_gone

Forget = Callable[[str | None, str | None, datetime], Awaitable[bool]]
"""Deletes the installation of an organisation and workspace; whether none is left that still works."""

log = structlog.get_logger(__name__)


def register(app: AsyncApp, parts: SlackParts, lanes: EventLanes, forget: Forget | None) -> None:
    """Listen to departures; without `forget` there is one workspace, and nothing is kept of it but subscriptions."""
    departing = _Departing(parts, forget)
    app.event("channel_archive")(lanes.to(departing.archived))
    app.event("group_archive")(lanes.to(departing.archived))
    app.event("channel_deleted")(lanes.to(departing.deleted))
    app.event("group_deleted")(lanes.to(departing.deleted))
    app.event("channel_left")(lanes.to(departing.removed))
    app.event("group_left")(lanes.to(departing.removed))
    app.event("app_uninstalled")(lanes.to(departing.uninstalled))
    app.event("tokens_revoked")(lanes.to(departing.revoked))


class _Departing:
    def __init__(self, parts: SlackParts, forget: Forget | None) -> None:
        self._parts = parts
        self._forget = forget

    async def archived(self, event: SlackEvent) -> None:
        """A channel was archived."""
        await self._gone(event, msg("The channel {channel} was archived.", channel=await self._address(event)))

    async def deleted(self, event: SlackEvent) -> None:
        """A channel was deleted."""
        await self._gone(event, msg("The channel {channel} was deleted.", channel=await self._address(event)))

    async def removed(self, event: SlackEvent) -> None:
        """Somebody put Paperboy out of a channel."""
        said = msg(
            "Paperboy was removed from the channel {channel}; `/invite @Paperboy` brings it back.",
            channel=await self._address(event),
        )
        await self._gone(event, said)

    async def _gone(self, event: SlackEvent, reason: Message) -> None:
        channel = Channel(PLATFORM, event.team_id, event.channel_id)
        paused = await channel_gone(self._parts.desk.stores, self._parts.courier, channel, reason)
        if paused:
            log.info("slack.channel_gone", kind=event.fields.get("type"), channel=event.channel_id, paused=paused)

    async def _address(self, event: SlackEvent) -> str:
        """Where the channel is found: its name is not told, and may not be asked for any more."""
        try:
            url = (await self._parts.workspaces.identity(event.team_id)).url
        except SlackError:
            url = ""
        return f"{url.rstrip('/')}/archives/{event.channel_id}" if url else event.channel_id

    async def uninstalled(self, event: SlackEvent) -> None:
        """Paperboy was removed from the workspace."""
        await self._workspace_gone(event)

    async def revoked(self, event: SlackEvent) -> None:
        """Tokens are no good any more; people's own are never asked for, so only the bot's are of interest."""
        if (event.fields.get("tokens") or {}).get("bot"):
            await self._workspace_gone(event)

    async def _workspace_gone(self, event: SlackEvent) -> None:
        if self._forget is not None and not await self._forget(event.enterprise_id, event.team_id or None, event.at):
            log.info("slack.installed_again", team=event.team_id)  # what is told is older than the installation
            return
        self._parts.workspaces.drop(event.team_id)
        await workspace_gone(self._parts.desk.stores, PLATFORM, event.team_id)
