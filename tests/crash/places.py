"""The platforms: loopback servers in this process, with channels for every layout, bad weather, and a reader's eyes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Protocol

from bot.core.people import Language, Person
from bot.core.subscriptions import Channel, Layout
from bot.discord.permissions import permissions
from bot.slack.manifest import manifest
from tests.discord.saying import text_of
from tests.platforms.discord import DiscordServer, discord_server
from tests.platforms.discord import faults as discord_faults
from tests.platforms.discord import furnish as furnish_guild
from tests.platforms.discord.world import Channel as Room
from tests.platforms.slack import Acme, SlackServer, furnish, slack_server, visible_text

_LATE = (0.05, 1.5)
"""Seconds by which an answer is late."""


@dataclass(frozen=True)
class Seat:
    """A channel, and how digests are laid out there."""

    channel: Channel
    layout: Layout


class Place(Protocol):
    """A platform."""

    operator: Person
    long: int
    """Paragraphs of a text that goes on in two more messages."""

    @property
    def seats(self) -> Sequence[Seat]:
        """Its channels."""
        ...

    def environment(self) -> dict[str, str]:
        """What an operator sets."""
        ...

    def count(self) -> int:
        """How many requests have changed something, or looked a post up."""
        ...

    def squall(self, chance: Random) -> None:
        """Something goes wrong with one of the next requests."""
        ...

    def calm(self) -> None:
        """All goes right from now on."""
        ...

    def pass_time(self, time: timedelta) -> None:
        """What is remembered for minutes only is forgotten."""
        ...

    def shown(self, seat: Seat) -> Iterator[str]:
        """The messages of a channel as they are read: each with its thread below it."""
        ...

    def clear(self) -> None:
        """Take away all that stands in the channels."""
        ...

    def complaints(self) -> list[str]:
        """What the platform let pass, and should not have been asked for."""
        ...


class SlackPlace:
    """A workspace."""

    long = 45

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        acme: Acme = furnish(server, manifest(http_url=None, language=Language.ENGLISH, many=False))
        self._acme = acme
        bot = acme.installation.bot_user
        layouts = {"C11": Layout.CARDS, "C12": Layout.COMPACT, "C13": Layout.CARDS, "C14": Layout.COMPACT}
        self._rooms = {name: acme.workspace.add_channel(name, name.lower(), {bot}) for name in layouts}
        self.seats = [Seat(Channel("slack", "T1", name), layout) for name, layout in layouts.items()]
        self.operator = Person("slack", "T1", acme.admin.id)
        self._late: set[asyncio.Task[None]] = set()

    def environment(self) -> dict[str, str]:
        token = self._acme.app.app_token
        assert token is not None
        return {"SLACK_BOT_TOKEN": self._acme.token, "SLACK_APP_TOKEN": token, "SLACK_API_URL": self._server.api_url}

    def count(self) -> int:
        looked = "conversations.history"
        return sum(call.method.startswith("chat.") or call.method == looked for call in self._server.calls)

    def squall(self, chance: Random) -> None:
        method = chance.choices(
            ["chat.postMessage", "chat.update", "chat.delete", "conversations.history", "conversations.replies"],
            [12, 2, 1, 1, 1],
        )[0]
        faults = self._server.faults
        kind = chance.choices(["drop", "500", "half", "late", "429", "nothing"], [4, 4, 1, 3, 2, 1])[0]
        match kind:
            case "drop":
                faults.drop_after(method)
            case "500":
                faults.error_after(method, status=chance.choice([500, 502, 503]))
            case "half":
                faults.malformed(method)
            case "late":
                self._hold(method, chance.uniform(*_LATE))
            case "429":
                self._server.limit(method, "T1", retry_after=1)
            case _:
                faults.drop_before(method)

    def _hold(self, method: str, seconds: float) -> None:
        hold = self._server.faults.hold(method)
        task = asyncio.create_task(_after(seconds, hold.release))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def calm(self) -> None:
        self._server.faults.clear()
        self._server.rates = type(self._server.rates)()

    def pass_time(self, time: timedelta) -> None:
        self._server.clock.advance(time.total_seconds())

    def shown(self, seat: Seat) -> Iterator[str]:
        room = self._rooms[seat.channel.id]
        for message in room.top_level():
            yield visible_text(message)
            yield from map(visible_text, room.replies(message.ts))

    def clear(self) -> None:
        for room in self._rooms.values():
            room.messages.clear()
        self._server.calls.clear()
        self._server.events.deliveries.clear()

    def complaints(self) -> list[str]:
        return self._server.complaints


class DiscordPlace:
    """A server."""

    long = 22

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        acme = furnish_guild(server, bits=permissions().value)
        self._guild = acme.guild
        more = server.state.add_channel(acme.guild, "more-papers")
        layouts = {
            acme.papers.id: Layout.CARDS,
            acme.lounge.id: Layout.COMPACT,
            acme.forum.id: Layout.FORUM,
            more.id: Layout.CARDS,
        }
        guild = str(acme.guild.id)
        self.seats = [Seat(Channel("discord", guild, str(name)), layout) for name, layout in layouts.items()]
        self.operator = Person("discord", guild, str(acme.owner.id))
        self._late: set[asyncio.Task[None]] = set()

    def environment(self) -> dict[str, str]:
        return {
            "DISCORD_TOKEN": self._server.state.application.token,
            "DISCORD_API_URL": self._server.url,
            "DISCORD_GATEWAY_URL": self._server.gateway_url,
        }

    def count(self) -> int:
        return sum(
            call.route.startswith("/channels/{channel_id}") and call.method != "GET" for call in self._server.requests
        )

    def squall(self, chance: Random) -> None:
        method, route = chance.choices(
            [
                ("POST", "/channels/{channel_id}/messages"),
                ("POST", "/channels/{channel_id}/threads"),
                ("POST", "/channels/{channel_id}/messages/{message_id}/threads"),
                ("PATCH", "/channels/{channel_id}/messages/{message_id}"),
                ("DELETE", "/channels/{channel_id}/messages/{message_id}"),
                ("GET", "/channels/{channel_id}/messages"),
            ],
            [10, 4, 2, 2, 1, 1],
        )[0]
        kind = chance.choices(
            [
                discord_faults.LOST_AFTER,
                discord_faults.ERROR_AFTER,
                discord_faults.HALF,
                discord_faults.LATE,
                "429",
                discord_faults.LOST_BEFORE,
            ],
            [4, 4, 1, 3, 2, 1],
        )[0]
        if kind == "429":
            self._server.rates.refuse(method, route, chance.uniform(0.1, 1.0))
            return
        fault = self._server.faults.add(kind, method, route)
        if kind == discord_faults.LATE:
            task = asyncio.create_task(_after(chance.uniform(*_LATE), fault.released.set))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    def calm(self) -> None:
        self._server.faults.clear()
        self._server.rates.armed.clear()

    def pass_time(self, time: timedelta) -> None:
        self._server.clock.advance(time.total_seconds())

    def shown(self, seat: Seat) -> Iterator[str]:
        room = self._guild.channels[int(seat.channel.id)]
        for message in room.messages.values():
            if message.components:  # and is not Discord's own word that a thread has begun
                yield text_of(message)
            yield from self._below(self._guild.channels.get(message.id))
        if seat.layout is Layout.FORUM:
            posts = [one for one in self._guild.threads() if one.parent_id == room.id]
            for post in sorted(posts, key=lambda one: one.id):
                yield from self._below(post)

    def _below(self, thread: Room | None) -> Iterator[str]:
        """What is said in a thread, without the mark that it begins with."""
        said = thread.messages.values() if thread else ()
        yield from (text_of(message) for message in said if message.components)

    def clear(self) -> None:
        for thread in self._guild.threads():
            del self._guild.channels[thread.id]
        for seat in self.seats:
            self._guild.channels[int(seat.channel.id)].messages.clear()
        self._server.requests.clear()
        self._server.nonces.clear()
        self._server.gateway.forget_sessions()  # of the dead: they would be told of all that follows
        self._server.gateway.opened.clear()

    def complaints(self) -> list[str]:
        return self._server.violations


async def _after(seconds: float, work: Callable[[], None]) -> None:
    await asyncio.sleep(seconds)
    work()


@asynccontextmanager
async def slack_place() -> AsyncIterator[Place]:
    """A Slack."""
    async with slack_server() as server:
        yield SlackPlace(server)


@asynccontextmanager
async def discord_place() -> AsyncIterator[Place]:
    """A Discord."""
    async with discord_server() as server:
        yield DiscordPlace(server)


PLACES = {"slack": slack_place, "discord": discord_place}
