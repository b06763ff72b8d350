"""When things happen: APScheduler ticks, and one loop that carries them out. What is due is in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.core.errors import StorageError
from bot.core.metering import UNMETERED, Meter
from bot.core.ports import Clock, Stores
from bot.usecases.deliver import plan_due
from bot.usecases.revise import revise_posts
from bot.usecases.send import Couriers, Served, Serving
from bot.usecases.track import PAUSES, reconcile

TICK: Final = timedelta(seconds=15)
"""How late a delivery may start at most."""

TICK_BESIDE_OTHERS: Final = timedelta(seconds=3)
"""The same where other processes write down what is to be delivered, and cannot nudge."""
RECONCILED_EVERY: Final = timedelta(days=1)
"""How long something may stay wrong that nobody noticed."""
_RETRY_DELAY: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = 60.0
"""Ticks go by the machine's clock, and stay away for as long as it was set back."""
_REST: Final = timedelta(minutes=1)
"""What is missed is seldom one event: the rest of it is let pass, and put right with it."""

log = structlog.get_logger(__name__)


class DeliveryLoop:
    """Carries out what is due whenever it is nudged: by the tick, or at once by whoever changed something."""

    def __init__(
        self,
        stores: Stores,
        couriers: Couriers,
        clock: Clock,
        meter: Meter = UNMETERED,
        *,
        retry_delay: timedelta = _RETRY_DELAY,
        longest_wait: float = _LONGEST_WAIT,
    ) -> None:
        """`retry_delay`: after a fault in a channel. `longest_wait`: for a nudge, in seconds."""
        self._stores = stores
        self._couriers = couriers
        self._clock = clock
        self._serving = Serving(stores, couriers, clock, meter)
        self._wanted = asyncio.Event()
        self._is_draining = False
        self._retry_delay = retry_delay
        self._longest_wait = longest_wait
        self._waker: asyncio.TimerHandle | None = None

    def nudge(self) -> None:
        """Have the loop look as soon as it is free; never waits."""
        self._wanted.set()

    async def run(self) -> None:
        """Look, then wait for the next nudge, until cancelled; so are then the posts under way."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._longest_wait):
                        await self._wanted.wait()
                self._wanted.clear()
                await self.look_once()
        finally:
            self._sleep_on()
            await self._serving.stop()

    async def drain(self, seconds: float) -> None:
        """End: begin nothing more, and let the posts under way end for so many seconds."""
        self._is_draining = True
        await self._serving.drain(seconds)

    async def look_once(self) -> None:
        """Plan what is due, bring posted copies up to date, and begin to send what waits.

        A channel is served for as long as it takes, while the loop looks again. What goes wrong is logged and tried
        again at the next look: nothing that befalls one subscription or one step ends the deliveries of the others.
        """
        if self._is_draining:
            return
        planned = await tried("plan", plan_due(self._stores, self._clock.now()))
        revised = await tried("revise", revise_posts(self._stores, self._clock.now()))
        started = await tried("send", self._start())
        if planned or revised or started:
            log.info("delivery.round", subscriptions=planned, revised=revised, channels=started)

    async def _start(self) -> int:
        now = self._clock.now()  # before: a channel that becomes ready while others are started is looked at again
        tasks = await self._serving.start()
        for task in tasks:
            task.add_done_callback(self._ended)
        self._wake_by(await self._stores.ledger.next_attempt(now))
        return len(tasks)

    def _ended(self, task: asyncio.Task[Served]) -> None:
        """Look again when what was put off there is due, or soon after a fault: that may be before the next tick."""
        _log_end(task)
        if task.cancelled():
            return
        if task.exception() is None:
            self._wake_by(task.result().next_attempt)
        else:
            self._wake_by(self._clock.now() + self._retry_delay)

    def _wake_by(self, moment: datetime | None) -> None:
        """Look at that moment, or sooner where that is meant already; a look too many does no harm."""
        if moment is None:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + max(0.0, (moment - self._clock.now()).total_seconds())
        if self._waker is None or at < self._waker.when():
            self._sleep_on()
            self._waker = loop.call_at(at, self._wake)

    def _wake(self) -> None:
        self._waker = None
        self.nudge()

    def _sleep_on(self) -> None:
        if self._waker is not None:
            self._waker.cancel()
            self._waker = None


class ReconcileLoop:
    """Catches up with what readers did: at the start, after something was missed, and once a day all the same."""

    def __init__(
        self,
        stores: Stores,
        couriers: Couriers,
        clock: Clock,
        *,
        every: timedelta = RECONCILED_EVERY,
        rest: timedelta = _REST,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        """`pauses` are between attempts, in seconds, to ask a platform that cannot be reached."""
        self._stores = stores
        self._couriers = couriers
        self._clock = clock
        self._every = every
        self._rest = rest
        self._pauses = pauses
        self._wanted = asyncio.Event()

    def missed(self) -> None:
        """Have it catch up soon: a platform told of something that nobody heard; never waits."""
        self._wanted.set()

    async def run(self) -> None:
        """Catch up, then wait until that is due again, until cancelled. It takes as long as rate limits make it."""
        while True:
            try:
                told = await reconcile(self._stores, self._couriers, self._clock, pauses=self._pauses)
                log.info("run.reconciled", posts=told)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                _log_failure("reconcile", error)
                if isinstance(error, StorageError):
                    self.missed()  # soon, not a day later
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self._every.total_seconds())
            await asyncio.sleep(self._rest.total_seconds())
            self._wanted.clear()


async def tried(step: str, work: Awaitable[int]) -> int:
    """What the work says; 0, and a word in the log, when it fails."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - whatever it is, the next look is made
        _log_failure(step, error)
    return 0


def _log_end(task: asyncio.Task[Served]) -> None:
    """What became of a channel that was being served."""
    if task.cancelled():
        return
    error = task.exception()
    if error is None:
        log.info("delivery.served", posts=task.result().posts)
    else:
        _log_failure("send", error)


def _log_failure(step: str, error: BaseException) -> None:
    if isinstance(error, StorageError):
        log.warning("delivery.storage_unavailable", step=step, reason=str(error))
    else:
        log.error("delivery.failed", step=step, exc_info=error)


def start_ticks(nudge: Callable[[], None], every: timedelta = TICK) -> Callable[[], None]:
    """Nudge again and again, beginning now; hands back what stops it. Needs a running event loop."""
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
    scheduler.add_job(_call, IntervalTrigger(seconds=int(every.total_seconds()), timezone="UTC"), args=[nudge])
    scheduler.start()
    nudge()
    return lambda: scheduler.shutdown(wait=False)


async def _call(nudge: Callable[[], None]) -> None:
    nudge()
