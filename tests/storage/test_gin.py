"""Each way to find words on PostgreSQL finds the same; and how many statements a lookup takes on either database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection

from bot.core.entries import Action, Entry
from bot.core.ports import ImportedEntry
from bot.core.query import DateSpan, Sort, criteria_of
from bot.core.query_syntax import parse
from storage import gin, reindexing
from storage.asking import Group
from storage.migrating import alembic_config, upgrade
from storage.opening import Storage, open_storage
from storage.places import FIRST_DATED, LAST, bounds
from storage.verifying import texts_at
from storage.vocabulary import ArchiveWords
from tests.databases import ask, backend_of, statements_while

from .conftest import Make

TEXTS = ("alpha beta", "beta", "alpha gamma", "beta gamma", "gamma")
FREE: Mapping[str, gin.Costs] = {
    gin.WALK: gin.Costs(looked_at=0, asked=0, period_asked=1e9, fetched=1e9),
    gin.BY_PERIOD: gin.Costs(looked_at=1e9, period_asked=1e-9, passed=1e-9, asked=1e9),
    gin.NEWEST: gin.Costs(looked_at=1e9, period_asked=1e9, asked=0, fetched=0),
}
"""What has to cost nothing, and what much, for a way to be the first."""
WANTED: tuple[list[Group], ...] = (
    [Group((("alpha",),))],
    [Group((("alpha", "beta"),))],
    [Group((("alpha",),)), Group((("gamma",),))],
    [Group((("alpha", "gamma"), ("beta", "gamma")))],
    [Group((("none",),))],
    [],
)


@pytest.fixture
async def archive(storage: Storage, make: Make, now: datetime) -> Storage:
    return await filled(storage, make, now)


async def filled(storage: Storage, make: Make, now: datetime) -> Storage:
    """The texts, in six months of two years, and one that is undated."""
    days = [f"{year}-{month:02}-{day:02}" for year in (2022, 2023) for month in (1, 2, 7) for day in (3, 28)]
    imported = [
        ImportedEntry(make(day, id=f"{at:06}-{n:03}", title="T", commentary=text), True)
        for at, day in enumerate(days)
        for n, text in enumerate(TEXTS)
    ]
    imported.append(ImportedEntry(make(None, id="undated", title="T", commentary=TEXTS[0]), True))
    await storage.archive.write_import(imported, documents=[], at=now)
    return storage


def questions() -> Iterator[tuple[list[Group], list[Group], tuple[int, int], int, bool]]:
    """Words, words not, from where to where, how many, and whether the oldest first."""
    spans = [
        (FIRST_DATED, LAST),
        (0, LAST),
        bounds(DateSpan(date(2022, 2, 1), date(2023, 1, 3))),
        bounds(DateSpan(date(2030, 1, 1), None)),
    ]
    yield from product(WANTED, ([], [Group((("beta",),))]), spans, (1, 4, 500), (False, True))


_PAGES = 9
INDEX = "SELECT place, CAST(tokens AS text) FROM lookup ORDER BY place"


def read_on(
    connection: Connection,
    index: gin.Gin,
    wanted: list[Group],
    unwanted: list[Group],
    bounds: tuple[int, int],
    limit: int,
    *,
    oldest: bool,
) -> list[int]:
    """What a few pages find one after the other, where entries are looked into. The texts that come are theirs."""
    (low, high), found = bounds, list[int]()
    for _ in range(_PAGES):
        page = index.newest(connection, wanted, unwanted, (low, high), limit, oldest=oldest, with_texts=True)
        found += page
        if len(page) < limit:
            break
        low, high = (page[-1] + 1, high) if oldest else (low, page[-1] - 1)
    there = {text.place: text.parts for text in texts_at(connection, found)}
    assert {text.place: text.parts for text in texts_at(connection, found, index.brought)} == there
    assert limit > gin._BROUGHT or set(index.brought) <= set(found) or not found
    return found


@pytest.mark.parametrize("first", FREE, ids=["walk", "by period", "newest"])
async def test_each_way_finds_the_same(postgresql_url: str, make: Make, now: datetime, first: str) -> None:
    archive = await filled(await open_storage(postgresql_url), make, now)
    used: set[str] = set()

    def look(connection: Connection) -> None:
        rows = connection.exec_driver_sql("SELECT place, tokens::text FROM lookup ORDER BY place DESC").fetchall()
        for wanted, unwanted, (low, high), limit, oldest in questions():
            index = gin.Gin(ArchiveWords(connection), costs=FREE[first])
            way, _ = next(index._ways(wanted, index.matching(wanted, unwanted), (low, high), limit, oldest=oldest))
            used.add(way)

            def has(tokens: str, group: Group) -> bool:
                return any(all(f"'{token}'" in tokens for token in one) for one in group.alternatives)

            expected = [
                place
                for place, tokens in rows
                if low <= place <= high
                and all(has(tokens, group) for group in wanted)
                and not any(has(tokens, group) for group in unwanted)
            ]
            if oldest:
                expected.reverse()
            found = index.newest(connection, wanted, unwanted, (low, high), limit, oldest=oldest)
            assert list(found) == expected[:limit], (wanted, unwanted, low, high, limit, oldest)
            found = read_on(connection, index, wanted, unwanted, (low, high), limit, oldest=oldest)
            assert found == expected[: _PAGES * limit], (wanted, unwanted, low, high, limit, oldest)

    await archive.database.read(look)
    await archive.close()
    assert first in used


async def test_a_walk_that_was_too_short_is_no_reason_to_fetch_everything(
    postgresql_url: str, make: Make, now: datetime
) -> None:
    """What was not among the newest places may be frequent further back."""
    archive = await open_storage(postgresql_url)
    days = [date(2023, 1, 1) + timedelta(number // 10) for number in range(400)]
    imported = [
        ImportedEntry(make(str(day), id=f"{at:010}", title="alpha" if at < 300 else "beta"), True)
        for at, day in enumerate(days)
    ]
    await archive.archive.write_import(imported, documents=[], at=now)
    ways: list[str] = []

    class Listened(gin.Gin):
        def _ways(self, *asked: Any, **how: Any) -> Iterator[Any]:
            for way, values in super()._ways(*asked, **how):
                ways.append({gin.WALK: "walk", gin.BY_PERIOD: "by period", gin.NEWEST: "newest"}[way])
                yield way, values

    def look(connection: Connection) -> None:
        index = Listened(ArchiveWords(connection))
        for limit in (1, 2):
            assert len(index.newest(connection, [Group((("alpha",),))], (), (FIRST_DATED, LAST), limit)) == limit

    await archive.database.read(look)
    await archive.close()
    assert ways == ["walk", "by period", "walk"]


async def test_very_many_rare_words_at_once_are_asked_for(archive: Storage) -> None:
    name = " ".join(f"w{number}" for number in range(200))
    added = replace(await only(archive), organisation=name)
    await archive.archive.replace(added, action=Action.EDIT, by=None, at=datetime(2024, 6, 1, tzinfo=UTC))
    criteria = criteria_of(parse(f'author:"{name}"'), date(2024, 6, 30))
    assert [entry.id for entry in (await archive.search.page(criteria, asker=None, limit=5)).entries] == [added.id]


async def only(archive: Storage) -> Entry:
    """Any one entry."""
    return (await archive.archive.export(after=None, limit=1))[0]


async def test_doctor_sees_where_a_period_is_missing(postgresql_url: str, make: Make, now: datetime) -> None:
    archive = await filled(await open_storage(postgresql_url), make, now)
    assert await archive.check() == []
    ask(postgresql_url, "UPDATE lookup SET tokens = ts_delete(tokens, 'd:' || (place >> 23))")
    assert await archive.check() != []
    await archive.close()


@pytest.mark.parametrize(("query", "most"), [("gamma", 4), ("모델", 4), ('"alpha beta"', 5), ("tag:t alpha gamma", 5)])
async def test_a_lookup_takes_few_statements(archive: Storage, query: str, most: int) -> None:
    """The counts of all words at once, the places, what is looked into, and the entries; with a tag, its keys too."""
    criteria = replace(criteria_of(parse(query), date(2024, 6, 30)), sort=Sort.NEW)
    statements = await statements_while(archive, lambda: archive.search.page(criteria, asker=None, limit=100))
    asked = [statement for statement, _ in statements if "uses FROM terms" in statement]
    assert len(asked) <= 1, asked
    assert len(statements) <= most, statements


async def test_texts_that_are_looked_into_come_with_their_places(
    postgresql_url: str, make: Make, now: datetime
) -> None:
    """A page takes the counts of words, the places with their texts, and the entries."""
    archive = await filled(await open_storage(postgresql_url), make, now)
    criteria = replace(criteria_of(parse('"alpha beta"'), date(2024, 6, 30)), sort=Sort.NEW)
    statements = await statements_while(archive, lambda: archive.search.page(criteria, asker=None, limit=20))
    assert len(statements) <= 3, statements
    await archive.close()


async def test_any_number_of_words_and_places_is_asked_for_in_one_statement(
    postgresql_url: str, make: Make, now: datetime
) -> None:
    """Which is planned once, however many there are; with a question mark for each it would be another every time."""
    archive = await filled(await open_storage(postgresql_url), make, now)
    asked: set[str] = set()
    for query in ("gamma", "alpha gamma", "gamma beta alpha", "alpha beta nothing"):
        criteria = criteria_of(parse(query), date(2024, 6, 30))
        for limit in (3, 20):
            statements = await statements_while(
                archive, partial(archive.search.page, criteria, asker=None, limit=limit)
            )
            asked.update(statement for statement, _ in statements)
    assert len([statement for statement in asked if "uses FROM terms" in statement]) == 1, asked
    assert len([statement for statement in asked if "e.reactions" in statement]) == 1, asked
    await archive.close()


async def test_an_archive_of_an_older_paperboy_is_indexed_by_its_eight_days(
    postgresql_url: str, make: Make, now: datetime
) -> None:
    """The upgrade leaves what is entered today; so do the way back, and the upgrade again, with an index half made."""
    archive = await filled(await open_storage(postgresql_url), make, now)
    await archive.close()
    entered = ask(postgresql_url, INDEX)
    backend = backend_of(postgresql_url)
    with backend.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0007")
    before = ask(postgresql_url, INDEX)
    months = {f"m:{year * 12 + month - 1}" for year in (2022, 2023) for month in (1, 2, 7)}
    assert {token for _, tokens in before for token in re.findall(r"'([dm]:[^']*)'", str(tokens))} == months
    with backend.engine.begin() as connection:
        reindexing.start(connection)
    upgrade(backend)
    assert ask(postgresql_url, INDEX) == entered
    archive = await open_storage(postgresql_url)
    assert await archive.check() == []
    await archive.close()
