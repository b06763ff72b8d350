from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from storage.opening import Storage, open_storage
from storage.tables import questions

MONTH = timedelta(days=30)


def kept(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(questions)) or 0


async def test_what_was_kept_is_got_by_its_key(storage: Storage, now: datetime) -> None:
    texts = ["/paper 큰 언어 모형", "", '{"title": "' + "가" * 20_000 + '"}', "/paper 큰 언어 모형"]
    keys = await storage.questions.keep(texts, at=now)
    assert [await storage.questions.get(key) for key in keys] == texts
    assert all(re.fullmatch(r"[\w-]{22}", key, re.ASCII) for key in keys)
    assert len(set(keys)) == 3
    assert await storage.questions.get("never-kept") is None


async def test_nothing_to_keep_asks_nothing(storage: Storage, now: datetime) -> None:
    assert list(await storage.questions.keep([], at=now)) == []


async def test_it_outlives_a_restart_and_has_the_same_key_then(
    storage: Storage, database_url: str, now: datetime
) -> None:
    (key,) = await storage.questions.keep(["asked before"], at=now)
    other = await open_storage(database_url)
    assert await other.questions.get(key) == "asked before"
    assert tuple(await other.questions.keep(["asked before"], at=now)) == (key,)
    await other.close()


async def test_what_nobody_has_used_for_thirty_days_is_forgotten(storage: Storage, now: datetime) -> None:
    used, unused = await storage.questions.keep(["used", "unused"], at=now)
    await storage.questions.keep(["used"], at=now + timedelta(days=1))
    await storage.questions.keep(["new"], at=now + MONTH + timedelta(hours=1))
    assert await storage.questions.get(unused) is None
    assert await storage.questions.get(used) == "used"
    assert await storage.database.read(kept) == 2
