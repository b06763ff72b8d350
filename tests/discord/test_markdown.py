"""Text as Discord's Markdown, read back as Discord's apps read it: it shows as it is, and nothing else comes of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.markup import Run, clean, paragraphs
from bot.discord.markdown import address, escape, heading, parts, small, small_parts, write
from tests.discord.markdown_reader import Dialect, Style, formats, links, mentions, visible
from tests.discord.markdown_reader import read as read_in
from tests.discord.reading import letters, read, styled, utf16

URL = "https://example.org/a"

HARD = [
    "@everyone @here",
    "<@1> <@!1> <@&1> <#1>",
    "</paper:1> </paper help:1>",
    "<t:1> <t:1:R>",
    "<:x:1> <a:x:1>",
    "<id:customize> <id:browse> <id:linked-roles:1>",
    "<sound:1:2>",
    "[x](http://evil.example) [x](<http://evil.example>) [x]( http://evil.example 'title' )",
    "[x](discord://-/settings)",
    "![x](http://evil.example/x.png)",
    "<http://evil.example> <https://evil.example/a_b*c>",
    "http://evil.example https://evil.example:8080/:a: HTTPS://EVIL.EXAMPLE steam://run",
    "://x: a://b:c://",
    "www.evil.example discord.gg/abc DISCORD.GG/abc discord.com/invite/abc discordapp.com/invite/x discord.new/abc",
    "<mailto:a@evil.example> <a@evil.example> <tel:+4912345678> <+49 123 45678>",
    "`a` ``b`c`` ```d``` ````e```` ` `` ```",
    "```py\nprint()\n```",
    "||spoiler|| | || |||",
    "# head\n## head\n### head\n#### none\n#none\n# # x",
    "-# small\n-#none\n-# -# x",
    "- a\n* b\n+ c\n  - d\n1. e\n12. f\n1.g\n1) h",
    "> quote\n>none\n>>> all of it\nand this",
    "*i* **b** ***bi*** _i_ __u__ ___ui___ ~~s~~ **_~~||x||~~_** *a**b*** **a*b** _a__b_",
    "snake_case_name __init__ 2*3*4 a_b_",
    "a* b *c **d **e** f",
    "_a_b _a_. (_a_) 가_나_다",
    ":smile: :+1: :a_b: :woman::skin-tone-1: 12:30:45 a:b:c: ::x:: : x : :-) :가:",
    "¯\\_(ツ)_/¯",
    "\\ \\\\ \\* \\\\* \\a \\\n \\",
    "[ [[ [[]] ][ [a] [a](b [a]: http://x.org",
    "a ]( b ](http://x.org)",
    "&lt;@1&gt; &amp; &#64;everyone",
    "  spaces  first",
    "\t# tab\n\u3000# wide\n\u00a0- hard",
    "\u200b# zero\n\u200d@everyone\ufe0f",
    "👩‍🔬 😀 🏳️‍🌈 e\u0301",
    "$\\alpha_{i}$ \\emph{x} \\frac{a}{b}",
    "$$ \\int_0^1 f(x)\\,dx $$",
    "{{a}} <b>bold</b> <!-- x -->",
    "a\r\nb",
    "~ ~~ ~~~ * ** *** _ __ ___",
]
"""What Discord makes something of when it is let."""

_PIECES = st.sampled_from(
    [piece for text in HARD for piece in (text, *text.split(" "))]
    + ["\n", " ", "a", "가", "https", ":", "//", "1", ".", "-", "#", "<", ">", "@", "\\", "]", "[", "(", ")"]
)
TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=10).map("".join).map(clean)
LABELS = TEXTS.map(lambda text: " ".join(text.split())).filter(lambda text: "://" not in text)
RUNS = st.one_of(
    st.builds(Run, TEXTS.filter(bool), bold=st.booleans()),
    st.builds(Run, LABELS.filter(bool), bold=st.booleans(), url=st.sampled_from([URL, "http://b.org/(x)?a=[1]&b=*_*"])),
    st.builds(Run, TEXTS.filter(bool), code=st.just(True)),
    st.sampled_from([URL, "https://example.org/_a_*b*~~c~~", "http://b.org/x(y)"]).map(lambda url: Run(url, url=url)),
)


def only_text(markdown: str) -> str:
    """What is shown of a text in which nothing is anything but text."""
    spans = read(markdown)
    assert {span.style for span in spans} <= {Style()}
    return visible(spans)


# --- escaping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HARD)
def test_a_hard_text_shows_as_it_is(text: str) -> None:
    assert only_text(escape(clean(text))) == clean(text)


@settings(max_examples=250)
@given(TEXTS)
@example("https://example.org:8080 ")
@example("x\n#")
@example("1.\n2.")
def test_any_text_shows_as_it_is(text: str) -> None:
    assert only_text(escape(text)) == text


@given(TEXTS, TEXTS)
def test_it_does_not_matter_what_stands_before(before: str, after: str) -> None:
    assert only_text(escape(before) + escape(after)) == before + after


def test_an_invitation_is_no_address() -> None:
    """Those Discord knows without https://, in what stands there, and not in what is shown."""
    for invitation in ("discord.gg/abc", "Discord.gg/abc", "discord.com/invite/abc", "discordapp.com/invite/abc"):
        assert invitation not in escape(invitation)
    assert escape("discord.py discord.gg") == "discord.py discord.gg"


def test_what_needs_no_backslash_has_none() -> None:
    plain = "논문을 읽었습니다 (2024). 3.5% - 그리고 C# 12:30, a/b; x = y + 1!"
    assert escape(plain) == plain


# --- runs -------------------------------------------------------------------------------------------------------------


def expected(runs: Sequence[Run]) -> list[tuple[str, bool, str | None]]:
    """Each letter of runs with whether it is to be bold, and where it leads."""
    return [
        (letter, run.bold and not run.code and run.url != run.text, _target(run, letter))
        for run in runs
        for letter in letters(run.text)
    ]


def _target(run: Run, letter: str) -> str | None:
    """Brackets in a label may stand beside its link."""
    if run.url is None or run.text == run.url:
        return run.url
    return None if letter in "[]" else address(run.url)


def found_in(markdown: str) -> list[tuple[str, bool, str | None]]:
    """Each letter of a text with whether it is bold, and where it leads."""
    shown = styled(read(markdown))
    assert all(style.formats <= {"bold", "code"} and style.mention is None for _, style in shown)
    return [(letter, "bold" in style.formats, style.url) for letter, style in shown]


@settings(max_examples=250)
@given(st.lists(RUNS, max_size=7))
@example([Run("**see", bold=True), Run("a", bold=True, url=URL), Run("b", bold=True)])
@example([Run("x\n#"), Run(" y", bold=True)])
@example([Run("a [b", url=URL)])
@example([Run("[[a] b [c]]", url=URL)])
@example([Run("ends with \\", url=URL)])
@example([Run("a", code=True), Run("b", code=True, bold=True)])
@example([Run("a", bold=True), Run("*"), Run("b", bold=True)])
@example([Run("label", url=URL), Run(" more ](http://evil.example)")])
@example([Run("label", url=URL), Run("]"), Run("(http://evil.example)")])
@example([Run("label", url=URL), Run("](http://evil.example)", code=True)])
@example([Run("label", url=URL), *[Run(url := "https://a.org/](http://evil.example)", url=url)]])
def test_runs_show_as_they_are(runs: list[Run]) -> None:
    found, wanted = found_in(write(runs)), expected(runs)
    outside = [(letter, bold, None if letter in "[]" else url) for letter, bold, url in found]
    if not any(run.url == run.text and address(run.url or "") != run.url for run in runs):
        assert outside == wanted
    else:  # an address is shown with some of its letters written out
        assert {url for *_, url in found if url} <= {shown for run in runs if run.url for shown in _ways(run.url)}


def _ways(url: str) -> tuple[str, ...]:
    return url, address(url), url.replace("](", "%5D(")


def test_runs_keep_their_white_space() -> None:
    runs = [Run("a "), Run(" b ", bold=True), Run(" c ", url=URL), Run("\n"), Run("d", code=True), Run(" \n\n e")]
    assert visible(read(write(runs))) == "a  b  c \nd \n\n e"
    assert write(runs) == f"a  **b**  [c]({URL}) \n`d` \n\n e"


def test_neighbours_in_bold_are_one() -> None:
    runs = [Run("a", bold=True), Run("b", bold=True, url=URL), Run("c", bold=True), Run("d")]
    assert write(runs) == f"**a[b]({URL})c**d"


def test_a_particle_follows_bold_directly() -> None:
    assert write([Run("단어", bold=True), Run("는")]) == "**단어**는"


@pytest.mark.parametrize(
    ("label", "linked"),
    [
        ("[Re] Weak to strong", ["[Re] Weak to strong"]),
        ("a [b", ["a", "b"]),
        ("a] b", ["a", "b"]),
        ("[a [b] c]", ["a", "b", "c"]),
        ("[](", ["[]("]),
        ("](http:", ["(http:"]),
    ],
)
def test_brackets_in_a_label(label: str, linked: list[str]) -> None:
    spans = read(write([Run(label, url=URL)]))
    assert visible(spans) == label
    assert links(spans) == [(text, URL) for text in linked]


@pytest.mark.parametrize(
    ("label", "linked"),
    [
        ("see https://good.example", ["see "]),
        ("file://home, revisited", [" revisited"]),
        ("The [std]://io of A [[b] and c", ["The ", " of A ", "b", " and c"]),
        ("https://good.example", []),
    ],
)
def test_an_address_in_a_label_stands_beside_it(label: str, linked: list[str]) -> None:
    spans = read(write([Run(label, url=URL)]))
    assert visible(spans) == label
    assert [text.strip() for text, _ in links(spans)] == [text.strip() for text in linked]
    assert {url for _, url in links(spans)} <= {URL}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (URL, URL),
        ("https://b.org/x_(y)*z*_a_", "https://b.org/x_(y)*z*_a_"),
        ("HTTPS://B.org/x", "https://B.org/x"),
        ("https://b.org/<x>", "https://b.org/%3Cx%3E"),
        ("https://b.org/?c[0]=a", "https://b.org/?c[0]=a"),
        ("https://b.org/[0](x)", "https://b.org/[0%5D(x)"),
    ],
)
def test_an_address_stands_for_itself(url: str, shown: str) -> None:
    assert links(read(write([Run("가"), Run(url, url=url), Run("나")]))) == [(shown, shown)]


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters=" "), max_size=30))
def test_an_address_ends_where_it_ends(rest: str) -> None:
    url = f"https://b.org/{rest}"
    spans = read(write([Run("("), Run("label", url=url), Run(")")]))
    assert [(span.text, span.style.url is not None) for span in spans] == [("(", False), ("label", True), (")", False)]
    assert spans[1].style.url == address(url)


@pytest.mark.parametrize(
    ("text", "written"),
    [("tag:rlaif", "`tag:rlaif`"), ("a*b_c\\", "`a*b_c\\`"), ("a`b", "a\\`b"), ("`", "\\`"), (" ", " ")],
)
def test_what_a_person_may_type(text: str, written: str) -> None:
    assert write([Run(text, code=True)]) == written
    assert visible(read(written)) == text


def test_what_cannot_be_seen_is_left_out() -> None:
    unseen = "a\u202eb\x00c\ud800d"
    assert (
        write([Run(unseen), Run(unseen, code=True), Run(unseen, bold=True, url=URL)]) == f"abcd`abcd`**[abcd]({URL})**"
    )
    assert write([Run("\u202e", bold=True, url=URL), Run("\x00", code=True)]) == ""


# --- lines ------------------------------------------------------------------------------------------------------------


@given(st.lists(RUNS.filter(lambda run: not run.code), min_size=1, max_size=4), st.integers(1, 3))
@example([Run("#tag # x")], 2)
@example([Run("-# x")], 2)
@example([Run("a\n# b\n> c")], 3)
def test_a_heading_is_one_line(runs: list[Run], level: int) -> None:
    written = heading(runs, level)
    if not letters("".join(run.text for run in runs)):
        return
    spans = read(written)
    assert "\n" not in written
    assert letters(visible(spans)) == letters("".join(run.text for run in runs))
    assert {span.style.formats for span in spans} == {frozenset({f"heading {level}"})}


@given(TEXTS.filter(letters))
@example("-# x")
@example("a\r\nb\n\n\n# c")
def test_small_print_is_one_line(text: str) -> None:
    spans = read(small(text))
    assert letters(visible(spans)) == letters(text)
    assert {span.style for span in spans} == {Style(frozenset({"small"}))}


# --- parts ------------------------------------------------------------------------------------------------------------

_LONG = st.sampled_from(
    [
        "낱말 " * 150,
        "x" * 700,
        "문장입니다. " * 90,
        "😀" * 260,
        "*_" * 200,
        "<@1> " * 90,
        "https://a.org/" * 30,
        "1. a\n" * 70,
    ]
)
_LONG_RUNS = st.one_of(
    RUNS,
    st.builds(Run, _LONG, bold=st.booleans(), code=st.booleans()),
    st.builds(
        Run,
        _LONG,
        bold=st.booleans(),
        url=st.sampled_from([URL, "https://b.org/" + "u" * 150, "https://c.org/" + "u" * 300]),
    ),
)


@settings(max_examples=100)
@given(st.lists(_LONG_RUNS, max_size=6), st.integers(400, 900))
@example([Run("[a" * 400, url=URL)], 400)
@example([Run("`a" * 400, code=True)], 400)
def test_parts_fit_and_lose_nothing(runs: list[Run], most: int) -> None:
    made = list(parts(runs, most))
    assert all(0 < utf16(part) <= most and part == part.strip() for part in made)
    shown = [read(part) for part in made]
    assert letters("".join(map(visible, shown))) == letters("".join(run.text for run in runs))
    for spans in shown:
        assert mentions(spans) == []
        assert formats(spans) <= {"bold", "code"}
        assert {url for _, url in links(spans)} <= {address(run.url) for run in runs if run.url} | {
            run.url for run in runs
        }


@settings(max_examples=50)
@given(st.lists(_LONG_RUNS.filter(lambda run: not run.code), max_size=5))
def test_small_parts_are_lines_in_small_print(runs: list[Run]) -> None:
    made = list(small_parts(runs, 700))
    assert all(utf16(part) <= 700 and "\n" not in part for part in made)
    spans = [span for part in made for span in read(part)]
    assert letters(visible(spans)) == letters("".join(run.text for run in runs))
    assert all("small" in span.style.formats for span in spans)


def test_parts_end_with_a_paragraph() -> None:
    text = "\n\n".join(f"단락 {number}. " + "말이 이어집니다. " * 12 for number in range(40))
    runs = [run for runs in paragraphs(text) for run in (*runs, Run("\n\n"))]
    made = list(parts(runs, 1_000))
    assert len(made) > 5
    assert all(part.startswith("단락 ") for part in made)


def test_an_address_without_room_leads_nowhere_and_is_shown() -> None:
    long = "https://a.org/" + "x" * 500
    (part,) = parts([Run("paper", url=long), Run(" "), Run("end")], 1_000)
    assert links(read(part)) == []
    assert visible(read(part)) == "paper end"
    assert links(read(next(parts([Run("paper", url="https://a.org/" + "x" * 400)], 1_000))))


def test_what_is_very_long_is_written_piece_by_piece() -> None:
    """The largest note there may be has two megabytes; to write all of it for every part would take minutes."""
    text = "이런 말이 이어집니다. 그리고 *또* 이어집니다.\n" * 10_000
    made = list(parts([Run(text)], 1_800))
    assert sum(map(len, made)) < len(text) * 1.2
    assert len(made) > 150


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("markdown", "format_"),
    [
        ("**a**", "bold"),
        ("__a__", "underline"),
        ("*a*", "italic"),
        ("_a_", "italic"),
        ("~~a~~", "strike"),
        ("||a||", "spoiler"),
        ("`a`", "code"),
        ("``a``", "code"),
        ("```a```", "code block"),
        ("x\n## a", "heading 2"),
        ("-# a", "small"),
        ("x\n  - a", "list"),
        ("12. a", "list"),
        ("> a", "quote"),
        ("x\n>>> a", "quote"),
    ],
)
def test_the_reader_sees_formats(markdown: str, format_: str, dialect: Dialect) -> None:
    spans = read_in(markdown, dialect)
    assert spans[-1].text == "a"
    assert spans[-1].style.formats == {format_}


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("text", [text for text in HARD[:7] if text])
def test_the_reader_sees_mentions(text: str, dialect: Dialect) -> None:
    spans = read_in(text, dialect)
    assert " ".join(mentions(spans)) == text


@pytest.mark.parametrize("dialect", Dialect)
def test_the_reader_sees_links(dialect: Dialect) -> None:
    text = "[x](http://a.org/b) <https://a.org> https://a.org/x. <a@b.org> <+4912345> [https://x](https://a.org)"
    assert links(read_in(text, dialect)) == [
        ("x", "http://a.org/b"),
        ("https://a.org", "https://a.org"),
        ("https://a.org/x", "https://a.org/x"),
        ("a@b.org", "a@b.org"),
        ("+4912345", "+4912345"),
        ("https://x](https://a.org)", "https://x](https://a.org)"),
    ]
