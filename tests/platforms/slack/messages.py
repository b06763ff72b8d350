"""Posting, editing, deleting and reacting, by whomever: the state changes, and the events go out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.platforms.slack.apps import Installation
from tests.platforms.slack.state import Channel, Message, Workspace
from tests.platforms.slack.text import mentions_of

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]

_TYPES = {"public": "channel", "private": "group", "im": "im"}
REPLY_USERS_SHOWN = 5


class Messages:
    """What happens to messages."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server

    def post(self, workspace: Workspace, channel: Channel, message: Message) -> None:
        """Put a message where it belongs and tell the apps."""
        channel.messages[message.ts] = message
        self._emit(workspace, channel, self._as_event(workspace, channel, message))
        for installation in self._server.installations(workspace):
            if installation.bot_user in mentions_of(message).users and message.user != installation.bot_user:
                mention = {**self._as_event(workspace, channel, message), "type": "app_mention"}
                mention.pop("channel_type")
                self._server.events.emit(workspace, mention, channel=channel, only=installation.app_id)
        self._server.changed()

    def edit(self, workspace: Workspace, channel: Channel, message: Message, changes: Json) -> None:
        """Change a message and tell the apps."""
        before = message_json(channel, message)
        for name, value in changes.items():
            setattr(message, name, value)
        self._changed(workspace, channel, message, before)

    def delete(self, workspace: Workspace, channel: Channel, message: Message) -> None:
        """Take a message away; one with replies leaves a tombstone."""
        before = message_json(channel, message)
        if channel.replies(message.ts):
            message.text, message.user, message.subtype = "This message was deleted.", "USLACKBOT", "tombstone"
            message.blocks, message.reactions, message.metadata, message.edited = [], {}, None, None
            message.bot_id = message.app_id = None
            self._changed(workspace, channel, message, before)
            return
        del channel.messages[message.ts]
        event = {"subtype": "message_deleted", "deleted_ts": message.ts, "previous_message": before}
        self._hidden(workspace, channel, event)

    def react(self, workspace: Workspace, channel: Channel, message: Message, name: str, user: str) -> None:
        """Add a reaction and tell the apps."""
        message.reactions.setdefault(name, []).append(user)
        self._reaction("reaction_added", workspace, channel, message, name, user)

    def unreact(self, workspace: Workspace, channel: Channel, message: Message, name: str, user: str) -> None:
        """Take a reaction away and tell the apps."""
        message.reactions[name].remove(user)
        if not message.reactions[name]:
            del message.reactions[name]
        self._reaction("reaction_removed", workspace, channel, message, name, user)

    def _reaction(
        self, kind: str, workspace: Workspace, channel: Channel, message: Message, name: str, user: str
    ) -> None:
        item = {"type": "message", "channel": channel.id, "ts": message.ts}
        event = {"type": kind, "user": user, "reaction": name, "item": item, "item_user": message.user}
        self._emit(workspace, channel, {**event, "event_ts": self._now_ts()})
        self._server.changed()

    def _changed(self, workspace: Workspace, channel: Channel, message: Message, before: Json) -> None:
        after = message_json(channel, message)
        self._hidden(workspace, channel, {"subtype": "message_changed", "message": after, "previous_message": before})

    def _hidden(self, workspace: Workspace, channel: Channel, event: Json) -> None:
        ts = self._now_ts()
        common = {"type": "message", "hidden": True, "channel": channel.id, "channel_type": _TYPES[channel.kind]}
        self._emit(workspace, channel, {**common, **event, "ts": ts, "event_ts": ts})
        self._server.changed()

    def _as_event(self, workspace: Workspace, channel: Channel, message: Message) -> Json:
        place = {"channel": channel.id, "channel_type": _TYPES[channel.kind], "event_ts": message.ts}
        return {**message_json(channel, message), "team": workspace.id, **place}

    def _emit(self, workspace: Workspace, channel: Channel, event: Json) -> None:
        self._server.events.emit(workspace, event, channel=channel)

    def _now_ts(self) -> str:
        return f"{self._server.clock.now():.6f}"


def bot_author(installation: Installation) -> Json:
    """The fields of a message that say which app has written it."""
    return {"user": installation.bot_user, "bot_id": installation.bot_id, "app_id": installation.app_id}


def message_json(channel: Channel, message: Message, *, full_metadata: bool = False) -> Json:
    """A message as the API tells it; its metadata in full only when asked for."""
    found: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    optional = {
        "blocks": copy.deepcopy(message.blocks),
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "edited": message.edited,
        "subtype": message.subtype,
        "metadata": _metadata(message, full=full_metadata),
        "reactions": [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ],
    }
    found |= {name: value for name, value in optional.items() if value}
    if message.broadcast:
        found["subtype"] = "thread_broadcast"
    if message.is_reply:
        parent = channel.messages.get(message.thread_ts or "")
        found |= {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else None}
    elif replies := channel.replies(message.ts):
        found |= _thread(message.ts, replies)
    return found


def _metadata(message: Message, *, full: bool) -> Json | None:
    if message.metadata is None or full:
        return copy.deepcopy(message.metadata)
    return {"event_type": message.metadata["event_type"]}


def _thread(ts: str, replies: list[Message]) -> Json:
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users[:REPLY_USERS_SHOWN],
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }
