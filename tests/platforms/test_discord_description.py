"""The loopback Discord holds what it is asked, and what it answers, against Discord's own description of its API.

That description lies beside the project where it is at hand; elsewhere the server goes by its own rules alone.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.discord import Acme, DiscordServer, openapi
from tests.platforms.discord.bare import Bare
from tests.platforms.discord.server import ROUTES
from tests.platforms.discord.world import COMPONENTS_V2

pytestmark = pytest.mark.skipif(
    openapi.description() is None, reason="environment: Discord's description of its API is not here"
)

Json = dict[str, Any]

MESSAGES = "/channels/{channel_id}/messages"
ONE = f"{MESSAGES}/{{message_id}}"
COMMANDS = "/applications/{application_id}/commands"
TEXT = {"type": 10, "content": "Hello"}


@pytest.mark.parametrize(("method", "route"), ROUTES, ids=" ".join)
def test_each_route_is_one_of_discords(method: str, route: str) -> None:
    told = openapi.description()
    assert told is not None
    assert method.lower() in told["paths"][route]


def test_a_route_that_is_none_of_discords() -> None:
    assert openapi.violations("GET", "/nowhere", {}, None) == ["GET /nowhere is not described"]
    assert openapi.violations("PUT", MESSAGES, {}, None) == [f"PUT {MESSAGES} is not described"]


@pytest.mark.parametrize(
    ("method", "route", "query", "body"),
    [
        ("GET", MESSAGES, {"limit": "100", "after": "1"}, None),
        ("GET", f"{ONE}/reactions/{{emoji_name}}", {"type": "1", "limit": "100"}, None),
        ("GET", COMMANDS, {"with_localizations": "true"}, None),
        ("POST", MESSAGES, {}, {"content": "Hello", "nonce": "n", "enforce_nonce": True, "tts": False}),
        ("POST", MESSAGES, {}, {"components": [{"type": 17, "components": [TEXT]}], "flags": COMPONENTS_V2}),
        ("PATCH", ONE, {}, {"content": None, "allowed_mentions": {"parse": []}}),
        ("DELETE", ONE, {}, None),
        ("POST", f"{ONE}/threads", {}, {"name": "Thread", "auto_archive_duration": 10080}),
        ("POST", "/channels/{channel_id}/threads", {}, {"name": "Post", "message": {"components": [TEXT]}}),
        ("PATCH", "/channels/{channel_id}", {}, {"archived": False}),
        ("PATCH", "/channels/{channel_id}", {}, {"available_tags": [{"name": "llm"}]}),
        ("PUT", COMMANDS, {}, [{"name": "paper", "description": "Papers"}]),
    ],
)
def test_requests_that_fit(method: str, route: str, query: dict[str, str], body: Any) -> None:
    assert openapi.violations(method, route, query, body) == []


@pytest.mark.parametrize(
    ("method", "route", "query", "body", "said"),
    [
        ("GET", MESSAGES, {"page": "1"}, None, "query: page is not known"),
        ("GET", MESSAGES, {"limit": "101"}, None, "query.limit: 101 is more than 100"),
        ("GET", MESSAGES, {"limit": "0"}, None, "query.limit: 0 is less than 1"),
        ("GET", MESSAGES, {"limit": "many"}, None, "query.limit: 'many' is no integer"),
        ("GET", MESSAGES, {"after": "now"}, None, "query.after: 'now' is no"),
        ("GET", MESSAGES, {"after": "007"}, None, "query.after: '007' is not like ^(0|"),
        ("GET", "/guilds/{guild_id}/members/search", {"limit": "5"}, None, "query: query is needed"),
        ("GET", f"{ONE}/reactions/{{emoji_name}}", {"type": "2"}, None, "query.type: 2 is"),
        ("DELETE", ONE, {}, {"reason": "A"}, "takes no body"),
        ("POST", MESSAGES, {}, {"text": "Hello"}, "body.text is not known"),
        ("POST", MESSAGES, {}, {"content": 7}, "body.content: 7 is no string/null"),
        ("POST", MESSAGES, {}, {"content": "x" * 4001}, "body.content: 4001 is more than 4000"),
        ("POST", MESSAGES, {}, {"nonce": "x" * 26}, "body.nonce: 26 is more than 25"),
        ("POST", MESSAGES, {}, {"flags": "1"}, "body.flags: '1' is no integer/null"),
        ("POST", MESSAGES, {}, {"flags": True}, "body.flags: True is no integer/null"),
        ("POST", MESSAGES, {}, {"components": [{**TEXT, "text": "A"}]}, "body.components.0.text is not known"),
        ("POST", MESSAGES, {}, {"components": [{"type": 10}]}, "body.components.0.content is needed"),
        ("POST", MESSAGES, {}, {"components": [TEXT] * 41}, "body.components: 41 is more than 40"),
        ("POST", MESSAGES, {}, {"allowed_mentions": {"parse": ["me"]}}, "body.allowed_mentions.parse.0: 'me' is"),
        ("PATCH", ONE, {}, {"content": "A", "tts": False}, "body.tts is not known"),
        ("POST", f"{ONE}/threads", {}, {"auto_archive_duration": 60}, "body.name is needed"),
        ("POST", f"{ONE}/threads", {}, {"name": "A", "auto_archive_duration": 7}, "body.auto_archive_duration: 7 is"),
        ("POST", "/channels/{channel_id}/threads", {}, {"name": "A" * 101, "message": {}}, "body.name: 101 is more"),
        ("PUT", COMMANDS, {}, {"name": "paper"}, "is no array/null"),
        ("PUT", COMMANDS, {}, [{"description": "Papers"}], "body.0.name is needed"),
        ("PUT", COMMANDS, {}, [{"name": "paper", "nsfw": False}], "body.0.nsfw is not known"),
        ("PUT", COMMANDS, {}, [{"name": "paper", "name_localizations": {"ko": 7}}], "name_localizations.ko: 7 is no"),
        ("PUT", COMMANDS, {}, [{"name": "paper", "contexts": [0, 0]}], "body.0.contexts: the same twice"),
    ],
)
def test_requests_that_do_not_fit(method: str, route: str, query: dict[str, str], body: Any, said: str) -> None:
    assert said in " ".join(openapi.violations(method, route, query, body))


async def test_what_does_not_fit_is_refused_and_noted(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    path = f"/channels/{guild.papers.id}/messages"
    refused = await rest.post(path, {"content": "Hello", "text": "Hello"})
    assert refused.errors == "DESCRIPTION"
    assert guild.papers.messages == {}
    assert discord.violations == [f"POST {MESSAGES}: body.text is not known"]
    discord.violations.clear()
    discord.passes_over.add("text")
    assert (await rest.post(path, {"content": "Hello", "text": "Hello"})).status == 200
    discord.is_described = False
    assert (await rest.post(path, {"content": "Hello", "author": "Ada"})).status == 200


def message(**more: Any) -> Json:
    """A message as short as it can be told."""
    author = {"id": "1", "username": "a", "avatar": None, "discriminator": "0", "public_flags": 0, "flags": 0}
    author |= {"global_name": None, "primary_guild": None}
    empty: Json = {name: [] for name in ("mentions", "mention_roles", "attachments", "embeds", "components")}
    said = {"id": "2", "channel_id": "3", "type": 0, "content": "", "flags": 0, "author": author}
    when = {"timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None}
    return {**said, **empty, **when, "pinned": False, "mention_everyone": False, "tts": False, **more}


def test_answers_that_fit() -> None:
    assert openapi.mistakes("POST", MESSAGES, 200, message()) == []
    assert openapi.mistakes("GET", MESSAGES, 200, [message(), message(nonce="n", position=4)]) == []
    assert openapi.mistakes("DELETE", ONE, 204, None) == []


@pytest.mark.parametrize(
    ("method", "route", "status", "answer", "said"),
    [
        ("POST", MESSAGES, 201, message(), "201 is not described"),
        ("POST", MESSAGES, 200, message(id=2), "answer.id: 2 is no string"),
        ("POST", MESSAGES, 200, message(key="k"), "answer.key is not known"),
        ("GET", MESSAGES, 200, [{"id": "1"}], "answer.0.author is needed"),
        ("GET", MESSAGES, 200, message(), "is no array/null"),
        ("DELETE", ONE, 204, {"id": "1"}, "204 has no body"),
    ],
)
def test_answers_that_do_not_fit(method: str, route: str, status: int, answer: Any, said: str) -> None:
    assert said in " ".join(openapi.mistakes(method, route, status, answer))


async def test_an_answer_of_the_server_that_does_not_fit_is_noted(
    discord: DiscordServer, rest: Bare, guild: Acme
) -> None:
    guild.papers.name = None  # type: ignore[assignment]  # as no channel of Discord's is called
    await rest.get(f"/channels/{guild.papers.id}")
    (noted,) = discord.violations
    assert noted.startswith("GET /channels/{channel_id}, answered: answer")
    discord.violations.clear()
