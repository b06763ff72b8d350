"""Helpers for text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import ShortAuthors, fold, has_hangul, normalise, shorten_authors, split_paragraphs

# --- letters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("Boat 2", False),
        ("船", False),
        ("ボート", False),
        ("배", True),
        ("ㅎ", True),
        ("\u1107\u1162", True),
    ],
)
def test_has_hangul(text: str, expected: bool) -> None:
    assert has_hangul(text) is expected


@given(st.text())
def test_normalise_and_fold_are_stable(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(text)) == fold(text)


# --- people -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authors", "organisation", "expected"),
    [
        ((), None, ShortAuthors(())),
        (("A", "B", "C"), None, ShortAuthors(("A", "B", "C"))),
        (("A", "B", "C", "D"), None, ShortAuthors(("A", "B", "C", "D"))),
        (("A", "B", "C", "D", "E"), None, ShortAuthors(("A", "B", "C"), 2)),
        (("A", "B", "C", "D"), "Team", ShortAuthors(("Team", "A", "B"), 2)),
    ],
)
def test_shorten_authors(authors: tuple[str, ...], organisation: str | None, expected: ShortAuthors) -> None:
    assert shorten_authors(authors, organisation) == expected


# --- long texts ---------------------------------------------------------------------------------------------------


@given(
    st.text() | st.lists(st.sampled_from(["a", " ", "\n", "\n\n", ". ", "배", "👨‍👩‍👧", "e\u0301"])).map("".join),
    st.integers(1, 40),
)
def test_split_paragraphs_loses_nothing(text: str, limit: int) -> None:
    parts = split_paragraphs(text, limit)
    assert "".join("".join(part.split()) for part in parts) == "".join(text.split())
    assert all(part and len(part) <= limit for part in parts)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("one\n\ntwo\n\nthree", 9, ["one\n\ntwo", "three"]),
        ("one two\nthree", 10, ["one two", "three"]),
        ("One. Two three.", 10, ["One.", "Two three."]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdef", 4, ["abcd", "ef"]),
        ("cafe\u0301s", 4, ["caf", "e\u0301s"]),
        ("🇰🇷🇺🇸🇰🇷", 3, ["🇰🇷", "🇺🇸", "🇰🇷"]),
        ("👍🏽👍🏽", 3, ["👍🏽", "👍🏽"]),
        ("1️⃣1️⃣1️⃣", 5, ["1️⃣", "1️⃣", "1️⃣"]),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿🏴󠁧󠁢󠁥󠁮󠁧󠁿", 8, ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]),
        ("👩‍👩‍👧👩‍👩‍👧", 9, ["👩‍👩‍👧", "👩‍👩‍👧"]),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", 5, ["\u1112\u1161\u11ab", "\u1100\u1173\u11af"]),
        ("e" + "\u0301" * 30, 20, ["e" + "\u0301" * 19, "\u0301" * 11]),
        (" \n ", 4, []),
    ],
)
def test_split_paragraphs_cuts_where_it_hurts_least(text: str, limit: int, parts: list[str]) -> None:
    assert split_paragraphs(text, limit) == parts


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        split_paragraphs("a", 0)


def test_long_texts_are_split_in_little_time() -> None:
    assert len(split_paragraphs("word " * 200_000, 2000)) == 500
