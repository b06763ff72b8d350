"""What every platform says about an entry and a digest."""

from __future__ import annotations

from datetime import date

import pytest

from bot.core.entries import Entry
from bot.core.people import Language
from bot.locale import translator
from bot.wording import MOST_NAME, Heading, byline, commentaries, further_links, heading, source_of

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
