"""One whole story on Discord, from the first subscription to the day Paperboy is put out, with restarts in between.

At its end everything that went to Discord is looked at once more: it fits Discord's own description, it took just the
permissions that the link of `paperboy invite discord` asks for, none of them in vain, and it pings nobody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discord as library
import pytest

from bot.core.digests import Post, PostKind, PostState
from bot.core.engagement import Engagement
from bot.core.entries import Action, Entry
from bot.core.people import Language
from bot.core.people import Person as Somebody
from bot.discord.invite import invite
from bot.discord.people import PLATFORM
from bot.discord.permissions import PERMISSIONS, SCOPES, permissions
from bot.locale import translator
from bot.usecases.deliver import plan_due
from bot.usecases.revise import revise_posts
from bot.usecases.send import send_waiting
from bot.usecases.track import reconcile
from storage.opening import Storage
from tests.discord.conftest import TODAY, Served, eventually, serving
from tests.discord.saying import buttons_of, text_of
from tests.discord.test_permissions import asked_for
from tests.platforms.discord import Acme, DiscordServer, Person, furnish
from tests.platforms.discord import permissions as rules
from tests.platforms.discord.faults import LOST_AFTER
from tests.platforms.discord.modals import Modal
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import COMPONENTS_V2, FORUM, Channel, Message, Overwrite, Role, User

SAY = translator(Language.ENGLISH).say
HOSTILE = "Attention @everyone @here <@1> <@&1> **bold** `code` ||spoiler|| [link](https://evil.example) $x_1$"
LONG = "\n\n".join(f"{number}번째 문단입니다. " + "아주 긴 해설이 이어집니다. " * 30 for number in range(40))
VIEW = rules.VIEW_CHANNEL
CHANNEL = "/channels/{channel_id}"
MESSAGES = f"{CHANNEL}/messages"


@dataclass
class Told:
    """A clock that goes on when it is told to."""

    moment: datetime = datetime(2024, 6, 21, 13, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment."""
        return self.moment


@dataclass
class Story:
    """The server and its people; `served` is the Paperboy of the moment."""

    server: DiscordServer
    acme: Acme
    storage: Storage
    clock: Told = field(default_factory=Told)
    _served: Served | None = None

    @property
    def served(self) -> Served:
        """Paperboy while it runs."""
        assert self._served is not None
        return self._served

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From a start to the end of a run."""
        async with serving(self.server, self.acme, self.storage, clock=self.clock) as self._served:
            yield
        self._served = None

    async def work(self) -> None:
        """What the delivery loop does in one round."""
        couriers = {PLATFORM: self.served.parts.courier}
        await plan_due(self.storage, self.clock.now())
        await revise_posts(self.storage, self.clock.now())
        await send_waiting(self.storage, couriers, self.clock)

    async def next_day(self) -> None:
        """A day later, with that day's round."""
        self.clock.moment += timedelta(days=1)
        await self.work()

    def at(self, user: User) -> Person:
        """A person at the keyboard."""
        return self.server.person(user)

    async def answer(self, user: User, name: str, channel: Channel | None = None, **options: Any) -> Message:
        """What a command is answered."""
        return await (await self.at(user).command(channel or self.acme.papers, name, **options)).shown()

    async def pressed(self, user: User, message: Message, button: str) -> Message:
        """What a button is answered, in place of the message or beside it."""
        before = (text_of(message), buttons_of(message))
        done = await self.at(user).click(message, button)
        return await self.server.until(
            lambda: (
                next((one for one in done.replies if not one.is_loading), None)
                or (message if (text_of(message), buttons_of(message)) != before else None)
            )
        )

    async def subscribe(self, channel: Channel, **typed: Any) -> Message:
        """What the owner is answered who has the digest come to a channel; in forums it is asked for in a post."""
        olga = self.at(self.acme.owner)
        if channel.kind == FORUM:
            posts = olga.threads(channel)
            channel = posts[0] if posts else await olga.start_post(channel, "Welcome", "Papers, one by one")
        asked = await olga.command(channel, "digest subscribe")
        return await (await olga.submit(typed) if olga.modal else asked).shown()

    async def posts(self, *, entry: Entry | None = None, channel: Channel | None = None) -> list[Post]:
        """The posts that stand, oldest first."""
        sent = await self.storage.ledger.recent_posts(PLATFORM, since=datetime(2000, 1, 1, tzinfo=UTC))
        return [
            post
            for post in reversed(sent)
            if post.state is PostState.SENT
            and (entry is None or post.entry_id == entry.id)
            and (channel is None or post.channel.id == str(channel.id))
        ]

    async def card(self, entry: Entry, channel: Channel | None = None) -> Message:
        """The message of an entry in a channel."""
        (post,) = await self.posts(entry=entry, channel=channel or self.acme.papers)
        return self.served.message_of(post)

    async def counted(self, entry: Entry, *expected: int) -> None:
        """Wait until there are so many reactions, replies and saves."""
        found: tuple[int, ...] = ()

        async def are_there() -> bool:
            nonlocal found
            counts = (await self.storage.engagement.counts([entry.id])).get(entry.id, Engagement())
            found = (counts.reactions, counts.replies, counts.saves)
            return found == expected

        try:
            await eventually(are_there)
        except TimeoutError:
            assert found == expected

    async def entry(self, entry: Entry) -> Entry:
        """An entry as it is now."""
        return (await self.storage.archive.get([entry.id]))[entry.id]

    async def entry_titled(self, title: str) -> Entry:
        """The posted entry that is called so."""
        found = await self.storage.archive.get([post.entry_id for post in await self.posts() if post.entry_id])
        return next(entry for entry in found.values() if entry.title == title)


def shut(server: DiscordServer, acme: Acme) -> None:
    """Leave the app nothing but what its link grants: what everybody may do, members have by a role of their own."""
    world, guild = server.state, acme.guild
    guild.roles[guild.id].permissions = 0
    members = world.add_role(guild, "members", rules.MEMBERS_USUAL)
    for member in guild.members.values():
        if member.user is not world.application.bot:
            member.roles.append(members.id)
    acme.secret.overwrites = [
        Overwrite(members.id, 0, deny=VIEW),
        Overwrite(role_of_app(server, acme).id, 0, deny=VIEW),
    ]


def role_of_app(server: DiscordServer, acme: Acme) -> Role:
    """The role that came with the app's link."""
    return next(one for one in acme.guild.roles.values() if one.name == server.state.application.name)


@pytest.fixture
async def story(discord: DiscordServer, storage: Storage) -> Story:
    """Before anything has happened: somebody has brought Paperboy onto the server, by the link that it prints."""
    acme = furnish(discord, is_joined=False)
    asked = parse_qs(urlsplit(invite(None, str(discord.state.application.id))).query)
    assert asked["scope"] == [" ".join(SCOPES)]
    await discord.person(acme.owner).invite_bot(acme.guild, int(asked["permissions"][0]))
    shut(discord, acme)
    return Story(discord, acme, storage)


@pytest.mark.slow
async def test_the_story(story: Story) -> None:
    async with story.running():
        hostile, whole, other = await story.served.add(HOSTILE, "Whole", "Another", tags=("rlaif",), abstract="Why.")
        await _channels_subscribe(story)
        await _the_digest_is_there(story, hostile)
        await _a_reader_looks_papers_up(story)
        await _a_reader_follows(story)
    async with story.running():
        await _people_react_and_talk(story, hostile)
        await _buttons_of_yesterday_work(story)
        await _a_paper_is_edited(story, whole)
        await _a_paper_is_added_and_removed(story, other)
    await _people_react_while_nobody_listens(story, whole)
    async with story.running():
        await _what_was_missed_is_read(story, whole)
        await _the_next_digest_reaches_who_follows(story)
        await _somebody_takes_it_along(story)
        await _somebody_wants_to_be_forgotten(story, whole)
        await _archived_threads_follow_too(story, whole)
        await _a_post_that_was_interrupted_is_found(story)
        await _a_channel_is_deleted(story)
        await _paperboy_is_put_out(story)
    everything_sent_is_right(story)
    nothing_in_vain(story)


# --- the first day --------------------------------------------------------------------------------------------------


async def _channels_subscribe(story: Story) -> None:
    acme, olga = story.acme, story.at(story.acme.owner)
    assert "operator" in text_of(await story.answer(acme.guest, "digest list")).lower()
    await olga.command(acme.papers, "digest subscribe", query="tag:rlaif")
    refused = await (await olga.submit({"query": "#rlfai", "at": "08:30"})).shown()
    assert "rlfai" in text_of(refused)
    await olga.click(refused, "tag:rlaif")  # the nearest tag, in the form as it was typed
    assert (_modal(olga).values["query"], _modal(olga).values["at"]) == ("tag:rlaif", "08:30")
    assert "Subscription 1 is set" in text_of(await (await olga.submit({"zone": "Asia/Seoul"})).shown())

    await olga.command(acme.lounge, "digest subscribe")
    assert "Subscription 2" in text_of(await (await olga.submit({"layout": "compact"})).shown())

    welcome = await olga.start_post(acme.forum, "Welcome", "Papers, one by one")  # commands are typed in posts
    await olga.command(welcome, "digest subscribe")
    assert _modal(olga).values["layout"] == ["forum"]
    assert "Subscription 3" in text_of(await (await olga.submit()).shown())

    refused = await story.answer(acme.owner, "digest subscribe", acme.secret)
    assert "cannot see this channel" in text_of(refused)
    await olga.allow(acme.secret, role_of_app(story.server, acme), allow=VIEW)
    await olga.command(acme.secret, "digest subscribe")
    assert "Subscription 4" in text_of(await (await olga.submit()).shown())


def _modal(person: Person) -> Modal:
    assert person.modal is not None
    return person.modal


async def _the_digest_is_there(story: Story, hostile: Entry) -> None:
    await story.work()
    acme = story.acme
    for channel, kinds in (
        (acme.papers, [PostKind.HEADER, *[PostKind.ENTRY] * 3]),
        (acme.lounge, [PostKind.LIST, *[PostKind.ENTRY] * 3]),
        (acme.forum, [PostKind.ENTRY] * 3),
        (acme.secret, [PostKind.HEADER, *[PostKind.ENTRY] * 3]),
    ):
        assert [post.kind for post in await story.posts(channel=channel)] == kinds
    head, *in_thread = await story.posts(channel=acme.lounge)
    assert {story.served.message_of(post).channel_id for post in in_thread} == {int(head.message_id or 0)}
    forum = {thread.name: thread for thread in story.at(acme.reader).threads(acme.forum)}
    assert len(forum) == 4
    assert [tag["name"] for tag in acme.forum.available_tags] == ["rlaif"]
    assert forum["Whole"].applied_tags == [int(acme.forum.available_tags[0]["id"])]
    for channel in (acme.papers, acme.lounge, acme.forum, acme.secret):
        shown = text_of(await story.card(hostile, channel))
        assert "\\@everyone" in shown
        assert "\\<\\@&1\\>" in shown
    await story.work()
    assert len(await story.posts()) == 15, "nothing is posted twice"


async def _a_reader_looks_papers_up(story: Story) -> None:
    reader, guest, acme = story.acme.reader, story.acme.guest, story.acme
    await story.served.add(*(f"Paper {number:02}" for number in range(12)), tags=("llm",), authors=("Kumar",))
    at_guest = story.at(guest)
    offered = await at_guest.autocomplete(acme.papers, "paper", "tag", "rla")
    assert [one["value"] for one in offered] == ["rlaif"]
    assert "2024-06-21" in [one["value"] for one in await at_guest.autocomplete(acme.papers, "paper", "date", "")]
    assert [one["value"] for one in await at_guest.autocomplete(acme.papers, "paper", "author", "kum")] == ["Kumar"]
    found = await story.answer(guest, "paper", author="Kumar")
    assert "Paper 11" in text_of(found)
    await story.pressed(guest, found, "Next")
    assert "Paper 05" in text_of(found)
    one = await story.answer(guest, "paper", query='title:"Paper 03"')
    details = await story.pressed(guest, one, "Details")
    assert "Kumar" in text_of(details)
    assert "Paper 0" in text_of(await story.pressed(guest, details, "More like this"))
    await story.pressed(guest, details, "Save")
    assert "Saved" in buttons_of(details)
    await story.pressed(guest, details, "Share")
    assert any("Paper 03" in text_of(message) for message in acme.papers.messages.values())
    posted = await story.card(await story.entry_titled("Whole"))
    assert "Why." in text_of(await story.pressed(guest, posted, "Abstract"))
    assert "tag:rlaif" in " ".join(buttons_of(await story.answer(reader, "paper", query="tga:rlaif")))
    assert "tag:" in text_of(await story.answer(guest, "paper-help"))
    assert "operator" in text_of(await story.answer(guest, "digest pause")).lower()
    for name in ("paper", "digest show", "digest recap"):
        assert text_of(await story.answer(reader, name))
    for name in ("digest list", "digest why", "digest preview", "digest send"):
        assert text_of(await story.answer(acme.owner, name))


async def _a_reader_follows(story: Story) -> None:
    reader = story.acme.reader
    await story.answer(reader, "paper-follow", query="tag:rlaif")
    assert "tag:rlaif" in text_of(await story.answer(reader, "paper-following"))


# --- after a restart ------------------------------------------------------------------------------------------------


async def _people_react_and_talk(story: Story, entry: Entry) -> None:
    acme, reader, guest = story.acme, story.at(story.acme.reader), story.at(story.acme.guest)
    card, post = await story.card(entry), await story.card(entry, acme.forum)
    await reader.react(card, "🎉")
    await reader.react(card, "🎉", burst=True)  # is the same reaction
    await guest.react(card, "👀", burst=True)
    await guest.react(card, "wow:7")
    await guest.unreact(card, "wow:7")
    await guest.react(post, "🎉")
    await story.at(acme.robot).react(card, "🤖")
    thread = await reader.start_thread(card, "Talk")
    reply = await reader.write(thread, "Interesting!")
    await reader.edit(reply, "Very interesting!")
    gone = await guest.write(thread, "Wrong thread")
    await guest.delete(gone)
    await guest.write(_thread_of(story, post), "In the forum too")
    private = await story.card(entry, acme.secret)
    await story.at(acme.owner).react(private, "👀")
    await story.at(acme.owner).write(await story.at(acme.owner).start_thread(private), "Between us")
    await story.counted(entry, 4, 3, 0)


def _thread_of(story: Story, post: Message) -> Channel:
    """The forum post that a message begins."""
    thread = story.server.state.channel(post.id)
    assert thread is not None
    return thread


async def _buttons_of_yesterday_work(story: Story) -> None:
    guest = story.acme.guest
    pages = [one for one in story.at(guest).private if "Paper 05" in text_of(one) and "Previous" in buttons_of(one)]
    await story.pressed(guest, pages[0], "Previous")
    assert "Paper 11" in text_of(pages[0])


async def _a_paper_is_edited(story: Story, entry: Entry) -> None:
    acme, mina = story.acme, story.at(story.acme.maintainer)
    assert "maintainer" in text_of(
        await (await story.at(acme.guest).menu(await story.card(entry), "Edit paper")).shown()
    )
    await mina.menu(await story.card(entry), "Edit paper")
    wrong = await (await mina.submit({"url": "no address", "title": "Whole, changed"})).shown()
    await mina.click(wrong, buttons_of(wrong)[0])
    assert _modal(mina).values["title"] == "Whole, changed"
    await (await mina.submit({"url": "https://example.org/whole", "tags": "#rlaif #rlhf"})).shown()
    await story.work()
    for channel in (acme.papers, acme.lounge, acme.forum, acme.secret):
        assert "Whole, changed" in text_of(await story.card(entry, channel))
    assert "Whole, changed" in [thread.name for thread in mina.threads(acme.forum)]
    assert {tag["name"] for tag in acme.forum.available_tags} >= {"rlaif", "rlhf"}
    # Longer than one message: the rest goes on below it; then short again.
    await _replace(story, replace(await story.entry(entry), commentary=LONG))
    for channel in (acme.papers, acme.lounge, acme.forum, acme.secret):
        whole = await _whole(story, entry, channel)
        assert [number for number in range(40) if f"{number}번째 문단" not in whole] == [], channel.name
    await _replace(story, replace(await story.entry(entry), commentary="짧게."))
    for channel in (acme.papers, acme.lounge, acme.forum, acme.secret):
        whole = await _whole(story, entry, channel)
        assert "짧게" in whole
        assert "문단" not in whole


async def _whole(story: Story, entry: Entry, channel: Channel) -> str:
    """What a post says in all its messages."""
    card = await story.card(entry, channel)
    below = [one for one in story.at(story.acme.owner).threads(channel) if one.id in (card.id, card.channel_id)]
    ours = [one for thread in below for one in thread.messages.values() if one.components and one.id != card.id]
    return "\n".join(map(text_of, (card, *ours)))


async def _replace(story: Story, entry: Entry) -> None:
    """As an import or another platform would change it."""
    by = Somebody("web", "local", "maintainer")
    await story.storage.archive.replace(entry, action=Action.EDIT, by=by, at=story.clock.now())
    await story.work()


async def _a_paper_is_added_and_removed(story: Story, entry: Entry) -> None:
    acme, mina, guest = story.acme, story.at(story.acme.maintainer), story.at(story.acme.guest)
    await mina.command(acme.papers, "paper-add")
    await (await mina.submit({"title": "Late addition", "tags": "#rlaif"})).shown()
    await story.work()
    assert await story.posts(entry=await story.entry_titled("Late addition"), channel=acme.lounge)
    asked = await story.answer(acme.maintainer, "paper-remove", entry=entry.id)
    card, post = await story.card(entry), await story.card(entry, acme.forum)
    thread = await guest.start_thread(card, "Why is it here?")
    await guest.write(thread, "Why?")
    await guest.react(card, "👋")
    await story.counted(entry, 1, 1, 0)
    await story.pressed(acme.maintainer, asked, buttons_of(asked)[0])
    await story.work()
    assert await story.posts(entry=entry) == []
    assert "Another" not in text_of(card), "it has replies, so it says that it was withdrawn"
    assert post.id not in [one.id for one in guest.threads(acme.forum)]
    await story.answer(acme.maintainer, "paper-undo")
    await story.work()
    assert "Another" in text_of(await story.card(entry))
    assert "Another" in [one.name for one in guest.threads(acme.forum)]
    saved = await (await guest.menu(await story.card(entry), "Save paper")).shown()
    assert "saved" in text_of(saved).lower()
    await story.counted(entry, 1, 1, 1)


# --- while Paperboy is down, and after ------------------------------------------------------------------------------


async def _people_react_while_nobody_listens(story: Story, entry: Entry) -> None:
    acme, guest = story.acme, story.at(story.acme.guest)
    for channel in (acme.papers, acme.lounge, acme.forum):
        await guest.react(await _message(story, entry, channel), "🚀", burst=channel is acme.lounge)
    card = await _message(story, entry, acme.papers)
    await guest.write(guest.thread(card) or await guest.start_thread(card), "Anybody?")
    forum_post = _thread_of(story, await _message(story, entry, acme.forum))
    await guest.write(forum_post, "Here?")
    await story.at(acme.owner).archive(forum_post)


async def _message(story: Story, entry: Entry, channel: Channel) -> Message:
    """A post's message, while Paperboy is down."""
    (post,) = await story.posts(entry=entry, channel=channel)
    thread, _, message = (post.message_id or "").rpartition("/")
    there = story.server.state.channel(int(thread or channel.id))
    assert there is not None
    return there.messages[int(message)]


async def _what_was_missed_is_read(story: Story, entry: Entry) -> None:
    await story.counted(entry, 0, 0, 0)
    await reconcile(story.storage, {PLATFORM: story.served.parts.courier}, story.clock)
    await story.counted(entry, 3, 2, 0)


async def _the_next_digest_reaches_who_follows(story: Story) -> None:
    acme, reader = story.acme, story.at(story.acme.reader)
    (entry,) = await story.served.add("Tomorrow's paper", day=TODAY + timedelta(days=1), tags=("rlaif",))
    await story.next_day()
    assert "Tomorrow" in text_of(await story.card(entry))
    direct = reader.direct()
    list_, card = [message for message in direct.messages.values() if "Tomorrow" in text_of(message)]
    assert "tag:rlaif" in text_of(list_)
    await reader.react(card, "❤️")
    await story.answer(acme.reader, "paper", direct, tag="rlaif")
    await story.answer(acme.reader, "paper-unfollow", query="tag:rlaif")
    assert "tag:rlaif" not in text_of(await story.answer(acme.reader, "paper-following"))


async def _somebody_takes_it_along(story: Story) -> None:
    """Who has added the app to their account asks it anywhere, and shares where Paperboy itself is not."""
    guest = story.at(story.acme.guest)
    await guest.install()
    with_friend = guest.direct_with(story.acme.reader)
    found = await story.answer(story.acme.guest, "paper", with_friend, query='title:"Paper 03"')
    details = await story.pressed(story.acme.guest, found, "Details")
    await story.pressed(story.acme.guest, details, "Share")
    await story.server.until(lambda: any("Paper 03" in text_of(one) for one in with_friend.messages.values()))


async def _somebody_wants_to_be_forgotten(story: Story, entry: Entry) -> None:
    asked = await story.answer(story.acme.guest, "paper-forget-me")
    await story.pressed(story.acme.guest, asked, buttons_of(asked)[0])
    await story.counted(entry, 0, 0, 0)


async def _archived_threads_follow_too(story: Story, entry: Entry) -> None:
    """Discord lets nobody write in an archived thread: it is opened first."""
    acme, olga = story.acme, story.at(story.acme.owner)
    for channel in (acme.papers, acme.lounge, acme.forum):
        for thread in olga.threads(channel):
            if not thread.archived:
                await olga.archive(thread)
    await _replace(story, replace(await story.entry(entry), title="Archived", commentary=LONG))
    for channel in (acme.papers, acme.lounge, acme.forum):
        assert "39번째 문단" in await _whole(story, entry, channel)
    await _replace(story, replace(await story.entry(entry), commentary=""))


async def _a_post_that_was_interrupted_is_found(story: Story) -> None:
    """What arrived without an answer is looked up, in channels, threads and among a forum's posts, and not doubled."""
    acme, faults = story.acme, story.server.faults
    (entry,) = await story.served.add("Interrupted", day=TODAY + timedelta(days=2), tags=("rlaif",))
    faults.add(LOST_AFTER, "POST", "/channels/{channel_id}/threads")
    faults.add(LOST_AFTER, "POST", "/channels/{channel_id}/messages", times=3)
    await story.next_day()
    for thread in story.at(acme.owner).threads(acme.forum):
        await story.at(acme.owner).archive(thread)
    for _ in range(8):
        story.clock.moment += timedelta(minutes=10)
        await story.work()
    for channel in (acme.papers, acme.lounge, acme.forum, acme.secret):
        assert len(await story.posts(entry=entry, channel=channel)) == 1, channel.name
    shown = [one for channel in story.server.state.channels() for one in channel.messages.values()]
    cards = [one for one in shown if text_of(one).startswith("### Interrupted")]
    assert len(cards) == 4


# --- the end --------------------------------------------------------------------------------------------------------


async def _a_channel_is_deleted(story: Story) -> None:
    acme, olga = story.acme, story.at(story.acme.owner)
    await olga.delete_channel(acme.lounge)

    async def is_paused() -> bool:
        kept = await story.storage.subscriptions.of_workspace(PLATFORM, str(acme.guild.id))
        return [one.channel.id for one in kept if one.paused] == [str(acme.lounge.id)]

    await eventually(is_paused)
    await story.server.until(lambda: any("#lounge" in text_of(one) for one in olga.direct().messages.values()))


async def _paperboy_is_put_out(story: Story) -> None:
    await story.at(story.acme.owner).kick_bot(story.acme.guild)

    async def is_gone() -> bool:
        return not await story.storage.subscriptions.of_workspace(PLATFORM, str(story.acme.guild.id))

    await eventually(is_gone)


# --- all that went to Discord ---------------------------------------------------------------------------------------


def everything_sent_is_right(story: Story) -> None:
    """Discord has refused nothing but what it was to refuse, and nothing that was sent could ping anybody."""
    server, acme = story.server, story.acme
    assert server.violations == []
    assert server.interactions.refusals == []
    assert {(call.method, call.route, call.code) for call in server.requests if call.status >= 400} == {
        ("GET", CHANNEL, 50001),  # the private channel, before the owner let it in
        ("POST", MESSAGES, 10003),  # the thread of a list, which is started then
        ("GET", MESSAGES, 10003),
        ("PATCH", f"{MESSAGES}/{{message_id}}", 50083),  # in archived threads, which are opened then
    }
    assert server.rates.invalid == 1
    late = [one for one in server.interactions.all if one.answered_after is None]
    assert late == []
    said = list(_messages_sent(server))
    assert len(said) > 100
    for body in said:
        assert body["allowed_mentions"]["parse"] == []
        assert not body["allowed_mentions"].get("users")
        assert not body["allowed_mentions"].get("roles")
        assert not body.get("content")
        assert body["flags"] & COMPONENTS_V2
    ours = [one for channel in server.state.channels() for one in channel.messages.values()]
    assert [one for one in ours if one.embeds] == []
    assert acme.papers.messages


def _messages_sent(server: DiscordServer) -> Iterator[Any]:
    """The bodies of all messages, new and changed, public and private."""
    for call in server.requests:
        body = call.body if isinstance(call.body, dict) else {}
        for one in (body, body.get("data") or {}, body.get("message") or {}):
            if one.get("flags", 0) & COMPONENTS_V2 or ("components" in one and "title" not in one):
                yield one


def nothing_in_vain(story: Story) -> None:
    """Each permission of the link was needed, for just the requests that the table names, and no other one was."""
    assert story.server.needed == permissions().value
    for name, use in PERMISSIONS.items():
        bit = library.Permissions(**{name: True}).value
        assert {
            f"{call.method} {call.route}"
            for call in story.server.requests
            if call.status < 400 and (call.needed == bit if name == "view_channel" else call.needed & bit)
        } == set(use.requests), name
    asked = {f"{call.method} {call.route}" for call in story.server.requests}
    assert asked - asked_for() == {
        "GET /oauth2/applications/@me",
        "GET /users/@me",
        "POST /interactions/{interaction_id}/{interaction_token}/callback",
    }, "by the library itself"
    assert asked_for() - asked == {"GET /applications/@me", "GET /users/@me/guilds"}, "by paperboy doctor"
    (registered,) = story.server.calls("PUT", "/applications/{application_id}/commands")
    assert registered.status == 200


# --- one thing less -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, use in PERMISSIONS.items() if not use.optional])
async def test_without_a_permission_a_channel_is_refused_in_words(story: Story, name: str) -> None:
    acme = story.acme
    role_of_app(story.server, acme).permissions &= ~_bit(name)
    async with story.running():
        await story.served.add("A paper", tags=("rlaif",))
        refused = await story.subscribe(acme.papers)
        seen = "cannot see this channel" if name == "view_channel" else SAY(PERMISSIONS[name].words)
        assert seen in text_of(refused)
        if name == "create_public_threads":  # forums do without
            assert "is set" in text_of(await story.subscribe(acme.forum))
        else:
            assert seen in text_of(await story.subscribe(acme.forum))
        await story.work()
        assert acme.papers.messages == {}
        # With it, the same form goes through.
        role_of_app(story.server, acme).permissions |= _bit(name)
        assert "is set" in text_of(await story.subscribe(acme.papers))
        await story.work()
        assert acme.papers.messages


@pytest.mark.parametrize("name", [name for name, use in PERMISSIONS.items() if not use.optional])
async def test_a_permission_that_is_taken_away_later_is_told_once(story: Story, name: str) -> None:
    """A list whose entries follow in its thread takes them all: the digest ends, and who set it up hears why."""
    acme, olga = story.acme, story.at(story.acme.owner)
    async with story.running():
        await story.served.add("A paper", tags=("rlaif",), commentary=LONG)
        await story.subscribe(acme.lounge, layout="compact")
        await story.work()
        assert [post.kind for post in await story.posts()] == [PostKind.LIST, PostKind.ENTRY]
        role_of_app(story.server, acme).permissions &= ~_bit(name)
        await story.served.add("Tomorrow", day=TODAY + timedelta(days=1), commentary=LONG)
        for _ in range(3):
            await story.next_day()
        told = [text_of(one) for one in olga.direct().messages.values()]
        assert len(told) == 1
        assert "cannot see this channel" in told[0] or "lacks permissions in this channel" in told[0]
        why = await story.answer(acme.owner, "digest why", acme.lounge, about="2024-06-22")
        assert "permission" in text_of(why)
        refused = [call for call in story.server.requests if call.status == 403]
        assert len(refused) <= 3, "nobody goes on asking"


@pytest.mark.parametrize("name", [name for name, use in PERMISSIONS.items() if use.optional])
async def test_without_an_optional_one_a_forum_gets_its_posts(story: Story, name: str) -> None:
    acme, mina = story.acme, story.at(story.acme.maintainer)
    role_of_app(story.server, acme).permissions &= ~_bit(name)
    async with story.running():
        (entry,) = await story.served.add("A paper", tags=("rlaif",))
        assert "is set" in text_of(await story.subscribe(acme.forum))
        await story.work()
        (post,) = [one for one in mina.threads(acme.forum) if one.name == "A paper"]
        assert bool(post.applied_tags) == (name != "manage_channels")
        asked = await story.answer(acme.maintainer, "paper-remove", entry=entry.id)
        await story.pressed(acme.maintainer, asked, buttons_of(asked)[0])
        await story.work()
        assert (post in mina.threads(acme.forum)) == (name == "manage_threads")
        assert name != "manage_threads" or "A paper" not in text_of(post.messages[post.id]) + post.name


def _bit(name: str) -> int:
    return library.Permissions(**{name: True}).value


async def test_without_the_scope_for_commands_there_are_none(discord: DiscordServer, storage: Storage) -> None:
    acme = furnish(discord, is_joined=False)
    olga = discord.person(acme.owner)
    await olga.invite_bot(acme.guild, permissions().value)
    discord.state.application.guild_installs.clear()
    async with Story(discord, acme, storage).running():
        with pytest.raises(NotPossible, match=r"the client offers \[\]"):
            await olga.command(acme.papers, "digest subscribe")


async def test_without_the_scope_for_the_bot_nothing_can_be_posted(discord: DiscordServer, storage: Storage) -> None:
    acme = furnish(discord, is_joined=False)
    discord.state.application.guild_installs.add(acme.guild.id)
    story = Story(discord, acme, storage)
    async with story.running():
        await story.served.add("A paper", tags=("rlaif",))
        assert "A paper" in text_of(await story.answer(acme.guest, "paper", tag="rlaif"))
        refused = await story.answer(acme.owner, "digest subscribe")
        assert "cannot see this channel" in text_of(refused)
        await discord.person(acme.owner).invite_bot(acme.guild, permissions().value)
        assert "is set" in text_of(await story.subscribe(acme.papers))


def test_the_scopes_are_those_two() -> None:
    """Without either something is refused, as just seen."""
    assert set(SCOPES) == {"bot", "applications.commands"}
