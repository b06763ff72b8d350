"""When a subscription falls due, in any zone, through every daylight-saving change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.subscriptions import Channel, Subscription, next_run, run_at

CHANNEL = Channel("web", "local", "papers")
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Asia/Seoul", date(2024, 6, 21), time(9), "2024-06-21T00:00:00+00:00"),
        # 02:30 does not exist that day: the clock goes from 02:00 to 03:00
        ("Europe/Berlin", date(2024, 3, 31), time(2, 30), "2024-03-31T01:00:00+00:00"),
        # 02:30 exists twice that day: the first one counts
        ("Europe/Berlin", date(2024, 10, 27), time(2, 30), "2024-10-27T00:30:00+00:00"),
        # a gap of half an hour
        ("Australia/Lord_Howe", date(2024, 10, 6), time(2, 15), "2024-10-05T15:30:00+00:00"),
        # midnight itself is skipped
        ("America/Asuncion", date(2024, 10, 6), time(0), "2024-10-06T04:00:00+00:00"),
        ("Asia/Kathmandu", date(2024, 6, 21), time(0), "2024-06-20T18:15:00+00:00"),
    ],
)
def test_clock_time_on_a_day(zone: str, day: date, at: time, expected: str) -> None:
    assert run_at(at, zone, day).isoformat() == expected


@given(st.sampled_from(ZONES), DAYS, MINUTES)
def test_a_run_shows_its_clock_time_or_the_first_minute_after_a_gap(zone: str, day: date, at: time) -> None:
    moment = run_at(at, zone, day)
    local = moment.astimezone(ZoneInfo(zone))
    wanted = datetime.combine(day, at)
    if local.replace(tzinfo=None) != wanted:
        assert local.replace(tzinfo=None) > wanted
        before = (moment - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
        assert before.replace(tzinfo=None) < wanted
        assert before.utcoffset() != local.utcoffset()


@given(
    st.sampled_from(ZONES),
    st.builds(datetime.combine, DAYS, MINUTES, st.just(UTC)),
    MINUTES,
    st.frozensets(st.integers(0, 6), min_size=1),
)
def test_the_next_run_is_the_first_of_all_later_ones(
    zone: str, after: datetime, at: time, weekdays: frozenset[int]
) -> None:
    subscription = Subscription(channel=CHANNEL, at=at, zone=zone, weekdays=weekdays)
    found = next_run(subscription, after)
    day = after.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    candidates = [
        moment
        for n in range(12)
        if (day + timedelta(days=n)).weekday() in weekdays
        and (moment := run_at(at, zone, day + timedelta(days=n))) > after
    ]
    assert found == min(candidates)


@given(st.sampled_from(ZONES), st.integers(2024, 2030), MINUTES)
def test_a_daily_run_comes_once_a_day(zone: str, year: int, at: time) -> None:
    subscription = Subscription(channel=CHANNEL, at=at, zone=zone)
    moment = datetime(year, 1, 1, tzinfo=UTC)
    seen: list[datetime] = []
    for _ in range(60):
        moment = next_run(subscription, moment)
        seen.append(moment)
    assert seen == sorted(set(seen))
    gaps = [later - earlier for earlier, later in pairwise(seen)]
    assert all(timedelta(hours=21) <= gap <= timedelta(hours=50) for gap in gaps)
