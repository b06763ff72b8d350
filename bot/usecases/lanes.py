"""Lanes in which events wait: those of one lane are handled one after the other, lanes beside each other.

Handlers would otherwise run at the same time, and a reaction that was taken back at once could be recorded as given.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Hashable
from itertools import count
from typing import Any, Final

import structlog

from bot.core.errors import StorageBusy, StorageError

_MOST_WAITING: Final = 10_000
"""Events that may wait in all; what comes beyond is lost to us until reactions and replies are put right."""
_ATTEMPTS: Final = 5
_FIRST_PAUSE: Final = 0.2

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]
"""What an event leads to; it may be done twice."""
Waiting = tuple[float, int, str, Work]


class Lanes:
    """One platform's lanes; those that wait in one go in the order in which they happened.

    `missed` is told when an event is lost to us.
    """

    def __init__(
        self, platform: str, *, most_waiting: int = _MOST_WAITING, missed: Callable[[], None] = lambda: None
    ) -> None:
        self._platform = platform
        self._missed = missed
        self._most_waiting = most_waiting
        self._lanes: dict[Hashable, list[Waiting]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._numbers = count()
        self._waiting = 0

    def put(self, lane: Hashable, kind: str, work: Work, *, at: float) -> None:
        """Let an event wait for its turn; `kind` names it in the log, `at` is when it happened, in seconds."""
        if self._waiting >= self._most_waiting:
            log.error("lanes.event_lost", platform=self._platform, kind=kind, waiting=self._waiting)
            self._missed()
            return
        self._waiting += 1
        is_new = lane not in self._lanes
        waiting = self._lanes.setdefault(lane, [])
        heapq.heappush(waiting, (at, next(self._numbers), kind, work))
        if is_new:
            worker = asyncio.create_task(self._work(lane, waiting))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def drain(self, patience: float) -> None:
        """Let all that wait be handled, for so many seconds; then break off."""
        if not self._workers:
            return
        _, late = await asyncio.wait(set(self._workers), timeout=patience)
        for worker in late:
            worker.cancel()
        if late:
            log.warning("lanes.broken_off", platform=self._platform, waiting=self._waiting)
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, lane: Hashable, waiting: list[Waiting]) -> None:
        try:
            while waiting:
                _, _, kind, work = heapq.heappop(waiting)
                try:
                    await self._handle(kind, work)
                finally:
                    self._waiting -= 1
        finally:
            self._waiting -= len(waiting)
            del self._lanes[lane]

    async def _handle(self, kind: str, work: Work) -> None:
        try:
            await persistently(work)
        except StorageError as error:
            log.error("lanes.event_lost", platform=self._platform, kind=kind, reason=str(error))
            self._missed()
        except Exception as error:  # the next event of the lane is not to suffer for it
            log.error("lanes.event_failed", platform=self._platform, kind=kind, exc_info=error)


async def persistently(
    work: Callable[[], Awaitable[Any]], *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Any:
    """Do it, and again when the database is busy: it may be done twice. `pause` lets seconds pass."""
    for attempt in range(_ATTEMPTS - 1):
        try:
            return await work()
        except StorageBusy:
            await pause(_FIRST_PAUSE * 2**attempt)
    return await work()
