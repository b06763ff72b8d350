"""A post is known again by its metadata, and where a history comes without, by its first block."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.people import Language
from bot.slack.reading import EVENT_TYPE, Label, told
from bot.slack.workspaces import Identity

ME = Identity("T1", "https://acme.slack.com/", "UB1", "B1")
LABEL = Label("12/2024-06-21/abcdefghij/2", part=1, parts=3, language=Language.ENGLISH)


def message(**more: Any) -> dict[str, Any]:
    return {"ts": "1.1", "user": "UB1", "bot_id": "B1", **more}


@pytest.mark.parametrize(
    "carried",
    [
        {"metadata": LABEL.metadata},
        {"blocks": [{"type": "rich_text", "block_id": LABEL.block_id}]},
        {"metadata": {"event_type": EVENT_TYPE}, "blocks": [{"type": "header", "block_id": LABEL.block_id}]},
    ],
)
def test_a_label_comes_back(carried: dict[str, Any]) -> None:
    assert told(message(**carried), ME).label == LABEL
    assert len(LABEL.block_id) <= 255


@pytest.mark.parametrize(
    "blocks", [None, [], ["x"], [{}], [{"block_id": "abc"}], [{"block_id": f"{EVENT_TYPE}/0/1/xx/k"}], {"a": 1}]
)
def test_other_messages_have_none(blocks: object) -> None:
    assert told(message(blocks=blocks), ME).label is None


def test_a_label_counts_on_our_own_messages_only() -> None:
    theirs = {"ts": "1.1", "user": "U2", "bot_id": "B2", "metadata": LABEL.metadata}
    assert told(theirs, ME).label is None
    assert told({**theirs, "blocks": [{"block_id": LABEL.block_id}]}, ME).label is None
