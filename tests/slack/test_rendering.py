"""What posts say on Slack: typical ones by value, hostile and huge ones by what has to hold for any."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, NoteContent
from bot.core.entries import Entry
from bot.core.markup import paragraphs, title_text
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.text import has_hangul
from bot.formats.detect import decode, detect
from bot.locale import translator
from bot.slack.blocks import SlackMessage
from bot.slack.rendering import messages_of, withdrawn_message
from tests.slack.reading import buttons, check, json_length, letters, links, visible

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


def card(entry: Entry, language: Language = Language.KOREAN, *, late: bool = False) -> tuple[SlackMessage, ...]:
    """The messages of an entry, which hold whatever has to hold for any."""
    return checked(EntryContent(entry, late=late), language)


def checked(content: Content, language: Language) -> tuple[SlackMessage, ...]:
    messages = messages_of(content, language)
    for message in messages:
        check(message)
    return messages


def text_of(entry: Entry, language: Language = Language.KOREAN) -> str:
    """Everything in `rich_text` of an entry's messages."""
    return "\n".join(visible(message.blocks, "rich_text") for message in card(entry, language))


def plain(commentary: str) -> str:
    """The letters of a commentary as it is shown."""
    return letters("".join(run.text for runs in paragraphs(commentary) for run in runs))


def is_within(part: str, whole: str) -> bool:
    """Whether the letters of a text stand in another one in this order, whatever stands between them."""
    rest = iter(whole)
    return all(letter in rest for letter in part)


# --- cards ----------------------------------------------------------------------------------------------------------


def test_a_card_in_korean() -> None:
    (message,) = card(ENTRY, late=True)
    assert visible(message.blocks) == (
        "뒤늦게 추가됨\n"
        "Scaling Laws with α\n"
        "Ada One, Ben Two, Cho Three 외 2명 · arXiv:2407.13623\n"
        "단어 수도 함께 늘려야 합니다.\n"
        "코드는 https://example.org/code 에 있네요.\n"
        "\n"
        "글 (example.org)도 있습니다.\n"
        "링크\n"
        "• https://example.org/code\n"
        "#llm #scaling_laws\n"
        "[초록] [저장] [비슷한 항목]"
    )
    assert links(message.blocks) == [
        ("https://arxiv.org/abs/2407.13623", "Scaling Laws with α"),
        ("https://example.org/code", "https://example.org/code"),
        ("https://example.org/post", "글"),
        ("https://example.org/code", "https://example.org/code"),
    ]
    assert message.text == (
        "Scaling Laws with α · Ada One, Ben Two, Cho Three 외 2명 · "
        "단어 수도 함께 늘려야 합니다. 코드는 https://example.org/code 에 있네요. 글 (example.org)도 있습니다."
    )


def test_a_card_in_english() -> None:
    (message,) = card(replace(ENTRY, links=()), Language.ENGLISH)
    assert message.blocks == (
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {
                            "type": "link",
                            "url": "https://arxiv.org/abs/2407.13623",
                            "text": "Scaling Laws with α",
                            "style": {"bold": True},
                        },
                        {"type": "text", "text": "\nAda One, Ben Two, Cho Three and 2 more · arXiv:2407.13623"},
                    ],
                }
            ],
        },
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "Vocabulary has to grow, too."}]}
            ],
        },
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "#llm #scaling_laws"}]}],
        },
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": text, "emoji": False},
                    "action_id": action,
                    "value": "abcdefghij",
                }
                for text, action in (("Abstract", "abstract"), ("Save", "save"), ("More like this", "like"))
            ],
        },
    )


def test_nothing_turns_the_text_around_it() -> None:
    entry = Entry(
        id="x", title="T\u202e", organisation="O\u202e", arxiv_id="1\u202e", tags=("a\u202e",), commentary="c\u202e"
    )
    assert text_of(entry) == "T\nO · arXiv:1\nc\n#a"


def test_a_bare_entry_is_a_title_and_two_buttons() -> None:
    (message,) = card(Entry(id="abcdefghij", title="A remark"), Language.ENGLISH)
    assert visible(message.blocks) == "A remark\n[Save] [More like this]"
    assert (message.text, links(message.blocks)) == ("A remark", [])
    assert buttons(message.blocks) == [
        ("Save", "save", "abcdefghij"),
        ("More like this", "like", "abcdefghij"),
    ]


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


def test_a_title_never_links_to_anything_but_the_web() -> None:
    (message,) = card(Entry(id="x", title="T", url="javascript:alert(1)"))
    assert links(message.blocks) == []


def test_a_monstrous_name_is_cut() -> None:
    shown = text_of(Entry(id="x", title="T", organisation="기관" * 1_000, authors=("A",)))
    assert shown == "T\n" + ("기관" * 100)[:199] + "…, A"


def test_a_long_line_of_authors_is_shortened() -> None:
    authors = tuple(f"Author Number {n:03}" for n in range(128))
    assert len(", ".join(authors)) > 2_300
    shown = text_of(Entry(id="x", title="T", authors=authors), Language.ENGLISH)
    assert shown == "T\nAuthor Number 000, Author Number 001, Author Number 002 and 125 more"


@pytest.mark.parametrize("length", [520, 3_500, 12_000])
def test_a_long_title_is_shown_whole_and_every_part_of_it_leads_there(length: int) -> None:
    title = ("Scaling Laws " * length)[:length].strip()
    messages = card(Entry(id="x", title=title, url="https://example.org"))
    shown = [link for message in messages for link in links(message.blocks)]
    assert letters("".join(text for _, text in shown)) == letters(title)
    assert {address for address, _ in shown} == {"https://example.org"}


@pytest.mark.parametrize("language", Language)
def test_a_long_commentary_goes_on_in_the_thread(language: Language) -> None:
    commentary = "\n\n".join(f"{n}번째 단락입니다. " + "이런 말이 이어집니다. " * 20 for n in range(55))
    assert len(commentary) > 14_000
    messages = card(replace(ENTRY, commentary=commentary, commentary_en=None), language)
    assert len(messages) > 1
    first, *rest = messages
    assert visible(first.blocks).startswith("Scaling Laws with α\n")
    assert len(buttons(first.blocks)) == 3
    assert visible(first.blocks).endswith("]")
    assert not any(buttons(message.blocks) for message in rest)
    shown = "".join(visible(message.blocks, "rich_text") for message in messages)
    assert is_within(plain(commentary), letters(shown))
    for part, message in enumerate(messages, 1):
        (mark,) = (block for block in message.blocks if block["type"] == "context")
        assert f"{part}/{len(messages)}" in visible([mark])
        assert part == 1 or message.blocks[0] == mark
        assert part == 1 or f"({part}/{len(messages)}) · Scaling Laws" in message.text


def test_parts_of_a_long_commentary_begin_with_a_paragraph() -> None:
    commentary = "\n\n".join(f"단락 {n}. " + "말이 이어집니다. " * 50 for n in range(30))
    for message in card(Entry(id="x", title="T", commentary=commentary)):
        for block in message.blocks:
            if block["type"] == "rich_text":
                assert visible([block]).startswith(("단락 ", "T"))


def test_many_tags_and_links_find_room() -> None:
    tags = tuple(f"tag-{n}" for n in range(2_000))
    addresses = tuple(f"https://example.org/{n}/" + "x" * (n % 40 * 50) for n in range(120))
    messages = card(replace(ENTRY, tags=tags, links=addresses))
    shown = " ".join(visible(message.blocks, "rich_text") for message in messages)
    assert is_within(" ".join(f"#{tag}" for tag in tags), " ".join(shown.split()))
    assert [address for message in messages for address, _ in links(message.blocks)][-120:] == list(addresses)
    assert len(buttons(messages[0].blocks)) == 3


# --- digests, notes -------------------------------------------------------------------------------------------------


def test_a_header_names_its_day_and_counts() -> None:
    (message,) = checked(HeaderContent((DAY,), 4), Language.ENGLISH)
    assert message.blocks == (
        {"type": "header", "text": {"type": "plain_text", "text": "Fri, 19 Jul 2024", "emoji": False}},
        {"type": "context", "elements": [{"type": "plain_text", "text": "4 entries", "emoji": False}]},
    )
    assert message.text == "Fri, 19 Jul 2024 · 4 entries"


def test_a_late_header_says_so_in_the_language_of_its_subscription() -> None:
    (message,) = checked(HeaderContent((DAY,), 1, late=True), Language.KOREAN)
    late = translator(Language.KOREAN).say(msg("Late additions"))
    assert visible(message.blocks).startswith(f"2024년 7월 19일 (금)\n{late} · ")


@pytest.mark.parametrize(("days", "kind"), [(2, "header"), (40, "rich_text"), (2_000, "rich_text")])
def test_a_merged_header_names_every_day(days: int, kind: str) -> None:
    content = HeaderContent(tuple(DAY + timedelta(days=n) for n in range(days)), 2)
    messages = checked(content, Language.KOREAN)
    assert messages[0].blocks[0]["type"] == kind
    shown = "".join(visible(message.blocks, kind) for message in messages)
    speaker = translator(Language.KOREAN)
    assert letters(shown) == letters(" · ".join(speaker.day(day) for day in content.digest_dates))


def test_a_list_has_a_line_for_every_entry() -> None:
    entries = (ENTRY, Entry(id="b", title="Other"))
    (message,) = checked(ListContent((DAY,), entries), Language.ENGLISH)
    assert visible(message.blocks) == (
        "Fri, 19 Jul 2024\n"
        "2 entries\n"
        "• Scaling Laws with α\n"
        "Ada One, Ben Two, Cho Three and 2 more\n"
        "#llm #scaling_laws\n"
        "• Other"
    )
    assert links(message.blocks) == [("https://arxiv.org/abs/2407.13623", "Scaling Laws with α")]


def test_a_long_list_goes_on_in_the_thread() -> None:
    entries = tuple(replace(ENTRY, id=f"{n}", title=f"Title {n} " + "word " * 40) for n in range(150))
    messages = checked(ListContent((DAY,), entries), Language.ENGLISH)
    assert len(messages) > 3
    shown = "\n".join(visible(message.blocks) for message in messages)
    places = [shown.index(f"• Title {n} ") for n in range(150)]
    assert places == sorted(places)
    assert visible(messages[1].blocks).splitlines()[0].endswith(f"(2/{len(messages)})")


def test_an_empty_list_is_its_head() -> None:
    (message,) = checked(ListContent((DAY,), ()), Language.ENGLISH)
    assert visible(message.blocks) == "Fri, 19 Jul 2024\n0 entries"


def test_a_note_is_a_sentence() -> None:
    (message,) = checked(NoteContent(msg("Try `{text}` on {day}.", text="**x** <!here>", day=DAY)), Language.ENGLISH)
    assert visible(message.blocks) == "Try **x** <!here> on 2024-07-19."
    assert message.text == "Try ˋ∗∗x∗∗ &lt;!here&gt;ˋ on 2024-07-19."


@pytest.mark.parametrize("language", Language)
def test_a_withdrawn_post_says_so(language: Language) -> None:
    message = withdrawn_message(language)
    check(message)
    assert has_hangul(message.text) is (language is Language.KOREAN)
    assert visible(message.blocks) == message.text


# --- hostile and real texts -----------------------------------------------------------------------------------------

_NASTY = st.sampled_from(
    [
        "<!channel>",
        "@here @channel @everyone",
        "<@U1>",
        "<#C1|general>",
        "<https://evil.example|click>",
        "[클릭](https://evil.example/x)",
        "[good.example](https://evil.example/x)",
        "[x](javascript:alert(1))",
        "**굵게**는",
        "*_~`",
        "```",
        "> quote",
        "• 1. - # ",
        ":tada:",
        "a|b",
        "&amp;&lt;!channel&gt;",
        '"\\' * 700,
        "\u202e",
        "\u200b",
        "\u200d",
        "\x00",
        "\ud800",
        "👩\u200d🔬" * 300,
        "낱" * 3_000,
        "x" * 3_000,
        "문장이 이어집니다. " * 300,
        "**a** " * 300,
        "https://example.org/" + "a" * 1_500,
        "$\\alpha_{i}$ \\emph{x} \\url{https://example.org}",
        "\n",
        "\n\n",
        "\r\n\r\n",
        " ",
        "\t",
    ]
)
_TEXTS = st.lists(_NASTY | st.text(max_size=20), max_size=14).map("".join)
_LANGUAGES = st.sampled_from(Language)


@given(_TEXTS, _TEXTS, _LANGUAGES)
def test_a_commentary_is_shown_whole_whatever_it_says(commentary: str, title: str, language: Language) -> None:
    entry = Entry(id="abcdefghij", title=title, commentary=commentary)
    assert letters(text_of(entry, language)) == letters(title_text(title) or "abcdefghij") + plain(commentary)


@given(
    st.builds(
        Entry,
        id=st.just("abcdefghij"),
        title=_NASTY,
        authors=st.lists(_NASTY, max_size=5).map(tuple),
        organisation=st.none() | _NASTY,
        url=st.none() | _NASTY | st.just("https://example.org"),
        arxiv_id=st.none() | _NASTY,
        abstract=st.none() | _NASTY,
        commentary=_NASTY,
        commentary_en=st.none() | _NASTY,
        tags=st.lists(_NASTY, max_size=3).map(tuple),
        links=st.lists(_NASTY | _NASTY.map("https://example.org/".__add__), max_size=3).map(tuple),
    )
)
def test_whatever_an_entry_says_slack_takes_it(entry: Entry) -> None:
    messages = card(entry, Language.KOREAN, late=True)
    shown = "".join(visible(message.blocks, "rich_text") for message in messages)
    assert is_within(plain(entry.commentary or ""), letters(shown))
    checked(ListContent((DAY,), (entry, entry)), Language.ENGLISH)


def test_the_longest_real_entries() -> None:
    if not VAULT.exists():
        pytest.skip(f"environment: {VAULT.name} does not lie beside the project")
    entries: list[Entry] = []
    for file in sorted(VAULT.rglob("*.md")):
        path, text = file.relative_to(VAULT).as_posix(), decode(file.read_bytes())
        parser = detect(path, text)
        assert parser is not None
        entries += (replace(entry, id="abcdefghij") for entry in parser(path, text).entries)
    for entry in sorted(entries, key=json_length_of, reverse=True)[:150]:
        shown = letters(text_of(entry))
        assert shown.startswith(letters(title_text(entry.title)))
        assert is_within(plain(entry.commentary or entry.commentary_en or ""), shown)
    for start in range(0, len(entries), 47):
        checked(ListContent((DAY,), tuple(entries[start : start + 47])), Language.KOREAN)


def json_length_of(entry: Entry) -> int:
    """How much there is to say about an entry."""
    return json_length([entry.title, entry.authors, entry.commentary, entry.commentary_en, entry.links, entry.tags])


def test_the_other_commentary_is_a_press_away_without_an_abstract() -> None:
    (message,) = card(replace(ENTRY, abstract=None))
    assert [action for _, action, _ in buttons(message.blocks)] == ["details", "save", "like"]
    (message,) = card(replace(ENTRY, abstract=None, commentary_en=None))
    assert [action for _, action, _ in buttons(message.blocks)] == ["save", "like"]


def test_a_direct_message_says_what_it_is_for() -> None:
    followed = ListContent((DAY,), (ENTRY,), ("tag:llm", "author:<!channel>"))
    (message,) = checked(followed, Language.ENGLISH)
    assert "tag:llm, author:<!channel>" in visible(message.blocks, "context")
