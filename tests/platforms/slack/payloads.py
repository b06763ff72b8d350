"""The payloads that interactions send to apps."""

from __future__ import annotations

import copy
from typing import Any

from tests.platforms.slack.apps import App
from tests.platforms.slack.messages import message_json
from tests.platforms.slack.state import Channel, Ephemeral, Message, User, Workspace
from tests.platforms.slack.views import View

Json = dict[str, Any]
Surface = Message | Ephemeral | View

TOKEN = "verification-token"


def escaped(text: str) -> str:
    """Text as Slack hands it on: the three characters that mean something are escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def common(app: App, workspace: Workspace, user: User) -> Json:
    """What every interactive payload holds."""
    enterprise = {"id": workspace.enterprise_id, "name": "Enterprise"} if workspace.enterprise_id else None
    return {
        "token": TOKEN,
        "api_app_id": app.id,
        "team": {"id": workspace.id, "domain": workspace.domain},
        "enterprise": enterprise,
        "is_enterprise_install": False,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": workspace.id},
    }


def command(workspace: Workspace, channel: Channel, user: User, app: App, name: str, text: str) -> dict[str, str]:
    """The form of a slash command, without trigger and response URL."""
    shown = {"public": channel.name, "private": "privategroup", "im": "directmessage"}
    fields = {
        "token": TOKEN,
        "team_id": workspace.id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": shown[channel.kind],
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": app.id,
        "is_enterprise_install": "false",
    }
    if workspace.enterprise_id:
        fields |= {"enterprise_id": workspace.enterprise_id, "enterprise_name": "Enterprise"}
    return fields


def command_text(workspace: Workspace, text: str, *, with_ids: bool) -> str:
    """The words after a command; where the app has asked for it, names of people and channels come with their ids."""
    words = escaped(text.strip()).split(" ")
    if not with_ids:
        return " ".join(words)
    people = {f"@{user.name}": f"<@{user.id}|{user.name}>" for user in workspace.users.values()}
    channels = {f"#{one.name}": f"<#{one.id}|{one.name}>" for one in workspace.channels.values() if one.name}
    return " ".join({**people, **channels}.get(word, word) for word in words)


def container(surface: Surface, channel: Channel | None) -> Json:
    """Where something was pressed."""
    if isinstance(surface, View):
        return {"type": "view", "view_id": surface.id}
    found: Json = {"type": "message", "message_ts": surface.ts, "channel_id": channel.id if channel else None}
    found["is_ephemeral"] = isinstance(surface, Ephemeral)
    return {**found, **({"thread_ts": surface.thread_ts} if surface.thread_ts else {})}


def place(surface: Surface, channel: Channel | None) -> Json:
    """The message or view that something was pressed in; of what only one person sees, Slack tells no content."""
    if isinstance(surface, View):
        return {"view": copy.deepcopy(surface.json())}
    found: Json = {"channel": _channel(channel)} if channel else {}
    if isinstance(surface, Message) and channel:
        found["message"] = message_json(channel, surface, full_metadata=True)
    return found


def message_shortcut(channel: Channel, message: Message, callback_id: str) -> Json:
    """What a message shortcut adds."""
    told = message_json(channel, message, full_metadata=True)
    return {
        "type": "message_action",
        "callback_id": callback_id,
        "channel": _channel(channel),
        "message_ts": message.ts,
        "message": told,
    }


def _channel(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name),
    }
