"""Deliver digests: plan what is due, preview a digest, deliver one by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.core.digests import Content, EntryContent, HeaderContent, ListContent
from bot.core.entries import Entry
from bot.core.errors import NotFound
from bot.core.messages import Message, msg, msg_n
from bot.core.people import Caller, Role
from bot.core.planning import Run, due_run, plan_day, plan_run
from bot.core.ports import Stores
from bot.core.query import DateSpan
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.usecases.each import for_each
from bot.usecases.revise import by_day, lay_out_missing
from bot.usecases.subscribe import start
from bot.usecases.wanted import Wanted, wanted_by

_MOST_DUE = 100_000
_MOST_SKIPPED_DAYS = 31


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be posted in a channel for one day, in order."""

    day: date
    contents: tuple[Content, ...]


async def plan_due(stores: Stores, now: datetime) -> int:
    """Plan the deliveries of every subscription that is due; how many subscriptions there were.

    Raises:
        ExceptionGroup: some could not be planned and are due still; all others are planned.
    """

    async def serve(subscription: Subscription) -> int:
        await _plan_one(stores, subscription, now)
        return 1

    return await for_each(await stores.subscriptions.due(now, limit=_MOST_DUE), serve)


async def _plan_one(stores: Stores, subscription: Subscription, now: datetime) -> None:
    if subscription.delivered_through is None:  # its beginning was interrupted
        await start(stores, subscription, at=now)
        return
    run = due_run(subscription, now)
    known = await stores.ledger.deliveries(subscription.id, (*run.missed, *run.current))
    run = run.without({delivery.digest_date for delivery in known})
    wanted = wanted_by(stores, subscription, now)
    digests = {day: await wanted.on(day) for day in (*run.missed, *run.current)}
    skipped = await _days_beyond_reach(wanted, run)
    served = replace(subscription, next_run_at=run.next_run_at, delivered_through=run.through)
    await stores.ledger.plan(subscription, plan_run(subscription, run, digests, skipped), served=served)


async def _days_beyond_reach(wanted: Wanted, run: Run) -> tuple[date, ...]:
    """The newest days too far back to be posted that had something to post, oldest first."""
    if run.beyond is None:
        return ()
    first, last = run.beyond
    found: list[date] = []
    while len(found) < _MOST_SKIPPED_DAYS and first <= last:
        day = await wanted.latest_day(DateSpan(first, last))
        if day is None:
            break
        found.append(day)
        last = day - timedelta(days=1)
    return tuple(reversed(found))


async def preview(stores: Stores, caller: Caller, channel: Channel, day: date | None, *, at: datetime) -> Preview:
    """Exactly what would be posted in this channel for a day; the latest digest when none is named.

    A channel without a subscription is shown everything as cards.

    Raises:
        NotAllowed: for anyone but operators and maintainers.
        NotFound: nothing would be posted that day.
    """
    caller.require(Role.MAINTAINER, Role.OPERATOR)
    here = await stores.subscriptions.of_channel(channel) or [Subscription(channel=channel)]
    contents: list[Content] = []
    for subscription in here:
        chosen = day or await wanted_by(stores, subscription, at).latest_day()
        if chosen is None:
            continue
        entries = await wanted_by(stores, subscription, at, later_too=True).on(chosen)
        contents += contents_of(subscription.layout, chosen, entries)
        day = chosen
    if day is None or not contents:
        raise NotFound(msg("Nothing would be posted here for that day."), suggestions=("/digest preview",))
    return Preview(day, tuple(contents))


def contents_of(layout: Layout, day: date, entries: tuple[Entry, ...]) -> list[Content]:
    """What the posts of a digest say, in order."""
    if not entries:
        return []
    cards: list[Content] = [EntryContent(entry) for entry in entries]
    if layout is Layout.FORUM:
        return cards
    head: Content = ListContent((day,), entries) if layout is Layout.COMPACT else HeaderContent((day,), len(entries))
    return [head, *cards]


async def send_now(stores: Stores, caller: Caller, channel: Channel, day: date | None, *, at: datetime) -> Message:
    """Deliver what this channel has not been given of a day (the latest digest when none is named).

    Hands back what to tell the caller. Never a second copy: posts that are there stay as they are.

    Raises:
        NotAllowed: for anyone but operators and maintainers.
        NotFound: no subscription here, or no entries that day.
    """
    caller.require(Role.MAINTAINER, Role.OPERATOR)
    here = await stores.subscriptions.of_channel(channel)
    if not here:
        raise NotFound(msg("This channel has no subscription. /digest subscribe makes one."))
    here = [subscription for subscription in here if not subscription.paused]
    if not here:
        raise NotFound(msg("The subscription is paused, so nothing is posted here."), suggestions=("/digest resume",))
    planned = found = 0
    for subscription in here:
        wanted = wanted_by(stores, subscription, at)
        chosen = day or await wanted.latest_day()
        if chosen is None or chosen > subscription.local_date(at):
            continue
        entries = await wanted.on(chosen)
        found += len(entries)
        planned += await _plan_by_hand(stores, subscription, chosen, entries, at)
        day = chosen
    if not found:
        raise NotFound(msg("There is nothing to deliver here for that day."), suggestions=("/digest show",))
    if not planned:
        return msg("Everything of {day} is in this channel already.", day=day)
    return msg_n("{n} entry of {day} is on its way.", "{n} entries of {day} are on their way.", n=planned, day=day)


async def _plan_by_hand(
    stores: Stores, subscription: Subscription, day: date, entries: tuple[Entry, ...], at: datetime
) -> int:
    """Plan what one subscription lacks of a day; how many entries that is."""
    if not entries:
        return 0
    carrier = by_day(await stores.ledger.deliveries(subscription.id, [day])).get(day)
    if carrier:
        return await lay_out_missing(stores, subscription, carrier, entries)
    await stores.ledger.plan(subscription, [plan_day(subscription, day, entries, at)])
    return len(entries)
