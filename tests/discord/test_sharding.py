"""Many servers: several shards in one process, and several processes that share a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.digests import Post
from bot.core.entries import Entry
from bot.core.subscriptions import Channel
from bot.discord.rooms import is_open_to_all
from storage.opening import Storage, open_storage
from tests.discord.conftest import Served, eventually, serving
from tests.discord.posting import settled
from tests.discord.saying import text_of
from tests.platforms.discord import Acme, DiscordServer, furnish
from tests.platforms.discord.world import Message

COMMANDS = "/applications/{application_id}/commands"


def furnish_two(discord: DiscordServer) -> tuple[Acme, Acme]:
    """Two servers, of which the first belongs to shard 0 of two and the second to shard 1."""
    found: dict[int, Acme] = {}
    while len(found) < 2:
        discord.clock.advance(0.001)
        made = furnish(discord, name=f"Server{len(discord.state.guilds)}")
        if found.setdefault((made.guild.id >> 22) % 2, made) is not made:  # one more for the same shard
            del discord.state.guilds[made.guild.id]
            discord.state.application.guild_installs.discard(made.guild.id)
    return found[0], found[1]


@dataclass
class Two:
    """A subscribed server on each shard, with a post of the same entry."""

    entry: Entry
    here: Message
    there: Message


def channel_of(acme: Acme) -> Channel:
    return Channel("discord", str(acme.guild.id), str(acme.papers.id))


async def post_on_both(served: Served, first: Acme, second: Acme) -> Two:
    (entry,) = await served.add("Attention", tags=("rlaif",))
    for acme in (first, second):
        await served.subscribe(channel=channel_of(acme))
    await served.deliver()
    return Two(entry, last_in(first), last_in(second))


def last_in(acme: Acme) -> Message:
    return list(acme.papers.messages.values())[-1]


async def reactions_of(served: Served, entry: Entry) -> int:
    await settled(served)
    return (await served.engagement(entry)).reactions


# --- one process ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_set", [True, False])
async def test_several_shards_in_one_process(discord: DiscordServer, storage: Storage, is_set: bool) -> None:
    first, second = furnish_two(discord)
    discord.shards = 2
    async with serving(discord, first, storage, shard_count=2 if is_set else None) as served:
        assert sorted(session.shard for session in discord.gateway.sessions) == [(0, 2), (1, 2)]
        two = await post_on_both(served, first, second)
        await discord.person(first.reader).react(two.here, "🎉")
        await discord.person(second.reader).react(two.there, "🎉")
        assert await reactions_of(served, two.entry) == 2
        for acme in (first, second):
            found = await (await discord.person(acme.guest).command(acme.papers, "paper", tag="rlaif")).shown()
            assert f"https://discord.com/channels/{acme.guild.id}/" in text_of(found)
        assert len(discord.calls("PUT", COMMANDS)) == 1


async def test_a_shard_that_is_broken_off_leaves_the_other_alone(discord: DiscordServer, storage: Storage) -> None:
    first, second = furnish_two(discord)
    async with serving(discord, first, storage, shard_count=2) as served:
        two = await post_on_both(served, first, second)
        await settled(served)
        served.missed.clear()
        discord.gateway.cut(shard=1)
        await discord.person(first.reader).react(two.here, "🎉")
        await discord.person(second.reader).react(two.there, "🎉")
        await discord.gateway.connected(2)
        assert await reactions_of(served, two.entry) == 2
        assert served.missed == []
        discord.gateway.invalidate(shard=1)
        await discord.until(lambda: served.missed)
        await discord.person(first.guest).react(two.here, "🎉")
        assert await reactions_of(served, two.entry) == 3
        assert discord.gateway.counts["identify"] == 3


# --- two processes ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def another(discord: DiscordServer, acme: Acme, folder: Path, shard: int) -> AsyncIterator[Served]:
    """A process with one of two shards, and a connection of its own to the database that all share."""
    storage = await open_storage(f"sqlite:///{folder / 'paperboy.db'}", migrate=True)
    try:
        async with serving(discord, acme, storage, shard_count=2, shard_ids=(shard,)) as served:
            yield served
    finally:
        await storage.close()


async def test_events_go_to_the_process_whose_shard_it_is(discord: DiscordServer, tmp_path: Path) -> None:
    first, second = furnish_two(discord)
    async with another(discord, first, tmp_path, 0) as zero, another(discord, second, tmp_path, 1) as one:
        two = await post_on_both(zero, first, second)
        assert await heard(zero) == {first.guild.id}
        assert await heard(one) == {second.guild.id}
        await discord.person(first.reader).react(two.here, "🎉")
        await discord.person(second.reader).react(two.there, "🎉")
        await counts(one, two.entry, 2)


async def counts(served: Served, entry: Entry, reactions: int) -> None:
    """Wait until an entry has so many, whoever has heard of them."""

    async def is_so() -> bool:
        return (await served.engagement(entry)).reactions == reactions

    await eventually(is_so)


async def heard(served: Served) -> set[int]:
    """The servers that a process knows of."""
    return {guild.id for guild in served.parts.client.guilds}


async def test_commands_are_registered_by_one_of_them(discord: DiscordServer, tmp_path: Path) -> None:
    first, second = furnish_two(discord)
    async with another(discord, first, tmp_path, 0):
        asked = len(discord.calls("GET", COMMANDS))
        async with another(discord, second, tmp_path, 1):
            assert len(discord.calls("GET", COMMANDS)) == asked
            assert len(discord.calls("PUT", COMMANDS)) == 1


async def test_either_posts_into_every_server_and_neither_twice(discord: DiscordServer, tmp_path: Path) -> None:
    first, second = furnish_two(discord)
    async with another(discord, first, tmp_path, 0) as zero, another(discord, second, tmp_path, 1) as one:
        await zero.add(*(f"Entry {number:02}" for number in range(8)))
        for acme in (first, second):
            await zero.subscribe(channel=channel_of(acme))
        posts: list[Post] = []
        for _ in range(3):
            for some in await asyncio.gather(zero.deliver(), one.deliver()):
                posts = list(some)
        assert len(posts) == 18
        for acme in (first, second):
            titles = [text_of(message).splitlines()[0] for message in acme.papers.messages.values()]
            assert [title.strip("# ") for title in titles[1:]] == [f"Entry {number:02}" for number in range(8)]


async def test_a_channel_of_another_process_counts_as_not_open_to_all(discord: DiscordServer, tmp_path: Path) -> None:
    """Links lead to posts of the server that one asks on, which the process that hears the question knows."""
    first, second = furnish_two(discord)
    async with another(discord, first, tmp_path, 0) as zero, another(discord, second, tmp_path, 1) as one:
        await post_on_both(zero, first, second)
        here, there = channel_of(first), channel_of(second)
        assert [is_open_to_all(zero.parts.client, channel) for channel in (here, there)] == [True, False]
        assert [is_open_to_all(one.parts.client, channel) for channel in (here, there)] == [False, True]
        found = await (await discord.person(second.guest).command(second.lounge, "paper", tag="rlaif")).shown()
        assert f"https://discord.com/channels/{second.guild.id}/{second.papers.id}/" in text_of(found)
        assert f"/{first.guild.id}/" not in text_of(found)


async def test_one_process_restarts_while_the_other_goes_on(discord: DiscordServer, tmp_path: Path) -> None:
    first, second = furnish_two(discord)
    async with another(discord, first, tmp_path, 0) as zero:
        async with another(discord, second, tmp_path, 1):
            two = await post_on_both(zero, first, second)
        await discord.person(second.reader).react(two.there, "🎉")  # nobody hears it
        await discord.person(first.reader).react(two.here, "🎉")
        await counts(zero, two.entry, 1)
        async with another(discord, second, tmp_path, 1) as one:
            await discord.until(lambda: one.missed)
            await discord.person(second.guest).react(two.there, "🎉")
            await counts(one, two.entry, 2)
            assert len(zero.parts.client.guilds) == 1


async def test_direct_messages_come_to_the_first_shard(discord: DiscordServer, tmp_path: Path) -> None:
    first, second = furnish_two(discord)
    async with another(discord, first, tmp_path, 0) as zero, another(discord, second, tmp_path, 1):
        await zero.add("A paper", tags=("rlaif",))
        guest = discord.person(second.guest)
        found = await (await guest.command(guest.direct(), "paper", tag="rlaif")).shown()
        assert "A paper" in text_of(found)
