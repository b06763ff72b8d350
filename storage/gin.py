"""The index of words in PostgreSQL: a narrow table of places and their tokens, with a GIN index; no extension.

A GIN index finds all places that have some tokens, in no order, and to fetch them takes long where they are many. So
there are three ways to the newest few, and how common the tokens are says which is likely to be the cheapest:

    WALK      along the newest places, looking at the tokens of each: common words soon have enough
    BY_PERIOD each place has one more token, its eight days: the rarest tokens together with one such period after the
              other
    NEWEST    the rarest tokens in all periods: rare words, and those that are seldom together

The index is asked for tokens that spare fetching places; the others are looked for at what these lead to, the newest
first, until there are enough. `OFFSET 0` keeps the planner from looking at the tokens of all places in order instead,
as does `place + 0`, by which it knows no order. `ts_match_vq` is what `@@` stands for, where no index is to be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from storage.asking import Group, Vocabulary
from storage.places import FIRST_DATED, MOST_BITS
from storage.postings import COUNTS, LIVE, NEXT
from storage.raw import change, rows_of
from storage.tokens import ALL
from storage.verifying import TEXT_COLUMNS

_COMMON: Final = 0.5
"""Tokens on more of all places are not asked for in the index, beside a rarer one."""
_WORTH_A_PERIOD: Final = 0.02
"""Nor are others in a period, where that spares fetching less than this share of its places."""
_AHEAD: Final = 90
"""So many more places are asked for where all are fetched anyway, and some may be turned down."""
_BROUGHT: Final = 25
"""The texts of so many entries at most come along with their places."""
_AMPLE: Final = 3
"""A walk goes on for so many times as many places as should do."""
_FEW: Final = 50
_LEAST: Final = 1e-12
"""The least share that is reckoned with: that of very many words at once is too small for a number."""
_PAGE: Final = 8160
"""The most that a page of PostgreSQL's takes of one row."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What it takes, in tenths of microseconds: by this the cheapest way is chosen, and all ways find the same.

    `looked_at` to look at the tokens of a place, `fetched` to fetch one that the index has found, `passed` to pass one
    of a period, `joined` to pass one of the rarest token for each that is asked for with it, `asked` to ask a question,
    `period_asked` to ask for a period.
    """

    looked_at: float = 9
    fetched: float = 20
    passed: float = 0.4
    joined: float = 0.7
    asked: float = 500
    period_asked: float = 250


_MEASURED: Final = Costs()


class Gin:
    """`storage.postings.Postings` in PostgreSQL."""

    probes = True
    counts_soon = False
    fence = "OFFSET 0"
    number = f"{LIVE}.place"
    bounded = f"({LIVE}.place + 0)"  # else the planner walks along the places of a span, and reads all their tokens
    matches = f"{LIVE}.tokens @@ CAST(? AS tsquery)"

    def __init__(self, words: Vocabulary, *, costs: Costs = _MEASURED) -> None:
        """`words` says how common tokens are, `costs` what it takes to look for them."""
        self._words = words
        self._costs = costs
        self._seldom: set[str] = set()  # what was asked for, and found only by asking for all
        self._ahead: dict[tuple[str, bool], _Ahead] = {}
        self._brought: dict[int, Sequence[Any]] = {}
        self._shares: dict[str, float] = {}  # as was seen for the page before

    @property
    def brought(self) -> Mapping[int, Sequence[Any]]:
        """See the port."""
        return self._brought

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
        entered = [(place, f"{tokens} {_period_token(place)}") for place, tokens in rows]
        change(connection, statement, entered)

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
        with_texts: bool = False,
    ) -> Sequence[int]:
        """See the port. All that a question leads to comes at once, and so do some more places than are asked for."""
        if limit < 1:
            return ()
        match = self.matching(wanted, unwanted)
        ahead = self._ahead.get((match, oldest))
        known = ahead.within(bounds, limit) if ahead else None
        if known is not None:
            return known
        found: list[int] = []
        for statement, asked in self._ways(wanted, match, bounds, limit, oldest=oldest):
            most = limit + _AHEAD if with_texts and statement is NEWEST else limit
            ordered = statement.replace("DESC", "ASC") if oldest else statement
            if with_texts and limit <= _BROUGHT:
                rows = rows_of(connection, _WITH_TEXTS.format(ordered), (*asked, most, limit))
                self._brought.update((row[0], row) for row in rows if row[1] is not None)
            else:
                rows = rows_of(connection, ordered, (*asked, most))
            found = sorted((row[0] for row in rows), reverse=not oldest)  # a join is in no order that can be relied on
            if most > limit:
                self._ahead[match, oldest] = _Ahead(bounds, found, is_all=len(found) < most)
            if len(found) >= limit:
                self._shares[match] = self._share(found, bounds, oldest=oldest)
                break
            if statement is not WALK:
                self._seldom.add(match)
        return found[:limit]

    def _share(self, found: Sequence[int], bounds: tuple[int, int], *, oldest: bool) -> float:
        """How many of all places match, as far as one had to go for these."""
        lowest, highest = self._words.span()
        start = max(bounds[0], lowest) if oldest else min(bounds[1], highest)
        passed = 1 + abs((start >> MOST_BITS) - (found[-1] >> MOST_BITS))
        days = 1 + (highest >> MOST_BITS) - (lowest >> MOST_BITS)
        return min(1.0, len(found) * days / passed / max(1, self._words.uses([ALL]).get(ALL, 0)))

    def _ways(
        self, wanted: Sequence[Group], match: str, bounds: tuple[int, int], limit: int, *, oldest: bool
    ) -> Iterator[tuple[str, tuple[int | str, ...]]]:
        """Statements with what they are asked, the likely cheapest first; the last one finds all there are."""
        uses = self._words.uses({token for group in wanted for token in group.each()} | {ALL})
        periods = self._periods(bounds)
        likely = _Estimate(self._costs, uses, wanted, periods.all, self._shares.get(match))
        by_index = min(likely.all, likely.period * likely.periods(limit))
        is_seldom = match in self._seldom  # as was found for the page before
        if likely.walk(limit) < by_index and not is_seldom:
            yield WALK, (*bounds, ceil(_AMPLE * likely.passed(limit)) + _FEW, match)
        most = int(likely.all / likely.period)
        if likely.periods(limit) < most and not is_seldom:
            ends = (periods.first, min(periods.last, periods.first + most), 1)
            if not oldest:
                ends = (periods.last, max(periods.first, periods.last - most), -1)
            yield BY_PERIOD, (*ends, likely.in_period, match, *bounds)
            if periods.last - periods.first <= most and bounds[0] >= FIRST_DATED:
                return
        yield NEWEST, (likely.in_all, match, *bounds)

    def _periods(self, bounds: tuple[int, int]) -> _Periods:
        lowest, highest = self._words.span()
        first, last = _period_of(max(bounds[0], lowest)), _period_of(min(bounds[1], highest))
        return _Periods(first, last, _period_of(highest) - _period_of(lowest) + 1)

    def numbered(self, low: int, high: int) -> tuple[int, int]:
        """See the port."""
        return low, high

    def numbered_in_sql(self, place: str) -> str:
        """See the port."""
        return place

    def holds(self, connection: Connection, place: int, tokens: Sequence[str]) -> bool:
        """See the port."""
        match = " & ".join(map(_quoted, [*tokens, _period_token(place)]))
        sql = f"SELECT 1 FROM {LIVE} WHERE {self.number} = ? AND {self.matches}"  # noqa: S608
        return bool(rows_of(connection, sql, (place, match)))

    def counted(self, connection: Connection) -> dict[str, int]:
        """See the port."""
        rows = rows_of(connection, f"SELECT word, ndoc FROM ts_stat('SELECT tokens FROM {LIVE}')")  # noqa: S608
        return {word: places for word, places in rows if not word.startswith(_PERIOD)}


_PERIOD: Final = "d:"
_EIGHT_DAYS: Final = 3
"""So many bits of a day's number count the days of a period."""
_OF_PERIOD: Final = f"(CAST(? AS tsquery) && CAST('''{_PERIOD}' || period || '''' AS tsquery))"
_FOUND: Final = (
    f"SELECT place + 0 AS place FROM {LIVE} WHERE tokens @@ {{}} AND ts_match_vq(tokens, CAST(? AS tsquery)) "  # noqa: S608
    "AND place + 0 BETWEEN ? AND ? ORDER BY place + 0 DESC"
)
NEWEST: Final = f"{_FOUND.format('CAST(? AS tsquery)')} LIMIT ?"
"""By the index, all at once."""
BY_PERIOD: Final = (
    "SELECT place FROM generate_series(CAST(? AS int), CAST(? AS int), CAST(? AS int)) AS period, "  # noqa: S608
    f"LATERAL ({_FOUND.format(_OF_PERIOD)} OFFSET 0) AS found LIMIT ?"
)
"""By the index, one period after the other until there are enough: a lateral join keeps the order of the periods."""
WALK: Final = (
    f"SELECT place FROM (SELECT place, tokens FROM {LIVE} WHERE place BETWEEN ? AND ? "  # noqa: S608
    "ORDER BY place DESC LIMIT ?) AS passed WHERE tokens @@ CAST(? AS tsquery) ORDER BY place DESC LIMIT ?"
)
"""Along all places, so many at most."""


_WITH_TEXTS: Final = (
    f"SELECT found.place, {', '.join(TEXT_COLUMNS)} "  # noqa: S608
    "FROM (SELECT place, row_number() OVER () AS number FROM ({}) AS way) AS found LEFT JOIN LATERAL "
    f"(SELECT {', '.join(TEXT_COLUMNS)} FROM entries WHERE shown = found.place AND found.number <= ? OFFSET 0) "
    "AS texts ON true"
)
"""A way, and the texts of the entries that so many of the first places lead to."""


class _Ahead(NamedTuple):
    """Places that were found, in order, of those between two; whether these are all there are."""

    bounds: tuple[int, int]
    places: Sequence[int]
    is_all: bool

    def within(self, bounds: tuple[int, int], limit: int) -> Sequence[int] | None:
        """The first ones between two others; None where that is not known."""
        (low, high), (lowest, highest) = bounds, self.bounds
        if not lowest <= low <= high <= highest:
            return None
        places = [place for place in self.places if low <= place <= high][:limit]
        return places if self.is_all or len(places) == limit else None


class _Periods(NamedTuple):
    """The periods that are asked about, counted from the year 1, and how many there are in all."""

    first: int
    last: int
    all: int


class _Estimate:
    """What each way is likely to take, in tenths of microseconds, and which tokens the index is asked for.

    It is hoped that the tokens of one word or phrase come together, and then a walk or a few periods are enough. How
    many periods are tried is measured by what all would take, if tokens had nothing to do with each other.
    """

    def __init__(
        self, costs: Costs, uses: Mapping[str, int], wanted: Sequence[Group], periods: int, share: float | None
    ) -> None:
        """`share` is how many of all places match, where that is known."""
        total = max(1, uses.get(ALL, 0))
        counts = [group.most(uses) for group in wanted]
        rarest = min(counts, default=total)
        self._share = share or max(_LEAST, prod(min(1.0, max(1, count) / total) for count in counts))
        self._costs = costs
        self._in_period = total / periods
        parts = sorted(_parts(wanted, uses, total), key=lambda part: part[0])
        self.in_period, found = _worth_asking(parts, _WORTH_A_PERIOD)
        self.period = costs.period_asked + min(rarest, self._in_period) * costs.passed
        self.period += self._in_period * found * costs.fetched
        self.in_all, found = _worth_asking(parts, 0.0)
        asked = self.in_all.count("&") + 1
        self.all = costs.asked + rarest * asked * costs.joined + total * found * costs.fetched

    def passed(self, limit: int) -> float:
        """So many places have so many among them that match."""
        return limit / self._share

    def periods(self, limit: int) -> float:
        """So many periods have so many that match."""
        return 1 + self.passed(limit) / self._in_period

    def walk(self, limit: int) -> float:
        """To walk along so many."""
        return self._costs.asked + self.passed(limit) * self._costs.looked_at


def _create(connection: Connection, name: str) -> None:
    # Tokens are looked at wherever an index leads: they stay in their rows, not apart from them where they are long.
    wide = f"toast_tuple_target = {_PAGE}"
    change(connection, f"CREATE TABLE {name} (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL) WITH ({wide})")
    change(connection, f"CREATE INDEX ON {name} USING gin (tokens)")


def _period_of(place: int) -> int:
    """Which eight days a place belongs to, counted from the year 1."""
    return place >> MOST_BITS >> _EIGHT_DAYS


def _period_token(place: int) -> str:
    return f"{_PERIOD}{_period_of(place)}"


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

    The others are looked for at the places that these lead to: to walk along every period's places for another part is
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


def _group(group: Group) -> str:
    each = [" & ".join(map(_quoted, tokens)) for tokens in group.alternatives]
    return f"({' | '.join(f'({one})' for one in each)})"


def _quoted(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
