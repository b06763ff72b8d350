from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import sqlite_engine
from storage.migrating import alembic_config
from storage.schema_version import HEAD, REVISIONS
from storage.tables import metadata


def test_migrations_make_what_the_tables_say(path: Path) -> None:
    engine = sqlite_engine(str(path))
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrations_make_tables_as_the_metadata_does(path: Path, tmp_path: Path) -> None:
    """Also what Alembic does not compare: partial indexes, tables without rowid, autoincrement."""
    engine = sqlite_engine(str(tmp_path / "made.db"))
    with engine.begin() as connection:
        metadata.create_all(connection)
    engine.dispose()
    assert schema_of(path) == schema_of(tmp_path / "made.db")


def schema_of(path: Path) -> dict[str, list[str]]:
    """Everything in a database, each with the parts of its definition in no particular order."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: sorted(re.split(r"[\s,()]+", sql)) for name, sql in rows if name != "alembic_version"}


def test_the_code_knows_every_revision() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert script.get_current_head() == HEAD
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == REVISIONS


def test_every_revision_can_be_taken_back(path: Path) -> None:
    engine = sqlite_engine(str(path), foreign_keys=False)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        command.upgrade(alembic_config(connection), "head")
    engine.dispose()


def test_processes_that_create_at_once_agree(tmp_path: Path) -> None:
    code = f"""
import asyncio
from storage.opening import open_storage

async def main():
    storage = await open_storage("sqlite:///{tmp_path}/new.db")
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
