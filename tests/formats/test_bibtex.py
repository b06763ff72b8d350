"""BibTeX records."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import Entry, Kind
from bot.formats.bibtex import bibtex_key, print_bibtex

PAPER = Entry(
    id="abcdefghij",
    title="On Paper Boats: 100% of $O(n^2)$ & More_",
    paper_date=date(2025, 3, 5),
    authors=("Ada van Example", "Björn Sample", "홍 길동"),
    url="https://arxiv.org/abs/2503.01234",
    arxiv_id="2503.01234",
    abstract="Boats\ncost $5 ~ {much}.",
    tags=("boat", "paper_fold"),
)


def test_an_arxiv_paper() -> None:
    assert print_bibtex(PAPER) == (
        "@misc{example2025paper-abcdefghij,\n"
        "  title = {{On Paper Boats: 100\\% of $O(n^2)$ \\& More\\_}},\n"
        "  author = {Ada van Example and Björn Sample and {홍 길동}},\n"
        "  year = {2025},\n"
        "  month = {3},\n"
        "  eprint = {2503.01234},\n"
        "  archivePrefix = {arXiv},\n"
        "  url = {https://arxiv.org/abs/2503.01234},\n"
        "  abstract = {Boats cost \\$5 \\textasciitilde{} \\{much\\}.},\n"
        "  keywords = {boat, paper\\_fold},\n"
        "}\n"
    )


def test_an_announcement_by_an_organisation() -> None:
    entry = Entry(
        id="b" * 10, title="Boat 2", organisation="Boats & Co", url="https://example.com/b", kind=Kind.ANNOUNCEMENT
    )
    printed = print_bibtex(entry, with_id=False)
    assert printed.startswith("@online{boatscoboat,")
    assert "author = {{Boats \\& Co}}" in printed


@pytest.mark.parametrize(
    ("arxiv_id", "year", "month"), [("2305.07185", 2023, 5), ("cs/9901001", 1999, 1), ("0704.0001", 2007, 4)]
)
def test_without_a_paper_date_the_arxiv_id_tells_the_year(arxiv_id: str, year: int, month: int) -> None:
    printed = print_bibtex(Entry(id="", title="x", arxiv_id=arxiv_id, digest_date=date(2024, 7, 16)))
    assert f"  year = {{{year}}},\n  month = {{{month}}},\n" in printed


def test_an_id_without_a_month_leaves_the_digest_date() -> None:
    assert "year = {2024}" in print_bibtex(
        Entry(id="", title="x", arxiv_id="2413.00001", digest_date=date(2024, 7, 16))
    )


def test_an_old_arxiv_id_has_its_class() -> None:
    assert "primaryClass = {cs.lg}" in print_bibtex(Entry(id="", title="x", arxiv_id="cs.lg/0101001"))


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (Entry(id="", title="배"), "entry"),
        (Entry(id="", title="배", authors=("Łukasz Größe",)), "grosse"),
        (Entry(id="", title="The Boats", digest_date=date(2025, 3, 5)), "2025boats"),
    ],
)
def test_keys_are_ascii(entry: Entry, key: str) -> None:
    assert bibtex_key(entry) == key


@given(st.text(), st.text(), st.text(min_size=1))
def test_braces_are_balanced_whatever_the_text(title: str, abstract: str, name: str) -> None:
    printed = print_bibtex(Entry(id="", title=title, abstract=abstract, authors=(name,)))
    depth = 0
    for position, letter in enumerate(printed):
        if letter in "{}" and printed[position - 1] != "\\":
            depth += 1 if letter == "{" else -1
        assert depth >= 0
    assert depth == 0
