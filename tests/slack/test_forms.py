"""Forms from the command that opens them to what becomes of them, through the real app, over sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.entries import Action, Entry, Status
from bot.core.errors import StorageBusy
from bot.core.messages import msg
from bot.core.people import Language, Staff
from bot.slack import forms
from bot.slack.interaction import Interaction
from storage.opening import Storage
from tests.platforms.slack import Acme, SlackServer
from tests.slack.conftest import TODAY, Served, Transport, eventually, serving
from tests.slack.filling import LateSource, Waiting, WaitingStores, Writer, writer

LONG = "새로운 방법을 제안합니다. 결과가 아주 좋습니다.\n\n"


@dataclass
class ThatDay:
    """A clock at one moment of the digest's day, in New York and in Seoul."""

    def now(self) -> datetime:
        """The moment."""
        return datetime(2024, 6, 21, 13, 0, tzinfo=UTC)


@asynccontextmanager
async def at_work(
    slack: SlackServer, acme: Acme, storage: Storage, *, transport: Transport = "socket", **more: Any
) -> AsyncIterator[Served]:
    """Paperboy on the digest's day; guest and reader are maintainers."""
    staff = Staff(maintainers=frozenset({acme.guest.id, acme.reader.id}))
    async with serving(slack, acme, storage, transport=transport, staff=staff, clock=ThatDay(), **more) as served:
        yield served
    assert slack.complaints == []


@pytest.fixture
async def served(slack: SlackServer, acme: Acme, storage: Storage, transport: Transport) -> AsyncIterator[Served]:
    async with at_work(slack, acme, storage, transport=transport) as served:
        yield served


@pytest.fixture
def joan(served: Served, acme: Acme) -> Writer:
    """A maintainer who speaks English."""
    return writer(served, acme.guest)


@pytest.fixture
def sora(served: Served, acme: Acme) -> Writer:
    """A maintainer who speaks Korean."""
    return writer(served, acme.reader)


async def entries(storage: Storage) -> list[Entry]:
    return list(await storage.archive.export(after=None))


async def entry_of(storage: Storage, entry: Entry) -> Entry:
    return (await storage.archive.get([entry.id]))[entry.id]


BOTH = pytest.mark.parametrize("transport", ["socket", "http"])

# --- adding -----------------------------------------------------------------------------------------------------------


@BOTH
async def test_a_paper_is_added(served: Served, joan: Writer) -> None:
    await joan.open("/paper-add")
    answer = await joan.person.submit(
        {"title": "Weak to Strong", "commentary": "좋은 글.", "authors": "A. One, B. Two"}
    )
    assert not answer.closed
    assert "“Weak to Strong” is added" in joan.shown
    (added,) = await entries(served.storage)
    assert (added.title, added.commentary, added.authors) == ("Weak to Strong", "좋은 글.", ("A. One", "B. Two"))
    assert added.digest_date == TODAY
    assert served.changed == [added.id]


async def test_the_form_speaks_the_persons_language(sora: Writer) -> None:
    view = await sora.open("/paper-add")
    labels = [block["label"]["text"] for block in view.blocks if block["type"] == "input"]
    assert "제목" in labels
    assert sora.meta.language is Language.KOREAN


async def test_the_modal_stands_before_arxiv_is_asked(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    found = Entry(
        id="",
        title="Found",
        arxiv_id="2406.14548",
        authors=("A. One",),
        abstract="We show.",
        url="https://arxiv.org/abs/2406.14548",
    )
    source = LateSource({"2406.14548": found})
    async with at_work(slack, acme, storage, source=source) as served:
        joan = writer(served, acme.guest)
        await joan.person.command(acme.papers, "/paper-add", "https://arxiv.org/abs/2406.14548v2")
        await asyncio.wait_for(source.asked.wait(), 5)
        await joan.waits()
        source.answering.set()
        await joan.form()
        assert joan.typed.text("title") == "Found"
        assert joan.typed.text("abstract") == "We show."
        assert joan.typed.text("url") == "https://arxiv.org/abs/2406.14548"
        await joan.person.submit()
        (added,) = await entries(storage)
        assert added.arxiv_id == "2406.14548"


async def test_a_source_that_is_down_leaves_the_form_to_be_filled_in(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    source = LateSource(is_down=True)
    source.answering.set()
    async with at_work(slack, acme, storage, source=source) as served:
        joan = writer(served, acme.guest)
        await joan.open("/paper-add", "2406.14548")
        assert "arXiv could not be asked" in joan.shown
        assert joan.typed.text("url") == "https://arxiv.org/abs/2406.14548"


async def test_closing_the_modal_while_it_is_being_filled_is_all_right(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    source = LateSource()
    async with at_work(slack, acme, storage, source=source) as served:
        joan = writer(served, acme.guest)
        await joan.person.command(acme.papers, "/paper-add", "2406.14548")
        await asyncio.wait_for(source.asked.wait(), 5)
        await joan.waits()
        await joan.person.close()
        source.answering.set()
        await served.settled()
        assert slack.calls_of("views.update")
        assert joan.person.ephemerals() == []
        assert not joan.person.direct().messages


async def test_what_is_wrong_comes_back_below_its_field(served: Served, joan: Writer) -> None:
    await joan.open("/paper-add")
    await joan.put(publish="date", title="Kept")
    answer = await joan.person.submit({"url": "nonsense", "commentary": "Kept too"})
    assert set(answer.errors) == {"url", "date"}
    assert "no web address" in answer.errors["url"]
    answer = await joan.person.submit({"url": "https://example.org/paper", "date": "2024-06-24"})
    assert "goes out on 2024-06-24" in joan.shown
    (added,) = await entries(served.storage)
    assert (added.title, added.commentary, added.digest_date) == ("Kept", "Kept too", date(2024, 6, 24))


async def test_a_field_that_is_too_long_is_named_by_its_first_part(joan: Writer) -> None:
    await joan.open("/paper-add")
    for part in range(2, 9):
        await joan.more_room("commentary", part)
    texts = {joan.name("commentary", part): "가" * 3_000 for part in range(1, 9)}
    answer = await joan.person.submit({"title": "T", **texts})
    assert set(answer.errors) == {"commentary"}
    assert "20,000" in answer.errors["commentary"]


async def test_a_paper_that_is_there_already_is_named(served: Served, joan: Writer) -> None:
    await served.add("Known", arxiv_id="2406.14548")
    await joan.open("/paper-add")
    await joan.person.submit({"title": "Known again", "url": "2406.14548", "abstract": "Kept"})
    assert "The archive has this paper already: “Known”" in joan.shown
    assert joan.typed.text("abstract") == "Kept"
    await joan.put(url="https://example.org/other")
    await joan.person.submit()
    assert {one.title for one in await entries(served.storage)} == {"Known", "Known again"}


async def test_only_maintainers_add(served: Served, acme: Acme) -> None:
    ada = writer(served, acme.admin)
    await ada.person.command(acme.papers, "/paper-add", "2406.14548")
    assert "Only maintainers can do this" in await ada.words()
    assert not ada.view.payload.get("submit")


async def test_who_is_no_maintainer_any_more_cannot_save(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    async with at_work(slack, acme, storage) as served:
        joan = writer(served, acme.guest)
        await joan.open("/paper-add")
    async with serving(slack, acme, storage, clock=ThatDay()) as served:
        joan = writer(served, acme.guest)
        await joan.person.submit({"title": "Smuggled", "commentary": "Kept"})
        assert "Only maintainers can do this" in joan.shown
        assert joan.typed.text("commentary") == "Kept"
    assert await entries(storage) == []


@pytest.mark.parametrize("too_late", [True, False])
async def test_a_trigger_that_is_no_good_any_more_is_said(served: Served, acme: Acme, too_late: bool) -> None:
    joan = writer(served, acme.guest)
    trigger = served.server.interactions.trigger(acme.app, acme.workspace, acme.guest.id)
    if too_late:
        served.server.clock.advance(4)
    else:
        served.server.interactions.exchange(acme.app, trigger)
    asked = Interaction(team_id="T1", user_id=acme.guest.id, channel_id=acme.papers.id, trigger_id=trigger)
    await forms.open_add(served.parts, asked, None)
    assert "3 seconds" in await joan.told()
    assert joan.person.view is None


async def test_a_form_outlives_a_restart(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    async with at_work(slack, acme, storage) as served:
        (before,) = await served.add("Before")
        joan = writer(served, acme.guest)
        await joan.open("/paper-edit", before.id)
    async with at_work(slack, acme, storage) as served:
        joan = writer(served, acme.guest)
        await joan.more_room("commentary", 2)
        await joan.put(commentary="One.", commentary__2="Two.")
        await joan.person.submit()
        assert (await entry_of(storage, before)).commentary == "One.\n\nTwo."


# --- changing ---------------------------------------------------------------------------------------------------------


@BOTH
async def test_a_long_entry_that_nobody_touched_stays_as_it_is(served: Served, joan: Writer) -> None:
    (before,) = await served.add(
        "Long",
        commentary=(LONG * 600)[:14_000],
        commentary_en="One.\r\n\r\nTwo, & <three>. " * 300,
        abstract="We show that. " * 400,
        authors=tuple(f"Author Number {n}" for n in range(180)),
        tags=("weak to strong", "x" * 200, "llm"),
        url="https://arxiv.org/abs/2406.14548",
        arxiv_id="2406.14548",
    )
    await joan.open("/paper-edit", before.id)
    assert joan.name("commentary", 6) in joan.view.values
    await joan.person.submit()
    assert await entry_of(served.storage, before) == before
    assert len(await served.storage.archive.revisions(before.id)) == 1


async def test_one_part_of_a_long_text_is_changed(served: Served, joan: Writer) -> None:
    text = (LONG * 600).strip()[:14_000].strip()
    (before,) = await served.add("Long", commentary=text)
    await joan.open("/paper-edit", before.id)
    second = joan.typed.spread("commentary").parts[1]
    await joan.put(commentary__2=second + " 그리고 더.")
    await joan.person.submit()
    after = (await entry_of(served.storage, before)).commentary
    assert after is not None
    assert after.replace(" 그리고 더.", "") == text
    assert after.count("그리고 더.") == 1


async def test_two_people_change_one_entry(served: Served, joan: Writer, sora: Writer) -> None:
    (before,) = await served.add("Shared", commentary="하나", abstract="Old", tags=("llm",))
    await joan.open("/paper-edit", before.id)
    await sora.open("/paper-edit", before.id)
    await sora.put(commentary="소라", abstract="Sora's abstract")
    await sora.person.submit()
    await joan.put(commentary="Joan", title="Joan's title")
    await joan.person.submit()
    assert "Somebody else has changed this meanwhile" in joan.shown
    assert "Somebody else wrote:\n소라" in joan.shown
    assert joan.typed.text("commentary") == "Joan"
    assert joan.typed.text("abstract") == "Sora's abstract"  # only hers, so it is in the form
    await joan.person.submit()
    after = await entry_of(served.storage, before)
    assert (after.title, after.commentary, after.abstract) == ("Joan's title", "Joan", "Sora's abstract")
    assert after.tags == ("llm",)
    assert after.revision == 3


async def test_what_nobody_touched_is_no_conflict(served: Served, joan: Writer, sora: Writer) -> None:
    (before,) = await served.add("Shared", commentary_en="One.\r\nTwo.", tags=("x" * 200, "llm"))
    await joan.open("/paper-edit", before.id)
    await sora.open("/paper-edit", before.id)
    await sora.put(tags=["llm"], commentary_en="Sora")
    await sora.person.submit()
    await joan.person.submit({"title": "Joan"})
    assert "Their changes are in the form now" in joan.shown
    assert joan.meta.theirs == ()
    await joan.person.submit()
    after = await entry_of(served.storage, before)
    assert (after.title, after.commentary_en, after.tags) == ("Joan", "Sora", ("llm",))


async def test_what_somebody_else_wrote_can_be_taken(served: Served, joan: Writer, sora: Writer) -> None:
    (before,) = await served.add("Shared", commentary="하나", commentary_en="One")
    await joan.open("/paper-edit", before.id)
    await sora.open("/paper-edit", before.id)
    theirs = (LONG * 300).strip()
    await sora.person.submit({"commentary": theirs[:3_000], "commentary_en": "Sora"})
    await joan.person.submit({"commentary": "Joan", "commentary_en": "Joan"})
    await joan.form(shown=1)
    await joan.put(title="Typed since")
    await joan.person.click(joan.view, "form_take:commentary")
    await served.server.until(lambda: "commentary" not in joan.meta.theirs)
    assert joan.typed.text("commentary") == theirs[:3_000].strip()
    assert joan.typed.text("title") == "Typed since"
    assert "Somebody else wrote:\nSora" in joan.shown
    await joan.person.submit()
    after = await entry_of(served.storage, before)
    assert (after.title, after.commentary, after.commentary_en) == ("Typed since", theirs[:3_000].strip(), "Joan")


async def test_more_room_leaves_alone_what_was_typed(served: Served, joan: Writer) -> None:
    (before,) = await served.add("Roomy", commentary="하나", tags=("llm",))
    await joan.open("/paper-edit", before.id)
    await joan.put(commentary="둘", title="Typed", publish="draft")
    await joan.more_room("commentary", 2)
    assert joan.typed.text("title") == "Typed"
    await joan.person.submit({joan.name("commentary", 2): "셋"})
    after = await entry_of(served.storage, before)
    assert (after.title, after.commentary, after.status) == ("Typed", "둘\n\n셋", Status.DRAFT)
    assert after.tags == ("llm",)


@pytest.mark.parametrize("reference", ["2406.99999", "nothing"])
async def test_an_entry_that_is_not_there(acme: Acme, joan: Writer, reference: str) -> None:
    await joan.person.command(acme.papers, "/paper-edit", reference)
    said = await joan.words()
    assert reference in said


# --- tags -------------------------------------------------------------------------------------------------------------


async def test_tags_are_found_while_they_are_typed(served: Served, joan: Writer) -> None:
    await served.add("A", tags=("RLAIF", "rlhf"))
    (before,) = await served.add("B", tags=("rlaif", "vision"))
    await joan.open("/paper-edit", before.id)
    shown = await joan.person.suggest(joan.view, "form_tags", "#RL")
    assert [one["value"] for one in shown] == ["rlhf", "RL"]  # rlaif is chosen already
    assert shown[0]["description"]["text"] == "1 entry"
    assert shown[1]["text"]["text"] == "Add #RL"
    await joan.put(tags=["vision", "rlhf", "RL"])
    await joan.person.submit()
    assert (await entry_of(served.storage, before)).tags == ("vision", "rlhf", "RL")


async def test_options_that_are_not_known_in_time_are_not_offered(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    archive = Waiting(storage.archive, "tags")
    async with at_work(slack, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        joan = writer(served, acme.guest)
        await joan.open("/paper-add")
        assert await joan.person.suggest(joan.view, "form_tags", "rl") == []
        archive.let_go()
        assert len(await joan.person.suggest(joan.view, "form_tags", "rl")) == 1


async def test_a_tag_that_no_option_can_hold_is_not_lost(served: Served, joan: Writer) -> None:
    (before,) = await served.add("Tagged", tags=("x" * 200, "llm"))
    await joan.open("/paper-edit", before.id)
    chosen = joan.typed.all_chosen("tags")
    await joan.put(tags=[chosen[0]], title="Changed")
    answer = await joan.person.submit()
    assert "cannot be a tag" in answer.errors["tags"]  # as on every platform: it can stay, or go
    await joan.put(tags=["llm"])
    await joan.person.submit()
    assert (await entry_of(served.storage, before)).tags == ("llm",)


# --- slow databases, second presses, faults ---------------------------------------------------------------------------


@BOTH
async def test_a_slow_database_is_answered_in_time(
    slack: SlackServer, acme: Acme, storage: Storage, transport: Transport
) -> None:
    archive = Waiting(storage.archive, "add")
    stores = WaitingStores(storage, archive=archive)
    async with at_work(slack, acme, storage, transport=transport, stores=stores) as served:
        joan = writer(served, acme.guest)
        await joan.open("/paper-add")
        await joan.person.submit({"title": "Slow"})
        await joan.waits()
        assert await entries(storage) == []
        archive.let_go()
        assert "“Slow” is added" in await joan.words()
        assert len(await entries(storage)) == 1


async def test_who_has_closed_the_modal_meanwhile_is_told(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    archive = Waiting(storage.archive, "add")
    async with at_work(slack, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        joan = writer(served, acme.guest)
        await joan.open("/paper-add")
        await joan.person.submit({"title": "Slow"})
        await joan.person.close()
        archive.let_go()
        assert "“Slow” is added" in await joan.told()


async def test_a_form_that_is_sent_twice_at_once_is_kept_once(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    archive = Waiting(storage.archive, "add")
    async with at_work(slack, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        joan = writer(served, acme.guest)
        await joan.open("/paper-add")
        await joan.put(title="Twice")
        presses = asyncio.gather(joan.person.submit(), joan.person.submit())
        await asyncio.wait_for(archive.reached.wait(), 5)
        archive.let_go()
        assert all("is added" in str(press.ack) for press in await presses)
        assert len(await entries(storage)) == 1


async def test_a_form_that_another_process_has_taken_is_not_kept_again(served: Served, joan: Writer) -> None:
    await joan.open("/paper-add")
    taken = await served.storage.inbox.take("slack", f"form/{joan.view.id}/0", at=ThatDay().now())
    assert taken
    await joan.person.submit({"title": "Once", "commentary": "Kept"})
    assert "was sent before" in joan.shown
    assert await entries(served.storage) == []
    assert joan.typed.text("commentary") == "Kept"
    await joan.person.submit()  # they have looked, and it is not there
    assert [one.title for one in await entries(served.storage)] == ["Once"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (StorageBusy(msg("The database is busy.")), "The database is busy."),
        (RuntimeError("a bug"), "Something went wrong on our side"),
    ],
)
async def test_nothing_typed_is_lost_in_a_fault(
    slack: SlackServer, acme: Acme, storage: Storage, fault: Exception, said: str
) -> None:
    archive = Waiting(storage.archive)
    async with at_work(slack, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        joan = writer(served, acme.guest)
        await joan.open("/paper-add")
        archive.faults["add"] = fault
        with capture_logs() as logs:
            await joan.person.submit({"title": "Kept", "commentary": "Kept too", "paper_date": "2024-06-17"})
        assert [log["event"] for log in logs] == ["slack.form_failed"] * isinstance(fault, RuntimeError)
        assert said in joan.shown
        assert (joan.typed.text("title"), joan.typed.text("commentary")) == ("Kept", "Kept too")
        await joan.person.submit()
        (added,) = await entries(storage)
        assert (added.title, added.commentary, added.paper_date) == ("Kept", "Kept too", date(2024, 6, 17))


async def test_a_fault_while_the_form_opens_is_said_in_it(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    archive = Waiting(storage.archive)
    async with at_work(slack, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        (before,) = await served.add("There")
        archive.faults["find"] = RuntimeError("a bug")
        joan = writer(served, acme.guest)
        with capture_logs():
            await joan.person.command(acme.papers, "/paper-edit", before.id)
            assert "Something went wrong" in await joan.words()


async def test_undo_after_an_edit(served: Served, joan: Writer) -> None:
    (before,) = await served.add("Before")
    await joan.open("/paper-edit", before.id)
    await joan.person.submit({"title": "After"})
    assert "/paper-undo" in joan.shown
    await joan.person.close()
    await joan.person.command(served.acme.papers, "/paper-undo")
    await served.settled()
    assert (await entry_of(served.storage, before)).title == "Before"
    newest, *_ = await served.storage.archive.revisions(before.id)
    assert newest.action is Action.UNDO


# --- subscriptions ----------------------------------------------------------------------------------------------------


@BOTH
async def test_a_channel_subscribes(served: Served, acme: Acme) -> None:
    await served.add("Today's paper", tags=("rlaif",))
    ada = writer(served, acme.admin)
    await ada.open("/digest", "subscribe tag:rlaif")
    assert ada.typed.text("query") == "tag:rlaif"
    zones = await ada.person.suggest(ada.view, "form_zone", "berlin")
    assert [one["value"] for one in zones] == ["Europe/Berlin"]
    await ada.put(zone="Europe/Berlin", at="18:30", weekdays=["0", "4"], layout="compact", note_when_empty=["1"])
    await ada.person.submit()
    assert "The latest digest follows at once" in ada.shown
    (made,) = await served.storage.subscriptions.of_channel(served.papers)
    assert (made.query, made.zone, f"{made.at:%H:%M}", made.layout) == (
        "tag:rlaif",
        "Europe/Berlin",
        "18:30",
        "compact",
    )
    assert (made.weekdays, made.note_when_empty) == (frozenset({0, 4}), True)
    assert made.created_by is not None
    assert made.created_by.user_id == acme.admin.id
    await served.deliver()
    assert any("Today's paper" in str(message.blocks) for message in acme.papers.messages.values())


async def test_a_wrong_query_comes_back_with_what_was_probably_meant(served: Served, acme: Acme) -> None:
    await served.add("A paper", tags=("rlaif",))
    ada = writer(served, acme.admin)
    await ada.open("/digest", "subscribe")
    answer = await ada.person.submit({"query": "date:2024-06-21"})
    assert "leave out dates" in answer.errors["query"]
    await ada.person.submit({"query": "#rlfai"})
    assert "rlfai" in ada.shown
    await ada.put(at="07:00")
    await ada.person.click(ada.view, "form_query:0")
    await served.server.until(lambda: ada.typed.text("query") != "#rlfai")
    assert ada.typed.time("at") == "07:00"
    await ada.person.submit()
    (made,) = await served.storage.subscriptions.of_channel(served.papers)
    assert (made.query, made.at.hour) == ("tag:rlaif", 7)


async def test_the_same_subscription_twice_is_refused_at_its_query(served: Served, acme: Acme) -> None:
    await served.add("A paper")
    await served.subscribe()
    ada = writer(served, acme.admin)
    await ada.open("/digest", "subscribe")
    await ada.put(language="en")
    await ada.person.submit()
    assert "brings this already" in ada.shown
    assert len(await served.storage.subscriptions.of_channel(served.papers)) == 1


async def test_paperboy_joins_a_public_channel_when_it_subscribes(served: Served, acme: Acme) -> None:
    ada = writer(served, acme.admin)
    await ada.person.command(acme.general, "/digest", "subscribe")
    await ada.form()
    assert acme.installation.bot_user not in acme.general.members
    await ada.person.submit()
    assert "is set" in ada.shown
    assert acme.installation.bot_user in acme.general.members


async def test_a_channel_that_paperboy_cannot_enter_is_said_in_the_form(served: Served, acme: Acme) -> None:
    ada = writer(served, acme.admin)
    await ada.person.command(acme.secret, "/digest", "subscribe")
    await ada.form()
    await ada.person.submit({"query": "weak"})
    assert "/invite @Paperboy" in ada.shown
    assert ada.typed.text("query") == "weak"
    await ada.person.invite(acme.secret, acme.app)
    await ada.person.submit()
    assert "is set" in ada.shown
    channel = replace(served.papers, id=acme.secret.id)
    (made,) = await served.storage.subscriptions.of_channel(channel)
    assert made.query == "weak"


async def test_a_subscription_is_changed(served: Served, acme: Acme) -> None:
    before = await served.subscribe(query="tag:llm", zone="Asia/Seoul")
    await served.add("A paper", tags=("llm",))
    ada = writer(served, acme.admin)
    await ada.open("/digest", "edit")
    assert (ada.typed.text("query"), ada.typed.chosen("zone")) == ("tag:llm", "Asia/Seoul")
    await ada.put(at="08:15", late_policy="skip")
    await ada.person.submit()
    assert f"Subscription {before.id} is changed" in ada.shown
    (after,) = await served.storage.subscriptions.of_channel(served.papers)
    assert (after.id, f"{after.at:%H:%M}", after.late_policy) == (before.id, "08:15", "skip")


async def test_only_operators_subscribe(served: Served, acme: Acme, joan: Writer) -> None:
    await joan.person.command(acme.papers, "/digest", "subscribe")
    assert "Only operators can do this" in await joan.words()


async def test_who_is_no_operator_any_more_brings_paperboy_nowhere(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    async with at_work(slack, acme, storage) as served:
        ada = writer(served, acme.admin)
        await ada.person.command(acme.general, "/digest", "subscribe")
        await ada.form()
    acme.admin.is_admin = acme.admin.is_owner = False
    async with at_work(slack, acme, storage) as served:
        ada = writer(served, acme.admin)
        await ada.person.submit()
        assert "Only operators can do this" in ada.shown
    assert acme.installation.bot_user not in acme.general.members


async def test_no_such_subscription(acme: Acme, served: Served) -> None:
    ada = writer(served, acme.admin)
    await ada.person.command(acme.papers, "/digest", "edit 7")
    assert "no subscription" in await ada.words()


async def test_a_slow_database_does_not_subscribe_twice(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    subscriptions = Waiting(storage.subscriptions, "add")
    stores = WaitingStores(storage, subscriptions=subscriptions)
    async with at_work(slack, acme, storage, stores=stores) as served:
        ada = writer(served, acme.admin)
        await ada.open("/digest", "subscribe")
        await ada.person.submit()
        await ada.waits()
        subscriptions.let_go()
        assert "is set" in await ada.words()
        await eventually(lambda: storage.subscriptions.of_channel(served.papers))
