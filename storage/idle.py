"""What is done when nobody writes: work that would otherwise make somebody wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import Connection

from storage.threads import Threads

Work = Callable[[Connection], bool]
"""A step of some work; whether there is more of it."""

_QUIET: Final = 0.005
"""Seconds without a writer after which nobody is taken to be about to write again."""
_CHANGES: Final = 4
"""After so many changes the log is written back even while more are being made."""


class Idle:
    """Has work done a step at a time, while nobody writes, and then the log written back. For one event loop.

    A step fails for itself: whoever asks again has it tried again.
    """

    def __init__(self, writers: Threads, step: Callable[[Work], bool], write_back: Callable[[], None]) -> None:
        """`step` does a step, in one of the threads that write; `write_back` writes the log back, in one beside them.

        Neither raises for want of a database that answers.
        """
        self._writers = writers
        self._beside = Threads(1, "storage-keeper")
        self._do, self._write_back = step, write_back
        self._writing = 0
        self._work: Work | None = None
        self._is_at_work = self._is_writing_back = self._is_closed = False
        self._changes = 0
        self._quiet: asyncio.TimerHandle | None = None

    @contextmanager
    def not_now(self) -> Iterator[None]:
        """While somebody writes no step begins."""
        self._writing += 1
        try:
            yield
        finally:
            self._writing -= 1
            self._wait_for_quiet()

    def ask(self, work: Work) -> None:
        """Have this done, after a change."""
        self._work = work
        self._changes += 1
        if self._changes >= _CHANGES:
            self._begin_writing_back()
        self._wait_for_quiet()

    def close(self) -> None:
        """Begin nothing more, and wait for what has begun. From any thread."""
        self._is_closed = True
        self._beside.close()

    def _wait_for_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        if self._changes or self._work is not None:
            self._quiet = asyncio.get_running_loop().call_later(_QUIET, self._begin)

    def _begin(self) -> None:
        if self._writing or self._is_at_work or self._is_closed:
            return
        if self._work is not None:
            self._is_at_work = True
            loop, work = asyncio.get_running_loop(), self._work
            self._writers.submit(lambda: self._step(work, loop))
        elif self._changes:
            self._begin_writing_back()

    def _step(self, work: Work, loop: asyncio.AbstractEventLoop) -> None:
        more = False
        try:
            more = self._do(work)
        finally:
            with suppress(RuntimeError):  # the loop is over, and everything with it
                loop.call_soon_threadsafe(self._end_step, work, more)

    def _end_step(self, work: Work, more: bool) -> None:
        self._is_at_work = False
        if not more and self._work is work:
            self._work = None
        self._begin()

    def _begin_writing_back(self) -> None:
        if self._is_writing_back or self._is_closed:
            return
        self._is_writing_back, self._changes = True, 0
        loop = asyncio.get_running_loop()
        self._beside.submit(lambda: self._write_back_once(loop))

    def _write_back_once(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._write_back()
        finally:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end_writing_back)

    def _end_writing_back(self) -> None:
        self._is_writing_back = False
        self._wait_for_quiet()
