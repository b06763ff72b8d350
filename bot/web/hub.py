"""Tells every open tab what has happened, as ids only: each fetches what it shows in its own language and persona."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_MOST_WAITING: Final = 256


class EventKind(StrEnum):
    """What happened to a message or an entry."""

    POSTED = "posted"
    CHANGED = "changed"  # its text, reactions or reply count
    DELETED = "deleted"
    ENTRY = "entry"  # an entry was edited, saved or removed: whatever shows it is stale
    REFRESH = "refresh"  # many messages at once: fetch everything anew


@dataclass(frozen=True, slots=True)
class Event:
    """One happening. `thread_of` is the message whose thread it is in; `entry_id` comes with ENTRY only."""

    kind: EventKind
    channel_id: str = ""
    message_id: int = 0
    thread_of: int | None = None
    entry_id: str | None = None


@dataclass(slots=True, eq=False)
class Tab:
    """One listener. `events` are pairs of the hub's position after the event, and the event; None is the end."""

    events: asyncio.Queue[tuple[str, Event] | None] = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))

    def let_go(self) -> None:
        """Forget what waits; the next thing it hears is the end."""
        while not self.events.empty():
            self.events.get_nowait()
        self.events.put_nowait(None)


class Hub:
    """Hands each event to every tab; a tab that does not keep up is let go and finds its own way back."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._count = 0
        self._tabs: set[Tab] = set()

    @property
    def position(self) -> str:
        """A mark that is the same only when nothing has happened in between, in this very process."""
        return f"{self._run}-{self._count}"

    @property
    def tab_count(self) -> int:
        """How many tabs listen."""
        return len(self._tabs)

    def publish(self, event: Event) -> None:
        """Tell every tab; never waits."""
        self._count += 1
        for tab in list(self._tabs):
            try:
                tab.events.put_nowait((self.position, event))
            except asyncio.QueueFull:
                self._tabs.discard(tab)
                tab.let_go()

    @contextmanager
    def listening(self) -> Iterator[Tab]:
        """Be one of the tabs for a while."""
        tab = Tab()
        self._tabs.add(tab)
        try:
            yield tab
        finally:
            self._tabs.discard(tab)
