"""Completion of what goes with the rest of a query, where that finds more than is counted."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.core.ports import Facet, ImportedEntry
from bot.core.query import criteria_of
from bot.core.query_syntax import parse
from storage.opening import Storage

from .conftest import Make
from .test_index import TODAY

OF_OLD = 20
NEWER = 300


@pytest.fixture
async def archive(storage: Storage, make: Make, now: datetime) -> Storage:
    """Twenty entries of 2020 about something of their own, on a day each, and three hundred newer ones."""
    old = [
        make(f"2020-05-{day:02}", id=f"old{day:04}", tags=("gan", "review"), commentary="데이터로 학습")
        for day in range(1, OF_OLD + 1)
    ]
    new = [
        make("2024-06-01", id=f"new{number:04}", tags=("llm",), commentary="데이터를 학습") for number in range(NEWER)
    ]
    written = [ImportedEntry(one, True) for one in (*old, *new)]
    await storage.archive.write_import(written, documents=[], at=now)
    return storage


async def offered(archive: Storage, query: str, facet: Facet, prefix: str) -> list[tuple[str, int, bool]]:
    criteria = criteria_of(parse(query), TODAY)
    found = await archive.search.narrowed(criteria, facet, prefix, limit=12)
    return [(one.name, one.count, one.at_least) for one in found]


@pytest.mark.parametrize("query", ["학습", "데이터", "-#vision"])
async def test_a_tag_that_the_newest_do_not_have_is_counted_by_itself(archive: Storage, query: str) -> None:
    assert await offered(archive, query, Facet.TAGS, "ga") == [("gan", OF_OLD, False)]
    assert await offered(archive, query, Facet.TAGS, "REV") == [("review", OF_OLD, False)]
    assert await offered(archive, query, Facet.TAGS, "vision") == []
    assert await offered(archive, query, Facet.TAGS, "view") == [("review", OF_OLD, False)]
    assert await offered(archive, f"{query} before:2021", Facet.TAGS, "vi") == []
    assert await offered(archive, f"{query} before:2021", Facet.TAGS, "view") == [("review", OF_OLD, False)]
    ((name, count, at_least),) = await offered(archive, query, Facet.TAGS, "ll")
    assert (name, at_least) == ("llm", True)
    assert count < NEWER


async def test_where_not_all_are_counted_there_are_at_least_so_many(archive: Storage) -> None:
    ((name, count, at_least),) = await offered(archive, "학습", Facet.TAGS, "")
    assert (name, at_least) == ("llm", True)
    assert 0 < count < NEWER
    assert await offered(archive, "학습 before:2021", Facet.TAGS, "") == [
        ("gan", OF_OLD, False),
        ("review", OF_OLD, False),
    ]


@pytest.mark.parametrize("prefix", ["2020", "2020-", "2020-0", "2020-05", "2020-05-"])
async def test_days_of_long_ago_are_found(archive: Storage, prefix: str) -> None:
    days = await offered(archive, "학습", Facet.DAYS, prefix)
    assert days == [(f"2020-05-{day:02}", 1, False) for day in range(OF_OLD, OF_OLD - 12, -1)]


@pytest.mark.parametrize("prefix", ["2020-0", "2020-05-1"])
async def test_days_are_found_by_any_beginning_of_theirs(archive: Storage, prefix: str) -> None:
    days = await offered(archive, "학습", Facet.DAYS, prefix)
    assert {day for day, _, _ in days} >= {f"2020-05-{day}" for day in range(10, OF_OLD)}


@pytest.mark.parametrize("prefix", ["2020-05-20", "2020-06", "2020-13", "0000", "20", "x"])
async def test_days_begin_as_typed(archive: Storage, prefix: str) -> None:
    days = await offered(archive, "학습", Facet.DAYS, prefix)
    assert all(day.startswith(prefix) for day, _, _ in days)
    assert bool(days) == (prefix in {"2020-05-20", "20"})


async def test_days_outside_those_asked_for_are_none(archive: Storage) -> None:
    assert await offered(archive, "학습 after:2023", Facet.DAYS, "2020") == []
    assert await offered(archive, "학습 before:2021", Facet.DAYS, "2024") == []


async def test_of_the_last_day_that_was_reached_there_may_be_more(archive: Storage) -> None:
    ((day, count, at_least),) = await offered(archive, "학습", Facet.DAYS, "")
    assert (day, at_least) == ("2024-06-01", True)
    assert count < NEWER
