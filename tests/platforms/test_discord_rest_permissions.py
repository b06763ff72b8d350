"""Who may do what over REST on the loopback Discord: tokens, servers, channels, roles and overwrites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.platforms.discord import Acme, DiscordServer, furnish, permissions
from tests.platforms.discord.bare import Bare
from tests.platforms.discord.world import ALL_PERMISSIONS, Message, Overwrite, Role

Json = dict[str, Any]

ALL = (
    permissions.VIEW_CHANNEL
    | permissions.SEND_MESSAGES
    | permissions.READ_MESSAGE_HISTORY
    | permissions.MANAGE_MESSAGES
    | permissions.MANAGE_CHANNELS
    | permissions.MANAGE_THREADS
    | permissions.CREATE_PUBLIC_THREADS
    | permissions.SEND_MESSAGES_IN_THREADS
)
FORBIDDEN, UNSEEN = (403, 50013), (403, 50001)


@dataclass
class Furnished:
    """A server on which nobody may do anything but by a role of their own, and things to ask for."""

    server: DiscordServer
    acme: Acme
    role: Role
    own: Message
    others: Message
    paths: dict[str, int]

    def path(self, template: str) -> str:
        """A path with the ids of what is there."""
        return template.format(**self.paths)


@pytest.fixture
async def there(discord: DiscordServer, guild: Acme) -> Furnished:
    world = discord.state
    (role,) = [one for one in guild.guild.roles.values() if one.name == world.application.name]
    owner = discord.person(guild.owner)
    own = discord.doings.say(guild.papers, "Mine")
    others = await owner.write(guild.papers, "Somebody's")
    thread = await owner.start_thread(others)
    post = await owner.start_post(guild.forum, "Post", "Hello")
    guild.guild.roles[guild.guild.id].permissions = 0
    role.permissions = ALL
    ids = {"papers": guild.papers.id, "forum": guild.forum.id, "thread": thread.id, "post": post.id}
    ids |= {"own": own.id, "others": others.id, "guild": guild.guild.id}
    return Furnished(discord, guild, role, own, others, ids)


NEEDS: list[tuple[int, str, str, Any]] = [
    (permissions.VIEW_CHANNEL, "GET", "/channels/{papers}", None),
    (permissions.VIEW_CHANNEL, "GET", "/channels/{thread}", None),
    (permissions.VIEW_CHANNEL, "GET", "/channels/{papers}/messages", None),
    (permissions.VIEW_CHANNEL, "DELETE", "/channels/{papers}/messages/{own}", None),
    (permissions.VIEW_CHANNEL, "PATCH", "/channels/{papers}/messages/{own}", {"content": "Changed"}),
    (permissions.READ_MESSAGE_HISTORY, "GET", "/channels/{papers}/messages/{own}", None),
    (permissions.READ_MESSAGE_HISTORY, "GET", "/channels/{papers}/messages/{own}/reactions/%F0%9F%91%8D", None),
    (permissions.READ_MESSAGE_HISTORY, "GET", "/channels/{papers}/threads/archived/public", None),
    (permissions.SEND_MESSAGES, "POST", "/channels/{papers}/messages", {"content": "Hello"}),
    (permissions.SEND_MESSAGES_IN_THREADS, "POST", "/channels/{thread}/messages", {"content": "Hello"}),
    (permissions.SEND_MESSAGES, "POST", "/channels/{forum}/threads", {"name": "A", "message": {"content": "Hello"}}),
    (permissions.CREATE_PUBLIC_THREADS, "POST", "/channels/{papers}/messages/{own}/threads", {"name": "A"}),
    (permissions.READ_MESSAGE_HISTORY, "POST", "/channels/{papers}/messages/{own}/threads", {"name": "A"}),
    (permissions.MANAGE_MESSAGES, "DELETE", "/channels/{papers}/messages/{others}", None),
    (permissions.MANAGE_CHANNELS, "PATCH", "/channels/{forum}", {"available_tags": [{"name": "llm"}]}),
    (permissions.MANAGE_CHANNELS, "DELETE", "/channels/{papers}", None),
    (permissions.MANAGE_THREADS, "DELETE", "/channels/{thread}", None),
    (permissions.MANAGE_THREADS, "PATCH", "/channels/{thread}", {"name": "Another"}),
    (permissions.MANAGE_THREADS, "PATCH", "/channels/{thread}", {"archived": True}),
    (permissions.MANAGE_THREADS, "PATCH", "/channels/{thread}", {"locked": True}),
]
NAMES = [f"{method} {path} {bit:#x}" for bit, method, path, _ in NEEDS]


@pytest.mark.parametrize("way", ["role", "overwrite"])
@pytest.mark.parametrize(("bit", "method", "path", "body"), NEEDS, ids=NAMES)
async def test_each_request_needs_its_permission(
    there: Furnished, rest: Bare, bit: int, method: str, path: str, body: Any, way: str
) -> None:
    if way == "role":
        there.role.permissions = ALL & ~bit
    else:
        for channel in (there.acme.papers, there.acme.forum):
            channel.overwrites = [Overwrite(there.role.id, 0, deny=bit)]
    refused = await rest.ask(method, there.path(path), body)
    assert refused.no == (UNSEEN if bit == permissions.VIEW_CHANNEL else FORBIDDEN)
    assert there.server.needed & bit == 0
    there.role.permissions = ALL
    there.acme.papers.overwrites = there.acme.forum.overwrites = []
    assert (await rest.ask(method, there.path(path), body)).status in (200, 201, 204)
    assert there.server.needed & bit


async def test_without_the_right_to_read_nothing_is_there(there: Furnished, rest: Bare) -> None:
    there.role.permissions = ALL & ~permissions.READ_MESSAGE_HISTORY
    answer = await rest.get(there.path("/channels/{papers}/messages"))
    assert (answer.status, answer.body) == (200, [])
    there.role.permissions = ALL
    assert len((await rest.get(there.path("/channels/{papers}/messages"))).body) == 2


async def test_overwrites_go_from_everybody_by_roles_to_the_member(there: Furnished, rest: Bare) -> None:
    everybody, me = there.acme.guild.id, there.server.state.application.bot.id
    other = there.server.state.add_role(there.acme.guild, "Other")
    there.acme.guild.members[me].roles.append(other.id)
    send = permissions.SEND_MESSAGES

    async def may_write(*overwrites: Overwrite) -> bool:
        there.acme.papers.overwrites = list(overwrites)
        answer = await rest.post(there.path("/channels/{papers}/messages"), {"content": "Hello"})
        assert answer.status == 200 or answer.no == FORBIDDEN
        return answer.status == 200

    assert await may_write()
    assert not await may_write(Overwrite(everybody, 0, deny=send))
    assert await may_write(Overwrite(everybody, 0, deny=send), Overwrite(there.role.id, 0, allow=send))
    assert await may_write(Overwrite(there.role.id, 0, deny=send), Overwrite(other.id, 0, allow=send))
    assert not await may_write(Overwrite(other.id, 0, allow=send), Overwrite(me, 1, deny=send))
    assert await may_write(Overwrite(there.role.id, 0, deny=send), Overwrite(me, 1, allow=send))
    assert await may_write(
        Overwrite(there.acme.reader.id, 1, deny=send), Overwrite(there.acme.curators.id, 0, deny=send)
    )


async def test_administrators_and_owners_may_everything(there: Furnished, rest: Bare) -> None:
    there.acme.papers.overwrites = [Overwrite(there.role.id, 0, deny=ALL_PERMISSIONS)]
    there.role.permissions = permissions.ADMINISTRATOR
    assert (await rest.delete(there.path("/channels/{papers}/messages/{others}"))).status == 204
    there.role.permissions = 0
    assert (await rest.get(there.path("/channels/{papers}"))).no == UNSEEN
    there.acme.guild.owner_id = there.server.state.application.bot.id
    assert (await rest.delete(there.path("/channels/{papers}"))).status == 200


async def test_a_thread_is_as_open_as_its_channel(there: Furnished, rest: Bare) -> None:
    there.acme.papers.overwrites = [Overwrite(there.role.id, 0, deny=permissions.VIEW_CHANNEL)]
    assert (await rest.get(there.path("/channels/{thread}"))).no == UNSEEN
    assert (await rest.post(there.path("/channels/{thread}/messages"), {"content": "Hello"})).no == UNSEEN
    active = (await rest.get(there.path("/guilds/{guild}/threads/active"))).body["threads"]
    assert [one["id"] for one in active] == [str(there.paths["post"])]


# --- who asks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["Bot wrong", "wrong", None])
async def test_a_token_that_is_not_the_apps(there: Furnished, rest: Bare, token: str | None) -> None:
    for method, path in (("GET", "/users/@me"), ("GET", "/channels/{papers}"), ("POST", "/channels/{papers}/messages")):
        answer = await rest.ask(method, there.path(path), headers={"Authorization": token})
        assert answer.no == (401, 0)
        assert answer.body["message"] == "401: Unauthorized"
    assert len(there.acme.papers.messages) == 2


@pytest.mark.parametrize("agent", [None, "curl/8", "DiscordBot"])
async def test_a_client_that_does_not_say_who_it_is(there: Furnished, rest: Bare, agent: str | None) -> None:
    answer = await rest.ask("GET", "/users/@me", headers={"User-Agent": agent})
    assert answer.status == 403
    assert "40333" in answer.body
    assert "Via" not in answer.headers


async def test_interactions_ask_with_their_own_token(there: Furnished, rest: Bare) -> None:
    headers = {"Authorization": None, "User-Agent": None}
    answer = await rest.ask("POST", "/interactions/1/abc/callback", {"type": 5}, headers=headers)
    assert answer.no == (404, 10062)
    app = there.server.state.application.id
    answer = await rest.ask("GET", f"/webhooks/{app}/abc/messages/@original", headers=headers)
    assert answer.no == (401, 50027)


# --- what is there ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/nowhere", "/channels/{papers}/typing", "/guilds/{guild}/bans"])
async def test_unknown_routes(there: Furnished, rest: Bare, path: str) -> None:
    answer = await rest.get(there.path(path))
    assert answer.no == (404, 0)
    assert there.server.violations == [f"GET /api/v10{there.path(path)} is no route"]
    there.server.violations.clear()


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/channels/404", None, 10003),
        ("POST", "/channels/404/messages", {"content": "Hello"}, 10003),
        ("GET", "/channels/404/messages", None, 10003),
        ("PATCH", "/channels/404", {"name": "A"}, 10003),
        ("DELETE", "/channels/404", None, 10003),
        ("POST", "/channels/404/threads", {"name": "A", "message": {"content": "Hello"}}, 10003),
        ("GET", "/channels/{papers}/messages/404", None, 10008),
        ("PATCH", "/channels/{papers}/messages/404", {"content": "Hello"}, 10008),
        ("DELETE", "/channels/{papers}/messages/404", None, 10008),
        ("GET", "/channels/{papers}/messages/404/reactions/%F0%9F%91%8D", None, 10008),
        ("POST", "/channels/{papers}/messages/404/threads", {"name": "A"}, 10008),
        ("GET", "/channels/{forum}/messages/{own}", None, 10008),
        ("GET", "/guilds/404", None, 10004),
        ("GET", "/guilds/404/members/1", None, 10004),
        ("GET", "/guilds/404/threads/active", None, 10004),
        ("GET", "/guilds/{guild}/members/404", None, 10013),
    ],
)
async def test_unknown_things(there: Furnished, rest: Bare, method: str, path: str, body: Any, code: int) -> None:
    assert (await rest.ask(method, there.path(path), body)).no == (404, code)


async def test_somebody_who_is_not_on_the_server(there: Furnished, rest: Bare) -> None:
    stranger = there.server.state.add_user("stranger")
    assert (await rest.get(there.path("/guilds/{guild}") + f"/members/{stranger.id}")).no == (404, 10007)
    found = await rest.get(there.path("/guilds/{guild}") + f"/members/{there.acme.reader.id}")
    assert found.body["user"]["username"] == "ryu"


async def test_servers_without_the_bot(there: Furnished, rest: Bare) -> None:
    other = furnish(there.server, name="Other", is_joined=False)
    assert (await rest.get(f"/channels/{other.papers.id}")).no == UNSEEN
    assert (await rest.post(f"/channels/{other.papers.id}/messages", {"content": "Hello"})).no == UNSEEN
    assert (await rest.get(f"/guilds/{other.guild.id}")).no == (404, 10004)
    assert [one["id"] for one in (await rest.get("/users/@me/guilds")).body] == [str(there.acme.guild.id)]
    await there.server.person(other.owner).invite_bot(other.guild)
    assert (await rest.get(f"/channels/{other.papers.id}")).status == 200
    await there.server.person(other.owner).kick_bot(other.guild)
    assert (await rest.get(f"/channels/{other.papers.id}")).no == UNSEEN


@pytest.mark.parametrize("number", ["abc", "-1", "1.5"])
async def test_ids_are_snowflakes(there: Furnished, rest: Bare, number: str) -> None:
    assert "channel_id.NUMBER_TYPE_COERCE" in (await rest.get(f"/channels/{number}")).errors
