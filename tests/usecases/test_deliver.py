"""Digests reach their channels: on schedule, once, in order, whatever the platform answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.digests import DeliveryState
from bot.core.entries import Status
from bot.core.errors import NotAllowed, NotFound
from bot.core.people import Role
from bot.core.subscriptions import LatePolicy, Layout, Subscription
from bot.usecases.deliver import plan_due, preview, send_now
from bot.usecases.explain import why
from bot.usecases.subscribe import pause, resume, unsubscribe

from .conftest import HERE, MAINTAINER, OPERATOR, READER, THERE, Desk, busy, uncertain

DAY = date(2024, 6, 21)


async def test_a_new_subscription_gets_the_latest_digest_and_no_older_one(desk: Desk) -> None:
    await desk.add("Old", date(2024, 6, 19))
    await desk.add("One")
    await desk.add("Two")
    await desk.subscribe()
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "Two"]
    await desk.round()
    assert len(desk.chat.messages) == 3


async def test_the_next_digest_comes_at_its_time_and_not_before(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    await desk.round()
    await desk.add("Tomorrow", date(2024, 6, 22))
    desk.clock.moment = datetime(2024, 6, 21, 23, 59, tzinfo=UTC)
    await desk.round()
    assert len(desk.chat.messages) == 2
    desk.clock.moment = datetime(2024, 6, 22, 0, 0, tzinfo=UTC)
    await desk.round()
    assert desk.chat.shown()[2:] == ["head 2024-06-22 (1)", "Tomorrow"]


async def test_only_what_the_query_wants(desk: Desk) -> None:
    await desk.add("Seen", tags=("vision",))
    await desk.add("Unseen", tags=("llm",))
    await desk.subscribe(THERE, query="tag:vision")
    await desk.round()
    assert desk.chat.shown(THERE) == ["head 2024-06-21 (1)", "Seen"]


async def test_late_additions_edits_and_removals_reach_the_channel(desk: Desk) -> None:
    one = await desk.add("One")
    two = await desk.add("Two")
    await desk.subscribe()
    await desk.round()
    await desk.add("Three")
    one = await desk.change(one, title="One, corrected")
    await desk.change(two, status=Status.REMOVED)
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One, corrected", "late Three"]
    await desk.change(one, digest_date=date(2024, 6, 10))
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "late Three"]


async def test_removing_every_entry_takes_the_header_along_and_restoring_brings_it_back(desk: Desk) -> None:
    one = await desk.add("One")
    await desk.subscribe()
    await desk.round()
    gone = await desk.change(one, status=Status.REMOVED)
    await desk.round()
    assert desk.chat.shown() == []
    await desk.change(gone, status=Status.PUBLISHED)
    await desk.round()
    assert desk.chat.shown()[0] == "head 2024-06-21 (1)"
    assert len(desk.chat.shown()) == 2


async def test_what_is_added_for_today_after_an_empty_run_goes_out_at_once(desk: Desk) -> None:
    await desk.subscribe()
    await desk.round()
    assert desk.chat.shown() == []
    await desk.add("Fresh")
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "Fresh"]


async def test_a_draft_goes_out_when_it_is_published(desk: Desk) -> None:
    await desk.add("One")
    draft = await desk.add("Draft", status=Status.DRAFT)
    await desk.subscribe()
    await desk.round()
    assert "Draft" not in " ".join(desk.chat.shown())
    await desk.change(draft, status=Status.PUBLISHED)
    await desk.round()
    assert desk.chat.shown()[-1] == "late Draft"


@pytest.mark.parametrize("end", [pause, unsubscribe])
async def test_paused_and_ended_subscriptions_post_nothing_new_but_keep_their_posts_right(
    desk: Desk, end: Callable[..., Awaitable[Subscription]]
) -> None:
    one = await desk.add("One")
    two = await desk.add("Two")
    made = await desk.subscribe()
    await desk.round()
    await end(desk.stores, OPERATOR, HERE, made.id)
    await desk.change(one, title="Uno")
    await desk.change(two, status=Status.REMOVED)
    await desk.add("Three")
    await desk.add("Tomorrow", date(2024, 6, 22))
    desk.clock.pass_time(days=2)
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "Uno"]


async def test_a_digest_paused_half_way_goes_on_when_it_is_resumed(desk: Desk) -> None:
    await desk.add("One")
    await desk.add("Two")
    made = await desk.subscribe()
    desk.chat.faults = [None, busy(desk.clock.now() + timedelta(seconds=30))]
    await desk.round()
    await pause(desk.stores, OPERATOR, HERE, made.id)
    desk.clock.pass_time(minutes=5)
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)"]
    await resume(desk.stores, OPERATOR, HERE, made.id, at=desk.clock.now())
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "Two"]


async def test_compact_keeps_the_list_up_to_date_and_cards_in_its_thread(desk: Desk) -> None:
    one = await desk.add("One")
    await desk.subscribe(layout=Layout.COMPACT)
    await desk.round()
    assert desk.chat.shown() == ["list 2024-06-21: One", "  One"]
    await desk.change(one, title="Uno")
    await desk.add("Two")
    await desk.round()
    assert desk.chat.shown() == ["list 2024-06-21: Uno, Two", "  Uno", "  late Two"]


async def test_rate_limit_waits_and_keeps_the_order(desk: Desk) -> None:
    await desk.add("One")
    await desk.add("Two")
    await desk.subscribe()
    desk.chat.faults = [None, busy(desk.clock.now() + timedelta(seconds=30))]
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)"]
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)"]
    desk.clock.pass_time(seconds=31)
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "Two"]


async def test_an_interrupted_post_is_looked_up_and_not_sent_again(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    desk.chat.faults = [None, uncertain()]
    await desk.round()
    assert len(desk.chat.messages) == 2
    desk.clock.pass_time(hours=1)
    await desk.round()
    assert desk.chat.finds == 1
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "One"]


async def test_a_post_left_in_sending_by_a_crash_is_looked_up(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    claimed = await desk.stores.ledger.claim(HERE, desk.clock.now())
    assert claimed is not None  # and here the process dies, before or after the message went out
    assert await desk.stores.ledger.recover() == 1
    await desk.round()
    assert desk.chat.finds == 1
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "One"]


async def test_an_archived_channel_does_not_hold_back_another(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    await desk.subscribe(THERE)
    desk.chat.channels.remove(HERE)
    await desk.round()
    assert desk.chat.shown(THERE) == ["head 2024-06-21 (1)", "One"]
    (_, trouble) = await why(desk.stores, OPERATOR, HERE, day=DAY, now=desk.clock.now())
    assert "archived" in str(trouble)
    deliveries = await desk.stores.ledger.deliveries(1, [DAY])
    assert deliveries[0].state is DeliveryState.FAILED


async def test_an_edit_after_the_channel_was_archived_waits(desk: Desk) -> None:
    one = await desk.add("One")
    await desk.subscribe()
    await desk.round()
    desk.chat.channels.remove(HERE)
    await desk.change(one, title="Uno")
    await desk.round()
    assert await desk.stores.ledger.claim(HERE, desk.clock.now()) is None


async def test_downtime_in_order(desk: Desk) -> None:
    await desk.subscribe()
    await desk.round()
    for day in (22, 23, 24):
        await desk.add(f"Of {day}", date(2024, 6, day))
    desk.clock.moment = datetime(2024, 6, 24, 3, 0, tzinfo=UTC)
    await desk.round()
    assert desk.chat.shown() == [
        "head 2024-06-22 (1)",
        "Of 22",
        "head 2024-06-23 (1)",
        "Of 23",
        "head 2024-06-24 (1)",
        "Of 24",
    ]


async def test_downtime_merged(desk: Desk) -> None:
    await desk.subscribe(late_policy=LatePolicy.MERGED)
    for day in (22, 24):
        await desk.add(f"Of {day}", date(2024, 6, day))
    desk.clock.moment = datetime(2024, 6, 24, 3, 0, tzinfo=UTC)
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-22 2024-06-24 (2)", "Of 22", "Of 24"]
    await desk.add("Also 22", date(2024, 6, 22))
    await desk.round()
    assert desk.chat.shown()[-1] == "late Also 22"


async def test_downtime_skipped_with_a_note(desk: Desk) -> None:
    await desk.subscribe(late_policy=LatePolicy.SKIP)
    for day in (22, 24):
        await desk.add(f"Of {day}", date(2024, 6, day))
    desk.clock.moment = datetime(2024, 6, 24, 3, 0, tzinfo=UTC)
    await desk.round()
    note, *rest = desk.chat.shown()
    assert note.startswith("note Not posted while Paperboy was away: 2024-06-22.")
    assert rest == ["head 2024-06-24 (1)", "Of 24"]


async def test_sending_by_hand_never_makes_a_second_copy(desk: Desk) -> None:
    await desk.add("Old", date(2024, 6, 19))
    await desk.add("One")
    await desk.subscribe()
    await desk.round()
    told = await send_now(desk.stores, MAINTAINER, HERE, None, at=desk.clock.now())
    assert str(told) == "Everything of 2024-06-21 is in this channel already."
    told = await send_now(desk.stores, MAINTAINER, HERE, date(2024, 6, 19), at=desk.clock.now())
    assert str(told) == "1 entry of 2024-06-19 is on its way."
    await desk.round()
    assert desk.chat.shown()[2:] == ["head 2024-06-19 (1)", "Old"]
    await send_now(desk.stores, MAINTAINER, HERE, date(2024, 6, 19), at=desk.clock.now())
    await desk.round()
    assert len(desk.chat.messages) == 4


async def test_sending_by_hand_is_for_maintainers_and_operators(desk: Desk) -> None:
    await desk.subscribe()
    with pytest.raises(NotAllowed):
        await send_now(desk.stores, READER, HERE, None, at=desk.clock.now())
    with pytest.raises(NotFound):
        await send_now(desk.stores, OPERATOR, HERE, date(2020, 1, 1), at=desk.clock.now())


async def test_preview_is_what_would_be_posted(desk: Desk) -> None:
    await desk.add("One", tags=("vision",))
    await desk.add("Two")
    await desk.subscribe(THERE, query="tag:vision")
    shown = await preview(desk.stores, MAINTAINER, THERE, None, at=desk.clock.now())
    assert [type(content).__name__ for content in shown.contents] == ["HeaderContent", "EntryContent"]
    with pytest.raises(NotAllowed):
        await preview(desk.stores, READER, THERE, None, at=desk.clock.now())


async def test_why(desk: Desk) -> None:
    one = await desk.add("One", tags=("vision",))
    two = await desk.add("Two")
    future = await desk.add("Future", date(2024, 7, 1))
    await desk.subscribe(query="tag:vision")
    await desk.round()

    async def ask(**what: object) -> str:
        sentences = await why(desk.stores, MAINTAINER, HERE, now=desk.clock.now(), **what)  # type: ignore[arg-type]
        return " ".join(map(str, sentences))

    four = await desk.add("Four", tags=("vision",))
    assert await ask(reference=four.id) == "“Four” is on its way."
    assert await ask(day=DAY) == "2024-06-21: delivered on 2024-06-21 10:00."
    assert "older than the subscription" in await ask(day=date(2024, 6, 1))
    assert "not due yet. The next run is at 2024-06-22 09:00" in await ask(day=date(2024, 7, 1))
    assert await ask(reference=one.id) == "“One” was posted here on 2024-06-21 10:00, in the digest of 2024-06-21."
    assert "filtered out by this subscription's query: tag:vision" in await ask(reference=two.id)
    assert "not due before 2024-07-01" in await ask(reference=future.id)
    with pytest.raises(NotAllowed):
        await why(desk.stores, READER, HERE, now=desk.clock.now())
    assert Role.OPERATOR in OPERATOR.roles


async def test_why_names_the_subscription_where_there_are_several(desk: Desk) -> None:
    await desk.add("One", tags=("vision",))
    all_of_it = await desk.subscribe()
    some_of_it = await desk.subscribe(query="tag:rlaif")
    await desk.round()
    told = await why(desk.stores, OPERATOR, HERE, day=DAY, now=desk.clock.now())
    assert [str(said).partition(" · ")[0] for said in told] == [f"No. {one.id}" for one in (all_of_it, some_of_it)]
    assert "delivered" in str(told[0])


async def test_a_paused_channel_is_not_promised_anything(desk: Desk) -> None:
    await desk.add("One")
    made = await desk.subscribe()
    await pause(desk.stores, OPERATOR, HERE, made.id)
    with pytest.raises(NotFound, match="paused"):
        await send_now(desk.stores, OPERATOR, HERE, DAY, at=desk.clock.now())
    (told,) = await why(desk.stores, OPERATOR, HERE, day=DAY, now=desk.clock.now())
    assert "paused" in str(told)


async def test_why_an_entry_that_came_during_a_pause_is_not_there(desk: Desk) -> None:
    await desk.add("One")
    made = await desk.subscribe()
    await desk.round()
    await pause(desk.stores, OPERATOR, HERE, made.id)
    two = await desk.add("Two")
    (told,) = await why(desk.stores, OPERATOR, HERE, reference=two.id, now=desk.clock.now())
    assert "paused" in str(told)
    await desk.round()
    await resume(desk.stores, OPERATOR, HERE, made.id, at=desk.clock.now())
    (told,) = await why(desk.stores, OPERATOR, HERE, reference=two.id, now=desk.clock.now())
    assert str(told) == "“Two” came while the subscription was paused. /digest send 2024-06-21 posts it."
    await send_now(desk.stores, OPERATOR, HERE, DAY, at=desk.clock.now())
    await desk.round()
    assert desk.chat.shown()[-1] == "late Two"


async def test_any_number_of_subscriptions_is_planned_at_one_look(desk: Desk) -> None:
    for number in range(101):
        await desk.stores.subscriptions.add(
            Subscription(channel=replace(HERE, id=str(number)), next_run_at=desk.clock.now())
        )
    assert await plan_due(desk.stores, desk.clock.now()) == 101
