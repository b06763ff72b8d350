from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from bot.core.entries import Action, Status, TagCount
from bot.core.query import Criteria
from storage.opening import Storage

from .conftest import Make


async def found(storage: Storage, *names: str) -> set[str]:
    page = await storage.search.page(Criteria(authors=names), asker=None, limit=10)
    return {entry.title for entry in page.entries}


@pytest.fixture
async def papers(storage: Storage, make: Make, now: datetime) -> Storage:
    for title, authors, organisation in (
        ("A", ("Aviral Kumar", "Sergey Levine"), None),
        ("B", ("Vipin Kumar", "M. Pawan Kumar"), None),
        ("C", ("Bernhard Schölkopf", "김민수"), None),
        ("D", (), "Kumar Institute"),
        ("E", ("Fei-Fei Li",), "OpenAI"),
        ("F", ("Bo Liu",), None),
    ):
        await storage.archive.add(make(title=title, authors=authors, organisation=organisation), by=None, at=now)
    await storage.archive.add(make(authors=("Kumar Draft",), status=Status.DRAFT), by=None, at=now)
    return storage


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("kumar", "ABD"),
        ("Aviral KUMAR", "A"),
        ("kumar aviral", "A"),
        ("kumar vipin pawan", ""),  # two people
        ("scholkopf", "C"),
        ("Schölkopf", "C"),
        ("김민수", "C"),
        ("김", "C"),
        ("openai", "E"),
        ("li", "E"),  # a name's word: not the beginning of Liu
        ("fei-fei li", "E"),
        ("kum", "ABD"),  # nobody's name: a beginning
        ("lev ser", "A"),
        ("nobody", ""),
        ("?!", ""),
    ],
)
async def test_who_is_found(papers: Storage, asked: str, titles: str) -> None:
    assert await found(papers, asked) == set(titles)


async def test_several_authors_must_all_be_there(papers: Storage) -> None:
    assert await found(papers, "kumar", "levine") == {"A"}
    assert await found(papers, "kumar", "li") == set()


async def test_somebody_elses_papers(papers: Storage) -> None:
    page = await papers.search.page(
        Criteria(authors=("kumar",), authors_not=("aviral kumar", "x")), asker=None, limit=9
    )
    assert {entry.title for entry in page.entries} == {"B", "D"}


async def test_names_to_choose_from(papers: Storage, make: Make, now: datetime) -> None:
    await papers.archive.add(make(authors=("aviral kumar", "Aviral Kumar")), by=None, at=now)
    names = await papers.archive.authors("kum")
    assert names[0] == TagCount("Aviral Kumar", 2)
    assert {name.name for name in names} == {"Aviral Kumar", "Vipin Kumar", "M. Pawan Kumar", "Kumar Institute"}
    assert await papers.archive.authors("avi ku") == names[:1]
    assert await papers.archive.authors("kum", limit=2) == names[:2]
    assert await papers.archive.authors("draft") == []
    assert len(await papers.archive.authors("")) == 10


async def test_names_leave_with_their_entry(papers: Storage, now: datetime) -> None:
    (entry,) = (await papers.search.page(Criteria(authors=("levine",)), asker=None, limit=1)).entries
    await papers.archive.replace(replace(entry, authors=("Sergey Brin",)), action=Action.EDIT, by=None, at=now)
    assert await found(papers, "levine") == set()
    assert await found(papers, "sergey") == {"A"}
    assert await papers.archive.authors("levine") == []


async def test_names_of_digests_to_come_are_not_counted_for_today(storage: Storage, make: Make, now: datetime) -> None:
    for day, authors in (("2024-06-21", ("Ann Lee", "Bo Lee")), ("2024-06-22", ("Bo Lee", "Cy Lee"))):
        await storage.archive.add(make(day, authors=authors, organisation="Lee Labs"), by=None, at=now)
    found = await storage.archive.authors("lee", today=date(2024, 6, 21))
    assert found == [TagCount("Ann Lee", 1), TagCount("Bo Lee", 1), TagCount("Lee Labs", 1)]
    assert await storage.archive.authors("lee", limit=2, today=date(2024, 6, 21)) == found[:2]
    assert len(await storage.archive.authors("lee", today=date(2024, 6, 22))) == 4
