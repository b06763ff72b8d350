"""The form for an entry as windows: pure.

The first page is all that an ordinary entry needs. A long text has a page of its own, with several fields to a window
and as many windows as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from bot.core.entry_form import LONGEST, EntryForm, Publish
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.core.spreading import PARAGRAPH, Room, Spread, join, length, spread
from bot.discord.form_state import EntryState, Page
from bot.discord.modals import MOST_FIELDS, MOST_VALUE, ChoiceField, Field, Modal, TextField, Typed, is_untouched
from bot.locale import Translator, translator

PAGES: Final[Mapping[Page, Message]] = {
    Page.MAIN: msg("Title, tags and day"),
    Page.SOURCE: msg("Authors and dates"),
    Page.COMMENTARY: msg("Commentary in Korean"),
    Page.COMMENTARY_EN: msg("Commentary in English"),
    Page.ABSTRACT: msg("Abstract"),
}
"""The pages, and what they are called."""

_ROOM: Final = Room(whole=3_800, filled=3_400)
_DAYS_AHEAD: Final = 14
_MOST_DATE: Final = 40
LABELS: Final[Mapping[str, Message]] = {
    "title": msg("Title"),
    "url": msg("Address or arXiv id"),
    "tags": msg("Tags"),
    "commentary": msg("Commentary in Korean"),
    "commentary_en": msg("Commentary in English"),
    "abstract": msg("Abstract"),
    "authors": msg("Authors"),
    "organisation": msg("Organisation"),
    "paper_date": msg("Date of the paper"),
    "publish": msg("Goes out"),
    "date": msg("Digest date"),
}
_LONG: Final = {Page.COMMENTARY: "commentary", Page.COMMENTARY_EN: "commentary_en", Page.ABSTRACT: "abstract"}
_PAGE_OF: Final = {
    **dict.fromkeys(("title", "url", "tags", "publish"), Page.MAIN),
    **dict.fromkeys(("authors", "organisation", "paper_date", "date"), Page.SOURCE),
    **{name: page for page, name in _LONG.items()},
}


def label_of(name: str) -> Message:
    """What a field is called."""
    return LABELS.get(name, msg("Entry"))


def page_with(name: str, form: EntryForm) -> Page:
    """The page on which a field stands; a short commentary stands on the first."""
    if name == "commentary" and _is_short(form):
        return Page.MAIN
    return _PAGE_OF.get(name, Page.MAIN)


def windows_of(page: Page, form: EntryForm) -> int:
    """How many windows a page takes."""
    return -(-len(_spread(_LONG[page], form).parts) // MOST_FIELDS) if page in _LONG else 1


def entry_modal(form: EntryForm, state: EntryState, *, language: Language, today: date) -> Modal:
    """The window for a page of the form; `today` is whose days the menu of digests offers."""
    speaker = translator(language)
    is_main = state.page is Page.MAIN
    title = PAGES[state.page] if state.entry_id or not is_main else msg("Add a paper")
    made = list(_fields(form, state, speaker, today))
    return Modal(speaker.say(msg("Change an entry") if state.entry_id and is_main else title), tuple(made))


def _fields(form: EntryForm, state: EntryState, speaker: Translator, today: date) -> Iterator[Field]:
    match state.page:
        case Page.MAIN:
            yield from _main_fields(form, speaker, today)
        case Page.SOURCE:
            yield from _source_fields(form, speaker)
        case page:
            yield from _long_fields(_LONG.get(page, "abstract"), form, state.start, speaker)


def _main_fields(form: EntryForm, speaker: Translator, today: date) -> Iterator[Field]:
    yield from _line("title", form, speaker, required=True)
    remark = speaker.say(form.note) if form.note else ""
    yield from _line("url", form, speaker, placeholder="https://arxiv.org/abs/2406.14548", hint=remark)
    yield from _line("tags", form, speaker, placeholder="#rlaif #alignment")
    if _is_short(form):
        yield TextField(
            name="commentary", label=speaker.say(LABELS["commentary"]), value=form.commentary, multiline=True
        )
    yield ChoiceField(
        name="publish",
        label=speaker.say(LABELS["publish"]),
        options=tuple(_days(form, speaker, today)),
        chosen=(_publish_value(form),),
    )


def _source_fields(form: EntryForm, speaker: Translator) -> Iterator[Field]:
    hint = speaker.say(msg("Separated by commas"))
    parts = _spread("authors", form).parts[: MOST_FIELDS - 3]
    for number, part in enumerate(parts):
        yield TextField(
            name=_part_name("authors", number),
            label=_numbered(speaker.say(LABELS["authors"]), number, len(parts)),
            hint=hint,
            value=part,
            multiline=True,
        )
    yield from _line("organisation", form, speaker)
    yield from _line("paper_date", form, speaker, placeholder="2024-06-21")
    yield from _line("date", form, speaker, placeholder="2024-06-21")


def _line(
    name: str, form: EntryForm, speaker: Translator, *, placeholder: str = "", hint: str = "", required: bool = False
) -> Iterator[Field]:
    """A field of one line; one that holds more than Discord takes is left out, and stays as it is."""
    value = getattr(form, name)
    if length(value) <= MOST_VALUE:
        yield TextField(
            name=name,
            label=speaker.say(LABELS[name]),
            hint=hint,
            value=value,
            placeholder=placeholder,
            required=required,
            most=max(LONGEST.get(name, _MOST_DATE), length(value)),
        )


def _long_fields(name: str, form: EntryForm, start: int, speaker: Translator) -> Iterator[Field]:
    text = _spread(name, form)
    shown = text.parts[start * MOST_FIELDS : (start + 1) * MOST_FIELDS]
    is_last = (start + 1) * MOST_FIELDS >= len(text.parts)
    parts = (*shown, "") if is_last and len(shown) < MOST_FIELDS else shown
    total = len(text.parts) + (len(parts) - len(shown))
    for number, part in enumerate(parts, start * MOST_FIELDS):
        yield TextField(
            name=_part_name(name, number),
            label=_numbered(speaker.say(LABELS[name]), number, total),
            value=part,
            multiline=True,
        )


def _numbered(label: str, number: int, total: int) -> str:
    return f"{label} ({number + 1}/{total})" if total > 1 else label


def _part_name(name: str, number: int) -> str:
    return f"{name}:{number}" if number else name


def _is_short(form: EntryForm) -> bool:
    return len(_spread("commentary", form).parts) == 1


def _spread(name: str, form: EntryForm) -> Spread:
    return spread(getattr(form, name), _ROOM, ", " if name == "authors" else None)


# --- when it goes out -------------------------------------------------------------------------------------------------


def _days(form: EntryForm, speaker: Translator, today: date) -> Iterator[tuple[str, str, str]]:
    yield Publish.TODAY, speaker.say(msg("Today")), today.isoformat()
    yield Publish.DRAFT, speaker.say(msg("Not yet: keep as a draft")), ""
    standing = form.date if form.publish == Publish.ON_DATE and _may_be_day(form.date) else None
    ahead = [(today + timedelta(days=days)).isoformat() for days in range(1, _DAYS_AHEAD + 1)]
    for day in dict.fromkeys([standing, *ahead] if standing else ahead):
        yield f"{Publish.ON_DATE}:{day}", day, ""


def _may_be_day(text: str) -> bool:
    return bool(text.strip()) and length(text) <= _MOST_DATE


def _publish_value(form: EntryForm) -> str:
    """The choice that a form stands for; where its day is none, nothing that is offered, so that somebody chooses."""
    return form.publish if form.publish != Publish.ON_DATE else f"{Publish.ON_DATE}:{form.date}"


def _with_publish(form: EntryForm, value: str) -> EntryForm:
    kind, _, day = value.partition(":")
    return replace(form, publish=kind, date=day) if kind == Publish.ON_DATE else replace(form, publish=value)


# --- what was typed ---------------------------------------------------------------------------------------------------


def with_typed(form: EntryForm, typed: Typed) -> EntryForm:
    """The form with what was typed on a page; what nobody touched stays to the letter, whatever Discord made of it."""
    changed: dict[str, Any] = {}
    for name in ("title", "url", "tags", "organisation", "paper_date"):
        if name in typed and not is_untouched(typed[name][0], getattr(form, name)):
            changed[name] = typed[name][0]
    for name in ("commentary", "commentary_en", "abstract", "authors"):
        if (text := _long_typed(name, form, typed)) is not None:
            changed[name] = text
    form = replace(form, **changed)
    if "date" in typed and not is_untouched(typed["date"][0], form.date):
        day = typed["date"][0]
        form = replace(form, date=day, publish=Publish.ON_DATE if day.strip() else form.publish)
    chosen = typed.get("publish", ())
    return _with_publish(form, chosen[0]) if chosen and chosen[0] != _publish_value(form) else form


def _long_typed(name: str, form: EntryForm, typed: Typed) -> str | None:
    """A text put together again from the parts of it that were shown; None where it is as it was."""
    there = {int(key.partition(":")[2] or 0): key for key in typed if key.partition(":")[0] == name}
    if not there:
        return None
    text = _spread(name, form)
    added = max(there) + 1 - len(text.parts)  # fields beyond the text; mostly none
    parts = [*text.parts, *[""] * added]
    between = [*text.between, *[", " if name == "authors" else PARAGRAPH] * added]
    is_touched = False
    for number, key in there.items():
        if not is_untouched(typed[key][0], parts[number]):
            parts[number], is_touched = typed[key][0], True
    return join(Spread(tuple(parts), tuple(between))) if is_touched else None
