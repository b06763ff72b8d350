"""Takes a request to the Web API apart: the token and the arguments, as JSON, as a form or in the query."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.platforms.slack.errors import SlackError

Json = dict[str, Any]

# Arguments that are JSON inside a form or a query.
_NESTED = ("blocks", "view", "metadata", "attachments")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_arguments(request: web.Request) -> tuple[str | None, Json, list[str]]:
    """The token, the arguments, and what Slack warns of.

    Raises:
        SlackError: the body is not what its content type says.
    """
    header = request.headers.get("Authorization", "")
    token = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else None
    arguments: Json = {name: _unwrapped(name, value) for name, value in request.query.items()}
    warnings: list[str] = []
    body = await request.read()
    if request.content_type == "application/json" and body:
        if "charset" not in request.headers.get("Content-Type", ""):
            warnings.append("missing_charset")
        # A token inside JSON is not looked at.
        arguments |= {name: value for name, value in _json(body).items() if name != "token"}
    elif request.content_type in _FORMS:
        form = await request.post()
        arguments |= {name: _unwrapped(name, str(value)) for name, value in form.items()}
    elif body:
        raise SlackError("invalid_post_type" if "Content-Type" in request.headers else "missing_post_type")
    token = token or arguments.pop("token", None)
    arguments.pop("token", None)
    return token, arguments, warnings


def _json(body: bytes) -> Json:
    try:
        value = json.loads(body)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


def _unwrapped(name: str, value: str) -> Any:
    if name not in _NESTED:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError("invalid_blocks_format" if name == "blocks" else "invalid_arguments") from None


def as_bool(value: Any) -> bool:
    """A flag as JSON, a form or a query carries it."""
    return value is True or str(value).lower() in ("1", "true", "yes")


def as_number(value: Any, default: int) -> int:
    """A number as JSON, a form or a query carries it.

    Raises:
        SlackError: it is none.
    """
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise SlackError("invalid_arguments") from None
