"""Events, each once and those of one channel one after the other.

Slack has been answered by then, and sends an event again only when it did not hear us. Handlers would otherwise run at
the same time, and a reaction that was taken back at once could be recorded as given.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

import structlog

from bot.core.errors import StorageBusy, StorageError
from bot.core.ports import Clock, Inbox
from bot.slack.people import PLATFORM

_MOST_WAITING: Final = 10_000
"""Events that may wait in all; what comes beyond is lost to us until reactions and replies are put right."""
_ATTEMPTS: Final = 5
_FIRST_PAUSE: Final = 0.2

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SlackEvent:
    """One event. `at` is when it happened (UTC), `fields` what Slack says of it."""

    id: str
    team_id: str
    enterprise_id: str | None
    at: datetime
    fields: Mapping[str, Any]

    @property
    def channel_id(self) -> str:
        """The channel it is about; "" where it is about none."""
        channel = self.fields.get("channel") or (self.fields.get("item") or {}).get("channel") or ""
        return str(channel.get("id") or "") if isinstance(channel, dict) else str(channel)


Handler = Callable[[SlackEvent], Awaitable[None]]
Wanted = Callable[[Mapping[str, Any]], bool]
"""Whether an event with these fields is of any interest."""
Waiting = tuple[float, int, SlackEvent, Handler]


def read_event(body: Mapping[str, Any], now: datetime) -> SlackEvent:
    """The event of a request. In a channel shared with others, the workspace is the one whose app is told of it."""
    authorization: Mapping[str, Any] = next(iter(body.get("authorizations") or ()), {})
    fields = body.get("event")
    fields = fields if isinstance(fields, dict) else {}
    enterprise = authorization.get("enterprise_id") or body.get("enterprise_id")
    return SlackEvent(
        id=str(body.get("event_id") or ""),
        team_id=str(authorization.get("team_id") or body.get("team_id") or ""),
        enterprise_id=str(enterprise) if enterprise else None,
        at=moment_of(fields.get("event_ts")) or moment_of(body.get("event_time")) or now,
        fields=fields,
    )


def moment_of(stamp: object) -> datetime | None:
    """A timestamp of Slack's, such as `1750000000.000100`, as a moment; None for what is none."""
    try:
        return datetime.fromtimestamp(float(str(stamp)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


class EventLanes:
    """A lane for each channel in which events wait; those that wait go in the order in which they happened.

    `missed` is told when one is lost to us.
    """

    def __init__(
        self,
        inbox: Inbox,
        clock: Clock,
        *,
        most_waiting: int = _MOST_WAITING,
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        self._inbox = inbox
        self._clock = clock
        self._missed = missed
        self._most_waiting = most_waiting
        self._lanes: dict[tuple[str, str], list[Waiting]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._numbers = count()
        self._waiting = 0

    def to(self, handler: Handler, *, wanted: Wanted = lambda _: True) -> Callable[[dict[str, Any]], Awaitable[None]]:
        """A listener for bolt that puts events before the handler: those that are `wanted`, the others cost nothing."""

        async def listen(body: dict[str, Any]) -> None:
            event = read_event(body, self._clock.now())
            if wanted(event.fields):
                self.put(event, handler)

        return listen

    def put(self, event: SlackEvent, handler: Handler) -> None:
        """Let an event wait for its turn."""
        if self._waiting >= self._most_waiting:
            log.error("slack.event_lost", kind=event.fields.get("type"), waiting=self._waiting)
            self._missed()
            return
        self._waiting += 1
        lane = (event.team_id, event.channel_id)
        is_new = lane not in self._lanes
        waiting = self._lanes.setdefault(lane, [])
        heapq.heappush(waiting, (event.at.timestamp(), next(self._numbers), event, handler))
        if is_new:
            worker = asyncio.create_task(self._work(lane, waiting))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def drain(self, patience: float) -> None:
        """Let all that wait be handled, for so many seconds; then break off."""
        if not self._workers:
            return
        _, late = await asyncio.wait(set(self._workers), timeout=patience)
        for worker in late:
            worker.cancel()
        if late:
            log.warning("slack.events_broken_off", waiting=self._waiting)
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, lane: tuple[str, str], waiting: list[Waiting]) -> None:
        try:
            while waiting:
                _, _, event, handler = heapq.heappop(waiting)
                try:
                    await self._handle(event, handler)
                finally:
                    self._waiting -= 1
        finally:
            self._waiting -= len(waiting)
            del self._lanes[lane]

    async def _handle(self, event: SlackEvent, handler: Handler) -> None:
        try:
            if await _persistently(lambda: self._take(event)):
                await _persistently(lambda: handler(event))
        except StorageError as error:
            log.error("slack.event_lost", kind=event.fields.get("type"), team=event.team_id, reason=str(error))
            self._missed()
        except Exception as error:  # the next event of the channel is not to suffer for it
            log.error("slack.event_failed", kind=event.fields.get("type"), team=event.team_id, exc_info=error)

    async def _take(self, event: SlackEvent) -> bool:
        if not event.id:
            return True
        is_new = await self._inbox.take(PLATFORM, event.id, at=self._clock.now())
        if not is_new:
            log.debug("slack.event_repeated", kind=event.fields.get("type"))
        return is_new


async def _persistently(work: Callable[[], Awaitable[Any]]) -> Any:
    """Do it, and again when the database is busy: everything an event does may be done twice."""
    for attempt in range(_ATTEMPTS - 1):
        try:
            return await work()
        except StorageBusy:
            await asyncio.sleep(_FIRST_PAUSE * 2**attempt)
    return await work()
