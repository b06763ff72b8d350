"""What a press of a button comes to: the same as what was typed, and no more than the person may do."""

from __future__ import annotations

from datetime import date

import pytest

from bot.core.entries import Entry, Status
from bot.core.errors import CommandError, InputError, NotAllowed, NotFound, QueryError
from bot.core.people import Language, Role
from bot.core.subscriptions import Layout
from bot.usecases import presses
from bot.usecases.acts import write_act
from bot.usecases.answers import (
    AbstractAnswer,
    DigestAnswer,
    EndAct,
    EntryAnswer,
    ForgetAct,
    LikeAnswer,
    RemoveAct,
    ResultsAnswer,
)
from bot.usecases.asks import Ask, AskKind
from bot.usecases.converse import Desk as Desks
from bot.usecases.track import save as save_for

from .conftest import HERE, MAINTAINER, OPERATOR, READER, THERE, Desk


class NoSource:
    """A paper source that knows no paper."""

    async def paper(self, arxiv_id: str) -> Entry | None:
        """See the port."""
        del arxiv_id
        return None


@pytest.fixture
def changed() -> list[str]:
    """The entries whose change the delivery loop was told of."""
    return []


@pytest.fixture
def own(desk: Desk, changed: list[str]) -> Desks:
    """A desk over the test's database."""
    return Desks(
        stores=desk.stores,
        clock=desk.clock,
        source=NoSource(),
        courier=desk.chat,
        nudge=lambda: None,
        entry_changed=changed.append,
        language=Language.KOREAN,
        zone="Asia/Seoul",
        layouts=frozenset({Layout.CARDS}),
    )


# --- questions --------------------------------------------------------------------------------------------------------


async def test_every_kind_of_question_is_answered(own: Desks, desk: Desk) -> None:
    one = await desk.add("One", tags=("rlaif",), abstract="An abstract.")
    other = await desk.add("Other", tags=("rlaif",))
    found = await presses.answer(own, READER, HERE, Ask(AskKind.LOOKUP, "tag:rlaif"))
    assert isinstance(found, ResultsAnswer)
    assert {hit.entry.id for hit in found.results.hits} == {one.id, other.id}
    in_full = await presses.answer(own, READER, HERE, Ask(AskKind.ENTRY, one.id))
    assert isinstance(in_full, EntryAnswer)
    assert in_full.hit.entry == one
    assert await presses.answer(own, READER, HERE, Ask(AskKind.ABSTRACT, one.id)) == AbstractAnswer(one)
    like = await presses.answer(own, READER, HERE, Ask(AskKind.LIKE, one.id))
    assert isinstance(like, LikeAnswer)
    assert [hit.entry.id for hit in like.hits] == [other.id]
    assert isinstance(await presses.answer(own, READER, HERE, Ask(AskKind.LINE, "/digest show")), DigestAnswer)


async def test_a_lookup_goes_on_where_its_cursor_stands(own: Desks, desk: Desk) -> None:
    for number in range(7):
        await desk.add(f"Paper {number}")
    first = await presses.answer(own, READER, HERE, Ask(AskKind.LOOKUP, "paper"))
    assert isinstance(first, ResultsAnswer)
    rest = await presses.answer(own, READER, HERE, Ask(AskKind.LOOKUP, "paper", first.results.next_cursor))
    assert isinstance(rest, ResultsAnswer)
    seen = [hit.entry.id for answer in (first, rest) for hit in answer.results.hits]
    assert len(set(seen)) == len(seen) == 7


@pytest.mark.parametrize("kind", [AskKind.ENTRY, AskKind.ABSTRACT, AskKind.LIKE])
async def test_a_draft_is_not_there_for_readers(own: Desks, desk: Desk, kind: AskKind) -> None:
    draft = await desk.add("Draft", status=Status.DRAFT, tags=("x",))
    with pytest.raises(NotFound):
        await presses.answer(own, READER, HERE, Ask(kind, draft.id))
    await presses.answer(own, MAINTAINER, HERE, Ask(kind, draft.id))


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (Ask(AskKind.LOOKUP, "tga:x"), QueryError),
        (Ask(AskKind.LOOKUP, "x", "no cursor"), InputError),
        (Ask(AskKind.ENTRY, "nonsense"), NotFound),
        (Ask(AskKind.LINE, "/nonsense"), CommandError),
        (Ask(AskKind.LINE, "/digest list"), NotAllowed),
    ],
)
async def test_a_question_that_cannot_be_answered_says_why(own: Desks, ask: Ask, error: type[Exception]) -> None:
    with pytest.raises(error):
        await presses.answer(own, READER, HERE, ask)


# --- saving -----------------------------------------------------------------------------------------------------------


async def test_saving_and_letting_go(own: Desks, desk: Desk) -> None:
    entry = await desk.add("One")
    for _ in range(2):
        done = await presses.save(own, READER, entry.id)
        assert done.suggestions == ("/paper is:saved",)
        assert await desk.stores.engagement.saved([entry.id], READER.person) == {entry.id}
    assert await desk.stores.engagement.saved([entry.id], MAINTAINER.person) == set()
    for _ in range(2):
        assert str((await presses.unsave(own, READER, entry.id)).messages[0]) == "No longer saved"
        assert await desk.stores.engagement.saved([entry.id], READER.person) == set()


async def test_what_is_not_there_cannot_be_saved(own: Desks, desk: Desk) -> None:
    draft = await desk.add("Draft", status=Status.DRAFT)
    for entry_id in ("nonsense", draft.id):
        with pytest.raises(NotFound):
            await presses.save(own, READER, entry_id)


# --- second clicks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["", "nonsense", "remove", "end x", "end 12345678901"])
async def test_a_button_of_another_version_is_said_to_be_one(own: Desks, value: str) -> None:
    assert (await presses.confirm(own, MAINTAINER, HERE, value)).messages == (presses.OUTDATED,)


async def test_removing(own: Desks, desk: Desk, changed: list[str]) -> None:
    entry = await desk.add("One")
    with pytest.raises(NotAllowed):
        await presses.confirm(own, READER, HERE, write_act(RemoveAct(entry.id)))
    assert changed == []
    await presses.confirm(own, MAINTAINER, HERE, write_act(RemoveAct(entry.id)))
    assert changed == [entry.id]
    with pytest.raises(NotFound):
        await presses.answer(own, READER, HERE, Ask(AskKind.ENTRY, entry.id))


async def test_ending_a_subscription_of_this_channel(own: Desks, desk: Desk) -> None:
    subscription = await desk.subscribe()
    act = write_act(EndAct(subscription.id))
    with pytest.raises(NotAllowed):
        await presses.confirm(own, READER, HERE, act)
    with pytest.raises(NotFound):
        await presses.confirm(own, OPERATOR, THERE, act)
    await presses.confirm(own, OPERATOR, HERE, act)
    assert await desk.stores.subscriptions.of_channel(HERE) == []


async def test_forgetting_is_for_anybody_and_of_oneself(own: Desks, desk: Desk) -> None:
    entry = await desk.add("One", date(2024, 6, 21))
    for person in (READER, MAINTAINER):
        await save_for(desk.stores, person, entry.id, at=desk.clock.now())
    assert Role.MAINTAINER not in READER.roles
    await presses.confirm(own, READER, HERE, write_act(ForgetAct()))
    assert await desk.stores.engagement.saved([entry.id], READER.person) == set()
    assert await desk.stores.engagement.saved([entry.id], MAINTAINER.person) == {entry.id}
