"""The index of words: kept right with every change of an entry, and what it counts beside it.

`storage.tokens` says what an entry's tokens are, `storage.postings` keeps from which token which places are reached.
Here both are kept in step with the entries, with how many have each token, and with what typing errors are found by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, select, update

from bot.core.entries import Entry
from storage.chunks import chunked
from storage.places import fits
from storage.postings import LIVE, NEXT, postings_of
from storage.raw import change, marks, rows_of
from storage.spelling import rests_of
from storage.tables import index_state
from storage.tokens import VERSION, tokens_of

_AT_ONCE = 8_000
Placed = tuple[Entry, int]


class Tokens(NamedTuple):
    """What the index is to know of one entry, each as words between spaces."""

    indexed: str
    counted: str


class ReadyTokens(Protocol):
    """Tokens that have been made beforehand, or are being made."""

    def of(self, entry: Entry) -> Tokens:
        """Those of an entry."""
        ...


def make_tokens(entry: Entry) -> Tokens:
    """The tokens of an entry."""
    return Tokens(*map(" ".join, tokens_of(entry)))


class State(NamedTuple):
    """Which tokens the index holds, and how far it has come with being made anew."""

    version: int
    next_version: int | None
    next_through: int | None
    bits: int
    next_bits: int | None

    @property
    def is_current(self) -> bool:
        """Whether it holds what this code makes of entries."""
        return self.version == VERSION


def state_of(connection: Connection) -> State:
    """How the index stands."""
    columns = [index_state.c[name] for name in State._fields]
    return State(*connection.execute(select(*columns)).one())


def set_state(connection: Connection, state: State) -> None:
    """Write down how it stands."""
    connection.execute(update(index_state).values(state._asdict()))


def enter(connection: Connection, placed: Iterable[Placed], ready: ReadyTokens | None = None) -> None:
    """Enter public entries at their places."""
    _change(connection, placed, 1, ready)


def leave(connection: Connection, placed: Iterable[Placed]) -> None:
    """Take public entries out, which must be as they were entered."""
    _change(connection, placed, -1, None)


def _change(connection: Connection, placed: Iterable[Placed], step: int, ready: ReadyTokens | None) -> None:
    state = state_of(connection)
    placed = list(placed)
    if step > 0 and not all(fits(place, state.bits) for _, place in placed):
        from storage.reindexing import widen  # noqa: PLC0415 - it fills an index by way of this

        widen(connection)  # enters these too
        return
    for some in chunked(placed, _AT_ONCE):
        rows = [(place, ready.of(entry) if ready else make_tokens(entry)) for entry, place in some]
        if state.is_current:
            write_rows(connection, rows, step, state)
        elif step > 0:  # tokens of another version cannot be taken out again: the place leads nowhere until then
            postings_of(connection, state.bits).insert(
                connection, [(place, tokens.indexed) for place, tokens in rows], LIVE
            )
        if state.next_version == VERSION and state.next_through is not None:
            behind = [(place, tokens) for place, tokens in rows if place <= state.next_through]
            write_rows(connection, behind, step, state, anew=True)


def write_rows(
    connection: Connection, rows: Sequence[tuple[int, Tokens]], step: int, state: State, *, anew: bool = False
) -> None:
    """Enter (`step` 1) or take out (-1) places, in the index that answers, or in the one that is being made `anew`."""
    name, suffix = (NEXT, "_next") if anew else (LIVE, "")
    postings = postings_of(connection, state.next_bits if anew and state.next_bits else state.bits)
    write = postings.insert if step > 0 else postings.delete
    write(connection, [(place, tokens.indexed) for place, tokens in rows], name)
    uses: Counter[str] = Counter()
    for _, tokens in rows:
        uses.update(tokens.indexed.split(" "))
        if tokens.counted:
            uses.update(tokens.counted.split(" "))
    _count(connection, uses, step, suffix)


def _count(connection: Connection, uses: Mapping[str, int], step: int, suffix: str) -> None:
    if not uses:
        return
    ordered = sorted(uses)
    changed = [(uses[term] * step, term) for term in ordered]
    if step < 0:
        change(connection, f"UPDATE terms{suffix} SET uses = uses + ? WHERE term = ?", changed)  # noqa: S608
        return
    known = _known(connection, ordered, suffix)
    upsert = (
        f"INSERT INTO terms{suffix} (uses, term) VALUES (?, ?) "  # noqa: S608
        f"ON CONFLICT (term) DO UPDATE SET uses = terms{suffix}.uses + excluded.uses"
    )
    change(connection, upsert, changed)
    rests = [(rest, term) for term in ordered if term not in known for rest in rests_of(term)]
    add = f"INSERT INTO near_terms{suffix} (rest, term) VALUES (?, ?) ON CONFLICT DO NOTHING"  # noqa: S608
    change(connection, add, sorted(rests))


def _known(connection: Connection, ordered: Sequence[str], suffix: str) -> set[str]:
    known: set[str] = set()
    for some in chunked(ordered):
        statement = f"SELECT term FROM terms{suffix} WHERE term IN ({marks(some)})"  # noqa: S608
        known.update(term for (term,) in rows_of(connection, statement, some))
    return known
