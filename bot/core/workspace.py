"""The local workspace's own records: what Slack or Discord would keep on their servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LocalChannel:
    """A channel of the local workspace, in the order of `position`."""

    id: str
    name: str
    topic: str
    position: int


_DIRECT = "direct-"


def direct_channel_id(persona: str) -> str:
    """The id of the channel that holds Paperboy's direct messages to a persona, and that nobody else sees."""
    return f"{_DIRECT}{persona}"


def may_see_channel(channel_id: str, persona: str) -> bool:
    """Whether a persona sees a channel: everybody's, and their own direct messages."""
    return not channel_id.startswith(_DIRECT) or channel_id == direct_channel_id(persona)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMessage:
    """A message in a channel or, with `thread_of`, in the thread of another.

    Paperboy's own posts have a `payload` (what to show, as JSON values) and a `key`, unique in the workspace;
    people's replies have `text`. `author` is a persona's id or "paperboy". `reactions` maps each emoji to the
    ids of those who reacted, in order. `id` is 0 until it is stored.
    """

    id: int = 0
    channel_id: str
    author: str
    thread_of: int | None = None
    key: str | None = None
    payload: Mapping[str, object] | None = None
    text: str = ""
    sent_at: datetime
    edited_at: datetime | None = None
    reply_count: int = 0
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
