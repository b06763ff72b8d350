"""Long texts in several fields: put together again they are what they were."""

from __future__ import annotations

import json
import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.spreading import PARAGRAPH, Room, Spread, join, length, spread

ROOM = Room(whole=2_900, filled=2_400)
ROOMS = st.sampled_from([ROOM, Room(whole=3_800, filled=3_400), Room(whole=90, filled=60)])

PIECES = (
    "가나다라",
    "word ",
    "word",
    ". ",
    "\n\n",
    "\n",
    "\r\n",
    "\r\n\r\n",
    " ",
    "\t",
    "😀",
    "👩‍👩‍👧",
    "e\u0301",
    "\u2028",
    "x" * 300,
)
REPEATED = (
    "a",
    "가",
    "😀",
    "\n",
    " ",
    "\r\n",
    "ab ",
    "가나 ",
    "한 문장입니다. ",
    "One paragraph.\n\n",
    "e\u0301",
    "👩‍👩‍👧",
)


def mixture(seed: int) -> str:
    """A text of many thousand characters, cheap to make from a number."""
    chance = random.Random(seed)
    return "".join(chance.choices(PIECES, k=chance.randint(1_000, 6_000)))[:20_000]


long_texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=400).map("".join),
    st.builds(lambda piece, times: (piece * times)[:20_000], st.sampled_from(REPEATED), st.integers(0, 20_000)),
    st.builds(mixture, st.integers(0, 2**32)),
    st.text(max_size=400),
)


@settings(max_examples=300, deadline=None)
@given(text=long_texts, room=ROOMS, mark=st.sampled_from([None, ", "]))
@example(text=" " * 20_000, room=ROOM, mark=None)
@example(text="가" * 2_399 + "\n" * 17_000 + "나", room=ROOM, mark=None)
@example(text=", ".join(f"Author {n}" for n in range(900)), room=ROOM, mark=", ")
def test_a_text_that_nobody_touched_comes_back_as_it_was(text: str, room: Room, mark: str | None) -> None:
    parts = spread(text, room, mark)
    assert join(parts) == text
    assert all(length(part) <= max(room.filled + 4, room.whole) for part in parts.parts)
    assert all(parts.parts) or text == ""
    assert len(parts.between) == len(parts.parts) - 1
    assert all(len(between) <= 4 and not between.strip() for between in parts.between)


@settings(max_examples=100, deadline=None)
@given(text=long_texts)
def test_what_stands_between_parts_takes_little_room(text: str) -> None:
    """Three texts fit into the 3,000 letters that a form of Slack's takes beside its fields."""
    assert len(json.dumps(spread(text, ROOM).between, ensure_ascii=False)) < 900


@settings(max_examples=100, deadline=None)
@given(text=long_texts)
def test_a_text_takes_no_more_fields_than_twice_what_it_would_fill(text: str) -> None:
    assert len(spread(text, ROOM).parts) <= 1 + 2 * length(text) // 2_390


def test_a_long_text_is_cut_between_paragraphs() -> None:
    paragraphs = [f"{number}번째 문단. " + "이야기가 이어집니다. " * 60 for number in range(12)]
    parts = spread("\n\n".join(one.strip() for one in paragraphs), ROOM)
    assert len(parts.parts) > 3
    assert set(parts.between) == {PARAGRAPH}
    assert all("번째 문단" in part.split(".")[0] for part in parts.parts)


def test_every_part_of_a_long_text_has_room_to_write() -> None:
    parts = spread("문단.\n\n" * 5_000, ROOM)
    assert all(length(part) <= ROOM.whole - 400 for part in parts.parts)


def test_authors_are_cut_between_names() -> None:
    authors = ", ".join(f"J. R. Author-{number} the {number}th" for number in range(150))
    parts = spread(authors, ROOM, ", ")
    assert len(parts.parts) > 1
    assert all(part.endswith(",") for part in parts.parts[:-1])
    assert all(part.startswith("J. R.") for part in parts.parts)


def test_a_part_that_was_emptied_leaves_no_gap() -> None:
    assert join(Spread(("One.", "", "Three."), (PARAGRAPH, PARAGRAPH))) == "One.\n\nThree."
    assert join(Spread(("One.", "", "Three."), (PARAGRAPH, " "))) == "One.\n\nThree."
    assert join(Spread(("One.", "", "", "Three."), (" ", "\n", " "))) == "One.\nThree."
    assert join(Spread(("", "Two."), (PARAGRAPH,))) == "Two."
    assert join(Spread(("One.", ""), (PARAGRAPH,))) == "One."
    assert join(Spread(("", ""), (" ",))) == ""


def test_what_is_written_into_more_room_is_a_paragraph_of_its_own() -> None:
    roomy = Spread(("One.",)).with_room()
    assert roomy.parts == ("One.", "")
    assert join(roomy) == "One."
    assert join(Spread((*roomy.parts[:-1], "Two."), roomy.between)) == "One.\n\nTwo."


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=200))
def test_a_length_is_what_apps_count(text: str) -> None:
    assert length(text) == len(text) + sum(letter > "\uffff" for letter in text)


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.sampled_from(["", "a", "b c", "가"]), min_size=1, max_size=6), data=st.data())
def test_no_empty_part_leaves_white_space_at_an_end(parts: list[str], data: st.DataObject) -> None:
    marks = st.sampled_from([" ", "\n", PARAGRAPH, ", "])
    between = data.draw(st.lists(marks, min_size=len(parts) - 1, max_size=len(parts) - 1))
    whole = join(Spread(tuple(parts), tuple(between)))
    assert "".join(whole.replace(",", "").split()) == "".join("".join(parts).split())
    assert whole == whole.strip()
