"""How often the loopback Discord lets itself be asked, what it says of that, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.platforms.discord import Acme, DiscordServer, discord_server, permissions
from tests.platforms.discord.bare import Bare
from tests.platforms.discord.faults import ERROR_AFTER, ERROR_BEFORE, HALF, LATE, LOST_AFTER, LOST_BEFORE, PAGE
from tests.platforms.discord.rates import INVALID_BEFORE_BAN
from tests.platforms.slack.clock import Clock

MESSAGES = "/channels/{channel_id}/messages"
HELLO = {"content": "Hello"}


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    """A Discord whose clock stands still until a test moves it on."""
    async with discord_server(Clock(1_750_000_000.0)) as server:
        yield server
        assert server.violations == []


@pytest.fixture
def papers(guild: Acme) -> str:
    """Where the messages of #papers are."""
    return f"/channels/{guild.papers.id}/messages"


@pytest.fixture
def lounge(guild: Acme) -> str:
    """Where the messages of #lounge are."""
    return f"/channels/{guild.lounge.id}/messages"


# --- buckets ----------------------------------------------------------------------------------------------------------


async def test_every_answer_tells_of_its_bucket(discord: DiscordServer, rest: Bare, papers: str, lounge: str) -> None:
    discord.rates.policy("POST", MESSAGES, 5, 5.0)
    first, second = await rest.post(papers, HELLO), await rest.post(papers, HELLO)
    assert first.headers["X-RateLimit-Limit"] == "5"
    assert (first.headers["X-RateLimit-Remaining"], second.headers["X-RateLimit-Remaining"]) == ("4", "3")
    assert first.headers["X-RateLimit-Reset"] == "1750000005.000"
    assert first.headers["X-RateLimit-Reset-After"] == "5.000"
    assert first.headers["Via"]
    elsewhere, other = await rest.post(lounge, HELLO), await rest.get(papers)
    assert elsewhere.headers["X-RateLimit-Remaining"] == "4"
    assert elsewhere.headers["X-RateLimit-Bucket"] == first.headers["X-RateLimit-Bucket"]
    assert other.headers["X-RateLimit-Bucket"] != first.headers["X-RateLimit-Bucket"]
    refused = await rest.post(papers, {"content": ""})
    assert (refused.status, refused.headers["X-RateLimit-Remaining"]) == (400, "2")


async def test_a_bucket_that_is_used_up_refuses_until_it_is_full_again(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str, lounge: str
) -> None:
    discord.rates.policy("POST", MESSAGES, 2, 5.0)
    assert [(await rest.post(papers, HELLO)).status for _ in range(2)] == [200, 200]
    discord.clock.advance(1.5)
    refused = await rest.post(papers, HELLO)
    assert refused.no == (429, 0)
    assert refused.body["message"] == "You are being rate limited."
    assert (refused.body["retry_after"], refused.body["global"]) == (3.5, False)
    assert refused.headers["Retry-After"] == "4"
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Reset-After"] == "3.500"
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.headers["Via"]
    assert (await rest.post(lounge, HELLO)).status == 200
    assert (await rest.get(papers)).status == 200
    discord.clock.advance(3.5)
    assert [(await rest.post(papers, HELLO)).status for _ in range(3)] == [200, 200, 429]
    assert len(guild.papers.messages) == 4


async def test_a_refusal_of_one_channel(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str, lounge: str
) -> None:
    discord.rates.refuse("POST", MESSAGES, 0.25, times=2, major=guild.papers.id)
    assert (await rest.post(lounge, HELLO)).status == 200
    refused = [await rest.post(papers, HELLO) for _ in range(2)]
    assert [one.body["retry_after"] for one in refused] == [0.25, 0.25]
    assert (await rest.post(papers, HELLO)).status == 200


async def test_the_limit_of_all_routes(discord: DiscordServer, rest: Bare, papers: str) -> None:
    discord.rates.refuse("POST", MESSAGES, 1.0, is_global=True)
    refused = await rest.post(papers, HELLO)
    assert refused.body["global"]
    assert refused.headers["X-RateLimit-Global"] == "true"
    assert refused.headers["X-RateLimit-Scope"] == "global"
    assert refused.headers["Retry-After"] == "1"
    assert "X-RateLimit-Bucket" not in refused.headers


async def test_the_proxy_before_discord_refuses_in_html(discord: DiscordServer, rest: Bare, papers: str) -> None:
    discord.rates.refuse("POST", MESSAGES, 60.0, has_via=False)
    refused = await rest.post(papers, HELLO)
    assert refused.status == 429
    assert refused.body.startswith("<html>")
    assert "Via" not in refused.headers


# --- bad requests -----------------------------------------------------------------------------------------------------


async def test_what_counts_as_a_bad_request(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    await rest.ask("GET", "/users/@me", headers={"Authorization": "Bot wrong"})
    assert discord.rates.invalid == 1
    theirs = await discord.person(guild.reader).write(guild.papers, "Theirs")
    await rest.delete(f"{papers}/{theirs.id}")
    assert discord.rates.invalid == 2
    discord.rates.refuse("POST", MESSAGES, 1.0)
    await rest.post(papers, HELLO)
    assert discord.rates.invalid == 3
    discord.rates.refuse("POST", MESSAGES, 1.0, scope="shared")
    refused = await rest.post(papers, HELLO)
    assert refused.body["message"] == "The resource is being rate limited."
    await rest.post(papers, {"content": ""})
    await rest.get(f"{papers}/404")
    assert discord.rates.invalid == 3
    assert discord.rates.answers == {401: 1, 403: 1, 429: 2, 400: 1, 404: 1}
    discord.clock.advance(600)
    assert discord.rates.invalid == 0


async def test_ten_thousand_bad_requests_in_ten_minutes_are_a_ban(
    discord: DiscordServer, rest: Bare, papers: str
) -> None:
    for _ in range(INVALID_BEFORE_BAN - 1):
        discord.rates.count(403)
    assert (await rest.post(papers, HELLO)).status == 200
    discord.rates.count(401)
    for path in (papers, "/users/@me", "/webhooks/1/abc/messages/@original"):
        banned = await rest.get(path)
        assert banned.status == 429
        assert banned.body.startswith("<html>")
        assert not {"Via", "Retry-After"} & banned.headers.keys()
    assert discord.rates.invalid == INVALID_BEFORE_BAN + 3
    discord.clock.advance(600)
    assert (await rest.post(papers, HELLO)).status == 200


# --- limits of their own ----------------------------------------------------------------------------------------------


async def test_messages_of_over_an_hour_are_changed_so_often_only(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str, lounge: str
) -> None:
    discord.rates.old_edits = 2
    made = [(await rest.post(papers, HELLO)).body["id"] for _ in range(3)]
    elsewhere = (await rest.post(lounge, HELLO)).body["id"]
    discord.clock.advance(3601)
    fresh = (await rest.post(papers, HELLO)).body["id"]
    for number in made[:2]:
        assert (await rest.patch(f"{papers}/{number}", {"content": "Changed"})).status == 200
    refused = await rest.patch(f"{papers}/{made[2]}", {"content": "Changed"})
    assert refused.no == (429, 30046)
    assert (refused.body["retry_after"], refused.headers["Retry-After"]) == (3600.0, "3600")
    assert refused.headers["Via"]
    assert int(refused.headers["X-RateLimit-Remaining"]) > 0
    assert (await rest.patch(f"{papers}/{fresh}", {"content": "Changed"})).status == 200
    assert (await rest.patch(f"{lounge}/{elsewhere}", {"content": "Changed"})).status == 200
    assert (await rest.delete(f"{papers}/{made[2]}")).status == 204
    discord.clock.advance(3600)
    assert (await rest.patch(f"{papers}/{made[0]}", {"content": "Again"})).status == 200


async def test_a_change_that_is_refused_counts_for_nothing(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str
) -> None:
    discord.rates.old_edits = 1
    made = (await rest.post(papers, HELLO)).body["id"]
    discord.clock.advance(3601)
    assert (await rest.patch(f"{papers}/{made}", {"content": ""})).no == (400, 50006)
    assert (await rest.patch(f"{papers}/{made}", {"content": "Changed"})).status == 200


async def test_a_channel_is_renamed_twice_in_ten_minutes(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    (role,) = [one for one in guild.guild.roles.values() if one.name == discord.state.application.name]
    role.permissions |= permissions.MANAGE_CHANNELS
    path = f"/channels/{guild.forum.id}"
    assert [(await rest.patch(path, {"name": name})).status for name in ("one", "two", "three")] == [200, 200, 429]
    assert (await rest.patch(path, {"available_tags": [{"name": "llm"}]})).status == 200
    assert (await rest.patch(f"/channels/{guild.lounge.id}", {"name": "one"})).status == 200


async def test_a_thread_is_renamed_twice_in_ten_minutes(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    message, bot = discord.doings.say(guild.papers, "A"), discord.state.application.bot
    thread = discord.doings.start_thread(guild.papers, message, "Thread", bot)
    path = f"/channels/{thread.id}"
    for name in ("One", "One", "Two"):
        assert (await rest.patch(path, {"name": name})).status == 200
    discord.clock.advance(30)
    refused = await rest.patch(path, {"name": "Three"})
    assert refused.no == (429, 0)
    assert (refused.body["retry_after"], refused.headers["Retry-After"]) == (570.0, "570")
    assert int(refused.headers["X-RateLimit-Remaining"]) > 0, "no header tells of it"
    assert thread.name == "Two"
    assert (await rest.patch(path, {"archived": True})).status == 200
    discord.clock.advance(570)
    assert (await rest.patch(path, {"archived": False, "name": "Three"})).status == 200


# --- what goes wrong on the way ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "is_done"), [(LOST_BEFORE, False), (LOST_AFTER, True)])
async def test_connections_that_are_lost(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str, kind: str, is_done: bool
) -> None:
    fault = discord.faults.add(kind, "POST", MESSAGES)
    assert (await rest.get(papers)).status == 200
    assert not fault.met.is_set()
    with pytest.raises(aiohttp.ClientConnectionError):
        await rest.post(papers, HELLO)
    assert fault.met.is_set()
    assert len(guild.papers.messages) == is_done
    assert (await rest.post(papers, HELLO)).status == 200


@pytest.mark.parametrize(("kind", "is_done"), [(ERROR_BEFORE, False), (ERROR_AFTER, True)])
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_errors_of_the_server(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str, kind: str, is_done: bool, status: int
) -> None:
    discord.faults.add(kind, times=2, status=status)
    assert (await rest.post(papers, HELLO)).no == (status, 0)
    assert len(guild.papers.messages) == is_done
    assert (await rest.get("/users/@me")).no == (status, 0)
    assert (await rest.get("/users/@me")).status == 200


async def test_answers_that_cannot_be_read(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    discord.faults.add(HALF, "POST", MESSAGES)
    with pytest.raises(ValueError, match="Unterminated"):
        await rest.post(papers, HELLO)
    discord.faults.add(PAGE, "POST", MESSAGES)
    page = await rest.post(papers, HELLO)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert len(guild.papers.messages) == 2


async def test_answers_that_come_late(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    fault = discord.faults.add(LATE, "POST", MESSAGES)
    asking = asyncio.create_task(rest.post(papers, HELLO))
    await fault.met.wait()
    assert (await rest.get(papers)).status == 200
    assert len(guild.papers.messages) == 1
    assert not asking.done()
    fault.released.set()
    assert (await asking).status == 200


async def test_what_waits_to_go_wrong_can_be_called_off(discord: DiscordServer, rest: Bare, papers: str) -> None:
    discord.faults.add(ERROR_BEFORE, times=1000)
    assert (await rest.get(papers)).status == 500
    discord.faults.clear()
    assert (await rest.get(papers)).status == 200


async def test_everything_is_written_down(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    discord.faults.add(ERROR_BEFORE, "GET", MESSAGES)
    await rest.get(papers, limit=5)
    await rest.post(papers, HELLO)
    await rest.post(papers, {"content": ""})
    read, *written = discord.requests
    assert (read.method, read.route, read.query, read.body) == ("GET", MESSAGES, {"limit": "5"}, None)
    assert read.params == {"channel_id": str(guild.papers.id)}
    assert discord.calls("POST", MESSAGES) == written
    assert [(one.body, one.status, one.code) for one in written] == [(HELLO, 200, 0), ({"content": ""}, 400, 50006)]
