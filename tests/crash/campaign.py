"""Rounds of lives and deaths: digests are delivered by a process that is killed all the time, until they are there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random

from bot import wording
from bot.core.entries import Action
from bot.core.people import Language
from bot.core.subscriptions import Subscription
from bot.locale import translator
from storage.opening import Storage, open_storage
from tests.crash.databases import BASES, Base, forget_deliveries, pass_time, unfinished
from tests.crash.lives import PAPERBOY, Life, Lives, Starts
from tests.crash.marks import Score, differences, judge, marks_in
from tests.crash.places import PLACES, Place
from tests.crash.script import Paper, new_round
from tests.processes import free_port

_MOST_LIVES = 80
"""Of a round; after that one more is let live, and what is not there then is lost."""
_LAST_LIFE = 300.0
"""Seconds of the life that brings a round to its end: more than a lease, should another worker have left something."""
_LOOK = 0.01
_PATIENCE = 6.0
"""Seconds in which something happens in a life, if anything does."""
_PATIENCE_WARM = 2.0
"""The same where a start takes no time."""


@dataclass
class Report:
    """What came of a campaign so far."""

    kills: int = 0
    rounds: int = 0
    score: Score = field(default_factory=Score)
    problems: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether every post was there once, in order, and nobody complained."""
        return not self.score and not self.problems

    def line(self, platform: str, database: str) -> str:
        """The line that says so."""
        return f"{platform} {database}: {self.kills} kills, {self.score}"


@dataclass
class Campaign:
    """Kills of one platform's deliveries on one database. The same seed makes the same choices."""

    platform: str
    database: str
    kills: int
    seed: int
    folder: Path
    module: str = PAPERBOY
    is_warm: bool = False
    workers: int = 1
    papers: int = 3
    say: Callable[[str], None] = lambda _: None
    report: Report = field(default_factory=Report)
    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])
    """Where workers serve pages: the same at every start, by which they are the same workers."""

    async def run(self) -> Report:
        """Kill as often as was asked for, to the end of the round."""
        self.folder.mkdir(parents=True, exist_ok=True)
        async with PLACES[self.platform]() as place, BASES[self.database](self.folder) as base:
            storage = await open_storage(base.url, migrate=True)
            lives = Starts(self.module, is_warm=self.is_warm)
            try:
                while self.report.kills < self.kills and self.report.is_good:
                    await _Round(self, place, base, storage, lives, self.report.rounds + 1).play()
                    self.report.rounds += 1
                self.report.problems += place.complaints()
            finally:
                await storage.close()
        return self.report


class _Round:
    """One round of a campaign."""

    def __init__(
        self, campaign: Campaign, place: Place, base: Base, storage: Storage, lives: Lives, number: int
    ) -> None:
        self._campaign = campaign
        self._place = place
        self._base = base
        self._storage = storage
        self._lives = lives
        self._chance = Random(f"{campaign.seed}/{number}")
        self._script = new_round(number, datetime.now(UTC).date(), papers=campaign.papers, long=place.long)
        self._beside = AsyncExitStack()  # the second worker, which lives on while the first one is killed
        self._has_company = False
        self._cuts = 0  # how often the database was cut
        self._changes = self._chance.sample(["edit", "edit", "late", "late", "remove"], 4)

    async def play(self) -> None:
        """Deliver two digests everywhere, whatever happens, and look at what stands there."""
        await self._subscribe()
        async with self._beside:
            await self._deliver()
        self._look_at_channels()
        if not self._campaign.report.is_good:
            return  # what there is to be looked into is left as it is
        await forget_deliveries(self._storage.database)
        self._place.clear()

    async def _deliver(self) -> None:
        for _ in range(_MOST_LIVES):
            if await self._is_over():
                break
            if self._campaign.report.kills >= self._campaign.kills:
                await self._live_on()
                break
            await self._live_and_die()
        else:
            await self._live_on()

    async def _subscribe(self) -> None:
        """New papers, and an order for them in every channel that has been due since a moment."""
        now = datetime.now(UTC)
        for paper in self._script.papers:
            await self._add(paper)
        seen = await self._storage.archive.latest_change()
        for seat in self._place.seats:
            order = Subscription(
                channel=seat.channel,
                layout=seat.layout,
                query=f"tag:{self._script.tag}",
                at=time(0),
                zone="UTC",
                language=Language.ENGLISH,
                next_run_at=now,
                delivered_through=self._script.days[0] - timedelta(days=1),
                seen_change=seen,
                created_by=self._place.operator,
            )
            await self._storage.subscriptions.add(order)

    async def _add(self, paper: Paper) -> None:
        added = await self._storage.archive.add(self._script.entry(paper), by=None, at=datetime.now(UTC))
        paper.id = added.id

    async def _pass_time(self, time: timedelta) -> None:
        await pass_time(self._storage.database, time)
        self._place.pass_time(time)

    # --- lives --------------------------------------------------------------------------------------------------

    async def _live_and_die(self) -> None:
        chance = self._chance
        if chance.random() < 0.6:
            await self._pass_time(timedelta(hours=1))
        if self._changes and chance.random() < 0.4:
            await self._change()
        if self._campaign.workers > 1:
            await self._change_company()
        async with self._alive() as life, self._weather():
            cutting = await self._until_killed(life)
        if cutting is not None:
            await cutting
        if self._campaign.report.kills % 50 == 0:
            self._campaign.say(f"{self._campaign.report.kills} kills in {self._script.number} rounds")

    async def _change_company(self) -> None:
        """The second worker is killed every now and then, and comes back a life later."""
        if not self._has_company:
            await self._beside.enter_async_context(self._alive(1))
            self._has_company = True
        elif self._chance.random() < 0.4:
            await self._beside.aclose()
            self._has_company = False

    @asynccontextmanager
    async def _alive(self, worker: int = 0, *, counts: bool = True) -> AsyncIterator[Life]:
        """A Paperboy, killed at the end, which `counts` unless it is over by then."""
        settings = {"PAPERBOY_WEB_HOST": "0.0.0.0", "PAPERBOY_LOG_LEVEL": "warning", "DATABASE_URL": self._base.url}
        settings |= self._place.environment()
        cuts = self._cuts
        life = await self._lives.start(self._campaign.folder, self._campaign.ports[worker], **settings)
        try:
            yield life
            if not await life.ended(0):
                self._campaign.report.kills += counts
            elif cuts == self._cuts:  # while the database is cut, a start may end with one line that says so
                self._campaign.report.problems.append("Paperboy ended by itself; log.txt says why")
        finally:
            await life.kill()

    async def _until_killed(self, life: Life) -> asyncio.Task[None] | None:
        """Until a moment of its start now and then, mostly until one after it has begun to send.

        Hands back what cuts the database, if that is still going on.
        """
        chance, before = self._chance, self._place.count()
        if chance.random() < 0.08:
            await life.ended(chance.uniform(0.0, 1.5))
            return None
        has_begun = await self._until_count(life, before + 1)
        cutting = self._cut() if has_begun and chance.random() < 0.12 else None
        longer = chance.random() < 0.15
        if chance.random() < 0.5:  # so that a life comes to something on a machine that has much else to do
            await self._until_count(life, before + chance.randint(1, 16))
        await life.ended(chance.uniform(1.0, 2.5) if longer else chance.uniform(0.0, 0.4))
        if self._changes and chance.random() < 0.1 and cutting is None:
            await self._change()
        if cutting is not None:
            if self._chance.random() < 0.5:  # the kill comes when all is well again, or in the midst of it
                await cutting
            return cutting
        return None

    def _cut(self) -> asyncio.Task[None]:
        self._cuts += 1
        return asyncio.create_task(self._base.cut(self._chance))

    async def _until_count(self, life: Life, count: int) -> bool:
        """Wait until it has done so much on the platform, or has had the time to; whether it has."""
        patience = _PATIENCE_WARM if self._campaign.is_warm else _PATIENCE
        end = asyncio.get_running_loop().time() + patience
        while self._place.count() < count and asyncio.get_running_loop().time() < end:
            if await life.ended(_LOOK):
                return False
        return self._place.count() >= count

    @asynccontextmanager
    async def _weather(self) -> AsyncIterator[None]:
        """Something goes wrong on the platform every now and then."""
        storm = asyncio.create_task(self._storm(self._chance.choice([0.0, 0.05, 0.15])))
        try:
            yield
        finally:
            storm.cancel()
            await asyncio.gather(storm, return_exceptions=True)
            self._place.calm()

    async def _storm(self, often: float) -> None:
        chance = Random(self._chance.random())
        while often:
            self._place.squall(chance)
            await asyncio.sleep(chance.expovariate(1 / often))

    async def _live_on(self) -> None:
        """One life in fair weather, to its end. The second worker is there too: else its lease would be waited for."""
        await self._pass_time(timedelta(hours=12))
        if self._campaign.workers > 1 and not self._has_company:
            await self._beside.enter_async_context(self._alive(1, counts=False))
        async with self._alive(counts=False):
            try:
                async with asyncio.timeout(_LAST_LIFE):
                    while not await self._is_over():
                        if self._changes:
                            await self._change()
                        await asyncio.sleep(0.2)  # another process is at work
            except TimeoutError:
                self._campaign.report.problems.append(f"round {self._script.number} did not come to an end")

    # --- what people do, and what they see ----------------------------------------------------------------------

    async def _change(self) -> None:
        """The next change of an entry, once its digest has been planned everywhere."""
        if not await self._is_planned():
            return
        what = self._changes.pop()
        if what == "late":
            await self._add(self._script.add_late())
            return
        paper = self._script.edit_one(self._chance) if what == "edit" else self._script.remove_one(self._chance)
        entry = (await self._storage.archive.get([paper.id]))[paper.id]
        changed = replace(self._script.entry(paper), revision=entry.revision)
        await self._storage.archive.replace(changed, action=Action.EDIT, by=None, at=datetime.now(UTC))

    async def _is_planned(self) -> bool:
        return not await self._storage.subscriptions.due(datetime.now(UTC), limit=1)

    async def _is_over(self) -> bool:
        """Whether all has been changed that will be, and the ledger has nothing to do."""
        if self._changes or not await self._is_planned():
            return False
        if await self._storage.subscriptions.behind(await self._storage.archive.latest_change()):
            return False
        return not await unfinished(self._storage.database)

    def _look_at_channels(self) -> None:
        speaker = translator(Language.ENGLISH)
        days = {wording.heading((day,), 1, speaker).title: day for day in self._script.days}
        for seat in self._place.seats:
            shown = [one for text in self._place.shown(seat) for one in marks_in(text, days)]
            posts = self._script.posts(seat.layout)
            score = judge(posts, shown)
            self._campaign.report.score += score
            if score:
                where = f"round {self._script.number}, {seat.layout} in {seat.channel.id}"
                self._campaign.say(f"{where}: {score}: {differences(posts, shown)}")
