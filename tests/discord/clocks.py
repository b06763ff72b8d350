"""Paperboy's clock, where a test moves time on, and a library that does not wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import discord as library

from tests.platforms.discord import DiscordServer


@dataclass
class ClockOf:
    """The server's clock, so that both move on together: `server.clock.advance(seconds)`."""

    server: DiscordServer

    def now(self) -> datetime:
        """See the port."""
        return datetime.fromtimestamp(self.server.clock.now(), UTC)


class AtOnce:
    """No pauses between the library's own attempts to reconnect."""

    def delay(self) -> float:
        """See the library."""
        return 0.0


def hurry(client: library.AutoShardedClient) -> None:
    """Let the library wait for nothing when it reconnects."""
    for shard in client.shards.values():
        shard._parent._backoff = AtOnce()  # type: ignore[assignment]
