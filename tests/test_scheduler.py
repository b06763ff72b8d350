"""The loop delivers when it is nudged, and a database that fails now is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.digests import Post
from bot.core.engagement import Seen
from bot.core.errors import StorageBusy
from bot.core.messages import msg
from bot.core.subscriptions import Channel, Subscription
from bot.scheduler import DeliveryLoop, ReconcileLoop, start_ticks
from bot.usecases.send import send_waiting
from bot.usecases.subscribe import begin
from storage.opening import Storage

from .usecases.conftest import HERE, SmallPlatform, ToldClock, chat, clock, paper, stores

__all__ = ["chat", "clock", "stores"]
AT = datetime(2024, 6, 21, 1, tzinfo=UTC)


class Failing:
    """Storage whose channels with posts cannot be told the first time, and can after that."""

    def __init__(self, storage: Storage, error: Exception) -> None:
        self._storage = storage
        self._error: Exception | None = error
        self.failed = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return self if name == "ledger" else getattr(self._storage, name, getattr(self._storage.ledger, name, None))

    async def channels_waiting(self, now: datetime) -> Sequence[Channel]:
        error, self._error = self._error, None
        if error is not None:
            self.failed.set()
            raise error
        return await self._storage.ledger.channels_waiting(now)


async def until_posts(platform: SmallPlatform, count: int) -> None:
    async with asyncio.timeout(10):
        for _ in range(count):
            await platform.arrivals.get()


async def test_a_nudge_delivers_and_a_second_one_repeats_nothing(
    stores: Storage, chat: SmallPlatform, clock: ToldClock
) -> None:
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    loop = DeliveryLoop(stores, {"chat": chat}, clock)
    task = asyncio.create_task(loop.run())
    loop.nudge()
    await until_posts(chat, 2)
    loop.nudge()
    await loop.look_once()
    assert len(chat.messages) == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("error", [StorageBusy(msg("The database is busy.")), KeyError("nobody thought of this")])
async def test_no_error_ends_the_loop(stores: Storage, chat: SmallPlatform, clock: ToldClock, error: Exception) -> None:
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    failing = Failing(stores, error)
    loop = DeliveryLoop(failing, {"chat": chat}, clock)
    task = asyncio.create_task(loop.run())
    loop.nudge()
    async with asyncio.timeout(10):
        await failing.failed.wait()
    loop.nudge()
    await until_posts(chat, 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_first_tick_comes_at_once() -> None:
    nudged = asyncio.Event()
    stop = start_ticks(nudged.set)
    assert nudged.is_set()
    stop()


# --- catching up ------------------------------------------------------------------------------------------------------

_AT_ONCE, _NEVER = timedelta(0), timedelta(days=1_000)


class Asked(SmallPlatform):
    """A platform that knows how often it was asked what its posts gathered."""

    def count_questions(self) -> asyncio.Queue[int]:
        self._questions: asyncio.Queue[int] = asyncio.Queue()
        return self._questions

    async def seen(self, channel: Channel, posts: Sequence[Post]) -> Mapping[int, Seen]:
        self._questions.put_nowait(len(posts))
        return await super().seen(channel, posts)


@asynccontextmanager
async def catching_up(
    stores: Storage, clock: ToldClock, every: timedelta
) -> AsyncIterator[tuple[ReconcileLoop, asyncio.Queue[int]]]:
    """The loop at work on one post and its header, and the questions it asks."""
    chat = Asked()
    questions = chat.count_questions()
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    await send_waiting(stores, {"chat": chat}, clock)
    loop = ReconcileLoop(stores, {"chat": chat}, clock, every=every, rest=_AT_ONCE)
    task = asyncio.create_task(loop.run())
    try:
        async with asyncio.timeout(10):
            assert await questions.get() == 2
            yield loop, questions
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_was_missed_is_caught_up_with(stores: Storage, clock: ToldClock) -> None:
    async with catching_up(stores, clock, _NEVER) as (loop, questions):
        for _ in range(2):
            loop.missed()
            assert await questions.get() == 2
        with pytest.raises(TimeoutError):  # it does not go on by itself
            await asyncio.wait_for(questions.get(), 0.3)


async def test_where_the_database_is_away_it_does_not_wait_for_another_day(stores: Storage, clock: ToldClock) -> None:
    chat = Asked()
    questions = chat.count_questions()
    await stores.archive.add(paper("One"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    await send_waiting(stores, {"chat": chat}, clock)
    away: Any = Away(stores, times=2)
    loop = ReconcileLoop(away, {"chat": chat}, clock, every=_NEVER, rest=_AT_ONCE)
    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(10):
        assert await questions.get() == 2
    assert away.times == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Away:
    """Storage that cannot tell the first few times what was posted lately."""

    def __init__(self, storage: Storage, *, times: int) -> None:
        self._storage = storage
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return self if name == "ledger" else getattr(self._storage, name, getattr(self._storage.ledger, name, None))

    async def recent_posts(self, platform: str, *, since: datetime) -> Sequence[Post]:
        if self.times:
            self.times -= 1
            raise StorageBusy(msg("The database is busy."))
        return await self._storage.ledger.recent_posts(platform, since=since)


async def test_it_catches_up_once_in_a_while_all_the_same(stores: Storage, clock: ToldClock) -> None:
    async with catching_up(stores, clock, _AT_ONCE) as (_, questions):
        for _ in range(3):
            assert await questions.get() == 2
