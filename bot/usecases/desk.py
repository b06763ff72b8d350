"""What answering people takes, whoever asks and on whichever platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.metering import UNMETERED, Meter
from bot.core.people import Language
from bot.core.ports import Clock, Courier, PaperSource, Stores
from bot.core.subscriptions import Layout


@dataclass(frozen=True, slots=True)
class Desk:
    """What a platform needs to answer people.

    `courier` is the platform's own, `layouts` are those it can post. `nudge` wakes the delivery loop after a change;
    `entry_changed` is told the id of each entry that was changed, and wakes it too. `language` and `zone` (IANA) are
    for those who have not chosen their own. `one_id_everywhere`: a person has the same id in all workspaces of the
    platform, and nobody else has it in any.
    """

    stores: Stores
    clock: Clock
    source: PaperSource
    courier: Courier
    nudge: Callable[[], None]
    entry_changed: Callable[[str], None]
    language: Language
    zone: str
    layouts: frozenset[Layout]
    one_id_everywhere: bool = False
    meter: Meter = UNMETERED
