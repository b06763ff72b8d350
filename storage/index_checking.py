"""Whether the index of words holds what the entries say.

How many entries have each token is compared in full, between the index and what is counted beside it; that the entries
have these tokens and no others, and that words are kept by what mistyped ones have in common with them, is looked at
for a part of a large archive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select

from bot.core.entries import Entry
from bot.core.messages import Message, msg, msg_n
from storage.entry_rows import ENTRY_COLUMNS, to_entry
from storage.index import state_of
from storage.postings import postings_of
from storage.raw import rows_of
from storage.spelling import not_kept
from storage.tables import entries
from storage.tokens import ALL, WORD, make_tokens

_MOST_LOOKED_AT = 1_000


def index_problems(connection: Connection) -> Sequence[Message]:
    """What is wrong, in words."""
    if not state_of(connection).is_current:
        return [msg("The index of words was made by another version of Paperboy. `paperboy reindex` makes it anew.")]
    public = connection.scalar(select(func.count(entries.c.shown))) or 0
    there = postings_of(connection).counted(connection)
    kept: Counter[str] = Counter()
    for term, uses in rows_of(connection, "SELECT term, uses FROM terms UNION ALL SELECT term, uses FROM term_changes"):
        kept[term] += uses
    words = {term: uses for term, uses in kept.items() if uses and not term.startswith(WORD)}
    wrong = sum(words.get(term) != uses for term, uses in there.items()) + len(words.keys() - there.keys())
    lost = len(not_kept(connection, [*kept][:: 1 + len(kept) // _MOST_LOOKED_AT]))
    entries_wrong = sum(not _is_right(connection, entry, place) for entry, place in _some_of(connection, public))
    if there.get(ALL, 0) != public:
        entries_wrong = max(entries_wrong, abs(there.get(ALL, 0) - public))
    return [problem for problem in (_of_entries(entries_wrong), _of_words(wrong), _of_lost_words(lost)) if problem]


def _of_entries(wrong: int) -> Message | None:
    if not wrong:
        return None
    return msg_n(
        "{n} entry is not in the index of words as it is. `paperboy reindex` makes it anew.",
        "{n} entries are not in the index of words as they are. `paperboy reindex` makes it anew.",
        n=wrong,
    )


def _of_words(wrong: int) -> Message | None:
    if not wrong:
        return None
    return msg_n(
        "{n} word has a wrong count in the index. `paperboy reindex` makes it anew.",
        "{n} words have wrong counts in the index. `paperboy reindex` makes it anew.",
        n=wrong,
    )


def _of_lost_words(lost: int) -> Message | None:
    if not lost:
        return None
    return msg_n(
        "{n} word of those looked at would not be offered to who mistypes it. `paperboy reindex` makes the index anew.",
        "{n} words of those looked at would not be offered to who mistypes them. "
        "`paperboy reindex` makes the index anew.",
        n=lost,
    )


def _some_of(connection: Connection, public: int) -> Iterator[tuple[Entry, int]]:
    """All public entries of a small archive, every so many of a large one."""
    each = max(1, public // _MOST_LOOKED_AT)
    statement = select(*ENTRY_COLUMNS, entries.c.shown).where(entries.c.shown.is_not(None), entries.c.no % each == 0)
    for row in connection.execute(statement):
        yield to_entry(row), row.shown


def _is_right(connection: Connection, entry: Entry, place: int) -> bool:
    return postings_of(connection).holds(connection, place, make_tokens(entry).indexed.split(" "))
