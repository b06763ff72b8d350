"""Nearest names, and days as people type them."""

from __future__ import annotations

import random
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dates import is_one_day, parse_day, possible_days, print_day
from bot.core.nearest import distance, fold, nearest
from bot.core.query import Day, PartialDate, RelativeDay

TAGS = [
    ("rlaif", 9),
    ("rlhf", 40),
    ("reinforcement-learning", 30),
    ("llm", 90),
    ("vlm", 20),
    ("vision-language", 12),
    ("Vision_Transformer", 3),
    ("quantization", 7),
    ("양자화", 5),
    ("강화학습", 6),
    ("정렬", 4),
]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("rlfai", ["rlaif"]),
        ("RLAIF", ["rlaif"]),
        ("rl-aif", ["rlaif"]),
        ("rlhf-tuning", ["rlhf"]),
        ("llms", ["llm"]),
        ("lm", []),
        ("llmm", ["llm"]),
        ("xlm", ["llm", "vlm"]),
        ("vision", ["vision-language", "Vision_Transformer"]),
        ("visiontransfromer", ["Vision_Transformer"]),
        ("learning", ["reinforcement-learning"]),
        ("reinforcment_leaning", ["reinforcement-learning"]),
        ("quantisation", ["quantization"]),
        ("ｌｌｍ", ["llm"]),
        ("양지화", ["양자화"]),
        ("양자", ["양자화"]),
        ("강하학습", ["강화학습"]),
        ("photography", []),
        ("", []),
        ("---", []),
        ("\ud800\x00", []),
    ],
)
def test_nearest(word: str, names: list[str]) -> None:
    assert nearest(word, TAGS) == names


def test_more_used_names_come_first_among_equally_near_ones() -> None:
    assert nearest("cat", [("bat", 1), ("hat", 3), ("rat", 2), ("mat", 0)]) == ["hat", "rat", "bat"]
    assert nearest("cat", [("bat", 1), ("hat", 3)], limit=1) == ["hat"]


def test_five_thousand_names_are_quick() -> None:
    letters = random.Random(1)
    names = [("".join(letters.choices("abcdefghijklmnoprst-", k=letters.randint(3, 18))), 1) for _ in range(5_000)]
    nearest("warm", names)
    best = min(_seconds("reinforcmnt", names) for _ in range(3))
    assert best < 0.1  # 0.01 on an idle machine


def _seconds(word: str, names: list[tuple[str, int]]) -> float:
    started = time.process_time()
    nearest(word, names)
    return time.process_time() - started


@pytest.mark.parametrize(
    ("one", "other", "wrong"),
    [("", "", 0), ("a", "", 1), ("abc", "acb", 1), ("ca", "abc", 3), ("kitten", "sitting", 3), ("abcd", "badc", 2)],
)
def test_distance(one: str, other: str, wrong: int) -> None:
    assert distance(one, other, 3) == wrong
    assert distance(other, one, 3) == wrong
    assert distance(one, other, wrong - 1) is None


LITTLE = st.text(st.sampled_from("abc"), max_size=7)


@given(LITTLE, LITTLE, st.integers(0, 4))
def test_distance_agrees_with_the_plain_definition(one: str, other: str, reach: int) -> None:
    plain = _plain_distance(one, other)
    assert distance(one, other, reach) == (plain if plain <= reach else None)


def _plain_distance(one: str, other: str) -> int:
    table = [[i + j if 0 in {i, j} else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(st.text(st.characters(), max_size=200), st.lists(st.tuples(st.text(st.characters()), st.integers())))
def test_any_text_is_taken(word: str, names: list[tuple[str, int]]) -> None:
    found = nearest(word, names, limit=2)
    assert len(found) <= 2
    assert set(found) <= {name for name, _ in names}
    assert len(fold(word)) <= 100


# --- days -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-06-21", PartialDate(2024, 6, 21)),
        (" 2024-6-1 ", PartialDate(2024, 6, 1)),
        ("2024-06", PartialDate(2024, 6)),
        ("2024", PartialDate(2024)),
        ("2024.06.21", PartialDate(2024, 6, 21)),
        ("2024. 6. 21.", PartialDate(2024, 6, 21)),
        ("2024/06", PartialDate(2024, 6)),
        ("20240621", PartialDate(2024, 6, 21)),
        ("2024년6월21일", PartialDate(2024, 6, 21)),
        ("2024년 6월", PartialDate(2024, 6)),
        ("2024년", PartialDate(2024)),
        ("２０２４－０６－２１", PartialDate(2024, 6, 21)),
        ("2024–06–21", PartialDate(2024, 6, 21)),
        ("2024-02-29", PartialDate(2024, 2, 29)),
        ("Today", RelativeDay.TODAY),
        ("오늘", RelativeDay.TODAY),
        ("어제", RelativeDay.YESTERDAY),
        ("yesterday", RelativeDay.YESTERDAY),
        ("2023-02-29", None),
        ("2024-13", None),
        ("2024-00", None),
        ("2024-06-00", None),
        ("0000", None),
        ("24-06-21", None),
        ("2024-06/21", None),
        ("202406", None),
        ("tomorrow", None),
        ("", None),
        ("2" * 10_000, None),
    ],
)
def test_parse_day(text: str, day: Day | None) -> None:
    assert parse_day(text) == day


@given(st.dates())
def test_days_are_read_as_printed(day: date) -> None:
    for parts in (PartialDate(day.year, day.month, day.day), PartialDate(day.year, day.month), PartialDate(day.year)):
        assert parse_day(print_day(parts)) == parts
    assert print_day(PartialDate(day.year, day.month, day.day)) == day.isoformat()


def test_relative_days_are_printed_in_english() -> None:
    assert [print_day(day) for day in RelativeDay] == ["today", "yesterday"]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2024-06-31", ["2024-06-30", "2024-06"]),
        ("2024-13-41", ["2024"]),
        ("21/06/2024", ["2024-06-21"]),
        ("05.06.2024", ["2024-06-05", "2024-05-06"]),
        ("0000-01", []),
        ("soon", []),
    ],
)
def test_possible_days(text: str, days: list[str]) -> None:
    assert [print_day(day) for day in possible_days(text)] == days


def test_one_day() -> None:
    assert is_one_day(RelativeDay.TODAY)
    assert is_one_day(PartialDate(2024, 6, 21))
    assert not is_one_day(PartialDate(2024, 6))


@given(st.text(st.characters()))
def test_any_text_is_a_day_or_not(text: str) -> None:
    day = parse_day(text)
    for other in possible_days(text):
        assert parse_day(print_day(other)) == other
    if day:
        assert parse_day(print_day(day)) == day
