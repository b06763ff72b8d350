"""What erasing a person takes along, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from bot.core.digests import DeliveryState, MessageRef, PlannedDelivery, PlannedPost, Post, PostKind
from bot.core.engagement import Engagement
from bot.core.entries import Action, Entry
from bot.core.people import Person
from bot.core.subscriptions import Subscription
from storage import tables
from storage.opening import Storage

from .conftest import Make

DAY = date(2024, 6, 21)


@pytest.fixture
async def entry(storage: Storage, make: Make, now: datetime) -> Entry:
    return await storage.archive.add(make(), by=None, at=now)


@pytest.fixture
def follows(order: Subscription, ann: Person) -> Subscription:
    return replace(
        order, channel=replace(order.channel, id="dm-ann"), query="tag:a\ntag:b", personal=True, created_by=ann
    )


async def posted(storage: Storage, order: Subscription, entry: Entry, now: datetime) -> Post:
    """The entry's post in a subscription kept already, sent."""
    card = PlannedPost(key=f"{order.id}/{entry.id}", kind=PostKind.ENTRY, entry_id=entry.id)
    delivery = PlannedDelivery(digest_date=DAY, state=DeliveryState.PLANNED, due_at=now, posts=(card,))
    await storage.ledger.plan(order, [delivery])
    post = await storage.ledger.claim(order.channel, now)
    assert post is not None
    await storage.ledger.mark_sent(post, message_id=f"m{post.id}", revision=1, at=now)
    return post


def row_counts(connection: Connection) -> dict[str, int]:
    names = ("subscriptions", "deliveries", "posts", "reactions", "replies", "saves")
    return {
        name: connection.scalar(select(func.count()).select_from(tables.metadata.tables[name])) or 0 for name in names
    }


async def test_what_somebody_followed_is_erased_with_all_that_was_sent(
    storage: Storage, order: Subscription, follows: Subscription, entry: Entry, now: datetime, ann: Person, bob: Person
) -> None:
    public = await posted(storage, await storage.subscriptions.add(order), entry, now)
    others = await storage.subscriptions.add(
        replace(follows, channel=replace(order.channel, id="dm-bob"), created_by=bob)
    )
    of_bob = await posted(storage, others, entry, now)
    before = await storage.database.read(row_counts)
    mine = await storage.subscriptions.add(follows)
    private = await posted(storage, mine, entry, now)
    await storage.engagement.react(of_bob.id, bob, "👍", at=now)
    await storage.engagement.react(private.id, ann, "👍", at=now)
    await storage.engagement.react(private.id, replace(ann, user_id="alias"), "👍", at=now)
    await storage.engagement.reply(private.id, ann, "r1", at=now)
    await storage.engagement.reply(public.id, ann, "r2", at=now)
    assert await storage.engagement.counts([entry.id]) == {entry.id: Engagement(3, 2, 0)}
    assert await storage.engagement.forget(ann) == 2 + 4  # queries, and records
    assert await storage.subscriptions.get(mine.id) is None
    assert await storage.ledger.post_of(MessageRef(follows.channel, f"m{private.id}")) is None
    assert await storage.database.read(row_counts) == {**before, "reactions": 1}
    assert await storage.engagement.counts([entry.id]) == {entry.id: Engagement(1, 0, 0)}
    assert await storage.subscriptions.of_person(bob) == others
    assert await storage.engagement.forget(ann) == 0


async def test_what_somebody_followed_once_is_erased_but_not_counted(
    storage: Storage, follows: Subscription, entry: Entry, now: datetime, ann: Person
) -> None:
    for _ in range(2):
        ended = await storage.subscriptions.add(follows)
        await posted(storage, ended, entry, now)
        await storage.subscriptions.remove(ended.id)
    assert await storage.engagement.forget(ann) == 0
    assert set((await storage.database.read(row_counts)).values()) == {0}


async def test_somebody_at_work_on_an_erased_post_meets_no_other(
    storage: Storage, follows: Subscription, entry: Entry, now: datetime, ann: Person, bob: Person
) -> None:
    """Keys of messages begin with the subscription's id, so that one must not come back either."""
    mine = await storage.subscriptions.add(follows)
    erased = await posted(storage, mine, entry, now)
    await storage.engagement.forget(ann)
    theirs = await storage.subscriptions.add(replace(follows, created_by=bob))
    assert theirs.id > mine.id
    other = await posted(storage, theirs, entry, now)
    assert other.id > erased.id
    assert other.delivery_id > erased.delivery_id
    await storage.ledger.mark_withdrawn(erased.id)
    assert await storage.ledger.post_of(MessageRef(follows.channel, f"m{other.id}")) is not None


async def test_names_are_taken_off_what_stays(
    storage: Storage, order: Subscription, entry: Entry, now: datetime, ann: Person, bob: Person
) -> None:
    anns = await storage.subscriptions.add(replace(order, created_by=ann, next_run_at=now))
    bobs = await storage.subscriptions.add(replace(order, created_by=bob))
    await storage.archive.replace(replace(entry, title="x"), action=Action.EDIT, by=ann, at=now)
    assert await storage.engagement.forget(ann) == 0
    assert await storage.subscriptions.of_channel(order.channel) == [replace(anns, created_by=None), bobs]
    assert await storage.archive.last_change_by(ann) is None


async def test_others_with_the_same_number_elsewhere_stay(
    storage: Storage, follows: Subscription, entry: Entry, now: datetime, ann: Person
) -> None:
    namesakes = [replace(ann, workspace="T2"), replace(ann, platform="discord")]
    for number, person in enumerate(namesakes):
        channel = replace(follows.channel, id=f"dm{number}")
        kept = await storage.subscriptions.add(replace(follows, channel=channel, created_by=person))
        post = await posted(storage, kept, entry, now + timedelta(number))
        await storage.engagement.react(post.id, person, "👍", at=now)
    assert await storage.engagement.forget(ann) == 0
    assert await storage.engagement.counts([entry.id]) == {entry.id: Engagement(2, 0, 0)}


async def test_where_an_id_is_one_persons_everywhere_all_workspaces_forget(
    storage: Storage, follows: Subscription, entry: Entry, now: datetime, ann: Person, bob: Person
) -> None:
    elsewhere = replace(ann, workspace="G2")
    others = [replace(ann, platform="elsewhere"), bob]
    for number, person in enumerate([elsewhere, *others]):
        channel = replace(follows.channel, id=f"dm{number}")
        kept = await storage.subscriptions.add(replace(follows, channel=channel, created_by=person))
        post = await posted(storage, kept, entry, now + timedelta(number))
        await storage.engagement.react(post.id, person, "👍", at=now)
        await storage.engagement.save(entry.id, person, at=now)
    assert await storage.engagement.forget(ann, in_all_workspaces=True) == len(follows.queries) + 2
    assert await storage.engagement.counts([entry.id]) == {entry.id: Engagement(2, 0, 2)}
    assert await storage.subscriptions.of_person(elsewhere) is None
    assert all([await storage.subscriptions.of_person(person) for person in others])
