"""The databases: where they are, how they are cut, and how time passes for what waits in them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Protocol

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.core.subscriptions import Subscription
from storage.database import Database
from storage.subscriptions import _values
from storage.tables import deliveries, posts, subscriptions
from tests.postgres import Server, running_server


class Base(Protocol):
    """A database."""

    @property
    def url(self) -> str:
        """Its address, for DATABASE_URL."""
        ...

    async def cut(self, chance: Random) -> None:
        """Nobody can work with it for a while; returns when that is over."""
        ...


class SqliteBase:
    """A file. It is cut by somebody who holds its lock, now and then for longer than Paperboy waits for it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "paperboy.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    async def cut(self, chance: Random) -> None:
        seconds = 5.5 if chance.random() < 0.1 else chance.uniform(0.1, 1.0)
        with closing(sqlite3.connect(self._path, timeout=0.01, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                return  # Paperboy is writing this very moment
            await asyncio.sleep(seconds)
            connection.execute("ROLLBACK")


class PostgresqlBase:
    """A server of this campaign's own. It is cut by ending all connections, and now and then by a restart."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._name = name

    @property
    def url(self) -> str:
        return self._server.url(self._name)

    async def cut(self, chance: Random) -> None:
        if chance.random() < 0.3:
            await asyncio.to_thread(self._server.stop)
            try:
                await asyncio.sleep(chance.uniform(0.0, 1.0))
            finally:
                await asyncio.shield(asyncio.to_thread(self._server.start))
            return
        for _ in range(chance.randint(1, 4)):
            await asyncio.to_thread(self._end_connections)
            await asyncio.sleep(chance.uniform(0.0, 0.2))

    def _end_connections(self) -> None:
        everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        with self._server.connected("postgres") as connection:
            connection.execute(f"{everybody} AND datname = '{self._name}'".encode())


@asynccontextmanager
async def postgresql_base(folder: Path) -> AsyncIterator[Base]:
    """A new database on a new server."""
    del folder  # a server's socket needs a shorter path
    with running_server() as server:
        yield PostgresqlBase(server, server.create())


@asynccontextmanager
async def sqlite_base(folder: Path) -> AsyncIterator[Base]:
    """A SQLite file in a folder."""
    yield SqliteBase(folder)


BASES = {"sqlite": sqlite_base, "postgresql": postgresql_base}


async def pass_time(database: Database, time: timedelta) -> None:
    """What waits for a moment within this time waits no more: nobody can move the clock of another process."""
    await database.write(_pass_time, time)


def _pass_time(connection: Connection, time: timedelta) -> None:
    waiting = select(posts.c.id, posts.c.next_attempt_at).where(posts.c.next_attempt_at.is_not(None))
    for row in connection.execute(waiting).all():
        sooner = update(posts).where(posts.c.id == row.id)
        connection.execute(sooner.values(next_attempt_at=row.next_attempt_at - time))


async def unfinished(database: Database) -> int:
    """How many posts something is to be done to, whether or not anybody is at it."""
    return await database.read(_unfinished)


def _unfinished(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(posts).where(posts.c.turn.is_not(None))) or 0


async def forget_deliveries(database: Database) -> None:
    """Take away what was promised to channels, now that it has been looked at: so rounds do not get slower."""
    await database.write(_forget)


def _forget(connection: Connection) -> None:
    for table in (posts, deliveries, subscriptions):
        connection.execute(delete(table))


async def add_subscriptions(database: Database, orders: Sequence[Subscription]) -> None:
    """Very many at once."""
    await database.write(_add, orders)


def _add(connection: Connection, orders: Sequence[Subscription]) -> None:
    connection.execute(insert(subscriptions), [{"removed": False, **_values(order)} for order in orders])


async def make_all_due(database: Database) -> None:
    """Have every subscription be due at this moment, as at nine o'clock."""
    await database.write(_make_due)


def _make_due(connection: Connection) -> None:
    connection.execute(update(subscriptions).values(next_run_at=datetime.now(UTC)))
