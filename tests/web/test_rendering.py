"""What posts say, by value."""

from __future__ import annotations

import json
from datetime import date

import pytest

from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, NoteContent
from bot.core.entries import Entry
from bot.core.messages import msg
from bot.core.people import Language
from bot.web.rendering import card_of, payload_of, share_payload, withdrawn_payload

ENTRY = Entry(
    id="abcdefghij",
    title=r"Scaling \textbf{Laws} with $\alpha$",
    digest_date=date(2024, 7, 19),
    paper_date=date(2024, 7, 18),
    authors=("Ada One", "Ben Two", "Cho Three", "Dee Four", "Eve Five"),
    url="https://arxiv.org/abs/2407.13623",
    arxiv_id="2407.13623",
    abstract="An abstract.",
    commentary="해설입니다.",
    commentary_en="A commentary.",
    tags=("llm", "scaling_laws"),
    links=("https://example.org/code", "javascript:alert(1)", "https://arxiv.org/abs/2407.13623"),
)


def test_a_header_names_its_day_and_counts() -> None:
    made = payload_of(HeaderContent((date(2024, 7, 19),), 4), Language.ENGLISH)
    assert made == {
        "kind": "header",
        "language": "en",
        "title": "Fri, 19 Jul 2024",
        "summary": "4 entries",
        "days": ["2024-07-19"],
        "late": None,
    }


def test_a_header_speaks_the_language_of_its_subscription() -> None:
    made = payload_of(HeaderContent((date(2024, 7, 19),), 1), Language.KOREAN)
    assert (made["language"], made["title"]) == ("ko", "2024년 7월 19일 (금)")


def test_a_merged_header_names_every_day() -> None:
    days = (date(2024, 7, 18), date(2024, 7, 19))
    assert payload_of(HeaderContent(days, 2), Language.ENGLISH)["title"] == "Thu, 18 Jul 2024 · Fri, 19 Jul 2024"


def test_a_card_holds_the_whole_entry() -> None:
    assert payload_of(EntryContent(ENTRY), Language.KOREAN)["card"] == card_of(ENTRY, Language.KOREAN)
    assert card_of(ENTRY, Language.ENGLISH) == {
        "entry_id": "abcdefghij",
        "title": "Scaling Laws with α",
        "url": "https://arxiv.org/abs/2407.13623",
        "byline": "Ada One, Ben Two, Cho Three and 2 more",
        "tags": ["llm", "scaling_laws"],
        "source": "arXiv:2407.13623",
        "paper_date": "2024-07-18",
        "digest_date": "2024-07-19",
        "commentary": "A commentary.",
        "other": "해설입니다.",
        "abstract": "An abstract.",
        "links": ["https://example.org/code"],
    }


@pytest.mark.parametrize(
    ("korean", "english", "language", "shown", "other"),
    [
        ("ㄱ", "a", Language.KOREAN, "ㄱ", "a"),
        ("ㄱ", "a", Language.ENGLISH, "a", "ㄱ"),
        (None, "a", Language.KOREAN, "a", None),
        ("ㄱ", None, Language.ENGLISH, "ㄱ", None),
        (None, None, Language.KOREAN, None, None),
    ],
)
def test_a_card_shows_one_commentary_and_keeps_the_other(
    korean: str | None, english: str | None, language: Language, shown: str | None, other: str | None
) -> None:
    made = card_of(Entry(id="a", title="T", commentary=korean, commentary_en=english), language)
    assert (made["commentary"], made["other"]) == (shown, other)


def test_a_late_card_says_so() -> None:
    assert payload_of(EntryContent(ENTRY, late=True), Language.ENGLISH)["late"] == "Late addition"


def test_a_title_never_links_to_anything_but_the_web() -> None:
    assert card_of(Entry(id="a", title="T", url="javascript:alert(1)"), Language.ENGLISH)["url"] is None


def test_a_list_holds_a_line_for_every_entry() -> None:
    made = payload_of(ListContent((date(2024, 7, 19),), (ENTRY, Entry(id="b", title="Other"))), Language.ENGLISH)
    assert made["summary"] == "2 entries"
    assert made["items"] == [
        {
            "entry_id": "abcdefghij",
            "title": "Scaling Laws with α",
            "url": "https://arxiv.org/abs/2407.13623",
            "byline": "Ada One, Ben Two, Cho Three and 2 more",
            "tags": ["llm", "scaling_laws"],
        },
        {"entry_id": "b", "title": "Other", "url": None, "byline": "", "tags": []},
    ]


def test_a_note_is_a_sentence() -> None:
    made = payload_of(NoteContent(msg("No papers on {day}.", day=date(2024, 7, 20))), Language.ENGLISH)
    assert made == {"kind": "note", "language": "en", "text": "No papers on 2024-07-20."}


def test_a_withdrawn_post_keeps_its_language() -> None:
    assert withdrawn_payload(payload_of(EntryContent(ENTRY), Language.ENGLISH))["language"] == "en"
    assert withdrawn_payload({})["kind"] == "withdrawn"


@pytest.mark.parametrize(
    "content",
    [
        HeaderContent((date(2024, 7, 19),), 4),
        EntryContent(ENTRY),
        ListContent((date(2024, 7, 19),), (ENTRY,)),
        NoteContent(msg("Nothing.")),
    ],
)
def test_every_payload_survives_json(content: Content) -> None:
    made = payload_of(content, Language.KOREAN)
    assert json.loads(json.dumps(made)) == made
    assert json.loads(json.dumps(share_payload("a", "reader"))) == {"kind": "share", "entry_id": "a", "by": "reader"}


def test_a_digest_of_what_a_person_follows_says_so() -> None:
    made = payload_of(ListContent((date(2024, 7, 19),), (ENTRY,), ("tag:llm", "author:kim")), Language.ENGLISH)
    assert str(made["summary"]).startswith("You follow tag:llm, author:kim")
