"""Events, each once and those of one channel one after the other.

Slack has been answered by then, and sends an event again only when it did not hear us.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.core.ports import Clock, Inbox
from bot.slack.people import PLATFORM
from bot.usecases.lanes import Lanes, persistently

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
    """A lane for each channel; each event is taken from the inbox first.

    `missed` is told when one is lost to us.
    """

    def __init__(
        self,
        inbox: Inbox,
        clock: Clock,
        *,
        most_waiting: int | None = None,
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        self._inbox = inbox
        self._clock = clock
        limit = {} if most_waiting is None else {"most_waiting": most_waiting}
        self._lanes = Lanes(PLATFORM, missed=missed, **limit)

    def to(self, handler: Handler, *, wanted: Wanted = lambda _: True) -> Callable[[dict[str, Any]], Awaitable[None]]:
        """A listener for bolt that puts events before the handler: those that are `wanted`, the others cost nothing."""

        async def listen(body: dict[str, Any]) -> None:
            event = read_event(body, self._clock.now())
            if wanted(event.fields):
                self.put(event, handler)

        return listen

    def put(self, event: SlackEvent, handler: Handler) -> None:
        """Let an event wait for its turn."""

        async def work() -> None:
            if await persistently(lambda: self._take(event)):
                await persistently(lambda: handler(event))

        kind = str(event.fields.get("type"))
        self._lanes.put((event.team_id, event.channel_id), kind, work, at=event.at.timestamp())

    async def drain(self, patience: float) -> None:
        """Let all that wait be handled, for so many seconds; then break off."""
        await self._lanes.drain(patience)

    async def _take(self, event: SlackEvent) -> bool:
        if not event.id:
            return True
        is_new = await self._inbox.take(PLATFORM, event.id, at=self._clock.now())
        if not is_new:
            log.debug("slack.event_repeated", kind=event.fields.get("type"))
        return is_new
