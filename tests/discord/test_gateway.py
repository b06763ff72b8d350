"""The connection to the gateway: what breaks it, what is heard again, and what has to be read instead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.discord.client import pause_after
from bot.discord.rooms import is_open_to_all
from bot.scheduler import ReconcileLoop
from storage.opening import Storage
from tests.discord.clocks import hurry
from tests.discord.conftest import Served, eventually, serving
from tests.discord.posting import counted, posted, settled
from tests.discord.saying import text_of
from tests.platforms.discord import Acme, DiscordServer
from tests.platforms.discord.refusals import DidNotRespond

RESUMES = ["cut", "close", "reconnect", "invalidate"]
ENDS = ["invalidate", "forget", "seq"]


def break_off(served: Served, way: str) -> None:
    """End the connection so that its session goes on."""
    gateway = served.server.gateway
    match way:
        case "cut":
            gateway.cut()
        case "close":
            gateway.close(4000)
        case "reconnect":
            gateway.reconnect()
        case _:
            gateway.invalidate(resumable=True)


def end(served: Served, way: str) -> None:
    """End the session, with what it would have told."""
    gateway = served.server.gateway
    match way:
        case "invalidate":
            gateway.invalidate()
        case "forget":
            gateway.forget_sessions()
            gateway.cut()
        case _:
            gateway.close(4007)
            gateway.forget_sessions()


async def back(served: Served, count: str, times: int = 1) -> None:
    """Wait until the gateway has counted something so often, and somebody is connected."""
    gateway = served.server.gateway
    await served.server.until(lambda: gateway.counts[count] >= times and gateway.of_shard())


# --- sessions that go on ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", RESUMES)
async def test_what_happens_while_it_is_broken_off_is_heard_once(served: Served, way: str) -> None:
    it = await posted(served)
    thread = await served.reader.start_thread(it.message)
    await served.reader.react(it.message, "🎉")
    await settled(served)
    served.missed.clear()
    break_off(served, way)
    await served.guest.react(it.message, "🎉")
    await served.guest.write(thread, "Interesting!")
    await served.reader.unreact(it.message, "🎉")
    await back(served, "resumed")
    await served.reader.react(it.message, "👀")
    assert await counted(served, it.entry) == (2, 1)
    assert served.server.gateway.counts["identify"] == 1
    assert served.missed == [], "nothing was, and nothing is read again"


async def test_a_session_goes_on_where_the_settings_say(served: Served) -> None:
    served.server.gateway.cut()
    await back(served, "resumed")
    assert [one.is_resume_address for one in served.server.gateway.opened] == [False, False]


async def test_a_session_goes_on_where_discord_says_when_nothing_is_set(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with serving(discord, acme, storage, gateway_url=None) as served:
        discord.gateway.cut()
        await back(served, "resumed")
        assert [one.is_resume_address for one in discord.gateway.opened] == [False, True]


@pytest.mark.parametrize("shard_count", [None, 1])
async def test_a_new_session_begins_where_the_api_says_when_nothing_is_set(
    discord: DiscordServer, acme: Acme, storage: Storage, shard_count: int | None
) -> None:
    """The library would go to Discord's own gateway, whatever API it asks."""
    async with serving(discord, acme, storage, gateway_url=None, shard_count=shard_count) as served:
        discord.gateway.invalidate()
        await back(served, "identify", 2)
        assert [one.is_resume_address for one in discord.gateway.opened] == [False, False]
        assert len(discord.calls("GET", "/gateway/bot")) == 1


async def test_events_come_packed(served: Served) -> None:
    assert served.server.gateway.connections[0].request.query["compress"] in ("zlib-stream", "zstd-stream")
    it = await posted(served)
    await served.reader.react(it.message, "🎉")
    assert await counted(served, it.entry) == (1, 0)


async def test_a_connection_that_is_dead_without_a_word_is_given_up(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    discord.gateway.heartbeat_interval, discord.gateway.heartbeat_grace = 100, 5.0
    async with serving(discord, acme, storage) as served:
        it = await posted(served)
        served.parts.client._connection.heartbeat_timeout = 0.3
        discord.gateway.acks_heartbeats = False
        discord.gateway.cut()
        await back(served, "resumed", 2)
        discord.gateway.acks_heartbeats = True
        await served.reader.react(it.message, "🎉")
        assert await counted(served, it.entry) == (1, 0)
        assert discord.gateway.counts["stopped beating"] == 0, "Paperboy noticed by itself"


async def test_a_gateway_that_lets_nobody_stay_is_not_stormed(served: Served) -> None:
    """The library would connect again at once, hundreds of times a second."""
    gateway = served.server.gateway
    it = await posted(served)
    gateway.drops = 4
    gateway.cut()
    await back(served, "resumed")
    assert len(gateway.opened) == 2
    await served.reader.react(it.message, "🎉")
    assert await counted(served, it.entry) == (1, 0)
    assert served.parts.client.http.unheard == 0, "what was told since has made it good"


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000))
def test_pauses_grow_to_a_minute(unheard: int) -> None:
    assert 0 <= pause_after(unheard) <= pause_after(unheard + 1) <= 60
    assert (pause_after(unheard) == 0) == (unheard <= 3), "a connection may break now and then"
    if unheard > 15:
        assert pause_after(unheard) == 60


# --- sessions that are lost -------------------------------------------------------------------------------------------


@asynccontextmanager
async def catching_up(served: Served) -> AsyncIterator[None]:
    """What Paperboy runs beside Discord, as `bot.app` composes it, without its rests."""
    loop = ReconcileLoop(served.storage, {"discord": served.parts.courier}, served.parts.desk.clock, rest=timedelta())
    served.told_of_missed.append(loop.missed)
    with capture_logs() as logs:
        work = asyncio.create_task(loop.run())
        await served.server.until(lambda: [log for log in logs if log["event"] == "run.reconciled"])
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.mark.parametrize("way", ENDS)
async def test_what_nobody_heard_is_read(served: Served, way: str) -> None:
    it = await posted(served)
    thread = await served.reader.start_thread(it.message)
    await served.reader.react(it.message, "🎉")
    await settled(served)
    async with catching_up(served):
        end(served, way)
        await served.guest.react(it.message, "👀")
        await served.guest.write(thread, "Interesting!")
        await served.reader.unreact(it.message, "🎉")
        await served.owner.react(it.message, "🎉", burst=True)
        await back(served, "identify", 2)

        async def is_right() -> bool:
            engagement = await served.engagement(it.entry)
            emojis = (await served.storage.engagement.recorded([it.post.id]))[it.post.id].reactions
            people = sorted(one.person.user_id for one in emojis)
            wanted = sorted(str(one.id) for one in (served.acme.guest, served.acme.owner))
            return people == wanted and engagement.replies == 1

        assert await eventually(is_right)


async def test_what_happened_while_paperboy_was_down_is_read(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with serving(discord, acme, storage) as served:
        it = await posted(served)
        thread = await served.reader.start_thread(it.message)
    await discord.person(acme.reader).react(it.message, "🎉")
    await discord.person(acme.reader).write(thread, "Interesting!")
    async with serving(discord, acme, storage) as served, catching_up(served):

        async def is_right() -> bool:
            engagement = await served.engagement(it.entry)
            return (engagement.reactions, engagement.replies) == (1, 1)

        assert await eventually(is_right)


# --- interactions -----------------------------------------------------------------------------------------------------


async def test_a_question_asked_while_it_is_broken_off_is_answered(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    served.server.gateway.cut()
    found = await (await served.guest.command(served.acme.papers, "paper", tag="rlaif")).shown()
    assert "A paper" in text_of(found)


async def test_a_question_that_comes_twice_is_answered_once(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    asked = await served.guest.command(served.acme.papers, "paper", tag="rlaif")
    await asked.shown()
    (session,) = served.server.gateway.sessions
    (frame,) = [one for one in session.events if one["t"] == "INTERACTION_CREATE"]
    assert session.connection is not None
    session.connection.send(frame)
    callbacks = "/interactions/{interaction_id}/{interaction_token}/callback"
    await served.server.until(lambda: len(served.server.calls("POST", callbacks)) == 2)
    await served.reader.write(served.acme.lounge, "Hello")
    await settled(served)
    assert len(asked.replies) == 1
    assert served.server.calls("POST", callbacks)[-1].code == 40060


async def test_a_question_that_comes_too_late_is_left_alone(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    interactions = served.server.interactions
    interactions.patience = 0.01
    (session,) = served.server.gateway.sessions
    connection, session.connection = session.connection, None  # nothing comes through any more
    assert connection is not None
    with pytest.raises(DidNotRespond):
        await served.guest.command(served.acme.papers, "paper", tag="rlaif")
    with capture_logs() as logs:
        connection.cut()
        await served.server.until(lambda: interactions.refusals)
        await settled(served)
    assert [one.code for one in interactions.refusals] == [10062]
    assert [log["event"] for log in logs] == ["discord.not_acknowledged"]
    assert served.guest.private == []


# --- servers ----------------------------------------------------------------------------------------------------------


async def test_it_ends_while_it_is_connecting_again(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    async with asyncio.timeout(15), serving(discord, acme, storage) as served:
        hurry(served.parts.client)
        before = len(discord.gateway.opened)
        discord.gateway.greets = False
        discord.gateway.cut()
        await discord.until(lambda: len(discord.gateway.opened) > before)


async def test_servers_that_come_after_the_first_word(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    discord.gateway.holds_guilds = True
    async with serving(discord, acme, storage) as served:
        assert served.missed
        assert not is_open_to_all(served.parts.client, served.papers)
        it = await posted(served)
        await served.reader.react(it.message, "🎉")
        assert await counted(served, it.entry) == (1, 0), "posts are posted, and reactions counted, before"
        discord.gateway.release_guilds()
        await settled(served)
        assert is_open_to_all(served.parts.client, served.papers)


async def test_an_outage_of_a_server_takes_nothing_away(served: Served) -> None:
    it = await posted(served)
    await served.reader.react(it.message, "🎉")
    guild = served.acme.guild
    guild.is_available = False
    served.server.events.guild_unavailable(guild)
    await settled(served)
    (subscription,) = await served.storage.subscriptions.of_channel(served.papers)
    assert not subscription.paused
    guild.is_available = True
    served.server.events.guild_available(guild)
    await served.guest.react(it.message, "🎉")
    assert await counted(served, it.entry) == (2, 0)


async def test_a_server_that_cannot_be_reached_when_it_starts(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    acme.guild.is_available = False
    async with serving(discord, acme, storage) as served:
        await settled(served)
        acme.guild.is_available = True
        discord.events.guild_available(acme.guild)
        it = await posted(served)
        await served.reader.react(it.message, "🎉")
        assert await counted(served, it.entry) == (1, 0)
