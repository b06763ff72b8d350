"""What the archive knows of words: how many entries have each, and which begin alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from storage.asking import Group
from storage.chunks import chunked
from storage.dialects import is_sqlite
from storage.places import FIRST_DATED
from storage.places import LAST as PLACE_END
from storage.postings import LIVE, postings_of
from storage.raw import among, rows_of
from storage.sparing import spared
from storage.tokens import ALL, LONGEST_WORD, WORD, word_tokens
from storage.verifying import holds_any

LAST = "\U0010ffff"
_FIRST, _LAST = "", " "  # no tokens
_AND_SPAN = (
    f"UNION ALL SELECT '{_FIRST}', min(place) FROM {LIVE} WHERE place >= {FIRST_DATED} "  # noqa: S608
    f"UNION ALL SELECT '{_LAST}', max(place) FROM {LIVE}"
)
_EXAMPLES = 8


class ArchiveWords:
    """`storage.asking.Vocabulary` of a database, within one transaction: nothing is asked for twice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._uses: dict[str, int] = {}
        self._expected: set[str] = set() if is_sqlite(connection) else {ALL}
        self._besides = "" if is_sqlite(connection) else _AND_SPAN
        self._begun: dict[tuple[str, int], Sequence[str]] = {}

    def expect(self, terms: Iterable[str]) -> None:
        """See the port."""
        self._expected.update(terms)

    def uses(self, terms: Collection[str]) -> Mapping[str, int]:
        """See the port."""
        known = self._uses
        if any(term not in known for term in terms):
            new = self._expected.union(terms).difference(known)
            self._expected.clear()
            for some in chunked(new):
                found = dict.fromkeys(some, 0)
                for term, uses in self._counted(some):
                    found[term] = found.get(term, 0) + (uses or 0)
                known.update(found)
        return known

    def _counted(self, terms: Sequence[str]) -> Sequence[Sequence[Any]]:
        meant, asked = among(self._connection, terms)
        sql = (
            f"SELECT term, uses FROM terms WHERE term {meant} UNION ALL "  # noqa: S608
            f"SELECT term, uses FROM term_changes WHERE term {meant} {self._besides}"
        )
        return rows_of(self._connection, sql, [*asked, *asked])

    def span(self) -> tuple[int, int]:
        """See the port. Who asks for it, as PostgreSQL's index does, has asked for the uses of tokens before."""
        self.uses([_FIRST, _LAST])
        return self._uses[_FIRST], self._uses[_LAST]

    def begun(self, beginning: str, most: int) -> Sequence[str]:
        """See the port."""
        key = beginning, most
        if key not in self._begun:
            sql = (
                "SELECT t.term FROM terms t LEFT JOIN term_changes c ON c.term = t.term "  # noqa: S608
                f"WHERE t.term >= ? AND t.term < ? AND t.term <> '{ALL}' AND t.uses > 0 "
                "ORDER BY t.uses + coalesce(c.uses, 0) DESC, t.term LIMIT ?"
            )
            rows = rows_of(self._connection, sql, (beginning, beginning + LAST, most))
            self._begun[key] = [term for (term,) in rows]
        return self._begun[key]

    def is_followed(self, word: str, endings: Sequence[str]) -> bool:
        """See the port. Words without endings are counted; the newest few entries that may have one are looked into."""
        if len(word) <= LONGEST_WORD and not self.uses([WORD + word])[WORD + word]:
            return False
        ways = Group(tuple((word[-1] + ending,) for ending in endings))
        groups = spared([Group((tuple(word_tokens(word)),), looked_into=True), ways], self.uses)
        postings = postings_of(self._connection, words=self)
        places = postings.newest(self._connection, groups, (), (FIRST_DATED, PLACE_END), _EXAMPLES, with_texts=True)
        return holds_any(self._connection, places, [word + ending for ending in endings], postings.brought)
