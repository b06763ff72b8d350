"""The index of words: kept right with every change of an entry, and what it counts beside it.

`storage.tokens` says what an entry's tokens are, `storage.postings` keeps from which token which places are reached.
Here both are kept in step with the entries, with how many have each token, and with what typing errors are found by.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, select, update

from bot.core.entries import Entry
from storage.chunks import chunked
from storage.locks import lock_archive
from storage.places import fits
from storage.postings import LIVE, NEXT, postings_of
from storage.raw import change, marks, rows_of, value_of
from storage.spelling import rests_of
from storage.tables import index_state
from storage.tokens import VERSION, Tokens, make_tokens

_AT_ONCE = 8_000
_FEW = 20
"""Of so many entries at once some counts are left for later."""
_MOST_LEFT, _AT_A_STEP = 10_000, 500
"""So many words may wait to be counted in, since whoever asks for counts adds theirs; so many are then done at once."""
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
    columns = [index_state.c[name] for name in State._fields]
    return State(*connection.execute(select(*columns)).one())


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
    if not all(fits(new[1], state.bits) for _, new in pairs if new):
        from storage.reindexing import make_at_once  # noqa: PLC0415 - it fills an index by way of this

        make_at_once(connection)  # a day has more entries than numbers have room for: these are in it as they are now
        return
    of_new = ready.of if ready else make_tokens
    for some in chunked(pairs, _AT_ONCE):
        out = [(one[1], make_tokens(one[0])) for one, _ in some if one]
        into = [(one[1], of_new(one[0])) for _, one in some if one]
        if state.is_current:
            write_rows(connection, out, into, state)
        else:  # tokens of another version cannot be taken out again: their places lead nowhere until then
            postings_of(connection, state.bits).insert(connection, _indexed(into), LIVE)
        if state.next_version == VERSION and state.next_through is not None:
            reached = state.next_through
            out, into = ([row for row in rows if row[0] <= reached] for rows in (out, into))
            write_rows(connection, out, into, state, anew=True)


def write_rows(
    connection: Connection, old: Sequence[Made], new: Sequence[Made], state: State, *, anew: bool = False
) -> None:
    """Take places out and enter others, in the index that answers, or in the one that is being made `anew`."""
    name, suffix = (NEXT, "_next") if anew else (LIVE, "")
    postings = postings_of(connection, state.next_bits if anew and state.next_bits else state.bits)
    postings.delete(connection, _indexed(old), name)
    postings.insert(connection, _indexed(new), name)
    uses: Counter[str] = Counter()
    for _, tokens in new:
        uses.update(tokens.each())
    for _, tokens in old:
        uses.subtract(tokens.each())
    if not anew and max(len(old), len(new)) <= _FEW:
        _count(connection, _left_for_later(connection, uses), suffix)
    else:
        _count(connection, uses, suffix)


def tidy(connection: Connection) -> bool:
    """Do a little of what changes leave to be done when nobody writes; whether there may be more."""
    waiting = value_of(connection, "SELECT count(*) FROM term_changes")
    if waiting > _MOST_LEFT:
        lock_archive(connection)
        _count_in(connection, _neighbours(connection, waiting))
        return True
    return postings_of(connection).tidy(connection)


def _neighbours(connection: Connection, waiting: int) -> list[str]:
    """Some of so many terms that wait to be counted in: such as stand together, on few pages."""
    first = random.randrange(waiting - _AT_A_STEP)  # noqa: S311 - so that all have their turn
    sql = "SELECT term FROM term_changes ORDER BY term LIMIT ? OFFSET ?"
    return [term for (term,) in rows_of(connection, sql, (_AT_A_STEP, first))]


def _left_for_later(connection: Connection, uses: Mapping[str, int]) -> Mapping[str, int]:
    """Note how many entries more, or less, have words of the archive, to be counted in later (`tidy`); the rest.

    The words of one entry are all over `terms`: to count them there would write a hundred pages again for one change.
    Whether any entry has a word at all, `terms` says itself: one that is new, or that no entry has now, is in the rest.
    """
    changed = sorted(term for term, by in uses.items() if by)
    counted, waiting = (_counts(connection, changed, table) for table in ("terms", "term_changes"))
    later = [
        (term, uses[term])
        for term in changed
        if counted.get(term, 0) > 0 and counted[term] + waiting.get(term, 0) + uses[term] > 0
    ]
    upsert = (
        "INSERT INTO term_changes (term, uses) VALUES (?, ?) "
        "ON CONFLICT (term) DO UPDATE SET uses = term_changes.uses + excluded.uses"
    )
    change(connection, upsert, later)
    done = dict(later)
    return {term: by for term, by in uses.items() if term not in done}


def _counts(connection: Connection, terms: Sequence[str], table: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunked(terms):
        sql = f"SELECT term, uses FROM {table} WHERE term IN ({marks(some)})"  # noqa: S608
        found.update(map(tuple, rows_of(connection, sql, some)))
    return found


def _count_in(connection: Connection, terms: Sequence[str]) -> None:
    """Count in at once what was left for later of these: a word that no entry has any more must have a count of 0."""
    each = [(term,) for term in terms]
    waiting = "SELECT c.uses FROM term_changes c WHERE c.term = terms.term"
    change(connection, f"UPDATE terms SET uses = uses + coalesce(({waiting}), 0) WHERE term = ?", each)  # noqa: S608
    change(connection, "DELETE FROM term_changes WHERE term = ?", each)


def _indexed(rows: Sequence[Made]) -> list[tuple[int, str]]:
    return [(place, tokens.indexed) for place, tokens in rows]


def _count(connection: Connection, uses: Mapping[str, int], suffix: str) -> None:
    """Count terms anew by how many more, or less, entries have each."""
    less = sorted((count, term) for term, count in uses.items() if count < 0)
    if not suffix:
        _count_in(connection, [term for _, term in less])
    change(connection, f"UPDATE terms{suffix} SET uses = uses + ? WHERE term = ?", less)  # noqa: S608
    ordered = sorted(term for term, count in uses.items() if count > 0)
    known = _counts(connection, ordered, f"terms{suffix}")
    upsert = (
        f"INSERT INTO terms{suffix} (uses, term) VALUES (?, ?) "  # noqa: S608
        f"ON CONFLICT (term) DO UPDATE SET uses = terms{suffix}.uses + excluded.uses"
    )
    change(connection, upsert, [(uses[term], term) for term in ordered])
    rests = [(rest, term) for term in ordered if term not in known for rest in rests_of(term)]
    add = f"INSERT INTO near_terms{suffix} (rest, term) VALUES (?, ?) ON CONFLICT DO NOTHING"  # noqa: S608
    change(connection, add, sorted(rests))
