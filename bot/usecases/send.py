"""Carry posts into channels, in order, each recorded before and after; channels do not wait for each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as day_time
from random import SystemRandom
from typing import Final, NamedTuple

import structlog

from bot.core.digests import MessageRef, Post, PostChange, PostState
from bot.core.errors import (
    ChannelUnavailable,
    ContentRefused,
    CourierError,
    DeliveryUncertain,
    PlatformBusy,
    StorageError,
)
from bot.core.leases import BEAT, KEPT
from bot.core.messages import Message, msg
from bot.core.metering import UNMETERED, Meter, Outcome
from bot.core.ports import Clock, Courier, Stores
from bot.core.subscriptions import Channel
from bot.usecases.contents import Contents
from bot.usecases.track import look_again
from bot.usecases.turns import Turns

CHANNELS_AT_ONCE: Final = 8
"""Posts under way at a time, each in another channel."""
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_PAUSE_OF_CHANGES: Final = timedelta(hours=6)
"""How long a change waits where a person has to act first; only the first one of a channel is asked for again."""
_MOST_CHANGE_ATTEMPTS: Final = 60
"""Two weeks of such pauses; after that the change is given up."""

_PAUSED = msg("The subscription is paused, so nothing is posted here.")

Couriers = Mapping[str, Courier]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one post may take, in seconds.

    After `timeout` the platform is given up on. The claim of the post is renewed every `heartbeat_interval`; where that
    has not been possible for `renew_deadline`, the post is broken off before others take it over (see `core.leases`).
    """

    timeout: float = 120.0
    heartbeat_interval: float = BEAT
    renew_deadline: float = KEPT


_TIMING: Final = Timing()


class Served(NamedTuple):
    """How many posts of a channel were acted on, and when the next one is due that was put off there."""

    posts: int
    next_attempt: datetime | None


class Serving:
    """Channels that are being served, each by one task of its own until nothing is to be done there now.

    There must be one of these in a process: two that serve the same channel would not keep its order.
    """

    def __init__(
        self,
        stores: Stores,
        couriers: Couriers,
        clock: Clock,
        meter: Meter = UNMETERED,
        *,
        elapsed: Callable[[], float] = time.monotonic,
        timing: Timing = _TIMING,
    ) -> None:
        self._stores = stores
        self._contents = Contents(stores)
        self._couriers = couriers
        self._clock = clock
        self._meter = meter
        self._elapsed = elapsed
        self._timing = timing
        self._tasks: dict[Channel, asyncio.Task[Served]] = {}
        self._again: set[Channel] = set()
        self._is_draining = False
        self._turns = Turns(CHANNELS_AT_ONCE)

    async def start(self) -> Sequence[asyncio.Task[Served]]:
        """Begin to serve every channel that waits and is not being served; the new tasks.

        A task fails for a reason nobody foresaw, or when the ledger cannot be used; then the channel's posts wait for
        the next start.

        Raises:
            StorageError: the ledger cannot be used.
        """
        ledger = self._stores.ledger
        interrupted = await ledger.recover(self._tasks)
        abandoned = await ledger.take_over(self._elapsed())
        if interrupted or abandoned:
            log.info("delivery.taken_up", interrupted=interrupted, abandoned=abandoned)
        waiting = await ledger.channels_waiting(self._clock.now())
        self._again.update(channel for channel in waiting if channel in self._tasks)
        new = {channel: asyncio.create_task(self._serve(channel)) for channel in waiting if channel not in self._tasks}
        self._tasks |= new
        return list(new.values())

    async def drain(self, seconds: float) -> None:
        """Claim nothing more, let the posts under way end for so many seconds, then break them off."""
        self._is_draining = True
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds)
        await self.stop()

    async def stop(self) -> None:
        """Break off whatever is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _serve(self, channel: Channel) -> Served:
        count = 0
        try:
            while True:
                now = self._clock.now()  # before: what becomes ready while it is asked for is due at once
                if await self._serve_next(channel):
                    count += 1
                    continue
                next_attempt = await self._stores.ledger.next_attempt_in(channel, now)
                is_due = channel in self._again or (next_attempt is not None and next_attempt <= now)
                if self._is_draining or not is_due:
                    return Served(count, next_attempt)
        finally:  # at once after the last look at `_again`: nothing that comes in between is overlooked
            del self._tasks[channel]

    async def _serve_next(self, channel: Channel) -> bool:
        """Act on the channel's next post, when its turn comes; whether there was one.

        A turn is for one post, not for the whole channel: a long digest is no longer in others' way than a short one.
        """
        async with self._turns.turn((channel.platform, channel.workspace)):
            while not self._is_draining:
                self._again.discard(channel)
                asked = asyncio.get_running_loop().time()
                post = await self._stores.ledger.claim(channel, self._clock.now())
                if post is not None:
                    await self._step(post, asked)
                    return True
                if channel not in self._again:
                    return False
        return False

    async def _step(self, post: Post, claimed: float) -> None:
        outcome = Outcome.FAULT
        try:
            parts = self._stores, self._contents, self._couriers, self._clock
            outcome = await _act(*parts, post, meter=self._meter, claimed=claimed, timing=self._timing)
        finally:
            self._meter.stepped(post.channel.platform, outcome, again=post.attempts > 0)


async def send_waiting(stores: Stores, couriers: Couriers, clock: Clock, meter: Meter = UNMETERED) -> int:
    """Act on every post that may be acted on now, and wait for it; how many there were.

    Raises:
        StorageError: the ledger cannot be used.
        ExceptionGroup: some channels could not be served, for a reason nobody foresaw; their posts wait.
    """
    serving = Serving(stores, couriers, clock, meter)
    try:
        # No task group: it would break off a post under way in one channel because of what befell another.
        outcomes = await asyncio.gather(*await serving.start(), return_exceptions=True)
    finally:
        await serving.stop()
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if failed:
        raise next((error for error in failed if isinstance(error, StorageError)), _together(failed))
    return sum(outcome.posts for outcome in outcomes if isinstance(outcome, Served))


def _together(failed: list[Exception]) -> ExceptionGroup[Exception]:
    return ExceptionGroup("not every channel could be served", failed)


async def _act(
    stores: Stores,
    contents: Contents,
    couriers: Couriers,
    clock: Clock,
    post: Post,
    *,
    meter: Meter,
    claimed: float,
    timing: Timing,
) -> Outcome:
    """One step for one post; whatever the platform answers, or does not answer, ends in the ledger.

    `claimed`: the loop's time when it was asked for.
    """
    courier = couriers.get(post.channel.platform)
    if courier is None:
        reason = msg("{platform} is not connected.", platform=post.channel.platform)
        await stores.ledger.mark_failed(post.id, reason=reason, retry_at=clock.now() + _LONGEST_PAUSE)
        return Outcome.NOT_CONNECTED
    try:
        async with asyncio.timeout(timing.timeout), _at_work(stores, post, claimed, timing):
            await _carry(stores, contents, courier, clock, post)
    except (ChannelUnavailable, ContentRefused) as error:
        await _give_up(stores, courier, clock, post, error)
        return Outcome.CONTENT_REFUSED if isinstance(error, ContentRefused) else Outcome.CHANNEL_UNAVAILABLE
    except PlatformBusy as error:
        if error.retry_at is not None:
            meter.told_to_wait(courier.platform, max(0.0, (error.retry_at - clock.now()).total_seconds()))
        await _put_off(stores, courier, clock, post, error)
        return Outcome.BUSY
    except DeliveryUncertain as error:
        await _put_off(stores, courier, clock, post, error)
        return Outcome.UNCERTAIN
    except TimeoutError:
        await _put_off(stores, courier, clock, post, DeliveryUncertain(msg("The platform did not answer in time.")))
        return Outcome.UNCERTAIN
    except Exception as error:
        error.add_note(f"while serving {post.key}")
        fault = msg("Paperboy has a fault ({kind}), which its log describes.", kind=type(error).__name__)
        await _put_off(stores, courier, clock, post, DeliveryUncertain(fault))
        raise
    return Outcome.DONE


@asynccontextmanager
async def _at_work(stores: Stores, post: Post, claimed: float, timing: Timing) -> AsyncIterator[None]:
    """Keep the ledger told that somebody is at work on a post, and break that off where it can no longer be told.

    Others take the post over when they have not heard of it for long: nothing may go out from here by then.

    Raises:
        TimeoutError: it was broken off.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout_at(claimed + timing.renew_deadline) as limit:
        beating: list[asyncio.Task[None]] = []
        # Most posts have gone out by then, without a task for that.
        first = loop.call_later(
            timing.heartbeat_interval, lambda: beating.append(loop.create_task(_beat(stores, post, limit, timing)))
        )
        try:
            yield
        finally:
            first.cancel()
            for task in beating:
                task.cancel()


async def _beat(stores: Stores, post: Post, limit: asyncio.Timeout, timing: Timing) -> None:
    """Beat and put the limit off, until cancelled or until the post has been taken away, which is the limit."""
    loop = asyncio.get_running_loop()
    while True:
        asked = loop.time()
        try:
            is_ours = await stores.ledger.renew(post.id)
        except StorageError as error:
            log.warning("delivery.beat_failed", post=post.key, reason=str(error))
        else:
            limit.reschedule(asked + timing.renew_deadline if is_ours else asked)
            if not is_ours:
                return
        await asyncio.sleep(timing.heartbeat_interval)


async def _give_up(
    stores: Stores, courier: Courier, clock: Clock, post: Post, error: ChannelUnavailable | ContentRefused
) -> None:
    """Nothing of it is posted: neither is the rest of its delivery, unless it was refused for what it says.

    A change of what is there waits until somebody has let Paperboy in again: what was removed must not stay.
    """
    alone = isinstance(error, ContentRefused)
    if post.state is PostState.SENT and not alone and post.attempts < _MOST_CHANGE_ATTEMPTS:
        await stores.ledger.mark_failed(post.id, reason=error.message, retry_at=clock.now() + _PAUSE_OF_CHANGES)
        return
    log.warning("delivery.refused", post=post.key, change=post.change, alone=alone, reason=str(error))
    if await stores.ledger.mark_refused(post.id, reason=error.message, alone=alone):
        said = msg(
            "The digest of {day} could not be posted: {reason} Once that is put right, /digest send {day} posts it.",
            day=post.digest_date,
            reason=error.message,
        )
        await _tell_operator(stores, courier, post, said)


async def _tell_operator(stores: Stores, courier: Courier, post: Post, said: Message) -> None:
    """One word to who set the subscription up; that the next digests or attempts fail as well is no news."""
    subscription = await stores.subscriptions.get(post.subscription_id)
    if subscription is None or subscription.created_by is None or subscription.personal:
        return
    try:
        await courier.tell(subscription.created_by, said, language=subscription.language)
    except CourierError as untold:
        log.warning("delivery.operator_not_told", subscription=subscription.id, reason=str(untold))


async def _put_off(
    stores: Stores, courier: Courier, clock: Clock, post: Post, error: PlatformBusy | DeliveryUncertain
) -> None:
    """Try again later. What may have arrived stays uncertain until it was looked up; an edit can be repeated."""
    asked_for = error.retry_at if isinstance(error, PlatformBusy) else None
    retry_at = asked_for or clock.now() + pause_before(post.attempts + 1)
    if post.state is PostState.SENT:
        await stores.ledger.mark_failed(post.id, reason=error.message, retry_at=retry_at)
    elif isinstance(error, DeliveryUncertain):
        is_new = await stores.ledger.mark_uncertain(post.id, reason=error.message, retry_at=retry_at)
        if error.lasting and is_new:
            await _tell_operator(stores, courier, post, _held_up(post, error.message))
    elif post.state is PostState.UNCERTAIN:  # a pause does not hide what holds it up, nor make that news again
        await stores.ledger.mark_uncertain(post.id, reason=post.reason or error.message, retry_at=retry_at)
    else:
        await stores.ledger.mark_failed(post.id, reason=error.message, retry_at=retry_at)


def _held_up(post: Post, reason: Message) -> Message:
    return msg(
        "The digest of {day} is held up, and so is all that comes after it: {reason}"
        " Once that is put right, Paperboy goes on by itself. Or look into the channel, and decide there:"
        " /digest found says that the post is there, /digest resend sends it again.",
        day=post.digest_date,
        reason=reason,
    )


def pause_before(attempt: int) -> timedelta:
    """Full-jitter exponential backoff: up to 2 s before the first retry, up to half an hour later on."""
    longest = min(_LONGEST_PAUSE.total_seconds(), 2.0**attempt)
    return timedelta(seconds=SystemRandom().uniform(longest / 2, longest))


async def _carry(stores: Stores, contents: Contents, courier: Courier, clock: Clock, post: Post) -> None:
    made = None if post.change is PostChange.WITHDRAW else await contents.of(post)
    if made is None:  # its entry was removed, maybe before it could be posted
        await _take_back(stores, courier, post)
        return
    (content, revision), language = made, post.language
    if post.change is PostChange.EDIT:
        assert post.message_id is not None
        await courier.edit(MessageRef(post.channel, post.message_id), content, language=language)
        await stores.ledger.mark_changed(post.id, revision=revision)
        return
    message_id = await _arrived(courier, post)
    is_found = message_id is not None
    if message_id is not None:  # it got through, but nobody knows what it shows: make it right
        await courier.edit(MessageRef(post.channel, message_id), content, language=language)
    elif not await _may_go_out(stores, post):
        await stores.ledger.mark_failed(post.id, reason=_PAUSED, retry_at=clock.now())
        return
    else:
        message_id = await courier.send(
            post.channel, content, key=post.key, language=language, thread_id=post.thread_id
        )
    await stores.ledger.mark_sent(post, message_id=message_id, revision=revision, at=clock.now())
    if is_found:  # people may have reacted to it while the ledger did not know that it is there
        await look_again(stores, courier, clock, replace(post, message_id=message_id))


async def _may_go_out(stores: Stores, post: Post) -> bool:
    """Whether a post that is not there may still be sent: it was not asked for one that was only to be looked up."""
    if post.state is not PostState.UNCERTAIN:
        return True
    subscription = await stores.subscriptions.get(post.subscription_id)
    return subscription is not None and not (subscription.paused or subscription.ended)


async def _arrived(courier: Courier, post: Post) -> str | None:
    if post.state is not PostState.UNCERTAIN:
        return None
    since = post.tried_at or datetime.combine(post.digest_date - timedelta(days=1), day_time(), UTC)
    return await courier.find(post.channel, post.key, thread_id=post.thread_id, since=since)


async def _take_back(stores: Stores, courier: Courier, post: Post) -> None:
    """Withdraw what is there, if anything is."""
    message_id = post.message_id or await _arrived(courier, post)
    if message_id is not None:
        await courier.withdraw(MessageRef(post.channel, message_id))
    await stores.ledger.mark_withdrawn(post.id)
