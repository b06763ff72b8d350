"""Entry texts taken apart: which runs they become, and that no letter of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.markup import (
    Paragraph,
    Run,
    clean,
    host_of,
    inline,
    paragraphs,
    safe_url,
    sentence,
    title_text,
)

_PIECES = st.sampled_from(
    [
        "[클릭](javascript:alert(1))",
        "[x](https://example.org/a)",
        "[a](https://user@evil.example/)",
        "https://example.org/a_(b).",
        "http://[::1",
        "https://",
        "**굵게**",
        "****",
        "**[x](https://example.org) b**",
        "`code`",
        "\u202e",
        "\x00",
        "\ud800",
        "\n",
        " \n \n",
        "\r\n",
    ]
)
_TEXTS = st.lists(_PIECES | st.text(max_size=20), max_size=12).map("".join)


def shown(runs: Paragraph) -> str:
    """What a reader sees of some runs."""
    return "".join(run.text for run in runs)


@given(_TEXTS)
def test_runs_are_never_empty_and_links_are_on_the_web(text: str) -> None:
    for runs in (*paragraphs(text), *paragraphs(text, keep_lines=False), inline(text), sentence(text)):
        for run in runs:
            assert run.text
            assert run.url is None or run.url.lower().startswith(("http://", "https://"))
            assert run.url is None or safe_url(run.url) == run.url
            assert clean(run.text) == run.text


@given(st.text(max_size=200))
def test_no_letter_of_a_text_is_lost(text: str) -> None:
    def letters(text: str) -> str:
        return "".join(letter for letter in text if letter.isalnum())

    assert letters("".join(map(shown, paragraphs(text)))) == letters(clean(text))
    assert letters(shown(inline(text))) == letters(clean(text))


@given(_TEXTS)
def test_paragraphs_hold_no_blank_line_and_no_space_around_them(text: str) -> None:
    for runs in paragraphs(text):
        assert shown(runs) == shown(runs).strip() != ""
        assert "\n\n" not in shown(runs)
    assert all("\n" not in shown(runs) for runs in paragraphs(text, keep_lines=False))


def test_lines_are_kept_or_joined() -> None:
    assert paragraphs("하나\n둘\n\n셋") == ((Run("하나"), Run("\n"), Run("둘")), (Run("셋"),))
    assert paragraphs("wrapped\nline\n \nnext", keep_lines=False) == (
        (Run("wrapped"), Run(" "), Run("line")),
        (Run("next"),),
    )
    assert paragraphs(" \n\n ") == ()


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("코드는 https://a.org/b 에", (Run("코드는 "), Run("https://a.org/b", url="https://a.org/b"), Run(" 에"))),
        ("(https://a.org).", (Run("("), Run("https://a.org", url="https://a.org"), Run(")."))),
        ("[코드](https://www.a.org/b)", (Run("코드", url="https://www.a.org/b"), Run(" (a.org)"))),
        ("[a.org의 글](https://a.org/b)", (Run("a.org의 글", url="https://a.org/b"),)),
        ("[good.example](https://evil.example/x)", (Run("https://evil.example/x", url="https://evil.example/x"),)),
        ("[x](javascript:alert(1))", (Run("[x](javascript:alert(1))"),)),
        ("https://", (Run("https://"),)),
        ("ftp://a.org", (Run("ftp://a.org"),)),
    ],
)
def test_addresses_become_links(text: str, runs: tuple[Run, ...]) -> None:
    assert inline(text) == runs


def test_bold_runs_may_hold_links() -> None:
    assert inline("**굵게** 2**3 ** x **") == (Run("굵게", bold=True), Run(" 2**3 ** x **"))
    assert inline("**[a](https://b.org)는**") == (
        Run("a", bold=True, url="https://b.org"),
        Run(" (b.org)", bold=True),
        Run("는", bold=True),
    )


def test_backticks_of_our_sentences() -> None:
    assert sentence("Use `tag:<x>`.") == (Run("Use "), Run("tag:<x>", code=True), Run("."))
    assert sentence("one ` alone") == (Run("one ` alone"),)
    assert sentence("") == ()


def test_titles_are_readable_on_one_line() -> None:
    assert title_text("Scaling \\textbf{Laws}\nwith $\\alpha$\u202e") == "Scaling Laws with α"


def test_direction_and_control_characters_are_taken_out() -> None:
    assert clean("a\u202eb\u2066c\x00d\x1b[31me\r\nf") == "abcd[31me\nf"
    assert clean("a\u200db 한\u200e글") == "a\u200db 한\u200e글"


def test_hosts_and_addresses() -> None:
    assert host_of("https://www.example.org:8080/x") == "example.org"
    assert host_of("http://[") == ""
    assert safe_url("https://example.org/a") == "https://example.org/a"


@pytest.mark.parametrize(
    "address",
    [
        *(None, "", "javascript:x", "https://", "https://a b", "https://a\u202eb.c", "https://[::1"),
        *("example.org/a", "//example.org/a", "<https://example.org>", "[x](https://example.org)"),
    ],
)
def test_nothing_else_is_an_address_to_link(address: str | None) -> None:
    assert safe_url(address) is None


@pytest.mark.parametrize(
    "text", ["**" * 20_000, "[" * 50_000, "https://" * 20_000, "**a** " * 20_000, "[a](https://x.y/" * 5_000]
)
def test_long_hostile_texts_are_quick(text: str) -> None:
    assert len("".join(map(shown, paragraphs(text)))) <= len(text)
