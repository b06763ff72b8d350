"""What every platform says about an entry and a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.people import Language
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.locale import translator
from bot.wording import (
    MOST_NAME,
    MOST_QUERIES,
    Heading,
    byline,
    chart,
    commentaries,
    followed,
    further_links,
    gathered,
    heading,
    is_shortened,
    late_head_mark,
    late_mark,
    rhythm,
    source_of,
    weekdays,
    withdrawn,
)

ENGLISH = translator(Language.ENGLISH)


def entry(**fields: object) -> Entry:
    return Entry(**{"id": "x", "title": "T", **fields})  # type: ignore[arg-type]


def test_a_heading_names_every_day_and_counts() -> None:
    assert heading((date(2024, 7, 18), date(2024, 7, 19)), 1, ENGLISH) == Heading(
        "Thu, 18 Jul 2024 · Fri, 19 Jul 2024", "1 entry"
    )


def test_a_byline_is_short_and_on_one_line() -> None:
    assert byline(entry(), ENGLISH) == ""
    assert byline(entry(organisation="Org\u202e\nInc.", authors=("A",)), ENGLISH) == "Org Inc., A"
    assert byline(entry(authors=tuple("ABCDE")), ENGLISH) == "A, B, C and 2 more"


@pytest.mark.parametrize(("length", "shown"), [(MOST_NAME, "가" * MOST_NAME), (MOST_NAME + 1, "가" * 199 + "…")])
def test_a_monstrous_name_is_cut(length: int, shown: str) -> None:
    assert byline(entry(authors=("가" * length, "B")), ENGLISH) == f"{shown}, B"


def test_the_source_is_the_arxiv_id_else_the_host() -> None:
    assert source_of(entry(arxiv_id="2407.13623", url="https://www.example.org/a")) == "arXiv:2407.13623"
    assert source_of(entry(url="https://www.example.org/a")) == "example.org"
    assert source_of(entry(url="https://")) is None
    assert source_of(entry()) is None


def test_the_commentary_in_the_language_comes_first() -> None:
    both = entry(commentary="ㄱ", commentary_en="a")
    assert commentaries(both, Language.KOREAN) == ("ㄱ", "a")
    assert commentaries(both, Language.ENGLISH) == ("a", "ㄱ")
    assert commentaries(entry(commentary_en="a"), Language.KOREAN) == ("a", None)
    assert commentaries(entry(commentary="ㄱ"), Language.ENGLISH) == ("ㄱ", None)


def test_further_links_are_on_the_web_and_not_the_title() -> None:
    links = ("https://a.org", "https://b.org", "javascript:x")
    assert further_links(entry(url="https://a.org", links=links)) == ("https://b.org",)


def test_a_byline_that_leaves_something_out_is_known() -> None:
    assert not is_shortened(entry())
    assert not is_shortened(entry(authors=tuple("ABCD"), title="T"))
    assert not is_shortened(entry(authors=(" A\u202e  B ",)))
    assert is_shortened(entry(authors=tuple("ABCDE")))
    assert is_shortened(entry(organisation="O", authors=tuple("ABCD")))
    assert is_shortened(entry(authors=("가" * (MOST_NAME + 1),)))


def test_late_marks_and_what_was_withdrawn_are_said_in_both_languages() -> None:
    for say in (late_mark, late_head_mark, withdrawn):
        said = {say(translator(language)) for language in Language}
        assert len(said) == 2


@pytest.mark.parametrize(
    ("queries", "said"),
    [
        (("tag:llm",), "You follow tag:llm"),
        (("tag:llm", "author:kim"), "You follow tag:llm, author:kim"),
        (("a\u202eb",), "You follow ab"),
        (("가" * 400,), "You follow " + "가" * (MOST_QUERIES - 1) + "…"),
    ],
)
def test_what_somebody_follows(queries: tuple[str, ...], said: str) -> None:
    assert followed(queries, ENGLISH) == said


@pytest.mark.parametrize(
    ("engagement", "english", "korean"),
    [
        (Engagement(), "", ""),
        (Engagement(1, 0, 0), "1 reaction", "반응 1개"),
        (Engagement(1_200, 1, 1), "1,200 reactions · 1 reply · saved once", "반응 1,200개 · 답글 1개 · 저장 1회"),
        (Engagement(0, 2, 3), "2 replies · saved 3 times", "답글 2개 · 저장 3회"),
    ],
)
def test_what_an_entry_has_gathered(engagement: Engagement, english: str, korean: str) -> None:
    assert gathered(engagement, ENGLISH) == english
    assert gathered(engagement, translator(Language.KOREAN)) == korean


@pytest.mark.parametrize(
    ("days", "english", "korean"),
    [
        ((0,), "Mon", "월"),
        ((4, 0, 2), "Mon, Wed, Fri", "월, 수, 금"),
        ((), "", ""),
        (range(5, 7), "Sat, Sun", "토, 일"),
    ],
)
def test_weekdays_stand_in_their_order(days: Sequence[int], english: str, korean: str) -> None:
    assert weekdays(days, Language.ENGLISH) == english
    assert weekdays(days, Language.KOREAN) == korean


def test_the_rhythm_of_a_subscription() -> None:
    one = Subscription(id=1, channel=Channel("chat", "1", "2"), at=time(18, 5), zone="Europe/Berlin")
    assert rhythm(one, ENGLISH) == "18:05 Europe/Berlin · every day · Cards · 한국어"
    other = replace(one, weekdays=frozenset({6, 0}), layout=Layout.COMPACT, language=Language.ENGLISH)
    assert rhythm(other, ENGLISH) == "18:05 Europe/Berlin · Mon, Sun · Compact · English"


def test_a_chart_is_a_line_a_day() -> None:
    monday = date(2024, 7, 15)
    counts = (0, 1, 7, 0, 14, 3, 2)
    assert chart([(monday + timedelta(days=n), count) for n, count in enumerate(counts)], Language.ENGLISH) == (
        "Mon   0\nTue ▁ 1\nWed ▄ 7\nThu   0\nFri █ 14\nSat ▂ 3\nSun ▂ 2"
    )
    assert chart([(monday, 0)], Language.KOREAN) == "월   0"
    assert chart([], Language.KOREAN) == ""
