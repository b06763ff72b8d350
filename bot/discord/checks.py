"""What `paperboy doctor` looks at on Discord: token, application and gateway here, servers in `server_checks`.

It asks and changes nothing. Each finding says what to do where something is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from discord.http import Route

from bot.core.checks import Check
from bot.core.messages import Message, msg, msg_n
from bot.core.ports import Clock, Stores
from bot.core.subscriptions import Channel, Subscription
from bot.discord.api import Api
from bot.discord.client import PaperboyClient
from bot.discord.errors import DiscordError, DiscordRefused, words_for
from bot.discord.people import PLATFORM
from bot.discord.server_checks import Servers, channel_checks, named_checks, servers_of, unserved_checks
from bot.settings import DiscordSettings, Settings

_FEW: Final = 10
"""New connections a day that are left when it is time to say so: each start takes one a shard."""
_WRONG_TOKEN: Final = msg("Discord does not accept it. Make a new one under “Bot”, “Reset Token”.")
_UNAUTHORISED: Final = 401
_INTO_SERVERS, _INTO_ACCOUNTS = "0", "1"


async def discord_checks(settings: Settings, stores: Stores, clock: Clock) -> list[Check]:
    """All findings about Discord; none, and no request, where nothing of it is set.

    Raises:
        StorageError: what is kept cannot be read.
    """
    if settings.discord is None:
        return []
    subscriptions = await stores.subscriptions.active()
    client = PaperboyClient(settings.discord)
    api = Api(client, settings.discord.token, clock)
    try:
        return await _checks(api, settings, settings.discord, subscriptions)
    finally:
        await client.close()


async def _checks(
    api: Api, settings: Settings, discord: DiscordSettings, subscriptions: Sequence[Subscription]
) -> list[Check]:
    try:
        await api.log_in()
    except DiscordError as error:
        is_wrong = isinstance(error, DiscordRefused) and error.status == _UNAUTHORISED
        return [Check(False, msg("DISCORD_TOKEN: {problem}", problem=_WRONG_TOKEN if is_wrong else words_for(error)))]
    found = [_finding(True, msg("the token works.")), *await _application(api), await _gateway(api, discord)]
    try:
        servers = await servers_of(api)
    except DiscordError as error:
        return [*found, _finding(False, words_for(error))]
    found.append(_how_many(servers))
    channels = _channels(subscriptions)
    found += unserved_checks(servers, channels)
    found += await channel_checks(servers, channels)
    for setting, names in (
        ("PAPERBOY_MAINTAINERS", settings.staff.maintainers),
        ("PAPERBOY_OPERATORS", settings.staff.operators),
    ):
        found += await named_checks(servers, setting, names)
    if not settings.staff.maintainers:
        said = msg("nobody is named in PAPERBOY_MAINTAINERS, so nobody can add or change papers there.")
        found.append(_finding(True, said))
    return found


def _finding(ok: bool, said: Message) -> Check:
    return Check(ok, msg("Discord: {finding}", finding=said))


def _channels(subscriptions: Sequence[Subscription]) -> list[Channel]:
    """The channels with a digest, each once; direct messages are left out, because nobody manages those."""
    ours = (one for one in subscriptions if one.channel.platform == PLATFORM and not one.personal)
    return list(dict.fromkeys(one.channel for one in ours))


def _how_many(servers: Servers) -> Check:
    if not servers.names:
        return _finding(True, msg("Paperboy is on no server yet. `paperboy invite discord` prints the link."))
    return _finding(True, msg_n("Paperboy is on {n} server.", "Paperboy is on {n} servers.", n=len(servers.names)))


async def _application(api: Api) -> list[Check]:
    """What is set in the developer portal and would keep people's commands from Paperboy."""
    try:
        told: Any = await api.call(lambda http: http.request(Route("GET", "/applications/@me")))
    except DiscordError as error:
        return [_finding(False, words_for(error))]
    found = []
    if told.get("interactions_endpoint_url"):
        said = msg(
            "“Interactions Endpoint URL” is set in the developer portal, so Discord sends commands there and not to "
            "Paperboy. Empty it under “General Information”."
        )
        found.append(_finding(False, said))
    contexts = told.get("integration_types_config") or {}
    if contexts and _INTO_SERVERS not in contexts:
        said = msg("the application cannot be added to servers. Tick “Guild Install” under “Installation”.")
        found.append(_finding(False, said))
    if contexts and _INTO_ACCOUNTS not in contexts:
        said = msg(
            "people cannot add it to their own account, since “User Install” under “Installation” is not ticked."
        )
        found.append(_finding(True, said))
    return found


async def _gateway(api: Api, settings: DiscordSettings) -> Check:
    """None of the privileged intents is asked for, so none has to be switched on."""
    try:
        told: Any = await api.call(lambda http: http.request(Route("GET", "/gateway/bot")))
    except DiscordError as error:
        return _finding(False, words_for(error))
    shards = len(settings.shard_ids or ()) or int(told.get("shards") or 1)
    left = (told.get("session_start_limit") or {}).get("remaining")
    if left is not None and int(left) < max(_FEW, shards):
        said = msg_n(
            "{n} new connection is left for today. Look in the log for why there were so many.",
            "{n} new connections are left for today. Look in the log for why there were so many.",
            n=int(left),
        )
        return _finding(False, said)
    return _finding(True, msg("the gateway is open to it, and no privileged intent is needed."))
