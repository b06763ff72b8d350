"""reactions.*: emoji on messages."""

from __future__ import annotations

import re
from typing import Any

from tests.platforms.slack.calls import Call, method
from tests.platforms.slack.errors import SlackError
from tests.platforms.slack.messages import message_json
from tests.platforms.slack.state import Channel, Message

Json = dict[str, Any]

DIFFERENT_EMOJI = 23  # of one person on one message
USERS_SHOWN = 50  # unless all are asked for; the count is always right
_NAME = re.compile(r"[\w+'-]+(::skin-tone-[2-6])?")


@method("reactions.get")
def get(call: Call) -> Json:
    """The reactions on a message; the people only in part unless `full` is asked for."""
    call.need("reactions:read")
    channel, message = _item(call)
    told = message_json(channel, message)
    if not call.flag("full"):
        for reaction in told.get("reactions", []):
            reaction["users"] = reaction["users"][:USERS_SHOWN]
    return {"type": "message", "channel": channel.id, "message": told}


@method("reactions.add")
def add(call: Call) -> Json:
    """React to a message."""
    call.need("reactions:write")
    channel, message = _item(call, inside=True)
    name = _name(call)
    if call.bot.id in message.reactions.get(name, []):
        raise SlackError("already_reacted")
    if sum(call.bot.id in users for users in message.reactions.values()) >= DIFFERENT_EMOJI:
        raise SlackError("too_many_emoji")
    call.server.messages.react(call.workspace, channel, message, name, call.bot.id)
    return {}


@method("reactions.remove")
def remove(call: Call) -> Json:
    """Take back a reaction."""
    call.need("reactions:write")
    channel, message = _item(call, inside=True)
    name = _name(call)
    if call.bot.id not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    call.server.messages.unreact(call.workspace, channel, message, name, call.bot.id)
    return {}


def _item(call: Call, *, inside: bool = False) -> tuple[Channel, Message]:
    if not call.arguments.get("channel") or not call.arguments.get("timestamp"):
        raise SlackError("no_item_specified")
    channel = call.own_channel() if inside else call.channel()
    if inside and channel.is_archived:
        raise SlackError("is_archived")
    return channel, call.message(channel, call.text("timestamp"))


def _name(call: Call) -> str:
    name = call.text("name", "invalid_name").strip(":")
    if not _NAME.fullmatch(name):
        raise SlackError("invalid_name")
    return name
