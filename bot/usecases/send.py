"""Carry posts into channels, in order, each recorded before and after; channels do not wait for each other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from bot.core.digests import (
    Content,
    EntryContent,
    HeaderContent,
    ListContent,
    MessageRef,
    NoteContent,
    Post,
    PostChange,
    PostKind,
    PostState,
)
from bot.core.entries import Entry
from bot.core.errors import ChannelUnavailable, DeliveryUncertain, PlatformBusy
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.ports import Clock, Courier, Stores
from bot.core.subscriptions import Channel

_CHANNELS_AT_ONCE: Final = 8
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_GONE = frozenset({PostState.WITHDRAWN, PostState.REFUSED})

Couriers = Mapping[str, Courier]


async def send_waiting(stores: Stores, couriers: Couriers, clock: Clock) -> int:
    """Act on every post that may be acted on now; how many there were."""
    channels = await stores.ledger.channels_waiting(clock.now())
    gate = asyncio.Semaphore(_CHANNELS_AT_ONCE)

    async def serve(channel: Channel) -> int:
        async with gate:
            return await _serve(stores, couriers, clock, channel)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(serve(channel)) for channel in channels]
    return sum(task.result() for task in tasks)


async def _serve(stores: Stores, couriers: Couriers, clock: Clock, channel: Channel) -> int:
    count = 0
    while (post := await stores.ledger.claim(channel, clock.now())) is not None:
        count += 1
        await _act(stores, couriers, clock, post)
    return count


async def _act(stores: Stores, couriers: Couriers, clock: Clock, post: Post) -> None:
    """One step for one post; whatever the platform answers ends in the ledger."""
    courier = couriers.get(post.channel.platform)
    if courier is None:
        reason = msg("{platform} is not connected.", platform=post.channel.platform)
        await stores.ledger.mark_failed(post.id, reason=reason, retry_at=clock.now() + _LONGEST_PAUSE)
        return
    try:
        await _carry(stores, courier, clock, post)
    except ChannelUnavailable as error:
        await _refuse(stores, post, error)
    except (PlatformBusy, DeliveryUncertain) as error:
        await _put_off(stores, clock, post, error)


async def _put_off(stores: Stores, clock: Clock, post: Post, error: PlatformBusy | DeliveryUncertain) -> None:
    """Try again later. What may have arrived stays uncertain until it was looked up; an edit can be repeated."""
    asked_for = error.retry_at if isinstance(error, PlatformBusy) else None
    retry_at = asked_for or clock.now() + pause_before(post.attempts + 1)
    may_be_there = isinstance(error, DeliveryUncertain) or post.state is PostState.UNCERTAIN
    if may_be_there and post.change is None:
        await stores.ledger.mark_uncertain(post.id, reason=error.message, retry_at=retry_at)
    else:
        await stores.ledger.mark_failed(post.id, reason=error.message, retry_at=retry_at)


async def _refuse(stores: Stores, post: Post, error: ChannelUnavailable) -> None:
    if post.change is not None:  # the message stays as it is; only the change cannot be made any more
        await stores.ledger.mark_changed(post.id, revision=post.revision)
    else:
        await stores.ledger.mark_refused(post.id, reason=error.message)


def pause_before(attempt: int) -> timedelta:
    """Full-jitter exponential backoff: up to 2 s before the first retry, up to half an hour later on."""
    longest = min(_LONGEST_PAUSE.total_seconds(), 2.0**attempt)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311 - spreads load, guards nothing


async def _carry(stores: Stores, courier: Courier, clock: Clock, post: Post) -> None:
    if post.change is PostChange.WITHDRAW:
        await courier.withdraw(_ref(post))
        await stores.ledger.mark_withdrawn(post.id)
        return
    made = await _content_of(stores, post)
    if made is None:  # its entry was removed before it could be posted
        await _never_send(stores, courier, post)
        return
    content, revision, language = made
    if post.change is PostChange.EDIT:
        await courier.edit(_ref(post), content, language=language)
        await stores.ledger.mark_changed(post.id, revision=revision)
        return
    message_id = await _arrived(courier, post)
    if message_id is not None:  # it got through, but nobody knows what it shows: make it right
        await courier.edit(MessageRef(post.channel, message_id), content, language=language)
    else:
        message_id = await courier.send(
            post.channel, content, key=post.key, language=language, thread_id=post.thread_id
        )
    await stores.ledger.mark_sent(post.id, message_id=message_id, revision=revision, at=clock.now())


async def _arrived(courier: Courier, post: Post) -> str | None:
    if post.state is not PostState.UNCERTAIN:
        return None
    return await courier.find(post.channel, post.key, thread_id=post.thread_id)


async def _never_send(stores: Stores, courier: Courier, post: Post) -> None:
    message_id = post.message_id or await _arrived(courier, post)
    if message_id is not None:
        await courier.withdraw(MessageRef(post.channel, message_id))
    await stores.ledger.mark_withdrawn(post.id)


def _ref(post: Post) -> MessageRef:
    assert post.message_id is not None
    return MessageRef(post.channel, post.message_id)


async def _content_of(stores: Stores, post: Post) -> tuple[Content, int, Language] | None:
    """What a post says now, the revision it shows, and in which language; None when it has nothing to say any more."""
    subscription = await stores.subscriptions.get(post.subscription_id)
    language = subscription.language if subscription else Language.KOREAN
    if post.kind is PostKind.NOTE:
        return (NoteContent(post.note), 0, language) if post.note else None
    if post.kind is PostKind.ENTRY:
        entry = await _public_entry(stores, post.entry_id)
        return (EntryContent(entry, late=post.late), entry.revision, language) if entry else None
    entries = await _entries_of_delivery(stores, post.delivery_id)
    if not entries:
        return None
    days = tuple(sorted({entry.digest_date for entry in entries if entry.digest_date}))
    if post.kind is PostKind.LIST:
        return ListContent(days, entries), 0, language
    return HeaderContent(days, len(entries)), 0, language


async def _public_entry(stores: Stores, entry_id: str | None) -> Entry | None:
    if entry_id is None:
        return None
    entry = (await stores.archive.get([entry_id])).get(entry_id)
    return entry if entry and entry.is_public else None


async def _entries_of_delivery(stores: Stores, delivery_id: int) -> tuple[Entry, ...]:
    posts = await stores.ledger.posts([delivery_id])
    ids = [
        post.entry_id
        for post in posts
        if post.entry_id and post.state not in _GONE and post.change is not PostChange.WITHDRAW
    ]
    entries = await stores.archive.get(ids)
    return tuple(entries[entry_id] for entry_id in ids if entry_id in entries and entries[entry_id].is_public)
