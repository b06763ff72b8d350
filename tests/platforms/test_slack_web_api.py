"""The loopback Slack's Web API: tokens, scopes, ways to send arguments, limits and faults."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.helpers import error_of, refused
from tests.platforms.slack import Acme, Clock, RatePolicy, SlackServer, furnish, slack_server

Json = dict[str, Any]


async def raw(server: SlackServer, method: str, **request: Any) -> Json:
    """A request as no client would make it."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.api_url}{method}", **request) as response,
    ):
        body: Json = await response.json()
        return body


async def test_who_a_token_speaks_for(client: AsyncWebClient, acme: Acme) -> None:
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"]) == ("T1", acme.installation.bot_user)
    assert answer["bot_id"] == acme.installation.bot_id
    assert answer["url"] == "https://acme.slack.com/"
    assert answer.headers["x-oauth-scopes"] == ",".join(acme.installation.scopes)


async def test_tokens_that_are_no_good(slack: SlackServer, acme: Acme, client: AsyncWebClient) -> None:
    assert await error_of(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
    assert await error_of(AsyncWebClient(token="xoxb-none", base_url=slack.api_url).auth_test()) == "invalid_auth"
    assert await error_of(client.auth_test(token=acme.app.app_token)) == "not_allowed_token_type"
    assert await error_of(client.apps_connections_open(app_token=acme.token)) == "not_allowed_token_type"
    await client.auth_revoke()
    assert await error_of(client.auth_test()) == "token_revoked"


async def test_an_uninstalled_app_is_inactive(slack: SlackServer, acme: Acme, client: AsyncWebClient) -> None:
    slack.uninstall(acme.app, acme.workspace)
    assert await error_of(client.auth_test()) == "account_inactive"
    assert acme.installation.bot_user not in acme.papers.members


async def test_installed_again_it_is_the_same_bot(slack: SlackServer, acme: Acme) -> None:
    slack.uninstall(acme.app, acme.workspace)
    again = slack.install(acme.app, acme.workspace)
    assert again.bot_user == acme.installation.bot_user
    client = AsyncWebClient(token=again.bot_token, base_url=slack.api_url)
    assert (await client.auth_test())["user_id"] == acme.installation.bot_user


async def test_unknown_methods(client: AsyncWebClient) -> None:
    assert await error_of(client.api_call("chat.shout")) == "unknown_method"


async def test_arguments_as_json_as_a_form_and_in_the_query(slack: SlackServer, acme: Acme) -> None:
    authorized = {"Authorization": f"Bearer {acme.token}"}
    said = {"channel": "C1", "text": "hello"}
    assert (await raw(slack, "chat.postMessage", json=said, headers=authorized))["ok"]
    assert (await raw(slack, "chat.postMessage", data={**said, "token": acme.token}))["ok"]
    assert (await raw(slack, "chat.postMessage", params={**said, "token": acme.token}))["ok"]
    assert [message.text for message in acme.papers.top_level()] == ["hello"] * 3


async def test_bodies_that_are_not_what_they_say(slack: SlackServer, acme: Acme) -> None:
    authorized = {"Authorization": f"Bearer {acme.token}", "Content-Type": "application/json; charset=utf-8"}
    assert (await raw(slack, "auth.test", data=b"{", headers=authorized))["error"] == "invalid_json"
    assert (await raw(slack, "auth.test", data=b"[]", headers=authorized))["error"] == "json_not_object"
    strange = {**authorized, "Content-Type": "text/xml"}
    assert (await raw(slack, "auth.test", data=b"<a/>", headers=strange))["error"] == "invalid_post_type"
    inside = {"Content-Type": "application/json"}
    assert (await raw(slack, "auth.test", json={"token": acme.token}, headers=inside))["error"] == "not_authed"


async def test_a_missing_charset_is_warned_of(slack: SlackServer, acme: Acme) -> None:
    headers = {"Authorization": f"Bearer {acme.token}", "Content-Type": "application/json"}
    answer = await raw(slack, "auth.test", data=b"{}", headers=headers)
    assert answer["response_metadata"]["warnings"] == ["missing_charset"]


async def test_scopes_are_needed_and_noted(slack: SlackServer) -> None:
    acme = furnish(slack)
    acme.installation.scopes[:] = ["chat:write", "groups:history"]
    client = AsyncWebClient(token=acme.token, base_url=slack.api_url)
    body = await refused(client.users_info(user="U1"))
    assert (body["error"], body["needed"], body["provided"]) == (
        "missing_scope",
        "users:read",
        "chat:write,groups:history",
    )
    assert (await refused(client.conversations_history(channel="C1")))["needed"] == "channels:history"
    await client.chat_postMessage(channel="C1", text="hello")
    assert slack.scopes_used(acme.app) == {"chat:write"}
    assert "users:read" in slack.scopes_unused(acme.app)


async def test_calls_are_recorded(slack: SlackServer, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C1", text="hello")
    await refused(client.chat_postMessage(channel="C404", text="hello"))
    good, bad = slack.calls_of("chat.postMessage")
    assert (good.arguments["text"], good.team, good.error) == ("hello", "T1", None)
    assert bad.error == "channel_not_found"


async def test_a_limit_that_was_armed(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.limit("chat.postMessage", "T1", retry_after=7, times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C1", text="hello")
        assert caught.value.response.status_code == 429
        assert caught.value.response["error"] == "ratelimited"
        assert caught.value.response.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel="C1", text="hello")


async def test_a_limit_that_counts_for_itself() -> None:
    async with slack_server(Clock(1_750_000_000.0)) as server:
        acme = furnish(server)
        server.rate_policy = RatePolicy(per_second=1.0, burst=2)
        client = AsyncWebClient(token=acme.token, base_url=server.api_url)
        await client.chat_postMessage(channel="C1", text="1")
        await client.chat_postMessage(channel="C1", text="2")
        assert await error_of(client.chat_postMessage(channel="C1", text="3")) == "ratelimited"
        direct = (await client.conversations_open(users="U2"))["channel"]["id"]
        await client.chat_postMessage(channel=direct, text="elsewhere")
        server.clock.advance(1.0)
        await client.chat_postMessage(channel="C1", text="3")
    assert [message.text for message in acme.papers.top_level()] == ["1", "2", "3"]


@pytest.mark.parametrize(("fault", "arrives"), [("drop_before", 0), ("drop_after", 1)])
async def test_dropped_connections(slack: SlackServer, acme: Acme, fault: str, arrives: int) -> None:
    client = AsyncWebClient(token=acme.token, base_url=slack.api_url, retry_handlers=[])
    getattr(slack.faults, fault)("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C1", text="hello")
    assert len(acme.papers.messages) == arrives
    await client.chat_postMessage(channel="C1", text="again")


async def test_a_client_that_tries_again_by_itself_posts_twice(
    slack: SlackServer, acme: Acme, client: AsyncWebClient
) -> None:
    slack.faults.drop_after("chat.postMessage")
    await client.chat_postMessage(channel="C1", text="hello")
    assert [message.text for message in acme.papers.top_level()] == ["hello", "hello"]


@pytest.mark.parametrize(("fault", "arrives"), [("error_before", 0), ("error_after", 1)])
async def test_server_errors(slack: SlackServer, acme: Acme, client: AsyncWebClient, fault: str, arrives: int) -> None:
    getattr(slack.faults, fault)("chat.postMessage", status=503)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C1", text="hello")
    assert caught.value.response.status_code == 503
    assert len(acme.papers.messages) == arrives


async def test_half_an_answer(slack: SlackServer, acme: Acme, client: AsyncWebClient) -> None:
    slack.faults.malformed("chat.postMessage")
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C1", text="hello")
    assert len(acme.papers.messages) == 1


async def test_an_answer_that_is_held_back(slack: SlackServer, acme: Acme, client: AsyncWebClient) -> None:
    hold = slack.faults.hold("chat.postMessage")
    call = asyncio.create_task(client.chat_postMessage(channel="C1", text="hello"))
    await hold.reached()
    assert len(acme.papers.messages) == 1
    assert not call.done()
    hold.release()
    assert (await call)["ok"]
