"""Exchanging codes and refresh tokens for tokens, with the app's own id and secret."""

from __future__ import annotations

import base64
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.calling import TIMEOUT

log = structlog.get_logger(__name__)


class ExchangeClient(AsyncWebClient):
    """The library's client without a token, told not to retry: a code, and a refresh token, is good only once.

    The library names the app by aiohttp's BasicAuth, which aiohttp is about to remove; here the same header is made
    without it. Why Slack refuses an exchange goes into our log, and the code does not.
    """

    def __init__(self, api_url: str) -> None:
        super().__init__(base_url=api_url, timeout=TIMEOUT, retry_handlers=[])

    async def oauth_v2_access(self, *, client_id: str, client_secret: str, **given: Any) -> AsyncSlackResponse:
        """See slack_sdk."""
        app = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode("ascii")
        arguments = {name: value for name, value in given.items() if value is not None}
        try:
            return await self.api_call("oauth.v2.access", data=arguments, headers={"Authorization": f"Basic {app}"})
        except SlackApiError as error:
            log.warning("slack.exchange_refused", reason=_reason(error))
            raise


def _reason(error: SlackApiError) -> str:
    """Slack's error code; an answer that cannot be read has none."""
    answer = error.response
    return str(answer.get("error")) if isinstance(answer, AsyncSlackResponse) else "unreadable"
