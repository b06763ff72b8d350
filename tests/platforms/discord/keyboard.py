"""Somebody at the keyboard: who and where they are, and what they see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.platforms.discord import permissions
from tests.platforms.discord.modals import Modal
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import Channel, Guild, Message, User

if TYPE_CHECKING:
    from tests.platforms.discord.core import DiscordCore


class Keyboard:
    """A person, in front of Discord's own client."""

    def __init__(self, server: DiscordCore, user: User) -> None:
        self.server = server
        self.world = server.state
        self.user = user

    # --- what they see --------------------------------------------------------------------------------------------

    @property
    def private(self) -> list[Message]:
        """What only they see, oldest first."""
        found = [one for one in self.world.ephemerals.values() if one.only_for == self.user.id and not one.is_deleted]
        return sorted(found, key=lambda one: one.id)

    @property
    def modal(self) -> Modal | None:
        """The modal before them."""
        return self.server.interactions.modals.get(self.user.id)

    def sees(self, channel: Channel) -> list[Message]:
        """What stands in a channel or a thread for them, oldest first.

        Raises:
            NotPossible: they do not see the channel.
        """
        self._must_see(channel)
        own = [one for one in self.private if one.channel_id == channel.id]
        return sorted([*channel.messages.values(), *own], key=lambda one: one.id)

    def threads(self, channel: Channel) -> list[Channel]:
        """The threads of a channel, or the posts of a forum, oldest first."""
        self._must_see(channel)
        guild = self._guild(channel)
        return sorted((one for one in guild.threads() if one.parent_id == channel.id), key=lambda one: one.id)

    def thread(self, message: Message) -> Channel | None:
        """The thread of a message."""
        guild = self.world.guild_of(self._where(message))
        return guild.channels.get(message.id) if guild is not None else None

    def direct(self) -> Channel:
        """Their direct messages with the app."""
        return self.world.direct(self.user.id)

    def direct_with(self, other: User) -> Channel:
        """Their direct messages with somebody else, where the app's bot is not."""
        return self.world.direct_between(self.user.id, other.id)

    # --- what is asked before they do something -------------------------------------------------------------------

    def may(self, channel: Channel, *bits: int) -> bool:
        """Whether they may do all of it there."""
        held = permissions.in_channel(self.world, channel, self.user.id)
        return all(held & bit for bit in bits)

    def _must_see(self, channel: Channel) -> None:
        if self.world.channel(channel.id) is not channel:
            raise NotPossible("the channel is not there any more")
        if not self.may(channel, permissions.VIEW_CHANNEL):
            raise NotPossible(f"{self.user.username} does not see #{channel.name}")

    def _must_see_message(self, message: Message) -> Channel:
        if message.is_deleted:
            raise NotPossible("the message is not there any more")
        if message.only_for not in (None, self.user.id):
            raise NotPossible("only somebody else sees that message")
        channel = self._where(message)
        self._must_see(channel)
        return channel

    def _must_be_allowed(self, channel: Channel, bit: int, what: str) -> None:
        self._must_see(channel)
        if not self.may(channel, bit):
            raise NotPossible(f"{self.user.username} may not {what} in #{channel.name}")

    def _where(self, message: Message) -> Channel:
        channel = self.world.channel(message.channel_id)
        if channel is None:
            raise NotPossible("the channel is not there any more")
        return channel

    def _guild(self, channel: Channel) -> Guild:
        guild = self.world.guild_of(channel)
        if guild is None:
            raise NotPossible("only servers have that")
        return guild
