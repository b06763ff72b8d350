"""The databases: where they are, how they are cut, and how time passes for what waits in them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Protocol

from sqlalchemy import Connection, delete, func, select, update

from storage.database import Database
from storage.tables import deliveries, posts, subscriptions


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


@asynccontextmanager
async def sqlite_base(folder: Path) -> AsyncIterator[Base]:
    """A SQLite file in a folder."""
    yield SqliteBase(folder)


BASES = {"sqlite": sqlite_base}


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
