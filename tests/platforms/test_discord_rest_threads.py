"""What the loopback Discord takes and refuses of channels, threads and forum posts over REST."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.discord import Acme, DiscordServer, permissions
from tests.platforms.discord.bare import Bare
from tests.platforms.discord.doings import HAS_THREAD
from tests.platforms.discord.rest_channels import REQUIRES_TAG
from tests.platforms.discord.world import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    NAME_CHANGED,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    STARTER,
    THREAD_STARTED,
    Channel,
    Role,
)

Json = dict[str, Any]


@pytest.fixture
def role(discord: DiscordServer, guild: Acme) -> Role:
    """The app's role, with what it takes to begin threads and no more."""
    (found,) = [one for one in guild.guild.roles.values() if one.name == discord.state.application.name]
    return found


def mine(discord: DiscordServer, guild: Acme) -> Channel:
    """A thread that the bot has begun."""
    message = discord.doings.say(guild.papers, "Mine")
    return discord.doings.start_thread(guild.papers, message, "Thread", discord.state.application.bot)


async def theirs(discord: DiscordServer, guild: Acme) -> Channel:
    """A thread that somebody else has begun."""
    reader = discord.person(guild.reader)
    return await reader.start_thread(await reader.write(guild.papers, "Look"), "Talk")


async def numbers(rest: Bare, thread: Channel) -> tuple[int, int]:
    """How many messages stand in a thread, and how many have been sent there."""
    told = (await rest.get(f"/channels/{thread.id}")).body
    return told["message_count"], told["total_message_sent"]


# --- threads of messages ----------------------------------------------------------------------------------------------


async def test_a_thread_has_the_id_of_its_message(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    message = discord.doings.say(guild.papers, "Mine")
    path = f"/channels/{guild.papers.id}/messages/{message.id}"
    made = await rest.post(f"{path}/threads", {"name": "Thread", "auto_archive_duration": 10080})
    assert made.status == 201
    assert (made.body["id"], made.body["type"]) == (str(message.id), PUBLIC_THREAD)
    assert made.body["member"]["user_id"] == str(discord.state.application.bot.id)
    assert made.body["thread_metadata"]["auto_archive_duration"] == 10080
    shown = (await rest.get(path)).body
    assert shown["flags"] == HAS_THREAD
    assert shown["thread"] == (await rest.get(f"/channels/{message.id}")).body
    assert (await rest.post(f"{path}/threads", {"name": "Another"})).no == (400, 160004)


async def test_the_thread_of_an_announcement_is_one_of_its_own_kind(
    discord: DiscordServer, rest: Bare, guild: Acme
) -> None:
    news = discord.state.add_channel(guild.guild, "news", ANNOUNCEMENT)
    made = await rest.post(
        f"/channels/{news.id}/messages/{discord.doings.say(news, 'Mine').id}/threads", {"name": "Thread"}
    )
    assert made.body["type"] == ANNOUNCEMENT_THREAD


async def test_a_thread_begins_with_what_points_to_its_message(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    thread = mine(discord, guild)
    (starter,) = (await rest.get(f"/channels/{thread.id}/messages")).body
    assert (starter["type"], starter["content"], starter["position"]) == (STARTER, "", 0)
    assert starter["message_reference"]["message_id"] == str(thread.id)
    assert starter["message_reference"]["channel_id"] == str(guild.papers.id)
    assert starter["referenced_message"]["content"] == "Mine"
    await rest.delete(f"/channels/{guild.papers.id}/messages/{thread.id}")
    (starter,) = (await rest.get(f"/channels/{thread.id}/messages")).body
    assert starter["referenced_message"] is None
    assert (await rest.delete(f"/channels/{thread.id}/messages/{starter['id']}")).no == (403, 50021)


async def test_a_thread_outlives_its_message_and_a_message_its_thread(
    discord: DiscordServer, rest: Bare, guild: Acme, role: Role
) -> None:
    role.permissions |= permissions.MANAGE_THREADS
    first, second = mine(discord, guild), mine(discord, guild)
    await rest.delete(f"/channels/{guild.papers.id}/messages/{first.id}")
    assert (await rest.post(f"/channels/{first.id}/messages", {"content": "Still here"})).status == 200
    assert (await rest.delete(f"/channels/{second.id}")).body["id"] == str(second.id)
    assert (await rest.get(f"/channels/{second.id}")).no == (404, 10003)
    left = (await rest.get(f"/channels/{guild.papers.id}/messages/{second.id}")).body
    assert left["flags"] == HAS_THREAD  # Discord leaves it there
    assert "thread" not in left
    path = f"/channels/{guild.papers.id}/messages/{second.id}/threads"
    assert (await rest.post(path, {"name": "Again"})).status == 201


async def test_of_an_older_message_discord_says_that_a_thread_has_begun(
    discord: DiscordServer, rest: Bare, guild: Acme
) -> None:
    message = discord.doings.say(guild.papers, "Mine")
    discord.clock.advance(61)
    await rest.post(f"/channels/{guild.papers.id}/messages/{message.id}/threads", {"name": "Thread"})
    told = (await rest.get(f"/channels/{guild.papers.id}/messages")).body[0]
    assert (told["type"], told["content"]) == (THREAD_STARTED, "Thread")
    assert told["message_reference"]["channel_id"] == str(message.id)


async def test_messages_of_a_thread_are_counted(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    thread = mine(discord, guild)
    path = f"/channels/{thread.id}/messages"
    assert await numbers(rest, thread) == (0, 0)
    made = [(await rest.post(path, {"content": "Hello"})).body for _ in range(3)]
    assert [one["position"] for one in made] == [0, 1, 2]
    assert await numbers(rest, thread) == (3, 3)
    await rest.delete(f"{path}/{made[1]['id']}")
    assert await numbers(rest, thread) == (2, 3)


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "name."),
        ({"name": ""}, "name."),
        ({"name": " "}, "name."),
        ({"name": "x" * 101}, "name."),
        ({"name": "A", "auto_archive_duration": 100}, "auto_archive_duration.BASE_TYPE_CHOICES"),
    ],
)
async def test_threads_that_are_refused(discord: DiscordServer, rest: Bare, guild: Acme, body: Json, said: str) -> None:
    message = discord.doings.say(guild.papers, "Mine")
    answer = await rest.post(f"/channels/{guild.papers.id}/messages/{message.id}/threads", body)
    assert said in answer.errors
    assert guild.guild.threads() == []


async def test_where_no_threads_begin(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    thread = mine(discord, guild)
    inside = discord.doings.say(thread, "Mine")
    for channel, message in ((thread, inside), (guild.forum, inside)):
        path = f"/channels/{channel.id}/messages/{message.id}/threads"
        assert (await rest.post(path, {"name": "A"})).no == (400, 50024)
    post = {"name": "A", "message": {"content": "Hello"}}
    assert (await rest.post(f"/channels/{guild.papers.id}/threads", post)).no == (400, 50024)


# --- archived, locked, renamed ----------------------------------------------------------------------------------------


async def test_an_archived_thread_is_opened_before_it_is_changed(
    discord: DiscordServer, rest: Bare, guild: Acme
) -> None:
    thread = mine(discord, guild)
    inside = discord.doings.say(thread, "Mine")
    path, message = f"/channels/{thread.id}", f"/channels/{thread.id}/messages/{inside.id}"
    assert (await rest.patch(path, {"archived": True})).body["thread_metadata"]["archived"]
    assert (await rest.patch(message, {"content": "Changed"})).no == (400, 50083)
    assert (await rest.delete(message)).no == (400, 50083)
    assert (await rest.patch(path, {"name": "Another"})).no == (400, 50083)
    assert (await rest.patch(path, {"locked": True})).no == (400, 50083)
    opened = (await rest.patch(path, {"archived": False, "name": "Another"})).body
    assert (opened["name"], opened["thread_metadata"]["archived"]) == ("Another", False)
    assert (await rest.patch(message, {"content": "Changed"})).status == 200


async def test_an_archived_thread_is_opened_by_who_may_write_there(
    discord: DiscordServer, rest: Bare, guild: Acme, role: Role
) -> None:
    thread = mine(discord, guild)
    discord.doings.change_thread(thread, archived=True)
    everybody = guild.guild.roles[guild.guild.id]
    for one in (role, everybody):
        one.permissions &= ~permissions.SEND_MESSAGES_IN_THREADS
    assert (await rest.patch(f"/channels/{thread.id}", {"archived": False})).no == (403, 50013)
    role.permissions |= permissions.SEND_MESSAGES_IN_THREADS
    assert (await rest.patch(f"/channels/{thread.id}", {"archived": False})).status == 200


async def test_a_message_opens_an_archived_thread(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    thread = mine(discord, guild)
    await rest.patch(f"/channels/{thread.id}", {"archived": True})
    assert (await rest.post(f"/channels/{thread.id}/messages", {"content": "Hello"})).status == 200
    assert not (await rest.get(f"/channels/{thread.id}")).body["thread_metadata"]["archived"]


async def test_who_may_change_a_thread(discord: DiscordServer, rest: Bare, guild: Acme, role: Role) -> None:
    own_path, their_path = f"/channels/{mine(discord, guild).id}", f"/channels/{(await theirs(discord, guild)).id}"
    for change in ({"name": "A"}, {"archived": True}, {"locked": True}):
        assert (await rest.patch(their_path, change)).no == (403, 50013)
    assert (await rest.patch(own_path, {"locked": True})).no == (403, 50013)
    assert (await rest.patch(own_path, {"name": "A"})).status == 200
    assert (await rest.patch(own_path, {"archived": True})).status == 200
    role.permissions |= permissions.MANAGE_THREADS
    assert (await rest.patch(their_path, {"name": "A", "archived": True})).status == 200
    role.permissions &= ~permissions.MANAGE_THREADS
    assert (await rest.patch(their_path, {"archived": False, "name": "B"})).no == (403, 50013)
    assert (await rest.patch(their_path, {"archived": False})).status == 200


async def test_a_locked_thread_is_its_moderators(discord: DiscordServer, rest: Bare, guild: Acme, role: Role) -> None:
    thread = mine(discord, guild)
    inside = discord.doings.say(thread, "Mine")
    path, message = f"/channels/{thread.id}", f"/channels/{thread.id}/messages/{inside.id}"
    await discord.person(guild.owner).lock(thread)
    assert (await rest.post(f"{path}/messages", {"content": "Hello"})).no == (403, 160005)
    assert (await rest.patch(message, {"content": "Changed"})).no == (403, 160005)
    assert (await rest.patch(path, {"name": "Another"})).no == (403, 50013)
    assert (await rest.delete(message)).status == 204
    await discord.person(guild.owner).archive(thread)
    assert (await rest.post(f"{path}/messages", {"content": "Hello"})).no == (403, 50083)
    assert (await rest.patch(path, {"archived": False})).no == (403, 50013)
    role.permissions |= permissions.MANAGE_THREADS
    assert (await rest.post(f"{path}/messages", {"content": "Hello"})).status == 200
    assert (await rest.patch(path, {"locked": False})).status == 200


async def test_discord_says_in_a_thread_that_it_has_another_name(
    discord: DiscordServer, rest: Bare, guild: Acme
) -> None:
    thread = mine(discord, guild)
    await rest.patch(f"/channels/{thread.id}", {"name": "Another"})
    await rest.patch(f"/channels/{thread.id}", {"name": "Another"})
    said, _ = (await rest.get(f"/channels/{thread.id}/messages")).body
    assert (said["type"], said["content"]) == (NAME_CHANGED, "Another")
    assert (await rest.delete(f"/channels/{thread.id}/messages/{said['id']}")).no == (403, 50021)


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize("change", [{"name": ""}, {"name": "x" * 101}, {"auto_archive_duration": 7}])
async def test_changes_of_a_thread_that_are_refused(
    discord: DiscordServer, rest: Bare, guild: Acme, change: Json
) -> None:
    thread = mine(discord, guild)
    assert (await rest.patch(f"/channels/{thread.id}", change)).no == (400, 50035)
    assert (thread.name, thread.auto_archive_duration) == ("Thread", 4320)


# --- lists of threads -------------------------------------------------------------------------------------------------


async def test_threads_in_use_and_archived_ones(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    threads = [mine(discord, guild) for _ in range(5)]
    other = await theirs(discord, guild)
    hidden = Channel(discord.state.new_id(), PRIVATE_THREAD, guild.guild.id, "Hidden", guild.papers.id, archived=True)
    guild.guild.channels[hidden.id] = hidden
    for thread in (*threads[:4], other):
        discord.doings.change_thread(thread, archived=True)
    active = (await rest.get(f"/guilds/{guild.guild.id}/threads/active")).body
    assert [one["id"] for one in active["threads"]] == [str(threads[4].id)]
    assert [one["id"] for one in active["members"]] == [str(threads[4].id)]
    path = f"/channels/{guild.papers.id}/threads/archived/public"
    first = (await rest.get(path, limit=2)).body
    assert [one["id"] for one in first["threads"]] == [str(other.id), str(threads[3].id)]
    assert [one["id"] for one in first["members"]] == [str(threads[3].id)]
    assert first["has_more"]
    before = first["threads"][-1]["thread_metadata"]["archive_timestamp"]
    rest_of_them = (await rest.get(path, limit=100, before=before)).body
    assert [one["id"] for one in rest_of_them["threads"]] == [str(one.id) for one in reversed(threads[:3])]
    assert not rest_of_them["has_more"]


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize("query", [{"limit": 1}, {"limit": 101}, {"before": "yesterday"}])
async def test_lists_that_are_refused(rest: Bare, guild: Acme, query: dict[str, str | int]) -> None:
    answer = await rest.get(f"/channels/{guild.papers.id}/threads/archived/public", **query)
    assert answer.no == (400, 50035)


# --- forums -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def forum(discord: DiscordServer, guild: Acme) -> str:
    """The path of a forum with a tag that anybody may use, and one for moderators."""
    usual = {"emoji_id": None, "emoji_name": None}
    names = {"llm": False, "for moderators": True}
    guild.forum.available_tags = [
        {"id": str(discord.state.new_id()), "name": name, "moderated": moderated, **usual}
        for name, moderated in names.items()
    ]
    return f"/channels/{guild.forum.id}"


def post(*tags: str, **more: Any) -> Json:
    """A forum post."""
    return {"name": "Post", "message": {"content": "Hello"}, "applied_tags": list(tags), **more}


async def test_a_forum_post_is_a_thread_with_the_id_of_its_first_message(
    discord: DiscordServer, rest: Bare, guild: Acme, forum: str
) -> None:
    tag = guild.forum.available_tags[0]["id"]
    made = await rest.post(f"{forum}/threads", post(tag))
    assert made.status == 201
    assert made.body["message"]["id"] == made.body["id"]
    assert made.body["message"]["channel_id"] == made.body["id"]
    assert (made.body["parent_id"], made.body["applied_tags"]) == (str(guild.forum.id), [tag])
    path = f"/channels/{made.body['id']}/messages"
    assert [one["id"] for one in (await rest.get(path)).body] == [made.body["id"]]
    thread = guild.guild.channels[int(made.body["id"])]
    assert await numbers(rest, thread) == (0, 0)
    await rest.post(path, {"content": "More"})
    assert await numbers(rest, thread) == (1, 1)
    assert (await rest.get(f"{forum}/messages/{made.body['id']}")).no == (404, 10008)


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": ""}, "name."),
        ({"name": "x" * 101}, "name."),
        ({"auto_archive_duration": 7}, "auto_archive_duration."),
        ({"message": {"content": "x" * 2001}}, "message.content."),
        ({"message": {"content": "Hello", "flags": 1 << 6}}, "message.flags."),
        ({"applied_tags": [str(number) for number in range(6)]}, "applied_tags."),
    ],
)
async def test_posts_that_are_refused(rest: Bare, guild: Acme, forum: str, more: Json, said: str) -> None:
    assert said in (await rest.post(f"{forum}/threads", post(**more))).errors
    assert guild.guild.threads() == []


@pytest.mark.usefixtures("undescribed")
async def test_posts_without_a_first_message(rest: Bare, guild: Acme, forum: str) -> None:
    assert (await rest.post(f"{forum}/threads", {"name": "Post"})).no == (400, 50109)
    assert (await rest.post(f"{forum}/threads", post(message={}))).no == (400, 50006)
    assert guild.guild.threads() == []


async def test_tags_that_there_are_and_that_one_may_use(rest: Bare, guild: Acme, forum: str, role: Role) -> None:
    free, moderated = (tag["id"] for tag in guild.forum.available_tags)
    assert (await rest.post(f"{forum}/threads", post("404"))).no == (404, 10087)
    assert (await rest.post(f"{forum}/threads", post(moderated))).no == (403, 50013)
    made = (await rest.post(f"{forum}/threads", post(free))).body
    path = f"/channels/{made['id']}"
    assert (await rest.patch(path, {"applied_tags": [free, moderated]})).no == (403, 50013)
    role.permissions |= permissions.MANAGE_THREADS
    assert (await rest.patch(path, {"applied_tags": [free, moderated]})).status == 200
    role.permissions &= ~permissions.MANAGE_THREADS
    assert (await rest.patch(path, {"applied_tags": [moderated]})).status == 200
    assert (await rest.patch(path, {"applied_tags": []})).no == (403, 50013)


async def test_where_a_tag_is_required(rest: Bare, guild: Acme, forum: str) -> None:
    guild.forum.flags = REQUIRES_TAG
    assert (await rest.post(f"{forum}/threads", post())).no == (400, 40067)
    made = (await rest.post(f"{forum}/threads", post(guild.forum.available_tags[0]["id"]))).body
    assert (await rest.patch(f"/channels/{made['id']}", {"applied_tags": []})).no == (400, 40067)


async def test_tags_of_a_thread_that_is_in_no_forum(discord: DiscordServer, rest: Bare, guild: Acme) -> None:
    answer = await rest.patch(f"/channels/{mine(discord, guild).id}", {"applied_tags": ["1"]})
    assert "applied_tags.INVALID_TAG" in answer.errors


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize(
    ("tags", "answer"),
    [
        ([{"name": str(number)} for number in range(21)], (400, 50035)),
        ([{"name": ""}], (400, 50035)),
        ([{"name": "x" * 21}], (400, 50035)),
        ([{"name": "a"}, {"name": "a"}], (400, 40061)),
    ],
)
async def test_tags_that_a_forum_cannot_offer(
    rest: Bare, guild: Acme, forum: str, role: Role, tags: Any, answer: tuple[int, int]
) -> None:
    role.permissions |= permissions.MANAGE_CHANNELS
    assert (await rest.patch(forum, {"available_tags": tags})).no == answer
    assert len(guild.forum.available_tags) == 2


async def test_tags_that_a_forum_offers(rest: Bare, guild: Acme, forum: str, role: Role) -> None:
    role.permissions |= permissions.MANAGE_CHANNELS
    kept = guild.forum.available_tags[0]
    changed = (await rest.patch(forum, {"available_tags": [kept, {"name": "vision"}]})).body
    assert changed["available_tags"][0] == kept
    assert changed["available_tags"][1]["name"] == "vision"
    assert changed["available_tags"][1]["id"].isdecimal()
    answer = await rest.patch(f"/channels/{guild.papers.id}", {"available_tags": [kept]})
    assert "available_tags." in answer.errors
