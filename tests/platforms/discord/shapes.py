"""What Discord says of things, in REST answers and in events alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from tests.platforms.discord import permissions
from tests.platforms.discord.component_rules import walk
from tests.platforms.discord.world import (
    EPHEMERAL,
    FORUM,
    GROUP,
    MEDIA,
    STARTER,
    Channel,
    Guild,
    Member,
    Message,
    Role,
    User,
    World,
)

Json = dict[str, Any]

JOINED = "2026-01-01T00:00:00.000000+00:00"


def moment(at: float) -> str:
    """A moment as Discord writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def sent_at(snowflake: int) -> str:
    """When a snowflake was made."""
    return moment(((snowflake >> 22) + 1_420_070_400_000) / 1000)


def user(one: User) -> Json:
    """A user."""
    return {
        "id": str(one.id),
        "username": one.username,
        "discriminator": "0000" if one.is_bot else "0",
        "global_name": one.global_name,
        "avatar": None,
        "bot": one.is_bot,
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }


def member(one: Member, *, with_user: bool = True) -> Json:
    """A member of a server."""
    shape = {
        "roles": [str(role) for role in one.roles],
        "nick": one.nick,
        "avatar": None,
        "banner": None,
        "joined_at": JOINED,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None if one.timeout_until is None else moment(one.timeout_until),
    }
    return {**shape, "user": user(one.user)} if with_user else shape


def role(one: Role) -> Json:
    """A role."""
    return {
        "id": str(one.id),
        "name": one.name,
        "permissions": str(one.permissions),
        "position": one.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def channel(world: World, one: Channel) -> Json:
    """A channel, a thread or a direct conversation."""
    last = max(one.messages, default=None)
    shape: Json = {"id": str(one.id), "type": one.kind, "flags": one.flags}
    shape["last_message_id"] = None if last is None else str(last)
    if one.kind == GROUP:
        shape |= {"name": None, "icon": None, "owner_id": str(one.owner_id)}
    if one.guild_id is None:
        return {**shape, "recipients": [user(world.users[other]) for other in one.recipients]}
    shape |= {"guild_id": str(one.guild_id), "name": one.name, "rate_limit_per_user": 0}
    shape["parent_id"] = None if one.parent_id is None else str(one.parent_id)
    if one.is_thread:
        return {**shape, **_thread(one)}
    shape |= {"position": one.position, "topic": one.topic, "nsfw": False, "permission_overwrites": _overwrites(one)}
    if one.kind in (FORUM, MEDIA):
        forum = {"default_reaction_emoji": None, "default_sort_order": None, "default_forum_layout": 0}
        shape |= {"available_tags": one.available_tags, **forum}
    return shape


def _overwrites(one: Channel) -> list[Json]:
    return [
        {"id": str(each.id), "type": each.kind, "allow": str(each.allow), "deny": str(each.deny)}
        for each in one.overwrites
    ]


def joined_thread(world: World, one: Channel) -> Json:
    """A thread as whoever is in it is shown it: with that they are."""
    shape, bot = channel(world, one), world.application.bot.id
    return shape | ({"member": thread_member(one, bot)} if bot in one.members else {})


def thread_member(one: Channel, user_id: int) -> Json:
    """Somebody in a thread."""
    return {"id": str(one.id), "user_id": str(user_id), "join_timestamp": sent_at(one.id), "flags": 0}


def thread_members(world: World, threads: list[Channel]) -> list[Json]:
    """The bot in those of the threads where it is."""
    bot = world.application.bot.id
    return [thread_member(one, bot) for one in threads if bot in one.members]


def _thread(one: Channel) -> Json:
    return {
        "owner_id": str(one.owner_id),
        "message_count": len([each for each in one.messages.values() if each.id != one.id and each.kind != STARTER]),
        "member_count": min(len(one.members), 50),
        "total_message_sent": one.sent,
        "applied_tags": [str(tag) for tag in one.applied_tags],
        "thread_metadata": {
            "archived": one.archived,
            "archive_timestamp": moment(one.archived_at) if one.archived_at else sent_at(one.id),
            "auto_archive_duration": one.auto_archive_duration,
            "locked": one.locked,
            "create_timestamp": sent_at(one.id),
        },
    }


def emoji(key: str) -> Json:
    """An emoji from `name` or `name:id`."""
    name, _, number = key.partition(":")
    return {"id": number or None, "name": name}


def message(world: World, one: Message, *, has_content: bool = True, is_new: bool = False) -> Json:
    """A message; without its content for those who may not read it, with its nonce only where it is new."""
    users, roles, is_everyone = pinged(world, one)
    shape: Json = {
        "id": str(one.id),
        "channel_id": str(one.channel_id),
        "type": one.kind,
        "author": user(one.author),
        "content": one.content if has_content else "",
        "embeds": one.embeds if has_content else [],
        "components": one.components if has_content else [],
        "attachments": [],
        "timestamp": sent_at(one.id),
        "edited_timestamp": None if one.edited_at is None else moment(one.edited_at),
        "tts": False,
        "mention_everyone": is_everyone,
        "mentions": [user(world.users[number]) for number in users],
        "mention_roles": [str(number) for number in roles],
        "pinned": False,
        "flags": one.flags,
    }
    if one.reactions:
        shape["reactions"] = [_reaction(world, each) for each in one.reactions]
    if is_new and one.nonce is not None:
        shape["nonce"] = one.nonce
    return shape | _more_of_message(world, one)


def _more_of_message(world: World, one: Message) -> Json:
    more: Json = {} if one.position is None else {"position": one.position}
    if one.webhook_id is not None:
        more["webhook_id"] = str(one.webhook_id)
    if one.interaction is not None:
        app = str(world.application.id)
        more |= {"interaction_metadata": one.interaction, "webhook_id": app, "application_id": app}
    where = world.channel(one.channel_id)
    if one.reply_to is not None and where is not None:
        there = world.channel(where.parent_id) if one.kind == STARTER and where.parent_id else where
        there = there or where
        reference = {"type": 0, "message_id": str(one.reply_to), "channel_id": str(there.id)}
        more["message_reference"] = reference | ({"guild_id": str(where.guild_id)} if where.guild_id else {})
        before = there.messages.get(one.reply_to)
        more["referenced_message"] = None if before is None else _referenced(world, before)
    guild = world.guild_of(where) if where else None
    if guild is not None and one.names_thread is not None:
        more["message_reference"] = {"type": 0, "channel_id": str(one.names_thread), "guild_id": str(guild.id)}
    if guild is not None and one.id in guild.channels and not one.flags & EPHEMERAL:
        more["thread"] = joined_thread(world, guild.channels[one.id])
    return more


def _referenced(world: World, one: Message) -> Json:
    """A message inside another one: without what people reacted with, and without a third one inside."""
    return {
        name: value for name, value in message(world, one).items() if name not in ("reactions", "referenced_message")
    }


def pinged(world: World, one: Message) -> tuple[list[int], list[int], bool]:
    """Whom a message pings: people, roles, and whether everybody; what it says in its components counts too."""
    texts = [one.content, *(str(each.get("content", "")) for _, each in walk(one.components))]
    said = "\n".join(texts)
    where = world.channel(one.channel_id)
    guild = world.guild_of(where) if where else None
    users = _allowed(one, "users", re.findall(r"<@!?(\d+)>", said))
    roles = _allowed(one, "roles", re.findall(r"<@&(\d+)>", said))
    may_all = where is not None and permissions.in_channel(world, where, one.author.id) & permissions.MENTION_EVERYONE
    is_everyone = "everyone" in (one.allowed_mentions or {}).get("parse", ["everyone"]) and bool(
        re.search("@(everyone|here)", said)
    )
    return (
        [number for number in users if number in world.users],
        [number for number in roles if guild is not None and number in guild.roles and may_all],
        bool(may_all and is_everyone),
    )


def _allowed(one: Message, kind: str, found: list[str]) -> list[int]:
    """Those of the ids found that a message may ping: all, where it does not say."""
    allowed = one.allowed_mentions
    listed = found if allowed is None or kind in allowed.get("parse", []) else allowed.get(kind) or []
    return [int(number) for number in dict.fromkeys(found) if number in listed]


def mentions_bot(world: World, one: Message) -> bool:
    """Whether a message is addressed to the bot: named in it, or a reply to its own."""
    if world.application.bot.id in pinged(world, one)[0]:
        return True
    where = world.channel(one.channel_id)
    before = where.messages.get(one.reply_to) if where and one.reply_to else None
    return before is not None and before.author is world.application.bot


def _reaction(world: World, one: Any) -> Json:
    me = world.application.bot.id
    return {
        "emoji": emoji(one.emoji),
        "count": len(one.normal) + len(one.burst),
        "count_details": {"normal": len(one.normal), "burst": len(one.burst)},
        "me": me in one.normal,
        "me_burst": me in one.burst,
        "burst_colors": [],
    }


def guild(world: World, one: Guild) -> Json:
    """A server without its channels and members."""
    return {
        "id": str(one.id),
        "name": one.name,
        "owner_id": str(one.owner_id),
        "preferred_locale": one.preferred_locale,
        "roles": [role(each) for each in one.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "max_members": 500_000,
        "max_presences": None,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "home_header": None,
        "widget_channel_id": None,
        "vanity_url_code": None,
        "application_id": None,
        "widget_enabled": False,
        "incidents_data": None,
    }


def guild_create(world: World, one: Guild) -> Json:
    """A server as GUILD_CREATE shows it to the bot: channels and the active threads that it may see."""
    bot = world.application.bot
    threads = [each for each in one.threads() if not each.archived and _is_seen(world, each)]
    return {
        **guild(world, one),
        "joined_at": JOINED,
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "members": [member(one.members[bot.id])] if bot.id in one.members else [],
        "channels": [channel(world, each) for each in one.channels.values() if not each.is_thread],
        "threads": [joined_thread(world, each) for each in threads],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def _is_seen(world: World, one: Channel) -> bool:
    return bool(permissions.in_channel(world, one, world.application.bot.id) & permissions.VIEW_CHANNEL)
