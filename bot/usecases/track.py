"""Track reactions, thread replies and saves; put them right after downtime; forget a person on request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Final

import structlog

from bot.core.digests import MessageRef, Post
from bot.core.errors import CourierError, PlatformBusy, StorageError
from bot.core.people import Caller, Person
from bot.core.ports import Clock, Courier, Stores
from bot.core.subscriptions import Channel
from bot.usecases.look_up import find_entry

RECONCILED_DAYS: Final = timedelta(days=14)
ASKED_AT_ONCE: Final = 25
"""Posts: few, so that they are read soon after one another, and little is read again after a fault."""
PAUSES: Final = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 280.0, 300.0)
"""About a quarter of an hour at most, in seconds: as long as an outage that is worth waiting for may take."""
_MOST_WAITS: Final = 20
"""How often one batch is asked for again when the platform says when to come back."""

log = structlog.get_logger(__name__)


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


async def forget_me(stores: Stores, caller: Caller, *, in_all_workspaces: bool = False) -> int:
    """Erase the caller's own records, in all workspaces where an id is one person's in all; how many there were."""
    return await stores.engagement.forget(caller.person, in_all_workspaces=in_all_workspaces)


async def reconcile(
    stores: Stores, couriers: Mapping[str, Courier], clock: Clock, *, pauses: Sequence[float] = PAUSES
) -> int:
    """Ask each platform what its recent posts gathered while nobody listened; how many posts it told about.

    Takes as long as the platforms' rate limits make it take: nobody should wait for it. `pauses` are the seconds to
    wait, at most, before a platform that does not say when to come back, or the database, is asked again, in all its
    channels together.
    A channel that cannot be read or written down is given up and told of in the log; the others go on.

    Raises:
        StorageError: not even the recent posts can be found.
    """
    told = 0
    for courier in couriers.values():
        recent = await stores.ledger.recent_posts(courier.platform, since=clock.now() - RECONCILED_DAYS)
        told += await _Reconciliation(stores, courier, clock, pauses).of(recent)
    return told


async def look_again(stores: Stores, courier: Courier, clock: Clock, post: Post) -> None:
    """Ask what one post has gathered, where a platform has told only that it changed."""
    await _Reconciliation(stores, courier, clock, ()).of([post])


class _Reconciliation:
    """One platform's."""

    def __init__(self, stores: Stores, courier: Courier, clock: Clock, pauses: Sequence[float]) -> None:
        self._stores = stores
        self._courier = courier
        self._clock = clock
        self._pauses = iter(pauses)

    async def of(self, posts: Sequence[Post]) -> int:
        """Reconcile channel by channel; how many posts the platform told about."""
        of_channel: dict[Channel, list[Post]] = {}
        for post in posts:
            of_channel.setdefault(post.channel, []).append(post)
        return sum([await self._of_channel(channel, some) for channel, some in of_channel.items()])

    async def _of_channel(self, channel: Channel, posts: Sequence[Post]) -> int:
        told = 0
        try:
            for start in range(0, len(posts), ASKED_AT_ONCE):
                told += await self._of_some(channel, posts[start : start + ASKED_AT_ONCE])
        except (CourierError, StorageError) as error:
            log.warning("reconcile.given_up", **_place(channel), posts=len(posts) - told, reason=str(error))
        except Exception as error:  # what is wrong with one channel is not to cost the others
            log.error("reconcile.failed", **_place(channel), posts=len(posts) - told, exc_info=error)
        return told

    async def _of_some(self, channel: Channel, posts: Sequence[Post]) -> int:
        """Ask, however often that takes.

        Raises:
            ChannelUnavailable
            PlatformBusy, StorageError: still, after all that waiting.
        """
        waits = 0
        while True:
            try:
                return await self._of_some_at_once(channel, posts)
            except (PlatformBusy, StorageError) as busy:
                waits += 1
                pause = self._pause(busy)
                if pause is None or waits > _MOST_WAITS:
                    raise
                await asyncio.sleep(pause)

    async def _of_some_at_once(self, channel: Channel, posts: Sequence[Post]) -> int:
        asked_at = self._clock.now()
        before = await self._stores.engagement.recorded([post.id for post in posts])
        seen = await self._courier.seen(channel, posts)
        await self._stores.engagement.reconcile(seen, before=before, at=asked_at)
        return len(seen)

    def _pause(self, busy: PlatformBusy | StorageError) -> float | None:
        """Seconds to wait; None when there has been enough of it."""
        if isinstance(busy, PlatformBusy) and busy.retry_at is not None:
            return max(0.0, (busy.retry_at - self._clock.now()).total_seconds())
        longest = next(self._pauses, None)
        return None if longest is None else SystemRandom().uniform(longest / 2, longest)


def _place(channel: Channel) -> dict[str, str]:
    return {"platform": channel.platform, "workspace": channel.workspace, "channel": channel.id}
