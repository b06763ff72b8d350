"""An archive to measure on, opened the two ways that are compared, and what is asked of it."""

from __future__ import annotations

import random
import sqlite3
from copy import copy

from sqlalchemy import Connection

from benchmarks._bars import Times, timed
from benchmarks.archive import LAST_DAY, SEED, Maker, with_particle
from benchmarks.building import archive
from bot.core.query import Query, Sort, criteria_of
from bot.core.query_syntax import parse
from storage.conditions import resolve
from storage.search import collect, keys_in
from storage.sqlite import sqlite_engine


class Measured:
    """One archive, opened the two ways that are compared."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.path = archive(size)
        self.raw = sqlite3.connect(self.path, isolation_level=None)
        self.raw.execute("PRAGMA query_only = 1")
        self.connection: Connection = sqlite_engine(str(self.path), mode="rw").connect()
        self.chance = random.Random(SEED)
        self.rows = self.raw.execute(
            "SELECT title, abstract, commentary, tags FROM entries WHERE no IN "
            f"({','.join(str(self.chance.randrange(1, size)) for _ in range(300))})"
        ).fetchall()
        keys = [key for (key,) in self.raw.execute("SELECT key FROM tags WHERE uses >= 10 ORDER BY key")]
        self.tags = self.chance.sample(keys, min(60, len(keys)))

    def places(self, text: str, sort: Sort, limit: int = 10) -> list[int]:
        """The first places of a query, looked up, walked along and verified as for a page."""
        criteria = criteria_of(Query(parse(text).terms, sort), LAST_DAY)
        conditions, _ = resolve(self.connection, criteria, None)
        if conditions is None:
            return []
        found = collect(self.connection, conditions, keys_in(self.connection, conditions, sort), None, limit)
        return [key[-1] for key in found.keys]

    def relevant(self, text: str) -> list[int]:
        """The first places by relevance."""
        return self.places(text, Sort.RELEVANCE)

    def queries(self) -> list[str]:
        """Two-syllable words, words with particles, English words and phrases, tags with words; rare and common."""
        chance, found = self.chance, []
        for title, abstract, commentary, tags in self.rows[:40]:
            english, korean = abstract.split(), [word for word in commentary.split() if word[0] >= "가"]
            at = chance.randrange(len(english) - 2)
            tag = tags.strip('[]"').split('","')[0]
            noun = chance.choice(nouns())
            found += [chance.choice(korean)[:2], with_particle(noun, chance.choice(("을", "은", "이", "에서", "으로")))]
            found += [chance.choice(title.split()), f'"{english[at].strip(".")} {english[at + 1].strip(".")}"']
            found += [f'tag:"{tag}" {noun}' if tag else noun]
        return [*found, "model", "training", "학습", "모델", "the"]

    def floor(self) -> Times:
        """A bare page along the primary key."""
        starts = [self.chance.randrange(20, self.size) for _ in range(200)]
        sql = "SELECT no FROM entries WHERE no < ? ORDER BY no DESC LIMIT 10"
        return timed(lambda start: self.raw.execute(sql, (start,)).fetchall(), starts)

    def tag_pages(self) -> Times:
        """The newest ten of a tag: the statement that a lookup walks along, by raw sqlite3."""
        walks = []
        for tag in self.tags:
            conditions, _ = resolve(self.connection, criteria_of(parse(f'tag:"{tag}"'), LAST_DAY), None)
            assert conditions is not None
            walk = conditions.walk()
            walks.append((walk.select(walk.place, f"ORDER BY {walk.place} DESC LIMIT 10"), walk.parameters))
        return timed(lambda walk: self.raw.execute(*walk).fetchall(), walks)

    def whole_tag_pages(self) -> Times:
        """The same with all that stands in the ten entries."""
        sql = (
            "SELECT e.* FROM entry_tags w JOIN entries e ON e.shown = w.place WHERE w.tag_id = "
            "(SELECT id FROM tags WHERE key = ?) ORDER BY w.place DESC LIMIT 10"
        )
        return timed(lambda tag: self.raw.execute(sql, (tag,)).fetchall(), self.tags)

    def close(self) -> None:
        """Let go of the file."""
        self.raw.close()
        self.connection.close()


def nouns() -> list[str]:
    """Korean nouns of two syllables and more."""
    return [word for word in Maker().nouns.words[:400] if len(word) >= 2]


def replace_connection(measured: Measured, connection: Connection) -> Measured:
    """The same archive asked through another connection."""
    other = copy(measured)
    other.connection = connection
    return other
