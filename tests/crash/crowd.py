"""A morning in many workspaces: three workers on one PostgreSQL, of which two are killed on the way.

    make crowd                                              1,000 channels in 50 workspaces, 10 entries a digest
    python -m tests.crash.crowd --channels 200 --seed 7     fewer, killed at the same moments as once before

It is played twice, by processes of `paperboy run --role deliver` on a loopback Slack in another process: by three
workers that nobody disturbs, then by three of which two are killed with SIGKILL and do not come back. What they held
is left to them for a lease (`bot.core.leases`), the third sees to everything else meanwhile. In the end every channel
has to show its digest once, in order and whole, and it may have taken 1.3 times as long, and that lease.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from functools import partial
from pathlib import Path
from random import Random

import aiohttp
from cryptography.fernet import Fernet

from bot import wording
from bot.core.leases import LEASE
from bot.core.people import Language
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.locale import translator
from storage.opening import Storage, open_storage
from tests.crash.databases import (
    add_subscriptions,
    forget_deliveries,
    make_all_due,
    postgresql_base,
    unfinished,
)
from tests.crash.lives import PAPERBOY, Life, Lives, Starts
from tests.crash.marks import Score, differences, judge
from tests.crash.script import Paper, Round
from tests.crash.slack_process import SlackProcess
from tests.processes import free_port, until

WORKERS = 3
_ROLE = ("--role", "deliver")
_LONG = 30
"""Paragraphs of the entry that goes on in one more message."""
_BAR = 1.3
_PATIENCE = 600.0


@dataclass(frozen=True)
class Kill:
    """A worker that is killed when so large a part of all messages is there."""

    worker: int
    part: float


@dataclass
class Morning:
    """What came of one way of playing it."""

    seconds: float = 0.0
    kills: list[str] = field(default_factory=list)
    refused: int = 0
    load: float = 0.0
    score: Score = field(default_factory=Score)
    problems: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether every post was there once, in order, and nobody complained."""
        return not self.score and not self.problems


@dataclass
class Crowd:
    """Many channels, and who delivers to them. The same seed makes the same choices.

    `come_back`: who is killed is started again at once, as by its supervisor, and takes up what it left at once.
    """

    channels: int
    workspaces: int
    entries: int
    seed: int
    folder: Path
    is_warm: bool = False
    come_back: bool = False
    say: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.key = Fernet.generate_key().decode()
        self.chance = Random(self.seed)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Stage]:
        """A database and a Slack to play on, in which Paperboy is installed everywhere."""
        self.folder.mkdir(parents=True, exist_ok=True)
        async with (
            postgresql_base(self.folder) as base,
            SlackProcess.started(self.workspaces, self.channels) as slack,
        ):
            storage = await open_storage(base.url, migrate=True)
            try:
                store = storage.slack_installations(slack.told.client_id, [self.key]).store
                for installation in slack.told.installations():
                    await store.async_save(installation)
                yield Stage(self, base.url, storage, slack, Starts(PAPERBOY, _ROLE, self.is_warm))
            finally:
                await storage.close()

    def kills(self) -> list[Kill]:
        """Two workers, and when."""
        first, second = self.chance.sample(range(WORKERS), 2)
        return [Kill(first, self.chance.uniform(0.15, 0.4)), Kill(second, self.chance.uniform(0.4, 0.7))]


class Stage:
    """Where mornings are played, one after the other."""

    def __init__(self, crowd: Crowd, url: str, storage: Storage, slack: SlackProcess, lives: Lives) -> None:
        self._crowd = crowd
        self._url = url
        self._storage = storage
        self._slack = slack
        self._lives = lives
        self._rounds = 0

    async def play(self, kills: Sequence[Kill] = ()) -> Morning:
        """Deliver a digest everywhere, and look at what stands there."""
        self._rounds += 1
        morning, script = Morning(), _script(self._rounds, self._crowd.entries)
        await self._subscribe(script)
        ports = [free_port() for _ in range(WORKERS)]
        workers = [await self._start(port) for port in ports]
        try:
            for port in ports:
                await until(partial(_is_up, port))
            await self._deliver(morning, workers, ports, kills)
        finally:
            for worker in workers:
                await worker.kill()
        morning.refused = await self._slack.refused()
        await self._look(morning, script)
        if morning.is_good:  # else what there is to be looked into is left as it is
            await forget_deliveries(self._storage.database)
            await self._slack.clear()
        return morning

    async def _subscribe(self, script: Round) -> None:
        """New papers, and orders for them that are not due yet."""
        for paper in script.papers:
            added = await self._storage.archive.add(script.entry(paper), by=None, at=datetime.now(UTC))
            paper.id = added.id
        seen = await self._storage.archive.latest_change()
        orders = [_order(channel, script, seen) for channel in self._slack.told.channels()]
        await add_subscriptions(self._storage.database, orders)

    async def _start(self, port: int) -> Life:
        settings = self._slack.told.settings() | {"DATABASE_URL": self._url, "PAPERBOY_ENCRYPTION_KEY": self._crowd.key}
        return await self._lives.start(self._crowd.folder, port, **settings)

    async def _deliver(self, morning: Morning, workers: list[Life], ports: list[int], kills: Sequence[Kill]) -> None:
        """From the moment all is due until nothing is left to do."""
        whole = self._crowd.channels * (self._crowd.entries + 2)  # a head, and what continues the long one
        began = time.monotonic()
        await make_all_due(self._storage.database)
        try:
            async with asyncio.timeout(_PATIENCE):
                for kill in kills:
                    await until(partial(self._has_come_to, kill.part * whole))
                    await workers[kill.worker].kill()
                    morning.kills.append(f"{time.monotonic() - began:.0f} s")
                    if self._crowd.come_back:
                        workers[kill.worker] = await self._start(ports[kill.worker])
                await until(self._is_over)
        except TimeoutError:
            morning.problems.append(f"it was not over after {_PATIENCE:.0f} s")
        morning.seconds = time.monotonic() - began
        morning.load = os.getloadavg()[0]

    async def _has_come_to(self, messages: float) -> bool:
        return await self._slack.messages() >= messages

    async def _is_over(self) -> bool:
        due = await self._storage.subscriptions.due(datetime.now(UTC), limit=1)
        return not due and not await unfinished(self._storage.database)

    async def _look(self, morning: Morning, script: Round) -> None:
        speaker = translator(Language.ENGLISH)
        days = {wording.heading((day,), 1, speaker).title: day for day in script.days}
        shown, complaints = await self._slack.shown(days)
        morning.problems += complaints
        wanted = script.posts(Layout.CARDS)
        for channel, marks in shown.items():
            score = judge(wanted, marks)
            morning.score += score
            if score:
                self._crowd.say(f"{channel}: {score}: {differences(wanted, marks)}")


def _script(number: int, entries: int) -> Round:
    """Today's digest; its second entry is a long one."""
    today = datetime.now(UTC).date()
    papers = [Paper(place, today, paragraphs=_LONG if place == 1 else 2) for place in range(entries)]
    return Round(number, (today,), papers)


def _order(channel: Channel, script: Round, seen: int) -> Subscription:
    before: date = script.days[0] - timedelta(days=1)
    return Subscription(
        channel=channel,
        query=f"tag:{script.tag}",
        at=day_time(0),
        zone="UTC",
        language=Language.ENGLISH,
        delivered_through=before,
        seen_change=seen,
    )


async def _is_up(port: int) -> bool:
    """Whether a worker answers."""
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


# --- by hand --------------------------------------------------------------------------------------------------------


async def both(crowd: Crowd) -> int:
    """Play it undisturbed and disturbed; print the line, and hand out the exit code."""
    async with crowd.opened() as stage:
        undisturbed = await stage.play()
        crowd.say(f"undisturbed: {_said(undisturbed)}")
        disturbed = await stage.play(crowd.kills()) if undisturbed.is_good else Morning()
        crowd.say(f"disturbed: {_said(disturbed)}")
    score, bar = undisturbed.score + disturbed.score, _BAR * undisturbed.seconds + LEASE
    in_time = disturbed.seconds <= bar
    print(
        f"postgresql: {crowd.channels} channels, {WORKERS} workers, {score}, undisturbed {undisturbed.seconds:.0f} s, "
        f"disturbed {disturbed.seconds:.0f} s, bar {_BAR} x {undisturbed.seconds:.0f} s + lease = {bar:.0f} s: "
        f"{'met' if in_time else 'MISSED'}"
    )
    problems = undisturbed.problems + disturbed.problems
    print(*(f"  {problem}" for problem in problems[:20]), sep="\n", end="")
    return 0 if in_time and not score and not problems else 1


def _said(morning: Morning) -> str:
    killed = f"killed after {' and '.join(morning.kills)}, " if morning.kills else ""
    return f"{morning.seconds:.1f} s, {killed}told to wait {morning.refused} times, load {morning.load:.1f}"


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.crowd", description=__doc__)
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--workspaces", type=int, default=50)
    parser.add_argument("--entries", type=int, default=10)
    parser.add_argument("--seed", type=int, help="makes the same choices again")
    parser.add_argument("--folder", type=Path, help="where logs are kept")
    given = parser.parse_args()
    seed = Random().randrange(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="paperboy-crowd-") as name:
        folder = given.folder or Path(name)
        crowd = Crowd(given.channels, given.workspaces, given.entries, seed, folder, say=_say)
        return asyncio.run(both(crowd))


def _say(said: str) -> None:
    print(f"  {said}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
