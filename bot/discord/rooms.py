"""Which channels everybody on a server sees, as the gateway has told."""

from __future__ import annotations

from bot.core.subscriptions import Channel
from bot.discord.client import PaperboyClient


def is_open_to_all(client: PaperboyClient, channel: Channel) -> bool:
    """Whether everybody on its server sees a channel; False for what this process has not been told of."""
    guild = client.get_guild(int(channel.workspace)) if channel.workspace.isdecimal() else None
    found = guild.get_channel(int(channel.id)) if guild else None
    return guild is not None and found is not None and found.permissions_for(guild.default_role).view_channel
