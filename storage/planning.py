"""Writing plans down: deliveries and their posts, for one subscription or a thousand in the same few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, update

from bot.core.digests import DeliveryState, PlannedDelivery, PostState
from bot.core.planning import Plan
from bot.core.subscriptions import Subscription
from storage.chunks import chunked
from storage.dialects import upsert
from storage.locks import lock_channels
from storage.people import channel_values
from storage.posts import Addressed, add_posts
from storage.tables import deliveries, posts, subscriptions

IDS_AT_ONCE: Final = 1000
"""How many subscriptions one statement speaks of."""

_NOTED: Final = ("seen_change", "next_run_at", "delivered_through")

_Day = tuple[int, date]
"""What a delivery is known by: subscription and digest date."""


def write_plans(connection: Connection, plans: Sequence[Plan]) -> None:
    """See `bot.core.ports.Ledger.plan_all`. At most one plan for each subscription."""
    lock_channels(connection, (plan.subscription.channel for plan in plans))
    kept = _note(connection, plans)
    planned = [(plan.subscription, delivery) for plan in kept for delivery in plan.deliveries]
    known = _ids_of(connection, planned)
    new = [(order, delivery) for order, delivery in planned if (order.id, delivery.digest_date) not in known]
    _add_deliveries(connection, new)
    ids = {**known, **_ids_of(connection, new)}
    into = [
        (Addressed(ids[order.id, delivery.digest_date], order.id, order.channel), delivery.posts)
        for order, delivery in planned
    ]
    wait_again(connection, add_posts(connection, into, known.values()) & set(known.values()))


def lock_subscriptions(connection: Connection, ids: Iterable[int]) -> Mapping[int, Row[Any]]:
    """These subscriptions' rows, which nobody changes before the end of the transaction; by their ids."""
    columns = [subscriptions.c[name] for name in ("id", "removed", *_NOTED)]
    found: dict[int, Row[Any]] = {}
    for some in chunked(sorted(ids), IDS_AT_ONCE):
        rows = select(*columns).where(subscriptions.c.id.in_(some)).order_by(subscriptions.c.id)
        found.update((row.id, row) for row in connection.execute(rows.with_for_update(key_share=True)))
    return found


def _note(connection: Connection, plans: Sequence[Plan]) -> list[Plan]:
    """Write what the subscriptions are once they are served; the plans of those that are still as they were read."""
    rows = lock_subscriptions(connection, (plan.subscription.id for plan in plans))
    kept = [plan for plan in plans if _still_holds(plan, rows.get(plan.subscription.id))]
    noted = [_noted(plan, rows[plan.subscription.id]) for plan in kept]
    if noted:
        its_row = update(subscriptions).where(subscriptions.c.id == bindparam("its_id"))
        connection.execute(its_row.values({name: bindparam(f"new_{name}") for name in _NOTED}), noted)
    return kept


def _still_holds(plan: Plan, row: Row[Any] | None) -> bool:
    """Whether nobody has ended it meanwhile; nor changed or served it, where the plan would do that."""
    if row is None or row.removed:
        return False
    return plan.served is None or bool(row.next_run_at == plan.subscription.next_run_at)


def _noted(plan: Plan, row: Row[Any]) -> dict[str, object]:
    """Changes of the archive that the subscription had not seen when it was read are looked at again."""
    as_it_is: Any = plan.served or row
    return {
        "its_id": row.id,
        "new_seen_change": min(row.seen_change, plan.subscription.seen_change),
        "new_next_run_at": as_it_is.next_run_at,
        "new_delivered_through": as_it_is.delivered_through,
    }


def planned_days(connection: Connection, ids: Iterable[int], days: Collection[date]) -> Mapping[_Day, int]:
    """The ids of these subscriptions' deliveries of these days."""
    found: dict[_Day, int] = {}
    columns = (deliveries.c.subscription_id, deliveries.c.digest_date, deliveries.c.id)
    for some in chunked(sorted(ids), IDS_AT_ONCE) if days else ():
        of_these = (deliveries.c.subscription_id.in_(some), deliveries.c.digest_date.in_(sorted(days)))
        rows = connection.execute(select(*columns).where(*of_these))
        found.update(((row.subscription_id, row.digest_date), row.id) for row in rows)
    return found


def _ids_of(connection: Connection, planned: Iterable[tuple[Subscription, PlannedDelivery]]) -> Mapping[_Day, int]:
    wanted = {(order.id, delivery.digest_date) for order, delivery in planned}
    found = planned_days(connection, {number for number, _ in wanted}, {day for _, day in wanted})
    return {day: found[day] for day in wanted if day in found}


def _add_deliveries(connection: Connection, new: Sequence[tuple[Subscription, PlannedDelivery]]) -> None:
    rows = [
        {
            "subscription_id": order.id,
            **channel_values(order.channel),
            "digest_date": delivery.digest_date,
            "state": delivery.state,
            "due_at": delivery.due_at,
            "reason": delivery.reason,
            "merged_dates": tuple(day.isoformat() for day in delivery.merged_dates),
        }
        for order, delivery in new
    ]
    if rows:
        statement = upsert(connection, deliveries)
        connection.execute(statement.on_conflict_do_nothing(index_elements=["subscription_id", "digest_date"]), rows)


def wait_again(connection: Connection, delivery_ids: Iterable[int]) -> None:
    """Posts have come to them. What was refused is given up for them, and does not make one fail a second time."""
    for some in chunked(sorted(delivery_ids), IDS_AT_ONCE):
        refused = update(posts).where(posts.c.delivery_id.in_(some), posts.c.state == PostState.REFUSED)
        connection.execute(refused.values(state=PostState.WITHDRAWN))
        waiting = update(deliveries).where(deliveries.c.id.in_(some))
        connection.execute(waiting.values(state=DeliveryState.PLANNED))
