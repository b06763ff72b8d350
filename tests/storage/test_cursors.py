from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import InputError
from bot.core.query import Sort
from storage.cursors import Cursor, is_scored, read_cursor, write_cursor
from storage.places import LAST

NUMBERS = st.integers(0, LAST)


@given(sort=st.sampled_from(Sort), score=NUMBERS, place=NUMBERS, backward=st.booleans())
def test_a_cursor_is_short_and_comes_back(sort: Sort, score: int, place: int, backward: bool) -> None:
    cursor = Cursor((score, place) if is_scored(sort) else (place,), backward)
    text = write_cursor(cursor, sort)
    assert re.fullmatch(r"[a-z0-9-]{5,40}", text)
    assert read_cursor(text, sort) == cursor


@pytest.mark.parametrize(
    "text",
    ["n", "n-a", "n-a-", "n-c-1", "x-a-1", "n-a-1-2", "n-a-zzzzzzzzzzzz", "N-A-1", "n-a-1 ", "n-a-١", "n-a--1", "가"],
)
def test_what_is_no_cursor(text: str) -> None:
    with pytest.raises(InputError):
        read_cursor(text, Sort.NEW)


def test_a_cursor_of_another_sort() -> None:
    with pytest.raises(InputError):
        read_cursor(write_cursor(Cursor((1,), backward=False), Sort.NEW), Sort.OLD)
    with pytest.raises(InputError):
        read_cursor("p-a-1", Sort.POPULAR)


@given(st.text(max_size=20))
def test_any_text_is_a_cursor_or_an_input_error(text: str) -> None:
    try:
        cursor = read_cursor(text, Sort.NEW)
    except InputError:
        return
    assert cursor.key
