"""What changes in the archive reaches what has been posted: nothing lost, nothing twice, nothing before its day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest

from bot.core.digests import DeliveryState
from bot.core.entries import Entry, Status
from bot.core.planning import plan_day
from bot.core.ports import Stores
from bot.core.query import Criteria
from bot.core.subscription_form import form_of
from bot.core.subscriptions import LatePolicy, Layout
from bot.usecases import subscribe
from bot.usecases.deliver import plan_due, send_now
from bot.usecases.revise import revise_posts
from storage.opening import Storage
from storage.search import EntrySearch

from .conftest import HERE, MAINTAINER, OPERATOR, THERE, Desk, busy

DAY = date(2024, 6, 21)


async def test_an_entry_for_a_merged_day_that_had_none_is_a_late_addition(desk: Desk) -> None:
    await desk.subscribe(late_policy=LatePolicy.MERGED)
    await desk.add("Of 24", date(2024, 6, 24))
    desk.clock.moment = datetime(2024, 6, 24, 3, 0, tzinfo=UTC)
    await desk.round()
    await desk.add("Of 23", date(2024, 6, 23))
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-24 (1)", "Of 24", "head 2024-06-23 (1)", "Of 23"]


async def test_a_merged_day_sent_by_hand_stays_with_the_digest_that_carried_it(desk: Desk) -> None:
    made = await desk.subscribe(late_policy=LatePolicy.MERGED)
    of_22 = await desk.add("Of 22", date(2024, 6, 22))
    await desk.add("Of 24", date(2024, 6, 24))
    desk.clock.moment = datetime(2024, 6, 24, 3, 0, tzinfo=UTC)
    await desk.round()
    await subscribe.pause(desk.stores, OPERATOR, HERE, made.id)
    await desk.add("Also 22", date(2024, 6, 22))
    await desk.round()
    await subscribe.resume(desk.stores, OPERATOR, HERE, made.id, at=desk.clock.now())
    await send_now(desk.stores, MAINTAINER, HERE, date(2024, 6, 22), at=desk.clock.now())
    await desk.round()
    await desk.change(of_22, title="Of 22, corrected")
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-22 2024-06-24 (3)", "Of 22, corrected", "Of 24", "late Also 22"]


@pytest.mark.parametrize("layout", [Layout.CARDS, Layout.COMPACT])
async def test_entries_for_a_day_that_was_said_to_be_empty_take_its_note_back(desk: Desk, layout: Layout) -> None:
    await desk.subscribe(layout=layout, note_when_empty=True)
    desk.clock.moment = datetime(2024, 6, 22, 0, 0, tzinfo=UTC)
    await desk.round()
    assert desk.chat.shown() == ["note No papers on 2024-06-22."]
    await desk.add("One", date(2024, 6, 22))
    await desk.round()
    head, card = desk.chat.messages.values()
    assert head.thread_id is None
    threads = [message_id for _, message_id in desk.chat.messages]
    assert card.thread_id == (threads[0] if layout is Layout.COMPACT else None)


async def test_a_digest_sent_by_hand_leaves_the_days_before_it_to_the_next_run(desk: Desk) -> None:
    """A channel served on weekdays is sent Sunday's digest by hand: Saturday's still comes on Monday."""
    await desk.subscribe(weekdays=frozenset(range(5)))  # a Friday
    await desk.add("Saturday", date(2024, 6, 22))
    await desk.add("Sunday", date(2024, 6, 23))
    await desk.add("Monday", date(2024, 6, 24))
    desk.clock.moment = datetime(2024, 6, 23, 3, 0, tzinfo=UTC)
    await send_now(desk.stores, MAINTAINER, HERE, date(2024, 6, 23), at=desk.clock.now())
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-23 (1)", "Sunday"]
    desk.clock.moment = datetime(2024, 6, 24, 0, 0, tzinfo=UTC)
    await desk.round()
    assert desk.chat.shown()[2:] == ["head 2024-06-22 (1)", "Saturday", "head 2024-06-24 (1)", "Monday"]


async def test_a_digest_sent_by_hand_is_not_sent_again_by_a_merged_run(desk: Desk) -> None:
    await desk.subscribe(late_policy=LatePolicy.MERGED)
    await desk.add("Of 22", date(2024, 6, 22))
    await desk.add("Of 23", date(2024, 6, 23))
    of_24 = await desk.add("Of 24", date(2024, 6, 24))
    desk.clock.moment = datetime(2024, 6, 24, 0, 0, tzinfo=UTC)
    await send_now(desk.stores, MAINTAINER, HERE, date(2024, 6, 24), at=desk.clock.now())
    await desk.round()
    expected = ["head 2024-06-24 (1)", "Of 24", "head 2024-06-22 2024-06-23 (2)", "Of 22", "Of 23"]
    assert desk.chat.shown() == expected
    await desk.change(of_24, title="Of 24, corrected")
    await desk.round()
    assert desk.chat.shown() == [text.replace("Of 24", "Of 24, corrected") for text in expected]


async def test_an_entry_that_moved_into_a_digest_sent_by_hand_goes_out_once(desk: Desk) -> None:
    one = await desk.add("One")
    await desk.subscribe()
    await desk.round()
    await desk.add("Two", date(2024, 6, 22))
    desk.clock.moment = datetime(2024, 6, 21, 20, 0, tzinfo=UTC)  # 05:00 on the 22nd in Seoul, before the run
    await send_now(desk.stores, MAINTAINER, HERE, date(2024, 6, 22), at=desk.clock.now())
    await desk.change(one, digest_date=date(2024, 6, 22))
    await desk.round()
    desk.clock.moment = datetime(2024, 6, 22, 0, 0, tzinfo=UTC)
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-22 (2)", "Two", "late One"]


async def test_what_is_added_while_a_digest_is_being_sent_by_hand_is_not_passed_by(desk: Desk) -> None:
    await desk.add("One", date(2024, 6, 20))
    await desk.subscribe(weekdays=frozenset({0}))
    await desk.round()
    await desk.add("Two")

    class Overtaken(EntrySearch):
        async def digest(self, criteria: Criteria, day: date) -> Sequence[Entry]:
            found = await super().digest(criteria, day)
            await desk.add("Three")
            await revise_posts(desk.stores, desk.clock.now())  # sees it, and no delivery of that day yet
            return found

    stores = replace(desk.stores, search=Overtaken(desk.stores.database))
    await send_now(stores, MAINTAINER, HERE, DAY, at=desk.clock.now())
    await desk.round()
    assert desk.chat.shown()[2:] == ["head 2024-06-21 (2)", "Two", "late Three"]


@pytest.mark.parametrize("layout", [Layout.CARDS, Layout.COMPACT])
@pytest.mark.parametrize("gone", [{"status": Status.REMOVED}, {"digest_date": date(2024, 6, 22)}])
async def test_a_head_that_is_out_follows_an_entry_that_is_gone_before_its_own_post(
    desk: Desk, layout: Layout, gone: dict[str, object]
) -> None:
    """Its post is taken back as it is about to be sent, before anybody has compared what changed with the ledger."""
    one = await desk.add("One")
    await desk.add("Two")
    await desk.subscribe(layout=layout)
    await plan_due(desk.stores, desk.clock.now())
    desk.chat.faults = [None, busy()]
    await desk.send()
    assert len(desk.chat.shown()) == 1
    await desk.change(one, **gone)
    desk.clock.pass_time(minutes=1)
    await desk.send()
    await revise_posts(desk.stores, desk.clock.now())
    await desk.send()
    shown = {
        Layout.CARDS: ["head 2024-06-21 (1)", "Two"],
        Layout.COMPACT: ["list 2024-06-21: Two", "  Two"],
    }
    assert desk.chat.shown() == shown[layout]


async def test_a_head_goes_with_the_only_entry_that_is_gone_before_its_own_post(desk: Desk) -> None:
    one = await desk.add("One")
    await desk.subscribe()
    await plan_due(desk.stores, desk.clock.now())
    desk.chat.faults = [None, busy()]
    await desk.send()
    await desk.change(one, status=Status.REMOVED)
    desk.clock.pass_time(minutes=1)
    await desk.send()
    await desk.round()
    assert desk.chat.shown() == []


async def test_a_later_zone_does_not_withdraw_what_has_been_posted(desk: Desk) -> None:
    one = await desk.add("One")
    made = await desk.subscribe()
    await desk.round()
    form = replace(form_of(made), zone="America/Los_Angeles")  # where it is the 20th still
    layouts = frozenset(Layout)
    await subscribe.edit(desk.stores, OPERATOR, HERE, made.id, form, layouts=layouts, at=desk.clock.now())
    await desk.change(one, title="Uno")
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "Uno"]


async def test_a_resent_digest_counts_as_delivered_and_takes_late_additions_again(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    desk.chat.channels.remove(HERE)
    await desk.round()
    desk.chat.channels.add(HERE)
    await send_now(desk.stores, MAINTAINER, HERE, DAY, at=desk.clock.now())
    await desk.round()
    (delivery,) = await desk.stores.ledger.deliveries(1, [DAY])
    assert delivery.state is DeliveryState.DELIVERED
    await desk.add("Two")
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "late Two"]


async def test_one_broken_subscription_holds_back_no_other(desk: Desk) -> None:
    one = await desk.add("One")
    broken = await desk.subscribe()
    await desk.subscribe(THERE)
    await desk.round()
    await desk.stores.subscriptions.replace(replace(broken, zone="Nowhere/Atlantis", next_run_at=desk.clock.now()))
    await desk.change(one, title="Uno")
    await desk.add("Two", date(2024, 6, 22))
    desk.clock.pass_time(days=1)
    for step in (plan_due, revise_posts):
        with pytest.raises(ExceptionGroup) as caught:
            await step(desk.stores, desk.clock.now())
        assert "Atlantis" in str(caught.value.exceptions[0])
    await desk.send()
    assert desk.chat.shown(THERE) == ["head 2024-06-21 (1)", "Uno", "head 2024-06-22 (1)", "Two"]


async def test_an_entry_withdrawn_and_wanted_again_between_two_looks_stays(desk: Desk) -> None:
    one = await desk.add("One")
    await desk.subscribe()
    await desk.round()
    gone = await desk.change(one, status=Status.REMOVED)
    await desk.change(gone, status=Status.PUBLISHED)
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "One"]


class PlannedBetween:
    """The ledger, where something is planned after it was looked at and before what changed is noted."""

    def __init__(self, stores: Storage, happen: Callable[[], Awaitable[object]]) -> None:
        self._stores, self._happen = stores, happen

    def __getattr__(self, name: str) -> Any:
        return self if name == "ledger" else getattr(self._stores, name, None) or getattr(self._stores.ledger, name)

    async def amend(self, subscription_id: int, **orders: Any) -> bool:
        await self._happen()
        return await self._stores.ledger.amend(subscription_id, **orders)


async def test_what_is_planned_while_a_change_is_being_noted_does_not_lose_it(desk: Desk) -> None:
    """A digest that somebody sends by hand was read before the change, and is written in the middle of it."""
    one = await desk.add("One")
    made = await desk.subscribe()
    await desk.round()
    order = await desk.stores.subscriptions.get(made.id)
    assert order is not None
    await desk.change(one, title="Uno")
    await desk.add("Two", date(2024, 6, 20))
    by_hand = plan_day(order, date(2024, 6, 20), (), desk.clock.now())
    stores = PlannedBetween(desk.stores, lambda: desk.stores.ledger.plan(order, [by_hand]))
    assert await revise_posts(cast("Stores", stores), desk.clock.now()) == 0
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "Uno", "head 2024-06-20 (1)", "Two"]
