"""Helpers for text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import (
    Address,
    ShortAuthors,
    clean_url,
    find_urls,
    fold,
    has_hangul,
    normalise,
    read_address,
    readable,
    shorten_authors,
    split_paragraphs,
)

# --- letters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("Boat 2", False),
        ("船", False),
        ("ボート", False),
        ("배", True),
        ("ㅎ", True),
        ("\u1107\u1162", True),
    ],
)
def test_has_hangul(text: str, expected: bool) -> None:
    assert has_hangul(text) is expected


@given(st.text())
def test_normalise_and_fold_are_stable(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(text)) == fold(text)


# --- addresses ----------------------------------------------------------------------------------------------------

URL = "https://arxiv.org/abs/2406.14548"
ADDRESSES = [
    (URL, URL),
    (f"{URL}.", URL),
    (f"{URL})", URL),
    (f"{URL}).", URL),
    (f"<{URL}>", URL),
    (f"\\url{{{URL}}}", URL),
    (f"\\href{{{URL}}}{{here}}", URL),
    (f"[here]({URL})", URL),
    (f"{URL}?utm_source=a&utm_medium=b", URL),
    (f"{URL}?id=1&fbclid=b#top", f"{URL}?id=1#top"),
    (f"{URL}?ref_src=twsrc", URL),
    ("https://en.wikipedia.org/wiki/Boat_(paper)", "https://en.wikipedia.org/wiki/Boat_(paper)"),
    ("https://x.com/a/status/1?s=20", "https://x.com/a/status/1?s=20"),
    (f"https://www.google.com/url?sa=t&url={URL}&usg=x", URL),
    ("https://l.facebook.com/l.php?u=https%3A%2F%2Farxiv.org%2Fabs%2F2406.14548%3Ffbclid%3Dx&h=y", URL),
    (f"https://www.youtube.com/redirect?q={URL}", URL),
    ("https://www.google.com/url?q=javascript:alert(1)", "https://www.google.com/url?q=javascript:alert(1)"),
    ("", None),
    ("boats", None),
    ("boats.", None),
    ("e.g", None),
    ("ftp://example.org/a", None),
    ("javascript:alert(1)", None),
    ("mailto:ada@example.org", None),
    ("https://", None),
    ("https://[::1", None),
    ("https://example.org/a b", None),
    ("https://example.org:99999/", None),
]


@pytest.mark.parametrize(("text", "url"), ADDRESSES)
def test_clean_url(text: str, url: str | None) -> None:
    assert clean_url(text) == url


@pytest.mark.parametrize(
    "text", ["arxiv.org/abs/2406.14548", "ttps://arxiv.org/abs/2406.14548", "https:/arxiv.org/abs/2406.14548"]
)
def test_a_repaired_scheme_is_told(text: str) -> None:
    assert read_address(text) == Address(URL, scheme_added=True)


@given(st.text())
def test_a_cleaned_address_is_clean(text: str) -> None:
    for url in (clean_url(text), clean_url(f"https://example.org/{text}")):
        if url is not None:
            assert url.lower().startswith(("http://", "https://"))
            assert clean_url(url) == url
            assert not any(letter.isspace() for letter in url)


def test_find_urls() -> None:
    text = f"코드({URL})와 {URL}, [글](https://example.org/a_(b)): https://example.org/가 <https://example.org/c>."
    assert find_urls(text) == [URL, "https://example.org/a_(b)", "https://example.org/", "https://example.org/c"]


@given(st.text())
def test_found_addresses_are_clean(text: str) -> None:
    for url in find_urls(f"{text} https://example.org/{text}"):
        assert clean_url(url) == url


# --- people -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authors", "organisation", "expected"),
    [
        ((), None, ShortAuthors(())),
        (("A", "B", "C"), None, ShortAuthors(("A", "B", "C"))),
        (("A", "B", "C", "D"), None, ShortAuthors(("A", "B", "C", "D"))),
        (("A", "B", "C", "D", "E"), None, ShortAuthors(("A", "B", "C"), 2)),
        (("A", "B", "C", "D"), "Team", ShortAuthors(("Team", "A", "B"), 2)),
    ],
)
def test_shorten_authors(authors: tuple[str, ...], organisation: str | None, expected: ShortAuthors) -> None:
    assert shorten_authors(authors, organisation) == expected


# --- long texts ---------------------------------------------------------------------------------------------------


@given(
    st.text() | st.lists(st.sampled_from(["a", " ", "\n", "\n\n", ". ", "배", "👨‍👩‍👧", "e\u0301"])).map("".join),
    st.integers(1, 40),
)
def test_split_paragraphs_loses_nothing(text: str, limit: int) -> None:
    parts = split_paragraphs(text, limit)
    assert "".join("".join(part.split()) for part in parts) == "".join(text.split())
    assert all(part and len(part) <= limit for part in parts)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("one\n\ntwo\n\nthree", 9, ["one\n\ntwo", "three"]),
        ("one two\nthree", 10, ["one two", "three"]),
        ("One. Two three.", 10, ["One.", "Two three."]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdef", 4, ["abcd", "ef"]),
        ("cafe\u0301s", 4, ["caf", "e\u0301s"]),
        (" \n ", 4, []),
    ],
)
def test_split_paragraphs_cuts_where_it_hurts_least(text: str, limit: int, parts: list[str]) -> None:
    assert split_paragraphs(text, limit) == parts


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        split_paragraphs("a", 0)


def test_long_texts_are_split_in_little_time() -> None:
    assert len(split_paragraphs("word " * 200_000, 2000)) == 500


# --- LaTeX and Markdown -------------------------------------------------------------------------------------------

READABLE = [
    ("8×8×", "8×8×"),
    ("U$^2$-Net", "U²-Net"),
    ("H$_2$O", "H₂O"),
    ("$\\alpha$-Boats in $O(n^2)$", "α-Boats in O(n²)"),
    ("$\\mathbb{R}^{n+1}$ and $x_{ij}$", "ℝⁿ⁺¹ and xᵢⱼ"),
    ("$x^{Q}$", "x^Q"),
    ("$\\frac{a}{b}$, $\\sqrt{n}$", "a/b, √n"),
    ("$\\sim$10 to 100$\\times$", "~10 to 100×"),
    ("from $7 - $15", "from $7 - $15"),
    ("for $5 and $6", "for $5 and $6"),
    ("a \\$10,000 budget, 50\\% off", "a $10,000 budget, 50% off"),
    ("\\textbf{a \\emph{b}} c", "a b c"),
    ("Schr\\\"odinger, Erd\\H{o}s, Fran\\c{c}ois, \\v{S}\\'{\\i}", "Schrödinger, Erdős, François, Ší"),
    ("\\url{https://example.org/a_b}", "https://example.org/a_b"),
    ("\\href{https://example.org}{here}", "here (https://example.org)"),
    ("\\href{https://example.org}{https://example.org}", "https://example.org"),
    ("[here](https://example.org)", "here (https://example.org)"),
    ("a--b, a---b, ->, --flag", "a–b, a—b, ->, –flag"),
    ("``quoted'' words", "“quoted” words"),
    ("{BERT} and **bold** and *it*", "BERT and bold and it"),
    ("ReST-MCTS*: a and b* c", "ReST-MCTS*: a and b* c"),
    ("\\ours{} beats \\method", "ours beats method"),
    ("% Intuitively, boats", "% Intuitively, boats"),
    ("see \\cite{boat}", "see [boat]"),
    ("snake_case __init__", "snake_case __init__"),
    ("\\", "\\"),
]


@pytest.mark.parametrize(("text", "expected"), READABLE)
def test_readable(text: str, expected: str) -> None:
    assert readable(text) == expected


@given(
    st.text()
    | st.lists(st.sampled_from(["\\", "{", "}", "$", "^", "_", "a", "*", "textbf", "frac", '"', " "])).map("".join)
)
def test_readable_takes_any_text_and_keeps_its_letters(text: str) -> None:
    shown = readable(text)
    plain = unicodedata.normalize("NFKD", shown)
    assert all(letter in plain or letter in shown for letter in text if "가" <= letter <= "힣")


@pytest.mark.parametrize("piece", ["{", "\\a{", "$", "$a", "**a", "[a](", "\\frac{a}", "^{", "`"])
def test_readable_takes_no_long_time(piece: str) -> None:
    assert isinstance(readable(piece * 20_000), str)
