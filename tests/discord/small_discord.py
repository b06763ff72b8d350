"""A small Discord: the part of its REST API that posts need, with its refusals, on the loopback.

    async with small_discord() as discord:
        discord.url                                  # for DISCORD_API_URL; `BOT_TOKEN` is the token
        discord.channels[PAPERS].messages            # what stands there, by id
        discord.faults.append(Fault("POST", "/channels/{c}/messages", "lost after"))
        discord.say(PAPERS, ADA, "Hello")            # what people do

It knows one server, with a bot that holds `discord.granted` there, less what a channel denies it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import discord as library
from aiohttp import web

Json = dict[str, Any]

BOT_TOKEN = "1.2.3"
GUILD, BOT, ADA, BEN, ROBOT, OWNER = 1, 900, 901, 902, 903, 904
PAPERS, FORUM, OTHER, NEWS = 10, 11, 12, 13
EPOCH = 1_420_070_400_000
VIEW, SEND, HISTORY = 1 << 10, 1 << 11, 1 << 16
MANAGE_CHANNELS, MANAGE_THREADS = 1 << 4, 1 << 34
START_THREADS, SEND_IN_THREADS = 1 << 35, 1 << 38


def _json(answer: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """As Discord answers: without a charset, which the library would take for another type."""
    made = web.json_response(answer, status=status, headers=headers)
    made.headers["Content-Type"] = "application/json"
    return made


class Refusal(Exception):
    """What is answered instead of doing it."""

    def __init__(self, status: int, code: int, **more: Any) -> None:
        super().__init__(code)
        self.answer = _json({"code": code, "message": f"Refused {code}", **more}, status=status)


@dataclass
class Channel:
    """A channel, thread or direct messages."""

    id: int
    type: int
    name: str = ""
    parent: int | None = None
    owner: int | None = None
    denied: int = 0
    archived_at: datetime | None = None
    locked: bool = False
    flags: int = 0
    available_tags: list[Json] = field(default_factory=list)
    applied_tags: list[str] = field(default_factory=list)
    messages: dict[int, Json] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        return self.type in (10, 11, 12)


@dataclass
class Fault:
    """What goes wrong at a request; `kind`: lost before, lost after, 503 before, 503 after, 500 after, half, 429."""

    method: str
    route: str
    kind: str
    times: int = 1
    retry_after: float = 0.01


@dataclass
class SmallDiscord:
    """See the module."""

    url: str = ""
    granted: int = VIEW | SEND | HISTORY | MANAGE_CHANNELS | MANAGE_THREADS | START_THREADS | SEND_IN_THREADS
    channels: dict[int, Channel] = field(default_factory=dict)
    calls: list[tuple[str, str, Json]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    closed_to: set[int] = field(default_factory=set)  # who takes no direct messages
    nonces: dict[tuple[int, str], Json] = field(default_factory=dict)
    page_max: int = 100
    token: str = BOT_TOKEN
    hold: dict[str, asyncio.Event] = field(default_factory=dict)  # routes whose requests wait
    held: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def id(self) -> int:
        """A new snowflake, greater than all before it."""
        self._last = max(getattr(self, "_last", 0) + 1, int(datetime.now(UTC).timestamp() * 1000) - EPOCH << 22)
        return self._last

    # --- what people do ---

    def say(self, channel_id: int, user_id: int, text: str, **more: Any) -> Json:
        """A message of somebody's; it wakes an archived thread."""
        channel = self.channels[channel_id]
        channel.archived_at = None
        return self.put(channel, user_id, {"content": text, **more})

    def put(self, channel: Channel, user_id: int, said: Json) -> Json:
        made = {
            "id": str(self.id()), "channel_id": str(channel.id), "author": user(user_id), "content": "", "type": 0,
            "flags": 0, "components": [], "reactions": {}, "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None, "mentions": [], "embeds": [], "attachments": [], **said,
        }  # fmt: skip
        channel.messages[int(made["id"])] = made
        return made

    def thread(self, channel_id: int, message_id: int, user_id: int, name: str = "Talk") -> Channel:
        """A thread started from a message."""
        made = Channel(message_id, 11, name, parent=channel_id, owner=user_id)
        self.channels[message_id] = made
        message = self.channels[channel_id].messages[message_id]
        message["flags"] |= 1 << 5
        self.put(made, user_id, {"type": 21})
        return made

    def react(self, message: Json, user_id: int, emoji: str, *, burst: bool = False) -> None:
        message["reactions"].setdefault(emoji, ([], []))[burst].append(user_id)

    def unreact(self, message: Json, user_id: int, emoji: str) -> None:
        message["reactions"][emoji][0].remove(user_id)

    def delete(self, channel_id: int, message_id: int) -> None:
        self.channels[channel_id].messages.pop(message_id)

    def archive(self, thread_id: int) -> None:
        self.channels[thread_id].archived_at = datetime.now(UTC)

    def all_messages(self) -> list[Json]:
        """What somebody has written anywhere, oldest first."""
        found = [one for channel in self.channels.values() for one in channel.messages.values() if one["type"] == 0]
        return sorted(found, key=lambda message: int(message["id"]))

    # --- serving ---

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else {}
        for method, pattern, route, work in ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                self.calls.append((method, route, body))
                given = {name: int(value) for name, value in found.groupdict().items() if name != "emoji"}
                ask = Ask(self, body, dict(request.query), given, found.groupdict().get("emoji", ""))
                return await self._answer(request, route, lambda: work(ask))  # noqa: B023
        return _json({"code": 0, "message": "404: Not Found"}, status=404)

    async def _answer(self, request: web.Request, route: str, work: Callable[[], Any]) -> web.StreamResponse:
        fault = next((one for one in self.faults if (one.method, one.route) == (request.method, route)), None)
        if fault is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.faults.remove(fault)
        if route in self.hold and request.method == "POST":
            self.held.set()
            await self.hold[route].wait()
        kind = fault.kind if fault else ""
        if kind == "429":
            assert fault is not None
            told = {"message": "slow", "retry_after": fault.retry_after, "global": False}
            return _json(told, status=429, headers={"Via": "1.1 x", "Retry-After": str(fault.retry_after)})
        if kind.endswith("before"):
            return _broken(request, kind)
        if request.headers.get("Authorization") != f"Bot {self.token}":
            return Refusal(401, 0).answer
        try:
            done = work()
        except Refusal as refusal:
            return refusal.answer
        if kind.endswith("after"):
            return _broken(request, kind)
        if kind == "half":
            return web.Response(body=b'{"id": "1', headers={"Content-Type": "application/json"})
        return web.Response(status=204) if done is None else _json(done)


def _broken(request: web.Request, kind: str) -> web.Response:
    if kind.startswith("lost"):
        assert request.transport is not None
        request.transport.abort()
        return web.Response()
    return _json({"code": 0, "message": "fault"}, status=int(kind[:3]))


@dataclass
class Ask:
    """One request."""

    server: SmallDiscord
    body: Json
    query: dict[str, str]
    given: dict[str, int]
    emoji: str

    def channel(self, *needed: int) -> Channel:
        """The channel asked about, if the bot may do this there."""
        found = self.server.channels.get(self.given["c"])
        if found is None:
            raise Refusal(404, 10003)
        may = self.may(found)
        if found.type != 1 and not may & VIEW:
            raise Refusal(403, 50001)
        if found.type != 1 and any(not may & one for one in needed):
            raise Refusal(403, 50013)
        return found

    def may(self, channel: Channel) -> int:
        where = self.server.channels[channel.parent] if channel.is_thread and channel.parent else channel
        return self.server.granted & ~where.denied

    def message(self, *needed: int) -> Json:
        found = self.channel(*needed).messages.get(self.given["m"])
        if found is None:
            raise Refusal(404, 10008)
        return found

    def own_message(self) -> Json:
        channel, message = self.channel(), self.message()
        if message["author"]["id"] != str(BOT):
            raise Refusal(403, 50005)
        if channel.archived_at:
            raise Refusal(400, 50083)
        return message


def user(user_id: int) -> Json:
    made = {"id": str(user_id), "username": f"u{user_id}", "discriminator": "0", "avatar": None, "global_name": None}
    return made | ({"bot": True} if user_id in (BOT, ROBOT) else {})


def _shown(server: SmallDiscord, message: Json) -> Json:
    made = {name: value for name, value in message.items() if name != "allowed_mentions"}
    made["reactions"] = [
        {
            "emoji": _emoji(emoji), "count": len(normal) + len(burst), "me": False, "me_burst": False,
            "burst_colors": [], "count_details": {"normal": len(normal), "burst": len(burst)},
        }
        for emoji, (normal, burst) in message["reactions"].items() if normal or burst
    ]  # fmt: skip
    thread = server.channels.get(int(message["id"]))
    if message["flags"] & 1 << 5 and thread is not None:
        made["thread"] = _channel(thread)
    return made


def _emoji(text: str) -> Json:
    name, _, number = text.partition(":")
    return {"name": name, "id": number or None}


def _channel(channel: Channel) -> Json:
    made: Json = {"id": str(channel.id), "type": channel.type, "name": channel.name, "flags": channel.flags}
    if channel.type != 1:
        made["guild_id"] = str(GUILD)
    if channel.is_thread:
        end = (channel.archived_at or datetime.now(UTC)).isoformat()
        state = {"archived": bool(channel.archived_at), "locked": channel.locked, "archive_timestamp": end}
        made |= {"parent_id": str(channel.parent), "owner_id": str(channel.owner), "applied_tags": channel.applied_tags}
        made |= {"thread_metadata": state | {"auto_archive_duration": 10080}, "message_count": 0, "member_count": 1}
    elif channel.type != 1:
        denied = {"id": str(BOT), "type": 1, "allow": "0", "deny": str(channel.denied)}
        made |= {"permission_overwrites": [denied], "available_tags": channel.available_tags}
    return made


# --- the rules of messages ---


def check_message(said: Json) -> None:
    """Refuse what Discord refuses of messages of components."""
    found, ids = list(_components(said.get("components") or [])), []
    texts = [one["content"] for one in found if one["type"] == 10]
    customs = [one["custom_id"] for one in found if one.get("custom_id")]
    ids = [one["id"] for one in found if one.get("id")]
    wrong = (
        not said.get("flags", 0) & 1 << 15
        or said.get("content") or said.get("embeds") or "tts" in said
        or not 0 < len(found) <= 40
        or not texts or not all(texts) or sum(map(len, texts)) > 4_000
        or len(set(ids)) < len(ids) or any(not 0 < one < 1 << 31 for one in ids)
        or len(set(customs)) < len(customs) or any(len(one) > 100 for one in customs)
        or any(len(one.get("label") or "") > 80 for one in found)
        or said.get("allowed_mentions", {}).get("parse") != []
    )  # fmt: skip
    if wrong:
        raise Refusal(400, 50035, errors={})


def _components(some: list[Json]) -> Iterator[Json]:
    for one in some:
        yield one
        yield from _components(one.get("components") or [])


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        raise Refusal(400, 50035)


# --- routes ---


def me(_: Ask) -> Json:
    return user(BOT)


def application(_: Ask) -> Json:
    return {
        "id": str(BOT), "name": "Paperboy", "icon": None, "description": "", "bot_public": True, "summary": "",
        "bot_require_code_grant": False, "verify_key": "x", "flags": 0, "owner": user(OWNER), "team": None,
    }  # fmt: skip


def open_direct(ask: Ask) -> Json:
    person = int(ask.body["recipient_id"])
    if person not in (ADA, BEN, OWNER):
        raise Refusal(400, 50033)
    found = ask.server.channels.setdefault(5000 + person, Channel(5000 + person, 1))
    return _channel(found)


def guild(ask: Ask) -> Json:
    everybody = {"id": str(GUILD), "name": "@everyone", "permissions": "0"}
    role = {"id": "77", "name": "Paperboy", "permissions": str(ask.server.granted)}
    return {"id": str(GUILD), "name": "acme", "owner_id": str(OWNER), "roles": [everybody, role]}


def member(ask: Ask) -> Json:
    return {"user": user(ask.given["m"]), "roles": ["77"] if ask.given["m"] == BOT else []}


def active_threads(ask: Ask) -> Json:
    found = [one for one in ask.server.channels.values() if one.is_thread and not one.archived_at]
    return {"threads": [_channel(one) for one in found], "members": []}


def archived_threads(ask: Ask) -> Json:
    parent = ask.channel(HISTORY).id
    found = [one for one in ask.server.channels.values() if one.parent == parent and one.archived_at]
    before = datetime.fromisoformat(ask.query["before"]) if "before" in ask.query else datetime.max.replace(tzinfo=UTC)
    found = [one for one in found if one.archived_at and one.archived_at < before]
    found.sort(key=lambda one: one.archived_at or before, reverse=True)
    most = min(int(ask.query["limit"]), ask.server.page_max)
    return {"threads": [_channel(one) for one in found[:most]], "members": [], "has_more": len(found) > most}


def get_channel(ask: Ask) -> Json:
    return _channel(ask.channel())


def patch_channel(ask: Ask) -> Json:
    channel = ask.channel()
    if channel.is_thread:
        _patch_thread(ask, channel)
    else:
        channel = ask.channel(MANAGE_CHANNELS)
        tags = ask.body["available_tags"]
        names = [tag["name"] for tag in tags]
        if len(tags) > 20 or len(set(names)) < len(names) or any(not 0 < len(name) <= 20 for name in names):
            raise Refusal(400, 50035)
        new = {"moderated": False, "emoji_id": None, "emoji_name": None}
        channel.available_tags = [{"id": str(ask.server.id()), **new, **tag} for tag in tags]
    return _channel(channel)


def _patch_thread(ask: Ask, channel: Channel) -> None:
    if channel.owner != BOT and not ask.may(channel) & MANAGE_THREADS:
        raise Refusal(403, 50013)
    if channel.archived_at and ask.body.get("archived") is not False:
        raise Refusal(400, 50083)
    if "archived" in ask.body:
        channel.archived_at = datetime.now(UTC) if ask.body["archived"] else None
    if "name" in ask.body:
        _check_name(ask.body["name"])
        channel.name = ask.body["name"]
    if "applied_tags" in ask.body:
        channel.applied_tags = _tags(ask.server.channels[channel.parent or 0], ask.body["applied_tags"])


def _tags(forum: Channel, wanted: list[str]) -> list[str]:
    known = {tag["id"] for tag in forum.available_tags}
    if len(wanted) > 5 or not set(wanted) <= known:
        raise Refusal(400, 50035)
    if forum.flags & 1 << 4 and not wanted:
        raise Refusal(400, 40067)
    return list(wanted)


def delete_channel(ask: Ask) -> Json:
    channel = ask.channel(MANAGE_THREADS)
    assert channel.is_thread
    del ask.server.channels[channel.id]
    parent = ask.server.channels[channel.parent or 0]
    if channel.id in parent.messages:
        parent.messages[channel.id]["flags"] &= ~(1 << 5)
    return _channel(channel)


def list_messages(ask: Ask) -> list[Json]:
    channel = ask.channel()
    if channel.type != 1 and not ask.may(channel) & HISTORY:
        return []
    found = [one for one in channel.messages.values() if int(one["id"]) > int(ask.query["after"])]
    found = found[: min(int(ask.query["limit"]), 100)]
    return [_shown(ask.server, one) for one in reversed(found)]


def post_message(ask: Ask) -> Json:
    channel = ask.channel()
    if channel.type in (15, 16):
        raise Refusal(400, 50008)
    ask.channel(SEND_IN_THREADS if channel.is_thread else SEND)
    if channel.locked:
        raise Refusal(403, 160005)
    if channel.type == 1 and channel.id - 5000 in ask.server.closed_to:
        raise Refusal(403, 50007)
    check_message(ask.body)
    said, nonce = dict(ask.body), ask.body.get("nonce")
    if nonce is not None and (len(nonce) > 25 or not said.pop("enforce_nonce", False)):
        raise Refusal(400, 50035)
    if nonce is not None and (channel.id, nonce) in ask.server.nonces:
        return _shown(ask.server, ask.server.nonces[channel.id, nonce])
    channel.archived_at = None
    made = ask.server.put(channel, BOT, said)
    if nonce is not None:
        ask.server.nonces[channel.id, nonce] = made
        answer = _shown(ask.server, made)
        made.pop("nonce")
        return answer
    return _shown(ask.server, made)


def get_message(ask: Ask) -> Json:
    return _shown(ask.server, ask.message(HISTORY))


def patch_message(ask: Ask) -> Json:
    message = ask.own_message()
    check_message(ask.body)
    message |= ask.body | {"edited_timestamp": datetime.now(UTC).isoformat()}
    message["flags"] |= 1 << 5 if int(message["id"]) in ask.server.channels else 0
    return _shown(ask.server, message)


def delete_message(ask: Ask) -> None:
    ask.own_message()
    del ask.channel().messages[ask.given["m"]]


def get_reactions(ask: Ask) -> list[Json]:
    everybody = ask.message(HISTORY)["reactions"].get(ask.emoji, ([], []))[int(ask.query["type"])]
    after = int(ask.query.get("after", 0))
    found = sorted(one for one in everybody if one > after)
    return [user(one) for one in found[: min(int(ask.query["limit"]), 100)]]


def start_thread(ask: Ask) -> Json:
    channel, message = ask.channel(START_THREADS), ask.message()
    _check_name(ask.body["name"])
    if int(message["id"]) in ask.server.channels:
        raise Refusal(400, 160004)
    return _channel(ask.server.thread(channel.id, int(message["id"]), BOT, ask.body["name"]))


def post_forum(ask: Ask) -> Json:
    channel = ask.channel(SEND)
    if channel.type not in (15, 16):
        raise Refusal(400, 50024)
    _check_name(ask.body["name"])
    check_message(ask.body["message"])
    tags = _tags(channel, ask.body["applied_tags"])
    thread_id = ask.server.id()
    made = Channel(thread_id, 11, ask.body["name"], parent=channel.id, owner=BOT, applied_tags=tags)
    ask.server.channels[thread_id] = made
    first = ask.server.put(made, BOT, ask.body["message"] | {"id": str(thread_id)})
    return _channel(made) | {"message": _shown(ask.server, first)}


def _route(method: str, template: str, work: Callable[[Ask], Any]) -> tuple[str, str, str, Callable[[Ask], Any]]:
    pattern = template.replace("{emoji}", "(?P<emoji>[^/]+)")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[0-9]+)", pattern)
    return method, "/api/v10" + pattern, template, work


ROUTES = [
    _route("GET", "/users/@me", me),
    _route("GET", "/oauth2/applications/@me", application),
    _route("POST", "/users/@me/channels", open_direct),
    _route("GET", "/guilds/{g}", guild),
    _route("GET", "/guilds/{g}/members/{m}", member),
    _route("GET", "/guilds/{g}/threads/active", active_threads),
    _route("GET", "/channels/{c}/threads/archived/public", archived_threads),
    _route("GET", "/channels/{c}", get_channel),
    _route("PATCH", "/channels/{c}", patch_channel),
    _route("DELETE", "/channels/{c}", delete_channel),
    _route("GET", "/channels/{c}/messages", list_messages),
    _route("POST", "/channels/{c}/messages", post_message),
    _route("GET", "/channels/{c}/messages/{m}", get_message),
    _route("PATCH", "/channels/{c}/messages/{m}", patch_message),
    _route("DELETE", "/channels/{c}/messages/{m}", delete_message),
    _route("GET", "/channels/{c}/messages/{m}/reactions/{emoji}", get_reactions),
    _route("POST", "/channels/{c}/messages/{m}/threads", start_thread),
    _route("POST", "/channels/{c}/threads", post_forum),
]


@asynccontextmanager
async def small_discord() -> AsyncIterator[SmallDiscord]:
    """A server with a text channel, a forum, another text channel and an announcement channel."""
    server = SmallDiscord()
    for channel_id, kind, name in ((PAPERS, 0, "papers"), (FORUM, 15, "forum"), (OTHER, 0, "other"), (NEWS, 5, "news")):
        server.channels[channel_id] = Channel(channel_id, kind, name)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    before = library.http.Route.BASE
    try:
        yield server
    finally:
        library.http.Route.BASE = before
        await runner.cleanup()
