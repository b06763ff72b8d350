"""Pages put together are all results in order, forward and back, for every sort."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from bot.core.entries import Entry, Status
from bot.core.people import Person
from bot.core.ports import ImportedEntry
from bot.core.query import Criteria, Sort, TextTerm
from storage.engagement import _save
from storage.opening import Storage, open_storage

NOW = datetime(2024, 7, 1, tzinfo=UTC)
ASKER = Person("local", "local", "0")

# day, tags, saves, words of the title, whether published
ENTRY = st.tuples(
    st.integers(0, 3),
    st.sets(st.sampled_from(["a", "b", "c"])),
    st.integers(0, 3),
    st.sets(st.sampled_from(["red", "blue"])),
    st.booleans() | st.just(True),
)
CRITERIA = st.sampled_from(
    [
        Criteria(),
        Criteria(tags=(("a",),)),
        Criteria(tags=(("a", "b"),), tags_not=("c",)),
        Criteria(tags=(("a",), ("b",))),
        Criteria(authors=("kim",)),
        Criteria(texts=(TextTerm("red"), TextTerm("blue", negated=True))),
        Criteria(texts=(TextTerm("red"), TextTerm("common"))),
        Criteria(saved=True),
    ]
)
Made = list[tuple[int, set[str], int, set[str], bool]]


async def filled(path: Path, made: Made) -> Storage:
    storage = await open_storage(f"sqlite:///{path}")
    entries = [
        Entry(
            id=f"{number:010}",
            title=" ".join(sorted(words)) or "none",
            digest_date=date(2024, 6, 20) + timedelta(day),
            tags=tuple(sorted(tags)),
            authors=("Min Kim", "Kim Lee") if "a" in tags else (),
            abstract="common red",
            status=Status.PUBLISHED if published else Status.DRAFT,
        )
        for number, (day, tags, _, words, published) in enumerate(made)
    ]
    await storage.archive.write_import([ImportedEntry(entry, True) for entry in entries], documents=[], at=NOW)
    saved = [
        (entry.id, Person("local", "local", str(number)))
        for entry, (_, _, saves, _, _) in zip(entries, made, strict=True)
        for number in range(saves)
    ]
    await storage.database.write(save_all, saved)
    return storage


def save_all(connection: Connection, saved: list[tuple[str, Person]]) -> None:
    for entry_id, person in saved:
        _save(connection, entry_id, person, NOW)


@pytest.mark.parametrize("sort", Sort)
@given(made=st.lists(ENTRY, max_size=14), criteria=CRITERIA, limit=st.integers(1, 5))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_are_the_whole(
    template: Path, tmp_path: Path, sort: Sort, made: Made, criteria: Criteria, limit: int
) -> None:
    path = Path(shutil.copy(template, tmp_path / "paging.db"))
    storage = await filled(path, made)
    try:
        criteria = Criteria(**{name: getattr(criteria, name) for name in criteria.__slots__} | {"sort": sort})
        await turn_pages(storage, criteria, limit)
    finally:
        await storage.close()


async def turn_pages(storage: Storage, criteria: Criteria, limit: int) -> None:
    whole = await storage.search.page(criteria, asker=ASKER, limit=100)
    assert whole.total == len(whole.entries)
    assert in_order(whole.entries, criteria.sort)
    pages = [await storage.search.page(criteria, asker=ASKER, limit=limit)]
    while cursor := pages[-1].next_cursor:
        pages.append(await storage.search.page(criteria, asker=ASKER, limit=limit, cursor=cursor))
    assert tuple(entry for page in pages for entry in page.entries) == whole.entries
    assert all(len(page.entries) == limit for page in pages[:-1])
    assert pages[0].previous_cursor is None
    back = pages[-1]
    for page in reversed(pages[:-1]):
        assert back.previous_cursor
        back = await storage.search.page(criteria, asker=ASKER, limit=limit, cursor=back.previous_cursor)
        assert back == page


def in_order(entries: tuple[Entry, ...], sort: Sort) -> bool:
    days = [(entry.digest_date, entry.id) for entry in entries]
    if sort is Sort.NEW:
        return days == sorted(days, reverse=True)
    if sort is Sort.OLD:
        return days == sorted(days)
    return True  # their own tests are in test_search
