"""The index of words in PostgreSQL: a narrow table of places and their tokens, with a GIN index; no extension.

A GIN index finds all places that have some tokens, in no order, which takes long where they are many. So each place has
one more token, its month: common words are asked for together with the newest months, a few at first and then six times
as many, until there are enough. `OFFSET 0` keeps the planner from walking along all places in order and looking at the
tokens of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection

from storage.asking import Group
from storage.places import day_of
from storage.postings import COUNTS, LIVE, NEXT, Postings
from storage.raw import change, marks, rows_of
from storage.tokens import ALL

_RARE: Final = 3_000
"""So many places are found all at once and put in order."""
_WIDER: Final = 6


class _Gin:
    """`storage.postings.Postings` in PostgreSQL."""

    least = 100
    number = f"{LIVE}.place"
    bounded = f"({LIVE}.place + 0)"  # else the planner walks along the places of a span, and reads all their tokens
    matches = f"{LIVE}.tokens @@ CAST(? AS tsquery)"

    @property
    def place(self) -> str:
        """See the port."""
        return self.number

    def create_next(self, connection: Connection) -> None:
        """See the port."""
        _create(connection, NEXT)
        for table in COUNTS:
            change(connection, f"CREATE TABLE {table}_next (LIKE {table} INCLUDING ALL)")

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
        statement = (
            f"INSERT INTO {name} (place, tokens) VALUES (?, array_to_tsvector(string_to_array(?, ' '))) "  # noqa: S608
            "ON CONFLICT (place) DO UPDATE SET tokens = excluded.tokens"
        )
        change(connection, statement, [(place, f"{tokens} {_month_token(_month_of(place))}") for place, tokens in rows])

    def delete(self, connection: Connection, rows: Sequence[tuple[int, str]], name: str) -> None:
        """See the port."""
        change(connection, f"DELETE FROM {name} WHERE place = ?", [(place,) for place, _ in rows])  # noqa: S608

    def tidy(self, connection: Connection) -> bool:  # noqa: ARG002 - as in SQLite
        """See the port: PostgreSQL does it by itself."""
        return False

    def matching(self, wanted: Sequence[Group], unwanted: Sequence[Group]) -> str:
        """See the port."""
        positive = " & ".join(map(_group, wanted)) or _quoted(ALL)
        return " & ".join([positive, *(f"!({_group(group)})" for group in unwanted)])

    def newest(
        self,
        connection: Connection,
        wanted: Sequence[Group],
        unwanted: Sequence[Group],
        bounds: tuple[int, int],
        limit: int,
        *,
        oldest: bool = False,
    ) -> Sequence[int]:
        """See the port."""
        match = self.matching(wanted, unwanted)
        found: Sequence[int] = ()
        for months in self._windows(connection, wanted, bounds, limit, oldest=oldest):
            within = (
                f"({match}) & ({' | '.join(_quoted(_month_token(month)) for month in months)})" if months else match
            )
            rows = rows_of(connection, OLDEST if oldest else NEWEST, (within, *bounds, limit))
            found = [place for (place,) in rows]
            if len(found) >= limit:
                break
        return found

    def _windows(
        self, connection: Connection, wanted: Sequence[Group], bounds: tuple[int, int], limit: int, *, oldest: bool
    ) -> Iterator[Sequence[int]]:
        """The months to look into, more and more of them; at last none, which means all."""
        most = _most(connection, wanted)
        ends = rows_of(connection, _ENDS, bounds)[0] if most > _RARE else None
        if ends and ends[0] is not None:
            first, last = _month_of(ends[0]), _month_of(ends[1])
            there = last - first + 1
            count = max(1, 3 * limit * there // most)
            while count * 2 < there:
                yield range(first, first + count) if oldest else range(last - count + 1, last + 1)
                count *= _WIDER
        yield ()

    def numbered(self, low: int, high: int) -> tuple[int, int]:
        """See the port."""
        return low, high

    def numbered_in_sql(self, place: str) -> str:
        """See the port."""
        return place

    def holds(self, connection: Connection, place: int, tokens: Sequence[str]) -> bool:
        """See the port."""
        match = " & ".join(map(_quoted, tokens))
        sql = f"SELECT 1 FROM {LIVE} WHERE {self.number} = ? AND {self.matches}"  # noqa: S608
        return bool(rows_of(connection, sql, (place, match)))

    def counted(self, connection: Connection) -> dict[str, int]:
        """See the port."""
        rows = rows_of(connection, f"SELECT word, ndoc FROM ts_stat('SELECT tokens FROM {LIVE}')")  # noqa: S608
        return {word: places for word, places in rows if not word.startswith(_MONTH)}


_MONTH: Final = "m:"
_ENDS = "SELECT min(shown), max(shown) FROM entries WHERE shown BETWEEN ? AND ?"
NEWEST = (
    f"SELECT place FROM (SELECT place FROM {LIVE} WHERE tokens @@ CAST(? AS tsquery) "  # noqa: S608
    "AND place + 0 BETWEEN ? AND ? OFFSET 0) AS found ORDER BY place DESC LIMIT ?"
)
OLDEST = NEWEST.replace("DESC", "ASC")


def _create(connection: Connection, name: str) -> None:
    change(connection, f"CREATE TABLE {name} (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL)")
    change(connection, f"CREATE INDEX ON {name} USING gin (tokens)")


def _most(connection: Connection, wanted: Sequence[Group]) -> int:
    """At most so many places match."""
    tokens = sorted({token for group in wanted for token in group.each()} or {ALL})
    sql = f"SELECT term, uses FROM terms WHERE term IN ({marks(tokens)})"  # noqa: S608
    uses = dict(map(tuple, rows_of(connection, sql, tokens)))
    return min(
        (group.most(uses) for group in wanted),
        default=uses.get(ALL, 0),
    )


def _month_of(place: int) -> int:
    """The month of a place's digest date, counted from the year 0."""
    day = day_of(place)
    return day.year * 12 + day.month - 1 if day else 0


def _month_token(month: int) -> str:
    return f"{_MONTH}{month}"


def _group(group: Group) -> str:
    each = [" & ".join(map(_quoted, tokens)) for tokens in group.alternatives]
    return f"({' | '.join(f'({one})' for one in each)})"


def _quoted(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


POSTINGS: Final[Postings] = _Gin()
