"""The gateway and the interactions by themselves: just enough REST for the library's client to start and to answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import discord
from aiohttp import web
from yarl import URL

from tests.platforms.discord import permissions, shapes
from tests.platforms.discord.core import DiscordCore
from tests.platforms.discord.driver import Person
from tests.platforms.discord.refusals import Refused
from tests.platforms.discord.world import FORUM, Channel, Guild, User

Json = dict[str, Any]

BOT_PERMISSIONS = permissions.MEMBERS_USUAL


@dataclass(eq=False)
class Place:
    """One server with people and channels, the app on it."""

    guild: Guild
    admin: User
    reader: User
    guest: User
    papers: Channel
    forum: Channel
    secret: Channel  # nobody but the admin sees it


class Alone(DiscordCore):
    """A server of which only the gateway and the interactions are there."""

    def __init__(self) -> None:
        super().__init__()
        self.runner: web.AppRunner | None = None
        self.port = 0
        self.registrations = 0  # how many times the app has registered its commands
        self.command_reads = 0  # how many times it has asked for them
        self.faults: list[int] = []  # statuses for the next requests about commands

    @property
    def url(self) -> str:
        """What clients take for the API's address."""
        return f"http://127.0.0.1:{self.port}/api/v10"

    async def start(self) -> None:
        """Listen."""
        app = web.Application(middlewares=[_refusing])
        app.add_routes(
            [
                web.get("/api/v10/users/@me", self._me),
                web.get("/api/v10/oauth2/applications/@me", self._application),
                web.get("/api/v10/gateway/bot", self._gateway),
                web.get("/api/v10/applications/{app}/commands", self._registered),
                web.put("/api/v10/applications/{app}/commands", self._commands),
                web.post("/api/v10/interactions/{id}/{token}/callback", self._callback),
                web.post("/api/v10/webhooks/{app}/{token}", self._follow_up),
                web.get("/api/v10/webhooks/{app}/{token}/messages/{message}", self._message),
                web.patch("/api/v10/webhooks/{app}/{token}/messages/{message}", self._edit),
                web.delete("/api/v10/webhooks/{app}/{token}/messages/{message}", self._delete),
            ]
        )
        self.runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.port = self.runner.addresses[0][1]
        await self.gateway.start()

    async def stop(self) -> None:
        """Listen no more."""
        await self.gateway.stop()
        if self.runner is not None:
            await self.runner.cleanup()

    async def _me(self, _: web.Request) -> web.Response:
        return _json({**shapes.user(self.state.application.bot), "verified": True})

    async def _application(self, _: web.Request) -> web.Response:
        application = self.state.application
        owner = shapes.user(next(iter(self.state.users.values())))
        shape = {"id": str(application.id), "name": application.name, "description": "", "owner": owner, "flags": 0}
        more = {"bot_public": True, "bot_require_code_grant": False, "verify_key": "", "icon": None, "team": None}
        return _json(shape | more | {"rpc_origins": None})

    async def _gateway(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": self.gateway.max_concurrency}
        return _json({"url": self.gateway.url, "shards": 1, "session_start_limit": limit})

    async def _registered(self, request: web.Request) -> web.Response:
        self.command_reads += 1
        if self.faults:
            return web.Response(status=self.faults.pop(0))
        hidden = ("name_localizations", "description_localizations")
        told = self.state.application.commands
        if request.query.get("with_localizations") not in ("true", "True", "1"):
            told = [{name: value for name, value in one.items() if name not in hidden} for one in told]
        return _json(told)

    async def _commands(self, request: web.Request) -> web.Response:
        self.registrations += 1
        more = {"description": "", "version": "1", "application_id": request.match_info["app"], "nsfw": False}
        more |= {
            "dm_permission": True,
            "name_localizations": None,
            "description_localizations": None,
            "default_member_permissions": None,
        }
        self.state.application.commands = [
            {**more, **one, "id": str(self.state.new_id())} for one in await request.json()
        ]
        return _json(self.state.application.commands)

    async def _callback(self, request: web.Request) -> web.Response:
        body = await _body(request)
        answer = self.interactions.answer(int(request.match_info["id"]), request.match_info["token"], body)
        return _json(answer) if request.query.get("with_response") in ("true", "1") else web.Response(status=204)

    async def _follow_up(self, request: web.Request) -> web.Response:
        found = self._interaction(request)
        return _json(shapes.message(self.state, self.interactions.follow_up(found, await _body(request))))

    async def _message(self, request: web.Request) -> web.Response:
        found = self.interactions.message_of(self._interaction(request), request.match_info["message"])
        return _json(shapes.message(self.state, found))

    async def _edit(self, request: web.Request) -> web.Response:
        found = self._interaction(request)
        edited = self.interactions.edit(found, request.match_info["message"], await _body(request))
        return _json(shapes.message(self.state, edited))

    async def _delete(self, request: web.Request) -> web.Response:
        self.interactions.delete(self._interaction(request), request.match_info["message"])
        return web.Response(status=204)

    def _interaction(self, request: web.Request) -> Any:
        return self.interactions.by_token(int(request.match_info["app"]), request.match_info["token"])


def _json(answer: Any) -> web.Response:
    return web.Response(body=json.dumps(answer).encode(), content_type="application/json")


async def _body(request: web.Request) -> Json:
    if request.content_type == "multipart/form-data":
        return dict(json.loads(str((await request.post())["payload_json"])))
    return dict(await request.json())


@web.middleware
async def _refusing(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
    except Refused as refused:
        answer = refused.response()
    return answer


def furnish(server: DiscordCore) -> Place:
    """One server with people and channels, the app on it."""
    world = server.state
    admin = world.add_user("ada")
    guild = world.add_guild("acme", admin, everyone=permissions.MEMBERS_USUAL)
    reader, guest = world.add_user("sora", locale="ko"), world.add_user("joan")
    guild.add_member(reader)
    guild.add_member(guest)
    papers = world.add_channel(guild, "papers")
    forum = world.add_channel(guild, "board", FORUM)
    secret = world.add_channel(guild, "secret")
    server.doings.bot_joins(guild, BOT_PERMISSIONS)
    return Place(guild, admin, reader, guest, papers, forum, secret)


class Client(discord.AutoShardedClient):
    """The library's client, which keeps what it is told."""

    def __init__(self, server: DiscordCore, *, intents: discord.Intents | None = None, **more: Any) -> None:
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


@asynccontextmanager
async def alone() -> AsyncIterator[Alone]:
    """The server while the block runs; the library's requests go there."""
    server = Alone()
    await server.start()
    route, socket = discord.http.Route, discord.gateway.DiscordWebSocket
    before = route.BASE, socket.DEFAULT_GATEWAY
    route.BASE, socket.DEFAULT_GATEWAY = server.url, URL(server.gateway.url)
    try:
        yield server
    finally:
        route.BASE, socket.DEFAULT_GATEWAY = before
        await server.stop()


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


__all__ = ["URL", "Alone", "Client", "Person", "Place", "alone", "connected", "furnish"]
