"""Asking Slack on nobody's behalf: what the courier does beside single calls, and what its errors mean for posts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

from bot.core.errors import ChannelUnavailable, ContentRefused, DeliveryUncertain, PlatformBusy, StorageError
from bot.core.ports import Clock
from bot.slack.errors import SlackBusy, SlackError, SlackRefused, as_courier_error
from bot.slack.workspaces import Identity, Workspaces, is_revoked

_LONGEST_WAIT: Final = timedelta(minutes=2)
_MOST_WAITS: Final = 5

_SAYING: Final = frozenset({"chat.postMessage", "chat.update"})
"""Methods that say something, which may be refused for what it is."""

Answer = TypeVar("Answer")


class Api:
    """One workspace's Web API, for work that nobody waits for.

    A call whose token is refused is made once more with the token as it is kept now: another process may have renewed
    it. A refused call has done nothing, so that is safe whatever the call does. `patient`: where Slack says when to
    come back, and that is soon, wait and go on, rather than begin long work anew.
    """

    def __init__(self, workspaces: Workspaces, team_id: str, clock: Clock, *, patient: bool = False) -> None:
        self._workspaces = workspaces
        self._team_id = team_id
        self._clock = clock
        self._waits = _MOST_WAITS if patient else 0

    async def call(self, method: str, /, **arguments: object) -> Mapping[str, Any]:
        """Call a method by its name; what it answers.

        Raises:
            SlackRefused, SlackBusy, SlackUnreachable
            StorageError: the workspace's token could not be read.
        """

        async def call() -> Mapping[str, Any]:
            client = await self._workspaces.client(self._team_id)
            return await client.call(method, **arguments)

        return await self._patiently(call)

    async def identity(self) -> Identity:
        """Who Paperboy is in this workspace.

        Raises:
            SlackRefused, SlackBusy, SlackUnreachable, StorageError: as for `call`.
        """
        return await self._patiently(lambda: self._workspaces.identity(self._team_id))

    async def _patiently(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        for _ in range(self._waits):
            try:
                return await self._with_good_token(work)
            except SlackBusy as busy:
                pause = busy.retry_at - self._clock.now()
                if pause > _LONGEST_WAIT:
                    raise
                await asyncio.sleep(max(0.0, pause.total_seconds()))
        return await self._with_good_token(work)

    async def _with_good_token(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            return await work()
        except SlackRefused as error:
            if not is_revoked(error):
                raise
            self._workspaces.drop(self._team_id)
        return await work()


@contextmanager
def at_border() -> Iterator[None]:
    """Say what went wrong in a courier's words.

    Only posting leaves anything uncertain: what was asked for, changed or deleted can be so again.
    """
    try:
        yield
    except SlackError as error:
        meant = as_courier_error(error)
        if isinstance(meant, DeliveryUncertain) and error.method != "chat.postMessage":
            meant = PlatformBusy(meant.message)
        if isinstance(meant, ContentRefused) and error.method not in _SAYING:
            meant = ChannelUnavailable(meant.message)
        raise meant from error
    except StorageError as error:  # where tokens are kept
        raise PlatformBusy(error.message) from error
