"""Shortcuts on messages and from anywhere, through the real app."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.digests import EntryContent, PostKind
from bot.core.people import Language, Person, Staff
from bot.core.subscriptions import Layout
from bot.slack.rendering import messages_of
from bot.slack.shortcuts import entry_in_buttons
from storage.opening import Storage
from tests.platforms.slack import Acme, Message, SlackServer
from tests.slack.conftest import Served, Transport, serving
from tests.slack.filling import Waiting, WaitingStores, Writer, writer

BOTH = pytest.mark.parametrize("transport", ["socket", "http"])


@pytest.fixture
def joan(served: Served, acme: Acme) -> Writer:
    """A maintainer."""
    return writer(served, acme.guest)


async def posted(served: Served, *titles: str, layout: Layout = Layout.CARDS, **more: Any) -> list[Message]:
    """Entries in the channel: the head of their digest, and a message each."""
    await served.add(*titles, **more)
    await served.subscribe(layout)
    return [served.message_of(post) for post in await served.deliver() if post.kind is not PostKind.NOTE]


async def saved(served: Served, acme: Acme) -> list[str]:
    """The titles that the guest has saved."""
    await served.settled()
    person = Person("slack", acme.workspace.id, acme.guest.id)
    everything = await served.storage.archive.export(after=None)
    kept = await served.storage.engagement.saved([entry.id for entry in everything], person)
    return [entry.title for entry in everything if entry.id in kept]


@BOTH
async def test_the_paper_of_a_post_is_changed(served: Served, acme: Acme, joan: Writer) -> None:
    _, first, second = await posted(served, "First", "Second")
    await joan.person.message_shortcut("edit_entry", acme.papers, second)
    await joan.form()
    assert joan.typed.text("title") == "Second"
    assert first.ts != second.ts
    await joan.person.submit({"title": "Second, changed"})
    assert "is changed here and wherever it was posted" in joan.shown or "goes out" in joan.shown
    titles = {entry.title for entry in await served.storage.archive.export(after=None)}
    assert titles == {"First", "Second, changed"}


@BOTH
async def test_the_paper_of_a_post_is_saved(served: Served, acme: Acme, joan: Writer) -> None:
    _, first, _ = await posted(served, "First", "Second")
    await joan.person.message_shortcut("save_entry", acme.papers, first)
    assert "/paper is:saved" in await joan.told()
    assert await saved(served, acme) == ["First"]


async def test_what_continues_a_post_and_what_is_said_below_it_belong_to_it(
    served: Served, acme: Acme, joan: Writer
) -> None:
    _, post = await posted(served, "Long", commentary_en="A paragraph. " * 90 + ("\n\n" + "More of it. " * 100) * 12)
    reader = served.server.person(acme.reader)
    remark = await reader.say(acme.papers, "Interesting!", thread=post)
    continuation, *_ = [one for one in acme.papers.replies(post.ts) if one is not remark]
    for message in (continuation, remark):
        await joan.person.message_shortcut("edit_entry", acme.papers, message)
        await joan.form()
        assert joan.typed.text("title") == "Long"
        await joan.person.close()


async def test_a_card_inside_a_compact_digest(served: Served, acme: Acme, joan: Writer) -> None:
    head, first, second = await posted(served, "First", "Second", layout=Layout.COMPACT)
    assert second.thread_ts == head.ts
    await joan.person.message_shortcut("save_entry", acme.papers, second)
    await joan.told()
    assert await saved(served, acme) == ["Second"]
    assert first.ts != second.ts


async def test_a_message_without_a_paper(served: Served, acme: Acme, joan: Writer) -> None:
    head, *_ = await posted(served, "First", "Second")
    remark = await joan.person.say(acme.papers, "Hello")
    for message in (head, remark):
        await joan.person.message_shortcut("edit_entry", acme.papers, message)
        assert "shows no paper" in await joan.words()
        await joan.person.close()
    await joan.person.message_shortcut("save_entry", acme.papers, remark)
    assert "shows no paper" in await joan.told()
    assert await saved(served, acme) == []


async def test_a_card_that_was_shared_is_known_by_its_buttons(
    served: Served, slack: SlackServer, acme: Acme, joan: Writer
) -> None:
    (entry,) = await served.add("Shared")
    (card,) = messages_of(EntryContent(entry), Language.ENGLISH)
    client = AsyncWebClient(token=acme.token, base_url=slack.api_url)
    answer = await client.chat_postMessage(channel=acme.papers.id, text=card.text, blocks=list(card.blocks))
    message = acme.papers.messages[answer["ts"]]
    await joan.person.message_shortcut("save_entry", acme.papers, message)
    await joan.told()
    assert await saved(served, acme) == ["Shared"]


async def test_the_buttons_of_other_apps_are_not_believed(
    served: Served, slack: SlackServer, acme: Acme, joan: Writer
) -> None:
    (entry,) = await served.add("Aimed at")
    (card,) = messages_of(EntryContent(entry), Language.ENGLISH)
    blocks = [{**block, "block_id": f"b{n}"} for n, block in enumerate(copy.deepcopy(list(card.blocks)))]
    forged = Message(
        acme.papers.next_ts(slack.clock.now()), acme.other_bot.id, card.text, blocks=blocks, bot_id="B9", app_id="A9"
    )
    slack.messages.post(acme.workspace, acme.papers, forged)
    await joan.person.message_shortcut("save_entry", acme.papers, forged)
    assert "shows no paper" in await joan.told()
    assert await saved(served, acme) == []


async def test_only_maintainers_change_a_paper(served: Served, acme: Acme) -> None:
    _, post = await posted(served, "First")
    ada = writer(served, acme.admin)
    await ada.person.message_shortcut("edit_entry", acme.papers, post)
    assert "Only maintainers can do this" in await ada.words()


@BOTH
async def test_a_paper_is_added_from_anywhere(served: Served, joan: Writer) -> None:
    await joan.person.shortcut("add_paper")
    await joan.form()
    await joan.person.submit({"title": "From anywhere"})
    assert [entry.title for entry in await served.storage.archive.export(after=None)] == ["From anywhere"]


async def test_the_modal_stands_before_the_ledger_is_asked(
    slack: SlackServer, acme: Acme, storage: Storage, transport: Transport
) -> None:
    ledger = Waiting(storage.ledger, "post_of")
    stores = WaitingStores(storage, ledger=ledger)
    staff = Staff(maintainers=frozenset({acme.guest.id}))
    async with serving(slack, acme, storage, transport=transport, stores=stores, staff=staff) as served:
        _, post = await posted(served, "First")
        joan = writer(served, acme.guest)
        await joan.person.message_shortcut("edit_entry", acme.papers, post)
        await asyncio.wait_for(ledger.reached.wait(), 5)
        await joan.waits()
        ledger.let_go()
        await joan.form()
        assert joan.typed.text("title") == "First"


def test_buttons_about_several_papers_name_none() -> None:
    def message(*values: tuple[str, str]) -> dict[str, object]:
        elements = [{"type": "button", "action_id": action, "value": value} for action, value in values]
        return {"blocks": [{"type": "actions", "elements": elements}, {"type": "divider"}]}

    assert entry_in_buttons(message(("save", "one"), ("details:1", "one"), ("run:0", "/paper-edit two"))) == "one"
    assert entry_in_buttons(message(("save", "one"), ("like", "two"))) is None
    assert entry_in_buttons(message(("page:0", "x"))) is None
    assert entry_in_buttons({}) is None
