"""Copying a whole database to another, of either kind: all tables, row by row as they are, with their numbers.

Rows go over in the order of their keys, some thousand a transaction, which also notes how far it came. So a copy that
is broken off at any moment goes on from there. Until it is whole, the target has a table more, `copy_under_way`: no
Paperboy opens it (see `storage.schema_version`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.types import TypeDecorator

from bot.core.errors import Conflict, StorageBusy, StorageError
from bot.core.messages import msg
from storage.database import Backend, repeated
from storage.dialects import keep_still, look_over, number_on, numbers_given
from storage.faults import translated
from storage.reindexing import fill
from storage.schema_version import COPY_UNDER_WAY
from storage.tables import INDEX_OF_WORDS, metadata

Report = Callable[[int, int], None]
"""Told how many rows are there, and how many there will be."""

_under_way = Table(
    COPY_UNDER_WAY,
    MetaData(),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),  # of the source, to see whether it has changed since
    Column("reached", Text, nullable=False),  # for each table how many rows are there, and the key of the last
)


def _plain(table: Table) -> Table:
    """A table whose values are taken as they lie there: both databases have them alike, but for moments of Slack's."""
    kinds = ((column, column.type) for column in table.columns)
    return Table(
        table.name,
        MetaData(),
        *(
            Column(
                column.name,
                kind.impl_instance if isinstance(kind, TypeDecorator) else kind,
                primary_key=column.primary_key,
                autoincrement=False,
            )
            for column, kind in kinds
        ),
    )


_tables = {table.name: _plain(table) for table in metadata.sorted_tables if table not in INDEX_OF_WORDS}
"""All of them, each behind those it refers to; but for the index of words, which each database keeps in its own way."""


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far one table came."""

    rows: int = 0
    key: tuple[Any, ...] = ()


def copy_database(source: Backend, target: Backend, report: Report, *, batch_size: int) -> int:
    """Copy all that is in one database to another that is empty, or where this copy was broken off; how many rows.

    Nobody can write to the source meanwhile. At most `batch_size` rows go over in one transaction.

    Raises:
        Conflict: the target holds something else, or the source has changed since the copy began.
        StorageError: one of them cannot be used.
    """
    if source.name == target.name:
        raise Conflict(msg("{path} cannot be copied to itself.", path=target.name))
    with _still(source) as reading:
        with translated(source.name):
            counts = {name: _count(reading, table) for name, table in _tables.items()}
            whole = sum(counts.values())
            state = json.dumps([counts, _marks(reading)])
            given = numbers_given(reading, metadata)
        with translated(target.name):
            reached = repeated(_writing(target), _begin, source.name, target.name, state)
        for table in _tables.values():
            for rows in _copy_table(source, reading, target, table, reached, batch_size=batch_size):
                report(rows, whole)
        with translated(target.name):
            fill(_writing(target), anew=True)
            repeated(_writing(target), _finish, counts, given)
    return whole


@contextmanager
def _still(source: Backend) -> Iterator[Connection]:
    """One moment of the source, in which it stays until the end."""
    engine = source.engine.execution_options(paperboy_begin=source.begin_copying)
    with translated(source.name):
        connection = engine.connect()
    try:
        with translated(source.name):
            connection.begin()
            keep_still(connection, metadata)
        yield connection
    finally:
        connection.close()


def _writing(target: Backend) -> Engine:
    return target.engine.execution_options(paperboy_begin=target.begin_writing)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _marks(connection: Connection) -> list[int]:
    """Numbers that change when rows do, even where their count stays."""
    state, entries, posts, orders = (_tables[name].c for name in ("archive_state", "entries", "posts", "subscriptions"))
    sums = (
        func.max(state.change_no),
        func.sum(entries.popularity + entries.replies),
        func.sum(posts.attempts + posts.revision),
        func.count(posts.message_id),
        func.sum(orders.seen_change),
        func.max(orders.next_run_at),
    )
    return [int(connection.scalar(select(one)) or 0) for one in sums]


# --- the target ----------------------------------------------------------------------------------------------------


def _begin(connection: Connection, source: str, name: str, state: str) -> dict[str, _Reached]:
    """Mark the target as one that is being copied to, or find out how far that came."""
    if not _exists(connection):
        _require_empty(connection, name)
        _under_way.create(connection)
        connection.execute(insert(_under_way).values(source=source, state=state, reached="{}"))
        connection.execute(delete(_tables["archive_state"]))
        return {}
    row = connection.execute(select(_under_way)).one()
    if row.source != source:
        raise Conflict(
            msg(
                "{path} holds a part of {source}, whose copy was broken off. "
                "Name that one again, or copy to an empty database.",
                path=name,
                source=row.source,
            )
        )
    if row.state != state:
        raise Conflict(
            msg(
                "{source} has changed since its copy was begun. Empty {path} and copy again, "
                "while nothing else is running.",
                source=source,
                path=name,
            )
        )
    return {table: _Reached(rows, tuple(key)) for table, (rows, key) in json.loads(row.reached).items()}


def _exists(connection: Connection) -> bool:
    return connection.dialect.has_table(connection, COPY_UNDER_WAY)


def _require_empty(connection: Connection, name: str) -> None:
    for table in _tables.values():
        rows = select(table).limit(1)
        if table.name == "archive_state":  # has a row from the first
            rows = rows.where(table.c.change_no > 0)
        if connection.execute(rows).first() is not None:
            raise Conflict(msg("{path} is not empty. Copy to a new database.", path=name))


def _note(connection: Connection, name: str, before: str, after: str) -> None:
    this = update(_under_way).where(_under_way.c.reached == before)
    if connection.execute(this.values(reached=after)).rowcount != 1:
        raise StorageBusy(msg("Another copy to {path} is under way.", path=name))


def _finish(connection: Connection, counts: Mapping[str, int], given: Mapping[str, int]) -> None:
    """See that all is there, and let Paperboy in."""
    for name, table in _tables.items():
        count = _count(connection, table)
        if count != counts[name]:
            raise StorageError(
                msg(
                    "The copy is not whole: {table} has {count} rows instead of {wanted}.",
                    table=name,
                    count=count,
                    wanted=counts[name],
                )
            )
    number_on(connection, metadata, given)
    look_over(connection)
    _under_way.drop(connection)


# --- rows ----------------------------------------------------------------------------------------------------------


def _copy_table(
    source: Backend,
    reading: Connection,
    target: Backend,
    table: Table,
    reached: dict[str, _Reached],
    *,
    batch_size: int,
) -> Iterator[int]:
    """Copy the rest of a table; after each piece how many rows there are of all tables."""
    keys = [list(table.columns).index(key) for key in table.primary_key]
    while True:
        here = reached.get(table.name, _Reached())
        with translated(source.name):
            rows = reading.execute(_rows_after(table, here.key).limit(batch_size)).all()
        if not rows:
            return
        before = _written(reached)
        reached[table.name] = _Reached(here.rows + len(rows), tuple(rows[-1][place] for place in keys))
        with translated(target.name):
            repeated(_writing(target), _write, table, rows, name=target.name, before=before, after=_written(reached))
        yield sum(one.rows for one in reached.values())


def _rows_after(table: Table, key: tuple[Any, ...]) -> Select[Any]:
    order = tuple(table.primary_key)
    rows = select(table).order_by(*order)
    return rows.where(tuple_(*order) > tuple_(*key)) if key else rows


def _write(
    connection: Connection, table: Table, rows: Sequence[Row[Any]], *, name: str, before: str, after: str
) -> None:
    """Rows, and that they are there: both or neither."""
    _note(connection, name, before, after)
    connection.execute(insert(table), [dict(row._mapping) for row in rows])  # noqa: SLF001 - it is public in SQLAlchemy


def _written(reached: Mapping[str, _Reached]) -> str:
    return json.dumps({table: [one.rows, one.key] for table, one in reached.items()}, ensure_ascii=False)
