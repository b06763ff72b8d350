"""Whom a change of the archive concerns: most subscriptions of very many are only told that they have seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from bot.core.entries import Entry
from bot.core.ports import Stores
from bot.core.subscriptions import Subscription
from bot.usecases.wanted import any_day

CHANGES_AT_ONCE: Final = 500
_MOST_QUERIES: Final = 5_000

Changed = Sequence[tuple[int, Entry]]


class Concerned:
    """Finds them page by page; what changed, and which queries want it, is looked up once for all who stand alike."""

    def __init__(self, stores: Stores, latest: int) -> None:
        self._stores = stores
        self._latest = latest
        self._after = -1
        self._changed: Changed = ()
        self._wanted: dict[str, frozenset[str]] = {}

    async def among(self, page: Sequence[Subscription]) -> list[Subscription]:
        """Those of a page whom something concerns that has changed.

        The others have seen the next few hundred changes afterwards. Where there are more, they stand behind the page
        now, in the order of `Subscriptions.behind`, and are met again.
        """
        edge = page[-1].seen_change
        found: list[Subscription] = []
        left = list(page)
        while left:
            changed = await self._changed_since(min(one.seen_change for one in left))
            if not changed:
                break
            upto = changed[-1][0]
            asked = [one for one in left if one.seen_change < upto]
            passed = await self._pass_over(asked, changed)
            found += [one for one in asked if one.id not in passed]
            left = [one for one in left if one.seen_change >= upto]
            if upto <= edge and upto < self._latest:
                left += [replace(one, seen_change=upto) for one in asked if one.id in passed]
        return found

    async def _changed_since(self, change: int) -> Changed:
        if change != self._after:
            self._changed = await self._stores.archive.changed_since(change, limit=CHANGES_AT_ONCE)
            self._after, self._wanted = change, {}
        return self._changed

    async def _pass_over(self, asked: Sequence[Subscription], changed: Changed) -> set[int]:
        wanted = await self._wanted_by(asked, changed)
        days: dict[tuple[str, int], set[date]] = {}
        for one in asked:
            key = one.query, one.seen_change
            if key not in days:
                days[key] = _days_of(changed, one.seen_change, wanted[one.query])
        wanting = [(one, days[one.query, one.seen_change]) for one in asked]
        ids = [entry.id for _, entry in changed]
        return set(await self._stores.ledger.pass_over(wanting, ids, seen_change=changed[-1][0]))

    async def _wanted_by(self, asked: Sequence[Subscription], changed: Changed) -> Mapping[str, frozenset[str]]:
        """By query the ids of those of the changed entries that it wants."""
        if len(self._wanted) > _MOST_QUERIES:
            self._wanted = {}
        new = {one.query: any_day(one) for one in asked if one.query not in self._wanted}
        if new:
            ids = [entry.id for _, entry in changed]
            chosen = await self._stores.search.matching_for_each(list(new.values()), ids)
            self._wanted.update((query, frozenset(some)) for query, some in zip(new, chosen, strict=True))
        return self._wanted


def _days_of(changed: Changed, seen: int, wanted: frozenset[str]) -> set[date]:
    """The digest dates of those that are wanted and that changed later than what has been seen."""
    return {
        entry.digest_date
        for number, entry in changed
        if number > seen and entry.id in wanted and entry.digest_date is not None
    }
