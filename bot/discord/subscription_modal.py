"""The form for a channel's subscription as two windows: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from bot import wording
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.core.query_syntax import MAX_LENGTH
from bot.core.spreading import length
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Layout
from bot.discord.form_state import Page, SubscriptionState
from bot.discord.modals import MOST_VALUE, ChoiceField, Field, Modal, TextField, Typed, is_untouched
from bot.locale import Translator, translator

PAGES: Final[Mapping[Page, Message]] = {
    Page.MAIN: msg("Entries, time and layout"),
    Page.MORE: msg("Language and missed digests"),
}
"""The pages, and what they are called."""

LABELS: Final[Mapping[str, Message]] = {
    "query": msg("Which entries"),
    "at": msg("At what time"),
    "zone": msg("Time zone"),
    "weekdays": msg("On which days"),
    "layout": msg("Layout"),
    "language": msg("Language of the posts"),
    "late_policy": msg("Digests missed while Paperboy was down"),
    "note_when_empty": msg("Days without entries"),
}
_ON_MAIN: Final = frozenset({"query", "at", "zone", "weekdays", "layout"})
_TEXTS: Final = ("query", "at", "zone")
_CHOICES: Final = ("layout", "language", "late_policy")
_SAY_SO: Final = "say"


def label_of(name: str) -> Message:
    """What a field is called."""
    return LABELS.get(name, msg("Subscription"))


def page_with(name: str) -> Page:
    """The page on which a field stands."""
    return Page.MAIN if name in _ON_MAIN else Page.MORE


def subscription_modal(
    form: SubscriptionForm, state: SubscriptionState, *, language: Language, layouts: frozenset[Layout]
) -> Modal:
    """The window for a page of the form; `layouts` are those that the channel can show."""
    speaker = translator(language)
    title = msg("Change subscription {id}", id=str(state.number)) if state.number else msg("Subscribe")
    made = _main_fields(form, layouts, speaker) if state.page is Page.MAIN else _more_fields(form, speaker)
    return Modal(speaker.say(title), tuple(made))


def _main_fields(form: SubscriptionForm, layouts: frozenset[Layout], speaker: Translator) -> Iterator[Field]:
    t = speaker.t
    if length(form.query) <= MOST_VALUE:  # one that holds more than Discord takes is left out, and stays as it is
        yield TextField(
            name="query",
            label=speaker.say(LABELS["query"]),
            hint=t("A query such as tag:rlaif; empty for everything"),
            value=form.query,
            placeholder=t("everything"),
            most=max(MAX_LENGTH, length(form.query)),
        )
    yield TextField(name="at", label=speaker.say(LABELS["at"]), value=form.at, placeholder="09:00", required=True)
    yield TextField(
        name="zone", label=speaker.say(LABELS["zone"]), value=form.zone, placeholder="Asia/Seoul", required=True
    )
    yield ChoiceField(
        name="weekdays",
        label=speaker.say(LABELS["weekdays"]),
        options=tuple((str(day), wording.weekdays([day], speaker.language), "") for day in range(7)),
        chosen=form.weekdays,
        several=True,
    )
    shown = {layout: words for layout, words in wording.LAYOUTS.items() if layout in layouts}
    yield ChoiceField(
        name="layout",
        label=speaker.say(LABELS["layout"]),
        options=tuple((one.value, speaker.say(name), speaker.say(what)) for one, (name, what) in shown.items()),
        chosen=(form.layout,) if form.layout in layouts else (next(iter(shown)).value,),
    )


def _more_fields(form: SubscriptionForm, speaker: Translator) -> Iterator[Field]:
    yield ChoiceField(
        name="language",
        label=speaker.say(LABELS["language"]),
        options=tuple((one.value, name, "") for one, name in wording.LANGUAGES.items()),
        chosen=(form.language,),
    )
    yield ChoiceField(
        name="late_policy",
        label=speaker.say(LABELS["late_policy"]),
        options=tuple((one.value, speaker.say(said), "") for one, said in wording.LATE_POLICIES.items()),
        chosen=(form.late_policy,),
    )
    yield ChoiceField(
        name="note_when_empty",
        label=speaker.say(LABELS["note_when_empty"]),
        options=((_SAY_SO, speaker.t("Say so on days without entries"), ""), ("-", speaker.t("Post nothing"), "")),
        chosen=(_SAY_SO if form.note_when_empty else "-",),
    )


def with_typed(form: SubscriptionForm, typed: Typed) -> SubscriptionForm:
    """The form with what was typed and chosen on a page; what nobody touched stays to the letter."""
    touched = (name for name in _TEXTS if name in typed and not is_untouched(typed[name][0], getattr(form, name)))
    changed: dict[str, Any] = {name: typed[name][0] for name in touched}
    changed |= {name: typed[name][0] for name in _CHOICES if typed.get(name)}
    if "weekdays" in typed:
        changed["weekdays"] = typed["weekdays"]
    if "note_when_empty" in typed:
        changed["note_when_empty"] = _SAY_SO in typed["note_when_empty"]
    return replace(form, **changed)
