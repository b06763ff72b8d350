"""Tags as the fields of a form hold them, and what fields are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import Entry
from bot.core.entry_form import EntryForm, form_of, read_form
from bot.slack.fields import (
    MOST_OPTION,
    block_id,
    chosen_tags,
    tag_text,
    tag_value,
    tags_of,
)
from tests.slack.conftest import TODAY


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
