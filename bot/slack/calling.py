"""One workspace's Web API: the only place that calls it.

The library retries nothing by itself (`retry_handlers=[]`): it would send a POST again whose connection broke, which
may have arrived. What is tried again, and when, is decided by the ledger for posts, and by people for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.ports import Clock
from bot.slack.errors import SlackBusy, translated

TIMEOUT: Final = 30
"""Seconds for one call."""
_KEPT: Final = 10.0
"""Seconds for which a connection that nobody uses is kept."""


class RateLimits:
    """Until when a method of a workspace must not be called again: Slack limits each by itself."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], datetime] = {}

    def check(self, team_id: str, method: str, now: datetime) -> None:
        """Refuse a call that Slack would refuse.

        Raises:
            SlackBusy
        """
        until = self._until.get((team_id, method))
        if until is not None and until > now:
            raise SlackBusy(method, until)
        self._until.pop((team_id, method), None)

    def note(self, team_id: str, busy: SlackBusy) -> None:
        """Remember what Slack said."""
        self._until[team_id, busy.method] = busy.retry_at


class SlackClient:
    """The Web API with one workspace's token."""

    def __init__(self, team_id: str, web: AsyncWebClient, limits: RateLimits, clock: Clock) -> None:
        self.team_id = team_id
        self._web = web
        self._limits = limits
        self._clock = clock

    async def call(self, method: str, /, **arguments: object) -> Mapping[str, Any]:
        """Call a method by its name, such as `chat.postMessage`; what it answers.

        Raises:
            SlackRefused, SlackBusy, SlackUnreachable
        """
        now = self._clock.now()
        self._limits.check(self.team_id, method, now)
        ask = getattr(self._web, method.replace(".", "_"))
        try:
            with translated(method, now):
                answer = await ask(**arguments)
        except SlackBusy as busy:
            self._limits.note(self.team_id, busy)
            raise
        return answer.data if isinstance(answer.data, dict) else {}

    async def scopes(self) -> frozenset[str]:
        """The scopes this token was given.

        Raises:
            SlackRefused, SlackBusy, SlackUnreachable
        """
        with translated("auth.test", self._clock.now()):
            answer = await self._web.auth_test()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return frozenset(filter(None, str(headers.get("x-oauth-scopes", "")).replace(",", " ").split()))


def kept_connections() -> aiohttp.ClientSession:
    """Connections to Slack that are kept between calls, for `web_client`; to be closed. Needs a running event loop.

    One that has been idle is given up long before Slack closes it: a POST that meets the end of its connection may have
    arrived or not.
    """
    connector = aiohttp.TCPConnector(keepalive_timeout=_KEPT)
    limit = aiohttp.ClientTimeout(total=TIMEOUT)
    return aiohttp.ClientSession(connector=connector, timeout=limit, cookie_jar=aiohttp.DummyCookieJar())


def web_client(token: str | None, api_url: str, session: aiohttp.ClientSession | None = None) -> AsyncWebClient:
    """The library's client, told not to retry. Without a session it makes a connection for each call."""
    return AsyncWebClient(token=token, base_url=api_url, timeout=TIMEOUT, session=session, retry_handlers=[])
