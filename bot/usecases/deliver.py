"""Deliver digests: plan what is due, preview a digest, deliver one by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.digests import Content, EntryContent, HeaderContent, ListContent
from bot.core.entries import Entry
from bot.core.errors import NotFound
from bot.core.messages import Message, msg, msg_n
from bot.core.people import Caller, Role
from bot.core.planning import plan_day
from bot.core.ports import Stores
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.usecases.each import PAGE, Failures, for_pages
from bot.usecases.owed import plans_for
from bot.usecases.revise import by_day, lay_out_missing
from bot.usecases.wanted import Choices, wanted_by


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
    choices, failures = Choices(stores), Failures()

    async def page_after(last: Subscription | None) -> Sequence[Subscription]:
        return await stores.subscriptions.due(now, limit=PAGE, after=last)

    async def serve(page: Sequence[Subscription]) -> int:
        await stores.ledger.plan_all(await plans_for(stores, choices, page, now))
        return len(page)

    done = await for_pages(page_after, serve, failures)
    failures.tell()
    return done


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
    await stores.ledger.plan(subscription, [plan_day(subscription, day, tuple(entry.id for entry in entries), at)])
    return len(entries)
