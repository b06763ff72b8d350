"""A digest page, whole and cut."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import Entry, Kind, Status
from bot.core.imports import Doubt, SkipReason
from bot.formats.digest_page import parse_page, print_page, read_page_date

PATH = "2025-03-05.txt"
DAY = "2025년 3월 5일"
ABSTRACT = "We fold boats from paper. They float on water for a long time."
PERSONS = "(Ada Example, Bo Sample)"


def entries(*lines: str) -> tuple[Entry, ...]:
    return parse_page(PATH, "\n".join(lines)).entries


def test_a_page() -> None:
    first, second = entries(
        DAY, "Boat 2", "(Anthropic)", "새 배가 나왔습니다.", "두 번째 줄.", "#boat #llm",
        "Paper Boats: Folding", PERSONS, ABSTRACT, "접는 방법.", "#fold",
    )  # fmt: skip
    assert first == Entry(
        id="",
        title="Boat 2",
        digest_date=date(2025, 3, 5),
        organisation="Anthropic",
        commentary="새 배가 나왔습니다.\n두 번째 줄.",
        tags=("boat", "llm"),
        kind=Kind.ANNOUNCEMENT,
        sources=(PATH,),
    )
    assert (second.title, second.authors) == ("Paper Boats: Folding", ("Ada Example", "Bo Sample"))
    assert (second.abstract, second.commentary, second.tags) == (ABSTRACT, "접는 방법.", ("fold",))
    assert (second.kind, second.paper_date, second.warnings) == (Kind.PAPER, None, ())


def test_linked_titles() -> None:
    first, second = entries(
        DAY, "[Boat [2] (beta)](https://example.com/boat_(2))", "(Anthropic)", "새 배.",
        "[Paper Boats](https://arxiv.org/abs/2503.01234)", PERSONS, ABSTRACT, "접는 방법.",
    )  # fmt: skip
    assert (first.title, first.url) == ("Boat [2] (beta)", "https://example.com/boat_(2)")
    assert (second.url, second.arxiv_id) == ("https://arxiv.org/abs/2503.01234", "2503.01234")


def test_an_entry_without_tags_ends_where_the_next_begins() -> None:
    first, second = entries(DAY, "Boat 2", "(Anthropic)", "새 배.", "Boat 3", "(Mistral AI)", "더 새 배.")
    assert (first.commentary, second.title, second.organisation) == ("새 배.", "Boat 3", "Mistral AI")


@pytest.mark.parametrize(
    "lines",
    [
        ("두 줄입니다.", "(괄호 안의 한국어)"),
        ("https://example.com/boats", "(Anthropic)"),
        ("$$x^2 + y^2$$", "(1)"),
        ("\\begin{equation}", "(Ada Example, Bo Sample)"),
        ("x = y", "(x_i, y_i)"),
        ("All boats float.", "(see the appendix)"),
        ("새 배.", "(Anthropic, OpenAI)"),
        ("Speed and size", "(https://example.com)"),
    ],
)
def test_what_begins_no_entry(lines: tuple[str, str]) -> None:
    (entry,) = entries(DAY, "Boat 2", "(Anthropic)", "새 배.", *lines, "#boat")
    assert entry.commentary == "\n".join(("새 배.", *lines))
    assert entry.tags == ("boat",)


def test_an_abstract_followed_by_a_parenthesised_line() -> None:
    (entry,) = entries(DAY, "Paper Boats", PERSONS, ABSTRACT, "(Code available)", "접는 방법.", "#fold")
    assert (entry.abstract, entry.commentary) == (ABSTRACT, "(Code available)\n접는 방법.")


def test_text_after_the_tags_is_commentary() -> None:
    (entry,) = entries(DAY, "Boat 2", "(Anthropic)", "새 배.", "#boat", "추가 설명.")
    assert (entry.commentary, entry.tags) == ("새 배.\n추가 설명.", ("boat",))


def test_a_stray_letter_at_the_end_of_the_page() -> None:
    (entry,) = entries(DAY, "Boat 2", "(Anthropic)", "새 배.", "#boat #fold a")
    assert (entry.commentary, entry.tags) == ("새 배.", ("boat", "fold"))
    assert entry.warnings == (Doubt.STRAY_AFTER_TAGS, Doubt.PARTIAL_ENTRY)


@pytest.mark.parametrize(
    ("rest", "title", "authors"),
    [
        (("Paper Boats",), "Paper Boats", ()),
        (("Paper Boats", "(Ada Example, Bo Sam"), "Paper Boats", ("Ada Example", "Bo Sam")),
        (("Paper Boats", PERSONS), "Paper Boats", ("Ada Example", "Bo Sample")),
        (("Paper Boats", PERSONS, "We fold boats from"), "Paper Boats", ("Ada Example", "Bo Sample")),
        (("Paper Boats", PERSONS, ABSTRACT, "접는 방법에 대"), "Paper Boats", ("Ada Example", "Bo Sample")),
    ],
)
def test_a_cut_page_keeps_its_partial_entry(rest: tuple[str, ...], title: str, authors: tuple[str, ...]) -> None:
    whole, cut = entries(DAY, "Boat 2", "(Anthropic)", "새 배.", "#boat", *rest)
    assert (whole.title, Doubt.PARTIAL_ENTRY in whole.warnings) == ("Boat 2", False)
    assert (cut.title, cut.authors, Doubt.PARTIAL_ENTRY in cut.warnings) == (title, authors, True)


def test_lines_before_the_first_entry_are_reported() -> None:
    parsed = parse_page(PATH, f"{DAY}\n그렇다고 합니다.\nBoat 2\n(Anthropic)\n새 배.\n")
    assert [entry.title for entry in parsed.entries] == ["Boat 2"]
    assert parsed.skipped[0].reason is SkipReason.NOT_AN_ENTRY
    assert parsed.skipped[0].detail == "line 2: before the first entry: 그렇다고 합니다."


def test_a_page_without_its_date_gives_undated_drafts() -> None:
    (entry,) = entries("Boat 2", "(Anthropic)", "새 배.", "#boat")
    assert (entry.digest_date, entry.status, entry.warnings) == (None, Status.DRAFT, (Doubt.UNDATED,))


def test_windows_line_ends_and_blank_lines() -> None:
    lines = (DAY, "", "Boat 2", "(Anthropic)", "새 배.", "", "#boat", "")
    assert parse_page(PATH, "\r\n".join(lines)) == parse_page(PATH, "\n".join(filter(None, lines)))


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("2024년 6월 21일", date(2024, 6, 21)),
        (" 2024년 06월 21일 (금) ", date(2024, 6, 21)),
        ("2024-06-21", date(2024, 6, 21)),
        ("# 2024년 6월 21일", date(2024, 6, 21)),
        ("2024년 6월 31일", None),
        ("2024년 6월 21일에 나온 논문", None),
        ("June 21", None),
    ],
)
def test_page_dates(line: str, day: date | None) -> None:
    assert read_page_date(line) == day


def test_printing_and_reading_back() -> None:
    page = parse_page(
        PATH,
        f"{DAY}\n[Boat 2](https://example.com/b)\n(Anthropic)\n새 배.\n둘째 줄.\n#boat\n"
        f"Paper Boats\n{PERSONS}\n{ABSTRACT}\n방법.\n",
    )
    assert parse_page(PATH, print_page(date(2025, 3, 5), page.entries)) == page


@given(
    st.lists(
        st.one_of(
            st.sampled_from([DAY, "Boat", "(Anthropic)", "새 배.", "#boat", "(A", ABSTRACT]), st.text(max_size=30)
        )
    )
)
def test_any_text_is_read_and_no_line_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    parsed = parse_page(PATH, text)
    kept = [skipped.detail for skipped in parsed.skipped]
    for entry in parsed.entries:
        kept += [entry.title, *entry.authors, entry.organisation or "", entry.abstract or "", entry.commentary or ""]
    for line in ("Boat", "Anthropic", "새 배.", ABSTRACT):
        assert line not in lines or not text.strip() or any(line in one for one in kept)
