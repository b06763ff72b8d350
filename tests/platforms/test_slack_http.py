"""The loopback Slack's HTTP requests, with a small app that checks their signatures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.platforms.slack import MANIFEST, Acme, DispatchFailed, OperationTimeout, SlackServer, furnish

Json = dict[str, Any]
URL = "https://example.org/slack"


class Receiver:
    """Takes requests as an app would, and answers as told."""

    def __init__(self, secret: str) -> None:
        self._verifier = SignatureVerifier(secret)
        self.bodies: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.answer: Json | str = ""
        self.more_headers: dict[str, str] = {}
        self.is_asleep = False
        self.awake = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        body = await request.text()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not self._verifier.is_valid_request(body, headers):
            return web.Response(status=401)
        self.bodies.append(body)
        self.headers.append(headers)
        if self.is_asleep:
            await self.awake.wait()
        if body.startswith("{") and json.loads(body)["type"] == "url_verification":
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        if isinstance(self.answer, str):
            return web.Response(status=self.status, text=self.answer, headers=self.more_headers)
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
def acme(slack: SlackServer) -> Acme:
    """A workspace with an app that is reached over HTTP."""
    commands = [{**command, "url": URL} for command in MANIFEST["features"]["slash_commands"]]
    settings = {
        **MANIFEST["settings"],
        "socket_mode_enabled": False,
        "event_subscriptions": {**MANIFEST["settings"]["event_subscriptions"], "request_url": URL},
        "interactivity": {"is_enabled": True, "request_url": URL},
    }
    features = {**MANIFEST["features"], "slash_commands": commands}
    return furnish(slack, {**MANIFEST, "features": features, "settings": settings})


@pytest.fixture
async def receiver(acme: Acme) -> AsyncIterator[Receiver]:
    """The app's side."""
    receiver = Receiver(acme.app.signing_secret)
    app = web.Application()
    app.router.add_post("/slack", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    acme.app.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack"
    yield receiver
    receiver.awake.set()
    await runner.cleanup()


async def test_the_request_url_is_verified(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    assert await slack.http.verify(acme.app)


async def test_wrong_and_old_signatures(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    assert (await slack.http.post(acme.app, "events_api", {"type": "x"}, secret="wrong")).status == 401
    assert (await slack.http.post(acme.app, "events_api", {"type": "x"}, timestamp=1_700_000_000)).status == 401
    assert (await slack.http.post(acme.app, "events_api", {"type": "x"})).status == 200


async def test_events(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    await slack.person(acme.reader).say(acme.papers, "hello")
    await slack.settled()
    body = json.loads(receiver.bodies[0])
    assert (body["type"], body["event"]["text"]) == ("event_callback", "hello")
    assert "x-slack-retry-num" not in receiver.headers[0]
    assert slack.events.deliveries[0].is_acked


async def test_events_that_fail_are_sent_again(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    receiver.status = 500
    await slack.person(acme.reader).say(acme.papers, "hello")
    await slack.settled()
    receiver.status = 200
    await slack.events.retry_all()
    told = [(one.get("x-slack-retry-num"), one.get("x-slack-retry-reason")) for one in receiver.headers]
    assert told == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert slack.events.deliveries[0].attempts == ["http_error", "http_error", "ok"]


async def test_an_app_may_decline_retries(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    receiver.status, receiver.more_headers = 500, {"X-Slack-No-Retry": "1"}
    await slack.person(acme.reader).say(acme.papers, "hello")
    await slack.settled()
    await slack.events.retry_all()
    assert len(receiver.bodies) == 1


async def test_commands_and_their_answers(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    receiver.answer = {"text": "here you are"}
    reader = slack.person(acme.reader)
    await reader.command(acme.papers, "/test", " a & b ")
    form = parse_qs(receiver.bodies[0])
    assert (form["command"], form["text"], form["user_id"]) == (["/test"], ["a &amp; b"], ["U2"])
    assert [one.text for one in reader.ephemerals(acme.papers)] == ["here you are"]


async def test_answers_as_plain_text(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    receiver.answer = "here you are"
    reader = slack.person(acme.reader)
    await reader.command(acme.papers, "/test")
    assert [one.text for one in reader.ephemerals()] == ["here you are"]


async def test_interactions(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    await slack.person(acme.reader).shortcut("test_anywhere")
    payload = json.loads(parse_qs(receiver.bodies[0])["payload"][0])
    assert (payload["type"], payload["callback_id"], payload["team"]["id"]) == ("shortcut", "test_anywhere", "T1")


async def test_no_answer_and_no_connection(slack: SlackServer, acme: Acme, receiver: Receiver) -> None:
    slack.ack_timeout = 0.05
    receiver.is_asleep = True
    reader = slack.person(acme.reader)
    with pytest.raises(OperationTimeout):
        await reader.command(acme.papers, "/test")
    slack.ack_timeout = 3.0
    receiver.is_asleep, receiver.status = False, 404
    with pytest.raises(DispatchFailed, match="http_error"):
        await reader.command(acme.papers, "/test")
    acme.app.request_url = "http://127.0.0.1:1/"
    with pytest.raises(DispatchFailed, match="connection_failed"):
        await reader.command(acme.papers, "/test")
