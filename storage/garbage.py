"""The garbage collector, while very much is made at once that is no garbage.

Python looks for garbage after every so many new objects, and now and then through all that there are. An import makes
hundreds of thousands that stay until its end: to look through them took a seventh of its time, and found nothing.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_MANY: Final = 100_000
"""New objects after which garbage is looked for all the same: what else goes on meanwhile may leave some."""


class _Seldom:
    """How many are at such work in this process, and after how many new objects it looked for garbage before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work = 0
        self._before = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Look for garbage seldom, until the last who asked for it is through. From any thread."""
        with self._lock:
            self._at_work += 1
            if self._at_work == 1:
                self._before, *further = gc.get_threshold()
                if self._before:  # else it never looks
                    gc.set_threshold(max(self._before, _MANY), *further)
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1
                if self._at_work == 0:
                    _, *further = gc.get_threshold()
                    gc.set_threshold(self._before, *further)


seldom_collected: Final = _Seldom()
