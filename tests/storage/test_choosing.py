"""What very many standing orders want is found out together, and is what each would find by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from bot.core.entries import Action, Entry, Status
from bot.core.query import AnyOf, Criteria, DateSpan, criteria_of
from bot.core.query_syntax import parse
from storage.opening import Storage
from tests.databases import statements_while

from .conftest import Make

DAYS = [date(2024, 6, day) for day in (19, 20, 21)]
QUERIES = (
    *("", "tag:rlhf", "#RLHF", "tag:L-L_M", "tag:llm,vision", "tag:llm tag:vision", "-tag:vision", "tag:nothing"),
    *("tag:nothing,llm", "-tag:nothing", "tag:llm -tag:nothing,rlhf", "tag:large-language-models", "tag:비전"),
    *("author:kim", "author:ki", 'author:"min kim"', 'author:"ann kim"', "-author:kim", '-author:"min kim"'),
    *("author:nobody", "author:openlab", "id:2406.14548", "id:2406.00000", "id:2406.14548 tag:rlhf"),
    *("models", "model", "quantized", "quantiz", "strong", '"weak to strong"', '"strong to weak"', "weak strong"),
    *("양자화", "양자화를", "양자", "화", "자화는", '"양자화는 좋다"', "모델", "정확도", "정확", "-양자화"),
    *("title:models", "title:strong", 'title:"quantized models"', "-title:models", "GPT-4", "GPT-4를", "x"),
    *('-"weak to strong"', "models -tag:vision author:kim", "is:saved", "-is:saved", "sort:popular models"),
    *("date:2024-06-20", "after:today"),
)


def criteria(query: str, span: DateSpan | None = None) -> Criteria:
    found = criteria_of(parse(query), date(2024, 6, 21))
    return replace(found, span=span or found.span)


@pytest.fixture
async def entries(storage: Storage, make: Make, now: datetime) -> list[Entry]:
    made = [
        make("2024-06-19", title="A", tags=("rlhf",), commentary="양자화는 좋다. 모델의 정확도를 본다"),
        make("2024-06-20", title="B", tags=("rlhf", "LLM"), abstract="weak to strong models", authors=("Min Kim",)),
        make("2024-06-20", title="C", tags=("vision",), arxiv_id="2406.14548", authors=("Ann Lee", "Bo Kim")),
        make("2024-06-20", title="D GPT-4", tags=("비전",), commentary="양자 컴퓨터와 화학"),
        make("2024-06-21", title="E models", tags=("llm", "vision"), organisation="OpenLab"),
        make("2024-06-21", title="F quantized models", tags=("llm",), commentary_en="stronger and weaker"),
        make("2024-06-21", title="G", authors=("Model Kim",), commentary="GPT-4를 양자화한 모델"),
        make("2024-06-21", title="H", tags=("llm",), status=Status.DRAFT),
        make(None, title="I", tags=("llm",)),
        make("2024-06-22", title="J models", tags=("llm",)),
    ]
    added = [await storage.archive.add(entry, by=None, at=now) for entry in made]
    await storage.archive.declare_alias("large-language-models", "llm")
    gone = await storage.archive.add(make("2024-06-21", title="K", tags=("llm",)), by=None, at=now)
    await storage.archive.replace(replace(gone, status=Status.REMOVED), action=Action.REMOVE, by=None, at=now)
    return added


@pytest.mark.usefixtures("entries")
async def test_each_digest_is_as_it_is_found_alone(storage: Storage) -> None:
    wanted: list[AnyOf] = [(criteria(query),) for query in QUERIES]
    some = 0
    for day in DAYS:
        together = await storage.search.digest_for_each(wanted, day)
        for query, (one,), ids in zip(QUERIES, wanted, together, strict=True):
            alone = [entry.id for entry in await storage.search.digest(one, day)]
            assert ids == alone, (query, day)
            some += bool(ids) and len(ids) < 3
    assert some > len(QUERIES)


async def test_whichever_of_some_entries_each_wants(storage: Storage, entries: list[Entry]) -> None:
    asked = [entry.id for entry in entries if entry.title != "G"]
    for span in (DateSpan(None, None), DateSpan(None, date(2024, 6, 20)), DateSpan(date(2024, 6, 21), None)):
        wanted: list[AnyOf] = [(criteria(query, span),) for query in QUERIES]
        together = await storage.search.matching_for_each(wanted, asked)
        for query, (one,), ids in zip(QUERIES, wanted, together, strict=True):
            assert ids == await storage.search.matching(one, asked), (query, span)
    assert await storage.search.matching_for_each([(Criteria(),)], []) == [set()]


@pytest.mark.usefixtures("entries")
async def test_any_of_several_in_the_order_of_the_digest(storage: Storage) -> None:
    several = tuple(map(criteria, ("title:models", "author:kim", "title:models", "tag:nothing")))
    (ids,) = await storage.search.digest_for_each([several], date(2024, 6, 21))
    found = await storage.archive.get(ids)
    assert [found[entry_id].title[0] for entry_id in ids] == ["E", "F", "G"]


@pytest.mark.usefixtures("entries")
async def test_a_hundred_queries_take_as_many_statements_as_ten(storage: Storage) -> None:
    def asked(count: int) -> list[AnyOf]:
        words = ("tag:llm", "strong", "author:kim", "models", '"weak to strong"')
        return [(criteria(f"{word} -tag:t{number}"),) for number in range(count // len(words)) for word in words]

    async def statements(count: int) -> int:
        return len(await statements_while(storage, lambda: storage.search.digest_for_each(asked(count), DAYS[1])))

    few, many = await statements(10), await statements(100)
    assert few == many <= 4
