"""Where Paperboy may not read a channel, an operator decides on Slack whether an interrupted post is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from storage.opening import Storage
from tests.platforms.slack import Acme, Ephemeral, Person, SlackServer, visible_text
from tests.slack.carrying import ToldClock
from tests.slack.conftest import Served, serving


@pytest.fixture
async def held(slack: SlackServer, acme: Acme, storage: Storage) -> AsyncIterator[Served]:
    """The card of a digest was interrupted, and history may not be read."""
    clock = ToldClock(datetime.now(UTC))
    async with serving(slack, acme, storage, clock=clock) as served:
        await served.add("One", "Two", day=clock.moment.date())
        await served.subscribe(zone="UTC")
        slack.tokens[acme.token].scopes.remove("channels:history")
        slack.faults.drop_after("chat.postMessage")
        for _ in range(2):
            await served.deliver()
            clock.pass_time(hours=1)
        yield served


async def answer_to(served: Served, person: Person, text: str) -> Ephemeral:
    await person.command(served.acme.papers, "/digest", text)
    return await newest(served, person)


async def newest(served: Served, person: Person) -> Ephemeral:
    await served.settled()
    return person.ephemerals(served.acme.papers)[-1]


def texts(served: Served) -> list[str]:
    return [visible_text(message).split("\n")[0] for message in served.acme.papers.messages.values()]


async def test_the_operator_is_told_looks_and_says_that_it_is_there(held: Served) -> None:
    admin = held.server.person(held.acme.admin)
    (said,) = [visible_text(message) for message in admin.sees(admin.direct())]
    assert "channels:history" in said
    assert "/digest found" in said
    asked = await answer_to(held, admin, "why")
    assert "/digest resend" in visible_text(asked)
    (head,) = held.acme.papers.messages.values()
    link = f"https://acme.slack.com/archives/C1/p{head.ts.replace('.', '')}"
    await answer_to(held, admin, f"found <{link}>")
    await held.deliver()
    assert texts(held)[1:] == ["One", "Two"]
    assert len(await held.deliver()) == 3
    assert held.server.complaints == []


async def test_the_operator_has_it_sent_again(held: Served) -> None:
    held.acme.papers.messages.clear()  # it never arrived after all
    admin = held.server.person(held.acme.admin)
    await admin.click(await answer_to(held, admin, "resend"), "confirm")
    await held.settled()
    await held.deliver()
    assert texts(held)[1:] == ["One", "Two"]


async def test_nobody_else_decides(held: Served) -> None:
    guest = held.server.person(held.acme.guest)
    assert "resend" not in visible_text(await answer_to(held, guest, "why"))
    for text in ("found", "resend"):
        assert "Only" in visible_text(await answer_to(held, guest, text))
    await held.deliver()
    assert len(texts(held)) == 1
