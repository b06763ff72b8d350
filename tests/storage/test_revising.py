"""Whom a change of the archive concerns, and that it is not passed by where something was planned meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.core.digests import DeliveryState, PlannedDelivery, PlannedPost, PostKind
from bot.core.entries import Entry
from bot.core.planning import Plan
from bot.core.ports import Looked
from bot.core.subscriptions import Subscription
from storage.opening import Storage

from .conftest import Make

DAY = date(2024, 6, 21)


@pytest.fixture
async def orders(storage: Storage, order: Subscription) -> list[Subscription]:
    """Three, each in a channel of its own."""
    channels = [replace(order.channel, id=name) for name in "abc"]
    return [await storage.subscriptions.add(replace(order, channel=channel, seen_change=2)) for channel in channels]


@pytest.fixture
async def entry(storage: Storage, make: Make, now: datetime) -> Entry:
    return await storage.archive.add(make(), by=None, at=now)


def planned(now: datetime, *posts: PlannedPost, day: date = DAY) -> PlannedDelivery:
    state = DeliveryState.PLANNED if posts else DeliveryState.EMPTY
    return PlannedDelivery(digest_date=day, state=state, due_at=now, posts=posts)


async def seen(storage: Storage, order: Subscription) -> int:
    found = await storage.subscriptions.get(order.id)
    assert found is not None
    return found.seen_change


async def test_whoever_has_posted_it_or_has_that_days_digest_and_wants_it_is_not_passed_over(
    storage: Storage, orders: list[Subscription], entry: Entry, now: datetime
) -> None:
    posted, delivered, neither = orders
    card = PlannedPost(key="card", kind=PostKind.ENTRY, entry_id=entry.id)
    await storage.ledger.plan(posted, [planned(now, card, day=date(2024, 6, 1))])
    await storage.ledger.plan_all([Plan(one, [planned(now)]) for one in (delivered, neither)])
    other_day = DAY - timedelta(days=1)
    wanting = [(posted, [other_day]), (delivered, [DAY, other_day]), (neither, [other_day])]
    assert await storage.ledger.pass_over(wanting, [entry.id], seen_change=7) == {neither.id}
    assert [await seen(storage, one) for one in orders] == [2, 2, 7]
    assert await storage.ledger.pass_over([(delivered, [])], [entry.id], seen_change=7) == {delivered.id}


async def test_whose_mark_has_moved_is_left_alone(storage: Storage, orders: list[Subscription], entry: Entry) -> None:
    moved, forgotten, stays = orders
    await storage.ledger.amend(moved.id, seen_change=1, additions={}, changes={})
    gone = replace(forgotten, id=999)
    wanting = [(one, [DAY]) for one in (moved, gone, stays)]
    assert await storage.ledger.pass_over(wanting, [entry.id], seen_change=7) == {stays.id}
    assert await seen(storage, moved) == 1


async def test_nothing_is_amended_where_something_was_planned_since_it_was_looked_at(
    storage: Storage, orders: list[Subscription], now: datetime
) -> None:
    """What was planned may have been read before the change: whoever notes that as seen would lose it."""
    order, *_ = orders
    looked = Looked(order.seen_change, [DAY], [])
    await storage.ledger.plan(order, [planned(now)])
    assert not await storage.ledger.amend(order.id, seen_change=7, additions={}, changes={}, looked=looked)
    assert await seen(storage, order) == 2
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    now_known = replace(looked, deliveries=[delivery.id])
    late = PlannedPost(key="late", kind=PostKind.NOTE)
    for is_noted in (True, False):  # the second time it has been seen already
        additions = {delivery.id: [late]} if is_noted else {delivery.id: [replace(late, key="again")]}
        noted = await storage.ledger.amend(order.id, seen_change=7, additions=additions, changes={}, looked=now_known)
        assert noted is is_noted
    assert [post.key for post in await storage.ledger.posts([delivery.id])] == ["late"]
    assert await seen(storage, order) == 7


async def test_a_day_that_another_delivery_carries_is_looked_at_with_it(
    storage: Storage, orders: list[Subscription], now: datetime
) -> None:
    order, *_ = orders
    carrier = replace(planned(now, day=DAY + timedelta(days=1)), merged_dates=(DAY,))
    await storage.ledger.plan(order, [carrier, replace(planned(now), state=DeliveryState.MERGED)])
    known = {delivery.id for delivery in await storage.ledger.deliveries(order.id, [DAY])}
    assert len(known) == 2
    looked = Looked(order.seen_change, [DAY], known)
    assert await storage.ledger.amend(order.id, seen_change=7, additions={}, changes={}, looked=looked)
