"""Real SQLite files with the real migrations, copied from one template for each test; and entries to put in them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.core.entries import Entry
from bot.core.people import Person
from bot.core.subscriptions import Channel, Subscription
from storage.migrating import upgrade
from storage.opening import Storage, open_storage

Make = Callable[..., Entry]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the newest schema."""
    path = tmp_path_factory.mktemp("template") / "paperboy.db"
    upgrade(str(path))
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """A database of this test's own."""
    return Path(shutil.copy(template, tmp_path / "paperboy.db"))


@pytest.fixture
async def storage(path: Path) -> AsyncIterator[Storage]:
    """The opened database. What a test leaves behind must be sound."""
    opened = await open_storage(f"sqlite:///{path}")
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
