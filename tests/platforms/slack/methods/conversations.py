"""conversations.*, except reading messages: channels and who is in them."""

from __future__ import annotations

from typing import Any

from tests.platforms.slack.calls import Call, method
from tests.platforms.slack.errors import SlackError
from tests.platforms.slack.state import Channel

Json = dict[str, Any]

_TYPES = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
_READ = {"public": "channels:read", "private": "groups:read", "im": "im:read", "mpim": "mpim:read"}


@method("conversations.info")
def info(call: Call) -> Json:
    """One conversation."""
    channel = call.channel()
    call.need_for(channel, "read")
    return {"channel": channel_json(call, channel)}


@method("conversations.list")
def list_(call: Call) -> Json:
    """The conversations that an app may know of."""
    asked = str(call.arguments.get("types") or "public_channel").split(",")
    kinds = [_TYPES.get(one.strip(), "") for one in asked]
    if "" in kinds:
        raise SlackError("invalid_types")
    for kind in kinds:
        call.need(_READ[kind])
    found = [
        channel
        for channel in call.workspace.channels.values()
        if channel.kind in kinds and (channel.kind == "public" or call.bot.id in channel.members)
    ]
    if call.flag("exclude_archived"):
        found = [channel for channel in found if not channel.is_archived]
    page, cursor = call.page(found, default=100, most=999)
    channels = [channel_json(call, channel) for channel in page]
    return {"channels": channels, "response_metadata": {"next_cursor": cursor}}


@method("conversations.members")
def members(call: Call) -> Json:
    """Who is in a conversation."""
    channel = call.channel()
    call.need_for(channel, "read")
    page, cursor = call.page(sorted(channel.members), default=100, most=999)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


@method("conversations.join")
def join(call: Call) -> Json:
    """Go into a public channel."""
    call.need("channels:join")
    channel = call.channel()
    if channel.kind != "public":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.bot.id in channel.members:
        call.warnings.append("already_in_channel")
        return {"channel": channel_json(call, channel)}
    call.server.interactions.join(call.workspace, channel, call.bot.id)
    return {"channel": channel_json(call, channel)}


@method("conversations.leave")
def leave(call: Call) -> Json:
    """Go out of a channel."""
    channel = call.channel()
    if channel.kind == "im":
        raise SlackError("method_not_supported_for_channel_type")
    call.need("channels:manage" if channel.kind == "public" else "groups:write")
    if call.bot.id not in channel.members:
        return {"not_in_channel": True}
    call.server.interactions.leave(call.workspace, channel, call.bot.id)
    return {}


@method("conversations.open")
def open_(call: Call) -> Json:
    """Begin or take up direct messages with one person."""
    call.need("im:write")
    if call.arguments.get("channel"):
        channel = call.channel()
        if channel.kind != "im":
            raise SlackError("method_not_supported_for_channel_type")
        return {"channel": {"id": channel.id}, "no_op": True, "already_open": True}
    users = [one for one in str(call.arguments.get("users") or "").split(",") if one]
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        raise SlackError("method_not_supported_for_channel_type")  # this server has no group conversations
    user = call.workspace.users.get(users[0])
    if user is None:
        raise SlackError("user_not_found")
    if user.deleted:
        raise SlackError("user_disabled")
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    return {"channel": {"id": call.workspace.direct(call.bot.id, user.id).id}}


def channel_json(call: Call, channel: Channel) -> Json:
    """A conversation as an app sees it."""
    if channel.kind == "im":
        partner = next(iter(channel.members - {call.bot.id}), call.bot.id)
        return {"id": channel.id, "is_im": True, "user": partner, "is_archived": channel.is_archived}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.kind == "private",
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_member": call.bot.id in channel.members,
        "creator": channel.creator,
        "num_members": len(channel.members),
        "context_team_id": call.workspace.id,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
