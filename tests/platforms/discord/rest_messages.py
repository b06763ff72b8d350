"""Routes of messages and reactions."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.platforms.discord import permissions, shapes
from tests.platforms.discord.calls import Call, wrong
from tests.platforms.discord.interaction_messages import SUPPRESS_EMBEDS, Body, checked_body
from tests.platforms.discord.refusals import Refused
from tests.platforms.discord.world import (
    ANNOUNCEMENT,
    COMPONENTS_V2,
    DIRECT,
    EPHEMERAL,
    EPOCH_MS,
    FORUM,
    MEDIA,
    NAME_CHANGED,
    STARTER,
    TEXT,
    THREADS,
    Channel,
    Message,
)

Json = dict[str, Any]

NONCE_SECONDS, MOST_NONCE = 300.0, 25
OLD_SECONDS = 3600.0
WRITTEN_IN = (TEXT, ANNOUNCEMENT, DIRECT, *THREADS)
LASTING = (NAME_CHANGED, STARTER)
"""What Discord itself says and nobody can delete."""


def list_messages(call: Call) -> Json | list[Json]:
    """`GET /channels/{channel_id}/messages`."""
    channel = call.channel()
    if channel.kind in (FORUM, MEDIA):
        raise Refused(50024)
    limit = call.limit(50, 100)
    if not call.may(channel, permissions.READ_MESSAGE_HISTORY):
        return []
    ids = sorted(channel.messages)
    asked = {"after", "before", "around"} & call.query.keys()
    if len(asked) > 1:
        raise wrong("_", "MUTUALLY_EXCLUSIVE", f"only one of {sorted(asked)} may be given")
    if "after" in call.query:
        after = call.asked("after")
        chosen = [one for one in ids if one > after][:limit]
    elif "before" in call.query:
        before = call.asked("before")
        chosen = [one for one in ids if one < before][-limit:]
    elif "around" in call.query:
        middle, half = call.asked("around"), limit // 2
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
    nonce = fields.get("nonce")
    if isinstance(nonce, str) and len(nonce) > MOST_NONCE:
        raise wrong("nonce", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_NONCE} or fewer in length.")
    body = posted_body(fields)
    world = call.server.state
    if nonce is not None and fields.get("enforce_nonce"):
        before = _sent_with(call, nonce)
        if before is not None:
            return shapes.message(world, before, is_new=True)
    message = Message(world.new_id(), channel.id, world.application.bot, nonce=nonce)
    body.put_into(message, is_new=True)
    call.server.nonces.append(message)
    return shapes.message(world, call.server.doings.post(channel, message), is_new=True)


def posted_body(fields: Any, path: str = "") -> Body:
    """The body of a message that is no answer to an interaction, so everybody sees it."""
    body = checked_body(fields, path=path)
    if body.flags & EPHEMERAL:
        raise wrong(f"{path}.flags" if path else "flags", "BASE_TYPE_CHOICES", "Flags that may not be set here")
    return body


def _sent_with(call: Call, nonce: str | int) -> Message | None:
    """The message that the bot sent with a nonce within the last minutes, wherever that was.

    Raises:
        Refused: it has been deleted since, and is not made anew.
    """
    since = (int((call.server.clock.now() - NONCE_SECONDS) * 1000) - EPOCH_MS) << 22
    found = next((one for one in call.server.nonces if one.nonce == nonce and one.id > since), None)
    if found is not None and found.is_deleted:
        raise Refused(10008)
    return found


def _must_write(call: Call, channel: Channel) -> None:
    if channel.guild_id is None:
        return _must_reach(call, channel)
    call.require(channel, permissions.SEND_MESSAGES_IN_THREADS if channel.is_thread else permissions.SEND_MESSAGES)
    if channel.is_thread and channel.locked and not call.may(channel, permissions.MANAGE_THREADS):
        raise Refused(50083, status=403) if channel.archived else Refused(160005)
    return None


def _must_reach(call: Call, channel: Channel) -> None:
    """A person takes messages of an app that they share a server with or have added, unless they take none at all."""
    world = call.server.state
    for one in channel.recipients:
        if one in call.server.closed_to:
            raise Refused(50007)
        if not world.shares_guild(one) and one not in world.application.user_installs:
            raise Refused(50278)


def edit_message(call: Call) -> Json:
    """`PATCH /channels/{channel_id}/messages/{message_id}`."""
    channel = call.channel()
    message = call.message(channel)
    world = call.server.state
    if message.author is not world.application.bot:
        raise Refused(50005)
    if message.kind in LASTING:
        raise Refused(50021)
    _must_be_open(call, channel)
    body = checked_body(call.fields, before=message)
    made = ((message.id >> 22) + EPOCH_MS) / 1000
    if world.clock.now() - made > OLD_SECONDS and (wait := call.server.rates.wait_for_old_edit(channel.id)):
        raise Refused(30046, retry_after=wait)
    body.put_into(message, is_new=False)
    if "flags" in call.fields:  # of all others Discord takes no notice here
        message.flags = message.flags & ~SUPPRESS_EMBEDS | body.flags & (SUPPRESS_EMBEDS | COMPONENTS_V2)
    call.server.doings.edited(message)
    return shapes.message(world, message)


def delete_message(call: Call) -> None:
    """`DELETE /channels/{channel_id}/messages/{message_id}`."""
    channel = call.channel()
    message = call.message(channel)
    if message.author is not call.server.state.application.bot:
        call.require(channel, permissions.MANAGE_MESSAGES)
    if message.kind in LASTING:
        raise Refused(50021)
    if channel.archived:  # Discord itself lets messages of a thread be deleted that is archived and not locked
        raise Refused(50083)
    call.server.doings.delete(channel, message)


def _must_be_open(call: Call, channel: Channel) -> None:
    """Nothing is changed in an archived thread, and in a locked one by its moderators only."""
    if channel.archived:
        raise Refused(50083)
    if channel.locked and not call.may(channel, permissions.MANAGE_THREADS):
        raise Refused(160005)


def list_reactions(call: Call) -> list[Json]:
    """`GET /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}`."""
    channel = call.channel(permissions.READ_MESSAGE_HISTORY)
    message = call.message(channel)
    limit = call.limit(25, 100)
    emoji = unquote(call.params["emoji_name"])
    if emoji.isascii() and not re.fullmatch(r"\w+:\d+", emoji):
        raise Refused(10014)
    found = next((one for one in message.reactions if one.emoji == emoji), None)
    if found is None:
        return []
    users = found.burst if call.query.get("type") == "1" else found.normal
    after = call.asked("after")
    world = call.server.state
    return [shapes.user(world.users[one]) for one in sorted(users) if one > after][:limit]
