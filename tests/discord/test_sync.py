"""Commands are registered when they differ from what Discord has, and by one process only."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

from bot.core.people import Staff
from bot.core.ports import Stores
from bot.discord.app import DiscordPlatform
from bot.discord.sync import normalised, sync
from bot.settings import DiscordSettings
from tests.discord.commanding import Stuck, connected, parts_for
from tests.platforms.discord_alone import Alone, alone, furnish


async def registered(server: Alone) -> bool:
    """Compare as a start does; whether anything was registered."""
    settings = DiscordSettings(token=server.state.application.token, api_url=server.url, gateway_url=server.gateway.url)
    parts = parts_for(settings, cast(Stores, Stuck()), Staff())
    DiscordPlatform(settings, parts)
    try:
        return await sync(parts.api, parts.client)
    finally:
        await parts.client.close()


async def test_a_second_start_registers_nothing() -> None:
    async with alone() as server:
        furnish(server)
        assert await registered(server)
        assert not await registered(server)
        assert server.registrations == 1


async def test_a_changed_description_is_registered_once() -> None:
    async with alone() as server:
        furnish(server)
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


async def test_what_discord_adds_by_itself_is_no_difference() -> None:
    async with alone() as server:
        furnish(server)
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


async def test_a_failure_ends_nothing_and_is_tried_again() -> None:
    async with alone() as server:
        furnish(server)
        server.faults.append(503)
        async with connected(server, stores=Stuck()):
            assert server.registrations == 1
            assert server.faults == []


async def test_a_process_without_the_first_shard_registers_nothing() -> None:
    async with alone() as server:
        furnish(server)
        settings = DiscordSettings(
            token=server.state.application.token, api_url=server.url, gateway_url=server.gateway.url, shard_count=2
        )
        ready = asyncio.Event()
        parts = parts_for(replace(settings, shard_ids=(1,)), cast(Stores, Stuck()), Staff())
        platform = DiscordPlatform(replace(settings, shard_ids=(1,)), parts)
        work = asyncio.create_task(platform.run(ready.set))
        try:
            await asyncio.wait_for(ready.wait(), 10)
            assert server.registrations == 0
            assert server.command_reads == 0
        finally:
            await platform.close()
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
