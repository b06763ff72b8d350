from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.core.errors import Conflict, NotFound
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel, LatePolicy, Layout, Subscription
from storage.opening import Storage


async def test_a_subscription_comes_back_as_it_was(storage: Storage, channel: Channel, ann: Person) -> None:
    full = Subscription(
        channel=channel,
        query="tag:rlhf -tag:비전",
        at=time(23, 59),
        zone="America/New_York",
        weekdays=frozenset({0, 4}),
        layout=Layout.FORUM,
        language=Language.ENGLISH,
        late_policy=LatePolicy.SKIP,
        late_days=7,
        note_when_empty=True,
        personal=True,
        paused=True,
        next_run_at=datetime(2024, 6, 21, 3, tzinfo=UTC),
        delivered_through=date(2024, 6, 20),
        seen_change=42,
        created_by=ann,
    )
    added = await storage.subscriptions.add(full)
    assert added == replace(full, id=added.id)
    assert await storage.subscriptions.get(added.id) == added
    changed = Subscription(
        id=added.id, channel=channel, weekdays=frozenset(), delivered_through=date(2024, 6, 21), seen_change=42
    )
    await storage.subscriptions.replace(changed)
    assert await storage.subscriptions.get(added.id) == changed


async def test_a_change_keeps_what_the_deliveries_have_noted_meanwhile(
    storage: Storage, order: Subscription, now: datetime
) -> None:
    opened = await storage.subscriptions.add(replace(order, next_run_at=now, delivered_through=date(2024, 6, 20)))
    served = replace(opened, delivered_through=date(2024, 6, 21), next_run_at=now + timedelta(days=1))
    await storage.ledger.plan(opened, [], served=served)
    await storage.ledger.amend(opened.id, seen_change=7, additions={}, changes={})
    await storage.subscriptions.replace(replace(opened, query="tag:vision"))
    kept = await storage.subscriptions.get(opened.id)
    assert kept is not None
    assert (kept.query, kept.delivered_through, kept.seen_change) == ("tag:vision", date(2024, 6, 21), 7)


async def test_a_removed_one_is_gone(storage: Storage, order: Subscription) -> None:
    kept = await storage.subscriptions.add(order)
    gone = await storage.subscriptions.add(replace(order, next_run_at=datetime(2024, 1, 1, tzinfo=UTC)))
    await storage.subscriptions.remove(gone.id)
    await storage.subscriptions.remove(gone.id)
    ended = await storage.subscriptions.get(gone.id)
    assert ended is not None
    assert ended.ended
    assert await storage.subscriptions.of_channel(order.channel) == [kept]
    assert await storage.subscriptions.active() == [kept]
    assert await storage.subscriptions.due(datetime(2025, 1, 1, tzinfo=UTC)) == []
    with pytest.raises(NotFound):
        await storage.subscriptions.replace(gone)
    with pytest.raises(NotFound):
        await storage.subscriptions.replace(replace(order, id=999))
    assert (await storage.subscriptions.add(order)).id not in {kept.id, gone.id}


async def test_of_a_channel_oldest_first(storage: Storage, order: Subscription) -> None:
    first, second = [await storage.subscriptions.add(order) for _ in range(2)]
    await storage.subscriptions.add(replace(order, channel=replace(order.channel, id="other")))
    assert await storage.subscriptions.of_channel(order.channel) == [first, second]


async def test_paused_ones_are_not_active(storage: Storage, order: Subscription, now: datetime) -> None:
    await storage.subscriptions.add(replace(order, paused=True, next_run_at=now))
    running = await storage.subscriptions.add(order)
    assert await storage.subscriptions.active() == [running]
    assert await storage.subscriptions.due(now) == []


async def test_due_longest_overdue_first(storage: Storage, order: Subscription, now: datetime) -> None:
    def at(minutes: int) -> Subscription:
        return replace(order, next_run_at=now + timedelta(minutes=minutes))

    on_time, later, overdue = [await storage.subscriptions.add(at(minutes)) for minutes in (0, 1, -60)]
    assert await storage.subscriptions.due(now) == [overdue, on_time]
    assert await storage.subscriptions.due(now, limit=1) == [overdue]
    assert await storage.subscriptions.due(now - timedelta(hours=2)) == []
    assert later in await storage.subscriptions.due(now + timedelta(minutes=1))


@pytest.fixture
def follows(order: Subscription, ann: Person) -> Subscription:
    """What a person follows, not kept yet."""
    direct = replace(order.channel, id="dm")
    return replace(order, channel=direct, query="tag:a\ntag:b", personal=True, created_by=ann)


async def test_what_a_person_follows(
    storage: Storage, order: Subscription, follows: Subscription, ann: Person, bob: Person
) -> None:
    await storage.subscriptions.add(replace(order, created_by=ann))
    await storage.subscriptions.add(replace(follows, created_by=bob))
    assert await storage.subscriptions.of_person(ann) is None
    mine = await storage.subscriptions.add(follows)
    assert mine.queries == ("tag:a", "tag:b")
    assert await storage.subscriptions.of_person(ann) == mine
    assert await storage.subscriptions.of_person(replace(ann, workspace="T2")) is None
    await storage.subscriptions.remove(mine.id)
    assert await storage.subscriptions.of_person(ann) is None
    again = await storage.subscriptions.add(follows)
    assert await storage.subscriptions.of_person(ann) == again


async def test_a_person_has_one_personal_subscription(
    storage: Storage, order: Subscription, follows: Subscription, ann: Person, bob: Person
) -> None:
    outcomes = await asyncio.gather(
        *(storage.subscriptions.add(follows) for _ in range(4)), return_exceptions=True
    )  # as many buttons were pressed
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 3 + ["Subscription"]
    with pytest.raises(Conflict, match="Try again"):
        await storage.subscriptions.add(follows)
    await storage.subscriptions.add(replace(follows, created_by=bob))
    await storage.subscriptions.add(replace(order, created_by=ann))


async def test_a_channel_does_not_show_what_somebody_follows(
    storage: Storage, follows: Subscription, now: datetime
) -> None:
    mine = await storage.subscriptions.add(replace(follows, next_run_at=now))
    assert await storage.subscriptions.of_channel(follows.channel) == []
    assert await storage.subscriptions.active() == await storage.subscriptions.due(now) == [mine]


async def test_of_a_workspace_oldest_first(storage: Storage, order: Subscription, follows: Subscription) -> None:
    elsewhere = [replace(order.channel, workspace="other"), replace(order.channel, platform="slack")]
    for channel in elsewhere:
        await storage.subscriptions.add(replace(order, channel=channel))
    kept = [await storage.subscriptions.add(one) for one in (order, follows, order, replace(order, paused=True))]
    await storage.subscriptions.remove(kept.pop(2).id)
    assert await storage.subscriptions.of_workspace("local", "local") == kept
    assert await storage.subscriptions.of_workspace("local", "local", limit=2) == kept[:2]
    assert await storage.subscriptions.of_workspace("local", "none") == []


async def test_a_workspace_ends(storage: Storage, order: Subscription, follows: Subscription, now: datetime) -> None:
    elsewhere = await storage.subscriptions.add(replace(order, channel=Channel("slack", "local", "general")))
    for one in (order, follows, replace(order, paused=True)):
        await storage.subscriptions.add(replace(one, next_run_at=now))
    assert await storage.subscriptions.end_workspace("local", "local") == 3
    assert await storage.subscriptions.end_workspace("local", "local") == 0
    assert await storage.subscriptions.of_workspace("local", "local") == []
    assert await storage.subscriptions.active() == [elsewhere]
    ended = await storage.subscriptions.get(elsewhere.id + 1)
    assert ended == replace(order, id=elsewhere.id + 1, ended=True)


async def test_a_channel_is_paused(storage: Storage, order: Subscription, follows: Subscription, now: datetime) -> None:
    there = replace(follows.channel, id="there")
    orders = (
        replace(order, channel=there, next_run_at=now),
        replace(order, channel=there, paused=True),
        replace(follows, channel=there, next_run_at=now),
        replace(order, next_run_at=now),
    )
    running, was_paused, personal, other = [await storage.subscriptions.add(one) for one in orders]
    ended = await storage.subscriptions.add(orders[0])
    await storage.subscriptions.remove(ended.id)
    assert await storage.subscriptions.pause_channel(there) == [running, personal]
    assert await storage.subscriptions.pause_channel(there) == []
    for one in (running, personal):
        assert await storage.subscriptions.get(one.id) == replace(one, paused=True, next_run_at=None)
    assert await storage.subscriptions.get(was_paused.id) == was_paused
    assert await storage.subscriptions.active() == [other]
    kept = await storage.subscriptions.get(ended.id)
    assert kept is not None
    assert not kept.paused
