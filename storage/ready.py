"""Statements that are put together once, for what is done for every post.

SQLAlchemy takes its time with a statement, also where it has compiled it before: of what the ledger cost a post, that
was the larger part. Here it is asked once, for each kind of database, what the text of a statement is and what types
its values and columns have. From then on the driver is handed the text, and values go through the types of
`storage.columns`.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Boolean, Connection, Dialect, Select, Update
from sqlalchemy.types import TypeEngine

from storage.columns import Kept
from storage.dialects import driver_of, is_listened_to

Values: TypeAlias = Mapping[str, Any]
Converts: TypeAlias = Callable[[Any], Any]
Makes: TypeAlias = Callable[[], Select[Any] | Update]
"""A function that makes a statement, the same one each time. Its values are named by `bindparam`; it may have no IN."""


class Answer:
    """What a statement finds; to be looked at when those it was sent `together` with have been answered."""

    def __init__(self, cursor: Any, read: Converts) -> None:
        self._cursor = cursor
        self._read = read

    def first(self) -> Any:
        """The first row, its columns as attributes; None where there is none."""
        row = self._cursor.fetchone()
        return None if row is None else self._read(row)


def ask(connection: Connection, make: Makes, values: Values) -> Answer:
    """Ask what a statement finds with these values."""
    if is_listened_to(connection):
        return Answer(connection.execute(make(), dict(values)), lambda row: row)
    ready = _ready(make, connection.dialect)
    return Answer(driver_of(connection).execute(ready.sql, ready.bound(values)), ready.found)


def carry_out(connection: Connection, make: Makes, each: Sequence[Values]) -> None:
    """Carry out a statement that changes something, once with each of these values."""
    if is_listened_to(connection):
        for values in each:
            connection.execute(make(), dict(values))
        return
    ready, driver = _ready(make, connection.dialect), driver_of(connection)
    for values in each:
        driver.execute(ready.sql, ready.bound(values))


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement for one kind of database.

    `fixed` are the values that it brings along, `kept` says how others are kept; `places` are their names in order
    where the driver does not go by names. `row` is made of its columns, some of which are `restored`.
    """

    sql: str
    fixed: Values
    kept: Mapping[str, Converts]
    places: Sequence[str] | None
    row: Callable[[Sequence[Any]], Any]
    restored: Sequence[tuple[int, Converts]]

    def bound(self, values: Values) -> Mapping[str, Any] | Sequence[Any]:
        """All values as the driver takes them."""
        named = {**self.fixed, **values}
        for name, keep in self.kept.items():
            if named[name] is not None:
                named[name] = keep(named[name])
        return named if self.places is None else [named[name] for name in self.places]

    def found(self, row: Sequence[Any]) -> Any:
        """A row of the driver's as values."""
        found = list(row)
        for at, restore in self.restored:
            if found[at] is not None:
                found[at] = restore(found[at])
        return self.row(found)


@cache
def _ready(make: Makes, dialect: Dialect) -> _Ready:
    statement = make()
    compiled: Any = statement.compile(dialect=dialect)
    types: dict[str, TypeEngine[Any]] = {name: compiled.binds[name].type for name in compiled.params}
    given = {name for name in types if compiled.binds[name].required}
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    restores = [(at, _restoring(column.type)) for at, column in enumerate(columns)]
    return _Ready(
        sql=str(compiled),
        fixed={name: _kept(types[name], value) for name, value in compiled.params.items() if name not in given},
        kept={name: kind.kept for name in sorted(given) if isinstance(kind := types[name], Kept)},
        places=compiled.positiontup,
        row=_making([str(column.key) for column in columns]),
        restored=[(at, restore) for at, restore in restores if restore is not None],
    )


def _making(names: Sequence[str]) -> Converts:
    kind: Any = namedtuple("Row", names)  # type: ignore[misc] # its names are known when it runs
    make: Converts = kind._make
    return make


def _kept(kind: TypeEngine[Any], value: Any) -> Any:
    return kind.kept(value) if isinstance(kind, Kept) and value is not None else value


def _restoring(kind: TypeEngine[Any]) -> Converts | None:
    if isinstance(kind, Kept):
        return kind.restored
    return bool if isinstance(kind, Boolean) else None  # SQLite knows numbers only
