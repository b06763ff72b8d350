"""Reactions and replies are recorded as they happen: people's, below our posts, in the order in which they happened."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import StorageBusy
from bot.core.messages import msg
from bot.core.people import Person
from bot.core.ports import EngagementStore
from bot.core.subscriptions import Layout
from storage.opening import Storage
from tests.discord.clocks import ClockOf
from tests.discord.conftest import Served, eventually, serving
from tests.discord.posting import LONG, Posted, continuations, counted, posted, settled, thread_of
from tests.discord.saying import buttons_of
from tests.platforms.discord import Acme, DiscordServer, faults
from tests.platforms.discord.gateway import INTENTS
from tests.platforms.discord.world import Message, User

REACTIONS = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}"
MESSAGE = "/channels/{channel_id}/messages/{message_id}"
MESSAGES = "/channels/{channel_id}/messages"
CHANNEL = "/channels/{channel_id}"
LAYOUTS = pytest.mark.parametrize("layout", [Layout.CARDS, Layout.COMPACT, Layout.FORUM])


# --- reactions --------------------------------------------------------------------------------------------------------


@LAYOUTS
async def test_reactions_come_and_go(served: Served, layout: Layout) -> None:
    it = await posted(served, layout)
    await served.reader.react(it.message, "🎉")
    await served.reader.react(it.message, "👀")
    await served.guest.react(it.message, "🎉")
    assert await counted(served, it.entry) == (3, 0)
    await served.reader.unreact(it.message, "🎉")
    assert await counted(served, it.entry) == (2, 0)


async def test_who_reacts_normally_and_with_a_burst_has_reacted_once(served: Served) -> None:
    it = await posted(served)
    await served.reader.react(it.message, "🎉")
    await served.reader.react(it.message, "🎉", burst=True)
    assert await counted(served, it.entry) == (1, 0)
    await served.reader.unreact(it.message, "🎉", burst=True)
    assert await counted(served, it.entry) == (1, 0), "the normal one is still there"
    await served.reader.unreact(it.message, "🎉")
    assert await counted(served, it.entry) == (0, 0)


async def test_a_burst_that_outlasts_the_normal_reaction(served: Served) -> None:
    it = await posted(served)
    for _ in range(120):  # more than one page of those who did it with a burst
        somebody = served.server.state.add_user("somebody")
        served.acme.guild.add_member(somebody)
        it.message.reactions or served.server.doings.react(it.message, somebody, "🎉", burst=True)
        it.message.reactions[0].burst.append(somebody.id)
    await served.reader.react(it.message, "🎉", burst=True)
    await served.reader.react(it.message, "🎉")
    await served.reader.unreact(it.message, "🎉")
    await settled(served)
    assert await mine(served, it, served.acme.reader) == ["🎉"]
    await served.reader.unreact(it.message, "🎉", burst=True)
    await settled(served)
    assert await mine(served, it, served.acme.reader) == []


async def mine(served: Served, it: Posted, user: User) -> list[str]:
    """With what somebody reacts to a post, as Paperboy has it."""
    seen = (await served.storage.engagement.recorded([it.post.id]))[it.post.id]
    return [one.emoji for one in seen.reactions if one.person == served.person(user)]


async def test_a_servers_own_emoji_is_told_from_others_of_its_name(served: Served) -> None:
    it = await posted(served)
    for emoji in ("wow:7", "wow:8", "wow"):
        await served.reader.react(it.message, emoji)
    assert await counted(served, it.entry) == (3, 0)
    await served.reader.unreact(it.message, "wow:7")
    await settled(served)
    assert sorted(await mine(served, it, served.acme.reader)) == ["wow", "wow:8"]


async def test_all_reactions_are_taken_away(served: Served) -> None:
    it = await posted(served)
    await served.reader.react(it.message, "🎉")
    await served.guest.react(it.message, "👀")
    assert await counted(served, it.entry) == (2, 0)
    served.server.doings.clear_reactions(it.message)
    assert await counted(served, it.entry) == (0, 0)


async def test_all_reactions_of_one_emoji_are_taken_away(served: Served) -> None:
    it = await posted(served)
    for who in (served.reader, served.guest):
        await who.react(it.message, "🎉")
    await served.reader.react(it.message, "👀")
    assert await counted(served, it.entry) == (3, 0)
    served.server.doings.clear_reactions(it.message, "🎉")
    assert await counted(served, it.entry) == (1, 0)


async def test_what_is_given_while_the_rest_is_taken_away_stays(served: Served) -> None:
    it = await posted(served)
    await served.reader.react(it.message, "🎉")
    served.server.doings.clear_reactions(it.message)
    await served.guest.react(it.message, "👀")
    assert await counted(served, it.entry) == (1, 0)


async def test_bots_do_not_count(served: Served) -> None:
    it = await posted(served)
    robot, paperboy = served.acme.robot, served.server.state.application.bot
    for bot in (robot, paperboy):
        served.server.doings.react(it.message, bot, "🎉")
    thread = await served.reader.start_thread(it.message)
    written = Message(served.server.state.new_id(), thread.id, robot, "I found this paper")
    served.server.doings.post(thread, written)
    assert await counted(served, it.entry) == (0, 0)
    served.server.doings.unreact(it.message, robot, "🎉")
    assert await counted(served, it.entry) == (0, 0)


async def test_other_messages_are_none_of_our_business(served: Served) -> None:
    it = await posted(served)
    other = await served.reader.write(served.acme.papers, "Lunch?")
    await served.guest.react(other, "🎉")
    await served.guest.unreact(other, "🎉")
    thread = await served.reader.start_thread(other, "Lunch")
    await served.guest.write(thread, "Yes")
    private = await served.reader.write(served.reader.direct(), "Hello")
    await served.reader.react(private, "🎉")
    assert await counted(served, it.entry) == (0, 0)
    asked = [call for call in served.server.requests if call.route in (REACTIONS, MESSAGE, MESSAGES)]
    assert [call for call in asked if call.method == "GET"] == []


@LAYOUTS
async def test_a_reaction_to_what_continues_a_post_counts_for_it(served: Served, layout: Layout) -> None:
    it = await posted(served, layout, commentary_en=LONG)
    parts = continuations(served, it.message)
    assert len(parts) >= 2
    await served.reader.react(parts[-1], "🎉")
    await served.guest.react(parts[0], "👀")
    assert await counted(served, it.entry) == (2, 0)
    await served.guest.unreact(parts[0], "👀")
    assert await counted(served, it.entry) == (1, 0)
    served.server.doings.clear_reactions(parts[-1])
    assert await counted(served, it.entry) == (0, 0)


async def test_below_a_list_each_entry_has_its_own(served: Served) -> None:
    await served.add("First", commentary_en=LONG)
    it = await posted(served, Layout.COMPACT, title="Second", commentary_en=LONG)
    head, first, second = await served.deliver()
    (one, two) = (served.message_of(post) for post in (first, second))
    parts = [part for part in continuations(served, served.message_of(head)) if part not in (one, two)]
    await served.reader.react(parts[0], "🎉")
    await served.reader.react(two, "👀")
    await served.reader.write(thread_of(served, one), "To all of it")
    await settled(served)
    recorded = await served.storage.engagement.recorded([head.id, first.id, second.id])
    assert [len(recorded[post.id].reactions) for post in (head, first, second)] == [0, 1, 1]
    assert [len(recorded[post.id].replies) for post in (head, first, second)] == [1, 0, 0]
    assert await counted(served, it.entry) == (1, 0)


async def test_a_reaction_that_is_quicker_than_discords_answer_to_us(served: Served) -> None:
    await served.add("Attention")
    await served.subscribe()
    late = [served.server.faults.add(faults.LATE, "POST", MESSAGES) for _ in range(2)]
    late[0].released.set()
    delivering = asyncio.create_task(served.deliver())
    await late[1].met.wait()
    message = await served.server.until(lambda: list(served.acme.papers.messages.values())[1:])
    await served.reader.react(message[0], "🎉")
    late[1].released.set()
    _, post = await delivering
    await settled(served)
    assert len((await served.storage.engagement.recorded([post.id]))[post.id].reactions) == 1


async def test_a_reaction_to_a_post_that_the_ledger_has_lost_sight_of(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    """The answer to it was lost, and it takes a while until it is looked up: what is given meanwhile is read then."""
    async with serving(discord, acme, storage, clock=ClockOf(discord)) as served:
        (entry,) = await served.add("Attention")
        await served.subscribe()
        discord.faults.add(faults.LATE, "POST", MESSAGES).released.set()
        discord.faults.add(faults.LOST_AFTER, "POST", MESSAGES)
        assert len(await served.deliver()) == 1
        _, message = acme.papers.messages.values()
        discord.clock.advance(120)  # too late to wait for the ledger
        await settled(served)
        served.missed.clear()
        await served.reader.react(message, "🎉")
        await settled(served)
        assert served.missed
        discord.clock.advance(3600)
        _, post = await served.deliver()
        assert served.message_of(post) is message
        assert await counted(served, entry) == (1, 0), "who finds it looks at what it has gathered"
        await served.guest.react(message, "👀")
        assert await counted(served, entry) == (2, 0), "it is a post from now on, whatever it was taken for before"


async def test_a_card_that_was_shared_is_looked_at_once(served: Served) -> None:
    (entry,) = await served.add("Attention", tags=("rlaif",))
    found = await (await served.guest.command(served.acme.papers, "paper", tag="rlaif")).shown()
    details = await (await served.guest.click(found, "Details")).shown()
    await (await served.guest.click(details, "Share")).shown()
    (shared,) = served.acme.papers.messages.values()
    await settled(served)
    served.missed.clear()
    await served.reader.react(shared, "🎉")
    await served.guest.react(shared, "🎉")
    await served.guest.unreact(shared, "🎉")
    assert await counted(served, entry) == (0, 0)
    assert served.missed == []
    assert len(served.server.calls("GET", MESSAGE)) == 1


async def test_who_wrote_a_message_need_not_be_told(served: Served) -> None:
    """Discord may leave that out, and then any message may be a post."""
    it = await posted(served)
    other = await served.reader.write(served.acme.papers, "Lunch?")
    for message in (other, it.message):
        raw(served, "MESSAGE_REACTION_ADD", reaction(served, message, served.acme.guest))
    assert await counted(served, it.entry) == (1, 0)


def reaction(served: Served, message: Message, user: User, emoji: str = "🎉") -> dict[str, Any]:
    """MESSAGE_REACTION_ADD with no more than Discord promises."""
    where = {"channel_id": str(message.channel_id), "guild_id": str(served.acme.guild.id)}
    told = {"user_id": str(user.id), "message_id": str(message.id), "emoji": {"id": None, "name": emoji}}
    return {**where, **told, "type": 0, "burst": False}


def raw(served: Served, name: str, data: dict[str, Any]) -> None:
    """Tell Paperboy of something."""
    served.server.gateway.emit(name, data, guild_id=served.acme.guild.id)


# --- replies ----------------------------------------------------------------------------------------------------------


@LAYOUTS
async def test_replies_come_and_go(served: Served, layout: Layout) -> None:
    it = await posted(served, layout)
    root = it.message if layout is not Layout.COMPACT else served.message_of((await served.deliver())[0])
    has_thread = served.reader.thread(root) is not None or layout is Layout.FORUM
    thread = thread_of(served, root) if has_thread else await served.reader.start_thread(root)
    entry_of_root = it.entry if layout is not Layout.COMPACT else None
    first = await served.reader.write(thread, "Interesting!")
    await served.guest.write(thread, "Very", reply_to=first)
    assert await replies(served, root) == 2
    await served.reader.edit(first, "Most interesting!")
    assert await replies(served, root) == 2
    await served.reader.delete(first)
    assert await replies(served, root) == 1
    if entry_of_root is not None:
        assert await counted(served, entry_of_root) == (0, 1)


async def replies(served: Served, message: Message) -> int:
    """How many replies a post has, as Paperboy has it."""
    await settled(served)
    posts = [post for post in await served.deliver() if served.message_of(post) is message]
    return len((await served.storage.engagement.recorded([posts[0].id]))[posts[0].id].replies)


async def test_a_reply_keeps_the_time_it_was_written(served: Served) -> None:
    it = await posted(served)
    reply = await served.reader.write(await served.reader.start_thread(it.message), "Interesting!")
    await settled(served)
    (found,) = (await served.storage.engagement.recorded([it.post.id]))[it.post.id].replies
    assert found.message_id == str(reply.id)
    assert found.at.timestamp() == pytest.approx(((reply.id >> 22) + 1_420_070_400_000) / 1000, abs=0.002)


async def test_what_is_not_written_by_a_person_is_no_reply(served: Served) -> None:
    it = await posted(served, commentary_en=LONG)
    thread = thread_of(served, it.message)
    reader = served.acme.reader
    for more in ({"webhook_id": "5"}, {"type": 18}, {"type": 6}, {"author": {**user(reader), "system": True}}):
        raw(served, "MESSAGE_CREATE", {**message(served, thread.id, reader), **more})
    assert await counted(served, it.entry) == (0, 0), "nor are our own messages that continue the post"
    raw(served, "MESSAGE_CREATE", message(served, thread.id, reader))
    assert await counted(served, it.entry) == (0, 1)


def user(one: User) -> dict[str, Any]:
    return {"id": str(one.id), "username": one.username, "discriminator": "0", "avatar": None}


def message(served: Served, channel_id: int, author: User) -> dict[str, Any]:
    """MESSAGE_CREATE, without what was written."""
    return {
        "id": str(served.server.state.new_id()),
        "channel_id": str(channel_id),
        "guild_id": str(served.acme.guild.id),
        "author": user(author),
        "content": "",
        "timestamp": "2024-06-21T00:00:00.000000+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "components": [],
        "flags": 0,
    }


async def test_the_content_of_messages_is_not_asked_for(served: Served) -> None:
    it = await posted(served)
    await served.reader.write(await served.reader.start_thread(it.message), "Between us")
    assert await counted(served, it.entry) == (0, 1)
    (session,) = served.server.gateway.sessions
    assert not session.intents & INTENTS["message_content"]
    assert "Between us" not in json.dumps(session.events)


async def test_several_replies_are_deleted_at_once(served: Served) -> None:
    it = await posted(served)
    thread = await served.reader.start_thread(it.message)
    written = [await served.reader.write(thread, f"{number}") for number in range(5)]
    assert await counted(served, it.entry) == (0, 5)
    served.server.doings.delete(thread, *written[1:4])
    assert await counted(served, it.entry) == (0, 2)


async def test_a_thread_that_is_deleted_takes_its_replies_along(served: Served) -> None:
    it = await posted(served)
    thread = await served.reader.start_thread(it.message)
    await served.reader.write(thread, "Interesting!")
    await served.guest.react(it.message, "🎉")
    assert await counted(served, it.entry) == (1, 1)
    await served.owner.delete_channel(thread)
    assert await counted(served, it.entry) == (1, 0)


async def test_a_post_that_somebody_deletes_keeps_what_it_had(served: Served) -> None:
    """It is not sent once more, and nobody's records are lost."""
    it = await posted(served)
    await served.reader.react(it.message, "🎉")
    await served.owner.delete(it.message)
    assert await counted(served, it.entry) == (1, 0)
    await served.deliver()
    assert len(served.acme.papers.messages) == 1


async def test_an_archived_thread_is_asked_about_once(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    """The gateway names only those in use when Paperboy starts."""
    async with serving(discord, acme, storage) as served:
        it = await posted(served, Layout.FORUM)
        thread = thread_of(served, it.message)
        for who in (served.reader, served.guest, served.owner):
            await who.react(it.message, "🎉")
        await served.owner.archive(thread)
        assert await counted(served, it.entry) == (3, 0)
    discord.requests.clear()
    async with serving(discord, acme, storage) as served:
        for who in (served.reader, served.guest):
            await who.unreact(it.message, "🎉")
        assert await counted(served, it.entry) == (1, 0)
        asked = [call for call in discord.calls("GET", CHANNEL) if call.params["channel_id"] == str(thread.id)]
        assert len(asked) == 1
        await served.guest.write(thread, "Still interesting!")
        assert await counted(served, it.entry) == (1, 1)


async def test_a_reply_opens_an_archived_thread(served: Served) -> None:
    it = await posted(served)
    thread = await served.reader.start_thread(it.message)
    await served.reader.archive(thread)
    await served.guest.write(thread, "Still interesting!")
    assert await counted(served, it.entry) == (0, 1)
    assert not thread.archived


async def test_a_thread_that_cannot_be_asked_about_is_looked_at_later(served: Served) -> None:
    it = await posted(served)
    thread = await served.reader.start_thread(it.message)
    await settled(served)
    served.missed.clear()
    served.server.faults.add(faults.ERROR_BEFORE, "GET", CHANNEL, status=503)
    raw(served, "MESSAGE_CREATE", message(served, 4711, served.acme.reader))
    await settled(served)
    assert served.missed
    await served.reader.write(thread, "Interesting!")
    assert await counted(served, it.entry) == (0, 1)


# --- order and trouble ------------------------------------------------------------------------------------------------


async def test_what_comes_twice_counts_once(served: Served) -> None:
    it = await posted(served)
    thread = await served.reader.start_thread(it.message)
    await served.reader.react(it.message, "🎉")
    await served.reader.write(thread, "Interesting!")
    gone = await served.reader.write(thread, "Oops")
    await served.reader.delete(gone)
    await settled(served)
    (session,) = served.server.gateway.sessions
    for frame in list(session.events):
        assert session.connection is not None
        if frame["t"].startswith("MESSAGE"):
            session.connection.send(frame)
    await served.guest.react(it.message, "👀")
    assert await counted(served, it.entry) == (2, 1)


class Slow:
    """Engagement that takes as long as the test likes, and is busy as often as it likes."""

    def __init__(self, behind: EngagementStore) -> None:
        self._behind = behind
        self.gate = asyncio.Event()
        self.busy = 0
        self.order: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    async def react(self, post_id: int, person: Person, emoji: str, *, at: datetime) -> None:
        await self._pass(f"+{emoji}")
        await self._behind.react(post_id, person, emoji, at=at)

    async def unreact(self, post_id: int, person: Person, emoji: str) -> None:
        await self._pass(f"-{emoji}")
        await self._behind.unreact(post_id, person, emoji)

    async def _pass(self, what: str) -> None:
        await self.gate.wait()
        if self.busy:
            self.busy -= 1
            raise StorageBusy(msg("busy"))
        self.order.append(what)


class Slowed:
    """A storage whose engagement is slow."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.engagement = Slow(storage.engagement)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


async def test_a_slow_database_keeps_the_order_and_loses_nothing(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    slowed: Any = Slowed(storage)
    async with serving(discord, acme, storage, stores=slowed) as served:
        it = await posted(served)
        for _ in range(5):
            await served.reader.react(it.message, "🎉")
            await served.reader.unreact(it.message, "🎉")
        await served.reader.react(it.message, "🎉")
        slowed.engagement.busy = 1
        slowed.engagement.gate.set()
        assert await counted(served, it.entry) == (1, 0)
        assert slowed.engagement.order == ["+🎉", "-🎉"] * 5 + ["+🎉"]


async def test_what_waits_while_the_client_begins_anew_is_not_lost(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    """It knows nothing for a moment then, not even who it is itself."""
    slowed: Any = Slowed(storage)
    async with serving(discord, acme, storage, stores=slowed) as served:
        it = await posted(served)
        await served.reader.react(it.message, "🎉")
        await served.guest.react(it.message, "🎉")
        state = served.parts.client._connection
        await discord.until(
            lambda: served.parts.client.shards[0]._parent.ws.sequence == discord.gateway.sessions[0].seq
        )
        state.user, himself = None, state.user
        slowed.engagement.gate.set()
        await served.platform._lanes.drain(10)
        state.user = himself
        assert await counted(served, it.entry) == (2, 0)


async def test_what_waited_while_a_session_was_lost_is_looked_at_once_more(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    """What followed it may be lost, and may have been read before it was done."""
    slowed: Any = Slowed(storage)
    async with serving(discord, acme, storage, stores=slowed) as served:
        it = await posted(served)
        await served.reader.react(it.message, "🎉")
        await discord.until(
            lambda: served.parts.client.shards[0]._parent.ws.sequence == discord.gateway.sessions[0].seq
        )
        served.missed.clear()
        discord.gateway.invalidate()
        await discord.until(lambda: served.missed)
        await served.reader.unreact(it.message, "🎉")
        served.missed.clear()
        slowed.engagement.gate.set()
        await settled(served)
        assert served.missed
        served.missed.clear()
        await served.guest.react(it.message, "🎉")
        assert await counted(served, it.entry) == (1, 0)
        assert served.missed == [], "only what waited then"


async def test_a_busy_thread_holds_up_no_other(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    async with serving(discord, acme, storage) as served:
        it = await posted(served)
        thread = await served.reader.start_thread(it.message)
        held = discord.faults.add(faults.LATE, "GET", CHANNEL)
        raw(served, "MESSAGE_CREATE", message(served, 4711, acme.reader))
        await held.met.wait()
        await served.reader.write(thread, "Interesting!")

        async def is_counted() -> bool:
            return (await served.engagement(it.entry)).replies == 1

        assert await eventually(is_counted)
        held.released.set()


# --- privacy ----------------------------------------------------------------------------------------------------------


async def test_who_is_forgotten_leaves_no_record(served: Served) -> None:
    it = await posted(served)
    await served.reader.react(it.message, "🎉")
    await served.guest.react(it.message, "🎉")
    await served.reader.write(await served.reader.start_thread(it.message), "Interesting!")
    assert await counted(served, it.entry) == (2, 1)
    asked = await (await served.reader.command(served.acme.papers, "paper-forget-me")).shown()
    (sure,) = buttons_of(asked)
    await served.reader.click(asked, sure)
    await served.server.until(lambda: sure not in buttons_of(asked))
    assert await counted(served, it.entry) == (1, 0)


async def test_of_people_only_ids_are_kept(served: Served, tmp_path: Path) -> None:
    it = await posted(served)
    await served.reader.react(it.message, "🎉")
    await served.reader.write(await served.reader.start_thread(it.message), "Between us")
    assert await counted(served, it.entry) == (1, 1)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("paperboy.db*"))
    assert str(served.acme.reader.id).encode() in kept
    for private in ("Between us", served.acme.reader.username, served.acme.reader.global_name):
        assert str(private).encode() not in kept
