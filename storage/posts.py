"""Posts as rows: reading them, and inserting planned ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, or_, select

from bot.core.digests import PlannedPost, Post, PostChange, PostKind, PostState
from bot.core.subscriptions import Channel
from storage.chunks import chunked
from storage.dialects import upsert
from storage.people import channel_of, channel_values
from storage.tables import deliveries, entries, posts, subscriptions

TO_SEND = 0
TO_CHANGE = 1
"""Values of `posts.turn`: what is to be done to a post, in this order within a channel."""

_ROWS_AT_ONCE: Final = 5_000
_AS_PLANNED: Final = ("key", "kind", "entry_id", "late", "in_thread", "note")

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


class Addressed(NamedTuple):
    """A delivery that posts are planned for."""

    delivery_id: int
    subscription_id: int
    channel: Channel


def add_posts(
    connection: Connection, planned: Iterable[tuple[Addressed, Iterable[PlannedPost]]], known: Iterable[int]
) -> set[int]:
    """Plan the posts whose keys the ledger does not know yet, in order; the deliveries that have got any.

    `known` are those of the deliveries that may have posts already.
    """
    keys = _keys_of(connection, known)
    new = [(to, [post for post in some if post.key not in keys]) for to, some in planned]
    statement = upsert(connection, posts).on_conflict_do_nothing(index_elements=["key"])
    for rows in chunked((row for to, some in new for row in _new_rows(to, some)), _ROWS_AT_ONCE):
        connection.execute(statement, rows)
    return {to.delivery_id for to, some in new if some}


def _keys_of(connection: Connection, delivery_ids: Iterable[int]) -> set[str]:
    keys: set[str] = set()
    for some in chunked(sorted(delivery_ids)):
        keys.update(connection.scalars(select(posts.c.key).where(posts.c.delivery_id.in_(some))))
    return keys


def _new_rows(to: Addressed, planned: Sequence[PlannedPost]) -> Iterator[dict[str, object]]:
    same = {
        "delivery_id": to.delivery_id,
        "subscription_id": to.subscription_id,
        **channel_values(to.channel),
        "state": PostState.PLANNED,
        "change_taken": False,
        "turn": TO_SEND,
        "revision": 0,
        "attempts": 0,
    }
    for post in planned:
        yield {**same, **{name: getattr(post, name) for name in _AS_PLANNED}}


def merged_with(days: Sequence[date]) -> ColumnElement[bool]:
    """Whether a delivery is of one of these days or carries one of them."""
    carried = [deliveries.c.merged_dates.contains(day.isoformat(), autoescape=True) for day in days]
    return and_(deliveries.c.digest_date >= min(days), or_(deliveries.c.digest_date.in_(days), *carried))
