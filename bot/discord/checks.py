"""What `paperboy doctor` looks at on Discord: token, gateway, servers, and the channels with a subscription.

It asks and changes nothing. Each finding says what to do where something is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from discord.http import Route

from bot.core.checks import Check
from bot.core.errors import ChannelUnavailable
from bot.core.messages import Message, msg, msg_n
from bot.core.ports import Clock, Stores
from bot.core.subscriptions import Channel
from bot.discord.api import Api
from bot.discord.client import PaperboyClient
from bot.discord.entering import lacking_in, require
from bot.discord.errors import DiscordBusy, DiscordError, words_for
from bot.discord.people import PLATFORM
from bot.discord.reading import Kind, channel_at, kind_of
from bot.settings import Settings

MOST_CHANNELS: Final = 200
"""How many channels are looked at."""
_FEW: Final = 10
"""New connections a day that are left when it is time to say so: each start takes one a shard."""


async def discord_checks(settings: Settings, stores: Stores, clock: Clock) -> list[Check]:
    """All findings about Discord; none, and no request, where nothing of it is set.

    Raises:
        StorageError: what is kept cannot be read.
    """
    if settings.discord is None:
        return []
    client = PaperboyClient(settings.discord)
    api = Api(client, settings.discord.token, clock)
    try:
        await api.log_in()
    except DiscordError as error:
        await client.close()
        return [Check(False, msg("DISCORD_TOKEN: {problem}", problem=words_for(error)))]
    try:
        found = [_finding(True, msg("the token works.")), await _gateway(api)]
        subscriptions = await stores.subscriptions.active()
        ours = (one for one in subscriptions if one.channel.platform == PLATFORM and not one.personal)
        found += await _servers(api)
        found += await _channels(api, list(dict.fromkeys(one.channel for one in ours)))
    finally:
        await client.close()
    if not settings.staff.maintainers:
        found.append(
            _finding(True, msg("nobody is named in PAPERBOY_MAINTAINERS, so nobody can add or change papers there."))
        )
    return found


def _finding(ok: bool, said: Message) -> Check:
    return Check(ok, msg("Discord: {finding}", finding=said))


async def _gateway(api: Api) -> Check:
    """None of the privileged intents is asked for, so none has to be switched on."""
    try:
        told: Any = await api.call(lambda http: http.request(Route("GET", "/gateway/bot")))
    except DiscordError as error:
        return _finding(False, words_for(error))
    left = int((told.get("session_start_limit") or {}).get("remaining", _FEW))
    if left < _FEW:
        said = msg_n(
            "{n} new connection is left for today. Look in the log for why there were so many.",
            "{n} new connections are left for today. Look in the log for why there were so many.",
            n=left,
        )
        return _finding(False, said)
    return _finding(True, msg("the gateway is open to it, and no privileged intent is needed."))


async def _servers(api: Api) -> list[Check]:
    route = Route("GET", "/users/@me/guilds")
    try:
        guilds: Any = await api.call(lambda http: http.request(route, params={"limit": 200}))
    except DiscordError as error:
        return [_finding(False, words_for(error))]
    if not guilds:
        return [_finding(True, msg("Paperboy is on no server yet. `paperboy invite discord` prints the link."))]
    return [_finding(True, msg_n("Paperboy is on {n} server.", "Paperboy is on {n} servers.", n=len(guilds)))]


async def _channels(api: Api, channels: Sequence[Channel]) -> list[Check]:
    found: list[Check] = []
    seen = 0
    for channel in channels[:MOST_CHANNELS]:
        try:
            found += await _channel(api, channel)
        except DiscordBusy:
            break
        seen += 1
    if seen and not found:
        said = msg_n(
            "Paperboy can post in {n} channel with a digest.",
            "Paperboy can post in {n} channels with a digest.",
            n=seen,
        )
        found.append(_finding(True, said))
    return found


async def _channel(api: Api, channel: Channel) -> list[Check]:
    """What is wrong with a channel, or what it goes without.

    Raises:
        DiscordBusy
    """
    try:
        told = await channel_at(api, int(channel.id))
        await require(api, told)
        missing = await lacking_in(api, told, optional=True) if kind_of(told) is Kind.FORUM else None
    except DiscordBusy:
        raise
    except DiscordError as error:
        return [_in(channel.id, False, words_for(error))]
    except ChannelUnavailable as error:
        return [_in(str(told.get("name") or channel.id), False, error.message)]
    name = str(told.get("name") or channel.id)
    if missing is None:
        return []
    said = msg(
        "It goes without {names}: forum tags that are missing are not made, and posts not deleted.", names=missing
    )
    return [_in(name, True, said)]


def _in(name: str, ok: bool, said: Message) -> Check:
    return _finding(ok, msg("#{channel}: {problem}", channel=name, problem=said))
