"""What `paperboy doctor` looks at: each check says in words what is right or what to do."""

from __future__ import annotations

import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from bot.clock import SystemClock
from bot.core.checks import Check
from bot.core.errors import StorageError
from bot.core.messages import msg, msg_n
from bot.opening import opened
from bot.settings import Settings


async def examine(settings: Settings) -> list[Check]:
    """All findings, in the order in which they would stop a start. The settings have been read already."""
    return [
        Check(True, msg("Settings: read and understood.")),
        *await _database(settings),
        _address(settings),
        _reach(settings),
        *await _slack(settings),
        *await _discord(settings),
    ]


async def _database(settings: Settings) -> list[Check]:
    try:
        async with opened(settings) as storage:
            problems = [Check(False, problem) for problem in await storage.check()]
            count = await storage.archive.count()
    except StorageError as error:
        return [Check(False, msg("Database: {problem}", problem=error.message))]
    return problems or [Check(True, msg_n("Database: sound, {n} entry.", "Database: sound, {n} entries.", n=count))]


def _address(settings: Settings) -> Check:
    address = f"{settings.web_host}:{settings.web_port}"
    try:
        family = socket.getaddrinfo(settings.web_host, settings.web_port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(family[4])
    except OSError as error:
        if _paperboy_answers(settings):
            return Check(True, msg("Web: Paperboy is running on {address}.", address=address))
        reason = error.strerror or str(error)
        return Check(
            False,
            msg(
                "Web: {address} cannot be used ({reason}). Is another program there? Else set PAPERBOY_WEB_PORT.",
                address=address,
                reason=reason,
            ),
        )
    return Check(True, msg("Web: {address} is free.", address=address))


def _paperboy_answers(settings: Settings) -> bool:
    """Whether it is Paperboy itself that holds the port."""
    host = "127.0.0.1" if settings.web_host in ("0.0.0.0", "::") else settings.web_host  # noqa: S104 - compared only
    connection = HTTPConnection(host, settings.web_port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Accept": "text/plain"})
        answer = connection.getresponse()
        return answer.status == HTTPStatus.OK and answer.read(100).strip() == b"ok"
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _reach(settings: Settings) -> Check:
    if settings.is_local:
        return Check(True, msg("Web: the local workspace is open to this machine only."))
    return Check(True, msg("Web: only the reading room is served, because the address is not loopback."))


async def _slack(settings: Settings) -> list[Check]:
    slack = settings.slack
    if slack is None:
        return []
    from bot.slack.checks import slack_checks  # noqa: PLC0415 - Slack's libraries only where it is served

    try:
        async with opened(settings) as storage:
            kept = storage.slack_installations(slack.client_id, slack.encryption_keys) if slack.client_id else None
            return await slack_checks(settings, storage, SystemClock(), kept)
    except StorageError:
        return [Check(False, msg("Slack: not looked at, since the database cannot be used."))]


async def _discord(settings: Settings) -> list[Check]:
    if settings.discord is None:
        return []
    from bot.discord.checks import discord_checks  # noqa: PLC0415 - Discord's library only where it is served

    try:
        async with opened(settings) as storage:
            return await discord_checks(settings, storage, SystemClock())
    except StorageError:
        return [Check(False, msg("Discord: not looked at, since the database cannot be used."))]
