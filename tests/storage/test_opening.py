from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.core import ports
from bot.core.errors import SchemaMismatch, StorageBusy, StorageError
from storage.opening import Storage, address_of, open_storage
from storage.schema_version import HEAD
from storage.sqlite import path_of
from tests.databases import ask
from tests.postgres import Server


def version_in(url: str) -> str:
    ((version,),) = ask(url, "SELECT version_num FROM alembic_version")
    return str(version)


def set_version(url: str, version: str) -> None:
    ask(url, f"UPDATE alembic_version SET version_num = '{version}'")


async def test_a_missing_database_is_created(tmp_path: Path) -> None:
    storage = await open_storage(f"sqlite:///{tmp_path}/new.db")
    assert await storage.archive.count() == 0
    await storage.close()
    assert version_in(f"sqlite:///{tmp_path}/new.db") == HEAD


async def test_an_empty_database_of_a_server_gets_its_tables(postgres: Server) -> None:
    url = postgres.url(postgres.create())
    storage = await open_storage(url)
    assert await storage.check() == []
    await storage.close()
    assert version_in(url) == HEAD


async def test_an_empty_file_is_a_missing_database(tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    storage = await open_storage(f"sqlite:///{tmp_path}/new.db")
    assert await storage.check() == []
    await storage.close()


async def test_a_closed_database_is_one_file(path: Path) -> None:
    storage = await open_storage(f"sqlite:///{path}")
    await storage.archive.count()
    await storage.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_relative_and_absolute_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert path_of(address_of("sqlite:///paperboy.db")) == tmp_path / "paperboy.db"
    assert path_of(address_of("sqlite:////var/lib/paperboy.db")) == Path("/var/lib/paperboy.db")
    assert path_of(address_of("sqlite+aiosqlite:///paperboy.db")) == tmp_path / "paperboy.db"


async def test_awkward_names_of_files(tmp_path: Path) -> None:
    folder = tmp_path / "a b%41#?&=신문"
    folder.mkdir()
    storage = await open_storage(f"sqlite:///{quote(str(folder))}/paper.db")
    await storage.close()
    assert (folder / "paper.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "paperboy.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://host/db",
        "sqlite://host/file.db",
        "sqlite:///x.db?mode=ro",
        "http://[::1",
        "postgresql://host",
        "postgresql:///",
    ],
)
async def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(StorageError, match="not the address of a database"):
        await open_storage(url)


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with pytest.raises(StorageBusy, match=r"postgresql://paperboy@127.0.0.1:9/paperboy cannot be reached") as caught:
        await open_storage("postgres://paperboy:secret@127.0.0.1:9/paperboy?password=secret")
    assert "secret" not in str(caught.value)


async def test_a_newer_schema_is_refused_and_left_alone(database_url: str) -> None:
    set_version(database_url, "9999")
    for migrate in (False, True):
        with pytest.raises(SchemaMismatch, match="newer Paperboy"):
            await open_storage(database_url, migrate=migrate)
    assert version_in(database_url) == "9999"


async def test_the_file_of_a_newer_schema_stays_as_it_is(path: Path) -> None:
    set_version(f"sqlite:///{path}", "9999")
    before = path.read_bytes()
    with pytest.raises(SchemaMismatch):
        await open_storage(f"sqlite:///{path}", migrate=True)
    assert path.read_bytes() == before


async def test_an_older_schema_waits_for_an_upgrade(database_url: str) -> None:
    set_version(database_url, "0001")
    with pytest.raises(SchemaMismatch, match="paperboy db upgrade"):
        await open_storage(database_url)
    assert version_in(database_url) == "0001"


async def test_other_files_are_not_databases(tmp_path: Path) -> None:
    other = tmp_path / "notes.db"
    other.write_text("These are notes, and quite a few of them. " * 50)
    with pytest.raises(StorageError, match="is not a Paperboy database"):
        await open_storage(f"sqlite:///{other}")


async def test_databases_of_others_are_not_touched(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE things (id)")
    before = other.read_bytes()
    with pytest.raises(StorageError, match="is not a Paperboy database"):
        await open_storage(f"sqlite:///{other}", migrate=True)
    assert other.read_bytes() == before


async def test_servers_databases_of_others_are_not_touched(postgres: Server) -> None:
    url = postgres.url(postgres.create())
    ask(url, "CREATE TABLE things (id INTEGER)")
    with pytest.raises(StorageError, match="is not a Paperboy database"):
        await open_storage(url, migrate=True)
    assert ask(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


async def test_a_database_that_does_not_hold_every_language(postgres: Server) -> None:
    with postgres.connected("postgres") as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StorageError, match="keeps its text in LATIN1"):
        await open_storage(postgres.url("latin"))


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened or created"):
        await open_storage(f"sqlite:///{tmp_path}/nowhere/paperboy.db")


async def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is not a Paperboy database"):
        await open_storage(f"sqlite:///{tmp_path}")


READ_ONLY = """
    import asyncio, os, sys, concurrent.futures.thread
    from datetime import UTC, datetime
    from sqlalchemy import create_engine
    from bot.core.entries import Entry
    from bot.core.errors import StorageReadOnly
    from storage.opening import open_storage

    create_engine("sqlite://").connect().close()  # imports what another user may not read
    if os.getuid() == 0:
        os.setuid(65534)

    async def main():
        storage = await open_storage("sqlite:///" + sys.argv[1])
        print(await storage.archive.count())
        try:
            await storage.archive.add(Entry(id="", title="x"), by=None, at=datetime.now(UTC))
        except StorageReadOnly as error:
            print(error)
        await storage.close()

    asyncio.run(main())
"""


def test_lookups_go_on_where_nothing_can_be_written(template: Path) -> None:
    """As another user, since root may write anywhere."""
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/paperboy.XXXXXX"], text=True).strip())
    try:
        file = folder / "paperboy.db"
        file.write_bytes(template.read_bytes())
        file.chmod(0o444)
        folder.chmod(0o555)
        result = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(READ_ONLY), file],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert result.stderr == ""
        count, refusal = result.stdout.splitlines()
        assert count == "0"
        assert "cannot be written" in refusal
    finally:
        folder.chmod(0o755)
        subprocess.run(["rm", "-r", folder], check=True)


async def test_storage_is_what_the_ports_say(storage: Storage) -> None:
    """For the type checker, mostly."""
    archive: ports.Archive = storage.archive
    search: ports.Search = storage.search
    subscriptions: ports.Subscriptions = storage.subscriptions
    ledger: ports.Ledger = storage.ledger
    engagement: ports.EngagementStore = storage.engagement
    inbox: ports.Inbox = storage.inbox
    workspace: ports.LocalWorkspace = storage.workspace
    stores: ports.Stores = storage
    assert all((archive, search, subscriptions, ledger, engagement, inbox, workspace, stores))
