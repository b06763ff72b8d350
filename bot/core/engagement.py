"""How readers respond: reactions, thread replies and saves, summed over all posts of an entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.core.entries import Entry
from bot.core.people import Person


@dataclass(frozen=True, slots=True)
class Engagement:
    """What one entry's posts gathered. A person who reacts with two emoji counts twice, saves once."""

    reactions: int = 0
    replies: int = 0
    saves: int = 0

    @property
    def popularity(self) -> int:
        """What `sort:popular` ranks by."""
        return self.reactions + self.saves


@dataclass(frozen=True, slots=True)
class SeenReaction:
    """One person's reaction as the platform shows it now."""

    person: Person
    emoji: str


@dataclass(frozen=True, slots=True)
class SeenReply:
    """One reply in a post's thread as the platform shows it now."""

    person: Person
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """What a platform shows below one post now, without bots'."""

    reactions: tuple[SeenReaction, ...] = ()
    replies: tuple[SeenReply, ...] = ()


@dataclass(frozen=True, slots=True)
class Recap:
    """A week: digest dates `first`..`last`, entries with what they gathered, in three short lists."""

    first: date
    last: date
    entry_count: int
    top: tuple[tuple[Entry, Engagement], ...]
    discussed: tuple[tuple[Entry, Engagement], ...]
    overlooked: tuple[tuple[Entry, Engagement], ...]
    per_day: tuple[tuple[date, int], ...]
