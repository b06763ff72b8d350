"""auth.*, apps.*, team.info: who is calling, and the end of it."""

from __future__ import annotations

from typing import Any

from tests.platforms.slack.calls import Call, method
from tests.platforms.slack.errors import SlackError

Json = dict[str, Any]


@method("auth.test")
def auth_test(call: Call) -> Json:
    """Who the token speaks for."""
    return {
        "url": call.workspace.url,
        "team": call.workspace.name,
        "user": call.bot.name,
        "team_id": call.workspace.id,
        "user_id": call.bot.id,
        "bot_id": call.installation.bot_id,
        "is_enterprise_install": False,
        **({"enterprise_id": call.workspace.enterprise_id} if call.workspace.enterprise_id else {}),
    }


@method("auth.revoke")
def auth_revoke(call: Call) -> Json:
    """Give the token back; `test=1` only looks."""
    if call.flag("test"):
        return {"revoked": False}
    call.server.installer.revoke(call.app, call.workspace)
    return {"revoked": True}


@method("apps.connections.open")
def apps_connections_open(call: Call) -> Json:
    """A WebSocket address for Socket Mode; with an app-level token."""
    call.need("connections:write")
    return {"url": call.server.sockets.ticket(call.app)}


@method("apps.uninstall")
def apps_uninstall(call: Call) -> Json:
    """The app removes itself."""
    if call.arguments.get("client_id") != call.app.client_id:
        raise SlackError("invalid_client_id")
    if call.arguments.get("client_secret") != call.app.client_secret:
        raise SlackError("bad_client_secret")
    call.server.uninstall(call.app, call.workspace)
    return {}


@method("team.info")
def team_info(call: Call) -> Json:
    """The workspace."""
    call.need("team:read")
    workspace = call.workspace
    team = {"id": workspace.id, "name": workspace.name, "domain": workspace.domain, "url": workspace.url}
    return {"team": {**team, "email_domain": "", "icon": {}}}
