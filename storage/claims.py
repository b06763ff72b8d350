"""Acting on posts: handing them out one by one, and keeping what became of them.

The rules are in the drawing at the top of `bot.core.digests`. Each function runs in one write transaction and has its
channel for itself meanwhile, so that no two workers are ever handed the same post to send.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, and_, exists, func, or_, select, update

from bot.core.digests import DeliveryState, Post, PostChange, PostKind, PostState
from bot.core.messages import Message
from bot.core.subscriptions import Channel
from storage.locks import lock_channels, lock_channels_of
from storage.people import channel_of, select_channels, where_channel
from storage.posts import TO_CHANGE, TO_SEND, UNSENT, select_posts, to_post, turn_of
from storage.tables import CHANNEL_COLUMNS, deliveries, posts, subscriptions

SEND_TIME = timedelta(minutes=5)
"""How long a post stays with who was handed it to send; after that nobody knows whether it arrived."""
LOOK_UP_TIME = timedelta(minutes=1)
"""How long an uncertain post or a change stays with who was handed it, before it is handed out again."""


def recover(connection: Connection) -> int:
    """Posts left in sending become uncertain; changes somebody was making are free to be made again."""
    taken = update(posts).where(posts.c.turn == TO_CHANGE, posts.c.change_taken)
    connection.execute(taken.values(change_taken=False, next_attempt_at=None))
    sending = update(posts).where(posts.c.turn == TO_SEND, posts.c.state == PostState.SENDING)
    return connection.execute(sending.values(state=PostState.UNCERTAIN, next_attempt_at=None)).rowcount


def channels_waiting(connection: Connection, now: datetime) -> Sequence[Channel]:
    """Channels whose first unfinished post may be acted on now."""
    first = _first_unfinished()
    ready = select(first).where(
        or_(
            and_(first.c.next_attempt_at.is_(None), first.c.state != PostState.SENDING),
            first.c.next_attempt_at <= now,
        ),
    )
    return sorted(channel_of(row) for row in connection.execute(ready))


def next_attempt(connection: Connection, now: datetime) -> datetime | None:
    """When the next channel is ready that is not ready now."""
    first = _first_unfinished()
    soonest = select(func.min(first.c.next_attempt_at)).where(first.c.next_attempt_at > now)
    moment: datetime | None = connection.scalar(soonest)
    return moment


def _first_unfinished() -> Subquery:
    """Each channel's first post to which something is to be done."""
    place = func.row_number().over(
        partition_by=[posts.c[name] for name in CHANNEL_COLUMNS], order_by=[posts.c.turn, posts.c.id]
    )
    columns = [posts.c[name] for name in (*CHANNEL_COLUMNS, "state", "next_attempt_at")]
    numbered = _unfinished(select(*columns, place.label("place"))).subquery()
    return select(numbered).where(numbered.c.place == 1).subquery()


def claim(connection: Connection, channel: Channel, now: datetime) -> Post | None:
    """The channel's next post to act on. One that somebody began to send and never came back from is uncertain."""
    lock_channels(connection, [channel])
    in_order = _unfinished(select_posts(where_channel(posts, channel))).order_by(posts.c.turn, posts.c.id)
    row = connection.execute(in_order.limit(1)).first()
    if row is None or not _is_ready(row, now):
        return None
    attempts = row.attempts + 1
    if row.state in {PostState.PLANNED, PostState.FAILED}:
        tried_at, until = row.tried_at or now, now + SEND_TIME
        _set(connection, row.id, state=PostState.SENDING, attempts=attempts, tried_at=tried_at, next_attempt_at=until)
        return replace(to_post(row), tried_at=tried_at)
    state = PostState.UNCERTAIN if row.state is PostState.SENDING else row.state
    taken, until = row.change is not None, now + LOOK_UP_TIME
    _set(connection, row.id, state=state, attempts=attempts, change_taken=taken, next_attempt_at=until)
    return to_post(row, state)


def _is_ready(row: Row[Any], now: datetime) -> bool:
    if row.next_attempt_at is None:
        return row.state is not PostState.SENDING
    return bool(row.next_attempt_at <= now)


def _unfinished(statement: Select[Any]) -> Select[Any]:
    """Of a select from posts, those something is to be done to: new ones only where they are still wanted."""
    its_order = subscriptions.c.id == posts.c.subscription_id  # looked at for each post: there may be many
    wanted = subscriptions.c.removed.is_(False), subscriptions.c.paused.is_(False)
    may_be_sent = exists().where(its_order, *wanted).correlate(posts)
    return statement.where(posts.c.turn.is_not(None), or_(posts.c.turn == TO_CHANGE, may_be_sent))


def mark_sent(connection: Connection, post_id: int, message_id: str, revision: int, at: datetime) -> None:
    """The platform has it; a change ordered meanwhile is still to be made."""
    row = _row(connection, post_id)
    if row is None or row.state is PostState.SENT:
        return
    _set(
        connection,
        post_id,
        state=PostState.SENT,
        turn=turn_of(PostState.SENT, row.change),
        message_id=message_id,
        revision=revision,
        sent_at=at,
        next_attempt_at=None,
        reason=None,
    )
    _settle(connection, row.delivery_id)


def mark_changed(connection: Connection, post_id: int, revision: int) -> None:
    """The platform shows this revision now, which ends the change unless another was ordered meanwhile."""
    row = _row(connection, post_id)
    if row is None:
        return
    change = None if row.change_taken and row.change is PostChange.EDIT else row.change
    _set(
        connection,
        post_id,
        revision=revision,
        change=change,
        change_taken=False,
        attempts=0,
        turn=turn_of(row.state, change),
        next_attempt_at=None,
        reason=None,
    )


def mark_withdrawn(connection: Connection, post_id: int) -> None:
    """It is gone, or never went out."""
    row = _row(connection, post_id)
    if row is None:
        return
    _set(
        connection,
        post_id,
        state=PostState.WITHDRAWN,
        turn=None,
        change=None,
        change_taken=False,
        next_attempt_at=None,
    )
    _settle(connection, row.delivery_id)


def mark_uncertain(connection: Connection, post_id: int, reason: Message, retry_at: datetime) -> bool:
    """Nobody knows: to be looked up then, and never sent again before that; whether the reason is a new one."""
    row = _row(connection, post_id)
    if row is None or row.state not in {PostState.SENDING, PostState.UNCERTAIN}:
        return False
    _set(connection, post_id, state=PostState.UNCERTAIN, reason=reason, next_attempt_at=retry_at)
    return bool(row.reason != reason)


def mark_failed(connection: Connection, post_id: int, reason: Message, retry_at: datetime) -> None:
    """To be tried again then. A post whose withdrawal was ordered meanwhile is not."""
    row = _row(connection, post_id)
    if row is None:
        return
    if row.state in UNSENT and row.change is PostChange.WITHDRAW:
        mark_withdrawn(connection, post_id)
    elif row.state in UNSENT:
        _set(connection, post_id, state=PostState.FAILED, change=None, reason=reason, next_attempt_at=retry_at)
    elif row.state is PostState.SENT and row.change is not None:
        _set(connection, post_id, change_taken=False, reason=reason, next_attempt_at=retry_at)


def mark_refused(connection: Connection, post_id: int, reason: Message, alone: bool = False) -> bool:
    """It does not go out, nor unless it is `alone` does the rest of its delivery; whether the operator should know.

    Of a post that is there, the change is given up, which is no news.
    """
    row = _row(connection, post_id)
    if row is None:
        return False
    if row.state is PostState.SENT:
        _set(connection, post_id, change=None, change_taken=False, turn=None, reason=reason, next_attempt_at=None)
        return False
    these = posts.c.id == post_id if alone else posts.c.delivery_id == row.delivery_id
    rest = update(posts).where(these, posts.c.state.in_(UNSENT))
    ended = {"state": PostState.REFUSED, "turn": None, "change": None, "reason": reason, "next_attempt_at": None}
    refused = connection.execute(rest.values(**ended)).rowcount
    _settle(connection, row.delivery_id, broken_off=not alone)
    is_over = not alone or _has_failed(connection, row.delivery_id)
    return refused > 0 and is_over and not _failed_before(connection, row.delivery_id)


def _has_failed(connection: Connection, delivery_id: int) -> bool:
    state = connection.scalar(select(deliveries.c.state).where(deliveries.c.id == delivery_id))
    return state is DeliveryState.FAILED


def _failed_before(connection: Connection, delivery_id: int) -> bool:
    """Whether the last of the subscription's earlier deliveries that had anything to send has failed."""
    its_subscription = select(deliveries.c.subscription_id).where(deliveries.c.id == delivery_id).scalar_subquery()
    earlier = select(deliveries.c.state).where(
        deliveries.c.subscription_id == its_subscription,
        deliveries.c.id < delivery_id,
        deliveries.c.state.in_((DeliveryState.DELIVERED, DeliveryState.FAILED)),
    )
    return connection.scalar(earlier.order_by(deliveries.c.id.desc()).limit(1)) is DeliveryState.FAILED


def _settle(connection: Connection, delivery_id: int, *, broken_off: bool = False) -> None:
    """A planned delivery is over when all its posts are.

    It has failed when it was broken off, or when something was refused and nothing beside the header is there.
    """
    of_delivery = select(func.count()).where(posts.c.delivery_id == delivery_id)
    if connection.scalar(of_delivery.where(posts.c.state.in_(UNSENT))):
        return
    refused = connection.scalar(of_delivery.where(posts.c.state == PostState.REFUSED))
    there = connection.scalar(of_delivery.where(posts.c.state == PostState.SENT, posts.c.kind != PostKind.HEADER))
    failed = broken_off or (refused and not there)
    state = DeliveryState.FAILED if failed else DeliveryState.DELIVERED
    planned = update(deliveries).where(deliveries.c.id == delivery_id, deliveries.c.state == DeliveryState.PLANNED)
    connection.execute(planned.values(state=state))


def _row(connection: Connection, post_id: int) -> Row[*tuple[Any, ...]] | None:
    lock_channels_of(connection, select_channels(posts).where(posts.c.id == post_id))
    columns = (posts.c.delivery_id, posts.c.state, posts.c.change, posts.c.change_taken, posts.c.reason)
    return connection.execute(select(*columns).where(posts.c.id == post_id)).first()


def _set(connection: Connection, post_id: int, **values: object) -> None:
    connection.execute(update(posts).where(posts.c.id == post_id).values(**values))
