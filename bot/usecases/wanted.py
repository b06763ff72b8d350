"""What a subscription chooses from the archive: the entries that meet its query, or any one of its queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from bot.core.entries import Entry
from bot.core.planning import EntryIds
from bot.core.ports import Search, Stores
from bot.core.query import AnyOf, Criteria, DateSpan, criteria_of
from bot.core.query_syntax import parse
from bot.core.subscriptions import Subscription

_ANY_DAY: Final = DateSpan(None, None)
_SOME_DAY: Final = date(2000, 1, 1)
_MOST_REMEMBERED: Final = 50_000
"""A few megabytes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One subscription's choice; `criteria` are met by what meets any of them."""

    search: Search
    criteria: AnyOf

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
    return Wanted(stores.search, _criteria_of(subscription, today, span))


def _criteria_of(subscription: Subscription, today: date, span: DateSpan) -> AnyOf:
    """What its queries ask for, of another span than they may name: which days are its own is not theirs to say."""
    return tuple(replace(criteria_of(parse(query), today), span=span) for query in subscription.queries)


class Choices:
    """What very many subscriptions choose: whatever several of them ask for is looked up once.

    What is remembered holds every change of the archive up to one of them. A subscription whose posts are said to be
    right up to a later one must not be planned from it: nobody would look at the changes in between for it again.
    """

    def __init__(self, stores: Stores, *, most: int = _MOST_REMEMBERED) -> None:
        """`most`: so many days and ids of entries are remembered, however many subscriptions there are."""
        self._archive, self._search = stores.archive, stores.search
        self._most = most
        self._through = -1
        self._forget()

    def _forget(self) -> None:
        self._digests: dict[tuple[str, date], EntryIds] = {}
        self._latest: dict[tuple[str, DateSpan], date | None] = {}
        self.remembered = 0

    async def hold(self, subscriptions: Iterable[Subscription]) -> None:
        """See to it that what is remembered holds all changes that these have seen."""
        seen = max((subscription.seen_change for subscription in subscriptions), default=0)
        if seen > self._through:
            self._forget()
            self._through = await self._archive.latest_change()

    async def digests(self, wanted: Iterable[tuple[Subscription, date]]) -> Mapping[tuple[str, date], EntryIds]:
        """By query and day the ids of the entries that these subscriptions want of these digests, in digest order."""
        found: dict[tuple[str, date], EntryIds] = {}
        missing: dict[date, dict[str, AnyOf]] = {}
        for subscription, day in wanted:
            key = subscription.query, day
            if key in self._digests:
                found[key] = self._digests[key]
            elif key[0] not in missing.setdefault(day, {}):
                missing[day][key[0]] = any_day(subscription)
        for day, criteria in missing.items():
            chosen = await self._search.digest_for_each(list(criteria.values()), day)
            for query, ids in zip(criteria, chosen, strict=True):
                found[query, day] = tuple(ids)
                if self._has_room(1 + len(ids)):
                    self._digests[query, day] = tuple(ids)
        return found

    async def latest_day(self, subscription: Subscription, span: DateSpan) -> date | None:
        """The newest digest date within a span with an entry that the subscription wants."""
        key = subscription.query, span
        if key in self._latest:
            return self._latest[key]
        day = await Wanted(self._search, any_day(subscription)).latest_day(span)
        if self._has_room(1):
            self._latest[key] = day
        return day

    def _has_room(self, more: int) -> bool:
        """Whether there is room for so much, where need be in place of everything that was remembered."""
        if more > self._most:
            return False
        if self.remembered + more > self._most:
            self._forget()
        self.remembered += more
        return True


def any_day(subscription: Subscription) -> AnyOf:
    """What a subscription's queries ask for of any day."""
    return _criteria_of(subscription, _SOME_DAY, _ANY_DAY)
