"""Lookups from four thousand entries to a million, against raw sqlite3 and FTS5 in the same run.

    python benchmarks/lookups.py [--quick] [--sizes 4000,100000]

Everything is warm and in one process. Each figure stands beside its baseline and their ratio; the last line counts
the bars that are met, and the exit code is 1 when one is missed. Archives are built once (`building`) and kept in
the folder that `PAPERBOY_BENCH` names. A bar that speaks of a million is taken on the largest archive of the run, but
for those of relevance and of the index's size, which a smaller archive has none for.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bars, Times, timed  # noqa: E402
from benchmarks._measured import Measured, nouns, replace_connection  # noqa: E402
from benchmarks.archive import LAST_DAY, SEED, Maker, with_particle  # noqa: E402
from benchmarks.building import ranked  # noqa: E402
from bot.core.entries import Action, Entry  # noqa: E402
from bot.core.errors import QueryError  # noqa: E402
from bot.core.people import Caller, Language, Person, Role  # noqa: E402
from bot.core.ports import Facet, ImportedEntry  # noqa: E402
from bot.core.query import Sort, criteria_of  # noqa: E402
from bot.core.query_syntax import parse  # noqa: E402
from bot.usecases.look_up import look_up  # noqa: E402
from storage.conditions import resolve  # noqa: E402
from storage.database import READERS  # noqa: E402
from storage.entry_rows import stored  # noqa: E402
from storage.likeness import like  # noqa: E402
from storage.names import list_names  # noqa: E402
from storage.narrowing import narrowed  # noqa: E402
from storage.opening import Storage, open_storage  # noqa: E402
from storage.tags import list_tags  # noqa: E402
from storage.tokens import tokens_of  # noqa: E402
from storage.verifying import verified  # noqa: E402

QUICK, FULL = (4_000, 100_000), (4_000, 100_000, 1_000_000)
READER = Caller(Person("bench", "bench", "reader"), frozenset({Role.READER}), Language.ENGLISH, LAST_DAY)
NEXT_DAY = date(2024, 6, 22)


def recall(bars: Bars, small: Measured) -> None:
    """Of 300 nouns, bare and with a particle: are all entries found that have them, and no others?"""
    chance = random.Random(SEED)
    texts = small.raw.execute("SELECT shown, title || ' ' || coalesce(commentary, '') FROM entries").fetchall()
    there = [noun for noun in nouns() if sum(noun in text for _, text in texts) > 1]
    asked = chance.sample(there, min(300, len(there)))
    for name, end in (
        ("bare", lambda noun: noun),
        ("with a particle", lambda noun: with_particle(noun, chance.choice(("을", "은", "이", "의", "에서", "으로")))),
    ):
        found_of, right_of = [], []
        for noun in asked:
            truth = {place for place, text in texts if noun in text}
            criteria = criteria_of(parse(end(noun)), LAST_DAY)
            conditions, _ = resolve(small.connection, criteria, None)
            assert conditions is not None
            walk = conditions.walk()
            rows = small.connection.exec_driver_sql(walk.select(walk.place), tuple(walk.parameters)).fetchall()
            found = verified(small.connection, [row[0] for row in rows], conditions.asked.checks)
            found_of.append(len(found & truth) / len(truth))
            right_of.append(len(found & truth) / max(1, len(found)))
        bars.check(
            f"recall of {len(asked)} nouns, {name}",
            f"{statistics.mean(found_of):.4f}",
            "substring",
            statistics.mean(found_of),
            0.999,
            at_least=True,
        )
        bars.check(
            f"precision, {name}",
            f"{statistics.mean(right_of):.4f}",
            "substring",
            statistics.mean(right_of),
            0.99,
            at_least=True,
        )


def bm25(connection: sqlite3.Connection, tokens: Sequence[str]) -> list[int]:
    """The ten best by bm25."""
    match = " AND ".join(f'"{token}"' for token in tokens)
    sql = "SELECT rowid FROM ranked WHERE ranked MATCH ? ORDER BY rank LIMIT 10"
    return [row[0] for row in connection.execute(sql, (match,))]


def tokens_in(text: str) -> list[str]:
    """The tokens of a query of plain words."""
    marked = tokens_of(Entry(id="", title="", commentary=text.replace('"', " "))).indexed
    return [token for token in marked if ":" not in token and not token.startswith("#")]


def relevance(bars: Bars, measured: Measured) -> None:
    """Time against bm25, and finding a known title by two of its words."""
    queries = [query for query in measured.queries() if not query.startswith("tag:")]
    with closing(sqlite3.connect(ranked(measured.path), isolation_level=None)) as baseline:
        ours = timed(measured.relevant, queries)  # before bm25, which goes through much memory
        theirs = timed(lambda query: bm25(baseline, tokens_in(query)), queries, runs=1)
        _at_a_million(
            bars,
            measured,
            (f"relevance, {measured.size:,}, p99", f"{ours.p99:.3f} ms", f"{theirs.p99:.1f} ms bm25"),
            ours.p99 / theirs.p99,
            1 / 500,
        )
        if measured.size > 100_000:
            return  # there, each title stands ten times
        hits = [0, 0]
        sample = [
            row
            for row in measured.raw.execute("SELECT shown, title FROM entries WHERE no % 331 = 7")
            if len(row[1].split()) > 1
        ]
        for place, title in sample:
            words = measured.chance.sample(title.split(), 2)
            hits[0] += place in measured.places(" ".join(words), Sort.RELEVANCE)
            hits[1] += place in bm25(baseline, tokens_in(" ".join(words)))
        ours_hit, theirs_hit = (count / len(sample) for count in hits)
        bars.check(
            "known title by two words, hit@10",
            f"{ours_hit:.3f}",
            f"{theirs_hit:.3f} bm25",
            ours_hit - theirs_hit,
            0.05,
            at_least=True,
        )


async def through_the_use_case(bars: Bars, measured: Measured, raw: Times) -> None:
    """The newest of a tag as a person asks for it."""
    storage = await open_storage(f"sqlite:///{measured.path}")
    found = []
    for tag in measured.tags[:40]:
        times = []
        for _ in range(4 * READERS):
            began = time.perf_counter()
            await look_up(storage, READER, f'tag:"{tag}"', limit=10)
            times.append((time.perf_counter() - began) * 1000)
        found.append(statistics.median(times[2 * READERS :]))  # once each reader has met the tag
    await storage.close()
    ours = Times(found)
    bars.check(
        f"the same through look_up, {measured.size:,}, p50",
        f"{ours.p50:.3f} ms",
        f"{raw.p50:.3f} ms sqlite3",
        ours.p50 / raw.p50,
        12,
    )


def likeness(bars: Bars, measured: Measured, floor: Times) -> None:
    """Ten entries like another, whole."""
    numbers = [measured.chance.randrange(1, measured.size) for _ in range(100)]
    ids = measured.raw.execute(f"SELECT id FROM entries WHERE no IN ({','.join(map(str, numbers))})").fetchall()
    entries = [item.entry for item in stored(measured.connection, [entry_id for (entry_id,) in ids]).values()]
    found = timed(lambda entry: like(measured.connection, entry, None, LAST_DAY, 10), entries)
    bars.check(
        f"more like this, ten, {measured.size:,}, p99",
        f"{found.p99:.3f} ms",
        f"{floor.p99:.4f} ms bare page",
        found.p99 / floor.p99,
        50,
    )


def completion(bars: Bars, measured: Measured) -> None:
    """Tags and names by their beginnings; both and days with what goes with the rest of a query."""
    connection = measured.connection
    plain = timed(lambda tag: list_tags(connection, tag[:2], 12, LAST_DAY), measured.tags)
    names = [name for (name,) in measured.raw.execute("SELECT name FROM names ORDER BY uses DESC LIMIT 2000")]
    begun = [name[:length] for name in measured.chance.sample(names, 40) for length in (1, 2, 3, 5)]
    people = timed(lambda typed: list_names(connection, typed, 12, LAST_DAY), begun)
    rests = [criteria_of(parse(query), LAST_DAY) for query in measured.queries()]
    ways = [(rest, facet) for rest in rests for facet in Facet]
    inside = timed(lambda way: narrowed(connection, *way, "", 12), ways, runs=3)
    size = f"{measured.size:,}"
    bars.check(f"completion of tags, {size}, p99 in ms", f"{plain.p99:.3f} ms", "", plain.p99, 1)
    bars.check(f"completion of names, {size}, p99 in ms", f"{people.p99:.3f} ms", "", people.p99, 1)
    bars.check(f"completion in context, {size}, p99 in ms", f"{inside.p99:.3f} ms", "", inside.p99, 10)


def sizes(bars: Bars, measured: Measured) -> None:
    """What the index takes, with all tables that only lookups read."""
    names = ("lookup_", "terms", "near_terms", "entry_tags", "name_words")
    rows = measured.raw.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
    index = sum(size for name, size in rows if name.startswith(names))
    text = measured.raw.execute(
        "SELECT sum(length(CAST(title || authors || tags || coalesce(abstract, '') || coalesce(commentary, '') "
        "AS BLOB))) FROM entries"
    ).fetchone()[0]
    _at_a_million(
        bars,
        measured,
        (f"index / text, {measured.size:,}", f"{index / 1e6:,.0f} MB", f"{text / 1e6:,.0f} MB"),
        index / text,
        0.20,
    )


def _at_a_million(bars: Bars, measured: Measured, said: tuple[str, str, str], ratio: float, bar: float) -> None:
    """A figure whose bar is one for a million entries: bm25 takes longer with each, the index ever less for each."""
    if measured.size < FULL[-1]:
        bars.note(*said, ratio)
    else:
        bars.check(*said, ratio, bar)


async def importing(bars: Bars) -> None:
    """A whole import with its index, against FTS5 unicode61 over the same text."""
    entries = list(Maker().entries(4_000, range(6_000)))
    with tempfile.TemporaryDirectory() as folder:
        with closing(sqlite3.connect(Path(folder, "plain.db"))) as connection:
            began = time.perf_counter()
            connection.execute("CREATE VIRTUAL TABLE plain USING fts5(title, body)")
            rows = (
                (one.title, "\n".join([*one.authors, one.abstract or "", one.commentary or "", *one.tags]))
                for one in entries
            )
            connection.executemany("INSERT INTO plain VALUES (?, ?)", rows)
            connection.commit()
            plain = len(entries) / (time.perf_counter() - began)
        storage = await open_storage(f"sqlite:///{folder}/ours.db")
        began = time.perf_counter()
        await storage.archive.write_import(
            [ImportedEntry(one, True) for one in entries], documents=[], at=datetime.now(UTC)
        )
        ours = len(entries) / (time.perf_counter() - began)
        await storage.close()
    bars.check(
        "indexed import, entries/s", f"{ours:,.0f}", f"{plain:,.0f} unicode61", ours / plain, 0.35, at_least=True
    )


async def single_changes(bars: Bars, measured: Measured) -> None:
    """Adding and editing one entry at a time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(measured.path, folder))
        os.sync()  # what is there already lies on the disk
        storage = await open_storage(f"sqlite:///{path}")
        times: list[float] = []
        for number, entry in enumerate(Maker().entries(4_000, range(300))):
            fresh = replace(
                entry, id="", title=f"{entry.title} {number}", arxiv_id=None, url=None, digest_date=NEXT_DAY
            )
            times += await _seconds(storage, fresh)
        await storage.close()
    ours = Times([one * 1000 for one in times])
    bars.check(f"one add or edit, {measured.size:,}, p99 in ms", f"{ours.p99:.1f} ms", "", ours.p99, 10)
    bars.check(
        f"one add or edit, {measured.size:,}, longest in ms", f"{max(ours.each):.1f} ms", "", max(ours.each), 300
    )


async def _seconds(storage: Storage, entry: Entry) -> tuple[float, float]:
    """What it takes to add an entry, and to edit it a little later."""
    began = time.perf_counter()
    added = await storage.archive.add(entry, by=None, at=datetime.now(UTC))
    adding = time.perf_counter() - began
    await asyncio.sleep(0.01)
    began = time.perf_counter()
    await storage.archive.replace(
        replace(added, title=added.title + " anew"), action=Action.EDIT, by=None, at=datetime.now(UTC)
    )
    return adding, time.perf_counter() - began


def hostile(bars: Bars, measured: Measured, count: int) -> None:
    """Whatever may be typed: nothing but the query error, and soon."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    pieces = st.sampled_from(
        [
            '"',
            "'",
            "*",
            "(",
            ")",
            " AND ",
            " OR ",
            " NOT ",
            "NEAR(",
            "-",
            ":",
            "tag:",
            "#",
            "^",
            "\x00",
            "{",
            "}",
            "\\",
            "the of and",
            "은는이가",
            "모델",
            "%",
            "_",
            "model ",
            "학습을 ",
            "a" * 200,
            "가" * 200,
        ]
    )
    texts = st.one_of(
        st.lists(pieces, max_size=12).map("".join),
        st.text(max_size=80),
        st.lists(pieces, min_size=500, max_size=500).map("".join),
    )
    worst, errors, slow = 0.0, [], ""

    def took(text: str) -> float:
        """Milliseconds that one order takes."""
        began = time.perf_counter()
        try:
            for sort in (Sort.NEW, Sort.RELEVANCE):
                measured.places(text, sort)
        except QueryError:
            pass
        except Exception as error:  # noqa: BLE001 - that is what is counted
            errors.append(f"{text[:40]!r}: {error}")
        return (time.perf_counter() - began) * 500

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(texts)
    def ask(text: str) -> None:
        nonlocal worst, slow
        once = took(text)
        if once > worst:  # warm, as everything else here: what the machine does meanwhile is left out
            once = min(once, took(text))
        if once > worst:
            worst, slow = once, text

    ask()
    bars.check(f"{count:,} hostile queries, errors", str(len(errors)), errors[0][:40] if errors else "", len(errors), 0)
    bars.check(f"{count:,} hostile queries, slowest in ms", f"{worst:.1f} ms", repr(slow[:20]), worst, 100)


def on_postgresql(bars: Bars, measured: Measured) -> None:
    """The same archive on a PostgreSQL of its own: the same places for every query, and how soon."""
    from benchmarks.on_postgresql import archive_on_server

    with archive_on_server(measured.size) as engine, engine.connect() as connection:
        there = replace_connection(measured, connection)
        starts = [measured.chance.randrange(20, measured.size) for _ in range(100)]
        page = "SELECT no FROM entries WHERE no < %s ORDER BY no DESC LIMIT 10"
        bare = timed(lambda start: connection.exec_driver_sql(page, (start,)).fetchall(), starts)
        queries = measured.queries()
        newest = timed(lambda query: there.places(query, Sort.NEW), queries)
        differing = [
            f"{sort.value} {query}"
            for query in queries
            for sort in (Sort.NEW, Sort.OLD, Sort.RELEVANCE, Sort.POPULAR, Sort.DISCUSSED)
            if measured.places(query, sort) != there.places(query, sort)
        ]
    size = f"{measured.size:,}"
    bars.check(
        f"PostgreSQL, {size}, differing top tens",
        str(len(differing)),
        differing[0] if differing else f"of {5 * len(queries)}",
        len(differing),
        0,
    )
    bars.check(
        f"PostgreSQL, newest ten, {size}, p50", f"{newest.p50:.3f} ms", f"{bare.p50:.3f} ms", newest.p50 / bare.p50, 6
    )
    bars.check(
        f"PostgreSQL, newest ten, {size}, p99", f"{newest.p99:.3f} ms", f"{bare.p99:.3f} ms", newest.p99 / bare.p99, 30
    )


def growth(bars: Bars, name: str, small: Times, large: Times, bar: float) -> None:
    """How much longer it takes in the largest archive than in the smallest."""
    bars.check(f"growth, {name}, p50", f"{large.p50:.4f} ms", f"{small.p50:.4f} ms", large.p50 / small.p50, bar)


def main() -> int:
    """Measure and print; the exit code."""
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true")
    options.add_argument("--sizes")
    chosen = options.parse_args()
    counts = [int(size) for size in chosen.sizes.split(",")] if chosen.sizes else list(QUICK if chosen.quick else FULL)
    archives = [Measured(size) for size in counts]
    smallest, largest = archives[0], archives[-1]
    gc.collect()
    gc.freeze()  # as `paperboy run` does once it has begun
    middle = next((one for one in archives if one.size == 100_000), largest)
    bars = Bars()
    floor, tags, queries = largest.floor(), largest.tag_pages(), largest.queries()
    bars.check(
        f"tag, newest ten, {largest.size:,}, p50",
        f"{tags.p50:.4f} ms",
        f"{floor.p50:.4f} ms bare page",
        tags.p50 / floor.p50,
        1.5,
    )
    bars.check(
        f"tag, newest ten, {largest.size:,}, p99",
        f"{tags.p99:.4f} ms",
        f"{floor.p99:.4f} ms bare page",
        tags.p99 / floor.p99,
        2,
    )
    asyncio.run(through_the_use_case(bars, largest, largest.whole_tag_pages()))
    newest = timed(lambda query: largest.places(query, Sort.NEW), queries)
    bars.check(
        f"text, newest ten, {largest.size:,}, p99",
        f"{newest.p99:.3f} ms",
        f"{floor.p99:.4f} ms bare page",
        newest.p99 / floor.p99,
        50,
    )
    relevance(bars, largest)
    if middle is not largest:
        relevance(bars, middle)
    same = smallest.queries()
    growth(bars, "tag", smallest.tag_pages(), tags, 1.3)
    growth(bars, "newest", timed(lambda query: smallest.places(query, Sort.NEW), same), newest, 2.5)
    before, after = (timed(one.relevant, asked) for one, asked in ((smallest, same), (largest, queries)))
    growth(bars, "relevance", before, after, 3)
    likeness(bars, largest, floor)
    completion(bars, largest)
    sizes(bars, largest)
    asyncio.run(importing(bars))
    asyncio.run(single_changes(bars, middle))
    on_postgresql(bars, smallest if chosen.quick else largest)
    hostile(bars, middle, 1_000 if chosen.quick else 10_000)
    recall(bars, smallest)  # it reads millions of texts, and leaves glibc's heap in a state that slows everything down
    for one in archives:
        one.close()
    print("missed: " + "; ".join(bars.missed) if bars.missed else "")
    print(f"bars: {bars.met} of {bars.met + len(bars.missed)} met")
    return 1 if bars.missed else 0


if __name__ == "__main__":
    sys.exit(main())
