"""The server's clock: the real one, or one that stands still; both can be moved on."""

from __future__ import annotations

import time


class Clock:
    """Seconds since 1970, as the server sees them."""

    def __init__(self, standing_at: float | None = None) -> None:
        """Go with the machine's clock, or stand at a moment until moved."""
        self._standing_at = standing_at
        self._moved = 0.0

    def now(self) -> float:
        """The moment it shows."""
        return (time.time() if self._standing_at is None else self._standing_at) + self._moved

    def advance(self, seconds: float) -> None:
        """Let time pass: triggers, response URLs, codes and tokens grow old."""
        self._moved += seconds
