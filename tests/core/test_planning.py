"""What a due subscription delivers, by policy."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digests import DeliveryState, PostKind
from bot.core.planning import Plan, due_run, first_plan, plan_run
from bot.core.subscriptions import Channel, LatePolicy, Layout, Subscription, next_run

D = date


def subscription(**changes: object) -> Subscription:
    base = Subscription(
        id=7,
        channel=Channel("web", "local", "papers"),
        at=time(9),
        zone="Asia/Seoul",
        next_run_at=datetime(2024, 6, 21, 0, 0, tzinfo=UTC),
        delivered_through=D(2024, 6, 20),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def entries(day: date, count: int = 2) -> tuple[str, ...]:
    return tuple(f"e{day:%m%d}{n}" for n in range(count))


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2024, 6, day, hour, minute, tzinfo=UTC)


def test_on_time_one_day_is_due() -> None:
    run = due_run(subscription(), at(21, 0, 1))
    assert (run.current, run.missed, run.beyond) == ((D(2024, 6, 21),), (), None)
    assert run.next_run_at == at(22)
    assert run.through == D(2024, 6, 21)


def test_late_on_the_same_day_is_not_missed() -> None:
    run = due_run(subscription(), at(21, 14, 59))
    assert run.current == (D(2024, 6, 21),)
    assert run.missed == ()


def test_after_downtime_the_days_within_reach_are_missed_and_older_ones_beyond() -> None:
    run = due_run(subscription(), at(27, 1))
    assert run.missed == (D(2024, 6, 24), D(2024, 6, 25), D(2024, 6, 26))
    assert run.current == (D(2024, 6, 27),)
    assert run.beyond == (D(2024, 6, 21), D(2024, 6, 23))


def test_a_weekend_belongs_to_mondays_run() -> None:
    weekdays = subscription(
        weekdays=frozenset(range(5)), next_run_at=at(24), delivered_through=D(2024, 6, 21), late_days=0
    )
    run = due_run(weekdays, at(24, 0, 5))
    assert run.current == (D(2024, 6, 22), D(2024, 6, 23), D(2024, 6, 24))
    assert run.missed == ()


def test_in_order_each_missed_day_is_a_delivery_of_its_own() -> None:
    late = subscription()
    run = due_run(late, at(23, 1))
    digests = {D(2024, 6, 21): entries(D(2024, 6, 21)), D(2024, 6, 23): entries(D(2024, 6, 23), 1)}
    plan = plan_run(late, run, digests, ())
    assert [(delivery.digest_date.day, delivery.state, len(delivery.posts)) for delivery in plan] == [
        (21, DeliveryState.PLANNED, 3),
        (22, DeliveryState.EMPTY, 0),
        (23, DeliveryState.PLANNED, 2),
    ]


def test_merged_everything_goes_out_with_the_newest_day() -> None:
    late = subscription(late_policy=LatePolicy.MERGED)
    run = due_run(late, at(23, 1))
    digests = {D(2024, 6, 21): entries(D(2024, 6, 21)), D(2024, 6, 23): entries(D(2024, 6, 23), 1)}
    plan = plan_run(late, run, digests, ())
    assert [(delivery.digest_date.day, delivery.state) for delivery in plan] == [
        (21, DeliveryState.MERGED),
        (22, DeliveryState.EMPTY),
        (23, DeliveryState.PLANNED),
    ]
    assert plan[-1].merged_dates == (D(2024, 6, 21),)
    assert [post.kind for post in plan[-1].posts] == [PostKind.HEADER] + [PostKind.ENTRY] * 3


def test_skipped_days_are_named_in_a_note_and_today_still_goes_out() -> None:
    late = subscription(late_policy=LatePolicy.SKIP)
    run = due_run(late, at(23, 1))
    digests = {
        D(2024, 6, 21): entries(D(2024, 6, 21)),
        D(2024, 6, 22): entries(D(2024, 6, 22)),
        D(2024, 6, 23): entries(D(2024, 6, 23), 1),
    }
    plan = plan_run(late, run, digests, ())
    assert [(delivery.digest_date.day, delivery.state) for delivery in plan] == [
        (21, DeliveryState.SKIPPED),
        (22, DeliveryState.SKIPPED),
        (23, DeliveryState.PLANNED),
    ]
    (note,) = plan[1].posts
    assert note.kind is PostKind.NOTE
    assert note.note is not None
    assert note.note.values["days"] == "2024-06-21, 2024-06-22"


def test_days_beyond_reach_are_recorded_as_skipped() -> None:
    late = subscription()
    plan = plan_run(late, due_run(late, at(27, 1)), {}, (D(2024, 6, 21),))
    assert plan[0].digest_date == D(2024, 6, 21)
    assert plan[0].state is DeliveryState.SKIPPED
    assert plan[0].reason is not None


def test_an_empty_day_posts_a_note_only_where_that_is_wanted() -> None:
    for wanted, count in ((False, 0), (True, 1)):
        asked = subscription(note_when_empty=wanted)
        (delivery,) = plan_run(asked, due_run(asked, at(21, 0, 1)), {}, ())
        assert delivery.state is DeliveryState.EMPTY
        assert len(delivery.posts) == count


@pytest.mark.parametrize(
    ("layout", "kinds", "in_thread"),
    [
        (Layout.CARDS, ["header", "entry", "entry"], [False, False, False]),
        (Layout.COMPACT, ["list", "entry", "entry"], [False, True, True]),
        (Layout.FORUM, ["entry", "entry"], [False, False]),
    ],
)
def test_layouts(layout: Layout, kinds: list[str], in_thread: list[bool]) -> None:
    laid_out = subscription(layout=layout)
    (delivery,) = plan_run(laid_out, due_run(laid_out, at(21)), {D(2024, 6, 21): entries(D(2024, 6, 21))}, ())
    assert [post.kind.value for post in delivery.posts] == kinds
    assert [post.in_thread for post in delivery.posts] == in_thread


def through(plan: Plan) -> date | None:
    assert plan.served is not None
    return plan.served.delivered_through


class TestFirst:
    """A new subscription."""

    def test_gets_the_latest_digest_only(self) -> None:
        day = D(2024, 6, 14)
        plan = first_plan(subscription(), at(20, 23), (day, entries(day)))
        assert [delivery.digest_date for delivery in plan.deliveries] == [day]
        assert through(plan) == D(2024, 6, 20)

    def test_after_todays_run_today_counts_as_delivered_empty(self) -> None:
        day = D(2024, 6, 14)
        plan = first_plan(subscription(), at(21, 5), (day, entries(day)))
        assert [(delivery.digest_date, delivery.state) for delivery in plan.deliveries] == [
            (day, DeliveryState.PLANNED),
            (D(2024, 6, 21), DeliveryState.EMPTY),
        ]
        assert through(plan) == D(2024, 6, 21)

    def test_todays_digest_is_not_delivered_again_by_todays_run(self) -> None:
        day = D(2024, 6, 21)
        new = subscription(next_run_at=None, delivered_through=None)
        plan = first_plan(new, at(20, 20), (day, entries(day)))  # 05:00 on the 21st in Seoul
        assert len(plan.deliveries) == 1
        assert plan.served is not None
        assert plan.served.next_run_at == at(21)
        run = due_run(plan.served, at(21, 0, 1))
        assert (run.current, run.missed) == ((), ())

    def test_an_empty_archive_plans_nothing_to_post(self) -> None:
        plan = first_plan(subscription(), at(20, 23), None)
        assert all(not delivery.posts for delivery in plan.deliveries)


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=12),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.sampled_from(list(LatePolicy)),
    st.integers(0, 5),
)
def test_every_day_is_answered_for_exactly_once(
    hours: list[int], weekdays: frozenset[int], policy: LatePolicy, reach: int
) -> None:
    """However Paperboy is switched on and off, no digest day is planned twice, and none is lost without a word."""
    now = at(20, 1)
    current = subscription(weekdays=weekdays, late_policy=policy, late_days=reach, delivered_through=D(2024, 6, 19))
    current = replace(current, next_run_at=next_run(current, now))
    answered: list[date] = []
    for pause in hours:
        now += timedelta(hours=pause)
        assert current.next_run_at is not None
        if current.next_run_at > now:
            continue
        run = due_run(current, now)
        if run.beyond:
            first, last = run.beyond
            answered += [first + timedelta(days=n) for n in range((last - first).days + 1)]
        answered += [*run.missed, *run.current]
        current = replace(current, next_run_at=run.next_run_at, delivered_through=run.through)
    assert answered == [D(2024, 6, 20) + timedelta(days=n) for n in range(len(answered))]
    if answered:
        assert answered[-1] == current.delivered_through
