"""Entry texts as HTML: what they become, and that they never become anything else."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.markup import REL, clean, host_of, inline, language_of_text, paragraphs, safe_url, sentence, title_text

_PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "[클릭](javascript:alert(1))",
        "[x](https://example.org/a)",
        '[x](https://example.org/"onmouseover="alert(1))',
        "[a](https://user@evil.example/)",
        "https://example.org/a_(b).",
        'https://example.org/"><b>',
        "http://[::1",
        "https://",
        "**굵게**",
        "****",
        "**[x](https://example.org)**",
        "&lt;b&gt;",
        "&#x6a;avascript:",
        "'\"`<>&",
        "\u202e",
        "\u2066",
        "\x00",
        "\ud800",
        "\n",
        "\n\n",
        "\r\n",
        "data:text/html,<b>",
    ]
)
_TEXTS = st.lists(_PIECES | st.text(max_size=20), max_size=12).map("".join)


class _Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.depth: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "br":
            self.text += "\n"
        else:
            self.depth.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.depth.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(str(html))
    reader.close()
    assert not reader.depth
    return reader


@given(_TEXTS)
def test_no_text_becomes_a_tag_or_an_attribute(text: str) -> None:
    for html in (paragraphs(text), paragraphs(text, keep_lines=False), inline(text), sentence(text)):
        for tag, attributes in read(html).tags:
            assert tag in {"p", "br", "strong", "a", "code"}
            if tag != "a":
                assert not attributes
                continue
            assert set(attributes) == {"href", "rel"}
            assert attributes["rel"] == REL
            assert (attributes["href"] or "").lower().startswith(("http://", "https://"))


@given(st.text(max_size=200))
def test_no_letter_of_a_text_is_lost(text: str) -> None:
    def letters(shown: str) -> str:
        return "".join(letter for letter in shown if letter.isalnum())

    assert letters(read(paragraphs(text)).text) == letters(clean(text))


@given(_TEXTS)
def test_titles_are_one_line_without_controls(text: str) -> None:
    title = title_text(text)
    assert "\n" not in title
    assert not set(title) & set("\u202e\u2066\x00\r")


def test_lines_and_paragraphs_are_kept() -> None:
    assert paragraphs("하나\n둘\n\n셋") == "<p>하나<br>둘</p><p>셋</p>"
    assert paragraphs("wrapped\nline\n \nnext", keep_lines=False) == "<p>wrapped line</p><p>next</p>"
    assert paragraphs(" \n\n ") == ""


def test_markup_in_a_text_is_shown_as_typed() -> None:
    assert inline('<script>x</script> & "y"') == "&lt;script&gt;x&lt;/script&gt; &amp; &#34;y&#34;"


@pytest.mark.parametrize(
    ("text", "href", "rest"),
    [
        ("코드는 https://example.org/a 에", "https://example.org/a", " 에"),
        ("(https://example.org/a).", "https://example.org/a", ")."),
        ("https://en.wikipedia.org/wiki/A_(b)!", "https://en.wikipedia.org/wiki/A_(b)", "!"),
        ("https://example.org/?a=1&b=2", "https://example.org/?a=1&amp;b=2", ""),
        ("https://example.org/한글", "https://example.org/", "한글"),
    ],
)
def test_addresses_become_links_without_the_sentence_around_them(text: str, href: str, rest: str) -> None:
    assert f'<a href="{href}" rel="{REL}">{href}</a>{rest}' in paragraphs(text)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "[x](javascript:alert(1))",
        "data:text/html,x",
        "ftp://example.org",
        "//example.org",
        "https://",
    ],
)
def test_nothing_but_the_web_is_linked(text: str) -> None:
    assert "<a" not in paragraphs(text)


def test_a_labelled_link_says_where_it_leads() -> None:
    assert (
        inline("[코드](https://github.com/x/y)")
        == f'<a href="https://github.com/x/y" rel="{REL}">코드</a> (github.com)'
    )


@pytest.mark.parametrize("label", ["https://good.example", "www.good.example/login", "good.example"])
def test_a_label_cannot_pretend_to_be_another_address(label: str) -> None:
    shown = read(inline(f"[{label}](https://evil.example/x)")).text
    assert shown == "https://evil.example/x"


def test_bold_runs() -> None:
    assert inline("**굵게** 2**3 ** x **") == "<strong>굵게</strong> 2**3 ** x **"
    assert inline("**[a](https://example.org)**").startswith('<strong><a href="https://example.org"')


def test_direction_and_control_characters_are_taken_out() -> None:
    assert clean("a\u202eb\u2066c\x00d\x1b[31me\r\nf") == "abcd[31me\nf"
    assert clean("a\u200db 한\u200e글") == "a\u200db 한\u200e글"


def test_languages_hosts_and_addresses() -> None:
    assert (language_of_text("GPT가"), language_of_text("GPT")) == ("ko", "en")
    assert host_of("https://www.example.org:8080/x") == "example.org"
    assert host_of("http://[") == ""
    assert safe_url("https://example.org/a") == "https://example.org/a"
    assert [
        safe_url(wrong) for wrong in (None, "", "javascript:x", "https://", "https://a b", "https://a\u202eb.c")
    ] == [None] * 6


def test_backticks_of_our_sentences() -> None:
    assert sentence("Use `tag:<x>`.") == "Use <code>tag:&lt;x&gt;</code>."
    assert sentence("one ` alone") == "one ` alone"


@pytest.mark.parametrize(
    "text", ["**" * 20_000, "[" * 50_000, "https://" * 20_000, "(" * 50_000, "[a](https://x.y/" * 5_000, "\n" * 50_000]
)
def test_long_hostile_texts_are_quick(text: str) -> None:
    assert len(read(paragraphs(text)).text) <= len(text)
