"""What the app is sent when a person does something, shaped as Discord does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.platforms.discord import permissions, shapes
from tests.platforms.discord.world import Channel, Message, User, World

if TYPE_CHECKING:
    from tests.platforms.discord.interactions import Interaction

Json = dict[str, Any]

IN_GUILD, WITH_BOT, PRIVATE = 0, 1, 2
ATTACHMENT_BYTES = 10 * 2**20


def context_of(channel: Channel) -> int:
    """Where a channel is: on a server, direct messages with the app, or others' direct messages."""
    if channel.guild_id is not None:
        return IN_GUILD
    return WITH_BOT if len(channel.recipients) == 1 else PRIVATE


def owners(channel: Channel, user: User, ways: set[int]) -> Json:
    """Who has brought the app there, for each way in `ways` (0 the server, 1 the person)."""
    found: Json = {}
    if 0 in ways:
        found["0"] = str(channel.guild_id or 0)
    if 1 in ways:
        found["1"] = str(user.id)
    return found


def metadata(kind: int, user: User, owned: Json, **more: Any) -> Json:
    """`interaction_metadata` of the messages that answer."""
    return {"type": kind, "user": shapes.user(user), "authorizing_integration_owners": owned, **more}


def payload(world: World, interaction: Interaction, data: Json) -> Json:
    """The event INTERACTION_CREATE."""
    channel, user = interaction.channel, world.users[interaction.user_id]
    shape: Json = {
        "id": str(interaction.id),
        "application_id": str(world.application.id),
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "channel_id": str(channel.id),
        "channel": channel_for(world, channel, user),
        "data": data,
        "locale": user.locale,
        "app_permissions": str(_app_permissions(world, channel)),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": interaction.metadata["authorizing_integration_owners"],
        "context": context_of(channel),
        "attachment_size_limit": ATTACHMENT_BYTES,
    }
    guild = world.guild_of(channel)
    if guild is None:
        shape["user"] = shapes.user(user)
    else:
        bits = permissions.in_channel(world, channel, user.id)
        shape["member"] = {**shapes.member(guild.members[user.id]), "permissions": str(bits)}
        shape["guild"] = {"id": str(guild.id), "locale": guild.preferred_locale, "features": []}
        shape |= {"guild_id": str(guild.id), "guild_locale": guild.preferred_locale}
    if interaction.message is not None:
        shape["message"] = shapes.message(world, interaction.message)
    return shape


def _app_permissions(world: World, channel: Channel) -> int:
    bits = permissions.in_channel(world, channel, world.application.bot.id)
    return bits or permissions.EMBED_LINKS | permissions.USE_EXTERNAL_EMOJIS


def channel_for(world: World, channel: Channel, user: User) -> Json:
    """A channel as interactions show it: with what the person may do there."""
    return {**shapes.channel(world, channel), "permissions": str(permissions.in_channel(world, channel, user.id))}


def resolved(world: World, channel: Channel, user: User, ids: dict[str, list[int]]) -> Json:
    """`data.resolved` of the ids named: `users`, `roles`, `channels`, `messages`."""
    guild = world.guild_of(channel)
    found: Json = {}
    for number in ids.get("users", []):
        found.setdefault("users", {})[str(number)] = shapes.user(world.users[number])
        if guild is not None and number in guild.members:
            bits = str(permissions.in_channel(world, channel, number))
            member = {**shapes.member(guild.members[number], with_user=False), "permissions": bits}
            found.setdefault("members", {})[str(number)] = member
    for number in ids.get("roles", []):
        assert guild is not None
        found.setdefault("roles", {})[str(number)] = shapes.role(guild.roles[number])
    for number in ids.get("channels", []):
        named = world.channel(number)
        assert named is not None
        found.setdefault("channels", {})[str(number)] = channel_for(world, named, user)
    return found


def resolved_message(world: World, message: Message) -> Json:
    """`data.resolved` of a message's menu."""
    return {"messages": {str(message.id): shapes.message(world, message)}}
