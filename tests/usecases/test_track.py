"""Reactions and replies are counted once, wherever they happen, and put right after downtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.digests import MessageRef, Post
from bot.core.engagement import Engagement, Seen, SeenReaction, SeenReply
from bot.core.errors import PlatformBusy, StorageBusy, StorageError
from bot.core.messages import msg
from bot.core.people import Person
from bot.core.subscriptions import Channel, Subscription
from bot.usecases.send import send_waiting
from bot.usecases.subscribe import begin
from bot.usecases.track import ASKED_AT_ONCE, PAUSES, reacted, reconcile, replied, unreacted, unreplied
from storage.opening import Storage

from .conftest import HERE, THERE, SmallPlatform, ToldClock, busy, paper

AT = datetime(2024, 6, 21, 1, tzinfo=UTC)
ANN = Person("chat", "team", "ann")
BOB = Person("chat", "team", "bob")


async def posted(stores: Storage, chat: SmallPlatform, clock: ToldClock) -> tuple[str, MessageRef, MessageRef]:
    """One entry in two channels."""
    entry = await stores.archive.add(paper("One"), by=None, at=AT)
    for channel in (HERE, THERE):
        await begin(stores, Subscription(channel=channel), at=AT)
    await send_waiting(stores, {"chat": chat}, clock)
    refs = {
        where: MessageRef(where, message_id)
        for (where, message_id), message in chat.messages.items()
        if message.key.endswith(entry.id)
    }
    return entry.id, refs[HERE], refs[THERE]


async def test_engagement_is_the_sum_over_posts(stores: Storage, chat: SmallPlatform, clock: ToldClock) -> None:
    entry_id, here, there = await posted(stores, chat, clock)
    for ref in (here, there, there):
        await reacted(stores, ref, ANN, "👍", at=AT)
    await reacted(stores, here, BOB, "👍", at=AT)
    await replied(stores, here, BOB, "r1", at=AT)
    await replied(stores, here, BOB, "r1", at=AT)
    assert (await stores.engagement.counts([entry_id]))[entry_id] == Engagement(reactions=3, replies=1)
    await unreacted(stores, here, ANN, "👍")
    await unreacted(stores, here, ANN, "👍")
    await unreplied(stores, here, "r1")
    assert (await stores.engagement.counts([entry_id]))[entry_id] == Engagement(reactions=2)


async def test_other_peoples_messages_are_none_of_our_business(stores: Storage) -> None:
    await reacted(stores, MessageRef(HERE, "999"), ANN, "👍", at=AT)
    await replied(stores, MessageRef(HERE, "999"), ANN, "r", at=AT)


async def test_what_happened_while_nobody_listened_is_caught_up(
    stores: Storage, chat: SmallPlatform, clock: ToldClock
) -> None:
    entry_id, here, _ = await posted(stores, chat, clock)
    await reacted(stores, here, ANN, "👍", at=AT)
    chat.reactions[here.message_id] = [SeenReaction(BOB, "🎉")]
    chat.replies[here.message_id] = [SeenReply(ANN, "r1", AT), SeenReply(BOB, "r2", AT)]
    asked = await reconcile(stores, {"chat": chat}, clock)
    assert asked == 4  # two headers and two cards
    assert (await stores.engagement.counts([entry_id]))[entry_id] == Engagement(reactions=1, replies=2)


async def test_a_channel_that_cannot_be_read_keeps_its_records(
    stores: Storage, chat: SmallPlatform, clock: ToldClock
) -> None:
    entry_id, here, _ = await posted(stores, chat, clock)
    await reacted(stores, here, ANN, "👍", at=AT)
    chat.channels.clear()
    assert await reconcile(stores, {"chat": chat}, clock) == 0
    assert (await stores.engagement.counts([entry_id]))[entry_id].reactions == 1


async def test_a_platform_that_asks_to_wait_is_asked_again(
    stores: Storage, chat: SmallPlatform, clock: ToldClock
) -> None:
    entry_id, here, _ = await posted(stores, chat, clock)
    chat.reactions[here.message_id] = [SeenReaction(BOB, "🎉")]
    chat.busy_reads = [busy(clock.now())]
    assert await reconcile(stores, {"chat": chat}, clock) == 4
    assert (await stores.engagement.counts([entry_id]))[entry_id].reactions == 1


async def test_a_platform_that_is_away_at_first_is_waited_for(
    stores: Storage, chat: SmallPlatform, clock: ToldClock
) -> None:
    entry_id, here, _ = await posted(stores, chat, clock)
    chat.reactions[here.message_id] = [SeenReaction(BOB, "🎉")]
    chat.busy_reads = [busy(), busy()]
    assert await reconcile(stores, {"chat": chat}, clock, pauses=(0, 0)) == 4
    assert (await stores.engagement.counts([entry_id]))[entry_id].reactions == 1


@pytest.mark.parametrize("retry", [False, True])
async def test_a_platform_that_stays_away_is_given_up(
    stores: Storage, chat: SmallPlatform, clock: ToldClock, retry: bool
) -> None:
    entry_id, here, _ = await posted(stores, chat, clock)
    await reacted(stores, here, ANN, "👍", at=AT)
    chat.busy_reads = [busy(clock.now() if retry else None) for _ in range(1_000)]
    with capture_logs() as logs:
        assert await reconcile(stores, {"chat": chat}, clock, pauses=(0, 0)) == 0
    given_up = [(entry["channel"], entry["posts"]) for entry in logs if entry["event"] == "reconcile.given_up"]
    assert sorted(given_up) == [("papers", 2), ("vision", 2)]
    if not retry:
        assert len(chat.busy_reads) == 1_000 - 2 - 2  # two more for the one channel: the waiting is for all of them
    assert (await stores.engagement.counts([entry_id]))[entry_id].reactions == 1


def test_an_outage_of_some_minutes_is_outlasted() -> None:
    assert 5 * 60 <= sum(PAUSES) / 2 < sum(PAUSES) <= 15 * 60


class Disturbed(SmallPlatform):
    """A platform during whose reading something happens, channel by channel."""

    def disturb(self, by: Callable[[Channel], Any]) -> None:
        self._by = by

    async def seen(self, channel: Channel, posts: Sequence[Post]) -> Mapping[int, Seen]:
        """See the port."""
        answer = await super().seen(channel, posts)
        await self._by(channel)
        return answer


async def test_what_happens_while_the_platform_is_read_stays(stores: Storage, clock: ToldClock) -> None:
    chat = Disturbed()
    entry_id, here, _ = await posted(stores, chat, clock)
    await reacted(stores, here, ANN, "👍", at=AT)
    chat.reactions[here.message_id] = [SeenReaction(ANN, "👍")]

    async def events(channel: Channel) -> None:
        if channel == HERE:
            await unreacted(stores, here, ANN, "👍")
            await reacted(stores, here, BOB, "🎉", at=AT)
            await reacted(stores, here, BOB, "👀", at=AT)
            await replied(stores, here, BOB, "r1", at=AT)

    chat.disturb(events)
    await reconcile(stores, {"chat": chat}, clock)
    assert (await stores.engagement.counts([entry_id]))[entry_id] == Engagement(reactions=2, replies=1)


@pytest.mark.parametrize(
    ("error", "level"),
    [(KeyError("nobody thought of this"), "error"), (StorageBusy(msg("The database is busy.")), "warning")],
)
async def test_a_channel_that_goes_wrong_does_not_cost_the_others(
    stores: Storage, clock: ToldClock, error: Exception, level: str
) -> None:
    chat = Disturbed()
    entry_id, here, there = await posted(stores, chat, clock)
    for ref in (here, there):
        chat.reactions[ref.message_id] = [SeenReaction(BOB, "🎉")]
    read: list[Channel] = []

    async def fail_first(channel: Channel) -> None:
        read.append(channel)
        if len(read) == 1:
            raise error

    chat.disturb(fail_first)
    with capture_logs() as logs:
        assert await reconcile(stores, {"chat": chat}, clock, pauses=()) == 2
    assert set(read) == {HERE, THERE}
    (told,) = [entry for entry in logs if entry["event"].startswith("reconcile.")]
    assert (told["channel"], told["log_level"]) == (read[0].id, level)
    assert (await stores.engagement.counts([entry_id]))[entry_id].reactions == 1


async def test_a_database_that_is_away_is_waited_for(stores: Storage, clock: ToldClock) -> None:
    chat = Disturbed()
    entry_id, here, _ = await posted(stores, chat, clock)
    chat.reactions[here.message_id] = [SeenReaction(BOB, "🎉")]
    faults = [StorageBusy(msg("The database is busy.")), StorageError(msg("The disk is full."))]

    async def fail(_: Channel) -> None:
        if faults:
            raise faults.pop()

    chat.disturb(fail)
    with capture_logs() as logs:
        assert await reconcile(stores, {"chat": chat}, clock, pauses=(0, 0)) == 4
    assert logs == []
    assert (await stores.engagement.counts([entry_id]))[entry_id].reactions == 1


async def test_many_posts_are_asked_about_some_at_a_time(stores: Storage, clock: ToldClock) -> None:
    chat = Disturbed()
    for number in range(ASKED_AT_ONCE):
        await stores.archive.add(paper(f"Paper {number}"), by=None, at=AT)
    await begin(stores, Subscription(channel=HERE), at=AT)
    await send_waiting(stores, {"chat": chat}, clock)
    read: list[Channel] = []

    async def busy_the_second_time(channel: Channel) -> None:
        read.append(channel)
        if len(read) == 2:
            raise PlatformBusy(msg("Too many requests."))

    chat.disturb(busy_the_second_time)
    assert await reconcile(stores, {"chat": chat}, clock, pauses=(0,)) == ASKED_AT_ONCE + 1
    assert len(read) == 3
