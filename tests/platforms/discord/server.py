"""The REST API on a socket: every request is recorded, may go wrong, is held against the rules, and is carried out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web

from tests.platforms.discord import faults, openapi, permissions
from tests.platforms.discord import rest_application as apps
from tests.platforms.discord import rest_channels as channels
from tests.platforms.discord import rest_messages as messages
from tests.platforms.discord.calls import Call
from tests.platforms.discord.core import DiscordCore
from tests.platforms.discord.faults import Fault, Faults
from tests.platforms.discord.rates import Rates
from tests.platforms.discord.refusals import Refused
from tests.platforms.discord.world import FORUM, Channel, Guild, Message, Overwrite, Role, User
from tests.platforms.slack.clock import Clock

Json = dict[str, Any]
Handler = Callable[[Call], Any]

PREFIX = "/api/v10"
C, M = "/channels/{channel_id}", "/channels/{channel_id}/messages/{message_id}"
W = "/webhooks/{webhook_id}/{webhook_token}"
A = "/applications/{application_id}/commands"

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/gateway/bot"): apps.gateway,
    ("GET", "/users/@me"): channels.get_me,
    ("GET", "/users/@me/guilds"): channels.list_guilds,
    ("POST", "/users/@me/channels"): channels.open_direct,
    ("GET", "/applications/@me"): apps.application,
    ("GET", "/oauth2/applications/@me"): apps.application,
    ("GET", A): apps.list_commands,
    ("PUT", A): apps.put_commands,
    ("GET", "/guilds/{guild_id}"): channels.get_guild,
    ("GET", "/guilds/{guild_id}/members/{user_id}"): channels.get_member,
    ("GET", "/guilds/{guild_id}/threads/active"): channels.list_active,
    ("GET", C): channels.get_channel,
    ("PATCH", C): channels.edit_channel,
    ("DELETE", C): channels.delete_channel,
    ("GET", f"{C}/messages"): messages.list_messages,
    ("POST", f"{C}/messages"): messages.post_message,
    ("GET", M): messages.get_message,
    ("PATCH", M): messages.edit_message,
    ("DELETE", M): messages.delete_message,
    ("GET", M + "/reactions/{emoji_name}"): messages.list_reactions,
    ("POST", f"{M}/threads"): channels.start_thread,
    ("POST", f"{C}/threads"): channels.start_post,
    ("GET", f"{C}/threads/archived/public"): channels.list_archived,
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): apps.callback,
    ("POST", W): apps.follow_up,
    ("GET", f"{W}/messages/@original"): apps.answer_of,
    ("PATCH", f"{W}/messages/@original"): apps.edit_answer,
    ("DELETE", f"{W}/messages/@original"): apps.delete_answer,
    ("GET", W + "/messages/{message_id}"): apps.answer_of,
    ("PATCH", W + "/messages/{message_id}"): apps.edit_answer,
    ("DELETE", W + "/messages/{message_id}"): apps.delete_answer,
}
_CREATES = {("POST", f"{M}/threads"), ("POST", f"{C}/threads")}  # answered with 201
_BY_TOKEN_IN_PATH = ("/interactions/", "/webhooks/")
_MAJOR = ("channel_id", "guild_id")


class DiscordServer(DiscordCore):
    """A Discord on the loopback. See the package for how it is used."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.rates = Rates(self.clock)
        self.faults = Faults()
        self.requests: list[Call] = []
        self.violations: list[str] = []  # of Discord's description: requests, which are refused then, and own answers
        self.is_described = True  # requests and answers are held against the description, where that is at hand
        self.passes_over: set[str] = set()  # fields that a client of a test sends and Discord does not describe
        self.nonces: list[Message] = []  # what the app has posted with one
        self.closed_to: set[int] = set()  # people who take no direct messages
        self.shards = 1  # that `GET /gateway/bot` recommends
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The API's address, for DISCORD_API_URL."""
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    @property
    def needed(self) -> int:
        """The permission bits that the app's requests were let through for."""
        bits = 0
        for call in self.requests:
            bits |= call.needed if call.status < 400 else 0
        return bits

    def calls(self, method: str, route: str) -> list[Call]:
        """Requests to a route, in order."""
        return [one for one in self.requests if (one.method, one.route) == (method, route)]

    async def start(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=30 * 2**20)
        for (method, route), handler in ROUTES.items():
            app.router.add_route(method, PREFIX + route, partial(self._serve, route, handler))
        app.router.add_route("*", "/{any:.*}", self._unknown)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        await self.gateway.start()

    async def stop(self) -> None:
        """Listen no more."""
        await self.gateway.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _unknown(self, request: web.Request) -> web.Response:
        self.violations.append(f"{request.method} {request.path} is no route")
        return web.json_response({"message": "404: Not Found", "code": 0}, status=404)

    # --- one request ----------------------------------------------------------------------------------------------

    async def _serve(self, route: str, handler: Handler, request: web.Request) -> web.Response:
        text = (await request.read()).decode("utf-8", "replace")
        call = Call(self, request.method, route, dict(request.match_info), dict(request.query), _body(text))
        call.headers = dict(request.headers)
        self.requests.append(call)
        fault = self.faults.next(call.method, call.route)
        if fault is not None and fault.kind in (faults.LOST_BEFORE, faults.ERROR_BEFORE):
            return self._broken(request, fault)
        response = self._refused_before(call, request) or self._carried_out(call, handler)
        call.status = response.status
        self.rates.count(response.status, is_shared=response.headers.get("X-RateLimit-Scope") == "shared")
        self.changed()
        if fault is None:
            return response
        if fault.kind == faults.LATE:
            await fault.released.wait()
            return response
        return self._broken(request, fault)

    def _broken(self, request: web.Request, fault: Fault) -> web.Response:
        if fault.kind in (faults.LOST_BEFORE, faults.LOST_AFTER):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if fault.kind == faults.HALF:
            return web.Response(body=b'{"id": "1', content_type="application/json")
        if fault.kind == faults.PAGE:
            return web.Response(text="<html>Please wait</html>", content_type="text/html")
        return _json({"message": "Internal Server Error", "code": 0}, status=fault.status)

    def _refused_before(self, call: Call, request: web.Request) -> web.Response | None:
        """What is refused whoever asks for what: bans, tokens, haste."""
        if self.rates.is_banned:
            return web.Response(status=429, text="<html>banned</html>", content_type="text/html")
        needs_token = not call.route.startswith(_BY_TOKEN_IN_PATH)
        if needs_token and not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            return web.Response(status=403, text="<html>40333</html>", content_type="text/html")
        if needs_token and request.headers.get("Authorization") != f"Bot {self.state.application.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, status=401)
        return self.rates.refusal(call.method, call.route, _major(call))

    def _carried_out(self, call: Call, handler: Handler) -> web.Response:
        headers = self.rates.headers(call.method, call.route, _major(call))
        body = _without(call.body, self.passes_over)
        found = openapi.violations(call.method, call.route, call.query, body) if self.is_described else []
        try:
            if isinstance(call.body, str):
                raise Refused(50109)
            if found:
                self.violations += [f"{call.method} {call.route}: {one}" for one in found]
                raise Refused(50035, {"_errors": [{"code": "DESCRIPTION", "message": "; ".join(found)}]})
            answer = handler(call)
        except Refused as refused:
            call.code = refused.code
            response = refused.response()
            response.headers.update(headers)
            return response
        status = 201 if (call.method, call.route) in _CREATES else 204 if answer is None else 200
        wrong = openapi.mistakes(call.method, call.route, status, answer) if self.is_described else []
        self.violations += [f"{call.method} {call.route}, answered: {one}" for one in wrong]
        return web.Response(status=204, headers=headers) if answer is None else _json(answer, status, headers)


def _json(answer: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Without a charset, as Discord sends it: the library reads nothing else as JSON."""
    told = {**(headers or {}), "Content-Type": "application/json"}
    return web.Response(body=json.dumps(answer).encode(), status=status, headers=told)


def _body(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _without(body: Any, names: set[str]) -> Any:
    """A body without some fields, at its top and in what answers an interaction."""
    if not names or not isinstance(body, dict):
        return body
    return {
        name: _without(value, names) if name == "data" else value for name, value in body.items() if name not in names
    }


def _major(call: Call) -> int:
    """Buckets are apart for each channel, server and webhook with its token."""
    if "webhook_token" in call.params:
        return hash((call.params["webhook_id"], call.params["webhook_token"]))
    found = next((call.params[name] for name in _MAJOR if name in call.params), "0")
    return int(found) if found.isdecimal() else 0


# --- furnished --------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Acme:
    """A server with people and channels, and the app on it."""

    guild: Guild
    owner: User
    maintainer: User
    reader: User  # Korean
    guest: User  # English
    robot: User  # another app's bot
    curators: Role
    papers: Channel
    lounge: Channel
    forum: Channel
    secret: Channel = field(repr=False)  # the owner's alone, and the app's


def furnish(
    server: DiscordServer, *, name: str = "Acme", bits: int = permissions.MEMBERS_USUAL, is_joined: bool = True
) -> Acme:
    """One more server; `bits` are what the app's role on it may do."""
    world = server.state
    owner = world.add_user(f"{name.lower()}-owner", global_name="Olga")
    guild = world.add_guild(name, owner, everyone=permissions.MEMBERS_USUAL)
    curators = world.add_role(guild, "curators")
    maintainer = world.add_user("mina", global_name="Mina", locale="ko")
    reader = world.add_user("ryu", global_name="Ryu", locale="ko")
    guest = world.add_user("gwen", global_name="Gwen")
    robot = world.add_user("robot", is_bot=True)
    for one in (maintainer, reader, guest, robot):
        guild.add_member(one)
    papers, lounge = world.add_channel(guild, "papers"), world.add_channel(guild, "lounge")
    forum, secret = world.add_channel(guild, "paper-forum", FORUM), world.add_channel(guild, "secret")
    if is_joined:
        role = world.add_role(guild, world.application.name, bits)
        guild.add_member(world.application.bot, role)
        world.application.guild_installs.add(guild.id)
    secret.overwrites = [Overwrite(guild.id, 0, deny=permissions.VIEW_CHANNEL)]
    if is_joined:
        secret.overwrites.append(Overwrite(world.application.bot.id, 1, allow=permissions.VIEW_CHANNEL))
    return Acme(guild, owner, maintainer, reader, guest, robot, curators, papers, lounge, forum, secret)


@asynccontextmanager
async def discord_server(clock: Clock | None = None) -> AsyncIterator[DiscordServer]:
    """A Discord that listens on the loopback."""
    server = DiscordServer(clock)
    await server.start()
    try:
        yield server
    finally:
        await asyncio.shield(server.stop())
