"""The form for an entry as a modal: pure.

A long text stands in several fields, to which more can be added. Where somebody else has changed the same field
meanwhile, what they wrote stands below it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.core.entry_form import LONGEST, MOST_TAGS, EntryForm, Publish
from bot.core.markup import Run
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.core.spreading import Spread, spread
from bot.locale import Translator, translator
from bot.slack.blocks import actions, context
from bot.slack.fields import ROOM, longest, most_parts, shortened, tags_of
from bot.slack.form_state import FormMeta
from bot.slack.inputs import (
    MOST_CHOSEN,
    ActionName,
    date_element,
    labelled,
    option,
    plain,
    radio_element,
    tags_element,
    text_element,
)
from bot.slack.modals import MOST_BLOCKS, MOST_SIZE, View, form_view, remark_blocks, wrong_blocks
from bot.slack.rich_text import Block, Section, blocks_of

ENTRY_FORM: Final = "entry_form"
"""The callback id of the form."""

MOST_PARTS: Final = 20
"""Fields that one text may be spread over."""
_MOST_FIELDS: Final = 66  # of all texts together; the rest of the form takes up to 28 blocks
_MOST_GROWN: Final = 72  # the same, where more room was asked for
_MOST_TEXT_SIZE: Final = 200_000  # of all texts as JSON in ASCII; the rest of the form takes up to 40,000


@dataclass(frozen=True, slots=True)
class TextField:
    """A field for text. `grows`: it can be given more room; `mark`: what it is cut after, instead of paragraphs."""

    name: str
    label: Message
    hint: Message | None = None
    placeholder: str = ""
    multiline: bool = False
    grows: bool = False
    mark: str | None = None

    @property
    def most(self) -> int | None:
        """Characters that may be typed into it; None where it may be spread over several fields."""
        return None if self.multiline else min(LONGEST[self.name], 3_000)


_URL: Final = TextField("url", msg("Address or arXiv id"), placeholder="https://arxiv.org/abs/2406.14548 · 2406.14548")
_TITLE: Final = TextField("title", msg("Title"))
_AUTHORS: Final = TextField("authors", msg("Authors"), hint=msg("Separated by commas"), multiline=True, mark=", ")
_ORGANISATION: Final = TextField("organisation", msg("Organisation"))
_COMMENTARY: Final = TextField("commentary", msg("Commentary in Korean"), multiline=True, grows=True)
_COMMENTARY_EN: Final = TextField("commentary_en", msg("Commentary in English"), multiline=True, grows=True)
_ABSTRACT: Final = TextField("abstract", msg("Abstract"), multiline=True, grows=True)

_TEXT_FIELDS: Final = (_URL, _TITLE, _AUTHORS, _ORGANISATION, _COMMENTARY, _COMMENTARY_EN, _ABSTRACT)
_PUBLISH: Final[Mapping[str, Message]] = {
    Publish.TODAY: msg("Today"),
    Publish.ON_DATE: msg("On a day"),
    Publish.DRAFT: msg("Not yet: keep as a draft"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What is said in a form about what stands in it; `theirs` is what somebody else wrote, by field."""

    wrong: Mapping[str, Message]
    problem: Message | None = None
    theirs: Mapping[str, str]


def entry_view(
    form: EntryForm,
    *,
    language: Language,
    entry_id: str | None = None,
    wrong: Mapping[str, Message] | None = None,
    problem: Message | None = None,
    theirs: Mapping[str, str] | None = None,
    before: FormMeta | None = None,
) -> View:
    """The form, with what is wrong in it; `before` is what it was shown with the last time."""
    spreads = {one.name: spread(getattr(form, one.name), ROOM, one.mark) for one in _TEXT_FIELDS}
    meta = FormMeta(
        language=language,
        entry_id=entry_id,
        channel_id=before.channel_id if before else "",
        revision=form.revision,
        generation=_latest(before) + 1 if before else 0,
        between={name: one.between for name, one in spreads.items()},
        kept=before.kept if before else _too_large(form, spreads) if entry_id else (),
        theirs=tuple(theirs or ()),
        is_fresh=before is None and entry_id is not None,
    )
    remarks = Remarks(wrong=wrong or {}, problem=problem, theirs=theirs or {})
    return _view(form, _unkept(spreads, meta), meta, remarks)


def with_room(
    form: EntryForm, spreads: Mapping[str, Spread], meta: FormMeta, name: str, theirs: Mapping[str, str]
) -> View:
    """The same form as it stands before a person, with another part for one of its texts."""
    grown = dict(spreads)
    if name in grown and len(grown[name].parts) < MOST_PARTS and most_parts(grown.values()) < _MOST_GROWN:
        grown[name] = grown[name].with_room()
    between = {one: text.between for one, text in grown.items()}
    shown = replace(meta, between=between, is_fresh=False)
    return _view(form, grown, shown, Remarks(wrong={}, theirs=theirs))


def with_theirs(
    form: EntryForm, spreads: Mapping[str, Spread], meta: FormMeta, name: str, theirs: Mapping[str, str]
) -> View:
    """The same form with what somebody else wrote in one of its fields; `theirs` has all fields that differ."""
    taken = theirs.get(name, "")
    field = next((one for one in _TEXT_FIELDS if one.name == name), None)
    changed = dict(spreads)
    if field:
        changed[name] = spread(taken, ROOM, field.mark)
    left = {other: text for other, text in theirs.items() if other != name}
    shown = replace(
        meta,
        newer={**meta.newer, name: _latest(meta) + 1},
        between={other: one.between for other, one in changed.items()},
        theirs=tuple(left),
        is_fresh=False,
    )
    values: dict[str, Any] = {name: taken}
    return _view(replace(form, **values), changed, shown, Remarks(wrong={}, theirs=left))


def _latest(meta: FormMeta) -> int:
    return max(meta.generation, *meta.newer.values(), 0)


def _too_large(form: EntryForm, spreads: Mapping[str, Spread]) -> tuple[str, ...]:
    """The fields of an entry for which there is no room in a form."""
    left = dict(spreads)
    kept = ["tags"] if len(tags_of(form.tags)) > MOST_CHOSEN else []
    while left:
        name = longest(left)
        size = len(json.dumps([one.parts for one in left.values()]))
        if (
            most_parts(left.values()) <= _MOST_FIELDS
            and size <= _MOST_TEXT_SIZE
            and len(left[name].parts) <= MOST_PARTS
        ):
            break
        del left[name]
        kept.append(name)
    return tuple(kept)


def _unkept(spreads: Mapping[str, Spread], meta: FormMeta) -> dict[str, Spread]:
    return {name: one for name, one in spreads.items() if name not in meta.kept}


# --- blocks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Room:
    """How much of what somebody else wrote can be shown below each field."""

    letters: int = 0
    blocks: int = 0

    @classmethod
    def beside(cls, blocks: Sequence[Block], fields: int) -> _Room:
        """The room that these blocks leave to a number of fields, at least one."""
        each = (MOST_BLOCKS - len(blocks)) // fields - 2  # beside a line above and a button below
        letters = (MOST_SIZE - len(json.dumps(list(blocks))) - 5_000) // (12 * fields)  # an emoji is 12 in ASCII
        return cls(max(letters, 0), max(each, 0))


@dataclass(frozen=True, slots=True)
class _Shown:
    """Everything that a form shows."""

    form: EntryForm
    spreads: Mapping[str, Spread]
    meta: FormMeta
    remarks: Remarks
    room: _Room = _Room()

    @property
    def speaker(self) -> Translator:
        return translator(self.meta.language)


def _view(form: EntryForm, spreads: Mapping[str, Spread], meta: FormMeta, remarks: Remarks) -> View:
    blocks = list(_blocks(_Shown(form, spreads, meta, replace(remarks, theirs={}))))
    if remarks.theirs:
        room = _Room.beside(blocks, len(remarks.theirs))
        blocks = list(_blocks(_Shown(form, spreads, meta, remarks, room)))
    is_new = meta.entry_id is None
    title = msg("Add a paper") if is_new else msg("Change an entry")
    return form_view(ENTRY_FORM, title, msg("Add it") if is_new else msg("Save the changes"), blocks, meta)


def _blocks(shown: _Shown) -> Iterator[Block]:
    yield from remark_blocks(shown.remarks.problem, shown.form.note, shown.meta.language)
    for field in (_URL, _TITLE, _AUTHORS, _ORGANISATION, _COMMENTARY, _COMMENTARY_EN):
        yield from _text_blocks(field, shown)
    yield from _tags_blocks(shown)
    yield from _text_blocks(_ABSTRACT, shown)
    t, form = shown.speaker.t, shown.form
    yield from _field_blocks("paper_date", t("Date of the paper"), date_element(form.paper_date), shown)
    yield from _publish_blocks(shown)
    yield from _field_blocks("date", t("Digest date"), date_element(form.date), shown, t("Needed with “On a day”"))


def _text_blocks(field: TextField, shown: _Shown) -> Iterator[Block]:
    speaker, text = shown.speaker, shown.spreads.get(field.name)
    label, hint = speaker.say(field.label), speaker.say(field.hint) if field.hint else ""
    if text is None:
        yield _kept_block(label, shown)
        return
    for number, part in enumerate(text.parts, 1):
        element = text_element(part, multiline=field.multiline, placeholder=field.placeholder, most=field.most)
        numbered = f"{label} ({number}/{len(text.parts)})" if len(text.parts) > 1 else label
        is_needed = field is _TITLE and number == 1
        yield labelled(shown.meta.block(field.name, number), numbered, element, hint=hint, optional=not is_needed)
    if field.grows and len(text.parts) < MOST_PARTS:
        yield actions([_button(speaker.t("More room"), ActionName.ROOM, field.name)])
    yield from _below(field.name, shown)


def _kept_block(label: str, shown: _Shown) -> Block:
    return context(shown.speaker.say(msg("{field}: too much for a form on Slack; it stays as it is.", field=label)))


def _tags_blocks(shown: _Shown) -> Iterator[Block]:
    t = shown.speaker.t
    if "tags" in shown.meta.kept:
        yield _kept_block(t("Tags"), shown)
        return
    element = tags_element(tags_of(shown.form.tags), MOST_TAGS, t("Type to find a tag, or to add one"))
    yield from _field_blocks("tags", t("Tags"), element, shown)


def _publish_blocks(shown: _Shown) -> Iterator[Block]:
    options = [option(shown.speaker.say(label), value) for value, label in _PUBLISH.items()]
    element = radio_element(options, shown.form.publish)
    yield labelled(shown.meta.block("publish"), shown.speaker.t("Goes out"), element, optional=False)
    yield from _below("publish", shown)


def _field_blocks(name: str, label: str, element: Block, shown: _Shown, hint: str = "") -> Iterator[Block]:
    yield labelled(shown.meta.block(name), label, element, hint=hint)
    yield from _below(name, shown)


def _below(name: str, shown: _Shown) -> Iterator[Block]:
    """What is said about a field."""
    speaker, theirs = shown.speaker, shown.remarks.theirs
    yield from wrong_blocks(shown.remarks.wrong.get(name), shown.meta.language)
    if name not in theirs:
        return
    text = theirs[name]
    if name == "publish" and text in _PUBLISH:
        text = speaker.say(_PUBLISH[text])
    text = shortened(text, max(shown.room.letters, 1)) if text else "—"
    yield context(speaker.t("Somebody else wrote:"))
    yield from blocks_of([Section((Run(text),))])[: max(shown.room.blocks, 1)]
    yield actions([_button(speaker.t("Take theirs"), ActionName.TAKE, name)])


def _button(text: str, action: ActionName, value: str) -> Block:
    return {"type": "button", "text": plain(shortened(text, 75)), "action_id": f"{action}:{value}", "value": value}
