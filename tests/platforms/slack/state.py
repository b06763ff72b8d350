"""What a workspace holds: people, groups, channels, messages. Plain values; the rules stand elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.platforms.slack.views import View

Json = dict[str, Any]
Kind = Literal["public", "private", "im"]


@dataclass
class User:
    """A member of a workspace."""

    id: str
    name: str
    tz: str = "Etc/UTC"
    locale: str = "en-US"
    is_bot: bool = False
    is_admin: bool = False
    is_owner: bool = False
    deleted: bool = False
    bot_id: str | None = None
    app_id: str | None = None


@dataclass
class UserGroup:
    """A group of people with a handle."""

    id: str
    handle: str
    users: list[str] = field(default_factory=list)
    enabled: bool = True


@dataclass
class Message:
    """A message as it is kept; `reactions` holds user ids by emoji name, in order."""

    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    link_names: bool = False
    parse: str | None = None
    mrkdwn: bool = True
    values: dict[str, dict[str, Json]] = field(default_factory=dict)  # what people chose in its blocks

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread below another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass
class Ephemeral:
    """A message that only one person sees, until they reload."""

    ts: str
    user: str
    channel: str
    app_id: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    link_names: bool = False
    parse: str | None = None
    mrkdwn: bool = True
    values: dict[str, dict[str, Json]] = field(default_factory=dict)


@dataclass
class Channel:
    """A conversation; the messages by their ts, oldest first."""

    id: str
    name: str
    kind: Kind = "public"
    members: set[str] = field(default_factory=set)
    is_archived: bool = False
    creator: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    last_ts: str = ""

    def next_ts(self, now: float) -> str:
        """A ts for a new message: unique in this channel, later than all that were given out here."""
        second, count = int(now), 100
        if self.last_ts:
            last_second, last_count = (int(part) for part in self.last_ts.split("."))
            if second <= last_second:
                second, count = last_second, last_count + 100
        self.last_ts = f"{second}.{count:06d}"
        return self.last_ts

    def replies(self, ts: str) -> list[Message]:
        """The replies to a message, oldest first."""
        return [message for message in self.messages.values() if message.thread_ts == ts and message.ts != ts]

    def top_level(self) -> list[Message]:
        """What stands in the channel itself: no thread replies, except those that were also sent there."""
        return [message for message in self.messages.values() if not message.is_reply or message.broadcast]


@dataclass
class Workspace:
    """A Slack workspace."""

    id: str
    domain: str
    name: str
    enterprise_id: str | None = None
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, UserGroup] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    ephemerals: list[Ephemeral] = field(default_factory=list)
    modals: dict[str, list[View]] = field(default_factory=dict)  # by user, the topmost last
    homes: dict[tuple[str, str], View] = field(default_factory=dict)  # by app and user

    @property
    def url(self) -> str:
        """Where it is on the web."""
        return f"https://{self.domain}.slack.com/"

    def add_user(self, user_id: str, name: str, **fields: Any) -> User:
        """A new member."""
        user = User(user_id, name, **fields)
        self.users[user_id] = user
        return user

    def add_group(self, group_id: str, handle: str, users: list[str]) -> UserGroup:
        """A new user group."""
        self.groups[group_id] = UserGroup(group_id, handle, users)
        return self.groups[group_id]

    def add_channel(self, channel_id: str, name: str, members: set[str], kind: Kind = "public") -> Channel:
        """A new conversation."""
        creator = min(members) if members else ""
        self.channels[channel_id] = Channel(channel_id, name, kind, set(members), creator=creator)
        return self.channels[channel_id]

    def direct(self, bot: str, user: str) -> Channel:
        """The direct messages between two members, begun when there are none yet."""
        for channel in self.channels.values():
            if channel.kind == "im" and channel.members == {bot, user}:
                return channel
        channel = Channel(f"D{len(self.channels) + 1}{user}", "", "im", {bot, user}, creator=bot)
        self.channels[channel.id] = channel
        return channel

    def views(self) -> Iterator[View]:
        """Every view that stands open."""
        for stack in self.modals.values():
            yield from stack
        yield from self.homes.values()
