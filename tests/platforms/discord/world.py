"""What a Discord holds: plain values that a test may look at and set. Ids are snowflakes of the server's clock."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.slack.clock import Clock

Json = dict[str, Any]

EPOCH_MS = 1_420_070_400_000

TEXT, DIRECT, VOICE, GROUP, ANNOUNCEMENT, FORUM, MEDIA = 0, 1, 2, 3, 5, 15, 16
ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD = 10, 11, 12
NAME_CHANGED, THREAD_STARTED, REPLY, COMMANDED, STARTER, MENU_USED = 4, 18, 19, 20, 21, 23
"""Types of messages; 0 is an ordinary one."""

THREADS = (ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD)

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15
ALL_PERMISSIONS = (1 << 53) - 1


@dataclass(eq=False)
class User:
    """An account: a person's or a bot's."""

    id: int
    username: str
    global_name: str | None = None
    is_bot: bool = False
    locale: str = "en-US"


@dataclass(eq=False)
class Member:
    """A user on a server."""

    user: User
    roles: list[int] = field(default_factory=list)
    nick: str | None = None
    timeout_until: float | None = None  # put into a timeout by a moderator


@dataclass(eq=False)
class Role:
    """A role; the one whose id is the guild's is everybody's."""

    id: int
    name: str
    permissions: int = 0
    position: int = 0


@dataclass(eq=False)
class Overwrite:
    """What a channel allows and denies a role (`kind` 0) or a member (1)."""

    id: int
    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(eq=False)
class Reaction:
    """Who has reacted to a message with an emoji, `name` or `name:id`."""

    emoji: str
    normal: list[int] = field(default_factory=list)
    burst: list[int] = field(default_factory=list)


@dataclass(eq=False)
class Message:
    """A message; `only_for` is the one person who sees an ephemeral one."""

    id: int
    channel_id: int
    author: User
    content: str = ""
    components: list[Json] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    kind: int = 0
    reply_to: int | None = None
    allowed_mentions: Json | None = None
    edited_at: float | None = None
    reactions: list[Reaction] = field(default_factory=list)
    only_for: int | None = None
    interaction: Json | None = None  # `interaction_metadata`
    webhook_id: int | None = None  # the webhook that wrote it
    names_thread: int | None = None  # the thread that Discord says here to have begun
    position: int | None = None  # about its place in a thread
    is_deleted: bool = False

    @property
    def is_loading(self) -> bool:
        """Whether it says no more than that the app is thinking."""
        return bool(self.flags & LOADING)


@dataclass(eq=False)
class Channel:
    """A channel, a thread (`parent_id` is its channel) or a direct conversation (`recipients`)."""

    id: int
    kind: int
    guild_id: int | None = None
    name: str = ""
    parent_id: int | None = None
    position: int = 0
    topic: str | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    available_tags: list[Json] = field(default_factory=list)
    flags: int = 0
    recipients: list[int] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    owner_id: int | None = None
    archived: bool = False
    locked: bool = False
    archived_at: float = 0.0
    auto_archive_duration: int = 4320
    applied_tags: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    sent: int = 0  # messages in a thread, those that were deleted too, without the one that began it

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread or a forum post."""
        return self.kind in THREADS


@dataclass(eq=False)
class Guild:
    """A server."""

    id: int
    name: str
    owner_id: int
    preferred_locale: str = "en-US"
    is_available: bool = True
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)  # threads too

    def add_member(self, user: User, *roles: Role, nick: str | None = None) -> Member:
        """Bring somebody in."""
        self.members[user.id] = Member(user, [role.id for role in roles], nick)
        return self.members[user.id]

    def threads(self) -> list[Channel]:
        """Its threads, archived ones too."""
        return [one for one in self.channels.values() if one.is_thread]


@dataclass(eq=False)
class Application:
    """The app: its bot, its token, what the portal grants, its commands and where it is installed.

    The bot is in a guild when it is a member there; `guild_installs` are where its commands are (usually the same).
    """

    id: int
    name: str
    bot: User
    token: str
    intents: int = 0  # privileged ones switched on in the portal
    commands: list[Json] = field(default_factory=list)
    guild_commands: dict[int, list[Json]] = field(default_factory=dict)
    guild_installs: set[int] = field(default_factory=set)
    user_installs: set[int] = field(default_factory=set)
    endpoint_url: str | None = None  # where interactions go instead of to the gateway
    contexts: tuple[str, ...] = ("0", "1")  # where it can be installed to: servers, accounts


class World:
    """All of it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._numbers = itertools.count(1)
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.directs: dict[int, Channel] = {}
        self.ephemerals: dict[int, Message] = {}
        bot = self.add_user("paper-bot", is_bot=True)
        token = "MTAwMDAwMDAwMDAwMDAwMDAx.Gloopb.ack-token-for-tests-of-the-gateway"  # no token of anybody
        self.application = Application(bot.id, "Paper Bot", bot, token)

    def new_id(self) -> int:
        """A snowflake, greater than all before."""
        number = next(self._numbers)
        made = int(self.clock.now() * 1000) - EPOCH_MS
        self._last = max(getattr(self, "_last", 0) + 1, (made << 22) | (number & 0xFFF))
        return self._last

    def add_user(
        self, name: str, *, is_bot: bool = False, locale: str = "en-US", global_name: str | None = None
    ) -> User:
        """A new account."""
        user = User(self.new_id(), name, global_name, is_bot, locale)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, owner: User, *, everyone: int, guild_id: int | None = None) -> Guild:
        """A new server; `everyone` are the permission bits of all."""
        guild = Guild(guild_id or self.new_id(), name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", everyone)
        guild.add_member(owner)
        self.guilds[guild.id] = guild
        return guild

    def add_role(self, guild: Guild, name: str, permissions: int = 0) -> Role:
        """A new role."""
        role = Role(self.new_id(), name, permissions, len(guild.roles))
        guild.roles[role.id] = role
        return role

    def add_channel(self, guild: Guild, name: str, kind: int = TEXT, **fields: Any) -> Channel:
        """A new channel, without telling anybody."""
        channel = Channel(self.new_id(), kind, guild.id, name, position=len(guild.channels), **fields)
        guild.channels[channel.id] = channel
        return channel

    def direct(self, user_id: int) -> Channel:
        """The direct conversation of the bot with somebody, begun when there is none."""
        for channel in self.directs.values():
            if channel.recipients == [user_id]:
                return channel
        channel = Channel(self.new_id(), DIRECT, recipients=[user_id])
        self.directs[channel.id] = channel
        return channel

    def direct_between(self, first: int, second: int) -> Channel:
        """The direct conversation of two people, which the bot is not part of, begun when there is none."""
        for channel in self.directs.values():
            if sorted(channel.recipients) == sorted((first, second)):
                return channel
        channel = Channel(self.new_id(), DIRECT, recipients=[first, second])
        self.directs[channel.id] = channel
        return channel

    def group(self, owner_id: int, *others: int) -> Channel:
        """A new conversation of several people, which the bot is not part of."""
        channel = Channel(self.new_id(), GROUP, owner_id=owner_id, recipients=[owner_id, *others])
        self.directs[channel.id] = channel
        return channel

    def channels(self) -> Iterator[Channel]:
        """Every channel, thread and direct conversation."""
        for guild in self.guilds.values():
            yield from list(guild.channels.values())
        yield from list(self.directs.values())

    def channel(self, channel_id: int) -> Channel | None:
        """A channel by its id."""
        return next((one for one in self.channels() if one.id == channel_id), None)

    def shares_guild(self, user_id: int) -> bool:
        """Whether somebody is on a server with the bot."""
        bot = self.application.bot.id
        return any(user_id in one.members and bot in one.members for one in self.guilds.values())

    def guild_of(self, channel: Channel) -> Guild | None:
        """The server a channel is on."""
        return self.guilds.get(channel.guild_id) if channel.guild_id else None
