"""Asking a database apart from Paperboy, whichever it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import make_url

SQLITE, POSTGRESQL = KINDS = ("sqlite", "postgresql")

on_sqlite = pytest.mark.parametrize("database_url", [SQLITE], indirect=True)
"""For a test of what only SQLite has."""
on_postgresql = pytest.mark.parametrize("database_url", [POSTGRESQL], indirect=True)
"""For a test of what only PostgreSQL has."""


def ask(url: str, statement: str) -> Sequence[tuple[object, ...]]:
    """Have a statement done, in a transaction of its own; its rows."""
    if url.startswith(POSTGRESQL):
        with psycopg.connect(url) as server:
            cursor = server.execute(statement.encode())
            return cursor.fetchall() if cursor.description else ()
    with closing(sqlite3.connect(str(make_url(url).database))) as file, file:
        return file.execute(statement).fetchall()
