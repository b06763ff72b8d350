"""On how many public entries each token is: `terms`, and `near_terms`, by which typing errors are found.

The words of one entry are all over `terms`: to count them there would write a hundred pages again for one change. So a
change of few entries leaves its counts in `term_changes`, and whoever asks for counts adds those; they are counted in
when nobody writes. Whether any entry has a word at all, `terms` says itself, so that it can be asked alone for that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import SystemRandom

from sqlalchemy import Connection

from storage.bulk import insert_rows
from storage.chunks import chunked
from storage.locks import lock_archive
from storage.postings import Postings
from storage.raw import change, marks, rows_of, value_of
from storage.spelling import keep_rests
from storage.tokens import ALL, WORD

_MOST_LEFT, _AT_A_STEP = 2_000, 250
"""So many words may wait to be counted in; so many are then counted in at once, or an eighth of what is too many."""
_MOST_AT_A_STEP = 2_000
_MANY, _TIMES = 1_000, 4
"""The index is asked where so many entries change, and there were no more than so many times as many before."""
_MOST = 50_000
"""What it says of all words is held at once, so that it is not asked where more change."""
_ADDED = "ON CONFLICT (term) DO UPDATE SET uses = {table}.uses + excluded.uses"


def count(connection: Connection, uses: Mapping[str, int], *, anew: bool = False, later: bool = False) -> None:
    """Count how many more, or less, entries have each term; `later` if that may wait, see above.

    `anew` is for the index that is being made anew, which has counts of its own.
    """
    if later:
        uses = _left_for_later(connection, uses)
    suffix = "_next" if anew else ""
    less = sorted((by, term) for term, by in uses.items() if by < 0)
    if not anew:
        _count_in(connection, [term for _, term in less])
    change(connection, f"UPDATE terms{suffix} SET uses = uses + ? WHERE term = ?", less)  # noqa: S608
    more = sorted(term for term, by in uses.items() if by > 0)
    known = _counts(connection, more, f"terms{suffix}")
    rows = [(term, uses[term]) for term in more]
    insert_rows(connection, f"terms{suffix}", ("term", "uses"), rows, _ADDED.format(table=f"terms{suffix}"))
    keep_rests(connection, (term for term in more if term not in known), suffix)


def index_knows_sooner(connection: Connection, postings: Postings, changed: int) -> bool:
    """Whether it is sooner known from the index how many have each token, than by the tokens of the changed entries."""
    if not postings.counts_soon or not _MANY <= changed <= _MOST:
        return False
    before = sum(_counts(connection, [ALL], table).get(ALL, 0) for table in ("terms", "term_changes"))
    return before <= changed * _TIMES


def uses_by_index(connection: Connection, postings: Postings) -> Counter[str]:
    """By the index itself, how many more, or less, entries have each of its tokens than are counted."""
    uses = Counter(postings.counted(connection))
    for table in ("terms", "term_changes"):
        rows = rows_of(connection, f"SELECT term, uses FROM {table}")  # noqa: S608
        uses.subtract({term: counted for term, counted in rows if not term.startswith(WORD)})
    return uses


def count_some_in(connection: Connection) -> bool:
    """Where very many counts wait, count in some that stand together, on few pages; whether that was so."""
    waiting = value_of(connection, "SELECT count(*) FROM term_changes")
    if waiting <= _MOST_LEFT:
        return False
    lock_archive(connection)
    some = min(max(_AT_A_STEP, (waiting - _MOST_LEFT) // 8), _MOST_AT_A_STEP)
    first = SystemRandom().randrange(waiting - some + 1)  # so that all have their turn
    sql = "SELECT term FROM term_changes ORDER BY term LIMIT ? OFFSET ?"
    _count_in(connection, [term for (term,) in rows_of(connection, sql, (some, first))])
    return True


def _left_for_later(connection: Connection, uses: Mapping[str, int]) -> Mapping[str, int]:
    """Leave in `term_changes` what may wait; the rest are words that are new, or that no entry has any more."""
    changed = sorted(term for term, by in uses.items() if by)
    counted = _counts(connection, changed, "terms")
    waiting = _counts(connection, [term for term in changed if uses[term] < 0], "term_changes")
    left = {
        term: uses[term]
        for term in changed
        if counted.get(term, 0) > 0 and (uses[term] > 0 or counted[term] + waiting.get(term, 0) + uses[term] > 0)
    }
    insert_rows(connection, "term_changes", ("term", "uses"), [*left.items()], _ADDED.format(table="term_changes"))
    return {term: by for term, by in uses.items() if term not in left}


def _count_in(connection: Connection, terms: Sequence[str]) -> None:
    """Count in at once what waits of these."""
    each = [(term,) for term in terms]
    waiting = "SELECT c.uses FROM term_changes c WHERE c.term = terms.term"
    change(connection, f"UPDATE terms SET uses = uses + coalesce(({waiting}), 0) WHERE term = ?", each)  # noqa: S608
    change(connection, "DELETE FROM term_changes WHERE term = ?", each)


def _counts(connection: Connection, terms: Sequence[str], table: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunked(terms):
        sql = f"SELECT term, uses FROM {table} WHERE term IN ({marks(some)})"  # noqa: S608
        found.update(map(tuple, rows_of(connection, sql, some)))
    return found
