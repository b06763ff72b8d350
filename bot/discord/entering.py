"""Whether posts can go into a channel: what Paperboy may do there, worked out as Discord does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
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
_LEFT_IN_TIMEOUT: Final = discord.Permissions(view_channel=True, read_message_history=True)
_OF_ROLE, _OF_MEMBER = 0, 1


@dataclass(frozen=True, slots=True)
class Membership:
    """Paperboy as a member of a server: both as Discord tells them. `in_timeout`: a moderator has silenced it."""

    me: int
    guild: Payload
    member: Payload
    in_timeout: bool = False


async def membership(api: Api, guild_id: int) -> Membership:
    """What Paperboy is on a server.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    me = await api.log_in()
    route = Route("GET", "/guilds/{guild_id}", guild_id=guild_id)
    guild: Any = await api.call(lambda http: http.request(route))
    member: Any = await api.call(lambda http: http.get_member(guild_id, me))
    until = member.get("communication_disabled_until")
    return Membership(me, guild, member, bool(until) and datetime.fromisoformat(until) > api.now())


def permissions_of(who: Membership, channel: Payload) -> discord.Permissions:
    """What a member may do in a channel, in Discord's order: roles, then the channel's overwrites, then a timeout."""
    everybody = str(who.guild["id"])
    own = {everybody, *map(str, who.member.get("roles") or ())}
    if str(who.guild.get("owner_id")) == str(who.me):
        return _ALL
    base = discord.Permissions(0)
    for role in who.guild.get("roles") or ():
        if str(role["id"]) in own:
            base |= discord.Permissions(int(role["permissions"]))
    if base.administrator:
        return _ALL
    said = channel.get("permission_overwrites") or ()
    of_roles = {str(one["id"]): one for one in said if int(one["type"]) == _OF_ROLE and str(one["id"]) in own}
    of_everybody = of_roles.pop(everybody, None)
    of_me = [one for one in said if int(one["type"]) == _OF_MEMBER and str(one["id"]) == str(who.me)]
    for step in ([of_everybody] if of_everybody else [], of_roles.values(), of_me):
        _overwrite(base, step)
    if who.in_timeout:
        base &= _LEFT_IN_TIMEOUT
    # who does not see a channel may do nothing there
    return base if base.view_channel else discord.Permissions(0)


def _overwrite(base: discord.Permissions, overwrites: Iterable[Payload]) -> None:
    """What several overwrites allow wins over what they deny."""
    deny = allow = 0
    for one in overwrites:
        deny |= int(one["deny"])
        allow |= int(one["allow"])
    base.handle_overwrite(allow, deny)


async def require(api: Api, channel: Payload) -> None:
    """Pass where posts can go into a channel.

    Raises:
        ChannelUnavailable: they cannot, and what a person can do about it.
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    match kind_of(channel):
        case Kind.DIRECT:
            return
        case Kind.OTHER:
            raise ChannelUnavailable(msg("Paperboy posts into text, announcement and forum channels only."))
        case _:
            problem = problem_in(await membership(api, int(channel["guild_id"])), channel)
            if problem is not None:
                raise ChannelUnavailable(problem)


def problem_in(who: Membership, channel: Payload) -> Message | None:
    """What keeps posts out of a text or forum channel, and what a person can do about it; None when nothing does."""
    if who.in_timeout:
        return msg("A moderator has put Paperboy into a timeout. Take it out again under its name.")
    missing = lacking_in(who, channel)
    return missing and msg("Paperboy needs more permissions in this channel: {names}.", names=missing)


def lacking_in(who: Membership, channel: Payload, *, optional: bool = False) -> Message | None:
    """The permissions that Paperboy lacks in a channel: those it needs, or those it can do without when `optional`."""
    may = permissions_of(who, channel)
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
    may = permissions_of(await membership(api, int(channel["guild_id"])), channel)
    return may.view_channel and may.read_message_history
