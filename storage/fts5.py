"""The index of words in SQLite: a contentless FTS5 table whose rowid is the place, made smaller.

Twelve bits count the entries of a day in it, instead of the place's twenty: lists of places take three quarters of
the room. Where a day has more entries than that, the index is made anew with all twenty (`reindexing.make_at_once`).

`detail=none` and `columnsize=0` leave nothing in it but lists of places, in order: the newest are read first and
nothing else is; `ascii` with `:` and `#` takes every token as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection

from storage.asking import Group
from storage.places import MOST_BITS, narrow, wide
from storage.postings import COUNTS, LIVE, NEXT
from storage.raw import change, rows_of
from storage.tokens import ALL

_OPTIONS: Final = (("automerge", 0), ("crisismerge", 64), ("hashsize", 32 * 1024 * 1024))
"""FTS5 would join pieces while it writes, and a single change then took seconds now and then: `tidy` does it."""
_PAGES_A_STEP: Final = 8
_COUNTS: Final = {
    "terms": ("term TEXT NOT NULL, uses INTEGER NOT NULL", "term"),
    "near_terms": ("rest BIGINT NOT NULL, term TEXT NOT NULL", "rest, term"),
}


class Fts5:
    """`storage.postings.Postings` in SQLite."""

    probes = False
    counts_soon = True
    fence = ""
    matches = f"{LIVE} MATCH ?"
    number = bounded = f"{LIVE}.rowid"
    brought: Mapping[int, Sequence[Any]] = {}

    def __init__(self, bits: Callable[[], int]) -> None:
        """`bits` is asked once they are needed, how many of a number count the entries of a day."""
        self._ask = bits

    @cached_property
    def _bits(self) -> int:
        return self._ask()

    @property
    def place(self) -> str:
        """See the port."""
        rest = (1 << self._bits) - 1
        return f"({LIVE}.rowid >> {self._bits} << {MOST_BITS} | ({LIVE}.rowid & {rest}))"

    def create_next(self, connection: Connection) -> None:
        """See the port."""
        _create(connection, NEXT)
        for table, (columns, key) in _COUNTS.items():
            named = f"CONSTRAINT pk_{table} PRIMARY KEY ({key})"
            change(connection, f"CREATE TABLE {table}_next ({columns}, {named}) WITHOUT ROWID")

    def drop_next(self, connection: Connection) -> None:
        """See the port."""
        for table in (NEXT, *(f"{table}_next" for table in COUNTS)):
            change(connection, f"DROP TABLE IF EXISTS {table}")

    def put_next_in_place(self, connection: Connection) -> None:
        """See the port."""
        for table in (LIVE, *COUNTS):
            change(connection, f"DROP TABLE {table}")
            change(connection, f"ALTER TABLE {table}_next RENAME TO {table}")

    def insert(self, connection: Connection, rows: Sequence[tuple[int, str]], name: str) -> None:
        """See the port."""
        change(connection, f"INSERT INTO {name}(rowid, tokens) VALUES (?, ?)", self._numbered(rows))  # noqa: S608

    def delete(self, connection: Connection, rows: Sequence[tuple[int, str]], name: str) -> None:
        """See the port."""
        change(connection, f"INSERT INTO {name}({name}, rowid, tokens) VALUES ('delete', ?, ?)", self._numbered(rows))  # noqa: S608

    def _numbered(self, rows: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
        return [(narrow(place, self._bits), tokens) for place, tokens in rows]

    def numbered(self, low: int, high: int) -> tuple[int, int]:
        """See the port."""
        return narrow(low, self._bits, up=True), narrow(high, self._bits)

    def numbered_in_sql(self, place: str) -> str:
        """See the port."""
        return f"({place} >> {MOST_BITS} << {self._bits} | ({place} & {(1 << MOST_BITS) - 1}))"

    def tidy(self, connection: Connection) -> bool:
        """See the port. By FTS5's own account, less than two changes mean that nothing was left to do."""
        driver: Any = connection.connection.driver_connection
        before = driver.total_changes
        change(connection, f"INSERT INTO {LIVE}({LIVE}, rank) VALUES ('merge', ?)", [(_PAGES_A_STEP,)])  # noqa: S608
        return bool(driver.total_changes - before >= 2)

    def matching(self, wanted: Sequence[Group], unwanted: Sequence[Group]) -> str:
        """See the port."""
        positive = " AND ".join(map(_group, wanted)) or _quoted(ALL)
        return f"({positive}) NOT ({' OR '.join(map(_group, unwanted))})" if unwanted else positive

    def newest(
        self,
        connection: Connection,
        wanted: Sequence[Group],
        unwanted: Sequence[Group],
        bounds: tuple[int, int],
        limit: int,
        *,
        oldest: bool = False,
        with_texts: bool = False,  # noqa: ARG002 - they are as near as places, and asked for when they are needed
    ) -> Sequence[int]:
        """See the port."""
        parameters = (self.matching(wanted, unwanted), *self.numbered(*bounds), limit)
        rows = rows_of(connection, _OLDEST if oldest else _NEWEST, parameters)
        return [wide(number, self._bits) for (number,) in rows]

    def holds(self, connection: Connection, place: int, tokens: Sequence[str]) -> bool:
        """See the port."""
        wanted = [Group(((token,),)) for token in tokens]
        return bool(self.newest(connection, wanted, (), (place, place), 1))

    def counted(self, connection: Connection) -> dict[str, int]:
        """See the port."""
        name = f"temp.{LIVE}_tokens"
        change(connection, f"CREATE VIRTUAL TABLE {name} USING fts5vocab('main', '{LIVE}', 'row')")
        found = dict(map(tuple, rows_of(connection, f"SELECT term, doc FROM {name}")))  # noqa: S608
        change(connection, f"DROP TABLE {name}")
        return found


_NEWEST = f"SELECT rowid FROM {LIVE} WHERE {LIVE} MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?"  # noqa: S608
_OLDEST = _NEWEST.replace("DESC", "ASC")


def _create(connection: Connection, name: str) -> None:
    change(
        connection,
        f"CREATE VIRTUAL TABLE {name} USING fts5(tokens, content='', columnsize=0, detail=none, "
        "tokenize=\"ascii tokenchars ':#'\")",
    )
    change(connection, f"INSERT INTO {name}({name}, rank) VALUES (?, ?)", _OPTIONS)  # noqa: S608


def _group(group: Group) -> str:
    each = [" AND ".join(map(_quoted, tokens)) for tokens in group.alternatives]
    return each[0] if len(each) == 1 else f"({' OR '.join(f'({one})' for one in each)})"


def _quoted(token: str) -> str:
    return f'"{token}"'
