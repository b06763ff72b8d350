"""What a process goes on with by itself when its database was away."""

from __future__ import annotations

import asyncio
from collections.abc import MutableSequence
from typing import Any

from structlog.testing import capture_logs

from bot.app import keep_index
from storage.opening import open_storage
from tests.databases import ask


async def test_the_index_is_made_anew_though_the_database_is_away_at_first(database_url: str) -> None:
    storage = await open_storage(database_url)
    ask(database_url, "UPDATE index_state SET version = 0")
    ask(database_url, "ALTER TABLE index_state RENAME TO elsewhere")
    async with asyncio.timeout(30):
        with capture_logs() as logs:
            keeping = asyncio.create_task(keep_index(storage, retry_delay=0.01))
            await _logged(logs, "run.index_held_up")
            ask(database_url, "ALTER TABLE elsewhere RENAME TO index_state")
            await keeping
        assert logs[-1]["event"] == "run.reindexed"
        assert await storage.check() == []
    await storage.close()


async def _logged(logs: MutableSequence[Any], event: str) -> None:
    while event not in [one["event"] for one in logs]:  # noqa: ASYNC110 - a log tells nobody of what is in it
        await asyncio.sleep(0.01)
