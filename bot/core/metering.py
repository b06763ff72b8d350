"""What whoever runs Paperboy can watch: what came of each step, and what is still owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

from bot.core.digests import PostState


class Outcome(StrEnum):
    """What came of one step for one post."""

    DONE = "done"
    BUSY = "busy"
    UNCERTAIN = "uncertain"
    CHANNEL_UNAVAILABLE = "channel_unavailable"
    CONTENT_REFUSED = "content_refused"
    NOT_CONNECTED = "not_connected"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the ledger owes at a moment.

    `due` subscriptions wait to be planned, the first of them for `lag`. `posts` counts what waits to be sent or
    changed, by platform and state; `oldest` is by platform how long ago the oldest of them was due.
    """

    due: int = 0
    lag: timedelta = timedelta()
    posts: Mapping[tuple[str, PostState], int] = field(default_factory=dict)
    oldest: Mapping[str, timedelta] = field(default_factory=dict)


class Meter(Protocol):
    """Is told what happens. It never waits, and never fails."""

    def stepped(self, platform: str, outcome: Outcome, *, again: bool) -> None:
        """One step was taken for a post, `again` when it was not the first for it."""
        ...

    def told_to_wait(self, platform: str, seconds: float) -> None:
        """A platform asked for patience."""
        ...

    def looked_up(self, platform: str, seconds: float) -> None:
        """Somebody was answered a lookup, after so many seconds."""
        ...


class Unmetered:
    """A `Meter` that keeps nothing: for commands that end, and for whoever does not watch."""

    def stepped(self, platform: str, outcome: Outcome, *, again: bool) -> None:
        """See `Meter`."""

    def told_to_wait(self, platform: str, seconds: float) -> None:
        """See `Meter`."""

    def looked_up(self, platform: str, seconds: float) -> None:
        """See `Meter`."""


UNMETERED: Final = Unmetered()
