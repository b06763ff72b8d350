"""Discord messages and windows as a reader and as Discord see them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bot.core.markup import clean
from bot.discord.actions import MOST_CUSTOM_ID, kept_state, numbered, read_custom_id
from bot.discord.api import said
from bot.discord.components import Button, DiscordMessage, Row, Section, Text, buttons_in, with_buttons
from bot.discord.modals import Modal, modal_of
from tests.discord import markdown_reader
from tests.discord.markdown_reader import Dialect, Span, Style
from tests.platforms.discord.component_rules import TEXT_DISPLAY, check_modal, walk
from tests.platforms.discord.interaction_messages import checked_body
from tests.platforms.discord.openapi import violations
from tests.platforms.discord.refusals import Problems

OURS = frozenset({"bold", "code", "code block", "heading 2", "heading 3", "small"})
"""The formats that Paperboy itself writes."""
_INVITATION = re.compile(r"(?:discord\.(?:gg|new)|discord(?:app)?\.com/invite)/\w", re.IGNORECASE)
_LONGEST_NUMBER = 3  # characters of what keeps two custom ids apart


def utf16(text: str) -> int:
    """The length of a text for Discord's apps; for its servers it is never longer."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# --- what has to hold for any message ---------------------------------------------------------------------------------


def check(message: DiscordMessage) -> None:
    """Everything that has to hold for any message at all, in posts and in answers."""
    sent = said(_with_short_ids(message), ids=(2**31 - 1, 2**30), nonce="n" * 24).payload
    assert sent is not None
    checked_body({name: value for name, value in sent.items() if name not in {"nonce", "enforce_nonce"}})
    assert violations("POST", "/channels/{channel_id}/messages", {}, sent) == []
    assert sent["allowed_mentions"] == {"parse": []}
    assert sum(map(utf16, texts(message))) <= 4_000
    for markdown in texts(message):
        check_text(markdown)
    for button in _buttons(message):
        assert 0 < utf16(button.label) <= 80
        assert button.label == " ".join(clean(button.label).split())
        assert button.custom_id is not None
        assert read_custom_id(button.custom_id) is not None


def check_text(markdown: str) -> None:
    """A text that Discord takes, in which nobody is mentioned and nothing is shown but in the formats that are ours."""
    assert markdown.strip() == markdown != ""
    assert clean(markdown) == markdown
    spans = read(markdown)
    assert markdown_reader.visible(spans).strip()
    assert markdown_reader.mentions(spans) == []
    assert markdown_reader.formats(spans) <= OURS
    for _, url in markdown_reader.links(spans):
        assert url.startswith(("http://", "https://"))
    unlinked = re.sub(r"<https?://[^ >]+>|\]\(https?://[^ )]+\)|`[^`]+`", "", markdown)
    assert not _INVITATION.search(unlinked)


@lru_cache(maxsize=1_000)
def read(markdown: str) -> tuple[Span, ...]:
    """A text as every app shows it: they agree."""
    desktop, mobile = (markdown_reader.read(markdown, dialect) for dialect in Dialect)
    assert desktop == mobile
    return tuple(desktop)


def _with_short_ids(message: DiscordMessage) -> DiscordMessage:
    """What `bot.discord.replying` makes of the ids of buttons, without a database."""
    seen: Counter[str] = Counter()

    def once(button: Button) -> Button:
        written = button.custom_id or ""
        if len(written) > MOST_CUSTOM_ID - _LONGEST_NUMBER:
            kind = written.partition(":")[0]
            key = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:22]
            written = f"{kind}:{kept_state(key)}"
        seen[written] += 1
        return replace(button, custom_id=written if seen[written] == 1 else numbered(written, seen[written]))

    return with_buttons(message, once)


# --- what a reader sees -----------------------------------------------------------------------------------------------


def texts(message: DiscordMessage) -> list[str]:
    """Its texts in Markdown, from top to bottom."""
    return [part.markdown for part in message.parts if isinstance(part, Text | Section)]


def spans(*messages: DiscordMessage) -> list[Span]:
    """All that stands in messages, from top to bottom, each text on lines of its own."""
    return [span for message in messages for markdown in texts(message) for span in (*read(markdown), Span("\n"))]


def visible(*messages: DiscordMessage) -> str:
    """What a reader sees of messages: texts, and buttons in brackets."""
    return "\n".join(line for message in messages for part in message.parts for line in _lines(part))


def _lines(part: Any) -> Iterator[str]:
    match part:
        case Text(markdown):
            yield markdown_reader.visible(read(markdown))
        case Section(markdown, button):
            yield f"{markdown_reader.visible(read(markdown))} [{button.label}]"
        case Row(buttons):
            yield " ".join(f"[{button.label}]" for button in buttons)
        case _:
            yield "―"


def links(*messages: DiscordMessage) -> list[tuple[str, str]]:
    """What can be pressed in texts: where it leads, and what is shown of it."""
    return [(url, shown) for shown, url in markdown_reader.links(spans(*messages))]


def buttons(*messages: DiscordMessage) -> list[tuple[str, str]]:
    """The label and custom id of every button."""
    return [(button.label, button.custom_id or "") for message in messages for button in _buttons(message)]


def states(kind: str, *messages: DiscordMessage) -> list[str]:
    """What the buttons of a kind carry."""
    read_ids = (read_custom_id(custom_id) for _, custom_id in buttons(*messages))
    return [found[1] for found in read_ids if found and found[0].value == kind]


def _buttons(message: DiscordMessage) -> Iterator[Button]:
    return (button for part in message.parts for button in buttons_in(part))


def letters(text: str) -> str:
    """A text without its white space."""
    return "".join(text.split())


def styled(found: Iterable[Span]) -> list[tuple[str, Style]]:
    """Each letter with how it is shown; white space is left out."""
    return [(letter, span.style) for span in found for letter in letters(span.text)]


# --- windows ----------------------------------------------------------------------------------------------------------


def check_window(modal: Modal, custom_id: str = "form:x") -> dict[str, Any]:
    """Everything that has to hold for any window at all; it is handed out as Discord is sent it."""
    sent: dict[str, Any] = modal_of(modal, custom_id).to_dict()
    problems = Problems()
    check_modal(problems, sent)
    assert problems.tree == {}
    callback = {"type": 9, "data": sent}
    route = "/interactions/{interaction_id}/{interaction_token}/callback"
    assert violations("POST", route, {}, callback) == []
    assert utf16(sent["title"]) <= 45
    for _, one in walk(sent["components"]):
        _check_field(one)
    return sent


def _check_field(one: dict[str, Any]) -> None:
    for name, most in (("label", 100 if "value" in one else 45), ("description", 100), ("placeholder", 100)):
        assert utf16(one.get(name) or "") <= most
    if one["type"] == 4:
        assert utf16(one.get("value") or "") <= one["max_length"] <= 4_000
        assert one["style"] == 2 or "\n" not in one.get("value", "")
    if one["type"] == 3:
        chosen = [option["value"] for option in one["options"] if option.get("default")]
        assert len(chosen) <= one["max_values"] <= len(one["options"])
        for option in one["options"]:
            assert option["label"].strip()
            _check_field({"type": 0, **option})
    assert one["type"] != TEXT_DISPLAY
