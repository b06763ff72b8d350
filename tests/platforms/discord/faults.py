"""What goes wrong on the way, as a test wants it: connections lost, errors of the server, answers that come late."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

LOST_BEFORE = "lost before"  # the connection ends, nothing was done
LOST_AFTER = "lost after"  # it was done, and the answer is lost
ERROR_BEFORE = "500 before"
ERROR_AFTER = "500 after"
LATE = "late"  # done at once, answered when released
HALF = "half an answer"  # done, and the answer breaks off
PAGE = "a page"  # done, and a proxy answers with a page of its own


@dataclass
class Fault:
    """Goes wrong at the next `times` requests to a route, of any route when that is empty."""

    kind: str
    method: str = ""
    route: str = ""
    times: int = 1
    status: int = 500
    released: asyncio.Event = field(default_factory=asyncio.Event)
    met: asyncio.Event = field(default_factory=asyncio.Event)


class Faults:
    """All that waits to go wrong."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, kind: str, method: str = "", route: str = "", *, times: int = 1, status: int = 500) -> Fault:
        """Arm one."""
        self._faults.append(Fault(kind, method, route, times, status))
        return self._faults[-1]

    def next(self, method: str, route: str) -> Fault | None:
        """What goes wrong at this request, if anything."""
        for one in self._faults:
            if one.times and one.method in ("", method) and one.route in ("", route):
                one.times -= 1
                one.met.set()
                return one
        return None

    def clear(self) -> None:
        """Let all go right from now on."""
        self._faults.clear()
