"""Forms that are sent: kept once, and nothing typed is lost whatever goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from bot.core.entries import Entry
from bot.core.errors import StorageBusy, StorageError, StorageReadOnly
from bot.core.messages import msg
from storage.opening import Storage
from tests.discord.conftest import Served
from tests.discord.posting import settled
from tests.discord.saying import buttons_of, text_of
from tests.discord.writing import Writer, at_work, writer
from tests.platforms.discord import Acme, DiscordServer, faults
from tests.platforms.discord.interactions import MODAL_SUBMIT
from tests.platforms.discord.refusals import DidNotRespond
from tests.slack.filling import Waiting, WaitingStores

LONG = "새로운 방법을 제안합니다. 결과가 아주 좋습니다.\n\n"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"


@pytest.fixture
async def served(discord: DiscordServer, acme: Acme, storage: Storage) -> AsyncIterator[Served]:
    async with at_work(discord, acme, storage) as served:
        yield served


@pytest.fixture
def joan(served: Served) -> Writer:
    """A maintainer who speaks English."""
    return writer(served, served.acme.guest)


async def entries(storage: Storage) -> list[Entry]:
    return list(await storage.archive.export(after=None))


# --- once -------------------------------------------------------------------------------------------------------------


async def test_a_form_that_comes_twice_counts_once(served: Served, joan: Writer) -> None:
    await joan.open("paper-add")
    await joan.send(title="Once")
    (session,) = served.server.gateway.sessions
    frame = next(one for one in session.events if one["t"] == "INTERACTION_CREATE" and one["d"]["type"] == MODAL_SUBMIT)
    assert session.connection is not None
    session.connection.send(frame)
    await served.server.until(lambda: served.server.calls("POST", CALLBACK)[-1].code == 40060)
    await settled(served)
    assert [one.title for one in await entries(served.storage)] == ["Once"]


class Taken(Waiting):
    """An inbox from which another process takes everything."""

    def __init__(self) -> None:
        super().__init__(None)
        self.asked: list[str] = []

    async def take(self, platform: str, event_id: str, *, at: datetime) -> bool:
        """See the port."""
        self.asked.append(event_id)
        return False


async def test_a_form_that_another_process_has_taken_is_not_kept_again(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    """Two have the same shard for a moment, as when one takes over from the other: both hear of it."""
    inbox = Taken()
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, inbox=inbox)) as served:
        joan = writer(served, acme.guest)
        await joan.open("paper-add")
        sent = await joan.person.submit({"title": "Once"})
        await settled(served)
        assert inbox.asked == [f"form/{sent.id}"]
        assert await entries(storage) == []


# --- nothing is lost --------------------------------------------------------------------------------------------------


async def test_a_form_whose_state_is_forgotten_comes_back_in_words(served: Served, joan: Writer) -> None:
    (before,) = await served.add("Before", commentary=LONG * 200)
    await joan.open("paper-edit", entry=before.id)
    joan.window.custom_id = "form:~AAAAAAAAAAAAAAAAAAAAAA"
    said = text_of(await joan.send(title="After", tags="#kept"))
    assert "no longer known" in said
    assert "After" in said
    assert "kept" in said
    assert (await served.storage.archive.get([before.id]))[before.id].title == "Before"


@pytest.mark.parametrize("custom_id", ["form:", "form:{}", 'form:{"entry":"e","page":"x"}', "juggle:1", ""])
async def test_a_form_of_another_version_comes_back_in_words(served: Served, joan: Writer, custom_id: str) -> None:
    await joan.open("paper-add")
    joan.window.custom_id = custom_id
    assert "Typed" in text_of(await joan.send(title="Typed"))
    assert await entries(served.storage) == []


@pytest.mark.parametrize(
    "fault", [StorageBusy(msg("The database is busy.")), StorageReadOnly(msg("The disk is full."))]
)
async def test_a_form_that_cannot_be_kept_is_offered_again(
    discord: DiscordServer, acme: Acme, storage: Storage, fault: StorageError
) -> None:
    archive = Waiting(storage.archive)
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        joan = writer(served, acme.guest)
        await joan.open("paper-add")
        archive.faults["add"] = fault
        again = await joan.send(title="Kept", commentary="Kept too")
        assert str(fault.message) in text_of(again)
        await joan.reopen(again, "Correct it")
        assert (joan.typed["title"], joan.typed["commentary"]) == ("Kept", "Kept too")
        await joan.send()
        (added,) = await entries(storage)
        assert (added.title, added.commentary) == ("Kept", "Kept too")


@pytest.mark.parametrize("part", ["questions", "inbox"])
async def test_a_form_that_can_be_kept_nowhere_comes_back_in_words(
    discord: DiscordServer, acme: Acme, storage: Storage, part: str
) -> None:
    broken, archive = Waiting(getattr(storage, part)), Waiting(storage.archive)
    stores = WaitingStores(storage, archive=archive, **{part: broken})
    text = LONG * 300
    async with at_work(discord, acme, storage, stores=stores) as served:
        (before,) = await served.add("Before", commentary=text)
        joan = writer(served, acme.guest)
        await joan.open("paper-edit", entry=before.id)
        answer = await joan.send()
        await joan.reopen(answer, next(one for one in buttons_of(answer) if one.startswith("Commentary in Korean")))
        archive.faults["replace"] = StorageBusy(msg("The database is busy."))
        broken.faults |= {"keep": StorageReadOnly(msg("Full.")), "take": StorageReadOnly(msg("Full."))}
        typed = {name: f"{value}\n\nTyped {number}." for number, (name, value) in enumerate(joan.typed.items())}
        sent = await joan.person.submit(typed)
        await sent.shown()
        await settled(served)
        said = "".join("".join(text_of(one).split()) for one in sent.replies)
        for value in typed.values():
            assert "".join(value.split()).replace(".", "") in said.replace("\\", "").replace(".", "")
        assert (await storage.archive.get([before.id]))[before.id] == before


async def test_a_fault_of_ours_loses_nothing_that_was_typed(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    archive = Waiting(storage.archive)
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        joan = writer(served, acme.guest)
        await joan.open("paper-add")
        archive.faults["add"] = RuntimeError("a bug")
        with capture_logs() as logs:
            said = text_of(await joan.send(title="Kept", commentary="Kept too"))
        assert [log["event"] for log in logs if log["log_level"] == "error"] == ["discord.form_failed"]
        assert "Kept too" in said
        assert "Kept\n" in said


async def test_a_subscription_that_can_be_kept_nowhere_comes_back_in_words(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    questions, subscriptions = Waiting(storage.questions), Waiting(storage.subscriptions)
    stores = WaitingStores(storage, questions=questions, subscriptions=subscriptions)
    async with at_work(discord, acme, storage, stores=stores) as served:
        olga = writer(served, acme.owner)
        await olga.open("digest subscribe")
        subscriptions.faults["add"] = StorageReadOnly(msg("Full."))
        questions.faults["keep"] = StorageReadOnly(msg("Full."))
        said = text_of(await olga.send(query="weak", at="07:45", weekdays=["1", "3"]))
        assert "07:45" in said
        assert "weak" in said
        assert await storage.subscriptions.of_channel(served.papers) == []


# --- acknowledged -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [faults.LOST_AFTER, faults.ERROR_AFTER, faults.LOST_BEFORE, faults.ERROR_BEFORE])
async def test_an_acknowledgement_that_is_lost_on_the_way_loses_no_form(
    served: Served, joan: Writer, kind: str
) -> None:
    await joan.open("paper-add")
    served.server.faults.add(kind, "POST", CALLBACK)
    assert "is added" in text_of(await joan.send(title="Kept"))
    assert len(await entries(served.storage)) == 1


async def test_a_form_that_cannot_be_acknowledged_stays_before_the_person(served: Served, joan: Writer) -> None:
    """Discord leaves the window open, with all that was typed: nothing is kept, so sending it again counts once."""
    await joan.open("paper-add")
    served.server.faults.add(faults.ERROR_BEFORE, "POST", CALLBACK, times=2)
    served.server.interactions.patience = 0.3
    with pytest.raises(DidNotRespond):
        await joan.person.submit({"title": "Kept"})
    served.server.interactions.patience = 3
    assert joan.typed["title"] == "Kept"
    assert await entries(served.storage) == []
    await joan.send()
    assert len(await entries(served.storage)) == 1


async def test_an_answer_that_comes_after_fifteen_minutes_is_told_of_in_private(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    archive = Waiting(storage.archive, "add")
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        joan = writer(served, acme.guest)
        await joan.open("paper-add")
        await joan.person.submit({"title": "Late"})
        await archive.reached.wait()
        discord.clock.advance(16 * 60)
        archive.let_go()
        direct = joan.person.direct()
        await discord.until(lambda: direct.messages)
        assert [one.title for one in await entries(storage)] == ["Late"]
