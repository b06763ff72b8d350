"""A database copied to another, of either kind, with everything in it; broken off at any moment and taken up again."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation

from bot.core.digests import DeliveryState, PlannedDelivery, PlannedPost, PostKind
from bot.core.entries import Action, Entry
from bot.core.errors import Conflict, SchemaMismatch, StorageError
from bot.core.messages import msg
from bot.core.people import Person
from bot.core.ports import ImportedEntry
from bot.core.subscriptions import Channel, Subscription
from bot.core.workspace import LocalChannel, LocalMessage
from storage.opening import copy_storage, open_storage
from storage.schema_version import REVISIONS
from storage.tables import INDEX_OF_WORDS, metadata
from tests.databases import KINDS, POSTGRESQL, SQLITE, ask
from tests.postgres import Server

NOW = datetime(2024, 6, 21, 3, 4, 5, 678901, tzinfo=UTC)
KEY = Fernet.generate_key().decode()
ANN = Person("slack", "T1", "U1")
ENTRIES = 60


def nothing(_rows: int, _whole: int) -> None:
    """Nobody looks on."""


@pytest.fixture(scope="session")
def filled_file(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with something in every table."""
    path = Path(shutil.copy(template, tmp_path_factory.mktemp("filled") / "paperboy.db"))
    asyncio.run(fill(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def filled_name(postgres: Server, postgres_template: str) -> str:
    """The same on the server."""
    name = postgres.create(postgres_template)
    asyncio.run(fill(postgres.url(name)))
    return name


@pytest.fixture(params=KINDS)
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of this test's own, of each kind, with something in every table."""
    if request.param == SQLITE:
        return f"sqlite:///{shutil.copy(request.getfixturevalue('filled_file'), tmp_path / 'paperboy.db')}"
    server: Server = request.getfixturevalue("postgres")
    return server.url(server.create(request.getfixturevalue("filled_name")))


@pytest.fixture
def target(request: pytest.FixtureRequest, filled: str, tmp_path: Path) -> str:
    """The address of a new database without tables, for SQLite a file that is not there: of the other kind than the
    source, unless it is said to be of the `same`.
    """
    same = getattr(request, "param", None) == "same"
    if filled.startswith(POSTGRESQL) != same:
        return f"sqlite:///{tmp_path / 'copy.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.url(server.create())


of_either_kind = pytest.mark.parametrize("target", ["same", "other"], indirect=True)


copy_in_pieces = partial(copy_storage, batch_size=25)
"""So few rows at a time that the larger tables take several."""


async def fill(url: str) -> None:
    """Something in every table, in Korean and English, with rows deleted at the end of some."""
    storage = await open_storage(url)
    entries = [
        Entry(
            id=f"{number:010}",
            title=f"Paper {number} 논문 — “{chr(0x1F4A1)}”",
            digest_date=date(2024, 6, 21) - timedelta(number % 9) if number % 5 else None,
            authors=(f"Name{number} Kim", "김민수"),
            tags=("rlhf", f"tag{number % 4}", f"태그{number}"),
            commentary="한국어 해설",
        )
        for number in range(ENTRIES)
    ]
    imported = [ImportedEntry(entry, True) for entry in entries]
    await storage.archive.write_import(imported, documents=["d" * 64, "e" * 64], at=NOW)
    (entry,) = (await storage.archive.get([entries[1].id])).values()
    changed = replace(entry, title="Changed")
    await storage.archive.replace(changed, action=Action.EDIT, by=ANN, at=NOW)
    await storage.archive.declare_alias("rl", "rlhf")
    order = await storage.subscriptions.add(Subscription(channel=Channel("slack", "T1", "C1"), created_by=ANN))
    posts = tuple(
        PlannedPost(key=f"k{n}", kind=PostKind.ENTRY, entry_id=entries[n].id, note=msg("{n}", n=n), late=n > 4)
        for n in range(9)
    )
    delivery = PlannedDelivery(digest_date=date(2024, 6, 21), state=DeliveryState.PLANNED, due_at=NOW, posts=posts)
    await storage.ledger.plan(order, [delivery])
    for number in range(4):
        post = await storage.ledger.claim(order.channel, NOW)
        assert post is not None
        await storage.ledger.mark_sent(post, message_id=f"m{number}", revision=1, at=NOW)
        await storage.engagement.react(post.id, ANN, "eyes", at=NOW)
        await storage.engagement.reply(post.id, ANN, f"r{number}", at=NOW)
    await storage.engagement.save(entry.id, ANN, at=NOW)
    gone = await storage.subscriptions.add(replace(order, id=0, personal=True, created_by=replace(ANN, user_id="U2")))
    await storage.ledger.plan(gone, [replace(delivery, posts=(PlannedPost(key="gone", kind=PostKind.NOTE),))])
    await storage.engagement.forget(replace(ANN, user_id="U2"))
    await storage.inbox.take("slack", "E1", at=NOW)
    await storage.questions.keep(["질문"], at=NOW)
    await fill_workspace(url)
    await storage.slack_installations("client", [KEY]).async_save(
        Installation(app_id="A", team_id="T1", user_id="U1", bot_token="xoxb-1", bot_id="B", installed_at=1718939045.5)
    )
    await storage.slack_states().async_issue()
    assert await storage.check() == []
    await storage.close()


async def fill_workspace(url: str) -> None:
    storage = await open_storage(url)
    for name in ("papers", "vision"):
        await storage.workspace.add_channel(LocalChannel(name, name, "", 0))
    head = LocalMessage(id=0, channel_id="papers", author="paperboy", key="h", payload={"a": "논문"}, sent_at=NOW)
    head = await storage.workspace.post(head)
    for number in range(10):
        reply = LocalMessage(
            id=0, channel_id="papers", author="mina", thread_of=head.id, text=f"답글 {number}", sent_at=NOW
        )
        last = await storage.workspace.post(reply)
    await storage.workspace.react(head.id, "mina", "👀")
    await storage.workspace.delete(last.id)
    await storage.close()


Rows = dict[str, Sequence[tuple[object, ...]]]


def rows_of(url: str) -> Rows:
    """All rows, as values that both databases can have."""
    return {
        table.name: [
            tuple(plain(value) for value in row)
            for row in ask(
                url,
                f"SELECT {', '.join(column.name for column in table.columns)} FROM {table.name} "
                f"ORDER BY {', '.join(column.name for column in table.primary_key)}",
            )
        ]
        for table in metadata.sorted_tables
        if table not in INDEX_OF_WORDS  # made anew there; that it is right is the doctor's to say
    }


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    return int(value) if isinstance(value, bool) else value


@of_either_kind
async def test_everything_is_there(filled: str, target: str) -> None:
    seen: list[tuple[int, int]] = []
    copied = await asyncio.to_thread(copy_in_pieces, filled, target, lambda *count: seen.append(count))
    rows = rows_of(target)
    assert rows == rows_of(filled)
    assert all(rows.values()), [name for name, some in rows.items() if not some]
    whole = sum(map(len, rows.values()))
    assert copied.rows == whole
    assert seen[-1] == (whole, whole)
    assert seen == sorted(seen)
    assert max(there - before for (before, _), (there, _) in pairwise([(0, 0), *seen])) == 25
    storage = await open_storage(target)
    assert await storage.check() == []
    installed = await storage.slack_installations("client", [KEY]).async_find_bot(enterprise_id=None, team_id="T1")
    assert installed is not None
    assert installed.bot_token == "xoxb-1"
    await storage.close()


@of_either_kind
async def test_numbers_go_on_behind_those_that_are_gone(filled: str, target: str) -> None:
    await asyncio.to_thread(copy_storage, filled, target, nothing)
    numbers = []
    for url in (filled, target):
        storage = await open_storage(url)
        order = await storage.subscriptions.add(Subscription(channel=Channel("slack", "T1", "C2")))
        message = await storage.workspace.post(
            LocalMessage(id=0, channel_id="papers", author="mina", text="Hi", sent_at=NOW)
        )
        entry = await storage.archive.add(Entry(id="", title="New", tags=("new",)), by=ANN, at=NOW)
        change = await storage.archive.latest_change()
        numbers.append((order.id, message.id, entry.id, change))
        await storage.close()
    assert numbers[0] == numbers[1]
    assert numbers[0][:2] == (3, 12)


async def test_an_empty_archive_can_be_copied(sqlite_url: str, postgresql_url: str) -> None:
    copied = await asyncio.to_thread(copy_storage, sqlite_url, postgresql_url, nothing)
    assert copied.rows == 1
    assert rows_of(postgresql_url) == rows_of(sqlite_url)


async def test_what_holds_something_else_is_left_alone(filled: str, target: str) -> None:
    storage = await open_storage(target)
    entry = await storage.archive.add(Entry(id="", title="Theirs"), by=None, at=NOW)
    await storage.close()
    with pytest.raises(Conflict, match="is not empty"):
        await asyncio.to_thread(copy_storage, filled, target, nothing)
    storage = await open_storage(target)
    assert await storage.archive.export(after=None) == [entry]
    await storage.close()


async def test_it_is_not_copied_to_itself(filled: str) -> None:
    with pytest.raises(Conflict, match="to itself"):
        await asyncio.to_thread(copy_storage, filled, filled, nothing)
    storage = await open_storage(filled)
    assert await storage.archive.count() == ENTRIES
    await storage.close()


@pytest.mark.parametrize("which", ["source", "target"])
async def test_both_need_the_same_schema(filled: str, target: str, which: str) -> None:
    storage = await open_storage(target)
    await storage.close()
    older = filled if which == "source" else target
    ask(older, "UPDATE alembic_version SET version_num = '0002'")
    with pytest.raises(SchemaMismatch, match="older Paperboy"):
        await asyncio.to_thread(copy_storage, filled, target, nothing)


# --- broken off ----------------------------------------------------------------------------------------------------


class BrokenOff(Exception):
    """Somebody pressed Ctrl+C."""


def break_off(after: int) -> Iterator[None]:
    for _ in range(after):
        yield
    raise BrokenOff


def break_off_copy(source: str, target: str, after: int) -> None:
    """Copy so many pieces and no more."""
    pieces = break_off(after)
    with pytest.raises(BrokenOff):
        copy_in_pieces(source, target, lambda *_: next(pieces))


async def test_a_copy_that_was_broken_off_goes_on(filled: str, target: str) -> None:
    for after in (1, 5, 15):
        await asyncio.to_thread(break_off_copy, filled, target, after)
        with pytest.raises(StorageError, match="is not whole"):
            await open_storage(target)
    seen: list[int] = []
    await asyncio.to_thread(copy_in_pieces, filled, target, lambda count, _: seen.append(count))
    assert seen[0] > 150  # it did not begin anew
    assert rows_of(target) == rows_of(filled)


async def test_a_copy_that_an_older_paperboy_began_is_begun_anew(filled: str, target: str) -> None:
    """The message says so, to whoever copies and whoever opens it; an upgrade could not go on with it."""
    await asyncio.to_thread(break_off_copy, filled, target, 3)
    ask(target, f"UPDATE alembic_version SET version_num = '{REVISIONS[-2]}'")
    with pytest.raises(StorageError, match="begun by an older Paperboy"):
        await asyncio.to_thread(copy_storage, filled, target, nothing)
    with pytest.raises(StorageError, match="begun by an older Paperboy"):
        await open_storage(target, migrate=True)


async def test_a_source_that_has_changed_since_is_not_mixed_in(filled: str, target: str) -> None:
    await asyncio.to_thread(break_off_copy, filled, target, 3)
    storage = await open_storage(filled)
    await storage.ledger.claim(Channel("slack", "T1", "C1"), NOW)
    await storage.close()
    with pytest.raises(Conflict, match="has changed since"):
        await asyncio.to_thread(copy_storage, filled, target, nothing)


async def test_the_rest_of_another_is_not_mixed_in(filled: str, target: str, tmp_path: Path) -> None:
    await asyncio.to_thread(break_off_copy, filled, target, 3)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    await (await open_storage(other)).close()
    with pytest.raises(Conflict, match="whose copy was broken off"):
        await asyncio.to_thread(copy_storage, other, target, nothing)


@pytest.mark.parametrize("filled", [POSTGRESQL], indirect=True)
async def test_two_copies_at_once_do_not_double_anything(filled: str, postgres: Server) -> None:
    """The second goes on where the first is, which notices it and gives up, however far the second has come."""
    target = postgres.url(postgres.create())
    seen: list[int] = []

    def one_piece(count: int, _whole: int) -> None:
        seen.append(count)
        if len(set(seen)) > 2:
            raise KeyboardInterrupt

    def in_between(count: int, _whole: int) -> None:
        if count > 100 and not seen:
            with pytest.raises(KeyboardInterrupt):
                copy_in_pieces(filled, target, one_piece)

    with pytest.raises(StorageError, match="Another copy"):
        await asyncio.to_thread(copy_in_pieces, filled, target, in_between)
    assert seen
    await asyncio.to_thread(copy_in_pieces, filled, target, nothing)
    assert rows_of(target) == rows_of(filled)


async def test_nobody_writes_to_the_source_meanwhile(filled: str, target: str) -> None:
    refused: list[bool] = []

    def in_between(*_: int) -> None:
        if not refused:
            with pytest.raises((sqlite3.OperationalError, psycopg.errors.LockNotAvailable)):
                write_at_once(filled)
            refused.append(True)

    await asyncio.to_thread(copy_storage, filled, target, in_between)
    assert refused


def write_at_once(url: str) -> None:
    """Write without waiting for anybody."""
    statement = "UPDATE entries SET title = 'x'"
    if url.startswith(POSTGRESQL):
        with psycopg.connect(url) as server:
            server.execute("SET lock_timeout = '20ms'")
            server.execute(statement)
    else:
        file = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0.02)
        try:
            file.execute(statement)
        finally:
            file.close()


KILLED = """
    import sys
    from storage.opening import copy_storage

    until = int(sys.argv[3])

    def wait_there(count, whole):
        if count >= until:
            print(count, flush=True)
            sys.stdin.read()

    copy_storage(sys.argv[1], sys.argv[2], wait_there, batch_size=25)
"""


async def test_a_copy_that_is_killed_goes_on(filled: str, target: str) -> None:
    reached = 0
    for until in (1, 100, 300):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", textwrap.dedent(KILLED), filled, target, str(until)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert child.stdout is not None
        count = int(await child.stdout.readline())
        child.kill()
        await child.communicate()
        assert count > reached
        reached = count
    await asyncio.to_thread(copy_storage, filled, target, nothing)
    assert rows_of(target) == rows_of(filled)
