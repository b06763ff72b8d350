"""Slack as one part of Paperboy: bolt with all its listeners, and the transport that brings the requests.

Socket Mode ──> sockets ──┐
                          ├──> intake ──> bolt ──> commands, clicks, forms, shortcuts, home
HTTP ─────────> http ─────┘                 └────> events (each once, in order) ──> tracking, departing, home
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.settings import SlackSettings
from bot.slack import clicks, commands, departing, forms, home, shortcuts, tracking
from bot.slack.bolt import bare_bolt
from bot.slack.calling import web_client
from bot.slack.events import EventLanes
from bot.slack.http import HttpEvents
from bot.slack.installing import Installing
from bot.slack.intake import Intake
from bot.slack.parts import SlackParts
from bot.slack.sockets import SocketMode

_PATIENCE: Final = 5.0
"""Seconds that handlers under way get when Paperboy stops."""


def build_bolt(
    settings: SlackSettings,
    parts: SlackParts,
    installing: Installing | None = None,
    *,
    lanes: EventLanes | None = None,
) -> AsyncApp:
    """bolt's app with everything Paperboy listens to. `lanes` are the events' way, to be drained at the end."""
    app = bare_bolt(settings, parts.workspaces)
    lanes = lanes or EventLanes(parts.desk.stores.inbox, parts.desk.clock)
    commands.register(app, parts)
    clicks.register(app, parts)
    forms.register(app, parts)
    shortcuts.register(app, parts)
    home.register(app, parts, lanes)
    tracking.register(app, parts, lanes)
    departing.register(app, parts, lanes, installing.forget if installing else None)
    return app


class SlackPlatform:
    """Slack, composed by `bot.app`: it owns the transport, and routes on Paperboy's own web server."""

    def __init__(
        self,
        settings: SlackSettings,
        parts: SlackParts,
        installing: Installing | None = None,
        *,
        missed: Callable[[], None] = lambda: None,
    ) -> None:
        """`missed` is told whenever Slack may have sent events that nobody heard."""
        self._settings = settings
        self._parts = parts
        self._installing = installing
        self._missed = missed
        self._lanes = EventLanes(parts.desk.stores.inbox, parts.desk.clock, missed=missed)
        bolt = build_bolt(settings, parts, installing, lanes=self._lanes)
        self._intake = Intake(bolt, language=parts.desk.language)

    def routes(self) -> list[web.RouteDef]:
        """`POST /slack/events` where events come over HTTP; the pages for installing where many workspaces may."""
        routes = self._installing.routes() if self._installing else []
        if not self._settings.uses_socket_mode and self._settings.signing_secret:
            routes += HttpEvents(self._settings.signing_secret, self._intake).routes()
        return routes

    async def run(self, ready: Callable[[], None], *, listens: bool = True) -> None:
        """Serve until cancelled. `ready` is told once requests can come; unless this process `listens`, over HTTP only.

        Raises:
            SettingsError: Slack does not accept a token of the settings.
        """
        await self._parts.workspaces.start()
        if self._settings.app_token is None or not listens:
            ready()
            await asyncio.Event().wait()
        else:
            web_api, clock = web_client(None, self._settings.api_url), self._parts.desk.clock
            sockets = SocketMode(self._settings.app_token, web_api, self._intake, clock, missed=self._missed)
            await sockets.run(ready)

    async def close(self) -> None:
        """Let handlers and events under way end, for a few seconds; nothing may come in any more."""
        try:
            await self._intake.drain(_PATIENCE)
            await self._lanes.drain(_PATIENCE)
        finally:
            await self._parts.workspaces.close()
