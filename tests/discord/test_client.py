"""The library's client as Paperboy sets it up: nothing is sent twice, little is remembered, failures are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import discord as library
import pytest
from aiohttp import web
from aiohttp.client_proto import ResponseHandler
from discord.http import Route
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.discord.api import Api
from bot.discord.client import PaperboyClient
from bot.discord.errors import DiscordBusy, DiscordUnreachable
from bot.settings import DiscordSettings
from tests.discord.conftest import Served, settings_for
from tests.platforms.discord import Acme, DiscordServer, faults

MESSAGES = "/channels/{channel_id}/messages"
CONNECTION_RESET = 54
"""As macOS counts; on Windows it is 10054. The library sends a request again after both."""


class Lost(ResponseHandler):
    """A connection whose loss is told as macOS tells it."""

    def connection_lost(self, exc: BaseException | None) -> None:
        """The system's own error, with another number."""
        super().connection_lost(ConnectionResetError(CONNECTION_RESET, "Connection reset by peer"))


def connector() -> aiohttp.TCPConnector:
    """Real connections of a machine that is a Mac."""
    made = aiohttp.TCPConnector(limit=0)
    made._factory = partial(Lost, loop=asyncio.get_running_loop())  # type: ignore[assignment]
    return made


@asynccontextmanager
async def a_mac(settings: DiscordSettings) -> AsyncIterator[Api]:
    """Paperboy's way to a Discord from a Mac, without a gateway."""
    client = PaperboyClient(settings)
    client.http.connector = connector()
    api = Api(client, settings.token, SystemClock())
    await api.log_in()
    try:
        yield api
    finally:
        await client.close()


@pytest.fixture
async def api(discord: DiscordServer, acme: Acme) -> AsyncIterator[Api]:
    async with a_mac(settings_for(discord)) as api:
        yield api


async def post(api: Api, channel_id: int) -> Any:
    """Say something, as a request of its own."""
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
    return await api.call(lambda http: http.request(route, json={"content": "Hello"}))


@pytest.mark.parametrize("status", [500, 502, 503, 504, 524])
@pytest.mark.parametrize("kind", [faults.ERROR_BEFORE, faults.ERROR_AFTER])
async def test_no_post_is_sent_again_after_a_fault_of_discords(
    discord: DiscordServer, acme: Acme, api: Api, kind: str, status: int
) -> None:
    discord.faults.add(kind, "POST", MESSAGES, status=status)
    with pytest.raises(DiscordUnreachable) as told:
        await post(api, acme.papers.id)
    assert told.value.sent
    assert len(discord.calls("POST", MESSAGES)) == 1


@pytest.mark.parametrize("kind", [faults.LOST_BEFORE, faults.LOST_AFTER])
async def test_no_post_is_sent_again_over_a_broken_connection(
    discord: DiscordServer, acme: Acme, api: Api, kind: str
) -> None:
    discord.faults.add(kind, "POST", MESSAGES)
    with pytest.raises(DiscordUnreachable) as told:
        await post(api, acme.papers.id)
    assert told.value.sent, "it may be there"
    assert len(discord.calls("POST", MESSAGES)) == 1
    await post(api, acme.papers.id)
    assert len(discord.calls("POST", MESSAGES)) == 2, "what is asked for anew is another request"


async def test_what_may_be_done_twice_is_sent_again_over_a_broken_connection(
    discord: DiscordServer, acme: Acme, api: Api
) -> None:
    discord.faults.add(faults.LOST_BEFORE, "GET", "/channels/{channel_id}", times=2)
    await api.call(lambda http: http.get_channel(acme.papers.id))
    assert len(discord.calls("GET", "/channels/{channel_id}")) == 3


async def test_a_post_that_was_put_off_is_sent_again(discord: DiscordServer, acme: Acme, api: Api) -> None:
    discord.rates.refuse("POST", MESSAGES, retry_after=0.01, times=2)
    await post(api, acme.papers.id)
    assert len(acme.papers.messages) == 1
    assert [one.status for one in discord.calls("POST", MESSAGES)] == [429, 429, 200]


async def test_a_post_that_is_put_off_for_long_is_handed_back(discord: DiscordServer, acme: Acme, api: Api) -> None:
    discord.rates.refuse("POST", MESSAGES, retry_after=600)
    with pytest.raises(DiscordBusy):
        await post(api, acme.papers.id)
    assert len(discord.calls("POST", MESSAGES)) == 1


async def test_no_post_is_sent_again_whose_answer_broke_off(discord: DiscordServer, acme: Acme) -> None:
    """Its first line came, so it was carried out: what is lost then no error of the request itself tells of."""
    asked: list[str] = []

    async def half(request: web.Request) -> web.StreamResponse:
        asked.append(request.method)
        answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b'{"id": "1')
        assert request.transport is not None
        request.transport.abort()
        return answer

    app = web.Application()
    app.router.add_post("/channels/{channel_id}/messages", half)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with a_mac(settings_for(discord)) as api:
            Route.BASE = f"http://127.0.0.1:{runner.addresses[0][1]}"
            with pytest.raises(DiscordUnreachable):
                await post(api, acme.papers.id)
            assert asked == ["POST"]
    finally:
        await runner.cleanup()


async def test_what_never_was_sent_is_known_not_to_be_there(discord: DiscordServer, acme: Acme, api: Api) -> None:
    Route.BASE = "http://127.0.0.1:9"
    with pytest.raises(DiscordUnreachable) as told:
        await post(api, acme.papers.id)
    assert not told.value.sent


# --- what it asks of Discord, and keeps -------------------------------------------------------------------------------


async def test_only_the_intents_that_are_needed_are_asked_for(served: Served) -> None:
    (connection,) = served.server.gateway.connections
    (identify,) = [one["d"] for one in connection.received if one["op"] == 2]
    asked = library.Intents._from_value(identify["intents"])
    assert {name for name, is_on in asked if is_on} == {"guilds", "guild_messages", "guild_reactions"}


async def test_neither_people_nor_messages_are_remembered(served: Served) -> None:
    await served.reader.write(served.acme.papers, "Hello")
    seen = asyncio.Event()

    async def note(_: library.Message) -> None:
        seen.set()

    served.parts.client.on("message", note)
    message = await served.reader.write(served.acme.papers, "Hello again")
    await served.reader.react(message, "🎉")
    await asyncio.wait_for(seen.wait(), 5)
    assert list(served.parts.client.cached_messages) == []
    (guild,) = served.parts.client.guilds
    assert [member.id for member in guild.members] == [served.server.state.application.bot.id]


async def test_a_handler_that_fails_stops_no_other_and_has_it_looked_for(served: Served) -> None:
    heard: list[int] = []

    async def fail(_: library.Message) -> None:
        raise ZeroDivisionError

    async def note(message: library.Message) -> None:
        heard.append(message.id)

    served.parts.client.on("message", fail)
    served.parts.client.on("message", note)
    served.missed.clear()
    with capture_logs() as logs:
        message = await served.reader.write(served.acme.papers, "Hello")
        await served.server.until(lambda: served.missed)
    assert heard == [message.id]
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["discord.event_failed"]


async def test_a_listener_of_the_library_that_fails_is_logged(served: Served) -> None:
    logged = asyncio.Event()

    async def on_message(_: library.Message) -> None:
        logged.set()
        raise ZeroDivisionError

    served.parts.client.event(on_message)
    with capture_logs() as logs:
        await served.reader.write(served.acme.papers, "Hello")
        await asyncio.wait_for(logged.wait(), 5)
        await served.server.until(lambda: [one for one in logs if one["event"] == "discord.event_failed"])


async def test_a_client_that_never_was_there_can_be_closed(discord: DiscordServer) -> None:
    client = PaperboyClient(settings_for(discord))
    await client.close()
    await client.drain(0.01)
