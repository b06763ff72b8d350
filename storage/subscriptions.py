"""Standing orders: of channels, and what persons follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, literal, select, tuple_, update

from bot.core.errors import Conflict, NotFound
from bot.core.messages import msg
from bot.core.people import Person
from bot.core.subscriptions import Channel, Subscription
from storage.database import Database
from storage.locks import lock_following
from storage.people import channel_of, channel_values, person_values, where_channel, where_person
from storage.tables import subscriptions

_KEPT = subscriptions.c.removed.is_(False)


class SubscriptionBook:
    """`bot.core.ports.Subscriptions` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, subscription: Subscription) -> Subscription:
        """See the port."""
        return await self._database.write(_add, subscription)

    async def replace(self, subscription: Subscription, *, was: str | None = None) -> None:
        """See the port. What the delivery loop has noted meanwhile is kept."""
        await self._database.write(_replace, subscription, was)

    async def remove(self, subscription_id: int) -> None:
        """See the port. What it has not posted yet never goes out."""
        await self._database.write(_end, subscriptions.c.id == subscription_id)

    async def get(self, subscription_id: int) -> Subscription | None:
        """See the port."""
        found = await self._database.read(_select, subscriptions.c.id == subscription_id)
        return found[0] if found else None

    async def of_channel(self, channel: Channel) -> Sequence[Subscription]:
        """See the port."""
        public = subscriptions.c.personal.is_(False)
        return await self._database.read(_select, where_channel(subscriptions, channel), _KEPT, public)

    async def of_workspace(self, platform: str, workspace: str, *, limit: int = 1000) -> Sequence[Subscription]:
        """See the port."""
        return await self._database.read(_select, _of_workspace(platform, workspace), limit=limit)

    async def of_person(self, person: Person) -> Subscription | None:
        """See the port."""
        found = await self._database.read(_select, _of_person(person), limit=1)
        return found[0] if found else None

    async def end_workspace(self, platform: str, workspace: str) -> int:
        """See the port."""
        return await self._database.write(_end, _of_workspace(platform, workspace))

    async def pause_channel(self, channel: Channel) -> Sequence[Subscription]:
        """See the port."""
        return await self._database.write(_pause, channel)

    async def active(self) -> Sequence[Subscription]:
        """See the port."""
        return await self._database.read(_select, subscriptions.c.paused.is_(False), _KEPT)

    async def behind(
        self, change: int, *, limit: int = 100, after: Subscription | None = None
    ) -> Sequence[Subscription]:
        """See the port."""
        return await self._database.read(_behind, change, limit, after)

    async def due(
        self, now: datetime, *, limit: int = 100, after: Subscription | None = None
    ) -> Sequence[Subscription]:
        """See the port."""
        return await self._database.read(_due, now, limit, after)


def _of_workspace(platform: str, workspace: str) -> ColumnElement[bool]:
    return and_(subscriptions.c.platform == platform, subscriptions.c.workspace == workspace, _KEPT)


def _of_person(person: Person) -> ColumnElement[bool]:
    return and_(where_person(subscriptions, person, "created_by_"), subscriptions.c.personal.is_(True), _KEPT)


def _add(connection: Connection, subscription: Subscription) -> Subscription:
    if subscription.personal and subscription.created_by:
        lock_following(connection, subscription.created_by)
        if _select(connection, _of_person(subscription.created_by)):
            raise Conflict(msg("You have begun to follow something else just now. Try again."))
    new = connection.execute(insert(subscriptions).values(removed=False, **_values(subscription)))
    assert new.inserted_primary_key is not None
    return replace(subscription, id=new.inserted_primary_key[0])


def _replace(connection: Connection, subscription: Subscription, was: str | None) -> None:
    this = subscriptions.c.id == subscription.id
    columns = (subscriptions.c.query, subscriptions.c.delivered_through, subscriptions.c.seen_change)
    row = connection.execute(select(*columns).where(this, _KEPT).with_for_update(key_share=True)).first()
    if row is None:
        raise NotFound(msg("This subscription has been removed."))
    if was is not None and row.query != was:
        raise Conflict(msg("Somebody else has changed this subscription just now. Try again."))
    through = max(filter(None, (row.delivered_through, subscription.delivered_through)), default=None)
    kept = replace(subscription, delivered_through=through, seen_change=row.seen_change)
    connection.execute(update(subscriptions).where(this).values(**_values(kept)))


def _end(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.execute(update(subscriptions).where(which).values(removed=True, next_run_at=None)).rowcount


def _pause(connection: Connection, channel: Channel) -> Sequence[Subscription]:
    running = and_(where_channel(subscriptions, channel), _KEPT, subscriptions.c.paused.is_(False))
    rows = select(subscriptions).where(running).order_by(subscriptions.c.id).with_for_update(key_share=True)
    before = [to_subscription(row) for row in connection.execute(rows)]
    these = subscriptions.c.id.in_([subscription.id for subscription in before])
    connection.execute(update(subscriptions).where(these).values(paused=True, next_run_at=None))
    return before


def _select(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> Sequence[Subscription]:
    statement = select(subscriptions).where(*conditions).order_by(subscriptions.c.id).limit(limit)
    return [to_subscription(row) for row in connection.execute(statement)]


def _due(connection: Connection, now: datetime, limit: int, after: Subscription | None) -> Sequence[Subscription]:
    is_due = (subscriptions.c.next_run_at <= now, _KEPT, subscriptions.c.paused.is_(False))
    edge = (after.next_run_at, after.id) if after else None
    return _page(connection, subscriptions.c.next_run_at, edge, limit, *is_due)


def _behind(connection: Connection, change: int, limit: int, after: Subscription | None) -> Sequence[Subscription]:
    is_behind = subscriptions.c.seen_change < change
    edge = (after.seen_change, after.id) if after else None
    return _page(connection, subscriptions.c.seen_change, edge, limit, is_behind)


def _page(
    connection: Connection,
    column: ColumnElement[Any],
    after: tuple[object, int] | None,
    limit: int,
    *conditions: ColumnElement[bool],
) -> Sequence[Subscription]:
    """The first ones in the order of a column and then of their ids, `after` such a pair of values."""
    statement = select(subscriptions).where(*conditions).order_by(column, subscriptions.c.id).limit(limit)
    if after is not None:
        value, number = after
        statement = statement.where(tuple_(column, subscriptions.c.id) > tuple_(literal(value, column.type), number))
    return [to_subscription(row) for row in connection.execute(statement)]


def _values(subscription: Subscription) -> dict[str, object]:
    same = (
        "query",
        "zone",
        "layout",
        "language",
        "late_policy",
        "late_days",
        "note_when_empty",
        "personal",
        "paused",
        "next_run_at",
        "delivered_through",
        "seen_change",
    )
    return {
        **{name: getattr(subscription, name) for name in same},
        **channel_values(subscription.channel),
        **person_values(subscription.created_by, "created_by_"),
        "at_minute": subscription.at.hour * 60 + subscription.at.minute,
        "weekdays": "".join(map(str, sorted(subscription.weekdays))),
    }


def to_subscription(row: Row[Any]) -> Subscription:
    """The subscription of a whole row."""
    by = row.created_by_user_id
    return Subscription(
        id=row.id,
        channel=channel_of(row),
        query=row.query,
        at=time(*divmod(row.at_minute, 60)),
        zone=row.zone,
        weekdays=frozenset(map(int, row.weekdays)),
        layout=row.layout,
        language=row.language,
        late_policy=row.late_policy,
        late_days=row.late_days,
        note_when_empty=row.note_when_empty,
        personal=row.personal,
        paused=row.paused,
        ended=row.removed,
        next_run_at=row.next_run_at,
        delivered_through=row.delivered_through,
        seen_change=row.seen_change,
        created_by=Person(row.created_by_platform, row.created_by_workspace, by) if by is not None else None,
    )
