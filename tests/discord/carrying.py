"""A courier on the small Discord, and what its tests ask again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.clock import SystemClock
from bot.core.digests import Content, EntryContent, MessageRef, Post, PostKind, PostState
from bot.core.entries import Entry
from bot.core.people import Language
from bot.core.ports import Clock
from bot.core.subscriptions import Channel
from bot.discord.api import Api
from bot.discord.client import PaperboyClient
from bot.discord.courier import DiscordCourier
from bot.discord.labels import carries, part_key
from bot.discord.reading import texts_of
from bot.settings import DiscordSettings
from tests.discord import small_discord as small
from tests.discord.small_discord import BOT, BOT_TOKEN, Json, SmallDiscord

PAPERS = Channel("discord", str(small.GUILD), str(small.PAPERS))
FORUM = Channel("discord", str(small.GUILD), str(small.FORUM))
KEY = "1/2024-06-21/a"


@dataclass
class ToldClock:
    """A clock that stands still until it is told otherwise; it begins with the machine's time, as Discord's does."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, **amount: float) -> None:
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


def post_of(post_id: int, message_id: str, *, thread: str | None = None, channel: Channel = PAPERS) -> Post:
    """A sent post as the ledger hands it out."""
    return Post(
        id=post_id,
        delivery_id=1,
        subscription_id=1,
        channel=channel,
        digest_date=date(2024, 6, 21),
        key=f"key-{post_id}",
        kind=PostKind.ENTRY,
        entry_id="e",
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


def said(message: Json) -> str:
    """What a message says, a line for each of its texts."""
    return "\n".join(texts_of(message)) or str(message.get("content"))


class Office:
    """A courier on a small Discord. `channel` is where it posts when a test does not say otherwise."""

    def __init__(self, server: SmallDiscord) -> None:
        self.server = server
        self.begun = datetime.now(UTC)
        self.channel = PAPERS
        self.clients: list[PaperboyClient] = []
        self.courier = self.start()

    def start(self, *, clock: Clock | None = None, url: str | None = None, token: str = BOT_TOKEN) -> DiscordCourier:
        """A courier that remembers nothing, as after a restart."""
        client = PaperboyClient(DiscordSettings(token=token, api_url=url or self.server.url))
        self.clients.append(client)
        return DiscordCourier(Api(client, token, clock or SystemClock()))

    async def close(self) -> None:
        for client in self.clients:
            await client.http.close()

    async def send(
        self,
        content: Content | None = None,
        *,
        key: str = KEY,
        thread: str | None = None,
        channel: Channel | None = None,
        language: Language = Language.ENGLISH,
    ) -> str:
        return await self.courier.send(
            channel or self.channel, content or card(), key=key, language=language, thread_id=thread
        )

    async def edit(self, message_id: str, content: Content) -> None:
        await self.courier.edit(MessageRef(self.channel, message_id), content, language=Language.ENGLISH)

    async def withdraw(self, message_id: str) -> None:
        await self.courier.withdraw(MessageRef(self.channel, message_id))

    async def find(self, key: str = KEY, *, thread: str | None = None) -> str | None:
        return await self.courier.find(self.channel, key, thread_id=thread, since=self.begun)

    @property
    def here(self) -> small.Channel:
        """The channel."""
        return self.server.channels[int(self.channel.id)]

    def messages(self) -> list[Json]:
        """All that stands anywhere, oldest first."""
        return self.server.all_messages()

    def place(self, message: Json) -> str:
        """A message as the ledger calls it."""
        where, own = message["channel_id"], message["id"]
        return own if where == self.channel.id else f"{where}/{own}"

    def parts(self, message_id: str) -> list[int]:
        """Which parts continue a post, in the order in which they stand there."""
        key = part_key(int(message_id.rpartition("/")[2]))
        own = [message for message in self.messages() if message["author"]["id"] == str(BOT)]
        return [part for message in own for part in range(1, 60) if carries(message, key, part)]

    def shown(self, message_id: str) -> str:
        """What a post says in all its messages, in the order in which they stand there, without white space."""
        own_id = message_id.rpartition("/")[2]
        key = part_key(int(own_id))
        found = [
            message
            for message in self.messages()
            if message["id"] == own_id or any(carries(message, key, part) for part in range(1, 60))
        ]
        return letters("\n".join(map(said, found)))

    def calls(self) -> list[str]:
        """The requests so far, as `METHOD route`, without the log-in."""
        return [f"{method} {route}" for method, route, _ in self.server.calls if "@me" not in route]


@asynccontextmanager
async def an_office() -> AsyncIterator[Office]:
    """A courier in the usual server."""
    async with small.small_discord() as server:
        office = Office(server)
        try:
            yield office
        finally:
            await office.close()
