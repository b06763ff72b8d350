"""Commands typed and answered over a real connection: in private, in time, in the person's language."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog
from structlog.typing import EventDict

from bot.core.errors import StorageError
from bot.core.messages import msg
from bot.core.subscriptions import Layout
from storage.opening import Storage
from tests.discord.conftest import Served, serving
from tests.discord.saying import buttons_of, ids_of, text_of
from tests.platforms.discord import Acme, DiscordServer
from tests.platforms.discord import Person as Somebody
from tests.platforms.discord.world import EPHEMERAL, Channel, Message


async def asked(who: Somebody, channel: Channel, name: str, **options: Any) -> Message:
    """What a command is answered with."""
    return await (await who.command(channel, name, **options)).shown()


async def test_a_tag_is_looked_up_in_private(served: Served) -> None:
    await served.add("RLAIF vs RLHF", tags=("rlaif",), authors=("Kim Young",))
    await served.add("Something else", tags=("other",))
    found = await asked(served.reader, served.acme.papers, "paper", tag="rlaif")
    assert found.flags & EPHEMERAL
    assert found.only_for == served.acme.reader.id
    assert "RLAIF vs RLHF" in text_of(found)
    assert "Something else" not in text_of(found)
    assert "항목 1개" in text_of(found)
    assert served.acme.papers.messages == {}


async def test_the_answer_is_in_the_language_of_the_persons_own_discord(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    assert "1 entry" in text_of(await asked(served.guest, served.acme.papers, "paper", tag="rlaif"))
    assert "항목 1개" in text_of(await asked(served.reader, served.acme.papers, "paper", tag="rlaif"))


async def test_options_together_are_one_query(served: Served) -> None:
    await served.add("Reward models", tags=("rlaif",), authors=("Kim Young",), abstract="rewards everywhere")
    await served.add("Other models", tags=("rlaif",), authors=("Lee Min",))
    found = await asked(served.guest, served.acme.papers, "paper", tag="rlaif", author="Kim Young", text="models")
    assert "Reward models" in text_of(found)
    assert "Other models" not in text_of(found)


async def test_pages_turn_in_place_and_details_open_beside(served: Served) -> None:
    for number in range(23):
        await served.add(f"Paper {number:02}", tags=("rlaif",), commentary=f"Note {number:02}")
    found = await asked(served.guest, served.acme.papers, "paper", tag="rlaif")
    seen = numbers_in(found)
    assert buttons_of(found).count("Details") == len(seen)
    while "Next" in buttons_of(found):
        await turned(served, found)
        seen |= numbers_in(found)
    assert seen == set(range(23))
    assert len(served.guest.private) == 1
    opened = await (await served.guest.click(found, ids_of(found, "Details")[0])).shown()
    assert opened is not found
    assert "Note" in text_of(opened)


async def test_save_unsave_and_more_like_this(served: Served) -> None:
    entry, _ = await served.add("RLAIF vs RLHF", "Another one", tags=("rlaif",))
    found = await asked(served.guest, served.acme.papers, "paper", text="vs")
    details = await (await served.guest.click(found, "Details")).shown()
    await served.guest.click(details, "Save")
    await served.server.until(lambda: "Saved" in buttons_of(details))
    person = served.person(served.acme.guest)
    assert await served.storage.engagement.saved([entry.id], person) == {entry.id}
    await served.guest.click(details, "Saved")
    await served.server.until(lambda: "Save" in buttons_of(details))
    assert not await served.storage.engagement.saved([entry.id], person)
    like = await (await served.guest.click(details, "More like this")).shown()
    assert "Another one" in text_of(like)


def numbers_in(found: Message) -> set[int]:
    """Which of the numbered papers an answer shows."""
    return {number for number in range(30) if f"Paper {number:02}" in text_of(found)}


async def turned(served: Served, found: Message) -> None:
    """Turn to the next page."""
    before = text_of(found)
    await served.guest.click(found, "Next")
    await served.server.until(lambda: text_of(found) != before)


async def test_buttons_go_on_working_after_a_restart(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    async with serving(discord, acme, storage) as served:
        await served.add("RLAIF vs RLHF", tags=("rlaif",))
        listed = await asked(served.guest, acme.papers, "paper", tag="rlaif")
        nearly = await asked(served.guest, acme.papers, "paper", tag="rlaiff")
    async with serving(discord, acme, storage) as served:
        assert "RLAIF vs RLHF" in text_of(await (await served.guest.click(listed, "Details")).shown())
        assert "RLAIF vs RLHF" in text_of(await (await served.guest.click(nearly, "/paper tag:rlaif")).shown())


async def test_a_question_too_long_for_a_button_is_kept(served: Served) -> None:
    for number in range(12):
        await served.add(f"Paper {number:02}", tags=("rlaif",))
    not_words = " ".join(f"-unwanted{number}" for number in range(12))
    found = await asked(served.guest, served.acme.papers, "paper", query=f"tag:rlaif {not_words}")
    seen = numbers_in(found)
    while "Next" in buttons_of(found):
        (turn,) = ids_of(found, "Next")
        assert turn.startswith("page:~")
        await turned(served, found)
        seen |= numbers_in(found)
    assert seen == set(range(12))


async def test_a_wrong_command_says_what_to_do(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    wrong = await asked(served.guest, served.acme.papers, "paper", tag="rlaiff")
    assert "/paper tag:rlaif" in buttons_of(wrong)
    again = await (await served.guest.click(wrong, "/paper tag:rlaif")).shown()
    assert "A paper" in text_of(again)


async def test_what_is_not_for_a_person_is_refused_on_the_server_side(served: Served) -> None:
    (entry,) = await served.add("A paper")
    said = await asked(served.guest, served.acme.papers, "paper-remove", entry=entry.id)
    assert "maintainer" in text_of(said).lower()
    said = await asked(served.maintainer, served.acme.papers, "digest list")
    assert "Removed" not in text_of(said)
    assert await served.storage.archive.get(entry.id) is not None


async def test_removing_asks_once_more_and_can_be_undone(served: Served) -> None:
    (entry,) = await served.add("A paper")
    question = await asked(served.maintainer, served.acme.papers, "paper-remove", entry=entry.id)
    (sure,) = [one for one in buttons_of(question) if one]
    await served.maintainer.click(question, sure)
    await served.server.until(lambda: any("paper-undo" in one for one in buttons_of(question)))
    assert served.changed == [entry.id]
    undone = await served.maintainer.click(question, next(one for one in buttons_of(question) if "undo" in one))
    await undone.shown()
    assert served.changed == [entry.id, entry.id]


async def test_the_digest_commands_of_an_operator(served: Served) -> None:
    await served.add("A paper")
    await served.subscribe()
    for name in ("digest list", "digest preview", "digest why", "digest recap", "digest show", "digest send"):
        message = await asked(served.owner, served.acme.papers, name)
        assert text_of(message), name
    listed = await asked(served.owner, served.acme.papers, "digest list")
    assert "No. 1" in text_of(listed)
    paused = await (await served.owner.click(listed, "Pause")).shown()
    assert text_of(paused)
    assert all(one.paused for one in await served.storage.subscriptions.of_channel(served.papers))


async def test_in_a_thread_the_channel_is_meant(served: Served) -> None:
    await served.add("A paper")
    await served.subscribe()
    posts = await served.deliver()
    thread = await served.owner.start_thread(served.message_of(posts[-1]), "Talk")
    assert "No. 1" in text_of(await asked(served.owner, thread, "digest list"))


async def test_links_lead_to_posts_that_the_person_can_see(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    await served.subscribe()
    (_, post) = await served.deliver()
    link = f"https://discord.com/channels/{served.acme.guild.id}/{served.acme.papers.id}/{post.message_id}"
    assert link in text_of(await asked(served.guest, served.acme.lounge, "paper", tag="rlaif"))


async def test_no_link_leads_into_a_channel_that_not_everybody_sees(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    await served.subscribe(channel=served.channel(served.acme.secret))
    await served.deliver()
    assert "discord.com/channels" not in text_of(await asked(served.guest, served.acme.lounge, "paper", tag="rlaif"))
    assert "discord.com/channels" in text_of(await asked(served.owner, served.acme.secret, "paper", tag="rlaif"))


async def test_forum_posts_are_linked_as_threads(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    await served.subscribe(Layout.FORUM)
    (post,) = [one for one in await served.deliver() if one.entry_id]
    thread = (post.message_id or "").partition("/")[0]
    shown = text_of(await asked(served.guest, served.acme.lounge, "paper", tag="rlaif"))
    assert f"https://discord.com/channels/{served.acme.guild.id}/{thread}/{thread}" in shown


async def test_somebody_who_has_added_the_app_for_themselves_asks_in_direct_messages(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    await served.guest.install()
    found = await asked(served.guest, served.guest.direct(), "paper", tag="rlaif")
    assert "A paper" in text_of(found)
    with_friend = served.guest.direct_with(served.acme.reader)
    assert "A paper" in text_of(await asked(served.guest, with_friend, "paper", tag="rlaif"))


class Stuck:
    """A storage that answers no more."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.released = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        if name in ("search", "archive", "engagement", "questions"):
            return _Waiting(getattr(self._storage, name), self.released)
        return getattr(self._storage, name)


class _Waiting:
    def __init__(self, part: Any, released: asyncio.Event) -> None:
        self._part = part
        self._released = released

    def __getattr__(self, name: str) -> Any:
        async def wait(*given: Any, **named: Any) -> Any:
            await self._released.wait()
            return await getattr(self._part, name)(*given, **named)

        return wait


async def test_answered_in_time_though_the_database_is_stuck(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    stuck: Any = Stuck(storage)
    async with serving(discord, acme, storage, stores=stuck) as served:
        await served.add("A paper", tags=("rlaif",))
        waiting = [await served.guest.command(acme.papers, "paper", tag="rlaif") for _ in range(3)]
        assert all(one.reply is not None and one.reply.is_loading for one in waiting)
        offered = await served.guest.autocomplete(acme.papers, "paper", "tag", "rl")
        assert offered == []
        form = await served.owner.command(acme.papers, "digest subscribe", query="tag:rlaif")
        assert served.owner.modal is not None or form.reply is not None
        stuck.released.set()
        for one in waiting:
            assert "A paper" in text_of(await one.shown())


async def test_after_fifteen_minutes_a_hint_comes_by_direct_message(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    stuck: Any = Stuck(storage)
    async with serving(discord, acme, storage, stores=stuck) as served:
        late = await served.reader.command(acme.papers, "paper", tag="rlaif")
        discord.clock.advance(16 * 60)
        stuck.released.set()
        direct = served.reader.direct()
        await discord.until(lambda: direct.messages)
        (hint,) = direct.messages.values()
        assert "15분" in text_of(hint)
        assert late.reply is not None


class Broken(Stuck):
    """A storage that fails."""

    def __getattr__(self, name: str) -> Any:
        if name == "search":
            raise StorageError(msg("The disk is full."))
        return getattr(self._storage, name)


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_what_goes_wrong_is_said(discord: DiscordServer, acme: Acme, storage: Storage, language: str) -> None:
    broken: Any = Broken(storage)
    async with serving(discord, acme, storage, stores=broken) as served:
        who = served.reader if language == "ko" else served.guest
        said = text_of(await asked(who, acme.papers, "paper", tag="rlaif"))
        assert ("아카이브를 쓸 수 없습니다" if language == "ko" else "archive cannot be used") in said
        assert "disk" not in said


class Faulty(Stuck):
    """A storage with a fault that nobody thought of."""

    def __getattr__(self, name: str) -> Any:
        if name == "subscriptions":
            raise KeyError(name)
        return getattr(self._storage, name)


async def test_who_asks_for_a_form_that_fails_hears_of_it_before_the_log_does(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    """To write an error down with where it came from may take seconds."""
    answered: list[bool] = []

    def look(_logger: Any, _method: str, line: EventDict) -> EventDict:
        if line["event"] == "discord.form_failed":
            answered.append(bool(discord.calls("POST", "/interactions/{interaction_id}/{interaction_token}/callback")))
        raise structlog.DropEvent

    faulty: Any = Faulty(storage)
    async with serving(discord, acme, storage, stores=faulty) as served:
        before = structlog.get_config()["processors"]
        structlog.configure(processors=[look])
        try:
            said = text_of(await (await served.owner.command(acme.papers, "digest edit")).shown())
            await discord.until(lambda: answered)
        finally:
            structlog.configure(processors=before)
    assert "Something went wrong on our side" in said
    assert answered == [True]


async def test_two_questions_at_once_each_get_their_answer(served: Served) -> None:
    await served.add("First", tags=("one",))
    await served.add("Second", tags=("two",))
    one, two = await asyncio.gather(
        asked(served.guest, served.acme.papers, "paper", tag="one"),
        asked(served.guest, served.acme.papers, "paper", tag="two"),
    )
    assert "First" in text_of(one)
    assert "Second" in text_of(two)
