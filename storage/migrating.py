"""Creating and upgrading the schema with Alembic, whose import is slow: import this module only when needed."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from storage.database import Backend
from storage.locks import lock_schema
from storage.reindexing import fill, is_empty, is_stale, make_at_once
from storage.spelling import keep_rests_of_all

_ALEMBIC = threading.Lock()
"""Alembic keeps what it is doing in its modules: two databases of one process cannot be upgraded at the same time."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; there is no alembic.ini."""
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(backend: Backend) -> None:
    """Bring a database, or an empty one, to the newest revision in one transaction, and fill its index.

    Two processes may do this at once: the second waits for the first and finds nothing to do.
    """
    try:
        with backend.engine.execution_options(paperboy_begin=backend.begin_writing).begin() as connection:
            lock_schema(connection)
            with _ALEMBIC:
                command.upgrade(alembic_config(connection), "head")
            keep_rests_of_all(connection)
            if is_stale(connection) and is_empty(connection):
                make_at_once(connection)  # so that nobody who comes meanwhile finds a new database without one
        fill(backend.engine.execution_options(paperboy_begin=backend.begin_writing))
    finally:
        backend.engine.dispose()
