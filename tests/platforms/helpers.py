"""Small things that the platform tests share."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

Json = dict[str, Any]


async def refused(call: Awaitable[AsyncSlackResponse]) -> Json:
    """The body of an answer that says no."""
    with pytest.raises(SlackApiError) as caught:
        await call
    body: Json = caught.value.response.data
    return body


async def error_of(call: Awaitable[AsyncSlackResponse]) -> str:
    """Why an answer says no."""
    return str((await refused(call))["error"])


def section(text: str, **more: Any) -> Json:
    """A block with a text."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str = "go", **more: Any) -> Json:
    """A button."""
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Go"}, **more}


def actions(*elements: Json, block_id: str = "act") -> Json:
    """A block of buttons and menus."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def text_input(block_id: str, *, optional: bool = False, **more: Any) -> Json:
    """A block to type into."""
    return {
        "type": "input",
        "block_id": block_id,
        "optional": optional,
        "label": {"type": "plain_text", "text": block_id.title()},
        "element": {"type": "plain_text_input", "action_id": "text", **more},
    }


def modal(*blocks: Json, **more: Any) -> Json:
    """A modal that can be submitted."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": list(blocks) or [section("Nothing here")],
        **more,
    }


def home(*blocks: Json, **more: Any) -> Json:
    """A Home tab."""
    return {"type": "home", "blocks": list(blocks) or [section("Home")], **more}


def option(value: str) -> Json:
    """One of the options of a menu."""
    return {"text": {"type": "plain_text", "text": value.title()}, "value": value}
