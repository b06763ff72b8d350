"""What is shared into a channel is one message that pings nobody, however long the entry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.entries import Entry
from bot.core.markup import title_text
from bot.core.people import Language
from bot.discord.components import DiscordMessage
from bot.discord.sharing import shared_message
from tests.discord.reading import buttons, check, links, spans, visible
from tests.discord.test_answers import ENTRIES, NO_SHRINKING
from tests.discord.test_markdown import HARD
from tests.discord.test_rendering import ENTRY, LONG


@pytest.mark.parametrize(
    ("language", "who"), [(Language.ENGLISH, "Gwen shares a paper"), (Language.KOREAN, "Gwen 님이 논문을 공유합니다")]
)
def test_a_share_is_a_card_under_a_name(language: Language, who: str) -> None:
    message = shared_message(ENTRY, "Gwen", language)
    check(message)
    assert visible(message).startswith(f"{who}\nScaling Laws with α\n")
    assert [custom_id for _, custom_id in buttons(message)] == [
        "details:abcdefghij",
        "save:abcdefghij",
        "like:abcdefghij",
    ]
    assert len(links(message)) >= 1


def test_a_long_commentary_ends_with_a_paragraph() -> None:
    message = shared_message(replace(ENTRY, commentary=LONG), "Gwen", Language.KOREAN)
    check(message)
    shown = visible(message)
    assert "이런 말이 이어집니다. …\n" in shown
    assert "(1/" not in shown
    assert shown.count("번째 단락입니다.") == 5


def small_print(message: DiscordMessage) -> str:
    return "".join(span.text for span in spans(message) if "small" in span.style.formats)


@pytest.mark.parametrize(
    "more",
    [
        {"title": "Title " * 2_000},
        {"tags": tuple(f"tag-{number}" for number in range(2_000))},
        {"links": tuple("https://example.org/" + "x" * 1_900 + str(number) for number in range(9))},
        {"title": "a[" * 200, "url": "https://example.org/" + "x" * 700},
        {"commentary": "*" * 1_500, "authors": ("_" * 200,) * 4, "organisation": "_" * 200},
        {
            "title": "*" * 400,
            "url": "https://example.org/" + "(" * 700,
            "commentary": "*" * 1_500,
            "authors": ("_" * 200,) * 4,
        },
    ],
    ids=str,
)
def test_what_takes_more_than_a_message_is_left_out(more: dict[str, Any]) -> None:
    message = shared_message(replace(ENTRY, **more), "Gwen", Language.ENGLISH)
    check(message)
    assert "Continues" not in small_print(message)
    assert title_text(more.get("title", "Scaling Laws"))[:200] in visible(message)


def test_a_short_one_is_whole() -> None:
    message = shared_message(ENTRY, "Gwen", Language.KOREAN)
    assert "…" not in visible(message)
    assert "글 (example.org)도 있습니다." in visible(message)


@settings(max_examples=40, phases=NO_SHRINKING)
@given(ENTRIES, st.text(max_size=100) | st.sampled_from([*HARD, "가" * 500, "", "\u202e"]), st.sampled_from(Language))
def test_any_entry_can_be_shared_by_anybody(entry: Entry, name: str, language: Language) -> None:
    message = shared_message(entry, name, language)
    check(message)
    assert len(buttons(message)) == 3
    assert "Continues" not in small_print(message)
    assert "이어집니다" not in small_print(message)
