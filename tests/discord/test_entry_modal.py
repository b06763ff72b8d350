"""The form for an entry in windows: what nobody touched comes back to the letter, and what was typed as typed."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.entries import Entry, Status
from bot.core.entry_form import LONGEST, EntryForm, Publish, form_of, read_form
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.spreading import PARAGRAPH
from bot.discord.entry_modal import LABELS, PAGES, entry_modal, label_of, page_with, windows_of, with_typed
from bot.discord.form_state import EntryState, Page
from bot.discord.modals import Modal
from tests.discord.conftest import TODAY
from tests.discord.filling import fields, sent

KOREAN = "새로운 방법을 제안합니다. 결과가 좋습니다.\n\n"
BOTH = pytest.mark.parametrize("language", list(Language))
LONG_PAGES = [(Page.COMMENTARY, "commentary"), (Page.COMMENTARY_EN, "commentary_en"), (Page.ABSTRACT, "abstract")]


def window(form: EntryForm, page: Page = Page.MAIN, start: int = 0, language: Language = Language.ENGLISH) -> Modal:
    state = EntryState(form=form, entry_id="abcdefghij", page=page, start=start)
    return entry_modal(form, state, language=language, today=TODAY)


def entry(**more: Any) -> Entry:
    return Entry(id="abcdefghij", title="Weak to Strong", digest_date=TODAY, revision=3, **more)


def windows(form: EntryForm) -> list[Modal]:
    """All windows of a form."""
    return [window(form, page, start) for page in PAGES for start in range(windows_of(page, form))]


# --- what it looks like -----------------------------------------------------------------------------------------------


@BOTH
def test_a_new_entry(language: Language) -> None:
    form = EntryForm()
    modal = entry_modal(form, EntryState(form=form), language=language, today=TODAY)
    assert modal.title == {Language.ENGLISH: "Add a paper", Language.KOREAN: "논문 추가"}[language]
    made = fields(modal)
    assert list(made) == ["title", "url", "tags", "commentary", "publish"]
    assert [name for name, field in made.items() if field["required"]] == ["title", "publish"]
    options = made["publish"]["options"]
    assert [one["value"] for one in options[:3]] == ["today", "draft", f"date:{TODAY + timedelta(days=1)}"]
    assert len(options) == 16
    assert [one["value"] for one in options if one["default"]] == ["today"]
    assert with_typed(form, sent(modal)) == form


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (Page.MAIN, "Change an entry"),
        (Page.SOURCE, "Authors and dates"),
        (Page.COMMENTARY, "Commentary in Korean"),
        (Page.COMMENTARY_EN, "Commentary in English"),
        (Page.ABSTRACT, "Abstract"),
    ],
)
def test_pages_are_called(page: Page, title: str) -> None:
    assert window(form_of(entry()), page).title == title


def test_a_remark_stands_at_the_address() -> None:
    form = EntryForm(url="https://arxiv.org/abs/2406.14548", note=msg("arXiv does not answer."))
    (remark,) = [field.hint for field in window(form).fields if field.name == "url"]
    assert remark == "arXiv does not answer."


@pytest.mark.parametrize("length", [0, 1, 3_800])
def test_a_short_commentary_stands_on_the_first_page(length: int) -> None:
    form = EntryForm(title="T", commentary="a" * length)
    assert "commentary" in fields(window(form))
    assert page_with("commentary", form) is Page.MAIN


def test_a_long_one_has_a_page_of_its_own() -> None:
    form = EntryForm(title="T", commentary="a" * 3_801)
    assert "commentary" not in fields(window(form))
    assert page_with("commentary", form) is Page.COMMENTARY
    made = window(form, Page.COMMENTARY).fields
    assert [field.label for field in made] == [f"Commentary in Korean ({number}/3)" for number in (1, 2, 3)]


def test_the_last_window_of_a_long_text_has_room_for_more() -> None:
    form = EntryForm(commentary=(KOREAN * 900).strip())
    count = windows_of(Page.COMMENTARY, form)
    names = [list(fields(window(form, Page.COMMENTARY, start))) for start in range(count)]
    assert [len(one) for one in names[:-1]] == [5] * (count - 1)
    flat = [name for one in names for name in one]
    assert flat == ["commentary", *(f"commentary:{number}" for number in range(1, len(flat)))]
    assert fields(window(form, Page.COMMENTARY, count - 1))[flat[-1]].get("value", "") == ""


@pytest.mark.parametrize(
    "name", [field.name for field in fields_of(EntryForm) if field.name not in {"revision", "note"}]
)
def test_every_field_has_a_label_and_stands_on_its_page(name: str) -> None:
    form = EntryForm(title="T", publish=Publish.ON_DATE, date="2024-06-22")
    assert label_of(name) == LABELS[name]
    page = page_with(name, form)
    assert name in fields(window(form, page))


def test_another_name_is_the_entry() -> None:
    assert (str(label_of("nonsense")), page_with("nonsense", EntryForm())) == ("Entry", Page.MAIN)


# --- nothing touched --------------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(["가 ", "a", "😀", "\n\n", "\r\n", "\r", " ", ". ", "& <b> ", ", ", "\ud800", "e\u0301"])
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(_PIECES, max_size=30).map("".join),
    st.builds(lambda piece, times: piece * times, _PIECES, st.integers(0, 4_000)),
    st.builds(lambda pieces, times: "".join(pieces) * times, st.lists(_PIECES, max_size=8), st.integers(0, 3_000)),
)
FORMS = st.builds(
    EntryForm,
    title=TEXTS,
    authors=TEXTS,
    organisation=TEXTS,
    url=TEXTS,
    abstract=TEXTS,
    commentary=TEXTS,
    commentary_en=TEXTS,
    tags=TEXTS,
    paper_date=st.text(max_size=20) | TEXTS,
    publish=st.sampled_from(Publish),
    date=st.sampled_from(["", "2024-06-21", "2024-06-30", "someday"]) | TEXTS,
    revision=st.integers(1, 9),
)


@settings(max_examples=60)
@given(FORMS)
@example(EntryForm(title="a\nb", url="a\r\nb", tags="#a\n#b"))
@example(EntryForm(commentary=" " * 20_000))
@example(EntryForm(commentary="\n\n" * 9_000, authors=", " * 4_000))
@example(EntryForm(date=" ", publish=Publish.ON_DATE))
@example(EntryForm(date="x" * 300, publish=Publish.ON_DATE))
def test_whatever_an_entry_holds_nobody_touched_it(form: EntryForm) -> None:
    """Every window of it is one that Discord takes, and to send it changes nothing."""
    for modal in windows(form):
        typed = sent(modal)
        if "publish" in typed and not typed["publish"]:  # nothing that stands there can be chosen: somebody has to
            typed = {name: values for name, values in typed.items() if name != "publish"}
        assert with_typed(form, typed) == form


def test_an_entry_that_nobody_touched_is_no_change() -> None:
    before = entry(
        authors=tuple(f"Author Number {n}" for n in range(200)),
        organisation="ACME & Söhne <Labs>",
        url="https://arxiv.org/abs/2406.14548",
        arxiv_id="2406.14548",
        abstract="We show that. " * 700,
        commentary=(KOREAN * 800)[:14_000],
        commentary_en="One.\r\n\r\nTwo 😀.\n\n" * 900,
        tags=("weak to strong", "rlaif", "x" * 180, "r&d"),
        paper_date=date(2024, 6, 17),
    )
    form = form_of(before)
    for modal in windows(form):
        assert read_form(with_typed(form, sent(modal)), today=TODAY, before=before) == before


def test_a_line_that_is_longer_than_a_field_is_left_out() -> None:
    form = EntryForm(title="😀" * 2_001, tags="#a " * 1_334)
    assert list(fields(window(form))) == ["url", "commentary", "publish"]
    assert with_typed(form, sent(window(form), url="https://a.org")) == replace(form, url="https://a.org")


# --- typed ------------------------------------------------------------------------------------------------------------

_TYPED = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() == text and "\r" not in text)


@settings(max_examples=60)
@given(FORMS, st.data())
def test_what_was_typed_is_what_stands_there(form: EntryForm, data: st.DataObject) -> None:
    modal = data.draw(st.sampled_from(windows(form)))
    texts = [field.name for field in modal.fields if field.name != "publish"]
    name = data.draw(st.sampled_from(texts))
    shown = fields(modal)[name].get("value", "")
    text = data.draw(_TYPED.filter(lambda text: text != shown.strip()))
    changed = with_typed(form, {**sent(modal), name: (text,), **({"publish": ()} if "publish" in texts else {})})
    field, _, part = name.partition(":")
    wrote = getattr(changed, field)
    assert text in wrote if part or field in dict(LONG_PAGES).values() or field == "authors" else wrote == text
    if field == "date":
        assert changed.publish == Publish.ON_DATE
    untouched = {other.name for other in fields_of(EntryForm)} - {field, "publish", "date"}
    assert all(getattr(changed, other) == getattr(form, other) for other in untouched)


@pytest.mark.parametrize(("page", "name"), LONG_PAGES)
@pytest.mark.parametrize("number", [0, 3, 5, 7])
def test_a_part_of_a_long_text_is_changed_where_it_stands(page: Page, name: str, number: int) -> None:
    """In a text of more than one window, too: what is not shown stays."""
    text = (KOREAN * 1_200).strip()
    form = replace(EntryForm(title="T"), **{name: text})  # type: ignore[arg-type]  # one of the texts
    assert windows_of(page, form) == 2
    modal = window(form, page, start=number // 5)
    key = f"{name}:{number}" if number else name
    shown = fields(modal)[key]["value"]
    changed = getattr(with_typed(form, {**sent(modal), key: ("바뀐 부분.",)}), name)
    before = sum(len(fields(window(form, page, n // 5))[f"{name}:{n}" if n else name]["value"]) for n in range(number))
    assert changed == text[: before + number * 2] + "바뀐 부분." + text[before + number * 2 + len(shown) :]


def test_what_is_written_into_the_empty_field_is_a_paragraph_at_the_end() -> None:
    text = (KOREAN * 300).strip()
    form = EntryForm(title="T", commentary=text)
    modal = window(form, Page.COMMENTARY)
    assert (
        with_typed(form, sent(modal, **{f"commentary__{len(modal.fields) - 1}": "끝."})).commentary == f"{text}\n\n끝."
    )


def test_a_text_that_is_emptied_is_gone() -> None:
    form = EntryForm(title="T", commentary="짧은 글", abstract="A")
    assert with_typed(form, sent(window(form), commentary="")).commentary == ""
    assert with_typed(form, sent(window(form, Page.ABSTRACT), abstract="")).abstract == ""


def test_a_part_that_is_emptied_leaves_no_gap() -> None:
    parts = [f"{number}. " + "말 " * 1_600 for number in range(3)]
    form = EntryForm(title="T", commentary=PARAGRAPH.join(part.strip() for part in parts))
    modal = window(form, Page.COMMENTARY)
    assert len(modal.fields) == 4
    changed = with_typed(form, sent(modal, commentary__1="")).commentary
    assert changed == PARAGRAPH.join(part.strip() for part in (parts[0], parts[2]))


def test_a_name_among_many_authors() -> None:
    authors = ", ".join(f"J. R. Author-{number} the {number}th" for number in range(300))
    form = EntryForm(title="T", authors=authors)
    modal = window(form, Page.SOURCE)
    assert [field.name for field in modal.fields] == ["authors", "authors:1", "organisation", "paper_date", "date"]
    first = fields(modal)["authors"]["value"]
    changed = with_typed(form, sent(modal, authors=first.replace("Author-7 ", "Writer ")))
    assert changed.authors == authors.replace("Author-7 ", "Writer ")


def test_a_title_that_is_touched_is_what_was_typed() -> None:
    form = EntryForm(title="a\nb")
    assert with_typed(form, sent(window(form), title="a b!")).title == "a b!"


# --- when it goes out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "chosen", "after"),
    [
        (("today", ""), "draft", ("draft", "")),
        (("draft", "2024-06-23"), "today", ("today", "2024-06-23")),
        (("draft", "2024-06-23"), "draft", ("draft", "2024-06-23")),
        (("date", "2024-06-23"), "date:2024-06-23", ("date", "2024-06-23")),
        (("date", "2024-06-23"), "date:2024-06-30", ("date", "2024-06-30")),
        (("date", "2023-01-01"), "date:2023-01-01", ("date", "2023-01-01")),
        (("date", "someday"), "date:someday", ("date", "someday")),
        (("date", ""), "date:2024-06-22", ("date", "2024-06-22")),
        (("date", ""), "today", ("today", "")),
    ],
)
def test_a_day_is_chosen(before: tuple[str, str], chosen: str, after: tuple[str, str]) -> None:
    form = EntryForm(title="T", publish=before[0], date=before[1])
    modal = window(form)
    assert chosen in {one["value"] for one in fields(modal)["publish"]["options"]}
    changed = with_typed(form, sent(modal, publish=(chosen,)))
    assert (changed.publish, changed.date) == after


@pytest.mark.parametrize(
    ("before", "typed", "after"),
    [
        (("today", ""), "2024-06-25", ("date", "2024-06-25")),
        (("draft", "2024-06-23"), "2024-06-25", ("date", "2024-06-25")),
        (("date", "2024-06-23"), "", ("date", "")),
        (("draft", "2024-06-23"), "", ("draft", "")),
        (("draft", "2024-06-23"), "2024-06-23", ("draft", "2024-06-23")),
    ],
)
def test_a_day_is_typed(before: tuple[str, str], typed: str, after: tuple[str, str]) -> None:
    form = EntryForm(title="T", publish=before[0], date=before[1])
    changed = with_typed(form, sent(window(form, Page.SOURCE), date=typed))
    assert (changed.publish, changed.date) == after


def test_a_draft_stays_one() -> None:
    before = entry(status=Status.DRAFT)
    form = form_of(before)
    assert form.publish == Publish.DRAFT
    assert (
        read_form(with_typed(form, sent(window(form), title="Other")), today=TODAY, before=before).status
        is Status.DRAFT
    )


def test_lines_take_as_much_as_an_entry_may_hold() -> None:
    made = fields(window(EntryForm()))
    assert {name: made[name]["max_length"] for name in ("title", "url", "tags")} == {
        name: LONGEST[name] for name in ("title", "url", "tags")
    }
