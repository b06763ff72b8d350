"""What Discord says of things, in REST answers and in events alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from tests.platforms.discord import permissions
from tests.platforms.discord.world import EPHEMERAL, FORUM, MEDIA, Channel, Guild, Member, Message, Role, User, World

Json = dict[str, Any]

STARTER = 21  # the message of a thread that shows the one it was started from
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
        "clan": None,
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
        "communication_disabled_until": None,
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


def _thread(one: Channel) -> Json:
    return {
        "owner_id": str(one.owner_id),
        "message_count": len([each for each in one.messages.values() if each.id != one.id and each.kind != STARTER]),
        "member_count": len(one.members),
        "total_message_sent": len(one.messages),
        "applied_tags": [str(tag) for tag in one.applied_tags],
        "thread_metadata": {
            "archived": one.archived,
            "archive_timestamp": moment(one.archived_at) if one.archived else sent_at(one.id),
            "auto_archive_duration": one.auto_archive_duration,
            "locked": one.locked,
            "create_timestamp": sent_at(one.id),
        },
    }


def emoji(key: str) -> Json:
    """An emoji from `name` or `name:id`."""
    name, _, number = key.partition(":")
    return {"id": number or None, "name": name}


def message(world: World, one: Message, *, has_content: bool = True) -> Json:
    """A message; without its content for those who may not read it."""
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
        "mention_everyone": False,
        "mentions": [user(world.users[number]) for number in _mentioned(world, one)],
        "mention_roles": [],
        "pinned": False,
        "flags": one.flags,
        "reactions": [_reaction(world, each) for each in one.reactions],
    }
    return shape | _more_of_message(world, one)


def _more_of_message(world: World, one: Message) -> Json:
    more: Json = {}
    if one.author is world.application.bot:
        more["application_id"] = str(world.application.id)
    if one.nonce is not None:
        more["nonce"] = one.nonce
    if one.interaction is not None:
        more |= {"interaction_metadata": one.interaction, "webhook_id": str(world.application.id)}
    where = world.channel(one.channel_id)
    if one.reply_to is not None and where is not None:
        there = world.channel(where.parent_id) if one.kind == STARTER and where.parent_id else where
        there = there or where
        reference = {"type": 0, "message_id": str(one.reply_to), "channel_id": str(there.id)}
        more["message_reference"] = reference | ({"guild_id": str(where.guild_id)} if where.guild_id else {})
        before = there.messages.get(one.reply_to)
        more["referenced_message"] = None if before is None else message(world, before)
    guild = world.guild_of(where) if where else None
    if guild is not None and one.id in guild.channels and not one.flags & EPHEMERAL:
        more["thread"] = channel(world, guild.channels[one.id])
    return more


def _mentioned(world: World, one: Message) -> list[int]:
    allowed = one.allowed_mentions
    if allowed is not None and "users" not in allowed.get("parse", []):
        listed = {int(number) for number in allowed.get("users", [])}
    else:
        listed = set(world.users)
    found = [int(number) for number in re.findall(r"<@!?(\d+)>", one.content)]
    return [number for number in dict.fromkeys(found) if number in listed and number in world.users]


def mentions_bot(world: World, one: Message) -> bool:
    """Whether a message is addressed to the bot: named in it, or a reply to its own."""
    if world.application.bot.id in _mentioned(world, one):
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
        "max_video_channel_users": 25,
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
        "threads": [channel(world, each) for each in threads],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def _is_seen(world: World, one: Channel) -> bool:
    return bool(permissions.in_channel(world, one, world.application.bot.id) & permissions.VIEW_CHANNEL)
