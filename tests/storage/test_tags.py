from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.entries import Action, Entry, Status, TagCount, tag_key
from bot.core.errors import NotFound
from bot.core.query import Criteria
from storage.opening import Storage, open_storage

from .conftest import Make


async def found(storage: Storage, *tags: str) -> int:
    page = await storage.search.page(Criteria(tags=tuple((tag,) for tag in tags)), asker=None, limit=10)
    return page.total


async def test_tags_are_counted_most_used_first(storage: Storage, make: Make, now: datetime) -> None:
    for tags in (("RLHF", "llm"), ("rlhf",), ("RL_HF", "vision")):
        await storage.archive.add(make(tags=tags), by=None, at=now)
    assert await storage.archive.tags() == [TagCount("RLHF", 3), TagCount("llm", 1), TagCount("vision", 1)]
    assert await storage.archive.tags("rl-H") == [TagCount("RLHF", 3)]
    assert await storage.archive.tags(limit=1) == [TagCount("RLHF", 3)]
    assert await storage.archive.tags("x") == []


async def test_a_part_of_a_tag_leads_to_it_behind_those_that_begin_so(
    storage: Storage, make: Make, now: datetime
) -> None:
    for tags in (("object_detection", "detectors"), ("object_detection",), ("50%_off", "de")):
        await storage.archive.add(make(tags=tags), by=None, at=now)
    assert [tag.name for tag in await storage.archive.tags("detect")] == ["detectors", "object_detection"]
    assert [tag.name for tag in await storage.archive.tags("detect", limit=1)] == ["detectors"]
    assert [tag.name for tag in await storage.archive.tags("de")] == ["de", "detectors"]
    assert await storage.archive.tags("%_o") == await storage.archive.tags("5%f") == []
    await storage.archive.add(make(tags=("이미지_생성",)), by=None, at=now)
    assert [tag.name for tag in await storage.archive.tags("생성")] == ["이미지_생성"]
    assert await storage.archive.tags("성") == []
    assert [tag.name for tag in await storage.archive.tags("0%_of")] == ["50%_off"]


async def test_a_tag_is_shown_as_most_often_written(storage: Storage, make: Make, now: datetime) -> None:
    first = await storage.archive.add(make(tags=("Vision_Language",)), by=None, at=now)
    for _ in range(2):
        await storage.archive.add(make(tags=("vision-language",)), by=None, at=now)
    assert await storage.archive.tags() == [TagCount("vision-language", 3)]
    await storage.archive.replace(replace(first, tags=()), action=Action.EDIT, by=None, at=now)
    assert await storage.archive.tags() == [TagCount("vision-language", 2)]


async def test_only_public_entries_are_counted(storage: Storage, make: Make, now: datetime) -> None:
    draft = await storage.archive.add(make(tags=("a",), status=Status.DRAFT), by=None, at=now)
    await storage.archive.add(make(None, tags=("a",)), by=None, at=now)
    assert await storage.archive.tags() == []
    assert await storage.archive.known_tags(["a"]) == set()
    shown = await storage.archive.replace(replace(draft, status=Status.PUBLISHED), action=Action.EDIT, by=None, at=now)
    assert await storage.archive.tags() == [TagCount("a", 1)]
    await storage.archive.replace(replace(shown, status=Status.REMOVED), action=Action.REMOVE, by=None, at=now)
    assert await storage.archive.tags() == []


async def test_known_tags_in_any_spelling(storage: Storage, make: Make, now: datetime) -> None:
    await storage.archive.add(make(tags=("Vision-Language", "언어모델")), by=None, at=now)
    names = ["vision language", "VISION_LANGUAGE", "언어모델", "language"]
    assert await storage.archive.known_tags(names) == set(names[:3])


async def test_an_alias_stands_for_a_tag(storage: Storage, make: Make, now: datetime) -> None:
    await storage.archive.add(make(tags=("llm",)), by=None, at=now)
    await storage.archive.declare_alias("Large Language Model", "LLM")
    assert await found(storage, "large-language-model") == 1
    assert await storage.archive.known_tags(["large_language_model"]) == {"large_language_model"}
    assert await storage.archive.tags("large") == [TagCount("llm", 1)]
    await storage.archive.add(make(tags=("large-language-model",)), by=None, at=now)
    assert await found(storage, "llm") == 2
    with pytest.raises(NotFound, match="nothing"):
        await storage.archive.declare_alias("x", "nothing")


async def test_an_alias_takes_in_the_tag_of_its_name(storage: Storage, make: Make, now: datetime) -> None:
    both = await storage.archive.add(make(tags=("llm", "LLMs")), by=None, at=now)
    await storage.archive.add(make(tags=("LLMs",)), by=None, at=now)
    await storage.archive.add(make(tags=("LLMs",)), by=None, at=now)
    await storage.archive.declare_alias("llms", "llm")
    assert await storage.archive.tags() == [TagCount("LLMs", 3)]
    assert await found(storage, "llm") == await found(storage, "llms") == 3
    await storage.archive.replace(replace(both, tags=("llms",)), action=Action.EDIT, by=None, at=now)
    assert await found(storage, "llm", "llms") == 3
    await storage.archive.declare_alias("llm", "llm")
    await storage.archive.declare_alias("llms", "llms")
    assert await found(storage, "llm") == 3


async def test_an_alias_can_be_given_to_another_tag(storage: Storage, make: Make, now: datetime) -> None:
    await storage.archive.add(make(tags=("a",)), by=None, at=now)
    await storage.archive.add(make(tags=("b", "c")), by=None, at=now)
    await storage.archive.declare_alias("x", "a")
    await storage.archive.declare_alias("x", "b")
    await storage.archive.declare_alias("y", "x")
    assert await found(storage, "x", "y", "b", "c") == 1
    await storage.archive.declare_alias("b", "c")
    assert await found(storage, "x", "y", "b", "c") == 1
    assert await storage.archive.tags() == [TagCount("a", 1), TagCount("c", 1)]


async def test_an_alias_given_to_another_tag_takes_entries_along(storage: Storage, make: Make, now: datetime) -> None:
    for carried in (("a",), ("c",), ("d",), ("D", "c"), ("d", "a")):
        await storage.archive.add(make(tags=carried), by=None, at=now)
    await storage.archive.declare_alias("d", "c")
    assert (await found(storage, "c"), await found(storage, "d"), await found(storage, "a")) == (4, 4, 2)
    await storage.archive.declare_alias("d", "a")
    assert (await found(storage, "c"), await found(storage, "d"), await found(storage, "a")) == (2, 4, 4)
    assert {tag.name: tag.count for tag in await storage.archive.tags()} == {"c": 2, "a": 4}
    assert await storage.check() == []


async def test_an_alias_changes_hands_where_no_entry_carries_a_tag(storage: Storage, make: Make, now: datetime) -> None:
    added = await storage.archive.add(make(tags=("a", "b")), by=None, at=now)
    await storage.archive.add(make(tags=()), by=None, at=now)
    await storage.archive.declare_alias("x", "a")
    draft = replace(added, status=Status.DRAFT)
    await storage.archive.replace(draft, action=Action.EDIT, by=None, at=now)
    await storage.archive.declare_alias("x", "b")
    assert await storage.check() == []


ALIASES = st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"))
CARRIED = st.sets(st.sampled_from("abcd"), max_size=3)


@given(steps=st.lists(st.tuples(st.just("alias"), ALIASES) | st.tuples(st.integers(0, 3), CARRIED), max_size=10))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_entries_carry_what_their_aliases_stand_for(
    template: Path, tmp_path: Path, make: Make, now: datetime, steps: list[tuple[str | int, Collection[str]]]
) -> None:
    storage = await open_storage(f"sqlite:///{shutil.copy(template, tmp_path / 'aliases.db')}")
    held: dict[str | int, Entry] = {}
    stands_for: dict[str, str] = {}
    for what, tags in steps:
        if what == "alias":
            alias, tag = tags
            try:
                await storage.archive.declare_alias(alias, tag)
            except NotFound:
                continue
            meant = stands_for.get(tag, tag)
            if meant != stands_for.get(alias, alias):
                is_tag = stands_for.get(alias, alias) == alias
                stands_for |= {key: meant for key, value in stands_for.items() if is_tag and value == alias}
                stands_for[alias] = meant
        elif what in held:
            changed = replace(held[what], tags=tuple(tags))
            held[what] = await storage.archive.replace(changed, action=Action.EDIT, by=None, at=now)
        else:
            held[what] = await storage.archive.add(make(tags=tuple(tags)), by=None, at=now)
        assert await storage.check() == []
    for key in "abcd":
        meant = stands_for.get(key, key)
        carrying = [entry for entry in held.values() if meant in {stands_for.get(tag, tag) for tag in entry.tags}]
        page = await storage.search.page(Criteria(tags=((key,),)), asker=None, limit=10)
        assert {entry.id for entry in page.entries} == {entry.id for entry in carrying}
    await storage.close()


STATUS = st.sampled_from([Status.PUBLISHED, Status.PUBLISHED, Status.DRAFT, Status.REMOVED])
TAGS = st.lists(st.sampled_from(["a", "A", "b", "b-", "c", ""]), max_size=3).map(tuple)
DAYS = st.sampled_from([None, date(2024, 6, 20), date(2024, 6, 21)])
STEPS = st.lists(st.tuples(st.integers(0, 4), STATUS, TAGS, DAYS), max_size=12)


@given(steps=STEPS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_counts_are_those_of_a_recount(
    storage: Storage, make: Make, now: datetime, steps: list[tuple[int, Status, tuple[str, ...], date | None]]
) -> None:
    """Whatever is added and changed; what earlier examples left in the archive counts too."""
    held: dict[int, Entry] = {}
    for number, status, tags, day in steps:
        if number in held:
            changed = replace(held[number], status=status, tags=tags, digest_date=day)
            held[number] = await storage.archive.replace(changed, action=Action.EDIT, by=None, at=now)
        else:
            new = replace(make(), status=status, tags=tags, digest_date=day)
            held[number] = await storage.archive.add(new, by=None, at=now)
    everything = await storage.archive.export(after=None, limit=100_000)
    expected: dict[str, int] = {}
    for entry in everything:
        for key in {tag_key(tag) for tag in entry.tags if entry.is_public} - {""}:
            expected[key] = expected.get(key, 0) + 1
    assert {tag_key(tag.name): tag.count for tag in await storage.archive.tags()} == expected
    for key, count in expected.items():
        assert await found(storage, key) == count
    assert await storage.check() == []


async def test_tags_of_digests_to_come_are_not_counted_for_today(storage: Storage, make: Make, now: datetime) -> None:
    today = date(2024, 6, 21)
    await storage.archive.add(make(tags=("old", "both")), by=None, at=now)
    assert await storage.archive.tags(today=today) == [TagCount("both", 1), TagCount("old", 1)]
    await storage.archive.add(make("2024-06-22", tags=("secret", "both")), by=None, at=now)
    assert await storage.archive.tags(today=today) == [TagCount("both", 1), TagCount("old", 1)]
    assert await storage.archive.tags("se", today=today) == []
    assert await storage.archive.known_tags(["secret", "both"], today=today) == {"both"}
    tomorrow = date(2024, 6, 22)
    assert await storage.archive.tags(today=tomorrow) == [
        TagCount("both", 2),
        TagCount("old", 1),
        TagCount("secret", 1),
    ]
