"""The loop delivers when it is nudged, and a database that fails now is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.errors import StorageBusy
from bot.core.messages import msg
from bot.core.subscriptions import Channel, Subscription
from bot.scheduler import DeliveryLoop, start_ticks
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
