"""Ready statements take and hand out the same values as SQLAlchemy does, on both databases."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any

import pytest
from sqlalchemy import Connection, Select, Update, bindparam, select, update

from bot.core.digests import DeliveryState, PlannedDelivery
from bot.core.messages import msg
from bot.core.subscriptions import Subscription
from storage.dialects import together
from storage.opening import Storage
from storage.ready import ask, carry_out
from storage.tables import deliveries, subscriptions

DAYS = [date(2024, 6, 20), date(2024, 6, 21)]
WHY = msg("No {what} “100 %”.", what="entries")


@cache
def of_a_day() -> Select[Any]:
    columns = subscriptions.c.paused, subscriptions.c.next_run_at, subscriptions.c.layout
    joined = deliveries.join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)
    wanted = deliveries.c.digest_date == bindparam("day"), deliveries.c.state == bindparam("state")
    return select(deliveries, *columns).select_from(joined).where(*wanted, subscriptions.c.removed.is_(False))


@cache
def explaining() -> Update:
    values: dict[str, Any] = {"reason": bindparam("why"), "due_at": bindparam("due"), "state": DeliveryState.SKIPPED}
    return update(deliveries).where(deliveries.c.digest_date == bindparam("day")).values(**values)


@pytest.fixture
async def planned(storage: Storage, order: Subscription, now: datetime) -> Subscription:
    added = await storage.subscriptions.add(order)
    empty = [
        PlannedDelivery(digest_date=day, state=DeliveryState.EMPTY, due_at=now, merged_dates=(day,)) for day in DAYS
    ]
    await storage.ledger.plan(added, empty)
    return added


async def test_rows_are_those_that_sqlalchemy_finds(storage: Storage, planned: Subscription) -> None:
    def look(connection: Connection) -> None:
        for day in DAYS:
            values = {"day": day, "state": DeliveryState.EMPTY}
            row, expected = ask(connection, of_a_day, values).first(), connection.execute(of_a_day(), values).one()
            assert row._asdict() == expected._asdict()
            assert row.paused is False
            assert row.layout is planned.layout
        assert ask(connection, of_a_day, {"day": date(2020, 1, 1), "state": DeliveryState.EMPTY}).first() is None

    await storage.database.read(look)


async def test_what_is_carried_out_together_is_seen_by_what_is_asked_after_it(
    storage: Storage, planned: Subscription, now: datetime
) -> None:
    def change(connection: Connection) -> list[Any]:
        changes: list[dict[str, Any]] = [
            {"day": DAYS[0], "why": WHY, "due": now},
            {"day": DAYS[1], "why": None, "due": now},
        ]
        with together(connection):
            carry_out(connection, explaining, changes)
            found = [ask(connection, of_a_day, {"day": day, "state": DeliveryState.SKIPPED}) for day in DAYS]
        return [answer.first() for answer in found]

    rows = await storage.database.write(change)
    assert [row.reason for row in rows] == [WHY, None]
    assert [row.due_at for row in rows] == [now, now]
    assert [delivery.reason for delivery in await storage.ledger.deliveries(planned.id, DAYS)] == [WHY, None]


async def test_nothing_is_carried_out_for_nobody(storage: Storage, planned: Subscription) -> None:
    def change(connection: Connection) -> None:
        with together(connection):
            carry_out(connection, explaining, [])

    await storage.database.write(change)
    states = [delivery.state for delivery in await storage.ledger.deliveries(planned.id, DAYS)]
    assert states == [DeliveryState.EMPTY, DeliveryState.EMPTY]
