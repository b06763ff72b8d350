"""Asking a database apart from Paperboy, whichever it is, and listening to what Paperboy asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from storage.database import Backend
from storage.opening import Storage, address_of
from storage.postgresql import postgresql_backend
from storage.sqlite import path_of, sqlite_backend

SQLITE, POSTGRESQL = KINDS = ("sqlite", "postgresql")

on_sqlite = pytest.mark.parametrize("database_url", [SQLITE], indirect=True)
"""For a test of what only SQLite has."""
on_postgresql = pytest.mark.parametrize("database_url", [POSTGRESQL], indirect=True)
"""For a test of what only PostgreSQL has."""


def backend_of(url: str) -> Backend:
    """A database as its schema is changed: without looking at it first."""
    address = address_of(url)
    if address.get_backend_name() == SQLITE:
        return sqlite_backend(str(path_of(address)), foreign_keys=False)
    return postgresql_backend(address)


def ask(url: str, statement: str) -> Sequence[tuple[object, ...]]:
    """Have a statement done, in a transaction of its own; its rows."""
    if url.startswith(POSTGRESQL):
        with psycopg.connect(url) as server:
            cursor = server.execute(statement.encode(), prepare=False)
            return cursor.fetchall() if cursor.description else ()
    with closing(sqlite3.connect(path_of(address_of(url)))) as file, file:
        return file.execute(statement).fetchall()


async def statements_while(archive: Storage, do: Callable[[], Awaitable[object]]) -> list[tuple[str, Any]]:
    """All statements that something takes, with their parameters; not those that tidy the index when nobody waits."""
    statements: list[tuple[str, Any]] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if not statement.startswith(("BEGIN", "INSERT INTO lookup(lookup", "SELECT count(*) FROM term_changes")):
            statements.append((statement, parameters))

    for engine in archive.database.engines:
        event.listen(engine, "before_cursor_execute", keep)
    try:
        await do()
    finally:
        for engine in archive.database.engines:
            event.remove(engine, "before_cursor_execute", keep)
    return statements
