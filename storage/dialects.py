"""What SQLite and PostgreSQL are told in different words. All other statements here are the same for both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Connection, Integer, MetaData, Table, func, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def is_sqlite(connection: Connection) -> bool:
    """Whether this is SQLite, with its only writer. For this module and `storage.locks`."""
    return connection.dialect.name == "sqlite"


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can be told what to do where there is such a row already; `rowcount` says whether it was new."""
    if is_sqlite(connection):
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a lookup in SQLite starts without it

    return postgresql.insert(table).execution_options(preserve_rowcount=True)


class position(FunctionElement[int]):  # noqa: N801 - a function of SQL, named as one
    """Where a text begins in another, counted from 1; 0 where it is not in it. No letter stands for another."""

    inherit_cache = True
    type = Integer()

    def __init__(self, within: ColumnElement[str], wanted: str) -> None:
        super().__init__(within, wanted)


@compiles(position, "sqlite")
def _position_in_sqlite(element: position, compiler: Any, **how: Any) -> str:
    return f"instr({compiler.process(element.clauses, **how)})"


@compiles(position, "postgresql")
def _position_in_postgresql(element: position, compiler: Any, **how: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **how)})"


def damage(connection: Connection) -> Sequence[str]:
    """What is wrong with the file, in the database's own words. PostgreSQL looks after its files by itself."""
    if not is_sqlite(connection):
        return ()
    found = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
    return () if found == ["ok"] else found


def tables_with_strays(connection: Connection) -> Sequence[str]:
    """Tables with rows that refer to rows which are not there. PostgreSQL does not let them come to be."""
    if not is_sqlite(connection):
        return ()
    return sorted({row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")})


def numbers_taken(connection: Connection, metadata: MetaData) -> Sequence[str]:
    """Columns that number their rows, where the next number is taken already. SQLite looks before it gives one out."""
    if is_sqlite(connection):
        return ()
    found = []
    for column in numbered(metadata):
        next_one = text(f"SELECT last_value + is_called::int FROM {_sequence(column)}")  # noqa: S608 - names of ours
        if (connection.scalar(select(func.max(column))) or 0) >= (connection.scalar(next_one) or 0):
            found.append(str(column))
    return found


def number_on(connection: Connection, metadata: MetaData) -> None:
    """Let columns that number their rows go on behind the highest number, after rows came with theirs."""
    if is_sqlite(connection):
        return  # it looks itself
    for column in numbered(metadata):
        highest = select(func.max(column)).scalar_subquery()
        connection.execute(select(func.setval(_sequence(column), highest)).where(highest.is_not(None)))


def numbered(metadata: MetaData) -> list[Column[int]]:
    """The columns whose numbers the database gives out."""
    keys = (table.primary_key.columns for table in metadata.sorted_tables)
    return [key for key, *others in keys if not others and isinstance(key.type, Integer) and key.autoincrement]


def _sequence(column: Column[int]) -> str:
    return f"{column.table.name}_{column.name}_seq"  # as PostgreSQL calls it
