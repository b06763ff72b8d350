"""Runs of text in parts that a platform takes: nothing lost, and nothing cut that should stay whole."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.markup import Run
from bot.core.run_splitting import Measure, split

URL = "https://example.org/a"
MOST = 2_900
LETTERS = Measure((MOST,), lambda run: (len(run.text),))


def small(most: int) -> Measure:
    """Room for so many letters, stars counted twice, and for three times as much of text and addresses together."""
    return Measure(
        (most, 3 * most),
        lambda run: (len(run.text) + run.text.count("*"), len(run.text) + len(run.url or "") + 2 * run.bold),
    )


def cut(runs: Sequence[Run], measure: Measure = LETTERS) -> list[tuple[Run, ...]]:
    return list(split(runs, measure))


def shown(parts: Sequence[Sequence[Run]]) -> list[str]:
    return ["".join(run.text for run in part) for part in parts]


def styled(runs: Sequence[Run]) -> list[tuple[str, bool, str | None, bool]]:
    """Each letter with its style."""
    return [(letter, run.bold, run.url, run.code) for run in runs for letter in "".join(run.text.split())]


# --- whatever there is to be cut --------------------------------------------------------------------------------------

_TEXTS = st.text("ab 가.\n*", min_size=1, max_size=60) | st.sampled_from(
    ["낱말 " * 40, "*" * 90, "x" * 200, "문장. " * 30, " \n\n"]
)
_RUNS = st.builds(
    Run,
    _TEXTS,
    bold=st.booleans(),
    url=st.sampled_from([None, None, URL, "https://b.org/" + "u" * 20]),
    code=st.booleans(),
)


@settings(max_examples=150)
@given(st.lists(_RUNS, max_size=10), st.integers(40, 120))
@example([Run("*" * 500)], 40)
@example([Run("x" * 39), Run("**", url=URL)], 40)
def test_nothing_is_lost_and_every_part_fits(runs: list[Run], most: int) -> None:
    measure = small(most)
    parts = cut(runs, measure)
    assert styled([run for part in parts for run in part]) == styled(runs)
    for part, text in zip(parts, shown(parts), strict=True):
        assert text == text.strip() != ""
        sizes = [measure.of(run) for run in part]
        assert all(sum(one) <= room for one, room in zip(zip(*sizes, strict=True), measure.room, strict=True))
        assert all(run.text for run in part)


@settings(max_examples=150)
@given(st.lists(_RUNS, max_size=10), st.integers(40, 120))
def test_a_part_takes_what_it_can(runs: list[Run], most: int) -> None:
    """No two neighbours are so short that half a part would have held them both."""
    texts = shown(cut(runs, small(most)))
    plain = all(run.url is None and "*" not in run.text and not run.bold for run in runs)
    if plain and not any("\n" in run.text or "." in run.text for run in runs):
        assert all(len(one) + len(other) + 1 > most // 2 for one, other in pairwise(texts))


@settings(max_examples=100)
@given(st.lists(_RUNS.filter(lambda run: len(run.text) < 30), max_size=12))
def test_a_link_that_fits_is_never_cut(runs: list[Run]) -> None:
    tidy = [run for run in runs if run.text.strip()]
    links = [run.text for run in tidy if run.url]
    if any(one.url and other.url for one, other in pairwise(tidy)):
        return  # two in one style are one
    found = [run.text for part in cut(runs, small(80)) for run in part if run.url]
    assert [text.strip() for text in found] == [text.strip() for text in links]


def test_nothing_is_no_part() -> None:
    assert cut([]) == cut([Run(" "), Run("\n", bold=True), Run(" ", url=URL)]) == []


def test_runs_in_one_style_are_one() -> None:
    assert cut([Run("a"), Run("b"), Run("c", bold=True), Run(" ", url=URL), Run("d")]) == [
        (Run("ab"), Run("c", bold=True), Run(" d"))
    ]


@pytest.mark.parametrize("length", [*range(1, 40), 1_000, 1_023, 1_024, 1_025])
@pytest.mark.parametrize("most", [1, 2, 3, 7, 16, 1_024])
def test_a_word_without_end_is_cut_where_the_room_ends(length: int, most: int) -> None:
    texts = shown(cut([Run("x" * length)], Measure((most,), lambda run: (len(run.text),))))
    assert [len(text) for text in texts] == [most] * (length // most) + ([length % most] if length % most else [])


def test_what_is_very_long_is_not_measured_again_and_again() -> None:
    measured: list[int] = []

    def of(run: Run) -> tuple[int]:
        measured.append(len(run.text))
        return (len(run.text),)

    parts = cut([Run("낱말 " * 20_000)], Measure((MOST,), of))
    assert sum(length > 2 * MOST for length in measured) <= len(parts)


# --- where it is cut --------------------------------------------------------------------------------------------------


def test_a_long_text_is_cut_at_the_end_of_a_paragraph() -> None:
    text = ("가" * 1_500) + "\n\n" + ("나. " * 400) + "\n\n" + ("다" * 1_000)
    assert shown(cut([Run(text)])) == [
        "가" * 1_500 + "\n\n" + ("나. " * 400).strip(),
        "다" * 1_000,
    ]


def test_a_long_paragraph_is_cut_at_the_end_of_a_sentence_else_of_a_word() -> None:
    assert shown(cut([Run("가" * 2_000 + ". " + "나 " * 1_000)]))[0] == "가" * 2_000 + "."
    first, second = shown(cut([Run("낱말 " * 1_000)]))
    assert MOST - 3 < len(first) <= MOST
    assert (first[-2:], second[:2]) == ("낱말", "낱말")


def test_a_bold_run_stays_bold_across_a_cut() -> None:
    parts = cut([Run("굵은 " * 1_000, bold=True), Run("끝")])
    assert len(parts) == 2
    assert all(run.bold for run in parts[0])
    assert parts[1][-1] == Run("끝")
    assert parts[1][0].bold


def test_a_link_is_never_cut_in_two() -> None:
    link = Run("한 낱말짜리가 아닌 링크", url=URL)
    for length in range(MOST - 30, MOST + 5):
        parts = cut([Run("x" * length), link, Run("y" * 100)])
        assert [run for part in parts for run in part if run.url] == [link], length


def test_a_link_goes_whole_to_the_next_part_and_takes_nothing_else_along() -> None:
    before, link = Run("x" * (MOST - 5) + " "), Run("긴 링크입니다", url=URL)
    assert cut([before, link, Run(".")]) == [(Run(before.text.strip()),), (link, Run("."))]


def test_a_link_longer_than_a_part_leads_there_in_every_part() -> None:
    parts = cut([Run("제목 " * 2_000, bold=True, url=URL)])
    assert len(parts) == 3
    assert {(run.url, run.bold) for part in parts for run in part} == {(URL, True)}
