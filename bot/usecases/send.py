"""Carry posts into channels, in order, each recorded before and after; channels do not wait for each other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

import structlog

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
from bot.core.errors import ChannelUnavailable, CourierError, DeliveryUncertain, PlatformBusy, StorageError
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.ports import Clock, Courier, Stores
from bot.core.subscriptions import Channel

_CHANNELS_AT_ONCE: Final = 8
_LONGEST_CALL: Final = 120.0
"""Seconds for one post; less than the ledger leaves it with us."""
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_GONE = frozenset({PostState.WITHDRAWN, PostState.REFUSED})

Couriers = Mapping[str, Courier]

log = structlog.get_logger(__name__)


async def send_waiting(stores: Stores, couriers: Couriers, clock: Clock) -> int:
    """Act on every post that may be acted on now; how many there were.

    Raises:
        StorageError: the ledger cannot be used.
        ExceptionGroup: some channels could not be served, for a reason nobody foresaw; their posts wait.
    """
    channels = await stores.ledger.channels_waiting(clock.now())
    gate = asyncio.Semaphore(_CHANNELS_AT_ONCE)

    async def serve(channel: Channel) -> int:
        async with gate:
            return await _serve(stores, couriers, clock, channel)

    # No task group: it would break off a post under way in one channel because of what befell another.
    outcomes = await asyncio.gather(*map(serve, channels), return_exceptions=True)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if failed:
        raise next((error for error in failed if isinstance(error, StorageError)), _together(failed))
    return sum(outcome for outcome in outcomes if isinstance(outcome, int))


def _together(failed: list[Exception]) -> ExceptionGroup[Exception]:
    return ExceptionGroup("not every channel could be served", failed)


async def _serve(stores: Stores, couriers: Couriers, clock: Clock, channel: Channel) -> int:
    count = 0
    while (post := await stores.ledger.claim(channel, clock.now())) is not None:
        count += 1
        await _act(stores, couriers, clock, post)
    return count


async def _act(stores: Stores, couriers: Couriers, clock: Clock, post: Post) -> None:
    """One step for one post; whatever the platform answers, or does not answer, ends in the ledger."""
    courier = couriers.get(post.channel.platform)
    if courier is None:
        reason = msg("{platform} is not connected.", platform=post.channel.platform)
        await stores.ledger.mark_failed(post.id, reason=reason, retry_at=clock.now() + _LONGEST_PAUSE)
        return
    try:
        async with asyncio.timeout(_LONGEST_CALL):
            await _carry(stores, courier, clock, post)
    except ChannelUnavailable as error:
        if await stores.ledger.mark_refused(post.id, reason=error.message):
            await _tell_operator(stores, courier, post, error)
    except (PlatformBusy, DeliveryUncertain) as error:
        await _put_off(stores, clock, post, error)
    except TimeoutError:
        await _put_off(stores, clock, post, DeliveryUncertain(msg("The platform did not answer in time.")))
    except Exception as error:
        error.add_note(f"while serving {post.key}")
        fault = msg("Paperboy has a fault ({kind}), which its log describes.", kind=type(error).__name__)
        await _put_off(stores, clock, post, DeliveryUncertain(fault))
        raise


async def _tell_operator(stores: Stores, courier: Courier, post: Post, error: ChannelUnavailable) -> None:
    """One word to who set the subscription up; that the next digests fail as well is no news."""
    subscription = await stores.subscriptions.get(post.subscription_id)
    if subscription is None or subscription.created_by is None or subscription.personal:
        return
    said = msg(
        "The digest of {day} could not be posted: {reason} Once that is put right, /digest send {day} posts it.",
        day=post.digest_date,
        reason=error.message,
    )
    try:
        await courier.tell(subscription.created_by, said, language=subscription.language)
    except CourierError as untold:
        log.warning("delivery.operator_not_told", subscription=subscription.id, reason=str(untold))


async def _put_off(stores: Stores, clock: Clock, post: Post, error: PlatformBusy | DeliveryUncertain) -> None:
    """Try again later. What may have arrived stays uncertain until it was looked up; an edit can be repeated."""
    asked_for = error.retry_at if isinstance(error, PlatformBusy) else None
    retry_at = asked_for or clock.now() + pause_before(post.attempts + 1)
    may_be_there = isinstance(error, DeliveryUncertain) or post.state is PostState.UNCERTAIN
    if may_be_there and post.state is not PostState.SENT:
        await stores.ledger.mark_uncertain(post.id, reason=error.message, retry_at=retry_at)
    else:
        await stores.ledger.mark_failed(post.id, reason=error.message, retry_at=retry_at)


def pause_before(attempt: int) -> timedelta:
    """Full-jitter exponential backoff: up to 2 s before the first retry, up to half an hour later on."""
    longest = min(_LONGEST_PAUSE.total_seconds(), 2.0**attempt)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311 - spreads load, guards nothing


async def _carry(stores: Stores, courier: Courier, clock: Clock, post: Post) -> None:
    made = None if post.change is PostChange.WITHDRAW else await _content_of(stores, post)
    if made is None:  # its entry was removed, maybe before it could be posted
        await _take_back(stores, courier, post)
        return
    content, revision, language = made
    if post.change is PostChange.EDIT:
        assert post.message_id is not None
        await courier.edit(MessageRef(post.channel, post.message_id), content, language=language)
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
    since = post.tried_at or datetime.combine(post.digest_date - timedelta(days=1), time(), UTC)
    return await courier.find(post.channel, post.key, thread_id=post.thread_id, since=since)


async def _take_back(stores: Stores, courier: Courier, post: Post) -> None:
    """Withdraw what is there, if anything is."""
    message_id = post.message_id or await _arrived(courier, post)
    if message_id is not None:
        await courier.withdraw(MessageRef(post.channel, message_id))
    await stores.ledger.mark_withdrawn(post.id)


async def _content_of(stores: Stores, post: Post) -> tuple[Content, int, Language] | None:
    """What a post says now, the revision it shows, and in which language; None when it has nothing to say any more."""
    subscription = await stores.subscriptions.get(post.subscription_id)
    language = subscription.language if subscription else Language.KOREAN
    if post.kind is PostKind.NOTE:
        return (NoteContent(post.note), 0, language) if post.note else None
    if post.kind is PostKind.ENTRY:
        entry = await _entry_of(stores, post)
        return (EntryContent(entry, late=post.late), entry.revision, language) if entry else None
    entries = await _entries_of_delivery(stores, post)
    if not entries:
        return None
    days = tuple(sorted({entry.digest_date for entry in entries if entry.digest_date}))
    if post.kind is PostKind.LIST:
        follows = subscription.queries if subscription and subscription.personal else ()
        return ListContent(days, entries, follows), 0, language
    return HeaderContent(days, len(entries)), 0, language


async def _entry_of(stores: Stores, post: Post) -> Entry | None:
    if post.entry_id is None:
        return None
    entry = (await stores.archive.get([post.entry_id])).get(post.entry_id)
    return entry if entry and _may_be_shown(entry, post) else None


def _may_be_shown(entry: Entry, post: Post) -> bool:
    """Whether it is public, and was not put off to a later digest meanwhile."""
    return entry.is_public and entry.digest_date is not None and entry.digest_date <= post.digest_date


async def _entries_of_delivery(stores: Stores, head: Post) -> tuple[Entry, ...]:
    posts = await stores.ledger.posts([head.delivery_id])
    ids = [
        post.entry_id
        for post in posts
        if post.entry_id and post.state not in _GONE and post.change is not PostChange.WITHDRAW
    ]
    entries = await stores.archive.get(ids)
    found = [entries[entry_id] for entry_id in ids if entry_id in entries]
    return tuple(entry for entry in found if _may_be_shown(entry, head))
