"""Where Paperboy may not read a channel, an operator decides on Discord whether an interrupted post is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from storage.opening import Storage
from tests.discord.carrying import MESSAGES
from tests.discord.clocks import ClockOf
from tests.discord.conftest import Served, serving
from tests.discord.saying import buttons_of, text_of
from tests.platforms.discord import Acme, DiscordServer, permissions
from tests.platforms.discord import Person as Somebody
from tests.platforms.discord.faults import LOST_AFTER
from tests.platforms.discord.world import Message


@pytest.fixture
async def held(discord: DiscordServer, acme: Acme, storage: Storage) -> AsyncIterator[Served]:
    """The head of a digest was interrupted, and history may not be read."""
    async with serving(discord, acme, storage, clock=ClockOf(discord)) as served:
        await served.add("One", "Two")
        await served.subscribe()
        await served.owner.allow(acme.papers, discord.state.application.bot, deny=permissions.READ_MESSAGE_HISTORY)
        discord.faults.add(LOST_AFTER, "POST", MESSAGES)
        for _ in range(2):
            await served.deliver()
            discord.clock.advance(3600)
        yield served


async def answer_to(served: Served, person: Somebody, name: str, **options: Any) -> Message:
    answered = await person.command(served.acme.papers, name, **options)
    return await answered.shown()


def titles(served: Served) -> list[str]:
    """The entries that stand in the channel."""
    shown = [text_of(message) for message in served.acme.papers.messages.values()]
    return [title for text in shown for title in ("One", "Two") if title in text]


async def test_the_operator_is_told_looks_and_says_that_it_is_there(held: Served) -> None:
    (said,) = [text_of(message) for message in held.owner.direct().messages.values()]
    assert "/digest found" in said
    assert "/digest resend" in text_of(await answer_to(held, held.owner, "digest why"))
    (head,) = held.acme.papers.messages.values()
    link = f"https://discord.com/channels/{held.acme.guild.id}/{held.acme.papers.id}/{head.id}"
    await answer_to(held, held.owner, "digest found", link=link)
    await held.deliver()
    assert titles(held) == ["One", "Two"]
    assert len(held.acme.papers.messages) == len(await held.deliver()) == 3


async def test_the_operator_has_it_sent_again(held: Served) -> None:
    held.acme.papers.messages.clear()  # it never arrived after all
    question = await answer_to(held, held.owner, "digest resend")
    asked = text_of(question)
    await held.owner.click(question, buttons_of(question)[0])
    await held.server.until(lambda: text_of(question) != asked)
    await held.deliver()
    assert titles(held) == ["One", "Two"]
    assert len(held.acme.papers.messages) == 3


async def test_nobody_else_decides(held: Served) -> None:
    for name in ("digest found", "digest resend", "digest why"):
        assert "Only" in text_of(await answer_to(held, held.guest, name))
    await held.deliver()
    assert len(held.acme.papers.messages) == 1
