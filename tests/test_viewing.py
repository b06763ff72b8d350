"""How a person looks at an answer: which page was asked for, and what its buttons ask."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.people import Caller, Language, Person, Role
from bot.usecases.asks import Ask, AskKind
from bot.viewing import ALONE, Around, View, page_of, turns

READER = Caller(Person("chat", "1", "2"), frozenset({Role.READER}), Language.ENGLISH, date(2024, 7, 19))
BEFORE, AFTER = Ask(AskKind.LOOKUP, "x", "p"), Ask(AskKind.LOOKUP, "x", "n")


def view(page: int | None, language: Language = Language.ENGLISH) -> View:
    caller = Caller(READER.person, READER.roles, language, READER.today)
    return View(caller, None if page is None else Ask(AskKind.LINE, "/digest", page=page), lambda ref: None)


def asked(page: int) -> Ask:
    return Ask(AskKind.LINE, "/digest", page=page)


@given(st.none() | st.integers(0, 99), st.integers(1, 50))
def test_a_page_is_one_of_those_there_are(page: int | None, pages: int) -> None:
    assert page_of(view(page), pages) == min(page or 0, pages - 1)


@pytest.mark.parametrize(
    ("page", "pages", "around", "expected"),
    [
        (0, 1, ALONE, []),
        (0, 3, ALONE, [("Next", asked(1))]),
        (1, 3, ALONE, [("Previous", asked(0)), ("Next", asked(2))]),
        (2, 3, ALONE, [("Previous", asked(1))]),
        (0, 1, Around(BEFORE, AFTER), [("Previous", BEFORE), ("Next", AFTER)]),
        (0, 2, Around(BEFORE, AFTER), [("Previous", BEFORE), ("Next", asked(1))]),
        (1, 2, Around(BEFORE, AFTER), [("Previous", asked(0)), ("Next", AFTER)]),
        (None, 2, ALONE, []),
        (None, 2, Around(None, AFTER), [("Next", AFTER)]),
    ],
)
def test_the_buttons_of_a_page(page: int | None, pages: int, around: Around, expected: list[tuple[str, Ask]]) -> None:
    assert list(turns(view(page), page or 0, pages, around)) == expected


def test_buttons_speak_the_readers_language() -> None:
    assert [label for label, _ in turns(view(1, Language.KOREAN), 1, 3, ALONE)] == ["이전", "다음"]
