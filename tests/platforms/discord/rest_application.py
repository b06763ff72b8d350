"""Routes of the application: itself, its commands, the gateway's address, and the webhooks of interactions."""

from __future__ import annotations

from typing import Any

from tests.platforms.discord import shapes
from tests.platforms.discord.calls import Call
from tests.platforms.discord.command_rules import CHAT_INPUT, check_commands
from tests.platforms.discord.interactions import Interaction
from tests.platforms.discord.refusals import Refused

Json = dict[str, Any]


def application(call: Call) -> Json:
    """`GET /applications/@me`, `GET /oauth2/applications/@me`."""
    it = call.server.state.application
    owner = shapes.user(next(one for one in call.server.state.users.values() if not one.is_bot))
    return {
        "id": str(it.id), "name": it.name, "description": "", "owner": owner, "flags": 0, "icon": None, "team": None,
        "bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64, "rpc_origins": [],
        "interactions_endpoint_url": it.endpoint_url, "integration_types_config": {one: {} for one in it.contexts},
        "type": None, "flags_new": "0", "redirect_uris": [], "role_connections_verification_url": None,
        "approximate_guild_count": len(it.guild_installs), "approximate_user_install_count": len(it.user_installs),
        "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "eligible_oauth2_scopes": [],
    }  # fmt: skip


def gateway(call: Call) -> Json:
    """`GET /gateway/bot`."""
    sockets = call.server.gateway
    limit = {"total": 1000, "remaining": sockets.starts_left, "reset_after": 1}
    limit["max_concurrency"] = sockets.max_concurrency
    return {"url": sockets.url, "shards": call.server.shards, "session_start_limit": limit}


# --- commands ---------------------------------------------------------------------------------------------------------


def list_commands(call: Call) -> list[Json]:
    """`GET /applications/{application_id}/commands`: with all languages only when asked for them."""
    _own(call)
    whole = call.query.get("with_localizations", "false").lower() in ("true", "1")
    return [_shown(one, whole=whole) for one in call.server.state.application.commands]


def put_commands(call: Call) -> list[Json]:
    """`PUT /applications/{application_id}/commands`: these and no others."""
    _own(call)
    commands, it = call.body, call.server.state.application
    if not isinstance(commands, list):
        raise Refused(50035, {"_errors": [{"code": "LIST_TYPE_CONVERT", "message": "a list"}]})
    check_commands(commands, _installations(call))
    before = {(one.get("type", CHAT_INPUT), one["name"]): one["id"] for one in it.commands}
    it.commands = [_kept(call, one, before) for one in commands]
    return [_shown(one, whole=True) for one in it.commands]


def _installations(call: Call) -> list[int]:
    return [int(one) for one in call.server.state.application.contexts]


def _own(call: Call) -> None:
    if call.number("application_id") != call.server.state.application.id:
        raise Refused(20012)


def _kept(call: Call, one: Json, before: dict[tuple[int, str], str]) -> Json:
    kind, members = one.get("type") or CHAT_INPUT, one.get("default_member_permissions")
    return {
        "options": [],
        "nsfw": False,
        "contexts": None,
        **one,
        "description": one.get("description") or "",
        "default_member_permissions": None if members is None else str(members),
        "integration_types": one.get("integration_types") or _installations(call),
        "type": kind,
        "id": before.get((kind, one["name"])) or str(call.server.state.new_id()),
        "version": str(call.server.state.new_id()),
        "application_id": str(call.server.state.application.id),
    }


def _shown(one: Json, *, whole: bool) -> Json:
    """As Discord tells it: without what is empty, and without languages unless they are asked for."""
    left_out = () if whole else ("name_localizations", "description_localizations")
    shown = {name: value for name, value in one.items() if name not in left_out}
    if not shown.get("options"):
        shown.pop("options", None)
    else:
        shown["options"] = [_shown(option, whole=whole) for option in shown["options"]]
    return shown


# --- interactions -----------------------------------------------------------------------------------------------------


def callback(call: Call) -> Json | None:
    """`POST /interactions/{interaction_id}/{interaction_token}/callback`."""
    found = call.server.interactions.answer(
        call.number("interaction_id"), call.params["interaction_token"], call.fields
    )
    return found if call.query.get("with_response", "").lower() in ("true", "1") else None


def follow_up(call: Call) -> Json:
    """`POST /webhooks/{webhook_id}/{webhook_token}`."""
    found = call.server.interactions.follow_up(_interaction(call), call.fields)
    return shapes.message(call.server.state, found)


def answer_of(call: Call) -> Json:
    """`GET` of a message that answers an interaction."""
    found = call.server.interactions.message_of(_interaction(call), call.params.get("message_id", "@original"))
    return shapes.message(call.server.state, found)


def edit_answer(call: Call) -> Json:
    """`PATCH` of one."""
    which = call.params.get("message_id", "@original")
    return shapes.message(call.server.state, call.server.interactions.edit(_interaction(call), which, call.fields))


def delete_answer(call: Call) -> None:
    """`DELETE` of one."""
    call.server.interactions.delete(_interaction(call), call.params.get("message_id", "@original"))


def _interaction(call: Call) -> Interaction:
    return call.server.interactions.by_token(call.number("webhook_id"), call.params["webhook_token"])
