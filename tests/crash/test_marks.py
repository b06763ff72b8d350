"""The judge sees what is lost, doubled and out of order, and nothing else."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.subscriptions import Layout
from tests.crash.marks import Score, judge, marks_in
from tests.crash.script import Round, new_round

DAY = date(2024, 6, 21)
POSTS = [["head"], ["a", "a0", "a1"], ["b", "b0"], ["c", "c0"]]
WHOLE = [name for post in POSTS for name in post]


def test_what_is_whole_is_whole() -> None:
    assert not judge(POSTS, WHOLE)


@pytest.mark.parametrize(
    ("shown", "score"),
    [
        (["head", "a", "a0", "a1", "b", "b0"], Score(lost=1)),
        (["head", "a", "a0", "b", "b0", "c", "c0"], Score(lost=1)),  # the end of a text is missing
        (["head", "a", "a0", "a1", "b", "b0", "b", "b0", "c", "c0"], Score(doubled=1)),
        ([*WHOLE, "a1"], Score(doubled=1)),
        ([*WHOLE, "of yesterday"], Score(doubled=1)),
        (["head", "b", "b0", "a", "a0", "a1", "c", "c0"], Score(disordered=1)),
        (["c", "c0", "head", "a", "a0", "a1", "b", "b0"], Score(disordered=1)),
        (["head", "a", "a1", "a0", "b", "b0", "c", "c0"], Score(disordered=1)),
        (["head", "a", "a0", "b", "b0", "a1", "c", "c0"], Score(disordered=1)),
        ([], Score(lost=4)),
    ],
)
def test_what_went_wrong_is_counted_by_posts(shown: list[str], score: Score) -> None:
    assert judge(POSTS, shown) == score


@given(st.permutations(WHOLE))
def test_every_other_order_is_found(shown: list[str]) -> None:
    assert (judge(POSTS, shown).disordered == 0) == (shown == WHOLE)


def test_marks_are_found_in_what_a_message_shows() -> None:
    days = {"June 21, 2024": DAY}
    assert marks_in("June 21, 2024\n3 entries", days) == ["head 2024-06-21 3"]
    assert marks_in("## June 21, 2024\n1 entry\nPaper q1e0v1t0q", days) == ["head 2024-06-21 1", "list q1e0v1t0q"]
    assert marks_in("Paper q1e0v2t0q\nq1e0v2p0q A word", days) == ["q1e0v2t0q", "q1e0v2p0q"]
    assert marks_in("Withdrawn.", days) == ["? Withdrawn."]


def changed_round() -> Round:
    """A round of whose first day a paper was edited and another removed, with a late one on the second day."""
    script = new_round(7, DAY, papers=3, long=2)
    chance = Random(4)
    script.edit_one(chance)
    script.remove_one(chance)
    script.add_late()
    return script


@pytest.mark.parametrize("layout", list(Layout))
def test_a_round_asks_for_what_its_papers_are_in_the_end(layout: Layout) -> None:
    script = changed_round()
    shown = [name for post in script.posts(layout) for name in post]
    cards = [name for name in shown if name.startswith("q")]
    assert len([name for name in cards if "t0" in name]) == 6
    assert any("v2" in name for name in cards)
    heads = [name for name in shown if name.startswith("head")]
    assert sum(int(head.split()[-1]) for head in heads) == (0 if layout is Layout.FORUM else 6)
    assert not judge(script.posts(layout), shown)
