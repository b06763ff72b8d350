"""Making the index anew, beside the one that answers, while lookups and changes go on.

A few entries at a time, in the order of their places. What changes behind the place that has been reached is written
to both; what changes before it is met later. When all are through, the new index takes the place of the old one. It
may be interrupted at any time, and goes on from where it was.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, func, select

from storage.entry_rows import ENTRY_COLUMNS, to_entry
from storage.index import State, enter_anew, set_state, state_of
from storage.locks import lock_archive
from storage.places import FIRST_DATED, MOST_BITS, fits
from storage.postings import postings_of
from storage.raw import change
from storage.tables import entries
from storage.tokens import VERSION, make_tokens

_AT_ONCE = 500
_BITS = 12
"""So many count the entries of a day where none has more."""


def start(connection: Connection) -> None:
    """Begin anew, also where somebody has begun before."""
    lock_archive(connection)
    state = state_of(connection)
    postings = postings_of(connection)
    postings.drop_next(connection)
    postings.create_next(connection)
    counting = select(func.max(entries.c.shown.bitwise_and(FIRST_DATED - 1)))
    most = connection.scalar(counting) or 0
    bits = _BITS if fits(most, _BITS) else MOST_BITS
    set_state(connection, State(state.version, VERSION, 0, state.bits, bits))


def is_under_way(connection: Connection) -> bool:
    """Whether somebody has begun, with the tokens that this code makes."""
    return state_of(connection).next_version == VERSION


def step(connection: Connection) -> int:
    """Enter the next entries, or, after the last, let the new index answer; how many were entered, 0 at the end."""
    lock_archive(connection)
    state = state_of(connection)
    if state.next_version != VERSION or state.next_through is None:
        return 0  # another process has done the rest
    following = select(*ENTRY_COLUMNS, entries.c.shown).where(entries.c.shown > state.next_through)
    rows = connection.execute(following.order_by(entries.c.shown).limit(_AT_ONCE)).all()
    if rows:
        enter_anew(connection, [(row.shown, make_tokens(to_entry(row))) for row in rows], state)
        set_state(connection, state._replace(next_through=rows[-1].shown))
        return len(rows)
    postings_of(connection).put_next_in_place(connection)
    change(connection, "DELETE FROM term_changes")
    set_state(connection, State(VERSION, None, None, state.next_bits or state.bits, None))
    return 0


def make_at_once(connection: Connection) -> None:
    """Make the index anew within this transaction, while everybody who writes waits."""
    start(connection)
    while step(connection):
        pass


def progress(connection: Connection) -> tuple[int, int]:
    """How many entries are through, of how many."""
    through = state_of(connection).next_through
    total = connection.scalar(select(func.count(entries.c.shown))) or 0
    done = select(func.count()).where(entries.c.shown <= through)
    return (total if through is None else connection.scalar(done) or 0), total


def fill(engine: Engine, *, anew: bool = False) -> None:
    """Make the index where there is none yet, as after an upgrade of the schema; or in any case if `anew`."""
    with engine.begin() as connection:
        lock_archive(connection)
        if state_of(connection).version and not anew:
            return
        if not is_under_way(connection):
            start(connection)
    entered = 1
    while entered:
        with engine.begin() as connection:
            entered = step(connection)


def is_empty(connection: Connection) -> bool:
    """Whether there is nothing to be indexed."""
    return connection.scalar(select(func.max(entries.c.shown))) is None


def is_stale(connection: Connection) -> bool:
    """Whether the index holds tokens of another version, or is being made anew and somebody has left off."""
    state = state_of(connection)
    return not state.is_current or state.next_version is not None
