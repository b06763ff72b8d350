"""What is owed to subscriptions that are due: decided for a page of them at once, with a few questions for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from bot.core.planning import Plan, Run, due_run, first_plan, served_plan
from bot.core.ports import Stores
from bot.core.query import DateSpan
from bot.core.subscriptions import Subscription
from bot.usecases.wanted import Choices

_MOST_SKIPPED_DAYS: Final = 31


async def plans_for(stores: Stores, choices: Choices, page: Sequence[Subscription], now: datetime) -> list[Plan]:
    """What is owed to each of these, which are due."""
    await choices.hold(page)
    runs = await _runs(stores, page, now)
    first = {one.id: await choices.latest_day(one, _until_today(one, now)) for one in page if one.id not in runs}
    skipped = {number: await _days_beyond_reach(choices, *due) for number, due in runs.items()}
    days = {number: (*run.missed, *run.current) for number, (_, run) in runs.items()}
    days |= {number: (day,) for number, day in first.items() if day}
    digests = await choices.digests((one, day) for one in page for day in days.get(one.id, ()))

    def plan(one: Subscription) -> Plan:
        wanted = {day: digests[one.query, day] for day in days.get(one.id, ())}
        if one.id in runs:
            return served_plan(one, runs[one.id][1], wanted, skipped[one.id])
        return first_plan(one, now, next(iter(wanted.items()), None))

    return [plan(one) for one in page]


def _until_today(subscription: Subscription, now: datetime) -> DateSpan:
    return DateSpan(None, subscription.local_date(now))


async def _runs(stores: Stores, page: Sequence[Subscription], now: datetime) -> Mapping[int, tuple[Subscription, Run]]:
    """The run of each that has been served before, without days that have a delivery already.

    What is not among them has had its beginning interrupted.
    """
    due = {one.id: (one, due_run(one, now)) for one in page if one.delivered_through is not None}
    days = {day for _, run in due.values() for day in (*run.missed, *run.current)}
    known: dict[int, set[date]] = {}
    for number, day in await stores.ledger.planned_days(due, days):
        known.setdefault(number, set()).add(day)
    return {number: (one, run.without(known.get(number, ()))) for number, (one, run) in due.items()}


async def _days_beyond_reach(choices: Choices, subscription: Subscription, run: Run) -> tuple[date, ...]:
    """The newest days too far back to be posted that had something to post, oldest first."""
    if run.beyond is None:
        return ()
    first, last = run.beyond
    found: list[date] = []
    while len(found) < _MOST_SKIPPED_DAYS and first <= last:
        day = await choices.latest_day(subscription, DateSpan(first, last))
        if day is None:
            break
        found.append(day)
        last = day - timedelta(days=1)
    return tuple(reversed(found))
