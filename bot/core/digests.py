"""Digests on their way into channels: deliveries, posts, and what a post says.

A delivery is one digest for one subscription; its posts are the messages it consists of. The ledger keeps both:

    planned ──claim──> sending ──> sent ──change──> (edited, stays sent) | withdrawn
                          │ ├──> failed     nothing arrived; tried again at `next_attempt_at`
                          │ ├──> refused    will never arrive; says why
                          │ └──> uncertain  interrupted: looked up on the platform before it is sent again
                          └─(its worker was killed, or stands still for a lease)──> uncertain

docs/architecture.md has the whole of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.core.entries import Entry
from bot.core.messages import Message
from bot.core.people import Language
from bot.core.subscriptions import Channel, Layout


class DeliveryState(StrEnum):
    """Where one digest of one subscription stands. No delivery at all means: no digest yet."""

    PLANNED = "planned"  # posts are waiting
    DELIVERED = "delivered"
    EMPTY = "empty"  # came due without entries
    MERGED = "merged"  # missed, and sent along with a later one
    SKIPPED = "skipped"  # missed, and left out by the late policy
    FAILED = "failed"  # broken off for good, or nothing of it but its head was taken


class PostKind(StrEnum):
    """What a post is in its delivery."""

    HEADER = "header"
    LIST = "list"
    ENTRY = "entry"
    NOTE = "note"


class PostState(StrEnum):
    """Where a post stands; see the drawing above."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class PostChange(StrEnum):
    """What a sent post still has to learn about its entry."""

    EDIT = "edit"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPost:
    """A post before it has a place in the ledger.

    `key` is unique in the whole ledger and travels with the message, so that an interrupted post can be found
    on the platform. `note` is what a NOTE says. `in_thread` posts go into the thread of the delivery's first post.
    """

    key: str
    kind: PostKind
    entry_id: str | None = None
    late: bool = False
    in_thread: bool = False
    note: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDelivery:
    """A delivery before it has a place in the ledger; one per subscription and digest date."""

    digest_date: date
    state: DeliveryState
    due_at: datetime
    posts: tuple[PlannedPost, ...] = ()
    reason: Message | None = None
    merged_dates: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery in the ledger. `merged_dates` are the other digests it carries."""

    id: int
    subscription_id: int
    channel: Channel
    digest_date: date
    state: DeliveryState
    due_at: datetime
    reason: Message | None = None
    merged_dates: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post in the ledger.

    `language` is its subscription's; `entry_change` the number of its entry's newest change, both when it was read.
    `message_id` is the platform's, once sent (`sent_at`, UTC); `thread_id` the message whose thread it belongs in.
    `revision` is the entry's revision that the platform shows (0: none). `attempts` counts what was tried, to send it
    or to change it; `tried_at` (UTC) is when it was first handed out to be sent: it cannot have arrived before.
    """

    id: int
    delivery_id: int
    subscription_id: int
    channel: Channel
    language: Language
    digest_date: date
    key: str
    kind: PostKind
    entry_id: str | None
    entry_change: int | None
    late: bool
    in_thread: bool
    note: Message | None
    state: PostState
    change: PostChange | None
    message_id: str | None
    thread_id: str | None
    revision: int
    attempts: int
    tried_at: datetime | None
    next_attempt_at: datetime | None
    sent_at: datetime | None
    reason: Message | None


@dataclass(frozen=True, slots=True)
class HeaderContent:
    """The head of a digest: its day, or days when merged, and how many entries follow."""

    digest_dates: tuple[date, ...]
    entry_count: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class EntryContent:
    """One entry as a card. `late`: it reached its digest after the digest was delivered."""

    entry: Entry
    late: bool = False


@dataclass(frozen=True, slots=True)
class ListContent:
    """A whole digest in one message, for the compact layout. `follows`: the queries of the person it is for, if one."""

    digest_dates: tuple[date, ...]
    entries: tuple[Entry, ...]
    follows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteContent:
    """A sentence in place of a digest."""

    note: Message


Content = HeaderContent | EntryContent | ListContent | NoteContent


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message on a platform."""

    channel: Channel
    message_id: str


def header_key(subscription_id: int, day: date, generation: int = 0) -> str:
    """The key of a digest's first post in one subscription; a later generation replaces a withdrawn one."""
    return f"{subscription_id}/{day.isoformat()}/head" + (f"/{generation}" if generation else "")


def entry_key(subscription_id: int, day: date, entry_id: str, generation: int = 0) -> str:
    """The key of an entry's post in one subscription; a later generation replaces a withdrawn one."""
    return f"{subscription_id}/{day.isoformat()}/{entry_id}" + (f"/{generation}" if generation else "")


def lay_out(layout: Layout, subscription_id: int, day: date, entry_ids: Sequence[str]) -> tuple[PlannedPost, ...]:
    """The posts of a digest, in order, for a layout."""
    first_kind = PostKind.LIST if layout is Layout.COMPACT else PostKind.HEADER
    cards = tuple(
        PlannedPost(
            key=entry_key(subscription_id, day, entry_id),
            kind=PostKind.ENTRY,
            entry_id=entry_id,
            in_thread=layout is Layout.COMPACT,
        )
        for entry_id in entry_ids
    )
    if layout is Layout.FORUM:
        return cards
    return (PlannedPost(key=header_key(subscription_id, day), kind=first_kind), *cards)
