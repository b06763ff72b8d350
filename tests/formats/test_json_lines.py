"""JSON Lines: what is exported comes back byte for byte, what is broken is named."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import Entry, Kind, Status
from bot.core.imports import Doubt, SkipReason
from bot.formats.json_lines import parse_json_lines, print_entry

FIELDS = (
    "id digest_date paper_date title title_derived authors organisation url arxiv_id abstract commentary commentary_en "
    "tags links kind status sources warnings"
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LINE = TEXT.filter(str.strip)
URL = st.integers(0, 999).map(lambda number: f"https://example.org/{number}")
NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="[]"), min_size=1, max_size=12)
ENTRIES = st.builds(
    Entry,
    id=st.just("") | st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=10, max_size=10),
    title=LINE,
    title_derived=st.booleans(),
    digest_date=st.none() | st.dates(),
    paper_date=st.none() | st.dates(),
    authors=st.lists(TEXT, max_size=3).map(tuple),
    organisation=st.none() | TEXT,
    url=st.none() | URL,
    arxiv_id=st.none() | st.sampled_from(["2406.14548", "cs.lg/0101001", "1706.03762"]),
    abstract=st.none() | TEXT,
    commentary=st.none() | TEXT,
    commentary_en=st.none() | TEXT,
    tags=st.lists(TEXT.filter(lambda tag: not tag.startswith("#")), max_size=3).map(tuple),
    links=st.lists(URL, max_size=3).map(tuple),
    related=st.lists(NAME, max_size=3).map(tuple),
    kind=st.sampled_from(Kind),
    status=st.sampled_from(Status),
    sources=st.lists(TEXT, max_size=2).map(tuple),
    warnings=st.lists(st.sampled_from([doubt.value for doubt in Doubt]), max_size=2).map(tuple),
)


@given(st.lists(ENTRIES, max_size=4))
def test_export_import_export_is_byte_identical(entries: list[Entry]) -> None:
    text = "".join(print_entry(entry) + "\n" for entry in entries)
    parsed = parse_json_lines("export.jsonl", text)
    assert list(parsed.entries) == entries
    assert "".join(print_entry(entry) + "\n" for entry in parsed.entries).encode() == text.encode()


def test_fields_stand_in_a_fixed_order() -> None:
    line = print_entry(Entry(id="", title="배", related=("240101 Hats",), links=("https://example.org",)))
    assert " ".join(json.loads(line)) == FIELDS
    assert '"title": "배"' in line
    assert '"links": ["https://example.org", "[[240101 Hats]]"]' in line


def test_a_title_is_enough() -> None:
    (entry,) = parse_json_lines("mine.jsonl", '{"title": "Boats"}').entries
    assert (entry.status, entry.digest_date, entry.sources) == (Status.DRAFT, None, ("mine.jsonl",))
    assert entry.warnings == (Doubt.UNDATED,)


def test_a_paper_date_alone_serves_as_digest_date() -> None:
    (entry,) = parse_json_lines("mine.jsonl", '{"title": "Boats", "paper_date": "2025-03-05", "new": 1}').entries
    assert (entry.digest_date, entry.status) == (date(2025, 3, 5), Status.PUBLISHED)
    assert entry.warnings == (Doubt.DIGEST_DATE_DERIVED,)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "record: not JSON"),
        ("[]", "record: must be an object"),
        ("{}", "title: is missing"),
        ('{"title": " "}', "title: is missing"),
        ('{"title": 1}', "title: must be text"),
        ('{"title": "a", "title": "b"}', "title: given twice"),
        ('{"title": "a", "tags": "x"}', "tags: must be a list"),
        ('{"title": "a", "tags": [1]}', "tags: must be text"),
        ('{"title": "a", "title_derived": 1}', "title_derived: must be true or false"),
        ('{"title": "a", "digest_date": "20240621"}', "digest_date: must be a date"),
        ('{"title": "a", "digest_date": "2024-06-31"}', "digest_date: must be a date"),
        ('{"title": "a", "kind": "book"}', "kind: must be one of"),
        ('{"title": "a", "status": "gone"}', "status: must be one of"),
        ('{"title": "a", "url": "ftp://x"}', "url: must be an http"),
        ('{"title": "a", "links": ["x"]}', "links: must be http"),
        ('{"title": "a", "id": "x"}', "id: must be"),
        ('{"title": "a", "arxiv_id": "x"}', "arxiv_id: must be"),
        ('{"title": "\\ud800"}', "title: holds half a character"),
        ('{"title": "a", "x": NaN}', "record: NaN"),
        ("[" * 100_000, "record: nested too deeply"),
    ],
)
def test_a_broken_record_is_named_and_the_rest_goes_on(line: str, problem: str) -> None:
    parsed = parse_json_lines("mine.jsonl", f'\n{line}\n{{"title": "Boats"}}\r\n')
    assert [entry.title for entry in parsed.entries] == ["Boats"]
    (skipped,) = parsed.skipped
    assert skipped.reason is SkipReason.BROKEN_RECORD
    assert skipped.detail.startswith(f"line 2: {problem}")


def test_an_empty_document() -> None:
    assert parse_json_lines("mine.jsonl", "\n").skipped[0].reason is SkipReason.EMPTY


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    parsed = parse_json_lines("any.jsonl", text)
    assert parsed.entries or parsed.skipped
