"""What SQLite and PostgreSQL are told in different words. All other statements here are the same for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
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


def driver_of(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


def together(connection: Connection) -> AbstractContextManager[object]:
    """What the driver is asked in a block is sent to the server as one, and answered when the block ends.

    Each is answered at once in SQLite, which is no further away than the program itself, and where somebody listens.
    """
    if is_sqlite(connection) or is_listened_to(connection):
        return nullcontext()
    block: AbstractContextManager[object] = driver_of(connection).pipeline()
    return block


def is_listened_to(connection: Connection) -> bool:
    """Whether somebody wants to hear of every statement, as tests do: then none may go past SQLAlchemy."""
    return bool(connection.dispatch.before_cursor_execute)


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


def numbers_given(connection: Connection, metadata: MetaData) -> Mapping[str, int]:
    """The highest number that each table has given out, also to rows that are gone."""
    if is_sqlite(connection):
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
        return {row.name: row.seq for row in rows}
    given = {}
    for column in numbered(metadata):
        last = text(f"SELECT last_value FROM {_sequence(column)} WHERE is_called")  # noqa: S608 - names of ours
        given[column.table.name] = connection.scalar(last) or 0
    return given


def number_on(connection: Connection, metadata: MetaData, given: Mapping[str, int]) -> None:
    """Let tables go on behind the numbers given out elsewhere, and behind the rows that came with theirs."""
    for column in numbered(metadata):
        name = column.table.name
        number = max(given.get(name, 0), connection.scalar(select(func.max(column))) or 0)
        if number and not is_sqlite(connection):
            connection.execute(select(func.setval(_sequence(column), number)))
        elif number and column.table.dialect_options["sqlite"]["autoincrement"]:
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            row = {"name": name, "number": number}
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), row)


def keep_still(connection: Connection, metadata: MetaData) -> None:
    """Let nobody write before the end of this transaction, the first of whose statements this is."""
    if not is_sqlite(connection):
        names = ", ".join(table.name for table in metadata.sorted_tables)
        connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))


def look_over(connection: Connection) -> None:
    """After much has come at once: PostgreSQL plans by what it has seen of the tables. Plans in SQLite are fixed."""
    if not is_sqlite(connection):
        connection.execute(text("ANALYZE"))


def numbered(metadata: MetaData) -> list[Column[int]]:
    """The columns whose numbers the database gives out."""
    keys = (table.primary_key.columns for table in metadata.sorted_tables)
    return [key for key, *others in keys if not others and isinstance(key.type, Integer) and key.autoincrement]


def _sequence(column: Column[int]) -> str:
    return f"{column.table.name}_{column.name}_seq"  # as PostgreSQL calls it
