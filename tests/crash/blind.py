"""The control's process: Paperboy as ever, but whatever it looks up on a platform is "not there"."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from bot import app
from bot.core.ports import Courier
from bot.core.subscriptions import Channel, Layout
from bot.opening import opened
from bot.roles import EVERYTHING
from bot.settings import load_settings
from bot.usecases.desk import Desk


class BlindCourier:
    """A platform's courier, in all but one thing."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    def __getattr__(self, name: str) -> Any:
        return getattr(self._courier, name)

    async def find(self, channel: Channel, key: str, *, thread_id: str | None, since: datetime) -> str | None:
        """Nothing was ever there."""
        return None


class BlindPaperboy(app._Running):
    """The parts of a process, joined with such couriers."""

    def _desk(self, courier: Courier, layouts: frozenset[Layout]) -> Desk:
        return super()._desk(cast("Courier", BlindCourier(courier)), layouts)


async def run(environment: Mapping[str, str]) -> None:
    """Serve until killed."""
    settings = load_settings(environment, Path.cwd())
    async with opened(settings, migrate=True) as storage:
        await BlindPaperboy(settings, EVERYTHING, storage).serve(lambda _: None, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(run(os.environ))
