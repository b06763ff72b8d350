"""conversations.history and conversations.replies: reading what was written."""

from __future__ import annotations

import re
from typing import Any

from tests.platforms.slack.calls import Call, method
from tests.platforms.slack.errors import SlackError
from tests.platforms.slack.messages import message_json
from tests.platforms.slack.state import Channel, Message

Json = dict[str, Any]

_SCOPES = ("channels:history", "groups:history", "mpim:history", "im:history")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@method("conversations.history")
def history(call: Call) -> Json:
    """The messages of a conversation, newest first, without what stands only in threads."""
    channel = _readable(call)
    within = _between(call)
    found = [message for message in reversed(channel.top_level()) if within(message.ts)]
    page, cursor = call.page(found, default=100, most=999)
    body: Json = {"messages": _told(call, channel, page), "has_more": bool(cursor), "pin_count": 0}
    if cursor:
        body["response_metadata"] = {"next_cursor": cursor}
    return body


@method("conversations.replies")
def replies(call: Call) -> Json:
    """A thread, oldest first; the message it hangs from comes first and is always there."""
    channel = _readable(call)
    ts = call.text("ts")
    asked = channel.messages.get(ts)
    if asked is None:
        raise SlackError("thread_not_found")
    parent = channel.messages.get(asked.thread_ts or asked.ts)
    if parent is None:
        raise SlackError("thread_not_found")
    within = _between(call)
    found = [message for message in channel.replies(parent.ts) if within(message.ts)]
    page, cursor = call.page([parent, *found], default=1000, most=1000)
    body: Json = {"messages": _told(call, channel, page), "has_more": bool(cursor)}
    if cursor:
        body["response_metadata"] = {"next_cursor": cursor}
    return body


def _readable(call: Call) -> Channel:
    if not set(_SCOPES) & set(call.token.scopes):
        call.need(*_SCOPES)
    channel = call.own_channel()
    call.need_for(channel, "history")
    return channel


def _told(call: Call, channel: Channel, messages: list[Message]) -> list[Json]:
    full = call.flag("include_all_metadata")
    return [message_json(channel, message, full_metadata=full) for message in messages]


def _between(call: Call) -> Any:
    """Whether a ts lies between `oldest` and `latest`; the ends count when asked for."""
    oldest = _ts(call, "oldest", "invalid_ts_oldest")
    latest = _ts(call, "latest", "invalid_ts_latest")
    inclusive = call.flag("inclusive")

    def within(ts: str) -> bool:
        place = _key(ts)
        after = oldest is None or place > oldest or (inclusive and place == oldest)
        before = latest is None or place < latest or (inclusive and place == latest)
        return after and before

    return within


def _ts(call: Call, name: str, error: str) -> tuple[int, int] | None:
    value = call.arguments.get(name)
    if value in (None, "", "0", 0):
        return None
    if not _NUMBER.fullmatch(str(value)):
        raise SlackError(error)
    return _key(str(value))


def _key(ts: str) -> tuple[int, int]:
    second, _, rest = ts.partition(".")
    return int(second), int(rest.ljust(6, "0")[:6] or 0)
