"""Loopback platforms for tests, and a workspace that is furnished already."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.discord import Acme as Guild
from tests.platforms.discord import DiscordServer, discord_server
from tests.platforms.discord import furnish as furnish_guild
from tests.platforms.discord.bare import Bare, bare
from tests.platforms.discord.client import leading_to
from tests.platforms.slack import Acme, Person, SlackServer, furnish, slack_server


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """A Slack on the loopback."""
    async with slack_server() as server:
        yield server


@pytest.fixture
def acme(slack: SlackServer) -> Acme:
    """Its workspace T1, with people, channels and an app."""
    return furnish(slack)


@pytest.fixture
def client(slack: SlackServer, acme: Acme) -> AsyncWebClient:
    """The real client, with the app's bot token."""
    return AsyncWebClient(token=acme.token, base_url=slack.api_url)


@pytest.fixture
def bolt(acme: Acme, client: AsyncWebClient) -> AsyncApp:
    """A real Bolt app without listeners."""
    return AsyncApp(client=client, signing_secret=acme.app.signing_secret, token=acme.token)


@pytest.fixture
async def listening(slack: SlackServer, acme: Acme, bolt: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """The Bolt app, connected over Socket Mode."""
    handler = AsyncSocketModeHandler(bolt, acme.app.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.sockets.connected(acme.app)
    yield handler
    await handler.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
def reader(slack: SlackServer, acme: Acme) -> Person:
    """Somebody at the keyboard."""
    return slack.person(acme.reader)


@pytest.fixture
def bodies() -> list[dict[str, Any]]:
    """Where listeners put the payloads that came in."""
    return []


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    """A Discord on the loopback, of which every request must fit Discord's own description."""
    async with discord_server() as server:
        yield server
        assert server.violations == [], "\n".join(server.violations)


@pytest.fixture
def guild(discord: DiscordServer) -> Guild:
    """Its server Acme, with people, channels and the app."""
    return furnish_guild(discord)


@pytest.fixture
def server(discord: DiscordServer) -> Iterator[DiscordServer]:
    """The same Discord, which the library's own requests lead to."""
    with leading_to(discord):
        yield discord


@pytest.fixture
async def rest(discord: DiscordServer, guild: Guild) -> AsyncIterator[Bare]:
    """A client without a library, as the bot that is on the server."""
    async with bare(discord) as asking:
        yield asking


@pytest.fixture
def undescribed(discord: DiscordServer) -> None:
    """As where Discord's description is not at hand: the rules hold without it."""
    discord.is_described = False
