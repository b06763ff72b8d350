"""Slack and Discord with a channel each, and a delivery that goes through one trouble after the other."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import ClientSession

from bot.core.entries import Entry
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel, Subscription
from bot.discord.permissions import permissions
from bot.slack.manifest import manifest
from bot.usecases import subscribe
from storage.opening import Storage, open_storage
from tests.crash.databases import unfinished
from tests.discord.saying import text_of
from tests.platforms.discord import DiscordServer
from tests.platforms.discord import furnish as furnish_guild
from tests.platforms.discord.faults import LATE
from tests.platforms.slack import SlackServer, furnish, visible_text
from tests.processes import Running, free_port, running
from tests.slack.conftest import eventually

NOT_NOW = "The archive cannot be used at the moment"
SOON = 60.0  # seconds, on a machine that has much else to do
_TICK = 3.0  # seconds between two looks of a process that delivers beside others
_MESSAGES = "/channels/{channel_id}/messages"
_UNAVAILABLE = "delivery.storage_unavailable"


class Place:
    """Both platforms, and the database at `url`, which the process knows as `its_url`."""

    def __init__(self, slack: SlackServer, discord: DiscordServer, folder: Path, url: str, its_url: str = "") -> None:
        self.slack = slack
        self.discord = discord
        self.folder = folder
        self.url = url
        self.its_url = its_url or url
        self.team = furnish(slack, manifest(language=Language.ENGLISH))
        self.guild = furnish_guild(discord, bits=permissions().value)

    async def order(self, posts: int) -> None:
        """A digest of so many posts for both channels, a header among them."""
        here = Person("slack", self.team.workspace.id, self.team.admin.id)
        there = Person("discord", str(self.guild.guild.id), str(self.guild.owner.id))
        async with self.opened() as storage:
            now = datetime.now(UTC)
            for number in range(1, posts):
                entry = Entry(id="", title=f"Paper {number}", digest_date=now.date(), tags=("trouble",))
                await storage.archive.add(entry, by=None, at=now)
            for by, channel in ((here, self.team.papers.id), (there, str(self.guild.papers.id))):
                where = Channel(by.platform, by.workspace, channel)
                order = Subscription(channel=where, created_by=by, language=Language.ENGLISH, zone="UTC")
                await subscribe.begin(storage, order, at=now)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Storage]:
        """The database, from this process."""
        storage = await open_storage(self.url)
        try:
            yield storage
        finally:
            await storage.close()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Running]:
        """Paperboy, connected to both."""
        assert self.team.app.app_token
        settings = {
            "SLACK_BOT_TOKEN": self.team.token,
            "SLACK_APP_TOKEN": self.team.app.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "DISCORD_TOKEN": self.discord.state.application.token,
            "DISCORD_API_URL": self.discord.url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "DATABASE_URL": self.its_url,
        }
        async with running(self.folder, free_port(), roles=["gateway", "deliver"], **settings) as run:
            await self.discord.until(lambda: self.discord.state.application.commands, within=SOON)
            await self.discord.gateway.connected(1, within=SOON)
            await self.slack.until(lambda: self.slack.sockets.connections(self.team.app), within=SOON)
            yield run
            assert run.process.returncode is None

    def shown(self) -> list[list[str]]:
        """The posts of both channels: which paper each is about, or the header."""
        on_slack = [visible_text(message) for message in self.team.papers.top_level()]
        messages = self.guild.papers.messages.values()
        on_discord = [text_of(message) for message in messages if message.components]
        return [[_name(text) for text in texts] for texts in (on_slack, on_discord)]

    async def ask(self, command: str, words: str = "", **options: str) -> list[str]:
        """Ask on both platforms, as who may do everything; what is answered there."""
        admin, owner = self.slack.person(self.team.admin), self.discord.person(self.guild.owner)
        before = len(admin.ephemerals(self.team.papers))
        typed = " ".join([words, *(f"{name}:{value}" for name, value in options.items())]).strip()
        await admin.command(self.team.papers, f"/{command}", typed)
        asked = await owner.command(self.guild.papers, f"{command} {words}".strip(), **options)
        answers = await self.slack.until(lambda: admin.ephemerals(self.team.papers)[before:], within=SOON)
        return [visible_text(answers[0]), text_of(await asked.shown(SOON))]

    async def until_ready(self, run: Running, why_not: str | None = None) -> None:
        """Wait until `/readyz` says so, or why not; `/healthz` has nothing to say against it throughout."""
        wanted = (200, "ok") if why_not is None else (503, why_not)

        async def is_so() -> bool:
            alive, ready = [await _get(f"{run.address}/{name}") for name in ("healthz", "readyz")]
            assert alive == (200, "ok")
            return ready == wanted

        await eventually(is_so, within=SOON)

    def failures(self, step: str | None = None) -> int:
        """How often the process has logged that it could not use the database for a step of its deliveries."""
        lines = (self.folder / "log.txt").read_text().splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return sum(one["event"] == _UNAVAILABLE and step in (None, one.get("step")) for one in events)


async def _get(url: str) -> tuple[int, str]:
    async with ClientSession() as browser, browser.get(url) as answer:
        return answer.status, (await answer.text()).strip()


def _name(text: str) -> str:
    found = re.search(r"Paper \d+", text)
    return found.group() if found else "header"


class Held:
    """The next post on each platform: taken, and not answered."""

    def __init__(self, place: Place) -> None:
        self._on_slack = place.slack.faults.hold("chat.postMessage")
        self._on_discord = place.discord.faults.add(LATE, "POST", _MESSAGES)

    async def reached(self) -> None:
        """Wait until both platforms have taken it."""
        await self._on_slack.reached(SOON)
        await asyncio.wait_for(self._on_discord.met.wait(), SOON)

    def release(self) -> None:
        """Let both say so."""
        self._on_slack.release()
        self._on_discord.released.set()


class Watch:
    """How often the process has tried something, and how often it may have since the watch began."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._begun = asyncio.get_running_loop().time()
        self._looks, self._failures = place.failures("plan"), place.failures()

    @property
    def looks(self) -> int:
        """How often the deliveries were looked after in vain."""
        return self._place.failures("plan") - self._looks

    def may_have_failed(self) -> float:
        """How many steps of deliveries may have failed: three at each look, and one in each channel."""
        return 5 * (self._seconds() / _TICK + 2)

    def may_have_connected(self) -> float:
        """How often the database may have been called: for each of them, for `/readyz`, and for whoever asked."""
        return self.may_have_failed() + 2 * (self._seconds() + 2) + 10

    def check(self) -> None:
        """It has rested between its looks."""
        assert self._place.failures() - self._failures <= self.may_have_failed()

    def _seconds(self) -> float:
        return asyncio.get_running_loop().time() - self._begun


Trouble = Callable[[Running], AbstractAsyncContextManager[None]]
"""What is wrong with the database for the length of a block."""
During = Callable[[Running, Watch], Awaitable[None]]
"""What people see meanwhile."""


async def go_through(place: Place, troubles: Sequence[tuple[Trouble, During]]) -> None:
    """Deliver a digest through one trouble after the other; in the end both channels show all of it."""
    posts = len(troubles) + 2
    await place.order(posts)
    held = Held(place)
    async with place.served() as run:
        for trouble, during in troubles:
            await held.reached()
            watch = Watch(place)
            async with trouble(run):
                held.release()
                await during(run, watch)
                watch.check()
                held = Held(place)
            await place.until_ready(run)
        held.release()
        await _until_over(place)
        wanted = ["header", *(f"Paper {number}" for number in range(1, posts))]
        assert place.shown() == [wanted, wanted]
    assert place.slack.complaints == []
    assert "Traceback" not in (place.folder / "log.txt").read_text()


async def _until_over(place: Place) -> None:
    async with place.opened() as storage:

        async def is_over() -> bool:
            return not await unfinished(storage.database)

        await eventually(is_over, within=SOON)
