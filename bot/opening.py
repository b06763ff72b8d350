"""Opens the storage that the settings name. Apart from `bot.app`, so that a lookup need not import the platforms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.settings import Settings
from storage.opening import Storage, open_storage


@asynccontextmanager
async def opened(settings: Settings, *, migrate: bool = False) -> AsyncIterator[Storage]:
    """The storage, closed at the end.

    Raises:
        StorageError: it cannot be opened.
    """
    storage = await open_storage(settings.database_url, migrate=migrate, worker=settings.worker)
    try:
        yield storage
    finally:
        await storage.close()
