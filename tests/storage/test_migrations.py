from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore
from sqlalchemy import MetaData, Text, inspect
from sqlalchemy.types import TypeEngine

from bot.core.people import Person
from storage.columns import NUMBER
from storage.migrating import alembic_config
from storage.opening import open_storage
from storage.schema_version import HEAD, REVISIONS
from storage.sqlite import sqlite_engine
from storage.tables import metadata
from tests.databases import KINDS, POSTGRESQL, SQLITE, ask, backend_of
from tests.postgres import Server


def test_migrations_make_what_the_tables_say(database_url: str) -> None:
    engine = backend_of(database_url).engine
    with engine.begin() as connection:
        opts = {"compare_type": True, "compare_server_default": True, "include_name": is_in_metadata}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrations_make_tables_as_the_metadata_does(path: Path, tmp_path: Path) -> None:
    """Also what Alembic does not compare: partial indexes, tables without rowid, autoincrement."""
    engine = sqlite_engine(str(tmp_path / "made.db"))
    with engine.begin() as connection:
        metadata.create_all(connection)
    engine.dispose()
    assert schema_of(path) == schema_of(tmp_path / "made.db")


def is_in_metadata(name: str | None, kind: str, _parents: object) -> bool:
    """All but the index of words, which each database has in its own way: `storage.postings` makes it."""
    return not (kind == "table" and name and name.startswith("lookup"))


def schema_of(path: Path) -> dict[str, list[str]]:
    """Everything in a database, each with the parts of its definition in no particular order."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {
        name: sorted(filter(None, re.split(r"[\s,()\"]+", sql)))
        for name, sql in rows
        if not name.startswith(("alembic_", "lookup"))
    }


def test_the_code_knows_every_revision() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert script.get_current_head() == HEAD
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == REVISIONS


def test_a_server_keeps_text_in_the_order_of_its_code_points(postgresql_url: str) -> None:
    """But for what slack-sdk compares with `=` only; and the part of an index that a plan shows to be used."""
    text = "FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text'"
    kept = ask(postgresql_url, f"SELECT DISTINCT collation_name {text} AND table_name NOT LIKE 'slack%'")
    assert kept == [("C",)]
    ((index,),) = ask(postgresql_url, "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_posts_turn'")
    assert str(index).endswith("WHERE (turn IS NOT NULL)")


def test_every_revision_can_be_taken_back(database_url: str) -> None:
    engine = backend_of(database_url).engine
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        command.upgrade(alembic_config(connection), "head")
    engine.dispose()


OLD_ROWS = """
    INSERT INTO subscriptions VALUES (3, 'slack', 'T1', 'C1', 'tag:rlhf', 540, 'Asia/Seoul', '0123456', 'cards', 'ko',
        'in-order', 3, false, false, false, 1718939045678901, '2024-06-20', 7, 'slack', 'T1', 'U1');
    INSERT INTO deliveries VALUES (5, 3, 'slack', 'T1', 'C1', '2024-06-20', 'delivered', 1718939045678901, NULL, '[]');
    INSERT INTO posts VALUES (8, 5, 3, 'slack', 'T1', 'C1', '3/2024-06-20/head', 'header', NULL, false, false, NULL,
        'sent', NULL, false, NULL, '1.5', 1718939045678901, 0, 1, NULL, NULL);
    INSERT INTO reactions VALUES (8, 'slack', 'T1', 'U2', 'eyes', 1718939045678901);
"""


@pytest.fixture(params=KINDS)
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the first schema, with some rows."""
    is_file = request.param == SQLITE
    server: Server | None = None if is_file else request.getfixturevalue("postgres")
    url = server.url(server.create()) if server else f"sqlite:///{tmp_path / 'old.db'}"
    migrate(url, command.upgrade, "0001")
    for statement in OLD_ROWS.strip().split(";\n"):
        ask(url, statement)
    if not is_file:
        ask(url, "SELECT setval('subscriptions_id_seq', 3), setval('deliveries_id_seq', 5), setval('posts_id_seq', 8)")
    return url


async def test_rows_of_the_first_schema_are_kept(old_url: str) -> None:
    old = rows_of(old_url)
    storage = await open_storage(old_url, migrate=True)
    subscription = await storage.subscriptions.get(3)
    assert subscription is not None
    assert (subscription.query, subscription.personal, subscription.paused) == ("tag:rlhf", False, False)
    (post,) = await storage.ledger.posts([5])
    assert (post.id, post.message_id, post.tried_at) == (8, "1.5", None)
    assert await storage.check() == []
    person = Person("slack", "T1", "U3")
    follows = replace(subscription, id=0, personal=True, created_by=person)
    assert (await storage.subscriptions.add(follows)).id == 4
    await storage.close()
    migrate(old_url, command.downgrade, "0001")
    ((removed, next_run),) = ask(old_url, "SELECT removed, next_run_at FROM subscriptions WHERE id = 4")
    assert (bool(removed), next_run) == (True, None)  # the old Paperboy would post there as in a channel
    ask(old_url, "DELETE FROM subscriptions WHERE id = 4")
    assert rows_of(old_url) == old


def test_ids_of_the_first_schema_do_not_come_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    migrate(url, command.upgrade, "0001")
    for statement in OLD_ROWS.strip().split(";\n"):
        ask(url, statement)
    migrate(url, command.upgrade, "head")
    numbers = ask(url, "SELECT name, seq FROM sqlite_sequence ORDER BY seq")
    assert numbers == [("subscriptions", 3), ("deliveries", 5), ("posts", 8)]


def migrate(url: str, way: Callable[[Config, str], None], revision: str) -> None:
    engine = backend_of(url).engine
    with engine.begin() as connection:
        way(alembic_config(connection), revision)
    engine.dispose()


def rows_of(url: str) -> dict[str, Sequence[tuple[object, ...]]]:
    """The rows of the tables that are changed, and of one that refers to them."""
    names = ("subscriptions", "deliveries", "posts", "reactions")
    return {name: ask(url, f"SELECT * FROM {name}") for name in names}


SEALED = ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token", "incoming_webhook_url")
OURS: dict[str, TypeEngine[Any]] = {"id": NUMBER, **dict.fromkeys(SEALED, Text())}
"""What is larger here than it is there."""


def test_slacks_tables_are_those_of_its_library(database_url: str) -> None:
    theirs = MetaData()
    SQLAlchemyInstallationStore.build_installations_table(theirs, "slack_installations")
    SQLAlchemyInstallationStore.build_bots_table(theirs, "slack_bots")
    SQLAlchemyOAuthStateStore.build_oauth_states_table(theirs, "slack_oauth_states")
    engine = backend_of(database_url).engine
    for table in theirs.tables.values():
        inspector = inspect(engine)
        ours = {
            column["name"]: (column["type"].compile(engine.dialect), column["nullable"])
            for column in inspector.get_columns(table.name)
        }
        wanted = {
            column.name: (
                OURS.get(column.name, column.type).compile(engine.dialect),
                column.nullable,
            )
            for column in table.columns
        }
        assert ours == wanted
        assert inspector.get_pk_constraint(table.name)["constrained_columns"] == table.primary_key.columns.keys()
        indexes = {index["name"]: index["column_names"] for index in inspector.get_indexes(table.name)}
        assert indexes == {index.name: list(index.columns.keys()) for index in table.indexes}
    engine.dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_create_at_once_agree(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    if kind == POSTGRESQL:
        server: Server = request.getfixturevalue("postgres")
        url = server.url(server.create())
    code = f"""
import asyncio
from storage.opening import open_storage

async def main():
    storage = await open_storage("{url}")
    print(await storage.check())
    await storage.close()

asyncio.run(main())
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        for _ in range(2)
    ]
    assert [child.communicate() for child in children] == [(b"[]\n", b"")] * 2


async def test_several_databases_of_one_process_are_created_at_once(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / f'{number}.db'}" for number in range(4)]
    for storage in await asyncio.gather(*map(open_storage, urls)):
        assert await storage.check() == []
        await storage.close()
