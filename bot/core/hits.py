"""Results of a lookup, as one person sees them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.digests import MessageRef
from bot.core.engagement import Engagement
from bot.core.entries import Entry


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text around what was asked for; `matched`: this is it."""

    text: str
    matched: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry as one asker sees it: engagement everywhere, whether they saved it, its post in their workspace.

    `snippet` is where the words asked for stand in its texts, in pieces; empty where no words were asked for.
    """

    entry: Entry
    engagement: Engagement = field(default_factory=Engagement)
    saved: bool = False
    jump: MessageRef | None = None
    snippet: tuple[Excerpt, ...] = ()
