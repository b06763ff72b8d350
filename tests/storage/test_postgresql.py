"""A server that goes away, comes back, refuses or is full; and text that only SQLite keeps."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from bot.core.entries import Entry
from bot.core.errors import StorageBusy, StorageError, StorageReadOnly
from bot.core.query import Criteria, TextTerm
from bot.usecases.lanes import persistently
from storage.database import Database
from storage.entries import EntryArchive
from storage.faults import fault_of
from storage.opening import Storage, open_storage
from storage.postgresql import name_of
from storage.raw import rows_of
from tests.databases import ask, backend_of
from tests.postgres import Server
from tests.trouble.lines import line_to

from .conftest import Make

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def restarting(postgres: Server) -> Iterator[Server]:
    """The server, which a test may stop; it is there again afterwards."""
    yield postgres
    postgres.stop()
    postgres.start()


async def test_work_goes_on_after_a_restart(storage: Storage, restarting: Server, make: Make, now: datetime) -> None:
    await storage.archive.add(make(), by=None, at=now)
    restarting.stop()
    for _ in range(2):
        with pytest.raises(StorageBusy):
            await storage.archive.count()
        with pytest.raises(StorageBusy):
            await storage.archive.add(make(), by=None, at=now)
    restarting.start()
    assert await storage.archive.count() == 1
    await storage.archive.add(make(), by=None, at=now)


async def test_connections_that_were_cut_while_nobody_used_them(
    storage: Storage, database_url: str, make: Make, now: datetime
) -> None:
    await storage.archive.add(make(), by=None, at=now)
    ask(database_url, CUT + "pg_backend_pid()")
    await storage.archive.add(make(), by=None, at=now)
    assert await storage.archive.count() == 2


async def test_work_that_is_cut_off_is_not_done_twice(storage: Storage, database_url: str) -> None:
    runs = []

    def work(connection: Connection) -> None:
        runs.append(1)
        connection.execute(text("INSERT INTO documents VALUES ('a', 1)"))
        ask(database_url, CUT + "pg_backend_pid()")
        connection.execute(text("INSERT INTO documents VALUES ('b', 1)"))

    with pytest.raises(StorageBusy, match=r"starting or stopping|cut off"):
        await storage.database.write(work)
    assert len(runs) == 1
    assert await storage.archive.seen_documents(["a", "b"]) == set()


async def test_a_lookup_that_is_cut_off_says_so_and_the_next_one_works(
    storage: Storage, database_url: str, make: Make, now: datetime
) -> None:
    """Lookups ask the driver itself, past SQLAlchemy: a connection that broke is let go of all the same."""
    await storage.archive.add(make(), by=None, at=now)

    def work(connection: Connection) -> None:
        rows_of(connection, "SELECT 1")
        ask(database_url, CUT + "pg_backend_pid()")
        rows_of(connection, "SELECT 1")

    for _ in range(2):
        with pytest.raises(StorageBusy, match=r"starting or stopping|cut off"):
            await storage.database.read(work)
        assert await storage.archive.count() == 1


async def test_a_server_that_was_killed(storage: Storage, restarting: Server, make: Make, now: datetime) -> None:
    """As the machine's memory runs out: it recovers by itself, and so does Paperboy."""
    await storage.archive.add(make(), by=None, at=now)

    def kill(connection: Connection) -> None:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        restarting.kill(int(pid or 0), signal.SIGKILL)
        connection.execute(text("SELECT pg_sleep(30)"))

    with pytest.raises(StorageBusy):
        await storage.database.write(kill)
    await persistently(lambda: storage.archive.add(make(), by=None, at=now))
    assert await storage.archive.count() == 2


async def test_a_server_that_says_nothing_is_given_up(
    postgres: Server, database_url: str, make: Make, now: datetime
) -> None:
    """Over connections that are open already, and over new ones; none of them is heard of again."""
    async with line_to(postgres) as line:
        storage = await open_storage(line.url(str(make_url(database_url).database), patience=1))
        await storage.archive.add(make(), by=None, at=now)
        line.fall_silent()
        for _ in range(2):
            with pytest.raises(StorageBusy, match="cannot be reached"):
                await storage.archive.count()
        await line.restore()
        assert await storage.archive.count() == 1
        await storage.archive.add(make(), by=None, at=now)
        await storage.close()


async def test_a_server_that_works_for_long_is_waited_for(database_url: str) -> None:
    storage = await open_storage(f"{database_url}&tcp_user_timeout=1000")
    sleep = text("SELECT 1 FROM pg_sleep(1.5)")
    assert await storage.database.read_long(lambda connection: connection.scalar(sleep)) == 1
    with pytest.raises(StorageBusy, match="does not answer"):
        await storage.database.read(lambda connection: connection.scalar(sleep))
    await storage.close()


async def test_it_is_closed_though_the_server_says_nothing(postgres: Server, database_url: str) -> None:
    async with line_to(postgres) as line:
        storage = await open_storage(line.url(str(make_url(database_url).database), patience=1_000))
        await asyncio.gather(storage.archive.count(), storage.archive.count())
        line.fall_silent()
        asking = [asyncio.create_task(storage.archive.count()) for _ in range(2)]
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await storage.close()
            for asked in await asyncio.gather(*asking, return_exceptions=True):
                assert isinstance(asked, StorageBusy)


async def test_whoever_waits_too_long_is_told_that_it_is_busy(database_url: str, make: Make, now: datetime) -> None:
    backend = backend_of(database_url)
    hasty = f"{backend.begin_writing}; SET LOCAL lock_timeout = '50ms'"
    database = Database(replace(backend, begin_writing=hasty))
    archive = EntryArchive(database)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT change_no FROM archive_state FOR UPDATE")
        with pytest.raises(StorageBusy, match="others are writing"):
            await archive.add(make(), by=None, at=now)
        assert await archive.count() == 0  # readers go on
    await archive.add(make(), by=None, at=now)
    await database.close()


async def test_a_database_that_is_not_there(postgres: Server) -> None:
    with pytest.raises(StorageError, match=r"There is no database .*nowhere.*createdb"):
        await open_storage(postgres.url("nowhere"))


async def test_who_is_not_let_in(postgres: Server) -> None:
    wrong = postgres.url("postgres").replace("paperboy@", "stranger:secret@")
    with pytest.raises(StorageError, match="does not let this user in") as caught:
        await open_storage(wrong)
    assert "secret" not in str(caught.value)


async def test_a_wrong_password(postgres: Server, database_url: str) -> None:
    ask(database_url, "CREATE ROLE mina LOGIN PASSWORD 'right'")
    rules = postgres.data / "pg_hba.conf"
    before = rules.read_text()
    try:
        rules.write_text(f"local all mina scram-sha-256\n{before}")
        ask(database_url, "SELECT pg_reload_conf()")
        for given in ("mina:secret@", "mina@"):
            with pytest.raises(StorageError, match="does not let this user in") as caught:
                await open_storage(database_url.replace("paperboy@", given))
            assert "secret" not in str(caught.value)
            assert not isinstance(caught.value, StorageBusy)
    finally:
        rules.write_text(before)
        ask(database_url, "SELECT pg_reload_conf()")
        ask(database_url, "DROP ROLE mina")


async def test_who_may_only_read(database_url: str, make: Make, now: datetime) -> None:
    ask(database_url, "CREATE ROLE reader LOGIN")
    ask(database_url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    storage = await open_storage(database_url.replace("paperboy@", "reader@"))
    assert await storage.archive.count() == 0
    with pytest.raises(StorageReadOnly, match="cannot be written"):
        await storage.archive.add(make(), by=None, at=now)
    await storage.close()
    ask(database_url, "DROP OWNED BY reader")
    ask(database_url, "DROP ROLE reader")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (psycopg.errors.DiskFull, StorageError, "is full"),
        (psycopg.errors.TooManyConnections, StorageBusy, "max_connections"),
        (psycopg.errors.CannotConnectNow, StorageBusy, "starting or stopping"),
        (psycopg.errors.CrashShutdown, StorageBusy, "starting or stopping"),
        (psycopg.errors.ConnectionFailure, StorageBusy, "cut off"),
        (psycopg.errors.DeadlockDetected, StorageBusy, "busy"),
        (psycopg.errors.SerializationFailure, StorageBusy, "busy"),
        (psycopg.errors.ReadOnlySqlTransaction, StorageReadOnly, "cannot be written"),
        (psycopg.errors.InvalidPassword, StorageError, "let this user in"),
        (psycopg.errors.DataCorrupted, StorageError, "is damaged"),
        (psycopg.errors.IoError, StorageError, "reports an error"),
        (psycopg.errors.UndefinedTable, StorageError, "cannot be used: oh"),
    ],
)
def test_every_code_has_its_words(error: type[psycopg.Error], kind: type[StorageError], words: str) -> None:
    fault = fault_of(error("oh"), "postgresql://host/paperboy")
    assert type(fault) is kind
    assert words in str(fault)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ('FATAL:  password authentication failed for user "x"', StorageError, "let this user in"),
        ("fe_sendauth: no password supplied", StorageError, "let this user in"),
        ('FATAL:  no pg_hba.conf entry for host "1.2.3.4"', StorageError, "let this user in"),
        ("FATAL:  the database system is starting up", StorageBusy, "starting or stopping"),
        ("FATAL:  sorry, too many clients already", StorageBusy, "max_connections"),
        ('FATAL:  database "x" does not exist', StorageError, "There is no database"),
        ("could not translate host name “database”: not known", StorageBusy, "“database”: not known."),
        ("connection timeout expired", StorageBusy, "connection timeout expired."),
    ],
)
def test_faults_without_a_code_are_known_by_their_words(said: str, kind: type[StorageError], words: str) -> None:
    error = psycopg.OperationalError(f'connection failed: connection to server at "x" failed: {said}\n\tIs it running?')
    fault = fault_of(error, "postgresql://host/paperboy")
    assert type(fault) is kind
    assert words in str(fault)
    assert "Is it running" not in str(fault)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://u:secret@host:5433/papers?sslmode=require", "postgresql://u@host:5433/papers"),
        ("postgresql://u:secret@/papers?host=/run/postgresql", "postgresql://u@/papers?host=/run/postgresql"),
        ("postgresql:///papers?user=u&password=secret", "postgresql:///papers"),
    ],
)
def test_a_name_shows_where_and_no_password(url: str, name: str) -> None:
    assert name_of(make_url(url)) == name


async def test_nul_is_no_letter_for_a_server(storage: Storage, now: datetime) -> None:
    entry = await storage.archive.add(Entry(id="", title="A\x00B"), by=None, at=now)
    assert (await storage.archive.get([entry.id]))[entry.id].title == "A\ufffdB"
    assert await storage.archive.find("A\x00B") is None
    page = await storage.search.page(Criteria(texts=(TextTerm("x\x00y", phrase=True),)), asker=None, limit=1)
    assert page.entries == ()


async def test_no_password_is_in_what_is_raised(postgres: Server) -> None:
    """Neither in its words nor in those of what caused it, which a log may show."""
    url = postgres.url("nowhere").replace("paperboy@", "paperboy:secret@")
    with pytest.raises(StorageError) as caught:
        await open_storage(f"{url}&options=-c%20work_mem%3D4MB")
    cause = caught.value.__cause__
    assert isinstance(cause, DBAPIError)
    assert not re.search("secret", f"{caught.value!r} {cause!r} {cause} {cause.orig!r}")
