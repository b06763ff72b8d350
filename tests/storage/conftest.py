"""Real databases with the real migrations, and entries to put in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.core.entries import Entry
from bot.core.people import Person
from bot.core.subscriptions import Channel, Subscription
from storage.opening import Storage, open_storage

Make = Callable[..., Entry]


@pytest.fixture
def path(sqlite_url: str) -> Path:
    """A database of this test's own, for what only SQLite can do."""
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """The opened database, of either kind. What a test leaves behind must be sound."""
    opened = await open_storage(database_url)
    yield opened
    problems = await opened.check()
    await opened.close()
    assert problems == []


@pytest.fixture
def now() -> datetime:
    """A moment with microseconds."""
    return datetime(2024, 6, 21, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
def make() -> Make:
    """Entries that differ in their title, with anything else as asked."""
    numbers = count(1)

    def make(day: str | None = "2024-06-21", **values: Any) -> Entry:
        values.setdefault("title", f"Paper {next(numbers)}")
        values.setdefault("id", "")
        return Entry(digest_date=date.fromisoformat(day) if day else None, **values)

    return make


@pytest.fixture
def ann() -> Person:
    return Person("slack", "T1", "U1")


@pytest.fixture
def bob() -> Person:
    return Person("discord", "G1", "7")


@pytest.fixture
def channel() -> Channel:
    return Channel("local", "local", "general")


@pytest.fixture
def order(channel: Channel) -> Subscription:
    """A subscription that is not kept yet."""
    return Subscription(channel=channel)
