"""Lookups on an archive of 5,560 entries walk along indexes and sort nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection

from bot.core.digests import DeliveryState, MessageRef, PlannedDelivery, PlannedPost, PostKind
from bot.core.engagement import Seen
from bot.core.entries import Entry
from bot.core.people import Person
from bot.core.planning import Plan
from bot.core.ports import ImportedEntry
from bot.core.query import Criteria, DateSpan, Sort, TextTerm
from bot.core.subscriptions import Channel, Subscription
from storage.conditions import resolve
from storage.opening import Storage, open_storage
from storage.search import places_of
from tests.databases import statements_while

SIZE = 5_560
TODAY = date(2024, 6, 21)


@pytest.fixture(scope="module")
def large(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "paperboy.db"
    path.write_bytes(template.read_bytes())
    return path


@pytest.fixture
async def archive(large: Path) -> AsyncIterator[Storage]:
    storage = await open_storage(f"sqlite:///{large}")
    await fill(storage)
    yield storage
    await storage.close()


async def fill(storage: Storage) -> None:
    """Put all entries into an archive that is empty."""
    if await storage.archive.count():
        return
    entries = [
        Entry(
            id=f"{number:010}",
            title=f"Paper {number}",
            digest_date=TODAY - timedelta(number // 3),
            authors=(f"Name{number % 500} Kumar{number % 7}",),
            tags=(f"t{number % 100}", f"u{number % 7}"),
        )
        for number in range(SIZE)
    ]
    now = datetime.now(UTC)
    await storage.archive.write_import([ImportedEntry(entry, True) for entry in entries], documents=[], at=now)


LOOKUPS = {
    "newest": Criteria(),
    "oldest": Criteria(sort=Sort.OLD),
    "tag": Criteria(tags=(("t1",),)),
    "tag and tag": Criteria(tags=(("t1",), ("u3",))),
    "tag or tag": Criteria(tags=(("t1", "u3"),)),
    "tag not tag": Criteria(tags=(("u1",),), tags_not=("t3",)),
    "not tag": Criteria(tags_not=("t3",)),
    "author": Criteria(authors=("kumar1",)),
    "author by two words": Criteria(authors=("name1 kumar1",)),
    "author by a beginning": Criteria(authors=("kum",)),
    "month": Criteria(span=DateSpan(date(2024, 5, 1), date(2024, 5, 31))),
    "tag in a month": Criteria(tags=(("u1",),), span=DateSpan(date(2024, 5, 1), date(2024, 5, 31))),
    "popular": Criteria(sort=Sort.POPULAR),
    "discussed": Criteria(sort=Sort.DISCUSSED),
    "popular not tag": Criteria(sort=Sort.POPULAR, tags_not=("t3",)),
    "word": Criteria(texts=(TextTerm("paper"),)),
    "oldest with a word": Criteria(texts=(TextTerm("paper"),), sort=Sort.OLD),
    "relevance": Criteria(texts=(TextTerm("paper"),), sort=Sort.RELEVANCE),
}


@pytest.mark.parametrize("name", LOOKUPS)
async def test_no_page_scans_or_sorts(archive: Storage, name: str) -> None:
    criteria = LOOKUPS[name]
    if criteria.span.last is None:
        criteria = replace(criteria, span=DateSpan(None, TODAY))
    first = await archive.search.page(criteria, asker=None, limit=10)
    assert len(first.entries) >= 2
    for cursor in (None, first.next_cursor):
        plans = await plans_of(archive, criteria, cursor)
        for plan in plans:
            walks = [line for line in plan if re.match(r"SCAN (?!\(|anon|named|CONSTANT|\d)", line)]
            by_index = ("COVERING INDEX", "USING INDEX", "VIRTUAL TABLE INDEX")  # the last is the index of words
            assert not [line for line in walks if not any(words in line for words in by_index)], plan
        if name == "author by a beginning":
            plans = plans[3:]  # the names that begin so are put in order before the walk
        for plan in plans[:-1]:  # the last is the total, counted to its bound without an order
            assert not [line for line in plan if "TEMP B-TREE FOR ORDER BY" in line], plan


async def plans_of(archive: Storage, criteria: Criteria, cursor: str | None) -> list[list[str]]:
    """The plans of all statements that one page takes."""

    async def page() -> None:
        await archive.search.page(criteria, asker=None, limit=10, cursor=cursor)

    return await plans_while(archive, page)


async def plans_while(archive: Storage, do: Callable[[], Awaitable[object]]) -> list[list[str]]:
    """The plans of all statements that something takes."""
    statements = await statements_while(archive, do)

    def explain(connection: Connection) -> list[list[str]]:
        return [
            [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, first_of(parameters))]
            for statement, parameters in statements
        ]

    return await archive.database.read(explain)


def first_of(parameters: Any) -> Any:
    """The parameters of a statement; of one that is carried out for many rows those of the first."""
    return parameters[0] if isinstance(parameters, list) else parameters


HERE = Channel("local", "local", "general")
OTHER = Channel("local", "other", "planned")
NOW = datetime(2024, 6, 21, tzinfo=UTC)
ANN = Person("local", "local", "ann")
KEY = Fernet.generate_key().decode()
ORDER = Subscription(id=1, channel=HERE, next_run_at=NOW)
PLANNED = PlannedDelivery(
    digest_date=TODAY,
    state=DeliveryState.PLANNED,
    due_at=NOW,
    posts=(PlannedPost(key="planned", kind=PostKind.HEADER),),
)


async def other_order(storage: Storage) -> Subscription:
    """A subscription that is there, of a channel of its own."""
    here = await storage.subscriptions.of_channel(OTHER)
    return here[0] if here else await storage.subscriptions.add(Subscription(channel=OTHER))


async def plan_twice(storage: Storage) -> None:
    """Plan for a subscription what is planned for it already."""
    order = await other_order(storage)
    for _ in range(2):
        await storage.ledger.plan(order, [PLANNED])


async def pass_over_posted(storage: Storage) -> None:
    """Ask whom a change of an entry concerns that has been posted somewhere."""
    order = await other_order(storage)
    post = PlannedPost(key="posted", kind=PostKind.ENTRY, entry_id="0000000001")
    await storage.ledger.plan(order, [replace(PLANNED, digest_date=TODAY - timedelta(1), posts=(post,))])
    assert await storage.ledger.pass_over([(order, [TODAY])], ["0000000001"], seen_change=0) == set()


QUESTIONS: dict[str, tuple[Callable[[Storage], Awaitable[object]], str]] = {
    "claim": (lambda storage: storage.ledger.claim(HERE, NOW), "posts USING INDEX ix_posts_turn (platform"),
    "recover": (lambda storage: storage.ledger.recover(), "posts USING INDEX ix_posts_held_by"),
    "channels waiting": (lambda storage: storage.ledger.channels_waiting(NOW), "posts USING INDEX ix_posts_turn"),
    "post of": (lambda storage: storage.ledger.post_of(MessageRef(HERE, "1")), "posts USING INDEX ix_posts_message"),
    "latest posts": (
        lambda storage: storage.ledger.latest_posts("local", "local", ["a", "b"]),
        "posts USING INDEX ix_posts_entry_id_platform_workspace",
    ),
    "recent posts": (
        lambda storage: storage.ledger.recent_posts("local", since=NOW),
        "posts USING INDEX ix_posts_platform_sent_at",
    ),
    "save": (
        lambda storage: storage.engagement.save("0000000001", ANN, at=NOW),
        "posts USING COVERING INDEX ix_posts_entry_id_platform_workspace",
    ),
    "due": (
        lambda storage: storage.subscriptions.due(NOW),
        "subscriptions USING INDEX ix_subscriptions_due (next_run_at<?)",
    ),
    "next due": (
        lambda storage: storage.subscriptions.due(NOW, after=ORDER),
        "subscriptions USING INDEX ix_subscriptions_due (next_run_at>? AND next_run_at<?)",
    ),
    "behind": (
        lambda storage: storage.subscriptions.behind(9),
        "subscriptions USING INDEX ix_subscriptions_behind (seen_change<?)",
    ),
    "next behind": (
        lambda storage: storage.subscriptions.behind(9, after=ORDER),
        "subscriptions USING INDEX ix_subscriptions_behind (seen_change>? AND seen_change<?)",
    ),
    "planned days": (
        lambda storage: storage.ledger.planned_days([1, 2], [TODAY]),
        "deliveries USING COVERING INDEX sqlite_autoindex_deliveries_1 (subscription_id=? AND digest_date=?)",
    ),
    "plan": (
        lambda storage: storage.ledger.plan_all([Plan(ORDER, [PLANNED], ORDER)]),
        "subscriptions USING INTEGER PRIMARY KEY (rowid=?)",
    ),
    "plan again": (plan_twice, "posts USING INDEX ix_posts_delivery_id (delivery_id=?)"),
    "pass over": (
        pass_over_posted,
        "posts USING COVERING INDEX ix_posts_subscription_id_entry_id (subscription_id=? AND entry_id=?)",
    ),
    "whom a change concerns": (
        lambda storage: storage.ledger.posts_of_entries(1, ["0000000001"]),
        "posts USING INDEX ix_posts_subscription_id_entry_id (subscription_id=? AND entry_id=?)",
    ),
    "digest for each": (
        lambda storage: storage.search.digest_for_each([(Criteria(),)], TODAY),
        "e USING INDEX sqlite_autoindex_entries_4 (shown>? AND shown<?)",
    ),
    "matching for each": (
        lambda storage: storage.search.matching_for_each([(Criteria(),)], ["0000000001", "0000000002"]),
        "e USING INDEX sqlite_autoindex_entries_2 (id=?)",
    ),
    "of person": (
        lambda storage: storage.subscriptions.of_person(ANN),
        "subscriptions USING INDEX ix_subscriptions_person (created_by_platform=? AND created_by_workspace=? "
        "AND created_by_user_id=? AND personal=?)",
    ),
    "of workspace": (
        lambda storage: storage.subscriptions.of_workspace("local", "local"),
        "subscriptions USING INDEX ix_subscriptions_channel (platform=? AND workspace=?)",
    ),
    "end workspace": (
        lambda storage: storage.subscriptions.end_workspace("local", "none"),
        "subscriptions USING INDEX ix_subscriptions_channel (platform=? AND workspace=?)",
    ),
    "pause channel": (
        lambda storage: storage.subscriptions.pause_channel(HERE),
        "subscriptions USING INDEX ix_subscriptions_channel (platform=? AND workspace=? AND channel_id=?)",
    ),
    "whose latest posts": (
        lambda storage: storage.ledger.latest_posts("local", "local", ["a", "b"]),
        "SEARCH subscriptions USING INTEGER PRIMARY KEY (rowid=?)",
    ),
    "inbox": (lambda storage: storage.inbox.take("local", "1", at=NOW), "ix_inbox_at (at<?)"),
    "reconcile": (
        lambda storage: storage.engagement.reconcile({1: Seen(), 2: Seen()}, at=NOW),
        "reactions USING PRIMARY KEY (post_id=?)",
    ),
    "find bot": (
        lambda storage: storage.slack_installations("c", [KEY]).async_find_bot(enterprise_id=None, team_id="T"),
        "slack_bots USING INDEX slack_bots_idx (client_id=? AND enterprise_id=? AND team_id=?)",
    ),
    "find installation": (
        lambda storage: storage.slack_installations("c", [KEY]).async_find_installation(
            enterprise_id=None, team_id="T", user_id="U"
        ),
        "slack_installations USING INDEX slack_installations_idx "
        "(client_id=? AND enterprise_id=? AND team_id=? AND user_id=?)",
    ),
    "last change": (lambda storage: storage.archive.last_change_by(ANN), "revisions USING INDEX ix_revisions_person"),
    "drafts": (lambda storage: storage.archive.drafts(), "ix_entries_status_change_no"),
    "same papers": (lambda storage: storage.archive.same_papers(["a", "b"]), "match_keys USING PRIMARY KEY"),
    "digest dates": (
        lambda storage: storage.archive.digest_dates("20", today=TODAY),
        "entries USING COVERING INDEX ix_entries_digest_date_shown",
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_each_question_has_its_index(archive: Storage, name: str) -> None:
    ask, index = QUESTIONS[name]
    plans = await plans_while(archive, lambda: ask(archive))
    assert any(index in line for plan in plans for line in plan), plans
    assert not [
        line
        for plan in plans
        for line in plan
        if re.fullmatch(r"SCAN (subscriptions|deliveries|posts|entries|e|reactions|replies|inbox|slack_\w+)", line)
    ]


async def test_forgetting_looks_along_indexes(archive: Storage) -> None:
    plans = await plans_while(archive, lambda: archive.engagement.forget(ANN))
    assert not [plan for plan in plans if any(re.fullmatch(r"SCAN \w+", line) for line in plan)]


async def test_a_tags_page_reads_no_more_than_it_shows(archive: Storage) -> None:
    """SQLite counts its steps: a tag on 795 entries takes about as many as one on 56, and as a page far down."""

    async def steps(tag: str, days_back: int = 0) -> int:
        criteria = Criteria(tags=((tag,),), span=DateSpan(None, TODAY - timedelta(days_back)))
        return await archive.database.read(count_steps, criteria)

    few = await steps("t1")
    assert await steps("u1") < few + 100
    assert await steps("u1", 1000) < few + 100


def count_steps(connection: Connection, criteria: Criteria) -> int:
    """How many steps of SQLite's machine the keys of a page take, to ten."""
    conditions = resolve(connection, criteria, None).conditions
    assert conditions is not None
    count = 0

    def tick() -> int:
        nonlocal count
        count += 10
        return 0

    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(tick, 10)
    try:
        assert len(places_of(connection, conditions, 11)) == 11
    finally:
        driver.set_progress_handler(None, 0)
    return count
