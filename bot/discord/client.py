"""discord.py's client as Paperboy uses it: few intents, no caches of people or messages, and nothing sent twice.

The gateway and the REST addresses are those of the settings, the address for resuming included.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.state import AutoShardedConnectionState
from yarl import URL

from bot.discord.errors import ServerFault
from bot.settings import DiscordSettings

if TYPE_CHECKING:
    from discord.types.gateway import SessionStartLimit

Handler = Callable[..., Awaitable[None]]

PATIENCE: Final = 60.0
"""Seconds that a request waits for its bucket; after that the ledger comes back to it."""
_AT_ONCE: Final = 3
_LONGEST_PAUSE: Final = 60.0
_LAUNCH_PATIENCE: Final = 600.0
"""Seconds for which a shard is tried to be connected for the first time, before all begins anew."""

_LONGEST_BACKOFF: Final = 6
"""Of the library's pauses before it connects a shard again, the longest is two to the power of this, in seconds."""

log = structlog.get_logger(__name__)


def calm(record: logging.LogRecord) -> bool:
    """Have the library say in one line that it connects again: it is no error of anybody's here."""
    if record.levelno == logging.ERROR and record.msg.startswith("Attempting a reconnect"):
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
    return True


for _name in ("discord.client", "discord.shard"):
    logging.getLogger(_name).addFilter(calm)


def point_at(settings: DiscordSettings) -> None:
    """Send every request of this process to the API of the settings: the library keeps one address for all clients."""
    discord.http.Route.BASE = settings.api_url


def no_repetition() -> aiohttp.TraceConfig:
    """A trace that ends a POST whose fate nobody knows, before the library sends it again.

    It would do so after a fault of Discord's own, and on macOS and Windows when the connection breaks. Where there was
    no connection at all, nothing has been sent yet.
    """

    async def end(_session: aiohttp.ClientSession, _: SimpleNamespace, ended: aiohttp.TraceRequestEndParams) -> None:
        if ended.method == "POST" and ended.response.status >= 500:
            raise ServerFault(ended.response.status)

    async def fail(
        _session: aiohttp.ClientSession, _: SimpleNamespace, failed: aiohttp.TraceRequestExceptionParams
    ) -> None:
        is_lost = isinstance(failed.exception, OSError) and not isinstance(
            failed.exception, aiohttp.ClientConnectorError
        )
        if failed.method == "POST" and is_lost:  # the library hands on what comes instead
            raise aiohttp.ServerDisconnectedError("lost, and not sent again") from failed.exception

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(end)
    trace.on_request_exception.append(fail)
    return trace


class _Bucket(discord.http.Ratelimit):
    """The library's own, but that its window is long keeps only those waiting for whom there is no place in it.

    A window may last for minutes, as that of starting threads does, and have many places.
    """

    __slots__ = ()

    async def acquire(self) -> None:
        """Take a place, now or after a wait that is not too long."""
        patience = self._max_ratelimit_timeout
        if self.remaining > 0:
            self._max_ratelimit_timeout = None  # it is taken at once, before anybody else can ask
        try:
            await super().acquire()
        finally:
            self._max_ratelimit_timeout = patience


class _Http(discord.http.HTTPClient):
    """The library's own, but gateways are looked for where the settings say, or the API of the settings."""

    gateway_url: str | None = None
    unheard = 0  # connections to a gateway since it last told of an event
    _named: str | None = None

    def get_ratelimit(self, key: str) -> discord.http.Ratelimit:
        """The bucket of a route."""
        if key not in self._buckets:
            self._buckets[key] = _Bucket(self.max_ratelimit_timeout)
        return super().get_ratelimit(key)

    async def get_bot_gateway(self) -> tuple[int, str, SessionStartLimit]:
        """What Discord says of its gateway."""
        told = await super().get_bot_gateway()
        self._named = told[1]
        return told

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Connect to a gateway; of `url` only the query counts where another place is set.

        The library connects to Discord's own wherever it begins a session without having asked the API. It connects
        anew at once when a connection ends: one that lets us in and puts us out again would be in for a storm.
        """
        await asyncio.sleep(pause_after(self.unheard))
        place = self.gateway_url
        if place is None and URL(url).host == DiscordWebSocket.DEFAULT_GATEWAY.host:
            place = self._named or (await self.get_bot_gateway())[1]
        if place is not None:
            url = str(URL(place).with_query(URL(url).query))
        socket = await super().ws_connect(url, compress=compress)
        self.unheard += 1
        return socket


def pause_after(unheard: int) -> float:
    """Seconds to wait before connecting, after so many connections over which nothing was told.

    >>> [pause_after(unheard) for unheard in (0, 3, 4, 6, 100)]
    [0.0, 0.0, 0.5, 2.0, 60.0]
    """
    return min(0.25 * 2 ** (min(unheard, 20) - _AT_ONCE), _LONGEST_PAUSE) if unheard > _AT_ONCE else 0.0


class _Tree(app_commands.CommandTree["PaperboyClient"]):
    """The library's own, whose commands are let end when Paperboy stops."""

    async def interaction_check(self, _: discord.Interaction[PaperboyClient], /) -> bool:
        """The library asks this first, in the task that goes on with the command."""
        self.client.keep(asyncio.current_task())
        return True


class PaperboyClient(discord.AutoShardedClient):
    """The connection to Discord. `tree` holds its commands; who listens to events says so with `on`.

    `missed` is told whenever events may have been lost: at a start, and when a session could not be resumed.
    """

    http: _Http

    def __init__(self, settings: DiscordSettings, *, missed: Callable[[], None] = lambda: None) -> None:
        point_at(settings)
        self._gateway_url = settings.gateway_url
        self._missed = missed
        self._handlers_of: defaultdict[str, list[Handler]] = defaultdict(list)
        self._works: set[asyncio.Task[Any]] = set()
        self.launch_patience = _LAUNCH_PATIENCE
        self.gaps = 0  # how often a session has begun, before which events may have been lost
        # Nobody here speaks: the library need not warn that it could not.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
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
        self.tree: app_commands.CommandTree[PaperboyClient] = _Tree(self)

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
        state = super()._get_state(**options)
        state.parsers = {name: self._careful(name, parse) for name, parse in state.parsers.items()}
        return state

    def _careful(self, event: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        """What the library does with an event, which would end its connection where it cannot read one."""

        def read(data: Any) -> None:
            try:
                parse(data)
            except Exception as error:
                log.error("discord.event_not_read", discord_event=event, exc_info=error)
                self._missed()

        return read

    async def launch_shard(self, gateway: URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard for the first time.

        The library tries that again and again, a call inside the other: they would not find an end.

        Raises:
            TimeoutError: in vain, for ten minutes.
        """
        async with asyncio.timeout(self.launch_patience):
            await super().launch_shard(gateway, shard_id, initial=initial)
        if (shard := self.get_shard(shard_id)) is not None:
            backoff = shard._parent._backoff  # noqa: SLF001 - the library offers no setting for it
            backoff._max = _LONGEST_BACKOFF  # noqa: SLF001 - it would be up to 17 minutes

    async def reopen(self) -> None:
        """Be as new after the library has closed it: whoever uses it logs in again."""
        self.clear()
        self.http.connector = discord.utils.MISSING  # it was closed as well
        await self._async_setup_hook()  # else it would be told at once what it was told at its end

    async def close(self) -> None:
        """Leave Discord; who never was there has nothing to leave."""
        if isinstance(self.loop, asyncio.AbstractEventLoop):  # until then it has a place holder
            await super().close()

    def on(self, event: str, handler: Handler) -> None:
        """Have a handler called at each event of this name, as `raw_reaction_add`."""
        self._handlers_of[event].append(handler)

    def dispatch(self, event: str, /, *arguments: Any, **named: Any) -> None:
        """Tell an event to the library's own listeners and to ours."""
        super().dispatch(event, *arguments, **named)
        if event == "socket_event_type":
            self.http.unheard = 0
        if event in ("ready", "shard_ready"):
            self.gaps += 1
            self._missed()
        for handler in self._handlers_of[event]:
            self.keep(asyncio.create_task(self._handled(event, partial(handler, *arguments, **named))))

    def keep(self, work: asyncio.Task[Any] | None) -> None:
        """Have `drain` wait for this work too."""
        if work is not None:
            self._works.add(work)
            work.add_done_callback(self._works.discard)

    async def _handled(self, event: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:
            log.error("discord.event_failed", discord_event=event, exc_info=error)
            self._missed()

    async def on_error(self, event_method: str, /, *_arguments: Any, **_named: Any) -> None:
        """What a listener of the library raised: logged, without what it was about."""
        log.error("discord.event_failed", discord_event=event_method, exc_info=sys.exc_info()[1])

    async def drain(self, seconds: float) -> None:
        """Let what is under way for people end, for so many seconds; then break it off."""
        if not self._works:
            return
        _, late = await asyncio.wait(set(self._works), timeout=seconds)
        for work in late:
            work.cancel()
        if late:
            log.warning("discord.broken_off", works=len(late))
            await asyncio.gather(*late, return_exceptions=True)
