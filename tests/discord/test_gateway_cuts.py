"""A digest goes out and people react to it, while the connection to the gateway is cut again and again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.core.digests import Post
from bot.core.subscriptions import Layout
from bot.scheduler import DeliveryLoop, ReconcileLoop
from storage.opening import Storage
from tests.discord.clocks import ClockOf, hurry
from tests.discord.conftest import Served, eventually, serving
from tests.discord.posting import settled
from tests.discord.saying import text_of
from tests.platforms.discord import Acme, DiscordServer, Person
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import Channel, Message

CUTS = 50
ENTRIES = 20
EMOJIS = ("🎉", "👀", "wow:7")
LONG = "\n\n".join(f"Paragraph {number}. " + "A word and another. " * 20 for number in range(25))

Cut = Callable[["Storm"], Awaitable[None]]


# --- ways to lose a connection ----------------------------------------------------------------------------------------


async def abort(storm: Storm) -> None:
    """Without a word."""
    storm.gateway.cut()


async def close(storm: Storm) -> None:
    """With a code after which one comes back."""
    storm.gateway.close(storm.dice.choice((4000, 4001, 4002, 4003, 4005, 4008)))


async def asked_to_reconnect(storm: Storm) -> None:
    """As Discord does it when a machine is taken down."""
    storm.gateway.reconnect()


async def invalid(storm: Storm) -> None:
    """The session is no good, or no good any more."""
    storm.gateway.invalidate(resumable=storm.dice.random() < 0.5)


async def forgotten(storm: Storm) -> None:
    """The connection breaks, and nobody knows the session when it is asked for."""
    storm.gateway.forget_sessions()
    storm.gateway.cut()


async def timed_out(storm: Storm) -> None:
    """As after a long silence."""
    storm.gateway.close(storm.dice.choice((4007, 4009)))
    storm.gateway.forget_sessions()


async def twice(storm: Storm) -> None:
    """The way back breaks off as well."""
    storm.gateway.drops = 1
    storm.gateway.cut()


async def restarted(storm: Storm) -> None:
    """Nobody is there for a moment; then the first who comes back is dropped."""
    gateway = storm.gateway
    await gateway.connected()
    before = gateway.counts["turned away"]
    gateway.forget_sessions()
    gateway.is_down = True
    for connection in list(gateway.connections):
        connection.cut()
    await storm.served.server.until(lambda: gateway.counts["turned away"] > before)
    gateway.drops = 1
    gateway.is_down = False
    await gateway.connected()


WAYS: Sequence[Cut] = (abort, close, asked_to_reconnect, invalid, forgotten, timed_out, twice, restarted)


# --- the storm --------------------------------------------------------------------------------------------------------


@dataclass
class Storm:
    """People at their keyboards, and a connection that does not hold; all by one pair of dice."""

    served: Served
    dice: random.Random
    forum: Channel | None
    people: list[Person] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)
    ways: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Bring some more people in."""
        world, acme = self.served.server.state, self.served.acme
        for number in range(6):
            user = world.add_user(f"reader{number}")
            acme.guild.add_member(user)
            self.people.append(self.served.server.person(user))

    @property
    def gateway(self):  # type: ignore[no-untyped-def]
        """The server's."""
        return self.served.server.gateway

    async def cut(self) -> None:
        """Lose the connection in one way or another."""
        hurry(self.served.parts.client)
        way = self.dice.choice(WAYS)
        self.ways[way.__name__] += 1
        await way(self)

    async def act(self) -> None:
        """Somebody does something below a post, where that is possible just now."""
        posts = ours(self.served, self.forum)
        if posts:
            with suppress(NotPossible):
                await self.dice.choice((*[self._react] * 4, self._unreact, self._unreact, self._reply, self._delete))(
                    self.dice.choice(self.people), self.dice.choice(posts)
                )

    async def _react(self, who: Person, message: Message) -> None:
        await who.react(message, self.dice.choice(EMOJIS), burst=self.dice.random() < 0.2)

    async def _unreact(self, who: Person, message: Message) -> None:
        given = [(one.emoji, one.burst) for one in message.reactions for users in (one.normal, one.burst) if users]
        if given:
            emoji, burst = self.dice.choice(given)
            users = burst or next(one.normal for one in message.reactions if one.emoji == emoji)
            owner = self.served.server.person(self.dice.choice(users))
            await owner.unreact(message, emoji, burst=bool(burst))

    async def _reply(self, who: Person, message: Message) -> None:
        thread = self.served.server.state.channel(message.id) or await who.start_thread(message, "Talk")
        self.said.append(await who.write(thread, "Interesting!"))

    async def _delete(self, who: Person, message: Message) -> None:
        if self.said:
            gone = self.said.pop(self.dice.randrange(len(self.said)))
            await self.served.server.person(gone.author).delete(gone)


def ours(served: Served, forum: Channel | None) -> list[Message]:
    """The posts that are there: messages of the channel, or the first ones of the forum's threads, oldest first."""
    bot = served.server.state.application.bot
    if forum is None:
        found = list(served.acme.papers.messages.values())
    else:
        threads = [one for one in served.acme.guild.threads() if one.parent_id == forum.id]
        found = [one.messages[one.id] for one in threads if one.id in one.messages]
    return sorted((one for one in found if one.author is bot and one.kind == 0), key=lambda one: one.id)


@asynccontextmanager
async def at_work(served: Served) -> AsyncIterator[DeliveryLoop]:
    """What `bot.app` runs beside Discord."""
    couriers, clock = {"discord": served.parts.courier}, served.parts.desk.clock
    deliveries = DeliveryLoop(served.storage, couriers, clock)
    catching_up = ReconcileLoop(served.storage, couriers, clock, rest=timedelta(seconds=0.1), pauses=[0.05] * 200)
    served.told_of_missed.append(catching_up.missed)
    works = [asyncio.create_task(deliveries.run()), asyncio.create_task(catching_up.run())]
    try:
        yield deliveries
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


# --- what is so in the end --------------------------------------------------------------------------------------------

Counted = tuple[set[tuple[str, str]], set[str]]
"""Who has reacted with what, and which replies there are."""


def told(served: Served, message: Message) -> Counted:
    """What Discord itself knows of a post, and of what continues it."""
    state = served.server.state
    thread = state.channel(message.id) or Channel(0, 0)
    bot = state.application.bot
    parts = [message, *(one for one in thread.messages.values() if one.author is bot and one is not message)]
    given = {(str(user), one.emoji) for part in parts for one in part.reactions for user in (*one.normal, *one.burst)}
    return given, {str(one.id) for one in thread.messages.values() if one.author is not bot and one.kind in (0, 19)}


async def recorded(served: Served, posts: Sequence[Post]) -> list[Counted]:
    """The same as Paperboy has it."""
    seen = await served.storage.engagement.recorded([post.id for post in posts])
    return [
        (
            {(one.person.user_id, one.emoji) for one in seen[post.id].reactions},
            {one.message_id for one in seen[post.id].replies},
        )
        for post in posts
    ]


async def is_delivered(served: Served, deliveries: DeliveryLoop) -> bool:
    """Whether nothing waits to be sent any more; what was put off has come due."""
    served.server.clock.advance(600)
    deliveries.nudge()
    await asyncio.sleep(0.02)
    return not (await served.storage.ledger.backlog(served.parts.desk.clock.now())).posts


@pytest.mark.parametrize(("layout", "seed"), [(Layout.CARDS, 1), (Layout.CARDS, 2), (Layout.FORUM, 3)])
async def test_fifty_cuts_lose_nothing_and_double_nothing(
    discord: DiscordServer, acme: Acme, storage: Storage, layout: Layout, seed: int
) -> None:
    print(f"seed {seed}")  # noqa: T201 - to see it again
    forum = acme.forum if layout is Layout.FORUM else None
    sending = ("POST", "/channels/{channel_id}/threads" if forum else "/channels/{channel_id}/messages")
    discord.rates.policy(*sending, most=1, seconds=0.05)  # a digest takes a while
    async with serving(discord, acme, storage, clock=ClockOf(discord)) as served:
        storm = Storm(served, random.Random(seed), forum)
        for number in range(ENTRIES):
            await served.add(f"Entry {number:02}", commentary_en=LONG if number % 7 == 3 else "Short.")
        await served.subscribe(layout)
        async with at_work(served) as deliveries:
            deliveries.nudge()
            reached: list[int] = []
            while sum(storm.ways.values()) < CUTS:
                for _ in range(storm.dice.randrange(8)):
                    await storm.act()
                await storm.cut()
                reached.append(len(ours(served, forum)))
                discord.clock.advance(storm.dice.random())
                deliveries.nudge()
                for _ in range(storm.dice.randrange(8)):
                    await storm.act()
                if storm.dice.random() < 0.6:
                    await discord.gateway.connected()
                    await asyncio.sleep(storm.dice.random() * 0.03)
            await discord.gateway.connected()
            await eventually(lambda: is_delivered(served, deliveries), within=20)
            await settled(served)
            posts = await served.deliver()
            there = ours(served, forum)
            assert titles(there) == [f"Entry {number:02}" for number in range(ENTRIES)]
            assert [served.message_of(post) for post in posts] == there
            assert titles(there) == [f"Entry {number:02}" for number in range(ENTRIES)]
            truth = [told(served, message) for message in there]
            assert sum(len(given) for given, _ in truth) > 20

            async def is_right() -> bool:
                return await recorded(served, posts) == truth

            with suppress(TimeoutError):
                await eventually(is_right)
            assert await recorded(served, posts) == truth
    print(dict(storm.ways), dict(discord.gateway.counts), f"posts at each cut: {reached}")  # noqa: T201


def titles(messages: Sequence[Message]) -> list[str]:
    """What the posts of entries are about, in order."""
    lines = [text_of(message).splitlines()[0].strip("# ") for message in messages]
    return [line for line in lines if line.startswith("Entry")]
