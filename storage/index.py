"""The index of words: kept right with every change of an entry, and what it counts beside it.

`storage.tokens` says what an entry's tokens are, `storage.postings` keeps from which token which places are reached.
Here both are kept in step with the entries, and with how many have each token (`storage.counting`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from random import SystemRandom
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, update

from bot.core.entries import Entry
from storage.chunks import chunked
from storage.counting import count, count_some_in, index_knows_sooner, uses_by_index
from storage.places import fits
from storage.postings import LIVE, NEXT, postings_of
from storage.raw import rows_of
from storage.tables import index_state
from storage.tokens import VERSION, Tokens, make_tokens

_AT_ONCE = 200
"""So many entries are entered at once, while others are being made ready."""
_COUNTED_AT_ONCE = 8_000
"""So many are counted at once: most of their tokens are the same."""
_FEW = 20
"""What changes of so many entries at once count is left for later."""

Placed = tuple[Entry, int]


Made = tuple[int, Tokens]


class ReadyTokens(Protocol):
    """Tokens that have been made beforehand, or are being made."""

    def of(self, entry: Entry) -> Tokens:
        """Those of an entry."""
        ...


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
    return State(*rows_of(connection, f"SELECT {', '.join(State._fields)} FROM index_state")[0])  # noqa: S608


def set_state(connection: Connection, state: State) -> None:
    """Write down how it stands."""
    connection.execute(update(index_state).values(state._asdict()))


def exchange(
    connection: Connection, pairs: Iterable[tuple[Placed | None, Placed | None]], ready: ReadyTokens | None = None
) -> None:
    """Take the first of each pair out, which must be as it was entered, and enter the second: public entries only.

    Either may be None. The rows of entries must be written already.
    """
    pairs = list(pairs)
    state = state_of(connection)
    bits = min(state.bits, state.next_bits or state.bits)
    if not all(fits(new[1], bits) for _, new in pairs if new):
        from storage.reindexing import make_at_once  # noqa: PLC0415 - it fills an index by way of this

        make_at_once(connection)  # a day has more entries than numbers have room for: these are in it as they are now
        return
    of_new = ready.of if ready else make_tokens
    postings = postings_of(connection, state.bits)
    by_index = state.is_current and index_knows_sooner(connection, postings, len(pairs))
    for many in chunked(pairs, len(pairs) if by_index else _COUNTED_AT_ONCE):
        uses: Counter[str] = Counter()
        uses_anew: Counter[str] = Counter()
        for some in chunked(many, _AT_ONCE):
            out = [(one[1], make_tokens(one[0])) for one, _ in some if one]
            into = [(one[1], of_new(one[0])) for _, one in some if one]
            if state.is_current:
                _enter(connection, out, into, state)
                _tally(uses, out, into, _counted_alone if by_index else Tokens.each)
            else:  # tokens of another version cannot be taken out again: their places lead nowhere until then
                postings.insert(connection, _indexed(into), LIVE)
            if state.next_version == VERSION and state.next_through is not None:
                reached = state.next_through
                out, into = ([row for row in rows if row[0] <= reached] for rows in (out, into))
                _enter(connection, out, into, state, anew=True)
                _tally(uses_anew, out, into)
        if by_index:
            uses.update(uses_by_index(connection, postings))
        count(connection, uses, later=len(pairs) <= _FEW)
        count(connection, uses_anew, anew=True)


def enter_anew(connection: Connection, new: Sequence[Made], state: State) -> None:
    """Enter places in the index that is being made anew."""
    uses: Counter[str] = Counter()
    _enter(connection, (), new, state, anew=True)
    _tally(uses, (), new)
    count(connection, uses, anew=True)


def _enter(
    connection: Connection, old: Sequence[Made], new: Sequence[Made], state: State, *, anew: bool = False
) -> None:
    """Take places out and enter others, in the index that answers, or in the one that is being made `anew`."""
    name, bits = (NEXT, state.next_bits or state.bits) if anew else (LIVE, state.bits)
    postings = postings_of(connection, bits)
    postings.delete(connection, _indexed(old), name)
    postings.insert(connection, _indexed(new), name)


def _tally(
    uses: Counter[str],
    old: Sequence[Made],
    new: Sequence[Made],
    which: Callable[[Tokens], Iterable[str]] = Tokens.each,
) -> None:
    """Count how many more entries have each token, of those of an entry that are counted this way."""
    uses.update(chain.from_iterable(which(tokens) for _, tokens in new))
    uses.subtract(chain.from_iterable(which(tokens) for _, tokens in old))


def _counted_alone(tokens: Tokens) -> Sequence[str]:
    """Those that are not in the index, which cannot be asked for them."""
    return tokens.counted.split()


def _indexed(rows: Sequence[Made]) -> list[tuple[int, str]]:
    return [(place, tokens.indexed) for place, tokens in rows]


def tidy(connection: Connection) -> bool:
    """Do a little of what changes leave to be done when nobody writes; whether there may be more.

    Chance says what comes first, so that neither is put off where there is time for little.
    """
    steps = [count_some_in, postings_of(connection).tidy]
    SystemRandom().shuffle(steps)
    return any(step(connection) for step in steps)
