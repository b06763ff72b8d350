"""What two processes do at the same moment on PostgreSQL: the same comes of it as when one waits for the other.

In each test the first has done its work and not committed when the second begins; it goes on when the second waits
for it, or has ended without. On SQLite the second cannot even begin.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
from sqlalchemy import Connection

from bot.core.digests import DeliveryState, PlannedDelivery, PlannedPost, Post, PostKind, PostState
from bot.core.engagement import Engagement, Seen
from bot.core.entries import Action, Entry
from bot.core.errors import Conflict
from bot.core.people import Person
from bot.core.planning import Plan
from bot.core.ports import ImportedEntry, Looked, PostChangeOrder
from bot.core.subscriptions import Channel, Subscription
from bot.core.workspace import LocalChannel, LocalMessage
from storage import acts, aliases, engagement, entries, forgetting, imports, planning, subscriptions, workspace
from storage.opening import Storage, open_storage
from tests.databases import POSTGRESQL, ask

from .conftest import Make

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")
DAY = date(2024, 6, 21)
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Storage]:
    """The same database, as another process has it."""
    storage = await open_storage(database_url)
    yield storage
    await storage.close()


class Race:
    """Two at once: the first a function of the storage with its arguments, the second what another process does."""

    def __init__(self, storage: Storage, url: str) -> None:
        self._storage, self._url = storage, url

    async def __call__(
        self,
        second: Awaitable[U],
        first: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[T, U]:
        done, may_commit = threading.Event(), threading.Event()

        def work(connection: Connection) -> T:
            result = first(connection, *args, **kwargs)
            done.set()
            assert may_commit.wait(30)
            return result

        ahead = asyncio.ensure_future(self._storage.database.write(work))
        try:
            assert await asyncio.to_thread(done.wait, 30)
            behind = asyncio.ensure_future(second)
            while not behind.done() and not await asyncio.to_thread(self._somebody_waits):  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # the server is asked: it tells nobody
        finally:
            may_commit.set()
        return await ahead, await behind

    def _somebody_waits(self) -> bool:
        return ask(self._url, _WAITING) != [(0,)]


@pytest.fixture
def race(storage: Storage, database_url: str) -> Race:
    assert database_url.startswith(POSTGRESQL)
    return Race(storage, database_url)


def planned(now: datetime, *keys: str, day: date = DAY) -> PlannedDelivery:
    posts = tuple(PlannedPost(key=key, kind=PostKind.NOTE) for key in keys)
    return PlannedDelivery(digest_date=day, state=DeliveryState.PLANNED, due_at=now, posts=posts)


@pytest.fixture
async def order(storage: Storage, order: Subscription) -> Subscription:
    return await storage.subscriptions.add(order)


# --- the ledger ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def posts(storage: Storage, order: Subscription, now: datetime) -> list[Post]:
    """Three posts of one delivery, planned."""
    await storage.ledger.plan(order, [planned(now, "a", "b", "c")])
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    return list(await storage.ledger.posts([delivery.id]))


async def test_two_claims_hand_out_one_post(race: Race, other: Storage, posts: list[Post], now: datetime) -> None:
    channel = posts[0].channel
    (mine,), theirs = await race(other.ledger.claim(channel, now), acts.act, [acts.Claiming(channel, now)], "first")
    assert mine is not None
    assert (mine.id, theirs) == (posts[0].id, None)


async def test_a_claim_while_the_last_is_marked_gets_the_next(
    race: Race, storage: Storage, other: Storage, posts: list[Post], now: datetime
) -> None:
    await storage.ledger.claim(posts[0].channel, now)
    claim = other.ledger.claim(posts[0].channel, now)
    _, handed = await race(claim, acts.act, [acts.Sent(posts[0], "1", 1, now)], "first")
    assert handed is not None
    assert handed.id == posts[1].id


async def test_of_digests_planned_at_once_one_goes_out_before_the_other(
    race: Race, storage: Storage, other: Storage, order: Subscription, now: datetime
) -> None:
    """What was given its numbers first is not there before what was given them later has begun to go out."""
    second = await storage.subscriptions.add(replace(order, id=0))

    async def plan_and_claim() -> Post | None:
        await other.ledger.plan(second, [planned(now, "2a", "2b")])
        return await other.ledger.claim(order.channel, now)

    _, claimed = await race(plan_and_claim(), planning.write_plans, [Plan(order, [planned(now, "1a", "1b")])])
    assert claimed is not None
    assert claimed.key == "1a"


async def test_of_two_who_plan_the_same_page_one_finds_it_planned(
    race: Race, storage: Storage, other: Storage, order: Subscription, now: datetime
) -> None:
    channels = [replace(order.channel, id=f"C{number}") for number in range(40)]
    due = [await storage.subscriptions.add(replace(order, id=0, channel=one, next_run_at=now)) for one in channels]
    served = [replace(one, next_run_at=None) for one in due]
    mine, theirs = (
        [Plan(one, [planned(now, f"{one.id}/{who}")], done) for one, done in zip(due, served, strict=True)]
        for who in ("mine", "theirs")
    )
    await race(other.ledger.plan_all(theirs[::-1]), planning.write_plans, mine)
    for one in due:
        (delivery,) = await storage.ledger.deliveries(one.id, [DAY])
        assert [post.key for post in await storage.ledger.posts([delivery.id])] == [f"{one.id}/mine"]


@pytest.mark.parametrize("is_alone", [True, False])
async def test_a_change_is_not_passed_by_while_a_digest_is_planned_without_it(
    race: Race, storage: Storage, other: Storage, order: Subscription, now: datetime, is_alone: bool
) -> None:
    """The digest was read before the change, and is written while somebody finds that there is none yet."""
    looked = Looked(order.seen_change, [DAY], [])
    pass_by: Awaitable[object] = (
        other.ledger.amend(order.id, seen_change=7, additions={}, changes={}, looked=looked)
        if is_alone
        else other.ledger.pass_over([(order, [DAY])], [], seen_change=7)
    )
    _, passed = await race(pass_by, planning.write_plans, [Plan(order, [planned(now)])])
    assert not passed
    found = await storage.subscriptions.get(order.id)
    assert found is not None
    assert found.seen_change == order.seen_change


async def test_a_delivery_whose_last_posts_end_at_once_is_over(
    race: Race, storage: Storage, other: Storage, order: Subscription, posts: list[Post], now: datetime
) -> None:
    await storage.ledger.amend(
        order.id, seen_change=None, additions={}, changes={posts[2].id: PostChangeOrder(withdraw=True)}
    )
    await storage.ledger.claim(order.channel, now)
    withdrawn = {posts[1].id: PostChangeOrder(withdraw=True)}
    amend = other.ledger.amend(order.id, seen_change=None, additions={}, changes=withdrawn)
    await race(amend, acts.act, [acts.Sent(posts[0], "1", 1, now)], "first")
    (delivery,) = await storage.ledger.deliveries(order.id, [DAY])
    assert delivery.state is DeliveryState.DELIVERED


async def test_a_change_ordered_while_a_post_is_marked_as_sent_is_still_made(
    race: Race, storage: Storage, other: Storage, order: Subscription, posts: list[Post], now: datetime
) -> None:
    await storage.ledger.claim(order.channel, now)
    changes = {posts[0].id: PostChangeOrder(withdraw=True)}
    amend = other.ledger.amend(order.id, seen_change=None, additions={}, changes=changes)
    await race(amend, acts.act, [acts.Sent(posts[0], "1", 1, now)], "first")
    first, *_ = await storage.ledger.posts([posts[0].delivery_id])
    assert (first.state, first.change is not None) == (PostState.SENT, True)


async def test_whoever_is_forgotten_while_something_is_planned_for_them_gets_nothing(
    race: Race, storage: Storage, other: Storage, order: Subscription, ann: Person, now: datetime
) -> None:
    follows = await storage.subscriptions.add(replace(order, id=0, personal=True, created_by=ann))
    _, count = await race(other.engagement.forget(ann), planning.write_plans, [Plan(follows, [planned(now, "x")])])
    assert count == len(follows.queries)
    assert await storage.subscriptions.get(follows.id) is None
    assert await storage.ledger.newest_day(follows.id) is None


async def test_nothing_is_planned_for_who_is_being_forgotten(
    race: Race, storage: Storage, other: Storage, order: Subscription, ann: Person, now: datetime
) -> None:
    follows = await storage.subscriptions.add(replace(order, id=0, personal=True, created_by=ann))
    await race(other.ledger.plan(follows, [planned(now, "x")]), forgetting.forget, ann, False)
    assert await storage.ledger.newest_day(follows.id) is None


# --- subscriptions -------------------------------------------------------------------------------------------------


async def test_nobody_follows_twice(race: Race, other: Storage, order: Subscription, ann: Person) -> None:
    follows = replace(order, id=0, personal=True, created_by=ann)
    with pytest.raises(Conflict):
        await race(other.subscriptions.add(follows), subscriptions._add, follows)


async def test_of_two_who_change_a_subscription_one_is_told(race: Race, other: Storage, order: Subscription) -> None:
    mine, theirs = replace(order, query="tag:mine"), replace(order, query="tag:theirs")
    with pytest.raises(Conflict, match="Somebody else"):
        await race(other.subscriptions.replace(theirs, was=order.query), subscriptions._replace, mine, order.query)


async def test_who_paused_a_channel_is_said_once(
    race: Race, other: Storage, order: Subscription, channel: Channel
) -> None:
    mine, theirs = await race(other.subscriptions.pause_channel(channel), subscriptions._pause, channel)
    assert (list(mine), list(theirs)) == ([order], [])


# --- the archive ---------------------------------------------------------------------------------------------------


async def test_entries_added_at_once_have_places_and_changes_of_their_own(
    race: Race, storage: Storage, other: Storage, make: Make, now: datetime
) -> None:
    one, two = make(tags=("a",), authors=("Ann Lee",)), make(tags=("a",), authors=("Ann Lee",))
    first, second = await race(other.archive.add(two, by=None, at=now), entries._add, one, None, now)
    assert await storage.archive.export(after=None) == [first, second]
    assert [change for change, _ in await storage.archive.changed_since(0)] == [1, 2]
    assert [(tag.name, tag.count) for tag in await storage.archive.tags()] == [("a", 2)]
    assert [(name.name, name.count) for name in await storage.archive.authors("lee")] == [("Ann Lee", 2)]


async def test_the_same_paper_is_added_once(race: Race, other: Storage, make: Make, now: datetime) -> None:
    one, two = make(arxiv_id="2406.00001"), make(arxiv_id="2406.00001")
    with pytest.raises(Conflict, match="holds this paper"):
        await race(other.archive.add(two, by=None, at=now), entries._add, one, None, now)


async def test_of_two_who_change_an_entry_one_is_told(
    race: Race, storage: Storage, other: Storage, make: Make, now: datetime
) -> None:
    entry = await storage.archive.add(make(), by=None, at=now)
    mine, theirs = replace(entry, title="Mine"), replace(entry, title="Theirs")
    change = other.archive.replace(theirs, action=Action.EDIT, by=None, at=now)
    with pytest.raises(Conflict, match="somebody else"):
        await race(change, entries._replace, mine, Action.EDIT, None, now)


async def test_of_an_import_and_a_change_one_is_told(
    race: Race, storage: Storage, other: Storage, make: Make, now: datetime
) -> None:
    entry = await storage.archive.add(make(), by=None, at=now)
    merged = [ImportedEntry(replace(entry, title="Imported"), False)]
    with pytest.raises(Conflict, match="during this import"):
        await race(
            other.archive.write_import(merged, documents=[], at=now),
            entries._replace,
            replace(entry, title="Changed"),
            Action.EDIT,
            None,
            now,
        )


async def test_two_imports_at_once(race: Race, storage: Storage, other: Storage, make: Make, now: datetime) -> None:
    one, two = ([ImportedEntry(make(id=f"{letter * 10}"), True) for letter in letters] for letters in ("ab", "cd"))
    await race(other.archive.write_import(two, documents=["d"], at=now), imports.write_import, one, ["d"], now)
    assert [entry.id[0] for entry in await storage.archive.export(after=None)] == ["a", "b", "c", "d"]


async def test_an_entry_with_a_tag_that_becomes_an_alias(
    race: Race, storage: Storage, other: Storage, make: Make, now: datetime
) -> None:
    for tag in ("llm", "llms"):
        await storage.archive.add(make(tags=(tag,)), by=None, at=now)
    await race(other.archive.add(make(tags=("llms",)), by=None, at=now), aliases.declare_alias, "llms", "llm")
    assert [(tag.name, tag.count) for tag in await storage.archive.tags("llms")] == [("llms", 3)]


# --- engagement ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def entry(storage: Storage, make: Make, now: datetime) -> Entry:
    return await storage.archive.add(make(), by=None, at=now)


@pytest.fixture
async def post(storage: Storage, order: Subscription, entry: Entry, now: datetime) -> Post:
    """The entry's post."""
    cards = (PlannedPost(key="card", kind=PostKind.ENTRY, entry_id=entry.id),)
    await storage.ledger.plan(order, [replace(planned(now), posts=cards)])
    (post,) = await storage.ledger.posts_of_entries(order.id, [entry.id])
    return post


async def counts(storage: Storage, entry: Entry) -> Engagement:
    return (await storage.engagement.counts([entry.id])).get(entry.id, Engagement(0, 0, 0))


async def test_two_reactions_are_both_counted(
    race: Race, storage: Storage, other: Storage, post: Post, entry: Entry, ann: Person, bob: Person, now: datetime
) -> None:
    await race(other.engagement.react(post.id, bob, "eyes", at=now), engagement._react, post.id, ann, "eyes", now)
    assert (await counts(storage, entry)).reactions == 2


async def test_a_reaction_and_a_save_are_both_counted(
    race: Race, storage: Storage, other: Storage, post: Post, entry: Entry, ann: Person, bob: Person, now: datetime
) -> None:
    await race(other.engagement.save(entry.id, bob, at=now), engagement._react, post.id, ann, "eyes", now)
    gathered = await counts(storage, entry)
    assert (gathered.reactions, gathered.saves) == (1, 1)


async def test_a_reaction_outlives_a_catch_up(
    race: Race, storage: Storage, other: Storage, post: Post, entry: Entry, ann: Person, now: datetime
) -> None:
    """Read from the platform before the reaction was there, written while it is being recorded."""
    before = await storage.engagement.recorded([post.id])
    catch_up = other.engagement.reconcile({post.id: Seen()}, before=before, at=now)
    await race(catch_up, engagement._react, post.id, ann, "eyes", now)
    assert (await counts(storage, entry)).reactions == 1


async def test_a_reaction_taken_back_does_not_return_with_a_catch_up(
    race: Race, storage: Storage, other: Storage, post: Post, entry: Entry, ann: Person, now: datetime
) -> None:
    await storage.engagement.react(post.id, ann, "eyes", at=now)
    before = await storage.engagement.recorded([post.id])
    catch_up = other.engagement.reconcile(before, before=before, at=now)
    await race(catch_up, engagement._unreact, post.id, ann, "eyes")
    assert (await counts(storage, entry)).reactions == 0


async def test_who_is_forgotten_does_not_return_with_a_catch_up(
    race: Race, storage: Storage, other: Storage, post: Post, entry: Entry, ann: Person, now: datetime
) -> None:
    await storage.engagement.react(post.id, ann, "eyes", at=now)
    before = await storage.engagement.recorded([post.id])
    catch_up = other.engagement.reconcile(before, before=before, at=now)
    await race(catch_up, forgetting.forget, ann, False)
    assert (await storage.engagement.recorded([post.id]))[post.id] == Seen()


async def test_a_change_of_an_entry_and_its_counts(
    race: Race, storage: Storage, other: Storage, post: Post, entry: Entry, ann: Person, now: datetime
) -> None:
    changed = replace(entry, title="Changed")
    await race(other.engagement.react(post.id, ann, "eyes", at=now), entries._replace, changed, Action.EDIT, None, now)
    assert (await counts(storage, entry)).reactions == 1
    assert (await storage.archive.get([entry.id]))[entry.id].title == "Changed"


# --- what others keep here -----------------------------------------------------------------------------------------


@pytest.fixture
async def message(storage: Storage, now: datetime) -> LocalMessage:
    await storage.workspace.add_channel(LocalChannel("papers", "papers", "", 0))
    return LocalMessage(id=0, channel_id="papers", author="paperboy", key="1/head", sent_at=now)


async def test_a_message_with_a_key_is_posted_once(
    race: Race, storage: Storage, other: Storage, message: LocalMessage
) -> None:
    mine, theirs = await race(other.workspace.post(message), workspace._post, message)
    assert mine == theirs
    assert await storage.workspace.history("papers") == [mine]


async def test_a_message_somebody_is_replying_to_stays(
    race: Race, storage: Storage, other: Storage, message: LocalMessage, now: datetime
) -> None:
    head = await storage.workspace.post(message)
    reply = LocalMessage(id=0, channel_id="papers", author="mina", thread_of=head.id, text="Yes", sent_at=now)
    _, gone = await race(other.workspace.delete(head.id, unless_replied=True), workspace._post, reply)
    assert gone is None
    assert len(await storage.workspace.thread(head.id)) == 1


async def test_a_message_that_is_going_takes_no_reaction(
    race: Race, storage: Storage, other: Storage, message: LocalMessage
) -> None:
    head = await storage.workspace.post(message)
    _, given = await race(other.workspace.react(head.id, "mina", "eyes"), workspace._delete, head.id, False)
    assert given is False


async def test_a_state_that_comes_back_twice_at_once_is_good_once(race: Race, storage: Storage, other: Storage) -> None:
    here, there = storage.slack_states(), other.slack_states()
    state = await here.async_issue()
    assert await race(there.async_consume(state), here._consume, state) == (True, False)


# --- in each other's way -------------------------------------------------------------------------------------------


async def test_work_that_was_rolled_back_for_the_sake_of_another_is_done_again(storage: Storage, make: Make) -> None:
    """Each takes a row and then the other's. The server breaks one off; nobody hears of it."""
    await asyncio.gather(*(storage.workspace.add_channel(LocalChannel(name, name, "", 0)) for name in "ab"))
    meeting = threading.Barrier(2)
    runs: list[str] = []

    def take(connection: Connection, first: str, then: str) -> str:
        runs.append(first)
        _touch(connection, first)
        if len(runs) <= 2:
            meeting.wait(30)
        _touch(connection, then)
        return first

    both: list[Coroutine[Any, Any, str]] = [storage.database.write(take, *pair) for pair in ("ab", "ba")]
    assert await asyncio.gather(*both) == ["a", "b"]
    assert len(runs) == 3


def _touch(connection: Connection, channel: str) -> None:
    connection.exec_driver_sql("UPDATE workspace_channels SET position = position + 1 WHERE id = %s", (channel,))
