"""What the handlers of Discord's interactions and events work with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.core.subscriptions import Layout
from bot.discord.api import Api
from bot.discord.people import People
from bot.usecases.converse import Desk

if TYPE_CHECKING:
    from bot.discord.client import PaperboyClient
    from bot.discord.courier import DiscordCourier

LAYOUTS: Final = frozenset({Layout.CARDS, Layout.COMPACT, Layout.FORUM})
"""The layouts that Discord can show."""

_ANSWERS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class DiscordParts:
    """Composed once by `bot.app`; `desk` answers people, the rest speaks to Discord.

    `gate` lets a few answers be made at once: many at a time would keep the acknowledgements of others waiting. What is
    an acknowledgement itself, such as a form that opens, does not wait there.
    """

    desk: Desk
    client: PaperboyClient
    api: Api
    people: People
    courier: DiscordCourier
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_ANSWERS_AT_ONCE))
