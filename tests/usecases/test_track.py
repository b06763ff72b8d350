"""Reactions and replies are counted once, wherever they happen, and put right after downtime."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.digests import MessageRef
from bot.core.engagement import Engagement, SeenReaction, SeenReply
from bot.core.people import Person
from bot.core.subscriptions import Subscription
from bot.usecases.send import send_waiting
from bot.usecases.subscribe import begin
from bot.usecases.track import reacted, reconcile, replied, unreacted, unreplied
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


async def test_a_platform_that_does_not_say_when_is_left_alone(
    stores: Storage, chat: SmallPlatform, clock: ToldClock
) -> None:
    entry_id, here, _ = await posted(stores, chat, clock)
    await reacted(stores, here, ANN, "👍", at=AT)
    chat.busy_reads = [busy(), busy()]
    assert await reconcile(stores, {"chat": chat}, clock) == 0
    assert (await stores.engagement.counts([entry_id]))[entry_id].reactions == 1
