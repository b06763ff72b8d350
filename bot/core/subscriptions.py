"""Subscriptions: a channel's standing order, and when it falls due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.core.people import Language, Person

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True, order=True)
class Channel:
    """A channel as a platform knows it."""

    platform: str
    workspace: str
    id: str


class Layout(StrEnum):
    """How a digest is laid out in a channel."""

    CARDS = "cards"
    COMPACT = "compact"
    FORUM = "forum"


class LatePolicy(StrEnum):
    """What happens to digests missed while Paperboy was down."""

    IN_ORDER = "in-order"
    MERGED = "merged"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A channel's standing order.

    `query` is the text of a query ("" for everything), or several, a line each, any of which may match. `at` is a
    wall-clock minute in the IANA `zone`; `weekdays` Monday 0 to Sunday 6. `late_days` bounds how far back missed
    digests are posted. `next_run_at` (UTC) is when it is due; None while paused. Digests up to and including
    `delivered_through` have been planned. `seen_change` is the archive's change number up to which posted copies are
    known to be right. `ended`: nothing new is posted any more, but what has been posted is still kept right.
    `personal`: it is what `created_by` follows, and its channel their direct messages. `id` is 0 until it is saved.
    """

    id: int = 0
    channel: Channel
    query: str = ""
    at: time = time(9)
    zone: str = "Asia/Seoul"
    weekdays: frozenset[int] = EVERY_DAY
    layout: Layout = Layout.CARDS
    language: Language = Language.KOREAN
    late_policy: LatePolicy = LatePolicy.IN_ORDER
    late_days: int = 3
    note_when_empty: bool = False
    personal: bool = False
    paused: bool = False
    ended: bool = False
    next_run_at: datetime | None = None
    delivered_through: date | None = None
    seen_change: int = 0
    created_by: Person | None = None

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries, at least one; an entry is wanted when it meets any of them."""
        return tuple(self.query.split("\n"))

    def local_date(self, moment: datetime) -> date:
        """The calendar day of a moment in the subscription's zone."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


def run_at(at: time, zone: str, day: date) -> datetime:
    """When the clock time comes on a day, in UTC.

    A time that a daylight-saving change skips comes at the next valid minute; one that it repeats comes the
    first time only.
    """
    local = datetime.combine(day, at, tzinfo=ZoneInfo(zone))  # fold=0: the first of a repeated time
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    return _end_of_gap(local)


def _end_of_gap(local: datetime) -> datetime:
    """The first moment after the gap that `local` falls into: where the zone's offset changes."""
    assert local.tzinfo is not None
    early = local.replace(fold=1).astimezone(UTC)  # read with the offset after the change: before the gap
    late = local.replace(fold=0).astimezone(UTC)  # read with the offset before it: after the gap
    before = early.astimezone(local.tzinfo).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(local.tzinfo).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def next_run(subscription: Subscription, after: datetime) -> datetime:
    """The first moment, in UTC, strictly after `after` at which the subscription is due."""
    day = subscription.local_date(after) - timedelta(days=1)
    while True:
        if day.weekday() in subscription.weekdays:
            moment = run_at(subscription.at, subscription.zone, day)
            if moment > after:
                return moment
        day += timedelta(days=1)


def last_run(subscription: Subscription, until: datetime) -> datetime:
    """The last moment, in UTC, not later than `until` at which the subscription was due, if it was one then."""
    day = subscription.local_date(until)
    while True:
        if day.weekday() in subscription.weekdays:
            moment = run_at(subscription.at, subscription.zone, day)
            if moment <= until:
                return moment
        day -= timedelta(days=1)
