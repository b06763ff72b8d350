"""A request to the REST API as the server sees it, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.platforms.discord import permissions
from tests.platforms.discord.refusals import Refused
from tests.platforms.discord.world import Channel, Guild, Message

if TYPE_CHECKING:
    from tests.platforms.discord.server import DiscordServer

Json = dict[str, Any]


@dataclass(eq=False)
class Call:
    """One request. `route` is its template; `needed` are the permission bits that it was let through for."""

    server: DiscordServer
    method: str
    route: str
    params: dict[str, str]
    query: dict[str, str]
    body: Any
    needed: int = 0
    status: int = 0
    code: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """A snowflake of the path.

        Raises:
            Refused: it is none.
        """
        if not self.params[name].isdecimal():
            raise Refused(50035, {name: {"_errors": [{"code": "NUMBER_TYPE_COERCE", "message": "no snowflake"}]}})
        return int(self.params[name])

    @property
    def fields(self) -> Json:
        """The body, which has to be an object."""
        if not isinstance(self.body, dict):
            raise Refused(50109)
        return self.body

    def limit(self, usual: int, most: int, least: int = 1) -> int:
        """How many are asked for."""
        text = self.query.get("limit", str(usual))
        if not text.isdecimal() or not least <= int(text) <= most:
            said = f"int value should be between {least} and {most}."
            raise Refused(50035, {"limit": {"_errors": [{"code": "NUMBER_TYPE_RANGE", "message": said}]}})
        return int(text)

    def asked(self, name: str) -> int:
        """A snowflake of the query, 0 when it is not there.

        Raises:
            Refused: it is none.
        """
        text = self.query.get(name, "0")
        if not text.isdecimal():
            raise wrong(name, "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
        return int(text)

    # --- what is there, for the bot -------------------------------------------------------------------------------

    def guild(self) -> Guild:
        """The server of the path, on which the bot must be."""
        guild = self.server.state.guilds.get(self.number("guild_id"))
        if guild is None or self.server.state.application.bot.id not in guild.members:
            raise Refused(10004)
        return guild

    def channel(self, *bits: int) -> Channel:
        """The channel of the path, which the bot must see, and in which it must be allowed all of `bits`."""
        channel = self.server.state.channel(self.number("channel_id"))
        guild = self.server.state.guild_of(channel) if channel else None
        bot = self.server.state.application.bot.id
        if channel is None or (guild is not None and bot not in guild.members):
            raise Refused(50001 if channel else 10003)
        self.require(channel, permissions.VIEW_CHANNEL, *bits)
        return channel

    def may(self, channel: Channel, *bits: int) -> bool:
        """Whether the bot may do all of it, which is noted."""
        held = permissions.in_channel(self.server.state, channel, self.server.state.application.bot.id)
        if not all(held & bit for bit in bits):
            return False
        if channel.guild_id is not None:
            for bit in bits:
                self.needed |= bit
        return True

    def require(self, channel: Channel, *bits: int) -> None:
        """Go on only where the bot may do all of it."""
        for bit in bits:
            if not self.may(channel, bit):
                raise Refused(50001 if bit == permissions.VIEW_CHANNEL else 50013)

    def message(self, channel: Channel) -> Message:
        """The message of the path."""
        message = channel.messages.get(self.number("message_id"))
        if message is None:
            raise Refused(10008)
        return message


def wrong(path: str, code: str, said: str) -> Refused:
    """A body that is refused for one field."""
    tree: Json = {"_errors": [{"code": code, "message": said}]}
    for step in reversed(path.split(".")):
        tree = {step: tree}
    return Refused(50035, tree)
