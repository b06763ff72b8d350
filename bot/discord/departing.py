"""Discord tells that Paperboy cannot post somewhere any more: a channel, or a whole server."""

from __future__ import annotations

from functools import partial

import discord
import structlog
from discord.abc import GuildChannel

from bot.core.messages import msg
from bot.core.subscriptions import Channel
from bot.discord.client import PaperboyClient
from bot.discord.parts import DiscordParts
from bot.discord.people import PLATFORM
from bot.usecases.departures import channel_gone, workspace_gone
from bot.usecases.lanes import Lanes, Work

log = structlog.get_logger(__name__)


def register(client: PaperboyClient, parts: DiscordParts, lanes: Lanes) -> None:
    """Listen to departures, and to arrivals for the log."""
    departing = _Departing(parts, lanes)
    client.on("guild_channel_delete", departing.deleted)
    client.on("guild_remove", departing.removed)
    client.on("guild_join", departing.joined)


class _Departing:
    def __init__(self, parts: DiscordParts, lanes: Lanes) -> None:
        self._parts = parts
        self._lanes = lanes

    async def deleted(self, channel: GuildChannel) -> None:
        """A channel was deleted."""
        here = Channel(PLATFORM, str(channel.guild.id), str(channel.id))
        self._put(channel.guild.id, "channel_delete", partial(self._channel_gone, here, channel.name))

    async def _channel_gone(self, channel: Channel, name: str) -> None:
        reason = msg("The channel {channel} was deleted.", channel=f"#{name}")
        paused = await channel_gone(self._parts.desk.stores, self._parts.courier, channel, reason)
        if paused:
            log.info("discord.channel_gone", guild=channel.workspace, channel=channel.id, paused=paused)

    async def removed(self, guild: discord.Guild) -> None:
        """Somebody put Paperboy out of a server; one that is only unavailable does not lead here."""
        self._put(guild.id, "guild_remove", partial(self._guild_gone, guild.id))

    async def _guild_gone(self, guild_id: int) -> None:
        await workspace_gone(self._parts.desk.stores, PLATFORM, str(guild_id))

    async def joined(self, guild: discord.Guild) -> None:
        """Paperboy has come to a server: nothing is posted there until somebody subscribes a channel."""
        log.info("discord.guild_joined", guild=guild.id)

    def _put(self, guild_id: int, kind: str, work: Work) -> None:
        self._lanes.put(guild_id, kind, work, at=self._parts.desk.clock.now().timestamp())
