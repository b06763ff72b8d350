"""kill -9 at any moment: after a restart the archive is whole, and every post is in its channel once and in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.core.entries import Action, Entry
from bot.core.people import Person
from bot.core.query import Criteria
from bot.core.subscriptions import Channel
from bot.core.workspace import LocalMessage
from storage.opening import Storage, open_storage

from .databases import on_sqlite
from .processes import begun, close_pipes, ended, free_port, paperboy, running, start, until_ready

pytestmark = pytest.mark.slow
KILLS = {"sqlite": 4, "postgresql": 2}
NOTES = 1_500
SOMEBODY = Person("web", "local", "maintainer")


def write_vault(folder: Path, notes: int) -> Path:
    """A vault of made-up notes, one paper each."""
    vault = folder / "vault"
    vault.mkdir()
    first = date(2020, 1, 1)
    for n in range(notes):
        day = first + timedelta(days=n // 4)
        text = (
            f"https://arxiv.org/abs/{day:%y%m}.{10000 + n:05}\n\n*Paper number {n}* (Ada Lovelace, Alan Turing)\n\n"
            f"> An abstract about subject {n}.\n\n{n}번째 논문입니다. 읽어 볼 만합니다.\n\n#tag{n % 20} #reading\n"
        )
        (vault / f"{day:%y%m%d} Paper {n}.md").write_text(text, encoding="utf-8")
    return vault


def kills(url: str) -> int:
    """How often to kill what works on this database."""
    return KILLS[urlsplit(url).scheme]


async def sound(url: str) -> None:
    """The doctor finds nothing wrong with the database."""
    storage = await open_storage(url)
    try:
        assert [str(problem) for problem in await storage.check()] == []
    finally:
        await storage.close()


async def count(url: str) -> int:
    storage = await open_storage(url)
    try:
        return await storage.archive.count()
    finally:
        await storage.close()


async def test_kill_during_import_leaves_all_or_nothing(tmp_path: Path, database_url: str) -> None:
    vault = write_vault(tmp_path, NOTES)
    chance = random.Random(20240621)
    killed = 0
    # Earlier ones first: after an import that was let finish there is nothing left to interrupt.
    for moment in sorted(chance.uniform(0.1, 2.4) for _ in range(kills(database_url))):
        process = await begun(tmp_path, "import", str(vault), DATABASE_URL=database_url)
        await asyncio.sleep(moment)  # the moment of the kill is the point
        killed += process.returncode is None
        process.kill()
        await ended(process)
        close_pipes(process)
        assert await count(database_url) in (0, NOTES)
        await sound(database_url)
    assert killed
    again = await paperboy(tmp_path, "import", str(vault), DATABASE_URL=database_url)
    assert again.code == 0, again.err
    assert await count(database_url) == NOTES


def posted(messages: Sequence[LocalMessage]) -> list[str]:
    return [message.key for message in messages if message.key]


async def expected_keys(storage: Storage, channel: str, query: Criteria, day: date) -> list[str]:
    """The keys of a digest's posts in order."""
    (subscription,) = await storage.subscriptions.of_channel(Channel("web", "local", channel))
    entries = await storage.search.digest(query, day)
    return [f"{subscription.id}/{day}/head", *(f"{subscription.id}/{day}/{entry.id}" for entry in entries)]


async def test_kill_during_deliveries_loses_and_doubles_nothing(tmp_path: Path, database_url: str) -> None:
    chance = random.Random(20240719)
    port = free_port()
    for _ in range(kills(database_url)):
        process = await start(tmp_path, port, DATABASE_URL=database_url)
        await asyncio.sleep(chance.uniform(0.3, 2.3))  # the moment of the kill is the point
        process.kill()
        await process.wait()
    async with running(tmp_path, port, DATABASE_URL=database_url) as server:
        storage = await open_storage(database_url)
        try:
            channels = [channel.id for channel in await storage.workspace.channels()]
            assert channels[0] == "papers"
            day = date(2024, 7, 19)
            wanted = await expected_keys(storage, "papers", Criteria(), day)
            assert len(wanted) == 5
            await _until(storage, "papers", wanted)
            tagged = Criteria(tags=((channels[1],),))
            latest = await storage.search.latest_day(tagged)
            assert latest is not None
            await _until(storage, channels[1], await expected_keys(storage, channels[1], tagged, latest))
        finally:
            await storage.close()
        assert server.process.returncode is None
    await sound(database_url)


async def _until(storage: Storage, channel: str, wanted: list[str]) -> None:
    """Wait until a channel shows just these posts, in this order."""
    seen: list[str] = []
    for _ in range(600):
        seen = posted(await storage.workspace.history(channel, limit=100))
        if seen == wanted:
            return
        await asyncio.sleep(0.05)  # another process is at work: there is nothing to wait on but its database
    assert seen == wanted


@on_sqlite
async def test_kill_during_edits_leaves_the_posted_copy_right(tmp_path: Path, database_url: str) -> None:
    chance = random.Random(20240620)
    port = free_port()
    async with running(tmp_path, port, DATABASE_URL=database_url):
        storage = await open_storage(database_url)
        entry = (await storage.search.digest(Criteria(), date(2024, 7, 19)))[0]
        await _until_shown(storage, entry)
    try:
        for n in range(kills(database_url)):
            process = await start(tmp_path, port, DATABASE_URL=database_url)
            await until_ready(process, tmp_path, port)
            entry = await _edit(storage, entry, f"Edited for the {n}th time")
            await asyncio.sleep(chance.uniform(0, 0.5))
            process.kill()
            await process.wait()
        async with running(tmp_path, port, DATABASE_URL=database_url):
            await _until_shown(storage, entry)
        shown = posted(await storage.workspace.history("papers", limit=100))
        assert len(shown) == len(set(shown)) == 5
    finally:
        await storage.close()
    await sound(database_url)


async def _edit(storage: Storage, entry: Entry, title: str) -> Entry:
    changed = replace(entry, title=title)
    return await storage.archive.replace(changed, action=Action.EDIT, by=SOMEBODY, at=datetime.now(UTC))


async def _until_shown(storage: Storage, entry: Entry) -> None:
    """Wait until the whole digest is there, and the posted card shows the entry as it is now."""
    for _ in range(600):
        messages = await storage.workspace.history("papers", limit=100)
        if len(posted(messages)) >= 5 and any(entry.title in str(message.payload) for message in messages):
            return
        await asyncio.sleep(0.05)  # another process is at work: there is nothing to wait on but its database
    pytest.fail(f"no whole digest shows {entry.title!r}")
