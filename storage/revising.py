"""Noting which changes of the archive a subscription's posts show, as long as nothing else was planned meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, exists, select, update

from bot.core.ports import Looked
from bot.core.subscriptions import Subscription
from storage.chunks import chunked
from storage.planning import IDS_AT_ONCE, lock_subscriptions, planned_days
from storage.posts import merged_with
from storage.tables import deliveries, entries, posts, subscriptions

Wanting = Sequence[tuple[Subscription, Collection[date]]]
"""Subscriptions, each with the days on which it wants one of the entries that have changed."""


def is_as_it_was(connection: Connection, subscription_id: int, looked: Looked) -> bool:
    """Whether a subscription stands where it stood, without a further delivery; it does until the transaction ends."""
    row = lock_subscriptions(connection, [subscription_id]).get(subscription_id)
    if row is None or row.seen_change != looked.seen_change:
        return False
    if not looked.days:
        return True
    of_the_days = deliveries.c.subscription_id == subscription_id, merged_with(sorted(looked.days))
    return set(connection.scalars(select(deliveries.c.id).where(*of_the_days))) == set(looked.deliveries)


def pass_over(connection: Connection, wanting: Wanting, entry_ids: Sequence[str], seen_change: int) -> set[int]:
    """See `bot.core.ports.Ledger.pass_over`."""
    rows = lock_subscriptions(connection, (order.id for order, _ in wanting))
    still = [(order, days) for order, days in wanting if _stands(order, rows.get(order.id))]
    concerned = _with_posts(connection, [order.id for order, _ in still], entry_ids)
    concerned |= _with_deliveries(connection, {order.id: days for order, days in still if days})
    passed = {order.id for order, _ in still} - concerned
    for some in chunked(sorted(passed), IDS_AT_ONCE):
        these = update(subscriptions).where(subscriptions.c.id.in_(some))
        connection.execute(these.values(seen_change=seen_change))
    return passed


def _stands(order: Subscription, row: Row[Any] | None) -> bool:
    return row is not None and bool(row.seen_change == order.seen_change)


def _with_posts(connection: Connection, ids: Sequence[int], entry_ids: Sequence[str]) -> set[int]:
    """Which of these subscriptions have posts of one of the entries. What is new in the archive has none anywhere."""
    is_posted = exists().where(posts.c.entry_id == entries.c.id)
    posted = [
        entry_id
        for some in chunked(entry_ids)
        for entry_id in connection.scalars(select(entries.c.id).where(entries.c.id.in_(some), is_posted))
    ]
    found: set[int] = set()
    for some in chunked(ids, IDS_AT_ONCE) if posted else ():
        of_these = posts.c.subscription_id.in_(some), posts.c.entry_id.in_(posted)
        found.update(connection.scalars(select(posts.c.subscription_id).where(*of_these).distinct()))
    return found


def _with_deliveries(connection: Connection, wanted: Mapping[int, Collection[date]]) -> set[int]:
    """Which subscriptions have a delivery of one of their days: one that is carried by another has its own as well."""
    days = {day for some in wanted.values() for day in some}
    return {number for number, day in planned_days(connection, wanted, days) if day in wanted[number]}
