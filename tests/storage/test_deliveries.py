from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.core.digests import (
    DeliveryState,
    MessageRef,
    PlannedDelivery,
    PlannedPost,
    Post,
    PostChange,
    PostKind,
    PostState,
)
from bot.core.entries import Entry
from bot.core.errors import StorageError
from bot.core.messages import msg, msg_n
from bot.core.people import Person
from bot.core.ports import PostChangeOrder
from bot.core.subscriptions import Channel, Subscription
from storage.opening import Storage

from .conftest import Make

DAY = date(2024, 6, 21)
EDIT, WITHDRAW = PostChangeOrder(withdraw=False), PostChangeOrder(withdraw=True)
Send = Callable[..., Awaitable[Post]]


@pytest.fixture
async def order(storage: Storage, order: Subscription) -> Subscription:
    return await storage.subscriptions.add(order)


@pytest.fixture
async def entries(storage: Storage, make: Make, now: datetime) -> list[Entry]:
    return [await storage.archive.add(make(), by=None, at=now) for _ in range(3)]


def head(key: str = "head") -> PlannedPost:
    return PlannedPost(key=key, kind=PostKind.HEADER)


def card(entry: Entry, key: str | None = None) -> PlannedPost:
    return PlannedPost(key=key or f"card/{entry.id}", kind=PostKind.ENTRY, entry_id=entry.id)


def planned(now: datetime, *posts: PlannedPost, day: date = DAY, **values: object) -> PlannedDelivery:
    state = DeliveryState.PLANNED if posts else DeliveryState.EMPTY
    return PlannedDelivery(**{"digest_date": day, "state": state, "due_at": now, "posts": posts, **values})  # type: ignore[arg-type]


@pytest.fixture
def send(storage: Storage, channel: Channel, now: datetime) -> Send:
    """Claim the channel's next post and mark it as sent."""

    async def send(message_id: str, at: datetime = now, where: Channel = channel) -> Post:
        post = await storage.ledger.claim(where, now)
        assert post is not None
        await storage.ledger.mark_sent(post, message_id=message_id, revision=1, at=at)
        return post

    return send


async def test_what_is_planned_can_be_read(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime
) -> None:
    note = PlannedPost(
        key="note",
        kind=PostKind.NOTE,
        note=msg_n("{n} day", "{n} days", n=2, day=DAY, by=msg("x {a}", a=now)),
        late=True,
    )
    delivery = planned(
        now, head(), card(entries[0]), note, reason=msg("Late by {days}", days=2), merged_dates=(date(2024, 6, 20),)
    )
    served = replace(order, next_run_at=now, delivered_through=DAY)
    await storage.ledger.plan(order, [delivery], served=served)
    assert await storage.subscriptions.get(order.id) == served
    (kept,) = await storage.ledger.deliveries(order.id, [DAY])
    assert (kept.subscription_id, kept.channel, kept.digest_date) == (order.id, order.channel, DAY)
    assert (kept.state, kept.due_at, kept.merged_dates) == (DeliveryState.PLANNED, now, (date(2024, 6, 20),))
    assert kept.reason == msg("Late by {days}", days=2)
    posts = await storage.ledger.posts([kept.id])
    assert [post.key for post in posts] == ["head", f"card/{entries[0].id}", "note"]
    assert [post.entry_id for post in posts] == [None, entries[0].id, None]
    last = posts[2]
    assert last.note == note.note
    assert (last.late, last.kind, last.state, last.change) == (True, PostKind.NOTE, PostState.PLANNED, None)
    assert (last.attempts, last.revision, last.message_id, last.next_attempt_at) == (0, 0, None, None)
    assert (last.digest_date, last.channel, last.delivery_id) == (DAY, order.channel, kept.id)


async def test_planning_again_changes_nothing(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    delivery = planned(now, head(), card(entries[0]))
    await storage.ledger.plan(order, [delivery])
    await send("1")
    before = await storage.ledger.deliveries(order.id, [DAY])
    posts = await storage.ledger.posts([before[0].id])
    await storage.ledger.plan(order, [replace(delivery, state=DeliveryState.SKIPPED, reason=msg("x"))])
    assert await storage.ledger.deliveries(order.id, [DAY]) == before
    assert await storage.ledger.posts([before[0].id]) == posts


async def test_posts_that_a_known_delivery_lacks_are_added(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime
) -> None:
    await storage.ledger.plan(order, [planned(now)])
    await storage.ledger.plan(order, [planned(now, head(), card(entries[0]))])
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    assert delivery.state is DeliveryState.PLANNED
    assert len(await storage.ledger.posts([delivery.id])) == 2


async def test_planning_is_all_or_nothing(storage: Storage, order: Subscription, now: datetime) -> None:
    unknown = PlannedPost(key="x", kind=PostKind.ENTRY, entry_id="aaaaaaaaaa")
    with pytest.raises(StorageError):
        await storage.ledger.plan(
            order, [planned(now, head(), unknown)], served=replace(order, next_run_at=now, delivered_through=DAY)
        )
    assert await storage.ledger.deliveries(order.id, [DAY]) == []
    assert await storage.subscriptions.get(order.id) == order


async def test_nothing_is_planned_for_a_removed_subscription(
    storage: Storage, order: Subscription, now: datetime
) -> None:
    await storage.subscriptions.remove(order.id)
    await storage.ledger.plan(order, [planned(now, head())], served=replace(order, next_run_at=now))
    assert await storage.ledger.newest_day(order.id) is None
    assert await storage.subscriptions.due(now) == []


async def test_nothing_is_planned_for_a_subscription_that_was_changed_meanwhile(
    storage: Storage, order: Subscription, now: datetime
) -> None:
    later = replace(order, next_run_at=now + timedelta(hours=1))
    await storage.subscriptions.replace(later)
    served = replace(order, next_run_at=now + timedelta(days=1), delivered_through=DAY)
    await storage.ledger.plan(order, [planned(now, head())], served=served)
    assert await storage.ledger.newest_day(order.id) is None
    assert await storage.subscriptions.get(order.id) == later


async def test_planning_looks_again_at_changes_that_were_passed_by_meanwhile(
    storage: Storage, order: Subscription, now: datetime
) -> None:
    await storage.ledger.amend(order.id, seen_change=9, additions={}, changes={})
    await storage.ledger.plan(order, [planned(now, head())])
    kept = await storage.subscriptions.get(order.id)
    assert kept is not None
    assert kept.seen_change == order.seen_change


async def test_what_was_refused_does_not_fail_a_delivery_that_is_sent_after_all(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    await storage.ledger.plan(order, [planned(now, card(entries[0]))])
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    post = await storage.ledger.claim(order.channel, now)
    assert post is not None
    await storage.ledger.mark_refused(post.id, reason=msg("The channel is archived."))
    again = card(entries[0], "again")
    await storage.ledger.amend(order.id, seen_change=None, additions={delivery.id: [again]}, changes={})
    await send("1")
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    assert delivery.state is DeliveryState.DELIVERED


async def test_deliveries_of_days_also_merged_ones(storage: Storage, order: Subscription, now: datetime) -> None:
    days = [DAY + timedelta(number) for number in range(4)]
    other = await storage.subscriptions.add(replace(order, id=0))
    merged = planned(now, day=days[0], state=DeliveryState.MERGED)
    carrier = planned(now, day=days[2], merged_dates=(days[0], days[1]))
    await storage.ledger.plan(order, [carrier, merged, planned(now, day=days[3])])
    await storage.ledger.plan(other, [planned(now, day=days[0])])

    async def of(*wanted: date) -> list[date]:
        return [delivery.digest_date for delivery in await storage.ledger.deliveries(order.id, wanted)]

    assert await of(days[0]) == [days[0], days[2]]
    assert await of(days[1]) == [days[2]]
    assert await of(days[3], days[2]) == [days[2], days[3]]
    assert await of() == []
    assert await storage.ledger.newest_day(order.id) == days[3]
    assert await storage.ledger.newest_day(999) is None


async def test_additions_make_a_delivery_wait_again(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    await storage.ledger.plan(order, [planned(now, head())])
    await send("1")
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    assert delivery.state is DeliveryState.DELIVERED
    late = replace(card(entries[0]), late=True)
    for _ in range(2):
        await storage.ledger.amend(order.id, seen_change=7, additions={delivery.id: [late]}, changes={})
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    assert delivery.state is DeliveryState.PLANNED
    kept = await storage.subscriptions.get(order.id)
    assert kept is not None
    assert kept.seen_change == 7
    assert (await send("2")).late
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    assert delivery.state is DeliveryState.DELIVERED
    await storage.ledger.amend(order.id, seen_change=None, additions={delivery.id: [late]}, changes={})
    assert (await storage.ledger.deliveries(order.id, [DAY]))[0].state is DeliveryState.DELIVERED


async def test_changes_wait_for_sent_posts_and_withdraw_unsent_ones(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    await storage.ledger.plan(order, [planned(now, *map(card, entries))])
    sent = await send("1")
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    _, second, third = await storage.ledger.posts([delivery.id])
    changes = {sent.id: EDIT, second.id: EDIT, third.id: WITHDRAW, 999: EDIT}
    await storage.ledger.amend(order.id, seen_change=None, additions={}, changes=changes)
    first, second, third = await storage.ledger.posts([delivery.id])
    assert (first.state, first.change) == (PostState.SENT, PostChange.EDIT)
    assert (second.state, second.change) == (PostState.PLANNED, None)
    assert (third.state, third.change) == (PostState.WITHDRAWN, None)
    await storage.ledger.amend(order.id, seen_change=None, additions={}, changes={first.id: WITHDRAW, third.id: EDIT})
    first, _, third = await storage.ledger.posts([delivery.id])
    assert (first.change, third.change) == (PostChange.WITHDRAW, None)


async def test_posts_of_entries(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    other = await storage.subscriptions.add(replace(order, id=0))
    await storage.ledger.plan(order, [planned(now, *map(card, entries))])
    await storage.ledger.plan(other, [planned(now, card(entries[0], "other"))])
    sent = await send("1")
    await storage.ledger.mark_withdrawn(sent.id)
    wanted = [entries[2].id, entries[0].id]
    posts = await storage.ledger.posts_of_entries(order.id, wanted)
    assert [(post.entry_id, post.state) for post in posts] == [
        (entries[0].id, PostState.WITHDRAWN),
        (entries[2].id, PostState.PLANNED),
    ]


async def test_posts_by_message(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    await storage.ledger.plan(order, [planned(now, card(entries[0]))])
    post = await send("1.5")
    found = await storage.ledger.post_of(MessageRef(order.channel, "1.5"))
    assert found is not None
    assert found.id == post.id
    assert await storage.ledger.post_of(MessageRef(order.channel, "2")) is None
    assert await storage.ledger.post_of(MessageRef(replace(order.channel, id="x"), "1.5")) is None


async def test_the_latest_post_of_each_entry(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    posts = [card(entries[0]), card(entries[0], "again"), card(entries[1]), card(entries[2])]
    await storage.ledger.plan(order, [planned(now, *posts)])
    for number in range(3):
        await send(str(number), now + timedelta(number))
    await storage.ledger.mark_withdrawn((await storage.ledger.posts_of_entries(order.id, [entries[1].id]))[0].id)
    ids = [entry.id for entry in entries]
    latest = await storage.ledger.latest_posts("local", "local", ids)
    assert latest == {entries[0].id: MessageRef(order.channel, "1")}
    assert await storage.ledger.latest_posts("local", "elsewhere", ids) == {}


async def test_nobody_is_led_into_anothers_direct_messages(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send, ann: Person
) -> None:
    private = replace(order.channel, id="dm")
    follows = replace(order, id=0, channel=private, personal=True, created_by=ann)
    follows = await storage.subscriptions.add(follows)
    await storage.ledger.plan(order, [planned(now, card(entries[0]))])
    await storage.ledger.plan(follows, [planned(now, card(entries[0], "a"), card(entries[1], "b"))])
    await send("1", now)
    for number in range(2):
        await send(f"private{number}", now + timedelta(1), where=private)
    latest = await storage.ledger.latest_posts("local", "local", [entry.id for entry in entries])
    assert latest == {entries[0].id: MessageRef(order.channel, "1")}
    await storage.subscriptions.remove(follows.id)
    assert await storage.ledger.latest_posts("local", "local", [entries[1].id]) == {}
    assert len(await storage.ledger.recent_posts("local", since=now)) == 3


async def test_what_is_to_be_added_for_somebody_who_is_forgotten_meanwhile(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, ann: Person
) -> None:
    follows = await storage.subscriptions.add(replace(order, id=0, personal=True, created_by=ann))
    await storage.ledger.plan(follows, [planned(now, head())])
    (delivery,) = await storage.ledger.deliveries(follows.id, [DAY])
    await storage.engagement.forget(ann)
    orders = {"additions": {delivery.id: [card(entries[0])]}, "changes": {}}
    await storage.ledger.amend(follows.id, seen_change=5, **orders)  # type: ignore[arg-type]
    await storage.ledger.plan(follows, [planned(now, head())], served=follows)
    assert await storage.ledger.posts_of_entries(follows.id, [entries[0].id]) == []
    assert await storage.ledger.newest_day(follows.id) is None


async def test_recent_posts_know_their_thread(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    below = replace(card(entries[0]), in_thread=True)
    await storage.ledger.plan(order, [planned(now, head(), below)])
    await send("1", now)
    await send("2", now + timedelta(1))
    recent = await storage.ledger.recent_posts("local", since=now)
    assert [(post.message_id, post.thread_id) for post in recent] == [("2", "1"), ("1", None)]


async def test_recent_posts_newest_first(
    storage: Storage, order: Subscription, entries: list[Entry], now: datetime, send: Send
) -> None:
    await storage.ledger.plan(order, [planned(now, *map(card, entries))])
    for number in range(3):
        await send(str(number), now + timedelta(number))

    async def recent(since: datetime, **values: int) -> list[str | None]:
        return [post.message_id for post in await storage.ledger.recent_posts("local", since=since, **values)]

    assert await recent(now) == ["2", "1", "0"]
    assert await recent(now + timedelta(1)) == ["2", "1"]
    assert await recent(now, limit=1) == ["2"]
    assert await storage.ledger.recent_posts("slack", since=now) == []
