"""Standing orders: who may give them, and what they change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from bot.core.errors import FormError, NotAllowed, NotFound, QueryError
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Layout
from bot.usecases.subscribe import edit, new_form, open_form, pause, resume, subscribe, subscriptions, unsubscribe
from storage.opening import Storage

from .conftest import HERE, MAINTAINER, OPERATOR, READER, THERE, paper

AT = datetime(2024, 6, 21, 1, tzinfo=UTC)
LAYOUTS = frozenset({Layout.CARDS, Layout.COMPACT})


async def test_operators_only(stores: Storage) -> None:
    for person in (READER, MAINTAINER):
        with pytest.raises(NotAllowed):
            new_form(person, "Asia/Seoul")
        with pytest.raises(NotAllowed):
            await subscribe(stores, person, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
        with pytest.raises(NotAllowed):
            await subscriptions(stores, person, HERE)
    assert await stores.subscriptions.active() == []


async def test_every_wrong_field_is_named(stores: Storage) -> None:
    wrong = SubscriptionForm(
        query="tga:x", at="25:00", zone="Mars/Olympus", weekdays=("9",), layout="forum", language="xx", late_policy="?"
    )
    with pytest.raises(FormError) as caught:
        await subscribe(stores, OPERATOR, HERE, wrong, layouts=LAYOUTS, at=AT)
    assert set(caught.value.fields) == {"query", "at", "zone", "weekdays", "layout", "language", "late_policy"}


@pytest.mark.parametrize("query", ["date:today", "is:saved", "sort:popular", "after:2024"])
async def test_a_subscription_chooses_by_content_only(stores: Storage, query: str) -> None:
    with pytest.raises(FormError) as caught:
        await subscribe(stores, OPERATOR, HERE, SubscriptionForm(query=query), layouts=LAYOUTS, at=AT)
    assert set(caught.value.fields) == {"query"}


async def test_an_unknown_tag_is_refused_with_the_nearest(stores: Storage) -> None:
    await stores.archive.add(paper("One", tags=("vision",)), by=None, at=AT)
    with pytest.raises(QueryError, match="#vision"):
        await subscribe(stores, OPERATOR, HERE, SubscriptionForm(query="#visoin"), layouts=LAYOUTS, at=AT)


async def test_pause_resume_and_end(stores: Storage) -> None:
    made = await subscribe(stores, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
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
    made = await subscribe(stores, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    _, shown = await open_form(stores, OPERATOR, HERE, made.id)
    changed = await edit(
        stores, OPERATOR, HERE, made.id, replace(shown, at="18:30", zone="Europe/Berlin"), layouts=LAYOUTS, at=AT
    )
    assert changed.at == time(18, 30)
    assert changed.next_run_at == datetime(2024, 6, 21, 16, 30, tzinfo=UTC)


async def test_another_channels_subscription_cannot_be_touched(stores: Storage) -> None:
    made = await subscribe(stores, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    for attempt in (
        pause(stores, OPERATOR, THERE, made.id),
        unsubscribe(stores, OPERATOR, THERE, made.id),
        edit(stores, OPERATOR, THERE, made.id, SubscriptionForm(), layouts=LAYOUTS, at=AT),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_several_subscriptions_must_be_named(stores: Storage) -> None:
    for _ in range(2):
        await subscribe(stores, OPERATOR, HERE, SubscriptionForm(), layouts=LAYOUTS, at=AT)
    with pytest.raises(NotFound, match="several"):
        await pause(stores, OPERATOR, HERE, None)
