"""Track reactions, thread replies and saves; put them right after downtime; forget a person on request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.core.digests import MessageRef, Post
from bot.core.engagement import Seen
from bot.core.errors import ChannelUnavailable, PlatformBusy
from bot.core.people import Caller, Person
from bot.core.ports import Clock, Courier, Stores
from bot.core.subscriptions import Channel
from bot.usecases.look_up import find_entry

RECONCILED_DAYS: Final = timedelta(days=14)
_ASKED_AT_ONCE: Final = 100
_MOST_WAITS: Final = 20
"""How often one batch is asked for again when the platform says when to come back."""


async def reacted(stores: Stores, ref: MessageRef, person: Person, emoji: str, *, at: datetime) -> None:
    """A person reacted to a message; one that is no post of ours is none of our business."""
    post = await stores.ledger.post_of(ref)
    if post is not None:
        await stores.engagement.react(post.id, person, emoji, at=at)


async def unreacted(stores: Stores, ref: MessageRef, person: Person, emoji: str) -> None:
    """A person took a reaction back."""
    post = await stores.ledger.post_of(ref)
    if post is not None:
        await stores.engagement.unreact(post.id, person, emoji)


async def replied(stores: Stores, ref: MessageRef, person: Person, message_id: str, *, at: datetime) -> None:
    """A person replied in the thread of a message; `message_id` is the reply's own."""
    post = await stores.ledger.post_of(ref)
    if post is not None:
        await stores.engagement.reply(post.id, person, message_id, at=at)


async def unreplied(stores: Stores, ref: MessageRef, message_id: str) -> None:
    """A reply in the thread of a message was deleted."""
    post = await stores.ledger.post_of(ref)
    if post is not None:
        await stores.engagement.unreply(post.id, message_id)


async def post_with_key(stores: Stores, root: MessageRef, key: str) -> MessageRef | None:
    """The post with this key, where `root` begins the thread it stands in or that it began; None when there is none.

    Platforms on which a long post goes on in messages of its own look it up for what happens to those.
    """
    head = await stores.ledger.post_of(root)
    if head is None or head.key == key:
        return root if head is not None else None
    for post in await stores.ledger.posts([head.delivery_id]):
        if post.key == key and post.message_id is not None:
            return MessageRef(post.channel, post.message_id)
    return None


async def save(stores: Stores, caller: Caller, entry_id: str, *, at: datetime) -> None:
    """Put an entry on the caller's own list.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    entry = await find_entry(stores, caller, entry_id)
    await stores.engagement.save(entry.id, caller.person, at=at)


async def unsave(stores: Stores, caller: Caller, entry_id: str) -> None:
    """Take an entry off the caller's own list."""
    await stores.engagement.unsave(entry_id, caller.person)


async def forget_me(stores: Stores, caller: Caller) -> int:
    """Erase the caller's own records; how many there were."""
    return await stores.engagement.forget(caller.person)


async def reconcile(stores: Stores, couriers: Mapping[str, Courier], clock: Clock) -> int:
    """Ask each platform what its recent posts gathered while nobody listened; how many posts it told about.

    Takes as long as the platforms' rate limits make it take: nobody should wait for it.
    """
    return sum([await _reconcile_platform(stores, courier, clock) for courier in couriers.values()])


async def _reconcile_platform(stores: Stores, courier: Courier, clock: Clock) -> int:
    told = 0
    recent = await stores.ledger.recent_posts(courier.platform, since=clock.now() - RECONCILED_DAYS)
    of_channel: dict[Channel, list[Post]] = {}
    for post in recent:
        of_channel.setdefault(post.channel, []).append(post)
    for channel, posts in of_channel.items():
        for start in range(0, len(posts), _ASKED_AT_ONCE):
            seen = await _ask(courier, channel, posts[start : start + _ASKED_AT_ONCE], clock)
            await stores.engagement.reconcile(seen, at=clock.now())
            told += len(seen)
    return told


async def _ask(courier: Courier, channel: Channel, posts: Sequence[Post], clock: Clock) -> Mapping[int, Seen]:
    """What the platform shows below these posts; nothing when it does not say: what is recorded stays."""
    for _ in range(_MOST_WAITS):
        try:
            return await courier.seen(channel, posts)
        except ChannelUnavailable:
            return {}
        except PlatformBusy as busy:
            if busy.retry_at is None:
                return {}
            await asyncio.sleep(max(0.0, (busy.retry_at - clock.now()).total_seconds()))
    return {}
