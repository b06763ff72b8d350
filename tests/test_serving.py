"""Channels are served beside the loop: one task each, some at once, and nobody waits for the slowest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.core.digests import Content, Post
from bot.core.errors import PlatformBusy, StorageBusy
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.core.subscriptions import Channel, Subscription
from bot.scheduler import DeliveryLoop
from bot.usecases.revise import revise_posts
from bot.usecases.send import Serving, Timing, send_waiting
from bot.usecases.subscribe import begin
from storage import claims
from storage.deliveries import DeliveryLedger
from storage.opening import WORKER, Storage

from .usecases.conftest import HERE, THERE, SmallPlatform, ToldClock, clock, paper, stores

__all__ = ["clock", "stores"]
AT = datetime(2024, 6, 21, 1, tzinfo=UTC)


async def until_posts(platform: SmallPlatform, count: int) -> None:
    for _ in range(count):
        await platform.arrivals.get()


@asynccontextmanager
async def looking(loop: DeliveryLoop) -> AsyncIterator[None]:
    """A loop that was nudged once, and hears of no tick."""
    loop.nudge()
    task = asyncio.create_task(loop.run())
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Held(SmallPlatform):
    """A platform that takes a long time for the posts of one channel."""

    def __init__(self, slow: Channel) -> None:
        super().__init__()
        self.slow = slow
        self.reached, self.released, self.let_go = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.at_once = self.most_at_once = self.broken_off = 0

    async def send(
        self, channel: Channel, content: Content, *, key: str, language: Language, thread_id: str | None
    ) -> str:
        if channel == self.slow:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.reached.set()
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                self.broken_off += 1
                self.let_go.set()
                raise
            self.at_once -= 1
        return await super().send(channel, content, key=key, language=language, thread_id=thread_id)


@asynccontextmanager
async def held_up(stores: Storage, clock: ToldClock) -> AsyncIterator[tuple[DeliveryLoop, Held]]:
    """A running loop that is in the middle of a post which does not come to an end."""
    slow = Held(HERE)
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    loop = DeliveryLoop(stores, {"chat": slow}, clock)
    task = asyncio.create_task(loop.run())
    loop.nudge()
    async with asyncio.timeout(10):
        await slow.reached.wait()
        yield loop, slow
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_slow_channel_holds_up_neither_planning_nor_other_channels(stores: Storage, clock: ToldClock) -> None:
    async with held_up(stores, clock) as (loop, slow):
        await begin(stores, Subscription(channel=THERE), at=AT)
        loop.nudge()
        await until_posts(slow, 2)
        assert slow.shown(THERE) == ["head 2024-06-21 (1)", "One"]
        assert slow.shown(HERE) == []


async def test_a_channel_is_served_by_one_task_however_often_the_loop_looks(stores: Storage, clock: ToldClock) -> None:
    async with held_up(stores, clock) as (loop, slow):
        clock.pass_time(minutes=30)  # so that the ledger takes the post for one that nobody came back with
        for _ in range(3):
            await loop.look_once()
        slow.released.set()
        await until_posts(slow, 2)
        assert slow.most_at_once == 1
        assert slow.finds == 0
        assert slow.shown(HERE) == ["head 2024-06-21 (1)", "One"]


async def test_the_end_of_the_loop_breaks_off_the_posts_under_way(stores: Storage, clock: ToldClock) -> None:
    async with held_up(stores, clock) as (_, slow):
        pass
    assert slow.broken_off == 1


async def test_a_loop_that_drains_lets_the_post_under_way_end_and_begins_no_other(
    stores: Storage, clock: ToldClock
) -> None:
    async with held_up(stores, clock) as (loop, slow):
        draining = asyncio.create_task(loop.drain(10))
        await asyncio.sleep(0)
        slow.released.set()
        await draining
        assert slow.shown(HERE) == ["head 2024-06-21 (1)"]
        await begin(stores, Subscription(channel=THERE), at=AT)
        loop.nudge()
        await loop.look_once()
        assert slow.shown(THERE) == []
        assert slow.broken_off == 0


async def test_a_post_that_does_not_end_while_the_loop_drains_is_broken_off(stores: Storage, clock: ToldClock) -> None:
    async with held_up(stores, clock) as (loop, slow):
        await loop.drain(0)
        assert slow.broken_off == 1


async def test_what_is_planned_while_a_channel_is_served_is_sent_without_another_look(
    stores: Storage, clock: ToldClock
) -> None:
    async with held_up(stores, clock) as (loop, slow):
        await stores.archive.add(paper("Two"), by=None, at=AT)
        await loop.look_once()
        slow.released.set()
        await until_posts(slow, 3)
        assert slow.shown(HERE)[1:] == ["One", "late Two"]


async def test_no_more_channels_than_agreed_are_served_at_once_and_none_is_forgotten(
    stores: Storage, clock: ToldClock
) -> None:
    await stores.archive.add(paper("One"), by=None, at=AT)
    channels = [replace(HERE, id=f"channel-{number}") for number in range(20)]
    for channel in channels:
        await begin(stores, Subscription(channel=channel), at=AT)
    chat = Counting()
    chat.channels.update(channels)
    async with asyncio.timeout(20):
        sending = asyncio.create_task(send_waiting(stores, {"chat": chat}, clock))
        await chat.full.wait()
        for _ in range(20):  # others would have come by now, were there any
            await stores.ledger.claim(THERE, clock.now())
        assert chat.most_at_once == 8
        chat.released.set()
        assert await sending == 40
    assert all(len(chat.shown(channel)) == 2 for channel in channels)


class Counting(SmallPlatform):
    """A platform that answers when it is told to, and counts how many have been sending at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.full, self.released = asyncio.Event(), asyncio.Event()
        self.at_once = self.most_at_once = 0

    async def send(
        self, channel: Channel, content: Content, *, key: str, language: Language, thread_id: str | None
    ) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.at_once == 8:
            self.full.set()
        await self.released.wait()
        self.at_once -= 1
        return await super().send(channel, content, key=key, language=language, thread_id=thread_id)


async def test_what_was_put_off_goes_out_when_its_time_has_come_without_a_tick(stores: Storage) -> None:
    real = SystemClock()
    platform = SmallPlatform(faults=[PlatformBusy(msg("Wait."), retry_at=real.now() + timedelta(seconds=0.2))])
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=real.now())
    async with looking(DeliveryLoop(stores, {"chat": platform}, real)):
        await until_posts(platform, 2)


class HurriedClock:
    """A clock on which 10 ms pass whenever somebody looks at it, so that things come between any two looks."""

    def __init__(self) -> None:
        self.moment = AT

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=10)
        return self.moment


async def test_what_becomes_ready_while_the_loop_looks_is_not_left_until_the_next_tick(stores: Storage) -> None:
    clock = HurriedClock()
    await stores.archive.add(paper("One"), by=None, at=AT)
    for looks in range(20):
        channel = Channel("chat", "team", f"after-{looks}")
        platform = SmallPlatform(channels={channel})
        await begin(stores, Subscription(channel=channel), at=clock.now())
        ready = clock.moment + timedelta(milliseconds=10 * looks + 5)
        platform.faults.append(PlatformBusy(msg("Wait."), retry_at=ready))
        async with looking(DeliveryLoop(stores, {"chat": platform}, clock)):
            await until_posts(platform, 2)


async def test_a_ledger_that_cannot_be_written_is_not_asked_without_pause(stores: Storage, clock: ToldClock) -> None:
    platform = SmallPlatform()
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=clock.now())
    full = FullLedger(stores)
    async with looking(DeliveryLoop(full, {"chat": platform}, clock)):
        await full.asked.wait()
        await asyncio.sleep(0.2)
        assert full.count == 1


class FullLedger:
    """Stores whose ledger hands nothing out: the disk is full."""

    def __init__(self, stores: Storage) -> None:
        self._stores = stores
        self.asked = asyncio.Event()
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        return self if name == "ledger" else getattr(self._stores, name, None) or getattr(self._stores.ledger, name)

    async def claim(self, channel: Channel, now: datetime) -> None:
        self.count += 1
        self.asked.set()
        raise StorageBusy(msg("The disk is full."))


@asynccontextmanager
async def at_work(stores: Storage, clock: ToldClock, timing: Timing) -> AsyncIterator[Held]:
    """A channel that is being served, in the middle of a post which does not come to an end."""
    slow = Held(HERE)
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    serving = Serving(stores, {"chat": slow}, clock, timing=timing)
    try:
        async with asyncio.timeout(10):
            await serving.start()
            await slow.reached.wait()
            yield slow
    finally:
        await serving.stop()


async def test_a_post_that_was_taken_away_is_broken_off(stores: Storage, clock: ToldClock) -> None:
    async with at_work(stores, clock, Timing(heartbeat_interval=0.01)) as slow:
        await _take_away(stores)
        await slow.let_go.wait()
        assert slow.shown(HERE) == []


async def _take_away(stores: Storage) -> None:
    """As another worker does that has not heard of the holder for long."""
    taken = 0
    while not taken:  # a beat may come between the two
        taken = await stores.database.write(claims.take_away, await stores.ledger.claims())


class CutOff(DeliveryLedger):
    """A ledger that cannot be told that somebody is at work."""

    async def renew(self, post_id: int) -> bool:
        raise StorageBusy(msg("The database cannot be reached."))


async def test_a_post_of_which_nobody_can_be_told_is_broken_off_before_others_take_it_over(
    stores: Storage, clock: ToldClock
) -> None:
    cut_off = replace(stores, ledger=CutOff(stores.database, WORKER))
    async with at_work(cut_off, clock, Timing(heartbeat_interval=0.01, renew_deadline=0.5)) as slow:
        await slow.let_go.wait()


class Told(DeliveryLedger):
    """A ledger that says when it has been told for some seconds that somebody is at work."""

    def __init__(self, stores: Storage, seconds: float) -> None:
        super().__init__(stores.database, WORKER)
        self._seconds = seconds
        self._began: float | None = None
        self.heard = asyncio.Event()

    async def renew(self, post_id: int) -> bool:
        is_ours = await super().renew(post_id)
        now = asyncio.get_running_loop().time()
        self._began = self._began or now
        if now > self._began + self._seconds:
            self.heard.set()
        return is_ours


async def test_a_post_of_which_the_ledger_is_told_takes_as_long_as_it_takes(stores: Storage, clock: ToldClock) -> None:
    told = Told(stores, seconds=3)
    timing = Timing(heartbeat_interval=0.01, renew_deadline=2)
    async with at_work(replace(stores, ledger=told), clock, timing) as slow:
        await told.heard.wait()
        assert slow.broken_off == 0


async def test_a_workspace_with_very_many_channels_keeps_no_other_waiting(stores: Storage, clock: ToldClock) -> None:
    await stores.archive.add(paper("One"), by=None, at=AT)
    big = [replace(HERE, workspace="big", id=f"channel-{number:03}") for number in range(100)]
    small = replace(HERE, workspace="small")
    for channel in (*big, small):
        await begin(stores, Subscription(channel=channel), at=AT)
    chat = SmallPlatform()
    chat.channels.update(big, {small})
    await send_waiting(stores, {"chat": chat}, clock)
    arrived = [channel for channel, _ in chat.messages]
    assert len(arrived) == 202
    first, last = (at for at, channel in enumerate(arrived) if channel == small)
    assert last < 40, "it had its turns among the first of the other's two hundred"
    assert first < last


class Watched(DeliveryLedger):
    """A ledger that tells of every look for channels that wait, and of every post that was put off."""

    def __init__(self, stores: Storage, worker: str = WORKER) -> None:
        super().__init__(stores.database, worker)
        self.looks: asyncio.Queue[datetime] = asyncio.Queue()
        self.put_off: asyncio.Queue[int] = asyncio.Queue()

    async def channels_waiting(self, now: datetime) -> Sequence[Channel]:
        self.looks.put_nowait(now)
        return await super().channels_waiting(now)

    async def mark_failed(self, post_id: int, *, reason: Message, retry_at: datetime) -> None:
        await super().mark_failed(post_id, reason=reason, retry_at=retry_at)
        self.put_off.put_nowait(post_id)


@pytest.mark.parametrize("soon_comes_first", [True, False])
async def test_the_soonest_that_was_put_off_says_when_to_look_again(stores: Storage, soon_comes_first: bool) -> None:
    real = SystemClock()
    await stores.archive.add(paper("One"), by=None, at=AT)
    for channel in (HERE, THERE):
        await begin(stores, Subscription(channel=channel), at=real.now())
    soon = PlatformBusy(msg("Wait."), retry_at=real.now() + timedelta(seconds=0.5))
    late = PlatformBusy(msg("Wait."), retry_at=real.now() + timedelta(minutes=30))
    platform = SmallPlatform(faults=[soon, late] if soon_comes_first else [late, soon])
    async with looking(DeliveryLoop(stores, {"chat": platform}, real)):
        await until_posts(platform, 2)


async def test_a_timer_that_the_clock_has_passed_shuts_out_no_sooner_one(stores: Storage, clock: ToldClock) -> None:
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    platform = SmallPlatform(faults=[PlatformBusy(msg("Wait."), retry_at=clock.now() + timedelta(minutes=30))])
    watched = Watched(stores)
    loop = DeliveryLoop(replace(stores, ledger=watched), {"chat": platform}, clock)
    async with looking(loop):
        await watched.put_off.get()
        clock.pass_time(minutes=31)
        platform.faults.append(PlatformBusy(msg("Wait."), retry_at=clock.now() + timedelta(seconds=0.2)))
        loop.nudge()
        await watched.put_off.get()
        clock.pass_time(seconds=1)
        await until_posts(platform, 2)


class FaultyOnce(DeliveryLedger):
    """A ledger that cannot be used the first time that one thing is asked of it."""

    def __init__(self, stores: Storage, asked: str) -> None:
        super().__init__(stores.database, WORKER)
        self._asked = asked

    def _break_off(self, asked: str) -> None:
        if asked == self._asked:
            self._asked = ""
            raise StorageBusy(msg("The database cannot be reached."))

    async def claim(self, channel: Channel, now: datetime) -> Post | None:
        self._break_off("claim")
        return await super().claim(channel, now)

    async def next_attempt(self, now: datetime) -> datetime | None:
        self._break_off("next_attempt")
        return await super().next_attempt(now)

    async def next_attempt_in(self, channel: Channel, now: datetime) -> datetime | None:
        self._break_off("next_attempt_in")
        return await super().next_attempt_in(channel, now)


@pytest.mark.parametrize("asked", ["claim", "next_attempt", "next_attempt_in"])
async def test_after_a_fault_the_loop_looks_again_soon(stores: Storage, asked: str) -> None:
    real = SystemClock()
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=real.now())
    platform = SmallPlatform(faults=[PlatformBusy(msg("Wait."), retry_at=real.now() + timedelta(seconds=0.3))])
    faulty = replace(stores, ledger=FaultyOnce(stores, asked))
    async with looking(DeliveryLoop(faulty, {"chat": platform}, real, retry_delay=timedelta(seconds=0.5))):
        await until_posts(platform, 2)


class Overtaken(DeliveryLedger):
    """A ledger with which something comes between, once, just before or after it is asked what is due next."""

    def __init__(self, stores: Storage, comes_between: Callable[[], Awaitable[object]], *, before: bool) -> None:
        super().__init__(stores.database, WORKER)
        self._between = [comes_between]
        self._before = before

    async def next_attempt_in(self, channel: Channel, now: datetime) -> datetime | None:
        between = self._between.pop() if self._between else None
        if between and self._before:
            await between()
        answer = await super().next_attempt_in(channel, now)
        if between and not self._before:
            await between()
        return answer


@pytest.mark.parametrize("before", [True, False])
async def test_what_comes_when_a_channel_has_just_been_served_goes_out_too(
    stores: Storage, clock: ToldClock, before: bool
) -> None:
    async def another_one() -> None:
        await stores.archive.add(paper("Two"), by=None, at=AT)
        await revise_posts(overtaken, clock.now())
        if not before:
            await serving.start()

    platform = SmallPlatform()
    overtaken = replace(stores, ledger=Overtaken(stores, another_one, before=before))
    serving = Serving(overtaken, {"chat": platform}, clock)
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    async with asyncio.timeout(10):
        await asyncio.gather(*await serving.start())
    assert len(platform.shown(HERE)) == 3


async def test_a_channel_that_another_worker_serves_is_not_looked_at_again_at_once(
    stores: Storage, clock: ToldClock
) -> None:
    """Else two workers keep each other looking all the time."""

    class Second(Watched):
        async def claim(self, channel: Channel, now: datetime) -> Post | None:
            await stores.ledger.claim(channel, now)  # the other one is quicker
            return await super().claim(channel, now)

        async def next_attempt_in(self, channel: Channel, now: datetime) -> datetime | None:
            ended.set()
            return await super().next_attempt_in(channel, now)

    ended = asyncio.Event()
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    second, platform = Second(stores, "second"), SmallPlatform()
    loop = DeliveryLoop(replace(stores, ledger=second), {"chat": platform}, clock)
    async with looking(loop):
        await ended.wait()
        await asyncio.sleep(0.2)  # time enough for another look
    assert (second.looks.qsize(), platform.messages) == (1, {})


async def test_the_loop_looks_now_and_then_where_ticks_stay_away(stores: Storage, clock: ToldClock) -> None:
    watched = Watched(stores)
    async with looking(DeliveryLoop(replace(stores, ledger=watched), {}, clock, longest_wait=0.01)):
        for _ in range(3):
            await watched.looks.get()


async def test_channels_that_have_been_served_are_not_looked_for_again(stores: Storage, clock: ToldClock) -> None:
    """To look goes through what waits in all channels: once for each, it would take longer than to deliver."""
    channels = [replace(HERE, id=f"channel-{number}") for number in range(12)]
    await stores.archive.add(paper("One"), by=None, at=AT)
    for channel in channels:
        await begin(stores, Subscription(channel=channel), at=AT)
    watched, platform = Watched(stores), SmallPlatform(channels={*channels})
    loop = DeliveryLoop(replace(stores, ledger=watched), {"chat": platform}, clock)
    async with looking(loop):
        await until_posts(platform, 24)
        await loop.drain(10)
    assert watched.looks.qsize() == 1
