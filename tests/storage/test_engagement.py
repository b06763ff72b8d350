from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from bot.core.digests import DeliveryState, PlannedDelivery, PlannedPost, PostKind
from bot.core.engagement import Engagement, Seen, SeenReaction, SeenReply
from bot.core.entries import Action, Entry, Status
from bot.core.errors import NotFound, StorageError
from bot.core.people import Person
from bot.core.subscriptions import Subscription
from storage import tables
from storage.opening import Storage

from .conftest import Make

DAY = date(2024, 6, 21)
PEOPLE = [Person("slack", "T1", "U1"), Person("slack", "T1", "U2"), Person("discord", "G", "U1")]
ANN, BOB, CAT = PEOPLE


@pytest.fixture
async def entries(storage: Storage, make: Make, now: datetime) -> list[Entry]:
    return [await storage.archive.add(make(), by=None, at=now) for _ in range(2)]


@pytest.fixture
async def posts(storage: Storage, entries: list[Entry], order: Subscription, now: datetime) -> list[int]:
    """A header, two posts of the first entry, and one of the second."""
    order = await storage.subscriptions.add(order)
    planned = [PlannedPost(key="h", kind=PostKind.HEADER)]
    for key, entry in zip("abc", (entries[0], entries[0], entries[1]), strict=True):
        planned.append(PlannedPost(key=key, kind=PostKind.ENTRY, entry_id=entry.id))
    delivery = PlannedDelivery(digest_date=DAY, state=DeliveryState.PLANNED, due_at=now, posts=tuple(planned))
    await storage.ledger.plan(order, [delivery])
    (kept,) = await storage.ledger.deliveries(order.id, [DAY])
    return [post.id for post in await storage.ledger.posts([kept.id])]


async def counts(storage: Storage, entries: list[Entry]) -> list[Engagement | None]:
    found = await storage.engagement.counts([entry.id for entry in entries])
    return [found.get(entry.id) for entry in entries]


async def test_an_entrys_posts_are_summed(
    storage: Storage, entries: list[Entry], posts: list[int], now: datetime
) -> None:
    header, first, second, _ = posts
    assert await counts(storage, entries) == [None, None]
    for _ in range(2):  # the second time changes nothing
        await storage.engagement.react(first, ANN, "👍", at=now)
        await storage.engagement.react(first, ANN, "🎉", at=now)
        await storage.engagement.react(second, BOB, "👍", at=now)
        await storage.engagement.react(header, BOB, "👍", at=now)
        await storage.engagement.reply(second, CAT, "m1", at=now)
        await storage.engagement.save(entries[0].id, ANN, at=now)
    await storage.ledger.mark_withdrawn(first)
    assert await counts(storage, entries) == [Engagement(3, 1, 1), None]
    for _ in range(2):
        await storage.engagement.unreact(first, ANN, "👍")
        await storage.engagement.unreact(first, ANN, "none")
        await storage.engagement.unreply(second, "m1")
        await storage.engagement.unsave(entries[0].id, ANN)
        await storage.engagement.unsave(entries[1].id, ANN)
        await storage.engagement.unsave("aaaaaaaaaa", ANN)
    assert await counts(storage, entries) == [Engagement(2, 0, 0), None]


async def test_unknown_posts_and_entries(storage: Storage, entries: list[Entry], now: datetime) -> None:
    await storage.engagement.react(99, ANN, "👍", at=now)
    await storage.engagement.reply(99, ANN, "m", at=now)
    await storage.engagement.reconcile({99: Seen((SeenReaction(ANN, "👍"),))}, at=now)
    with pytest.raises(NotFound):
        await storage.engagement.save("aaaaaaaaaa", ANN, at=now)
    assert await counts(storage, entries) == [None, None]


async def test_reconciling_makes_the_records_equal(
    storage: Storage, entries: list[Entry], posts: list[int], now: datetime
) -> None:
    _, first, second, _ = posts
    await storage.engagement.react(first, ANN, "👍", at=now)
    await storage.engagement.react(first, BOB, "👍", at=now)
    await storage.engagement.react(second, BOB, "👍", at=now)
    await storage.engagement.reply(first, BOB, "m1", at=now)
    seen = (SeenReaction(ANN, "👍"), SeenReaction(CAT, "👎"), SeenReaction(CAT, "👎"))
    replies = (SeenReply(CAT, "m2", now), SeenReply(CAT, "m3", now))
    for _ in range(2):
        await storage.engagement.reconcile({first: Seen(seen, replies)}, at=now)
        assert await counts(storage, entries) == [Engagement(3, 2, 0), None]
    await storage.engagement.reconcile({first: Seen()}, at=now)
    assert await counts(storage, entries) == [Engagement(1, 0, 0), None]


async def test_many_posts_are_reconciled_at_once(
    storage: Storage, entries: list[Entry], posts: list[int], now: datetime
) -> None:
    _, first, second, third = posts
    later = now + timedelta(hours=1)
    await storage.engagement.react(first, ANN, "👍", at=now)
    await storage.engagement.react(third, BOB, "👍", at=now)
    seen = {
        first: Seen((SeenReaction(ANN, "👍"), SeenReaction(BOB, "👍"))),
        second: Seen((), (SeenReply(CAT, "m", now),)),
        99: Seen((SeenReaction(ANN, "👍"),)),
    }
    await storage.engagement.reconcile(seen, at=later)
    await storage.engagement.reconcile({}, at=later)
    assert await counts(storage, entries) == [Engagement(2, 1, 0), Engagement(1, 0, 0)]  # the third was not asked about

    def moments(connection: Connection) -> dict[str, datetime]:
        given = tables.reactions.c
        rows = connection.execute(select(given.user_id, given.at).where(given.post_id == first))
        return {row.user_id: row.at for row in rows}

    assert await storage.database.read(moments) == {"U1": now, "U2": later}


async def test_what_is_recorded_is_told_as_a_platform_would(storage: Storage, posts: list[int], now: datetime) -> None:
    _, first, second, _ = posts
    await storage.engagement.react(first, ANN, "👍", at=now)
    await storage.engagement.reply(first, CAT, "m", at=now)
    recorded = await storage.engagement.recorded([second, first])
    assert recorded == {first: Seen((SeenReaction(ANN, "👍"),), (SeenReply(CAT, "m", now),)), second: Seen()}


async def test_what_changes_while_the_platform_is_asked_stays(
    storage: Storage, entries: list[Entry], posts: list[int], now: datetime
) -> None:
    """Whatever moments the events have: those that waited are older than the question."""
    _, first, second, _ = posts
    earlier, later = now - timedelta(hours=1), now + timedelta(hours=1)
    await storage.engagement.react(first, ANN, "👍", at=now)
    await storage.engagement.react(first, ANN, "👎", at=now)
    await storage.engagement.reply(first, ANN, "m1", at=now)
    await storage.engagement.reply(first, ANN, "m2", at=now)
    before = await storage.engagement.recorded([first, second])
    shown = {first: Seen((SeenReaction(ANN, "👍"),), (SeenReply(ANN, "m1", now),)), second: Seen()}
    await storage.engagement.unreact(first, ANN, "👍")
    await storage.engagement.unreply(first, "m1")
    await storage.engagement.react(first, BOB, "👍", at=earlier)
    await storage.engagement.react(second, BOB, "👍", at=later)
    await storage.engagement.reply(second, CAT, "m3", at=earlier)
    await storage.engagement.reconcile(shown, before=before, at=now)
    assert await storage.engagement.recorded([first, second]) == {
        first: Seen((SeenReaction(BOB, "👍"),)),
        second: Seen((SeenReaction(BOB, "👍"),), (SeenReply(CAT, "m3", earlier),)),
    }
    assert await counts(storage, entries) == [Engagement(2, 1, 0), None]


async def test_reconciling_is_all_or_nothing(
    storage: Storage, entries: list[Entry], posts: list[int], now: datetime
) -> None:
    await storage.engagement.react(posts[1], ANN, "👍", at=now)
    no_id: Any = None
    with pytest.raises(StorageError):
        await storage.engagement.reconcile({posts[1]: Seen((), (SeenReply(BOB, no_id, now),))}, at=now)
    assert await counts(storage, entries) == [Engagement(1, 0, 0), None]


async def test_who_saved_what(storage: Storage, entries: list[Entry], now: datetime) -> None:
    await storage.engagement.save(entries[0].id, ANN, at=now)
    ids = [entry.id for entry in entries]
    assert await storage.engagement.saved(ids, ANN) == {entries[0].id}
    assert await storage.engagement.saved(ids[1:], ANN) == set()
    assert await storage.engagement.saved(ids, BOB) == set()


async def test_a_span_with_what_it_gathered(storage: Storage, entries: list[Entry], make: Make, now: datetime) -> None:
    await storage.archive.add(make(status=Status.DRAFT), by=None, at=now)
    before = await storage.archive.add(make("2024-06-20"), by=None, at=now)
    await storage.engagement.save(entries[1].id, ANN, at=now)
    expected = [(entries[0], Engagement()), (entries[1], Engagement(saves=1))]
    assert await storage.engagement.between(DAY, DAY) == expected
    assert await storage.engagement.between(DAY - timedelta(7), DAY) == [(before, Engagement()), *expected]
    assert await storage.engagement.between(DAY, DAY - timedelta(7)) == []


async def test_a_person_is_forgotten(storage: Storage, entries: list[Entry], posts: list[int], now: datetime) -> None:
    await storage.archive.replace(replace(entries[1], title="x"), action=Action.EDIT, by=ANN, at=now)
    for person in (ANN, BOB):
        await storage.engagement.react(posts[1], person, "👍", at=now)
        await storage.engagement.reply(posts[3], person, person.user_id, at=now)
        await storage.engagement.save(entries[1].id, person, at=now)
    assert await storage.engagement.forget(ANN) == 3
    assert await storage.engagement.forget(ANN) == 0
    assert await counts(storage, entries) == [Engagement(1, 0, 0), Engagement(0, 1, 1)]
    revisions = await storage.archive.revisions(entries[1].id)
    assert [revision.by for revision in revisions] == [None, None]
    assert await storage.archive.last_change_by(ANN) is None


PERSON = st.sampled_from(PEOPLE)
STEP = st.one_of(
    st.tuples(st.just("react"), st.integers(0, 3), PERSON, st.sampled_from("👍🎉")),
    st.tuples(st.just("unreact"), st.integers(0, 3), PERSON, st.sampled_from("👍🎉")),
    st.tuples(st.just("reply"), st.integers(0, 3), PERSON, st.sampled_from("mn")),
    st.tuples(st.just("unreply"), st.integers(0, 3), st.none(), st.sampled_from("mn")),
    st.tuples(st.just("save"), st.integers(0, 1), PERSON, st.just("")),
    st.tuples(st.just("unsave"), st.integers(0, 1), PERSON, st.just("")),
)


@given(steps=st.lists(STEP, max_size=15))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_counts_are_those_of_a_recount(
    storage: Storage,
    entries: list[Entry],
    posts: list[int],
    now: datetime,
    steps: list[tuple[str, int, Person, str]],
) -> None:
    for person in PEOPLE:
        await storage.engagement.forget(person)
    reactions, replies, saves = set(), dict[tuple[int, str], Person](), set()
    store = storage.engagement
    for what, number, person, text in steps:
        match what:
            case "react":
                await store.react(posts[number], person, text, at=now)
                reactions.add((number, person, text))
            case "unreact":
                await store.unreact(posts[number], person, text)
                reactions.discard((number, person, text))
            case "reply":
                await store.reply(posts[number], person, text, at=now)
                replies.setdefault((number, text), person)
            case "unreply":
                await store.unreply(posts[number], text)
                replies.pop((number, text), None)
            case "save":
                await store.save(entries[number].id, person, at=now)
                saves.add((number, person))
            case _:
                await store.unsave(entries[number].id, person)
                saves.discard((number, person))
    of_post = [None, 0, 0, 1]
    expected = [
        Engagement(
            Counter(of_post[post] for post, _, _ in reactions)[entry],
            Counter(of_post[post] for post, _ in replies)[entry],
            Counter(saved for saved, _ in saves)[entry],
        )
        for entry in range(2)
    ]
    assert await counts(storage, entries) == [found if found != Engagement() else None for found in expected]
    assert await storage.check() == []
