"""The menu of a message: the paper that it shows is changed or saved, wherever the message stands."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator

import pytest

from bot.core.subscriptions import Layout
from bot.discord.context_menus import entry_in_buttons
from storage.opening import Storage
from tests.discord.conftest import Served
from tests.discord.forging import forged_buttons
from tests.discord.posting import LONG, continuations, posted, settled, thread_of
from tests.discord.saying import text_of
from tests.discord.writing import Writer, at_work, writer
from tests.platforms.discord import Acme, DiscordServer
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import Message
from tests.slack.filling import Waiting, WaitingStores

NONE = "shows no paper"


@pytest.fixture
async def served(discord: DiscordServer, acme: Acme, storage: Storage) -> AsyncIterator[Served]:
    async with at_work(discord, acme, storage) as served:
        yield served


@pytest.fixture
def joan(served: Served) -> Writer:
    """A maintainer who speaks English."""
    return writer(served, served.acme.guest)


async def saved(served: Served) -> list[str]:
    """The titles that the guest has saved."""
    person = served.person(served.acme.guest)
    everything = await served.storage.archive.export(after=None)
    kept = await served.storage.engagement.saved([entry.id for entry in everything], person)
    return [entry.title for entry in everything if entry.id in kept]


async def edit(joan: Writer, message: Message) -> str:
    """The title of the entry that the menu opens a window for."""
    await joan.person.menu(message, "Edit paper")
    title = str(joan.typed["title"])
    joan.person.close()
    return title


async def save(joan: Writer, message: Message) -> str:
    """What the menu says when it saves."""
    return text_of(await (await joan.person.menu(message, "Save paper")).shown())


# --- messages that show a paper ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [Layout.CARDS, Layout.COMPACT, Layout.FORUM])
async def test_the_paper_of_a_post_is_changed_and_saved(served: Served, joan: Writer, layout: Layout) -> None:
    await served.add("First")
    it = await posted(served, layout, "Second")
    await joan.person.menu(it.message, "Edit paper")
    assert joan.typed["title"] == "Second"
    await joan.send(title="Second, changed")
    assert {one.title for one in await served.storage.archive.export(after=None)} == {"First", "Second, changed"}
    assert "Saved" in await save(joan, it.message)
    assert await saved(served) == ["Second, changed"]


@pytest.mark.parametrize("layout", [Layout.CARDS, Layout.FORUM])
async def test_what_continues_a_post_and_what_is_said_below_it_belong_to_it(
    served: Served, joan: Writer, layout: Layout
) -> None:
    it = await posted(served, layout, "Long", commentary_en=LONG)
    thread = thread_of(served, it.message)
    remark = await served.reader.write(thread, "Interesting!")
    for message in (*continuations(served, it.message), remark):
        assert await edit(joan, message) == "Long"


async def test_below_a_list_a_card_is_about_its_own_paper_and_a_remark_about_none(served: Served, joan: Writer) -> None:
    await served.add("First")
    it = await posted(served, Layout.COMPACT, "Second")
    head, first, second = (served.message_of(post) for post in await served.deliver())
    assert await edit(joan, first) == "First"
    assert await edit(joan, second) == "Second"
    remark = await served.reader.write(thread_of(served, it.message), "Interesting!")
    for message in (head, remark):
        assert NONE in await joan_hears(joan, message)


async def joan_hears(joan: Writer, message: Message) -> str:
    """What is said instead of a window."""
    asked = await joan.person.menu(message, "Edit paper")
    assert joan.person.modal is None
    return text_of(await asked.shown())


async def test_a_card_that_was_shared_is_known_by_its_buttons(served: Served, joan: Writer) -> None:
    (entry,) = await served.add("Shared", tags=("rlaif",))
    found = forged_buttons(served, served.acme.lounge, [f"share:{entry.id}"])
    await (await served.guest.click(found, f"share:{entry.id}")).shown()
    shared = await served.server.until(
        lambda: [one for one in served.acme.lounge.messages.values() if one is not found]
    )
    assert await edit(joan, shared[0]) == "Shared"
    await save(joan, shared[0])
    assert await saved(served) == ["Shared"]


# --- messages that show none ------------------------------------------------------------------------------------------


async def test_a_message_without_a_paper(served: Served, joan: Writer) -> None:
    await posted(served)
    head = next(iter(served.acme.papers.messages.values()))
    remark = await joan.person.write(served.acme.papers, "Hello")
    thread = await joan.person.start_thread(remark, "Talk")
    below = await joan.person.write(thread, "Below")
    for message in (head, remark, below):
        assert NONE in await joan_hears(joan, message)
        assert NONE in await save(joan, message)
    assert await saved(served) == []


async def test_the_buttons_of_other_apps_are_not_believed(served: Served, joan: Writer) -> None:
    it = await posted(served)
    forged = Message(served.server.state.new_id(), served.acme.papers.id, served.acme.robot, flags=it.message.flags)
    forged.components = copy.deepcopy(it.message.components)
    served.server.doings.post(served.acme.papers, forged)
    assert NONE in await joan_hears(joan, forged)
    assert NONE in await save(joan, forged)


async def test_a_message_about_several_papers_names_none(served: Served, joan: Writer) -> None:
    one, two = await served.add("One", "Two")
    both = forged_buttons(served, served.acme.papers, [f"save:{one.id}", f"save:{two.id}"])
    assert NONE in await save(joan, both)


async def test_private_answers_have_no_menu(served: Served, joan: Writer) -> None:
    await served.add("A paper", tags=("rlaif",))
    found = await (await joan.ask("paper", tag="rlaif")).shown()
    with pytest.raises(NotPossible):
        await joan.person.menu(found, "Save paper")


async def test_a_removed_paper_is_not_saved(served: Served, joan: Writer) -> None:
    it = await posted(served)
    asked = await (await joan.ask("paper-remove", entry=it.entry.id)).shown()
    await joan.person.click(asked, "Remove it")
    await served.server.until(lambda: served.changed)
    await settled(served)
    assert "Attention" not in await save(joan, it.message)
    assert await saved(served) == []


# --- who, and when ----------------------------------------------------------------------------------------------------


async def test_only_maintainers_change_a_paper_and_everybody_saves_one(served: Served) -> None:
    it = await posted(served)
    reader = writer(served, served.acme.reader)
    asked = await reader.person.menu(it.message, "논문 수정")
    assert "편집자만" in text_of(await asked.shown())
    assert reader.person.modal is None
    await (await reader.person.menu(it.message, "논문 저장")).shown()
    person = served.person(served.acme.reader)
    assert await served.storage.engagement.saved([it.entry.id], person) == {it.entry.id}


async def test_a_window_that_the_ledger_keeps_waiting_is_offered_with_a_button(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    ledger = Waiting(storage.ledger)
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, ledger=ledger)) as served:
        it = await posted(served)
        ledger._held.add("post_of")
        joan = writer(served, acme.guest)
        asked = await joan.person.menu(it.message, "Edit paper")
        assert asked.reply is not None
        assert asked.reply.is_loading
        ledger.let_go()
        await joan.reopen(await asked.shown(), "Open the form")
        assert joan.typed["title"] == "Attention"


def test_buttons_about_several_papers_name_none() -> None:
    assert entry_in_buttons(["save:one", "details.2:one", "run:/paper-edit two", "juggle:three"]) == "one"
    assert entry_in_buttons(['save:["one",["entry","one",null,0]]', "like:one"]) == "one"
    assert entry_in_buttons(["save:one", "like:two"]) is None
    assert entry_in_buttons(["page:x"]) is None
    assert entry_in_buttons([]) is None
