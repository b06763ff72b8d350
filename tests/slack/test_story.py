"""One whole story on Slack, from the first subscription to the day Paperboy is removed, with restarts in between.

At its end everything that went to Slack is looked at once more: it was granted, it keeps every limit, it pings nobody
that it should not, and nothing of the manifest was asked for in vain.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as LibraryView

from bot.core.digests import Post, PostKind, PostState
from bot.core.engagement import Engagement
from bot.core.entries import Action, Entry
from bot.core.people import Person as Somebody
from bot.core.people import Staff
from bot.slack.manifest import SCOPES, bot_scopes
from bot.slack.people import PLATFORM
from bot.usecases.deliver import plan_due
from bot.usecases.revise import revise_posts
from bot.usecases.send import send_waiting
from bot.usecases.track import reconcile
from storage.opening import Storage
from tests.platforms.slack import (
    Acme,
    Channel,
    Ephemeral,
    Message,
    Person,
    SlackServer,
    User,
    View,
    mentions_of,
    visible_text,
)
from tests.platforms.slack.text import visible_blocks
from tests.slack.conftest import TODAY, Served, Transport, serving
from tests.slack.filling import Writer, writer

HOSTILE = "Attention <!channel> @here <@U1> *bold* `code` a|b <https://example.org|link> & more"
LONG = "\n\n".join(f"{number}번째 문단입니다. " + "아주 긴 해설이 이어집니다. " * 30 for number in range(40))
RESPONSE_URL = "response_url"  # no method: the address that a command or a click brings with it
# What is called outside the story: over Socket Mode only, and when a workspace installs Paperboy.
ELSEWHERE = {"apps.connections.open", "auth.teams.list", "oauth.v2.access"}


@dataclass
class Told:
    """A clock that goes on when it is told to."""

    moment: datetime = datetime(2024, 6, 21, 13, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment."""
        return self.moment


@dataclass
class Story:
    """The workspace and its people; `served` is the Paperboy of the moment."""

    slack: SlackServer
    acme: Acme
    storage: Storage
    transport: Transport
    clock: Told = field(default_factory=Told)
    _served: Served | None = None

    @property
    def served(self) -> Served:
        """Paperboy while it runs."""
        assert self._served is not None
        return self._served

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From a start to the end of a run. The guest is a maintainer by name, the reader by a group."""
        staff = Staff(maintainers=frozenset({self.acme.guest.id, "S1"}))
        parts = {"transport": self.transport, "staff": staff, "clock": self.clock}
        async with serving(self.slack, self.acme, self.storage, **parts) as self._served:  # type: ignore[arg-type]
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
        return self.slack.person(user)

    def writer(self, user: User) -> Writer:
        """The same, in front of a form."""
        return writer(self.served, user)

    async def answer(self, user: User, name: str, text: str = "", channel: Channel | None = None) -> Ephemeral:
        """What a command is answered."""
        there = channel or self.acme.papers
        await self.at(user).command(there, name, text)
        return await self.newest(user, there)

    async def newest(self, user: User, channel: Channel | None = None) -> Ephemeral:
        """The newest private answer."""
        await self.served.settled()
        return self.at(user).ephemerals(channel or self.acme.papers)[-1]

    async def posts(self, *, entry: Entry | None = None, channel: Channel | None = None) -> list[Post]:
        """The posts that stand, oldest first."""
        sent = await self.storage.ledger.recent_posts(PLATFORM, since=datetime(2000, 1, 1, tzinfo=UTC))
        return [
            post
            for post in reversed(sent)
            if post.state is PostState.SENT
            and (entry is None or post.entry_id == entry.id)
            and (channel is None or post.channel.id == channel.id)
        ]

    async def card(self, entry: Entry, channel: Channel | None = None) -> Message:
        """The message of an entry in a channel."""
        (post,) = await self.posts(entry=entry, channel=channel or self.acme.papers)
        return self.served.message_of(post)

    async def counted(self, entry: Entry) -> tuple[int, int, int]:
        """Reactions, replies and saves."""
        await self.served.settled()
        found = (await self.storage.engagement.counts([entry.id])).get(entry.id, Engagement())
        return found.reactions, found.replies, found.saves


@pytest.fixture
def story(slack: SlackServer, acme: Acme, storage: Storage, transport: Transport) -> Story:
    """Before anything has happened: a group of editors, and a private channel without Paperboy."""
    acme.workspace.add_group("S1", "editors", [acme.reader.id])
    return Story(slack, acme, storage, transport)


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_the_story(story: Story) -> None:
    async with story.running():
        hostile, whole, other = await story.served.add(HOSTILE, "Whole", "Another", tags=("rlaif",))
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
        await _the_home_tab(story)
        await _a_channel_is_archived(story)
        nothing_in_vain(story)
        await _paperboy_is_removed(story)
    everything_sent_is_right(story)


# --- the first day --------------------------------------------------------------------------------------------------


async def _channels_subscribe(story: Story) -> None:
    acme, ada = story.acme, story.writer(story.acme.admin)
    await ada.open("/digest", "subscribe")
    refused = await ada.person.submit({"query": "date:2024-06-21"})
    assert set(refused.errors) == {"query"}
    await ada.person.submit({"query": "#rlfai"})
    assert "rlfai" in ada.shown  # and the nearest tags as buttons
    await ada.person.click(ada.view, "form_query:0")
    await story.slack.until(lambda: ada.typed.text("query") == "tag:rlaif")
    assert [one["value"] for one in await ada.person.suggest(ada.view, "form_zone", "seoul")] == ["Asia/Seoul"]
    await ada.put(zone="Asia/Seoul", at="09:00")
    await ada.person.submit()
    await ada.person.close()

    await ada.person.command(acme.general, "/digest", "subscribe")  # public: Paperboy goes in by itself
    await ada.form()
    await ada.put(layout="compact")
    await ada.person.submit()
    await ada.person.close()
    assert acme.installation.bot_user in acme.general.members

    await ada.person.command(acme.secret, "/digest", "subscribe")
    await ada.form()
    await ada.person.submit()
    assert "/invite @Paperboy" in ada.shown
    await ada.person.invite(acme.secret, acme.app)
    await ada.person.submit()
    await ada.person.close()


async def _the_digest_is_there(story: Story, hostile: Entry) -> None:
    await story.work()
    acme = story.acme
    for channel, kinds in (
        (acme.papers, [PostKind.HEADER, *[PostKind.ENTRY] * 3]),
        (acme.general, [PostKind.LIST, *[PostKind.ENTRY] * 3]),
        (acme.secret, [PostKind.HEADER, *[PostKind.ENTRY] * 3]),
    ):
        assert [post.kind for post in await story.posts(channel=channel)] == kinds
    head, *in_thread = await story.posts(channel=acme.general)
    assert {story.served.message_of(post).thread_ts for post in in_thread} == {head.message_id}
    shown = await story.card(hostile)
    assert HOSTILE.replace("*", "") in visible_text(shown)
    assert not mentions_of(shown).pings
    await story.work()
    assert len(await story.posts()) == 12, "nothing is posted twice"


async def _a_reader_looks_papers_up(story: Story) -> None:
    reader, guest = story.acme.reader, story.acme.guest
    await story.served.add(*(f"Paper {number:02}" for number in range(12)), tags=("llm",), authors=("Kumar",))
    found = await story.answer(reader, "/paper", "author:kumar")
    assert "Paper 11" in visible_text(found)
    await story.at(reader).click(found, "page:0")
    turned = await story.newest(reader)
    assert "Paper 05" in visible_text(turned)
    one = await story.answer(reader, "/paper", 'title:"Paper 03"')
    await story.at(reader).click(one, "details")
    assert "Kumar" in visible_text(await story.newest(reader))
    await story.at(reader).click(one, "save")
    await story.served.settled()
    await story.at(reader).click(one, "share")
    await story.served.settled()
    assert any("Paper 03" in visible_text(message) for message in story.acme.papers.messages.values())
    assert "tag:rlaif" in visible_text(await story.answer(reader, "/paper", "tga:rlaif"))
    assert "tag:llm" in visible_text(await story.answer(guest, "/paper", "help"))
    assert "Only" in visible_text(await story.answer(guest, "/digest", "pause"))
    for command, text in (("/paper", ""), ("/digest", "show"), ("/digest", "recap")):
        assert visible_text(await story.answer(guest, command, text))
    for text in ("list", "why", "preview", "send"):
        assert visible_text(await story.answer(story.acme.admin, "/digest", text))


async def _a_reader_follows(story: Story) -> None:
    reader = story.acme.reader
    await story.answer(reader, "/paper", "follow tag:rlaif")
    assert "tag:rlaif" in visible_text(await story.answer(reader, "/paper", "following"))


# --- after a restart ------------------------------------------------------------------------------------------------


async def _people_react_and_talk(story: Story, entry: Entry) -> None:
    acme, reader, guest = story.acme, story.at(story.acme.reader), story.at(story.acme.guest)
    card, private = await story.card(entry), await story.card(entry, story.acme.secret)
    await reader.react(acme.papers, card, "tada")
    await guest.react(acme.papers, card, "eyes")
    await guest.unreact(acme.papers, card, "eyes")
    reply = await reader.say(acme.papers, "Interesting!", thread=card)
    await reader.edit(acme.papers, reply, "Very interesting!")
    gone = await guest.say(acme.papers, "Wrong thread", thread=card)
    await guest.delete(acme.papers, gone)
    await reader.react(acme.secret, private, "eyes")
    await reader.say(acme.secret, "Between us", thread=private)
    assert await story.counted(entry) == (2, 2, 0)


async def _buttons_of_yesterday_work(story: Story) -> None:
    reader = story.acme.reader
    pages = [one for one in story.at(reader).ephemerals(story.acme.papers) if "Paper 05" in visible_text(one)]
    await story.at(reader).click(pages[-1], "page:0")
    await story.served.settled()
    assert any("Paper 11" in visible_text(one) for one in story.at(reader).ephemerals(story.acme.papers))


async def _a_paper_is_edited(story: Story, entry: Entry) -> None:
    joan = story.writer(story.acme.guest)
    await joan.person.message_shortcut("edit_entry", story.acme.papers, await story.card(entry))
    await joan.form()
    refused = await joan.person.submit({"url": "no address"})
    assert set(refused.errors) == {"url"}
    await joan.put(url="https://example.org/whole")
    assert "rlhf" in [one["value"] for one in await joan.person.suggest(joan.view, "form_tags", "rlhf")]
    await joan.put(title="Whole, changed", tags=["rlaif", "rlhf"])
    await joan.person.submit()
    await joan.person.close()
    # Longer than one message: the rest goes on below it; then short again.
    (now,) = (await story.storage.archive.get([entry.id])).values()
    await _replace(story, replace(now, commentary=LONG))
    for channel in (story.acme.papers, story.acme.general, story.acme.secret):
        text = visible_text(await story.card(entry, channel))
        assert "Whole, changed" in text
    thread = story.acme.papers.replies((await story.card(entry)).ts)
    whole = "\n".join(visible_text(message) for message in (await story.card(entry), *thread))
    assert all(f"{number}번째 문단" in whole for number in range(40))
    (now,) = (await story.storage.archive.get([entry.id])).values()
    await _replace(story, replace(now, commentary="짧게."))
    assert story.acme.papers.replies((await story.card(entry)).ts) == []
    assert "Whole, changed" in visible_text(await story.card(entry))


async def _replace(story: Story, entry: Entry) -> None:
    """As an import or another platform would change it."""
    by = Somebody("web", "local", "maintainer")
    await story.storage.archive.replace(entry, action=Action.EDIT, by=by, at=story.clock.now())
    await story.work()


async def _a_paper_is_added_and_removed(story: Story, entry: Entry) -> None:
    acme, sora = story.acme, story.writer(story.acme.reader)  # a maintainer by her group
    await sora.person.shortcut("add_paper")
    await sora.form()
    await sora.put(title="Late addition", tags=[])
    await sora.person.submit()
    await sora.person.close()
    asked = await story.answer(acme.guest, "/paper-remove", entry.id)
    card = await story.card(entry)
    await story.at(acme.guest).react(acme.papers, card, "wave")
    await story.at(acme.guest).say(acme.papers, "Why?", thread=await story.card(entry, acme.papers))
    await story.at(acme.guest).click(asked, "confirm")
    await story.served.settled()
    await story.work()
    assert await story.posts(entry=entry) == []
    assert "Another" not in visible_text(card), "it has replies, so it says that it was withdrawn"
    await story.answer(acme.guest, "/paper-undo")
    await story.work()
    assert "Another" in visible_text(await story.card(entry))
    await story.at(acme.reader).message_shortcut("save_entry", acme.papers, await story.card(entry))
    assert await story.counted(entry) == (1, 1, 1)


# --- while Paperboy is down, and after --------------------------------------------------------------------------------


async def _people_react_while_nobody_listens(story: Story, entry: Entry) -> None:
    acme = story.acme
    for channel in (acme.papers, acme.general, acme.secret):
        (post,) = await story.posts(entry=entry, channel=channel)
        message = channel.messages[post.message_id or ""]
        await story.at(acme.reader if channel is acme.secret else acme.guest).react(channel, message, "rocket")
    (post,) = await story.posts(entry=entry, channel=acme.papers)
    await story.at(acme.guest).say(acme.papers, "Anybody?", thread=acme.papers.messages[post.message_id or ""])
    await story.slack.settled()


async def _what_was_missed_is_read(story: Story, entry: Entry) -> None:
    assert await story.counted(entry) == (0, 0, 0)
    await reconcile(story.storage, {PLATFORM: story.served.parts.courier}, story.clock)
    assert await story.counted(entry) == (3, 1, 0)


async def _the_next_digest_reaches_who_follows(story: Story) -> None:
    acme, reader = story.acme, story.at(story.acme.reader)
    tomorrow = TODAY + timedelta(days=1)
    (entry,) = await story.served.add("Tomorrow's paper", day=tomorrow, tags=("rlaif",))
    await story.next_day()
    assert "Tomorrow's paper" in visible_text(await story.card(entry))
    direct = reader.direct()
    (news,) = [message for message in direct.top_level() if "Tomorrow's paper" in visible_text(message)]
    assert not mentions_of(news).pings
    await reader.react(direct, news, "heart")
    await reader.say(direct, "Thank you", thread=news)
    await story.served.settled()
    await story.answer(acme.reader, "/paper", "unfollow tag:rlaif")


async def _the_home_tab(story: Story) -> None:
    reader, admin = story.at(story.acme.reader), story.at(story.acme.admin)
    await reader.open_home()
    await story.served.settled()
    assert "Another" in visible_blocks(_home(reader).blocks)
    await admin.open_home()
    await story.served.settled()
    pause = [block["block_id"] for block in _home(admin).blocks if "home_pause" in str(block)]
    await admin.click(_home(admin), "home_pause", block_id=pause[0])
    await story.served.settled()
    resume = [block["block_id"] for block in _home(admin).blocks if "home_resume" in str(block)]
    assert resume == pause[:1]
    await admin.click(_home(admin), "home_resume", block_id=resume[0])
    await story.served.settled()
    assert "home_resume" not in str(_home(admin).blocks)


def _home(person: Person) -> View:
    home = person.home()
    assert home is not None
    return home


# --- the end --------------------------------------------------------------------------------------------------------


async def _a_channel_is_archived(story: Story) -> None:
    admin = story.at(story.acme.admin)
    for channel in (story.acme.general, story.acme.secret):
        await admin.archive(channel)
    await story.served.settled()
    kept = await story.storage.subscriptions.of_workspace(PLATFORM, story.acme.workspace.id)
    paused = {one.channel.id for one in kept if one.paused}
    assert paused == {story.acme.general.id, story.acme.secret.id}
    assert len(admin.direct().top_level()) == 2  # she set them up, and is told once each


async def _paperboy_is_removed(story: Story) -> None:
    await story.at(story.acme.admin).uninstall()
    await story.served.settled()
    left = await story.storage.subscriptions.of_workspace(PLATFORM, story.acme.workspace.id)
    assert left == []


# --- all that went to Slack -----------------------------------------------------------------------------------------


def nothing_in_vain(story: Story) -> None:
    """Every scope was needed, and every method of the manifest's table was called."""
    assert story.acme.app.manifest.bot_scopes == bot_scopes()
    assert story.slack.scopes_unused(story.acme.app) == set()
    called = {call.method for call in story.slack.calls}
    assert set(SCOPES) - called <= ELSEWHERE | {"chat.postEphemeral", "reactions.get"}
    assert called <= {*SCOPES, RESPONSE_URL}


def everything_sent_is_right(story: Story) -> None:
    """Slack has refused nothing, and the library's own models have nothing against it either."""
    slack = story.slack
    assert slack.complaints == []
    assert slack.sockets.unacked == []
    assert slack.sockets.faults == []
    refused = {(call.method, call.error) for call in slack.calls if call.error}
    # In the private channel, before she invited it; after the removal.
    assert refused <= {("conversations.info", "channel_not_found"), ("auth.test", "account_inactive")}
    views = [call.arguments["view"] for call in slack.calls if "view" in call.arguments]
    sent = [call for call in slack.calls if call.method.startswith("chat.") or call.method == RESPONSE_URL]
    assert len(views) > 8
    assert len(sent) > 50
    for view in views:
        LibraryView(**view).validate_json()
        check_blocks(view["blocks"])
    for call in sent:
        check_blocks(call.arguments.get("blocks") or [])
    workspace = story.acme.workspace
    messages = [message for channel in workspace.channels.values() for message in channel.messages.values()]
    for blocks in [one.blocks for one in workspace.ephemerals] + [one.blocks for one in messages]:
        check_blocks(blocks)
    ours = [message for message in messages if message.app_id == story.acme.app.id]
    assert [visible_text(message) for message in ours if mentions_of(message).broadcasts] == []
    assert {user for message in ours for user in mentions_of(message).users} <= {story.acme.reader.id}  # who shared


def check_blocks(blocks: Sequence[Mapping[str, Any]]) -> None:
    """What slack_sdk says about them."""
    parsed = Block.parse_all([dict(block) for block in blocks])
    assert [one.type for one in parsed] == [block["type"] for block in blocks]
    for one in parsed:
        one.validate_json()
