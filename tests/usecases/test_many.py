"""Very many subscriptions: as few statements as pages of them, whatever the number of those on a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from bot.core.digests import PostState
from bot.core.entries import Status
from bot.core.ports import ImportedEntry, Stores
from bot.core.query import DateSpan
from bot.core.subscriptions import LatePolicy, Subscription
from bot.usecases.deliver import plan_due
from bot.usecases.each import PAGE
from bot.usecases.revise import revise_posts
from bot.usecases.wanted import Choices
from storage.opening import Storage
from storage.subscriptions import _add
from tests.databases import statements_while

from .conftest import HERE, Desk, paper

QUERIES = ("", "tag:vision", "tag:llm", "-tag:vision", "models", "author:two", "tag:vision\ntag:llm")
DAY = date(2024, 6, 22)
DUE = datetime(2024, 6, 22, 0, 0, tzinfo=UTC)
_NUMBERS = count(1)


async def subscriptions(desk: Desk, number: int, **fields: object) -> list[Subscription]:
    """So many that are due at the same moment, in channels of their own, with queries that several ask."""
    new = [
        Subscription(
            channel=replace(HERE, id=f"C{next(_NUMBERS)}"),
            **{  # type: ignore[arg-type]
                "query": QUERIES[at % len(QUERIES)],
                "next_run_at": DUE,
                "delivered_through": DAY - timedelta(days=1),
                **fields,
            },
        )
        for at in range(number)
    ]

    def add(connection: Connection) -> list[Subscription]:
        return [_add(connection, one) for one in new]

    return await desk.stores.database.write(add)


async def digest(desk: Desk) -> None:
    await desk.add("One", DAY, tags=("vision",))
    await desk.add("Two models", DAY, tags=("llm",))
    desk.clock.moment = DUE


async def planned(desk: Desk, subscription: Subscription, day: date = DAY) -> list[str]:
    """What is planned for it, in order: "head", or the title of an entry."""
    deliveries = await desk.stores.ledger.deliveries(subscription.id, [day])
    posts = await desk.stores.ledger.posts([delivery.id for delivery in deliveries])
    entries = await desk.stores.archive.get([post.entry_id for post in posts if post.entry_id])
    return [entries[post.entry_id].title if post.entry_id else "head" for post in posts]


async def statements(desk: Desk, work: Callable[[], Awaitable[object]]) -> int:
    return len(await statements_while(desk.stores, work))


async def test_more_subscriptions_take_no_more_statements_to_plan(desk: Desk) -> None:
    await digest(desk)
    used = []
    for number in (5, 50, 500):
        made = await subscriptions(desk, number)
        used.append(await statements(desk, lambda: plan_due(desk.stores, DUE)))
        assert await planned(desk, made[0]) == ["head", "One", "Two models"]
        assert await planned(desk, made[1]) == ["head", "One"]
    assert used[1] == used[2] <= used[0] + 1 <= 16  # five ask for nobody's name


@pytest.mark.parametrize("policy", [LatePolicy.IN_ORDER, LatePolicy.MERGED])
async def test_nor_after_a_week_away_nor_where_their_beginning_was_interrupted(desk: Desk, policy: LatePolicy) -> None:
    for day in range(15, 23):
        await desk.add(f"Of {day}", date(2024, 6, day), tags=("llm", "vision"))
    desk.clock.moment = DUE
    used = []
    for number in (14, 56):
        await subscriptions(desk, number, delivered_through=None)
        last_week = DUE - timedelta(days=7)
        late = await subscriptions(
            desk, number, late_policy=policy, next_run_at=last_week, delivered_through=DAY - timedelta(days=8)
        )
        used.append(await statements(desk, lambda: plan_due(desk.stores, DUE)))
        carried = await planned(desk, late[0])
        days = range(22, 23) if policy is LatePolicy.IN_ORDER else range(19, 23)
        assert carried == ["head", *(f"Of {day}" for day in days)]
    assert used[0] == used[1]


async def test_one_that_cannot_be_planned_keeps_nobody_waiting(desk: Desk) -> None:
    await digest(desk)
    made = await subscriptions(desk, 30)
    broken = replace(made[4], zone="Nowhere/Atlantis", next_run_at=DUE - timedelta(hours=1))
    await desk.stores.subscriptions.replace(broken)
    for _ in range(2):
        with pytest.raises(ExceptionGroup) as caught:
            await plan_due(desk.stores, DUE)
        assert [str(error) for error in caught.value.exceptions] == ["'No time zone found with key Nowhere/Atlantis'"]
        assert await desk.stores.subscriptions.due(DUE) == [broken]
    assert await planned(desk, made[3]) == ["head", "Two models"]


async def test_a_change_that_concerns_nobody_takes_no_more_statements_for_more_of_them(desk: Desk) -> None:
    await digest(desk)
    used = []
    for number in (10, 50, 500):
        await subscriptions(desk, number)
        await plan_due(desk.stores, DUE)
        await revise_posts(desk.stores, DUE)
        await desk.add("Tomorrow", DAY + timedelta(days=1))
        used.append(await statements(desk, lambda: revise_posts(desk.stores, DUE)))
        assert await desk.stores.subscriptions.behind(await desk.stores.archive.latest_change()) == []
    assert used[0] == used[1] == used[2] <= 16


async def test_a_change_reaches_exactly_those_whom_it_concerns(desk: Desk) -> None:
    """Some want it and had that day's digest, some have posted it, and some were told that there was nothing."""
    await digest(desk)
    made = await subscriptions(desk, 14)
    quiet = await subscriptions(desk, 7, paused=True, next_run_at=None)
    await plan_due(desk.stores, DUE)
    await revise_posts(desk.stores, DUE)
    two = next(entry for _, entry in await desk.stores.archive.changed_since(0) if entry.title == "Two models")
    await desk.add("Three", DAY, tags=("vision",))
    await desk.change(two, status=Status.REMOVED)
    await revise_posts(desk.stores, DUE)
    assert await desk.stores.subscriptions.behind(await desk.stores.archive.latest_change()) == []
    expected = {
        "": ["head", "One", "Two models", "Three"],
        "tag:vision": ["head", "One", "Three"],
        "-tag:vision": ["head", "Two models"],
        "tag:vision\ntag:llm": ["head", "One", "Two models", "Three"],
    }
    for one in made:
        assert await planned(desk, one) == expected.get(one.query, ["head", "Two models"])
        withdrawn = [post for post in await posts_of(desk, one, two.id) if post is not PostState.WITHDRAWN]
        assert withdrawn == []
    assert [await planned(desk, one) for one in quiet] == [[]] * 7


async def posts_of(desk: Desk, subscription: Subscription, entry_id: str) -> list[PostState]:
    return [post.state for post in await desk.stores.ledger.posts_of_entries(subscription.id, [entry_id])]


async def test_all_changes_reach_all_in_one_look_however_far_behind_they_are(desk: Desk) -> None:
    """More changes than are looked at together, and subscriptions of one page that have seen some of them or none."""
    for first in range(0, 1_200, 300):
        await subscriptions(desk, 3)
        papers = [paper(f"Paper {n}", date(2023, 1, 1), id=f"{n:010}") for n in range(first, first + 300)]
        imported = [ImportedEntry(entry, is_new=True) for entry in papers]
        await desk.stores.archive.write_import(imported, documents=[], at=desk.clock.now())
        some = await subscriptions(desk, 3, seen_change=await desk.stores.archive.latest_change())
    await plan_due(desk.stores, DUE)
    await desk.add("Late", DAY, tags=("vision", "llm"))
    await revise_posts(desk.stores, DUE)
    assert await desk.stores.subscriptions.behind(await desk.stores.archive.latest_change()) == []
    assert await planned(desk, some[0]) == ["head", "Late"]


async def test_what_several_want_is_looked_up_once_in_all_pages(desk: Desk) -> None:
    await digest(desk)
    made = await subscriptions(desk, 21)
    choices = Choices(desk.stores)

    async def again() -> None:
        await choices.hold(made)
        assert await choices.digests((one, DAY) for one in made[7:]) == first
        await choices.latest_day(made[0], DateSpan(None, DAY))

    await choices.hold(made)
    first = await choices.digests((one, DAY) for one in made[:7])
    assert await statements(desk, again) > 0  # for the latest day, which is asked for now
    assert await statements(desk, again) == 0


async def test_no_more_is_remembered_than_there_is_room_for(desk: Desk) -> None:
    await digest(desk)
    (one,) = await subscriptions(desk, 1)
    choices = Choices(desk.stores, most=10)
    for number in range(40):
        asked = replace(one, query=f"-tag:t{number}")
        assert len((await choices.digests([(asked, DAY)]))[asked.query, DAY]) == 2
        assert await choices.latest_day(asked, DateSpan(None, DAY)) == DAY
        assert choices.remembered <= 10


class OneBetween:
    """Subscriptions, where between the first page and the second something happens."""

    def __init__(self, stores: Storage, happen: Callable[[], Awaitable[None]]) -> None:
        self._stores, self._happen = stores, happen

    def __getattr__(self, name: str) -> Any:
        return self if name == "subscriptions" else getattr(self._stores, name)

    async def due(self, now: datetime, *, limit: int, after: Subscription | None) -> Sequence[Subscription]:
        if after is not None:
            await self._happen()
        return await self._stores.subscriptions.due(now, limit=limit, after=after)


async def test_a_digest_read_before_a_change_is_not_planned_for_who_has_seen_it(desk: Desk) -> None:
    """Another worker adds it, and passes it by for all that have no delivery of that day yet, before they have one."""
    await digest(desk)
    await subscriptions(desk, PAGE, query="tag:vision")
    (last,) = await subscriptions(desk, 1, query="tag:vision")

    async def happen() -> None:
        await desk.add("Three", DAY, tags=("vision",))
        latest = await desk.stores.archive.latest_change()
        await desk.stores.ledger.pass_over([(last, [DAY])], [], seen_change=latest)

    stores = cast("Stores", OneBetween(desk.stores, happen))
    assert await plan_due(stores, DUE) == PAGE + 1
    assert await planned(desk, last) == ["head", "One", "Three"]
