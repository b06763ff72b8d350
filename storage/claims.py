"""Posts that workers hold: which those are, and keeping what became of them.

The rules are in the drawing at the top of `bot.core.digests`. Each function runs in one write transaction and has its
channel for itself meanwhile. What is done for every post that goes out stands in `storage.acts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Subquery,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from bot.core.digests import DeliveryState, Post, PostChange, PostKind, PostState
from bot.core.leases import Claim
from bot.core.messages import Message
from bot.core.subscriptions import Channel
from storage.locks import lock_channels_of
from storage.people import channel_of, select_channels, where_channel
from storage.posts import TO_CHANGE, UNSENT, select_posts, to_post, turn_of
from storage.ready import carry_out
from storage.tables import CHANNEL_COLUMNS, deliveries, posts, subscriptions

FREE: Final[Mapping[str, Any]] = {"held_by": None, "change_taken": False, "next_attempt_at": None}
"""Of a post that nobody acts on, and that anybody may."""


_THIS_POST: Final = update(posts).where(posts.c.id == bindparam("this_post"))


def held(connection: Connection) -> Sequence[tuple[Claim, Channel]]:
    """All claims, and the channels they are made in."""
    columns = [posts.c[name] for name in ("id", "held_by", "beat", *CHANNEL_COLUMNS)]
    rows = connection.execute(select(*columns).where(posts.c.held_by.is_not(None)))
    return [(Claim(row.id, row.held_by, row.beat), channel_of(row)) for row in rows]


def take_away(connection: Connection, abandoned: Sequence[Claim]) -> int:
    """Let go of the posts of claims that are still just as they were seen; how many those are."""
    count = 0
    for claim in abandoned:
        its_post = posts.c.id == claim.post_id
        count += _let_go(connection, its_post, posts.c.held_by == claim.holder, posts.c.beat == claim.beat)
    return count


def _let_go(connection: Connection, *which: ColumnElement[bool]) -> int:
    """What was being sent is uncertain; a change that somebody was making is free to be made again."""
    sending = case((posts.c.state == PostState.SENDING, PostState.UNCERTAIN), else_=posts.c.state)
    freed = update(posts).where(*which)
    return connection.execute(freed.values(state=sending, **FREE)).rowcount


def renew(connection: Connection, post_id: int, worker: str) -> bool:
    """Say that the worker is still at work on a post; whether it still holds it."""
    beating = update(posts).where(posts.c.id == post_id, posts.c.held_by == worker)
    return connection.execute(beating.values(beat=posts.c.beat + 1)).rowcount > 0


def channels_waiting(connection: Connection, now: datetime) -> Sequence[Channel]:
    """Channels whose first unfinished post may be acted on now."""
    first = _first_unfinished()
    due = or_(first.c.next_attempt_at.is_(None), first.c.next_attempt_at <= now)
    ready = select(first).where(first.c.held_by.is_(None), due)
    return sorted(channel_of(row) for row in connection.execute(ready))


def next_attempt(connection: Connection, now: datetime) -> datetime | None:
    """When the next channel is ready that is not ready now."""
    first = _first_unfinished()
    soonest = select(func.min(first.c.next_attempt_at)).where(first.c.next_attempt_at > now)
    moment: datetime | None = connection.scalar(soonest)
    return moment


def next_attempt_in(connection: Connection, channel: Channel, now: datetime) -> datetime | None:
    """When a channel is ready that nobody serves; `now` where it is."""
    row = connection.execute(next_post(where_channel(posts, channel))).first()
    if row is None or row.held_by is not None:
        return None
    moment: datetime = now if is_ready(row, now) else row.next_attempt_at
    return moment


def _first_unfinished() -> Subquery:
    """Each channel's first post to which something is to be done."""
    place = func.row_number().over(
        partition_by=[posts.c[name] for name in CHANNEL_COLUMNS], order_by=[posts.c.turn, posts.c.id]
    )
    columns = [posts.c[name] for name in (*CHANNEL_COLUMNS, "held_by", "next_attempt_at")]
    numbered = _unfinished(select(*columns, place.label("place"))).subquery()
    return select(numbered).where(numbered.c.place == 1).subquery()


def next_post(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Of posts that meet the conditions, the first to which something is to be done, whoever holds it."""
    return _unfinished(select_posts(*conditions)).order_by(posts.c.turn, posts.c.id).limit(1)


def is_ready(row: Row[Any], now: datetime) -> bool:
    """Whether a post may be acted on now."""
    if row.held_by is not None:
        return False
    return row.next_attempt_at is None or bool(row.next_attempt_at <= now)


def _unfinished(statement: Select[Any]) -> Select[Any]:
    """Of a select from posts, those something is to be done to: new ones only where they are still wanted.

    What may be there is looked up all the same, because it may have to be changed.
    """
    its_order = subscriptions.c.id == posts.c.subscription_id  # looked at for each post: there may be many
    wanted = subscriptions.c.removed.is_(False), subscriptions.c.paused.is_(False)
    may_be_sent = exists().where(its_order, *wanted).correlate(posts)
    may_be_there = or_(posts.c.turn == TO_CHANGE, posts.c.state == PostState.UNCERTAIN)
    return statement.where(posts.c.turn.is_not(None), or_(may_be_there, may_be_sent))


def held_up(connection: Connection, channel: Channel) -> Post | None:
    """The post that the channel waits for, when it is uncertain still after it has been looked up."""
    row = connection.execute(next_post(where_channel(posts, channel))).first()
    was_looked_up = row is not None and row.state is PostState.UNCERTAIN and row.attempts > 1
    return to_post(row) if row is not None and was_looked_up else None


def settle(connection: Connection, post_id: int, is_there: bool, message_id: str | None, at: datetime | None) -> bool:
    """Somebody has looked. What is there is made right where it can be found, and what is not is sent."""
    row = _row(connection, post_id)
    if row is None or row.state is not PostState.UNCERTAIN or row.held_by is not None:
        return False
    if not is_there:
        _set(connection, post_id, state=PostState.FAILED, reason=None, **FREE)
        return True
    change = (row.change or PostChange.EDIT) if message_id is not None else None
    sent = {"state": PostState.SENT, "message_id": message_id, "sent_at": at, "change": change, "reason": None}
    _set(connection, post_id, turn=turn_of(PostState.SENT, change), **sent, **FREE)
    _settle(connection, row.delivery_id)
    return True


def mark_changed(connection: Connection, post_id: int, worker: str, revision: int) -> None:
    """The platform shows this revision now, which ends the change unless another was ordered meanwhile."""
    row = _row(connection, post_id, held_by=worker)
    if row is None:
        return
    change = None if row.change_taken and row.change is PostChange.EDIT else row.change
    _set(
        connection,
        post_id,
        revision=revision,
        change=change,
        attempts=0,
        turn=turn_of(row.state, change),
        reason=None,
        **FREE,
    )


def order_change(connection: Connection, post_id: int, *, withdraw: bool) -> None:
    """Have what is there, or may be, edited or withdrawn; what never went out is sent as its entry is then, or not."""
    columns = [posts.c[name] for name in ("state", "delivery_id", "message_id")]
    row = connection.execute(select(*columns).where(posts.c.id == post_id)).first()
    if row is None:
        return
    if row.state in {PostState.PLANNED, PostState.FAILED}:
        if withdraw:
            end(connection, post_id, row.delivery_id)
        return
    if row.state is PostState.SENT and row.message_id is None:
        return  # somebody has said that it is there, and not where
    if row.state is PostState.SENT or row.state in UNSENT:
        change = PostChange.WITHDRAW if withdraw else PostChange.EDIT
        values: dict[str, Any] = {"change": change, "change_taken": False, "turn": turn_of(row.state, change)}
        if row.state is PostState.SENT:
            values["next_attempt_at"] = None
        _set(connection, post_id, **values)


def mark_withdrawn(connection: Connection, post_id: int, worker: str) -> None:
    """It is gone, or never went out; that counts also where nobody holds it.

    Where nobody had ordered that, its entry went before its post did, and the head may say that it is there still.
    """
    row = _row(connection, post_id)
    if row is None or row.held_by not in (None, worker):
        return
    end(connection, post_id, row.delivery_id)
    if row.change is not PostChange.WITHDRAW:
        for head in _heads_of(connection, row.delivery_id):
            order_change(connection, head, withdraw=False)


def _heads_of(connection: Connection, delivery_id: int) -> Sequence[int]:
    """Heads of a delivery that are not to go themselves."""
    of_kind = posts.c.kind.in_((PostKind.HEADER, PostKind.LIST))
    stays = or_(posts.c.change.is_(None), posts.c.change != PostChange.WITHDRAW)
    return connection.scalars(select(posts.c.id).where(posts.c.delivery_id == delivery_id, of_kind, stays)).all()


def end(connection: Connection, post_id: int, delivery_id: int) -> None:
    """Nothing of a post is or will be there."""
    _set(connection, post_id, state=PostState.WITHDRAWN, turn=None, change=None, **FREE)
    _settle(connection, delivery_id)


def mark_uncertain(connection: Connection, post_id: int, worker: str, reason: Message, retry_at: datetime) -> bool:
    """Nobody knows: to be looked up then, and never sent again before that; whether the reason is a new one."""
    row = _row(connection, post_id, held_by=worker)
    if row is None or row.state not in {PostState.SENDING, PostState.UNCERTAIN}:
        return False
    _set(connection, post_id, state=PostState.UNCERTAIN, reason=reason, **_free_at(retry_at))
    return bool(row.reason != reason)


def mark_failed(connection: Connection, post_id: int, worker: str, reason: Message, retry_at: datetime) -> None:
    """To be tried again then. A post whose withdrawal was ordered meanwhile is not."""
    row = _row(connection, post_id, held_by=worker)
    if row is None:
        return
    if row.state in UNSENT and row.change is PostChange.WITHDRAW:
        end(connection, post_id, row.delivery_id)
    elif row.state in UNSENT:
        _set(connection, post_id, state=PostState.FAILED, change=None, reason=reason, **_free_at(retry_at))
    else:
        _set(connection, post_id, reason=reason, **_free_at(retry_at if row.change is not None else None))


def _free_at(moment: datetime | None) -> Mapping[str, Any]:
    """Of a post that anybody may act on from then on."""
    return {**FREE, "next_attempt_at": moment}


def mark_refused(connection: Connection, post_id: int, worker: str, reason: Message, alone: bool = False) -> bool:
    """It does not go out, nor unless it is `alone` does the rest of its delivery; whether the operator should know.

    Of a post that is there, the change is given up, which is no news.
    """
    row = _row(connection, post_id, held_by=worker)
    if row is None:
        return False
    if row.state is PostState.SENT:
        _set(connection, post_id, change=None, turn=None, reason=reason, **FREE)
        return False
    these = posts.c.id == post_id if alone else posts.c.delivery_id == row.delivery_id
    rest = update(posts).where(these, posts.c.state.in_(UNSENT))
    ended = {"state": PostState.REFUSED, "turn": None, "change": None, "reason": reason, **FREE}
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
    carry_out(connection, _breaking_off if broken_off else settling, [{"this_delivery": delivery_id}])


@cache
def settling() -> Update:
    """The end of `this_delivery`, where it is over."""
    refused = _of_delivery().where(posts.c.state == PostState.REFUSED).exists()
    there = _of_delivery().where(posts.c.state == PostState.SENT, posts.c.kind != PostKind.HEADER).exists()
    return _ending(case((and_(refused, ~there), DeliveryState.FAILED), else_=DeliveryState.DELIVERED))


@cache
def _breaking_off() -> Update:
    return _ending(DeliveryState.FAILED)


def _ending(state: ColumnElement[Any] | DeliveryState) -> Update:
    """Give a delivery that is planned, and has nothing to send any more, another state."""
    this = deliveries.c.id == bindparam("this_delivery"), deliveries.c.state == DeliveryState.PLANNED
    unsent = _of_delivery().where(or_(*(posts.c.state == state for state in UNSENT))).exists()
    return update(deliveries).where(*this, ~unsent).values(state=state)


def _of_delivery() -> Select[Any]:
    return select(posts.c.id).where(posts.c.delivery_id == deliveries.c.id).correlate(deliveries)


def _row(connection: Connection, post_id: int, held_by: str | None = None) -> Row[*tuple[Any, ...]] | None:
    """A post, with `held_by` only while that worker holds it: who has lost it meanwhile knows nothing that counts."""
    lock_channels_of(connection, select_channels(posts).where(posts.c.id == post_id))
    columns = [posts.c[name] for name in ("delivery_id", "state", "change", "change_taken", "reason", "held_by")]
    held = [posts.c.held_by == held_by] if held_by is not None else []
    return connection.execute(select(*columns).where(posts.c.id == post_id, *held)).first()


def _set(connection: Connection, post_id: int, **values: object) -> None:
    connection.execute(_THIS_POST, {"this_post": post_id, **values})
