"""Windows as Discord takes them, and what comes back from them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.modals import MOST_VALUE, ChoiceField, Modal, TextField, is_untouched, typed_in
from tests.discord.filling import sent
from tests.discord.reading import check_window, utf16

TEXTS = st.text(max_size=200)
LABELS = st.text(min_size=1, max_size=200).filter(str.strip)
TEXT_FIELDS = st.builds(
    TextField,
    name=st.just("text"),
    label=LABELS,
    hint=TEXTS,
    value=TEXTS,
    placeholder=TEXTS,
    multiline=st.booleans(),
    required=st.booleans(),
    most=st.integers(400, MOST_VALUE),
)
OPTIONS = st.lists(
    st.tuples(st.from_regex("[a-z0-9:-]{1,40}", fullmatch=True), LABELS, TEXTS),
    min_size=1,
    max_size=40,
    unique_by=lambda one: one[0],
).map(tuple)


@st.composite
def choice_fields(draw: st.DrawFn) -> ChoiceField:
    options = draw(OPTIONS)
    several = draw(st.booleans())
    values = [value for value, _, _ in options[:25]]
    chosen = draw(st.lists(st.sampled_from([*values, "none"]), max_size=9 if several else 1, unique=True))
    return ChoiceField(
        name="choice",
        label=draw(LABELS),
        hint=draw(TEXTS),
        options=options,
        chosen=tuple(chosen),
        several=several,
        required=draw(st.booleans()),
    )


@given(LABELS, TEXT_FIELDS, choice_fields())
def test_any_window_is_what_discord_takes(title: str, text: TextField, choice: ChoiceField) -> None:
    check_window(Modal(title, (text, choice)))
    came = sent(Modal(title, (text, choice)))
    assert is_untouched(came["text"][0], text.value)
    assert set(came["choice"]) == set(choice.chosen) & {value for value, _, _ in choice.options[:25]}


def test_a_window_for_the_library() -> None:
    window = Modal(
        "Title " * 20,
        (
            TextField(name="a", label="A", hint="Why", value="x\ny", placeholder="p", multiline=True, required=True),
            TextField(name="b", label="B", value="x\r\ny\nz", most=10),
            ChoiceField(name="c", label="C", options=(("1", "One", "first"), ("2", "Two", "")), chosen=("2",)),
            ChoiceField(
                name="d", label="D", options=(("1", "One", ""), ("2", "Two", "")), several=True, required=False
            ),
        ),
    )
    made = check_window(window, "form:y")
    assert (made["custom_id"], utf16(made["title"])) == ("form:y", 45)
    a, b, c, d = made["components"]
    assert (a["label"], a["description"]) == ("A", "Why")
    assert (a["component"]["style"], a["component"]["value"], a["component"]["required"]) == (2, "x\ny", True)
    assert (b["component"]["style"], b["component"]["value"], b["component"]["max_length"]) == (1, "x y z", 10)
    assert "description" not in b
    assert [option["default"] for option in c["component"]["options"]] == [False, True]
    assert (c["component"]["min_values"], c["component"]["max_values"]) == (1, 1)
    assert (d["component"]["min_values"], d["component"]["max_values"], d["component"]["required"]) == (0, 2, False)


@pytest.mark.parametrize(
    ("data", "typed"),
    [
        ({}, {}),
        ({"components": None}, {}),
        ({"components": [{"type": 18, "component": {"custom_id": "a", "value": "x\r\ny"}}]}, {"a": ("x\ny",)}),
        ({"components": [{"type": 1, "components": [{"custom_id": "a", "value": None}]}]}, {"a": ("",)}),
        ({"components": [{"type": 18, "component": {"custom_id": "a", "values": ["1", 2]}}]}, {"a": ("1", "2")}),
        ({"components": [{"type": 18, "component": {"custom_id": "a", "values": None}}]}, {"a": ()}),
        ({"components": [{"type": 10, "content": "a"}]}, {}),
    ],
)
def test_what_comes_back(data: dict[str, Any], typed: dict[str, tuple[str, ...]]) -> None:
    assert typed_in(data) == typed


@pytest.mark.parametrize(
    ("typed", "shown", "untouched"),
    [
        ("a", " a\n", True),
        ("a\nb", "a\r\nb", True),
        ("a\nb", "a\rb", True),
        ("a b", "a\nb", True),
        ("", " ", True),
        ("a b", "ab", False),
        ("a  b", "a b", False),
        ("a", "", False),
    ],
)
def test_what_nobody_touched(typed: str, shown: str, untouched: bool) -> None:
    assert is_untouched(typed, shown) is untouched
