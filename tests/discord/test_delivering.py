"""Digests on their whole way: planned, posted into Discord, changed and withdrawn, with restarts and faults."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from bot.core.digests import Post
from bot.core.engagement import Engagement
from bot.core.entries import Action, Entry, Status
from bot.core.people import Language
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.discord.labels import carries
from bot.discord.permissions import permissions
from bot.usecases.deliver import plan_due
from bot.usecases.revise import revise_posts
from bot.usecases.send import send_waiting
from bot.usecases.subscribe import begin
from bot.usecases.track import reconcile
from storage.opening import Storage, open_storage
from tests.discord.carrying import (
    LONG,
    MESSAGES,
    NEW_POST,
    NEW_THREAD,
    ONE_CHANNEL,
    ONE_MESSAGE,
    Office,
    letters,
    paper,
    shown,
)
from tests.discord.clocks import ClockOf
from tests.discord.saying import text_of
from tests.platforms.discord import discord_server, furnish
from tests.platforms.discord.faults import ERROR_AFTER, ERROR_BEFORE, HALF, LATE, LOST_AFTER, LOST_BEFORE, PAGE
from tests.platforms.discord.world import Message
from tests.platforms.slack.clock import Clock

DAY = date(2024, 6, 21)
MORNING = datetime(2024, 6, 21, 1, 0, tzinfo=UTC)
LAYOUTS = (Layout.CARDS, Layout.COMPACT, Layout.FORUM)


class House(Office):
    """Paperboy with its archive and ledger, on a loopback Discord whose clock is also its own."""

    stores: Storage

    async def add(self, title: str, **more: Any) -> Entry:
        """A new entry of the day."""
        entry = replace(paper(title, **more), id="", digest_date=DAY)
        return await self.stores.archive.add(entry, by=None, at=self.clock.now())

    async def change(self, entry: Entry, **fields: Any) -> Entry:
        """An entry as somebody has changed it."""
        changed = replace(entry, **fields)
        return await self.stores.archive.replace(changed, action=Action.EDIT, by=None, at=self.clock.now())

    async def subscribe(self, layout: Layout = Layout.CARDS, channel: Channel | None = None) -> Subscription:
        """Papers, or the forum where the layout is for one, from now on."""
        where = channel or (self.forum if layout is Layout.FORUM else self.papers)
        wanted = Subscription(
            channel=where,
            at=time(9),
            zone="Asia/Seoul",
            layout=layout,
            language=Language.ENGLISH,
            created_by=self.as_person(self.owner),
        )
        self.channel = where
        return await begin(self.stores, wanted, at=self.clock.now())

    @property
    def clock(self) -> ClockOf:
        """Discord's, by which nonces are forgotten and messages grow old."""
        return ClockOf(self.server)

    async def restart(self) -> None:
        """As after a crash: nothing is remembered but what stands in the ledger."""
        self.courier = self.start(clock=self.clock)
        await self.stores.ledger.recover()

    async def round(self) -> None:
        """What the delivery loop does once, when everything that was put off has come due again."""
        self.server.clock.advance(3600)
        await plan_due(self.stores, self.clock.now())
        await revise_posts(self.stores, self.clock.now())
        await send_waiting(self.stores, {"discord": self.courier}, self.clock)

    async def settle(self) -> None:
        """Go on until nothing is waiting any more, however often that takes."""
        for _ in range(40):
            await self.round()
            if not await self.stores.ledger.channels_waiting(datetime.max.replace(tzinfo=UTC)):
                return
        raise AssertionError("it does not come to an end")

    async def posts(self) -> list[Post]:
        """The posts that are there, as the ledger has it, in the order in which they were planned."""
        everything = await self.stores.ledger.recent_posts("discord", since=MORNING.replace(year=2000))
        return sorted(everything, key=lambda post: post.id)

    def titles(self) -> list[str]:
        """The first line of everything of Paperboy's, oldest first; what stands in a thread is indented."""
        own = [one for one in self.messages() if one.author is self.server.state.application.bot]
        inside = {one.id for thread in self.threads() for one in thread.messages.values() if one.id != thread.id}
        return [("  " if one.id in inside else "") + first_line(one) for one in own]


def first_line(message: Message) -> str:
    return text_of(message).splitlines()[0].strip("# ").replace("\\", "")


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    storage = await open_storage(sqlite_url)
    async with discord_server(Clock(standing_at=MORNING.timestamp())) as server:
        house = House(server, furnish(server, bits=permissions().value))
        house.stores = storage
        await house.restart()
        yield house
        await house.close()
        house.check()
    await storage.close()


# --- as it should go --------------------------------------------------------------------------------------------------


async def test_a_digest_in_cards(house: House) -> None:
    await house.add("One")
    await house.add("Two", paragraphs=LONG)
    await house.subscribe()
    await house.settle()
    head, one, two, *rest = house.titles()
    assert "June 21" in head or "2024" in head
    assert (one, two) == ("One", "Two")
    assert len(rest) == 2
    assert all(line.startswith("  ") for line in rest)


async def test_a_digest_in_one_message_with_its_entries_below(house: House) -> None:
    await house.add("One", paragraphs=LONG)
    await house.add("Two")
    await house.subscribe(Layout.COMPACT)
    await house.settle()
    head, *below = house.titles()
    assert not head.startswith("  ")
    assert [line for line in below if line in ("  One", "  Two")] == ["  One", "  Two"]
    assert len(below) == 4
    assert all(line.startswith("  ") for line in below)


async def test_a_digest_in_a_forum(house: House) -> None:
    await house.add("One", paragraphs=LONG, tags=("rlaif",))
    await house.add("Two", tags=("rlaif", "llm"))
    await house.subscribe(Layout.FORUM)
    await house.settle()
    assert [thread.name for thread in house.threads()] == ["One", "Two"]
    assert [tag["name"] for tag in house.acme.forum.available_tags] == ["rlaif", "llm"]
    assert [len(thread.applied_tags) for thread in house.threads()] == [1, 2]


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_an_edit_a_removal_and_a_late_addition_reach_the_channel(house: House, layout: Layout) -> None:
    one, two = await house.add("One", paragraphs=LONG), await house.add("Two")
    await house.subscribe(layout)
    await house.settle()
    await house.change(one, title="One again", commentary_en="Short.")
    await house.change(two, status=Status.REMOVED)
    await house.add("Three")
    await house.settle()
    said = [line.strip() for line in house.titles()]
    assert "One again" in said
    assert "Two" not in said
    assert any("Three" in text_of(message) for message in house.messages())
    assert len(said) == {Layout.CARDS: 3, Layout.COMPACT: 3, Layout.FORUM: 2}[layout]


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_a_day_that_is_removed_altogether_leaves_nothing(house: House, layout: Layout) -> None:
    entries = [await house.add("One", paragraphs=LONG), await house.add("Two")]
    await house.subscribe(layout)
    await house.settle()
    for entry in entries:
        await house.change(entry, status=Status.REMOVED)
    await house.settle()
    assert house.titles() == []
    assert house.threads() == []


async def test_what_readers_did_during_downtime_is_found(house: House) -> None:
    one, two = await house.add("One", paragraphs=LONG), await house.add("Two")
    await house.subscribe()
    await house.settle()
    first, second = (house.message(post.message_id or "") for post in (await house.posts())[1:])
    await house.ada.react(first, "🎉")
    await house.ben.react(second, "🎉", burst=True)
    thread = await house.ben.start_thread(second)
    await house.ada.write(thread, "Interesting!")
    await house.restart()
    assert await reconcile(house.stores, {"discord": house.courier}, house.clock) == 3
    assert await house.stores.engagement.counts([one.id, two.id]) == {
        one.id: Engagement(reactions=1),
        two.id: Engagement(reactions=1, replies=1),
    }


async def test_a_channel_that_is_closed_holds_back_nobody_and_is_told_of_once(house: House) -> None:
    await house.add("One")
    await house.subscribe(channel=house.lounge)
    await house.subscribe()
    await house.deny(1 << 11)
    await house.settle()
    assert house.acme.papers.messages == {}
    assert [first_line(message) for message in house.acme.lounge.messages.values()][-1] == "One"
    (told,) = house.owner.direct().messages.values()
    assert "permission" in text_of(told)
    await house.settle()
    assert len(house.owner.direct().messages) == 1


# --- as it may go -----------------------------------------------------------------------------------------------------

POSTING = ((MESSAGES, 3), (NEW_THREAD, 1), (NEW_POST, 2))
OTHERS = (
    ("PATCH", ONE_MESSAGE),
    ("DELETE", ONE_MESSAGE),
    ("GET", MESSAGES),
    ("GET", ONE_MESSAGE),
    ("PATCH", ONE_CHANNEL),
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seed", range(6))
async def test_whatever_breaks_each_post_is_there_once_and_in_order(house: House, layout: Layout, seed: int) -> None:
    """Faults at random in whatever is asked for, and restarts; in the end it is as if there were none."""
    dice = random.Random(seed)
    entries = [await house.add(f"Entry {n}", paragraphs=LONG if n % 2 else 1) for n in range(4)]
    await house.subscribe(layout)
    _break_something(house, dice)
    for number in range(7):
        await house.round()
        if dice.random() < 0.3:
            await house.restart()
        if dice.random() < 0.4:
            n = dice.randrange(len(entries))
            text = paper("X", paragraphs=dice.choice([1, LONG])).commentary_en
            entries[n] = await house.change(entries[n], commentary_en=text)
        if dice.random() < 0.2:
            n = dice.randrange(len(entries))
            status = Status.REMOVED if entries[n].status is Status.PUBLISHED else Status.PUBLISHED
            entries[n] = await house.change(entries[n], status=status)
        if dice.random() < 0.15:
            entries.append(await house.add(f"Late {number}"))
        _break_something(house, dice)
    house.server.faults.clear()
    house.server.rates.armed.clear()
    await house.settle()
    await _is_whole(house, [entry for entry in entries if entry.status is Status.PUBLISHED])


def _break_something(house: House, dice: random.Random) -> None:
    faults, rates = house.server.faults, house.server.rates
    faults.clear()
    rates.armed.clear()
    for route, times in POSTING:
        for _ in range(times):
            if dice.random() < 0.5:
                kind = dice.choice((LOST_BEFORE, LOST_AFTER, ERROR_BEFORE, ERROR_AFTER, HALF, PAGE, LATE))
                fault = faults.add(kind, "POST", route, status=dice.choice((500, 502, 503, 504)))
                asyncio.get_running_loop().call_later(0.01, fault.released.set)
    for method, route in OTHERS:  # the library asks for these again after most errors, and rests before that
        if dice.random() < 0.4:
            faults.add(dice.choice((LOST_BEFORE, LOST_AFTER, ERROR_BEFORE, ERROR_AFTER)), method, route, status=503)
    if dice.random() < 0.3:
        rates.refuse("POST", dice.choice((MESSAGES, NEW_POST)), retry_after=dice.choice((0.01, 300)))


async def _is_whole(house: House, entries: list[Entry]) -> None:
    """Every post is there once, those of the digest in its order, and says all that its entry says now, and no more."""
    posts = await house.posts()
    own = [one for one in house.messages() if one.author is house.server.state.application.bot]
    there = [next(one for one in own if house.place(one) == post.message_id) for post in posts]
    assert [[one for one in own if carries(shown(one), post.key, 0)] for post in posts] == [[one] for one in there]
    continued = [house.parts(post.message_id or "") for post in posts]
    assert continued == [list(range(1, len(parts) + 1)) for parts in continued]
    assert len(own) == len(posts) + sum(map(len, continued)), "nothing else of Paperboy's is there"
    of_digest = [one.id for post, one in zip(posts, there, strict=True) if not post.late]
    assert of_digest == sorted(of_digest)
    of_entry = {post.entry_id: post for post in posts if post.entry_id}
    assert of_entry.keys() == {entry.id for entry in entries}
    for entry in entries:
        text = house.shown(of_entry[entry.id].message_id or "")
        places = [text.find(letters(part)) for part in (entry.commentary_en or "").split("\n\n")]
        assert -1 not in places
        assert places == sorted(places)
        assert text.count("paragraph0") == 1
