"""When things happen: APScheduler ticks, and one loop that carries them out. What is due is in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.core.errors import StorageError
from bot.core.ports import Clock, Stores
from bot.usecases.deliver import plan_due
from bot.usecases.revise import revise_posts
from bot.usecases.send import Couriers, send_waiting

TICK: Final = timedelta(seconds=15)
"""How late a delivery may start at most."""

log = structlog.get_logger(__name__)


class DeliveryLoop:
    """Carries out what is due whenever it is nudged: by the tick, or at once by whoever changed something."""

    def __init__(self, stores: Stores, couriers: Couriers, clock: Clock) -> None:
        self._stores = stores
        self._couriers = couriers
        self._clock = clock
        self._wanted = asyncio.Event()

    def nudge(self) -> None:
        """Have the loop look as soon as it is free; never waits."""
        self._wanted.set()

    async def run(self) -> None:
        """Look, then wait for the next nudge, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.look_once()

    async def look_once(self) -> None:
        """Plan what is due, bring posted copies up to date, and send what waits.

        What goes wrong is logged and tried again at the next look: nothing that befalls one subscription or one step
        ends the deliveries of the others.
        """
        planned = await tried("plan", plan_due(self._stores, self._clock.now()))
        revised = await tried("revise", revise_posts(self._stores, self._clock.now()))
        acted = await tried("send", send_waiting(self._stores, self._couriers, self._clock))
        if planned or revised or acted:
            log.info("delivery.round", subscriptions=planned, revised=revised, posts=acted)


async def tried(step: str, work: Awaitable[int]) -> int:
    """What the work says; 0, and a word in the log, when it fails."""
    try:
        return await work
    except StorageError as error:
        log.warning("delivery.storage_unavailable", step=step, reason=str(error))
    except Exception as error:
        log.error("delivery.failed", step=step, exc_info=error)
    return 0


def start_ticks(nudge: Callable[[], None]) -> Callable[[], None]:
    """Nudge every `TICK`, beginning now; hands back what stops it. Needs a running event loop."""
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
    scheduler.add_job(_call, IntervalTrigger(seconds=int(TICK.total_seconds()), timezone="UTC"), args=[nudge])
    scheduler.start()
    nudge()
    return lambda: scheduler.shutdown(wait=False)


async def _call(nudge: Callable[[], None]) -> None:
    nudge()
