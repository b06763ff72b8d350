"""Slack's requests over HTTP: signed, fresh, of a sensible size, and understood, or turned away."""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.slack.http import MOST_BODY
from tests.platforms.slack import Acme, SlackServer
from tests.platforms.slack.http_events import signature
from tests.slack.conftest import Served, Transport

Json = dict[str, Any]

COMMAND = {"command": "/paper", "text": "help", "team_id": "T1", "user_id": "U2", "channel_id": "C1"}


@pytest.fixture
def transport() -> Transport:
    return "http"


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def send(
    browser: aiohttp.ClientSession, acme: Acme, body: bytes, content_type: str = "application/json", **headers: str
) -> int:
    """Post a body that is signed as it should be, unless `headers` say otherwise; the status."""
    stamp = str(int(time.time()))
    text = body.decode("utf-8", "replace")
    signed = {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(acme.app.signing_secret, stamp, text),
    }
    sent = {name: value for name, value in {**signed, **headers}.items() if value}
    async with browser.post(acme.app.request_url or "", data=io.BytesIO(body), headers=sent) as response:
        return response.status


async def test_the_request_url_passes_the_challenge(slack: SlackServer, served: Served) -> None:
    assert await slack.http.verify(served.acme.app)


async def test_commands_and_events_come_through(slack: SlackServer, served: Served) -> None:
    reader = slack.person(served.acme.reader)
    await reader.command(served.acme.papers, "/paper", "help")
    await slack.until(lambda: reader.ephemerals(served.acme.papers))
    await reader.react(served.acme.papers, await reader.say(served.acme.papers, "Hello"), "eyes")
    await served.settled()
    assert [one.attempts for one in slack.events.deliveries] == [["ok"]] * len(slack.events.deliveries) != []


# --- what is turned away ----------------------------------------------------------------------------------------------


async def test_a_wrong_secret_is_refused(slack: SlackServer, served: Served) -> None:
    reply = await slack.http.post(served.acme.app, "slash_commands", COMMAND, secret="somebody's")
    assert reply.status == 401
    assert slack.calls_of("users.info") == []


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_an_old_signature_is_refused(slack: SlackServer, served: Served, seconds: int) -> None:
    stamp = int(time.time()) + seconds + (1 if seconds > 0 else -1)
    reply = await slack.http.post(served.acme.app, "slash_commands", COMMAND, timestamp=stamp)
    assert reply.status == 401


@pytest.mark.parametrize("seconds", [-280, 280])
async def test_a_clock_that_is_a_little_off_is_no_reason(slack: SlackServer, served: Served, seconds: int) -> None:
    reply = await slack.http.post(served.acme.app, "slash_commands", COMMAND, timestamp=int(time.time()) + seconds)
    assert reply.status == 200
    await served.settled()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0="},
        {"X-Slack-Signature": "v0=café"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "today"},
        {"X-Slack-Request-Timestamp": "9" * 5_000},
    ],
)
async def test_headers_that_are_no_signature_are_refused(
    served: Served, browser: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    assert await send(browser, served.acme, b'{"type": "event_callback"}', **headers) == 401


async def test_a_body_that_is_no_text_is_refused(served: Served, browser: aiohttp.ClientSession) -> None:
    assert await send(browser, served.acme, b"\xff\xfe\x00") == 401


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b'"text"', "application/json"),
        (b"{}", "application/json"),
        (b'{"hello": "world"}', "application/json"),
        (b'{"type": "event_callback", "team": 5}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"hello=world", "application/x-www-form-urlencoded"),
        (b"payload=5", "application/x-www-form-urlencoded"),
        (b"payload=%7B", "application/x-www-form-urlencoded"),
    ],
)
async def test_what_is_not_understood_is_a_bad_request(
    served: Served, browser: aiohttp.ClientSession, body: bytes, content_type: str
) -> None:
    assert await send(browser, served.acme, body, content_type) == 400


async def test_a_flood_is_not_read_to_its_end(served: Served, browser: aiohttp.ClientSession) -> None:
    assert await send(browser, served.acme, b"x" * (MOST_BODY + 1)) == 413


async def test_a_large_form_is_read(served: Served, browser: aiohttp.ClientSession) -> None:
    payload = {"type": "view_closed", "view": {"private_metadata": "가" * 300_000}, "team": {"id": "T1"}}
    assert await send(browser, served.acme, json.dumps(payload).encode()) == 200


# --- retries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_an_event_that_comes_twice_counts_once(slack: SlackServer, served: Served) -> None:
    """The second time the reaction has been taken back already: it must not return."""
    (entry,) = await served.add("Attention")
    await served.subscribe()
    message = served.message_of((await served.deliver())[1])
    reader = slack.person(served.acme.reader)
    await reader.react(served.acme.papers, message, "eyes")
    assert (await served.gathered(entry)).reactions == 1
    await reader.unreact(served.acme.papers, message, "eyes")
    assert (await served.gathered(entry)).reactions == 0
    (added,) = slack.events.of_type("reaction_added")
    assert await slack.events.retry(added.event_id)
    assert (await served.gathered(entry)).reactions == 0
