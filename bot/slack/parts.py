"""What the handlers of Slack's requests work with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from bot.core.subscriptions import Layout
from bot.slack.courier import SlackCourier
from bot.slack.people import People
from bot.slack.rooms import Rooms
from bot.slack.workspaces import Workspaces
from bot.usecases.converse import Desk

LAYOUTS: Final = frozenset({Layout.CARDS, Layout.COMPACT})
"""The layouts that Slack can show."""


_ANSWERS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class SlackParts:
    """Composed once by `bot.app`; `desk` answers people, the rest speaks to Slack.

    `gate` lets a few answers be made at once: many at a time would keep the acknowledgements of others waiting.
    """

    desk: Desk
    workspaces: Workspaces
    people: People
    courier: SlackCourier
    rooms: Rooms
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_ANSWERS_AT_ONCE))
