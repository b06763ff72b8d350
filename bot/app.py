"""The only place that joins parts: settings -> storage, platforms, scheduler -> one task group."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.core.ports import Courier, Stores
from bot.feeds.arxiv import ArxivSource
from bot.feeds.fetcher import Fetcher
from bot.files import find_files, read_documents
from bot.opening import opened
from bot.scheduler import DeliveryLoop, start_ticks, tried
from bot.settings import Settings
from bot.usecases.import_archive import import_documents
from bot.usecases.open_workspace import PLATFORM, WORKSPACE, open_workspace
from bot.usecases.track import reconcile
from bot.web.app import WebParts, build_app, serve
from bot.web.courier import WebCourier
from bot.web.hub import Hub
from storage.opening import Storage

log = structlog.get_logger(__name__)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


def seeds_folder() -> Path | None:
    """Where the digests that came with Paperboy are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return next((path for path in (package / "seeds", package.parent / "seeds") if path.is_dir()), None)


async def fill_from_seeds(stores: Stores, at: datetime) -> int:
    """Import the seeds into an empty archive; how many entries there are then."""
    folder = seeds_folder()
    if folder is not None and await stores.archive.count() == 0:
        files, _ = find_files([folder])
        pages = [(name, path) for name, path in files if path.suffix == ".txt"]
        await import_documents(stores, read_documents(pages), at=at)
    return await stores.archive.count()


async def run(settings: Settings, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. `ready` is told the address of the first page once it is up.

    Raises:
        SettingsError: the address cannot be served on.
        StorageError: the database cannot be opened.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopped.set)
    if settings.without_effect:
        log.warning("settings.without_effect", names=settings.without_effect, served="web")
    async with opened(settings, migrate=True) as storage:
        await _serve(settings, storage, ready, stopped)


async def _serve(settings: Settings, storage: Storage, ready: Callable[[str], None], stopped: asyncio.Event) -> None:
    clock = SystemClock()
    hub = Hub()
    couriers: dict[str, Courier] = {PLATFORM: WebCourier(storage.workspace, hub, clock)}
    deliveries = DeliveryLoop(storage, couriers, clock)
    parts = WebParts(
        stores=storage,
        clock=clock,
        source=ArxivSource(Fetcher(), base_url=settings.arxiv_url),
        hub=hub,
        nudge=deliveries.nudge,
        language=settings.language,
        zone=settings.zone,
        workspace=WORKSPACE,
        is_local=settings.is_local,
    )
    async with serve(build_app(parts), settings.web_host, settings.web_port) as port:
        await _prepare(settings, storage, couriers, clock)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(deliveries.run())
            stop_ticks = start_ticks(deliveries.nudge)
            ready(_address(settings.web_host, port))
            log.info("run.started", host=settings.web_host, port=port, local=settings.is_local)
            await stopped.wait()
            stop_ticks()
            task.cancel()
    log.info("run.stopped")


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _prepare(settings: Settings, storage: Storage, couriers: dict[str, Courier], clock: SystemClock) -> None:
    """What a start owes before the first tick: seeds, the workspace, and what an interruption left behind."""
    entries = await fill_from_seeds(storage, clock.now())
    if settings.is_local:
        await open_workspace(storage, language=settings.language, zone=settings.zone, at=clock.now())
    interrupted = await storage.ledger.recover()
    asked = await tried("reconcile", reconcile(storage, couriers, clock.now()))
    log.info("run.prepared", entries=entries, interrupted_posts=interrupted, reconciled_posts=asked)
