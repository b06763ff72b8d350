from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from bot.core.errors import StorageBusy
from storage.database import Database
from storage.opening import Storage, open_storage
from tests.databases import backend_of, on_postgresql, on_sqlite

from .conftest import Make


@on_postgresql
async def test_how_a_server_is_used(storage: Storage) -> None:
    def setting(connection: Connection) -> list[object]:
        names = ("transaction_isolation", "transaction_read_only", "lock_timeout", "application_name")
        return [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]

    assert await storage.database.read(setting) == ["repeatable read", "on", "0", "paperboy"]
    assert await storage.database.write(setting) == ["read committed", "off", "5s", "paperboy"]


@on_sqlite
async def test_how_a_file_is_opened(storage: Storage) -> None:
    def pragma(connection: Connection, name: str) -> object:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

    wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000, "page_size": 8192}
    assert {name: await storage.database.read(pragma, name) for name in wanted} == wanted


async def test_a_failed_write_leaves_nothing(storage: Storage) -> None:
    def write(connection: Connection) -> None:
        connection.execute(text("INSERT INTO documents VALUES ('a', 1)"))
        connection.execute(text("CREATE TABLE extra (id INTEGER)"))
        raise KeyError

    with pytest.raises(KeyError):
        await storage.database.write(write)

    def left(connection: Connection) -> list[object]:
        tables = [name for name in inspect(connection).get_table_names() if name == "extra"]
        return [*tables, *connection.execute(text("SELECT * FROM documents"))]

    assert await storage.database.read(left) == []


async def test_readers_see_one_moment(storage: Storage, make: Make, now: datetime) -> None:
    """A write between two statements of one reader does not show."""
    loop = asyncio.get_running_loop()

    def read_twice(connection: Connection) -> list[object]:
        count = text("SELECT count(*) FROM entries")
        first = connection.scalar(count)
        asyncio.run_coroutine_threadsafe(storage.archive.add(make(), by=None, at=now), loop).result(timeout=10)
        return [first, connection.scalar(count)]

    assert await storage.database.read(read_twice) == [0, 0]
    assert await storage.archive.count() == 1


async def test_many_writers_and_readers_at_once(database_url: str, make: Make, now: datetime) -> None:
    """In two opened databases, as two processes would be."""
    storages = [await open_storage(database_url) for _ in range(2)]
    await asyncio.gather(
        *(storage.archive.add(make(tags=("a",)), by=None, at=now) for storage in storages for _ in range(10)),
        *(storage.archive.tags() for storage in storages for _ in range(10)),
    )
    for storage in storages:
        assert [tag.count for tag in await storage.archive.tags()] == [20]
        assert await storage.check() == []
        await storage.close()


async def held_up(database: Database) -> tuple[list[asyncio.Task[None]], threading.Event]:
    """Every thread that writes is at work until the event is set."""
    writers = database._writers._pool._max_workers
    begun, over = threading.Barrier(writers + 1), threading.Event()

    def hold_up(_: Connection) -> None:
        begun.wait(10)
        over.wait(10)

    tasks = [asyncio.create_task(database.write(hold_up)) for _ in range(writers)]
    await asyncio.to_thread(begun.wait, 10)
    return tasks, over


async def test_who_waits_in_line_for_too_long_is_told_so_and_nothing_is_done(database_url: str) -> None:
    database = Database(backend_of(database_url), queue_timeout=0.05)
    first, over = await held_up(database)
    done: list[int] = []
    late = asyncio.create_task(database.write(lambda _: done.append(1)))
    patient = asyncio.create_task(database.write_long(lambda _: done.append(2)))
    await asyncio.sleep(0.1)  # more than is waited in line
    over.set()
    with pytest.raises(StorageBusy, match="does not answer"):
        await late
    await asyncio.gather(*first, patient)
    await database.close()
    assert done == [2]


async def test_what_waits_in_line_is_not_begun_any_more_when_it_is_closed(database_url: str) -> None:
    database = Database(backend_of(database_url), queue_timeout=60)  # so that it is the end that it is told of
    first, over = await held_up(database)
    done: list[int] = []
    waiting = asyncio.create_task(database.write(lambda _: done.append(1)))
    await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    with pytest.raises(StorageBusy, match="does not answer"):
        await waiting
    over.set()
    await asyncio.gather(closing, *first, return_exceptions=True)
    assert done == []


async def test_what_is_to_be_done_when_nobody_writes_waits_for_that(storage: Storage) -> None:
    begun, over, done = threading.Event(), threading.Event(), asyncio.Event()
    loop, asked = asyncio.get_running_loop(), Counter[str]()

    def hold_up(_: Connection) -> None:
        begun.set()
        over.wait(10)

    def step(_: Connection) -> bool:
        asked["step"] += 1
        if asked["step"] == 3:
            loop.call_soon_threadsafe(done.set)
        return asked["step"] < 3

    writing = asyncio.create_task(storage.database.write(hold_up))
    await asyncio.to_thread(begun.wait, 10)
    storage.database.when_idle(step)
    await storage.archive.count()
    assert not asked
    over.set()
    await writing
    await asyncio.wait_for(done.wait(), 10)


async def test_it_is_done_also_where_people_never_stop_writing(storage: Storage) -> None:
    steps, over = Counter[str](), asyncio.Event()
    loop = asyncio.get_running_loop()

    def step(_: Connection) -> bool:
        steps["done"] += 1
        loop.call_soon_threadsafe(over.set)
        return False

    async def write() -> None:
        while not over.is_set():
            await storage.database.write(lambda _: None)

    writing = [asyncio.create_task(write()) for _ in range(3)]
    async with asyncio.timeout(20):
        while not over.is_set():
            storage.database.when_idle(step)
            await asyncio.sleep(0)
        await asyncio.gather(*writing)
    assert steps["done"] >= 1


async def test_what_fails_when_nobody_writes_is_not_tried_again_and_again(database_url: str) -> None:
    storage = await open_storage(database_url)
    asked, failed, loop = Counter[str](), asyncio.Event(), asyncio.get_running_loop()

    def fail(connection: Connection) -> bool:
        asked["step"] += 1
        loop.call_soon_threadsafe(failed.set)
        connection.execute(text("SELECT 1 FROM nowhere"))
        return True

    for times in (1, 2):
        failed.clear()
        storage.database.when_idle(fail)
        await asyncio.wait_for(failed.wait(), 10)
        for _ in range(20):
            await storage.archive.count()
        await asyncio.sleep(0.05)
        assert asked["step"] == times
    await storage.close()


@on_sqlite
async def test_the_log_is_written_back_when_nobody_writes(storage: Storage, make: Make, now: datetime) -> None:
    """Then what is written next takes its room; it grows with every change otherwise."""
    log, size = Path(storage.database.name + "-wal"), 0
    for number in range(100):
        await storage.archive.add(make("2024-06-21", id=f"entry{number:05}"), by=None, at=now)
        before, size = size, log.stat().st_size
        if before == size:
            return
        await asyncio.sleep(0.05)
    pytest.fail("it grows and grows")


HEAVY = (
    "sqlalchemy.orm",
    "sqlalchemy.ext.asyncio",
    "alembic",
    "aiosqlite",
    "mako",
    "hypothesis",
    "slack_sdk",
    "cryptography",
    "greenlet",
    "psycopg",
    "sqlalchemy.dialects.postgresql",
)


def test_a_lookup_imports_nothing_heavy(path: Path) -> None:
    code = f"""
import asyncio, sys
from storage.opening import open_storage
from bot.core.query import Criteria, TextTerm

async def main():
    storage = await open_storage("sqlite:///{path}")
    await storage.search.page(Criteria(tags=(("a",),), texts=(TextTerm("b"),)), asker=None, limit=5)
    await storage.close()

asyncio.run(main())
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.check_output([sys.executable, "-W", "error", "-c", code], text=True, env=env) == "\n"
