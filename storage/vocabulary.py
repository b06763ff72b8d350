"""What the archive knows of words: how many entries have each, and which begin alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from storage.asking import Group
from storage.chunks import chunked
from storage.places import FIRST_DATED
from storage.places import LAST as PLACE_END
from storage.postings import postings_of
from storage.raw import marks, rows_of
from storage.sparing import spared
from storage.tokens import LONGEST_WORD, WORD, word_tokens
from storage.verifying import holds_any

LAST = "\U0010ffff"
_EXAMPLES = 8


class ArchiveWords:
    """`storage.asking.Vocabulary` of a database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def uses(self, terms: Collection[str]) -> Mapping[str, int]:
        """See the port."""
        found: dict[str, int] = {}
        for some in chunked(terms):
            asked = marks(some)
            sql = (
                f"SELECT term, uses FROM terms WHERE term IN ({asked}) UNION ALL "  # noqa: S608
                f"SELECT term, uses FROM term_changes WHERE term IN ({asked})"
            )
            for term, uses in rows_of(self._connection, sql, [*some, *some]):
                found[term] = found.get(term, 0) + uses
        return {term: uses for term, uses in found.items() if uses > 0}

    def begun(self, beginning: str, most: int) -> Sequence[str]:
        """See the port."""
        sql = (
            "SELECT t.term FROM terms t LEFT JOIN term_changes c ON c.term = t.term WHERE t.term >= ? AND t.term < ? "
            "AND t.uses > 0 ORDER BY t.uses + coalesce(c.uses, 0) DESC, t.term LIMIT ?"
        )
        return [term for (term,) in rows_of(self._connection, sql, (beginning, beginning + LAST, most))]

    def is_followed(self, word: str, endings: Sequence[str]) -> bool:
        """See the port. Words without endings are counted; the newest few entries that may have one are looked into."""
        if len(word) <= LONGEST_WORD and not self.uses([WORD + word]):
            return False
        ways = Group(tuple((word[-1] + ending,) for ending in endings))
        groups = spared([Group((tuple(word_tokens(word)),), looked_into=True), ways], self.uses)
        postings = postings_of(self._connection)
        places = postings.newest(self._connection, groups, (), (FIRST_DATED, PLACE_END), _EXAMPLES)
        return holds_any(self._connection, places, [word + ending for ending in endings])
