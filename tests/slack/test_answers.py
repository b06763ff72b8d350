"""Private answers on Slack: every kind, within Slack's limits, whatever stands in the archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digests import EntryContent, HeaderContent, MessageRef
from bot.core.engagement import Engagement, Recap
from bot.core.entries import Entry, Status
from bot.core.entry_form import EntryForm
from bot.core.errors import NotFound
from bot.core.hits import Excerpt, Hit
from bot.core.messages import msg
from bot.core.people import Caller, Language, Person, Role
from bot.core.query import Query
from bot.core.subscriptions import Channel, Subscription
from bot.slack.answers import answer_message
from bot.slack.blocks import SlackMessage
from bot.usecases import answers
from bot.usecases.asks import Ask, AskKind, Press, read_ask, read_press
from bot.usecases.follow import Followed
from bot.usecases.look_up import DigestView, HelpView, Results
from bot.viewing import View
from tests.slack.reading import buttons, check, visible

DAY = date(2024, 7, 19)
READER = Caller(Person("slack", "T1", "U2"), frozenset({Role.READER}), Language.ENGLISH, DAY)
MAINTAINER = replace(READER, roles=frozenset({Role.READER, Role.MAINTAINER}))
POST = MessageRef(Channel("slack", "T1", "C1"), "1.000100")
LOOKUP = Ask(AskKind.LOOKUP, "tag:llm")


def entry(number: int = 1, **more: Any) -> Entry:
    base = Entry(
        id=f"entry{number:05}",
        title=f"Paper <{number}> & `more`",
        digest_date=DAY,
        authors=("Ada One", "Ben Two"),
        url=f"https://arxiv.org/abs/2407.{number:05}",
        abstract="An abstract.",
        commentary="해설입니다.",
        commentary_en="A commentary.",
        tags=("llm",),
        status=Status.PUBLISHED,
    )
    return replace(base, **more)


def hit(number: int = 1, *, saved: bool = False, **more: Any) -> Hit:
    return Hit(entry(number, **more), Engagement(3, 2, 1), saved, POST)


def view(ask: Ask | None = LOOKUP, caller: Caller = READER) -> View:
    return View(caller, ask, lambda ref: f"https://acme.slack.com/archives/{ref.channel.id}/{ref.message_id}")


def shown(answer: answers.Answer, ask: Ask | None = LOOKUP, caller: Caller = READER) -> SlackMessage:
    message = answer_message(answer, view(ask, caller))
    check(message)
    return message


def results(*hits: Hit, **more: Any) -> answers.ResultsAnswer:
    base = Results(Query(()), "tag:llm", hits, None, None, len(hits), False)
    return answers.ResultsAnswer("tag:llm", replace(base, **more))


def values(message: SlackMessage, action: str) -> list[str]:
    return [value for _, action_id, value in buttons(message.blocks) if action_id.split(":")[0] == action]


def test_results_show_what_each_is_and_turn_by_cursor() -> None:
    message = shown(results(hit(1), hit(2, saved=True), next_cursor="n", previous_cursor="p", total=7))
    text = visible(message.blocks)
    for part in ("/paper tag:llm", "7 entries", "Paper <1> & `more`", "2024-07-19", "Ada One", "#llm", "3 reactions"):
        assert part in text
    assert [read_ask(value) for value in values(message, "page")] == [
        replace(LOOKUP, cursor="p"),
        replace(LOOKUP, cursor="n"),
    ]
    assert [read_press(value) for value in values(message, "save")] == [Press("entry00001", LOOKUP)]
    assert [read_press(value) for value in values(message, "unsave")] == [Press("entry00002", LOOKUP)]
    assert "/archives/C1/" in str(message.blocks)


def test_what_was_asked_for_is_bold_and_everything_around_it_literal() -> None:
    snippet = (Excerpt("<@U1> <!here> "), Excerpt("*양자화*", matched=True), Excerpt("는 @everyone"))
    message = shown(results(replace(hit(1), snippet=snippet)))
    (bold,) = [one for one in literal_texts(message.blocks) if one["text"] == "*양자화*"]
    assert bold["style"] == {"bold": True}
    assert "<@U1> <!here> *양자화*는 @everyone" in visible(message.blocks)


def literal_texts(value: Any) -> Iterator[dict[str, Any]]:
    """The texts of rich text, wherever they are; no markup is read there."""
    if isinstance(value, dict) and value.get("type") == "text":
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from literal_texts(one)


def test_words_taken_for_beginnings_are_told() -> None:
    message = shown(results(hit(1), remark=msg("No entry has the word {words}.", words="“RAG”")))
    text = visible(message.blocks)
    assert text.index("1 entry") < text.index("No entry has the word “RAG”.") < text.index("Paper <1>")


def test_other_spellings_stand_behind_few_results() -> None:
    message = shown(results(hit(1), suggestions=("zero-shot",)))
    text = visible(message.blocks)
    assert text.index("Paper <1>") < text.index("Written otherwise there is more:")
    assert values(message, "run") == ["/paper zero-shot"]


def test_an_empty_page_says_why_and_offers_what_works() -> None:
    message = shown(results(notice=msg("Nothing in the archive matches this."), suggestions=("#a", "#b")))
    assert "Nothing in the archive" in visible(message.blocks)
    assert values(message, "run") == ["/paper #a", "/paper #b"]


def test_only_maintainers_are_offered_to_edit_and_drafts_are_not_shared() -> None:
    assert not values(shown(results(hit())), "run")
    assert values(shown(results(hit()), caller=MAINTAINER), "run") == ["/paper-edit entry00001"]
    draft = answers.DraftsAnswer((hit(status=Status.DRAFT, digest_date=None),))
    assert not values(shown(draft, caller=MAINTAINER), "share")


def test_a_digest_of_three_hundred_entries_is_turned_in_pages() -> None:
    hits = tuple(hit(number) for number in range(300))
    answer = answers.DigestAnswer(DigestView(DAY, hits, DAY - timedelta(days=1), DAY + timedelta(days=1)))
    seen: list[str] = []
    ask = Ask(AskKind.LINE, "/digest show 2024-07-19")
    for page in range(300):
        message = shown(answer, replace(ask, page=page))
        seen += values(message, "details")
        turns = [read_ask(value) for value in values(message, "page")]
        assert [turn.page for turn in turns if turn] == [p for p in (page - 1, page + 1) if p >= 0][: len(turns)]
        if page and len(turns) == 1:
            break
    assert seen == [one.entry.id for one in hits]
    assert values(message, "run") == ["/digest show 2024-07-18", "/digest show 2024-07-20"]


def test_an_entry_is_shown_in_full_over_pages() -> None:
    long = "\n\n".join(f"문단 {number} " + "가" * 180 for number in range(70))
    authors = tuple(f"Author {number}" for number in range(300))
    answer = answers.EntryAnswer(hit(commentary=long, commentary_en=None, authors=authors))
    text = ""
    for page in range(9):
        message = shown(answer, Ask(AskKind.ENTRY, "entry00001", page=page))
        text += visible(message.blocks)
    assert all(f"문단 {number} " in text for number in range(70))
    assert "Author 299" in text
    assert "An abstract." in text


def test_an_abstract_and_none() -> None:
    for one, expected in ((entry(), "An abstract."), (entry(abstract=None), "no abstract")):
        message = answer_message(answers.AbstractAnswer(one), view(Ask(AskKind.ABSTRACT, one.id)))
        check(message)
        assert expected in visible(message.blocks)


def _each_answer() -> Iterator[answers.Answer]:
    error = NotFound(msg("There is no digest on {day}.", day=DAY), suggestions=["/digest show 2024-07-18"])
    week = Recap(
        DAY, DAY + timedelta(days=6), 3, ((entry(), Engagement(1, 2, 3)),), (), ((entry(2), Engagement()),), ()
    )
    yield results(hit())
    yield answers.DigestAnswer(DigestView(DAY, (hit(),), None, None))
    yield answers.EntryAnswer(hit())
    yield answers.LikeAnswer(entry(), (hit(2),))
    yield answers.LikeAnswer(entry(), ())
    yield answers.DraftsAnswer((hit(),))
    yield answers.DraftsAnswer(())
    yield answers.HelpAnswer(HelpView((("tag:llm", msg("both tags")),)), (("/paper", msg("Look papers up")),))
    yield answers.FollowingAnswer(Followed(("tag:llm", "author:kim")))
    yield answers.FollowingAnswer(Followed())
    yield answers.error_answer(error)
    yield answers.notice(msg("Subscription {id} is paused.", id="1"), "/digest resume 1")
    yield answers.ConfirmAnswer(msg("Remove it"), answers.RemoveAct("entry00001"), msg("Remove it"))
    yield answers.SubscriptionsAnswer(
        [
            Subscription(id=1, channel=POST.channel),
            Subscription(id=2, channel=POST.channel, paused=True, query="tag:llm", weekdays=frozenset({0, 4})),
        ]
    )
    yield answers.PreviewAnswer(DAY, (HeaderContent((DAY,), 1), EntryContent(entry())), Language.KOREAN)
    yield answers.RecapAnswer(replace(week, per_day=tuple((DAY + timedelta(days=n), n) for n in range(7))))
    yield answers.EntryFormAnswer(EntryForm())


@pytest.mark.parametrize("answer", list(_each_answer()), ids=lambda answer: type(answer).__name__)
@pytest.mark.parametrize("language", list(Language))
def test_every_answer_can_be_shown(answer: answers.Answer, language: Language) -> None:
    message = shown(answer, Ask(AskKind.LINE, "/paper"), replace(MAINTAINER, language=language))
    assert visible(message.blocks).strip()
    assert message.text


def test_a_preview_shows_the_posts_without_their_buttons() -> None:
    answer = answers.PreviewAnswer(DAY, (HeaderContent((DAY,), 1), EntryContent(entry())), Language.KOREAN)
    message = shown(answer, Ask(AskKind.LINE, "/digest preview"))
    assert "해설입니다." in visible(message.blocks)
    assert not buttons(message.blocks)


NASTY = st.text(max_size=300) | st.sampled_from(
    ["<!channel>", "@here <@U1>", "`a` *b* _c_", "|<http://x|y>", "\u202eevil"]
)


@given(title=NASTY, author=NASTY, tag=NASTY, text=NASTY)
def test_nothing_an_entry_says_breaks_an_answer(title: str, author: str, tag: str, text: str) -> None:
    nasty = hit(title=title, authors=(author,), tags=(tag,), abstract=text, commentary=text, commentary_en=None)
    for answer in (results(nasty), answers.EntryAnswer(nasty), answers.LikeAnswer(nasty.entry, (nasty,))):
        shown(answer)
    check(answer_message(answers.AbstractAnswer(nasty.entry), view()))
