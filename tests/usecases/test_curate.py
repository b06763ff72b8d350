"""Adding, editing, removing and undoing in chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.core.entries import Action, Entry, Kind, Revision, Status
from bot.core.entry_form import EntryForm, Publish, form_of
from bot.core.errors import Conflict, FormError, LookupUnavailable, NotAllowed, NotFound
from bot.core.messages import msg
from bot.core.people import Role
from bot.usecases.curate import add, drafts, edit, open_add_form, open_edit_form, remove, undo
from storage.entries import EntryArchive
from storage.opening import Storage

from .conftest import MAINTAINER, READER, caller, paper

AT = datetime(2024, 6, 21, 1, tzinfo=UTC)


class Shelf:
    """A source that knows one paper, or cannot be asked."""

    def __init__(self, entry: Entry | None = None, *, closed: bool = False) -> None:
        self.entry, self.closed = entry, closed

    async def paper(self, arxiv_id: str) -> Entry | None:
        if self.closed:
            raise LookupUnavailable(msg("no connection"))
        return self.entry if self.entry and self.entry.arxiv_id == arxiv_id else None


ECT = Entry(
    id="",
    title="Consistency Models Made Easy",
    authors=("Zhengyang Geng", "J. Zico Kolter"),
    url="https://arxiv.org/abs/2406.14548",
    arxiv_id="2406.14548",
    abstract="How to tune a diffusion model until it is a consistency model.",
    paper_date=date(2024, 6, 20),
)


def form(**fields: object) -> EntryForm:
    return EntryForm(**{"title": "A paper", "publish": Publish.TODAY, **fields})  # type: ignore[arg-type]


async def test_readers_may_not(stores: Storage) -> None:
    with pytest.raises(NotAllowed):
        await open_add_form(stores, Shelf(), READER, None)
    with pytest.raises(NotAllowed):
        await add(stores, READER, form(), at=AT)
    entry = await stores.archive.add(paper("One"), by=None, at=AT)
    for attempt in (
        open_edit_form(stores, READER, entry.id),
        edit(stores, READER, entry.id, form(), at=AT),
        remove(stores, READER, entry.id, at=AT),
        undo(stores, READER, entry.id, at=AT),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    assert (await stores.archive.get([entry.id]))[entry.id] == entry


@pytest.mark.parametrize("reference", ["2406.14548", "https://arxiv.org/pdf/2406.14548v2", "arXiv:2406.14548"])
async def test_the_form_is_filled_from_arxiv(stores: Storage, reference: str) -> None:
    filled = await open_add_form(stores, Shelf(ECT), MAINTAINER, reference)
    assert filled.title == ECT.title
    assert filled.authors == "Zhengyang Geng, J. Zico Kolter"
    assert filled.publish == Publish.TODAY
    entry = await add(stores, MAINTAINER, replace(filled, tags="#diffusion, #Consistency_Models"), at=AT)
    assert entry == replace(ECT, id=entry.id, digest_date=date(2024, 6, 21), tags=("diffusion", "Consistency_Models"))


async def test_the_form_opens_with_what_is_known_when_arxiv_cannot_be_asked(stores: Storage) -> None:
    filled = await open_add_form(stores, Shelf(closed=True), MAINTAINER, "2406.14548")
    assert filled.url == "https://arxiv.org/abs/2406.14548"
    assert "no connection" in str(filled.note)
    unknown = await open_add_form(stores, Shelf(), MAINTAINER, "2406.99999")
    assert "arXiv knows no paper 2406.99999" in str(unknown.note)


async def test_the_same_paper_twice_is_refused_with_what_to_do(stores: Storage) -> None:
    entry = await add(stores, MAINTAINER, form(url="https://arxiv.org/abs/2406.14548"), at=AT)
    with pytest.raises(Conflict, match=f"/paper-edit {entry.id}"):
        await open_add_form(stores, Shelf(ECT), MAINTAINER, "2406.14548")
    with pytest.raises(Conflict):
        await add(stores, MAINTAINER, form(url="arxiv.org/abs/2406.14548v3"), at=AT)
    await remove(stores, MAINTAINER, entry.id, at=AT)
    with pytest.raises(Conflict, match="/paper-undo"):
        await open_add_form(stores, Shelf(ECT), MAINTAINER, "2406.14548")


async def test_every_wrong_field_is_named(stores: Storage) -> None:
    wrong = form(title=" ", url="javascript:alert(1)", tags="ok <b>", publish=Publish.ON_DATE, date="tomorrow-ish")
    with pytest.raises(FormError) as caught:
        await add(stores, MAINTAINER, wrong, at=AT)
    assert set(caught.value.fields) == {"title", "url", "tags", "date"}
    assert await stores.archive.count() == 0


async def test_too_long_texts_are_refused_not_cut(stores: Storage) -> None:
    with pytest.raises(FormError) as caught:
        await add(stores, MAINTAINER, form(commentary="가" * 20_001), at=AT)
    assert "20001" in str(caught.value.fields["commentary"])


async def test_draft_and_date(stores: Storage) -> None:
    draft = await add(stores, MAINTAINER, form(publish=Publish.DRAFT), at=AT)
    assert (draft.status, draft.digest_date) == (Status.DRAFT, None)
    dated = await add(stores, MAINTAINER, form(title="B", publish=Publish.ON_DATE, date="2024-07-01"), at=AT)
    assert dated.digest_date == date(2024, 7, 1)
    news = await add(stores, MAINTAINER, form(title="C", organisation="Anthropic", url="https://x.org/n"), at=AT)
    assert news.kind is Kind.ANNOUNCEMENT


async def test_drafts_are_listed_for_maintainers_only(stores: Storage) -> None:
    await add(stores, MAINTAINER, form(title="Published"), at=AT)
    first = await add(stores, MAINTAINER, form(title="First draft", publish=Publish.DRAFT), at=AT)
    second = await add(stores, MAINTAINER, form(title="Second draft", publish=Publish.DRAFT), at=AT)
    assert [hit.entry for hit in await drafts(stores, MAINTAINER)] == [second, first]
    await edit(stores, MAINTAINER, first.id, replace(form_of(first), publish=Publish.TODAY), at=AT)
    await remove(stores, MAINTAINER, second.id, at=AT)
    assert await drafts(stores, MAINTAINER) == ()
    with pytest.raises(NotAllowed):
        await drafts(stores, READER)


async def test_edit_keeps_what_the_form_does_not_show(stores: Storage) -> None:
    entry = await stores.archive.add(
        paper("One", links=("https://a.org/x",), sources=("a.md",), arxiv_id="2406.00001", url="https://b.org/pdf"),
        by=None,
        at=AT,
    )
    _, shown = await open_edit_form(stores, MAINTAINER, entry.id)
    same = await edit(stores, MAINTAINER, entry.id, shown, at=AT)
    assert same == entry
    changed = await edit(stores, MAINTAINER, entry.id, replace(shown, title="Uno"), at=AT)
    assert changed == replace(entry, title="Uno", revision=2)


async def test_editing_over_somebody_elses_change_is_refused(stores: Storage) -> None:
    entry = await stores.archive.add(paper("One"), by=None, at=AT)
    _, shown = await open_edit_form(stores, MAINTAINER, entry.id)
    other = caller(Role.MAINTAINER, user="bob")
    await edit(stores, other, entry.id, replace(shown, title="Bob's"), at=AT)
    with pytest.raises(Conflict):
        await edit(stores, MAINTAINER, entry.id, replace(shown, title="Ann's"), at=AT)
    revisions = await stores.archive.revisions(entry.id)
    assert [(revision.action, revision.by) for revision in revisions] == [
        (Action.EDIT, other.person),
        (Action.ADD, None),
    ]


async def test_undo_steps_back_change_by_change(stores: Storage) -> None:
    entry = await add(stores, MAINTAINER, form(title="First"), at=AT)
    for title in ("Second", "Third"):
        _, shown = await open_edit_form(stores, MAINTAINER, entry.id)
        await edit(stores, MAINTAINER, entry.id, replace(shown, title=title), at=AT)
    await remove(stores, MAINTAINER, entry.id, at=AT)
    seen = []
    for _ in range(4):
        back = await undo(stores, MAINTAINER, None, at=AT)
        seen.append((back.title, back.status))
    assert seen == [
        ("Third", Status.PUBLISHED),
        ("Second", Status.PUBLISHED),
        ("First", Status.PUBLISHED),
        ("First", Status.REMOVED),
    ]
    with pytest.raises(NotFound):
        await undo(stores, MAINTAINER, None, at=AT)


async def test_undo_of_ones_own_change_is_refused_once_somebody_else_went_on(stores: Storage) -> None:
    entry = await add(stores, MAINTAINER, form(title="Mine"), at=AT)
    other = caller(Role.MAINTAINER, user="bob")
    _, shown = await open_edit_form(stores, other, entry.id)
    await edit(stores, other, entry.id, replace(shown, title="Theirs"), at=AT)
    with pytest.raises(Conflict):
        await undo(stores, MAINTAINER, None, at=AT)
    back = await undo(stores, MAINTAINER, entry.id, at=AT)  # named, anybody's change can be taken back
    assert back.title == "Mine"


async def test_unknown_entries(stores: Storage) -> None:
    for attempt in (
        open_edit_form(stores, MAINTAINER, "nothing"),
        remove(stores, MAINTAINER, "2401.00000", at=AT),
        undo(stores, MAINTAINER, None, at=AT),
    ):
        with pytest.raises(NotFound):
            await attempt


class Overtaken(EntryArchive):
    """An archive in which somebody else edits an entry while its revisions are being read."""

    async def revisions(self, entry_id: str, *, limit: int = 50) -> Sequence[Revision]:
        found = await super().revisions(entry_id, limit=limit)
        theirs = replace((await self.get([entry_id]))[entry_id], title="Uno")
        await self.replace(theirs, action=Action.EDIT, by=caller(user="bob").person, at=AT)
        return found


async def test_an_undo_during_somebody_elses_edit_takes_nothing_of_theirs_back(stores: Storage) -> None:
    entry = await stores.archive.add(paper("One"), by=MAINTAINER.person, at=AT)
    with pytest.raises(Conflict):
        await undo(replace(stores, archive=Overtaken(stores.database)), MAINTAINER, entry.id, at=AT)
    assert (await stores.archive.get([entry.id]))[entry.id].title == "Uno"
