"""The ledger: what was promised to which channel, and what became of it. Acting on posts is in `storage.claims`."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select, update

from bot.core.digests import (
    Delivery,
    MessageRef,
    PlannedDelivery,
    PlannedPost,
    Post,
    PostState,
)
from bot.core.leases import Claim, Watch
from bot.core.messages import Message
from bot.core.metering import Backlog
from bot.core.planning import Plan
from bot.core.ports import Looked, PlannedDay, PostChangeOrder
from bot.core.subscriptions import Channel, Subscription
from storage import claims
from storage.acts import Claiming, Sent, act
from storage.backlog import backlog
from storage.chunks import chunked
from storage.database import Database
from storage.gathering import Gathering
from storage.locks import lock_channels_of
from storage.people import channel_of, select_channels, where_channel
from storage.planning import planned_days, wait_again, write_plans
from storage.posts import Addressed, add_posts, fetch_posts, merged_with, select_posts, to_post
from storage.revising import is_as_it_was, pass_over
from storage.tables import deliveries, posts, subscriptions


class DeliveryLedger:
    """`bot.core.ports.Ledger` on a database, for one worker by its name.

    What it is handed is held by this process of it: it knows what an earlier one has left, and a word of that one which
    the database hears late counts no more.
    """

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker
        self._holder = f"{worker}#{secrets.token_hex(4)}"  # what is left of an earlier process may still be on its way
        self._watch = Watch()
        self._acts = Gathering(self._act)

    async def plan(
        self, subscription: Subscription, deliveries: Sequence[PlannedDelivery], *, served: Subscription | None = None
    ) -> None:
        """See the port. Posts that a known delivery does not have yet are added to it."""
        await self.plan_all([Plan(subscription, deliveries, served)])

    async def plan_all(self, plans: Sequence[Plan]) -> None:
        """See the port."""
        await self._database.write(write_plans, plans)

    async def planned_days(self, subscription_ids: Collection[int], days: Collection[date]) -> Collection[PlannedDay]:
        """See the port."""
        return set(await self._database.read(planned_days, subscription_ids, days))

    async def amend(
        self,
        subscription_id: int,
        *,
        seen_change: int | None,
        additions: Mapping[int, Sequence[PlannedPost]],
        changes: Mapping[int, PostChangeOrder],
        looked: Looked | None = None,
    ) -> bool:
        """See the port."""
        return await self._database.write(
            _amend, subscription_id, seen_change, looked, additions=additions, changes=changes
        )

    async def pass_over(
        self, wanting: Sequence[tuple[Subscription, Collection[date]]], entry_ids: Collection[str], *, seen_change: int
    ) -> Collection[int]:
        """See the port."""
        return await self._database.write(pass_over, wanting, sorted(entry_ids), seen_change)

    async def deliveries(self, subscription_id: int, days: Collection[date]) -> Sequence[Delivery]:
        """See the port; by digest date."""
        return await self._database.read(_deliveries, subscription_id, sorted(days))

    async def posts(self, delivery_ids: Collection[int]) -> Sequence[Post]:
        """See the port."""
        return await self._database.read(_posts, list(delivery_ids))

    async def posts_of_entries(self, subscription_id: int, entry_ids: Collection[str]) -> Sequence[Post]:
        """See the port."""
        return await self._database.read(_posts_of_entries, subscription_id, list(entry_ids))

    async def recover(self, serving: Collection[Channel] = ()) -> int:
        """See the port."""
        held = await self._database.read(claims.held)
        left = [claim for claim, channel in held if self._is_left(claim, channel, serving)]
        return await self._database.write(claims.take_away, left) if left else 0

    def _is_left(self, claim: Claim, channel: Channel, serving: Collection[Channel]) -> bool:
        return self._is_own(claim) and (claim.holder != self._holder or channel not in serving)

    def _is_own(self, claim: Claim) -> bool:
        """Whether this worker made it, in this process or an earlier one."""
        return claim.holder.rpartition("#")[0] == self._worker

    async def take_over(self, elapsed: float) -> int:
        """See the port."""
        held = await self._database.read(claims.held)
        abandoned = self._watch.abandoned([claim for claim, _ in held if not self._is_own(claim)], elapsed)
        return await self._database.write(claims.take_away, abandoned) if abandoned else 0

    async def claims(self) -> Sequence[Claim]:
        """See the port."""
        return [claim for claim, _ in await self._database.read(claims.held)]

    @property
    def holder(self) -> str:
        """The name under which posts are held by this worker as long as its process lives."""
        return self._holder

    async def renew(self, post_id: int) -> bool:
        """See the port."""
        return await self._database.write(claims.renew, post_id, self._holder)

    async def channels_waiting(self, now: datetime) -> Sequence[Channel]:
        """See the port."""
        return await self._database.read(claims.channels_waiting, now)

    async def next_attempt(self, now: datetime) -> datetime | None:
        """See the port."""
        return await self._database.read(claims.next_attempt, now)

    async def next_attempt_in(self, channel: Channel, now: datetime) -> datetime | None:
        """See the port."""
        return await self._database.read(claims.next_attempt_in, channel, now)

    async def claim(self, channel: Channel, now: datetime) -> Post | None:
        """See the port."""
        return await self._acts.ask(Claiming(channel, now))

    async def mark_sent(self, post: Post, *, message_id: str, revision: int, at: datetime) -> None:
        """See the port."""
        await self._acts.ask(Sent(post, message_id, revision, at))

    async def _act(self, asked: Sequence[Claiming | Sent]) -> Sequence[Post | None]:
        return await self._database.write(act, asked, self._holder)

    async def mark_changed(self, post_id: int, *, revision: int) -> None:
        """See the port. A change ordered while this one was under way is still to be made."""
        await self._database.write(claims.mark_changed, post_id, self._holder, revision)

    async def mark_withdrawn(self, post_id: int) -> None:
        """See the port."""
        await self._database.write(claims.mark_withdrawn, post_id, self._holder)

    async def mark_uncertain(self, post_id: int, *, reason: Message, retry_at: datetime) -> bool:
        """See the port."""
        return await self._database.write(claims.mark_uncertain, post_id, self._holder, reason, retry_at)

    async def mark_failed(self, post_id: int, *, reason: Message, retry_at: datetime) -> None:
        """See the port."""
        await self._database.write(claims.mark_failed, post_id, self._holder, reason, retry_at)

    async def mark_refused(self, post_id: int, *, reason: Message, alone: bool = False) -> bool:
        """See the port."""
        return await self._database.write(claims.mark_refused, post_id, self._holder, reason, alone)

    async def held_up(self, channel: Channel) -> Post | None:
        """See the port."""
        return await self._database.read(claims.held_up, channel)

    async def settle(
        self, post_id: int, *, is_there: bool, message_id: str | None = None, at: datetime | None = None
    ) -> bool:
        """See the port."""
        return await self._database.write(claims.settle, post_id, is_there, message_id, at)

    async def post_of(self, ref: MessageRef) -> Post | None:
        """See the port."""
        return await self._database.read(_post_of, ref)

    async def latest_posts(self, platform: str, workspace: str, entry_ids: Collection[str]) -> Mapping[str, MessageRef]:
        """See the port. Never one in somebody's direct messages."""
        return await self._database.read(_latest_posts, platform, workspace, list(entry_ids))

    async def recent_posts(self, platform: str, *, since: datetime, limit: int = 1000) -> Sequence[Post]:
        """See the port."""
        return await self._database.read(_recent_posts, platform, since, limit)

    async def newest_day(self, subscription_id: int) -> date | None:
        """See the port."""
        return await self._database.read(_newest_day, subscription_id)

    async def backlog(self, now: datetime) -> Backlog:
        """See the port."""
        return await self._database.read(backlog, now)


def _amend(
    connection: Connection,
    subscription_id: int,
    seen_change: int | None,
    looked: Looked | None,
    *,
    additions: Mapping[int, Sequence[PlannedPost]],
    changes: Mapping[int, PostChangeOrder],
) -> bool:
    lock_channels_of(
        connection,
        *(select_channels(deliveries).where(deliveries.c.id.in_(some)) for some in chunked(additions)),
        *(select_channels(posts).where(posts.c.id.in_(some)) for some in chunked(changes)),
    )
    if looked is not None and not is_as_it_was(connection, subscription_id, looked):
        return False
    if seen_change is not None:
        connection.execute(
            update(subscriptions).where(subscriptions.c.id == subscription_id).values(seen_change=seen_change)
        )
    to = [  # whom one of them was for may have been forgotten meanwhile
        (Addressed(row.id, row.subscription_id, channel_of(row)), additions[row.id])
        for some in chunked(additions)
        for row in connection.execute(select(deliveries).where(deliveries.c.id.in_(some)))
    ]
    wait_again(connection, add_posts(connection, to, additions))
    for post_id, order in changes.items():
        claims.order_change(connection, post_id, withdraw=order.withdraw)
    return True


def _deliveries(connection: Connection, subscription_id: int, days: Sequence[date]) -> Sequence[Delivery]:
    if not days:
        return []
    statement = select(deliveries).where(deliveries.c.subscription_id == subscription_id, merged_with(days))
    return [_to_delivery(row) for row in connection.execute(statement.order_by(deliveries.c.digest_date))]


def _to_delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        subscription_id=row.subscription_id,
        channel=channel_of(row),
        digest_date=row.digest_date,
        state=row.state,
        due_at=row.due_at,
        reason=row.reason,
        merged_dates=tuple(map(date.fromisoformat, row.merged_dates)),
    )


def _posts(connection: Connection, delivery_ids: Sequence[int]) -> Sequence[Post]:
    found: list[Post] = []
    for some in chunked(delivery_ids):
        found += fetch_posts(connection, select_posts(posts.c.delivery_id.in_(some)))
    return sorted(found, key=lambda post: post.id)


def _posts_of_entries(connection: Connection, subscription_id: int, entry_ids: Sequence[str]) -> Sequence[Post]:
    found: list[Post] = []
    for some in chunked(entry_ids):
        of_these = select_posts(posts.c.entry_id.in_(some), posts.c.subscription_id == subscription_id)
        found += fetch_posts(connection, of_these)
    return sorted(found, key=lambda post: post.id)


def _post_of(connection: Connection, ref: MessageRef) -> Post | None:
    statement = select_posts(posts.c.message_id == ref.message_id, where_channel(posts, ref.channel))
    row = connection.execute(statement).first()
    return to_post(row) if row else None


def _latest_posts(
    connection: Connection, platform: str, workspace: str, entry_ids: Sequence[str]
) -> Mapping[str, MessageRef]:
    found: dict[str, Row[Any]] = {}
    personal = exists().where(subscriptions.c.id == posts.c.subscription_id, subscriptions.c.personal)
    for some in chunked(entry_ids):
        statement = select(posts).where(
            posts.c.entry_id.in_(some),
            ~personal,
            posts.c.platform == platform,
            posts.c.workspace == workspace,
            posts.c.state == PostState.SENT,
            posts.c.message_id.is_not(None),
        )
        for row in connection.execute(statement):  # put in order here: SQLite would walk along all posts to sort these
            newest = found.setdefault(row.entry_id, row)
            if (row.sent_at, row.id) > (newest.sent_at, newest.id):
                found[row.entry_id] = row
    return {entry_id: MessageRef(channel_of(row), row.message_id) for entry_id, row in found.items()}


def _recent_posts(connection: Connection, platform: str, since: datetime, limit: int) -> Sequence[Post]:
    statement = select_posts(posts.c.platform == platform, posts.c.sent_at >= since, posts.c.state == PostState.SENT)
    return fetch_posts(connection, statement.order_by(posts.c.sent_at.desc(), posts.c.id.desc()).limit(limit))


def _newest_day(connection: Connection, subscription_id: int) -> date | None:
    newest = select(func.max(deliveries.c.digest_date)).where(deliveries.c.subscription_id == subscription_id)
    day: date | None = connection.scalar(newest)
    return day
