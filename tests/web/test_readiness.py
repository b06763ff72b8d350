"""`/readyz` reads and writes, once for all who ask meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any, cast

from bot.core.ports import Stores
from bot.web import readiness
from bot.web.readiness import Readiness
from tests.web.conftest import Site


class Slow:
    """Stores that answer when they are told to, and count how often they are asked."""

    def __init__(self) -> None:
        self.read = self.written = 0
        self.released = asyncio.Event()

    @property
    def archive(self) -> Any:
        return self

    async def count(self) -> int:
        self.read += 1
        await self.released.wait()
        return 0

    async def touch(self) -> None:
        self.written += 1


def started() -> asyncio.Event:
    """The start is over."""
    event = asyncio.Event()
    event.set()
    return event


async def test_nobody_is_sent_here_before_the_start_is_over() -> None:
    slow, prepared = Slow(), asyncio.Event()
    slow.released.set()
    ready = Readiness(cast("Stores", slow), prepared)
    assert await ready.why_not() == "Paperboy is starting"
    prepared.set()
    assert await ready.why_not() is None


async def test_many_who_ask_are_one_look() -> None:
    slow = Slow()
    ready = Readiness(cast("Stores", slow), started())
    asking = [asyncio.create_task(ready.why_not()) for _ in range(20)]
    await asyncio.sleep(0)
    slow.released.set()
    assert await asyncio.gather(*asking) == [None] * 20
    assert await ready.why_not() is None
    assert (slow.read, slow.written) == (1, 1)


async def test_nobody_waits_for_a_look_that_takes_long() -> None:
    slow = Slow()
    ready = Readiness(cast("Stores", slow), started(), timeout=0.05)
    async with asyncio.timeout(4):
        assert [await ready.why_not() for _ in range(2)] == ["the database does not answer"] * 2
    assert slow.read == 1
    await ready.close()


async def test_a_database_that_can_only_be_read_is_not_ready(public: Site) -> None:
    assert (await public.get("/readyz")).status == 200
    with closing(sqlite3.connect(public.storage.database.name, isolation_level=None)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN SELECT RAISE(FAIL, 'no room'); END")
        await asyncio.sleep(readiness._GOOD_FOR)  # for so long an answer is given again
        ready = await public.get("/readyz")
        assert (ready.status, ready.text) == (503, "nothing can be written to the database\n")
        assert ready.headers["Retry-After"] == "5"
        assert (await public.get("/read")).status == 200
        other.execute("DROP TRIGGER full")
