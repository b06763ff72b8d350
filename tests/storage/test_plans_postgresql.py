"""On PostgreSQL each question has its index as well, and a page reads about as much as it shows.

With an archive of 5,560 entries, a ledger of 24,000 posts for 2,000 channels, and statistics of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.core.query import Criteria, DateSpan, Sort
from storage import gin
from storage.opening import Storage, open_storage
from tests.databases import ask, statements_while
from tests.postgres import Server

from .test_plans import QUESTIONS, TODAY, fill, first_of

Plan = dict[str, Any]

INDEXES = {
    "claim": "ix_posts_turn",
    "recover": "ix_posts_held_by",
    "channels waiting": "ix_posts_turn",
    "post of": "ix_posts_message",
    "latest posts": "ix_posts_entry_id_platform_workspace",
    "recent posts": "ix_posts_platform_sent_at",
    "save": "ix_posts_entry_id_platform_workspace",
    "due": "ix_subscriptions_due",
    "next due": "ix_subscriptions_due",
    "behind": "ix_subscriptions_behind",
    "next behind": "ix_subscriptions_behind",
    "planned days": "uq_deliveries_subscription_id_digest_date",
    "plan": "pk_subscriptions",
    "plan again": "ix_posts_delivery_id",
    "pass over": "ix_posts_subscription_id_entry_id",
    "whom a change concerns": "ix_posts_subscription_id_entry_id",
    "digest for each": "uq_entries_shown",
    "matching for each": "uq_entries_id",
    "of person": "ix_subscriptions_person",
    "of workspace": "ix_subscriptions_channel",
    "end workspace": "ix_subscriptions_channel",
    "pause channel": "ix_subscriptions_channel",
    "whose latest posts": "pk_subscriptions",
    "inbox": "ix_inbox_at",
    "reconcile": "pk_reactions",
    "find bot": "slack_bots_idx",
    "find installation": "slack_installations_idx",
    "last change": "ix_revisions_person",
    "drafts": "ix_entries_status_change_no",
    "same papers": "pk_match_keys",
    "digest dates": "ix_entries_digest_date_shown",
}


MANY = """
    INSERT INTO subscriptions (platform, workspace, channel_id, query, at_minute, zone, weekdays, layout, language,
        late_policy, late_days, note_when_empty, personal, paused, removed, next_run_at, seen_change,
        created_by_platform, created_by_workspace, created_by_user_id)
      SELECT 'local', CASE n % 50 WHEN 0 THEN 'local' ELSE 'T' || n % 50 END,
        CASE n WHEN 50 THEN 'general' ELSE 'C' || n END, '', 540, 'Asia/Seoul', '0123456', 'cards', 'ko', 'in-order', 3,
        false, n % 3 = 0, n % 7 = 0, n % 11 = 0, 1718939045678901 + n::bigint * 60000000, 0,
        'slack', 'T' || n % 50, 'U' || n
      FROM generate_series(1, 2000) n;
    INSERT INTO deliveries (subscription_id, platform, workspace, channel_id, digest_date, state, due_at, merged_dates)
      SELECT id, platform, workspace, channel_id, '2024-06-21', 'delivered', 1718939045678901, '[]' FROM subscriptions;
    INSERT INTO posts (delivery_id, subscription_id, platform, workspace, channel_id, key, kind, entry_id, late,
        in_thread, state, change_taken, turn, message_id, sent_at, revision, attempts)
      SELECT d.id, d.subscription_id, d.platform, d.workspace, d.channel_id, d.id || '/' || n, 'entry',
        lpad((d.id * 7 + n)::text, 10, '0'), false, false, 'sent', false, CASE WHEN d.id % 50 = 0 THEN 0 END,
        d.id || '.' || n, 1718939045678901 + d.id, 1, 1
      FROM deliveries d, generate_series(1, 20) n WHERE d.id * 7 + n < 5560 OR n < 0;
    INSERT INTO posts (delivery_id, subscription_id, platform, workspace, channel_id, key, kind, late,
        in_thread, state, change_taken, turn, message_id, sent_at, revision, attempts)
      SELECT d.id, d.subscription_id, d.platform, d.workspace, d.channel_id, d.id || '/note/' || n, 'note',
        false, false, 'sent', false, CASE WHEN d.id % 50 = 0 THEN 0 END, d.id || '-' || n, 1718939045678901 + d.id, 1, 1
      FROM deliveries d, generate_series(1, 6) n;
    INSERT INTO reactions SELECT id, platform, workspace, 'U' || id % 900, 'eyes', 1718939045678901 FROM posts;
    INSERT INTO replies SELECT id, message_id, platform, workspace, 'U' || id % 900, 1718939045678901 FROM posts;
    INSERT INTO saves SELECT 'slack', 'T1', 'U' || no, no, 1718939045678901 FROM entries;
    INSERT INTO match_keys SELECT 'key' || no, no FROM entries ON CONFLICT DO NOTHING;
    INSERT INTO inbox SELECT 'slack', 'E' || n, 1718939045678901 + n FROM generate_series(1, 5000) n;
    INSERT INTO slack_bots (client_id, app_id, team_id, is_enterprise_install, installed_at)
      SELECT 'c', 'A', 'T' || n, false, now() FROM generate_series(1, 3000) n;
    INSERT INTO slack_installations (client_id, app_id, team_id, user_id, is_enterprise_install, installed_at)
      SELECT 'c', 'A', 'T' || n % 50, 'U' || n, false, now() FROM generate_series(1, 3000) n;
    UPDATE revisions SET platform = 'slack', workspace = 'T1', user_id = 'U' || id
"""


SMALL = {"archive_state"}
"""Tables of a row or a few, read whole; as are the subscriptions once, where every channel that waits is asked for."""


@pytest.fixture(scope="module")
def large_url(postgres: Server, postgres_template: str) -> str:
    return postgres.url(postgres.create(postgres_template))


@pytest.fixture
async def archive(large_url: str) -> AsyncIterator[Storage]:
    storage = await open_storage(large_url)
    if not await storage.archive.count():
        await fill(storage)
        for statement in MANY.split(";\n"):
            ask(large_url, statement)
        ask(large_url, "ANALYZE")
    yield storage
    await storage.close()


async def plans_while(storage: Storage, do: Callable[[], Awaitable[object]], *, reads: bool = False) -> list[Plan]:
    """The plans of all statements that something takes; with `reads` as they are carried out."""
    statements = await statements_while(storage, do)
    how = "ANALYZE, FORMAT JSON" if reads else "FORMAT JSON"

    def explain(connection: Connection) -> list[Plan]:
        plans = []
        for statement, parameters in statements:
            found: Any = connection.exec_driver_sql(f"EXPLAIN ({how}) {statement}", first_of(parameters)).scalar()
            plans.append(found[0]["Plan"])
        return plans

    return await storage.database.read(explain)


def steps(plan: Plan) -> Iterator[Plan]:
    """All steps of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from steps(below)


@pytest.mark.parametrize("name", QUESTIONS)
async def test_each_question_has_its_index(archive: Storage, name: str) -> None:
    question, _ = QUESTIONS[name]
    plans = await plans_while(archive, lambda: question(archive))
    found = [step for plan in plans for step in steps(plan)]
    assert INDEXES[name] in {step.get("Index Name") for step in found}, plans
    whole = {step["Relation Name"] for step in found if step["Node Type"] == "Seq Scan"}
    assert whole <= SMALL | ({"subscriptions"} if name == "channels waiting" else set()), plans


async def test_a_page_reads_about_what_it_shows(archive: Storage) -> None:
    """Rows of the newest entries, of a tag on 56 entries and of one on 795, near the top and far down."""

    async def rows_read(criteria: Criteria) -> int:
        page = archive.search.page(criteria, asker=None, limit=10)
        keys, *_ = [
            plan for plan in await plans_while(archive, lambda: page, reads=True) if plan["Node Type"] == "Limit"
        ]
        return int(max(step["Actual Rows"] * step["Actual Loops"] for step in steps(keys)))

    for tags in ((), (("t1",),), (("u1",),)):
        for back in (0, 1000):
            criteria = Criteria(tags=tags, span=DateSpan(None, TODAY - timedelta(back)), sort=Sort.NEW)
            assert await rows_read(criteria) <= 60, criteria


WAYS = {
    gin.NEWEST: ("text, text, bigint, bigint, bigint", "'model', 'model', 0, 9, 10"),
    gin.BY_PERIOD: (
        "int, int, int, text, text, bigint, bigint, bigint",
        "92382, 92379, -1, 'model', 'model', 0, 9, 10",
    ),
    gin.WALK: ("bigint, bigint, bigint, text, bigint", "0, 9, 300, 'model', 10"),
}
"""What each way to find words is asked: types and values."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", ["DESC", "ASC"])
async def test_a_plan_made_before_the_words_are_known_is_good_for_all(archive: Storage, way: str, order: str) -> None:
    """Statements are planned once for all words: the index leads, and only a walk goes along the places in order."""
    types, values = WAYS[way]
    kinds = [step["Node Type"] for step in steps(await planned(archive, way.replace("DESC", order), types, values))]
    if way == gin.WALK:
        assert kinds[-1] == "Index Scan"
        assert "Sort" not in kinds
    else:
        assert kinds[-1] == "Bitmap Index Scan"


@pytest.mark.parametrize("way", WAYS)
async def test_texts_are_read_place_by_place(archive: Storage, way: str) -> None:
    """They come in the order of the places, each by the index: nothing is put in order above."""
    types, values = WAYS[way]
    plan = await planned(archive, gin._WITH_TEXTS.format(way), f"{types}, bigint", f"{values}, 10")
    assert plan["Node Type"] == "Nested Loop"
    places, texts = plan["Plans"]
    assert places["Node Type"] == "WindowAgg"
    assert [step.get("Index Name") for step in steps(texts)][-1] == "uq_entries_shown"


async def planned(archive: Storage, statement: str, types: str, values: str) -> Plan:
    """The plan of a statement that is made before its values are known."""
    for number in range(1, statement.count("?") + 1):
        statement = statement.replace("?", f"${number}", 1)

    def explain(connection: Connection) -> Plan:
        connection.exec_driver_sql(f"PREPARE by_words ({types}) AS {statement}")
        found: Any = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) EXECUTE by_words ({values})").scalar()
        connection.exec_driver_sql("DEALLOCATE by_words")
        return Plan(found[0]["Plan"])

    return await archive.database.read(explain)
