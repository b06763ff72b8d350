"""Answers in time, and what is said where they come too late: whatever the database does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.errors import StorageBusy
from bot.core.messages import msg
from bot.discord.actions import kept_state
from storage.opening import Storage
from tests.discord.conftest import Served, serving
from tests.discord.forging import forged_buttons, forged_window
from tests.discord.posting import posted, settled
from tests.discord.saying import buttons_of, pressable, text_of
from tests.platforms.discord import Acme, DiscordServer, Person, faults
from tests.platforms.discord.interactions import Interaction
from tests.platforms.discord.world import Message
from tests.slack.filling import Waiting, WaitingStores

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"


class Stuck:
    """A database that does not answer, whatever it is asked, until it is freed."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return self

    async def __call__(self, *_: object, **__: object) -> Any:
        """Wait, and find that it was in vain."""
        await self.free.wait()
        raise StorageBusy(msg("The database is busy."))


@pytest.fixture
async def stuck(discord: DiscordServer, acme: Acme, storage: Storage) -> AsyncIterator[Served]:
    """Paperboy before such a database; the owner is a maintainer too."""
    acme.guild.members[acme.owner.id].roles = [acme.curators.id]
    stores: Any = Stuck()
    async with serving(discord, acme, storage, stores=stores) as served:
        yield served
        stores.free.set()


# --- within three seconds ---------------------------------------------------------------------------------------------


def lines(commands: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """Each command as it is typed, the options that it needs, and those that complete themselves."""
    for command in commands:
        inner = [one for one in command.get("options") or () if one["type"] == 1]
        for one in inner or [command]:
            name = f"{command['name']} {one['name']}" if inner else command["name"]
            options = one.get("options") or ()
            needed = {option["name"]: "tag:x" for option in options if option.get("required")}
            yield name, needed, [option["name"] for option in options if option.get("autocomplete")]


async def test_every_command_is_acknowledged_though_the_database_is_stuck(stuck: Served) -> None:
    """The driver raises where Discord would say that the application did not respond."""
    commands = list(lines(stuck.owner.commands(stuck.acme.papers)))
    assert len(commands) > 15
    asked = await asyncio.gather(
        *(stuck.owner.command(stuck.acme.papers, name, **needed) for name, needed, _ in commands)
    )
    answered = {name: one for (name, *_), one in zip(commands, asked, strict=True)}
    opened = {name for name, one in answered.items() if one.callback == 9}
    assert opened == {"paper-add", "digest subscribe"}, "what needs nothing of the database"
    assert all(is_thinking(one) for name, one in answered.items() if name not in opened)


def is_thinking(asked: Interaction) -> bool:
    """Whether it says, to that person alone, that an answer is on its way."""
    return asked.reply is not None and asked.reply.is_loading and asked.reply.only_for == asked.user_id


async def test_every_option_that_completes_itself_offers_nothing_rather_than_nothing_in_time(stuck: Served) -> None:
    typed = [
        (name, option) for name, _, options in lines(stuck.owner.commands(stuck.acme.papers)) for option in options
    ]
    assert len(typed) > 10
    offered = await asyncio.gather(
        *(stuck.owner.autocomplete(stuck.acme.papers, name, option, "x") for name, option in typed)
    )
    assert offered == [[]] * len(typed)


BUTTONS = [
    *("abstract:e1", "save:e1", "unsave:e1", "like:e1", "details:e1", "share:e1"),
    *('page:["lookup","tag:x",null,1]', "run:/paper tag:x", "run:/digest list", "run:/paper-edit e1", "run:nonsense"),
    *("confirm:remove e1", "confirm:end 1", "confirm:forget", 'form:{"entry":"e1","page":"main"}'),
    *('form:{"subscription":1,"page":"more"}', "juggle:1"),
    *(f"{kind}:{kept_state('A' * 22)}" for kind in ("page", "run", "confirm", "form", "save")),
]


@pytest.mark.parametrize("is_private", [False, True])
async def test_every_button_is_acknowledged_though_the_database_is_stuck(stuck: Served, is_private: bool) -> None:
    only_for = stuck.acme.owner if is_private else None
    for some in (BUTTONS[:20], BUTTONS[20:]):
        message = forged_buttons(stuck, stuck.acme.papers, some, only_for=only_for)
        pressed = await asyncio.gather(*(stuck.owner.click(message, one) for one in some))
        assert all(one.callback is not None for one in pressed)


async def test_every_form_is_acknowledged_though_the_database_is_stuck(stuck: Served) -> None:
    for custom_id in ('form:{"entry":"","page":"main","form":{}}', 'form:{"subscription":0,"page":"main","form":{}}'):
        forged_window(stuck, stuck.acme.owner, stuck.acme.papers, custom_id, {"title": "Kept"})
        assert is_thinking(await stuck.owner.submit())


# --- too late ---------------------------------------------------------------------------------------------------------


def told(who: Person) -> list[Message]:
    """What somebody was told in direct messages."""
    return list(who.direct().messages.values())


async def test_an_answer_after_fifteen_minutes_is_hinted_at_in_private(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    search = Waiting(storage.search, "page", "find", "latest", "count")
    archive = Waiting(storage.archive, "get", "find")
    stores = WaitingStores(storage, search=search, archive=archive)
    async with serving(discord, acme, storage, stores=stores) as served:
        (entry,) = await served.add("A paper", tags=("rlaif",), abstract="The abstract.")
        message = forged_buttons(served, acme.papers, [f"abstract:{entry.id}"])
        await served.guest.command(acme.papers, "paper", tag="rlaif")
        await served.reader.click(message, f"abstract:{entry.id}")
        discord.clock.advance(16 * 60)
        search.let_go()
        archive.let_go()
        for who, words in ((served.guest, "fifteen minutes"), (served.reader, "15분")):
            (hint,) = await discord.until(partial(told, who))
            assert words in text_of(hint)


async def test_a_page_that_turns_after_fifteen_minutes_is_a_new_question(served: Served) -> None:
    """Buttons go on working: each press has fifteen minutes of its own."""
    for number in range(12):
        await served.add(f"Paper {number:02}", tags=("rlaif",))
    found = await (await served.guest.command(served.acme.papers, "paper", tag="rlaif")).shown()
    before = text_of(found)
    served.server.clock.advance(3600)
    await served.guest.click(found, "Next")
    await served.server.until(lambda: text_of(found) != before)
    assert not served.guest.direct().messages


async def test_a_share_that_comes_too_late_is_hinted_at(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    archive = Waiting(storage.archive, "get", "find")
    async with serving(discord, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        (entry,) = await served.add("A paper")
        message = forged_buttons(served, acme.papers, [f"share:{entry.id}"])
        await served.guest.click(message, f"share:{entry.id}")
        await asyncio.wait_for(archive.reached.wait(), 5)
        discord.clock.advance(16 * 60)
        archive.let_go()
        await discord.until(lambda: served.guest.direct().messages)


async def test_who_takes_no_direct_messages_is_let_be(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    search = Waiting(storage.search, "page", "find", "latest", "count")
    async with serving(discord, acme, storage, stores=WaitingStores(storage, search=search)) as served:
        await served.add("A paper", tags=("rlaif",))
        discord.closed_to.add(acme.guest.id)
        await served.guest.command(acme.papers, "paper", tag="rlaif")
        discord.clock.advance(16 * 60)
        with capture_logs() as logs:
            search.let_go()
            await discord.until(lambda: [one for one in logs if one["event"] == "discord.not_told"])
        assert [one["event"] for one in logs] == ["discord.reply_failed", "discord.not_told"]


# --- lost on the way --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [faults.LOST_BEFORE, faults.LOST_AFTER, faults.ERROR_BEFORE, faults.ERROR_AFTER])
async def test_an_acknowledgement_that_is_lost_is_made_once_more(served: Served, kind: str) -> None:
    await served.add("A paper", tags=("rlaif",))
    served.server.faults.add(kind, "POST", CALLBACK)
    found = await (await served.guest.command(served.acme.papers, "paper", tag="rlaif")).shown()
    assert "A paper" in text_of(found)
    assert len(served.server.calls("POST", CALLBACK)) == 2


@pytest.mark.parametrize("kind", [faults.LOST_AFTER, faults.ERROR_AFTER])
async def test_a_window_that_opens_is_not_said_to_be_none(served: Served, kind: str) -> None:
    served.server.faults.add(kind, "POST", CALLBACK)
    acme = served.acme
    await served.server.person(acme.maintainer).command(acme.papers, "paper-add")
    assert served.maintainer.modal is not None
    await settled(served)
    assert served.maintainer.private == []


async def test_a_window_that_discord_refuses_is_said_to_be_none(served: Served) -> None:
    served.server.faults.add(faults.ERROR_BEFORE, "POST", CALLBACK, status=400)
    asked = await served.maintainer.command(served.acme.papers, "paper-add")
    assert text_of(await asked.shown())


async def test_an_answer_that_does_not_get_through_is_said_again(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    served.server.faults.add(faults.ERROR_BEFORE, "PATCH", ORIGINAL, status=503)
    served.server.faults.add(faults.LOST_AFTER, "PATCH", ORIGINAL)
    asked = await served.guest.command(served.acme.papers, "paper", tag="rlaif")
    await served.server.until(lambda: len(served.server.calls("PATCH", ORIGINAL)) == 3)
    assert asked.reply is not None
    assert "A paper" in text_of(await asked.shown())


async def test_an_answer_that_is_lost_is_no_storm(served: Served) -> None:
    """What stands in place of "thinking" is said again a few times, and then no more."""
    await served.add("A paper", tags=("rlaif",))
    served.server.faults.add(faults.ERROR_BEFORE, "PATCH", ORIGINAL, status=503, times=99)
    with capture_logs() as logs:
        asked = await served.guest.command(served.acme.papers, "paper", tag="rlaif")
        await served.server.until(lambda: [one for one in logs if one["event"] == "discord.reply_failed"])
    assert len(served.server.calls("PATCH", ORIGINAL)) == 4
    assert asked.reply is not None
    assert asked.reply.is_loading


# --- what it says -----------------------------------------------------------------------------------------------------


async def test_what_is_said_about_a_post_stands_beside_it(served: Served) -> None:
    it = await posted(served, abstract="The abstract.")
    before = text_of(it.message)
    await (await served.guest.click(it.message, "Abstract")).shown()
    saved = await (await served.guest.click(it.message, "Save")).shown()
    assert text_of(it.message) == before
    assert len(served.guest.private) == 2
    assert saved.only_for == served.acme.guest.id


async def test_buttons_whose_question_cannot_be_kept_are_greyed_out(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    questions = Waiting(storage.questions)
    async with serving(discord, acme, storage, stores=WaitingStores(storage, questions=questions)) as served:
        for number in range(12):
            await served.add(f"Paper {number:02}", tags=("rlaif",))
        questions.faults["keep"] = StorageBusy(msg("busy"))
        not_words = " ".join(f"-unwanted{number}" for number in range(12))
        found = await (await served.guest.command(acme.papers, "paper", query=f"tag:rlaif {not_words}")).shown()
        assert "Paper" in text_of(found)
        assert "Next" in buttons_of(found)
        assert [one["disabled"] for one in pressable(found) if one["label"] == "Next"] == [True]


async def test_two_buttons_of_a_message_never_carry_the_same_id(served: Served) -> None:
    """Discord refuses a message in which they do; the same question may well be asked by two."""
    await served.add("A paper", "Another", tags=("rlaif",))
    helped = await (await served.guest.command(served.acme.papers, "paper-help")).shown()
    ids = [one["custom_id"] for one in pressable(helped)]
    assert len(ids) == len(set(ids)) > 3
