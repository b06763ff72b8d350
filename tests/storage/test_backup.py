from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from bot.core.errors import StorageError
from storage.opening import Storage, open_storage
from tests.databases import on_postgresql, on_sqlite

from .conftest import Make


@on_sqlite
async def test_a_backup_taken_while_writing_is_whole(
    storage: Storage, make: Make, now: datetime, tmp_path: Path
) -> None:
    async def write() -> None:
        for _ in range(30):
            await storage.archive.add(make(tags=("a",)), by=None, at=now)

    async def back_up() -> None:
        for number in range(3):
            await storage.backup(tmp_path / f"backup{number}.db")

    await asyncio.gather(write(), back_up())
    await storage.backup(tmp_path / "last.db")
    for name in ("backup0.db", "backup1.db", "backup2.db", "last.db"):
        copy = await open_storage(f"sqlite:///{tmp_path / name}")
        assert await copy.check() == []
        count = await copy.archive.count()
        assert [tag.count for tag in await copy.archive.tags()] == ([count] if count else [])
        await copy.close()
    assert count == 30


@on_sqlite
async def test_a_backup_is_one_file(storage: Storage, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    await storage.backup(folder / "paperboy.db")
    assert [file.name for file in folder.iterdir()] == ["paperboy.db"]


async def test_nothing_is_overwritten(storage: Storage, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("notes")
    with pytest.raises(StorageError, match="exists already"):
        await storage.backup(other)
    assert other.read_text() == "notes"
    assert not list(tmp_path.glob(".notes*"))


@on_sqlite
async def test_a_folder_that_is_not_there(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        await storage.backup(tmp_path / "nowhere" / "backup.db")


@on_postgresql
async def test_a_server_is_backed_up_by_its_own_means(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="pg_dump"):
        await storage.backup(tmp_path / "paperboy.dump")
    assert not list(tmp_path.iterdir())
