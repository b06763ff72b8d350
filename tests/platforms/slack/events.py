"""The Events API: who is told of what, what was delivered, and what is tried again."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.platforms.slack.apps import App, Installation
from tests.platforms.slack.errors import DispatchFailed, OperationTimeout
from tests.platforms.slack.state import Channel, Workspace

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]

_MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}

# The scope without which an event cannot be subscribed to; None where none is needed.
NEEDED: dict[str, str | None] = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "channel_left": "channels:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
    "channel_rename": "channels:read",
    "channel_deleted": "channels:read",
    "group_left": "groups:read",
    "group_deleted": "groups:read",
    "group_archive": "groups:read",
    "group_unarchive": "groups:read",
    "user_change": "users:read",
    "team_join": "users:read",
    "subteam_members_changed": "usergroups:read",
    "app_home_opened": None,
    "app_uninstalled": None,
    "tokens_revoked": None,
}

MAX_RETRIES = 3


@dataclass
class Delivery:
    """An event for one app: its attempts, and whether one was acknowledged."""

    app: App
    body: Json
    attempts: list[str] = field(default_factory=list)  # "ok", or why an attempt failed
    is_acked: bool = False
    gave_up: bool = False

    @property
    def event_id(self) -> str:
        """The same for every attempt."""
        return str(self.body["event_id"])

    @property
    def event(self) -> Json:
        """What happened."""
        event: Json = self.body["event"]
        return event


class Events:
    """Tells apps what has happened."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self.deliveries: list[Delivery] = []

    def emit(
        self,
        workspace: Workspace,
        event: Json,
        *,
        channel: Channel | None = None,
        only: str | None = None,
        everywhere: bool = False,
    ) -> None:
        """Tell every app that subscribes, may know, and (unless `everywhere`) is in the conversation."""
        name = _MESSAGES[event["channel_type"]] if event["type"] == "message" else event["type"]
        for installation in self._server.installations(workspace):
            is_there = everywhere or channel is None or installation.bot_user in channel.members
            if only in (None, installation.app_id) and is_there:
                self._tell(workspace, installation, name, event)

    def _tell(self, workspace: Workspace, installation: Installation, name: str, event: Json) -> None:
        app = self._server.apps[installation.app_id]
        needed = NEEDED[name]
        if name not in app.manifest.events or (needed and needed not in installation.scopes):
            return
        if needed:
            self._server.use_scope(app.id, needed)
        delivery = Delivery(app, self._body(workspace, installation, event))
        self.deliveries.append(delivery)
        self._server.spawn(self._deliver(delivery))

    def _body(self, workspace: Workspace, installation: Installation, event: Json) -> Json:
        authorization = {
            "enterprise_id": workspace.enterprise_id,
            "team_id": workspace.id,
            "user_id": installation.bot_user,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": "verification-token",
            "team_id": workspace.id,
            "context_team_id": workspace.id,
            "context_enterprise_id": workspace.enterprise_id,
            "api_app_id": installation.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{next(self._numbers):08d}",
            "event_time": int(self._server.clock.now()),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
            "event_context": "4-loopback",
        }

    async def _deliver(self, delivery: Delivery) -> None:
        """The first attempt and the retry that follows at once; later ones are for the test to bring about."""
        reason = await self._attempt(delivery, None)
        if reason is not None and not delivery.gave_up:
            await self._attempt(delivery, self._told_reason(delivery))

    def _told_reason(self, delivery: Delivery) -> str:
        """Why the last attempt failed, in the words that the next one uses."""
        return "timeout" if delivery.app.manifest.uses_socket_mode else delivery.attempts[-1]

    async def _attempt(self, delivery: Delivery, reason: str | None) -> str | None:
        number = len(delivery.attempts)
        retry = None if reason is None else (number, reason)
        try:
            ack = await self._server.dispatch(delivery.app, "events_api", delivery.body, retry=retry)
        except OperationTimeout:
            failed: str | None = "timeout" if delivery.app.manifest.uses_socket_mode else "http_timeout"
        except DispatchFailed as error:
            failed = str(error) or "http_error"
        else:
            failed = None
            delivery.is_acked = True
            if ack.payload is not None and delivery.app.manifest.uses_socket_mode and ack.payload != {}:
                self._server.complaints.append(f"{delivery.event_id}: an event was acknowledged with a payload")
        delivery.attempts.append(failed or "ok")
        delivery.gave_up = not delivery.is_acked and (failed == "no_retry" or len(delivery.attempts) > MAX_RETRIES)
        self._server.changed()
        return failed

    def delivery(self, event_id: str) -> Delivery:
        """The delivery of an event."""
        return next(one for one in self.deliveries if one.event_id == event_id)

    def of_type(self, kind: str) -> list[Delivery]:
        """The deliveries of one type of event, by its `type` or its `subtype`."""
        return [one for one in self.deliveries if kind in (one.event["type"], one.event.get("subtype"))]

    async def retry(self, event_id: str, *, reason: str = "timeout") -> bool:
        """Send an event again at once, acknowledged or not; whether it is acknowledged now."""
        return await self._attempt(self.delivery(event_id), reason) is None

    async def retry_all(self) -> None:
        """Send again what nobody has acknowledged yet, as Slack does after one and after five minutes."""
        waiting = [one for one in self.deliveries if not one.is_acked and not one.gave_up]
        tried = [one for one in waiting if one.attempts]
        await asyncio.gather(*(self._attempt(one, self._told_reason(one)) for one in tried))
