"""Private answers on Discord: every kind, within Discord's limits, whatever stands in the archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.core.digests import EntryContent, HeaderContent, ListContent, MessageRef, NoteContent
from bot.core.engagement import Engagement, Recap
from bot.core.entries import Entry, Status
from bot.core.entry_form import EntryForm
from bot.core.errors import NotFound, QueryError
from bot.core.hits import Excerpt, Hit
from bot.core.markup import paragraphs, title_text
from bot.core.messages import msg
from bot.core.people import Caller, Language, Person, Role
from bot.core.query import Query
from bot.core.query_syntax import MAX_LENGTH
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Channel, Layout, Subscription
from bot.discord.answers import _RENDERED, answer_message
from bot.discord.components import DiscordMessage
from bot.usecases import answers
from bot.usecases.acts import read_act
from bot.usecases.asks import Ask, AskKind, Press, read_ask, read_press
from bot.usecases.follow import Followed
from bot.usecases.look_up import DigestView, HelpView, Results
from bot.viewing import View
from tests.discord.reading import buttons, check, letters, links, spans, states, visible
from tests.discord.test_markdown import HARD

DAY = date(2024, 7, 19)
READER = Caller(Person("discord", "1", "2"), frozenset({Role.READER}), Language.ENGLISH, DAY)
MAINTAINER = replace(READER, roles=frozenset({Role.READER, Role.MAINTAINER}))
POST = MessageRef(Channel("discord", "1", "3"), "4")
JUMP = "https://discord.com/channels/1/3/4"
LOOKUP = Ask(AskKind.LOOKUP, "tag:llm")
LINE = Ask(AskKind.LINE, "/paper")


def entry(number: int = 1, **more: Any) -> Entry:
    base = Entry(
        id=f"entry{number:05}",
        title=f"Paper <@{number}> & `more`",
        digest_date=DAY,
        authors=("Ada One", "Ben Two"),
        url=f"https://arxiv.org/abs/2407.{number:05}",
        arxiv_id=f"2407.{number:05}",
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
    return View(caller, ask, lambda ref: f"https://discord.com/channels/1/{ref.channel.id}/{ref.message_id}")


def shown(
    answer: answers.Answer | answers.AbstractAnswer, ask: Ask | None = LOOKUP, caller: Caller = READER
) -> DiscordMessage:
    message = answer_message(answer, view(ask, caller))
    check(message)
    return message


def in_pages(
    answer: answers.Answer | answers.AbstractAnswer, caller: Caller = READER, *, most: int = 400
) -> list[DiscordMessage]:
    """All pages of an answer, turned as a person does."""
    pages = []
    for page in range(most):
        message = shown(answer, replace(LINE, page=page), caller)
        pages.append(message)
        if all(ask is None or ask.page != page + 1 for ask in map(read_ask, states("page", message))):
            return pages
    raise AssertionError("it never ends")


def said(*messages: DiscordMessage) -> str:
    """All that stands in texts."""
    return "".join(span.text for span in spans(*messages))


def results(*hits: Hit, **more: Any) -> answers.ResultsAnswer:
    base = Results(Query(()), "tag:llm", hits, None, None, len(hits), False)
    return answers.ResultsAnswer("tag:llm", replace(base, **more))


# --- looking up -----------------------------------------------------------------------------------------------------


def test_results_show_what_each_is() -> None:
    message = shown(results(hit(1), hit(2, saved=True, authors=(), organisation="ACME", tags=()), total=2))
    assert visible(message) == (
        "/paper tag:llm\n"
        "2 entries\n"
        "Paper <@1> & `more`\n"
        "2024-07-19 · Ada One, Ben Two · 3 reactions · 2 replies · saved once\n"
        "#llm · Jump to the post [Details]\n"
        "Paper <@2> & `more`\n"
        "2024-07-19 · ACME · 3 reactions · 2 replies · saved once · Saved\n"
        "Jump to the post [Details]"
    )
    assert links(message) == [
        ("https://arxiv.org/abs/2407.00001", "Paper <@1> & `more`"),
        (JUMP, "Jump to the post"),
        ("https://arxiv.org/abs/2407.00002", "Paper <@2> & `more`"),
        (JUMP, "Jump to the post"),
    ]
    assert states("details", message) == ["entry00001", "entry00002"]


def test_what_was_asked_for_is_bold_and_everything_around_it_literal() -> None:
    snippet = (Excerpt("<@U1> <!here> "), Excerpt("*양자화*", matched=True), Excerpt("는 @everyone"))
    message = shown(results(replace(hit(1), snippet=snippet)))
    assert [span.text for span in spans(message) if "bold" in span.style.formats and "양자화" in span.text] == [
        "*양자화*"
    ]
    assert "<@U1> <!here> *양자화*는 @everyone" in visible(message)


def test_words_taken_for_beginnings_are_told() -> None:
    message = shown(results(hit(1), remark=msg("No entry has the word {words}.", words="“RAG”")))
    assert visible(message).startswith("/paper tag:llm\n1 entry\nNo entry has the word “RAG”.\nPaper")


def test_other_spellings_stand_behind_few_results() -> None:
    message = shown(results(hit(1), suggestions=("zero-shot",)))
    text = visible(message)
    assert text.index("Paper") < text.index("Written otherwise there is more:") < text.index("[/paper query:zero-shot]")


def test_results_in_korean() -> None:
    korean = replace(READER, language=Language.KOREAN)
    message = shown(results(hit(authors=tuple("가나다라마")), total=1_000, total_is_about=True), caller=korean)
    assert visible(message) == (
        "/paper tag:llm\n"
        "항목 약 1,000개\n"
        "Paper <@1> & `more`\n"
        "2024-07-19 · 가, 나, 다 외 2명 · 반응 3개 · 답글 2개 · 저장 1회\n"
        "#llm · 게시물로 이동 [자세히]"
    )


def test_results_turn_by_cursor() -> None:
    message = shown(results(hit(1), next_cursor="n", previous_cursor="p", total=7))
    assert list(map(read_ask, states("page", message))) == [replace(LOOKUP, cursor="p"), replace(LOOKUP, cursor="n")]


def test_an_entry_without_anything_is_one_result_all_the_same() -> None:
    bare = Hit(Entry(id="abcdefghij", title="\u202e"), Engagement(), saved=False, jump=None)
    assert visible(shown(results(bare))) == "/paper tag:llm\n1 entry\nabcdefghij [Details]"


def test_a_post_that_the_person_does_not_see_is_not_linked() -> None:
    message = answer_message(results(hit()), View(READER, LOOKUP, lambda ref: None))
    assert "Jump" not in visible(message)


def test_an_empty_page_says_why_and_offers_what_works() -> None:
    message = shown(results(notice=msg("Nothing in the archive matches this."), suggestions=("#a", "#b")))
    assert visible(message) == (
        "/paper tag:llm\nNothing in the archive matches this.\nTry:\n[/paper query:#a] [/paper query:#b]"
    )
    assert states("run", message) == ["/paper #a", "/paper #b"]


def test_the_longest_query_can_be_turned() -> None:
    text = "가" * MAX_LENGTH
    message = shown(answers.ResultsAnswer(text, replace(results(hit()).results, text=text, next_cursor="n" * 60)))
    (state,) = states("page", message)
    assert read_ask(state) == Ask(AskKind.LOOKUP, text, "n" * 60)


# --- digests, entries -----------------------------------------------------------------------------------------------


def test_a_digest_of_a_hundred_entries_is_turned_in_pages() -> None:
    hits = tuple(hit(number) for number in range(100))
    answer = answers.DigestAnswer(DigestView(DAY, hits, DAY - timedelta(days=1), DAY + timedelta(days=1)))
    pages = in_pages(answer)
    assert states("details", *pages) == [one.entry.id for one in hits]
    assert visible(pages[0]).startswith("Fri, 19 Jul 2024\n100 entries\nPaper")
    assert len(pages) < 15
    for page in pages:
        assert states("run", page) == ["/digest show 2024-07-18", "/digest show 2024-07-20"]
        assert "[← 2024-07-18] [2024-07-20 →]" in visible(page)


def test_the_only_digest_leads_nowhere() -> None:
    message = shown(answers.DigestAnswer(DigestView(DAY, (hit(),), None, None)))
    assert states("run", message) == []
    assert "2024-07-19" not in visible(message)


def test_an_entry_in_full() -> None:
    authors = ("Ada One", "Ben Two", "Cho Three", "Dee Four", "Eve Five")
    message = shown(answers.EntryAnswer(hit(authors=authors, links=("https://b.org",))), Ask(AskKind.ENTRY, "x"))
    assert visible(message) == (
        "Paper <@1> & `more`\n"
        "Ada One, Ben Two, Cho Three and 2 more · arXiv:2407.00001\n"
        "Digest of 2024-07-19 · 3 reactions · 2 replies · saved once · Entry entry00001\n"
        "#llm · Jump to the post\n"
        "A commentary.\n"
        "Abstract\n"
        "An abstract.\n"
        "Commentary in the other language\n"
        "해설입니다.\n"
        "Authors\n"
        "Ada One, Ben Two, Cho Three, Dee Four, Eve Five\n"
        "Links\n"
        "https://b.org\n"
        "[Save] [More like this] [Share]"
    )
    assert read_press(states("save", message)[0]) == Press("entry00001", Ask(AskKind.ENTRY, "x"))


def test_an_entry_is_shown_in_full_over_pages_each_with_what_can_be_done() -> None:
    long = "\n\n".join(f"문단 {number} " + "가" * 180 for number in range(70))
    authors = tuple(f"Author {number}" for number in range(300))
    pages = in_pages(answers.EntryAnswer(hit(commentary=long, commentary_en=None, authors=authors)))
    assert letters(long) in letters(said(*pages))
    assert "Author 299" in said(pages[-1])
    assert len(pages) > 3
    for number, page in enumerate(pages):
        assert [label for label, _ in buttons(page)][:3] == ["Save", "More like this", "Share"]
        assert read_press(states("save", page)[0]) == Press("entry00001", replace(LINE, page=number))


def test_authors_whom_the_first_lines_name_are_not_named_again() -> None:
    assert "Authors" not in visible(shown(answers.EntryAnswer(hit())))
    long = "기관 " * 100
    assert letters(visible(shown(answers.EntryAnswer(hit(authors=(long,)))))).count(letters(long)) == 1


def test_only_maintainers_are_offered_to_edit_and_drafts_are_not_shared() -> None:
    assert states("run", shown(answers.EntryAnswer(hit()))) == []
    assert states("run", shown(answers.EntryAnswer(hit()), caller=MAINTAINER)) == ["/paper-edit entry00001"]
    draft = answers.EntryAnswer(hit(status=Status.DRAFT, digest_date=None))
    assert states("share", shown(draft, caller=MAINTAINER)) == []
    assert states("share", shown(answers.EntryAnswer(hit()))) == ["entry00001"]


def test_what_is_saved_can_be_let_go() -> None:
    message = shown(answers.EntryAnswer(hit(saved=True)))
    assert states("save", message) == []
    assert read_press(states("unsave", message)[0]) == Press("entry00001", LOOKUP)


@pytest.mark.parametrize(
    ("abstract", "said_of_it"), [("An abstract.", "An abstract."), (None, "There is no abstract.")]
)
def test_an_abstract_and_none(abstract: str | None, said_of_it: str) -> None:
    message = shown(answers.AbstractAnswer(entry(abstract=abstract)), Ask(AskKind.ABSTRACT, "x"))
    assert visible(message) == f"Paper <@1> & `more`\n{said_of_it}"


def test_what_is_like_an_entry_names_it() -> None:
    message = shown(answers.LikeAnswer(entry(title="A `b` | c"), (hit(2),)))
    assert visible(message).startswith("Like “A `b` | c”, by shared tags:\nPaper <@2>")
    assert all("code" not in span.style.formats for span in spans(message))


# --- every kind -----------------------------------------------------------------------------------------------------


def _each_answer() -> Iterator[answers.Answer | answers.AbstractAnswer]:
    missing = NotFound(msg("There is no digest on {day}.", day=DAY), suggestions=["/digest show 2024-07-18"])
    unknown = QueryError(msg("There is no tag “{tag}”.", tag="rlfai"), suggestions=["tag:rlaif"])
    week = Recap(
        DAY,
        DAY + timedelta(days=6),
        3,
        ((entry(), Engagement(1, 2, 3)),),
        (),
        ((entry(2), Engagement()),),
        tuple((DAY + timedelta(days=n), n) for n in range(7)),
    )
    yield results(hit())
    yield results(notice=msg("Nothing in the archive matches this."))
    yield answers.DigestAnswer(DigestView(DAY, (hit(),), None, None))
    yield answers.EntryAnswer(hit())
    yield answers.AbstractAnswer(entry())
    yield answers.LikeAnswer(entry(), (hit(2),))
    yield answers.LikeAnswer(entry(), ())
    yield answers.DraftsAnswer((hit(),))
    yield answers.DraftsAnswer(())
    yield answers.HelpAnswer(HelpView((("tag:llm", msg("both tags")),)), (("/paper", msg("Look papers up")),))
    yield answers.FollowingAnswer(Followed(("tag:llm", "author:kim")))
    yield answers.FollowingAnswer(Followed())
    yield answers.error_answer(missing)
    yield answers.error_answer(unknown)
    yield answers.notice(msg("Subscription {id} is paused.", id="1"), "/digest resume 1")
    yield answers.ConfirmAnswer(msg("Remove it"), answers.RemoveAct("entry00001"), msg("Remove it"))
    yield answers.SubscriptionsAnswer(
        [
            Subscription(id=1, channel=POST.channel),
            Subscription(id=2, channel=POST.channel, paused=True, query="tag:llm", weekdays=frozenset({0, 4})),
        ]
    )
    yield answers.PreviewAnswer(DAY, (HeaderContent((DAY,), 1), EntryContent(entry())), Language.KOREAN)
    yield answers.RecapAnswer(week)
    yield answers.RecapAnswer(replace(week, entry_count=0, top=(), overlooked=()))
    yield answers.EntryFormAnswer(EntryForm())
    yield answers.SubscriptionFormAnswer(SubscriptionForm(), problem=msg("Some fields need another look."))


@pytest.mark.parametrize("answer", list(_each_answer()), ids=lambda answer: type(answer).__name__)
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("ask", [LINE, None], ids=["asked", "at hand"])
def test_every_answer_can_be_shown(answer: answers.Answer, language: Language, ask: Ask | None) -> None:
    assert visible(shown(answer, ask, replace(MAINTAINER, language=language))).strip()


def test_every_kind_is_among_them() -> None:
    kinds = {*get_args(answers.Answer), answers.AbstractAnswer}
    assert {type(answer) for answer in _each_answer()} == kinds == set(_RENDERED)


def test_an_error_offers_what_was_probably_meant() -> None:
    message = shown(answers.error_answer(QueryError(msg("There is no tag “{tag}”.", tag="x"), suggestions=["tag:y"])))
    assert visible(message) == "There is no tag “x”.\nDid you mean:\n[/paper tag:y]"


def test_a_second_click_carries_what_it_does() -> None:
    message = shown(answers.ConfirmAnswer(msg("Remove it"), answers.RemoveAct("abc"), msg("Remove it")))
    assert [read_act(state) for state in states("confirm", message)] == [answers.RemoveAct("abc")]


def test_a_subscription_says_what_it_brings_and_when() -> None:
    message = shown(
        answers.SubscriptionsAnswer(
            [
                Subscription(id=1, channel=POST.channel, language=Language.ENGLISH),
                Subscription(
                    id=2,
                    channel=POST.channel,
                    paused=True,
                    query="tag:llm",
                    weekdays=frozenset({0, 4}),
                    layout=Layout.FORUM,
                ),
            ]
        )
    )
    assert visible(message) == (
        "This channel's subscriptions\n"
        "No. 1 everything\n"
        "09:00 Asia/Seoul · every day · Cards · English\n"
        "[Edit] [Pause] [Unsubscribe]\n"
        "No. 2 tag:llm · paused\n"
        "09:00 Asia/Seoul · Mon, Fri · Forum posts · 한국어\n"
        "[Edit] [Resume] [Unsubscribe]"
    )
    assert states("run", message)[:3] == ["/digest edit 1", "/digest pause 1", "/digest unsubscribe 1"]


def test_a_preview_shows_the_posts_without_their_buttons() -> None:
    contents = (
        HeaderContent((DAY,), 1),
        EntryContent(entry()),
        ListContent((DAY,), (entry(),)),
        NoteContent(msg("Nothing new today.")),
    )
    message = shown(answers.PreviewAnswer(DAY, contents, Language.KOREAN), Ask(AskKind.LINE, "/digest preview"))
    assert visible(message) == (
        "This is what the digest of 2024-07-19 looks like here:\n"
        "―\n2024년 7월 19일 (금)\n항목 1개\n"
        "―\nPaper <@1> & `more`\nAda One, Ben Two · arXiv:2407.00001\n해설입니다.\n#llm\n"
        "―\n2024년 7월 19일 (금)\n항목 1개\n1. Paper <@1> & `more`\nAda One, Ben Two · #llm\n"
        "―\nNothing new today."
    )
    assert not buttons(message)


def test_a_long_preview_is_whole() -> None:
    long = "\n\n".join(f"문단 {number} " + "가" * 180 for number in range(70))
    pages = in_pages(answers.PreviewAnswer(DAY, (EntryContent(entry(commentary=long)),), Language.KOREAN))
    shown_of_it = "".join(span.text for span in spans(*pages) if "small" not in span.style.formats)
    assert letters(long) in letters(shown_of_it.replace("#llm", ""))


def test_a_recap_is_readable() -> None:
    week = Recap(DAY, DAY + timedelta(days=2), 3, ((entry(), Engagement(1)),), (), (), ((DAY, 0), (DAY, 1), (DAY, 2)))
    assert visible(shown(answers.RecapAnswer(week))) == (
        "The week of 2024-07-19 to 2024-07-21\n"
        "3 entries\n"
        "Fri   0\nFri ▄ 1\nFri █ 2\n"
        "Most liked\n"
        "1. Paper <@1> & `more` · 1 reaction"
    )


def test_help_with_many_commands_is_whole() -> None:
    examples = tuple((f"tag:{'x' * number}", msg("both tags")) for number in range(1, 60))
    commands = tuple((f"/command-{number}", msg("Look papers up")) for number in range(60))
    pages = in_pages(answers.HelpAnswer(HelpView(examples), commands))
    text = said(*pages)
    assert all(f"/paper {line} both tags\n" in text for line, _ in examples)
    assert all(f"{line} Look papers up\n" in text for line, _ in commands)
    assert len(states("run", *pages)) == 5


# --- anything at all ------------------------------------------------------------------------------------------------

_HUGE = st.sampled_from(
    ["낱말 " * 1_500, "x" * 5_000, "😀" * 2_100, "*[" * 1_000, "문단입니다.\n\n" * 700, "](http://x.org)" * 150]
)
_SMALL = st.text(max_size=40) | st.sampled_from(HARD)
NASTY = st.one_of(*[_SMALL] * 3, _HUGE)
ENTRIES = st.builds(
    Entry,
    id=st.just("abcdefghij"),
    title=NASTY,
    digest_date=st.none() | st.just(DAY),
    authors=st.lists(_SMALL, max_size=4).map(tuple) | st.just(tuple(f"Author {n}" for n in range(200))),
    organisation=st.none() | NASTY,
    url=st.none() | _SMALL | st.sampled_from(["https://example.org/a", "https://example.org/" + "(" * 700]),
    arxiv_id=st.none() | _SMALL,
    abstract=st.none() | NASTY,
    commentary=st.none() | NASTY,
    commentary_en=st.none() | NASTY,
    tags=st.lists(_SMALL, max_size=4).map(tuple) | st.just(tuple(f"tag-{n}" for n in range(300))),
    links=st.lists(_SMALL.map("https://example.org/".__add__), max_size=3).map(tuple),
    status=st.sampled_from([Status.PUBLISHED, Status.DRAFT]),
)
HITS = st.builds(
    Hit,
    ENTRIES,
    st.builds(Engagement, st.integers(0, 10**9), st.integers(0, 9), st.integers(0, 9)),
    st.booleans(),
    st.none() | st.just(POST),
)
LANGUAGES = st.sampled_from(Language)


NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Huge examples are slow to make smaller, and plain enough."""


@settings(max_examples=30, phases=NO_SHRINKING)
@given(HITS, LANGUAGES)
def test_an_entry_of_any_kind_is_whole_on_its_pages(found: Hit, language: Language) -> None:
    pages = in_pages(answers.EntryAnswer(found), replace(MAINTAINER, language=language))
    text = letters(said(*pages)).casefold()
    for part in (found.entry.commentary, found.entry.commentary_en):
        assert shown_of(part) in text
    assert letters(title_text(found.entry.title)).casefold() in text
    assert all(letters(title_text(tag)).casefold() in text for tag in found.entry.tags)
    for page in pages:
        assert states("like", page) == ["abcdefghij"]


def shown_of(text: str | None) -> str:
    return letters("".join(run.text for runs in paragraphs(text or "") for run in runs)).casefold()


@settings(max_examples=20, phases=NO_SHRINKING)
@given(st.lists(HITS, min_size=1, max_size=2), LANGUAGES)
def test_any_entries_can_be_listed(hits: list[Hit], language: Language) -> None:
    caller, found = replace(MAINTAINER, language=language), tuple(hits)
    week = Recap(DAY, DAY, 3, tuple((one.entry, one.engagement) for one in hits), (), (), ((DAY, 3),))
    for answer in (
        results(*found, next_cursor="n"),
        answers.DigestAnswer(DigestView(DAY, found, DAY, DAY)),
        answers.LikeAnswer(found[0].entry, found),
        answers.DraftsAnswer(found),
        answers.RecapAnswer(week),
        answers.PreviewAnswer(DAY, (ListContent((DAY,), tuple(one.entry for one in hits)),), language),
    ):
        pages = in_pages(answer, caller)
        text = letters("".join(span.text for span in spans(*pages) if "small" not in span.style.formats)).casefold()
        assert all(letters(title_text(one.entry.title)).casefold() in text for one in hits)


_TYPED = NASTY.map(lambda text: text[:MAX_LENGTH])


@settings(max_examples=30, phases=NO_SHRINKING)
@given(_TYPED, st.lists(_TYPED.map("/paper {}".format), max_size=12), LANGUAGES)
def test_whatever_was_typed_can_be_said_again(typed: str, lines: list[str], language: Language) -> None:
    caller = replace(READER, language=language)
    for answer in (
        results(text=typed, notice=msg("Nothing in the archive matches this."), suggestions=tuple(lines)),
        answers.NoticeAnswer((msg("There is no tag “{tag}”.", tag=typed),) * 3, tuple(lines)),
        answers.FollowingAnswer(Followed(tuple(line[7:] or "x" for line in lines))),
        answers.SubscriptionsAnswer([Subscription(id=1, channel=POST.channel, query=typed)] * 9),
        answers.HelpAnswer(HelpView(tuple((line, msg("both tags")) for line in lines)), ()),
    ):
        in_pages(answer, caller)
