"""Creating and upgrading the schema with Alembic, whose import is slow: import this module only when needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from storage.database import sqlite_engine


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; there is no alembic.ini."""
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(path: str) -> None:
    """Bring a database file, or a new one, to the newest revision in one transaction.

    Two processes may do this at once: the second waits for the first and finds nothing to do. Foreign keys are
    not enforced meanwhile, since SQLite changes a table by making it again.
    """
    engine = sqlite_engine(path, foreign_keys=False)
    try:
        with engine.execution_options(paperboy_begin="BEGIN IMMEDIATE").begin() as connection:
            command.upgrade(alembic_config(connection), "head")
    finally:
        engine.dispose()
