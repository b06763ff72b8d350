from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.core.entries import ENTRY_ID, Action, Entry, Kind, Status
from bot.core.errors import Conflict, NotFound
from bot.core.merging import match_keys
from bot.core.people import Person
from bot.core.ports import ImportedEntry
from storage.opening import Storage
from tests.databases import statements_while

from .conftest import Make

FULL = Entry(
    id="",
    title="Weak-to-Strong 일반화",
    title_derived=True,
    digest_date=date(2024, 6, 21),
    paper_date=date(2024, 6, 18),
    authors=("Aviral Kumar", "김민수"),
    organisation="OpenAI",
    url="https://arxiv.org/abs/2406.14548",
    arxiv_id="2406.14548",
    abstract="An abstract.",
    commentary="논평\n둘째 줄",
    commentary_en="Commentary",
    tags=("RLHF", "weak-to-strong"),
    links=("https://example.org",),
    related=("GPT-4",),
    kind=Kind.ESSAY,
    status=Status.PUBLISHED,
    sources=("a.md", "b.md"),
    warnings=("no-text",),
)


async def test_an_entry_comes_back_as_it_was(storage: Storage, now: datetime) -> None:
    added = await storage.archive.add(FULL, by=None, at=now)
    assert ENTRY_ID.fullmatch(added.id)
    assert added == replace(FULL, id=added.id)
    assert await storage.archive.get([added.id, "aaaaaaaaaa"]) == {added.id: added}
    assert await storage.archive.count() == 1


@pytest.mark.parametrize("reference", ["2406.14548", "https://arxiv.org/pdf/2406.14548v2", " arXiv:2406.14548 "])
async def test_finding_by_arxiv_id(storage: Storage, now: datetime, reference: str) -> None:
    added = await storage.archive.add(FULL, by=None, at=now)
    assert await storage.archive.find(reference) == added
    assert await storage.archive.find(added.id.upper()) == added
    assert await storage.archive.find("2406.99999") is None


async def test_two_entries_alike_get_two_ids(storage: Storage, make: Make, now: datetime) -> None:
    one = await storage.archive.add(make(title="Same"), by=None, at=now)
    two = await storage.archive.add(make(title="Same"), by=None, at=now)
    assert one.id != two.id


async def test_the_same_paper_is_refused(storage: Storage, make: Make, now: datetime) -> None:
    first = await storage.archive.add(make(arxiv_id="2406.14548", title="First"), by=None, at=now)
    with pytest.raises(Conflict, match="First"):
        await storage.archive.add(make(arxiv_id="2406.14548"), by=None, at=now)
    with pytest.raises(Conflict, match=first.id):
        await storage.archive.add(make(id=first.id), by=None, at=now)
    assert await storage.archive.count() == 1


async def test_replacing_writes_the_next_revision(storage: Storage, now: datetime, ann: Person) -> None:
    first = await storage.archive.add(FULL, by=ann, at=now)
    changed = replace(first, title="New", tags=("vision",), status=Status.DRAFT, digest_date=None)
    second = await storage.archive.replace(changed, action=Action.EDIT, by=ann, at=now + timedelta(1))
    assert second == replace(changed, revision=2)
    assert await storage.archive.find(first.id) == second
    newest, oldest = await storage.archive.revisions(first.id)
    assert (newest.entry, newest.action, newest.by, newest.at) == (second, Action.EDIT, ann, now + timedelta(1))
    assert (oldest.entry, oldest.action, oldest.by, oldest.at) == (first, Action.ADD, ann, now)
    assert await storage.archive.revisions(first.id, limit=1) == [newest]
    assert await storage.archive.revisions("aaaaaaaaaa") == []


async def test_a_change_to_an_old_revision_is_refused(storage: Storage, now: datetime) -> None:
    first = await storage.archive.add(FULL, by=None, at=now)
    await storage.archive.replace(first, action=Action.EDIT, by=None, at=now)
    with pytest.raises(Conflict, match="somebody else"):
        await storage.archive.replace(first, action=Action.EDIT, by=None, at=now)
    with pytest.raises(NotFound):
        await storage.archive.replace(replace(first, id="aaaaaaaaaa"), action=Action.EDIT, by=None, at=now)


async def test_a_change_to_another_entrys_arxiv_id_is_refused(storage: Storage, make: Make, now: datetime) -> None:
    await storage.archive.add(make(arxiv_id="2406.14548"), by=None, at=now)
    other = await storage.archive.add(make(arxiv_id="2406.00001"), by=None, at=now)
    with pytest.raises(Conflict):
        await storage.archive.replace(replace(other, arxiv_id="2406.14548"), action=Action.EDIT, by=None, at=now)
    assert await storage.archive.find("2406.00001") == other


async def test_the_last_change_that_can_be_undone(storage: Storage, now: datetime, ann: Person, bob: Person) -> None:
    first = await storage.archive.add(FULL, by=ann, at=now)
    second = await storage.archive.replace(replace(first, title="2"), action=Action.EDIT, by=ann, at=now)
    newest = await storage.archive.last_change_by(ann)
    assert newest is not None
    assert newest.entry == second
    undone = await storage.archive.replace(replace(first, revision=second.revision), action=Action.UNDO, by=ann, at=now)
    assert undone == replace(first, revision=3)
    assert [revision.undone for revision in await storage.archive.revisions(first.id)] == [False, True, False]
    newest = await storage.archive.last_change_by(ann)
    assert newest is not None
    assert newest.entry == first
    assert newest.action is Action.ADD
    removed = replace(undone, status=Status.REMOVED)
    await storage.archive.replace(removed, action=Action.UNDO, by=ann, at=now)
    assert await storage.archive.last_change_by(ann) is None
    assert await storage.archive.last_change_by(bob) is None


async def test_the_same_papers_are_found_by_any_key(storage: Storage, make: Make, now: datetime) -> None:
    first = await storage.archive.add(FULL, by=None, at=now)
    draft = await storage.archive.add(make(None, status=Status.DRAFT, title="Draft"), by=None, at=now)
    found = await storage.archive.same_papers([*match_keys(first), *match_keys(draft), "none"])
    assert found == [first, draft]
    changed = await storage.archive.replace(replace(draft, title="Other"), action=Action.EDIT, by=None, at=now)
    assert await storage.archive.same_papers(match_keys(changed)) == [changed]


async def test_changes_are_numbered_for_all(storage: Storage, make: Make, now: datetime) -> None:
    assert await storage.archive.latest_change() == 0
    one = await storage.archive.add(make(), by=None, at=now)
    two = await storage.archive.add(make(None, status=Status.DRAFT), by=None, at=now)
    one = await storage.archive.replace(one, action=Action.EDIT, by=None, at=now)
    assert await storage.archive.changed_since(0) == [(2, two), (3, one)]
    assert await storage.archive.changed_since(2) == [(3, one)]
    assert await storage.archive.changed_since(0, limit=1) == [(2, two)]
    assert await storage.archive.latest_change() == 3


async def test_the_archive_is_exported_in_digest_order(storage: Storage, make: Make, now: datetime) -> None:
    days = ["2024-06-21", None, "2024-06-20", "2024-06-21", None, "2023-01-01"]
    added = [await storage.archive.add(make(day), by=None, at=now) for day in days]
    expected = [added[number] for number in (5, 2, 0, 3, 1, 4)]
    for limit in (1, 2, 4, 500):
        seen: list[Entry] = []
        while page := await storage.archive.export(after=seen[-1].id if seen else None, limit=limit):
            seen += page
        assert seen == expected
    with pytest.raises(NotFound):
        await storage.archive.export(after="aaaaaaaaaa")


async def test_the_nearest_digests(storage: Storage, make: Make, now: datetime) -> None:
    for day in ("2024-06-18", "2024-06-20", "2024-06-25"):
        await storage.archive.add(make(day), by=None, at=now)
    await storage.archive.add(make("2024-06-19", status=Status.DRAFT), by=None, at=now)
    today = date(2024, 6, 24)

    async def nearest(day: int, today: date = today) -> tuple[int | None, int | None]:
        before, after = await storage.archive.nearest_digests(date(2024, 6, day), today=today)
        return before.day if before else None, after.day if after else None

    assert await nearest(20) == (18, None)
    assert await nearest(18) == (None, 20)
    assert await nearest(19) == (18, 20)
    assert await nearest(30) == (20, None)
    assert await nearest(21, date(2024, 6, 25)) == (20, 25)


async def test_digest_dates_to_choose_from(storage: Storage, make: Make, now: datetime) -> None:
    for day in ("2023-12-31", "2024-06-18", "2024-06-20", "2024-06-20", "2024-06-25", None):
        await storage.archive.add(make(day), by=None, at=now)
    await storage.archive.add(make("2024-06-20", status=Status.DRAFT), by=None, at=now)
    today = date(2024, 6, 24)
    dates = [(date(2024, 6, 20), 2), (date(2024, 6, 18), 1), (date(2023, 12, 31), 1)]
    assert await storage.archive.digest_dates(today=today) == dates
    assert await storage.archive.digest_dates("2024-06-1", today=today) == dates[1:2]
    assert await storage.archive.digest_dates("2024", today=today, limit=1) == dates[:1]
    assert await storage.archive.digest_dates("nonsense", today=today) == []


async def test_an_entry_keeps_its_place_until_its_day_changes(storage: Storage, make: Make, now: datetime) -> None:
    one, two = [await storage.archive.add(make(), by=None, at=now) for _ in range(2)]
    one = await storage.archive.replace(replace(one, title="x"), action=Action.EDIT, by=None, at=now)
    assert await storage.archive.export(after=None) == [one, two]
    one = await storage.archive.replace(
        replace(one, digest_date=date(2024, 6, 22)), action=Action.EDIT, by=None, at=now
    )
    one = await storage.archive.replace(replace(one, digest_date=two.digest_date), action=Action.EDIT, by=None, at=now)
    assert await storage.archive.export(after=None) == [two, one]


async def test_moments_must_say_their_zone(storage: Storage, make: Make) -> None:
    with pytest.raises(TypeError, match="naive"):
        await storage.archive.add(make(), by=None, at=datetime(2024, 6, 21))  # noqa: DTZ001


async def test_a_change_writes_what_differs_and_nothing_else(storage: Storage, make: Make, now: datetime) -> None:
    """What stays the same would be entered in its indexes anew; each of several changes has columns of its own."""
    first, second = [
        await storage.archive.add(make(arxiv_id=f"2406.1234{at}", abstract="old", tags=("x",)), by=None, at=now)
        for at in range(2)
    ]
    changed = [replace(first, abstract=None), replace(second, tags=(), digest_date=date(2024, 6, 1))]

    async def merge() -> None:
        merged = [ImportedEntry(entry, is_new=False) for entry in changed]
        await storage.archive.write_import(merged, documents=[], at=now)

    updates = [sql for sql, _ in await statements_while(storage, merge) if sql.startswith("UPDATE entries")]
    written = [re.findall(r"(\w+) = (?:\?|%s)[, ]", sql.partition("WHERE")[0]) for sql in updates]
    always = {"change_no", "updated_at", "revision"}
    assert [set(names) - always for names in written] == [{"abstract"}, {"tags", "digest_date", "place", "shown"}]
    kept = {entry.id: replace(entry, revision=2) for entry in changed}
    assert await storage.archive.get([first.id, second.id]) == kept
    assert [revision.entry for revision in await storage.archive.revisions(first.id, limit=2)][1] == first
