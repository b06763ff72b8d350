"""Statements as text, for what every lookup does: putting them together would take longer than answering them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection


def rows_of(connection: Connection, sql: str, parameters: Iterable[Any] = ()) -> Sequence[Sequence[Any]]:
    """All rows of a statement; `?` stands for each parameter.

    In SQLite the driver is asked itself, unless somebody listens to what is asked: of a lookup's time, SQLAlchemy took
    the larger part.
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection) and not connection.dispatch.before_cursor_execute:
        return driver.execute(sql, tuple(parameters)).fetchall()
    return connection.exec_driver_sql(_said(connection, sql), tuple(parameters)).fetchall()


def value_of(connection: Connection, sql: str, parameters: Iterable[Any] = ()) -> Any:
    """The first value of the first row; None where there is none."""
    rows = rows_of(connection, sql, parameters)
    return rows[0][0] if rows else None


def change(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]] | None = None) -> None:
    """Carry out a statement that changes something; with `rows` once for each of them."""
    if rows is None:
        connection.exec_driver_sql(sql)
    elif rows:
        connection.exec_driver_sql(_said(connection, sql), list(rows))


def marks(parameters: Sequence[object]) -> str:
    """A question mark for each parameter."""
    return ", ".join("?" * len(parameters))


def _said(connection: Connection, sql: str) -> str:
    return sql if connection.dialect.paramstyle == "qmark" else sql.replace("?", "%s")
