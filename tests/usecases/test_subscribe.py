"""Standing orders: who may give them, and what they change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.core.digests import DeliveryState
from bot.core.errors import ChannelUnavailable, FormError, NotAllowed, NotFound, QueryError
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Layout
from bot.usecases.deliver import plan_due
from bot.usecases.subscribe import edit, new_form, open_form, pause, resume, subscribe, subscriptions, unsubscribe
from storage.opening import Storage

from .conftest import HERE, MAINTAINER, OPERATOR, READER, THERE, Crash, SmallPlatform, failing, paper

AT = datetime(2024, 6, 21, 1, tzinfo=UTC)
LAYOUTS = frozenset({Layout.CARDS, Layout.COMPACT})


CHAT = SmallPlatform()


async def test_operators_only(stores: Storage) -> None:
    for person in (READER, MAINTAINER):
        with pytest.raises(NotAllowed):
            new_form(person, "Asia/Seoul")
        with pytest.raises(NotAllowed):
            await subscribe(stores, CHAT, person, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
        with pytest.raises(NotAllowed):
            await subscriptions(stores, person, HERE)
    assert await stores.subscriptions.active() == []


async def test_every_wrong_field_is_named(stores: Storage) -> None:
    wrong = SubscriptionForm(
        query="tga:x", at="25:00", zone="Mars/Olympus", weekdays=("9",), layout="forum", language="xx", late_policy="?"
    )
    with pytest.raises(FormError) as caught:
        await subscribe(stores, CHAT, OPERATOR, HERE, wrong, layouts=LAYOUTS, at=AT)
    assert set(caught.value.fields) == {"query", "at", "zone", "weekdays", "layout", "language", "late_policy"}


@pytest.mark.parametrize("query", ["date:today", "is:saved", "sort:popular", "after:2024"])
async def test_a_subscription_chooses_by_content_only(stores: Storage, query: str) -> None:
    with pytest.raises(FormError) as caught:
        await subscribe(stores, CHAT, OPERATOR, HERE, SubscriptionForm(query=query), layouts=LAYOUTS, at=AT)
    assert set(caught.value.fields) == {"query"}


async def test_an_unknown_tag_is_refused_with_the_nearest(stores: Storage) -> None:
    await stores.archive.add(paper("One", tags=("vision",)), by=None, at=AT)
    with pytest.raises(QueryError, match="#vision"):
        await subscribe(stores, CHAT, OPERATOR, HERE, SubscriptionForm(query="#visoin"), layouts=LAYOUTS, at=AT)


async def test_pause_resume_and_end(stores: Storage) -> None:
    made = await subscribe(stores, CHAT, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    assert made.next_run_at == datetime(2024, 6, 22, 0, tzinfo=UTC)
    assert (await pause(stores, OPERATOR, HERE, None)).next_run_at is None
    assert await stores.subscriptions.due(datetime(2025, 1, 1, tzinfo=UTC)) == []
    later = datetime(2024, 7, 1, 5, tzinfo=UTC)
    back = await resume(stores, OPERATOR, HERE, made.id, at=later)
    assert back.next_run_at == datetime(2024, 7, 2, 0, tzinfo=UTC)
    assert back.delivered_through == date(2024, 7, 1)
    await unsubscribe(stores, OPERATOR, HERE, None)
    with pytest.raises(NotFound):
        await open_form(stores, OPERATOR, HERE, None)


async def test_edit_moves_the_next_run(stores: Storage) -> None:
    made = await subscribe(stores, CHAT, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    _, shown = await open_form(stores, OPERATOR, HERE, made.id)
    changed = await edit(
        stores, OPERATOR, HERE, made.id, replace(shown, at="18:30", zone="Europe/Berlin"), layouts=LAYOUTS, at=AT
    )
    assert changed.at == time(18, 30)
    assert changed.next_run_at == datetime(2024, 6, 21, 16, 30, tzinfo=UTC)


async def test_a_new_subscription_whose_beginning_was_interrupted_begins_at_the_next_look(stores: Storage) -> None:
    await stores.archive.add(paper("One", date(2024, 6, 18)), by=None, at=AT)
    crashing = replace(stores, ledger=failing(stores.ledger, "plan", error=Crash()))
    with pytest.raises(Crash):
        await subscribe(crashing, CHAT, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    assert await plan_due(stores, AT) == 1
    (made,) = await stores.subscriptions.of_channel(HERE)
    assert made.next_run_at == datetime(2024, 6, 22, 0, tzinfo=UTC)
    (delivery,) = await stores.ledger.deliveries(made.id, [date(2024, 6, 18)])
    assert delivery.state is DeliveryState.PLANNED


async def test_a_short_pause_on_sunday_does_not_lose_saturdays_digest(stores: Storage) -> None:
    weekdays = SubscriptionForm(weekdays=("0", "1", "2", "3", "4"))
    await subscribe(stores, CHAT, OPERATOR, HERE, weekdays, layouts=LAYOUTS, at=AT)  # a Friday
    sunday = datetime(2024, 6, 23, 3, tzinfo=UTC)
    await pause(stores, OPERATOR, HERE, None)
    back = await resume(stores, OPERATOR, HERE, None, at=sunday)
    assert back.delivered_through == date(2024, 6, 21)
    assert back.next_run_at == datetime(2024, 6, 24, 0, tzinfo=UTC)


async def test_an_edit_does_not_put_off_what_is_due(stores: Storage) -> None:
    made = await subscribe(stores, CHAT, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    _, shown = await open_form(stores, OPERATOR, HERE, made.id)
    due = datetime(2024, 6, 22, 0, tzinfo=UTC)
    two_days_late = due + timedelta(days=2)
    for form, at in ((shown, due), (replace(shown, query="author:kim"), two_days_late)):
        changed = await edit(stores, OPERATOR, HERE, made.id, form, layouts=LAYOUTS, at=at)
        assert changed.next_run_at == due


async def test_a_time_moved_to_before_now_delivers_today_still(stores: Storage) -> None:
    evening = replace(SubscriptionForm(), at="18:00")
    made = await subscribe(stores, CHAT, OPERATOR, HERE, evening, layouts=LAYOUTS, at=AT)
    earlier = replace(evening, at="09:00")
    changed = await edit(stores, OPERATOR, HERE, made.id, earlier, layouts=LAYOUTS, at=AT)
    assert changed.next_run_at == datetime(2024, 6, 21, 0, tzinfo=UTC)


async def test_another_channels_subscription_cannot_be_touched(stores: Storage) -> None:
    made = await subscribe(stores, CHAT, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    for attempt in (
        pause(stores, OPERATOR, THERE, made.id),
        unsubscribe(stores, OPERATOR, THERE, made.id),
        edit(stores, OPERATOR, THERE, made.id, SubscriptionForm(), layouts=LAYOUTS, at=AT),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_the_same_twice_is_refused(stores: Storage) -> None:
    form = SubscriptionForm(query="author:kim", language="ko")
    made = await subscribe(stores, CHAT, OPERATOR, HERE, form, layouts=LAYOUTS, at=AT)
    with pytest.raises(FormError) as caught:
        await subscribe(
            stores, CHAT, OPERATOR, HERE, replace(form, query=" AUTHOR：kim ", at="10:00"), layouts=LAYOUTS, at=AT
        )
    assert f"/digest edit {made.id}" in str(caught.value.fields["query"])
    for other in (replace(form, language="en"), replace(form, query="")):
        await subscribe(stores, CHAT, OPERATOR, HERE, other, layouts=LAYOUTS, at=AT)
    await subscribe(stores, CHAT, OPERATOR, THERE, form, layouts=LAYOUTS, at=AT)


async def test_several_subscriptions_must_be_named(stores: Storage) -> None:
    for query in ("", "author:kim"):
        await subscribe(stores, CHAT, OPERATOR, HERE, SubscriptionForm(query=query), layouts=LAYOUTS, at=AT)
    with pytest.raises(NotFound, match="several"):
        await pause(stores, OPERATOR, HERE, None)


async def test_a_channel_paperboy_cannot_get_into_is_not_subscribed(stores: Storage) -> None:
    closed = SmallPlatform(channels=set())
    with pytest.raises(ChannelUnavailable):
        await subscribe(stores, closed, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    assert await stores.subscriptions.of_channel(HERE) == []
    with pytest.raises(FormError):  # what is wrong in the form comes first: nothing is joined for it
        await subscribe(stores, closed, OPERATOR, HERE, SubscriptionForm(at="25:00"), layouts=LAYOUTS, at=AT)
