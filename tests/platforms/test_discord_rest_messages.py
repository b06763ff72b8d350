"""What the loopback Discord takes and refuses of messages over REST, and how it tells of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.platforms.discord import Acme, DiscordServer, furnish, permissions
from tests.platforms.discord.bare import Bare
from tests.platforms.discord.world import (
    COMPONENTS_V2,
    EPHEMERAL,
    NAME_CHANGED,
    STARTER,
    VOICE,
    Message,
    Reaction,
    User,
)

Json = dict[str, Any]

TEXT = {"type": 10, "content": "Hello"}
V2 = {"flags": COMPONENTS_V2}


@pytest.fixture
def papers(guild: Acme) -> str:
    """Where the messages of #papers are."""
    return f"/channels/{guild.papers.id}/messages"


# --- writing ----------------------------------------------------------------------------------------------------------


async def test_a_message_is_told_as_discord_tells_it(discord: DiscordServer, rest: Bare, papers: str) -> None:
    made = await rest.post(papers, {"components": [TEXT], **V2, "allowed_mentions": {"parse": []}})
    assert made.status == 200
    assert made.body["author"]["id"] == str(discord.state.application.bot.id)
    assert made.body["components"] == [{**TEXT, "id": 1}]
    assert made.body["flags"] == COMPONENTS_V2
    assert not {"reactions", "nonce", "thread", "position", "application_id", "webhook_id"} & made.body.keys()
    assert (await rest.get(f"{papers}/{made.body['id']}")).body == made.body


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"content": "x" * 2001}, "content.BASE_TYPE_BAD_LENGTH"),
        ({"content": "Hello", "nonce": "x" * 26}, "nonce.BASE_TYPE_MAX_LENGTH"),
        ({"content": "Hello", "flags": EPHEMERAL}, "flags.BASE_TYPE_CHOICES"),
        ({"content": "Hello", "flags": 1 << 7}, "flags.BASE_TYPE_CHOICES"),
        ({"content": "Hello", "components": [TEXT], **V2}, "content.MESSAGE_CANNOT_USE_LEGACY_FIELDS"),
        ({"components": [TEXT] * 41, **V2}, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
        ({"components": [{**TEXT, "content": "x" * 4001}], **V2}, "content.BASE_TYPE_BAD_LENGTH"),
        ({"components": [TEXT]}, "UNION_TYPE_CHOICES"),
        ({"embeds": [{"title": "A"}] * 11}, "embeds.BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds.MAX_EMBED_SIZE_EXCEEDED"),
        (
            {"content": "Hello", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions.MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
    ],
)
async def test_bodies_that_are_refused(rest: Bare, guild: Acme, papers: str, body: Json, said: str) -> None:
    assert said in (await rest.post(papers, body)).errors
    assert guild.papers.messages == {}


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize("body", [{}, {"content": ""}, {"components": []}, {"embeds": [], "content": None}])
async def test_messages_that_say_nothing(rest: Bare, papers: str, body: Json) -> None:
    assert (await rest.post(papers, body)).no == (400, 50006)


@pytest.mark.parametrize("data", [b"{", b"Hello", b'"Hello"', b"\xff"])
async def test_bodies_that_are_no_json(rest: Bare, papers: str, data: bytes) -> None:
    assert (await rest.ask("POST", papers, data=data)).no == (400, 50109)


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize("body", [[], 7, None])
async def test_bodies_that_are_no_object(rest: Bare, papers: str, body: Any) -> None:
    assert (await rest.post(papers, body)).no == (400, 50109)


async def test_where_nobody_writes(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    voice = discord.state.add_channel(guild.guild, "voice", VOICE)
    for channel in (guild.forum, voice):
        assert (await rest.post(f"/channels/{channel.id}/messages", {"content": "Hello"})).no == (400, 50008)
    assert (await rest.get(f"/channels/{guild.forum.id}/messages")).no == (400, 50024)


async def test_whom_a_message_pings(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    (role,) = [one for one in guild.guild.roles.values() if one.name == discord.state.application.name]
    said = f"@everyone <@{guild.reader.id}> <@&{guild.curators.id}>"

    async def pinged(**more: Any) -> tuple[list[str], list[str], bool]:
        body = {"components": [{**TEXT, "content": said}], **V2, **more}
        told = (await rest.post(papers, body)).body
        return [one["id"] for one in told["mentions"]], told["mention_roles"], told["mention_everyone"]

    reader, curators = [str(guild.reader.id)], [str(guild.curators.id)]
    assert await pinged() == (reader, [], False)
    assert await pinged(allowed_mentions={"parse": []}) == ([], [], False)
    assert await pinged(allowed_mentions={"parse": [], "users": reader}) == (reader, [], False)
    role.permissions |= permissions.MENTION_EVERYONE
    assert await pinged() == (reader, curators, True)
    assert await pinged(allowed_mentions={"parse": ["roles"]}) == ([], curators, False)
    assert await pinged(allowed_mentions={"parse": []}) == ([], [], False)


async def test_a_change_that_does_not_say_whom_it_may_ping_pings_all(rest: Bare, guild: Acme, papers: str) -> None:
    silent = {"parse": list[str]()}
    made = (await rest.post(papers, {"content": "Hello", "allowed_mentions": silent})).body
    named = {"content": f"<@{guild.reader.id}>"}
    assert len((await rest.patch(f"{papers}/{made['id']}", named)).body["mentions"]) == 1
    assert (await rest.patch(f"{papers}/{made['id']}", {**named, "allowed_mentions": silent})).body["mentions"] == []


# --- nonces -----------------------------------------------------------------------------------------------------------


async def test_a_nonce_makes_a_message_once_for_some_minutes(discord: DiscordServer, rest: Bare, papers: str) -> None:
    once = {"content": "Hello", "nonce": "n1", "enforce_nonce": True}
    first = (await rest.post(papers, once)).body
    assert first["nonce"] == "n1"
    again = await rest.post(papers, {**once, "content": "Another"})
    assert (again.status, again.body) == (200, first)
    discord.clock.advance(301)
    assert (await rest.post(papers, once)).body["id"] != first["id"]


async def test_a_nonce_is_the_authors_wherever_it_was_used(rest: Bare, guild: Acme, papers: str) -> None:
    once = {"content": "Hello", "nonce": 7, "enforce_nonce": True}
    first = (await rest.post(papers, once)).body
    assert (await rest.post(f"/channels/{guild.lounge.id}/messages", once)).body["id"] == first["id"]
    assert guild.lounge.messages == {}


async def test_a_nonce_that_is_not_enforced_makes_another(rest: Bare, guild: Acme, papers: str) -> None:
    for _ in range(2):
        await rest.post(papers, {"content": "Hello", "nonce": "n1"})
    assert len(guild.papers.messages) == 2


async def test_a_message_that_was_deleted_is_not_made_again_with_its_nonce(rest: Bare, papers: str) -> None:
    once = {"content": "Hello", "nonce": "n1", "enforce_nonce": True}
    first = (await rest.post(papers, once)).body
    assert (await rest.delete(f"{papers}/{first['id']}")).status == 204
    assert (await rest.post(papers, once)).no == (404, 10008)


async def test_a_nonce_is_told_when_a_message_is_made_and_never_later(
    discord: DiscordServer, rest: Bare, papers: str
) -> None:
    made = (await rest.post(papers, {"content": "Hello", "nonce": "n1"})).body
    assert made["nonce"] == "n1"
    assert "nonce" not in (await rest.get(f"{papers}/{made['id']}")).body
    assert "nonce" not in (await rest.get(papers)).body[0]
    assert "nonce" not in (await rest.patch(f"{papers}/{made['id']}", {"content": "Changed"})).body


# --- changing and deleting --------------------------------------------------------------------------------------------


async def test_only_ones_own_messages_are_changed(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    theirs = await discord.person(guild.reader).write(guild.papers, "Theirs")
    assert (await rest.patch(f"{papers}/{theirs.id}", {"content": "Mine"})).no == (403, 50005)
    assert (await rest.delete(f"{papers}/{theirs.id}")).no == (403, 50013)
    assert theirs.content == "Theirs"


async def test_a_change_keeps_what_it_does_not_name(discord: DiscordServer, rest: Bare, papers: str) -> None:
    button = {"type": 1, "components": [{"type": 2, "style": 5, "label": "A", "url": "https://example.org"}]}
    made = (await rest.post(papers, {"content": "Hello", "components": [button]})).body
    assert made["edited_timestamp"] is None
    changed = (await rest.patch(f"{papers}/{made['id']}", {"content": "Changed"})).body
    assert (changed["content"], changed["components"]) == ("Changed", made["components"])
    assert changed["edited_timestamp"] is not None


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize(
    ("standing", "body", "said"),
    [
        ({"content": "Hello"}, {"content": "x" * 2001}, "content.BASE_TYPE_BAD_LENGTH"),
        ({"content": "Hello"}, {"components": [TEXT], **V2}, "content.MESSAGE_CANNOT_USE_LEGACY_FIELDS"),
        ({"components": [TEXT], **V2}, {"content": "Hello"}, "content.MESSAGE_CANNOT_USE_LEGACY_FIELDS"),
        ({"components": [TEXT], **V2}, {"flags": 0}, "flags.MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG"),
    ],
)
async def test_changes_that_are_refused(rest: Bare, papers: str, standing: Json, body: Json, said: str) -> None:
    made = (await rest.post(papers, standing)).body
    assert said in (await rest.patch(f"{papers}/{made['id']}", body)).errors
    assert (await rest.get(f"{papers}/{made['id']}")).body == made


@pytest.mark.parametrize(
    ("standing", "body"),
    [
        ({"content": "Hello"}, {"content": ""}),
        ({"content": "Hello"}, {"content": None}),
        ({"components": [TEXT], **V2}, {"components": []}),
    ],
)
async def test_a_change_that_leaves_nothing(rest: Bare, papers: str, standing: Json, body: Json) -> None:
    made = (await rest.post(papers, standing)).body
    assert (await rest.patch(f"{papers}/{made['id']}", body)).no == (400, 50006)


async def test_flags_that_a_change_may_set(rest: Bare, papers: str) -> None:
    made = (await rest.post(papers, {"content": "Hello", "flags": 1 << 12})).body
    path = f"{papers}/{made['id']}"
    assert (await rest.patch(path, {"flags": 1 << 2})).body["flags"] == 1 << 12 | 1 << 2
    assert (await rest.patch(path, {"flags": 0})).body["flags"] == 1 << 12
    upgraded = (await rest.patch(path, {"flags": COMPONENTS_V2, "content": None, "components": [TEXT]})).body
    assert (upgraded["flags"], upgraded["content"]) == (1 << 12 | COMPONENTS_V2, "")


@pytest.mark.parametrize("kind", [STARTER, NAME_CHANGED])
async def test_what_discord_itself_says_stays(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str, kind: int
) -> None:
    said = discord.doings.say(guild.papers, "Mine", kind=kind)
    assert (await rest.delete(f"{papers}/{said.id}")).no == (403, 50021)
    assert (await rest.patch(f"{papers}/{said.id}", {"content": "A"})).no == (403, 50021)


async def test_a_message_is_deleted_once(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    mine = discord.doings.say(guild.papers, "Mine")
    assert (await rest.delete(f"{papers}/{mine.id}")).status == 204
    assert (await rest.delete(f"{papers}/{mine.id}")).no == (404, 10008)
    assert (await rest.get(f"{papers}/{mine.id}")).no == (404, 10008)


# --- direct messages --------------------------------------------------------------------------------------------------


async def test_people_and_their_direct_messages(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    opened = (await rest.post("/users/@me/channels", {"recipient_id": str(guild.reader.id)})).body
    assert (opened["type"], [one["id"] for one in opened["recipients"]]) == (1, [str(guild.reader.id)])
    again = (await rest.post("/users/@me/channels", {"recipient_id": str(guild.reader.id)})).body
    assert again["id"] == opened["id"]
    assert (await rest.post(f"/channels/{opened['id']}/messages", {"content": "Hello"})).status == 200
    for wrong in ("404", str(guild.robot.id)):
        assert (await rest.post("/users/@me/channels", {"recipient_id": wrong})).no == (400, 50033)


async def test_who_takes_no_direct_messages(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    discord.closed_to.add(guild.reader.id)
    opened = (await rest.post("/users/@me/channels", {"recipient_id": str(guild.reader.id)})).body
    assert (await rest.post(f"/channels/{opened['id']}/messages", {"content": "Hello"})).no == (403, 50007)


async def test_who_shares_no_server(discord: DiscordServer, rest: Bare) -> None:
    stranger = discord.state.add_user("stranger")
    opened = (await rest.post("/users/@me/channels", {"recipient_id": str(stranger.id)})).body
    path = f"/channels/{opened['id']}/messages"
    assert (await rest.post(path, {"content": "Hello"})).no == (403, 50278)
    await discord.person(stranger).install()
    assert (await rest.post(path, {"content": "Hello"})).status == 200


# --- reading ----------------------------------------------------------------------------------------------------------


async def test_pages_of_messages(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    ids = [str(discord.doings.say(guild.papers, "Mine").id) for _ in range(120)]

    async def page(**query: str | int) -> list[str]:
        return [one["id"] for one in (await rest.get(papers, **query)).body]

    newest_first = ids[::-1]
    assert await page() == newest_first[:50]
    assert await page(limit=100) == newest_first[:100]
    assert await page(before=ids[100], limit=100) == newest_first[20:]
    assert await page(after=ids[4], limit=3) == [ids[7], ids[6], ids[5]]
    assert await page(around=ids[60], limit=3) == [ids[61], ids[60], ids[59]]
    assert await page(after=ids[-1]) == []


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"limit": "a"}, {"before": "a"}, {"after": 1, "before": 2}]
)
async def test_pages_that_are_refused(rest: Bare, papers: str, query: dict[str, str | int]) -> None:
    assert (await rest.get(papers, **query)).no == (400, 50035)


async def test_what_others_write_is_hidden_without_the_intent(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str
) -> None:
    reader = discord.person(guild.reader)
    hidden = await reader.write(guild.papers, "Hidden")
    mine = discord.doings.say(guild.papers, "Mine")
    reply = await reader.write(guild.papers, "To you", reply_to=mine)
    named = await reader.write(guild.papers, f"<@{discord.state.application.bot.id}>")
    contents = {one["id"]: one["content"] for one in (await rest.get(papers)).body}
    assert contents[str(hidden.id)] == ""
    assert all(contents[str(one.id)] == one.content for one in (mine, reply, named))
    assert (await rest.get(f"{papers}/{hidden.id}")).body["content"] == ""
    discord.state.application.intents = 1 << 15
    assert (await rest.get(f"{papers}/{hidden.id}")).body["content"] == "Hidden"


async def test_a_message_of_a_webhook_says_so(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    hook = discord.state.new_id()
    author = User(hook, "From elsewhere")
    said = discord.doings.post(guild.papers, Message(discord.state.new_id(), guild.papers.id, author, webhook_id=hook))
    assert (await rest.get(f"{papers}/{said.id}")).body["webhook_id"] == str(hook)


# --- reactions --------------------------------------------------------------------------------------------------------


async def test_reactions_are_counted_apart_and_read_by_pages(
    discord: DiscordServer, rest: Bare, guild: Acme, papers: str
) -> None:
    mine = discord.doings.say(guild.papers, "Mine")
    crowd = [discord.state.add_user(f"reader{number}").id for number in range(130)]
    mine.reactions = [Reaction("👍", crowd, crowd[:2]), Reaction("wow:7", crowd[:1])]
    told = (await rest.get(f"{papers}/{mine.id}")).body["reactions"]
    assert [(one["emoji"], one["count"], one["count_details"]) for one in told] == [
        ({"id": None, "name": "👍"}, 132, {"normal": 130, "burst": 2}),
        ({"id": "7", "name": "wow"}, 1, {"normal": 1, "burst": 0}),
    ]

    async def who(emoji: str, **query: str | int) -> list[int]:
        answer = await rest.get(f"{papers}/{mine.id}/reactions/{quote(emoji)}", **query)
        return [int(one["id"]) for one in answer.body]

    assert await who("👍") == crowd[:25]
    assert await who("👍", limit=100, after=crowd[99]) == crowd[100:]
    assert await who("👍", type=1) == crowd[:2]
    assert await who("wow:7") == crowd[:1]
    assert await who("🎉") == []


async def test_what_is_no_emoji(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    mine = discord.doings.say(guild.papers, "Mine")
    for wrong in ("thumbsup", "7", "wow:"):
        assert (await rest.get(f"{papers}/{mine.id}/reactions/{quote(wrong)}")).no == (400, 10014)


async def test_two_servers_are_two_worlds(discord: DiscordServer, rest: Bare, guild: Acme, papers: str) -> None:
    other = furnish(discord, name="Other")
    theirs = discord.doings.say(other.papers, "Mine")
    assert (await rest.get(f"{papers}/{theirs.id}")).no == (404, 10008)
    assert (await rest.delete(f"{papers}/{theirs.id}")).no == (404, 10008)
    assert (await rest.get(f"/channels/{other.papers.id}/messages/{theirs.id}")).status == 200
