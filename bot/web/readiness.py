"""Whether this process can do its work, for `/readyz`: the database is read, and something is written to it."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from aiohttp import web

from bot.core.errors import StorageError
from bot.core.ports import Stores

STARTING: Final = "Paperboy is starting"
NO_ANSWER: Final = "the database does not answer"
_NOT_TAKEN: Final = "nothing can be written to the database"
_GOOD_FOR: Final = 1.0
"""Seconds for which an answer is given again: anybody may ask, and each look is a write."""

log = structlog.get_logger(__name__)


class Readiness:
    """Looks when somebody asks, once for all who ask meanwhile."""

    def __init__(self, stores: Stores, prepared: asyncio.Event, *, timeout: float = 5.0) -> None:
        """Nothing is ready before the start has done what it owes, which `prepared` tells.

        Whoever asks is kept waiting for `timeout` seconds.
        """
        self._stores = stores
        self._prepared = prepared
        self._timeout = timeout
        self._looking: asyncio.Task[str | None] | None = None
        self._looked_at = 0.0
        self._stage = NO_ANSWER

    async def why_not(self) -> str | None:
        """Why not, in words that give nothing away of where the database is; None when all is well."""
        if not self._prepared.is_set():
            return STARTING
        looking = self._look_soon()
        done, _ = await asyncio.wait({looking}, timeout=self._timeout)
        if done:
            return looking.result()
        log.warning("web.not_ready", asked="ready", reason="no answer in time")
        return self._stage

    async def close(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    def _look_soon(self) -> asyncio.Task[str | None]:
        now = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now - self._looked_at > _GOOD_FOR):
            self._looking = asyncio.create_task(self._look())
        return self._looking

    async def _look(self) -> str | None:
        self._stage = NO_ANSWER
        try:
            await self._stores.archive.count()
            self._stage = _NOT_TAKEN
            await self._stores.touch()
        except StorageError as error:
            log.warning("web.not_ready", asked="ready", reason=str(error))
            return self._stage
        finally:
            self._looked_at = asyncio.get_running_loop().time()
        return None


READINESS: web.AppKey[Readiness] = web.AppKey("READINESS", Readiness)
