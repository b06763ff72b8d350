"""The weekly recap: what a week's entries gathered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from bot.core.engagement import Engagement, Recap
from bot.core.entries import Entry
from bot.core.errors import NotFound
from bot.core.messages import msg
from bot.core.people import Caller
from bot.core.ports import Stores
from bot.core.query import Criteria, DateSpan

_LISTED: Final = 3

Counted = tuple[Entry, Engagement]


async def recap(stores: Stores, caller: Caller, day: date | None = None) -> Recap:
    """The week (Monday to Sunday) of a day, or of the latest digest.

    Raises:
        NotFound: no entries that week.
    """
    if day is None:
        day = await stores.search.latest_day(Criteria(span=DateSpan(None, caller.horizon)))
    if day is None:
        raise NotFound(msg("The archive is empty so far. A maintainer can add a paper with /paper-add."))
    first = day - timedelta(days=day.weekday())
    last = first + timedelta(days=6)
    found = await stores.engagement.between(first, min(last, caller.horizon))
    if not found:
        raise NotFound(msg("There is no digest in the week of {day}.", day=first), suggestions=("/digest recap",))
    return recap_of(first, last, found)


def recap_of(first: date, last: date, counted: Sequence[Counted]) -> Recap:
    """Sort a week's entries into the recap's lists; entries that gathered nothing at all are the overlooked ones."""
    per_day = Counter(entry.digest_date for entry, _ in counted if entry.digest_date)
    popular = sorted((item for item in counted if item[1].popularity), key=lambda item: -item[1].popularity)
    discussed = sorted((item for item in counted if item[1].replies), key=lambda item: -item[1].replies)
    overlooked = [item for item in counted if item[1] == Engagement()]
    return Recap(
        first=first,
        last=last,
        entry_count=len(counted),
        top=tuple(popular[:_LISTED]),
        discussed=tuple(discussed[:_LISTED]),
        overlooked=tuple(overlooked[:_LISTED]),
        per_day=tuple((first + timedelta(days=n), per_day[first + timedelta(days=n)]) for n in range(7)),
    )
