"""Commands and buttons on Slack: answered in private, in time, after restarts and when the short ways have closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.core.people import Language, Staff
from bot.core.subscriptions import Channel, Layout
from bot.locale import translator
from bot.slack.blocks import SlackMessage
from bot.slack.people import PLATFORM
from bot.slack.showing import FAULT
from storage.opening import Storage
from tests.platforms.slack import Acme, Ephemeral, Message, Person, SlackServer, mentions_of, visible_text
from tests.platforms.slack import Channel as Room
from tests.slack.conftest import Served, Transport, serving
from tests.slack.reading import check

both_transports = pytest.mark.parametrize("transport", ["socket", "http"])


async def answer_to(served: Served, person: Person, name: str, text: str = "") -> Ephemeral:
    """What a command is answered in #papers."""
    await person.command(served.acme.papers, name, text)
    return await newest(served, person)


async def newest(served: Served, person: Person) -> Ephemeral:
    """The newest private answer in #papers, within every limit."""
    await served.settled()
    shown = person.ephemerals(served.acme.papers)[-1]
    check(SlackMessage(shown.text, tuple(shown.blocks)))
    return shown


def action_ids(message: Any) -> list[str]:
    return [
        str(element["action_id"])
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def labels(message: Any) -> list[str]:
    return [
        str(element["text"]["text"])
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


async def many(served: Served, count: int = 12) -> None:
    await served.add(*(f"Paper {number:02}" for number in range(count)), tags=("rlaif",), authors=("Ada One",))


@both_transports
async def test_a_lookup_is_answered_to_the_asker_alone(served: Served) -> None:
    await many(served)
    reader = served.server.person(served.acme.reader)
    shown = await answer_to(served, reader, "/paper", "tag:rlaif")
    text = visible_text(shown)
    assert "/paper tag:rlaif" in text
    assert "12" in text
    assert "Paper 11" in text
    assert "Paper 06" not in text
    other = served.server.person(served.acme.guest)
    assert other.ephemerals(served.acme.papers) == []


async def test_the_language_is_the_askers_own(served: Served) -> None:
    await many(served)
    texts = {}
    for user in (served.acme.reader, served.acme.guest):
        person = served.server.person(user)
        texts[user.locale] = labels(await answer_to(served, person, "/paper", "tag:rlaif"))
    assert len({tuple(found) for found in texts.values()}) == 2, texts


@both_transports
async def test_pages_are_turned_in_place_also_after_a_restart(
    slack: SlackServer, acme: Acme, storage: Storage, transport: Transport
) -> None:
    reader = slack.person(acme.reader)
    async with serving(slack, acme, storage, transport=transport) as served:
        await many(served)
        first = await answer_to(served, reader, "/paper", "tag:rlaif")
    async with serving(slack, acme, storage, transport=transport) as served:
        await reader.click(first, "page:0")
        second = await newest(served, reader)
        assert "Paper 06" in visible_text(second)
        assert len(reader.ephemerals(acme.papers)) == 1, "the page is put in place of the one before"
        await reader.click(second, "page:1")
        third = await newest(served, reader)
        assert "Paper 00" in visible_text(third)
        await reader.click(third, "page:0")
        assert "Paper 06" in visible_text(await newest(served, reader))


async def test_the_response_url_may_have_expired(served: Served) -> None:
    await many(served)
    reader = served.server.person(served.acme.reader)
    first = await answer_to(served, reader, "/paper", "tag:rlaif")
    served.server.clock.advance(31 * 60)
    await reader.click(first, "page:0")
    assert "Paper 06" in visible_text(await newest(served, reader)), "a click brings a new response URL"


async def late_answer(
    slack: SlackServer, acme: Acme, storage: Storage, reader: Person, channel: Room, seconds: float
) -> None:
    """Ask, and let so much time pass before the archive answers."""
    gate = asyncio.Event()
    async with serving(slack, acme, storage, stores=Slow(storage, gate)) as served:
        await many(served, 1)
        await reader.command(channel, "/paper", "tag:rlaif")
        slack.clock.advance(seconds)
        gate.set()
        await served.settled()


async def test_an_answer_after_the_response_url_has_expired_still_comes(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    reader = slack.person(acme.reader)
    await late_answer(slack, acme, storage, reader, acme.papers, 31 * 60)
    assert "Paper 00" in visible_text(reader.ephemerals(acme.papers)[-1])
    assert slack.calls_of("chat.postEphemeral")


async def test_and_comes_as_a_direct_message_where_paperboy_is_not(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    reader = slack.person(acme.reader)
    await late_answer(slack, acme, storage, reader, acme.general, 31 * 60)
    assert reader.ephemerals(acme.general) == []
    assert "Paper 00" in visible_text(reader.sees(reader.direct())[-1])


async def test_a_command_in_a_channel_paperboy_is_not_in_is_answered(served: Served) -> None:
    await many(served, 1)
    reader = served.server.person(served.acme.reader)
    await reader.command(served.acme.general, "/paper", "tag:rlaif")
    await served.settled()
    assert "Paper 00" in visible_text(reader.ephemerals(served.acme.general)[-1])


async def test_details_abstract_and_what_is_alike(served: Served) -> None:
    await served.add("Paper 1", tags=("rlaif",), abstract="All about it.", commentary="긴 해설")
    await served.add("Paper 2", tags=("rlaif",))
    reader = served.server.person(served.acme.reader)
    found = await answer_to(served, reader, "/paper", "title:1")
    await reader.click(found, "details")
    details = await newest(served, reader)
    assert "All about it." in visible_text(details)
    assert "긴 해설" in visible_text(details)
    assert len(reader.ephemerals(served.acme.papers)) == 2
    await reader.click(details, "like")
    assert "Paper 2" in visible_text(await newest(served, reader))


async def test_buttons_of_a_posted_card_answer_in_private(served: Served) -> None:
    (entry,) = await served.add("Paper 1", tags=("rlaif",), abstract="All about it.")
    await served.subscribe()
    posts = await served.deliver()
    card = next(served.message_of(post) for post in posts if post.entry_id == entry.id)
    reader = served.server.person(served.acme.reader)
    await reader.click(card, "abstract")
    assert "All about it." in visible_text(await newest(served, reader))
    await reader.click(card, "save")
    await newest(served, reader)
    person = (await served.parts.people.caller(served.acme.workspace.id, served.acme.reader.id)).person
    assert await served.storage.engagement.saved([entry.id], person) == {entry.id}
    assert served.server.person(served.acme.guest).ephemerals(served.acme.papers) == []


async def test_a_card_with_replies_answers_where_it_was_pressed(served: Served) -> None:
    """Slack gives a message with replies its own ts as that of its thread."""
    (entry,) = await served.add("Paper 1", abstract="All about it.")
    await served.subscribe()
    card = next(served.message_of(post) for post in await served.deliver() if post.entry_id == entry.id)
    reader = served.server.person(served.acme.reader)
    await reader.say(served.acme.papers, "Nice", thread=card)
    await reader.click(card, "abstract")
    shown = await newest(served, reader)
    assert "All about it." in visible_text(shown)
    assert shown.thread_ts is None


async def test_a_card_in_a_thread_answers_in_the_thread(served: Served) -> None:
    (entry,) = await served.add("Paper 1", abstract="All about it.")
    await served.subscribe(Layout.COMPACT)
    card = next(served.message_of(post) for post in await served.deliver() if post.entry_id == entry.id)
    reader = served.server.person(served.acme.reader)
    await reader.click(card, "abstract")
    shown = await newest(served, reader)
    assert shown.thread_ts == card.thread_ts is not None


async def test_long_results_are_all_reached_by_turning(served: Served) -> None:
    """Five results may be more than one message takes: nothing of a page of the lookup is skipped."""
    title, address = "Long " * 60, "https://example.org/" + "x" * 900
    for number in range(8):
        tags = tuple(f"tag{number}" for number in range(20))
        await served.add(f"{title}{number}", url=address + str(number), tags=("rlaif", *tags[1:]))
    guest = served.server.person(served.acme.guest)
    shown = await answer_to(served, guest, "/paper", "tag:rlaif")
    seen = visible_text(shown)
    for _ in range(20):
        if "Next" not in labels(shown):
            break
        await guest.click(shown, action_ids(shown)[-1])
        shown = await newest(served, guest)
        seen += visible_text(shown)
    assert all(f"{title}{number}" in seen for number in range(8))


async def test_links_lead_to_no_closed_door(served: Served) -> None:
    secret = Channel(PLATFORM, served.acme.workspace.id, served.acme.secret.id)
    served.acme.secret.members.add(served.acme.installation.bot_user)
    await served.add("Paper 1", tags=("rlaif",))
    await served.subscribe(channel=secret)
    await served.deliver()
    reader, admin = served.server.person(served.acme.reader), served.server.person(served.acme.admin)
    assert served.acme.secret.id not in str((await answer_to(served, reader, "/paper", "tag:rlaif")).blocks)
    await admin.command(served.acme.secret, "/paper", "tag:rlaif")
    await served.settled()
    assert served.acme.secret.id in str(admin.ephemerals(served.acme.secret)[-1].blocks)
    await served.subscribe()
    await served.deliver()
    assert served.acme.papers.id in str((await answer_to(served, reader, "/paper", "tag:rlaif")).blocks)


async def test_saving_in_an_answer_changes_its_button(served: Served) -> None:
    await many(served, 1)
    reader = served.server.person(served.acme.reader)
    shown = await answer_to(served, reader, "/paper", "tag:rlaif")
    await reader.click(shown, "save")
    saved = await newest(served, reader)
    assert "unsave" in action_ids(saved)
    assert len(reader.ephemerals(served.acme.papers)) == 1
    await reader.click(saved, "unsave")
    assert "save" in action_ids(await newest(served, reader))


async def test_sharing_posts_the_paper_for_everybody(served: Served) -> None:
    await served.add("Paper 1", tags=("rlaif",), commentary="해설 <!channel> @here")
    reader = served.server.person(served.acme.reader)
    shown = await answer_to(served, reader, "/paper", "tag:rlaif")
    await reader.click(shown, "share")
    await served.settled()
    (shared,) = [message for message in reader.sees(served.acme.papers) if isinstance(message, Message)]
    assert "Paper 1" in visible_text(shared)
    assert mentions_of(shared).users == [], "not even who shares it"
    assert served.acme.reader.name in visible_text(shared)
    check(SlackMessage(shared.text, tuple(shared.blocks)))


async def test_sharing_a_long_entry_is_one_message_with_the_rest_a_press_away(served: Served) -> None:
    long = "\n\n".join(f"문단 {number} " + "가" * 300 for number in range(45))
    await served.add("Paper 1", tags=("rlaif",), commentary=long)
    reader = served.server.person(served.acme.reader)
    shown = await answer_to(served, reader, "/paper", "tag:rlaif")
    await reader.click(shown, "share")
    await served.settled()
    (shared,) = [message for message in reader.sees(served.acme.papers) if isinstance(message, Message)]
    assert "문단 0 " in visible_text(shared)
    assert "문단 44 " not in visible_text(shared)
    await reader.click(shared, "details")
    details = await newest(served, reader)
    for _ in range(9):
        if "문단 44 " in visible_text(details):
            break
        await reader.click(details, action_ids(details)[-1])
        details = await newest(served, reader)
    assert "문단 44 " in visible_text(details)


async def test_sharing_is_no_way_round_what_a_workspace_does_not_allow(served: Served) -> None:
    await many(served, 1)
    reader = served.server.person(served.acme.reader)
    shown = await answer_to(served, reader, "/paper", "tag:rlaif")
    served.acme.installation.scopes.remove("chat:write")
    await reader.click(shown, "share")
    await served.settled()
    assert not [message for message in reader.sees(served.acme.papers) if isinstance(message, Message)]
    assert "chat:write" in visible_text(reader.ephemerals(served.acme.papers)[-1])


async def test_sharing_works_where_paperboy_is_not(served: Served) -> None:
    await many(served, 1)
    reader = served.server.person(served.acme.reader)
    await reader.command(served.acme.general, "/paper", "tag:rlaif")
    await served.settled()
    await reader.click(reader.ephemerals(served.acme.general)[-1], "share")
    await served.settled()
    assert any(
        isinstance(message, Message) and "Paper 00" in visible_text(message)
        for message in reader.sees(served.acme.general)
    )


async def test_a_mistake_says_what_was_probably_meant_and_a_click_does_it(served: Served) -> None:
    await many(served, 2)
    reader = served.server.person(served.acme.reader)
    wrong = await answer_to(served, reader, "/paper", "tag:rlfai")
    assert "rlaif" in visible_text(wrong)
    await reader.click(wrong, "run:0")
    assert "Paper 00" in visible_text(await newest(served, reader))


async def test_commands_keep_to_roles(served: Served) -> None:
    await many(served, 1)
    reader = served.server.person(served.acme.reader)
    for name, text in (("/paper-remove", "x"), ("/paper-undo", ""), ("/digest", "list"), ("/digest", "send")):
        shown = await answer_to(served, reader, name, text)
        assert "편집자" in visible_text(shown) or "운영자" in visible_text(shown), (name, visible_text(shown))


async def test_an_operator_manages_the_channel(served: Served) -> None:
    await many(served, 1)
    subscription = await served.subscribe()
    await served.deliver()
    admin = served.server.person(served.acme.admin)
    listed = await answer_to(served, admin, "/digest", "list")
    assert f"No. {subscription.id}" in visible_text(listed)
    await answer_to(served, admin, "/digest", "pause")
    assert (await served.storage.subscriptions.of_channel(served.papers))[0].paused
    await answer_to(served, admin, "/digest", "resume")
    assert not (await served.storage.subscriptions.of_channel(served.papers))[0].paused
    why = await answer_to(served, admin, "/digest", "why 2024-06-21")
    assert "delivered" in visible_text(why)
    preview = await answer_to(served, admin, "/digest", "preview 2024-06-21")
    assert "Paper 00" in visible_text(preview)
    asked = await answer_to(served, admin, "/digest", "unsubscribe")
    await admin.click(asked, "confirm")
    await served.settled()
    assert await served.storage.subscriptions.of_channel(served.papers) == []


async def test_a_maintainer_removes_and_takes_back(served: Served) -> None:
    (entry,) = await served.add("Paper 1")
    maintainer = served.server.person(served.acme.guest)
    asked = await answer_to(served, maintainer, "/paper-remove", entry.id)
    await maintainer.click(asked, "confirm")
    await served.settled()
    assert served.changed == [entry.id]
    assert not (await served.storage.archive.get([entry.id]))[entry.id].is_public
    await answer_to(served, maintainer, "/paper-undo")
    assert (await served.storage.archive.get([entry.id]))[entry.id].is_public


async def test_a_confirmation_is_checked_again_when_it_is_pressed(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    maintainer = slack.person(acme.guest)
    async with serving(slack, acme, storage, staff=Staff(maintainers=frozenset({acme.guest.id}))) as served:
        (entry,) = await served.add("Paper 1")
        asked = await answer_to(served, maintainer, "/paper-remove", entry.id)
    async with serving(slack, acme, storage) as served:  # no longer a maintainer
        await maintainer.click(asked, "confirm")
        await served.settled()
        assert (await storage.archive.get([entry.id]))[entry.id].is_public


async def test_following(served: Served) -> None:
    await many(served, 1)
    reader = served.server.person(served.acme.reader)
    await answer_to(served, reader, "/paper", "follow tag:rlaif")
    listed = await answer_to(served, reader, "/paper", "following")
    assert "tag:rlaif" in visible_text(listed)
    await reader.click(listed, "run:1")
    await served.settled()
    assert await served.storage.subscriptions.of_channel(served.papers) == []
    person = (await served.parts.people.caller(served.acme.workspace.id, served.acme.reader.id)).person
    assert await served.storage.subscriptions.of_person(person) is None


async def test_help_and_recap(served: Served) -> None:
    await many(served, 3)
    reader = served.server.person(served.acme.reader)
    assert "tag:rlaif" in visible_text(await answer_to(served, reader, "/paper", "help"))
    assert "2024-06-17" in visible_text(await answer_to(served, reader, "/digest", "recap"))


async def test_forgetting_asks_first(served: Served) -> None:
    (entry,) = await served.add("Paper 1", tags=("rlaif",))
    reader = served.server.person(served.acme.reader)
    shown = await answer_to(served, reader, "/paper", "tag:rlaif")
    await reader.click(shown, "save")
    await served.settled()
    asked = await answer_to(served, reader, "/paper", "forget-me")
    await reader.click(asked, "confirm")
    await served.settled()
    assert await served.storage.engagement.counts([entry.id]) == {}


@both_transports
async def test_a_slow_database_does_not_hold_up_the_acknowledgement(
    slack: SlackServer, acme: Acme, storage: Storage, transport: Transport
) -> None:
    """The command is acknowledged while the archive does not answer at all; the answer comes once it does."""
    gate = asyncio.Event()
    reader = slack.person(acme.reader)
    async with serving(slack, acme, storage, transport=transport, stores=Slow(storage, gate)) as served:
        await many(served, 1)
        await reader.command(acme.papers, "/paper", "tag:rlaif")
        assert reader.ephemerals(acme.papers) == []
        gate.set()
        assert "Paper 00" in visible_text(await newest(served, reader))


async def test_a_fault_of_ours_is_told_and_logged(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    reader = slack.person(acme.reader)
    async with serving(slack, acme, storage, stores=Slow(storage, None)) as served:
        shown = await answer_to(served, reader, "/paper", "word")
        assert visible_text(shown) == translator(Language.KOREAN).say(FAULT)


class Slow:
    """Stores whose lookups wait for a gate, or with none break."""

    def __init__(self, storage: Storage, gate: asyncio.Event | None) -> None:
        self._storage = storage
        self._gate = gate

    def __getattr__(self, name: str) -> Any:
        return self if name == "search" else getattr(self._storage, name)

    async def page(self, *arguments: Any, **more: Any) -> Any:
        if self._gate is None:
            raise RuntimeError("a fault")
        await self._gate.wait()
        return await self._storage.search.page(*arguments, **more)


async def test_what_slack_writes_as_entities_is_what_was_typed(served: Served) -> None:
    await served.add("Q&A <with> models")
    guest = served.server.person(served.acme.guest)
    shown = await answer_to(served, guest, "/paper", 'title:"Q&A <with>"')
    assert "Q&A <with> models" in visible_text(shown)
    assert "&amp;" not in visible_text(shown)
