"""What `paperboy doctor` looks at on Discord's servers: channels with a digest, and whom the settings name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from discord.http import Route

from bot.core.checks import Check
from bot.core.messages import Message, msg, msg_n
from bot.core.subscriptions import Channel
from bot.discord.api import Api
from bot.discord.entering import Membership, lacking_in, membership, problem_in
from bot.discord.errors import DiscordBusy, DiscordError, DiscordRefused, words_for
from bot.discord.reading import Kind, channel_at, kind_of

MOST_CHANNELS: Final = 200
"""How many channels are looked at."""
MOST_NAMED: Final = 50
"""How many of the people and roles that a setting names are looked at."""
MOST_SEARCHED: Final = 10
"""Servers on which somebody is looked for whom a setting names for all of them: a question each."""
_PAGE: Final = 200
_NOBODY: Final = frozenset({10007, 10013})
"""Codes for somebody who is not on a server, or nowhere."""
_OF_SLACK: Final = re.compile(r"[UWS][A-Z0-9]{2,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that Paperboy is on, by id with their names; each is asked about once."""

    api: Api
    names: Mapping[str, str]
    _known: dict[str, Membership] = field(default_factory=dict)

    async def membership(self, guild_id: str) -> Membership:
        """What Paperboy is on one of them.

        Raises:
            DiscordRefused, DiscordBusy, DiscordUnreachable
        """
        if guild_id not in self._known:
            self._known[guild_id] = await membership(self.api, int(guild_id))
        return self._known[guild_id]

    def finding(self, guild_id: str, ok: bool, said: Message) -> Check:
        """A finding about one of them."""
        return Check(ok, msg("Discord, {server}: {finding}", server=self.names[guild_id], finding=said))


async def servers_of(api: Api) -> Servers:
    """All servers that Paperboy is on.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    route = Route("GET", "/users/@me/guilds")
    names: dict[str, str] = {}
    after = "0"
    while True:
        asked = {"limit": _PAGE, "after": after}
        page: Any = await api.call(lambda http: http.request(route, params=asked))  # noqa: B023 - called at once
        names |= {str(one["id"]): str(one.get("name") or one["id"]) for one in page}
        if len(page) < _PAGE:
            return Servers(api, names)
        after = max(names, key=int)


# --- channels -------------------------------------------------------------------------------------------------------


def unserved_checks(servers: Servers, channels: Sequence[Channel]) -> list[Check]:
    """Channels with a digest on servers that Paperboy was put out of while nobody listened."""
    others = Counter(channel.workspace for channel in channels if channel.workspace not in servers.names)
    return [
        Check(
            False,
            msg_n(
                "Discord: {n} channel of the server {id} is to get a digest, but Paperboy is not on it any more. "
                "`paperboy invite discord` prints the link that brings it back.",
                "Discord: {n} channels of the server {id} are to get a digest, but Paperboy is not on it any more. "
                "`paperboy invite discord` prints the link that brings it back.",
                n=count,
                id=guild_id,
            ),
        )
        for guild_id, count in others.items()
    ]


async def channel_checks(servers: Servers, channels: Sequence[Channel]) -> list[Check]:
    """What keeps digests out of channels, and what those that get them go without."""
    served = [channel for channel in channels if channel.workspace in servers.names]
    found: list[Check] = []
    seen = 0
    for channel in served[:MOST_CHANNELS]:
        try:
            found += await _channel(servers, channel)
        except DiscordBusy:
            break
        seen += 1
    if seen and all(check.ok for check in found):
        said = msg_n(
            "Discord: Paperboy can post in {n} channel with a digest.",
            "Discord: Paperboy can post in {n} channels with a digest.",
            n=seen,
        )
        found.insert(0, Check(True, said))
    if left := len(served) - seen:
        said = msg_n(
            "Discord: {n} more channel was not looked at.", "Discord: {n} more channels were not looked at.", n=left
        )
        found.append(Check(True, said))
    return found


async def _channel(servers: Servers, channel: Channel) -> list[Check]:
    """What is wrong with a channel, or what it goes without.

    Raises:
        DiscordBusy: Discord wants no more questions for now.
    """
    try:
        told = await channel_at(servers.api, int(channel.id))
        who = await servers.membership(channel.workspace)
    except DiscordBusy:
        raise
    except DiscordError as error:
        return [servers.finding(channel.workspace, False, _about(channel.id, words_for(error)))]
    name = f"#{told['name']}" if told.get("name") else channel.id
    kind = kind_of(told)
    if kind not in (Kind.TEXT, Kind.FORUM):
        said = msg("Paperboy posts into text, announcement and forum channels only.")
        return [servers.finding(channel.workspace, False, _about(name, said))]
    if (problem := problem_in(who, told)) is not None:
        return [servers.finding(channel.workspace, False, _about(name, problem))]
    missing = lacking_in(who, told, optional=True) if kind is Kind.FORUM else None
    if missing is None:
        return []
    said = msg(
        "It goes without {names}: forum tags that are missing are not made, and posts not deleted.", names=missing
    )
    return [servers.finding(channel.workspace, True, _about(name, said))]


def _about(name: str, problem: Message) -> Message:
    return msg("{name}: {problem}", name=name, problem=problem)


# --- people and roles -----------------------------------------------------------------------------------------------


async def named_checks(servers: Servers, setting: str, names: Iterable[str]) -> list[Check]:
    """Whether the people and roles that a setting names are on a server with Paperboy."""
    found: list[Check] = []
    for name in sorted(names)[:MOST_NAMED]:
        workspace, _, one = name.rpartition("/")
        if _OF_SLACK.fullmatch(one):
            continue  # none of Discord's business
        try:
            check = await _named(servers, workspace, one)
        except DiscordBusy:
            break
        except DiscordError as error:
            check = (False, words_for(error))
        if check is not None:
            ok, problem = check
            said = msg("Discord: {setting} names {id}: {problem}", setting=setting, id=name, problem=problem)
            found.append(Check(ok, said))
    return found


async def _named(servers: Servers, workspace: str, one: str) -> tuple[bool, Message] | None:
    """What there is to say of an id, and whether it is all right nevertheless.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    if not all(part.isascii() and part.isdecimal() for part in (workspace or one, one)):
        return False, msg("No id of Discord: those are long numbers, which “Copy User ID” and “Copy Role ID” tell.")
    if workspace and workspace not in servers.names:
        return False, msg("Paperboy is not on this server.")
    if one in servers.names:
        return True, msg("This is the id of a server itself, so it means everybody there.")
    searched = [workspace] if workspace else list(servers.names)
    if not searched or len(searched) > MOST_SEARCHED:
        return None  # nobody can be there yet, or it would take too many questions
    for guild_id in searched:
        if await _is_there(servers, guild_id, one):
            return None
    return False, msg("Nobody and no role with this id is on a server with Paperboy.")


async def _is_there(servers: Servers, guild_id: str, one: str) -> bool:
    guild = (await servers.membership(guild_id)).guild
    if one in (str(role["id"]) for role in guild.get("roles") or ()):
        return True
    try:
        await servers.api.call(lambda http: http.get_member(int(guild_id), int(one)))
    except DiscordRefused as error:
        if error.code not in _NOBODY:
            raise
        return False
    return True
