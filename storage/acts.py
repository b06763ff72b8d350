"""What is done for every post that goes out: handing it to who claims it, and noting that it was sent.

Of many at once (`storage.gathering`), in one write transaction that has their channels for itself, so that no two
workers are ever handed the same post to send; by statements that are put together once (`storage.ready`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Update, and_, bindparam, case, update

from bot.core.digests import Post, PostState
from bot.core.subscriptions import Channel
from storage.claims import FREE, is_ready, next_post, settling
from storage.dialects import together
from storage.locks import lock_channels
from storage.people import channel_values
from storage.posts import TO_CHANGE, to_post
from storage.ready import ask, carry_out
from storage.tables import CHANNEL_COLUMNS, posts


@dataclass(frozen=True, slots=True)
class Claiming:
    """Asks at a moment for the next post of a channel."""

    channel: Channel
    at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """Says of a post that the platform has it: as what, showing which revision, and since when."""

    post: Post
    message_id: str
    revision: int
    at: datetime


def act(connection: Connection, asked: Sequence[Claiming | Sent], worker: str) -> Sequence[Post | None]:
    """Do all of what is asked: note what was sent, then hand out posts to who claims; to nobody one that is held.

    Where the same channel is claimed twice, the second time is in vain.
    """
    sent = [one for one in asked if isinstance(one, Sent)]
    claims = {one.channel: one.at for one in asked if isinstance(one, Claiming)}
    with together(connection):
        lock_channels(connection, [*claims, *(one.post.channel for one in sent)])
        carry_out(connection, _arriving, [_arrived(one) for one in sent])
        carry_out(connection, settling, [{"this_delivery": one} for one in {one.post.delivery_id for one in sent}])
        nexts = {channel: ask(connection, _next_of_channel, channel_values(channel)) for channel in claims}
    rows = {channel: answer.first() for channel, answer in nexts.items()}
    taken = {channel: row for channel, row in rows.items() if row is not None and is_ready(row, claims[channel])}
    with together(connection):
        carry_out(connection, _taking, [_taken(row, claims[channel], worker) for channel, row in taken.items()])
    handed_out = {channel: _handed_out(row, claims[channel]) for channel, row in taken.items()}
    return [handed_out.pop(one.channel, None) if isinstance(one, Claiming) else None for one in asked]


def _is_new(row: Any) -> bool:
    return row.state in {PostState.PLANNED, PostState.FAILED}


def _handed_out(row: Any, at: datetime) -> Post:
    post = to_post(row)
    return replace(post, tried_at=at) if _is_new(row) and post.tried_at is None else post


def _taken(row: Any, at: datetime, worker: str) -> Mapping[str, Any]:
    is_new = _is_new(row)
    return {
        "this_post": row.id,
        "state_now": PostState.SENDING if is_new else row.state,
        "taken": not is_new and row.change is not None,
        "attempt": row.attempts + 1,
        "tried": at if is_new and row.tried_at is None else row.tried_at,
        "holder": worker,
        "beat_now": row.beat + 1,
    }


@cache
def _taking() -> Update:
    """Note of a post that a worker holds it."""
    return (
        update(posts)
        .where(posts.c.id == bindparam("this_post"))
        .values(
            state=bindparam("state_now"),
            change_taken=bindparam("taken"),
            attempts=bindparam("attempt"),
            tried_at=bindparam("tried"),
            held_by=bindparam("holder"),
            beat=bindparam("beat_now"),
            next_attempt_at=None,
        )
    )


@cache
def _next_of_channel() -> Select[Any]:
    """A channel's first post to which something is to be done."""
    its_channel = and_(*(posts.c[name] == bindparam(name) for name in CHANNEL_COLUMNS))
    return next_post(its_channel)


def _arrived(sent: Sent) -> Mapping[str, Any]:
    return {"this_post": sent.post.id, "message": sent.message_id, "shown": sent.revision, "at": sent.at}


@cache
def _arriving() -> Update:
    """Note of a post that it is there, unless that is known."""
    turn = case((posts.c.change.is_(None), None), else_=TO_CHANGE)
    new = update(posts).where(posts.c.id == bindparam("this_post"), posts.c.state != PostState.SENT)
    shown: Mapping[str, Any] = {
        "message_id": bindparam("message"),
        "revision": bindparam("shown"),
        "sent_at": bindparam("at"),
    }
    return new.values(state=PostState.SENT, turn=turn, reason=None, **shown, **FREE)
