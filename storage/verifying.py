"""Looking into entries for what their tokens leave open: whether a run of letters or words really stands there."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from storage.asking import AnyCheck, Check, Holds, NameCheck, Within
from storage.chunks import chunked
from storage.dialects import is_sqlite
from storage.raw import among, rows_of
from storage.runs import sought
from storage.tokens import LONGEST
from storage.words import name_compounds, name_words

TEXT_COLUMNS = ("title", "authors", "organisation", "tags", "abstract", "commentary", "commentary_en")
_COLUMNS = ", ".join(TEXT_COLUMNS)
_AS_KEPT = ", ".join(map("CAST({} AS BLOB)".format, TEXT_COLUMNS))
_NONE: Mapping[int, Sequence[Any]] = {}


def verified(
    connection: Connection,
    places: Collection[int],
    checks: Sequence[AnyCheck],
    brought: Mapping[int, Sequence[Any]] = _NONE,
) -> set[int]:
    """Which of the entries at these places pass all checks; `brought` are rows of texts that are there already."""
    if not checks:
        return set(places)
    texts = texts_at(connection, places, brought)
    for test in map(passing, checks):
        texts = filter(test, texts)
    return {text.place for text in texts}


def holds_any(
    connection: Connection,
    places: Collection[int],
    needles: Sequence[str],
    brought: Mapping[int, Sequence[Any]] = _NONE,
) -> bool:
    """Whether one of these entries holds one of these runs of Korean letters; `brought` as for `verified`."""
    wanted = [Check(Within.ANYWHERE, tuple(map(Holds, needles)))]
    return bool(verified(connection, places, wanted, brought))


class Texts:
    """The texts of one entry, as they lie in the database, in UTF-8."""

    def __init__(self, row: Sequence[Any]) -> None:
        """A row of the place and `TEXT_COLUMNS`."""
        self.place: int = row[0]
        self._row: Sequence[bytes | None] = row

    @classmethod
    def read(cls, row: Sequence[Any]) -> Texts:
        """Those of such a row that has been read as letters."""
        return cls((row[0], *(None if column is None else column.encode() for column in row[1:])))

    @property
    def title(self) -> bytes:
        """Its title."""
        return self._row[1] or b""

    @property
    def long(self) -> Sequence[bytes | None]:
        """Title, abstract and commentaries, those that there are."""
        return self._row[1], *self._row[5:]

    @property
    def names(self) -> list[str]:
        """Its authors and its organisation."""
        return [*json.loads(self._row[2] or "[]"), *([self._row[3].decode()] if self._row[3] else [])]

    @property
    def short(self) -> list[str]:
        """Names and tags."""
        return [*self.names, *json.loads(self._row[4] or "[]")]

    @property
    def short_as_kept(self) -> bytes:
        """The same as they lie in the database, in their lists."""
        return b"".join(filter(None, self._row[2:5]))

    @property
    def parts(self) -> list[str]:
        """All of them."""
        return [*(text.decode() for text in self.long if text), *self.short]


def texts_at(
    connection: Connection, places: Collection[int], brought: Mapping[int, Sequence[Any]] = _NONE
) -> Iterable[Texts]:
    """The texts of the entries at these places, `brought` as for `verified`."""
    if brought:
        there = [place for place in places if place in brought]
        places = [place for place in places if place not in brought]
        yield from (Texts.read(brought[place]) for place in there)
    columns, as_texts = (_AS_KEPT, Texts) if is_sqlite(connection) else (_COLUMNS, Texts.read)
    for some in chunked(places):
        meant, asked = among(connection, some)
        rows = rows_of(connection, f"SELECT shown, {columns} FROM entries WHERE shown {meant}", asked)  # noqa: S608
        yield from map(as_texts, rows)


Test = Callable[[Texts], bool]


@lru_cache(maxsize=256)
def passing(check: AnyCheck) -> Test:
    """Whether an entry passes a check."""
    if isinstance(check, NameCheck):
        tests: list[Test] = [_named(check.words)]
    else:
        tests = [_holding(check.within, one) for one in check.holds]
    (first, *others), negated = tests, check.negated
    if not others and not negated:
        return first
    return lambda text: any(test(text) for test in tests) is not negated


def _named(asked: Sequence[frozenset[str]]) -> Test:
    def is_named(text: Texts) -> bool:
        each = ({word[:LONGEST] for word in (*name_words(name), *name_compounds(name))} for name in text.names)
        return any(all(words & there for words in asked) for there in each)

    return is_named


def _holding(within: Within, holds: Holds) -> Test:
    stands_in, may_stand_in = sought(holds)
    if within is Within.TITLE:
        return lambda text: stands_in(text.title)

    def stands_anywhere(text: Texts) -> bool:
        for part in text.long:
            if part and stands_in(part):
                return True
        return may_stand_in(text.short_as_kept) and any(stands_in(one.encode()) for one in text.short)

    return stands_anywhere
