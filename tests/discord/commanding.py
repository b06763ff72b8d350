"""What tests of commands share: a day that stands still, a database that never answers, all that a message says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.platforms.discord.world import Message

NOW = datetime(2024, 6, 21, 3, 0, tzinfo=UTC)


class StandingClock:
    """Always the same moment."""

    def now(self) -> datetime:
        """See the port."""
        return NOW


class Stuck:
    """A database that never answers, whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        return Stuck()

    def __call__(self, *_: object, **__: object) -> Any:
        return asyncio.Event().wait()


def words(message: Message) -> str:
    """All that a message says, what stands on its buttons too."""
    return "\n".join(_texts(message.components)) or message.content


def _texts(parts: Any) -> Iterator[str]:
    for part in parts or ():
        if "content" in part:
            yield str(part["content"])
        if part.get("label"):
            yield str(part["label"])
        yield from _texts(part.get("components"))
        yield from _texts([part["accessory"]] if part.get("accessory") else [])
