"""Digests on their whole way: planned, posted into Slack, changed and withdrawn, with restarts and faults."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from bot.core.engagement import Engagement
from bot.core.entries import Action, Entry, Status
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.usecases.deliver import plan_due
from bot.usecases.revise import revise_posts
from bot.usecases.send import send_waiting
from bot.usecases.subscribe import begin
from bot.usecases.track import reconcile
from storage.opening import Storage, open_storage
from tests.platforms.slack import Message, mentions_of, slack_server, visible_text
from tests.slack.carrying import LONG, PAPERS, Office, ToldClock, paper
from tests.slack.reading import check_blocks

DAY = date(2024, 6, 21)
MORNING = datetime(2024, 6, 21, 1, 0, tzinfo=UTC)
ADA = Person("slack", "T1", "U1")


class House(Office):
    """Paperboy with its archive and ledger, on a loopback Slack."""

    stores: Storage
    clock: ToldClock

    async def add(self, title: str, **more: Any) -> Entry:
        entry = replace(paper(title, **more), id="", digest_date=DAY)
        return await self.stores.archive.add(entry, by=None, at=self.clock.now())

    async def change(self, entry: Entry, **fields: Any) -> Entry:
        changed = replace(entry, **fields)
        return await self.stores.archive.replace(changed, action=Action.EDIT, by=None, at=self.clock.now())

    async def subscribe(self, channel: Channel = PAPERS, **fields: Any) -> Subscription:
        wanted = Subscription(
            channel=channel, at=time(9), zone="Asia/Seoul", language=Language.ENGLISH, created_by=ADA, **fields
        )
        return await begin(self.stores, wanted, at=self.clock.now())

    def restart(self) -> None:
        self.courier, self.workspaces = self.start(clock=self.clock)

    async def round(self) -> None:
        """What the delivery loop does once, when everything that was put off has come due again."""
        self.clock.pass_time(hours=1)
        await plan_due(self.stores, self.clock.now())
        await revise_posts(self.stores, self.clock.now())
        await send_waiting(self.stores, {"slack": self.courier}, self.clock)

    def titles(self) -> list[str]:
        """The first line of every message, oldest first; replies are indented."""
        return [("  " if m.is_reply else "") + _first_line(m) for m in self.messages() if m.subtype != "tombstone"]

    async def settle(self) -> None:
        """Go on until nothing is waiting any more, however often that takes."""
        for _ in range(40):
            await self.round()
            if not await self.stores.ledger.channels_waiting(datetime.max.replace(tzinfo=UTC)):
                return
        raise AssertionError("it does not come to an end")


def _first_line(message: Message) -> str:
    return visible_text(message).split("\n")[0]


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    storage = await open_storage(sqlite_url)
    async with slack_server() as server:
        house = House(server)
        house.stores, house.clock = storage, ToldClock(MORNING)
        house.restart()
        yield house
        for message in house.messages():
            assert not mentions_of(message).pings
            check_blocks(
                [{name: value for name, value in block.items() if name != "block_id"} for block in message.blocks]
            )
        assert server.complaints == []
    await storage.close()


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
    await house.subscribe(layout=Layout.COMPACT)
    await house.settle()
    head, *below = house.titles()
    assert not head.startswith("  ")
    assert [line for line in below if line in ("  One", "  Two")] == ["  One", "  Two"]
    assert len(below) == 4
    assert all(line.startswith("  ") for line in below)


async def test_an_edit_a_removal_and_a_late_addition_reach_the_channel(house: House) -> None:
    one, two = await house.add("One", paragraphs=LONG), await house.add("Two")
    await house.subscribe()
    await house.settle()
    await house.change(one, title="One again", commentary_en="Short.")
    await house.change(two, status=Status.REMOVED)
    await house.add("Three")
    await house.settle()
    assert house.titles()[1:] == ["One again", "Late addition"]
    assert visible_text(house.messages()[-1]).split("\n")[1] == "Three"


async def test_a_day_in_compact_that_is_removed_altogether_leaves_nothing(house: House) -> None:
    entries = [await house.add("One", paragraphs=LONG), await house.add("Two")]
    await house.subscribe(layout=Layout.COMPACT)
    await house.settle()
    for entry in entries:
        await house.change(entry, status=Status.REMOVED)
    await house.settle()
    assert house.titles() == []


@pytest.mark.parametrize("layout", [Layout.CARDS, Layout.COMPACT])
@pytest.mark.parametrize("seed", range(6))
async def test_whatever_breaks_each_message_is_there_once_and_in_order(house: House, layout: Layout, seed: int) -> None:
    """Faults at random in whatever is called, with a restart now and then; in the end it is as if there were none."""
    dice = random.Random(seed)
    entries = [await house.add(f"Entry {n}", paragraphs=LONG if n % 2 else 1) for n in range(4)]
    await house.subscribe(layout=layout)
    _break_something(house, dice)
    for _ in range(6):
        await house.round()
        if dice.random() < 0.3:
            house.restart()
            await house.stores.ledger.recover()
        if dice.random() < 0.3:
            n = dice.randrange(4)
            entries[n] = await house.change(
                entries[n], commentary_en=paper("X", paragraphs=dice.choice([1, LONG])).commentary_en
            )
        _break_something(house, dice)
    house.server.faults.clear()
    await house.settle()
    _is_whole(house, entries)


def _break_something(house: House, dice: random.Random) -> None:
    faults = house.server.faults
    kinds = [faults.drop_before, faults.drop_after, faults.error_before, faults.error_after, faults.malformed]
    for method in ("chat.postMessage", "chat.postMessage", "chat.update", "chat.delete", "conversations.replies"):
        if dice.random() < 0.6:
            dice.choice(kinds)(method, times=dice.randint(1, 2))
    if dice.random() < 0.3:
        house.server.limit("chat.postMessage", "T1", retry_after=5)


def _is_whole(house: House, entries: list[Entry]) -> None:
    """Every post is there once, posts in the order of the digest, and says all that its entry says now."""
    roots = [message for message in house.messages() if _part(message) == 0]
    keys = [_key(message) for message in roots]
    assert len(keys) == len(set(keys)) == 5
    assert [key.rsplit("/", 1)[1] for key in keys] == ["head", *(entry.id for entry in entries)]
    for root, entry in zip(roots[1:], entries, strict=True):
        own = [message for message in house.messages() if _key(message) == _key(root)]
        assert [_part(message) for message in own] == list(range(len(own)))
        said = "".join("\n".join(map(visible_text, own)).split())
        assert all("".join(part.split()) in said for part in (entry.commentary_en or "").split("\n\n"))
        assert said.count("paragraph0") == 1


def _key(message: Message) -> str:
    assert message.metadata is not None
    return str(message.metadata["event_payload"]["key"])


def _part(message: Message) -> int:
    assert message.metadata is not None
    return int(message.metadata["event_payload"]["part"])


async def test_a_channel_that_is_archived_holds_back_nobody_and_is_told_of_once(house: House) -> None:
    await house.add("One")
    general = Channel("slack", "T1", "C2")
    await house.courier.enter(general)
    await house.subscribe()
    await house.subscribe(general)
    await house.admin.archive(house.papers)
    await house.settle()
    assert house.messages() == []
    assert [_first_line(message) for message in house.acme.general.messages.values()][-1] == "One"
    (told,) = house.admin.sees(house.admin.direct())
    assert "archived" in visible_text(told)
    await house.settle()
    assert len(house.admin.sees(house.admin.direct())) == 1


async def test_what_readers_did_during_downtime_is_found(house: House) -> None:
    one, two = await house.add("One", paragraphs=LONG), await house.add("Two")
    await house.subscribe()
    await house.settle()
    _, first, _, _, second = house.messages()
    await house.reader.react(house.papers, first, "tada")
    await house.admin.react(house.papers, second, "tada")
    await house.reader.say(house.papers, "Interesting!", thread=second)
    house.restart()
    assert await reconcile(house.stores, {"slack": house.courier}, house.clock) == 3
    assert await house.stores.engagement.counts([one.id, two.id]) == {
        one.id: Engagement(reactions=1),
        two.id: Engagement(reactions=1, replies=1),
    }
    await house.reader.unreact(house.papers, first, "tada")
    await reconcile(house.stores, {"slack": house.courier}, house.clock)
    assert (await house.stores.engagement.counts([one.id, two.id])).keys() == {two.id}
