"""discord.py's client as Paperboy uses it: few intents, no caches of people or messages, and nothing sent twice.

The gateway and the REST addresses are those of the settings, the address for resuming included.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, Final, cast

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.state import AutoShardedConnectionState
from yarl import URL

from bot.discord.errors import ServerFault
from bot.settings import DiscordSettings

Handler = Callable[..., Awaitable[None]]

PATIENCE: Final = 60.0
"""Seconds that a request waits for its bucket; after that the ledger comes back to it."""

log = structlog.get_logger(__name__)


def point_at(settings: DiscordSettings) -> None:
    """Send every request of this process to the API of the settings: the library keeps one address for all clients."""
    discord.http.Route.BASE = settings.api_url


def no_repetition() -> aiohttp.TraceConfig:
    """A trace that ends a POST which Discord answers with a fault of its own, before the library sends it again."""

    async def look(_session: aiohttp.ClientSession, _: SimpleNamespace, ended: aiohttp.TraceRequestEndParams) -> None:
        if ended.method == "POST" and ended.response.status >= 500:
            raise ServerFault(ended.response.status)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(look)
    return trace


class _Http(discord.http.HTTPClient):
    """The library's own, but gateways are looked for where the settings say."""

    gateway_url: str | None = None

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Connect to a gateway; of `url` only the query counts where the settings name another place."""
        if self.gateway_url:
            url = str(URL(self.gateway_url).with_query(URL(url).query))
        return await super().ws_connect(url, compress=compress)


class PaperboyClient(discord.AutoShardedClient):
    """The connection to Discord. `tree` holds its commands; who listens to events says so with `on`.

    `missed` is told whenever events may have been lost: at a start, and when a session could not be resumed.
    """

    def __init__(self, settings: DiscordSettings, *, missed: Callable[[], None] = lambda: None) -> None:
        point_at(settings)
        self._gateway_url = settings.gateway_url
        self._missed = missed
        self._handlers_of: defaultdict[str, list[Handler]] = defaultdict(list)
        self._works: set[asyncio.Task[None]] = set()
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, guild_reactions=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            shard_count=settings.shard_count,
            max_ratelimit_timeout=PATIENCE,
            http_trace=no_repetition(),
            shard_ids=cast("list[int]", settings.shard_ids and list(settings.shard_ids)),  # None is all, and taken
        )
        self.tree: app_commands.CommandTree[PaperboyClient] = app_commands.CommandTree(self)

    def _get_state(self, **options: Any) -> AutoShardedConnectionState[Any]:
        # The library makes its HTTP client just before this and offers no other place for one of our own.
        made = self.http
        self.http = _Http(
            self.loop,
            connector=made.connector,
            unsync_clock=not made.use_clock,
            http_trace=made.http_trace,
            max_ratelimit_timeout=made.max_ratelimit_timeout,
        )
        self.http.gateway_url = self._gateway_url
        return super()._get_state(**options)

    def on(self, event: str, handler: Handler) -> None:
        """Have a handler called at each event of this name, as `raw_reaction_add`."""
        self._handlers_of[event].append(handler)

    def dispatch(self, event: str, /, *arguments: Any, **named: Any) -> None:
        """Tell an event to the library's own listeners and to ours."""
        super().dispatch(event, *arguments, **named)
        if event in ("ready", "shard_ready"):
            self._missed()
        for handler in self._handlers_of[event]:
            work = asyncio.create_task(self._handled(event, handler(*arguments, **named)))
            self._works.add(work)
            work.add_done_callback(self._works.discard)

    async def _handled(self, event: str, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            log.error("discord.event_failed", discord_event=event, exc_info=error)
            self._missed()

    async def on_error(self, event_method: str, /, *_arguments: Any, **_named: Any) -> None:
        """What a listener of the library raised: logged, without what it was about."""
        log.error("discord.event_failed", discord_event=event_method, exc_info=sys.exc_info()[1])

    async def drain(self, seconds: float) -> None:
        """Let handlers under way end, for so many seconds."""
        if self._works:
            await asyncio.wait(self._works, timeout=seconds)
