"""The same paper twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import Entry, Kind, Status
from bot.core.imports import Doubt
from bot.core.merging import Merger, Outcome, gather, match_keys, merge, same_paper

DERIVED = Doubt.DIGEST_DATE_DERIVED.value
NOTE = Entry(
    id="",
    title="Paper Boats",
    digest_date=date(2025, 3, 5),
    paper_date=date(2025, 3, 5),
    authors=("Ada Example", "Bo Sample"),
    url="https://arxiv.org/abs/2503.01234",
    arxiv_id="2503.01234",
    abstract="We fold boats.",
    commentary="종이배를 접는 방법.",
    tags=("paper-boat",),
    sources=("papers/250305 Paper Boats.md",),
    warnings=(DERIVED,),
)
PAGE = Entry(
    id="",
    title="Paper boats",
    digest_date=date(2025, 3, 7),
    authors=("Ada Example", "Bo Sample"),
    abstract="We fold boats.",
    commentary="종이배를 접는 방법.",
    tags=("Paper_Boat", "fold"),
    sources=("2025-03-07.txt",),
)


# --- which are the same -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (NOTE, NOTE, True),
        (NOTE, PAGE, True),
        (NOTE, replace(NOTE, title="Other", authors=("Di Other",)), True),
        (NOTE, replace(NOTE, arxiv_id="2503.05678"), False),
        (PAGE, replace(PAGE, title="Paper Boats 2"), False),
        (PAGE, replace(PAGE, authors=("Di Other",)), False),
        (PAGE, replace(PAGE, title="ＰＡＰＥＲ  boats!"), True),
        (replace(NOTE, id="a" * 10), replace(NOTE, id="a" * 10, title="Renamed", arxiv_id=None), True),
        (replace(PAGE, id="a" * 10), replace(PAGE, id="b" * 10), False),
        (replace(NOTE, warnings=(Doubt.SEVERAL_PAPERS.value,)), NOTE, False),
    ],
)
def test_same_paper(one: Entry, other: Entry, same: bool) -> None:
    assert same_paper(one, other) is same
    assert same_paper(other, one) is same
    assert not same or not set(match_keys(one)).isdisjoint(match_keys(other))


def test_a_numbered_copy_with_identical_content_is_the_same() -> None:
    original = Entry(id="", title="Boats", title_derived=True, commentary="배.", paper_date=date(2025, 3, 5))
    assert same_paper(original, replace(original, title="Boats 1", paper_date=date(2025, 3, 6)))
    assert not same_paper(original, replace(original, title="Boats 2", commentary="다른 배."))
    assert not same_paper(replace(original, commentary=None), replace(original, title="Boats 1", commentary=None))


# --- merging ------------------------------------------------------------------------------------------------------


def test_the_same_note_again_changes_nothing() -> None:
    assert merge(NOTE, NOTE) == merge(NOTE, replace(NOTE, tags=()))
    assert merge(NOTE, NOTE).outcome is Outcome.UNCHANGED


def test_an_identical_note_adds_its_path_only() -> None:
    merged = merge(NOTE, replace(NOTE, sources=("arXiv/250305 Paper Boats.md",)))
    assert merged.entry == replace(NOTE, sources=(*NOTE.sources, "arXiv/250305 Paper Boats.md"))
    assert merged.outcome is Outcome.MERGED


@pytest.mark.parametrize(("kept", "found"), [(NOTE, PAGE), (PAGE, NOTE)])
def test_a_page_and_a_note(kept: Entry, found: Entry) -> None:
    entry = merge(kept, found).entry
    assert (entry.digest_date, entry.paper_date) == (date(2025, 3, 7), date(2025, 3, 5))
    assert (entry.url, entry.arxiv_id) == (NOTE.url, NOTE.arxiv_id)
    assert entry.tags == (kept.tags[0], "fold")
    assert entry.warnings == ()


def test_differing_texts_are_both_kept_the_richer_first() -> None:
    merged = merge(NOTE, replace(NOTE, commentary="훨씬 더 긴 두 번째 설명이 여기에 있습니다."))
    assert merged.entry.commentary == "훨씬 더 긴 두 번째 설명이 여기에 있습니다.\n\n종이배를 접는 방법."
    assert merged.entry.warnings == (DERIVED, Doubt.TEXTS_DIFFER)
    assert merge(merged.entry, NOTE).outcome is Outcome.UNCHANGED


def test_a_text_that_holds_the_other_stays_alone() -> None:
    longer = replace(NOTE, commentary=f"{NOTE.commentary}\n\n코드 공개.")
    assert merge(NOTE, longer).entry == merge(longer, NOTE).entry == longer


def test_of_two_written_dates_the_earlier_stays() -> None:
    merged = merge(PAGE, replace(PAGE, digest_date=date(2025, 3, 6))).entry
    assert (merged.digest_date, merged.warnings) == (date(2025, 3, 6), (Doubt.DATES_DIFFER,))


def test_a_derived_title_yields() -> None:
    derived = replace(NOTE, title="Boats", title_derived=True, warnings=(DERIVED, Doubt.TITLE_DERIVED.value))
    for merged in (merge(derived, NOTE).entry, merge(NOTE, derived).entry):
        assert (merged.title, merged.title_derived, merged.warnings) == ("Paper Boats", False, (DERIVED,))


def test_a_title_that_gave_way_still_leads_to_its_paper() -> None:
    renamed = replace(NOTE, title="Boats of Paper", sources=("papers/250306 Boats of Paper.md",))
    page = replace(PAGE, title="Boats of Paper")
    gathered = gather([NOTE, renamed, page])
    assert [entry.title for entry in gathered] == ["Paper Boats"]
    assert gather([*gathered, NOTE, renamed, page]) == gathered


def test_two_written_titles() -> None:
    merged = merge(NOTE, replace(NOTE, title="Boats of Paper")).entry
    assert (merged.title, merged.warnings) == ("Paper Boats", (DERIVED, Doubt.TITLES_DIFFER))


def test_missing_fields_are_filled() -> None:
    bare = Entry(id="a" * 10, title="Paper Boats", arxiv_id=NOTE.arxiv_id, warnings=(Doubt.NO_TEXT.value,), revision=4)
    merged = merge(bare, NOTE).entry
    assert merged == replace(NOTE, id="a" * 10, revision=4)


@pytest.mark.parametrize("status", list(Status))
def test_status_and_id_stay(status: Status) -> None:
    kept = replace(NOTE, id="a" * 10, status=status)
    merged = merge(kept, replace(PAGE, id="b" * 10, status=Status.DRAFT)).entry
    assert (merged.id, merged.status) == ("a" * 10, status)


def test_a_draft_for_want_of_a_date_is_published_with_one() -> None:
    undated = replace(NOTE, digest_date=None, paper_date=None, status=Status.DRAFT, warnings=(Doubt.UNDATED.value,))
    merged = merge(undated, PAGE).entry
    assert (merged.status, merged.digest_date, merged.warnings) == (Status.PUBLISHED, PAGE.digest_date, ())
    assert merge(replace(undated, digest_date=date(2025, 1, 1)), PAGE).entry.status is Status.DRAFT


def test_another_address_becomes_a_link() -> None:
    merged = merge(NOTE, replace(NOTE, url="https://example.org/boats")).entry
    assert (merged.url, merged.links) == (NOTE.url, ("https://example.org/boats",))
    assert merge(NOTE, replace(NOTE, url="https://arxiv.org/pdf/2503.01234v2")).entry.links == ()


def test_an_announcement_that_turns_out_to_be_a_paper() -> None:
    assert merge(replace(PAGE, kind=Kind.ANNOUNCEMENT), NOTE).entry.kind is Kind.PAPER


# --- whole imports ------------------------------------------------------------------------------------------------


def test_gather_keeps_the_order_of_first_sight() -> None:
    other = replace(PAGE, title="Hats")
    assert [entry.title for entry in gather([other, NOTE, PAGE, other])] == ["Hats", "Paper Boats"]


def test_an_entry_that_joins_two_groups() -> None:
    by_title = replace(PAGE, sources=("a",))
    by_id = replace(NOTE, title="Boats of Paper", sources=("b",))
    (merged,) = gather([by_title, by_id, replace(NOTE, sources=("c",))])
    assert set(merged.sources) == {"a", "b", "c"}


def test_the_merger_tells_what_happened() -> None:
    merger = Merger()
    outcomes = [merger.add(entry) for entry in (NOTE, NOTE, PAGE, PAGE)]
    assert outcomes == [None, Outcome.UNCHANGED, Outcome.MERGED, Outcome.UNCHANGED]


TEXTS = st.none() | st.sampled_from(["배.", "종이배.", "종이배. 모자.", "Boats.", "Boats\n\nand hats."])
DAYS = st.none() | st.dates(date(2025, 1, 1), date(2025, 1, 3))


def _consistent(entry: Entry) -> Entry:
    """An entry whose doubts are true of it, as an import leaves them."""
    doubts = {
        DERIVED: entry.digest_date is not None and DERIVED in entry.warnings,
        Doubt.TITLE_DERIVED.value: entry.title_derived,
        Doubt.UNDATED.value: entry.digest_date is None,
        Doubt.NO_TEXT.value: not (entry.abstract or entry.commentary or entry.commentary_en),
    }
    return replace(entry, warnings=tuple(kind for kind, holds in doubts.items() if holds))


FOUND = st.builds(
    Entry,
    id=st.just(""),
    title=st.sampled_from(["Boats", "Hats", "Boats 1"]),
    title_derived=st.booleans(),
    digest_date=DAYS,
    paper_date=DAYS,
    authors=st.sampled_from([(), ("Ada Example",)]),
    organisation=st.sampled_from([None, "Anthropic"]),
    url=st.sampled_from([None, "https://example.org/a", "https://arxiv.org/abs/2503.01234"]),
    arxiv_id=st.sampled_from([None, "2503.01234"]),
    abstract=TEXTS,
    commentary=TEXTS,
    commentary_en=TEXTS,
    tags=st.lists(st.sampled_from(["boat", "Boat", "hat"]), unique=True).map(tuple),
    kind=st.sampled_from(Kind),
    status=st.sampled_from(Status),
    sources=st.sampled_from([("a",), ("b",)]),
    warnings=st.sampled_from([(), (DERIVED,)]),
).map(_consistent)


@given(FOUND, FOUND)
def test_merging_again_changes_nothing(kept: Entry, found: Entry) -> None:
    merged = merge(kept, found).entry
    assert merge(merged, found).entry == merged
    assert merge(merged, found).outcome is Outcome.UNCHANGED
    assert merge(merged, merged).outcome is Outcome.UNCHANGED


@given(st.lists(FOUND, min_size=1, max_size=3))
def test_importing_in_any_order_loses_no_text(found: list[Entry]) -> None:
    for order in permutations(found):
        gathered = gather(order)
        for name in ("abstract", "commentary", "commentary_en"):
            texts = [" ".join((getattr(entry, name) or "").split()) for entry in gathered]
            for entry in found:
                assert any(" ".join((getattr(entry, name) or "").split()) in text for text in texts)
        assert {source for entry in gathered for source in entry.sources} == {entry.sources[0] for entry in found}
        assert gather([*gathered, *order]) == gather(gathered)
