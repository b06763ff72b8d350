"""A vault's notes, shape by shape: each test is one way in which people have written a note."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import Entry, Kind, Status
from bot.core.imports import Doubt, SkipReason
from bot.formats.vault import parse_note, resolve_wikilinks

PATH = "papers/2025/250305 Paper Boats.md"
LINK = "https://arxiv.org/abs/2503.01234"
TITLE = "*Paper Boats: Folding at Scale* (Ada Example, Bo Sample, Cy Muster)"
ABSTRACT = "We fold boats from paper. They float on water for a long time."
KOREAN = "종이배를 접는 방법에 대한 연구. 물에 오래 뜨네요."
ENGLISH = "A study on folding paper boats. They stay on the water for a long time."
PERSONS = ("Ada Example", "Bo Sample", "Cy Muster")


def note(text: str, path: str = PATH) -> Entry:
    """The one entry of a note."""
    (entry,) = parse_note(path, text).entries
    return entry


def paragraphs(*parts: str) -> str:
    return "\n\n".join(parts)


# --- whole notes --------------------------------------------------------------------------------------------------


def test_a_note_of_2024() -> None:
    entry = note(paragraphs(LINK, TITLE, f"> {ABSTRACT}", KOREAN, "#paper-folding #boat "))
    assert entry == Entry(
        id="",
        title="Paper Boats: Folding at Scale",
        digest_date=date(2025, 3, 5),
        paper_date=date(2025, 3, 5),
        authors=PERSONS,
        url=LINK,
        arxiv_id="2503.01234",
        abstract=ABSTRACT,
        commentary=KOREAN,
        tags=("paper-folding", "boat"),
        sources=(PATH,),
        warnings=("digest-date-derived",),
    )


def test_a_note_of_2020() -> None:
    text = (
        f"{LINK}\n\nPaper Boats: Folding at Scale (Ada Example, Bo Sample)\n\n접는 방법. 좋음.\n\n#paper_folding #boat "
    )
    entry = note(text, "papers/2020/200305 Paper Boats.md")
    assert (entry.title, entry.authors) == ("Paper Boats: Folding at Scale", ("Ada Example", "Bo Sample"))
    assert (entry.abstract, entry.commentary, entry.tags) == (None, "접는 방법. 좋음.", ("paper_folding", "boat"))


def test_a_note_of_january_2020_has_link_and_tags_only() -> None:
    entry = note(f"{LINK}\n\n#boat", "papers/2020/200122 Paper Boats.md")
    assert (entry.title, entry.title_derived, entry.commentary) == ("Paper Boats", True, None)
    assert set(entry.warnings) == {"digest-date-derived", "title-derived", "no-text"}


def test_a_note_of_2019_has_prose_after_the_link() -> None:
    entry = note(f"{LINK} 종이배 연구가 공개됐다. 재미있다.\n두 번째 줄.\n\n#boat", "papers/2019/190729 Paper Boats.md")
    assert (entry.url, entry.title, entry.title_derived) == (LINK, "Paper Boats", True)
    assert entry.commentary == "종이배 연구가 공개됐다. 재미있다.\n두 번째 줄."


def test_a_note_of_2017_is_prose_with_a_link_inside() -> None:
    entry = note("종이배 이야기. https://example.org/boats 를 읽었다.", "papers/2017/170629 On boats.md")
    assert (entry.kind, entry.url, entry.links) == (Kind.ESSAY, None, ("https://example.org/boats",))


def test_an_announcement_names_an_organisation() -> None:
    entry = note(paragraphs("https://example.com/news/boat-2", "*Boat 2* (Anthropic)", KOREAN, "#llm"))
    assert (entry.title, entry.authors, entry.organisation) == ("Boat 2", (), "Anthropic")
    assert (entry.kind, entry.status, entry.arxiv_id) == (Kind.ANNOUNCEMENT, Status.PUBLISHED, None)


# --- titles -------------------------------------------------------------------------------------------------------

TITLES = [
    ("*Paper Boats* (Ada Example, Bo Sample)", "Paper Boats"),
    ("**Paper Boats** (Ada Example, Bo Sample)", "Paper Boats"),
    ("_Paper Boats_ (Ada Example, Bo Sample)", "Paper Boats"),
    ("*Paper Boats*(Ada Example, Bo Sample)", "Paper Boats"),
    ("*Paper Boats*  (Ada Example,  Bo Sample) ", "Paper Boats"),
    ("*Paper Boats (Ada Example, Bo Sample)*", "Paper Boats"),
    ("*Paper Boats (Ada Example, Bo Sample)", "Paper Boats"),
    (" *Paper Boats* (Ada Example, Bo Sample)", "Paper Boats"),
    ("*Paper Boats* (Ada Example, Bo Sample).", "Paper Boats"),
    ("*Paper Boats* (Ada Example, Bo Sample))", "Paper Boats"),
    ("*Paper Boats* ((Ada Example, Bo Sample)", "Paper Boats"),
    ("*Paper Boats* （Ada Example, Bo Sample）", "Paper Boats"),
    ("*Paper\nBoats* (Ada Example, Bo Sample)", "Paper Boats"),
    ("*Paper\n  Boats* (Ada Example, Bo Sample)", "Paper Boats"),
    ("*Paper Boats* (Ada Example,\nBo Sample)", "Paper Boats"),
    ("*Paper Boats* (Ada Example,\n  Bo Sample)", "Paper Boats"),
    ("*Paper Boats*\n(Ada Example, Bo Sample)", "Paper Boats"),
    ("*Paper Boats*\n\n(Ada Example, Bo Sample)", "Paper Boats"),
    ("Paper Boats on\n  Water (Ada Example, Bo Sample)", "Paper Boats on Water"),
    ("Paper (Boats) on\n  Water (Ada Example, Bo Sample)", "Paper (Boats) on Water"),
    ("*ReST-MCTS*: Boats by Search* (Ada Example, Bo Sample)", "ReST-MCTS*: Boats by Search"),
    ("ReST-MCTS*: Boats by Search (Ada Example, Bo Sample)", "ReST-MCTS*: Boats by Search"),
    ("*ReST-MCTS*: Boats by Search (Ada Example, Bo Sample)", "*ReST-MCTS*: Boats by Search"),
    ("*Boats with Q** (Ada Example, Bo Sample)", "Boats with Q*"),
    ("*Boats in $O(n^2)$ Time* (Ada Example, Bo Sample)", "Boats in $O(n^2)$ Time"),
    ("*A\\* Boats: 8\\times Faster* (Ada Example, Bo Sample)", "A\\* Boats: 8\\times Faster"),
    ("*Boats (Mostly) Float* (Ada Example, Bo Sample)", "Boats (Mostly) Float"),
    ("*Do Boats (and Ships) Float? (Yes)* (Ada Example, Bo Sample)", "Do Boats (and Ships) Float? (Yes)"),
    ("LLM.int8(): Boats at Scale (Ada Example, Bo Sample)", "LLM.int8(): Boats at Scale"),
    ("#InsTag: Tagging Boats (Ada Example, Bo Sample)", "#InsTag: Tagging Boats"),
    ("*#InsTag: Tagging Boats* (Ada Example, Bo Sample)", "#InsTag: Tagging Boats"),
    ("*$\\alpha$-Boats* (Ada Example, Bo Sample)", "$\\alpha$-Boats"),
    ("*1.58-bit Boats* (Ada Example, Bo Sample)", "1.58-bit Boats"),
    ("*Boats -- a Survey* (Ada Example, Bo Sample)", "Boats -- a Survey"),
    ("## Paper Boats (Ada Example, Bo Sample)", "Paper Boats"),
]


@pytest.mark.parametrize(("line", "title"), TITLES)
def test_title_lines(line: str, title: str) -> None:
    entry = note(paragraphs(LINK, line, f"> {ABSTRACT}", KOREAN, "#boat"))
    assert (entry.title, entry.title_derived) == (title, False)
    assert entry.authors == ("Ada Example", "Bo Sample")
    assert (entry.abstract, entry.commentary, entry.tags) == (ABSTRACT, KOREAN, ("boat",))


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("*Paper Boats*", "Paper Boats"),
        ("Paper Boats Float on Water", "Paper Boats Float on Water"),
        ("*Neural Boat Search (NBS)*", "Neural Boat Search (NBS)"),
        ("Neural Boat Search (NBS)", "Neural Boat Search (NBS)"),
        ("*Boats* (https://example.org/b)", "Boats"),
        ("*Boats at Sea (ICLR 2025)*", "Boats at Sea (ICLR 2025)"),
    ],
)
def test_titles_without_authors(line: str, title: str) -> None:
    entry = note(paragraphs(LINK, line, f"> {ABSTRACT}", KOREAN, "#boat"))
    assert (entry.title, entry.authors, entry.organisation, entry.url) == (title, (), None, LINK)
    assert (entry.abstract, entry.commentary) == (ABSTRACT, KOREAN)


def test_an_unclosed_byline_keeps_what_is_there() -> None:
    entry = note(paragraphs(LINK, "*Paper Boats* (Ada Example, Bo Sample", f"> {ABSTRACT}", KOREAN))
    assert (entry.title, entry.authors) == ("Paper Boats", ("Ada Example", "Bo Sample"))
    assert Doubt.AUTHORS_UNCLOSED in entry.warnings
    assert entry.abstract == ABSTRACT


def test_a_second_title_line_is_reported_and_is_no_commentary() -> None:
    text = paragraphs(LINK, "New Boats (Ada Example, Bo Sample)", "Old Boats (Ada Example, Bo Sample)", KOREAN)
    parsed = parse_note(PATH, text)
    assert (parsed.entries[0].title, parsed.entries[0].commentary) == ("New Boats", KOREAN)
    assert parsed.skipped[0].reason is SkipReason.EXTRA_LINE
    assert "Old Boats" in parsed.skipped[0].detail


def test_a_second_title_line_after_a_bar() -> None:
    text = f"{LINK}\n\nBoats (Ada Example, Bo Sample)\n| Boats - 2503.01234\n\n#boat"
    assert (note(text).commentary, note(text).title) == (None, "Boats")


def test_a_title_with_another_papers_authors_is_no_second_title() -> None:
    text = paragraphs(LINK, "New Boats (Ada Example, Bo Sample)", "Ships (Di Other, Ed Another)", KOREAN)
    assert note(text).commentary == f"Ships (Di Other, Ed Another)\n\n{KOREAN}"


def test_a_title_with_its_address() -> None:
    entry = note("Paper Boats: Folding (https://arxiv.org/abs/2103.14899)\n\n#boat", "papers/2021/210318 Boats.md")
    assert (entry.title, entry.url) == ("Paper Boats: Folding", "https://arxiv.org/abs/2103.14899")
    assert (entry.arxiv_id, entry.authors, entry.kind) == ("2103.14899", (), Kind.PAPER)


def test_a_title_above_its_link() -> None:
    entry = note(paragraphs(TITLE, LINK, f"> {ABSTRACT}", KOREAN, "#boat"))
    assert (entry.title, entry.authors, entry.url) == ("Paper Boats: Folding at Scale", PERSONS, LINK)
    assert (entry.abstract, entry.commentary) == (ABSTRACT, KOREAN)


def test_a_linked_title() -> None:
    entry = note(paragraphs(f"[Paper Boats]({LINK}) (Ada Example, Bo Sample)", KOREAN))
    assert (entry.title, entry.url, entry.commentary) == ("Paper Boats", LINK, KOREAN)
    assert entry.authors == ("Ada Example", "Bo Sample")


def test_an_emphasised_linked_title() -> None:
    entry = note(paragraphs(f"**[Paper Boats]({LINK})** (Ada Example, Bo Sample)", KOREAN))
    assert (entry.title, entry.url, entry.commentary) == ("Paper Boats", LINK, KOREAN)


@pytest.mark.parametrize("remark", ["(ICLR 2025)", "([code](https://example.org/c))", "(https://example.org/c)"])
def test_a_remark_after_the_byline(remark: str) -> None:
    entry = note(paragraphs(LINK, f"*Paper Boats* (Ada Example, Bo Sample) {remark}", f"> {ABSTRACT}", KOREAN))
    assert (entry.title, entry.authors, entry.url) == ("Paper Boats", ("Ada Example", "Bo Sample"), LINK)
    assert (entry.abstract, entry.commentary) == (ABSTRACT, f"{remark}\n\n{KOREAN}")


def test_korean_after_the_byline_is_commentary() -> None:
    entry = note(paragraphs(LINK, f"Paper Boats (Ada Example, Bo Sample) {KOREAN}", "#boat"))
    assert (entry.title, entry.commentary) == ("Paper Boats", KOREAN)


def test_a_korean_sentence_with_parentheses_is_no_title() -> None:
    entry = note(paragraphs(LINK, "PULSE(https://example.org/p)와 비슷한 방법 (예: 종이배)", "#boat"))
    assert (entry.title, entry.title_derived) == ("Paper Boats", True)
    assert entry.commentary == "PULSE(https://example.org/p)와 비슷한 방법 (예: 종이배)"


def test_an_english_sentence_is_no_title() -> None:
    entry = note(paragraphs(LINK, "This one is worth reading.", "#boat"))
    assert (entry.title_derived, entry.commentary, entry.commentary_en) == (True, "This one is worth reading.", None)


# --- bylines ------------------------------------------------------------------------------------------------------

BYLINES = [
    ("Google DeepMind", (), "Google DeepMind"),
    ("DeepSeek-AI", (), "DeepSeek-AI"),
    ("Qwen Team", (), "Qwen Team"),
    ("Llama Team, AI @ Meta", (), "Llama Team, AI @ Meta"),
    ("Yann LeCun", ("Yann LeCun",), None),
    ("Gemini Team: Ada Example, Bo Sample", ("Ada Example", "Bo Sample"), "Gemini Team"),
    ("Kimi Team, Ada Example, Bo Sample", ("Ada Example", "Bo Sample"), "Kimi Team"),
    ("NVIDIA, :, Ada Example, Bo Sample", ("Ada Example", "Bo Sample"), "NVIDIA"),
    ("Ada Example and Bo Sample", ("Ada Example", "Bo Sample"), None),
    ("Ada Example, Bo Sample, and Cy Muster", PERSONS, None),
    ("Ada Example, Bo Sample, et al.", ("Ada Example", "Bo Sample"), None),
    ("Ada Example*, Bo Sample†", ("Ada Example", "Bo Sample"), None),
    ("Jian Wu, Jian Wu", ("Jian Wu", "Jian Wu"), None),
    ("Ada Example (Anthropic)", ("Ada Example",), "Anthropic"),
    ("@ada", ("@ada",), None),
    ("Ann-Marie D'Arc, Aaron van den Oord", ("Ann-Marie D'Arc", "Aaron van den Oord"), None),
    ("Ada Example, Bo Sample, Jr., Cy Muster", ("Ada Example", "Bo Sample, Jr.", "Cy Muster"), None),
]


@pytest.mark.parametrize(("names", "authors", "organisation"), BYLINES)
def test_bylines(names: str, authors: tuple[str, ...], organisation: str | None) -> None:
    entry = note(paragraphs(LINK, f"*Paper Boats* ({names})", f"> {ABSTRACT}", KOREAN))
    assert (entry.title, entry.authors, entry.organisation) == ("Paper Boats", authors, organisation)


# --- abstracts ----------------------------------------------------------------------------------------------------

QUOTES = [
    f"> {ABSTRACT}",
    f">{ABSTRACT}",
    "> We fold boats from paper.\n> They float on water for a long time.",
    "> We fold boats from paper.\nThey float on water for a long time.",
    "> We fold boats from\n\n> paper. They float on water for a long time.",
]


@pytest.mark.parametrize("quote", QUOTES)
def test_quoted_abstracts(quote: str) -> None:
    entry = note(paragraphs(LINK, TITLE, quote, KOREAN, "#boat"))
    assert " ".join((entry.abstract or "").split()) == ABSTRACT
    assert (entry.commentary, entry.tags) == (KOREAN, ("boat",))


def test_korean_right_below_a_quote_is_commentary() -> None:
    entry = note(paragraphs(LINK, TITLE, f"> {ABSTRACT}\n{KOREAN}\n#boat"))
    assert (entry.abstract, entry.commentary, entry.tags) == (ABSTRACT, KOREAN, ("boat",))


@pytest.mark.parametrize("quote", [">", "> ", ">\n>"])
def test_an_empty_quote_is_no_abstract(quote: str) -> None:
    entry = note(paragraphs(LINK, TITLE, quote, KOREAN))
    assert (entry.abstract, entry.commentary) == (None, KOREAN)


def test_a_torn_quote_is_joined_with_a_warning() -> None:
    entry = note(paragraphs(LINK, TITLE, "> We fold boats from", "paper and they float.", KOREAN))
    assert (entry.abstract, entry.commentary) == ("We fold boats from paper and they float.", KOREAN)
    assert Doubt.BROKEN_QUOTE in entry.warnings


def test_a_forgotten_quote_mark() -> None:
    entry = note(paragraphs(LINK, TITLE, ABSTRACT * 8, KOREAN))
    assert (entry.abstract, entry.commentary) == (ABSTRACT * 8, KOREAN)
    assert Doubt.BROKEN_QUOTE in entry.warnings


def test_a_later_quote_belongs_to_the_commentary() -> None:
    entry = note(paragraphs(LINK, TITLE, f"> {ABSTRACT}", KOREAN, "> We also fold hats.", "모자도 접는다."))
    assert entry.commentary == paragraphs(KOREAN, "> We also fold hats.", "모자도 접는다.")


def test_abstract_only() -> None:
    entry = note(paragraphs(LINK, TITLE, f"> {ABSTRACT}", "#boat"))
    assert (entry.abstract, entry.commentary, Doubt.NO_TEXT in entry.warnings) == (ABSTRACT, None, False)


# --- two languages ------------------------------------------------------------------------------------------------

ENGLISH_BLOCKS = [
    f"<english>\n{ENGLISH}\n</english>",
    f"<english>{ENGLISH}</english>",
    f"<english>\n\n{ENGLISH}\n\n</english>",
    f"<English>\n{ENGLISH}\n</English>",
    f"<enlgish>\n{ENGLISH}\n</english>",
    f"<english>\n{ENGLISH}\n</enlgish>",
    f"<engilsh>{ENGLISH}</engilsh>",
    f"<english>\n{ENGLISH}\n<english>",
    f"<english>\n{ENGLISH}\n<english/>",
    f"< english >\n{ENGLISH}\n</ english >",
    f"<english\n{ENGLISH}\n</english",
]


@pytest.mark.parametrize("block", ENGLISH_BLOCKS)
@pytest.mark.parametrize("tags_first", [True, False])
def test_english_blocks(block: str, tags_first: bool) -> None:
    ending = ("#boat #3d", block) if tags_first else (block, "#boat #3d")
    entry = note(paragraphs(LINK, TITLE, f"> {ABSTRACT}", KOREAN, *ending))
    assert (entry.commentary, entry.commentary_en, entry.tags) == (KOREAN, ENGLISH, ("boat", "3d"))
    assert Doubt.UNCLOSED_ENGLISH not in entry.warnings


@pytest.mark.parametrize("block", [f"<english>\n{ENGLISH}", f"{ENGLISH}\n</english>"])
def test_an_unclosed_english_block(block: str) -> None:
    entry = note(paragraphs(LINK, TITLE, f"> {ABSTRACT}", KOREAN, block, "#boat"))
    assert (entry.commentary, entry.commentary_en, entry.tags) == (KOREAN, ENGLISH, ("boat",))
    assert Doubt.UNCLOSED_ENGLISH in entry.warnings


def test_korean_words_inside_a_closed_english_block() -> None:
    english = "The Korean word for boat is 배.\nIt floats."
    entry = note(paragraphs(LINK, TITLE, KOREAN, f"<english>\n{english}\n</english>"))
    assert (entry.commentary, entry.commentary_en) == (KOREAN, english)


def test_plain_english_paragraphs_after_korean_ones() -> None:
    text = paragraphs(LINK, TITLE, f"> {ABSTRACT}", KOREAN, "둘째 문단.", ENGLISH, "Second paragraph.", "#boat")
    entry = note(text)
    assert entry.commentary == paragraphs(KOREAN, "둘째 문단.")
    assert entry.commentary_en == paragraphs(ENGLISH, "Second paragraph.")


def test_plain_english_before_september_2024_is_part_of_the_commentary() -> None:
    text = paragraphs(LINK, TITLE, f"> {ABSTRACT}", KOREAN, ENGLISH)
    entry = note(text, "papers/2024/240305 Paper Boats.md")
    assert (entry.commentary, entry.commentary_en) == (paragraphs(KOREAN, ENGLISH), None)


@pytest.mark.parametrize("inside", [ENGLISH, f"> {ENGLISH}", "https://example.org/boats"])
def test_english_between_korean_paragraphs_stays(inside: str) -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN, inside, "그렇다고 합니다."))
    assert (entry.commentary, entry.commentary_en) == (paragraphs(KOREAN, inside, "그렇다고 합니다."), None)


@pytest.mark.parametrize(
    "end", ["https://example.org/boats", "> Boats float well, and for long, on any water.", "Wow."]
)
def test_a_link_quote_or_short_line_at_the_end_is_no_english_version(end: str) -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN, end))
    assert (entry.commentary, entry.commentary_en) == (paragraphs(KOREAN, end), None)


def test_only_english_is_the_commentary() -> None:
    entry = note(paragraphs(LINK, TITLE, f"> {ABSTRACT}", ENGLISH, "#boat"))
    assert (entry.abstract, entry.commentary, entry.commentary_en) == (ABSTRACT, ENGLISH, None)


# --- tags ---------------------------------------------------------------------------------------------------------

TAGS = [
    ("#boat #fold", ("boat", "fold")),
    ("#boat  #fold ", ("boat", "fold")),
    ("#boat\n#fold", ("boat", "fold")),
    ("#boat, #fold", ("boat", "fold")),
    ("#boat#fold", ("boat", "fold")),
    ("#GPT-4.5 #3d #text_to_speech #a/b", ("GPT-4.5", "3d", "text_to_speech", "a/b")),
    ("#boat #boat", ("boat",)),
]


@pytest.mark.parametrize(("line", "tags"), TAGS)
def test_tag_lines(line: str, tags: tuple[str, ...]) -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN, line))
    assert (entry.tags, entry.commentary) == (tags, KOREAN)


def test_tags_at_the_end_of_the_text() -> None:
    entry = note(paragraphs(LINK, TITLE, f"{KOREAN} #boat #fold"))
    assert (entry.tags, entry.commentary) == (("boat", "fold"), KOREAN)


def test_tags_before_a_remark() -> None:
    entry = note(paragraphs(LINK, TITLE, f"{KOREAN} #boat #fold (코드는 아직 없음)"))
    assert entry.tags == ("boat", "fold")
    assert entry.commentary == f"{KOREAN} (코드는 아직 없음)"


def test_text_after_the_tag_line_is_commentary() -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN, "#boat", "추가: 코드도 공개됐네요."))
    assert (entry.tags, entry.commentary) == (("boat",), paragraphs(KOREAN, "추가: 코드도 공개됐네요."))


@pytest.mark.parametrize("line", ["#boat a", "#boat ㅁ", "#boat\na"])
def test_a_stray_letter_after_the_tags_is_dropped(line: str) -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN, line))
    assert (entry.tags, entry.commentary) == (("boat",), KOREAN)
    assert Doubt.STRAY_AFTER_TAGS in entry.warnings


@pytest.mark.parametrize("line", ["# Boats", "## Boats", "#1", "C# 코드", "이슈 #12 참고", "값은 %&#! 였다"])
def test_what_is_no_tag(line: str) -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN, line))
    assert (entry.tags, entry.commentary) == ((), paragraphs(KOREAN, line))


# --- wikilinks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("heading", ["# Links", "## Links", "#Links", "# links ", "### Link:"])
def test_the_links_section(heading: str) -> None:
    section = f"{heading}\n\n- [[240101 Hats.md]]\n- [[240102 Kites|kites]]\n[[240103 Fans]]"
    entry = note(paragraphs(LINK, TITLE, KOREAN, "#boat", section))
    assert entry.related == ("240101 Hats", "240102 Kites", "240103 Fans")
    assert (entry.commentary, entry.tags) == (KOREAN, ("boat",))


def test_an_empty_links_section_before_the_tags() -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN, "# Links", "#boat"))
    assert (entry.related, entry.commentary, entry.tags) == ((), KOREAN, ("boat",))


def test_prose_in_the_links_section_is_kept() -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN, "# Links", "[[240101 Hats]]", "모자도 참고."))
    assert (entry.related, entry.commentary) == (("240101 Hats",), paragraphs(KOREAN, "모자도 참고."))


def test_wikilinks_in_the_text() -> None:
    entry = note(paragraphs(LINK, TITLE, f"[[240101 Hats]] 와 비슷. {KOREAN}", "[[240102 Kites]]"))
    assert entry.related == ("240101 Hats", "240102 Kites")
    assert entry.commentary == f"[[240101 Hats]] 와 비슷. {KOREAN}"


def test_broken_wikilinks_are_found_over_the_whole_import() -> None:
    hats = note(paragraphs(LINK, "*Hats* (Di Other)"), "papers/2024/240101 Hats.md")
    good = note(paragraphs(LINK, TITLE, "[[240101 hats]]"))
    bad = note(paragraphs(LINK, TITLE, "[[240101 Hats]] [[240109 Gone]]"), "papers/2025/250306 Bad.md")
    marked = resolve_wikilinks([hats, good, bad])
    assert [Doubt.BROKEN_WIKILINK in entry.warnings for entry in marked] == [False, False, True]
    assert resolve_wikilinks(marked) == marked


# --- links --------------------------------------------------------------------------------------------------------

HEADS = [
    (LINK, LINK, "2503.01234"),
    (f"{LINK}v2", f"{LINK}v2", "2503.01234"),
    (f"{LINK}.", LINK, "2503.01234"),
    (f"({LINK})"[1:], LINK, "2503.01234"),
    (f"<{LINK}>", LINK, "2503.01234"),
    (f"\\url{{{LINK}}}", LINK, "2503.01234"),
    (f"  {LINK}  ", LINK, "2503.01234"),
    (f"- {LINK}", LINK, "2503.01234"),
    (f"{LINK}?utm_source=x&fbclid=y", LINK, "2503.01234"),
    (f"https://www.google.com/url?q={LINK}&sa=D", LINK, "2503.01234"),
    (f"[{LINK}](https://l.facebook.com/l.php?u={LINK}%3Ffbclid%3Dx&h=y)", LINK, "2503.01234"),
    ("https://arxiv.org/pdf/2503.01234v1.pdf", "https://arxiv.org/pdf/2503.01234v1.pdf", "2503.01234"),
    ("https://www.alphaxiv.org/abs/2503.01234", "https://www.alphaxiv.org/abs/2503.01234", "2503.01234"),
    ("https://huggingface.co/papers/2503.01234", "https://huggingface.co/papers/2503.01234", "2503.01234"),
    ("https://openreview.net/forum?id=AbKkSs", "https://openreview.net/forum?id=AbKkSs", None),
    ("https://x.com/someone/status/18", "https://x.com/someone/status/18", None),
]


@pytest.mark.parametrize(("head", "url", "arxiv_id"), HEADS)
def test_head_links(head: str, url: str, arxiv_id: str | None) -> None:
    entry = note(paragraphs(head, TITLE, f"> {ABSTRACT}", KOREAN))
    assert (entry.url, entry.arxiv_id, entry.links) == (url, arxiv_id, ())
    assert entry.title == "Paper Boats: Folding at Scale"


@pytest.mark.parametrize(
    "head", ["arxiv.org/abs/2503.01234", "ttps://arxiv.org/abs/2503.01234", "www.arxiv.org/abs/2503.01234"]
)
def test_a_missing_scheme_is_added_with_a_warning(head: str) -> None:
    entry = note(paragraphs(head, TITLE))
    assert entry.arxiv_id == "2503.01234"
    assert (entry.url or "").startswith("https://")
    assert Doubt.SCHEME_ADDED in entry.warnings


def test_a_broken_link_is_kept_as_text() -> None:
    entry = note(paragraphs("https://", KOREAN))
    assert (entry.url, Doubt.BROKEN_LINK in entry.warnings) == (None, True)
    assert entry.commentary == paragraphs("https://", KOREAN)


def test_several_papers() -> None:
    other = "https://arxiv.org/abs/2503.05678"
    entry = note(paragraphs(f"{LINK}\n{other}", KOREAN))
    assert (entry.url, entry.arxiv_id, entry.links) == (LINK, "2503.01234", (other,))
    assert Doubt.SEVERAL_PAPERS in entry.warnings


def test_a_paper_with_its_project_page() -> None:
    entry = note(paragraphs("https://boats.example.org/", LINK, TITLE))
    assert (entry.url, entry.arxiv_id, entry.links) == ("https://boats.example.org/", "2503.01234", (LINK,))
    assert Doubt.SEVERAL_PAPERS not in entry.warnings


def test_links_in_the_commentary() -> None:
    entry = note(paragraphs(LINK, TITLE, f"코드(https://example.org/code)와 글 {LINK} 참고"))
    assert (entry.url, entry.links) == (LINK, ("https://example.org/code",))


# --- dates, drafts, files -----------------------------------------------------------------------------------------


def test_the_file_name_wins_over_the_year_folder() -> None:
    entry = note(LINK, "papers/2021/221125 Boats.md")
    assert (entry.paper_date, Doubt.DATE_CONFLICT in entry.warnings) == (date(2022, 11, 25), True)


@pytest.mark.parametrize("name", ["09.md", "Boats.md", "241332 Boats.md", "250230 Boats.md", "1234567 Boats.md"])
def test_a_note_without_a_date_is_an_undated_draft(name: str) -> None:
    entry = note(paragraphs(LINK, KOREAN), f"papers/2024/{name}")
    assert (entry.digest_date, entry.paper_date, entry.status) == (None, None, Status.DRAFT)
    assert Doubt.UNDATED in entry.warnings


@pytest.mark.parametrize(
    ("name", "title", "day"),
    [
        ("240621 Claude 3.5 Sonnet.md", "Claude 3.5 Sonnet", date(2024, 6, 21)),
        ("240621_Boats.md", "Boats", date(2024, 6, 21)),
        ("2024-06-21 Boats.md", "Boats", date(2024, 6, 21)),
        ("240621.md", "240621", date(2024, 6, 21)),
        ("240621 \u1107\u1162.md", "배", date(2024, 6, 21)),
    ],
)
def test_file_names(name: str, title: str, day: date) -> None:
    entry = note(LINK, name)
    assert (entry.title, entry.title_derived, entry.paper_date) == (title, True, day)


def test_windows_line_ends() -> None:
    text = paragraphs(LINK, TITLE, f"> {ABSTRACT}", KOREAN, "둘째.", "#boat")
    assert note(text.replace("\n", "\r\n")) == note(text)


def test_a_pasted_article_is_a_draft() -> None:
    entry = note(paragraphs(LINK, TITLE, KOREAN * 1000))
    assert (entry.status, Doubt.UNUSUAL_LENGTH in entry.warnings) == (Status.DRAFT, True)


def test_the_longest_real_commentary_is_no_draft() -> None:
    assert note(paragraphs(LINK, TITLE, "가" * 16_188)).status is Status.PUBLISHED


@pytest.mark.parametrize("path", ["README.md", "papers/readme.md", "LICENSE.md"])
def test_files_about_the_vault_are_no_entries(path: str) -> None:
    assert parse_note(path, "# A vault").skipped[0].reason is SkipReason.NOT_AN_ENTRY


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_empty_files(text: str) -> None:
    assert parse_note(PATH, text).skipped[0].reason is SkipReason.EMPTY


def test_a_review_is_an_essay() -> None:
    text = "# 250305 이번 달에 접은 배들\n\nhttps://arxiv.org/abs/2503.01234 를 읽었다.\n\n#review"
    entry = note(text, "papers/reviews/250305 Thoughts.md")
    assert (entry.kind, entry.title, entry.url, entry.tags) == (Kind.ESSAY, "Thoughts", None, ("review",))
    assert entry.links == ("https://arxiv.org/abs/2503.01234",)


# --- any text -----------------------------------------------------------------------------------------------------

LINES = st.one_of(
    st.sampled_from(
        [LINK, TITLE, f"> {ABSTRACT}", KOREAN, ENGLISH, "#boat #fold", "", "  ", "<english>", "</english>"]
    ),
    st.sampled_from(
        ["# Links", "[[240101 Hats]]", "- [[Kites.md|kites]]", "```", "(Ada Example)", "| old", "> ", "*a*"]
    ),
    st.text(max_size=60),
)


@given(st.lists(LINES, max_size=12))
def test_no_word_is_lost_without_a_line_that_says_so(lines: list[str]) -> None:
    text = "\n".join(lines)
    parsed = parse_note(PATH, text)
    texts = [skipped.detail for skipped in parsed.skipped]
    for entry in parsed.entries:
        texts += [entry.title, *entry.authors, entry.organisation or "", entry.abstract or "", entry.commentary or ""]
        texts += [entry.commentary_en or "", *entry.tags, *entry.related]
    for words in (ABSTRACT, KOREAN, ENGLISH):
        for word in filter(lambda word: len(word) > 4, words.split()):
            assert word not in text or not parsed.entries or any(word in kept for kept in texts)


@given(st.text(), st.text(max_size=30))
def test_any_text_under_any_name_is_read(text: str, name: str) -> None:
    parsed = parse_note(f"{name}.md", text)
    assert len(parsed.entries) + len(parsed.skipped) >= 1
    assert len(parsed.entries) <= 1


@pytest.mark.parametrize(
    "piece", ["(", ")", "*", "#a ", "[[", "> a\n", "<english>", "](", "a (b) ", "http://a ", "$", "| a\n"]
)
def test_hostile_texts_take_no_long_time(piece: str) -> None:
    for head in ("", f"{LINK}\n\n", f"{LINK}\n\n{TITLE}\n\n"):
        assert parse_note(PATH, head + piece * 60_000).entries
