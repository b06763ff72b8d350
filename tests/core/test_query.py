"""Queries made definite for one asker on one day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.query import (
    Criteria,
    DateSpan,
    Day,
    PartialDate,
    Query,
    RelativeDay,
    Sort,
    TextTerm,
    TitleTerm,
    criteria_of,
    first_day,
    last_day,
)
from bot.core.query_syntax import parse

TODAY = date(2024, 6, 21)


def criteria(text: str, today: date = TODAY) -> Criteria:
    return criteria_of(parse(text), today)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("", None, TODAY),
        ("date:2024-06-03", date(2024, 6, 3), date(2024, 6, 3)),
        ("date:2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("date:2023", date(2023, 1, 1), date(2023, 12, 31)),
        ("date:2024", date(2024, 1, 1), TODAY),
        ("date:today", TODAY, TODAY),
        ("date:yesterday", date(2024, 6, 20), date(2024, 6, 20)),
        ("date:2024-05..2024-06-03", date(2024, 5, 1), date(2024, 6, 3)),
        ("date:..2023", None, date(2023, 12, 31)),
        ("date:2023..", date(2023, 1, 1), TODAY),
        ("after:2024-05", date(2024, 6, 1), TODAY),
        ("before:2024-05", None, date(2024, 4, 30)),
        ("after:2023 before:2024-03", date(2024, 1, 1), date(2024, 2, 29)),
    ],
)
def test_dates(text: str, first: date | None, last: date) -> None:
    assert criteria(text).span == DateSpan(first, last)


@pytest.mark.parametrize("text", ["date:2025", "after:2024-06-21", "after:2024 before:2024", "date:2023 date:2024"])
def test_spans_without_days_are_empty(text: str) -> None:
    span = criteria(text).span
    assert span.first
    assert span.last
    assert span.first > span.last


@pytest.mark.parametrize(
    ("text", "today"),
    [("before:0001", TODAY), ("after:9999", date.max), ("after:today", date.max)],
)
def test_the_ends_of_the_calendar_hold_no_day(text: str, today: date) -> None:
    span = criteria(text, today).span
    assert span.first
    assert span.last
    assert span.first > span.last


def test_terms_by_kind() -> None:
    found = criteria('tag:a,b #c -tag:d,e author:kim -author:lee title:x "y z" -w id:2406.14548 -is:saved sort:old')
    assert found.tags == (("a", "b"), ("c",))
    assert found.tags_not == ("d", "e")
    assert found.authors == ("kim",)
    assert found.authors_not == ("lee",)
    assert found.titles == (TitleTerm("x"),)
    assert found.texts == (TextTerm("y z", phrase=True), TextTerm("w", negated=True))
    assert found.ids == ("2406.14548",)
    assert found.saved is False
    assert found.sort is Sort.OLD


def test_saved_is_open_unless_asked() -> None:
    assert criteria("a").saved is None
    assert criteria("is:saved").saved is True


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("", Sort.NEW),
        ("tag:a", Sort.NEW),
        ("-word", Sort.NEW),
        ("word", Sort.RELEVANCE),
        ("title:word", Sort.RELEVANCE),
        ("word sort:new", Sort.NEW),
    ],
)
def test_order(text: str, order: Sort) -> None:
    assert criteria(text).sort is order


def test_empty() -> None:
    assert Query().is_empty
    assert not parse("sort:new").is_empty
    assert not parse("a").is_empty


DAYS: st.SearchStrategy[Day] = st.one_of(
    st.sampled_from(RelativeDay),
    st.dates().map(lambda day: PartialDate(day.year, day.month, day.day)),
    st.dates().map(lambda day: PartialDate(day.year, day.month)),
    st.integers(1, 9999).map(PartialDate),
)


@given(DAYS, st.dates(min_value=date(1, 1, 2)))
def test_days_before_in_and_after_a_date_share_nothing_and_leave_nothing_out(day: Day, today: date) -> None:
    first, last = first_day(day, today), last_day(day, today)
    assert first <= last
    for moment in (first - timedelta(days=1) if first > date.min else first, first, last):
        spans = [criteria_of(query, date.max).span for query in _around(day, today)]
        assert sum(_holds(span, moment) for span in spans) == 1


def _around(day: Day, today: date) -> list[Query]:
    start, end = first_day(day, today).isoformat(), last_day(day, today).isoformat()
    return [parse(f"before:{start}"), parse(f"date:{start}..{end}"), parse(f"after:{end}")]


def _holds(span: DateSpan, day: date) -> bool:
    return (span.first is None or span.first <= day) and (span.last is None or day <= span.last)
