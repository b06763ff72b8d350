"""The library's own client on the server: for tests of the server itself, and of what reads the library's values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import discord
from discord import app_commands
from yarl import URL

from tests.platforms.discord.server import DiscordServer


@contextmanager
def leading_to(server: DiscordServer) -> Iterator[None]:
    """Have the library's requests go to a server: it keeps one address for all clients of a process.

    It says of every change of an answer whether it is to be read aloud, which Discord knows of new messages only.
    """
    route, socket = discord.http.Route, discord.gateway.DiscordWebSocket
    before = route.BASE, socket.DEFAULT_GATEWAY
    route.BASE, socket.DEFAULT_GATEWAY = server.url, URL(server.gateway_url)
    server.passes_over.add("tts")
    try:
        yield
    finally:
        route.BASE, socket.DEFAULT_GATEWAY = before


class Client(discord.AutoShardedClient):
    """The library's client, which keeps what it is told."""

    def __init__(self, server: DiscordServer, *, intents: discord.Intents | None = None, **more: Any) -> None:
        some = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True, dm_messages=True)
        more = {"guild_ready_timeout": 0.05, "chunk_guilds_at_startup": False, "max_messages": None} | more
        super().__init__(intents=intents or some, **more)
        self.server = server
        self.heard: list[tuple[str, Any]] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing: the server is asked for its limit where a test is about it."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Keep every event."""
        super().dispatch(event, *args, **kwargs)
        self.heard.append((event, args[0] if args else None))
        self.server.changed()

    def all_of(self, event: str) -> list[Any]:
        """What has been told under a name."""
        return [about for name, about in self.heard if name == event]

    async def until(self, event: str, times: int = 1) -> list[Any]:
        """Wait until something has been told so many times."""
        await self.server.until(lambda: len(self.all_of(event)) >= times, 10)
        return self.all_of(event)


async def register(client: Client, tree: app_commands.CommandTree[Any]) -> None:
    """Register a tree's commands, as the library does it but for the one field that Discord does not describe."""
    commands: list[Any] = [one.to_dict(tree) for one in tree.get_commands()]
    for one in commands:
        del one["nsfw"]
    assert client.application_id is not None
    await client.http.bulk_upsert_global_commands(client.application_id, payload=commands)


@asynccontextmanager
async def connected(client: Client, *, ready: bool = True) -> AsyncIterator[Client]:
    """A client that is logged in and listens, closed at the end."""
    task = asyncio.create_task(client.start(client.server.state.application.token))
    try:
        if ready:
            await _or_ended(client.until("ready"), task)
        yield client
    finally:
        await client.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _or_ended(wait: Any, task: asyncio.Task[None]) -> None:
    waiting = asyncio.ensure_future(wait)
    await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    if task.done() and not waiting.done():
        waiting.cancel()
    if task.done():
        await task
    await waiting
