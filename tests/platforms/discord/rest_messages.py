"""Routes of messages and reactions."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tests.platforms.discord import permissions, shapes
from tests.platforms.discord.calls import Call, wrong
from tests.platforms.discord.interaction_messages import checked_body
from tests.platforms.discord.refusals import Refused
from tests.platforms.discord.world import DIRECT, EPHEMERAL, EPOCH_MS, FORUM, MEDIA, TEXT, THREADS, Channel, Message

Json = dict[str, Any]

NONCE_SECONDS = 300.0
OLD_SECONDS = 3600.0
WRITTEN_IN = (TEXT, 5, DIRECT, *THREADS)


def list_messages(call: Call) -> Json | list[Json]:
    """`GET /channels/{channel_id}/messages`."""
    channel = call.channel()
    if channel.kind in (FORUM, MEDIA):
        raise Refused(50024)
    limit = call.limit(50, 100)
    if not call.may(channel, permissions.READ_MESSAGE_HISTORY):
        return []
    ids = sorted(channel.messages)
    if "after" in call.query:
        chosen = [one for one in ids if one > int(call.query["after"])][:limit]
    elif "before" in call.query:
        chosen = [one for one in ids if one < int(call.query["before"])][-limit:]
    elif "around" in call.query:
        middle, half = int(call.query["around"]), limit // 2
        chosen = [one for one in ids if one < middle][-half:] + [one for one in ids if one >= middle][: half + 1]
    else:
        chosen = ids[-limit:]
    return [_shown(call, channel.messages[one]) for one in reversed(chosen)]


def get_message(call: Call) -> Json:
    """`GET /channels/{channel_id}/messages/{message_id}`."""
    channel = call.channel(permissions.READ_MESSAGE_HISTORY)
    return _shown(call, call.message(channel))


def _shown(call: Call, message: Message) -> Json:
    """A message for the bot, which is told what others wrote only with the intent for it."""
    world = call.server.state
    is_open = bool(world.application.intents & (1 << 15)) or world.guild_of(_where(call, message)) is None
    own = message.author is world.application.bot
    return shapes.message(world, message, has_content=own or is_open or shapes.mentions_bot(world, message))


def _where(call: Call, message: Message) -> Channel:
    channel = call.server.state.channel(message.channel_id)
    assert channel is not None
    return channel


def post_message(call: Call) -> Json:
    """`POST /channels/{channel_id}/messages`."""
    channel = call.channel()
    if channel.kind not in WRITTEN_IN:
        raise Refused(50008)
    _must_write(call, channel)
    fields = call.fields
    if fields.get("flags", 0) & EPHEMERAL:
        raise wrong("flags", "BASE_TYPE_CHOICES", "Flags that may not be set here")
    nonce = fields.get("nonce")
    if isinstance(nonce, str) and len(nonce) > 25:
        raise wrong("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    body = checked_body({name: value for name, value in fields.items() if name not in ("nonce", "enforce_nonce")})
    world, bot = call.server.state, call.server.state.application.bot
    if nonce is not None and fields.get("enforce_nonce"):
        since = (int((world.clock.now() - NONCE_SECONDS) * 1000) - EPOCH_MS) << 22
        for one in channel.messages.values():
            if one.nonce == nonce and one.author is bot and one.id > since:
                return shapes.message(world, one)
    message = Message(world.new_id(), channel.id, bot, nonce=nonce)
    body.put_into(message, is_new=True)
    return shapes.message(world, call.server.doings.post(channel, message))


def _must_write(call: Call, channel: Channel) -> None:
    if channel.guild_id is None:
        if any(one in call.server.closed_to for one in channel.recipients):
            raise Refused(50007)
        return
    call.require(channel, permissions.SEND_MESSAGES_IN_THREADS if channel.is_thread else permissions.SEND_MESSAGES)
    if channel.is_thread and channel.locked and not call.may(channel, permissions.MANAGE_THREADS):
        raise Refused(160005)


def edit_message(call: Call) -> Json:
    """`PATCH /channels/{channel_id}/messages/{message_id}`."""
    channel = call.channel()
    message = call.message(channel)
    world = call.server.state
    if message.author is not world.application.bot:
        raise Refused(50005)
    _must_be_open(channel)
    made = ((message.id >> 22) + EPOCH_MS) / 1000
    if world.clock.now() - made > OLD_SECONDS and not call.server.rates.may_edit_old(channel.id):
        raise Refused(30046)
    body = checked_body(call.fields, before=message)
    body.put_into(message, is_new=False)
    message.flags |= body.flags
    call.server.doings.edited(message)
    return shapes.message(world, message)


def delete_message(call: Call) -> None:
    """`DELETE /channels/{channel_id}/messages/{message_id}`."""
    channel = call.channel()
    message = call.message(channel)
    if message.author is not call.server.state.application.bot:
        call.require(channel, permissions.MANAGE_MESSAGES)
    _must_be_open(channel)
    call.server.doings.delete(channel, message)


def _must_be_open(channel: Channel) -> None:
    if channel.is_thread and channel.archived:
        raise Refused(50083)


def list_reactions(call: Call) -> list[Json]:
    """`GET /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}`."""
    channel = call.channel(permissions.READ_MESSAGE_HISTORY)
    message = call.message(channel)
    limit = call.limit(25, 100)
    emoji = unquote(call.params["emoji_name"])
    found = next((one for one in message.reactions if one.emoji == emoji), None)
    if found is None:
        return []
    users = found.burst if call.query.get("type") == "1" else found.normal
    after = int(call.query.get("after", 0))
    world = call.server.state
    return [shapes.user(world.users[one]) for one in sorted(users) if one > after][:limit]
