"""Lines to answers, with a real archive behind them."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from structlog.testing import capture_logs

from bot.core.entry_form import Publish
from bot.core.errors import (
    CommandError,
    Conflict,
    LookupUnavailable,
    NotAllowed,
    NotFound,
    QueryError,
    StorageBusy,
    StorageError,
)
from bot.core.messages import msg
from bot.core.people import Caller, Language, Person, Role
from bot.core.workspace import LocalChannel
from bot.usecases import answers, converse
from bot.web.actions import forget_me
from bot.web.answers import TEMPLATES, Shown, shown
from bot.web.hub import EventKind
from bot.web.parts import WebParts
from bot.web.visitor import Persona, Visitor
from tests.web.conftest import Deliver, Keep, Seat


def _visitor(parts: WebParts, persona: Persona, *roles: Role) -> Visitor:
    person = Person("web", parts.workspace, persona.value)
    return Visitor(parts, persona, Caller(person, frozenset(roles), Language.ENGLISH, parts.today()))


@pytest.fixture
def reading(parts: WebParts, papers: LocalChannel) -> Visitor:
    return _visitor(parts, Persona.READER, Role.READER)


@pytest.fixture
def curating(parts: WebParts, papers: LocalChannel) -> Visitor:
    return _visitor(parts, Persona.MAINTAINER, *Role)


async def _run(visitor: Visitor, line: str) -> answers.Answer:
    return await converse.run_line(visitor.desk, visitor.caller, visitor.channel("papers"), line)


async def _perform(visitor: Visitor, act: answers.Act) -> answers.NoticeAnswer:
    return await converse.perform(visitor.desk, visitor.caller, visitor.channel("papers"), act)


def _shown(answer: answers.Answer) -> Shown:
    return shown(answer, language=Language.ENGLISH, channel_id="papers")


# --- looking up -------------------------------------------------------------------------------------------------------


async def test_a_query_answers_with_a_page(reading: Visitor, keep: Keep) -> None:
    for number in range(7):
        await keep(f"Paper {number}", tags=("rlaif",))
    answer = await _run(reading, "/paper tag:rlaif")
    assert isinstance(answer, answers.ResultsAnswer)
    assert (len(answer.results.hits), answer.results.total) == (5, 7)
    rest = await converse.results_page(reading.desk, reading.caller, answer.typed, answer.results.next_cursor)
    assert len(rest.results.hits) == 2
    assert rest.results.next_cursor is None


async def test_what_was_asked_for_is_marked_and_everything_around_it_literal(reader: Seat, keep: Keep) -> None:
    await keep("Paper", commentary="<b>모델의</b> 양자화는 좋다")
    page = (await reader.run("/paper 양자화")).text
    assert "&lt;b&gt;모델의&lt;/b&gt; <mark>양자화</mark>는 좋다" in page


async def test_a_word_taken_for_a_beginning_is_told(reader: Seat, keep: Keep) -> None:
    await keep("Ragtime papers")
    page = (await reader.run("/paper RAG")).text
    assert page.index("No entry has the word “RAG”.") < page.index("Ragtime")


async def test_other_spellings_stand_behind_few_results(reader: Seat, keep: Keep) -> None:
    for title in ("Zeroshot papers", "Zero shot papers"):
        await keep(title)
    page = (await reader.run("/paper zeroshot")).text
    assert page.index("Zeroshot papers") < page.index("Written otherwise there is more:")
    assert 'data-command="/paper zero-shot"' in page


async def test_no_query_is_the_latest_digest(reading: Visitor, keep: Keep) -> None:
    await keep("Old", "2024-07-18")
    await keep("New", "2024-07-19")
    for line in ("/paper", "/digest", "/digest show"):
        answer = await _run(reading, line)
        assert isinstance(answer, answers.DigestAnswer)
        assert answer.view.day == date(2024, 7, 19)


async def test_an_unknown_tag_suggests_lines_that_work(reading: Visitor, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    with pytest.raises(QueryError) as caught:
        await _run(reading, "/paper tag:rlfai")
    answer = answers.error_answer(caught.value)
    assert answer.suggestions == ("/paper tag:rlaif",)
    assert answer.error is caught.value
    assert isinstance(await _run(reading, answer.suggestions[0]), answers.ResultsAnswer)


async def test_help_lists_what_this_person_may_use(reading: Visitor, curating: Visitor, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    for_reader, for_maintainer = await _run(reading, "/paper help"), await _run(curating, "/digest help")
    assert isinstance(for_reader, answers.HelpAnswer)
    assert isinstance(for_maintainer, answers.HelpAnswer)
    lines = [line for line, _ in for_reader.commands]
    assert "/digest show" in lines
    assert "/paper-add" not in lines
    assert {"/paper-add", "/paper-edit", "/digest subscribe"} <= {line for line, _ in for_maintainer.commands}
    for text, _ in for_reader.view.examples:
        await _run(reading, f"/paper {text}")


async def test_an_entry_and_what_is_like_it(reading: Visitor, keep: Keep) -> None:
    one = await keep("One", tags=("rlaif", "llm"))
    await keep("Two", tags=("rlaif",))
    card = _shown(await converse.show_entry(reading.desk, reading.caller, one.id)).values["card"]
    assert isinstance(card, dict)
    assert card["title"] == "One"
    like = await converse.show_like(reading.desk, reading.caller, one.id)
    assert [hit.entry.title for hit in like.hits] == ["Two"]


# --- permissions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "/paper-add",
        "/paper-edit 2406.14548",
        "/paper-edit",
        "/paper-remove 2406.14548",
        "/paper-undo",
        "/digest subscribe",
        "/digest list",
        "/digest edit",
        "/digest pause",
        "/digest resume",
        "/digest unsubscribe",
        "/digest preview",
        "/digest send",
        "/digest why",
    ],
)
async def test_a_reader_is_refused(reading: Visitor, line: str) -> None:
    with pytest.raises(NotAllowed):
        await _run(reading, line)


async def test_second_clicks_check_again(reading: Visitor, keep: Keep) -> None:
    entry = await keep("P")
    with pytest.raises(NotAllowed):
        await _perform(reading, answers.RemoveAct(entry.id))
    with pytest.raises(NotAllowed):
        await _perform(reading, answers.EndAct(1))


# --- the channel's digest ---------------------------------------------------------------------------------------------


async def test_a_channels_subscriptions(curating: Visitor, keep: Keep, deliver: Deliver) -> None:
    await keep("P", tags=("rlaif",))
    assert isinstance(await _run(curating, "/digest list"), answers.NoticeAnswer)
    await deliver(query="tag:rlaif")
    listed = await _run(curating, "/digest list")
    assert isinstance(listed, answers.SubscriptionsAnswer)
    assert [one.query for one in listed.subscriptions] == ["tag:rlaif"]
    form = await _run(curating, "/digest edit")
    assert isinstance(form, answers.SubscriptionFormAnswer)
    assert form.form.query == "tag:rlaif"
    await _run(curating, "/digest pause")
    assert (await curating.parts.stores.subscriptions.of_channel(curating.channel("papers")))[0].paused
    await _run(curating, "/digest resume")
    assert not (await curating.parts.stores.subscriptions.of_channel(curating.channel("papers")))[0].paused


async def test_ending_a_subscription_asks_first(curating: Visitor, keep: Keep, deliver: Deliver) -> None:
    await keep("P")
    await deliver()
    answer = await _run(curating, "/digest unsubscribe")
    assert isinstance(answer, answers.ConfirmAnswer)
    assert await curating.parts.stores.subscriptions.of_channel(curating.channel("papers"))
    assert isinstance(answer.act, answers.EndAct)
    action = f"/chat/channels/papers/subscriptions/{answer.act.subscription_id}/end"
    assert _shown(answer).values["action"] == action
    await _perform(curating, answer.act)
    assert not await curating.parts.stores.subscriptions.of_channel(curating.channel("papers"))


async def test_preview_send_and_why(curating: Visitor, keep: Keep, deliver: Deliver) -> None:
    await keep("P", "2024-07-18")
    await keep("Q", "2024-07-19")
    await deliver()
    preview = await _run(curating, "/digest preview 2024-07-18")
    assert isinstance(preview, answers.PreviewAnswer)
    payloads = _shown(preview).values["payloads"]
    assert isinstance(payloads, list)
    assert [payload["kind"] for payload in payloads] == ["header", "entry"]
    sent = await _run(curating, "/digest send 2024-07-19")
    assert isinstance(sent, answers.NoticeAnswer)
    assert "already" in str(sent.messages[0])
    why = await _run(curating, "/digest why")
    assert isinstance(why, answers.NoticeAnswer)
    assert str(why.messages[0]) == "2024-07-19: delivered on 2024-07-20 12:00."


async def test_a_recap_is_a_week(reading: Visitor, keep: Keep) -> None:
    await keep("P", "2024-07-19")
    answer = await _run(reading, "/digest recap")
    assert isinstance(answer, answers.RecapAnswer)
    assert answer.recap.first == date(2024, 7, 15)
    assert answer.most_per_day == 1


async def test_a_subscription_form_begins_with_the_query(curating: Visitor) -> None:
    answer = await _run(curating, "/digest subscribe tag:rlaif")
    assert isinstance(answer, answers.SubscriptionFormAnswer)
    assert (answer.form.query, answer.form.zone, answer.subscription_id) == ("tag:rlaif", "Asia/Seoul", None)


# --- curating ---------------------------------------------------------------------------------------------------------


async def test_adding_opens_a_form_that_says_what_could_not_be_asked(curating: Visitor) -> None:
    answer = await _run(curating, "/paper-add 2407.99999")
    assert isinstance(answer, answers.EntryFormAnswer)
    assert answer.form.url == "https://arxiv.org/abs/2407.99999"
    assert answer.form.publish == Publish.TODAY
    assert answer.form.note is not None


async def test_adding_a_known_paper_is_refused(curating: Visitor, keep: Keep) -> None:
    await keep("P", arxiv_id="2407.99999")
    with pytest.raises(Conflict):
        await _run(curating, "/paper-add 2407.99999")


async def test_removing_asks_first_and_can_be_undone(curating: Visitor, keep: Keep) -> None:
    entry = await keep("P")
    answer = await _run(curating, f"/paper-remove {entry.id}")
    assert isinstance(answer, answers.ConfirmAnswer)
    assert _shown(answer).values["action"] == f"/chat/entries/{entry.id}/remove"
    with curating.parts.hub.listening() as tab:
        removed = await _perform(curating, answer.act)
        coming = tab.events.get_nowait()
    assert coming is not None
    assert (coming[1].kind, coming[1].entry_id) == (EventKind.ENTRY, entry.id)
    with pytest.raises(NotFound):
        await converse.show_entry(curating.desk, curating.caller, entry.id)
    undone = await _run(curating, removed.suggestions[0])
    assert isinstance(undone, answers.NoticeAnswer)
    assert (await converse.show_entry(curating.desk, curating.caller, entry.id)).hit.entry.title == "P"


async def test_forgetting_asks_first(reading: Visitor, keep: Keep) -> None:
    entry = await keep("P")
    await reading.parts.stores.engagement.save(entry.id, reading.caller.person, at=reading.parts.clock.now())
    answer = await _run(reading, "/paper forget-me")
    assert isinstance(answer, answers.ConfirmAnswer)
    assert str((await forget_me(reading)).messages[0]) == "1 record about you was erased."


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotAllowed(msg("No.")), 403),
        (NotFound(msg("No.")), 404),
        (Conflict(msg("No.")), 409),
        (CommandError(msg("No."), suggestions=("/paper",)), 422),
        (StorageBusy(msg("No.")), 503),
        (LookupUnavailable(msg("No.")), 503),
    ],
)
def test_every_error_has_its_status(error: NotAllowed, status: int) -> None:
    answer = answers.error_answer(error)
    assert _shown(answer).status == status
    assert (answer.messages[0] == error.message) != isinstance(error, StorageBusy)


def test_what_is_the_matter_with_the_database_is_for_the_log() -> None:
    with capture_logs() as logs:
        answer = answers.error_answer(StorageError(msg("The disk with the database {path} is full.", path="/var/x.db")))
    assert [str(message) for message in answer.messages] == [
        "The archive cannot be used at the moment. Please try again shortly."
    ]
    assert [one["reason"] for one in logs] == ["The disk with the database /var/x.db is full."]


def test_a_refusal_says_where_the_switch_is() -> None:
    said = _shown(answers.error_answer(NotAllowed(msg("No.")))).values["sentences"]
    assert isinstance(said, tuple)
    assert "sidebar" in str(said[1])


async def test_a_known_paper_leads_to_its_form(curating: Visitor, keep: Keep) -> None:
    entry = await keep("P", arxiv_id="2406.14548")
    with pytest.raises(Conflict) as caught:
        await _run(curating, "/paper-add 2406.14548")
    assert answers.error_answer(caught.value).suggestions == (f"/paper-edit {entry.id}",)


def test_every_answer_has_its_template() -> None:
    assert set(TEMPLATES) == set(get_args(answers.Answer))


async def test_what_one_follows_is_shown_with_what_can_be_done(reader: Seat, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    assert "You follow nothing" in (await reader.run("/paper following")).text
    assert "<code>tag:rlaif</code>" in (await reader.run("/paper follow #rlaif")).text
    assert 'data-command="/paper unfollow tag:rlaif"' in (await reader.run("/paper following")).text


async def test_direct_messages_are_seen_by_nobody_else(reader: Seat, maintainer: Seat, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    await reader.run("/paper follow #rlaif")
    page = (await reader.get("/c/direct-reader")).text
    assert "<p>What you follow</p>" in page
    assert "direct-reader" not in (await maintainer.get("/c/papers")).text
    assert (await maintainer.get("/c/direct-reader")).status == 404
    assert (await maintainer.get("/chat/channels/direct-reader/messages")).status == 404
