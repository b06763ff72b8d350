"""LaTeX and Markdown leftovers, made readable."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.latex import readable

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
