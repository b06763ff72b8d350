"""views.*: modals and home tabs."""

from __future__ import annotations

import json
from typing import Any

from tests.platforms.slack.calls import Call, method
from tests.platforms.slack.errors import SlackError
from tests.platforms.slack.views import View

Json = dict[str, Any]


@method("views.open")
def open_(call: Call) -> Json:
    """Open a modal in exchange for a trigger."""
    interactions = call.server.interactions
    payload = interactions.checked_view(call.workspace, _view(call), kind="modal")
    trigger = interactions.exchange(call.app, call.text("trigger_id", "invalid_trigger_id"))
    view = interactions.new_view(call.installation, trigger.user, payload)
    if call.workspace.modals.get(trigger.user):
        call.server.complaints.append("views.open while a modal was open: views.push or views.update keep it")
    call.workspace.modals[trigger.user] = [view]
    return {"view": view.json()}


@method("views.push")
def push(call: Call) -> Json:
    """Put a modal over the one that a trigger comes from."""
    interactions = call.server.interactions
    payload = interactions.checked_view(call.workspace, _view(call), kind="modal")
    trigger = interactions.exchange(call.app, call.text("trigger_id", "invalid_trigger_id"))
    stack = call.workspace.modals.get(trigger.user, [])
    if not any(view.id == trigger.view_id for view in stack):
        raise SlackError("not_found")
    return {"view": interactions.push(call.workspace, call.installation, trigger.user, payload).json()}


@method("views.update")
def update(call: Call) -> Json:
    """Change a view that stands open."""
    view = _found(call)
    if call.arguments.get("hash") and call.arguments["hash"] != view.hash:
        raise SlackError("hash_conflict")
    interactions = call.server.interactions
    payload = interactions.checked_view(call.workspace, _view(call), kind=view.kind, instead_of=view)
    interactions.replace(view, payload)
    return {"view": view.json()}


@method("views.publish")
def publish(call: Call) -> Json:
    """Set somebody's home tab."""
    user = call.workspace.users.get(call.text("user_id"))
    if user is None:
        raise SlackError("user_not_found")
    if not call.app.manifest.has_home:
        raise SlackError("not_enabled")
    interactions = call.server.interactions
    standing = call.workspace.homes.get((call.app.id, user.id))
    if call.arguments.get("hash") and (standing is None or call.arguments["hash"] != standing.hash):
        raise SlackError("hash_conflict")
    payload = interactions.checked_view(call.workspace, _view(call), kind="home", instead_of=standing)
    if standing is None:
        standing = interactions.new_view(call.installation, user.id, payload)
        call.workspace.homes[call.app.id, user.id] = standing
    else:
        interactions.replace(standing, payload)
    return {"view": standing.json()}


def _view(call: Call) -> Any:
    view = call.arguments.get("view")
    if view is None:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: view"]})
    if isinstance(view, str):
        try:
            return json.loads(view)
        except ValueError:
            raise SlackError("invalid_arguments") from None
    return view


def _found(call: Call) -> View:
    view_id, external_id = call.arguments.get("view_id"), call.arguments.get("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments")
    for view in call.workspace.views():
        if view.app_id == call.app.id and (view.id == view_id or (external_id and view.external_id == external_id)):
            return view
    raise SlackError("not_found")
