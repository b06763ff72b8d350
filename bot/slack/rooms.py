"""Which channels everybody in a workspace may see: a link into another would only lead to a closed door."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from bot.core.errors import StorageError
from bot.core.subscriptions import Channel
from bot.slack.errors import SlackError
from bot.slack.workspaces import Workspaces

_KEPT_SECONDS: Final = 3_600.0
_MOST_ASKED: Final = 10
"""Channels looked up for one answer."""


class Rooms:
    """Looks channels up, and remembers them for an hour. Of what Slack does not tell now nobody is shown a link."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._public: dict[Channel, tuple[float, bool]] = {}

    async def public(self, channels: Iterable[Channel]) -> frozenset[Channel]:
        """Those of the channels that are public."""
        wanted = sorted(set(channels))
        unknown = [channel for channel in wanted if not self._is_known(channel)][:_MOST_ASKED]
        await asyncio.gather(*map(self._ask, unknown))
        return frozenset(channel for channel in wanted if self._public.get(channel, (0.0, False))[1])

    def _is_known(self, channel: Channel) -> bool:
        known = self._public.get(channel)
        return known is not None and time.monotonic() - known[0] < _KEPT_SECONDS

    async def _ask(self, channel: Channel) -> None:
        try:
            client = await self._workspaces.client(channel.workspace)
            answer = await client.call("conversations.info", channel=channel.id)
        except (SlackError, StorageError):
            self._public.pop(channel, None)
            return
        about = answer.get("channel") or {}
        closed = any(about.get(flag) for flag in ("is_private", "is_im", "is_mpim", "is_group"))
        self._public[channel] = (time.monotonic(), not closed)
