"""What a button's id says comes back as it was written."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.actions import ActionId, custom_id, kept_state, key_of_kept, numbered, read_custom_id

KINDS = st.sampled_from(ActionId)
STATES = st.text() | st.sampled_from(["", ":", "a:b:c", ".2:", "~x", "/paper tag:rlaif"])
KEYS = st.binary(min_size=16, max_size=16).map(lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="))


@given(KINDS, STATES, st.integers(2, 99))
def test_a_state_comes_back_numbered_or_not(kind: ActionId, state: str, number: int) -> None:
    written = custom_id(kind, state)
    assert read_custom_id(written) == (kind, state)
    again = numbered(written, number)
    assert read_custom_id(again) == (kind, state)
    assert len(again) <= len(written) + 3
    assert again != written


@given(STATES, st.lists(KINDS, min_size=2, max_size=2, unique=True), st.integers(2, 99), st.integers(2, 99))
def test_no_two_buttons_have_one_id(state: str, kinds: list[ActionId], first: int, second: int) -> None:
    written = [custom_id(kind, state) for kind in kinds]
    made = {*written, *(numbered(one, number) for one in written for number in {first, second})}
    assert len(made) == 2 + 2 * len({first, second})


@given(KINDS, KEYS)
def test_a_kept_state_is_known_by_its_key_and_fits(kind: ActionId, key: str) -> None:
    state = kept_state(key)
    assert key_of_kept(state) == key
    assert len(numbered(custom_id(kind, state), 99)) <= 100


@pytest.mark.parametrize(
    "state", ["", "~", "e42", "~short", "~" + "a" * 23, "~" + "가" * 22, "x~" + "a" * 22, '["line"]']
)
def test_other_states_have_no_key(state: str) -> None:
    assert key_of_kept(state) is None


@pytest.mark.parametrize("text", ["", ":", "nonsense", "nonsense:x", "SAVE:x", "savex:1", ".2:x", " save:x"])
def test_a_button_of_somebody_else_is_not_known(text: str) -> None:
    assert read_custom_id(text) is None
