"""Planning a day for 1,000, 10,000 and 100,000 subscriptions, on SQLite and on PostgreSQL.

    python benchmarks/planning.py [--sizes 1000,10000] [--databases sqlite]

The subscriptions of 50 workspaces are due at the same moment; they ask 200 different queries, half of them a few common
ones, of a digest of ten entries. Each size is planned in a process of its own, whose statements and memory are counted:
one statement for many rows counts once, and the beginning of a transaction counts too. Then a change of the archive
that concerns none of them is passed by. Beside the time of planning stands that of the driver alone, which inserts the
same rows into the same tables.

Statements per thousand must stay below a fixed number and not grow with the number of subscriptions, nor may memory.
Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sqlalchemy import Connection, event, insert  # noqa: E402

from bot.core.entries import Entry  # noqa: E402
from bot.core.ports import ImportedEntry  # noqa: E402
from bot.core.subscriptions import Channel, Layout, Subscription  # noqa: E402
from bot.usecases.deliver import plan_due  # noqa: E402
from bot.usecases.revise import revise_posts  # noqa: E402
from storage.opening import Storage, open_storage  # noqa: E402
from storage.subscriptions import _values  # noqa: E402
from storage.tables import subscriptions as table  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
WORKSPACES = 50
ENTRIES_A_DAY = 10
DAYS = 30
TODAY = date(2024, 6, 21)
NOW = datetime(2024, 6, 21, 0, 0, tzinfo=UTC)
STATEMENTS = 30
"""The bar: so many for a thousand subscriptions."""
GROWTH = 1.2
ROOM = 8.0
"""The bar of memory: so many times what a tenth of the subscriptions, or fewer, took, and so many megabytes."""

_MOST_BARE = 10_000  # what is inserted by the driver alone is all in memory

COMMON = ("", "", "-tag:survey", "-tag:retracted", "tag:llm,alignment,vision,audio,robotics")
TOPICS = ("llm", "alignment", "vision", "audio", "robotics")
NAMES = ("Kumar", "Kim", "Lee", "Garcia", "Chen", "Novak", "Okafor", "Sato")
WORDS = ("attention", "latent", "reward", "diffusion", "retrieval", "sparse", "양자화", "정렬", "추론", "어텐션을")


def queries() -> list[str]:
    """Two hundred different ones, of tags, names, words and phrases."""
    made = [f"tag:{topic} -tag:t{n}" for topic in TOPICS for n in range(12)]
    made += [f"author:{name} tag:{topic}" for name in NAMES for topic in TOPICS]
    made += [f"{word} -tag:t{n}" for word in WORDS for n in range(6)]
    made += [f'"{one} {other}"' for one in WORDS[:6] for other in WORDS[:5]]
    made += [f"tag:t{n}\nauthor:{NAMES[n % 8]}" for n in range(20)]
    return list(dict.fromkeys(made))[: 200 - len(set(COMMON))]


def papers() -> Iterator[Entry]:
    """The entries of a month."""
    chance = random.Random(5)
    for n in range(DAYS * ENTRIES_A_DAY):
        yield Entry(
            id=f"{n:010}",
            title=f"{' '.join(chance.choices(WORDS, k=5))} {n}",
            digest_date=TODAY - timedelta(days=n // ENTRIES_A_DAY),
            authors=tuple(f"{chance.choice('ABCDE')}. {name}" for name in chance.sample(NAMES, 3)),
            tags=(TOPICS[n % len(TOPICS)], f"t{chance.randrange(40)}"),
            abstract=" ".join(chance.choices(WORDS[:6], k=180)),
            commentary=" ".join(chance.choices(WORDS[6:], k=60)),
        )


def orders(count: int) -> Iterator[dict[str, object]]:
    """Rows of subscriptions."""
    chance = random.Random(6)
    asked = queries()
    for n in range(count):
        one = Subscription(
            channel=Channel("slack", f"T{n % WORKSPACES:03}", f"C{n:07}"),
            query=chance.choice(COMMON) if n % 2 else chance.choice(asked),
            at=day_time(9),
            layout=chance.choice((Layout.CARDS, Layout.CARDS, Layout.COMPACT)),
            next_run_at=NOW,
            delivered_through=TODAY - timedelta(days=1),
            seen_change=DAYS * ENTRIES_A_DAY,
        )
        yield {"removed": False, **_values(one)}


async def fill(url: str, count: int) -> None:
    """A month's digests, and so many subscriptions that are due."""
    storage = await open_storage(url, migrate=True)
    await storage.archive.write_import([ImportedEntry(one, is_new=True) for one in papers()], documents=[], at=NOW)

    def add(connection: Connection) -> None:
        connection.execute(insert(table), list(orders(count)))
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")

    await storage.database.write(add)
    await storage.close()


# --- measuring, in a process of its own -----------------------------------------------------------------------------


@dataclass
class Figures:
    """What one step took: seconds, statements, and megabytes by which memory grew at most."""

    seconds: float
    statements: int
    megabytes: float


def memory(of: str) -> float:
    """Megabytes that this process has (`VmRSS`), or had at most (`VmHWM`)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(of)) / 1024


def memory_from_here() -> float:
    """What it has now; the most that it has is counted anew from here on."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return memory("VmRSS")


async def figures(storage: Storage, step: Callable[[], Awaitable[int]]) -> Figures:
    """Carry out a step, and count."""
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    for engine in storage.database.engines:
        event.listen(engine, "before_cursor_execute", count)
    before, began = memory_from_here(), time.perf_counter()
    await step()
    took = time.perf_counter() - began
    for engine in storage.database.engines:
        event.remove(engine, "before_cursor_execute", count)
    return Figures(took, statements, memory("VmHWM") - before)


async def measure(url: str) -> dict[str, Figures]:
    """Plan what is due; then pass by a change that concerns nobody."""
    storage = await open_storage(url)
    found = {"planned": await figures(storage, lambda: plan_due(storage, NOW))}
    assert await storage.subscriptions.due(NOW) == []
    tomorrow = Entry(id="", title="Of tomorrow", digest_date=TODAY + timedelta(days=1), tags=TOPICS)
    await storage.archive.add(tomorrow, by=None, at=NOW)
    found["passed by"] = await figures(storage, lambda: revise_posts(storage, NOW))
    assert await storage.subscriptions.behind(await storage.archive.latest_change()) == []
    await storage.close()
    return found


# --- the driver alone -----------------------------------------------------------------------------------------------


def bare(url: str, planned_url: str) -> float:
    """Seconds for inserting what has been planned elsewhere, a thousand subscriptions a transaction."""
    with connected(planned_url) as source, connected(url) as target:
        mark = "?" if isinstance(target, sqlite3.Connection) else "%s"
        pieces: dict[int, dict[str, list[tuple[Any, ...]]]] = {}
        names: dict[str, str] = {}
        for name, owner in (("deliveries", "subscription_id"), ("posts", "subscription_id")):
            found = source.execute(f"SELECT * FROM {name} ORDER BY id")
            columns = [column[0] for column in found.description]
            names[name] = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"
            for row in found.fetchall():
                piece = pieces.setdefault(row[columns.index(owner)] // 1000, {"deliveries": [], "posts": []})
                piece[name].append(row)
        began = time.perf_counter()
        for piece in pieces.values():
            for name, rows in piece.items():
                target.cursor().executemany(names[name], rows)
            target.commit()
        return time.perf_counter() - began


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """The driver's own connection, in the mode in which Paperboy writes."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection
        return
    import psycopg

    with psycopg.connect(url) as connection:
        yield connection


# --- databases ------------------------------------------------------------------------------------------------------


@contextmanager
def databases(kind: str) -> Iterator[tuple[Callable[[], str], Callable[[str], str]]]:
    """What makes empty databases, and what copies them; their addresses."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="paperboy-planning.") as name:
            number = iter(range(100))

            def new() -> str:
                return f"sqlite:///{name}/{next(number)}.db"

            def copied(url: str) -> str:
                there = new()
                shutil.copy(url.removeprefix("sqlite:///"), there.removeprefix("sqlite:///"))
                return there

            yield new, copied
        return
    from tests.postgres import running_server

    with running_server() as server:

        def copy(url: str) -> str:
            return server.url(server.create(url.partition("@/")[2].partition("?")[0]))

        yield lambda: server.url(server.create()), copy


@dataclass
class Bars:
    """What was measured, and which bars were missed."""

    met: int = 0
    missed: list[str] = field(default_factory=list)

    def check(self, what: str, measured: float, bar: float) -> None:
        """Print one bar, and count it."""
        good = measured <= bar
        print(f"  {what:<58} {measured:8.1f}  (bar: <= {bar:.1f})  {'met' if good else 'MISSED'}")
        if good:
            self.met += 1
        else:
            self.missed.append(what)


def measured(url: str) -> dict[str, Figures]:
    """What another process measures."""
    command = [sys.executable, str(Path(__file__).resolve()), "--measure", url]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {name: Figures(**one) for name, one in json.loads(said).items()}


def run(kind: str, sizes: Sequence[int], bars: Bars) -> None:
    """Measure on one kind of database, and print."""
    found: dict[int, dict[str, Figures]] = {}
    asked = len({*queries(), *COMMON})
    print(f"{kind}: {WORKSPACES} workspaces, {asked} queries, {ENTRIES_A_DAY} entries a digest")
    print("             subscriptions    seconds, a thousand   statements, a thousand       memory")
    with databases(kind) as (new, copied):
        for size in sizes:
            url = new()
            asyncio.run(fill(url, size))
            before = copied(url)
            found[size] = measured(url)
            for name, one in found[size].items():
                each = one.seconds / size * 1000
                print(
                    f"  {name:<10} {size:>13,}   {one.seconds:>8.2f} s {each:>8.3f} s   "
                    f"{one.statements:>12,} {one.statements / size * 1000:>9.1f}   {one.megabytes:>+7.1f} MB"
                )
            if size <= _MOST_BARE:
                alone = bare(before, url)
                ratio = found[size]["planned"].seconds / alone
                print(
                    f"  {'rows alone':<10} {size:>13,}   {alone:>8.2f} s {alone / size * 1000:>8.3f} s   "
                    f"(baseline; planned in {ratio:.1f} times of it)"
                )
    smallest, largest = sizes[0], sizes[-1]
    for name in found[smallest]:
        few, many = found[smallest][name], found[largest][name]
        for size in sizes:
            a_thousand = found[size][name].statements / size * 1000
            bars.check(f"{kind}, {size:,} {name}: statements a thousand", a_thousand, STATEMENTS)
        growth = many.statements / largest - few.statements / smallest
        bars.check(f"{kind}, {name}: more of them a thousand than for {smallest:,}", growth * 1000, 0)
        bars.check(f"{kind}, {largest:,} {name}: megabytes", many.megabytes, GROWTH * few.megabytes + ROOM)


def main() -> int:
    """Measure and print; the exit code."""
    options = argparse.ArgumentParser()
    options.add_argument("--sizes", default=",".join(map(str, SIZES)))
    options.add_argument("--databases", default="sqlite,postgresql")
    options.add_argument("--measure", metavar="URL", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.measure:
        found = asyncio.run(measure(chosen.measure))
        print(json.dumps({name: asdict(one) for name, one in found.items()}))
        return 0
    bars = Bars()
    for kind in chosen.databases.split(","):
        run(kind, [int(size) for size in chosen.sizes.split(",")], bars)
    print("missed: " + "; ".join(bars.missed) if bars.missed else "")
    print(f"bars: {bars.met} of {bars.met + len(bars.missed)} met")
    return 1 if bars.missed else 0


if __name__ == "__main__":
    sys.exit(main())
