"""Rate limits: those that a test arms, and, when asked for, one that counts for itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RatePolicy:
    """Posting into a channel: how many a second in the long run, and how many at once."""

    per_second: float = 1.0
    burst: int = 3


@dataclass
class _Armed:
    retry_after: int
    times: int


@dataclass
class Rates:
    """Who has to wait, and how long."""

    policy: RatePolicy | None = None
    _armed: dict[tuple[str, str], _Armed] = field(default_factory=dict)
    _spent: defaultdict[tuple[str, str], tuple[float, float]] = field(
        default_factory=lambda: defaultdict(lambda: (0.0, 0.0))
    )

    def arm(self, method: str, team: str, retry_after: int, times: int) -> None:
        """Refuse the next calls of a method in a workspace."""
        self._armed[method, team] = _Armed(retry_after, times)

    def wait(self, method: str, team: str, channel: str, now: float) -> int | None:
        """For how many seconds a call has to wait, or nothing when it may go on."""
        armed = self._armed.get((method, team))
        if armed is not None and armed.times > 0:
            armed.times -= 1
            return armed.retry_after
        if self.policy is None or method != "chat.postMessage":
            return None
        return self._spend(self.policy, (team, channel), now)

    def _spend(self, policy: RatePolicy, key: tuple[str, str], now: float) -> int | None:
        spent, since = self._spent[key]
        spent = max(0.0, spent - (now - since) * policy.per_second)
        if spent + 1 > policy.burst:
            self._spent[key] = (spent, now)
            return max(1, round((spent + 1 - policy.burst) / policy.per_second))
        self._spent[key] = (spent + 1, now)
        return None
