"""Where a post is: a message in its subscription's channel, or in a thread of it.

The ledger knows a message by one text: `MESSAGE` in the channel itself, `THREAD/MESSAGE` in a thread. A thread that was
started from a message has that message's id, and so has the first message of a forum post.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.digests import MessageRef

DIRECT = "@me"
"""The workspace of what happens outside servers."""


@dataclass(frozen=True, slots=True)
class Place:
    """A message as Discord addresses it; `channel_id` is the thread's where it is in one."""

    channel_id: int
    message_id: int


def place_of(ref: MessageRef) -> Place:
    """Where a message of the ledger is.

    >>> from bot.core.subscriptions import Channel
    >>> place_of(MessageRef(Channel("discord", "1", "2"), "3/4"))
    Place(channel_id=3, message_id=4)
    """
    thread, _, message = ref.message_id.rpartition("/")
    return Place(int(thread or ref.channel.id), int(message))


def message_id_of(channel_id: str, place: Place) -> str:
    """How the ledger calls a message of the channel with this id, or of a thread of it.

    >>> message_id_of("2", Place(2, 4)), message_id_of("2", Place(3, 4))
    ('4', '3/4')
    """
    if str(place.channel_id) == channel_id:
        return str(place.message_id)
    return f"{place.channel_id}/{place.message_id}"


def link(guild_id: str, place: Place) -> str:
    """The address at which people see a message; `guild_id` may be `@me`."""
    return f"https://discord.com/channels/{guild_id}/{place.channel_id}/{place.message_id}"
