"""The loopback Slack's Socket Mode, with the real client: tickets, envelopes, acknowledgements, lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.helpers import error_of
from tests.platforms.slack import MANIFEST, Acme, DispatchFailed, OperationTimeout, SlackServer

Json = dict[str, Any]
Listener = Callable[[AsyncBaseSocketModeClient, SocketModeRequest], Awaitable[None]]


class Inbox:
    """Keeps what comes in and acknowledges it, or not."""

    def __init__(self) -> None:
        self.requests: list[SocketModeRequest] = []
        self.acks = True
        self.payload: Json | None = None

    async def __call__(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Take a request."""
        self.requests.append(request)
        if self.acks:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, self.payload))


@asynccontextmanager
async def connected(
    slack: SlackServer, acme: Acme, inbox: Inbox, *, ping_interval: float = 5.0
) -> AsyncIterator[SocketModeClient]:
    """The real client on a connection of its own; how soon it notices a cut depends on its pings."""
    web_client = AsyncWebClient(base_url=slack.api_url)
    client = SocketModeClient(acme.app.app_token, web_client=web_client, ping_interval=ping_interval)
    client.socket_mode_request_listeners.append(inbox)
    before = len(slack.sockets.connections(acme.app))
    await client.connect()  # type: ignore[no-untyped-call]
    await slack.sockets.connected(acme.app, before + 1)
    try:
        yield client
    finally:
        await client.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def inbox() -> Inbox:
    """What the app gets."""
    return Inbox()


async def test_events_arrive_and_are_acknowledged(slack: SlackServer, acme: Acme, inbox: Inbox) -> None:
    async with connected(slack, acme, inbox):
        await slack.person(acme.reader).say(acme.papers, "hello & <welcome>")
        await slack.settled()
    (request,) = inbox.requests
    assert request.type == "events_api"
    assert not request.accepts_response_payload
    event = request.payload["event"]
    assert (event["type"], event["channel_type"], event["user"]) == ("message", "channel", "U2")
    assert event["text"] == "hello &amp; &lt;welcome&gt;"
    assert request.payload["authorizations"][0]["user_id"] == acme.installation.bot_user
    (delivery,) = slack.events.deliveries
    assert (delivery.attempts, delivery.is_acked) == (["ok"], True)


async def test_a_ticket_is_good_once_and_for_a_while(slack: SlackServer, acme: Acme) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    first = (await client.apps_connections_open(app_token=acme.app.app_token))["url"]
    second = (await client.apps_connections_open(app_token=acme.app.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(first) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            assert hello["connection_info"] == {"app_id": "A1"}
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(first)
        slack.clock.advance(31)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(second)


async def test_apps_without_socket_mode_get_no_ticket(slack: SlackServer) -> None:
    settings = {**MANIFEST["settings"], "socket_mode_enabled": False, "interactivity": {}, "event_subscriptions": {}}
    features = {**MANIFEST["features"], "slash_commands": [], "shortcuts": []}
    app = slack.create_app({**MANIFEST, "settings": settings, "features": features}, "A2")
    client = AsyncWebClient(base_url=slack.api_url)
    assert await error_of(client.apps_connections_open(app_token=app.app_token)) == "socket_mode_not_enabled"


async def test_each_envelope_goes_to_one_connection(slack: SlackServer, acme: Acme) -> None:
    first, second = Inbox(), Inbox()
    async with connected(slack, acme, first), connected(slack, acme, second):
        for number in range(4):
            await slack.person(acme.reader).say(acme.papers, str(number))
        await slack.settled()
    assert len(first.requests) == len(second.requests) == 2
    ids = [request.envelope_id for request in [*first.requests, *second.requests]]
    assert len(set(ids)) == 4


async def test_eleven_connections_are_too_many(slack: SlackServer, acme: Acme) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    async with aiohttp.ClientSession() as session:
        sockets = []
        for _ in range(11):
            url = (await client.apps_connections_open(app_token=acme.app.app_token))["url"]
            sockets.append(await session.ws_connect(url))
        assert (await sockets[10].receive_json())["reason"] == "too_many_websockets"
        assert len(slack.sockets.connections(acme.app)) == 10
        for socket in sockets:
            await socket.close()


async def test_events_that_nobody_acknowledges_are_sent_again(slack: SlackServer, acme: Acme, inbox: Inbox) -> None:
    slack.ack_timeout = 0.05
    inbox.acks = False
    async with connected(slack, acme, inbox):
        await slack.person(acme.reader).say(acme.papers, "hello")
        await slack.settled()
        (delivery,) = slack.events.deliveries
        assert delivery.attempts == ["timeout", "timeout"]
        assert len(slack.sockets.unacked) == 2
        inbox.acks = True
        slack.ack_timeout = 3.0
        await slack.events.retry_all()
        assert delivery.is_acked
        assert await slack.events.retry(delivery.event_id, reason="timeout")
    assert [request.retry_attempt for request in inbox.requests] == [0, 1, 2, 3]
    assert [request.retry_reason for request in inbox.requests] == ["", "timeout", "timeout", "timeout"]
    assert len({request.payload["event_id"] for request in inbox.requests}) == 1


async def test_after_three_retries_an_event_is_given_up(slack: SlackServer, acme: Acme) -> None:
    await slack.person(acme.reader).say(acme.papers, "hello")
    await slack.settled()
    for _ in range(4):
        await slack.events.retry_all()
    (delivery,) = slack.events.deliveries
    assert delivery.attempts == ["no_connection"] * 4
    assert delivery.gave_up


async def test_interactions_that_nobody_acknowledges(slack: SlackServer, acme: Acme, inbox: Inbox) -> None:
    reader = slack.person(acme.reader)
    with pytest.raises(DispatchFailed):
        await reader.command(acme.papers, "/test")
    slack.ack_timeout = 0.05
    inbox.acks = False
    async with connected(slack, acme, inbox):
        with pytest.raises(OperationTimeout):
            await reader.command(acme.papers, "/test")


async def test_strange_acknowledgements_are_noted(slack: SlackServer, acme: Acme, inbox: Inbox) -> None:
    inbox.payload = {"text": "hi"}
    async with connected(slack, acme, inbox) as client:
        await slack.person(acme.reader).say(acme.papers, "hello")
        await slack.settled()
        await client.send_socket_mode_response(SocketModeResponse("nothing-like-it"))
        await client.send_message("hello?")
        await slack.until(lambda: len(slack.sockets.faults) == 3)
    payload, unknown, text = slack.sockets.faults
    assert payload.startswith("a payload where none is accepted")
    assert unknown == "no such envelope: nothing-like-it"
    assert text == "not an acknowledgement: hello?"


async def test_late_acknowledgements_are_noted(slack: SlackServer, acme: Acme, inbox: Inbox) -> None:
    slack.ack_timeout = 0.05
    inbox.acks = False
    async with connected(slack, acme, inbox) as client:
        with pytest.raises(OperationTimeout):
            await slack.person(acme.reader).command(acme.papers, "/test")
        (request,) = await slack.until(lambda: inbox.requests)
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))
        (fault,) = await slack.until(lambda: slack.sockets.faults)
    assert fault.startswith("acknowledged twice or too late")


@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled"])
async def test_connections_that_slack_ends_are_opened_again(
    slack: SlackServer, acme: Acme, inbox: Inbox, reason: str
) -> None:
    async with connected(slack, acme, inbox):
        (old,) = slack.sockets.connections(acme.app)
        await slack.sockets.disconnect(acme.app, reason)
        await slack.until(lambda: [one for one in slack.sockets.connections(acme.app) if one.number != old.number])
        await slack.person(acme.reader).say(acme.papers, "hello")
        await slack.settled()
    assert [request.type for request in inbox.requests] == ["events_api"]


async def test_a_connection_that_is_cut_is_opened_again(slack: SlackServer, acme: Acme, inbox: Inbox) -> None:
    async with connected(slack, acme, inbox, ping_interval=0.1):
        await slack.sockets.cut(acme.app)
        await slack.sockets.connected(acme.app)


async def test_a_cut_fails_what_was_under_way(slack: SlackServer, acme: Acme, inbox: Inbox) -> None:
    inbox.acks = False
    async with connected(slack, acme, inbox):
        command = asyncio.create_task(slack.person(acme.reader).command(acme.papers, "/test"))
        await slack.until(lambda: [one for one in slack.sockets.connections(acme.app) if one.pending])
        await slack.sockets.cut(acme.app)
        with pytest.raises(DispatchFailed, match="connection_lost"):
            await command


async def test_only_subscribed_events_of_places_one_may_see(slack: SlackServer, acme: Acme, inbox: Inbox) -> None:
    manifest = {
        **MANIFEST,
        "settings": {**MANIFEST["settings"], "event_subscriptions": {"bot_events": ["reaction_added"]}},
    }
    quiet = slack.install(slack.create_app(manifest, "A2"), acme.workspace)
    acme.papers.members.add(quiet.bot_user)
    reader = slack.person(acme.reader)
    await reader.say(acme.general, "the app is not here")
    await reader.say(acme.secret, "nor here")
    message = await reader.say(acme.papers, "but here")
    await reader.react(acme.papers, message, "eyes")
    await slack.settled()
    told = [(one.app.id, one.event["type"]) for one in slack.events.deliveries]
    assert told == [("A1", "message"), ("A1", "reaction_added"), ("A2", "reaction_added")]


async def test_events_whose_scope_was_not_granted_do_not_come(slack: SlackServer, acme: Acme) -> None:
    acme.installation.scopes.remove("channels:history")
    await slack.person(acme.reader).say(acme.papers, "hello")
    assert not slack.events.deliveries
