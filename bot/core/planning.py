"""Decide what a due subscription delivers: which digest days, which of them late, which left out. No doing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.core.digests import (
    DeliveryState,
    PlannedDelivery,
    PlannedPost,
    PostKind,
    header_key,
    lay_out,
)
from bot.core.messages import msg
from bot.core.subscriptions import LatePolicy, Subscription, next_run, run_at

EntryIds = tuple[str, ...]
Digests = Mapping[date, EntryIds]
"""By digest day the ids of the entries that are wanted of it, in digest order."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written for a subscription, which is as it was read before its digests were.

    `served` is the same once that is done: with its next run and the day through which it has been planned. None where
    a digest is planned by hand, which serves nothing.
    """

    subscription: Subscription
    deliveries: Sequence[PlannedDelivery]
    served: Subscription | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One due moment, with everything it has to answer for.

    `current` are the digest days of the newest due run: those since the run before it. `missed` are days of runs
    that passed while nobody was there, within the subscription's reach; `beyond` (first, last) is the span of
    days even further back, if any. `next_run_at` is when to look again.
    """

    at: datetime
    current: tuple[date, ...]
    missed: tuple[date, ...]
    beyond: tuple[date, date] | None
    next_run_at: datetime
    through: date

    def without(self, days: Collection[date]) -> Run:
        """The same without days that have a delivery already: one by hand, say."""
        return replace(
            self,
            current=tuple(day for day in self.current if day not in days),
            missed=tuple(day for day in self.missed if day not in days),
        )


def due_run(subscription: Subscription, now: datetime) -> Run:
    """What a subscription owes at `now`; its `next_run_at` must have come.

    A run is missed when a later one is due as well, or when its own day is over.
    """
    assert subscription.next_run_at is not None
    runs = _runs_until(subscription, now)
    newest = runs[-1]
    today = subscription.local_date(now)
    last = subscription.local_date(newest)
    through = subscription.delivered_through or last - timedelta(days=1)
    before = subscription.local_date(runs[-2]) if len(runs) > 1 else through
    missed_until = last if last < today else before
    reach = today - timedelta(days=subscription.late_days)
    owed = _days(through + timedelta(days=1), missed_until)
    old = [day for day in owed if day < reach]
    return Run(
        at=newest,
        current=_days(max(missed_until, through) + timedelta(days=1), last),
        missed=tuple(day for day in owed if day >= reach),
        beyond=(old[0], old[-1]) if old else None,
        next_run_at=next_run(subscription, now),
        through=max(through, last),
    )


def _runs_until(subscription: Subscription, now: datetime) -> list[datetime]:
    """The due runs, oldest first; of a very long absence only the last two matter beside the first."""
    moment = subscription.next_run_at
    assert moment is not None
    runs = [moment]
    start = max(moment, now - timedelta(days=21))
    while (moment := next_run(subscription, max(moment, start))) <= now:
        runs.append(moment)
    return runs


def _days(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def served_plan(subscription: Subscription, run: Run, digests: Digests, skipped: tuple[date, ...]) -> Plan:
    """The plan of a run, with the subscription as it is when it has been served."""
    served = replace(subscription, next_run_at=run.next_run_at, delivered_through=run.through)
    return Plan(subscription, plan_run(subscription, run, digests, skipped), served)


def plan_run(
    subscription: Subscription, run: Run, digests: Digests, skipped: tuple[date, ...]
) -> list[PlannedDelivery]:
    """The deliveries of a run. `digests` holds what is wanted of its days, `skipped` the days beyond reach."""
    plan = [_skipped(day, run) for day in skipped]
    if subscription.late_policy is LatePolicy.MERGED and run.missed:
        return plan + _merged(subscription, run, digests)
    if subscription.late_policy is LatePolicy.SKIP and run.missed:
        plan += _left_out(subscription, run, digests)
    else:
        plan += [plan_day(subscription, day, digests.get(day, ()), run.at) for day in run.missed]
    return plan + [plan_day(subscription, day, digests.get(day, ()), run.at) for day in run.current]


def plan_day(subscription: Subscription, day: date, entry_ids: EntryIds, due_at: datetime) -> PlannedDelivery:
    """One day's digest as an ordinary delivery; a day without entries is recorded as empty."""
    if entry_ids:
        posts = lay_out(subscription.layout, subscription.id, day, entry_ids)
        return PlannedDelivery(digest_date=day, state=DeliveryState.PLANNED, due_at=due_at, posts=posts)
    return _empty(day, due_at, (_note_when_empty(subscription, day),) if subscription.note_when_empty else ())


def _empty(day: date, due_at: datetime, posts: tuple[PlannedPost, ...] = ()) -> PlannedDelivery:
    return PlannedDelivery(
        digest_date=day, state=DeliveryState.EMPTY, due_at=due_at, posts=posts, reason=msg("No entries that day.")
    )


def _note_when_empty(subscription: Subscription, day: date) -> PlannedPost:
    return PlannedPost(
        key=f"{header_key(subscription.id, day)}/note", kind=PostKind.NOTE, note=msg("No papers on {day}.", day=day)
    )


def _skipped(day: date, run: Run) -> PlannedDelivery:
    return PlannedDelivery(
        digest_date=day,
        state=DeliveryState.SKIPPED,
        due_at=run.at,
        reason=msg("Missed while Paperboy was away, and left out by this subscription's late policy."),
    )


def _merged(subscription: Subscription, run: Run, digests: Digests) -> list[PlannedDelivery]:
    """One delivery on the newest day that carries all of them; a day without entries is recorded as empty."""
    days = (*run.missed, *run.current)
    filled = [day for day in days if digests.get(day)]
    entry_ids = tuple(entry_id for day in filled for entry_id in digests[day])
    newest = days[-1]
    carrier = plan_day(subscription, newest, entry_ids, run.at)
    others = tuple(day for day in filled if day != newest)
    merged = PlannedDelivery(
        digest_date=newest,
        state=carrier.state,
        due_at=run.at,
        posts=carrier.posts,
        reason=carrier.reason,
        merged_dates=others,
    )
    return [*(_carried(day, newest, run) if day in filled else _empty(day, run.at) for day in days[:-1]), merged]


def _carried(day: date, newest: date, run: Run) -> PlannedDelivery:
    return PlannedDelivery(
        digest_date=day,
        state=DeliveryState.MERGED,
        due_at=run.at,
        reason=msg("Sent along with the digest of {day}.", day=newest),
    )


def _left_out(subscription: Subscription, run: Run, digests: Digests) -> list[PlannedDelivery]:
    """Skipped deliveries, the last of which carries the note that says so."""
    filled = [day for day in run.missed if digests.get(day)]
    plan = [_skipped(day, run) for day in filled]
    if not plan:
        return [plan_day(subscription, run.missed[-1], (), run.at)] if not run.current else []
    listed = ", ".join(day.isoformat() for day in filled)
    note = PlannedPost(
        key=f"{header_key(subscription.id, filled[-1])}/skipped",
        kind=PostKind.NOTE,
        note=msg("Not posted while Paperboy was away: {days}. /digest show reads them.", days=listed),
    )
    last = plan[-1]
    plan[-1] = PlannedDelivery(
        digest_date=last.digest_date, state=last.state, due_at=last.due_at, posts=(note,), reason=last.reason
    )
    return plan


def first_plan(subscription: Subscription, now: datetime, latest: tuple[date, EntryIds] | None) -> Plan:
    """What a new subscription gets at once: the latest digest and no older one.

    When today's run has passed already, today counts as delivered, so that what is added later today goes out as it
    would in any other channel.
    """
    through, deliveries = _first_deliveries(subscription, now, latest)
    served = replace(subscription, delivered_through=through, next_run_at=next_run(subscription, now))
    return Plan(subscription, deliveries, served)


def _first_deliveries(
    subscription: Subscription, now: datetime, latest: tuple[date, EntryIds] | None
) -> tuple[date, list[PlannedDelivery]]:
    """Through which day it is served by them, and what they are."""
    today = subscription.local_date(now)
    plan = [plan_day(subscription, latest[0], latest[1], now)] if latest else []
    if latest and latest[0] == today:
        return today, plan
    runs_today = today.weekday() in subscription.weekdays
    if runs_today and run_at(subscription.at, subscription.zone, today) <= now:
        return today, [*plan, _empty(today, now)]
    return today - timedelta(days=1), plan
