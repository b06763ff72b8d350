"""How often a route may be asked: buckets as Discord has them, armed refusals, and the count of bad requests."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.platforms.slack.clock import Clock

Json = dict[str, Any]

INVALID_BEFORE_BAN = 10_000
INVALID_SECONDS = 600.0
OLD_EDITS, OLD_EDIT_SECONDS = 30, 3600.0
RENAMES, RENAME_SECONDS = 2, 600.0
USUAL = (1000, 1.0)
"""How often a route may be asked in so many seconds where a test does not say otherwise."""


@dataclass
class Armed:
    """A refusal that waits for a request: `times` of them are answered with 429.

    scope       `user`, `global` for all routes at once, or `shared`: others' requests, which are not counted against us
    has_via     without it, the proxy before Discord has refused
    major       only of this channel
    """

    method: str
    route: str
    retry_after: float
    times: int
    scope: str = "user"
    is_global: bool = False
    has_via: bool = True
    major: int | None = None


@dataclass
class Window:
    """The requests of a bucket since one of them has begun it."""

    begun: float
    count: int = 0


class Rates:
    """Buckets by route and channel, and two limits that no header tells of: renaming, and editing what is old."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._policies: dict[tuple[str, str], tuple[int, float]] = {}
        self._windows: dict[tuple[str, str, int], Window] = {}
        self._paced: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self._invalid: deque[float] = deque()
        self.armed: list[Armed] = []
        self.answers: Counter[int] = Counter()
        self.old_edits = OLD_EDITS  # of messages over an hour old, in a channel and an hour
        self.renames = RENAMES  # of a channel or thread in ten minutes

    # --- what a test does -----------------------------------------------------------------------------------------

    def policy(self, method: str, route: str, most: int, seconds: float) -> None:
        """Let a route be asked so often in so many seconds, for each channel by itself."""
        self._policies[method, route] = (most, seconds)

    def refuse(self, method: str, route: str, retry_after: float, *, times: int = 1, **more: Any) -> Armed:
        """Answer the next requests to a route with 429."""
        self.armed.append(Armed(method, route, retry_after, times, **more))
        return self.armed[-1]

    # --- what every request is held against -----------------------------------------------------------------------

    def refusal(self, method: str, route: str, major: int) -> web.Response | None:
        """The 429 that a request is answered with; None where it may go on, and is counted."""
        for one in self.armed:
            if one.times and (one.method, one.route) == (method, route) and one.major in (None, major):
                one.times -= 1
                return self._too_many(method, route, major, one)
        most, seconds = self._policies.get((method, route), USUAL)
        now = self._clock.now()
        window = self._windows.get((method, route, major))
        if window is None or now >= window.begun + seconds:
            window = self._windows[method, route, major] = Window(now)
        if window.count >= most:
            return self._too_many(method, route, major, Armed(method, route, window.begun + seconds - now, 1))
        window.count += 1
        return None

    def headers(self, method: str, route: str, major: int) -> dict[str, str]:
        """What every answer says of its bucket."""
        most, seconds = self._policies.get((method, route), USUAL)
        now = self._clock.now()
        window = self._windows.get((method, route, major)) or Window(now)
        left = max(0.0, window.begun + seconds - now)
        return {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(0, most - window.count)),
            "X-RateLimit-Reset": f"{now + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": f"{abs(hash((method, route))):016x}"[:16],
            "Via": "1.1 google",
        }

    # --- limits of their own --------------------------------------------------------------------------------------

    def wait_for_old_edit(self, channel_id: int) -> float:
        """Seconds until one more message of over an hour may be edited in a channel; 0 counts one."""
        return self._wait(("old edit", channel_id), self.old_edits, OLD_EDIT_SECONDS)

    def wait_for_rename(self, channel_id: int) -> float:
        """Seconds until a channel may be called something else again; 0 counts one."""
        return self._wait(("rename", channel_id), self.renames, RENAME_SECONDS)

    def _wait(self, what: tuple[str, int], most: int, seconds: float) -> float:
        now = self._clock.now()
        lately = self._paced[what] = [at for at in self._paced[what] if at > now - seconds]
        if len(lately) >= most:
            return lately[0] + seconds - now if lately else seconds
        lately.append(now)
        return 0.0

    # --- bad requests ---------------------------------------------------------------------------------------------

    def count(self, status: int, *, is_shared: bool = False) -> None:
        """Note how a request was answered; a limit that is shared with others counts against nobody."""
        self.answers[status] += 1
        if status in (401, 403, 429) and not is_shared:
            self._invalid.append(self._clock.now())

    @property
    def invalid(self) -> int:
        """How many answers of the last ten minutes said 401, 403 or 429."""
        while self._invalid and self._invalid[0] <= self._clock.now() - INVALID_SECONDS:
            self._invalid.popleft()
        return len(self._invalid)

    @property
    def is_banned(self) -> bool:
        """Whether so much was refused that nothing is listened to any more."""
        return self.invalid >= INVALID_BEFORE_BAN

    def _too_many(self, method: str, route: str, major: int, one: Armed) -> web.Response:
        wait = max(0.001, one.retry_after)
        said = "The resource is being rate limited." if one.scope == "shared" else "You are being rate limited."
        body = {"message": said, "retry_after": wait, "global": one.is_global, "code": 0}
        headers = {**self.headers(method, route, major), "Retry-After": str(math.ceil(wait))}
        if one.is_global:
            headers = {"Via": headers["Via"], "Retry-After": headers["Retry-After"], "X-RateLimit-Global": "true"}
        elif one.scope == "user":
            headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": f"{wait:.3f}"}
        headers["X-RateLimit-Scope"] = "global" if one.is_global else one.scope
        if not one.has_via:  # the proxy before Discord refuses without it, and in HTML
            del headers["Via"]
            return web.Response(status=429, text="<html>blocked</html>", content_type="text/html", headers=headers)
        # Without a charset, as Discord sends it: the library would take it for the proxy's.
        headers["Content-Type"] = "application/json"
        return web.Response(body=json.dumps(body).encode(), status=429, headers=headers)
