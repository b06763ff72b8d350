from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from storage.opening import Storage, open_storage
from storage.tables import inbox

DAY = timedelta(days=1)


def kept(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(inbox)) or 0


async def test_an_event_is_taken_once(storage: Storage, now: datetime) -> None:
    assert await storage.inbox.take("slack", "E1", at=now)
    assert not await storage.inbox.take("slack", "E1", at=now)
    assert not await storage.inbox.take("slack", "E1", at=now + DAY)
    assert await storage.inbox.take("slack", "E2", at=now)
    assert await storage.inbox.take("discord", "E1", at=now)


async def test_old_ones_are_forgotten(storage: Storage, now: datetime) -> None:
    for number in range(5):
        await storage.inbox.take("slack", f"E{number}", at=now + timedelta(hours=number))
    assert await storage.inbox.take("slack", "new", at=now + DAY + timedelta(hours=3))
    assert await storage.database.read(kept) == 3
    assert await storage.inbox.take("slack", "E2", at=now + DAY + timedelta(hours=3))
    assert not await storage.inbox.take("slack", "E3", at=now + DAY + timedelta(hours=3))


async def test_only_one_of_many_takes_it(storage: Storage, database_url: str, now: datetime) -> None:
    """Two opened databases, as two processes would be."""
    other = await open_storage(database_url)
    taken = await asyncio.gather(*(one.inbox.take("slack", "E1", at=now) for one in (storage, other) for _ in range(8)))
    await other.close()
    assert sum(taken) == 1
