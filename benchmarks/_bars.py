"""Figures beside their baselines, and how many bars they meet."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Bars:
    """What was measured, and how many bars were met."""

    met: int = 0
    missed: list[str] = field(default_factory=list)

    def check(
        self, name: str, measured: str, baseline: str, ratio: float, bar: float, *, at_least: bool = False
    ) -> None:
        """Print one figure, and count it."""
        good = ratio >= bar if at_least else ratio <= bar
        sign = ">=" if at_least else "<="
        print(
            f"{name:<44} {measured:>16} {baseline:>26}  {ratio:9.4g} (bar: {sign} {bar:g}) {'' if good else 'MISSED'}"
        )
        if good:
            self.met += 1
        else:
            self.missed.append(name)

    def note(self, name: str, measured: str, baseline: str, ratio: float) -> None:
        """Print a figure that has no bar."""
        print(f"{name:<44} {measured:>16} {baseline:>26}  {ratio:9.4g}")


@dataclass(frozen=True)
class Times:
    """Milliseconds, one for each query: the middle one of several runs."""

    each: Sequence[float]

    @property
    def p50(self) -> float:
        """The middle."""
        return statistics.median(self.each)

    @property
    def p99(self) -> float:
        """What one in a hundred takes longer than."""
        ordered = sorted(self.each)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def timed(call: Callable[[T], object], items: Iterable[T], runs: int = 5) -> Times:
    """How long a call takes for each of these, once it is warm."""
    found = []
    for item in items:
        call(item)
        times = []
        for _ in range(runs):
            began = time.perf_counter()
            call(item)
            times.append((time.perf_counter() - began) * 1000)
        found.append(statistics.median(times))
    return Times(found)
