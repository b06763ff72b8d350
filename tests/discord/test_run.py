"""`paperboy run` with Discord, as a process of its own against the loopback Discord."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.core.digests import Post, PostKind
from bot.core.entries import Entry
from bot.core.people import Language
from bot.core.people import Person as Somebody
from bot.core.query import Criteria
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.discord.people import PLATFORM
from bot.discord.permissions import permissions
from bot.slack.manifest import manifest
from bot.usecases import subscribe
from storage.opening import Storage, open_storage
from tests.discord.conftest import TODAY, eventually
from tests.discord.saying import buttons_of, text_of
from tests.platforms.discord import Acme, DiscordServer, furnish
from tests.platforms.discord import world as shown
from tests.platforms.discord.faults import LATE, Fault
from tests.platforms.slack import furnish as furnish_slack
from tests.platforms.slack import slack_server, visible_text
from tests.processes import FRESH, environment, free_port, paperboy, refused, running

pytestmark = pytest.mark.slow
COMMANDS = "/applications/{application_id}/commands"
MESSAGES = "/channels/{channel_id}/messages"
POSTS = "/channels/{channel_id}/threads"
TITLES = [f"Paper {number}" for number in range(1, 6)]
SOON = 60.0  # seconds; a first start on a busy machine takes a while


@pytest.fixture
def acme(discord: DiscordServer) -> Acme:
    """A server on which Paperboy has what its link asks for."""
    return furnish(discord, bits=permissions().value)


def discord_environment(server: DiscordServer, acme: Acme, **more: str) -> dict[str, str]:
    """What an operator sets; everything is logged."""
    return {
        "DISCORD_TOKEN": server.state.application.token,
        "DISCORD_API_URL": server.url,
        "DISCORD_GATEWAY_URL": server.gateway_url,
        "PAPERBOY_MAINTAINERS": str(acme.maintainer.id),
        "PAPERBOY_LOG_LEVEL": "debug",
        **more,
    }


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Storage]:
    """The database of a folder, from this process."""
    storage = await open_storage(f"sqlite:///{folder / 'paperboy.db'}", migrate=True)
    try:
        yield storage
    finally:
        await storage.close()


async def prepared(folder: Path, *subscriptions: Subscription, day: date = TODAY) -> None:
    """A database with five entries and these subscriptions, whose first digest is planned."""
    async with opened(folder) as storage:
        now = datetime.now(UTC)
        for title in TITLES:
            await storage.archive.add(Entry(id="", title=title, digest_date=day, tags=("rlaif",)), by=None, at=now)
        for one in subscriptions:
            await subscribe.begin(storage, one, at=now)


def order(acme: Acme, channel: shown.Channel, layout: Layout = Layout.CARDS) -> Subscription:
    """A subscription of a channel, set up by the owner."""
    where = Channel(PLATFORM, str(acme.guild.id), str(channel.id))
    by = Somebody(PLATFORM, where.workspace, str(acme.owner.id))
    return Subscription(channel=where, layout=layout, language=Language.ENGLISH, created_by=by)


async def connected(server: DiscordServer, sessions: int = 1) -> None:
    """Wait until Paperboy listens, and has registered its commands."""
    await server.until(lambda: server.state.application.commands, within=SOON)
    await server.gateway.connected(sessions, within=SOON)


async def helped(server: DiscordServer, acme: Acme) -> str:
    """What somebody is answered who asks for help."""
    return text_of(await (await server.person(acme.guest).command(acme.papers, "paper-help")).shown(SOON))


async def has_logged(folder: Path, event: str) -> bool:
    """Whether a run has come so far."""
    return event in (folder / "log.txt").read_text()


def shown_in(server: DiscordServer, channel: shown.Channel) -> list[shown.Message]:
    """Paperboy's messages in a channel and its threads, oldest first."""
    found = [
        message
        for one in server.state.channels()
        if channel.id in (one.id, one.parent_id)
        for message in one.messages.values()
        if message.author is server.state.application.bot and message.components
    ]
    return sorted(found, key=lambda message: message.id)


def titles_in(server: DiscordServer, channel: shown.Channel) -> list[str]:
    """The papers that have a card there, in order."""
    first = (text_of(message).partition("\n")[0] for message in shown_in(server, channel))
    return [line.removeprefix("### ") for line in first if line.startswith("### ")]


def is_whole(server: DiscordServer, channel: shown.Channel) -> bool:
    """Whether all five papers stand there, each once and in order."""
    return titles_in(server, channel) == TITLES


def secrets_of(server: DiscordServer) -> Iterator[str]:
    """What must stand in no log and no output: the token, its parts, and what interactions are answered with."""
    token = server.state.application.token
    yield from (token, *token.split(".")[1:])
    yield from (one.token for one in server.interactions.all)


def keeps_secrets(server: DiscordServer, folder: Path, *said: str) -> None:
    """Nothing secret was logged or printed; and something was."""
    log = (folder / "log.txt").read_text()
    assert "run.stopped" in log
    assert "voice" not in log  # which the library would warn of
    assert [secret for secret in secrets_of(server) if any(secret in text for text in (log, *said))] == []


# --- from the first start on ----------------------------------------------------------------------------------------


async def test_a_digest_and_a_lookup_over_a_restart(discord: DiscordServer, acme: Acme, tmp_path: Path) -> None:
    port = free_port()  # its name among workers, which it keeps over restarts
    settings = discord_environment(discord, acme)
    olga, guest = discord.person(acme.owner), discord.person(acme.guest)
    async with running(tmp_path, port, how=FRESH, **settings) as first:
        await connected(discord)
        await olga.command(acme.papers, "digest subscribe")
        await (await olga.submit()).shown(SOON)
        await discord.until(lambda: len(titles_in(discord, acme.papers)) >= 4, within=SOON)
        latest = shown_in(discord, acme.papers)
        assert await first.stop() == 0
    assert "2024" in text_of(latest[0])
    async with running(tmp_path, port, **settings) as second:
        await connected(discord)
        found = await (await guest.command(acme.lounge, "paper", tag="rlaif")).shown(SOON)
        assert "rlaif" in text_of(found)
        before = text_of(found)
        await guest.click(found, "Next")
        await discord.until(lambda: text_of(found) != before, within=SOON)
        # A button of the digest that the first run has posted.
        details = await (await guest.click(latest[1], buttons_of(latest[1])[0])).shown(SOON)
        assert text_of(details)
        await eventually(lambda: has_logged(tmp_path, "run.discord_ready"), within=SOON)
        assert await second.stop() == 0
    assert len(shown_in(discord, acme.papers)) == len(latest)
    assert len(discord.calls("PUT", COMMANDS)) == 1, "a second start registers nothing"
    assert len(discord.calls("GET", COMMANDS)) == 2
    assert discord.rates.invalid == 0
    keeps_secrets(discord, tmp_path, first.out, second.out)


async def test_all_addresses_are_those_of_the_settings(discord: DiscordServer, acme: Acme, tmp_path: Path) -> None:
    """Discord names other places for the gateway, and for resuming, which are nowhere."""
    settings = discord_environment(discord, acme)
    listening = discord.gateway.port
    discord.gateway.port = discord.gateway.resume_port = 9
    async with running(tmp_path, free_port(), **settings):
        await connected(discord)
        assert await helped(discord, acme)  # so it knows what it would resume
        discord.gateway.cut()
        await discord.until(lambda: discord.gateway.counts["resumed"], within=SOON)
        discord.gateway.invalidate()
        await discord.until(lambda: discord.gateway.counts["identify"] == 2, within=SOON)
        await discord.gateway.connected(within=SOON)
        assert await helped(discord, acme)
    asked = {connection.request.url.port for connection in discord.gateway.opened}
    assert asked == {listening}


async def test_without_a_gateway_of_the_settings_discord_names_it(
    discord: DiscordServer, acme: Acme, tmp_path: Path
) -> None:
    async with running(tmp_path, free_port(), **discord_environment(discord, acme, DISCORD_GATEWAY_URL="")):
        await connected(discord)
        assert await helped(discord, acme)  # so it knows what it would resume
        discord.gateway.cut()
        await discord.until(lambda: discord.gateway.counts["resumed"], within=SOON)
        assert [one.is_resume_address for one in discord.gateway.opened] == [False, True]


async def test_an_answer_that_has_to_wait_leaves_no_token_in_the_log(
    discord: DiscordServer, acme: Acme, tmp_path: Path
) -> None:
    """The library logs the address, and with that address anybody could answer."""
    answer = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
    async with running(tmp_path, free_port(), **discord_environment(discord, acme)) as run:
        await connected(discord)
        discord.rates.refuse("PATCH", answer, 0.1)
        assert await helped(discord, acme)
        assert await run.stop() == 0
    assert await has_logged(tmp_path, "responded with 429")
    keeps_secrets(discord, tmp_path, run.out)


# --- killed and stopped ---------------------------------------------------------------------------------------------


def held_at(server: DiscordServer, route: str, number: int) -> Fault:
    """Have the nth request to a route carried out and never answered."""
    for _ in range(number - 1):
        server.faults.add(LATE, "POST", route).released.set()
    return server.faults.add(LATE, "POST", route)


@pytest.mark.parametrize(
    ("layout", "route", "number"),
    [
        (Layout.CARDS, MESSAGES, 1),
        (Layout.CARDS, MESSAGES, 4),
        (Layout.COMPACT, MESSAGES, 3),
        (Layout.FORUM, POSTS, 1),
        (Layout.FORUM, POSTS, 3),
    ],
)
async def test_kill_in_mid_digest_loses_and_doubles_nothing(
    discord: DiscordServer, acme: Acme, tmp_path: Path, layout: Layout, route: str, number: int
) -> None:
    port = free_port()  # its name among workers, which it keeps over restarts
    channel = acme.forum if layout is Layout.FORUM else acme.papers
    await prepared(tmp_path, order(acme, channel, layout))
    settings = discord_environment(discord, acme)
    fault = held_at(discord, route, number)
    async with running(tmp_path, port, **settings) as first:
        async with asyncio.timeout(SOON):
            await fault.met.wait()
        standing = len(shown_in(discord, channel))
        await first.kill()
    assert 0 < standing < len(TITLES)
    fault.released.set()
    async with running(tmp_path, port, **settings):
        await discord.until(lambda: len(titles_in(discord, channel)) >= len(TITLES), within=SOON)
        posts = await all_sent(tmp_path)
    assert titles_in(discord, channel) == TITLES
    shown_ids = [message.id for message in shown_in(discord, channel)]
    assert [int((post.message_id or "").rpartition("/")[2]) for post in posts] == shown_ids
    assert len(posts) == len(TITLES) + (layout is not Layout.FORUM)


async def all_sent(folder: Path) -> list[Post]:
    """Wait until nothing is left to send; the posts, in order."""
    async with opened(folder) as storage:

        async def nothing_left() -> list[Post]:
            posts = await storage.ledger.recent_posts(PLATFORM, since=datetime(2000, 1, 1, tzinfo=UTC))
            cards = [post for post in posts if post.kind is PostKind.ENTRY]
            return list(reversed(posts)) if len(cards) == len(TITLES) else []

        return await eventually(nothing_left, within=SOON)


async def test_kill_again_and_again(discord: DiscordServer, acme: Acme, tmp_path: Path) -> None:
    """Each run gets one post further."""
    port = free_port()  # its name among workers, which it keeps over restarts
    await prepared(tmp_path, order(acme, acme.papers))
    settings = discord_environment(discord, acme)
    for _ in range(3):
        fault = held_at(discord, MESSAGES, 1)
        async with running(tmp_path, port, **settings) as run:
            async with asyncio.timeout(SOON):
                await fault.met.wait()
            await run.kill()
        fault.released.set()
    async with running(tmp_path, port, **settings):
        await all_sent(tmp_path)
    assert titles_in(discord, acme.papers) == TITLES
    assert len(shown_in(discord, acme.papers)) == len(TITLES) + 1


async def test_sigterm_ends_it_though_discord_does_not_answer(
    discord: DiscordServer, acme: Acme, tmp_path: Path
) -> None:
    await prepared(tmp_path, order(acme, acme.papers))
    fault = held_at(discord, MESSAGES, 2)
    async with running(tmp_path, free_port(), **discord_environment(discord, acme)) as run:
        await connected(discord)
        async with asyncio.timeout(SOON):
            await fault.met.wait()
        assert await asyncio.wait_for(run.stop(), 20) == 0
    fault.released.set()
    log = (tmp_path / "log.txt").read_text()
    assert "run.stopped" in log
    assert "Traceback" not in log
    assert "never retrieved" not in log
    await discord.until(lambda: discord.gateway.counts["closed"])  # a farewell, not a break


async def test_sigterm_ends_it_while_discord_is_out_of_reach(
    discord: DiscordServer, acme: Acme, tmp_path: Path
) -> None:
    nowhere = {"DISCORD_API_URL": "http://127.0.0.1:9/api/v10"}
    async with running(tmp_path, free_port(), **discord_environment(discord, acme, **nowhere)) as run:
        await eventually(lambda: has_logged(tmp_path, "discord.not_logged_in"), within=SOON)
        assert await asyncio.wait_for(run.stop(), 20) == 0
    assert "Traceback" not in (tmp_path / "log.txt").read_text()


# --- what is wrong --------------------------------------------------------------------------------------------------


async def test_a_wrong_token_is_one_line_and_an_exit(discord: DiscordServer, acme: Acme, tmp_path: Path) -> None:
    wrong = "MTAwMDAwMDAwMDAwMDAwMDAx.Gtests.a-token-of-nobody-for-these-tests"
    line = await refused(tmp_path, **discord_environment(discord, acme, DISCORD_TOKEN=wrong))
    assert "DISCORD_TOKEN" in line
    assert wrong not in line
    assert discord.rates.invalid == 1, "it is not tried again"


async def test_shards_that_discord_does_not_take_are_one_line(
    discord: DiscordServer, acme: Acme, tmp_path: Path
) -> None:
    discord.gateway.guilds_per_shard = 0
    settings = discord_environment(discord, acme, PAPERBOY_DISCORD_SHARDS="0/1")
    assert "PAPERBOY_DISCORD_SHARDS" in await refused(tmp_path, **settings)


async def test_discord_that_is_down_at_the_start_comes_later(
    acme: Acme, discord: DiscordServer, tmp_path: Path
) -> None:
    """The pages are served meanwhile."""
    await discord.stop()
    settings = discord_environment(discord, acme, DISCORD_GATEWAY_URL="")
    async with running(tmp_path, free_port(), **settings) as run, ClientSession() as browser:
        async with browser.get(f"{run.address}/healthz") as answer:
            assert answer.status == 200
        async with browser.get(f"{run.address}/read") as answer:
            assert answer.status == 200
        await eventually(lambda: has_logged(tmp_path, "discord.not_logged_in"), within=SOON)
        await discord.start()  # at the address it had
        await connected(discord)
        answered = await discord.person(acme.guest).command(acme.papers, "paper", tag="rlaif")
        assert "rlaif" in text_of(await answered.shown(SOON))
    assert (tmp_path / "log.txt").read_text().count("Traceback") == 0


# --- several processes, several platforms ---------------------------------------------------------------------------


async def test_shards_over_two_processes(discord: DiscordServer, tmp_path: Path) -> None:
    """Each hears of its own servers; whichever posts, each post is there once; one registers the commands."""
    guilds: dict[int, Acme] = {}
    while len(guilds) < 2:
        made = furnish(discord, name=f"Server{len(discord.state.guilds)}", bits=permissions().value)
        guilds.setdefault((made.guild.id >> 22) % 2, made)
    await prepared(tmp_path, *(order(one, one.papers) for one in guilds.values()))
    first, second = (
        discord_environment(discord, guilds[0], PAPERBOY_DISCORD_SHARDS=f"{number}/2") for number in range(2)
    )
    async with running(tmp_path, free_port(), **first):
        await connected(discord)
        async with running(tmp_path, free_port(), **second):
            await discord.gateway.connected(2, within=SOON)
            assert sorted(one.shard for one in discord.gateway.sessions) == [(0, 2), (1, 2)]
            for one in guilds.values():
                answered = await discord.person(one.guest).command(one.lounge, "paper", tag="rlaif")
                assert "Paper 1" in text_of(await answered.shown(SOON))
                await discord.until(partial(is_whole, discord, one.papers), within=SOON)
    for one in guilds.values():
        assert titles_in(discord, one.papers) == TITLES
    assert len(discord.calls("PUT", COMMANDS)) == 1
    assert len(discord.calls("GET", COMMANDS)) == 1, "the process without the first shard does not even ask"


async def test_slack_discord_and_the_local_workspace_in_one_process(
    discord: DiscordServer, acme: Acme, tmp_path: Path
) -> None:
    """The digest of the day goes out to all on schedule, and a change made on one reaches the others."""
    now = datetime.now(UTC)
    async with slack_server() as slack:
        team = furnish_slack(slack, manifest(language=Language.ENGLISH))
        assert team.app.app_token
        settings = discord_environment(
            discord,
            acme,
            SLACK_BOT_TOKEN=team.token,
            SLACK_APP_TOKEN=team.app.app_token,
            SLACK_API_URL=slack.api_url,
            PAPERBOY_MAINTAINERS=f"{acme.maintainer.id} {team.guest.id}",
            PAPERBOY_TIMEZONE="UTC",
        )
        await prepared(tmp_path, day=now.date())
        due = now.replace(second=0, microsecond=0)
        async with opened(tmp_path) as storage:
            on_slack = Channel("slack", team.workspace.id, team.papers.id)
            for one in (
                order(acme, acme.papers),
                order(acme, acme.forum, Layout.FORUM),
                Subscription(channel=on_slack),
            ):
                await storage.subscriptions.add(replace(one, at=due.time(), zone="UTC", next_run_at=due))
        admin, mina = slack.person(team.admin), discord.person(acme.maintainer)

        def on_slack_now() -> str:
            return "\n".join(visible_text(message) for message in admin.sees(team.papers))

        def on_discord_now() -> str:
            shown_there = (one for channel in (acme.papers, acme.forum) for one in shown_in(discord, channel))
            return "\n".join(map(text_of, shown_there)).replace("\\", "")

        async with running(tmp_path, free_port(), **settings) as run, ClientSession() as browser:
            await connected(discord)
            for channel in (acme.papers, acme.forum):
                await discord.until(partial(is_whole, discord, channel), within=SOON)
            await slack.until(lambda: all(title in on_slack_now() for title in TITLES), within=SOON)
            async with opened(tmp_path) as storage:
                entries = {one.title: one for one in await storage.search.digest(Criteria(), now.date())}
            # On Discord: changed there, and on Slack.
            card = next(one for one in shown_in(discord, acme.papers) if "Paper 1" in text_of(one))
            await mina.menu(card, "Edit paper")
            await (await mina.submit({"title": "Changed on Discord"})).shown(SOON)
            await slack.until(lambda: "Changed on Discord" in on_slack_now(), within=SOON)
            await discord.until(lambda: on_discord_now().count("Changed on Discord") == 2, within=SOON)
            # On Slack: withdrawn everywhere.
            guest = slack.person(team.guest)
            await guest.command(team.papers, "/paper-remove", entries["Paper 2"].id)
            asked = await slack.until(lambda: guest.ephemerals(team.papers))
            await guest.click(asked[-1], "confirm")
            await discord.until(lambda: "Paper 2" not in on_discord_now(), within=SOON)
            # In the local workspace.
            cookies = {"Cookie": "persona=maintainer; lang=en", "Origin": run.address}
            remove = f"{run.address}/chat/entries/{entries['Paper 3'].id}/remove"
            async with browser.post(remove, data={"_": ""}, headers=cookies) as answer:
                assert answer.status == 200, await answer.text()
            await discord.until(lambda: "Paper 3" not in on_discord_now(), within=SOON)
            # From the command line, which says nothing to the process that runs.
            exported = (await paperboy(tmp_path, "export", "title:4")).out
            changed = {**json.loads(exported), "tags": ["rlaif", "from-the-terminal"]}
            (tmp_path / "changed.jsonl").write_text(json.dumps(changed) + "\n")
            imported = await paperboy(tmp_path, "import", str(tmp_path / "changed.jsonl"))
            assert imported.code == 0, imported.err
            await discord.until(lambda: on_discord_now().count("from-the-terminal") == 2, within=SOON)
            await slack.until(lambda: "from-the-terminal" in on_slack_now(), within=SOON)
            assert await asyncio.wait_for(run.stop(), 20) == 0
        assert titles_in(discord, acme.papers) == ["Changed on Discord", "Paper 4", "Paper 5"]
        keeps_secrets(discord, tmp_path, run.out)
        log = (tmp_path / "log.txt").read_text()
        assert [one for one in (team.token, team.app.app_token, team.app.signing_secret) if one in log + run.out] == []
        assert slack.complaints == []


def test_the_environment_of_processes_is_clean(tmp_path: Path) -> None:
    assert not [name for name in environment(tmp_path) if name.startswith(("SLACK", "DISCORD"))]
