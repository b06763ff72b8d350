"""The Web API: what every method has in common, from the token to the answer and what may go wrong with it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.platforms.slack.apps import Token
from tests.platforms.slack.arguments import read_arguments
from tests.platforms.slack.calls import METHODS, Call, Recorded
from tests.platforms.slack.errors import SlackError
from tests.platforms.slack.faults import Fault
from tests.platforms.slack.installing import OAUTH_METHODS

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]

_APP_LEVEL = ("apps.connections.open",)


class RateLimited(Exception):
    """The caller has to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class WebApi:
    """Answers `/api/METHOD`."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request from its arrival to its answer, or to what happens instead."""
        method = request.match_info["method"]
        fault = self._server.faults.take(method)
        if fault is not None and fault.is_before:
            await request.read()
            return self._broken(request, fault)
        recorded = Recorded(method, {}, None, self._server.clock.now())
        headers = {"x-slack-req-id": uuid.uuid4().hex}
        status = 200
        try:
            body = await self._answer(request, recorded, headers)
        except SlackError as error:
            recorded.error, body = error.error, error.body()
        except RateLimited as limited:
            recorded.error, body, status = "ratelimited", {"ok": False, "error": "ratelimited"}, 429
            headers["Retry-After"] = str(limited.seconds)
        recorded.answer = body
        self._server.changed()
        return await self._out(request, fault, web.json_response(body, status=status, headers=headers))

    async def _answer(self, request: web.Request, recorded: Recorded, headers: dict[str, str]) -> Json:
        self._server.calls.append(recorded)
        value, arguments, warnings = await read_arguments(request)
        recorded.arguments = arguments
        if recorded.method in OAUTH_METHODS:
            return self._server.installer.access(arguments, request.headers.get("Authorization", ""))
        if recorded.method not in METHODS:
            raise SlackError("unknown_method", req_method=recorded.method)
        token = self._token(value, recorded.method)
        recorded.team = token.team_id
        headers["x-oauth-scopes"] = ",".join(token.scopes)
        self._throttle(recorded)
        call = Call(self._server, recorded.method, arguments, token, warnings)
        body = {"ok": True, **METHODS[recorded.method](call)}
        return self._with_warnings(call, body)

    def _token(self, value: str | None, method: str) -> Token:
        if not value:
            raise SlackError("not_authed")
        token = self._server.tokens.get(value)
        if token is None or token.kind == "refresh":
            raise SlackError("invalid_auth")
        if token.state != "good":
            raise SlackError("account_inactive" if token.state == "uninstalled" else "token_revoked")
        if token.expires_at is not None and self._server.clock.now() >= token.expires_at:
            raise SlackError("token_expired")
        if (token.kind == "app") != (method in _APP_LEVEL):
            raise SlackError("not_allowed_token_type")
        return token

    def _throttle(self, recorded: Recorded) -> None:
        channel = str(recorded.arguments.get("channel", ""))
        now = self._server.clock.now()
        seconds = self._server.rates.wait(recorded.method, recorded.team or "", channel, now)
        if seconds is not None:
            raise RateLimited(seconds)

    def _with_warnings(self, call: Call, body: Json) -> Json:
        if not call.warnings and not call.notes:
            return body
        metadata = body.setdefault("response_metadata", {})
        if call.warnings:
            body["warning"] = ",".join(call.warnings)
            metadata["warnings"] = list(call.warnings)
        if call.notes:
            metadata["messages"] = [f"[WARN] {note}" for note in call.notes]
        return body

    # --- what may happen to an answer -----------------------------------------------------------------------------

    def _broken(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind in ("drop_before", "drop_after") and request.transport is not None:
            request.transport.abort()
        return web.Response(status=fault.status, text="Server Error", content_type="text/html")

    async def _out(self, request: web.Request, fault: Fault | None, answer: web.Response) -> web.StreamResponse:
        if fault is None:
            return answer
        fault.reached.set()
        if fault.kind == "hold":
            await fault.released.wait()
            return answer
        if fault.kind == "malformed":
            return web.Response(text='{"ok": tr', content_type="application/json")
        return self._broken(request, fault)
