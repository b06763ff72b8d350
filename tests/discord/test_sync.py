"""Commands are registered when they differ from what Discord has, and by one process only."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

import pytest

from bot.core.ports import Stores
from bot.discord.app import DiscordPlatform
from bot.discord.sync import normalised, sync
from storage.opening import Storage
from tests.discord.commanding import Stuck
from tests.discord.conftest import parts_for, serving, settings_for
from tests.platforms.discord import Acme, DiscordServer, faults

COMMANDS = "/applications/{application_id}/commands"


async def registered(server: DiscordServer) -> bool:
    """Compare as a start does; whether anything was registered."""
    settings = settings_for(server)
    parts = parts_for(settings, cast(Stores, Stuck()))
    DiscordPlatform(settings, parts)
    try:
        return await sync(parts.api, parts.client)
    finally:
        await parts.client.close()


@pytest.fixture
def server(discord: DiscordServer, acme: Acme) -> DiscordServer:
    """A Discord with a server on it."""
    return discord


async def test_a_second_start_registers_nothing(server: DiscordServer) -> None:
    assert await registered(server)
    assert not await registered(server)
    assert len(server.calls("PUT", COMMANDS)) == 1


async def test_a_changed_description_is_registered_once(server: DiscordServer) -> None:
    await registered(server)
    changes: list[dict[str, Any]] = [
        {"description": "Another"},
        {"description_localizations": {"ko": "다른 것"}},
        {"options": []},
        {"contexts": [0]},
    ]
    for change in changes:
        paper = next(one for one in server.state.application.commands if one["name"] == "paper")
        paper.update(change)
        assert await registered(server)
        assert not await registered(server)
    server.state.application.commands.pop()
    assert await registered(server)


async def test_what_discord_adds_by_itself_is_no_difference(server: DiscordServer) -> None:
    await registered(server)
    wanted = deepcopy(server.state.application.commands)
    told = [
        {**one, "id": "5", "guild_id": None, "handler": 1, "nsfw": False, "options": one.get("options") or []}
        for one in reversed(wanted)
    ]
    for one in told:
        one["contexts"] = list(reversed(one.get("contexts") or []))
    assert normalised(told) == normalised(wanted)


def test_a_least_value_of_zero_is_not_the_same_as_none() -> None:
    def command(**more: Any) -> list[dict[str, Any]]:
        return [{"name": "a", "description": "b", "options": [{"type": 4, "name": "n", "description": "c", **more}]}]

    assert normalised(command(min_value=0)) != normalised(command())
    assert normalised(command(required=False)) == normalised(command())


async def test_a_failure_ends_nothing_and_is_tried_again(server: DiscordServer, acme: Acme, storage: Storage) -> None:
    failed = server.faults.add(faults.ERROR_BEFORE, "GET", COMMANDS, status=503)
    async with serving(server, acme, storage):
        assert failed.met.is_set()
        assert len(server.calls("GET", COMMANDS)) == 2
        assert len(server.calls("PUT", COMMANDS)) == 1


async def test_a_process_without_the_first_shard_registers_nothing(
    server: DiscordServer, acme: Acme, storage: Storage
) -> None:
    server.state.application.commands = [{"id": "5", "name": "ping", "description": "Ping"}]
    async with serving(server, acme, storage, shard_count=2, shard_ids=(1,)):
        assert server.calls("PUT", COMMANDS) == []
        assert server.calls("GET", COMMANDS) == []
