"""The conversation every platform holds: who may ask for what, what is answered, and what a second click does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations
from typing import Final, get_args

import pytest

from bot.core import commands as core
from bot.core.digests import EntryContent, HeaderContent
from bot.core.entries import Entry, Status
from bot.core.entry_form import EntryForm, Publish, form_of
from bot.core.errors import (
    CommandError,
    Conflict,
    DeliveryUncertain,
    FormError,
    NotAllowed,
    NotFound,
    PaperboyError,
    QueryError,
)
from bot.core.messages import msg
from bot.core.people import Caller, Language, Role
from bot.core.query import PartialDate
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Layout
from bot.usecases import converse, decide
from bot.usecases.answers import (
    Act,
    Answer,
    ConfirmAnswer,
    DigestAnswer,
    DraftsAnswer,
    EndAct,
    EntryFormAnswer,
    FollowingAnswer,
    ForgetAct,
    HelpAnswer,
    NoticeAnswer,
    PreviewAnswer,
    RecapAnswer,
    RemoveAct,
    ResendAct,
    ResultsAnswer,
    SubscriptionFormAnswer,
    SubscriptionsAnswer,
)

from .conftest import HERE, MAINTAINER, OPERATOR, READER, THERE, Desk, caller, uncertain

TODAY: Final = date(2024, 6, 21)
DAY: Final = PartialDate(2024, 6, 21)
PAPER: Final = "2406.14548"


class OneSource:
    """A paper source that knows one paper."""

    async def paper(self, arxiv_id: str) -> Entry | None:
        """What stands under an arXiv id."""
        if arxiv_id != "2406.00001":
            return None
        return Entry(id="", title="From arXiv", digest_date=None, arxiv_id=arxiv_id, authors=("Ada One",))


@dataclass
class Talk:
    """A conversation in one channel, and what the rest of Paperboy was told meanwhile."""

    desk: converse.Desk
    nudges: list[None] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    async def say(self, line: str, by: Caller) -> Answer:
        """Type a line."""
        return await converse.run_line(self.desk, by, HERE, line)

    async def do(self, act: Act, by: Caller) -> NoticeAnswer:
        """Confirm."""
        return await converse.perform(self.desk, by, HERE, act)

    async def keep(self, form: EntryForm, entry_id: str | None = None, by: Caller = MAINTAINER) -> Answer:
        """Save an entry's form."""
        return await converse.save_entry(self.desk, by, form, entry_id)

    async def order(self, form: SubscriptionForm, number: int | None = None, by: Caller = OPERATOR) -> Answer:
        """Save a subscription's form."""
        return await converse.save_subscription(self.desk, by, HERE, form, number)


@pytest.fixture
def talk(desk: Desk) -> Talk:
    """A desk over the test's database."""
    nudges: list[None] = []
    changed: list[str] = []
    own = converse.Desk(
        stores=desk.stores,
        clock=desk.clock,
        source=OneSource(),
        courier=desk.chat,
        nudge=lambda: nudges.append(None),
        entry_changed=changed.append,
        language=Language.KOREAN,
        zone="Asia/Seoul",
        layouts=frozenset({Layout.CARDS}),
    )
    return Talk(own, nudges, changed)


def sentence(answer: Answer) -> str:
    """The first thing a notice says."""
    assert isinstance(answer, NoticeAnswer)
    return str(answer.messages[0])


# --- who may ask for what ---------------------------------------------------------------------------------------------

ANYBODY: Final = frozenset({Role.READER})
OPERATORS: Final = frozenset({Role.OPERATOR})
STAFF: Final = frozenset({Role.OPERATOR, Role.MAINTAINER})
MAINTAINERS: Final = frozenset({Role.MAINTAINER})
EVERY_COMMAND: Final[Mapping[core.Command, tuple[frozenset[Role], type[Answer]]]] = {
    core.LookUp("tag:rlaif"): (ANYBODY, ResultsAnswer),
    core.Latest(): (ANYBODY, DigestAnswer),
    core.Help(): (ANYBODY, HelpAnswer),
    core.ForgetMe(): (ANYBODY, ConfirmAnswer),
    core.Follow("tag:vision"): (ANYBODY, NoticeAnswer),
    core.Following(): (ANYBODY, FollowingAnswer),
    core.Unfollow("tag:rlaif"): (ANYBODY, NoticeAnswer),
    core.ShowDigest(DAY): (ANYBODY, DigestAnswer),
    core.Recap(): (ANYBODY, RecapAnswer),
    core.Subscribe("tag:rlaif"): (OPERATORS, SubscriptionFormAnswer),
    core.ListSubscriptions(): (OPERATORS, SubscriptionsAnswer),
    core.EditSubscription(): (OPERATORS, SubscriptionFormAnswer),
    core.Pause(): (OPERATORS, NoticeAnswer),
    core.Resume(): (OPERATORS, NoticeAnswer),
    core.Unsubscribe(): (OPERATORS, ConfirmAnswer),
    core.Preview(): (STAFF, PreviewAnswer),
    core.Send(DAY): (STAFF, NoticeAnswer),
    core.Why(): (STAFF, NoticeAnswer),
    core.Found(): (OPERATORS, NoticeAnswer),
    core.Resend(): (OPERATORS, ConfirmAnswer),
    core.AddEntry("2406.00001"): (MAINTAINERS, EntryFormAnswer),
    core.EditEntry(PAPER): (MAINTAINERS, EntryFormAnswer),
    core.EditEntry(): (MAINTAINERS, DraftsAnswer),
    core.RemoveEntry(PAPER): (MAINTAINERS, ConfirmAnswer),
    core.Undo(PAPER): (MAINTAINERS, NoticeAnswer),
}
PEOPLE: Final = tuple(
    caller(*roles, user=f"with-{len(roles)}-{'-'.join(roles)}")
    for count in range(3)
    for roles in combinations((Role.MAINTAINER, Role.OPERATOR), count)
)


def test_every_command_is_tried() -> None:
    assert {type(command) for command in EVERY_COMMAND} == set(get_args(core.Command))


async def hold_up(desk: Desk) -> None:
    """The first post of #papers was interrupted, and nobody can tell whether it is there."""
    desk.chat.faults = [uncertain()]
    lost = DeliveryUncertain(msg("Paperboy may not read here."), lasting=True)
    desk.chat.find_faults = [lost] * 10
    await desk.send()
    desk.clock.pass_time(hours=1)
    await desk.send()


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=str)
async def test_a_command_is_for_those_with_the_role(talk: Talk, desk: Desk, command: core.Command) -> None:
    entry = await desk.add("One", tags=("rlaif", "vision"), arxiv_id=PAPER)
    for title in ("Two", "Three", "Four"):
        entry = await desk.change(entry, title=title)
    await desk.subscribe()
    may, kind = EVERY_COMMAND[command]
    assert core.required_roles(command) == may
    for person in PEOPLE:
        await talk.say("/paper follow tag:rlaif", person)
        if isinstance(command, core.Found | core.Resend) and await decide.held_up(desk.stores, HERE) is None:
            await hold_up(desk)
        if person.roles & may:
            assert isinstance(await converse.run(talk.desk, person, HERE, command), kind)
        else:
            with pytest.raises(NotAllowed):
                await converse.run(talk.desk, person, HERE, command)


@pytest.mark.parametrize(
    ("act", "may"),
    [(RemoveAct(PAPER), MAINTAINERS), (EndAct(1), OPERATORS), (ForgetAct(), ANYBODY), (ResendAct(1), OPERATORS)],
    ids=["remove", "end", "forget", "resend"],
)
async def test_a_second_click_checks_again(talk: Talk, desk: Desk, act: Act, may: frozenset[Role]) -> None:
    entry = await desk.add("One", arxiv_id=PAPER)
    await desk.subscribe()
    for person in PEOPLE:
        if not person.roles & may:
            with pytest.raises(NotAllowed):
                await talk.do(act, person)
    assert talk.changed == []
    assert (await desk.stores.archive.get([entry.id]))[entry.id].is_public
    assert await desk.stores.subscriptions.of_channel(HERE)


async def test_forms_are_for_those_with_the_role(talk: Talk, desk: Desk) -> None:
    kept = await talk.keep(EntryForm(title="One"), by=OPERATOR)
    assert isinstance(kept, EntryFormAnswer)
    assert isinstance(kept.error, NotAllowed)
    ordered = await talk.order(SubscriptionForm(), by=MAINTAINER)
    assert isinstance(ordered, SubscriptionFormAnswer)
    assert isinstance(ordered.error, NotAllowed)
    assert await desk.stores.archive.count() == 0
    assert not await desk.stores.subscriptions.of_channel(HERE)
    assert (talk.changed, talk.nudges) == ([], [])


# --- looking up -------------------------------------------------------------------------------------------------------


async def test_a_lookup_goes_on_from_its_cursor(talk: Talk, desk: Desk) -> None:
    for number in range(7):
        await desk.add(f"Paper {number}", tags=("rlaif",))
    first = await talk.say("/paper tag:rlaif", READER)
    assert isinstance(first, ResultsAnswer)
    assert (first.typed, len(first.results.hits)) == ("tag:rlaif", 5)
    rest = await converse.results_page(talk.desk, READER, first.typed, first.results.next_cursor)
    seen = {hit.entry.title for page in (first, rest) for hit in page.results.hits}
    assert seen == {f"Paper {number}" for number in range(7)}


async def test_an_entry_and_what_is_like_it(talk: Talk, desk: Desk) -> None:
    one = await desk.add("One", tags=("rlaif",))
    await desk.add("Two", tags=("rlaif",))
    draft = await desk.add("Three", tags=("rlaif",), status=Status.DRAFT)
    shown = await converse.show_entry(talk.desk, READER, one.id)
    assert (shown.hit.entry, shown.hit.saved) == (one, False)
    like = await converse.show_like(talk.desk, READER, one.id)
    assert (like.entry, [hit.entry.title for hit in like.hits]) == (one, ["Two"])
    for ask in (converse.show_entry, converse.show_like):
        with pytest.raises(NotFound):
            await ask(talk.desk, READER, draft.id)


async def test_help_lists_what_one_may_use(talk: Talk, desk: Desk) -> None:
    await desk.add("One", tags=("rlaif",))
    listed: dict[frozenset[Role], set[str]] = {}
    for person in PEOPLE:
        answer = await talk.say("/paper help", person)
        assert isinstance(answer, HelpAnswer)
        listed[person.roles] = {line for line, _ in answer.commands}
    for_all, curating, ordering, both = (listed[person.roles] for person in PEOPLE)
    assert {"/paper", "/paper follow", "/paper unfollow", "/paper forget-me", "/digest show"} <= for_all
    assert "/digest why" in curating & ordering - for_all
    assert {"/paper-add", "/paper-edit", "/paper-remove", "/paper-undo"} <= curating - for_all - ordering
    assert {"/digest subscribe", "/digest pause"} <= ordering - for_all - curating
    assert both == curating | ordering


@pytest.mark.parametrize(
    ("line", "suggestions"),
    [
        ("/papr tag:rlaif", ("/paper tag:rlaif",)),
        ("/zzzzzzzzzz", ("/paper help",)),
        ("/digest prevew 2024", ("/digest preview 2024",)),
        ("/paper tag:rlfai", ("/paper tag:rlaif",)),
        ("/paper-add 2406.14548", ("/paper-edit {id}",)),
        ("/paper unfollow tag:rlaif", ("/paper help",)),
        ("/digest edit", ()),
    ],
)
async def test_what_went_wrong_suggests_what_may_be_meant(
    talk: Talk, desk: Desk, line: str, suggestions: tuple[str, ...]
) -> None:
    entry = await desk.add("One", tags=("rlaif",), arxiv_id=PAPER)
    answer = await converse.answered(talk.say(line, caller(Role.MAINTAINER, Role.OPERATOR)))
    assert isinstance(answer, NoticeAnswer)
    assert isinstance(answer.error, PaperboyError)
    assert answer.messages == (answer.error.message,)
    assert answer.suggestions == tuple(one.format(id=entry.id) for one in suggestions)


async def test_only_what_can_be_told_becomes_an_answer(talk: Talk) -> None:
    async def fails(error: Exception) -> Answer:
        raise error

    told = await converse.answered(fails(CommandError(msg("No."), suggestions=["/paper"])))
    assert isinstance(told, NoticeAnswer)
    assert (sentence(told), told.suggestions) == ("No.", ("/paper",))
    with pytest.raises(ZeroDivisionError):
        await converse.answered(fails(ZeroDivisionError()))


# --- following --------------------------------------------------------------------------------------------------------


async def test_following_and_no_longer(talk: Talk, desk: Desk) -> None:
    await desk.add("One", tags=("rlaif",))
    begun = await talk.say("/paper follow #rlaif", READER)
    assert sentence(begun).startswith("You follow `tag:rlaif` now.")
    mine = await talk.say("/paper following", READER)
    assert isinstance(mine, FollowingAnswer)
    assert mine.followed.queries == ("tag:rlaif",)
    ended = await talk.say("/paper unfollow 1", READER)
    assert isinstance(ended, NoticeAnswer)
    assert sentence(ended) == "You no longer follow `tag:rlaif`."
    assert sentence(await talk.say(ended.suggestions[0], READER)) == sentence(begun)


# --- what a second click does -----------------------------------------------------------------------------------------


async def test_removing_asks_first_and_can_be_undone(talk: Talk, desk: Desk) -> None:
    entry = await desk.add("One")
    asked = await talk.say(f"/paper-remove {entry.id}", MAINTAINER)
    assert isinstance(asked, ConfirmAnswer)
    assert (asked.act, talk.changed) == (RemoveAct(entry.id), [])
    assert (await desk.stores.archive.get([entry.id]))[entry.id].is_public
    done = await talk.do(asked.act, MAINTAINER)
    assert (sentence(done), talk.changed) == ("“One” is removed everywhere.", [entry.id])
    with pytest.raises(NotFound):
        await converse.show_entry(talk.desk, MAINTAINER, entry.id)
    with pytest.raises(NotFound):
        await talk.do(asked.act, MAINTAINER)
    assert sentence(await talk.say(done.suggestions[0], MAINTAINER)) == "“One” is as it was before."
    assert talk.changed == [entry.id, entry.id]


async def test_ending_a_subscription_asks_first(talk: Talk, desk: Desk) -> None:
    there, here = await desk.subscribe(THERE), await desk.subscribe()
    asked = await talk.say("/digest unsubscribe", OPERATOR)
    assert isinstance(asked, ConfirmAnswer)
    assert asked.act == EndAct(here.id)
    assert await desk.stores.subscriptions.of_channel(HERE)
    with pytest.raises(NotFound):
        await talk.do(EndAct(there.id), OPERATOR)
    assert sentence(await talk.do(asked.act, OPERATOR)) == f"Subscription {here.id} has ended."
    assert not await desk.stores.subscriptions.of_channel(HERE)
    assert await desk.stores.subscriptions.of_channel(THERE)


async def test_forgetting_asks_first(talk: Talk, desk: Desk) -> None:
    entry = await desk.add("One")
    for person in (READER, MAINTAINER):
        await desk.stores.engagement.save(entry.id, person.person, at=desk.clock.now())
    asked = await talk.say("/paper forget-me", READER)
    assert isinstance(asked, ConfirmAnswer)
    assert (await converse.show_entry(talk.desk, READER, entry.id)).hit.saved
    assert sentence(await talk.do(asked.act, READER)) == "1 record about you was erased."
    assert not (await converse.show_entry(talk.desk, READER, entry.id)).hit.saved
    assert (await converse.show_entry(talk.desk, MAINTAINER, entry.id)).hit.saved


# --- the channel's digest ---------------------------------------------------------------------------------------------


async def test_a_preview_is_in_the_language_of_the_channel(talk: Talk, desk: Desk) -> None:
    entry = await desk.add("One")
    contents = (HeaderContent((TODAY,), 1), EntryContent(entry))
    assert await talk.say("/digest preview", MAINTAINER) == PreviewAnswer(TODAY, contents, Language.KOREAN)
    await desk.subscribe(language=Language.ENGLISH)
    assert await talk.say("/digest preview", MAINTAINER) == PreviewAnswer(TODAY, contents, Language.ENGLISH)


async def test_what_is_due_now_wakes_the_loop(talk: Talk, desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    for line, woken in (("/digest pause", 0), ("/digest resume", 1), ("/digest send", 2), ("/digest why", 2)):
        await talk.say(line, OPERATOR)
        assert len(talk.nudges) == woken, line


async def test_a_subscription_begins_changes_and_is_listed(talk: Talk, desk: Desk) -> None:
    await desk.add("One", tags=("rlaif",))
    nothing = await talk.say("/digest list", OPERATOR)
    assert isinstance(nothing, NoticeAnswer)
    opened = await talk.say(f"{nothing.suggestions[0]} tag:rlaif", OPERATOR)
    assert isinstance(opened, SubscriptionFormAnswer)
    assert (opened.form.query, opened.form.zone, opened.subscription_id) == ("tag:rlaif", "Asia/Seoul", None)
    assert sentence(await talk.order(opened.form)) == "Subscription 1 is set. The latest digest follows at once."
    assert talk.nudges == [None]
    again = await talk.say("/digest edit", OPERATOR)
    assert isinstance(again, SubscriptionFormAnswer)
    assert sentence(await talk.order(replace(again.form, at="18:30"), again.subscription_id)).endswith("is changed.")
    listed = await talk.say("/digest list", OPERATOR)
    assert isinstance(listed, SubscriptionsAnswer)
    assert [(one.query, f"{one.at:%H:%M}") for one in listed.subscriptions] == [("tag:rlaif", "18:30")]


async def test_a_wrong_subscription_comes_back_as_it_was_typed(talk: Talk, desk: Desk) -> None:
    typed = SubscriptionForm(query="tag:rlaif date:today", at="25:00", zone="Mars/Olympus", layout=Layout.COMPACT)
    answer = await talk.order(typed)
    assert isinstance(answer, SubscriptionFormAnswer)
    assert (answer.form, answer.subscription_id) == (typed, None)
    assert isinstance(answer.error, FormError)
    assert answer.problem == answer.error.message
    assert set(answer.wrong or {}) == {"query", "at", "zone", "layout"}  # the desk's platform has no compact one
    assert talk.nudges == []
    assert not await desk.stores.subscriptions.of_channel(HERE)


async def test_an_unknown_tag_is_said_at_the_query(talk: Talk, desk: Desk) -> None:
    await desk.add("One", tags=("rlaif",))
    made = await desk.subscribe()
    for number in (None, made.id):
        answer = await talk.order(SubscriptionForm(query="tag:rlfai"), number)
        assert isinstance(answer, SubscriptionFormAnswer)
        assert isinstance(answer.error, QueryError)
        assert answer.subscription_id == number
        assert answer.wrong == {"query": answer.error.message}
        assert answer.suggestions == ("tag:rlaif",)


async def test_a_subscription_that_is_gone_keeps_the_form(talk: Talk, desk: Desk) -> None:
    there = await desk.subscribe(THERE)
    await desk.subscribe()
    answer = await talk.order(SubscriptionForm(at="18:30"), there.id)
    assert isinstance(answer, SubscriptionFormAnswer)
    assert isinstance(answer.error, NotFound)
    assert (answer.form.at, answer.wrong) == ("18:30", {})


# --- the archive ------------------------------------------------------------------------------------------------------


async def test_adding_is_filled_from_the_source(talk: Talk) -> None:
    answer = await talk.say("/paper-add 2406.00001", MAINTAINER)
    assert isinstance(answer, EntryFormAnswer)
    assert (answer.form.title, answer.form.publish, answer.entry_id) == ("From arXiv", Publish.TODAY, None)


@pytest.mark.parametrize(
    ("publish", "day", "said"),
    [
        (Publish.TODAY, "", "“One” is added to today's digest. Channels that have it already get it at once."),
        (Publish.DRAFT, "", "“One” is kept as a draft."),
        (Publish.ON_DATE, "2024-07-01", "“One” goes out on 2024-07-01."),
        (Publish.ON_DATE, "2024-06-01", "“One” is added to the digest of 2024-06-01."),
    ],
)
async def test_what_becomes_of_a_new_entry_is_said(talk: Talk, publish: Publish, day: str, said: str) -> None:
    answer = await talk.keep(EntryForm(title="One", publish=publish, date=day))
    assert sentence(answer) == said
    assert isinstance(answer, NoticeAnswer)
    assert answer.suggestions == (f"/paper-edit {talk.changed[0]}",)
    form = await talk.say(answer.suggestions[0], MAINTAINER)
    assert isinstance(form, EntryFormAnswer)
    assert (form.form.title, form.entry_id) == ("One", talk.changed[0])


async def test_a_wrong_entry_comes_back_as_it_was_typed(talk: Talk, desk: Desk) -> None:
    typed = EntryForm(title="", tags="ok not!ok", commentary="한 줄")
    answer = await talk.keep(typed)
    assert isinstance(answer, EntryFormAnswer)
    assert (answer.form, answer.entry_id, answer.theirs) == (typed, None, None)
    assert isinstance(answer.error, FormError)
    assert set(answer.wrong or {}) == {"title", "tags"}
    assert (await desk.stores.archive.count(), talk.changed) == (0, [])


async def test_a_conflict_brings_both_texts_together(talk: Talk, desk: Desk) -> None:
    entry = await desk.add("Before")
    opened = form_of(entry)
    await desk.change(entry, title="Theirs", organisation="A lab")
    answer = await talk.keep(replace(opened, title="Mine", abstract="New"), entry.id)
    assert isinstance(answer, EntryFormAnswer)
    assert isinstance(answer.error, Conflict)
    assert (answer.form.title, answer.form.organisation, answer.form.abstract) == ("Mine", "A lab", "New")
    assert (answer.theirs, answer.form.revision, talk.changed) == ({"title": "Theirs"}, 2, [])
    assert "choose" in str(answer.problem)
    assert sentence(await talk.keep(answer.form, entry.id)).startswith("“Mine” is changed")
    kept = (await desk.stores.archive.get([entry.id]))[entry.id]
    assert (kept.title, kept.organisation, kept.abstract) == ("Mine", "A lab", "New")
    assert talk.changed == [entry.id]


async def test_a_conflict_without_overlap_needs_no_choice(talk: Talk, desk: Desk) -> None:
    entry = await desk.add("Before")
    opened = form_of(entry)
    await desk.change(entry, title="Theirs")
    answer = await talk.keep(replace(opened, abstract="Mine"), entry.id)
    assert isinstance(answer, EntryFormAnswer)
    assert (answer.form.title, answer.form.abstract, answer.theirs) == ("Theirs", "Mine", {})
    assert "in the form now" in str(answer.problem)


async def test_the_same_paper_twice_keeps_what_was_typed(talk: Talk, desk: Desk) -> None:
    await desk.add("One", arxiv_id=PAPER)
    typed = EntryForm(title="Another title", url=f"https://arxiv.org/abs/{PAPER}")
    answer = await talk.keep(typed)
    assert isinstance(answer, EntryFormAnswer)
    assert isinstance(answer.error, Conflict)
    assert (answer.form, answer.theirs) == (typed, None)
    assert await desk.stores.archive.count() == 1


async def test_an_entry_that_went_meanwhile_keeps_what_was_typed(talk: Talk, desk: Desk) -> None:
    entry = await desk.add("One")
    typed = replace(form_of(entry), abstract="Mine")
    await desk.change(entry, status=Status.REMOVED)
    answer = await talk.keep(typed, entry.id)
    assert isinstance(answer, EntryFormAnswer)
    assert isinstance(answer.error, NotFound)
    assert (answer.form, answer.problem) == (typed, answer.error.message)
