"""What `paperboy doctor` looks at on Slack: transport and tokens here, one workspace after the other in `team_checks`.

It asks and changes nothing. Each finding says what to do where something is wrong.
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from bot.core.checks import Check
from bot.core.errors import StorageError
from bot.core.messages import Message, msg
from bot.core.ports import Clock, Stores
from bot.settings import Settings, SlackSettings
from bot.slack.calling import RateLimits, SlackClient, web_client
from bot.slack.errors import REVOKED, SlackError, SlackRefused, words_for
from bot.slack.manifest import EVENTS_PATH, INSTALL_PATH
from bot.slack.team_checks import Team, team_checks, unserved_checks
from bot.slack.workspaces import Installations, Installed, Workspaces, is_revoked

_WRONG_TOKEN: Final = msg("Slack does not accept it. Copy it again from “OAuth & Permissions”.")
_NO_APP_TOKEN: Final = REVOKED | {"not_allowed_token_type", "missing_scope"}
_WRONG_APP_TOKEN: Final = msg(
    "Slack does not accept it. Make one with the scope connections:write under “Basic Information”."
)


async def slack_checks(
    settings: Settings, stores: Stores, clock: Clock, installations: Installations | None = None
) -> list[Check]:
    """All findings about Slack; none, and no call, where nothing of it is set. `installations` where it serves many.

    Raises:
        StorageError: what is kept cannot be read.
    """
    slack = settings.slack
    if slack is None:
        return []
    found = [*_transport(settings, slack), *await _app_token(slack, clock)]
    teams, without_token = await _teams(Workspaces(slack, clock, installations), installations)
    found += without_token
    if slack.serves_many and not teams and not without_token:
        found.append(Check(True, msg("Slack: no workspace has installed Paperboy yet, at {path}.", path=INSTALL_PATH)))
    subscriptions = await stores.subscriptions.active()
    for team in teams:
        found += await team_checks(team, subscriptions, settings.staff, is_one=not slack.serves_many)
    if teams:
        found += unserved_checks(teams, subscriptions)
    if not settings.staff.maintainers:
        found.append(
            Check(
                True, msg("Slack: nobody is named in PAPERBOY_MAINTAINERS, so nobody can add or change papers there.")
            )
        )
    return found


# --- transport ------------------------------------------------------------------------------------------------------


def _transport(settings: Settings, slack: SlackSettings) -> list[Check]:
    whom = (
        msg("many workspaces, since SLACK_CLIENT_ID is set")
        if slack.serves_many
        else msg("one workspace, since SLACK_BOT_TOKEN is set")
    )
    how = (
        msg("over Socket Mode, since SLACK_APP_TOKEN is set")
        if slack.uses_socket_mode
        else msg("over HTTP, since SLACK_SIGNING_SECRET is set and SLACK_APP_TOKEN is not")
    )
    return [Check(True, msg("Slack: {whom}; {how}.", whom=whom, how=how)), *_addresses(settings, slack)]


def _addresses(settings: Settings, slack: SlackSettings) -> list[Check]:
    """Where Paperboy has to be reached from outside, if anywhere."""
    paths = ([] if slack.uses_socket_mode else [EVENTS_PATH]) + ([INSTALL_PATH] if slack.serves_many else [])
    if not paths:
        return []
    if settings.is_local and not _is_loopback(slack.api_url):
        said = msg(
            "Slack: {path} has to be reached from outside, but Paperboy listens on {host} only. "
            "Set PAPERBOY_WEB_HOST to another address, behind a proxy that speaks TLS.",
            path=paths[0],
            host=settings.web_host,
        )
        return [Check(False, said)]
    said = msg(
        "Slack: the app's settings have to name the address of Paperboy, with {paths} behind it. "
        "`paperboy manifest slack` writes them.",
        paths=", ".join(paths),
    )
    return [Check(True, said)]


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _app_token(slack: SlackSettings, clock: Clock) -> list[Check]:
    if slack.app_token is None:
        return []
    client = SlackClient("", web_client(slack.app_token, slack.api_url), RateLimits(), clock)
    try:
        await client.call("apps.connections.open", app_token=slack.app_token)
    except SlackError as error:
        is_wrong = isinstance(error, SlackRefused) and error.code in _NO_APP_TOKEN
        problem = _WRONG_APP_TOKEN if is_wrong else words_for(error)
        return [Check(False, msg("SLACK_APP_TOKEN: {problem}", problem=problem))]
    return [Check(True, msg("Slack: the app-level token works."))]


# --- tokens ---------------------------------------------------------------------------------------------------------


async def _teams(workspaces: Workspaces, installations: Installations | None) -> tuple[list[Team], list[Check]]:
    """The workspaces whose tokens work, and what is wrong with the others."""
    teams: list[Team] = []
    wrong: list[Check] = []
    for key, name in await _installed(workspaces, installations):
        try:
            client = await workspaces.client(key)
            who = await client.call("auth.test")
        except SlackError as error:
            wrong.append(_no_token(name, _WRONG_TOKEN if is_revoked(error) and not name else words_for(error)))
        except StorageError as error:
            wrong.append(_no_token(name, error.message))
        else:
            teams.append(Team(str(who.get("team_id") or key), str(who.get("team") or name or key), client))
    return teams, wrong


async def _installed(workspaces: Workspaces, installations: Installations | None) -> list[tuple[str, str]]:
    """By which key each workspace's client is had, and its name; of one alone, Slack has still to say it."""
    if installations is None:
        return [("", "")]
    found = []
    for one in await installations.workspaces():
        key = one.team_id or one.enterprise_id or ""
        workspaces.belongs_to(key, one.enterprise_id)
        found.append((key, _name_of(one)))
    return found


def _name_of(one: Installed) -> str:
    return str(getattr(one, "team_name", None) or one.team_id or one.enterprise_id or "?")


def _no_token(name: str, problem: Message) -> Check:
    if not name:
        return Check(False, msg("SLACK_BOT_TOKEN: {problem}", problem=problem))
    return Check(False, msg("Slack, {team}: {finding}", team=name, finding=problem))
