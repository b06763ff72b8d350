"""Triggers, views and membership: what interactions lead to, whether an app or a person brings it about."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.platforms.slack.apps import App, Installation
from tests.platforms.slack.errors import SlackError, invalid
from tests.platforms.slack.ids import new_id, with_ids
from tests.platforms.slack.inputs import initial_values
from tests.platforms.slack.limits import view_problems, view_too_large
from tests.platforms.slack.state import Channel, Workspace
from tests.platforms.slack.views import View

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]

TRIGGER_SECONDS = 3.0
MODALS = 3  # over one another
_TRIGGER = re.compile(r"\d+\.\d+\.[0-9a-f]+")


@dataclass
class Trigger:
    """What a person did last, for which a modal may be opened once and soon."""

    id: str
    app_id: str
    team_id: str
    user: str
    expires_at: float
    view_id: str | None
    is_used: bool = False


class Interactions:
    """The server's side of interactions."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._triggers: dict[str, Trigger] = {}
        # What external menus have offered, by surface, block and action: only that can be chosen.
        self.offered: dict[tuple[str, str, str], list[Json]] = {}

    # --- triggers -------------------------------------------------------------------------------------------------

    def trigger(self, app: App, workspace: Workspace, user: str, view_id: str | None = None) -> str:
        """A new trigger for something a person has just done."""
        number = next(self._numbers)
        trigger_id = f"{number}.{number * 7}.{number:08x}"
        expires_at = self._server.clock.now() + TRIGGER_SECONDS
        self._triggers[trigger_id] = Trigger(trigger_id, app.id, workspace.id, user, expires_at, view_id)
        return trigger_id

    def exchange(self, app: App, trigger_id: str) -> Trigger:
        """Take a trigger, once.

        Raises:
            SlackError: it is not this app's, was used before, or is too old.
        """
        trigger = self._triggers.get(trigger_id)
        if not _TRIGGER.fullmatch(trigger_id) or trigger is None or trigger.app_id != app.id:
            raise SlackError("invalid_trigger_id")
        if trigger.is_used:
            raise SlackError("exchanged_trigger_id")
        if self._server.clock.now() >= trigger.expires_at:
            raise SlackError("expired_trigger_id")
        trigger.is_used = True
        return trigger

    # --- views ----------------------------------------------------------------------------------------------------

    def checked_view(self, workspace: Workspace, view: Any, *, kind: str, instead_of: View | None = None) -> Json:
        """A view as an app describes it, when Slack takes it.

        Raises:
            SlackError: it does not.
        """
        if isinstance(view, dict) and view_too_large(view):
            raise SlackError("view_too_large")
        if problems := view_problems(view):
            raise invalid("invalid_arguments", problems)
        if view["type"] != kind:
            raise invalid("invalid_arguments", [f"must be a {kind} [json-pointer:/view/type]"])
        external_id = view.get("external_id")
        taken = (one for one in workspace.views() if one is not instead_of)
        if external_id and any(one.external_id == external_id for one in taken):
            raise SlackError("duplicate_external_id")
        checked: Json = view
        return checked

    def new_view(self, installation: Installation, user: str, payload: Json) -> View:
        """A view that stands open now."""
        view_id = new_id("V")
        view = View(
            view_id,
            payload["type"],
            installation.app_id,
            installation.bot_id,
            installation.team_id,
            user,
            {},
            "",
            root_id=view_id,
        )
        self.replace(view, payload)
        return view

    def replace(self, view: View, payload: Json) -> None:
        """Give a view new content; what was put in stays where block and action are the same as before."""
        view.payload = {**payload, "blocks": with_ids(payload["blocks"])}
        view.external_id = payload.get("external_id", view.external_id) or ""
        view.hash = f"{int(self._server.clock.now())}.{new_id('h')}"
        before, view.values = view.values, initial_values(view.blocks)
        for block_id, actions in view.values.items():
            for action_id, value in actions.items():
                standing = before.get(block_id, {}).get(action_id)
                if standing is not None and standing["type"] == value["type"]:
                    actions[action_id] = standing
        self._server.changed()

    def push(self, workspace: Workspace, installation: Installation, user: str, payload: Json) -> View:
        """Put a view over those that stand open.

        Raises:
            SlackError: there are enough already.
        """
        stack = workspace.modals[user]
        if len(stack) >= MODALS:
            raise SlackError("push_limit_reached")
        view = self.new_view(installation, user, payload)
        view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        self._server.changed()
        return view

    # --- membership -----------------------------------------------------------------------------------------------

    def join(self, workspace: Workspace, channel: Channel, user: str, inviter: str | None = None) -> None:
        """Somebody comes in; apps that are there are told, one that comes in itself too."""
        channel.members.add(user)
        event = {"type": "member_joined_channel", "user": user, "team": workspace.id, **self._place(channel)}
        self._server.events.emit(workspace, {**event, **({"inviter": inviter} if inviter else {})}, channel=channel)
        self._server.changed()

    def leave(self, workspace: Workspace, channel: Channel, user: str) -> None:
        """Somebody goes or is removed; an app that is gone hears of it one last time."""
        event = {"type": "member_left_channel", "user": user, "team": workspace.id, **self._place(channel)}
        if channel.kind == "public":
            self._server.events.emit(workspace, event, channel=channel)
            channel.members.discard(user)
        else:
            channel.members.discard(user)
            self._server.events.emit(workspace, event, channel=channel)
        kind = "channel_left" if channel.kind == "public" else "group_left"
        for installation in self._server.installations(workspace):
            if installation.bot_user == user:
                left = {"type": kind, "channel": channel.id, "actor_id": user, "event_ts": self.event_ts()}
                self._server.events.emit(workspace, left, channel=channel, only=installation.app_id, everywhere=True)
        self._server.changed()

    def archive(self, workspace: Workspace, channel: Channel, user: str, *, archived: bool) -> None:
        """Close a channel, or open it again."""
        channel.is_archived = archived
        prefix = "channel" if channel.kind == "public" else "group"
        kind = f"{prefix}_archive" if archived else f"{prefix}_unarchive"
        event = {"type": kind, "channel": channel.id, "user": user, "event_ts": self.event_ts()}
        self._server.events.emit(workspace, event, channel=channel)
        self._server.changed()

    def event_ts(self) -> str:
        """Now, as events write it."""
        return f"{self._server.clock.now():.6f}"

    def _place(self, channel: Channel) -> Json:
        kind = "C" if channel.kind == "public" else "G"
        return {"channel": channel.id, "channel_type": kind, "event_ts": self.event_ts()}
