"""Faults on purpose: what may happen to a call between the app and Slack, and on the way back."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["drop_before", "drop_after", "error_before", "error_after", "malformed", "hold"]


@dataclass
class Fault:
    """One thing that will go wrong, once."""

    kind: Kind
    status: int = 500
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_before(self) -> bool:
        """Whether the call is not handled at all."""
        return self.kind in ("drop_before", "error_before")


class Hold:
    """A call whose answer waits: it has been handled, and nobody has been told."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault

    async def reached(self, within: float = 5.0) -> None:
        """Wait until the call has been handled.

        Raises:
            TimeoutError: it did not come.
        """
        await asyncio.wait_for(self._fault.reached.wait(), within)

    def release(self) -> None:
        """Let the answer go out."""
        self._fault.released.set()


class Faults:
    """What goes wrong with the next calls, method by method and in the order it was asked for."""

    def __init__(self) -> None:
        self._next: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def drop_before(self, method: str, *, times: int = 1) -> None:
        """Cut the connection before Slack has done anything."""
        self._add(method, "drop_before", times)

    def drop_after(self, method: str, *, times: int = 1) -> None:
        """Do what was asked, then cut the connection: the answer is lost."""
        self._add(method, "drop_after", times)

    def error_before(self, method: str, *, status: int = 500, times: int = 1) -> None:
        """Answer with an HTTP error and do nothing."""
        self._add(method, "error_before", times, status)

    def error_after(self, method: str, *, status: int = 500, times: int = 1) -> None:
        """Do what was asked and answer with an HTTP error all the same."""
        self._add(method, "error_after", times, status)

    def malformed(self, method: str, *, times: int = 1) -> None:
        """Do what was asked and answer with half a JSON document."""
        self._add(method, "malformed", times)

    def hold(self, method: str) -> Hold:
        """Do what was asked, and answer when the test says so."""
        fault = Fault("hold")
        self._next[method].append(fault)
        return Hold(fault)

    def clear(self) -> None:
        """Forget what was planned; calls that are held are let go."""
        for planned in self._next.values():
            for fault in planned:
                fault.released.set()
        self._next.clear()

    def take(self, method: str) -> Fault | None:
        """What goes wrong with the call that comes in now."""
        planned = self._next[method]
        return planned.popleft() if planned else None

    def _add(self, method: str, kind: Kind, times: int, status: int = 500) -> None:
        self._next[method].extend(Fault(kind, status) for _ in range(times))
