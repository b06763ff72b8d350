"""Who may do what where: base permissions of roles, then the channel's overwrites, threads by their channel."""

from __future__ import annotations

from tests.platforms.discord.world import ALL_PERMISSIONS, DIRECT, GROUP, PRIVATE_THREAD, Channel, Guild, World

ADD_REACTIONS = 1 << 6
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_EXTERNAL_EMOJIS = 1 << 18
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38
USE_EXTERNAL_APPS = 1 << 50

LEFT_IN_TIMEOUT = VIEW_CHANNEL | READ_MESSAGE_HISTORY
MEMBERS_USUAL = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | ADD_REACTIONS
    | EMBED_LINKS
    | READ_MESSAGE_HISTORY
    | USE_EXTERNAL_EMOJIS
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
    | USE_EXTERNAL_APPS
)
"""What everybody may do on a server that nobody has changed."""


def base(guild: Guild, user_id: int) -> int:
    """What somebody may do on a server as a whole; nothing when they are not there."""
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if user_id == guild.owner_id:
        return ALL_PERMISSIONS
    bits = guild.roles[guild.id].permissions
    for role in member.roles:
        bits |= guild.roles[role].permissions if role in guild.roles else 0
    return ALL_PERMISSIONS if bits & ADMINISTRATOR else bits


def in_channel(world: World, channel: Channel, user_id: int) -> int:
    """What somebody may do in a channel, a thread or a direct conversation."""
    guild = world.guild_of(channel)
    if guild is None:
        is_bots = len(channel.recipients) == 1 and user_id == world.application.bot.id
        is_in = channel.kind in (DIRECT, GROUP) and (user_id in channel.recipients or is_bots)
        return MEMBERS_USUAL if is_in else 0
    bits = base(guild, user_id)
    if bits == ALL_PERMISSIONS or user_id not in guild.members:
        return bits
    holder = guild.channels.get(channel.parent_id or 0) if channel.is_thread else channel
    if holder is not None:
        bits = _overwritten(guild, holder, user_id, bits)
    if (guild.members[user_id].timeout_until or 0) > world.clock.now():
        bits &= LEFT_IN_TIMEOUT
    is_shut = channel.kind == PRIVATE_THREAD and user_id not in channel.members and not bits & MANAGE_THREADS
    return 0 if is_shut or not bits & VIEW_CHANNEL else bits


def _overwritten(guild: Guild, channel: Channel, user_id: int, bits: int) -> int:
    roles = guild.members[user_id].roles
    everyone = [one for one in channel.overwrites if one.kind == 0 and one.id == guild.id]
    of_roles = [one for one in channel.overwrites if one.kind == 0 and one.id in roles]
    own = [one for one in channel.overwrites if one.kind == 1 and one.id == user_id]
    for group in (everyone, of_roles, own):
        for one in group:
            bits &= ~one.deny
        for one in group:
            bits |= one.allow
    return bits


def may_write(world: World, channel: Channel, user_id: int) -> bool:
    """Whether somebody may write there."""
    needed = SEND_MESSAGES_IN_THREADS if channel.is_thread else SEND_MESSAGES
    return bool(in_channel(world, channel, user_id) & needed)
