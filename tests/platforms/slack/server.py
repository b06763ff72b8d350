"""The server: its state, its sockets, and what happens to a request before and after a method answers it."""

from __future__ import annotations

import asyncio
import copy
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from aiohttp import web

from tests.platforms.slack import methods
from tests.platforms.slack.apps import App, Installation, Manifest, Token
from tests.platforms.slack.calls import Recorded
from tests.platforms.slack.clock import Clock
from tests.platforms.slack.driver import Person
from tests.platforms.slack.events import Events
from tests.platforms.slack.faults import Faults
from tests.platforms.slack.http_events import Http
from tests.platforms.slack.installing import Installer
from tests.platforms.slack.interactions import Interactions
from tests.platforms.slack.messages import Messages
from tests.platforms.slack.rates import RatePolicy, Rates
from tests.platforms.slack.response_urls import ResponseUrls
from tests.platforms.slack.socket_mode import Ack, Sockets
from tests.platforms.slack.state import User, Workspace
from tests.platforms.slack.web_api import WebApi

Json = dict[str, Any]
Found = TypeVar("Found")

ACK_SECONDS = 3.0
LOOK_SECONDS = 0.02
REQUEST_BYTES = 2**21

__all__ = ["ACK_SECONDS", "SlackServer", "methods", "slack_server"]


class SlackServer:
    """A Slack of its own: every part of it may be looked at."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.port = 0
        self.ack_timeout = ACK_SECONDS  # measured with a clock that cannot be moved
        self.page_max: int | None = None  # the most a page of a list holds, whatever is asked for
        self.workspaces: dict[str, Workspace] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.calls: list[Recorded] = []
        self.complaints: list[str] = []  # what Slack lets pass, and a test should know of
        self.faults = Faults()
        self.rates = Rates()
        self.sockets = Sockets(self)
        self.http = Http(self)
        self.events = Events(self)
        self.messages = Messages(self)
        self.interactions = Interactions(self)
        self.response_urls = ResponseUrls(self)
        self.installer = Installer(self)
        self.web_api = WebApi(self)
        self._scopes: defaultdict[str, set[str]] = defaultdict(set)
        self._tasks: set[asyncio.Task[None]] = set()
        self._change = asyncio.Event()

    # --- where it is ----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """What clients take for `https://slack.com/api/`."""
        return f"{self.url}/api/"

    # --- what it holds --------------------------------------------------------------------------------------------

    def add_workspace(
        self, domain: str, team_id: str, *, name: str = "", enterprise_id: str | None = None
    ) -> Workspace:
        """A new, empty workspace."""
        workspace = Workspace(team_id, domain, name or domain, enterprise_id)
        self.workspaces[team_id] = workspace
        return workspace

    def create_app(self, manifest: Json, app_id: str = "A1") -> App:
        """Create an app from its manifest.

        Raises:
            ValueError: the manifest asks for something that Slack does not know or refuses.
        """
        return self.installer.create(Manifest(copy.deepcopy(manifest)), app_id)

    def install(self, app: App, workspace: Workspace, scopes: list[str] | None = None) -> Installation:
        """Install an app with the scopes of its manifest, or others."""
        return self.installer.install(app, workspace, app.manifest.bot_scopes if scopes is None else scopes)

    def uninstall(self, app: App, workspace: Workspace) -> None:
        """Remove an app: it is told, and its tokens are worth nothing any more."""
        self.installer.uninstall(app, workspace)

    def installations(self, workspace: Workspace) -> list[Installation]:
        """The apps of a workspace."""
        return [app.installations[workspace.id] for app in self.apps.values() if workspace.id in app.installations]

    def authorize(self, url: str, user: User, workspace: Workspace, *, consent: bool = True) -> str:
        """A person follows a link to Slack's consent page and allows or declines; where they are sent back to.

        Raises:
            AuthorizeRefused: Slack shows an error page instead.
        """
        return self.installer.authorize(url, user, workspace, consent=consent)

    def workspace_of(self, user: User) -> Workspace:
        """Where a person is a member."""
        return next(one for one in self.workspaces.values() if one.users.get(user.id) is user)

    def person(self, user: User) -> Person:
        """Somebody at the keyboard."""
        return Person(self, self.workspace_of(user), user)

    # --- limits and records ---------------------------------------------------------------------------------------

    def limit(self, method: str, team: str, *, retry_after: int = 1, times: int = 1) -> None:
        """Refuse the next calls of a method in a workspace with HTTP 429."""
        self.rates.arm(method, team, retry_after, times)

    @property
    def rate_policy(self) -> RatePolicy | None:
        """How posting is limited all the time; nothing unless set."""
        return self.rates.policy

    @rate_policy.setter
    def rate_policy(self, policy: RatePolicy | None) -> None:
        self.rates.policy = policy

    def calls_of(self, method: str) -> list[Recorded]:
        """The calls of one method, in order."""
        return [call for call in self.calls if call.method == method]

    def use_scope(self, app_id: str, scope: str) -> None:
        """Note that a scope has been needed."""
        self._scopes[app_id].add(scope)

    def scopes_used(self, app: App) -> set[str]:
        """The scopes without which something that the app did, or was told, would not have been."""
        return set(self._scopes[app.id])

    def scopes_unused(self, app: App) -> set[str]:
        """The scopes of the manifest that nothing has needed so far."""
        return set(app.manifest.bot_scopes) - self._scopes[app.id]

    # --- time -----------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Let those who wait for something look again."""
        self._change.set()

    async def until(self, look: Callable[[], Found], within: float = 5.0) -> Found:
        """Wait until a look at the state finds something, and hand it out.

        Raises:
            TimeoutError: nothing in time.
        """
        async with asyncio.timeout(within):
            while not (found := look()):
                await self._change_or_while()
        return found

    async def _change_or_while(self) -> None:
        """Until something has changed here; what changes elsewhere is looked at every now and then."""
        self._change.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._change.wait(), LOOK_SECONDS)

    async def settled(self, within: float = 10.0) -> None:
        """Wait until every event has been acknowledged or given up on for now.

        Raises:
            TimeoutError: some are still under way.
        """
        async with asyncio.timeout(within):
            while self._tasks:
                await asyncio.gather(*self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def dispatch(self, app: App, kind: str, payload: Json, *, retry: tuple[int, str] | None = None) -> Ack:
        """Send something to an app, the way its manifest says.

        Raises:
            DispatchFailed: the app could not be reached, or failed.
            OperationTimeout: no acknowledgement in time.
        """
        transport = self.sockets if app.manifest.uses_socket_mode else self.http
        return await transport.dispatch(app, kind, payload, retry)

    async def close(self) -> None:
        """End everything that is under way."""
        self.faults.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.sockets.close()
        await self.http.close()


@asynccontextmanager
async def slack_server(clock: Clock | None = None) -> AsyncIterator[SlackServer]:
    """A server on a free port of the loopback."""
    server = SlackServer(clock)
    app = web.Application(client_max_size=REQUEST_BYTES)
    app.router.add_route("*", "/api/{method}", server.web_api.handle)
    app.router.add_get("/link/", server.sockets.handle)
    app.router.add_post("/respond/{key}", server.response_urls.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await server.close()
        await runner.cleanup()
