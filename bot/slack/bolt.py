"""bolt's app, made so that only Paperboy's own settings count and nobody is called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.settings import SlackSettings
from bot.slack.calling import web_client
from bot.slack.workspaces import Workspaces


def bare_bolt(settings: SlackSettings, workspaces: Workspaces) -> AsyncApp:
    """bolt's app without a listener. It calls nobody, and holds no token: handlers ask `Workspaces` for a client."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        if team_id:
            workspaces.belongs_to(team_id, enterprise_id)
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)

    with _without_settings_of_bolt():
        return AsyncApp(
            name="paperboy",
            client=web_client(None, settings.api_url),
            authorize=authorize,
            signing_secret="",  # HTTP requests have been checked before they come here
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,  # a look at the token for each event; tracking leaves bots out
            attaching_function_token_enabled=False,
            raise_error_for_unhandled_request=True,  # told to our error handler, instead of a warning with the payload
        )


@contextmanager
def _without_settings_of_bolt() -> Iterator[None]:
    """bolt takes tokens, and an OAuth flow on files, from the environment, where the names are the same as ours."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SLACK_")}
    try:
        yield
    finally:
        os.environ.update(hidden)
