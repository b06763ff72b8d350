"""The only place that joins parts: settings -> storage, platforms, scheduler -> one task group."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from bot.clock import SystemClock
from bot.core.errors import Conflict, SettingsError, StorageError
from bot.core.ports import Courier, Stores
from bot.core.subscriptions import Layout
from bot.feeds.arxiv import ArxivSource
from bot.feeds.fetcher import Fetcher
from bot.files import find_files, read_documents
from bot.metrics import Metrics
from bot.opening import opened
from bot.roles import EVERYTHING, Duties
from bot.scheduler import TICK, TICK_BESIDE_OTHERS, DeliveryLoop, ReconcileLoop, start_ticks
from bot.settings import DiscordSettings, Settings, SlackSettings
from bot.usecases.converse import Desk
from bot.usecases.import_archive import import_documents
from bot.usecases.open_workspace import WORKSPACE, open_workspace
from bot.web.app import WebParts, build_app, serve
from bot.web.courier import WebCourier
from bot.web.hub import Event, EventKind, Hub
from bot.web.parts import LAYOUTS as WEB_LAYOUTS
from storage.opening import Storage

if TYPE_CHECKING:
    from bot.discord.app import DiscordPlatform
    from bot.slack.app import SlackPlatform

_DRAIN: Final = 4.0
"""Seconds that posts under way get at the end; supervisors kill what has not ended after ten."""
_CLOSE: Final = 3.0
"""Seconds that answers under way get after that."""

log = structlog.get_logger(__name__)


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
        try:
            await import_documents(stores, read_documents(pages), at=at)
        except Conflict:  # another process has filled it at the same moment
            log.info("run.filled_by_another")
    return await stores.archive.count()


async def keep_index(storage: Storage, *, retry_delay: float = 30.0) -> None:
    """Let what is looked up with be made anew where another version of Paperboy has made it; lookups go on.

    Where the database cannot be used, it goes on from where it was after `retry_delay` seconds.
    """
    while True:
        try:
            if await storage.keep_index():
                log.info("run.reindexed")
            return
        except StorageError as error:
            log.warning("run.index_held_up", reason=str(error))
        await asyncio.sleep(retry_delay)


async def run(settings: Settings, duties: Duties = EVERYTHING, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then end within ten seconds. `ready` is told the address of the first page.

    Raises:
        SettingsError: the address cannot be served on.
        StorageError: the database cannot be opened.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopped.set)
    async with opened(settings, migrate=True) as storage:
        try:
            await _Running(settings, duties, storage).serve(ready, stopped)
        except* SettingsError as wrong:
            raise wrong.exceptions[0] from None
    log.info("run.stopped")


class _Running:
    """The parts of one process, joined. All couriers are there whatever its duties: each can post everywhere."""

    def __init__(self, settings: Settings, duties: Duties, storage: Storage) -> None:
        self._settings = settings
        self._duties = duties
        self._storage = storage
        self._clock = SystemClock()
        self._hub = Hub()
        self._couriers: dict[str, Courier] = {}
        self._metrics = Metrics()
        self._deliveries = DeliveryLoop(storage, self._couriers, self._clock, self._metrics)
        self._catching_up = ReconcileLoop(storage, self._couriers, self._clock)
        self._source = ArxivSource(Fetcher(own=settings.arxiv_url), base_url=settings.arxiv_url)
        self._web = self._join_web()
        self._slack = self._join_slack(settings.slack) if settings.slack else None
        self._discord = self._join_discord(settings.discord) if settings.discord else None

    def _join_web(self) -> WebParts:
        courier = WebCourier(self._storage.workspace, self._hub, self._clock)
        desk = self._desk(courier, WEB_LAYOUTS)
        is_local = self._is_local
        return WebParts(desk=desk, hub=self._hub, workspace=WORKSPACE, is_local=is_local, metrics=self._metrics)

    @property
    def _is_local(self) -> bool:
        """Whether the local workspace is served: its pages hear of what happens in their own process only."""
        return self._settings.is_local and self._duties.is_alone

    def _join_slack(self, slack: SlackSettings) -> SlackPlatform:
        # Slack's libraries take a while to import: nobody without Slack waits for them.
        from bot.slack.app import SlackPlatform  # noqa: PLC0415
        from bot.slack.calling import kept_connections  # noqa: PLC0415
        from bot.slack.courier import SlackCourier  # noqa: PLC0415
        from bot.slack.installing import Installing  # noqa: PLC0415
        from bot.slack.parts import LAYOUTS, SlackParts  # noqa: PLC0415
        from bot.slack.people import People  # noqa: PLC0415
        from bot.slack.rooms import Rooms  # noqa: PLC0415
        from bot.slack.workspaces import Workspaces  # noqa: PLC0415

        settings, storage = self._settings, self._storage
        kept = storage.slack_installations(slack.client_id, slack.encryption_keys) if slack.client_id else None
        workspaces = Workspaces(slack, self._clock, kept, connections=kept_connections())
        people = People(workspaces, settings.staff, self._clock, language=settings.language, zone=settings.zone)
        courier = SlackCourier(workspaces, people, self._clock)
        parts = SlackParts(self._desk(courier, LAYOUTS), workspaces, people, courier, Rooms(workspaces))
        states = storage.slack_states()
        installing = Installing(slack, workspaces, kept, states, language=settings.language) if kept else None
        return SlackPlatform(slack, parts, installing, missed=self._catching_up.missed)

    def _join_discord(self, discord: DiscordSettings) -> DiscordPlatform:
        # As for Slack: nobody without Discord waits for its library.
        from bot.discord.api import Api  # noqa: PLC0415
        from bot.discord.app import DiscordPlatform  # noqa: PLC0415
        from bot.discord.client import PaperboyClient  # noqa: PLC0415
        from bot.discord.courier import DiscordCourier  # noqa: PLC0415
        from bot.discord.parts import LAYOUTS, DiscordParts  # noqa: PLC0415
        from bot.discord.people import People  # noqa: PLC0415

        settings, missed = self._settings, self._catching_up.missed
        client = PaperboyClient(discord, missed=missed)
        api = Api(client, discord.token, self._clock)
        people = People(settings.staff, self._clock, language=settings.language, zone=settings.zone)
        courier = DiscordCourier(api)
        desk = replace(self._desk(courier, LAYOUTS), one_id_everywhere=True)
        parts = DiscordParts(desk, client, api, people, courier)
        return DiscordPlatform(discord, parts, missed=missed)

    def _desk(self, courier: Courier, layouts: frozenset[Layout]) -> Desk:
        """What a platform answers people with; its courier takes part in deliveries from now on."""
        self._couriers[courier.platform] = courier
        self._metrics.begin(courier.platform)
        return Desk(
            stores=self._storage,
            clock=self._clock,
            source=self._source,
            courier=courier,
            nudge=self._deliveries.nudge,
            entry_changed=self._entry_changed,
            language=self._settings.language,
            zone=self._settings.zone,
            layouts=layouts,
            meter=self._metrics,
        )

    def _entry_changed(self, entry_id: str) -> None:
        self._hub.publish(Event(EventKind.ENTRY, entry_id=entry_id))
        self._deliveries.nudge()

    async def serve(self, ready: Callable[[str], None], stopped: asyncio.Event) -> None:
        """Serve until `stopped`.

        Raises:
            SettingsError: the address cannot be served on.
            ExceptionGroup: of SettingsError, when a platform does not accept what is set for it.
        """
        try:
            await self._serve(ready, stopped)
        finally:
            await self._close_platforms()

    async def _serve(self, ready: Callable[[str], None], stopped: asyncio.Event) -> None:
        host, port = self._settings.web_host, self._settings.web_port
        async with serve(self._pages(), host, port) as real_port:
            await self._prepare()
            self._web.prepared.set()
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work) for work in self._works()]
                with self._ticking():
                    ready(_address(host, real_port))
                    log.info("run.started", host=host, port=real_port, local=self._is_local, duties=str(self._duties))
                    await stopped.wait()
                await self._deliveries.drain(_DRAIN)
                for task in tasks:
                    task.cancel()

    def _pages(self) -> web.Application:
        """What is served over HTTP: nothing but how this process does, where others serve the pages."""
        if not self._duties.serves_pages:
            return build_app(self._web, is_bare=True)
        return build_app(self._web, webhooks=self._slack.routes() if self._slack else [])

    def _works(self) -> Iterator[Coroutine[None, None, None]]:
        """What goes on until the end."""
        duties = self._duties
        if duties.delivers:
            yield self._deliveries.run()
            yield keep_index(self._storage)
        if duties.listens or duties.delivers:
            yield self._catching_up.run()
        if self._slack:
            yield self._slack.run(lambda: log.info("run.slack_ready"), listens=duties.listens)
        if self._discord and duties.listens:
            yield self._discord.run(lambda: log.info("run.discord_ready"))

    @contextmanager
    def _ticking(self) -> Iterator[None]:
        """Have the deliveries looked after meanwhile, where this process does so."""
        if not self._duties.delivers:
            yield
            return
        stop_ticks = start_ticks(self._deliveries.nudge, TICK if self._duties.is_alone else TICK_BESIDE_OTHERS)
        try:
            yield
        finally:
            stop_ticks()

    async def _close_platforms(self) -> None:
        """Let what people have asked for be answered, for a few seconds."""
        closing = [platform.close() for platform in (self._slack, self._discord) if platform]
        try:
            async with asyncio.timeout(_CLOSE):
                await asyncio.gather(*closing)
        except TimeoutError:
            log.warning("run.broken_off")

    async def _prepare(self) -> None:
        """What a start owes before the first tick: seeds, the workspace, and what an interruption left behind."""
        settings, storage, now = self._settings, self._storage, self._clock.now()
        entries = await fill_from_seeds(storage, now)
        if self._is_local:
            await open_workspace(storage, language=settings.language, zone=settings.zone, at=now)
        interrupted = await storage.ledger.recover()  # at once, and of this worker's own only
        log.info("run.prepared", entries=entries, interrupted_posts=interrupted)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
