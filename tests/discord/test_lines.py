"""Command lines as people type them on Discord."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.commands import parse_command
from bot.discord.lines import OPTIONS, as_typed
from bot.discord.sync import payloads
from tests.discord.conftest import Served

SUBCOMMAND = 1


async def test_each_line_names_the_option_that_its_command_has(served: Served) -> None:
    registered = await payloads(served.parts.client)
    for line, option in OPTIONS.items():
        name, _, sub = line.removeprefix("/").partition(" ")
        command: dict[str, Any] = next(one for one in registered if one["name"] == name)
        if sub:
            command = next(one for one in command["options"] if one["name"] == sub and one["type"] == SUBCOMMAND)
        assert option in [one["name"] for one in command["options"]], line


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("/paper", "/paper"),
        ("/paper tag:rlaif", "/paper tag:rlaif"),
        ("/paper tag:rlaif sort:new", "/paper query:tag:rlaif sort:new"),
        ('/paper author:"Ada L"', '/paper query:author:"Ada L"'),
        ("/paper is:saved", "/paper query:is:saved"),
        ("/paper help", "/paper-help"),
        ("/paper helpful", "/paper query:helpful"),
        ("/paper follow tag:rlaif", "/paper-follow query:tag:rlaif"),
        ("/paper unfollow 2", "/paper-unfollow query:2"),
        ("/paper forget-me", "/paper-forget-me"),
        ("/paper-add 2406.14548", "/paper-add reference:2406.14548"),
        ("/digest show 2024-06-21", "/digest show date:2024-06-21"),
        ("/digest why", "/digest why"),
        ("#rlaif", "#rlaif"),
        ("tag:rlaif", "tag:rlaif"),
    ],
)
def test_a_line_is_shown_as_it_is_typed_here(line: str, typed: str) -> None:
    assert as_typed(line) == typed
    if line.startswith("/"):
        parse_command(line)  # and is one elsewhere
