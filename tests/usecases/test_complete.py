"""What is offered while somebody types, with a real archive behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.core.command_completion import CompletionKind
from bot.core.people import Caller
from bot.core.ports import Stores
from bot.usecases.complete import Completions, complete_line, complete_query, complete_tags, complete_value

from .conftest import HERE, MAINTAINER, OPERATOR, READER, THERE, Desk, Tried

TODAY = date(2024, 6, 21)
TOMORROW = date(2024, 6, 22)


async def complete(desk: Desk, line: str, by: Caller = READER, cursor: int | None = None) -> Completions:
    """What is offered for a line, at its end."""
    return await complete_line(desk.stores, by, HERE, line, len(line) if cursor is None else cursor)


async def labels(desk: Desk, line: str, by: Caller = READER) -> list[str]:
    return [offer.label for offer in (await complete(desk, line, by)).offers]


# --- lines ------------------------------------------------------------------------------------------------------------


async def test_commands_and_keys_are_offered(desk: Desk) -> None:
    assert await labels(desk, "/paper-") == ["/paper-add", "/paper-edit", "/paper-remove", "/paper-undo"]
    assert await labels(desk, "/digest su") == ["subscribe"]
    assert "tag:" in await labels(desk, "/paper ta")
    assert await labels(desk, "hello") == []


async def test_a_key_goes_on_at_once_and_anything_else_after_a_space(desk: Desk) -> None:
    inserts = {offer.label: offer.insert for offer in (await complete(desk, "/paper ")).offers}
    assert inserts["tag:"] == "tag:"
    assert {label: insert for label, insert in inserts.items() if not label.endswith(":")} == {
        label: f"{label} " for label in inserts if not label.endswith(":")
    }


async def test_what_a_person_may_not_use_is_marked(desk: Desk) -> None:
    for by, marked in ((READER, True), (MAINTAINER, False)):
        assert [offer.is_restricted for offer in (await complete(desk, "/paper-e", by)).offers] == [marked]
    for by, marked in ((READER, True), (OPERATOR, False)):
        assert [offer.is_restricted for offer in (await complete(desk, "/digest subs", by)).offers] == [marked]


async def test_tags_come_with_counts_and_without_those_there(desk: Desk) -> None:
    await desk.add("P", tags=("rlaif", "rlhf"))
    await desk.add("Q", tags=("rlaif", "weak to strong"))
    found = await complete(desk, "/paper tag:rl")
    assert [(offer.label, str(offer.detail), offer.insert) for offer in found.offers] == [
        ("rlaif", "2 entries", "rlaif "),
        ("rlhf", "1 entry", "rlhf "),
    ]
    assert (found.start, found.end, found.is_sure) == (11, 13, True)
    assert await labels(desk, "/paper tag:rlaif,rl") == ["rlhf"]
    assert [offer.insert for offer in (await complete(desk, "/paper tag:weak")).offers] == ['"weak to strong" ']


async def test_tomorrows_digest_is_not_told_by_what_is_offered(desk: Desk) -> None:
    await desk.add("Tomorrow", TOMORROW, tags=("secret",), authors=("Secret Author",))
    for line in ("/paper tag:sec", "/paper author:sec", "/paper-edit tomorrow", "/digest show 2024"):
        assert await labels(desk, line) == []
    assert (await complete_tags(desk.stores, READER, "sec", 3)).offers == ()
    assert [offer.label for offer in (await complete_tags(desk.stores, MAINTAINER, "sec", 3)).offers] == ["secret"]
    tomorrow = replace(READER, today=TOMORROW)
    assert await labels(desk, "/paper tag:sec", tomorrow) == ["secret"]


async def test_a_whole_word_is_not_finished_again(desk: Desk) -> None:
    await desk.add("P", tags=("rlaif",))
    assert not (await complete(desk, "/paper tag:rlaif")).is_sure
    assert not (await complete(desk, "/paper tag:RL-AIF")).is_sure
    assert (await complete(desk, "/paper tag:rlai")).is_sure


async def test_nothing_else_is_tried_while_somebody_types(desk: Desk) -> None:
    await desk.add("Attention")
    tried = Tried(desk.stores.search)
    desk.stores = tried.instead_of(desk.stores)
    assert await labels(desk, "/paper-edit attentoin quokka", MAINTAINER) == []
    assert tried.turns == []


async def test_authors_dates_and_entries(desk: Desk) -> None:
    await desk.add("Some Title", authors=("Kim Young",), arxiv_id="2406.00001")
    other = await desk.add("Other")
    assert await labels(desk, "/paper author:") == []
    assert await labels(desk, "/paper author:kim") == ["Kim Young"]
    assert [offer.insert for offer in (await complete(desk, "/paper author:kim")).offers] == ['"Kim Young" ']
    assert "2024-06-21" in await labels(desk, "/digest show 2024")
    assert await labels(desk, "/paper-edit ", MAINTAINER) == ["Other", "Some Title"]
    inserts = [offer.insert for offer in (await complete(desk, "/paper-edit ", MAINTAINER)).offers]
    assert inserts == [other.id, "2406.00001"]
    assert [offer.detail for offer in (await complete(desk, "/paper-edit titl", MAINTAINER)).offers] == ["2024-06-21"]


@pytest.mark.parametrize("typed", ["tag:nope", "tga:", '"open', "-"])
async def test_what_is_no_query_finds_no_entry(desk: Desk, typed: str) -> None:
    await desk.add("Some Title")
    assert await complete_value(desk.stores, MAINTAINER, HERE, CompletionKind.ENTRY, typed) == ()


async def test_subscriptions_of_this_channel_are_for_operators(desk: Desk) -> None:
    first = await desk.subscribe(query="tag:llm")
    second = await desk.subscribe()
    await desk.subscribe(THERE)
    found = (await complete(desk, "/digest pause ", OPERATOR)).offers
    assert [(offer.label, str(offer.detail), offer.insert) for offer in found] == [
        (str(first.id), "tag:llm", str(first.id)),
        (str(second.id), "everything", str(second.id)),
    ]
    assert await labels(desk, "/digest pause ", READER) == []


async def test_no_more_is_offered_than_can_be_looked_over(desk: Desk) -> None:
    for number in range(20):
        await desk.add(f"Title {number}", tags=(f"tag-{number}",))
    assert len(await labels(desk, "/paper tag:tag")) == 12
    assert len(await labels(desk, "/paper-edit title", MAINTAINER)) == 12
    assert len((await complete_tags(desk.stores, READER, "tag", 3)).offers) == 12


# --- fields -----------------------------------------------------------------------------------------------------------


async def test_a_query_that_stands_alone(desk: Desk) -> None:
    await desk.add("P", tags=("rlaif", "rlhf"))
    query = await complete_query(desk.stores, READER, HERE, "tag:rla", 7)
    assert (query.start, query.end, [offer.label for offer in query.offers]) == (4, 7, ["rlaif"])
    empty = await complete_query(desk.stores, READER, HERE, "", 0)
    assert (empty.start, empty.end) == (0, 0)
    assert "tag:" in [offer.label for offer in empty.offers]


@pytest.mark.parametrize(
    ("text", "cursor", "span", "inserts"),
    [
        ("#rlhf #rl llm", 9, (7, 9), ["rlaif "]),
        ("#rlhf ＃rl", 9, (7, 9), ["rlaif "]),
        ("rl", 2, (0, 2), ["rlaif ", "rlhf "]),
        ("rlaif,rl", 8, (6, 8), ["rlhf "]),
        ("", 0, (0, 0), ["rlaif ", "rlhf "]),
        ("nope", 4, (0, 4), []),
    ],
)
async def test_a_list_of_tags(desk: Desk, text: str, cursor: int, span: tuple[int, int], inserts: list[str]) -> None:
    await desk.add("P", tags=("rlaif", "rlhf"))
    await desk.add("Q", tags=("rlaif",))
    found = await complete_tags(desk.stores, READER, text, cursor)
    assert ((found.start, found.end), [offer.insert for offer in found.offers]) == (span, inserts)
    assert found.is_sure is bool(text and cursor and span[0] < span[1])


@pytest.mark.parametrize(
    ("kind", "typed", "tags", "found"),
    [
        (CompletionKind.TAG, "rl", (), ["rlaif", "rlhf"]),
        (CompletionKind.TAG, "rl", ("RL-AIF",), ["rlhf"]),
        (CompletionKind.AUTHOR, "young", (), ["Kim Young"]),
        (CompletionKind.DATE, "2024-06", (), ["2024-06-21"]),
        (CompletionKind.ENTRY, "some", (), ["Some Title"]),
        (CompletionKind.SUBSCRIPTION, "", (), []),
        (CompletionKind.COMMAND, "/pa", (), []),
    ],
)
async def test_a_value_in_a_field_of_its_own(
    desk: Desk, stores: Stores, kind: CompletionKind, typed: str, tags: tuple[str, ...], found: list[str]
) -> None:
    await desk.add("Some Title", tags=("rlaif", "rlhf"), authors=("Kim Young",))
    offers = await complete_value(stores, READER, HERE, kind, typed, tags=tags)
    assert [offer.label for offer in offers] == found
