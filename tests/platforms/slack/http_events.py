"""HTTP: signed requests to an app's request URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

from tests.platforms.slack.apps import App
from tests.platforms.slack.errors import DispatchFailed, OperationTimeout
from tests.platforms.slack.socket_mode import Ack

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What the app answered over HTTP."""

    status: int
    headers: dict[str, str]
    body: str


def signature(secret: str, timestamp: str, body: str) -> str:
    """Slack's signature of a request, version 0."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class Http:
    """Sends what Socket Mode would send to request URLs instead."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._session: aiohttp.ClientSession | None = None

    async def dispatch(self, app: App, kind: str, payload: Json, retry: tuple[int, str] | None) -> Ack:
        """Send a request and take its answer for the acknowledgement.

        Raises:
            DispatchFailed: no connection, or an answer other than 2xx.
            OperationTimeout: no answer in time.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._server.ack_timeout):
                reply = await self.post(app, kind, payload, retry=retry)
        except TimeoutError:
            raise OperationTimeout(f"{kind} was not acknowledged") from None
        except aiohttp.ClientError:
            raise DispatchFailed("connection_failed") from None
        if not 200 <= reply.status < 300:
            raise DispatchFailed("no_retry" if reply.headers.get("x-slack-no-retry") == "1" else "http_error")
        return Ack(self._payload(kind, reply), loop.time() - began)

    async def post(
        self,
        app: App,
        kind: str,
        payload: Json,
        *,
        secret: str | None = None,
        timestamp: int | None = None,
        retry: tuple[int, str] | None = None,
    ) -> Reply:
        """Send one request: `events_api`, `interactive` or `slash_commands`; signed wrongly or long ago when asked to.

        The time in the signature is the machine's, because apps compare it with theirs.
        """
        if app.request_url is None:
            raise DispatchFailed("no request URL")
        body, content_type = _body(kind, payload)
        stamp = str(timestamp if timestamp is not None else int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(secret or app.signing_secret, stamp, body),
        }
        if retry is not None:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        async with self._open().post(app.request_url, data=body.encode(), headers=headers) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, found, await response.text())

    async def verify(self, app: App) -> bool:
        """Whether the request URL passes Slack's challenge."""
        challenge = uuid.uuid4().hex
        payload = {"type": "url_verification", "token": "verification-token", "challenge": challenge}
        reply = await self.post(app, "events_api", payload)
        if reply.status != 200:
            return False
        try:
            return bool(json.loads(reply.body).get("challenge") == challenge)
        except ValueError:
            return reply.body.strip() == challenge

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(force_close=True)  # an app that restarts is not met on an old connection
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    def _payload(self, kind: str, reply: Reply) -> Json | None:
        if not reply.body or kind == "events_api":
            return None
        if reply.headers.get("content-type", "").startswith("application/json"):
            try:
                found = json.loads(reply.body)
            except ValueError:
                raise DispatchFailed("http_error") from None
            return found if isinstance(found, dict) else {"text": str(found)}
        return {"text": reply.body}


def _body(kind: str, payload: Json) -> tuple[str, str]:
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields), "application/x-www-form-urlencoded"
