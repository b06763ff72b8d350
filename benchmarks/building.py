"""Builds the archives to measure on, once each, in a folder outside the repository."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import Connection

from benchmarks.archive import SEED, TEXTS, Maker
from bot.core.entries import Entry
from bot.core.ports import ImportedEntry
from storage.codec import ENTRY_FIELDS, entry_of
from storage.imports import write_import
from storage.opening import open_storage
from storage.places import narrow
from storage.raw import rows_of
from storage.schema_version import HEAD
from storage.tokens import VERSION, EntryTokens, Tokens, tokens_of

CHUNK = 10_000
IMPORTED = 100_000
"""Up to so many entries are imported as anybody would; more are made of these, see `multiply`."""
SETTLED = (
    "UPDATE entries SET popularity = 1 + no * 2654435761 % 97 % 13, reactions = 1 + no * 2654435761 % 97 % 13, "
    "replies = no * 40503 % 89 % 7 WHERE no % 10 = 0"
)
_AHEAD = 3
_BITS = 12
"""So many bits of a number in the index count the entries of a day: few enough, in all these archives."""
Made = list[tuple[Entry, Tokens]]
_maker: Maker | None = None


def folder() -> Path:
    """Where archives are kept: `PAPERBOY_BENCH`, else a folder among the temporary ones."""
    chosen = Path(os.environ.get("PAPERBOY_BENCH") or Path(tempfile.gettempdir(), "paperboy-bench"))
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def chunk(count: int, first: int) -> Made:
    """A chunk of the entries of an archive, with their tokens."""
    global _maker  # noqa: PLW0603 - its vocabulary takes a second to make
    _maker = _maker or Maker()
    entries = _maker.entries(count, range(first, min(first + CHUNK, count)))
    return [(entry, _known.of(entry)) for entry in entries]


def chunks(count: int) -> Iterator[Made]:
    """All entries of an archive, made by another process where there are many."""
    firsts = range(0, count, CHUNK)
    if len(firsts) == 1:
        yield chunk(count, 0)
        return
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        coming = [pool.submit(chunk, count, first) for first in firsts[:_AHEAD]]
        for first in firsts:
            yield coming.pop(0).result()
            following = first + _AHEAD * CHUNK
            if following < count:
                coming.append(pool.submit(chunk, count, following))


def archive(count: int) -> Path:
    """The archive of so many entries in SQLite; built, with what it is compared with (`ranked`), if it is not there."""
    path = folder() / f"{SEED}-{TEXTS}-{HEAD}-{VERSION}-{count}.db"
    if not (path.exists() and ranked(path).exists()):
        for left in folder().glob(f"building-{count}.*"):
            left.unlink()
        unfinished = folder() / f"building-{count}.db"
        if count > IMPORTED:
            first = archive(IMPORTED)
            shutil.copy(first, unfinished)
            shutil.copy(ranked(first), ranked(unfinished))
            multiply(unfinished, count // IMPORTED)
        else:
            asyncio.run(build(unfinished, count))
        settle(unfinished)
        ranked(unfinished).rename(ranked(path))
        unfinished.rename(path)
    return path


def ranked(path: Path) -> Path:
    """The baseline of relevance, a file beside an archive: FTS5 with bm25 over the same tokens, by their places."""
    return path.with_suffix(".bm25.db")


@contextmanager
def ranking(path: Path) -> Iterator[Callable[[Iterable[tuple[int, str]]], object]]:
    """Write down places with their tokens in the baseline of an archive."""
    with closing(sqlite3.connect(ranked(path), isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS ranked "
            "USING fts5(tokens, content='', tokenize=\"ascii tokenchars ':#'\")"
        )
        connection.execute("BEGIN")
        yield partial(connection.executemany, "INSERT INTO ranked(rowid, tokens) VALUES (?, ?)")
        connection.execute("COMMIT")


async def build(path: Path, count: int) -> None:
    """Import all entries of an archive, as anybody would."""
    storage = await open_storage(f"sqlite:///{path}", migrate=True)
    began, written = time.perf_counter(), 0
    with ranking(path) as rank:
        for made in chunks(count):
            imported = [ImportedEntry(entry, True) for entry, _ in made]
            await storage.database.write(write_import, imported, [], datetime.now(UTC), _Given(made))
            places = await storage.database.read(_places_after, written)
            rank((place, tokens.indexed) for place, (_, tokens) in zip(places, made, strict=True))
            written += len(made)
            speed = written / (time.perf_counter() - began)
            print(f"  building {count:,}: {written:,} entries, {speed:,.0f} a second", file=sys.stderr, flush=True)
    await storage.close()


def _places_after(connection: Connection, no: int) -> list[int]:
    return [place for (place,) in rows_of(connection, "SELECT place FROM entries WHERE no > ? ORDER BY no", (no,))]


@dataclass(frozen=True)
class Moved:
    """Where a copy of the first entries goes: on by a number of days, round and round from `low` to `high`."""

    copy: int
    low: int
    high: int
    a_day: int
    """So many entries a day has at most."""

    @property
    def day(self) -> str:
        """The ordinal of its day, in SQL."""
        return f"({self.low} + ((place >> 20) - {self.low} + {self.copy * 367}) % {self.high - self.low + 1})"

    @property
    def place(self) -> str:
        """Its place, in SQL."""
        return f"({self.day} << 20 | ((place & 1048575) + {self.copy * self.a_day}))"

    def of(self, place: int) -> int:
        """Where the entry at a place goes."""
        day = self.low + ((place >> 20) - self.low + self.copy * 367) % (self.high - self.low + 1)
        return day << 20 | ((place & 1048575) + self.copy * self.a_day)

    def columns(self, character: str, date: str) -> dict[str, str]:
        """What is another in it; a database's name for a function, and how it writes the date of an ordinal."""
        return {
            "no": f"no + {IMPORTED * self.copy}",
            "id": f"substr(id, 1, 4) || {character}({ord('a') + self.copy}) || substr(id, 6)",
            "place": self.place,
            "shown": self.place,
            "change_no": f"change_no + {IMPORTED * self.copy}",
            "digest_date": date.format(self.day),
            "arxiv_id": f"arxiv_id || '{self.copy}'",
            "url": f"url || '{self.copy}'",
        }


def multiply(path: Path, times: int) -> None:
    """Make every entry of an archive several, on other days, in each table that lookups read.

    What a lookup costs depends on how many entries have a word, and on where they lie between the others. So each copy
    is moved on by another number of days, round and round within the days that the archive has.
    """
    size = IMPORTED
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, ranking(path) as rank:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        low, high = connection.execute("SELECT min(place) >> 20, max(place) >> 20 FROM entries").fetchone()
        a_day = connection.execute("SELECT max(place & 1048575) + 1 FROM entries").fetchone()[0]
        columns = [row[1] for row in connection.execute("PRAGMA table_info(entries)")]
        tokens = list(_indexed(connection))
        for copy in range(1, times):
            print(f"  building {size * times:,}: {size * copy:,} entries", file=sys.stderr, flush=True)
            moved = Moved(copy, low, high, a_day)
            new, of_copy = moved.columns("char", "date(1721424.5 + {})"), moved.place
            values = ", ".join(new.get(name, f'"{name}"') for name in columns)
            connection.execute("BEGIN")
            connection.execute(f"INSERT INTO entries SELECT {values} FROM entries WHERE no <= {size}")
            tags = f"SELECT tag_id, {of_copy} FROM entry_tags WHERE place & 1048575 < {a_day}"
            connection.execute(f"INSERT INTO entry_tags {tags}")
            rows = [(moved.of(place), text) for place, text in tokens]
            rank(rows)
            numbered = ((narrow(place, _BITS), text) for place, text in rows)
            connection.executemany("INSERT INTO lookup(rowid, tokens) VALUES (?, ?)", numbered)
            connection.execute("COMMIT")
        for table in ("tags", "names", "terms"):
            connection.execute(f"UPDATE {table} SET uses = uses * {times}")
        connection.execute(f"UPDATE archive_state SET change_no = change_no * {times}")


def _indexed(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    known = KnownTexts()
    columns = ", ".join(ENTRY_FIELDS)
    for row in connection.execute(f"SELECT {columns}, place FROM entries ORDER BY no"):
        yield row[-1], known.of(entry_of(row)).indexed


class KnownTexts:
    """Tokens of entries whose long texts have been met before: those of the texts are not made again."""

    def __init__(self) -> None:
        self._known: dict[str, EntryTokens] = {}

    def of(self, entry: Entry) -> Tokens:
        """See `storage.index.ReadyTokens`: exactly what `make_tokens` gives."""
        text = entry.abstract or ""
        if text not in self._known:
            bare = replace(entry, title="", authors=(), tags=())
            self._known[text] = tokens_of(bare)
        of_text = self._known[text]
        others = tokens_of(replace(entry, abstract=None, commentary=None))
        return Tokens(
            " ".join(of_text.indexed | others.indexed),
            " ".join(of_text.counted | others.counted),
        )


_known = KnownTexts()


class _Given:
    """`storage.index.ReadyTokens` that came with the entries."""

    def __init__(self, made: Made) -> None:
        self._tokens = {entry.id: tokens for entry, tokens in made}

    def of(self, entry: Entry) -> Tokens:
        """See the port."""
        return self._tokens[entry.id]


def settle(path: Path) -> None:
    """Leave the file as it is after a while of quiet: the index in one piece, the log written back, some engagement.

    Reactions are not part of what is measured but for `sort:popular`, which needs some: every tenth entry has a few.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(SETTLED)
        connection.execute("INSERT INTO lookup(lookup) VALUES ('optimize')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


if __name__ == "__main__":
    for size in map(int, sys.argv[1:]):
        print(archive(size))
