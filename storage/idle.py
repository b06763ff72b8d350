"""What is done when nobody writes: work that would otherwise make somebody wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from sqlalchemy import Connection

from storage.threads import Threads

Work = Callable[[Connection], bool]
"""A step of some work; whether there is more of it."""

_QUIET: Final = 0.005
"""Seconds without a writer after which nobody is taken to be about to write again."""
_PATIENCE: Final = 16
"""After so many requests a step is done even though people go on writing."""
_OF_AN_ENTRY: Final = 16
"""A change of an entry, or a step of what it leaves to do, writes as much as so many others."""
_MUCH: Final = 64
"""After so much the log is written back even while more is being written."""


class Idle:
    """Has work done a step at a time, while nobody writes, and then the log written back. For one event loop at a time.

    A step fails for itself: whoever asks again has it tried again.
    """

    def __init__(self, writers: Threads, step: Callable[[Work], bool], write_back: Callable[[], None]) -> None:
        """`step` does a step, in one of the threads that write; `write_back` writes the log back, in one beside them.

        Neither raises for want of a database that answers.
        """
        self._writers = writers
        self._beside = Threads(1, "storage-keeper")
        self._do, self._write_back = step, write_back
        self._work: Work | None = None
        self._writing = self._asked = self._written = 0
        self._is_closed = False
        self._begin_on(None)

    def _begin_on(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Forget what an event loop that is over would have heard of."""
        self._loop = loop
        self._quiet: asyncio.TimerHandle | None = None
        self._is_at_work = self._is_writing_back = False

    @contextmanager
    def not_now(self) -> Iterator[None]:
        """While somebody writes no step begins."""
        self._writing += 1
        try:
            yield
        finally:
            self._writing -= 1
            self._written += 1
            self._go_on()

    def ask(self, work: Work) -> None:
        """Have this done, after a change."""
        self._work = work
        self._asked += 1
        self._written += _OF_AN_ENTRY
        self._go_on()

    def close(self) -> None:
        """Begin nothing more, and wait for what has begun. From any thread."""
        self._is_closed = True
        self._beside.close()

    def _go_on(self) -> None:
        """Begin what cannot wait, and anything else once it is quiet."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._begin_on(loop)
        if self._quiet is not None:
            self._quiet.cancel()
        if self._written >= _MUCH:
            self._begin_writing_back()
        if self._asked >= _PATIENCE:
            self._begin_step()
        self._quiet = loop.call_later(_QUIET, self._begin)

    def _begin(self) -> None:
        if self._writing:
            return
        if self._work is not None:
            self._begin_step()
        elif self._written >= _OF_AN_ENTRY:
            self._begin_writing_back()

    def _begin_step(self) -> None:
        if self._work is None or self._is_at_work or self._is_closed:
            return
        self._is_at_work, self._asked = True, 0
        self._writers.submit(partial(self._step, self._work, asyncio.get_running_loop()))

    def _step(self, work: Work, loop: asyncio.AbstractEventLoop) -> None:
        more = False
        try:
            more = self._do(work)
        finally:
            _tell(loop, self._end_step, work, more)

    def _end_step(self, work: Work, more: bool) -> None:
        self._is_at_work = False
        self._written += _OF_AN_ENTRY
        if not more and self._work is work:
            self._work = None
        self._begin()

    def _begin_writing_back(self) -> None:
        if self._is_writing_back or self._is_closed:
            return
        self._is_writing_back, self._written = True, 0
        self._beside.submit(partial(self._write_back_once, asyncio.get_running_loop()))

    def _write_back_once(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._write_back()
        finally:
            _tell(loop, self._end_writing_back)

    def _end_writing_back(self) -> None:
        self._is_writing_back = False
        self._begin()


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *arguments: object) -> None:
    with suppress(RuntimeError):  # the loop is over: nobody is waiting there
        loop.call_soon_threadsafe(call, *arguments)
