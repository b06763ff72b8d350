"""Statements as text, for what every lookup does: putting them together would take longer than answering them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from storage.dialects import driver_of, is_listened_to, is_sqlite


def rows_of(connection: Connection, sql: str, parameters: Iterable[Any] = ()) -> Sequence[Sequence[Any]]:
    """All rows of a statement; `?` stands for each parameter.

    The driver is asked itself, unless somebody listens to what is asked: of a lookup's time, SQLAlchemy took the larger
    part. So errors are the driver's own, which `storage.faults` translates as well.
    """
    if is_listened_to(connection):
        return connection.exec_driver_sql(_said(connection, sql), tuple(parameters)).fetchall()
    driver = driver_of(connection)
    if isinstance(driver, sqlite3.Connection):
        return driver.execute(sql, tuple(parameters)).fetchall()
    try:
        found: list[Sequence[Any]] = driver.execute(_with_percents(sql), tuple(parameters)).fetchall()
    except Exception as error:
        if driver.closed:
            connection.invalidate(error)  # as SQLAlchemy would: else the transaction's end fails too, and hides why
        raise
    return found


def value_of(connection: Connection, sql: str, parameters: Iterable[Any] = ()) -> Any:
    """The first value of the first row; None where there is none."""
    rows = rows_of(connection, sql, parameters)
    return rows[0][0] if rows else None


def change(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]] | None = None) -> None:
    """Carry out a statement that changes something, in a transaction; with `rows` once for each of them.

    SQLite is asked itself, as in `rows_of`: for each of an addition's statements SQLAlchemy would take longer.
    """
    if rows is not None and not rows:
        return
    driver = None if is_listened_to(connection) else driver_of(connection)
    if isinstance(driver, sqlite3.Connection):
        if rows is None:
            driver.execute(sql)
        else:
            driver.executemany(sql, rows)
    elif rows is None:
        connection.exec_driver_sql(sql)
    else:
        connection.exec_driver_sql(_said(connection, sql), list(rows))


def marks(parameters: Sequence[object]) -> str:
    """A question mark for each parameter."""
    return ", ".join("?" * len(parameters))


def among(connection: Connection, values: Sequence[int] | Sequence[str]) -> tuple[str, Sequence[Any]]:
    """The condition that a column has one of these, to be put behind its name, and the parameters it takes.

    There is one at least, and no text with a space in it is in the column. PostgreSQL gets them as one array: with a
    question mark for each, every number of values would make another statement, and to plan one that is seldom asked
    takes longer than to answer it.
    """
    if is_sqlite(connection):
        return f"IN ({marks(values)})", values
    if values and isinstance(values[0], int):
        return "= ANY(CAST(? AS bigint[]))", ["{" + ",".join(map(str, values)) + "}"]
    return "= ANY(string_to_array(?, ' '))", [" ".join(map(str, values))]


def _said(connection: Connection, sql: str) -> str:
    return sql if connection.dialect.paramstyle == "qmark" else _with_percents(sql)


def _with_percents(sql: str) -> str:
    """A statement as psycopg takes it."""
    return sql.replace("?", "%s")
