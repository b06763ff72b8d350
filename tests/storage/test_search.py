from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from bot.core.entries import Action, Entry, Status
from bot.core.errors import InputError
from bot.core.people import Person
from bot.core.ports import ImportedEntry
from bot.core.query import Criteria, DateSpan, Sort, TextTerm, TitleTerm
from storage.conditions import RARE
from storage.opening import Storage
from tests.databases import ask

from .conftest import Make

Find = Callable[..., Awaitable[str]]


@pytest.fixture
async def entries(storage: Storage, make: Make, now: datetime) -> dict[str, Entry]:
    """Six public entries in digest order, and three that are not."""
    made = [
        make("2024-06-19", title="A", tags=("rlhf",), commentary="양자화는 좋다"),
        make("2024-06-20", title="B", tags=("rlhf", "LLM"), abstract="weak to strong models"),
        make("2024-06-20", title="C", tags=("vision",), arxiv_id="2406.14548"),
        make("2024-06-21", title="D models", tags=("llm", "vision")),
        make("2024-06-21", title="E quantized models", tags=("llm",), commentary_en="Fragment"),
        make("2024-06-22", title="F", authors=("Model Kim",)),
        make("2024-06-21", title="X", tags=("llm",), status=Status.DRAFT),
        make(None, title="Y", tags=("llm",)),
        make("2024-06-21", title="Z", tags=("llm",), status=Status.REMOVED),
    ]
    added = [await storage.archive.add(entry, by=None, at=now) for entry in made]
    return {entry.title[0]: entry for entry in added}


@pytest.fixture
def find(storage: Storage, entries: dict[str, Entry], ann: Person) -> Find:
    """The first letters of the titles found, in order."""

    async def find(asker: Person | None = ann, **values: Any) -> str:
        page = await storage.search.page(Criteria(**values), asker=asker, limit=20)
        assert page.total == len(page.entries)
        assert not page.total_is_about
        assert page.next_cursor is page.previous_cursor is None
        return "".join(entry.title[0] for entry in page.entries)

    return find


async def test_everything_public_newest_day_first(find: Find) -> None:
    assert await find() == "FEDCBA"
    assert await find(sort=Sort.OLD) == "ABCDEF"


@pytest.mark.parametrize(
    ("groups", "unwanted", "found"),
    [
        ((("llm",),), (), "EDB"),
        ((("L-L_M",),), (), "EDB"),
        ((("llm", "rlhf"),), (), "EDBA"),
        ((("llm",), ("rlhf",)), (), "B"),
        ((("llm", "rlhf"), ("vision", "rlhf")), (), "DBA"),
        ((("llm",),), ("vision",), "EB"),
        ((), ("llm", "vision"), "FA"),
        ((), ("nothing",), "FEDCBA"),
        ((("nothing",),), (), ""),
        ((("nothing", "llm"),), (), "EDB"),
        ((("llm", "LLM"),), ("rlhf", "nothing"), "ED"),
    ],
)
async def test_tags(find: Find, groups: tuple[tuple[str, ...], ...], unwanted: tuple[str, ...], found: str) -> None:
    for sort in (Sort.NEW, Sort.POPULAR, Sort.DISCUSSED, Sort.RELEVANCE):
        assert await find(tags=groups, tags_not=unwanted, sort=sort) == found
    assert await find(tags=groups, tags_not=unwanted, sort=Sort.OLD) == found[::-1]


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2024-06-20", "2024-06-21", "EDCB"),
        ("2024-06-22", None, "F"),
        (None, "2024-06-19", "A"),
        ("2024-06-22", "2024-06-21", ""),
        ("9999-12-31", None, ""),
        (None, "0001-01-01", ""),
    ],
)
async def test_dates(find: Find, first: str | None, last: str | None, found: str) -> None:
    span = DateSpan(first and date.fromisoformat(first), last and date.fromisoformat(last))  # type: ignore[arg-type]
    assert await find(span=span) == found
    assert await find(span=span, sort=Sort.POPULAR) == found


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([TextTerm("양자화")], "A"),
        ([TextTerm("양자화를")], "A"),
        ([TextTerm("model")], "FEDB"),
        ([TextTerm("models"), TextTerm("quantized")], "E"),
        ([TextTerm("models"), TextTerm("quantized", negated=True)], "FDB"),
        ([TextTerm("rag")], ""),
        ([TextTerm("strong weak")], "B"),
        ([TextTerm("weak to strong", phrase=True)], "B"),
        ([TextTerm("strong weak", phrase=True)], ""),
        ([TextTerm("vision")], "DC"),  # a tag's word
        ([TextTerm("%"), TextTerm("_")], "FEDCBA"),
        ([TextTerm("' OR 1=1 --")], ""),
    ],
)
async def test_words(find: Find, texts: list[TextTerm], found: str) -> None:
    assert await find(texts=tuple(texts)) == found


async def test_titles(find: Find) -> None:
    assert await find(titles=(TitleTerm("models"),)) == "ED"
    assert await find(titles=(TitleTerm("model quantized"),)) == "E"
    assert await find(titles=(TitleTerm("models", negated=True),)) == "FCBA"
    assert await find(titles=(TitleTerm("D models", phrase=True),)) == "D"
    assert await find(titles=(TitleTerm("model"),), texts=(TextTerm("llm"),)) == "ED"


async def test_the_most_relevant_have_the_words_in_their_title(find: Find) -> None:
    words = (TextTerm("models"), TextTerm("llm"))
    assert await find(texts=words, sort=Sort.RELEVANCE) == "EDB"
    assert await find(texts=(TextTerm("model"),), sort=Sort.RELEVANCE) == "EDFB"
    assert await find(texts=(TextTerm("quantized"), TextTerm("llm")), sort=Sort.RELEVANCE) == "E"
    assert await find(sort=Sort.RELEVANCE) == "FEDCBA"


async def test_ids(find: Find, entries: dict[str, Entry]) -> None:
    assert await find(ids=(entries["C"].id,)) == "C"
    assert await find(ids=("2406.14548",)) == "C"
    assert await find(ids=("2406.14548", entries["C"].id)) == "C"
    assert await find(ids=("2406.14548", entries["D"].id)) == ""
    assert await find(ids=(entries["X"].id,)) == ""
    assert await find(ids=("2406.14548",), sort=Sort.POPULAR, tags=(("vision",),)) == "C"


async def test_saved(
    find: Find, storage: Storage, entries: dict[str, Entry], now: datetime, ann: Person, bob: Person
) -> None:
    for title in "AEX":
        await storage.engagement.save(entries[title].id, ann, at=now)
    for sort, found in ((Sort.NEW, "EA"), (Sort.OLD, "AE"), (Sort.POPULAR, "EA")):
        assert await find(saved=True, sort=sort) == found
        assert await find(bob, saved=True, sort=sort) == ""
        assert await find(None, saved=True, sort=sort) == ""
    assert await find(saved=True, tags=(("llm",),)) == "E"
    assert await find(saved=False) == "FDCB"
    assert await find(bob, saved=False) == "FEDCBA"
    assert await find(None, saved=False) == "FEDCBA"


async def test_popular_and_discussed(find: Find, storage: Storage, entries: dict[str, Entry], now: datetime) -> None:
    for title, savers in (("B", 2), ("D", 1), ("E", 1)):
        for number in range(savers):
            await storage.engagement.save(entries[title].id, Person("slack", "T", str(number)), at=now)
    assert await find(sort=Sort.POPULAR) == "BEDFCA"
    assert await find(sort=Sort.POPULAR, tags=(("vision",),)) == "DC"
    assert await find(sort=Sort.DISCUSSED) == "FEDCBA"


async def test_a_common_tag_by_popularity(
    find: Find, storage: Storage, entries: dict[str, Entry], now: datetime, ann: Person, database_url: str
) -> None:
    """The same answer along the index of popularity as along the tag."""
    await storage.engagement.save(entries["B"].id, ann, at=now)
    ask(database_url, f"UPDATE tags SET uses = uses + {RARE} WHERE key = 'llm'")
    assert await find(sort=Sort.POPULAR, tags=(("llm",),)) == "BED"
    ask(database_url, f"UPDATE tags SET uses = uses - {RARE} WHERE key = 'llm'")


async def test_totals_are_counted_to_a_bound(storage: Storage, make: Make, now: datetime) -> None:
    many = [ImportedEntry(make(id=f"{number:010}"), True) for number in range(1_000)]
    await storage.archive.write_import(many, documents=[], at=now)
    page = await storage.search.page(Criteria(), asker=None, limit=2)
    assert (page.total, page.total_is_about) == (1_000, False)
    await storage.archive.add(make(), by=None, at=now)
    page = await storage.search.page(Criteria(), asker=None, limit=2)
    assert (page.total, page.total_is_about) == (1_000, True)


async def test_of_what_is_looked_into_it_is_said_about_how_much_there_is(
    storage: Storage, make: Make, now: datetime
) -> None:
    texts = ["strong to weak"] * 2 + ["weak to strong"]
    made = [ImportedEntry(make(id=f"{number:010}", commentary=texts[number % 3]), True) for number in range(360)]
    await storage.archive.write_import(made, documents=[], at=now)
    asked = Criteria(texts=(TextTerm("weak to strong", phrase=True),))
    page = await storage.search.page(asked, asker=None, limit=2)
    assert 90 < page.total < 150
    assert page.total_is_about
    seldom = [
        ImportedEntry(make("2024-06-22", id=f"later{number:05}", commentary=texts[0]), True) for number in range(60)
    ]
    await storage.archive.write_import(seldom, documents=[], at=now)
    assert 80 < (await storage.search.page(asked, asker=None, limit=2)).total < 160
    fewer = replace(asked, tags=(("llm",),))
    await storage.archive.add(make(commentary="weak to strong", tags=("llm",)), by=None, at=now)
    page = await storage.search.page(fewer, asker=None, limit=2)
    assert (page.total, page.total_is_about) == (1, False)


async def test_cursors_are_checked(storage: Storage, entries: dict[str, Entry]) -> None:
    page = await storage.search.page(Criteria(), asker=None, limit=2)
    assert page.next_cursor
    for cursor in ("rubbish", "", page.next_cursor[:3], "1 OR 1=1"):
        with pytest.raises(InputError):
            await storage.search.page(Criteria(), asker=None, limit=2, cursor=cursor)
    with pytest.raises(InputError):
        await storage.search.page(Criteria(sort=Sort.OLD), asker=None, limit=2, cursor=page.next_cursor)


async def test_what_was_before_may_be_gone(storage: Storage, entries: dict[str, Entry], now: datetime) -> None:
    first = await storage.search.page(Criteria(), asker=None, limit=1)
    second = await storage.search.page(Criteria(), asker=None, limit=1, cursor=first.next_cursor)
    gone = replace(entries["F"], status=Status.REMOVED)
    await storage.archive.replace(gone, action=Action.REMOVE, by=None, at=now)
    back = await storage.search.page(Criteria(), asker=None, limit=1, cursor=second.previous_cursor)
    assert [entry.title[0] for entry in back.entries] == ["E"]
    assert back.previous_cursor is None


async def test_one_digest(storage: Storage, entries: dict[str, Entry]) -> None:
    day = date(2024, 6, 21)
    span = DateSpan(None, date(2024, 6, 1))
    assert await storage.search.digest(Criteria(span=span), day) == (entries["D"], entries["E"])
    assert await storage.search.digest(Criteria(tags=(("vision",),), sort=Sort.POPULAR), day) == (entries["D"],)
    assert await storage.search.digest(Criteria(tags=(("none",),)), day) == ()
    assert await storage.search.digest(Criteria(), date(2024, 7, 1)) == ()


async def test_the_latest_day(storage: Storage, entries: dict[str, Entry]) -> None:
    async def latest(**values: Any) -> date | None:
        return await storage.search.latest_day(Criteria(**values))

    assert await latest() == date(2024, 6, 22)
    assert await latest(span=DateSpan(None, date(2024, 6, 21))) == date(2024, 6, 21)
    assert await latest(tags=(("rlhf",),), sort=Sort.OLD) == date(2024, 6, 20)
    assert await latest(tags=(("none",),)) is None
    assert await latest(span=DateSpan(date(2025, 1, 1), None)) is None


async def test_which_entries_match(storage: Storage, entries: dict[str, Entry]) -> None:
    ids = [entry.id for entry in entries.values()]
    matching = await storage.search.matching(Criteria(tags=(("llm",),), texts=(TextTerm("models"),)), ids)
    assert matching == {entries[title].id for title in "BDE"}
    assert await storage.search.matching(Criteria(), ids[6:]) == set()
    assert await storage.search.matching(Criteria(tags=(("none",),)), ids) == set()


async def test_an_entry_is_found_as_it_is_now(
    find: Find, storage: Storage, entries: dict[str, Entry], now: datetime
) -> None:
    changed = replace(entries["B"], title="G", abstract="nothing", digest_date=date(2024, 6, 23), tags=("vision",))
    await storage.archive.replace(changed, action=Action.EDIT, by=None, at=now)
    assert await find() == "GFEDCA"
    assert await find(tags=(("rlhf",),)) == "A"
    assert await find(tags=(("vision",),)) == "GDC"
    assert await find(texts=(TextTerm("weak"),)) == ""
