"""Socket Mode: Slack's requests over a WebSocket that Paperboy opens.

    apps.connections.open ──> an address, good for one connection ──> hello ──> envelopes, each acknowledged
           ▲                                                                        │
           └── pause, longer after each failure <── broken, or `disconnect` <───────┘

slack_sdk's own client opens the same address again after a failure, though it is good only once; acknowledges over a
newer connection what came over an older one; and leaves envelopes without an answer when a handler fails. Here one
connection follows another: the next one is opened as soon as Slack announces the end of the present one, which goes on
until it has ended, and everything is acknowledged over the connection it came by.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from random import SystemRandom
from typing import Any, Final

import aiohttp
import structlog
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SettingsError
from bot.core.messages import Message, msg
from bot.core.ports import Clock
from bot.slack.errors import REVOKED, SlackBusy, SlackError, SlackRefused, translated, words_for
from bot.slack.intake import Intake

_HEARTBEAT: Final = 20.0
"""Seconds between pings; a connection that does not answer one within half of that is broken."""
_CONNECTED_WITHIN: Final = 20.0
_STEADY: Final = 10.0
"""Seconds after which a connection counts as one that works: the next one is opened without a pause."""
_LONGEST_PAUSE: Final = 60.0
_LINGERS: Final = 30.0
"""Seconds a connection whose end was announced is listened to, at the longest."""
_FINISHED_WITHIN: Final = 3.0
_MISSED_AFTER: Final = 120.0
"""Seconds without a connection after which events count as missed: Slack sends one again for some minutes only."""

log = structlog.get_logger(__name__)


class SocketMode:
    """Keeps Paperboy connected to Slack; `missed` is told when there was no connection for longer than a hiccup.

    `missed_after` are the seconds that this takes.
    """

    def __init__(
        self,
        app_token: str,
        web: AsyncWebClient,
        intake: Intake,
        clock: Clock,
        *,
        missed: Callable[[], None] = lambda: None,
        missed_after: float = _MISSED_AFTER,
    ) -> None:
        self._app_token = app_token
        self._web = web
        self._intake = intake
        self._clock = clock
        self._missed = missed
        self._missed_after = missed_after
        self._links: set[asyncio.Task[None]] = set()
        self._failures = 0

    async def run(self, ready: Callable[[], None]) -> None:
        """Stay connected until cancelled. `ready` is told once, when the first connection is up.

        Raises:
            SettingsError: Slack refuses, such as for a wrong token. Only at the start: later it may become right again.
        """
        async with aiohttp.ClientSession(trust_env=True) as session:
            try:
                alone_since = asyncio.get_running_loop().time()
                link = await self._reach(session, is_first=True)
                ready()
                while True:
                    self._reached(alone_since)
                    alone_since = await self._outlast(link)
                    link = await self._reach(session)
            finally:
                await self._close()

    def _reached(self, alone_since: float) -> None:
        alone = asyncio.get_running_loop().time() - alone_since
        if alone > self._missed_after:
            log.warning("slack.events_missed", seconds=round(alone))
            self._missed()

    async def _outlast(self, link: _Link) -> float:
        """Wait until the connection is no longer to be relied on; longer when those before did not last either.

        Hands back since when that is so, by the loop's clock.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        await link.leaving.wait()
        ended = loop.time()
        if ended - began >= _STEADY:
            self._failures = 0
        else:
            self._failures += 1
            pause = self._pause()
            log.info("slack.connecting_again", pause=round(pause, 2))
            await asyncio.sleep(pause)
        return ended

    async def _reach(self, session: aiohttp.ClientSession, *, is_first: bool = False) -> _Link:
        """The next connection, however long it takes.

        Raises:
            SettingsError: the first one is refused.
        """
        while True:
            try:
                return await self._connect(session)
            except Exception as error:  # slack_sdk trips over some answers: none may end the connection for good
                if is_first and isinstance(error, SlackRefused):
                    raise SettingsError(_why_not(error)) from error
                self._failures += 1
                pause = self._pause(error)
                log.warning("slack.not_connected", reason=_reason(error), pause=round(pause, 2))
                await asyncio.sleep(pause)

    async def _connect(self, session: aiohttp.ClientSession) -> _Link:
        """A connection over which Slack has said hello. What may go wrong is more than anybody can tell."""
        with translated("apps.connections.open", self._clock.now()):
            answer = await self._web.apps_connections_open(app_token=self._app_token)
        async with asyncio.timeout(_CONNECTED_WITHIN):
            link = _Link(await session.ws_connect(str(answer.get("url")), heartbeat=_HEARTBEAT), self._intake)
            task = asyncio.create_task(link.run())
            self._links.add(task)
            task.add_done_callback(self._links.discard)
            try:
                await link.greeted()
            except BaseException:
                task.cancel()
                raise
        log.info("slack.connected", connections=link.connections)
        return link

    def _pause(self, error: Exception | None = None) -> float:
        if isinstance(error, SlackBusy):
            return max(1.0, (error.retry_at - self._clock.now()).total_seconds())
        longest = min(_LONGEST_PAUSE, 0.25 * 2.0 ** min(self._failures, 10))
        return SystemRandom().uniform(longest / 2, longest)

    async def _close(self) -> None:
        links = set(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)


class _Link:
    """One connection. `leaving` is set once it is no longer to be relied on; `connections` is how many the app has."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, intake: Intake) -> None:
        self._socket = socket
        self._intake = intake
        self._tasks: set[asyncio.Task[None]] = set()
        self._greeted = asyncio.Event()
        self.leaving = asyncio.Event()
        self.connections = 0

    async def greeted(self) -> None:
        """Wait for Slack's hello.

        Raises:
            aiohttp.ClientConnectionError: it ended without one.
        """
        await self._greeted.wait()
        if not self.connections:
            raise aiohttp.ClientConnectionError("no hello")

    async def run(self) -> None:
        """Take what comes until the connection ends, then let what came be answered."""
        lingering: asyncio.Task[None] | None = None
        try:
            async for frame in self._socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    await self._take(_read(frame.data))
                if self.leaving.is_set() and lingering is None:
                    lingering = asyncio.create_task(self._linger())
        finally:
            if lingering is not None:
                lingering.cancel()
            self.leaving.set()
            self._greeted.set()
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=_FINISHED_WITHIN)
            await self._socket.close()
            log.info("slack.disconnected", code=self._socket.close_code)

    async def _linger(self) -> None:
        await asyncio.sleep(_LINGERS)
        await self._socket.close()

    async def _take(self, frame: Mapping[str, Any]) -> None:
        match frame:
            case {"type": "hello"}:
                self.connections = frame.get("num_connections") or 1
                self._greeted.set()
            case {"type": "disconnect"}:
                log.info("slack.disconnect_announced", reason=str(frame.get("reason"))[:50])
                self.leaving.set()
            case {"type": "events_api", "envelope_id": _}:
                # Nobody waits for what they lead to: the intake begins a task for each, in turn, and the lanes put
                # those of one channel into the order in which they happened.
                await self._acknowledge(frame, None)
                await self._intake_of(frame)
            case {"envelope_id": _}:
                task = asyncio.create_task(self._answer(frame))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _intake_of(self, frame: Mapping[str, Any]) -> BoltResponse | None:
        payload = frame.get("payload")
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=payload if isinstance(payload, dict) else {})
        except (ValueError, TypeError, AttributeError, LookupError):  # not what bolt looks into
            log.warning("slack.not_understood", kind=frame.get("type"))
            return None
        return await self._intake.answer(request)

    async def _answer(self, frame: Mapping[str, Any]) -> None:
        await self._acknowledge(frame, await self._intake_of(frame))

    async def _acknowledge(self, frame: Mapping[str, Any], response: BoltResponse | None) -> None:
        acknowledgement: dict[str, Any] = {"envelope_id": frame["envelope_id"]}
        payload = _payload(response) if frame.get("accepts_response_payload") else None
        if payload is not None:
            acknowledgement["payload"] = payload
        try:
            await self._socket.send_str(json.dumps(acknowledgement))
        except (ConnectionError, aiohttp.ClientError):
            log.warning("slack.not_acknowledged", kind=frame.get("type"))  # Slack sends events again


def _read(text: str) -> Mapping[str, Any]:
    try:
        frame = json.loads(text)
    except ValueError:
        frame = None
    return frame if isinstance(frame, dict) else {}


def _payload(response: BoltResponse | None) -> dict[str, Any] | None:
    if response is None or not response.body:
        return None
    is_json = response.first_headers().get("content-type", "").startswith("application/json")
    return dict(_read(response.body)) if is_json else {"text": response.body}


def _why_not(error: SlackRefused) -> Message:
    if error.code == "missing_scope":
        return msg("SLACK_APP_TOKEN: this token lacks the scope connections:write. Make one that has it.")
    if error.code == "socket_mode_not_enabled":
        return msg(
            "SLACK_APP_TOKEN: Socket Mode is switched off in the app's settings. Switch it on under “Socket Mode”."
        )
    if error.code in REVOKED or error.code == "not_allowed_token_type":
        return msg("SLACK_APP_TOKEN: Slack does not accept this token. “Basic Information” shows the app's tokens.")
    return msg("SLACK_APP_TOKEN: {problem}", problem=words_for(error))


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, SlackError) else type(error).__name__
