"""How often a route may be asked: buckets as Discord has them, armed refusals, and the count of bad requests."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.platforms.slack.clock import Clock

Json = dict[str, Any]

INVALID_BEFORE_BAN = 10_000
OLD_EDITS = 30
OLD_EDIT_SECONDS = 3600.0


@dataclass
class Armed:
    """A refusal that waits for a request: `times` of them are answered with 429."""

    method: str
    route: str
    retry_after: float
    times: int
    scope: str = "user"
    is_global: bool = False
    has_via: bool = True
    major: int | None = None  # only of this channel


class Rates:
    """Buckets by route and channel."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._policies: dict[tuple[str, str], tuple[int, float]] = {}
        self._used: defaultdict[tuple[str, str, int], list[float]] = defaultdict(list)
        self._old_edits: defaultdict[int, list[float]] = defaultdict(list)
        self.armed: list[Armed] = []
        self.invalid = 0  # answers of 401, 403 and 429, of which ten thousand in ten minutes are a ban
        self.answers: Counter[int] = Counter()
        self.old_edits = OLD_EDITS

    def policy(self, method: str, route: str, most: int, seconds: float) -> None:
        """Let a route be asked so often in so many seconds, for each channel by itself."""
        self._policies[method, route] = (most, seconds)

    def refuse(self, method: str, route: str, retry_after: float, *, times: int = 1, **more: Any) -> Armed:
        """Answer the next requests to a route with 429."""
        self.armed.append(Armed(method, route, retry_after, times, **more))
        return self.armed[-1]

    def refusal(self, method: str, route: str, major: int) -> web.Response | None:
        """The 429 that a request is answered with; None where it may go on, and is counted."""
        for one in self.armed:
            if one.times and (one.method, one.route) == (method, route) and one.major in (None, major):
                one.times -= 1
                return self._too_many(method, route, major, one)
        most, seconds = self._policies.get((method, route), (1000, 1.0))
        now = self._clock.now()
        used = self._used[method, route, major] = [at for at in self._used[method, route, major] if at > now - seconds]
        if len(used) >= most:
            return self._too_many(method, route, major, Armed(method, route, used[0] + seconds - now, 1))
        used.append(now)
        return None

    def may_edit_old(self, channel_id: int) -> bool:
        """Whether one more message of over an hour may be edited in a channel."""
        now = self._clock.now()
        self._old_edits[channel_id] = [at for at in self._old_edits[channel_id] if at > now - OLD_EDIT_SECONDS]
        if len(self._old_edits[channel_id]) >= self.old_edits:
            return False
        self._old_edits[channel_id].append(now)
        return True

    def headers(self, method: str, route: str, major: int) -> dict[str, str]:
        """What every answer says of its bucket."""
        most, seconds = self._policies.get((method, route), (1000, 1.0))
        used = self._used[method, route, major]
        now = self._clock.now()
        reset = (used[0] + seconds if used else now + seconds) - now
        return {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(0, most - len(used))),
            "X-RateLimit-Reset": f"{now + reset:.3f}",
            "X-RateLimit-Reset-After": f"{max(0.0, reset):.3f}",
            "X-RateLimit-Bucket": f"{abs(hash((method, route))):016x}"[:16],
            "Via": "1.1 google",
        }

    def count(self, status: int) -> None:
        """Note how a request was answered."""
        self.answers[status] += 1
        self.invalid += status in (401, 403, 429)

    @property
    def is_banned(self) -> bool:
        """Whether so much was refused that nothing is listened to any more."""
        return self.invalid >= INVALID_BEFORE_BAN

    def _too_many(self, method: str, route: str, major: int, one: Armed) -> web.Response:
        wait = max(0.001, one.retry_after)
        body = {"message": "You are being rate limited.", "retry_after": wait, "global": one.is_global, "code": 0}
        headers = {
            **self.headers(method, route, major),
            "Retry-After": str(math.ceil(wait)),
            "X-RateLimit-Scope": one.scope,
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
        }
        if one.is_global:
            headers["X-RateLimit-Global"] = "true"
        if not one.has_via:  # the proxy before Discord refuses without it, and in HTML
            del headers["Via"]
            return web.Response(status=429, text="<html>blocked</html>", content_type="text/html", headers=headers)
        return web.json_response(body, status=429, headers=headers)
