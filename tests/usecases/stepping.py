"""Workers whose every step is let happen one by one, and that can be killed between any two of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from bot.core.ports import Courier, Stores
from bot.usecases.deliver import plan_due
from bot.usecases.revise import revise_posts
from bot.usecases.send import Serving
from storage.deliveries import DeliveryLedger
from storage.opening import Storage

T = TypeVar("T")

_QUIET = 12
"""Turns of the event loop in which nothing comes to a gate before a worker is taken to be standing there."""


class Gate:
    """Where every call of a worker waits until it may happen. One that is shut lets nothing through ever again."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self._permits = asyncio.Semaphore(0)
        self._under_way = 0
        self._arrived = 0

    async def passing(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Wait for a permit, then do it."""
        self._arrived += 1
        self.waiting.append(name)
        try:
            await self._permits.acquire()
        finally:
            self.waiting.remove(name)
        self._under_way += 1
        try:
            return await work()
        finally:
            self._under_way -= 1
            self._arrived += 1

    def let(self, steps: int) -> None:
        """Let so many calls happen."""
        for _ in range(steps):
            self._permits.release()

    def take_back(self) -> None:
        """Let nothing happen that was not asked for by now."""
        while not self._permits.locked():
            self._permits._value -= 1

    async def quiet(self) -> None:
        """Wait until nothing moves any more."""
        seen, turns = self._arrived, 0
        while turns < _QUIET:
            await asyncio.sleep(0.001 if self._under_way else 0)
            turns = 0 if self._under_way or self._arrived != seen else turns + 1
            seen = self._arrived


class Stepped:
    """Anything whose coroutines are called through a gate."""

    def __init__(self, target: object, gate: Gate) -> None:
        self._target, self._gate = target, gate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def stepped(*args: Any, **kwargs: Any) -> Any:
            return await self._gate.passing(name, lambda: found(*args, **kwargs))

        return stepped


@dataclass
class OwnClock:
    """A worker's clock, which somebody sets now and then; `told` is the right time."""

    told: Callable[[], datetime]
    wrong_by: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.told() + self.wrong_by


@dataclass
class Worker:
    """A process that plans, revises and sends, one step at a time. Killed and started again it has the same name."""

    name: str
    storage: Storage
    courier: Courier
    clock: OwnClock
    elapsed: Callable[[], float]
    gate: Gate = field(default_factory=Gate)
    task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.stores: Stores
        self._start()

    def _start(self) -> None:
        """As after a start: nothing is remembered."""
        self.gate = gate = Gate()
        storage = replace(self.storage, ledger=DeliveryLedger(self.storage.database, self.name))
        self._ledger = storage.ledger
        self.stores = cast("Stores", _SteppedStores(storage, gate))
        couriers = {self.courier.platform: cast("Courier", Stepped(self.courier, gate))}
        self.serving = Serving(self.stores, couriers, self.clock, elapsed=self.elapsed)

    @property
    def is_at_work(self) -> bool:
        """Whether it is in the middle of a round."""
        return self.task is not None and not self.task.done()

    async def step(self, steps: int) -> None:
        """Go on by so many steps, with a new round where the last one is over."""
        if not self.is_at_work:
            self.task = asyncio.create_task(self._round())
        self.gate.let(steps)
        await self.gate.quiet()
        self.gate.take_back()
        await self._look()

    async def step_until(self, call: str, most: int = 80) -> bool:
        """Go on until this is what would happen next; whether it came to that."""
        for _ in range(most):
            await self.step(1)
            if call in self.gate.waiting:
                return True
            if not self.is_at_work:
                return False
        return False

    async def finish(self) -> None:
        """Go on to the end of the round."""
        if not self.is_at_work:
            self.task = asyncio.create_task(self._round())
        assert self.task is not None
        while not self.task.done():
            self.gate.let(20)
            await self.gate.quiet()
        await self._look()

    async def _look(self) -> None:
        if self.task is not None and self.task.done():
            await self.task  # what went wrong there goes wrong here

    async def _round(self) -> None:
        await plan_due(self.stores, self.clock.now())
        await revise_posts(self.stores, self.clock.now())
        await asyncio.gather(*await self.serving.start())

    async def beat(self) -> None:
        """Say of whatever it holds that it is at work on it, as it does while it is alive."""
        for claim in await self._ledger.claims():
            if claim.holder == self._ledger.holder:
                assert not self.is_at_work or await self._ledger.renew(claim.post_id)

    async def kill(self) -> None:
        """End it where it stands. It begins anew when it takes its next step."""
        if self.task is not None:
            self.task.cancel()
            await self.serving.stop()
            await asyncio.gather(self.task, return_exceptions=True)
            self.task = None
        self._start()


class _SteppedStores:
    """Stores whose parts are called through a gate."""

    def __init__(self, storage: Storage, gate: Gate) -> None:
        for name in ("archive", "search", "subscriptions", "ledger", "engagement"):
            setattr(self, name, Stepped(getattr(storage, name), gate))
