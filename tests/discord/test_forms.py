"""Forms from the command that opens them to what becomes of them, through the real app, over sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from bot.core.entries import Action, Entry, Status
from bot.core.subscriptions import Channel, Layout, Subscription
from storage.opening import Storage
from tests.discord.conftest import TODAY, Served
from tests.discord.saying import buttons_of, text_of
from tests.discord.writing import Writer, at_work, writer
from tests.platforms.discord import Acme, DiscordServer, permissions
from tests.platforms.discord.world import ANNOUNCEMENT, Message
from tests.slack.filling import LateSource, Waiting, WaitingStores

LONG = "새로운 방법을 제안합니다. 결과가 아주 좋습니다.\n\n"
FOUND = Entry(
    id="",
    title="Found",
    arxiv_id="2406.14548",
    authors=("A. One", "B. Two"),
    abstract="We show.",
    url="https://arxiv.org/abs/2406.14548",
)


@pytest.fixture
async def served(discord: DiscordServer, acme: Acme, storage: Storage) -> AsyncIterator[Served]:
    async with at_work(discord, acme, storage) as served:
        yield served


@pytest.fixture
def joan(served: Served) -> Writer:
    """A maintainer who speaks English."""
    return writer(served, served.acme.guest)


@pytest.fixture
def mina(served: Served) -> Writer:
    """A maintainer who speaks Korean."""
    return writer(served, served.acme.maintainer)


@pytest.fixture
def olga(served: Served) -> Writer:
    """An operator."""
    return writer(served, served.acme.owner)


async def entries(storage: Storage) -> list[Entry]:
    return list(await storage.archive.export(after=None))


async def entry_of(storage: Storage, entry: Entry) -> Entry:
    return (await storage.archive.get([entry.id]))[entry.id]


# --- adding -----------------------------------------------------------------------------------------------------------


async def test_a_paper_is_added(served: Served, joan: Writer) -> None:
    await joan.open("paper-add")
    answer = await joan.send(title="Weak to Strong", commentary="좋은 글.", tags="#rlaif, llm")
    assert "“Weak to Strong” is added" in text_of(answer)
    (added,) = await entries(served.storage)
    assert (added.title, added.commentary, added.tags) == ("Weak to Strong", "좋은 글.", ("rlaif", "llm"))
    assert added.digest_date == TODAY
    assert served.changed == [added.id]
    assert answer.only_for == joan.person.user.id


async def test_what_has_no_room_on_the_first_page_follows_on_others(served: Served, joan: Writer) -> None:
    await joan.open("paper-add")
    added = await joan.send(title="Weak to Strong")
    await joan.reopen(added, "Authors and dates")
    source = await joan.send(authors="A. One, B. Two", organisation="Lab", paper_date="2024-06-17")
    await joan.reopen(source, "Abstract")
    abstract = await joan.send(abstract="We show.")
    await joan.reopen(abstract, "Commentary in English")
    await joan.send(commentary_en="Good.")
    (entry,) = await entries(served.storage)
    assert (entry.authors, entry.organisation, entry.paper_date) == (("A. One", "B. Two"), "Lab", date(2024, 6, 17))
    assert (entry.title, entry.abstract, entry.commentary_en) == ("Weak to Strong", "We show.", "Good.")
    assert entry.digest_date == TODAY


async def test_it_goes_out_later_or_not_yet(served: Served, joan: Writer) -> None:
    await joan.open("paper-add")
    assert "goes out on 2024-06-24" in text_of(await joan.send(title="Later", publish="2024-06-24"))
    await joan.open("paper-add")
    assert "draft" in text_of(await joan.send(title="Draft", publish="Not yet: keep as a draft"))
    later, draft = sorted(await entries(served.storage), key=lambda one: one.title, reverse=True)
    assert later.digest_date == date(2024, 6, 24)
    assert draft.status is Status.DRAFT


async def test_the_window_speaks_the_persons_language(mina: Writer, joan: Writer) -> None:
    window = await mina.open("논문-추가")
    assert window.labels["title"] == "제목"
    assert (await joan.open("paper-add")).labels["title"] == "Title"


async def test_a_paper_that_is_known_at_once_fills_the_window(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    source = LateSource({"2406.14548": FOUND})
    source.answering.set()
    async with at_work(discord, acme, storage, source=source) as served:
        joan = writer(served, acme.guest)
        await joan.open("paper-add", reference="https://arxiv.org/abs/2406.14548v2")
        assert joan.typed["title"] == "Found"
        assert joan.typed["url"] == "https://arxiv.org/abs/2406.14548"
        await joan.send(commentary="Good.")
        (added,) = await entries(storage)
        assert (added.arxiv_id, added.authors, added.abstract) == ("2406.14548", FOUND.authors, "We show.")


async def test_a_paper_that_takes_a_while_is_offered_when_it_is_there(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    source = LateSource({"2406.14548": FOUND})
    async with at_work(discord, acme, storage, source=source) as served:
        joan = writer(served, acme.guest)
        asked = await joan.ask("paper-add", reference="2406.14548")
        assert joan.person.modal is None
        assert asked.reply is not None
        assert asked.reply.is_loading
        source.answering.set()
        offer = await asked.shown()
        assert buttons_of(offer) == ["Open the form"]
        await joan.reopen(offer, "Open the form")
        assert joan.typed["title"] == "Found"
        await joan.send(tags="#rlaif")
        (added,) = await entries(storage)
        assert (added.authors, added.abstract, added.tags) == (FOUND.authors, "We show.", ("rlaif",))


@pytest.mark.parametrize("is_slow", [False, True])
async def test_a_source_that_is_down_leaves_the_window_to_be_filled_in(
    discord: DiscordServer, acme: Acme, storage: Storage, is_slow: bool
) -> None:
    source = LateSource(is_down=True)
    if not is_slow:
        source.answering.set()
    async with at_work(discord, acme, storage, source=source) as served:
        joan = writer(served, acme.guest)
        asked = await joan.ask("paper-add", reference="2406.14548")
        if is_slow:
            source.answering.set()
            offer = await asked.shown()
            assert "arXiv could not be asked" in text_of(offer)
            await joan.reopen(offer, "Open the form")
        else:
            assert any("arXiv could not be asked" in hint for hint in hints(joan))
        assert joan.typed["url"] == "https://arxiv.org/abs/2406.14548"
        await joan.send(title="By hand")
        (added,) = await entries(storage)
        assert (added.title, added.arxiv_id) == ("By hand", "2406.14548")


def hints(who: Writer) -> list[str]:
    """What stands below the names of fields."""
    return [str(one.get("description") or "") for one in who.window.components]


@pytest.mark.parametrize(
    ("page", "field", "wrong", "words", "right"),
    [
        (None, "url", "nonsense", "no web address", "https://example.org/paper"),
        (None, "tags", "#a b!", "cannot be a tag", "#a"),
        (None, "tags", " ".join(f"#t{n}" for n in range(30)), "At most 20 tags", "#a"),
        ("Authors and dates", "paper_date", "last week", "A date looks like", "2024-06-17"),
        ("Authors and dates", "paper_date", "2024-06", "A date looks like", "2024-06-17"),
        ("Authors and dates", "date", "some day", "A date looks like", "2024-06-24"),
    ],
)
async def test_what_is_wrong_comes_back_with_all_that_was_typed(
    served: Served, joan: Writer, page: str | None, field: str, wrong: str, words: str, right: str
) -> None:
    await joan.open("paper-add")
    if page is not None:
        await joan.reopen(await joan.send(title="Kept"), page)
    others = {"title": "Kept", "commentary": "Kept too"} if page is None else {"organisation": "Kept too"}
    values = {**others, field: wrong}
    for name, value in values.items():  # what Discord's own client does not let through is not sent here either
        joan.window.inputs[name] |= {"required": False}
        joan.window.values[name] = value
    again = await joan.send()
    assert words in text_of(again)
    await joan.reopen(again, next(one for one in buttons_of(again) if one.startswith("Correct it")))
    assert {name: joan.typed[name] for name in values} == values
    assert text_of(await joan.send(**{field: right}))
    (entry,) = await entries(served.storage)
    assert entry.title == "Kept"
    assert "Kept too" in (entry.commentary, entry.organisation)
    assert entry.digest_date == (date(2024, 6, 24) if field == "date" else TODAY)


async def test_who_closes_a_window_has_not_lost_what_they_typed(joan: Writer) -> None:
    await joan.open("paper-add")
    again = await joan.send(title="Kept", url="nonsense")
    for _ in range(2):
        await joan.reopen(again, "Correct it")
        assert (joan.typed["title"], joan.typed["url"]) == ("Kept", "nonsense")
        joan.person.close()


async def test_a_paper_that_is_there_already_is_named(served: Served, joan: Writer) -> None:
    await served.add("Known", arxiv_id="2406.14548")
    await joan.open("paper-add")
    again = await joan.send(title="Known again", url="2406.14548", commentary="Kept")
    assert "The archive has this paper already: “Known”" in text_of(again)
    await joan.reopen(again, "Correct it")
    assert joan.typed["commentary"] == "Kept"
    await joan.send(url="https://example.org/other")
    assert {one.title for one in await entries(served.storage)} == {"Known", "Known again"}


async def test_only_maintainers_add(served: Served, olga: Writer) -> None:
    assert "Only maintainers can do this" in await olga.told("paper-add", reference="2406.14548")
    (entry,) = await served.add("There")
    assert "Only maintainers can do this" in await olga.told("paper-edit", entry=entry.id)


async def test_who_is_no_maintainer_any_more_cannot_save(served: Served, joan: Writer) -> None:
    await joan.open("paper-add")
    await served.owner.take_role(served.acme.guild, served.acme.guest, served.acme.curators)
    again = await joan.send(title="Smuggled", commentary="Kept")
    assert "Only maintainers can do this" in text_of(again)
    assert await entries(served.storage) == []
    await served.owner.give_role(served.acme.guild, served.acme.guest, served.acme.curators)
    await joan.reopen(again, "Correct it")
    assert (joan.typed["title"], joan.typed["commentary"]) == ("Smuggled", "Kept")


async def test_a_window_outlives_a_restart(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    async with at_work(discord, acme, storage) as served:
        (before,) = await served.add("Before", commentary=LONG * 200)
        joan = writer(served, acme.guest)
        await joan.open("paper-edit", entry=before.id)
        assert joan.window.custom_id.startswith("form:~"), "its state is kept"
    async with at_work(discord, acme, storage) as served:
        joan = writer(served, acme.guest)
        await joan.send(title="After")
    after = await entry_of(storage, before)
    assert (after.title, after.commentary) == ("After", before.commentary)


# --- changing ---------------------------------------------------------------------------------------------------------

PAGES = ("Authors and dates", "Commentary in Korean", "Commentary in English", "Abstract")


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
    await joan.open("paper-edit", entry=before.id)
    answer = await joan.send()
    windows = [one for one in buttons_of(answer) if one.startswith(PAGES)]
    assert [one.partition(" (")[0] for one in windows] == list(PAGES)
    for window in windows:
        await joan.reopen(answer, window)
        await joan.send()
    assert await entry_of(served.storage, before) == before
    assert len(await served.storage.archive.revisions(before.id)) == 1


async def test_a_text_of_many_letters_has_several_fields_of_which_one_is_changed(served: Served, joan: Writer) -> None:
    text = (LONG * 600).strip()[:14_000].strip()
    (before,) = await served.add("Long", commentary=text)
    await joan.open("paper-edit", entry=before.id)
    assert "commentary" not in joan.typed, "it has no room there"
    await joan.reopen(await joan.send(), "Commentary in Korean")
    assert len(joan.typed) == 5
    assert all(label.startswith("Commentary in Korean (") for label in joan.window.labels.values())
    second = "commentary:1"
    await joan.send(**{second: joan.typed[second] + " 그리고 더."})
    after = (await entry_of(served.storage, before)).commentary
    assert after is not None
    assert after.replace(" 그리고 더.", "") == text
    assert after.count("그리고 더.") == 1


async def test_a_text_of_twenty_thousand_letters_takes_several_windows(served: Served, joan: Writer) -> None:
    text = (LONG * 700).strip()[:19_500].strip()
    (before,) = await served.add("Long", commentary=text)
    await joan.open("paper-edit", entry=before.id)
    answer = await joan.send()
    windows = [one for one in buttons_of(answer) if one.startswith("Commentary in Korean")]
    assert windows == ["Commentary in Korean (1/2)", "Commentary in Korean (2/2)"]
    await joan.reopen(answer, windows[1])
    last = max(joan.typed, key=lambda name: int(name.partition(":")[2] or 0))
    answer = await joan.send(**{last: "끝."} if not joan.typed[last] else {last: joan.typed[last] + " 끝."})
    after = (await entry_of(served.storage, before)).commentary or ""
    assert after.startswith(text[:15_000])
    assert after.endswith("끝.")


async def test_a_short_text_becomes_a_long_one(served: Served, joan: Writer) -> None:
    (before,) = await served.add("Short", commentary="하나.")
    await joan.open("paper-edit", entry=before.id)
    answer = await joan.send(commentary=(LONG * 100)[:3_900])
    await joan.reopen(answer, next(one for one in buttons_of(answer) if one.startswith("Commentary in Korean")))
    free = [name for name, value in joan.typed.items() if not value]
    await joan.send(**{free[0]: "더 많이."})
    after = (await entry_of(served.storage, before)).commentary or ""
    assert after.endswith("\n\n더 많이.")
    assert len(after) > 2_800


async def test_it_is_found_by_words_of_its_title(served: Served, joan: Writer) -> None:
    (before,) = await served.add("Weak to Strong Generalization")
    await served.add("Another")
    offered = await joan.person.autocomplete(served.acme.papers, "paper-edit", "entry", "weak str")
    (choice,) = [one for one in offered if "Weak to Strong" in one["name"]]
    await joan.open("paper-edit", entry=choice["value"])
    assert joan.typed["title"] == "Weak to Strong Generalization"
    await joan.send(title="Changed")
    assert (await entry_of(served.storage, before)).title == "Changed"


@pytest.mark.parametrize("reference", ["2406.99999", "nothing"])
async def test_an_entry_that_is_not_there(joan: Writer, reference: str) -> None:
    assert reference in await joan.told("paper-edit", entry=reference)


async def test_two_people_change_one_entry(served: Served, joan: Writer, mina: Writer) -> None:
    (before,) = await served.add("Shared", commentary="하나", tags=("llm",), url="https://example.org/one")
    await joan.open("paper-edit", entry=before.id)
    await mina.open("paper-edit", entry=before.id)
    await mina.send(commentary="미나", url="https://example.org/mina")
    again = await joan.send(commentary="Joan", title="Joan's title")
    said = text_of(again)
    assert "Somebody else has changed this meanwhile" in said
    assert "미나" in said
    await joan.reopen(again, "Correct it")
    assert joan.typed["commentary"] == "Joan"
    assert joan.typed["url"] == "https://example.org/mina", "only hers, so it is in the form"
    await joan.send()
    after = await entry_of(served.storage, before)
    assert (after.title, after.commentary, after.url) == ("Joan's title", "Joan", "https://example.org/mina")
    assert after.tags == ("llm",)
    assert after.revision == 3


async def test_what_somebody_else_wrote_is_taken(served: Served, joan: Writer, mina: Writer) -> None:
    (before,) = await served.add("Shared", commentary="하나")
    await joan.open("paper-edit", entry=before.id)
    await mina.open("paper-edit", entry=before.id)
    theirs = (LONG * 60).strip()
    await mina.send(commentary=theirs, title="Mina's title")
    again = await joan.send(commentary="Joan", title="Joan's title")
    labels = [one for one in buttons_of(again) if one.startswith("Take theirs")]
    assert len(labels) == 2
    await joan.reopen(again, next(one for one in labels if "Commentary" in one))
    assert joan.typed["commentary"] == theirs
    assert joan.typed["title"] == "Joan's title"
    await joan.send()
    after = await entry_of(served.storage, before)
    assert (after.title, after.commentary) == ("Joan's title", theirs)


async def test_what_nobody_touched_is_no_conflict(served: Served, joan: Writer, mina: Writer) -> None:
    (before,) = await served.add("Shared", tags=("x" * 200, "llm"), commentary="One.\r\nTwo.")
    await joan.open("paper-edit", entry=before.id)
    await mina.open("paper-edit", entry=before.id)
    await mina.send(tags="#llm", commentary="미나")
    again = await joan.send(title="Joan")
    assert "Their changes are in the form now" in text_of(again)
    assert not [one for one in buttons_of(again) if one.startswith("Take theirs")]
    await joan.reopen(again, "Correct it")
    await joan.send()
    after = await entry_of(served.storage, before)
    assert (after.title, after.commentary, after.tags) == ("Joan", "미나", ("llm",))


async def test_undo_after_an_edit(served: Served, joan: Writer) -> None:
    (before,) = await served.add("Before")
    await joan.open("paper-edit", entry=before.id)
    answer = await joan.send(title="After")
    await (await joan.person.click(answer, "/paper-undo")).shown()
    assert (await entry_of(served.storage, before)).title == "Before"
    newest, *_ = await served.storage.archive.revisions(before.id)
    assert newest.action is Action.UNDO


# --- in time ----------------------------------------------------------------------------------------------------------


async def test_a_window_that_the_database_keeps_waiting_is_offered_with_a_button(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    archive = Waiting(storage.archive, "find", "get")
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, archive=archive)) as served:
        (before,) = await served.add("Before")
        joan = writer(served, acme.guest)
        asked = await joan.ask("paper-edit", entry=before.id)
        assert asked.reply is not None
        assert asked.reply.is_loading
        archive.let_go()
        await joan.reopen(await asked.shown(), "Open the form")
        assert joan.typed["title"] == "Before"


async def test_a_button_that_the_database_keeps_waiting_is_answered_in_time(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    """What it leads to is kept there, so first its state and then what is shown may take too long."""
    questions = Waiting(storage.questions)
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, questions=questions)) as served:
        joan = writer(served, acme.guest)
        await joan.open("paper-add")
        again = await joan.send(title="Kept", url="nonsense", commentary=LONG)
        questions._held.add("get")
        late = await joan.person.click(again, "Correct it")
        assert "too long" in text_of(await late.shown())
        questions.let_go()
        await joan.reopen(again, "Correct it")
        assert joan.typed["commentary"] == LONG


async def test_a_button_whose_every_step_takes_long_is_answered_in_time(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    getting, keeping = Waiting(storage.questions, "get"), Waiting(storage.questions)
    questions = Either(get=getting, keep=keeping)
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, questions=questions)) as served:
        joan = writer(served, acme.guest)
        await joan.open("paper-add")
        again = await joan.send(title="Kept", url="nonsense", commentary=LONG)
        keeping._held.add("keep")
        asyncio.get_running_loop().call_later(0.4, getting.let_go)
        late = await joan.person.click(again, "Correct it")
        assert late.reply is not None
        assert late.reply.is_loading
        keeping.let_go()
        await joan.reopen(await late.shown(), "Open the form")
        assert joan.typed["commentary"] == LONG


class Either(Waiting):
    """A part of the stores of which each method waits for itself."""

    def __init__(self, **methods: Waiting) -> None:
        super().__init__(None)
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return getattr(self._methods[name], name)


async def test_many_questions_that_wait_do_not_keep_a_window_from_opening_in_time(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    search = Waiting(storage.search, "page", "find", "latest", "count")
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, search=search)) as served:
        await served.add("A paper", tags=("rlaif",))
        joan = writer(served, acme.guest)
        waiting = [await joan.ask("paper", tag="rlaif") for _ in range(10)]
        await joan.ask("paper-add")
        search.let_go()
        for one in waiting:
            await one.shown()


# --- subscriptions ----------------------------------------------------------------------------------------------------


async def subscriptions(served: Served, channel: Channel | None = None) -> list[Subscription]:
    return list(await served.storage.subscriptions.of_channel(channel or served.papers))


async def test_a_channel_subscribes(served: Served, olga: Writer) -> None:
    await served.add("Today's paper", tags=("rlaif",))
    await olga.open("digest subscribe", query="tag:rlaif")
    assert olga.typed["query"] == "tag:rlaif"
    answer = await olga.send(zone="Europe/Berlin", at="18:30", weekdays=["0", "4"], layout="compact")
    assert "The latest digest follows at once" in text_of(answer)
    (made,) = await subscriptions(served)
    wanted = ("tag:rlaif", "Europe/Berlin", "18:30", "compact", frozenset({0, 4}))
    assert (made.query, made.zone, f"{made.at:%H:%M}", made.layout, made.weekdays) == wanted
    assert made.created_by == served.person(served.acme.owner)
    await served.deliver()
    assert any("Today's paper" in text_of(one) for one in served.acme.papers.messages.values())


async def test_an_announcement_channel_subscribes(served: Served, olga: Writer) -> None:
    await served.add("A paper")
    news = await served.owner.create_channel(served.acme.guild, "news", ANNOUNCEMENT)
    await olga.open("digest subscribe", news)
    await olga.send()
    assert len(await subscriptions(served, served.channel(news))) == 1
    await served.deliver()
    assert len(news.messages) == 2


async def test_a_forum_subscribes_from_one_of_its_posts(served: Served, olga: Writer) -> None:
    """Nobody types a command in a forum itself; its posts are threads."""
    await served.add("A paper", tags=("rlaif",))
    talk = await served.owner.start_post(served.acme.forum, "Hello", "Welcome")
    window = await olga.open("digest subscribe", talk)
    assert [one["value"] for one in window.inputs["layout"]["options"]] == ["forum"]
    await olga.send()
    (made,) = await subscriptions(served, served.channel(served.acme.forum))
    assert made.layout is Layout.FORUM
    await served.deliver()
    assert "A paper" in [thread.name for thread in served.owner.threads(served.acme.forum)]


async def test_a_thread_stands_for_its_channel(served: Served, olga: Writer) -> None:
    message = await served.owner.write(served.acme.papers, "Talk")
    thread = await served.owner.start_thread(message)
    window = await olga.open("digest subscribe", thread)
    assert [one["value"] for one in window.inputs["layout"]["options"]] == ["cards", "compact"]
    assert "digests go there, and not into this thread" in text_of(await olga.send())
    assert len(await subscriptions(served)) == 1


async def test_the_second_page_of_a_new_subscription(served: Served, olga: Writer) -> None:
    await olga.open("digest subscribe")
    answer = await olga.send()
    await olga.reopen(answer, "Language and missed digests")
    assert olga.typed["language"] == ["en"]
    said = await olga.send(language="한국어", late_policy="skip", note_when_empty="Say so on days without entries")
    assert "is changed" in text_of(said)
    (made,) = await subscriptions(served)
    assert (made.language, made.late_policy, made.note_when_empty) == ("ko", "skip", True)
    await olga.reopen(answer, "Language and missed digests")
    assert olga.typed["late_policy"] == ["skip"], "it shows what is so now"
    await olga.send(note_when_empty="Post nothing")
    assert not (await subscriptions(served))[0].note_when_empty


async def test_a_subscription_is_changed(served: Served, olga: Writer) -> None:
    before = await served.subscribe(query="tag:llm", zone="Asia/Seoul")
    await served.add("A paper", tags=("llm",))
    await olga.open("digest edit")
    assert (olga.typed["query"], olga.typed["zone"]) == ("tag:llm", "Asia/Seoul")
    answer = await olga.send(at="08:15", weekdays=["5"])
    assert f"Subscription {before.id} is changed" in text_of(answer)
    assert "Language and missed digests" in buttons_of(answer)
    (after,) = await subscriptions(served)
    assert (after.id, f"{after.at:%H:%M}", after.weekdays) == (before.id, "08:15", frozenset({5}))
    assert (after.language, after.late_policy) == (before.language, before.late_policy)


async def test_one_of_several_is_chosen_by_its_number(served: Served, olga: Writer) -> None:
    await served.add("A paper", tags=("one", "two"))
    await served.subscribe(query="tag:one")
    second = await served.subscribe(query="tag:two")
    assert "several" in await olga.told("digest edit")
    await olga.open("digest edit", number=second.id)
    assert olga.typed["query"] == "tag:two"


@pytest.mark.parametrize(
    ("field", "wrong", "words", "right"),
    [
        ("at", "half past nine", "A time looks like", "09:30"),
        ("zone", "Asia/Soeul", "There is no time zone", "Asia/Seoul"),
        ("query", "date:2024-06-21", "leave out dates", "tag:rlaif"),
        ("query", "sort:new", "leave out dates", "tag:rlaif"),
        ("query", "colour:red", "colour", "tag:rlaif"),
    ],
)
async def test_what_is_wrong_in_a_subscription_comes_back(
    served: Served, olga: Writer, field: str, wrong: str, words: str, right: str
) -> None:
    await served.add("A paper", tags=("rlaif",))
    await olga.open("digest subscribe")
    values = {"at": "07:45", "zone": "Europe/Oslo", "weekdays": ["2"], "layout": ["compact"], field: wrong}
    again = await olga.send(**values)
    assert words in text_of(again)
    await olga.reopen(again, "Correct it")
    assert {name: olga.typed[name] for name in values} == values
    await olga.send(**{field: right})
    (made,) = await subscriptions(served)
    assert made.weekdays == frozenset({2})
    assert made.layout is Layout.COMPACT


@pytest.mark.parametrize(
    ("typed", "meant"), [("Asia/Soeul", "Asia/Seoul"), ("KST", "Asia/Seoul"), ("berlin", "Europe/Berlin")]
)
async def test_a_time_zone_that_was_probably_meant_is_offered(
    served: Served, olga: Writer, typed: str, meant: str
) -> None:
    await olga.open("digest subscribe")
    again = await olga.send(zone=typed, at="07:45")
    await olga.reopen(again, meant)
    assert (olga.typed["zone"], olga.typed["at"]) == (meant, "07:45")
    await olga.send()
    assert [one.zone for one in await subscriptions(served)] == [meant]


async def test_a_tag_that_was_probably_meant_is_offered(served: Served, olga: Writer) -> None:
    await served.add("A paper", tags=("rlaif",))
    await olga.open("digest subscribe")
    again = await olga.send(query="#rlfai", at="07:00")
    assert "rlfai" in text_of(again)
    await olga.reopen(again, "tag:rlaif")
    assert (olga.typed["query"], olga.typed["at"]) == ("tag:rlaif", "07:00")
    await olga.send()
    (made,) = await subscriptions(served)
    assert (made.query, made.at.hour) == ("tag:rlaif", 7)


async def test_the_same_subscription_twice_is_refused(served: Served, olga: Writer) -> None:
    await served.add("A paper")
    await served.subscribe()
    await olga.open("digest subscribe")
    again = await olga.send()
    assert "brings this already" in text_of(again)
    assert len(await subscriptions(served)) == 1


async def test_a_channel_that_paperboy_may_not_post_in_is_said_and_nothing_typed_is_lost(
    served: Served, olga: Writer
) -> None:
    bot = served.server.state.application.bot
    await served.add("A paper", tags=("weak",))
    await served.owner.allow(served.acme.papers, bot, deny=permissions.SEND_MESSAGES)
    await olga.open("digest subscribe")
    again = await olga.send(query="weak", at="07:45")
    assert "permissions" in text_of(again)
    assert await subscriptions(served) == []
    await served.owner.allow(served.acme.papers, bot)
    await olga.reopen(again, "Correct it")
    assert (olga.typed["query"], olga.typed["at"]) == ("weak", "07:45")
    await olga.send()
    assert [one.query for one in await subscriptions(served)] == ["weak"]


async def test_a_permission_that_is_lost_while_the_window_is_open(served: Served, olga: Writer) -> None:
    """Paperboy may not see the channel any more when the form comes."""
    bot = served.server.state.application.bot
    await olga.open("digest subscribe")
    await served.owner.allow(served.acme.papers, bot, deny=permissions.VIEW_CHANNEL)
    again = await olga.send(at="07:45")
    assert text_of(again)
    assert await subscriptions(served) == []
    await served.owner.allow(served.acme.papers, bot)
    await olga.reopen(again, "Correct it")
    assert olga.typed["at"] == "07:45"


async def test_only_operators_subscribe(served: Served, joan: Writer) -> None:
    assert "Only operators can do this" in await joan.told("digest subscribe")
    await served.subscribe()
    assert "Only operators can do this" in await joan.told("digest edit")


async def test_who_is_no_operator_any_more_cannot_subscribe(served: Served, joan: Writer) -> None:
    guild, role = served.acme.guild, served.acme.curators
    await served.owner.change_role(guild, role, permissions.MANAGE_GUILD)
    await joan.open("digest subscribe")
    await served.owner.change_role(guild, role, 0)
    again = await joan.send(at="07:45")
    assert "Only operators can do this" in text_of(again)
    assert await subscriptions(served) == []


async def test_no_such_subscription(olga: Writer) -> None:
    assert "no subscription" in await olga.told("digest edit", number=7)


async def test_a_subscription_that_ended_while_the_window_was_open(served: Served, olga: Writer) -> None:
    before = await served.subscribe()
    await olga.open("digest edit")
    await served.storage.subscriptions.remove(before.id)
    again = await olga.send(at="07:45")
    assert "no subscription" in text_of(again)
    assert await subscriptions(served) == []


async def test_a_slow_database_does_not_subscribe_twice(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    waiting = Waiting(storage.subscriptions, "add")
    async with at_work(discord, acme, storage, stores=WaitingStores(storage, subscriptions=waiting)) as served:
        olga = writer(served, acme.owner)
        await olga.open("digest subscribe")
        sent = await olga.person.submit()
        assert sent.reply is not None
        assert sent.reply.is_loading
        await asyncio.wait_for(waiting.reached.wait(), 5)
        waiting.let_go()
        answer: Message = await sent.shown()
        assert "is set" in text_of(answer)
        assert len(await subscriptions(served)) == 1
