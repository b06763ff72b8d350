"""Threads that do what would hold up the event loop, each job in turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

QUEUE_TIMEOUT: Final = 10.0
"""Seconds that a job may have waited for its turn. Behind a file that is locked, people wait for no more than that."""


class NotBegun(Exception):
    """A job has waited for too long: it has not been done, and will not be."""


class Threads:
    """So many threads; what comes while all are at work waits in line."""

    def __init__(self, count: int, name: str, *, queue_timeout: float = QUEUE_TIMEOUT) -> None:
        """`queue_timeout` is for how many seconds a job may wait for its turn that is to be done soon."""
        self._pool = ThreadPoolExecutor(count, name)
        self._queue_timeout = queue_timeout

    async def do(self, job: Callable[[], T]) -> T:
        """Have a job done, however long it waits for its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)

    async def do_soon(self, job: Callable[[], T]) -> T:
        """Have a job done unless its turn comes late. What has begun is waited for: only its end tells what came of it.

        Raises:
            NotBegun
        """
        asked = time.monotonic()

        def in_time() -> T:
            if time.monotonic() - asked > self._queue_timeout:
                raise NotBegun
            return job()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, in_time)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise NotBegun from None  # `hurry` has taken it out of the line

    def submit(self, job: Callable[[], None]) -> None:
        """Have a job done some time; nobody waits for it."""
        self._pool.submit(job)

    def hurry(self) -> None:
        """Let nothing begin any more. From any thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Take nothing more, and wait until all is done."""
        self._pool.shutdown()
