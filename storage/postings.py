"""Where tokens lead: from each token to the places that have it. SQLite and PostgreSQL each keep that in their own way.

`storage.fts5` and `storage.gin` say how; they give the same places for everything that is asked. Both know two indexes:
the one that answers, and while one is being made anew (`storage.reindexing`) the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from storage.asking import Group, Vocabulary
from storage.dialects import is_sqlite
from storage.raw import value_of

LIVE: Final = "lookup"
NEXT: Final = "lookup_next"
COUNTS: Final = ("terms", "near_terms")
"""The tables beside the index that are made anew with it."""


class Postings(Protocol):
    """An index from tokens to places, in one kind of database."""

    probes: bool
    """Whether one place is looked up quickly, however many there are with its tokens."""
    counts_soon: bool
    """Whether `counted` takes a small part of the time in which tokens are entered."""
    fence: str
    """What stands at the end of a question that is to be asked for each place, as it is written."""
    number: str
    """The column that places are kept in, for conditions on it."""
    bounded: str
    """The same in a condition on a span of places."""
    matches: str
    """The condition that it meets what `matching` gives, for which there is one question mark."""

    @property
    def brought(self) -> Mapping[int, Sequence[Any]]:
        """By their places, the texts that `newest` has brought along, as rows for `storage.verifying.Texts`."""
        ...

    @property
    def place(self) -> str:
        """The place, in statements that select from the index."""
        ...

    def create_next(self, connection: Connection) -> None:
        """Make an empty next index, with its tables of counts."""
        ...

    def drop_next(self, connection: Connection) -> None:
        """Take the next index away, where there is one."""
        ...

    def put_next_in_place(self, connection: Connection) -> None:
        """Let the next index answer from now on."""
        ...

    def insert(self, connection: Connection, rows: Sequence[tuple[int, str]], name: str) -> None:
        """Enter places with their tokens, between spaces."""
        ...

    def delete(self, connection: Connection, rows: Sequence[tuple[int, str]], name: str) -> None:
        """Take places out. The tokens must be those they were entered with."""
        ...

    def tidy(self, connection: Connection) -> bool:
        """Join a little of what single changes leave in pieces; whether there may be more to join."""
        ...

    def matching(self, wanted: Sequence[Group], unwanted: Sequence[Group]) -> str:
        """All of the wanted groups and none of the unwanted ones, in the index's own language."""
        ...

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
        """The newest places that match, between two, both included; the oldest ones first if asked.

        `with_texts`: the entries there are about to be looked into, and their texts may be brought along.
        """
        ...

    def numbered(self, low: int, high: int) -> tuple[int, int]:
        """Two places, both included, as what stands in the column of numbers."""
        ...

    def numbered_in_sql(self, place: str) -> str:
        """The number of a place, in SQL."""
        ...

    def holds(self, connection: Connection, place: int, tokens: Sequence[str]) -> bool:
        """Whether all these tokens lead to a place."""
        ...

    def counted(self, connection: Connection) -> dict[str, int]:
        """How many places each token leads to. Reads the whole index."""
        ...


def postings_of(connection: Connection, bits: int | None = None, words: Vocabulary | None = None) -> Postings:
    """The index in the database of a connection.

    Given is what is known already: `bits` are those of `index_state`, `words` are those of the archive.
    """
    if is_sqlite(connection):
        from storage.fts5 import Fts5  # noqa: PLC0415 - each needs what stands above

        return Fts5(lambda: bits or int(value_of(connection, "SELECT bits FROM index_state WHERE id = 1")))
    from storage.gin import Gin  # noqa: PLC0415 - a lookup in SQLite starts without it
    from storage.vocabulary import ArchiveWords  # noqa: PLC0415

    return Gin(words or ArchiveWords(connection))
