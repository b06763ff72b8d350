"""Channels are served beside the loop: one task each, some at once, and nobody waits for the slowest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.core.digests import Content
from bot.core.errors import PlatformBusy, StorageBusy
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.subscriptions import Channel, Subscription
from bot.scheduler import DeliveryLoop
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
    loop = DeliveryLoop(stores, {"chat": platform}, real)
    loop.nudge()
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(10):
        await until_posts(platform, 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


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
        loop = DeliveryLoop(stores, {"chat": platform}, clock)
        loop.nudge()
        running = asyncio.create_task(loop.run())
        async with asyncio.timeout(10):
            await until_posts(platform, 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_ledger_that_cannot_be_written_is_not_asked_without_pause(stores: Storage, clock: ToldClock) -> None:
    platform = SmallPlatform()
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=clock.now())
    full = FullLedger(stores)
    loop = DeliveryLoop(full, {"chat": platform}, clock)
    loop.nudge()
    running = asyncio.create_task(loop.run())
    await full.asked.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    assert full.count == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


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
    async with asyncio.timeout(10):
        await serving.start()
        await slow.reached.wait()
        yield slow
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
        self._until = asyncio.get_running_loop().time() + seconds
        self.heard = asyncio.Event()

    async def renew(self, post_id: int) -> bool:
        is_ours = await super().renew(post_id)
        if asyncio.get_running_loop().time() > self._until:
            self.heard.set()
        return is_ours


async def test_a_post_of_which_the_ledger_is_told_takes_as_long_as_it_takes(stores: Storage, clock: ToldClock) -> None:
    told = Told(stores, seconds=1.5)
    timing = Timing(heartbeat_interval=0.01, renew_deadline=1)
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
    """A ledger that counts how often somebody looked for channels that wait."""

    looks = 0

    async def channels_waiting(self, now: datetime) -> Sequence[Channel]:
        self.looks += 1
        return await super().channels_waiting(now)


async def test_channels_that_have_been_served_are_not_looked_for_again(stores: Storage, clock: ToldClock) -> None:
    """To look goes through what waits in all channels: once for each, it would take longer than to deliver."""
    channels = [replace(HERE, id=f"channel-{number}") for number in range(12)]
    await stores.archive.add(paper("One"), by=None, at=AT)
    for channel in channels:
        await begin(stores, Subscription(channel=channel), at=AT)
    watched, platform = Watched(stores.database, WORKER), SmallPlatform(channels={*channels})
    loop = DeliveryLoop(replace(stores, ledger=watched), {"chat": platform}, clock)
    loop.nudge()
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(10):
        await until_posts(platform, 24)
        await loop.drain(10)
    assert watched.looks == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
