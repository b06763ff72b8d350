"""What a form carries with itself, and what a person has put into it: pure.

All that is needed to read a form when it is sent travels in its `private_metadata`, so that it outlives a restart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.core.entry_form import EntryForm
from bot.core.people import Language
from bot.core.spreading import Spread, join
from bot.core.subscription_form import SubscriptionForm
from bot.slack.fields import block_id, chosen_tags

TEXTS: Final = ("title", "authors", "organisation", "url", "abstract", "commentary", "commentary_en")
"""The fields of an entry's form that hold text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormMeta:
    """What a form is about. `generation` counts how often it was shown anew, `newer` names fields that were since.

    `between` holds by field what stands between the parts of its text. `kept` are fields too large for a form, which
    stay as the entry has them. `theirs` are fields below which another person's text stands. `is_fresh`: the form
    shows an entry as it was opened, with nothing typed yet.
    """

    language: Language
    entry_id: str | None = None
    subscription_id: int | None = None
    channel_id: str = ""
    revision: int = 0
    generation: int = 0
    newer: Mapping[str, int] = field(default_factory=dict)
    between: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    is_fresh: bool = False

    def block(self, name: str, part: int = 1) -> str:
        """What a field is called in this form."""
        return block_id(name, part, self.newer.get(name, self.generation))


def write_meta(meta: FormMeta) -> str:
    """As `private_metadata`: what is not as usual, as JSON."""
    told: dict[str, object] = {
        "language": meta.language.value,
        "entry": meta.entry_id,
        "subscription": meta.subscription_id,
        "channel": meta.channel_id,
        "revision": meta.revision,
        "generation": meta.generation,
        "newer": dict(meta.newer),
        "between": {name: list(texts) for name, texts in meta.between.items() if texts},
        "kept": list(meta.kept),
        "theirs": list(meta.theirs),
        "fresh": meta.is_fresh,
    }
    return json.dumps({name: it for name, it in told.items() if it}, ensure_ascii=False, separators=(",", ":"))


def read_meta(view: Mapping[str, Any]) -> FormMeta:
    """The meta of a form as Slack hands it back.

    Raises:
        ValueError: it is no form of Paperboy's.
    """
    try:
        told = json.loads(str(view.get("private_metadata") or ""))
        language = Language(told["language"])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError("no form of Paperboy's") from error
    return FormMeta(
        language=language,
        entry_id=told.get("entry"),
        subscription_id=told.get("subscription"),
        channel_id=told.get("channel", ""),
        revision=told.get("revision", 0),
        generation=told.get("generation", 0),
        newer=told.get("newer", {}),
        between={name: tuple(texts) for name, texts in told.get("between", {}).items()},
        kept=tuple(told.get("kept", ())),
        theirs=tuple(told.get("theirs", ())),
        is_fresh=bool(told.get("fresh")),
    )


class Typed:
    """What stands in the fields of a form, by their names."""

    def __init__(self, view: Mapping[str, Any], meta: FormMeta) -> None:
        state = (view.get("state") or {}).get("values")
        self._values: Mapping[str, Any] = state if isinstance(state, dict) else {}
        self._elements = {block.get("block_id"): block.get("element") or {} for block in view.get("blocks") or ()}
        self._meta = meta

    def text(self, name: str) -> str:
        """A text, put together again."""
        return join(self.spread(name))

    def spread(self, name: str) -> Spread:
        """A text in the parts it stands in."""
        between = self._meta.between.get(name, ())
        return Spread(tuple(self._part(name, part) for part in range(1, len(between) + 2)), between)

    def date(self, name: str) -> str:
        """A day in ISO form, or nothing."""
        return str(self._state(name).get("selected_date") or "")

    def time(self, name: str) -> str:
        """HH:MM, or nothing."""
        return str(self._state(name).get("selected_time") or "")

    def chosen(self, name: str) -> str:
        """The value of the one option that is chosen, or nothing."""
        return str((self._state(name).get("selected_option") or {}).get("value") or "")

    def all_chosen(self, name: str) -> tuple[str, ...]:
        """The values of the options that are chosen."""
        return tuple(str(one.get("value")) for one in self._state(name).get("selected_options") or ())

    def is_as_shown(self, name: str) -> bool:
        """Whether a text still is what the form was shown with."""
        parts = range(1, len(self._meta.between.get(name, ())) + 2)
        return all(self._part(name, part) == self._shown(name, part) for part in parts)

    def _part(self, name: str, part: int) -> str:
        return _one_line_end(self._state(name, part).get("value"))

    def _shown(self, name: str, part: int) -> str:
        element = self._elements.get(self._meta.block(name, part), {})
        return _one_line_end(element.get("initial_value"))

    def _state(self, name: str, part: int = 1) -> Mapping[str, Any]:
        block = self._meta.block(name, part)
        actions = self._values.get(block)
        if actions:
            state: Mapping[str, Any] = next(iter(actions.values()))
            return state
        return _untouched(self._elements.get(block, {}))  # Slack has been seen to tell only what was touched


def _one_line_end(text: object) -> str:
    return str(text or "").replace("\r\n", "\n")


def _untouched(element: Mapping[str, Any]) -> Mapping[str, Any]:
    """The state of an element in which nothing has been changed."""
    names = {
        "value": "initial_value",
        "selected_option": "initial_option",
        "selected_options": "initial_options",
        "selected_date": "initial_date",
        "selected_time": "initial_time",
    }
    return {state: element.get(initial) for state, initial in names.items()}


def read_entry(typed: Typed, meta: FormMeta, opened: EntryForm | None) -> EntryForm:
    """The form of an entry as it was sent; `opened` is what it was filled with, None for a new one."""
    before = opened or EntryForm()
    texts: dict[str, Any] = {name: typed.text(name) for name in TEXTS}
    form = EntryForm(
        **texts,
        tags=chosen_tags(typed.all_chosen("tags"), before.tags),
        paper_date=typed.date("paper_date"),
        publish=typed.chosen("publish"),
        date=typed.date("date"),
        revision=meta.revision,
    )
    return _with_untouched(form, typed, meta, opened) if opened else form


def _with_untouched(form: EntryForm, typed: Typed, meta: FormMeta, opened: EntryForm) -> EntryForm:
    """The same with the entry's own texts where nobody has written: what Slack makes of some letters is no change."""
    names = set(meta.kept)
    if meta.is_fresh and opened.revision == meta.revision:
        names |= {name for name in TEXTS if typed.is_as_shown(name)}
    return replace(form, **{name: getattr(opened, name) for name in names})


def read_subscription(typed: Typed) -> SubscriptionForm:
    """The form of a subscription as it was sent."""
    return SubscriptionForm(
        query=" ".join(typed.text("query").split()),
        at=typed.time("at"),
        zone=typed.chosen("zone"),
        weekdays=typed.all_chosen("weekdays"),
        layout=typed.chosen("layout"),
        language=typed.chosen("language"),
        late_policy=typed.chosen("late_policy"),
        note_when_empty=bool(typed.all_chosen("note_when_empty")),
    )
