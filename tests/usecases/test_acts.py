"""What a confirmed press does comes back from its button as it went in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import new_entry_id
from bot.usecases.acts import read_act, write_act
from bot.usecases.answers import Act, EndAct, ForgetAct, RemoveAct

ACTS: st.SearchStrategy[Act] = st.one_of(
    st.text().map(new_entry_id).map(RemoveAct), st.integers(1, 999_999_999).map(EndAct), st.just(ForgetAct())
)


@given(ACTS)
def test_an_act_comes_back(act: Act) -> None:
    written = write_act(act)
    assert read_act(written) == act
    assert len(written) < 80  # into the smallest id of a button there is


@pytest.mark.parametrize(
    "value",
    ["", "remove", "remove ", "end", "end ", "end x", "end -1", "end ٣", "end 12345678901", "forget me", "FORGET"],
)
def test_nonsense_is_no_act(value: str) -> None:
    assert read_act(value) is None
