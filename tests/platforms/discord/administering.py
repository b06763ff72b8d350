"""What people do who run a server: channels, roles, and the app's place there."""

from __future__ import annotations

from typing import Any

from tests.platforms.discord import permissions
from tests.platforms.discord.commanding import Commanding
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import TEXT, Channel, Guild, Overwrite, Role, User


class Administering(Commanding):
    """Runs a server, with the permissions for it."""

    async def invite_bot(self, guild: Guild, bits: int = permissions.MEMBERS_USUAL) -> None:
        """Add the app to a server with the permissions that its link asks for."""
        self._must_run(guild, permissions.MANAGE_GUILD)
        if self.world.application.bot.id in guild.members:
            raise NotPossible("the app is there already")
        self.server.doings.bot_joins(guild, bits)

    async def kick_bot(self, guild: Guild) -> None:
        """Remove the app from a server."""
        self._must_run(guild, permissions.MANAGE_GUILD)
        if self.world.application.bot.id not in guild.members:
            raise NotPossible("the app is not there")
        self.server.doings.bot_leaves(guild)

    async def create_channel(self, guild: Guild, name: str, kind: int = TEXT, **fields: Any) -> Channel:
        """Add a channel."""
        self._must_run(guild, permissions.MANAGE_CHANNELS)
        channel = self.world.add_channel(guild, name, kind, **fields)
        self.server.events.channel_created(channel)
        return channel

    async def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with its threads, or a thread."""
        needed = permissions.MANAGE_THREADS if channel.is_thread else permissions.MANAGE_CHANNELS
        self._must_be_allowed(channel, needed, "delete channels")
        self.server.doings.delete_channel(channel)

    async def rename_channel(self, channel: Channel, name: str) -> None:
        """Give a channel another name."""
        self._must_be_allowed(channel, permissions.MANAGE_CHANNELS, "change channels")
        channel.name = name
        self.server.events.channel_updated(channel)

    async def allow(self, channel: Channel, who: Role | User, allow: int = 0, deny: int = 0) -> None:
        """Change what a channel allows and denies a role or somebody; with nothing, take that away."""
        self._must_be_allowed(channel, permissions.MANAGE_CHANNELS, "change channels")
        bot = self.world.application.bot.id
        could_see = permissions.in_channel(self.world, channel, bot) & permissions.VIEW_CHANNEL
        channel.overwrites = [one for one in channel.overwrites if one.id != who.id]
        if allow or deny:
            channel.overwrites.append(Overwrite(who.id, int(isinstance(who, User)), allow, deny))
        self.server.events.channel_updated(channel)
        if not could_see and permissions.in_channel(self.world, channel, bot) & permissions.VIEW_CHANNEL:
            self.server.events.threads_synced(channel)
        self.server.changed()

    async def give_role(self, guild: Guild, user: User, role: Role) -> None:
        """Give somebody a role."""
        self._must_run(guild, permissions.MANAGE_GUILD)
        member = guild.members[user.id]
        member.roles = [*(one for one in member.roles if one != role.id), role.id]
        self.server.events.member_updated(guild, member)

    async def take_role(self, guild: Guild, user: User, role: Role) -> None:
        """Take a role from somebody."""
        self._must_run(guild, permissions.MANAGE_GUILD)
        member = guild.members[user.id]
        member.roles = [one for one in member.roles if one != role.id]
        self.server.events.member_updated(guild, member)

    async def change_role(self, guild: Guild, role: Role, bits: int) -> None:
        """Change what a role may do."""
        self._must_run(guild, permissions.MANAGE_GUILD)
        role.permissions = bits
        self.server.events.role_updated(guild, role)

    def _must_run(self, guild: Guild, bit: int) -> None:
        if not permissions.base(guild, self.user.id) & bit:
            raise NotPossible(f"{self.user.username} does not run {guild.name}")
