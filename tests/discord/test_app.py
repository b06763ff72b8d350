"""Discord as one part of Paperboy: how it starts, what stops it, and what it gets over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.errors import SettingsError
from bot.discord.app import DiscordPlatform
from bot.discord.parts import DiscordParts
from bot.settings import DiscordSettings
from storage.opening import Storage
from tests.discord.clocks import ClockOf, hurry
from tests.discord.conftest import AT_ONCE, Served, parts_for, serving, settings_for
from tests.discord.saying import text_of
from tests.platforms.discord import Acme, DiscordServer, faults
from tests.slack.filling import Waiting, WaitingStores

COMMANDS = "/applications/{application_id}/commands"


@dataclass
class Starting:
    """A platform on its way up."""

    parts: DiscordParts
    platform: DiscordPlatform
    work: asyncio.Task[None]
    up: asyncio.Event = field(default_factory=asyncio.Event)

    async def ready(self) -> None:
        """Wait until Discord sends events."""
        waiting = asyncio.create_task(self.up.wait())
        await asyncio.wait({waiting, self.work}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.work.done():
            self.work.result()
        assert self.up.is_set()

    async def refused(self) -> str:
        """What is said when it does not start, or does not go on."""
        with pytest.raises(SettingsError) as told:
            await asyncio.wait_for(self.work, 10)
        return str(told.value)


@asynccontextmanager
async def starting(settings: DiscordSettings, storage: Storage) -> AsyncIterator[Starting]:
    """Paperboy, told to serve Discord."""
    parts = parts_for(settings, storage)
    platform = DiscordPlatform(settings, parts, pauses=AT_ONCE)
    up = asyncio.Event()
    work = asyncio.create_task(platform.run(up.set))
    try:
        yield Starting(parts, platform, work, up)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await platform.close()


# --- what a person has to put right -----------------------------------------------------------------------------------


async def test_a_wrong_token_stops_the_start(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    async with starting(replace(settings_for(discord), token="MTA.wrong.token"), storage) as it:
        assert "DISCORD_TOKEN" in await it.refused()
    assert discord.rates.invalid == 1, "it is not tried again"
    assert discord.gateway.counts["identify"] == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4004, "DISCORD_TOKEN"),
        (4010, "no such shard|such a shard"),
        (4011, "too many servers"),
        (4012, "newer Paperboy"),
        (4013, "newer Paperboy"),
        (4014, "Privileged Gateway Intents"),
    ],
)
async def test_what_the_gateway_refuses_for_good_is_said_in_words(
    discord: DiscordServer, acme: Acme, storage: Storage, code: int, words: str
) -> None:
    async with starting(settings_for(discord), storage) as it:
        await it.ready()
        discord.gateway.close(code)
        said = await it.refused()
    assert any(word in said for word in words.split("|"))
    assert discord.gateway.counts["identify"] == 1


async def test_too_few_shards_for_so_many_servers(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    discord.gateway.guilds_per_shard = 0
    async with starting(settings_for(discord, shard_count=1), storage) as it:
        assert "PAPERBOY_DISCORD_SHARDS" in await it.refused()


async def test_a_token_that_is_taken_back_while_it_runs(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    async with starting(settings_for(discord), storage) as it:
        await it.ready()
        discord.state.application.token += "x"
        discord.gateway.cut()
        assert "DISCORD_TOKEN" in await it.refused()


# --- what passes by ---------------------------------------------------------------------------------------------------


async def test_discord_is_down_at_the_start(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    discord.faults.add(faults.ERROR_BEFORE, "GET", "/users/@me", times=2, status=503)
    discord.faults.add(faults.ERROR_BEFORE, "GET", "/applications/@me", status=503)
    discord.faults.add(faults.ERROR_BEFORE, "GET", "/oauth2/applications/@me", status=503)
    discord.faults.add(faults.ERROR_BEFORE, "GET", "/gateway/bot", times=2, status=503)
    with capture_logs() as logs:
        async with starting(settings_for(discord), storage) as it:
            await it.ready()
            await discord.until(lambda: discord.state.application.commands)
    told = [log["event"] for log in logs if log["log_level"] == "warning"]
    assert told.count("discord.not_logged_in") == 3
    assert told.count("discord.not_connected") == 2


async def test_the_gateway_is_down_at_the_start(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    discord.gateway.is_down = True
    async with starting(settings_for(discord), storage) as it:
        it.parts.client.launch_patience = 0.3
        await discord.until(lambda: discord.gateway.counts["turned away"] >= 2)
        discord.gateway.is_down = False
        it.parts.client.launch_patience = 10
        await it.ready()
    assert discord.gateway.counts["identify"] == 1


async def test_no_discord_at_all_at_the_start(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    nowhere = replace(settings_for(discord), api_url="http://127.0.0.1:9/api/v10")
    with capture_logs() as logs:
        async with starting(nowhere, storage) as it:
            await discord.until(lambda: len(logs) >= 3)
            assert not it.work.done()
    assert {log["event"] for log in logs} == {"discord.not_logged_in"}


async def test_a_post_under_way_at_the_start_logs_in_with_it(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with starting(settings_for(discord), storage) as it:
        served = Served(discord, acme, storage, it.parts, it.platform)
        await served.add("A paper")
        await served.subscribe()
        head, post = await served.deliver()
        await it.ready()
        assert "A paper" in text_of(served.message_of(post))
    assert head.message_id
    assert len(discord.calls("GET", "/users/@me")) == 1


# --- what the library does not get over by itself ---------------------------------------------------------------------


NONSENSE = [
    ("MESSAGE_CREATE", {"id": "nonsense"}),
    ("MESSAGE_REACTION_ADD", {}),
    ("GUILD_CREATE", {"id": "1", "channels": [{"id": "2", "type": 0}]}),
    ("INTERACTION_CREATE", {"id": "1", "type": 2}),
]


@pytest.mark.parametrize(("name", "data"), NONSENSE)
async def test_an_event_that_the_library_cannot_read_ends_nothing(served: Served, name: str, data: Any) -> None:
    served.missed.clear()
    with capture_logs() as logs:
        served.server.gateway.emit(name, data, guild_id=served.acme.guild.id)
        await served.server.until(lambda: served.missed)
    assert [(log["event"], log["discord_event"]) for log in logs if log["log_level"] == "error"] == [
        ("discord.event_not_read", name)
    ]
    await answers(served)
    assert served.server.gateway.counts["identify"] == 1


async def answers(served: Served) -> None:
    """See that people are answered, and posts posted."""
    await served.add("A paper", tags=("rlaif",))
    found = await (await served.guest.command(served.acme.papers, "paper", tag="rlaif")).shown()
    assert "A paper" in text_of(found)
    await served.subscribe()
    assert [one.message_id for one in await served.deliver()] == [str(one) for one in served.acme.papers.messages]


async def test_a_connection_that_breaks_off_while_the_library_reconnects(served: Served) -> None:
    gateway = served.server.gateway
    hurry(served.parts.client)
    gateway.is_down = True
    gateway.cut()
    await served.server.until(lambda: gateway.counts["turned away"])
    gateway.drops = 1
    gateway.is_down = False
    await served.server.until(lambda: gateway.counts["identify"] == 2)
    await gateway.connected()
    await answers(served)
    assert len(gateway.connections) == 1


async def test_a_post_under_way_when_it_begins_anew_is_looked_up(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with serving(discord, acme, storage, clock=ClockOf(discord)) as served:
        gateway = discord.gateway
        await served.add("One", "Two")
        await served.subscribe()
        late = discord.faults.add(faults.LATE, "POST", "/channels/{channel_id}/messages")
        delivering = asyncio.create_task(served.deliver())
        await late.met.wait()
        hurry(served.parts.client)
        gateway.is_down = True
        gateway.cut()
        await discord.until(lambda: gateway.counts["turned away"])
        gateway.drops = 1
        gateway.is_down = False
        await discord.until(lambda: gateway.counts["identify"] == 2)
        late.released.set()
        assert await delivering == [], "the library has closed its connections, with that one"
        (interrupted,) = acme.papers.messages.values()
        discord.clock.advance(3600)
        assert len(await served.deliver()) == 3
        assert next(iter(acme.papers.messages.values())) is interrupted
        assert len(acme.papers.messages) == 3


# --- commands ---------------------------------------------------------------------------------------------------------


async def test_commands_are_registered_however_often_that_is_tried(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    discord.faults.add(faults.ERROR_BEFORE, "GET", COMMANDS, times=2, status=503)
    async with serving(discord, acme, storage):
        assert len(discord.calls("GET", COMMANDS)) == 3
        assert len(discord.calls("PUT", COMMANDS)) == 1


async def test_commands_that_discord_refuses_do_not_keep_the_rest_from_working(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    discord.faults.add(faults.ERROR_BEFORE, "PUT", COMMANDS, status=400)
    with capture_logs() as logs:
        async with starting(settings_for(discord), storage) as it:
            await it.ready()
            await discord.until(lambda: [log for log in logs if log["event"] == "discord.commands_refused"])
            assert not it.work.done()
    assert len(discord.calls("PUT", COMMANDS)) == 1


# --- ending -----------------------------------------------------------------------------------------------------------


async def test_handlers_under_way_are_let_finish(served: Served) -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def slow(_: Any) -> None:
        begun.set()
        await go_on.wait()
        done.append("done")

    served.parts.client.on("message", slow)
    await served.reader.write(served.acme.papers, "Hello")
    await asyncio.wait_for(begun.wait(), 5)
    closing = asyncio.create_task(served.platform.close())
    go_on.set()
    await closing
    assert done == ["done"]
    await served.server.until(lambda: not served.server.gateway.connections)
    assert served.server.gateway.counts["closed"] == 1, "the session is ended, not left behind"


async def test_commands_under_way_are_let_finish(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    search = Waiting(storage.search, "page", "find", "latest", "count")
    async with serving(discord, acme, storage, stores=WaitingStores(storage, search=search)) as served:
        await served.add("A paper", tags=("rlaif",))
        asked = await served.guest.command(acme.papers, "paper", tag="rlaif")
        await asyncio.wait_for(search.reached.wait(), 5)
        closing = asyncio.create_task(served.platform.close())
        search.let_go()
        assert "A paper" in text_of(await asked.shown())
        await closing


async def test_what_does_not_end_is_broken_off(served: Served) -> None:
    begun, broken_off = asyncio.Event(), asyncio.Event()

    async def endless(_: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            broken_off.set()

    served.parts.client.on("message", endless)
    await served.reader.write(served.acme.papers, "Hello")
    await asyncio.wait_for(begun.wait(), 5)
    await served.parts.client.drain(0.01)
    assert broken_off.is_set()
