"""HTTP: Slack's requests to Paperboy's own server, which must be signed with the app's secret and fresh."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.slack.intake import Intake, kind_of_request
from bot.slack.manifest import EVENTS_PATH

MOST_BODY: Final = 4 * 1024 * 1024
"""Bytes; a form with a long entry in Korean takes about one million."""
_READ_WITHIN: Final = 10.0
_KNOWN: Final = frozenset({"type", "command", "ssl_check"})
"""One of these is in everything that Slack sends."""

log = structlog.get_logger(__name__)


class HttpEvents:
    """Takes what Slack sends to `/slack/events`: events, commands, clicks and forms alike."""

    def __init__(self, signing_secret: str, intake: Intake) -> None:
        self._verifier = SignatureVerifier(signing_secret)
        self._intake = intake

    def routes(self) -> list[web.RouteDef]:
        """`POST /slack/events`."""
        return [web.post(EVENTS_PATH, self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        """One request of Slack's; nothing is looked at before its signature is."""
        raw = await _body(request)
        if raw is None:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text="too large\n")
        if not self._is_signed(raw, request):
            log.warning("slack.unsigned_request")
            return web.Response(status=HTTPStatus.UNAUTHORIZED, text="not signed by Slack, or long ago\n")
        try:
            made = AsyncBoltRequest(
                body=raw.decode(), headers={"content-type": request.headers.get("Content-Type", "")}
            )
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):  # not what bolt looks into
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="not understood\n")
        if not _KNOWN.intersection(made.body):
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="not understood\n")
        if "X-Slack-Retry-Num" in request.headers:
            reason = request.headers.get("X-Slack-Retry-Reason", "")[:50]
            log.info("slack.sent_again", kind=kind_of_request(made.body), reason=reason)
        return await to_aiohttp_response(await self._intake.answer(made))

    def _is_signed(self, raw: bytes, request: web.Request) -> bool:
        try:
            return self._verifier.is_valid(
                raw, request.headers.get("X-Slack-Request-Timestamp"), request.headers.get("X-Slack-Signature")
            )
        except (ValueError, TypeError):  # no number for a time, no text for a body
            return False


async def _body(request: web.Request) -> bytes | None:
    """The body; None when it is too large, or too slow to come."""
    raw = bytearray()
    try:
        async with asyncio.timeout(_READ_WITHIN):
            async for chunk in request.content.iter_chunked(65_536):
                raw += chunk
                if len(raw) > MOST_BODY:
                    return None
    except TimeoutError:
        return None
    return bytes(raw)
