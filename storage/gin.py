"""The index of words in PostgreSQL: a narrow table of places and their tokens, with a GIN index; no extension.

A GIN index finds all places that have some tokens, in no order, and to fetch them takes long where they are many. So
there are three ways to the newest few, and how common the tokens are says which is likely to be the cheapest:

    WALK      along the newest places, looking at the tokens of each: common words soon have enough
    BY_MONTH  each place has one more token, its month: the rarest tokens together with one month after the other
    NEWEST    the rarest tokens in all months: rare words, and those that are seldom together

The index is asked for tokens that spare fetching places; the others are looked for at what these lead to, the newest
first, until there are enough. `OFFSET 0` keeps the planner from looking at the tokens of all places in order instead,
as does `place + 0`, by which it knows no order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, prod
from typing import Final, NamedTuple

from sqlalchemy import Connection

from storage.asking import Group, Vocabulary
from storage.places import FIRST_DATED, day_of
from storage.postings import COUNTS, LIVE, NEXT
from storage.raw import change, rows_of
from storage.tokens import ALL

_COMMON: Final = 0.5
"""Tokens on more of all places are not asked for in the index, beside a rarer one."""
_WORTH_A_MONTH: Final = 0.01
"""Nor are others in a month, where that spares fetching less than this share of its places."""
_LOOKED_AT: Final = 30
_FETCHED: Final = 25
_PASSED: Final = 0.3
_ASKED: Final = 500
_MONTH_ASKED: Final = 300
"""What it takes, in tenths of microseconds: to look at the tokens of a place, to fetch one that the index has found, to
pass one of a month, to ask a question, and to ask for a month."""
_AMPLE: Final = 3
"""A walk goes on for so many times as many places as should do."""
_FEW: Final = 50


class Gin:
    """`storage.postings.Postings` in PostgreSQL."""

    probes = True
    fence = "OFFSET 0"
    number = f"{LIVE}.place"
    bounded = f"({LIVE}.place + 0)"  # else the planner walks along the places of a span, and reads all their tokens
    matches = f"{LIVE}.tokens @@ CAST(? AS tsquery)"

    def __init__(self, words: Vocabulary) -> None:
        """`words` says how common tokens are."""
        self._words = words
        self._seldom: set[str] = set()  # what was asked for, and found only by asking for all

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
        found: Sequence[Sequence[int]] = ()
        for statement, asked in self._ways(wanted, match, bounds, limit, oldest=oldest):
            found = rows_of(connection, statement.replace("DESC", "ASC") if oldest else statement, (*asked, limit))
            if len(found) >= limit:
                break
            self._seldom.add(match)
        return [place for (place,) in found]

    def _ways(
        self, wanted: Sequence[Group], match: str, bounds: tuple[int, int], limit: int, *, oldest: bool
    ) -> Iterator[tuple[str, tuple[int | str, ...]]]:
        """Statements with what they are asked, the likely cheapest first; the last one finds all there are."""
        uses = self._words.uses({token for group in wanted for token in group.each()} | {ALL})
        months = self._months(bounds)
        costs = _Costs(uses, wanted, months.all)
        by_index = min(costs.all, costs.month * costs.months(limit))
        is_seldom = match in self._seldom  # as was found for the page before
        if costs.walk(limit) < by_index and not is_seldom:
            yield WALK, (*bounds, ceil(_AMPLE * costs.passed(limit)) + _FEW, match)
        most = int(costs.all / costs.month)
        if costs.months(limit) < most and not is_seldom:
            ends = (months.first, min(months.last, months.first + most), 1)
            if not oldest:
                ends = (months.last, max(months.first, months.last - most), -1)
            yield BY_MONTH, (*ends, costs.in_month, *bounds, match)
            if months.last - months.first <= most and bounds[0] >= FIRST_DATED:
                return
        yield NEWEST, (costs.in_all, *bounds, match)

    def _months(self, bounds: tuple[int, int]) -> _Months:
        lowest, highest = self._words.span()
        first, last = _month_of(max(bounds[0], lowest)), _month_of(min(bounds[1], highest))
        return _Months(first, last, _month_of(highest) - _month_of(lowest) + 1)

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
_OF_MONTH: Final = f"(CAST(? AS tsquery) && CAST('''{_MONTH}' || month || '''' AS tsquery))"
_FOUND: Final = (
    f"SELECT place + 0 AS place, tokens FROM {LIVE} WHERE tokens @@ {{}} "  # noqa: S608
    "AND place + 0 BETWEEN ? AND ? ORDER BY place + 0 DESC OFFSET 0"
)
NEWEST: Final = (
    f"SELECT place FROM ({_FOUND.format('CAST(? AS tsquery)')}) AS found "  # noqa: S608
    "WHERE tokens @@ CAST(? AS tsquery) ORDER BY place DESC LIMIT ?"
)
"""By the index, all at once."""
BY_MONTH: Final = (
    "SELECT place FROM generate_series(CAST(? AS int), CAST(? AS int), CAST(? AS int)) AS month, "  # noqa: S608
    f"LATERAL ({_FOUND.format(_OF_MONTH)}) AS found WHERE tokens @@ CAST(? AS tsquery) LIMIT ?"
)
"""By the index, one month after the other until there are enough: a lateral join keeps the order of the months."""
WALK: Final = (
    f"SELECT place FROM (SELECT place, tokens FROM {LIVE} WHERE place BETWEEN ? AND ? "  # noqa: S608
    "ORDER BY place DESC LIMIT ?) AS passed WHERE tokens @@ CAST(? AS tsquery) ORDER BY place DESC LIMIT ?"
)
"""Along all places, so many at most."""


class _Months(NamedTuple):
    """The months that are asked about, counted from the year 0, and how many there are in all."""

    first: int
    last: int
    all: int


class _Costs:
    """What each way is likely to take, in tenths of microseconds, and which tokens the index is asked for.

    It is hoped that the tokens of one word or phrase come together, and then a walk or a few months are enough. How
    many months are tried is measured by what all would take, if tokens had nothing to do with each other.
    """

    def __init__(self, uses: Mapping[str, int], wanted: Sequence[Group], months: int) -> None:
        total = max(1, uses.get(ALL, 0))
        counts = [group.most(uses) for group in wanted]
        rarest = min(counts, default=total)
        self._share = prod(min(1.0, max(1, count) / total) for count in counts)
        self._in_month = total / months
        parts = sorted(_parts(wanted, uses, total), key=lambda part: part[0])
        self.in_month, found = _worth_asking(parts, _WORTH_A_MONTH)
        self.month = _MONTH_ASKED + self._in_month * (_PASSED + found * _FETCHED)
        self.in_all, found = _worth_asking(parts, 0.0)
        self.all = _ASKED + rarest + total * found * _FETCHED

    def passed(self, limit: int) -> float:
        """So many places have so many among them that match."""
        return limit / self._share

    def months(self, limit: int) -> float:
        """So many months have so many that match."""
        return 1 + self.passed(limit) / self._in_month

    def walk(self, limit: int) -> float:
        """To walk along so many."""
        return _ASKED + self.passed(limit) * _LOOKED_AT


def _create(connection: Connection, name: str) -> None:
    change(connection, f"CREATE TABLE {name} (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL)")
    change(connection, f"CREATE INDEX ON {name} USING gin (tokens)")


def _month_of(place: int) -> int:
    """The month of a place's digest date, counted from the year 0."""
    day = day_of(place)
    return day.year * 12 + day.month - 1 if day else 0


_Part = tuple[float, str]
"""The share of all places that a token, or a group of several alternatives, leads to, and how it is asked for."""


def _parts(wanted: Sequence[Group], uses: Mapping[str, int], total: int) -> Iterator[_Part]:
    for group in wanted:
        if len(group.alternatives) == 1:
            yield from ((min(1.0, uses.get(token, 0) / total), _quoted(token)) for token in group.alternatives[0])
        else:
            yield min(1.0, group.most(uses) / total), _group(group)


def _worth_asking(parts: Sequence[_Part], worth: float) -> tuple[str, float]:
    """Of parts, the rarest first, those that the index is asked for, and the share that all of them lead to.

    The others are looked for at the places that these lead to: to walk along every month's places for another part is
    worth it where it spares fetching more than a share of them.
    """
    asked: list[str] = []
    found = 1.0
    for share, part in parts:
        if asked and (found * (1 - share) < worth or share > _COMMON):
            break
        asked.append(part)
        found *= share
    return " & ".join(asked) or _quoted(ALL), found


def _month_token(month: int) -> str:
    return f"{_MONTH}{month}"


def _group(group: Group) -> str:
    each = [" & ".join(map(_quoted, tokens)) for tokens in group.alternatives]
    return f"({' | '.join(f'({one})' for one in each)})"


def _quoted(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
