"""Texts and tags as the fields of a form hold them."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.entries import Entry
from bot.core.entry_form import EntryForm, form_of, read_form
from bot.core.spreading import PARAGRAPH, Spread, join, length, spread
from bot.slack.fields import (
    MOST,
    MOST_OPTION,
    ROOM,
    block_id,
    chosen_tags,
    tag_text,
    tag_value,
    tags_of,
)
from tests.slack.conftest import TODAY

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
@given(text=long_texts, mark=st.sampled_from([None, ", "]))
@example(text=" " * 20_000, mark=None)
@example(text="가" * 2_399 + "\n" * 17_000 + "나", mark=None)
@example(text=", ".join(f"Author {n}" for n in range(900)), mark=", ")
def test_a_text_that_nobody_touched_comes_back_as_it_was(text: str, mark: str | None) -> None:
    parts = spread(text, ROOM, mark)
    assert join(parts) == text
    assert all(length(part) <= MOST for part in parts.parts)
    assert all(parts.parts) or text == ""
    assert len(parts.between) == len(parts.parts) - 1
    assert len(json.dumps(parts.between, ensure_ascii=False)) < 900  # three texts fit into a form's 3,000


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
    assert all(length(part) <= MOST - 500 for part in parts.parts)


def test_authors_are_cut_between_names() -> None:
    authors = ", ".join(f"J. R. Author-{number} the {number}th" for number in range(150))
    parts = spread(authors, ROOM, ", ")
    assert len(parts.parts) > 1
    assert all(part.endswith(",") for part in parts.parts[:-1])
    assert all(part.startswith("J. R.") for part in parts.parts)


def test_a_part_that_was_emptied_leaves_no_gap() -> None:
    assert join(Spread(("One.", "", "Three."), (PARAGRAPH, PARAGRAPH))) == "One.\n\nThree."
    assert join(Spread(("", "Two."), (PARAGRAPH,))) == "Two."
    assert join(Spread(("One.", ""), (PARAGRAPH,))) == "One."
    assert join(Spread(("", ""), (" ",))) == ""


def test_what_is_written_into_more_room_is_a_paragraph_of_its_own() -> None:
    roomy = Spread(("One.",)).with_room()
    assert roomy.parts == ("One.", "")
    assert join(roomy) == "One."
    assert join(Spread((*roomy.parts[:-1], "Two."), roomy.between)) == "One.\n\nTwo."


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        ("#llm #3d", ("llm", "3d")),
        ("＃llm, #3d", ("llm", "3d")),
        ("llm, agents  rl", ("llm", "agents", "rl")),
        ("#weak to strong #llm", ("weak to strong", "llm")),
        ("#r&d #c++", ("r&d", "c++")),
    ],
)
def test_tags_of_a_field(text: str, tags: tuple[str, ...]) -> None:
    assert tags_of(text) == tags


TAGS = st.lists(
    st.one_of(
        st.from_regex(r"[a-z0-9가-힣]([a-z0-9가-힣&.+/_-]| [a-z0-9]){0,20}", fullmatch=True),
        st.integers(60, 400).map(lambda n: "long" * (n // 4)),
    ),
    unique=True,
    max_size=30,
)


@given(tags=TAGS)
def test_tags_that_nobody_touched_are_no_change(tags: list[str]) -> None:
    opened = form_of(Entry(id="a", title="A", tags=tuple(tags)))
    values = [tag_value(tag) for tag in tags_of(opened.tags)]
    assert chosen_tags(values, opened.tags) == opened.tags
    assert chosen_tags(list(reversed(values)), opened.tags) == opened.tags
    assert all(len(value) <= 150 for value in values)
    assert all(len(tag_text(tag)) <= MOST_OPTION for tag in tags)


def test_two_very_long_tags_with_one_beginning_stay_two() -> None:
    first, second = "x" * 200 + "1", "x" * 200 + "2"
    before = f"#{first} #{second}"
    assert tag_value(first) != tag_value(second)
    assert chosen_tags([tag_value(second)], before) == f"#{second}"


def test_a_tag_with_a_space_is_the_same_tag_after_another_was_added() -> None:
    before = Entry(id="a", title="A", digest_date=TODAY, tags=("weak to strong",))
    tags = chosen_tags(["weak to strong", "llm"], form_of(before).tags)
    opened = form_of(before)
    after = read_form(EntryForm(title="A", tags=tags, publish="date", date=opened.date), today=TODAY, before=before)
    assert after.tags == ("weak-to-strong", "llm")


def test_names_of_fields() -> None:
    names = {block_id("text", part, generation) for part in (1, 2, 3) for generation in (0, 1, 2)}
    assert len(names) == 9
