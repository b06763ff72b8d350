"""A message in plain text says all that it said, in sections that Slack takes."""

from __future__ import annotations

from datetime import date

from bot.core.digests import EntryContent, HeaderContent, ListContent
from bot.core.people import Language
from bot.slack.blocks import SlackMessage
from bot.slack.plain import plain_message
from bot.slack.rendering import messages_of
from tests.slack.carrying import LONG, paper
from tests.slack.reading import json_length, letters, visible

DAY = date(2024, 6, 21)


def _said(message: SlackMessage) -> str:
    return "\n".join(block["text"]["text"] for block in message.blocks)  # type: ignore[index]


def _check(message: SlackMessage) -> None:
    assert 0 < len(message.blocks) <= 45
    assert json_length(message.blocks) <= 12_000
    for block in message.blocks:
        assert set(block) == {"type", "text"}
        assert block["type"] == "section"
        text: dict[str, str] = block["text"]  # type: ignore[assignment]
        assert text == {"type": "plain_text", "text": text["text"], "emoji": False}
        assert 0 < len(text["text"]) <= 3_000


def test_every_message_of_a_card_keeps_its_words() -> None:
    made = messages_of(EntryContent(paper(paragraphs=LONG, tags=("llm",))), Language.ENGLISH)
    assert len(made) == 3
    for message in made:
        plain = plain_message(message)
        _check(plain)
        assert plain.text == message.text
        shown = visible(message.blocks, "header", "context", "rich_text")
        assert letters(_said(plain)) == letters(shown)


def test_an_address_stands_behind_what_was_linked_with_it() -> None:
    entry = paper("Sparse attention", url="https://example.org/a", links=("https://example.org/code",))
    (message,) = messages_of(EntryContent(entry), Language.ENGLISH)
    said = _said(plain_message(message))
    assert said.startswith("Sparse attention (https://example.org/a)")
    assert "• https://example.org/code" in said


def test_a_list_and_a_head() -> None:
    entries = tuple(paper(f"Paper {number}", url="https://example.org/" + "x" * 2_000) for number in range(4))
    for content in (ListContent((DAY,), entries), HeaderContent((DAY,), 4)):
        for message in messages_of(content, Language.KOREAN):
            _check(plain_message(message))
