"""Whether posts can go into a channel: what Paperboy may do there, worked out as Discord does."""

from __future__ import annotations

from functools import reduce
from typing import Any, Final

import discord
from discord.http import Route

from bot.core.errors import ChannelUnavailable
from bot.core.messages import Message, msg
from bot.discord.api import Api
from bot.discord.labels import Payload
from bot.discord.permissions import PERMISSIONS
from bot.discord.reading import Kind, kind_of

_NOT_IN_FORUMS: Final = frozenset({"create_public_threads"})
"""What takes Send Messages in a forum."""

_ALL: Final = discord.Permissions.all()


async def permissions_in(api: Api, channel: Payload) -> discord.Permissions:
    """What Paperboy may do in a channel of a server; `channel` as Discord tells it.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    me, guild_id = await api.log_in(), int(channel["guild_id"])
    route = Route("GET", "/guilds/{guild_id}", guild_id=guild_id)
    guild: Any = await api.call(lambda http: http.request(route))
    member: Any = await api.call(lambda http: http.get_member(guild_id, me))
    return permissions_of(guild, member.get("roles") or (), me, channel)


def permissions_of(guild: Payload, roles: Any, me: int, channel: Payload) -> discord.Permissions:
    """The permissions of a member with these role ids, in Discord's order: roles, then the channel's overwrites."""
    own = {str(guild["id"]), *map(str, roles)}
    if str(guild.get("owner_id")) == str(me):
        return _ALL
    base = discord.Permissions(0)
    for role in guild.get("roles") or ():
        if str(role["id"]) in own:
            base |= discord.Permissions(int(role["permissions"]))
    if base.administrator:
        return _ALL
    said = {str(one["id"]): one for one in channel.get("permission_overwrites") or ()}
    everybody = [said[str(guild["id"])]] if str(guild["id"]) in said else []
    of_roles = [one for name, one in said.items() if name in own and name != str(guild["id"])]
    of_me = [said[str(me)]] if str(me) in said else []
    for step in (everybody, of_roles, of_me):
        deny = allow = 0
        for overwrite in step:
            deny |= int(overwrite["deny"])
            allow |= int(overwrite["allow"])
        base.handle_overwrite(allow, deny)
    return base


async def require(api: Api, channel: Payload) -> None:
    """Pass where posts can go into a channel.

    Raises:
        ChannelUnavailable: they cannot, and what a person can do about it.
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    kind = kind_of(channel)
    if kind is Kind.DIRECT:
        return
    if kind is Kind.OTHER:
        raise ChannelUnavailable(msg("Paperboy posts into text, announcement and forum channels only."))
    if (missing := await lacking_in(api, channel)) is not None:
        raise ChannelUnavailable(msg("Paperboy needs more permissions in this channel: {names}.", names=missing))


async def lacking_in(api: Api, channel: Payload, *, optional: bool = False) -> Message | None:
    """The permissions that Paperboy lacks in a channel, those it can do without when `optional`; None when it has all.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    may = await permissions_in(api, channel)
    left_out = _NOT_IN_FORUMS if kind_of(channel) is Kind.FORUM else frozenset()
    wanted = {name: use for name, use in PERMISSIONS.items() if use.optional == optional and name not in left_out}
    missing = [use.words for name, use in wanted.items() if not getattr(may, name)]
    return reduce(lambda some, one: msg("{some}, {one}", some=some, one=one), missing) if missing else None


async def may_read(api: Api, channel: Payload) -> bool:
    """Whether Paperboy is told what stands in a channel: without that right Discord says that nothing does.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    if kind_of(channel) is Kind.DIRECT:
        return True
    may = await permissions_in(api, channel)
    return may.view_channel and may.read_message_history
