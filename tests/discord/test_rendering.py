"""What posts say on Discord: typical ones by value, hostile and huge ones by what has to hold for any."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, NoteContent
from bot.core.entries import Entry
from bot.core.markup import Run, clean, paragraphs, safe_url, title_text
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.text import has_hangul
from bot.discord.components import MOST_BLOCK, MOST_TEXT, DiscordMessage, Rule, Text
from bot.discord.markdown import address
from bot.discord.rendering import MOST_NAME, forum_post_of, messages_of, thread_name, withdrawn_message
from bot.formats.detect import decode, detect
from bot.locale import translator
from bot.wording import further_links
from tests.discord.markdown_reader import Span
from tests.discord.reading import (
    buttons,
    check,
    letters,
    links,
    read,
    spans,
    states,
    styled,
    texts,
    utf16,
    visible,
)
from tests.discord.test_markdown import HARD

VAULT = Path(__file__).parents[2].parent / "shared" / "corpus" / "ml-papers"

DAY = date(2024, 7, 19)
ENTRY = Entry(
    id="abcdefghij",
    title=r"Scaling \textbf{Laws} with $\alpha$",
    digest_date=DAY,
    authors=("Ada One", "Ben Two", "Cho Three", "Dee Four", "Eve Five"),
    url="https://arxiv.org/abs/2407.13623",
    arxiv_id="2407.13623",
    abstract="An abstract.",
    commentary=(
        "**단어** 수도 함께 늘려야 합니다.\n코드는 https://example.org/code 에 있네요.\n\n"
        "[글](https://example.org/post)도 있습니다."
    ),
    commentary_en="Vocabulary has to grow, too.",
    tags=("llm", "scaling_laws"),
    links=("https://example.org/code", "javascript:alert(1)", "https://arxiv.org/abs/2407.13623"),
)
LONG = "\n\n".join(f"{n}번째 단락입니다. " + "이런 말이 이어집니다. " * 20 for n in range(55))


def card(entry: Entry, language: Language = Language.KOREAN, *, late: bool = False) -> tuple[DiscordMessage, ...]:
    """The messages of an entry, which hold whatever has to hold for any."""
    return checked(EntryContent(entry, late=late), language)


def checked(content: Content, language: Language) -> tuple[DiscordMessage, ...]:
    messages = messages_of(content, language)
    for message in messages:
        check(message)
    return messages


def text_of(entry: Entry, language: Language = Language.KOREAN) -> str:
    """All texts of an entry's messages, as they are seen."""
    return "".join(span.text for span in spans(*card(entry, language))).strip()


def runs_of(text: str) -> list[Run]:
    """A text in runs; an address that stands for itself begins in small letters, by which Discord knows it."""
    return [_known(run) for runs in paragraphs(text) for run in runs]


def _known(run: Run) -> Run:
    if run.url is None or run.url != run.text:
        return run
    scheme, mark, rest = run.url.partition("://")
    return Run(url := f"{scheme.lower()}{mark}{rest}", run.bold, url)


def body(messages: Sequence[DiscordMessage]) -> list[Span]:
    """What is said, without the marks that say which part it is, and what stands below them in the first message."""
    mark = re.compile(rf"-# .*\(\d+/{len(messages)}\)")
    shown: list[Span] = []
    for number, message in enumerate(messages):
        above = texts(message)
        if number == 0 and len(messages) > 1:
            above = list(takewhile(lambda text: not mark.fullmatch(text), above))
        shown += [span for text in above if not mark.fullmatch(text) for span in (*read(text), Span("\n"))]
    return shown


def said(*messages: DiscordMessage) -> str:
    """What is said, without small print."""
    return "".join(span.text for span in body(messages) if "small" not in span.style.formats)


def is_shown_within(text: str, messages: Sequence[DiscordMessage], title: str = "") -> bool:
    """Whether a text stands below its title whole and in order, bold where it is bold, and leading where it leads."""
    shown = styled(span for span in body(messages) if "small" not in span.style.formats)
    wanted = [(letter, run) for run in runs_of(text) for letter in letters(run.text)]
    start = "".join(letter for letter, _ in shown).find("".join(letter for letter, _ in wanted), len(letters(title)))
    return start >= 0 and all(
        ("bold" in style.formats) is (run.bold and run.url != run.text) and _leads_right(run, style.url)
        for (_, style), (_, run) in zip(shown[start:], wanted, strict=False)
    )


def _leads_right(run: Run, url: str | None) -> bool:
    """A run leads where it leads, or nowhere: one too long for a link, a bracket beside it."""
    return url is None or (run.url is not None and url in {run.url, address(run.url)})


# --- cards ----------------------------------------------------------------------------------------------------------


def test_a_card_in_korean() -> None:
    (message,) = card(ENTRY, late=True)
    assert visible(message) == (
        "뒤늦게 추가됨\n"
        "Scaling Laws with α\n"
        "Ada One, Ben Two, Cho Three 외 2명 · arXiv:2407.13623\n"
        "단어 수도 함께 늘려야 합니다.\n"
        "코드는 https://example.org/code 에 있네요.\n"
        "\n"
        "글 (example.org)도 있습니다.\n"
        "링크\n"
        "https://example.org/code\n"
        "#llm #scaling_laws\n"
        "―\n"
        "[초록] [저장] [비슷한 항목]"
    )
    assert links(message) == [
        ("https://arxiv.org/abs/2407.13623", "Scaling Laws with α"),
        ("https://example.org/code", "https://example.org/code"),
        ("https://example.org/post", "글"),
        ("https://example.org/code", "https://example.org/code"),
    ]


def test_a_card_in_english() -> None:
    (message,) = card(replace(ENTRY, links=()), Language.ENGLISH)
    assert message.parts[:-1] == (
        Text(
            "### [Scaling Laws with α](https://arxiv.org/abs/2407.13623)\n"
            "-# Ada One, Ben Two, Cho Three and 2 more · arXiv:2407.13623"
        ),
        Text("Vocabulary has to grow, too."),
        Text(r"\#llm #scaling\_laws"),
        Rule(),
    )
    assert buttons(message) == [
        ("Abstract", "abstract:abcdefghij"),
        ("Save", "save:abcdefghij"),
        ("More like this", "like:abcdefghij"),
    ]


def test_nothing_turns_the_text_around_it() -> None:
    entry = Entry(
        id="x", title="T\u202e", organisation="O\u202e", arxiv_id="1\u202e", tags=("a\u202e",), commentary="c\u202e"
    )
    assert text_of(entry) == "T\nO · arXiv:1\nc\n#a"


def test_a_bare_entry_is_a_title_and_two_buttons() -> None:
    (message,) = card(Entry(id="abcdefghij", title="A remark"), Language.ENGLISH)
    assert visible(message) == "A remark\n―\n[Save] [More like this]"
    assert links(message) == []


def test_an_entry_without_a_legible_title_is_named_by_its_id() -> None:
    assert text_of(Entry(id="abcdefghij", title="\u202e")) == "abcdefghij"


@pytest.mark.parametrize(
    ("korean", "english", "language", "shown"),
    [
        ("ㄱ", "a", Language.KOREAN, "ㄱ"),
        ("ㄱ", "a", Language.ENGLISH, "a"),
        (None, "a", Language.KOREAN, "a"),
        ("ㄱ", None, Language.ENGLISH, "ㄱ"),
    ],
)
def test_a_card_shows_one_commentary(korean: str | None, english: str | None, language: Language, shown: str) -> None:
    entry = Entry(id="x", title="T", commentary=korean, commentary_en=english)
    assert text_of(entry, language) == f"T\n{shown}"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://example.org/" + "u" * 2_000, "HTTPS://"])
def test_a_title_leads_to_the_web_or_nowhere(url: str) -> None:
    (message,) = card(Entry(id="x", title="T", url=url))
    assert links(message) == []
    assert texts(message)[0].startswith("### T")


@pytest.mark.parametrize(("title", "linked"), [("See https://good.example", ["See"]), ("https://good.example", [])])
def test_a_title_that_holds_an_address_is_linked_around_it(title: str, linked: list[str]) -> None:
    """Discord takes no link around an address, and would show the brackets."""
    (message,) = card(Entry(id="x", title=title, url="https://own.example"))
    assert links(message) == [("https://own.example", text) for text in linked]
    assert visible(message).startswith(f"{title}\n")


def test_the_other_commentary_is_a_press_away_without_an_abstract() -> None:
    (message,) = card(replace(ENTRY, abstract=None))
    assert [custom_id.partition(":")[0] for _, custom_id in buttons(message)] == ["details", "save", "like"]
    (message,) = card(replace(ENTRY, abstract=None, commentary_en=None))
    assert [custom_id.partition(":")[0] for _, custom_id in buttons(message)] == ["save", "like"]


def test_a_monstrous_name_is_cut() -> None:
    shown = text_of(Entry(id="x", title="T", organisation="기관" * 1_000, authors=("A",)))
    assert shown == "T\n" + ("기관" * 100)[:199] + "…, A"


def test_a_long_line_of_authors_is_shortened() -> None:
    authors = tuple(f"Author Number {n:03}" for n in range(128))
    assert len(", ".join(authors)) > 2_300
    shown = text_of(Entry(id="x", title="T", authors=authors), Language.ENGLISH)
    assert shown == "T\nAuthor Number 000, Author Number 001, Author Number 002 and 125 more"


@pytest.mark.parametrize("title", ["#tag", "# a", "-# b", "C#", "1. one", "> q", "[Re] x", "a [b", "`x`", "||x||"])
@pytest.mark.parametrize("url", [None, "https://example.org"])
def test_a_title_is_a_heading_whatever_it_says(title: str, url: str | None) -> None:
    (message,) = card(Entry(id="x", title=title, url=url))
    found = read(texts(message)[0].splitlines()[0])
    assert "".join(span.text for span in found) == title_text(title)
    assert {span.style.formats for span in found} == {frozenset({"heading 3"})}


@pytest.mark.parametrize("length", [280, 520, 3_500, 12_000])
def test_a_long_title_is_shown_whole_and_every_part_of_it_leads_there(length: int) -> None:
    title = ("Scaling Laws " * length)[:length].strip()
    messages = card(Entry(id="x", title=title, url="https://example.org"))
    shown = links(*messages)
    assert letters("".join(text for _, text in shown)) == letters(title)
    assert {url for url, _ in shown} == {"https://example.org"}


# --- long texts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", Language)
def test_a_long_commentary_goes_on_in_the_thread(language: Language) -> None:
    assert len(LONG) > 14_000
    messages = card(replace(ENTRY, commentary=LONG, commentary_en=None), language)
    assert len(messages) > 3
    first, *rest = messages
    assert visible(first).startswith("Scaling Laws with α\n")
    assert visible(first).endswith("]")
    assert len(buttons(first)) == 3
    assert not any(buttons(message) for message in rest)
    assert is_shown_within(LONG, messages)


@pytest.mark.parametrize(
    ("language", "first", "later"),
    [
        (Language.ENGLISH, "Continues in the thread (1/{n})", "Continued ({part}/{n})"),
        (Language.KOREAN, "스레드에서 이어집니다 (1/{n})", "이어서 ({part}/{n})"),
    ],
)
def test_parts_say_which_they_are(language: Language, first: str, later: str) -> None:
    messages = card(replace(ENTRY, commentary=LONG, commentary_en=None), language)
    n = len(messages)
    marks = [text.removeprefix("-# ") for message in messages for text in texts(message) if text.endswith(f"/{n})")]
    assert marks == [first.format(n=n), *(later.format(part=part, n=n) for part in range(2, n + 1))]
    for part, message in enumerate(messages[1:], 2):
        assert visible(message).startswith(later.format(part=part, n=n))
    lines = visible(messages[0]).splitlines()
    assert lines[-4:-2] == [first.format(n=n), "#llm #scaling_laws"]


def test_a_short_one_says_nothing_of_parts() -> None:
    (message,) = card(replace(ENTRY, commentary="짧은 글"))
    assert "1/" not in visible(message)


def test_parts_of_a_long_commentary_begin_with_a_paragraph() -> None:
    commentary = "\n\n".join(f"단락 {n}. " + "말이 이어집니다. " * 50 for n in range(30))
    for message in card(Entry(id="x", title="T", commentary=commentary)):
        for text in texts(message):
            assert text.startswith(("단락 ", "### T", "-# "))


def test_messages_are_filled() -> None:
    messages = card(Entry(id="x", title="T", commentary=LONG))
    assert all(sum(map(utf16, texts(message))) > MOST_TEXT - MOST_BLOCK - 120 for message in messages[:-1])


def test_emoji_are_counted_as_apps_do() -> None:
    messages = card(Entry(id="x", title="T", commentary="👩‍🔬😀 " * 3_000))
    assert len(messages) > 4
    assert letters(said(*messages)) == "T" + "👩‍🔬😀" * 3_000


def test_many_tags_and_links_find_room() -> None:
    tags = tuple(f"tag-{n}" for n in range(2_000))
    addresses = tuple(f"https://example.org/{n}/" + "x" * (n % 40 * 20) for n in range(120))
    messages = card(replace(ENTRY, tags=tags, links=addresses))
    assert " ".join(f"#{tag}" for tag in tags) in " ".join(said(*messages).split())
    assert [url for url, _ in links(*messages)][-120:] == list(addresses)
    assert len(buttons(messages[0])) == 3


def test_a_few_tags_stay_where_people_react() -> None:
    messages = card(replace(ENTRY, commentary=LONG))
    assert "#llm #scaling_laws\n―\n[초록]" in visible(messages[0])


def test_an_address_too_long_for_a_link_is_shown() -> None:
    long = "https://example.org/" + "x" * 1_500
    messages = card(Entry(id="x", title="T", commentary=f"see {long} there", links=(long,)))
    assert links(*messages) == []
    assert letters("".join(span.text for span in spans(*messages))).count(long) == 2


# --- digests, notes -------------------------------------------------------------------------------------------------


def test_a_header_names_its_day_and_counts() -> None:
    (message,) = checked(HeaderContent((DAY,), 4), Language.ENGLISH)
    assert message.parts == (Text("## Fri, 19 Jul 2024\n-# 4 entries"),)


def test_a_late_header_says_so_in_the_language_of_its_subscription() -> None:
    (message,) = checked(HeaderContent((DAY,), 1, late=True), Language.KOREAN)
    late = translator(Language.KOREAN).say(msg("Late additions"))
    assert visible(message) == f"2024년 7월 19일 (금)\n{late} · 항목 1개"


@pytest.mark.parametrize("days", [2, 40, 2_000])
def test_a_merged_header_names_every_day(days: int) -> None:
    content = HeaderContent(tuple(DAY + timedelta(days=n) for n in range(days)), 2)
    messages = checked(content, Language.KOREAN)
    speaker = translator(Language.KOREAN)
    assert letters(said(*messages)) == letters(" · ".join(speaker.day(day) for day in content.digest_dates))


def test_a_list_has_two_lines_for_every_entry() -> None:
    entries = (ENTRY, Entry(id="b", title="Other"))
    (message,) = checked(ListContent((DAY,), entries), Language.ENGLISH)
    assert visible(message) == (
        "Fri, 19 Jul 2024\n"
        "2 entries\n"
        "1. Scaling Laws with α\n"
        "Ada One, Ben Two, Cho Three and 2 more · #llm #scaling_laws\n"
        "2. Other"
    )
    assert links(message) == [("https://arxiv.org/abs/2407.13623", "Scaling Laws with α")]


def test_a_long_list_goes_on_in_the_thread_and_no_entry_is_torn_apart() -> None:
    entries = tuple(replace(ENTRY, id=f"{n}", title=f"Title {n} " + "word " * 40) for n in range(150))
    messages = checked(ListContent((DAY,), entries), Language.ENGLISH)
    assert len(messages) > 3
    shown = visible(*messages)
    places = [shown.index(f"{n + 1}. Title {n} ") for n in range(150)]
    assert places == sorted(places)
    assert visible(messages[1]).splitlines()[0] == f"Continued (2/{len(messages)})"
    for message in messages:
        body = [text for text in texts(message) if "/" + str(len(messages)) not in text]
        assert all(text.startswith(("##", *(f"{n + 1}\\." for n in range(150)))) for text in body)
        assert all(text.endswith(r"scaling\_laws") for text in body)


def test_an_empty_list_is_its_head() -> None:
    (message,) = checked(ListContent((DAY,), ()), Language.ENGLISH)
    assert visible(message) == "Fri, 19 Jul 2024\n0 entries"


def test_a_direct_message_says_what_it_is_for() -> None:
    followed = ListContent((DAY,), (ENTRY,), ("tag:llm", "author:<@&1> @everyone"))
    (message,) = checked(followed, Language.ENGLISH)
    assert visible(message).splitlines()[1] == "You follow tag:llm, author:<@&1> @everyone · 1 entry"


def test_a_note_is_a_sentence() -> None:
    (message,) = checked(NoteContent(msg("Try `{text}` on {day}.", text="**x** <@&1>", day=DAY)), Language.ENGLISH)
    assert visible(message) == "Try **x** <@&1> on 2024-07-19."
    assert [span.text for span in spans(message) if span.style.formats] == ["**x** <@&1>"]


@pytest.mark.parametrize("language", Language)
def test_a_withdrawn_post_says_so(language: Language) -> None:
    message = withdrawn_message(language)
    check(message)
    assert has_hangul(visible(message)) is (language is Language.KOREAN)


# --- forum posts ----------------------------------------------------------------------------------------------------


def test_a_forum_post_has_the_name_of_its_entry() -> None:
    post = forum_post_of(EntryContent(ENTRY), Language.KOREAN)
    assert (post.name, post.tags) == ("Scaling Laws with α", ("llm", "scaling_laws"))
    assert post.messages == messages_of(EntryContent(ENTRY), Language.KOREAN)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (EntryContent(Entry(id="abcdefghij", title="\u202e")), "abcdefghij"),
        (NoteContent(msg("Try `{text}` now.", text="/paper")), "Try /paper now."),
        (HeaderContent((DAY,), 2), "Fri, 19 Jul 2024"),
        (ListContent((DAY,), ()), "Fri, 19 Jul 2024"),
        (HeaderContent((DAY,) * 40, 2), ("Fri, 19 Jul 2024 · " * 5).strip() + " Fri,…"),
    ],
)
def test_other_forum_posts_have_names_too(content: Content, name: str) -> None:
    post = forum_post_of(content, Language.ENGLISH)
    assert (post.name, post.tags if isinstance(content, EntryContent) else ()) == (name, ())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "Paperboy"),
        (" \n`\x00` ", "Paperboy"),
        ("a\n b  c", "a b c"),
        ("가" * 100, "가" * 100),
        ("가" * 101, "가" * 99 + "…"),
        ("😀" * 51, "😀" * 49 + "…"),
        ("낱말 " * 50, ("낱말 " * 33).strip() + "…"),
    ],
)
def test_names_of_threads(text: str, name: str) -> None:
    assert thread_name(text) == name


@given(st.text() | st.sampled_from(HARD) | st.text(min_size=95, max_size=400))
def test_any_text_makes_a_name(text: str) -> None:
    name = thread_name(text)
    assert 0 < utf16(name) <= MOST_NAME
    assert name == " ".join(clean(name).split())


# --- hostile and real texts -----------------------------------------------------------------------------------------

_NASTY = st.sampled_from(
    [
        *HARD,
        '"\\' * 700,
        "\u202e",
        "\u200b",
        "\x00",
        "\ud800",
        "👩\u200d🔬" * 300,
        "낱" * 3_000,
        "x" * 3_000,
        "*" * 2_000,
        "[" * 900 + "]" * 900,
        "문장이 이어집니다. " * 300,
        "**a** " * 300,
        "**see [x](https://a.org) now** ",
        "https://example.org/" + "a" * 1_500,
        "$\\alpha_{i}$ \\emph{x} \\url{https://example.org}",
        "](http://evil.example) ",
        "\n",
        "\n\n",
        "\r\n\r\n",
        " ",
        "\t",
    ]
)
_TEXTS = st.lists(_NASTY | st.text(max_size=20), max_size=10).map("".join)
_ADDRESSES = st.sampled_from(
    [
        "https://example.org",
        "HTTP://example.org/(a)[b]*_~|`",
        "https://example.org/](http://evil.example)",
        "https://example.org/" + "u" * 850,
        "https://example.org/" + "(" * 400,
        "https://discord.gg/abc",
        "https://예.한국/가",
    ]
)


def titles(entry: Entry) -> str:
    return title_text(entry.title) or entry.id


@settings(max_examples=40)
@given(_TEXTS, _TEXTS, st.sampled_from(Language))
@example("[a](https://a.org) ](http://evil.example)", "T ](http://evil.example)", Language.KOREAN)
def test_a_commentary_is_shown_whole_whatever_it_says(commentary: str, title: str, language: Language) -> None:
    entry = Entry(id="abcdefghij", title=title, commentary=commentary)
    messages = card(entry, language)
    assert letters(said(*messages)) == letters(titles(entry) + "".join(run.text for run in runs_of(commentary)))
    assert is_shown_within(commentary, messages, titles(entry))


@settings(max_examples=40)
@given(
    st.builds(
        Entry,
        id=st.just("abcdefghij"),
        title=_TEXTS,
        authors=st.lists(_NASTY, max_size=5).map(tuple),
        organisation=st.none() | _NASTY,
        url=st.none() | _NASTY | _ADDRESSES,
        arxiv_id=st.none() | _NASTY,
        abstract=st.none() | _NASTY,
        commentary=_TEXTS,
        commentary_en=st.none() | _NASTY,
        tags=st.lists(_NASTY, max_size=3).map(tuple),
        links=st.lists(_NASTY | _ADDRESSES | _NASTY.map("https://example.org/".__add__), max_size=3).map(tuple),
    )
)
def test_whatever_an_entry_says_discord_takes_it(entry: Entry) -> None:
    messages = card(entry, Language.KOREAN, late=True)
    assert is_shown_within(entry.commentary or "", messages, titles(entry))
    assert {url for url, _ in links(*messages)} <= targets(entry)
    assert states("save", messages[0]) == ["abcdefghij"]
    checked(ListContent((DAY,), (entry, entry)), Language.ENGLISH)
    post = forum_post_of(EntryContent(entry), Language.KOREAN)
    assert 0 < utf16(post.name) <= 100


def targets(entry: Entry) -> set[str]:
    """Where anything in an entry's post may lead."""
    inside = [
        run.url for text in (entry.commentary, entry.commentary_en, entry.abstract) for run in runs_of(text or "")
    ]
    known = {url for url in (safe_url(entry.url), *further_links(entry), *inside) if url}
    written = {way for url in known for way in (url, address(url))}
    bare = {url.translate({ord(letter): f"%{ord(letter):02X}" for letter in "<>\\ "}) for url in known}
    bare = {url.replace("](", "%5D(") for url in bare}
    lowered = {scheme.lower() + mark + rest for url in bare for scheme, mark, rest in [url.partition("://")]}
    return written | lowered


def test_the_longest_real_entries() -> None:
    if not VAULT.exists():
        pytest.skip(f"environment: {VAULT.name} does not lie beside the project")
    entries: list[Entry] = []
    for file in sorted(VAULT.rglob("*.md")):
        path, text = file.relative_to(VAULT).as_posix(), decode(file.read_bytes())
        parser = detect(path, text)
        assert parser is not None
        entries += (replace(entry, id="abcdefghij") for entry in parser(path, text).entries)
    for entry in sorted(entries, key=amount, reverse=True)[:150]:
        messages = card(entry)
        shown = letters("".join(span.text for span in spans(*messages)))
        assert shown.startswith(letters(titles(entry)))
        assert is_shown_within(entry.commentary or entry.commentary_en or "", messages, titles(entry))
        assert {url for url, _ in links(*messages)} <= targets(entry)
    for start in range(0, len(entries), 47):
        checked(ListContent((DAY,), tuple(entries[start : start + 47])), Language.KOREAN)


def amount(entry: Entry) -> int:
    """How much there is to say about an entry."""
    texts = (entry.title, entry.commentary or "", entry.commentary_en or "", *entry.authors, *entry.links, *entry.tags)
    return sum(map(len, texts))
