"""One message a second and channel: what Slack asks of whoever posts."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.core.subscriptions import Channel


@dataclass(slots=True)
class _Lane:
    free_at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pace:
    """Lets messages into each channel one after the other, `seconds` apart; channels do not wait for each other."""

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._lanes: defaultdict[Channel, _Lane] = defaultdict(_Lane)

    @asynccontextmanager
    async def turn(self, channel: Channel) -> AsyncIterator[None]:
        """Wait for the channel's next turn. The pause after it begins where the block ends: once Slack has answered."""
        if not self._seconds:
            yield
            return
        loop = asyncio.get_running_loop()
        lane = self._lanes[channel]
        async with lane.lock:
            await asyncio.sleep(max(0.0, lane.free_at - loop.time()))
            try:
                yield
            finally:
                lane.free_at = loop.time() + self._seconds
