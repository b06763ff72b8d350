"""Messages as values: what they count, and what the library makes of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.discord.api import said
from bot.discord.components import (
    MOST_BLOCK,
    MOST_COMPONENTS,
    MOST_TEXT,
    Button,
    DiscordMessage,
    Part,
    Row,
    Rule,
    Section,
    Style,
    Text,
    buttons_in,
    joined,
    pack,
    rows,
    shortened,
    size,
    with_buttons,
)
from tests.discord.reading import check, texts, utf16
from tests.platforms.discord.component_rules import walk

SAVE = Button("Save", "save:x")
BUTTONS = st.builds(Button, st.sampled_from(["a", "b"]), st.sampled_from(["save:x", "like:y"]))
TEXTS = st.builds(
    lambda letter, times: Text(letter * times), st.sampled_from(["x", "가", "😀"]), st.integers(1, MOST_BLOCK // 2)
)
PARTS: st.SearchStrategy[Part] = st.one_of(
    TEXTS,
    st.just(Rule()),
    st.builds(lambda buttons: Row(tuple(buttons)), st.lists(BUTTONS, min_size=1, max_size=5)),
    st.builds(lambda text, button: Section(text.markdown, button), TEXTS, BUTTONS),
)


def sent(message: DiscordMessage, ids: tuple[int, int] | None = None) -> list[dict[str, Any]]:
    """The components of a message as the library sends them."""
    payload = said(message, ids=ids).payload
    assert payload is not None
    return list(payload["components"])


# --- sizes ------------------------------------------------------------------------------------------------------------


@given(st.lists(PARTS, min_size=1, max_size=8))
def test_a_size_is_what_discord_counts(parts: list[Part]) -> None:
    (container,) = sent(DiscordMessage(tuple(parts)))
    inside = [one for _, one in walk(container["components"])]
    assert size(parts) == (sum(utf16(one.get("content", "")) for one in inside), len(inside))


@given(st.lists(TEXTS | st.just(Rule()), max_size=12))
def test_short_texts_are_joined_and_nothing_is_lost(parts: list[Part]) -> None:
    made = joined(parts)
    assert "\n".join(part.markdown if isinstance(part, Text) else "―" for part in made) == "\n".join(
        part.markdown if isinstance(part, Text) else "―" for part in parts
    )
    assert all(utf16(part.markdown) <= MOST_BLOCK for part in made if isinstance(part, Text))
    for one, other in pairwise(made):
        both = [part.markdown for part in (one, other) if isinstance(part, Text)]
        assert len(both) < 2 or utf16("\n".join(both)) > MOST_BLOCK


@settings(max_examples=60)
@given(st.lists(PARTS, max_size=60), st.sampled_from([(), (Text("x" * 600), Rule(), Row((SAVE,) * 3))]))
@example([Text("x" * 1_000)] * 9, ())
@example([Text("x" * 1_700)] * 6, (Text("x" * 600),))
@example([Rule()] * 90, ())
def test_messages_are_packed_in_order_and_each_has_room_for_a_mark(body: list[Part], foot: tuple[Part, ...]) -> None:
    packed = pack(body, foot=foot)
    assert [part for parts in packed for part in parts] == body
    for number, parts in enumerate(packed):
        below = foot if number == 0 else ()
        marked = DiscordMessage((Text("m" * 120), *parts, *below))
        check(marked)
        text, count = size(marked.parts)
        assert (text <= MOST_TEXT, count + 1 <= MOST_COMPONENTS) == (True, True)
    for first, second in pairwise(packed[1:]):
        text, count = size([*first, second[0]])
        assert text + 120 > MOST_TEXT or count + 2 > MOST_COMPONENTS


def test_nothing_is_one_empty_message() -> None:
    assert pack([]) == [[]]


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),
        ("😀😀", 4, "😀😀"),
        ("😀😀", 3, "😀…"),
        ("a😀😀", 3, "a…"),
        ("", 1, ""),
    ],
)
def test_a_long_text_is_shortened(text: str, most: int, short: str) -> None:
    assert shortened(text, most) == short


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_shortened_text_fits(text: str, most: int) -> None:
    short = shortened(text, most)
    assert utf16(short) <= most
    assert short == text if utf16(text) <= most else text.startswith(short.removesuffix("…"))


# --- buttons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "lengths"), [(0, []), (1, [1]), (5, [5]), (6, [5, 1]), (12, [5, 5, 2])])
def test_buttons_stand_in_rows_of_five(count: int, lengths: list[int]) -> None:
    buttons = [replace(SAVE, label=str(number)) for number in range(count)]
    made = rows(buttons)
    assert [len(row.buttons) for row in made] == lengths
    assert [button for row in made for button in row.buttons] == buttons


@given(st.lists(PARTS, min_size=1, max_size=8))
def test_every_button_can_be_changed(parts: list[Part]) -> None:
    seen: list[Button] = []

    def change(button: Button) -> Button:
        seen.append(button)
        return replace(button, label=str(len(seen)))

    changed = with_buttons(DiscordMessage(tuple(parts)), change)
    assert seen == [button for part in parts for button in buttons_in(part)]
    assert [button.label for part in changed.parts for button in buttons_in(part)] == [
        str(number + 1) for number in range(len(seen))
    ]
    assert texts(changed) == texts(DiscordMessage(tuple(parts)))


# --- as the library sends them ----------------------------------------------------------------------------------------


def test_components_of_a_message() -> None:
    message = DiscordMessage(
        (
            Text("## a"),
            Text("b"),
            Rule(),
            Section("c", Button("Details", "details:x")),
            Row(
                (Button("Remove", "confirm:x", style=Style.DANGER, disabled=True), Button("There", url="https://a.org"))
            ),
        )
    )
    (container,) = sent(message, (7, 8))
    assert (container["type"], container["id"], container["accent_color"]) == (17, 7, 0x2F6F4F)
    first, second, rule, section, row = container["components"]
    assert first == {"type": 10, "content": "## a", "id": 8}
    assert second == {"type": 10, "content": "b"}
    assert rule["type"] == 14
    assert section["components"] == [{"type": 10, "content": "c"}]
    assert (section["accessory"]["label"], section["accessory"]["custom_id"]) == ("Details", "details:x")
    remove, there = row["components"]
    assert (remove["style"], remove["disabled"], remove["custom_id"]) == (4, True, "confirm:x")
    assert (there["style"], there["url"], "custom_id" in there) == (5, "https://a.org", False)


def test_the_first_text_has_the_number_wherever_it_stands() -> None:
    (container,) = sent(DiscordMessage((Rule(), Section("a", SAVE), Text("b"), Text("c"))), (7, 8))
    assert [one.get("id") for one in container["components"]] == [None, None, 8, None]
