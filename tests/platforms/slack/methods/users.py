"""users.*, usergroups.*, bots.info: people, their groups, and bots."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.platforms.slack.calls import Call, method
from tests.platforms.slack.errors import SlackError
from tests.platforms.slack.state import User, UserGroup

Json = dict[str, Any]


@method("users.info")
def info(call: Call) -> Json:
    """One member."""
    call.need("users:read")
    return {"user": user_json(call, call.user(), locale=call.flag("include_locale"))}


@method("users.list")
def list_(call: Call) -> Json:
    """All members, bots and deleted ones among them."""
    call.need("users:read")
    locale = call.flag("include_locale")
    page, cursor = call.page(list(call.workspace.users.values()), default=1000, most=1000)
    members = [user_json(call, user, locale=locale) for user in page]
    return {"members": members, "response_metadata": {"next_cursor": cursor}}


@method("usergroups.list")
def groups(call: Call) -> Json:
    """The user groups that are enabled, or all."""
    call.need("usergroups:read")
    every = call.flag("include_disabled")
    found = [group for group in call.workspace.groups.values() if group.enabled or every]
    with_users = call.flag("include_users")
    return {"usergroups": [_group_json(call, group, with_users=with_users) for group in found]}


@method("usergroups.users.list")
def group_users(call: Call) -> Json:
    """Who is in a user group."""
    call.need("usergroups:read")
    group = call.workspace.groups.get(call.text("usergroup"))
    if group is None or (not group.enabled and not call.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


@method("bots.info")
def bots_info(call: Call) -> Json:
    """One bot, by its bot id."""
    call.need("users:read")
    wanted = call.text("bot", "bot_not_found")
    for user in call.workspace.users.values():
        if user.bot_id == wanted:
            bot = {"id": wanted, "deleted": user.deleted, "name": user.name, "app_id": user.app_id}
            return {"bot": {**bot, "user_id": user.id}}
    raise SlackError("bot_not_found")


def user_json(call: Call, user: User, *, locale: bool) -> Json:
    """A member as the API tells it."""
    found: Json = {"id": user.id, "team_id": call.workspace.id, "name": user.name, "deleted": user.deleted}
    if user.deleted:
        return {**found, "is_bot": user.is_bot, "profile": {"real_name": user.name}}
    offset = datetime.now(ZoneInfo(user.tz)).utcoffset()
    found |= {
        "real_name": user.name.title(),
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": user.is_admin or user.is_owner,
        "is_owner": user.is_owner,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "profile": {"real_name": user.name.title(), "display_name": user.name},
    }
    if user.is_bot:
        found["profile"] |= {"bot_id": user.bot_id, "api_app_id": user.app_id or ""}
    return {**found, "locale": user.locale} if locale else found


def _group_json(call: Call, group: UserGroup, *, with_users: bool) -> Json:
    found: Json = {"id": group.id, "team_id": call.workspace.id, "handle": group.handle, "name": group.handle}
    found |= {"is_usergroup": True, "user_count": len(group.users), "date_delete": 0 if group.enabled else 1}
    return {**found, "users": list(group.users)} if with_users else found
