"""chat.*: messages, written, changed and taken away by an app."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from tests.platforms.slack.calls import Call, method
from tests.platforms.slack.errors import SlackError, invalid
from tests.platforms.slack.ids import with_ids
from tests.platforms.slack.limits import blocks_too_long, message_problems
from tests.platforms.slack.messages import bot_author, message_json
from tests.platforms.slack.state import Channel, Ephemeral, Message

Json = dict[str, Any]

POST_TEXT, UPDATE_TEXT = 40_000, 4_000
METADATA_BYTES = 8_000
_EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]*", re.IGNORECASE)


@method("chat.postMessage")
def post_message(call: Call) -> Json:
    """Write into a conversation, or below a message of it."""
    call.need("chat:write")
    channel = _destination(call)
    if channel.is_archived:
        raise SlackError("is_archived")
    text, blocks = _content(call, POST_TEXT)
    metadata = _metadata(call)
    parent = _parent(call, channel)
    message = Message(
        channel.next_ts(call.server.clock.now()),
        text=text,
        blocks=blocks,
        metadata=metadata,
        thread_ts=parent.thread_ts or parent.ts if parent else None,
        broadcast=parent is not None and call.flag("reply_broadcast"),
        unfurl_links=call.flag("unfurl_links") if "unfurl_links" in call.arguments else None,
        unfurl_media=call.flag("unfurl_media") if "unfurl_media" in call.arguments else None,
        mrkdwn=call.flag("mrkdwn") if "mrkdwn" in call.arguments else True,
        link_names=call.flag("link_names"),
        parse=call.arguments.get("parse"),
        **bot_author(call.installation),
    )
    call.server.messages.post(call.workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(channel, message)}


@method("chat.update")
def update(call: Call) -> Json:
    """Change an app's own message; what is not mentioned stays."""
    call.need("chat:write")
    channel = call.channel()
    message = call.message(channel, call.text("ts"))
    if message.app_id != call.app.id:
        raise SlackError("cant_update_message")
    if channel.is_archived:
        raise SlackError("is_inactive")
    text, blocks = _content(call, UPDATE_TEXT, standing=message.blocks)
    if "blocks" not in call.arguments and message.blocks:
        call.server.complaints.append(f"chat.update of {message.ts} names no blocks: those that stand there stay")
    changes: Json = {
        "text": text if "text" in call.arguments else message.text,
        "blocks": blocks if "blocks" in call.arguments else message.blocks,
        "link_names": call.flag("link_names"),
        "parse": call.arguments.get("parse"),
        "edited": {"user": call.bot.id, "ts": f"{call.server.clock.now():.6f}"},
    }
    if "metadata" in call.arguments:
        changes["metadata"] = _metadata(call)
    if "blocks" in call.arguments:
        changes["values"] = {}
    call.server.messages.edit(call.workspace, channel, message, changes)
    body = {"channel": channel.id, "ts": message.ts, "text": message.text}
    return {**body, "message": message_json(channel, message)}


@method("chat.delete")
def delete(call: Call) -> Json:
    """Take an app's own message away."""
    call.need("chat:write")
    channel = call.channel()
    message = call.message(channel, call.text("ts"))
    if message.app_id != call.app.id or channel.is_archived:
        raise SlackError("cant_delete_message")
    call.server.messages.delete(call.workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral")
def post_ephemeral(call: Call) -> Json:
    """Show something to one person of a conversation."""
    call.need("chat:write")
    channel = call.own_channel()
    if channel.is_archived:
        raise SlackError("is_archived")
    user = call.workspace.users.get(call.text("user"))
    if user is None or user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = _content(call, POST_TEXT)
    shown = Ephemeral(
        channel.next_ts(call.server.clock.now()),
        user.id,
        channel.id,
        call.app.id,
        text,
        blocks,
        thread_ts=call.arguments.get("thread_ts"),
        link_names=call.flag("link_names"),
        parse=call.arguments.get("parse"),
    )
    call.workspace.ephemerals.append(shown)
    return {"message_ts": shown.ts}


@method("chat.getPermalink")
def get_permalink(call: Call) -> Json:
    """The address of a message."""
    channel = call.channel()
    message = call.message(channel, call.text("message_ts"))
    link = f"{call.workspace.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _destination(call: Call) -> Channel:
    """Where a message goes: a conversation by id or name, or a person's direct messages."""
    wanted = call.text("channel", "channel_not_found")
    user = call.workspace.users.get(wanted)
    if user is not None and not user.is_bot:
        return call.workspace.direct(call.bot.id, user.id)
    by_name = [one for one in call.workspace.channels.values() if one.name and one.name == wanted.lstrip("#")]
    channel = call.workspace.channels.get(wanted) or next(iter(by_name), None)
    if channel is None:
        raise SlackError("channel_not_found")
    if call.bot.id not in channel.members:
        if channel.kind != "public":
            raise SlackError("channel_not_found")
        if "chat:write.public" not in call.token.scopes:
            raise SlackError("not_in_channel")
        call.need("chat:write.public")
    return channel


def _parent(call: Call, channel: Channel) -> Message | None:
    """The message that a reply goes to. Without it Slack posts into the channel itself, and does not say so."""
    ts = call.arguments.get("thread_ts")
    if not ts:
        return None
    parent = channel.messages.get(str(ts))
    if parent is None:
        call.server.complaints.append(f"{call.method}: no message {ts}, so the reply went to the channel itself")
    elif parent.subtype not in (None, "tombstone", "bot_message", "thread_broadcast"):
        raise SlackError("cannot_reply_to_message")
    return parent


def _content(call: Call, longest: int, standing: list[Json] | None = None) -> tuple[str, list[Json]]:
    """The text and the blocks of a message, checked."""
    text = str(call.arguments.get("text") or "")
    blocks = call.arguments.get("blocks")
    if isinstance(blocks, str):
        try:
            blocks = json.loads(blocks)
        except ValueError:
            raise SlackError("invalid_blocks_format") from None
    if blocks is not None and not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if call.arguments.get("attachments"):
        call.server.complaints.append(f"{call.method}: attachments are not looked at")
    if not text and not blocks and not (blocks is None and standing):
        raise SlackError("no_text")
    if len(text) > longest:
        raise SlackError("msg_too_long")
    return text, checked_blocks(blocks or [], measured=True)


def checked_blocks(blocks: Any, *, measured: bool) -> list[Json]:
    """The blocks of a message with ids, when Slack takes them; `measured` also looks at all of them together."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := message_problems(blocks):
        raise invalid("invalid_blocks", problems)
    if measured and blocks_too_long(blocks):
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def _metadata(call: Call) -> Json | None:
    """A message's metadata. What does not have the right form is left out with a warning, as Slack does."""
    metadata = call.arguments.get("metadata")
    if not metadata:
        return None
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    kind = metadata.get("event_type") if isinstance(metadata, dict) else None
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if not isinstance(kind, str) or not _EVENT_TYPE.fullmatch(kind) or not isinstance(payload, dict):
        _left_out(call, "event_type (letters, digits and _) and event_payload (an object) are required")
        return None
    if set(metadata) - {"event_type", "event_payload"}:
        _left_out(call, "only event_type and event_payload are allowed")
        return None
    return dict(copy.deepcopy(metadata))


def _left_out(call: Call, why: str) -> None:
    call.warnings.append("invalid_metadata_format")
    call.notes.append(f"invalid_metadata_format: {why}")
    call.server.complaints.append(f"{call.method}: metadata left out, {why}")
