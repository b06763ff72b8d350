"""Discord as one part of Paperboy: the client with everything it listens to, connected for as long as Paperboy runs.

gateway ──> client ──┬──> commands, clicks, context menus ──> conversation ──> replying
                     ├──> forms, submitting
                     └──> events (those of one channel in order) ──> tracking, departing
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from typing import Final

import aiohttp
import discord
import structlog
from discord.gateway import ReconnectWebSocket

from bot.core.errors import SettingsError
from bot.core.messages import msg
from bot.discord import clicks, commands, context_menus, departing, forms, tracking
from bot.discord.errors import DiscordError, DiscordRefused
from bot.discord.parts import DiscordParts
from bot.discord.people import PLATFORM
from bot.discord.sync import sync
from bot.settings import DiscordSettings
from bot.usecases.lanes import Lanes

_PATIENCE: Final = 5.0
"""Seconds that handlers under way get when Paperboy stops."""
PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds between attempts to reach Discord, the last one again and again: a thousand sessions a day may be begun."""
_CANCEL_AGAIN: Final = 0.1
"""Seconds until a connection is told once more to end."""
_LASTING: Final = timedelta(minutes=10)
"""A connection that ends after less counts as an attempt that failed."""
_WRONG_TOKEN: Final = msg("Discord does not accept DISCORD_TOKEN. Make a new one under “Bot”, “Reset Token”.")
_UNAUTHORISED: Final = 401
_TOO_OLD: Final = msg("Discord does not know this version of its gateway any more: a newer Paperboy is needed.")
_INTENTS: Final = 4014
_FATAL: Final = {
    4004: _WRONG_TOKEN,
    4010: msg("Discord does not accept PAPERBOY_DISCORD_SHARDS: such a shard does not exist."),
    4011: msg(
        "Paperboy is on too many servers for so few shards. Set more in PAPERBOY_DISCORD_SHARDS, or leave it out."
    ),
    4012: _TOO_OLD,
    4013: _TOO_OLD,
    _INTENTS: msg(
        "Discord does not let Paperboy hear of messages and reactions. "
        "Look at “Bot”, “Privileged Gateway Intents”, in the Developer Portal."
    ),
}
"""Codes with which the gateway closes for good, and what to do."""

log = structlog.get_logger(__name__)


def register(parts: DiscordParts, lanes: Lanes, missed: Callable[[], None]) -> None:
    """Have the client listen to everything that Paperboy answers or follows."""
    client = parts.client
    commands.register(client, parts)
    context_menus.register(client, parts)
    clicks.register(client, parts)
    forms.register(client, parts)
    tracking.register(client, parts, lanes, missed)
    departing.register(client, parts, lanes)


class DiscordPlatform:
    """Discord, composed by `bot.app`: it owns the connection to the gateway."""

    def __init__(
        self,
        settings: DiscordSettings,
        parts: DiscordParts,
        *,
        missed: Callable[[], None] = lambda: None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        """`missed` is told whenever Discord may have sent events that nobody heard."""
        self._settings = settings
        self._parts = parts
        self._pauses = pauses
        self._is_closing = False
        self._lanes = Lanes(PLATFORM, missed=missed)
        register(parts, self._lanes, missed)

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled. `ready` is told once Discord sends events.

        Raises:
            SettingsError: Discord does not accept the token, the shards of the settings, or this Paperboy.
        """

        async def is_ready() -> None:
            ready()

        self._parts.client.on("ready", is_ready)
        await self._log_in()
        registering = asyncio.create_task(self._register_commands())
        try:
            await self._connect()
        finally:
            registering.cancel()

    async def close(self) -> None:
        """Let handlers and events under way end, for a few seconds, and leave."""
        self._is_closing = True
        await self._parts.client.drain(_PATIENCE)
        await self._lanes.drain(_PATIENCE)
        await self._parts.client.close()

    async def _log_in(self) -> None:
        for attempt in count():
            try:
                await self._parts.api.log_in()
                return
            except DiscordRefused as error:
                if error.status == _UNAUTHORISED:
                    raise SettingsError(_WRONG_TOKEN) from error
                log.warning("discord.not_logged_in", reason=str(error))
            except DiscordError as error:
                log.warning("discord.not_logged_in", reason=str(error))
            await self._rest(attempt)

    async def _connect(self) -> None:
        """Stay connected. The library resumes and reconnects by itself; what it cannot get over closes it."""
        clock, failures = self._parts.desk.clock, 0
        while True:
            begun = clock.now()
            try:
                await self._listen()
                if self._is_closing:
                    return
                log.warning("discord.not_connected", reason="closed")
            except discord.PrivilegedIntentsRequired as error:
                raise SettingsError(_FATAL[_INTENTS]) from error
            except discord.ConnectionClosed as closed:
                said = _FATAL.get(
                    closed.code, msg("Discord has closed the connection (code {code}).", code=str(closed.code))
                )
                raise SettingsError(said) from closed
            except (discord.DiscordException, ReconnectWebSocket, aiohttp.ClientError, OSError) as error:
                log.warning("discord.not_connected", reason=type(error).__name__)
            except Exception as error:
                log.error("discord.not_connected", exc_info=error)
            failures = 0 if clock.now() - begun > _LASTING else failures
            await self._rest(failures)
            failures += 1
            await self._begin_anew()

    async def _listen(self) -> None:
        """As `client.connect()`, but it ends when it is cancelled.

        While it reconnects, the library takes a cancellation for the end of that attempt alone, and goes on.
        """
        listening = asyncio.create_task(self._parts.client.connect())
        try:
            await asyncio.wait({listening})
        except asyncio.CancelledError:
            while not listening.done():
                listening.cancel()
                await asyncio.wait({listening}, timeout=_CANCEL_AGAIN)
            await asyncio.gather(listening, return_exceptions=True)  # whatever became of it, nobody wants to know
            raise
        await listening

    async def _begin_anew(self) -> None:
        """Have a client again that can connect: one with shards that were left as they are would have them twice."""
        client = self._parts.client
        if client.shards:
            await client.close()
        if client.is_closed():
            await self._parts.api.reopen()
            await self._log_in()

    async def _register_commands(self) -> None:
        """Commands are every server's, so one process registers them: the one with the first shard."""
        if self._settings.shard_ids and 0 not in self._settings.shard_ids:
            return
        for attempt in count():
            try:
                await sync(self._parts.api, self._parts.client)
                return
            except DiscordRefused as error:
                log.error("discord.commands_refused", reason=str(error))
                return
            except DiscordError as error:
                log.warning("discord.commands_not_registered", reason=str(error))
            await self._rest(attempt)

    async def _rest(self, attempt: int) -> None:
        await asyncio.sleep(self._pauses[min(attempt, len(self._pauses) - 1)])
