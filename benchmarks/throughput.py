"""Posts a second through ledger and courier on PostgreSQL, against a bare loop of the same client library.

    python benchmarks/throughput.py

Paperboy is one worker, then two (`paperboy run --role deliver`), on a PostgreSQL server of its own. The bare loop is
slack_sdk's AsyncWebClient in a process of its own, which sends the payloads that Paperboy sent: one after the other,
and as many at a time. By itself the library makes a connection for each call; on connections that are kept, as
Paperboy's are, it is much faster, which is measured too. All send to the same server, which only answers (`_posting`):
after 100 ms, as Slack does, when what counts is how many posts a worker keeps going; and at once, when it is the work
that every post makes. There are so many channels that a message a second in each is no limit.

What is measured is the middle of each run, without its beginning and end. What share of a core each side had says
where the limit is: two workers are measured by the bar where the two cores are not full. Exits non-zero when a bar is
missed.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as day_time
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._posting import TOKEN  # noqa: E402
from benchmarks.archive import Maker  # noqa: E402
from bot.core.people import Language  # noqa: E402
from bot.core.subscriptions import Channel, Subscription  # noqa: E402
from bot.usecases.send import CHANNELS_AT_ONCE  # noqa: E402
from storage.opening import Storage, open_storage  # noqa: E402
from tests.crash.databases import add_subscriptions, forget_deliveries, make_all_due, unfinished  # noqa: E402
from tests.postgres import Server, running_server  # noqa: E402
from tests.processes import FRESH, close_pipes, free_port, running, until  # noqa: E402

ALONE_BAR, TOGETHER_BAR = 0.5, 1.8
LOOP, BARE, KEPT = "bare loop", "bare, 8 at a time", "bare, 8, kept"
ENTRIES = 10
FROM, TO = 0.25, 0.9
"""The part of a run that is measured, by posts."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Condition:
    """How soon the server answers, in seconds, and how many channels get a digest meanwhile."""

    delay: float
    channels: int

    @property
    def posts(self) -> int:
        """How many posts that makes."""
        return self.channels * (ENTRIES + 1)

    def __str__(self) -> str:
        when = f"after {self.delay * 1000:.0f} ms" if self.delay else "at once"
        return f"answered {when}, {CHANNELS_AT_ONCE} posts at a time, {self.channels} channels"


SLOW, QUICK = Condition(0.1, 500), Condition(0.0, 1000)


@dataclass(frozen=True)
class Moment:
    """How many posts there were, and how many seconds each side had worked."""

    posts: int
    at: float
    cpu: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """What came of one run."""

    name: str
    rate: float
    cpu: dict[str, float]

    def line(self) -> str:
        """Its figures."""
        shares = ", ".join(f"{name} {share * 100:.0f} %" for name, share in self.cpu.items())
        return f"  {self.name:<20} {self.rate:6.0f} posts/s   of a core: {shares}"


class Slack:
    """The server that answers."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.api_url = f"{url}/api/"
        self._url = url
        self._session = session

    async def begin(self, delay: float, *, record: bool = False) -> None:
        """Count from nothing."""
        async with self._session.post(f"{self._url}/begin", json={"delay": delay, "record": record}) as answer:
            answer.raise_for_status()

    async def count(self) -> dict[str, Any]:
        """Posts, the moment, and the processor's seconds."""
        async with self._session.get(f"{self._url}/count") as answer:
            counted: dict[str, Any] = await answer.json()
            return counted

    async def recorded(self) -> str:
        """What was posted, a line each."""
        async with self._session.get(f"{self._url}/recorded") as answer:
            return await answer.text()


@dataclass(frozen=True)
class Bench:
    """Where all runs take place."""

    folder: Path
    server: Server
    url: str
    storage: Storage
    slack: Slack

    async def record(self) -> None:
        """Let one worker post everything once, and keep what it posts."""
        await self.paperboy(1, QUICK, record=True)
        self._payloads.write_text(await self.slack.recorded(), encoding="utf-8")

    @property
    def _payloads(self) -> Path:
        return self.folder / "payloads.jsonl"

    async def paperboy(self, workers: int, condition: Condition, *, record: bool = False) -> Measured:
        """Workers that deliver a digest to every channel."""
        await forget_deliveries(self.storage.database)
        seen = await self.storage.archive.latest_change()
        await add_subscriptions(self.storage.database, orders_for(condition.channels, seen))
        await self.slack.begin(condition.delay, record=record)
        settings = {
            "DATABASE_URL": self.url,
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": "none-comes-in",
            "SLACK_API_URL": self.slack.api_url,
        }
        async with AsyncExitStack() as stack:
            runs = [
                await stack.enter_async_context(
                    running(self.folder, free_port(), roles=["deliver"], how=FRESH, **settings)
                )
                for _ in range(workers)
            ]
            await make_all_due(self.storage.database)
            name = "one worker" if workers == 1 else f"{workers} workers"
            measured = await self._measure(name, condition, {"Paperboy": [run.process.pid for run in runs]})
            await until(self._is_over)
        return measured

    async def bare(self, condition: Condition, name: str) -> Measured:
        """The bare loop: one post after the other, or as many at a time, on a new connection each or on kept ones."""
        await self.slack.begin(condition.delay)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks._posting", "post", self.slack.api_url),
            *("1" if name is LOOP else str(CHANNELS_AT_ONCE), str(self._payloads), str(condition.posts)),
            *(["kept"] if name is KEPT else []),
            cwd=ROOT,
        )
        measured = await self._measure(name, condition, {"the loop": [process.pid]})
        await process.wait()
        close_pipes(process)
        return measured

    async def _measure(self, name: str, condition: Condition, whose: dict[str, list[int]]) -> Measured:
        first = await self._moment(FROM * condition.posts, whose)
        last = await self._moment(TO * condition.posts, whose)
        seconds = last.at - first.at
        cpu = {side: (last.cpu[side] - first.cpu[side]) / seconds for side in first.cpu}
        return Measured(name, (last.posts - first.posts) / seconds, cpu)

    async def _is_over(self) -> bool:
        return not await unfinished(self.storage.database)

    async def _moment(self, posts: float, whose: dict[str, list[int]]) -> Moment:
        """When so many posts are there."""

        async def has_come() -> bool:
            return int((await self.slack.count())["posts"]) >= posts

        await until(has_come, every=0.02)
        counted = await self.slack.count()
        pids = {**whose, "PostgreSQL": self.server.pids()}
        cpu = {side: sum(map(worked, some)) for side, some in pids.items()}
        return Moment(counted["posts"], counted["at"], {**cpu, "server": counted["cpu"]})


def worked(pid: int) -> float:
    """The processor's seconds of a process so far; 0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def orders_for(channels: int, seen: int) -> list[Subscription]:
    """One for today's digest in every channel."""
    before = (datetime.now(UTC) - timedelta(days=1)).date()
    return [
        Subscription(
            channel=Channel("slack", "T1", f"C{number:04}"),
            at=day_time(0),
            zone="UTC",
            language=Language.KOREAN,
            delivered_through=before,
            seen_change=seen,
        )
        for number in range(channels)
    ]


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Everything there is to be for the runs."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperboy-bench-")))
        server = stack.enter_context(running_server())
        url = server.url(server.create())
        storage = await open_storage(url, migrate=True)
        stack.push_async_callback(storage.close)
        today = datetime.now(UTC).date()
        for entry in Maker().entries(1000, range(ENTRIES)):
            await storage.archive.add(replace(entry, digest_date=today), by=None, at=datetime.now(UTC))
        yield Bench(folder, server, url, storage, await stack.enter_async_context(answering()))


@asynccontextmanager
async def answering() -> AsyncIterator[Slack]:
    """The server, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._posting", "answer"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with aiohttp.ClientSession() as session:
            yield Slack((await process.stdout.readline()).decode().strip(), session)
    finally:
        process.stdin.close()
        await process.wait()
        close_pipes(process)


async def main() -> int:
    """Measure and print; the exit code."""
    async with bench() as runs:
        await runs.record()
        met = await slow(runs) + await quick(runs)
    print(f"bars: {sum(met)} of {len(met)} met   (load {os.getloadavg()[0]:.1f})")
    return 0 if all(met) else 1


async def slow(runs: Bench) -> list[bool]:
    """How many posts a worker keeps going, and two; whether each bar is met."""
    print(SLOW)
    bare = show(await runs.bare(SLOW, KEPT))
    alone = show(await runs.paperboy(1, SLOW))
    together = show(await runs.paperboy(2, SLOW))
    return [
        held("one worker against the bare loop", alone.rate / bare.rate, ALONE_BAR),
        held("two workers against one", together.rate / alone.rate, TOGETHER_BAR),
    ]


async def quick(runs: Bench) -> list[bool]:
    """How much work a post is; two workers want more than two cores then, with a server and a database beside them."""
    print(QUICK)
    loop = show(await runs.bare(QUICK, LOOP))
    several = [show(await runs.bare(QUICK, name)) for name in (BARE, KEPT)]
    alone = show(await runs.paperboy(1, QUICK))
    together = show(await runs.paperboy(2, QUICK))
    print(f"  two workers against one: {together.rate / alone.rate:.2f} x  (no bar: the cores are the limit)")
    for one in several:
        print(f"  one worker against {one.name}: {alone.rate / one.rate:.2f} x  (no bar: no loop is so)")
    return [held("one worker against the bare loop", alone.rate / loop.rate, ALONE_BAR)]


def show(measured: Measured) -> Measured:
    """Print it."""
    print(measured.line(), flush=True)
    return measured


def held(what: str, ratio: float, bar: float) -> bool:
    """Print a ratio beside its bar; whether it is met."""
    print(f"  {what}: {ratio:.2f} x  (bar: at least {bar}): {'met' if ratio >= bar else 'MISSED'}")
    return ratio >= bar


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
