"""What a message on the loopback Discord shows: its texts and buttons, and what stands in its components."""

from __future__ import annotations

from typing import Any

from tests.platforms.discord.component_rules import BUTTON, TEXT_DISPLAY, walk
from tests.platforms.discord.world import Message

Json = dict[str, Any]


def text_of(message: Message) -> str:
    """All its texts, from top to bottom, in Markdown."""
    return "\n".join(one["content"] for _, one in walk(message.components) if one["type"] == TEXT_DISPLAY)


def buttons_of(message: Message) -> list[str]:
    """The labels of its buttons, from top to bottom."""
    return [one["label"] for one in pressable(message)]


def pressable(message: Message) -> list[Json]:
    """Its buttons."""
    return [one for _, one in walk(message.components) if one["type"] == BUTTON]


def ids_of(message: Message, label: str) -> list[str]:
    """The custom ids of the buttons with this label."""
    return [one["custom_id"] for one in pressable(message) if one["label"] == label]
