from __future__ import annotations

from datetime import datetime

import pytest

from storage.opening import open_storage
from storage.schema_version import HEAD
from tests.databases import ask, on_postgresql, on_sqlite

from .conftest import Make


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE entries SET reactions = 5", "1 entry has a wrong engagement count."),
        ("UPDATE entries SET popularity = 5", "1 entry has a wrong engagement count."),
        ("UPDATE tags SET uses = 2", "2 tags have wrong counts."),
        (
            "UPDATE terms SET uses = 2 WHERE term = 'all:'",
            "1 word has a wrong count in the index. `paperboy reindex` makes it anew.",
        ),
        (
            "DELETE FROM terms WHERE term = '#a'",
            "1 word has a wrong count in the index. `paperboy reindex` makes it anew.",
        ),
        (
            "UPDATE entries SET commentary = 'not what was indexed'",
            "1 entry is not in the index of words as it is. `paperboy reindex` makes it anew.",
        ),
        (
            "UPDATE index_state SET version = 99",
            "The index of words was made by another version of Paperboy. `paperboy reindex` makes it anew.",
        ),
        ("UPDATE entries SET shown = NULL", "1 entry stands wrongly in the lookups."),
        ("UPDATE archive_state SET change_no = 0", "The counter of changes is behind the entries."),
        ("UPDATE alembic_version SET version_num = '0'", f"The schema is at 0, this Paperboy needs {HEAD}."),
    ],
)
async def test_what_is_wrong_is_said(database_url: str, make: Make, now: datetime, damage: str, words: str) -> None:
    storage = await open_storage(database_url)
    await storage.archive.add(make(tags=("a", "b"), authors=("Min Kim",)), by=None, at=now)
    assert await storage.check() == []
    ask(database_url, damage)
    problems = await storage.check()
    await storage.close()
    assert words in [str(problem) for problem in problems]


@on_sqlite
async def test_rows_that_refer_to_none_are_said(database_url: str, make: Make, now: datetime) -> None:
    storage = await open_storage(database_url)
    await storage.archive.add(make(tags=("a", "b")), by=None, at=now)
    ask(database_url, "DELETE FROM tags")
    problems = await storage.check()
    await storage.close()
    assert "Rows of entry_tags, tag_spellings refer to rows that are not there." in map(str, problems)


@on_postgresql
async def test_ids_that_would_come_a_second_time_are_said(database_url: str, make: Make, now: datetime) -> None:
    storage = await open_storage(database_url)
    await storage.archive.add(make(tags=("a", "b")), by=None, at=now)
    ask(database_url, "ALTER SEQUENCE tags_id_seq RESTART")
    problems = await storage.check()
    await storage.close()
    assert [str(problem) for problem in problems] == ["The next number of tags.id is taken already."]
