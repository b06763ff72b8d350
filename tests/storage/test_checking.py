from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from storage.opening import open_storage

from .conftest import Make


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE entries SET reactions = 5", "1 entry has a wrong engagement count."),
        ("UPDATE entries SET popularity = 5", "1 entry has a wrong engagement count."),
        ("UPDATE tags SET uses = 2", "2 tags have wrong counts."),
        ("DELETE FROM entry_texts", "1 entry stands wrongly in the lookups."),
        ("UPDATE entries SET shown = NULL", "1 entry stands wrongly in the lookups."),
        ("UPDATE archive_state SET change_no = 0", "The counter of changes is behind the entries."),
        ("DELETE FROM tags", "Rows of entry_tags, tag_spellings refer to rows that are not there."),
        ("UPDATE alembic_version SET version_num = '0'", "The schema is at 0, this Paperboy needs 0003."),
    ],
)
async def test_what_is_wrong_is_said(path: Path, make: Make, now: datetime, damage: str, words: str) -> None:
    storage = await open_storage(f"sqlite:///{path}")
    await storage.archive.add(make(tags=("a", "b"), authors=("Min Kim",)), by=None, at=now)
    assert await storage.check() == []
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)
    problems = await storage.check()
    await storage.close()
    assert words in map(str, problems)
    assert len(problems) == 1 or "DELETE" in damage
