from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.entries import Action, Entry, identity_of, new_entry_id
from bot.core.errors import Conflict
from bot.core.ports import ImportedEntry
from bot.core.query import Criteria
from storage.opening import Storage, open_storage

from .conftest import Make


def new(entry: Entry) -> ImportedEntry:
    return ImportedEntry(replace(entry, id=new_entry_id(identity_of(entry))), is_new=True)


async def test_an_import_is_written_whole(storage: Storage, make: Make, now: datetime) -> None:
    first_day = date(2024, 1, 1)
    imported = [
        new(make(str(first_day + timedelta(number // 3)), tags=(f"t{number % 4}",), authors=(f"N {number}",)))
        for number in range(100)
    ]
    await storage.archive.write_import(imported, documents=["a" * 64, "b" * 64], at=now)
    assert await storage.archive.export(after=None) == [item.entry for item in imported]
    assert await storage.archive.seen_documents(["a" * 64, "c" * 64]) == {"a" * 64}
    (revision,) = await storage.archive.revisions(imported[0].entry.id)
    assert (revision.entry, revision.action, revision.by, revision.at) == (imported[0].entry, Action.IMPORT, None, now)
    assert await storage.archive.latest_change() == 100
    page = await storage.search.page(Criteria(tags=(("t1",),)), asker=None, limit=5)
    assert page.total == 25


async def test_a_merged_entry_gets_a_revision(storage: Storage, make: Make, now: datetime) -> None:
    held = await storage.archive.add(make(tags=("a",)), by=None, at=now)
    merged = replace(held, tags=("a", "b"), abstract="More")
    await storage.archive.write_import([ImportedEntry(merged, is_new=False)], documents=[], at=now)
    assert await storage.archive.find(held.id) == replace(merged, revision=2)
    newest, oldest = await storage.archive.revisions(held.id)
    assert (newest.action, newest.entry.revision) == (Action.IMPORT, 2)
    assert oldest.entry == held


async def test_an_entry_changed_meanwhile_stops_the_import(storage: Storage, make: Make, now: datetime) -> None:
    held = await storage.archive.add(make(), by=None, at=now)
    await storage.archive.replace(held, action=Action.EDIT, by=None, at=now)
    with pytest.raises(Conflict, match="import again"):
        await storage.archive.write_import(
            [ImportedEntry(held, is_new=False), new(make())], documents=["a" * 64], at=now
        )
    assert await storage.archive.count() == 1
    assert not await storage.archive.seen_documents(["a" * 64])


async def test_the_same_id_twice_stops_the_import(storage: Storage, make: Make, now: datetime) -> None:
    twice = [ImportedEntry(make(id="aaaaaaaaaa", title=title), is_new=True) for title in "ab"]
    with pytest.raises(Conflict, match="Nothing was imported"):
        await storage.archive.write_import([new(make()), *twice], documents=[], at=now)
    assert await storage.archive.count() == 0


async def test_a_note_about_several_papers_may_have_the_arxiv_id_of_one(
    storage: Storage, make: Make, now: datetime
) -> None:
    """What is the same paper is for `bot.core.merging` to say."""
    notes = [make(id=letter * 10, title=letter, arxiv_id="2406.14548") for letter in "ab"]
    await storage.archive.write_import([ImportedEntry(note, is_new=True) for note in notes], documents=[], at=now)
    assert await storage.archive.find("2406.14548") == notes[0]
    page = await storage.search.page(Criteria(ids=("2406.14548",)), asker=None, limit=5)
    assert page.entries == (notes[1], notes[0])
    changed = await storage.archive.replace(replace(notes[1], title="c"), action=Action.EDIT, by=None, at=now)
    assert changed.revision == 2


async def test_an_import_goes_behind_what_is_there(storage: Storage, make: Make, now: datetime) -> None:
    held = await storage.archive.add(make(), by=None, at=now)
    imported = [new(make()) for _ in range(30)] + [new(make(f"2024-05-{day:02}")) for day in range(1, 31)]
    await storage.archive.write_import(imported, documents=[], at=now)
    digest = await storage.search.digest(Criteria(), date(2024, 6, 21))
    assert digest == (held, *(item.entry for item in imported[:30]))


async def test_an_empty_import(storage: Storage, now: datetime) -> None:
    await storage.archive.write_import([], documents=[], at=now)
    assert await storage.archive.count() == 0


KILLED = """
    import asyncio, sys
    from datetime import UTC, date, datetime
    from bot.core.entries import Entry
    from bot.core.ports import ImportedEntry
    from storage import imports
    from storage.opening import open_storage

    def tell_and_wait(*args, **kwargs):
        print("written", flush=True)
        sys.stdin.read()

    entries = [
        ImportedEntry(Entry(id=f"{number:010}", title=f"T {number}", digest_date=date(2024, 1, 1), tags=("x",)), True)
        for number in range(3000)
    ]
    imports.record = tell_and_wait  # the entries are written and not committed

    async def main():
        storage = await open_storage(sys.argv[1])
        await storage.archive.write_import(entries, documents=["a" * 64], at=datetime.now(UTC))

    asyncio.run(main())
"""


async def test_an_import_killed_in_the_middle_leaves_nothing(database_url: str, make: Make, now: datetime) -> None:
    storage = await open_storage(database_url)
    held = await storage.archive.add(make(), by=None, at=now)
    await storage.close()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(KILLED),
        database_url,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"written\n"
    child.kill()
    await child.communicate()
    storage = await open_storage(database_url)
    assert await storage.archive.export(after=None) == [held]
    assert await storage.archive.latest_change() == 1
    assert not await storage.archive.seen_documents(["a" * 64])
    assert [tag.name for tag in await storage.archive.tags()] == []
    assert await storage.check() == []
    await storage.close()
