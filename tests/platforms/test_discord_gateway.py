"""The gateway of the loopback Discord, with the library's own client: sessions, cuts, and who is told of what."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import discord
import pytest

from tests.platforms.discord import Acme, DiscordServer, furnish, permissions
from tests.platforms.discord.client import Client, connected
from tests.platforms.discord.gateway import INTENTS
from tests.platforms.discord.world import ALL_PERMISSIONS, Message


@pytest.fixture
def acme(server: DiscordServer) -> Acme:
    return furnish(server)


@pytest.fixture
async def client(server: DiscordServer, acme: Acme) -> AsyncIterator[Client]:
    async with connected(Client(server)) as running:
        yield running


def ids(client: Client, event: str = "message") -> list[int]:
    """What the client has been told of, in order."""
    return [one.id for one in client.all_of(event)]


async def test_a_client_gets_ready_and_knows_the_server(client: Client, acme: Acme) -> None:
    guild = client.get_guild(acme.guild.id)
    assert guild is not None
    assert {one.name for one in guild.channels} == {"papers", "lounge", "paper-forum", "secret"}
    assert guild.me.guild_permissions.send_messages


async def test_what_happens_during_a_cut_comes_once_and_in_order(
    client: Client, acme: Acme, server: DiscordServer
) -> None:
    reader = server.person(acme.reader)
    written = [await reader.write(acme.papers, "before")]
    server.gateway.cut()
    written += [await reader.write(acme.papers, f"{number}") for number in range(3)]
    await client.until("resumed")
    written.append(await reader.write(acme.papers, "after"))
    await client.until("message", 5)
    assert ids(client) == [one.id for one in written]
    assert server.gateway.counts["identify"] == 1
    assert server.gateway.counts["resumed"] == 1
    assert [one.is_resume_address for one in server.gateway.opened] == [False, True]


async def test_many_cuts_lose_nothing(client: Client, acme: Acme, server: DiscordServer) -> None:
    reader = server.person(acme.reader)
    by_chance = random.Random(4)
    written: list[Message] = []
    for number in range(50):
        written += [await reader.write(acme.papers, f"{number}") for _ in range(by_chance.randrange(3))]
        server.gateway.cut()
        written += [await reader.write(acme.papers, f"{number}") for _ in range(by_chance.randrange(3))]
        await server.gateway.connected()
    await client.until("message", len(written))
    assert ids(client) == [one.id for one in written]
    assert server.gateway.counts["identify"] == 1
    assert server.gateway.counts["cut"] == 50


@pytest.mark.parametrize("way", ["reconnect", "close", "invalidate"])
async def test_ways_to_a_resume(client: Client, acme: Acme, server: DiscordServer, way: str) -> None:
    match way:
        case "reconnect":
            server.gateway.reconnect()
        case "close":
            server.gateway.close(4000)
        case _:
            server.gateway.invalidate(resumable=True)
    await client.until("resumed")
    message = await server.person(acme.reader).write(acme.papers, "after")
    await client.until("message")
    assert ids(client) == [message.id]
    assert server.gateway.counts["identify"] == 1


@pytest.mark.parametrize("way", ["invalidate", "forget", "timeout"])
async def test_ways_to_a_new_session(client: Client, acme: Acme, server: DiscordServer, way: str) -> None:
    match way:
        case "invalidate":
            server.gateway.invalidate()
        case "forget":
            server.gateway.forget_sessions()
            server.gateway.cut()
        case _:
            server.gateway.close(4007)
            server.gateway.forget_sessions()
    await server.person(acme.reader).write(acme.papers, "lost")
    await server.until(lambda: server.gateway.counts["identify"] == 2)
    await client.until("shard_ready", 2)
    message = await server.person(acme.reader).write(acme.papers, "after")
    await client.until("message")
    assert ids(client) == [message.id]


async def test_a_heartbeat_is_given_when_asked_for(client: Client, server: DiscordServer) -> None:
    before = server.gateway.counts["heartbeat"]
    server.gateway.ask_heartbeat()
    await server.until(lambda: server.gateway.counts["heartbeat"] > before)


async def test_presence_and_members(client: Client, acme: Acme, server: DiscordServer) -> None:
    await client.change_presence(activity=discord.Game("papers"))
    guild = client.get_guild(acme.guild.id)
    assert guild is not None
    (found,) = await guild.query_members(user_ids=[acme.reader.id], cache=False)
    assert found.name == "ryu"
    ops = [one["op"] for connection in server.gateway.opened for one in connection.received]
    assert 3 in ops
    assert 8 in ops


async def test_each_shard_is_told_of_its_own_servers(server: DiscordServer, acme: Acme) -> None:
    owner = server.state.add_user("olga")
    other_id = acme.guild.id + (1 << 22)
    other = server.state.add_guild("other", owner, everyone=permissions.MEMBERS_USUAL, guild_id=other_id)
    general = server.state.add_channel(other, "general")
    server.doings.bot_joins(other, 0)
    async with connected(Client(server, shard_count=2)) as client:
        assert {one.shard_id for one in client.guilds} == {0, 1}
        messages = {
            await server.person(acme.reader).write(acme.papers, "here"),
            await server.person(owner).write(general, "there"),
            await server.person(owner).write(server.person(owner).direct(), "to you"),
        }
        await client.until("message", 3)
        assert set(ids(client)) == {one.id for one in messages}
        for session in server.gateway.sessions:
            told = [one["d"] for one in session.events if one["t"] == "MESSAGE_CREATE"]
            assert all(session.serves(int(one["guild_id"]) if "guild_id" in one else None) for one in told)
            assert told
        server.gateway.cut(shard=1)
        await client.until("shard_resumed")
        assert client.all_of("shard_resumed") == [1]


async def test_what_is_not_asked_for_is_not_told(server: DiscordServer, acme: Acme) -> None:
    intents = discord.Intents(guilds=True, guild_messages=True)
    async with connected(Client(server, intents=intents)) as client:
        reader = server.person(acme.reader)
        message = await reader.write(acme.papers, "seen")
        await reader.write(reader.direct(), "not seen")
        await reader.react(message, "👍")
        await reader.edit(message, "changed")
        await client.until("raw_message_edit")
        assert ids(client) == [message.id]
        assert client.all_of("raw_reaction_add") == []


async def test_content_comes_with_the_intent_or_a_mention(server: DiscordServer, acme: Acme) -> None:
    server.state.application.intents = INTENTS["message_content"]
    reader = server.person(acme.reader)
    me = server.state.application.bot.id
    async with connected(Client(server)) as client:
        await reader.write(acme.papers, "hidden")
        await reader.write(acme.papers, f"<@{me}> hello")
        await reader.write(reader.direct(), "direct")
        found = await client.until("message", 3)
        assert [one.content for one in found] == ["", f"<@{me}> hello", "direct"]
    intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
    async with connected(Client(server, intents=intents)) as client:
        await reader.write(acme.papers, "open")
        assert [one.content for one in await client.until("message")] == ["open"]


async def test_what_the_bot_may_not_see_is_not_told(client: Client, acme: Acme, server: DiscordServer) -> None:
    admin = server.person(acme.owner)
    everyone = acme.guild.roles[acme.guild.id]
    await admin.allow(acme.lounge, everyone, deny=permissions.VIEW_CHANNEL)
    await admin.write(acme.lounge, "hidden")
    message = await admin.write(acme.papers, "open")
    await client.until("message")
    assert ids(client) == [message.id]
    await admin.allow(acme.lounge, server.state.application.bot, allow=permissions.VIEW_CHANNEL)
    shown = await admin.write(acme.lounge, "shown")
    await client.until("message", 2)
    assert ids(client) == [message.id, shown.id]
    assert server.gateway.told("THREAD_LIST_SYNC")


async def test_servers_roles_and_outages(client: Client, acme: Acme, server: DiscordServer) -> None:
    admin = server.person(acme.owner)
    role = server.state.add_role(acme.guild, "editors")
    server.events.role_created(acme.guild, role)
    await admin.change_role(acme.guild, role, ALL_PERMISSIONS)
    bot = server.state.application.bot
    await admin.give_role(acme.guild, bot, role)
    await client.until("guild_role_update")
    await client.until("member_update")
    guild = client.get_guild(acme.guild.id)
    assert guild is not None
    assert guild.me.guild_permissions.administrator
    acme.guild.is_available = False
    server.events.guild_unavailable(acme.guild)
    await client.until("guild_unavailable")
    acme.guild.is_available = True
    server.events.guild_available(acme.guild)
    await client.until("guild_available")
    channel = await admin.create_channel(acme.guild, "new")
    await admin.rename_channel(channel, "newer")
    (_, after) = (await client.until("guild_channel_create"), await client.until("guild_channel_update"))
    assert after
    assert guild.get_channel(channel.id) == client.get_channel(channel.id)


async def test_reactions_and_messages_taken_away_at_once(client: Client, acme: Acme, server: DiscordServer) -> None:
    reader = server.person(acme.reader)
    first, second = await reader.write(acme.papers, "one"), await reader.write(acme.papers, "two")
    for emoji in ("👍", "🎉"):
        await reader.react(first, emoji)
    server.doings.clear_reactions(first, "👍")
    server.doings.clear_reactions(first)
    server.doings.delete(acme.papers, first, second)
    await client.until("raw_reaction_clear_emoji")
    await client.until("raw_reaction_clear")
    (gone,) = await client.until("raw_bulk_message_delete")
    assert gone.message_ids == {first.id, second.id}
