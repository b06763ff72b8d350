"""Slack messages as a reader and as Slack see them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from slack_sdk.models.blocks import Block

from bot.core.markup import clean
from bot.slack.blocks import SlackMessage


def check(message: SlackMessage) -> None:
    """Everything that has to hold for any message at all."""
    check_text(message.text)
    check_blocks(message.blocks)


def check_text(text: str) -> None:
    """A text that Slack takes for notifications and finds nothing in."""
    assert 0 < len(text) <= 300
    assert "\n" not in text
    assert not re.search(r"[<>]|&(?!(amp|lt|gt);)|[*~`]|(?<![^\W_])_|_(?![^\W_])|^&gt;", text)


def check_blocks(blocks: Iterable[Any]) -> None:
    """Blocks of one message that Slack takes, with nothing in them that it would make something else of."""
    blocks = list(blocks)
    assert len(blocks) <= 45
    assert json_length(blocks) <= 10_000
    parsed: list[Any] = list(Block.parse_all(blocks))
    assert [one.type for one in parsed] == [block["type"] for block in blocks]
    for one, block in zip(parsed, blocks, strict=True):
        one.validate_json()
        _CHECKS[block["type"]](block)


def json_length(value: object) -> int:
    """The characters of a value as compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def visible(blocks: Iterable[Any], *types: str) -> str:
    """What a reader sees of blocks of these types, or of any; parts of a block stand on lines of their own."""
    return "\n".join(line for block in blocks if not types or block["type"] in types for line in _lines(block))


def letters(text: str) -> str:
    """A text without its white space."""
    return "".join(text.split())


def elements(block: Any) -> Iterator[Any]:
    """The text and link elements of a `rich_text` block, in order."""
    for part in block["elements"]:
        for section in part["elements"] if part["type"] == "rich_text_list" else [part]:
            yield from section["elements"]


def links(blocks: Iterable[Any]) -> list[tuple[str, str]]:
    """What is linked in `rich_text` blocks: addresses, and what stands there for them."""
    found = [one for block in blocks if block["type"] == "rich_text" for one in elements(block)]
    return [(one["url"], one.get("text", one["url"])) for one in found if one["type"] == "link"]


def buttons(blocks: Iterable[Any]) -> list[tuple[str, str, str]]:
    """The text, action id and value of every button."""
    found = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return [(one["text"]["text"], one["action_id"], one["value"]) for one in found]


def _lines(block: Any) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield block["text"]["text"]
        case "context":
            yield from (one["text"] for one in block["elements"])
        case "actions":
            yield " ".join(f"[{one['text']['text']}]" for one in block["elements"])
        case "rich_text":
            for part in block["elements"]:
                bullet = "• " if part["type"] == "rich_text_list" else ""
                for section in part["elements"] if bullet else [part]:
                    yield bullet + "".join(_shown(one) for one in section["elements"])


def _shown(element: Any) -> str:
    return str(element["text"] if "text" in element else element["url"])


def _check_plain(text: Any, most: int) -> None:
    assert set(text) == {"type", "text", "emoji"}
    assert text["type"] == "plain_text"
    assert text["emoji"] is False
    assert 0 < len(text["text"]) <= most


def _check_header(block: Any) -> None:
    _check_plain(block["text"], 150)


def _check_context(block: Any) -> None:
    assert 1 <= len(block["elements"]) <= 10
    for text in block["elements"]:
        _check_plain(text, 3000)


def _check_actions(block: Any) -> None:
    assert 1 <= len(block["elements"]) <= 25
    ids = [button["action_id"] for button in block["elements"]]
    assert len(set(ids)) == len(ids)
    for button in block["elements"]:
        assert button["type"] == "button"
        _check_plain(button["text"], 75)
        assert 0 < len(button["value"]) <= 2000
        assert len(button["action_id"]) <= 255


def _check_rich_text(block: Any) -> None:
    assert block["elements"]
    assert sum(len(_shown(one)) for one in elements(block)) <= 2_900
    for part in block["elements"]:
        assert part["type"] in {"rich_text_section", "rich_text_list"}
        for section in part["elements"] if part["type"] == "rich_text_list" else [part]:
            assert section["type"] == "rich_text_section"
            assert "".join(_shown(one) for one in section["elements"]).strip()
    for one in elements(block):
        _check_element(one)


def _check_element(element: Any) -> None:
    assert set(element) <= {"type", "text", "url", "style"}
    assert element["type"] in {"text", "link"}
    assert element.get("text", "x")
    assert clean(_shown(element)) == _shown(element)
    assert set(element.get("style", {"bold": True})) <= {"bold", "code"}
    if element["type"] == "link":
        assert element["url"].lower().startswith(("http://", "https://"))
        assert len(element["url"]) <= 3_000
        assert _shown(element).strip()
    else:
        assert "url" not in element


_CHECKS: dict[str, Callable[[Any], None]] = {
    "header": _check_header,
    "context": _check_context,
    "actions": _check_actions,
    "rich_text": _check_rich_text,
    "divider": lambda block: None,
}
