"""A SQLite file that is locked, or whose disk takes nothing more, in the middle of a delivery."""

from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.platforms.conftest import discord, slack
from tests.platforms.discord import DiscordServer
from tests.platforms.slack import SlackServer
from tests.processes import Running
from tests.trouble.places import NOT_NOW, Place, Watch, go_through

__all__ = ["discord", "slack"]

pytestmark = pytest.mark.slow
NOT_WRITTEN = "nothing can be written to the database"
DISK = "16m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of this test's own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "paperboy", folder], check=False)
    if mounted.returncode:
        pytest.skip("environment: nobody may mount a small disk here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


async def test_a_file_that_is_locked_or_cannot_grow(
    slack: SlackServer, discord: DiscordServer, template: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(template, tmp_path / "paperboy.db"))
    place = Place(slack, discord, tmp_path, f"sqlite:///{path}")

    @asynccontextmanager
    async def locked(_: Running) -> AsyncIterator[None]:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    @asynccontextmanager
    async def limited(run: Running) -> AsyncIterator[None]:
        """No file grows, that of the log included."""
        pid = run.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
        yield
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))

    async def lookups_go_on(run: Running, _watch: Watch) -> None:
        for answer in await place.ask("paper", tag="trouble"):
            assert "Paper 1" in answer
        _, answers = await asyncio.gather(place.until_ready(run, NOT_WRITTEN), place.ask("digest", "pause"))
        assert [NOT_NOW in answer for answer in answers] == [True, True]

    async def people_are_told(run: Running, _watch: Watch) -> None:
        await place.until_ready(run, NOT_WRITTEN)
        for answer in await place.ask("digest", "pause"):
            assert NOT_NOW in answer

    await go_through(place, [(locked, lookups_go_on), (limited, people_are_told)])


async def test_a_disk_that_is_full(slack: SlackServer, discord: DiscordServer, template: Path, disk: Path) -> None:
    path = Path(shutil.copy(template, disk / "paperboy.db"))
    place = Place(slack, discord, disk, f"sqlite:///{path}")
    rest = disk / "rest"

    @asynccontextmanager
    async def full(_: Running) -> AsyncIterator[None]:
        with rest.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        yield
        rest.unlink()

    async def people_are_told(run: Running, _watch: Watch) -> None:
        await place.until_ready(run, NOT_WRITTEN)
        for answer in await place.ask("digest", "pause"):
            assert NOT_NOW in answer

    await go_through(place, [(full, people_are_told)])
