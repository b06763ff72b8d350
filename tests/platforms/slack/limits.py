"""What Slack takes as the blocks of a message or a view: by the Block Kit reference, and by slack_sdk's models."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as SdkView

from tests.platforms.slack.checks import (
    Check,
    Json,
    Problems,
    Shape,
    anything,
    array,
    boolean,
    one_of,
    plain_text,
    string,
    text_object,
    typed,
    web_url,
)
from tests.platforms.slack.element_limits import ELEMENTS, IN_ACTIONS, IN_INPUT, IN_SECTION
from tests.platforms.slack.rich_text_limits import RICH_TEXT

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
BLOCKS_TEXT = 12_000  # of all texts in a message's blocks: said by Slack's people, not by the reference
BLOCKS_JSON = 13_200  # of the blocks as compact JSON: where refusals have been reported with less text than that
MARKDOWN_TEXT = 12_000
VIEW_BYTES = 250_000


def _text_or_fields(problems: Problems, where: str, block: Any) -> None:
    if not block.get("text") and not block.get("fields"):
        problems.add("must define either `text` or `fields`", where)


def _where_the_image_is(problems: Problems, where: str, block: Any) -> None:
    if (block.get("image_url") is None) == (block.get("slack_file") is None):
        problems.add("must define either `image_url` or `slack_file`", where)


_BASE: dict[str, Check] = {"type": anything}
_BLOCK: dict[str, Check] = {"block_id": string(255)}

BLOCKS: dict[str, Check] = {
    "section": Shape(
        _BASE,
        {
            **_BLOCK,
            "text": text_object(3000),
            "fields": array(text_object(2000), 10),
            "accessory": typed(ELEMENTS, *IN_SECTION),
            "expand": boolean,
        },
        (_text_or_fields,),
    ),
    "divider": Shape(_BASE, _BLOCK),
    "header": Shape({**_BASE, "text": plain_text(150)}, _BLOCK),
    "image": Shape(
        {**_BASE, "alt_text": string(2000)},
        {**_BLOCK, "image_url": web_url(), "slack_file": anything, "title": plain_text(2000)},
        (_where_the_image_is,),
    ),
    "actions": Shape({**_BASE, "elements": array(typed(ELEMENTS, *IN_ACTIONS), 25)}, _BLOCK),
    "context": Shape(
        {
            **_BASE,
            "elements": array(
                typed({"image": ELEMENTS["image"], "plain_text": plain_text(3000), "mrkdwn": text_object(3000)}), 10
            ),
        },
        _BLOCK,
    ),
    "input": Shape(
        {**_BASE, "label": plain_text(2000), "element": typed(ELEMENTS, *IN_INPUT)},
        {**_BLOCK, "hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": Shape({**_BASE, "elements": RICH_TEXT}, _BLOCK),
    "markdown": Shape({**_BASE, "text": string(MARKDOWN_TEXT)}, _BLOCK),
}
_IN_VIEWS = tuple(name for name in BLOCKS if name != "markdown")

_VIEW_BASE: dict[str, Check] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_VIEW_BLOCKS = array(typed(BLOCKS, *_IN_VIEWS), VIEW_BLOCKS)
MODAL = Shape(
    {"type": one_of("modal"), "title": plain_text(24), "blocks": _VIEW_BLOCKS},
    {
        **_VIEW_BASE,
        "submit": plain_text(24),
        "close": plain_text(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
HOME = Shape({"type": one_of("home"), "blocks": _VIEW_BLOCKS}, _VIEW_BASE)


def message_problems(blocks: Any) -> list[str]:
    """What Slack has against the blocks of a message; nothing when it takes them."""
    problems = Problems()
    array(typed(BLOCKS), MESSAGE_BLOCKS, 0)(problems, "/blocks", blocks)
    if not problems.found:
        _ids_differ(problems, "/blocks", blocks)
        _sdk(problems, "/blocks", lambda: _validate_blocks(blocks))
    return problems.found


def blocks_too_long(blocks: list[Json]) -> bool:
    """Whether the blocks of a message are more than Slack takes as a whole; the measure is not documented."""
    text = sum(len(text) for text in texts_of(blocks))
    return text > BLOCKS_TEXT or len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > BLOCKS_JSON


def texts_of(value: Any) -> Iterator[str]:
    """Every text inside blocks."""
    if isinstance(value, list):
        for one in value:
            yield from texts_of(one)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from texts_of(inner)


def view_problems(view: Any) -> list[str]:
    """What Slack has against a modal or home tab; nothing when it takes it."""
    problems = Problems()
    typed({"modal": MODAL, "home": HOME})(problems, "/view", view)
    if not problems.found:
        _ids_differ(problems, "/view/blocks", view["blocks"])
        has_input = any(block["type"] == "input" for block in view["blocks"])
        if view["type"] == "modal" and has_input and not view.get("submit"):
            problems.add("missing required field: submit (there are input blocks)", "/view")
        _sdk(problems, "/view", lambda: SdkView(**view).validate_json())
        _sdk(problems, "/view/blocks", lambda: _validate_blocks(view["blocks"]))
    return problems.found


def view_too_large(view: Json) -> bool:
    """Whether a view is more than 250 KB of JSON."""
    return len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of a block."""
    found = [*block.get("elements", []), block.get("accessory"), block.get("element")]
    return [one for one in found if isinstance(one, dict) and one.get("type") in ELEMENTS and one["type"] != "image"]


def _ids_differ(problems: Problems, where: str, blocks: list[Json]) -> None:
    ids = Counter(block["block_id"] for block in blocks if block.get("block_id"))
    for number, block in enumerate(blocks):
        if ids[block.get("block_id", "")] > 1:
            problems.add(f'`block_id` "{block["block_id"]}" already exists', f"{where}/{number}/block_id")
        actions = Counter(element["action_id"] for element in elements_of(block) if element.get("action_id"))
        for action, count in actions.items():
            if count > 1:
                problems.add(f'`action_id` "{action}" already exists in this block', f"{where}/{number}")


def _validate_blocks(blocks: list[Json]) -> None:
    for block in Block.parse_all(blocks):
        block.validate_json()


def _sdk(problems: Problems, where: str, validate: Callable[[], None]) -> None:
    """What slack_sdk's own models refuse is refused here too."""
    try:
        validate()
    except (SlackObjectFormationError, TypeError, ValueError) as error:
        problems.add(f"refused by slack_sdk: {error}", where)
