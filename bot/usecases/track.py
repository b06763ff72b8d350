"""Track reactions, thread replies and saves; put them right after downtime; forget a person on request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.core.digests import MessageRef
from bot.core.errors import ChannelUnavailable, PlatformBusy
from bot.core.people import Caller, Person
from bot.core.ports import Courier, Stores
from bot.usecases.look_up import find_entry

RECONCILED_DAYS: Final = timedelta(days=14)


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


async def reconcile(stores: Stores, couriers: Mapping[str, Courier], now: datetime) -> int:
    """Ask each platform what its recent posts gathered while nobody listened; how many posts were asked about."""
    asked = 0
    for platform, courier in couriers.items():
        for post in await stores.ledger.recent_posts(platform, since=now - RECONCILED_DAYS):
            if post.message_id is None:
                continue
            try:
                reactions, replies = await courier.seen(MessageRef(post.channel, post.message_id))
            except (ChannelUnavailable, PlatformBusy):
                continue  # asked again at the next start; what is recorded stays
            await stores.engagement.reconcile(post.id, reactions, replies, at=now)
            asked += 1
    return asked
