"""Slack tells that Paperboy cannot post somewhere any more: a channel, or the whole workspace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.messages import Message, msg
from bot.core.subscriptions import Channel
from bot.slack.errors import SlackError
from bot.slack.events import EventLanes, SlackEvent
from bot.slack.parts import SlackParts
from bot.slack.people import PLATFORM
from bot.usecases.departures import channel_gone, workspace_gone, workspace_in_doubt

Forget = Callable[[str | None, str | None, datetime], Awaitable[bool]]
"""Deletes the installation of an organisation and workspace; whether none is left that still works."""

_FRESH: Final = timedelta(minutes=1)
"""How young word of a removal has to be to count more than a token that Slack still accepts."""

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
        if self._forget is None:
            await self._only_workspace_gone(event)
            return
        if not await self._forget(event.enterprise_id, event.team_id or None, event.at):
            log.info("slack.installed_again", team=event.team_id)  # what is told is older than the installation
            return
        if event.team_id:
            self._parts.workspaces.drop(event.team_id)
            await workspace_gone(self._parts.desk.stores, PLATFORM, event.team_id)
        if event.enterprise_id:
            await self._others_gone(event.enterprise_id, {event.team_id, event.enterprise_id})

    async def _only_workspace_gone(self, event: SlackEvent) -> None:
        """With one bot token nothing tells when it was issued: word from before it may come late, and is not obeyed."""
        is_good = await self._parts.workspaces.is_good(event.team_id)
        if is_good and self._parts.desk.clock.now() - event.at > _FRESH:
            log.info("slack.installed_again", team=event.team_id)
            return
        for team in [event.team_id] if event.team_id else await self._subscribed():
            await self._end(team, is_certain=is_good is not None)

    async def _others_gone(self, enterprise_id: str, told: set[str]) -> None:
        """An organisation's word may name one of its workspaces or none, and its token served all of them."""
        workspaces = self._parts.workspaces
        unknown = {team for team in await self._subscribed() if workspaces.organisation_of(team) is None}
        for team in sorted((workspaces.known_in(enterprise_id) | unknown) - told):
            is_good = await workspaces.is_good(team)
            if is_good is False or (is_good is None and team not in unknown):
                await self._end(team, is_certain=is_good is False)

    async def _end(self, team_id: str, *, is_certain: bool) -> None:
        stores = self._parts.desk.stores
        self._parts.workspaces.drop(team_id)
        await (workspace_gone if is_certain else workspace_in_doubt)(stores, PLATFORM, team_id)

    async def _subscribed(self) -> list[str]:
        """The workspaces with subscriptions that are not paused."""
        active = await self._parts.desk.stores.subscriptions.active()
        return sorted({one.channel.workspace for one in active if one.channel.platform == PLATFORM})
