"""Tokens that cost more than they save: which are left out, and that what is found stays the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ports import ImportedEntry
from bot.core.query import criteria_of
from bot.core.query_syntax import parse
from storage.asking import Group
from storage.conditions import resolve
from storage.opening import Storage
from storage.sparing import spared
from storage.tokens import ALL

from .conftest import Make

RUN = Group((("샘플", "플링", "링사", "사전"),), looked_into=True)
TAG = Group((("#benchmark",),))
USES = {ALL: 1_000_000, "샘플": 183_000, "플링": 183_000, "링사": 13_000, "사전": 260_000, "#benchmark": 3_000}


def uses_in(counts: Mapping[str, int], terms: Collection[str]) -> Mapping[str, int]:
    return {term: counts[term] for term in terms if counts.get(term)}


def kept(*wanted: Group, counts: Mapping[str, int] = USES) -> list[set[str]]:
    return [set(group.each()) for group in spared(wanted, lambda terms: uses_in(counts, terms))]


def test_frequent_pairs_beside_a_rare_tag_are_left_out() -> None:
    assert kept(TAG, RUN) == [{"#benchmark"}, {"링사"}]


def test_all_are_asked_for_where_that_saves_looking_into_entries() -> None:
    assert kept(RUN) == [{"샘플", "플링", "링사", "사전"}]


def test_what_every_entry_has_saves_nothing() -> None:
    phrase = Group((("of", "sampling"),), looked_into=True)
    assert kept(phrase, counts={ALL: 1_000, "of": 1_000, "sampling": 200}) == [{"sampling"}]


def test_what_nobody_looks_into_afterwards_stays() -> None:
    assert kept(TAG, replace(RUN, looked_into=False)) == [{"#benchmark"}, set(RUN.each())]
    either = Group((("샘플", "링사"), ("사전", "전에")), looked_into=True)
    assert kept(TAG, either) == [{"#benchmark"}, {"샘플", "링사", "사전", "전에"}]


def test_what_may_also_stand_as_one_word_is_spared() -> None:
    either = Group((("샘플", "링사"), ("사전",)), looked_into=True)
    assert kept(TAG, either) == [{"#benchmark"}, {"링사", "사전"}]


words = st.sampled_from([*"abcdefgh"])
groups = st.builds(
    Group,
    st.lists(st.lists(words, min_size=1, max_size=5, unique=True).map(tuple), min_size=1, max_size=2).map(tuple),
    st.booleans(),
)


@given(st.lists(groups, max_size=4), st.dictionaries(words, st.integers(0, 2_000_000)), st.integers(0, 2_000_000))
def test_each_group_keeps_one_of_its_tokens_and_gets_no_other(
    wanted: list[Group], counts: dict[str, int], total: int
) -> None:
    after = spared(wanted, lambda terms: uses_in({**counts, ALL: total}, terms))
    assert len(after) == len(wanted)
    for one, other in zip(wanted, after, strict=True):
        assert set(other.each()) <= set(one.each())
        assert all(other.alternatives)
        if not one.looked_into:
            assert one == other


async def test_the_same_entries_are_found_by_fewer_tokens(storage: Storage, make: Make, now: datetime) -> None:
    """`강화학습` has three pairs of letters, two of which are on all entries; apart they stand on many without it."""
    texts = ["강화학습", "강화 학습", "화학 강화 학습"]
    imported = [
        ImportedEntry(make("2024-06-01", id=f"{n:010}", title=f"T {n}", commentary=texts[n % 3], tags=("rare",)), True)
        for n in range(9)
    ]
    imported += [
        ImportedEntry(make("2024-06-02", id=f"x{n:09}", title=f"X {n}", commentary="강화 학습"), True)
        for n in range(300)
    ]
    await storage.archive.write_import(imported, documents=[], at=now)
    criteria = criteria_of(parse("tag:rare 강화학습"), date(2024, 6, 30))
    page = await storage.search.page(criteria, asker=None, limit=20)
    assert [entry.title for entry in page.entries] == ["T 6", "T 3", "T 0"]
    assert page.total == 3
    conditions = (await storage.database.read(resolve, criteria, None)).conditions
    assert conditions is not None
    assert "화학" in str(conditions.match)
    assert "강화" not in str(conditions.match)


@pytest.mark.parametrize("query", ["정확도로", "정확도"])
async def test_a_noun_is_told_from_a_particle_by_what_follows_it(
    storage: Storage, make: Make, now: datetime, query: str
) -> None:
    for number, text in enumerate(["정확도를 잰다", "정확도가 높다", "정확히 잰다", "정확 한 것"]):
        await storage.archive.add(make(title=f"T {number}", commentary=text), by=None, at=now)
    page = await storage.search.page(criteria_of(parse(query), date(2024, 6, 30)), asker=None, limit=9)
    assert {entry.title for entry in page.entries} == {"T 0", "T 1"}
