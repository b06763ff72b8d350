"""A courier on the loopback Discord, and what its tests ask again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.clock import SystemClock
from bot.core.digests import Content, EntryContent, MessageRef, Post, PostKind, PostState
from bot.core.entries import Entry
from bot.core.people import Language, Person
from bot.core.ports import Clock
from bot.core.subscriptions import Channel
from bot.discord.api import Api
from bot.discord.client import PaperboyClient
from bot.discord.courier import DiscordCourier
from bot.discord.labels import Payload, carries, part_key
from bot.discord.people import PLATFORM
from bot.discord.permissions import permissions
from bot.discord.reading import texts_of
from bot.settings import DiscordSettings
from tests.platforms.discord import Acme, DiscordServer, discord_server, furnish, world
from tests.platforms.discord import Person as Somebody
from tests.platforms.discord.calls import Call
from tests.platforms.discord.faults import ERROR_AFTER, ERROR_BEFORE, HALF, LOST_AFTER, LOST_BEFORE, PAGE

KEY = "1/2024-06-21/a"
MESSAGES = "/channels/{channel_id}/messages"
ONE_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
NEW_THREAD = "/channels/{channel_id}/messages/{message_id}/threads"
NEW_POST = "/channels/{channel_id}/threads"
ONE_CHANNEL = "/channels/{channel_id}"

LOST = (LOST_BEFORE, "500 before", "503 before")
"""What goes wrong before anything was done, for `Office.breaks`."""
ARRIVED = (LOST_AFTER, "500 after", "503 after", HALF, PAGE)
"""What goes wrong once it was done."""


@dataclass
class ToldClock:
    """A clock that stands still until it is told otherwise; it begins with the machine's time, as Discord's does."""

    moment: datetime

    def now(self) -> datetime:
        """See the port."""
        return self.moment

    def pass_time(self, **amount: float) -> None:
        """Move it on, by `seconds=` and the like."""
        self.moment += timedelta(**amount)


def paper(title: str = "Paper", *, paragraphs: int = 1, **more: Any) -> Entry:
    """An entry whose commentary has so many paragraphs of 400 characters or so."""
    text = "\n\n".join(f"{title}, paragraph {number}. " + "A word and another. " * 20 for number in range(paragraphs))
    return Entry(id=f"id-{title}"[:40], title=title, commentary_en=text, **more)


LONG = 22
"""Paragraphs that need three messages."""


def card(title: str = "Paper", **more: Any) -> EntryContent:
    """The card of such an entry."""
    return EntryContent(paper(title, **more))


def post_of(post_id: int, message_id: str, channel: Channel, *, thread: str | None = None) -> Post:
    """A sent post as the ledger hands it out."""
    return Post(
        id=post_id,
        delivery_id=1,
        subscription_id=1,
        channel=channel,
        language=Language.ENGLISH,
        digest_date=date(2024, 6, 21),
        key=f"key-{post_id}",
        kind=PostKind.ENTRY,
        entry_id="e",
        entry_change=None,
        late=False,
        in_thread=thread is not None,
        note=None,
        state=PostState.SENT,
        change=None,
        message_id=message_id,
        thread_id=thread,
        revision=1,
        attempts=1,
        tried_at=None,
        next_attempt_at=None,
        sent_at=datetime(2024, 6, 21, tzinfo=UTC),
        reason=None,
    )


def letters(text: str) -> str:
    """A text without its white space, and without the backslashes of Markdown."""
    return "".join(text.split()).replace("\\", "")


def said(message: world.Message) -> str:
    """What a message says, a line for each of its texts."""
    return "\n".join(texts_of(shown(message))) or message.content


def shown(message: world.Message) -> Payload:
    """Of a message what its label stands in, as Discord tells it later: without a nonce."""
    return {"components": message.components}


class Office:
    """A courier on the loopback Discord. `channel` is where it posts when a test does not say otherwise.

    On its server it holds exactly the permissions that its invite link asks for. `ada` and `ben` are people there, and
    `owner` runs it.
    """

    def __init__(self, server: DiscordServer, acme: Acme) -> None:
        self.server = server
        self.acme = acme
        self.begun = datetime.now(UTC)
        self.ada: Somebody = server.person(acme.guest)
        self.ben: Somebody = server.person(acme.reader)
        self.robot: Somebody = server.person(acme.robot)
        self.owner: Somebody = server.person(acme.owner)
        self.papers, self.forum = self.as_channel(acme.papers), self.as_channel(acme.forum)
        self.lounge = self.as_channel(acme.lounge)
        self.channel = self.papers
        self.clients: list[PaperboyClient] = []
        self.courier = self.start()

    def start(self, *, clock: Clock | None = None, url: str | None = None, token: str | None = None) -> DiscordCourier:
        """A courier that remembers nothing, as after a restart."""
        token = token or self.server.state.application.token
        client = PaperboyClient(DiscordSettings(token=token, api_url=url or self.server.url))
        self.clients.append(client)
        return DiscordCourier(Api(client, token, clock or SystemClock()))

    async def close(self) -> None:
        """End the couriers' connections."""
        for client in self.clients:
            await client.http.close()

    # --- the courier ----------------------------------------------------------------------------------------------

    async def send(
        self,
        content: Content | None = None,
        *,
        key: str = KEY,
        thread: str | None = None,
        channel: Channel | None = None,
        language: Language = Language.ENGLISH,
    ) -> str:
        """Post something, a card where nothing is said."""
        return await self.courier.send(
            channel or self.channel, content or card(), key=key, language=language, thread_id=thread
        )

    async def edit(self, message_id: str, content: Content) -> None:
        """Show something else."""
        await self.courier.edit(MessageRef(self.channel, message_id), content, language=Language.ENGLISH)

    async def withdraw(self, message_id: str) -> None:
        """Take a post back."""
        await self.courier.withdraw(MessageRef(self.channel, message_id))

    async def find(self, key: str = KEY, *, thread: str | None = None) -> str | None:
        """Where the post with a key is."""
        return await self.courier.find(self.channel, key, thread_id=thread, since=self.begun)

    # --- what goes on around it -----------------------------------------------------------------------------------

    def as_channel(self, channel: world.Channel) -> Channel:
        """A channel as the core knows it."""
        return Channel(PLATFORM, str(self.acme.guild.id), str(channel.id))

    def as_person(self, somebody: Somebody) -> Person:
        """Somebody as the core knows them."""
        return Person(PLATFORM, str(self.acme.guild.id), str(somebody.user.id))

    @property
    def sora(self) -> Person:
        """Ada, as the core knows her."""
        return self.as_person(self.ada)

    @property
    def here(self) -> world.Channel:
        """The channel."""
        return self.acme.guild.channels[int(self.channel.id)]

    async def deny(self, *bits: int) -> None:
        """Deny Paperboy these permissions in its channel, and no others any more."""
        await self.owner.allow(self.here, self.server.state.application.bot, deny=sum(bits))

    def breaks(self, kind: str, *, method: str = "POST", route: str = MESSAGES) -> None:
        """Have the next request to a route go wrong: one of `LOST` or `ARRIVED`."""
        status, _, when = kind.partition(" ")
        if status.isdecimal():
            named = ERROR_BEFORE if when == "before" else ERROR_AFTER
            self.server.faults.add(named, method, route, status=int(status))
        else:
            self.server.faults.add(kind, method, route)

    # --- what is there --------------------------------------------------------------------------------------------

    def messages(self) -> list[world.Message]:
        """All that somebody has written anywhere, oldest first."""
        found = [
            one
            for channel in self.server.state.channels()
            for one in channel.messages.values()
            if one.kind in (0, world.REPLY)
        ]
        return sorted(found, key=lambda message: message.id)

    def message(self, message_id: str) -> world.Message:
        """The message that the ledger calls so."""
        return next(one for one in self.messages() if one.id == int(message_id.rpartition("/")[2]))

    def threads(self) -> list[world.Channel]:
        """All threads and forum posts."""
        return self.acme.guild.threads()

    def thread(self, message_id: str) -> world.Channel:
        """The thread of a post, by what the ledger calls the post."""
        return self.acme.guild.channels[int(message_id.split("/", maxsplit=1)[0])]

    def place(self, message: world.Message) -> str:
        """A message as the ledger calls it."""
        where = str(message.channel_id)
        return str(message.id) if where == self.channel.id else f"{where}/{message.id}"

    def parts(self, message_id: str) -> list[int]:
        """Which parts continue a post, in the order in which they stand there."""
        key = part_key(int(message_id.rpartition("/")[2]))
        own = [one for one in self.messages() if one.author is self.server.state.application.bot]
        return [part for message in own for part in range(1, 60) if carries(shown(message), key, part)]

    def shown(self, message_id: str) -> str:
        """What a post says in all its messages, in the order in which they stand there, without white space."""
        own_id = int(message_id.rpartition("/")[2])
        key = part_key(own_id)
        found = [
            message
            for message in self.messages()
            if message.id == own_id or any(carries(shown(message), key, part) for part in range(1, 60))
        ]
        return letters("\n".join(map(said, found)))

    def calls(self) -> list[str]:
        """The requests so far, as `METHOD route`, without the log-in."""
        return [f"{call.method} {call.route}" for call in self.server.requests if "@me" not in call.route]

    def check(self) -> None:
        """Every request was one that Discord describes, within what the link asks for; every post pings nobody."""
        assert self.server.violations == [], "\n".join(self.server.violations)
        assert not self.server.needed & ~permissions().value
        for call in self.server.requests:
            _check_post(call)


def _check_post(call: Call) -> None:
    """What holds of every message of Paperboy beyond what Discord asks of messages."""
    is_message = (call.method, call.route) in (("POST", MESSAGES), ("PATCH", ONE_MESSAGE))
    if not is_message and (call.method, call.route) != ("POST", NEW_POST):
        return
    message = call.body if is_message else call.body["message"]
    assert message["flags"] & world.COMPONENTS_V2
    assert message["allowed_mentions"]["parse"] == []
    assert not {"content", "embeds", "tts"} & message.keys()
    assert all(texts_of(message))
    assert any(texts_of(message))
    assert ("nonce" in message) == bool(message.get("enforce_nonce"))


@asynccontextmanager
async def an_office() -> AsyncIterator[Office]:
    """A courier in the usual server, whose requests and posts are checked at the end."""
    async with discord_server() as server:
        office = Office(server, furnish(server, bits=permissions().value))
        try:
            yield office
        finally:
            await office.close()
        office.check()
