"""What a subscription chooses from the archive: the entries that meet its query, or any one of its queries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.entries import Entry
from bot.core.ports import Search, Stores
from bot.core.query import Criteria, DateSpan, criteria_of
from bot.core.query_syntax import parse
from bot.core.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class Wanted:
    """One subscription's choice; `criteria` are met by what meets any of them."""

    search: Search
    criteria: tuple[Criteria, ...]

    async def on(self, day: date) -> tuple[Entry, ...]:
        """The entries of one digest, in digest order."""
        if len(self.criteria) == 1:
            return tuple(await self.search.digest(self.criteria[0], day))
        entries = await self.search.digest(Criteria(), day)
        chosen = await self.among([entry.id for entry in entries])
        return tuple(entry for entry in entries if entry.id in chosen)

    async def latest_day(self, span: DateSpan | None = None) -> date | None:
        """The newest digest date, within a span if one is given, with an entry that is wanted."""
        spanned = [replace(one, span=span) if span else one for one in self.criteria]
        days = [await self.search.latest_day(one) for one in spanned]
        return max((day for day in days if day), default=None)

    async def among(self, entry_ids: Collection[str]) -> Collection[str]:
        """Which of these entries are wanted."""
        found: set[str] = set()
        for one in self.criteria:
            found.update(await self.search.matching(one, entry_ids))
        return found


def wanted_by(stores: Stores, subscription: Subscription, at: datetime, *, later_too: bool = False) -> Wanted:
    """A subscription's choice up to its own today; with `later_too` of any day."""
    today = subscription.local_date(at)
    span = DateSpan(None, None if later_too else today)
    criteria = tuple(replace(criteria_of(parse(query), today), span=span) for query in subscription.queries)
    return Wanted(stores.search, criteria)
