"""Routes of channels, threads, forums and servers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.platforms.discord import permissions, shapes
from tests.platforms.discord.calls import Call, wrong
from tests.platforms.discord.refusals import Refused
from tests.platforms.discord.rest_messages import posted_body
from tests.platforms.discord.world import ANNOUNCEMENT, FORUM, MEDIA, PRIVATE_THREAD, TEXT, Channel, Message

Json = dict[str, Any]

MINUTES = (60, 1440, 4320, 10080)
MOST_APPLIED, MOST_TAGS, MOST_TAG_NAME = 5, 20, 20
REQUIRES_TAG = 1 << 4


def get_channel(call: Call) -> Json:
    """`GET /channels/{channel_id}`."""
    channel, world = call.channel(), call.server.state
    return shapes.joined_thread(world, channel) if channel.is_thread else shapes.channel(world, channel)


def edit_channel(call: Call) -> Json:
    """`PATCH /channels/{channel_id}`."""
    channel = call.channel()
    if channel.is_thread:
        _edit_thread(call, channel, call.fields)
        return shapes.joined_thread(call.server.state, channel)
    call.require(channel, permissions.MANAGE_CHANNELS)
    _edit_forum(call, channel, call.fields)
    call.server.events.channel_updated(channel)
    call.server.changed()
    return shapes.channel(call.server.state, channel)


def _edit_thread(call: Call, thread: Channel, fields: Json) -> None:
    if thread.archived and fields.get("archived") is not False:
        raise Refused(50083)
    is_owner = thread.owner_id == call.server.state.application.bot.id
    only_opens = fields.keys() == {"archived"} and fields["archived"] is False
    if thread.locked or "locked" in fields or not (is_owner or only_opens):
        call.require(thread, permissions.MANAGE_THREADS)
    elif thread.archived:
        call.require(thread, permissions.SEND_MESSAGES_IN_THREADS)
    name = _name(fields.get("name", thread.name))
    minutes = _minutes({"auto_archive_duration": thread.auto_archive_duration, **fields})
    tags = thread.applied_tags
    if "applied_tags" in fields:
        tags = _applied(call, _forum_of(call, thread), fields["applied_tags"], before=tags)
    _must_not_be_renamed(call, thread, name)
    thread.applied_tags, thread.auto_archive_duration = tags, minutes
    if name != thread.name:
        call.server.doings.rename_thread(thread, name, call.server.state.application.bot)
    call.server.doings.change_thread(thread, archived=fields.get("archived"), locked=fields.get("locked"))


def _must_not_be_renamed(call: Call, channel: Channel, name: str) -> None:
    if name != channel.name and (wait := call.server.rates.wait_for_rename(channel.id)):
        raise Refused(0, retry_after=wait)


def _forum_of(call: Call, thread: Channel) -> Channel:
    forum = call.server.state.channel(thread.parent_id or 0)
    if forum is None or forum.kind not in (FORUM, MEDIA):
        raise wrong("applied_tags", "INVALID_TAG", "This thread is in no forum.")
    return forum


def _edit_forum(call: Call, channel: Channel, fields: Json) -> None:
    tags = _offered(call, channel, fields["available_tags"]) if "available_tags" in fields else channel.available_tags
    name = _name(fields.get("name", channel.name))
    _must_not_be_renamed(call, channel, name)
    channel.name, channel.available_tags = name, tags


def _offered(call: Call, channel: Channel, tags: Any) -> list[Json]:
    if channel.kind not in (FORUM, MEDIA) or not isinstance(tags, list) or len(tags) > MOST_TAGS:
        raise wrong("available_tags", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_TAGS} or fewer in length.")
    names = [str(tag.get("name", "")) for tag in tags]
    if any(not 1 <= len(name) <= MOST_TAG_NAME for name in names):
        raise wrong("available_tags.0.name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 20 in length.")
    if len(set(names)) < len(names):
        raise Refused(40061)
    return [
        {
            "id": str(tag.get("id") or call.server.state.new_id()),
            "name": tag["name"],
            "moderated": bool(tag.get("moderated")),
            "emoji_id": tag.get("emoji_id"),
            "emoji_name": tag.get("emoji_name"),
        }
        for tag in tags
    ]


def _name(name: Any) -> str:
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 100:
        raise wrong("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return name


def _applied(call: Call, forum: Channel, tags: Any, before: Sequence[int] = ()) -> list[int]:
    """The ids of tags that a post may have; those that only moderators may add or take away stay otherwise."""
    known = {int(tag["id"]): tag for tag in forum.available_tags}
    if not isinstance(tags, list) or len(tags) > MOST_APPLIED or len(set(tags)) < len(tags):
        raise wrong("applied_tags", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_APPLIED} or fewer in length.")
    if not set(map(int, tags)) <= known.keys():
        raise Refused(10087)
    if any(known[tag]["moderated"] for tag in set(map(int, tags)) ^ set(before) if tag in known):
        call.require(forum, permissions.MANAGE_THREADS)
    if forum.flags & REQUIRES_TAG and not tags:
        raise Refused(40067)
    return [int(tag) for tag in tags]


def delete_channel(call: Call) -> Json:
    """`DELETE /channels/{channel_id}`."""
    channel = call.channel()
    call.require(channel, permissions.MANAGE_THREADS if channel.is_thread else permissions.MANAGE_CHANNELS)
    shape = shapes.channel(call.server.state, channel)
    call.server.doings.delete_channel(channel)
    return shape


# --- threads ----------------------------------------------------------------------------------------------------------


def start_thread(call: Call) -> Json:
    """`POST /channels/{channel_id}/messages/{message_id}/threads`."""
    channel = call.channel(permissions.READ_MESSAGE_HISTORY)
    if channel.kind not in (TEXT, ANNOUNCEMENT):
        raise Refused(50024)
    call.require(channel, permissions.CREATE_PUBLIC_THREADS)
    message = call.message(channel)
    guild = call.server.state.guild_of(channel)
    if guild is not None and message.id in guild.channels:
        raise Refused(160004)
    name, minutes, bot = _name(call.fields.get("name")), _minutes(call.fields), call.server.state.application.bot
    thread = call.server.doings.start_thread(channel, message, name, bot, minutes=minutes)
    return shapes.joined_thread(call.server.state, thread)


def start_post(call: Call) -> Json:
    """`POST /channels/{channel_id}/threads`, in a forum."""
    forum = call.channel()
    if forum.kind not in (FORUM, MEDIA):
        raise Refused(50024)
    call.require(forum, permissions.SEND_MESSAGES)
    fields, world = call.fields, call.server.state
    name, minutes = _name(fields.get("name")), _minutes(fields)
    tags = _applied(call, forum, fields.get("applied_tags") or [])
    body = posted_body(fields.get("message"), "message")
    first = Message(world.new_id(), 0, world.application.bot)
    body.put_into(first, is_new=True)
    thread = call.server.doings.start_post(forum, name, world.application.bot, first, tags=tags, minutes=minutes)
    return {**shapes.joined_thread(world, thread), "message": shapes.message(world, first)}


def _minutes(fields: Json) -> int:
    minutes = fields.get("auto_archive_duration") or 4320
    if minutes not in MINUTES:
        raise wrong("auto_archive_duration", "BASE_TYPE_CHOICES", f"Value must be one of {MINUTES}.")
    return int(minutes)


def list_archived(call: Call) -> Json:
    """`GET /channels/{channel_id}/threads/archived/public`, newest archived first."""
    channel = call.channel(permissions.READ_MESSAGE_HISTORY)
    limit = call.limit(50, 100, 2)
    guild = call.server.state.guild_of(channel)
    threads = [one for one in guild.threads() if one.parent_id == channel.id and one.archived] if guild else []
    threads = [one for one in threads if one.kind != PRIVATE_THREAD]
    if before := call.query.get("before"):
        end = _moment(before)
        threads = [one for one in threads if one.archived_at < end]
    threads.sort(key=lambda one: one.archived_at, reverse=True)
    return _listed(call, threads[:limit], has_more=len(threads) > limit)


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise wrong("before", "DATE_TIME_TYPE_PARSE", f"Could not parse {text}. Should be ISO8601.") from None


def _listed(call: Call, threads: list[Channel], *, has_more: bool) -> Json:
    world = call.server.state
    shown = [shapes.channel(world, one) for one in threads]
    return {"threads": shown, "members": shapes.thread_members(world, threads), "has_more": has_more}


def list_active(call: Call) -> Json:
    """`GET /guilds/{guild_id}/threads/active`."""
    threads = [one for one in call.guild().threads() if not one.archived and call.may(one, permissions.VIEW_CHANNEL)]
    return _listed(call, threads, has_more=False)


# --- servers and people -----------------------------------------------------------------------------------------------


def get_guild(call: Call) -> Json:
    """`GET /guilds/{guild_id}`."""
    return shapes.guild(call.server.state, call.guild())


def get_member(call: Call) -> Json:
    """`GET /guilds/{guild_id}/members/{user_id}`."""
    found = call.guild().members.get(call.number("user_id"))
    if found is None:
        raise Refused(10007 if call.number("user_id") in call.server.state.users else 10013)
    return shapes.member(found)


def list_guilds(call: Call) -> list[Json]:
    """`GET /users/@me/guilds`."""
    world = call.server.state
    limit = call.limit(200, 200)
    bot = world.application.bot.id
    joined = sorted((one for one in world.guilds.values() if bot in one.members), key=lambda one: one.id)
    return [
        {
            "id": str(one.id), "name": one.name, "icon": None, "banner": None, "features": [],
            "owner": one.owner_id == bot, "permissions": str(permissions.base(one, bot)),
        }
        for one in joined if one.id > call.asked("after")
    ][:limit]  # fmt: skip


def get_me(call: Call) -> Json:
    """`GET /users/@me`."""
    mine = {"verified": True, "email": None, "locale": "en-US", "mfa_enabled": True}
    return {**shapes.user(call.server.state.application.bot), **mine}


def open_direct(call: Call) -> Json:
    """`POST /users/@me/channels`."""
    wanted = str(call.fields.get("recipient_id"))
    user = call.server.state.users.get(int(wanted) if wanted.isdecimal() else 0)
    if user is None or user.is_bot:
        raise Refused(50033)
    return shapes.channel(call.server.state, call.server.state.direct(user.id))
