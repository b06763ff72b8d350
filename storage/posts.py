"""Posts as rows: reading them, and inserting planned ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, or_, select

from bot.core.digests import PlannedPost, Post, PostChange, PostKind, PostState
from bot.core.subscriptions import Channel
from storage.dialects import upsert
from storage.people import channel_of, channel_values
from storage.tables import deliveries, entries, posts, subscriptions

TO_SEND = 0
TO_CHANGE = 1
"""Values of `posts.turn`: what is to be done to a post, in this order within a channel."""

UNSENT = (PostState.PLANNED, PostState.SENDING, PostState.FAILED, PostState.UNCERTAIN)


def turn_of(state: PostState, change: object) -> int | None:
    """What is to be done to a post in this state."""
    if state in UNSENT:
        return TO_SEND
    return TO_CHANGE if state is PostState.SENT and change is not None else None


_roots = posts.alias("roots")
_head = (  # the message whose thread in-thread posts go into: the delivery's head that is still there
    select(_roots.c.message_id)
    .where(
        _roots.c.delivery_id == posts.c.delivery_id,
        _roots.c.in_thread.is_(False),
        _roots.c.kind != PostKind.NOTE,
        _roots.c.message_id.is_not(None),
    )
    .order_by(_roots.c.state == PostState.WITHDRAWN, _roots.c.id)
    .limit(1)
    .correlate(posts)
    .scalar_subquery()
)


_JOINED = (
    posts.join(deliveries, deliveries.c.id == posts.c.delivery_id)
    .join(subscriptions, subscriptions.c.id == posts.c.subscription_id)
    .outerjoin(entries, entries.c.id == posts.c.entry_id)
)


def select_posts(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Posts with what else is kept of them elsewhere, and the thread that in-thread ones go into."""
    thread = case((posts.c.in_thread, _head), else_=None).label("thread_id")
    beside = deliveries.c.digest_date, subscriptions.c.language, entries.c.change_no.label("entry_change"), thread
    return select(posts, *beside).select_from(_JOINED).where(*conditions)


def fetch_posts(connection: Connection, statement: Select[Any]) -> list[Post]:
    """The posts of a `select_posts`."""
    return [to_post(row) for row in connection.execute(statement)]


def to_post(row: Row[Any], state: PostState | None = None) -> Post:
    """The post of a row of `select_posts`, or as it is since then in another state.

    A change matters once a post is there; that it is to be withdrawn also where it may be there.
    """
    state = state or row.state
    in_force = state is PostState.SENT or (state is PostState.UNCERTAIN and row.change is PostChange.WITHDRAW)
    return Post(
        id=row.id,
        delivery_id=row.delivery_id,
        subscription_id=row.subscription_id,
        channel=channel_of(row),
        language=row.language,
        digest_date=row.digest_date,
        key=row.key,
        kind=row.kind,
        entry_id=row.entry_id,
        entry_change=row.entry_change,
        late=row.late,
        in_thread=row.in_thread,
        note=row.note,
        state=state,
        change=row.change if in_force else None,
        message_id=row.message_id,
        thread_id=row.thread_id,
        revision=row.revision,
        attempts=row.attempts,
        tried_at=row.tried_at,
        next_attempt_at=row.next_attempt_at,
        sent_at=row.sent_at,
        reason=row.reason,
    )


def add_posts(
    connection: Connection, delivery_id: int, subscription_id: int, channel: Channel, planned: Iterable[PlannedPost]
) -> int:
    """Plan the posts whose keys the ledger does not know yet; how many those were."""
    count = 0
    for post in planned:
        statement = upsert(connection, posts).values(
            delivery_id=delivery_id,
            subscription_id=subscription_id,
            **channel_values(channel),
            key=post.key,
            kind=post.kind,
            entry_id=post.entry_id,
            late=post.late,
            in_thread=post.in_thread,
            note=post.note,
            state=PostState.PLANNED,
            change_taken=False,
            turn=TO_SEND,
            revision=0,
            attempts=0,
        )
        count += connection.execute(statement.on_conflict_do_nothing(index_elements=["key"])).rowcount
    return count


def merged_with(days: Sequence[date]) -> ColumnElement[bool]:
    """Whether a delivery is of one of these days or carries one of them."""
    carried = [deliveries.c.merged_dates.contains(day.isoformat(), autoescape=True) for day in days]
    return and_(deliveries.c.digest_date >= min(days), or_(deliveries.c.digest_date.in_(days), *carried))
