"""The form for a channel's subscription as a modal: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot import wording
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.core.query_syntax import MAX_LENGTH
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Layout
from bot.locale import Translator, translator
from bot.slack.blocks import actions, context
from bot.slack.fields import shortened
from bot.slack.form_state import FormMeta
from bot.slack.inputs import (
    ActionName,
    checkbox_element,
    labelled,
    option,
    plain,
    radio_element,
    select_element,
    text_element,
    time_element,
    zone_element,
)
from bot.slack.modals import View, form_view, remark_blocks, wrong_blocks
from bot.slack.rich_text import Block

SUBSCRIPTION_FORM: Final = "subscription_form"
"""The callback id of the form."""

_MOST_SUGGESTIONS: Final = 5
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def subscription_view(
    form: SubscriptionForm,
    *,
    language: Language,
    channel_id: str,
    layouts: frozenset[Layout],
    subscription_id: int | None = None,
    wrong: Mapping[str, Message] | None = None,
    suggestions: Sequence[str] = (),
    problem: Message | None = None,
    before: FormMeta | None = None,
) -> View:
    """The form, with what is wrong in it; `before` is what it was shown with the last time."""
    meta = FormMeta(
        language=language,
        subscription_id=subscription_id,
        channel_id=channel_id,
        generation=max(before.generation, *before.newer.values(), 0) + 1 if before else 0,
    )
    blocks = remark_blocks(problem, None, language)
    for name, block in _fields(form, meta, layouts, translator(language)):
        blocks += [block, *wrong_blocks((wrong or {}).get(name), language)]
        if name == "query" and suggestions:
            blocks += _suggestion_blocks(suggestions, translator(language))
    if subscription_id is None:
        return form_view(SUBSCRIPTION_FORM, msg("Subscribe"), msg("Subscribe"), blocks, meta)
    title = msg("Change subscription {id}", id=str(subscription_id))
    return form_view(SUBSCRIPTION_FORM, title, msg("Save the changes"), blocks, meta)


def with_query(form: SubscriptionForm, meta: FormMeta, query: str, layouts: frozenset[Layout]) -> View:
    """The form as it stands before a person, with another query in it."""
    return subscription_view(
        replace(form, query=query),
        language=meta.language,
        channel_id=meta.channel_id,
        layouts=layouts,
        subscription_id=meta.subscription_id,
        before=meta,
    )


def _fields(
    form: SubscriptionForm, meta: FormMeta, layouts: frozenset[Layout], speaker: Translator
) -> Iterator[tuple[str, Block]]:
    t = speaker.t
    query = text_element(form.query, placeholder=t("everything"), most=MAX_LENGTH)
    yield (
        "query",
        _field("query", t("Which entries"), query, meta, t("A query such as tag:rlaif; empty for everything")),
    )
    at = time_element(form.at if _TIME.fullmatch(form.at) else "09:00")
    yield "at", _needed("at", t("At what time"), at, meta)
    yield "zone", _needed("zone", t("Time zone"), zone_element(form.zone, t("Type the name of a city")), meta)
    days = [option(wording.weekdays([day], speaker.language), str(day)) for day in range(7)]
    yield "weekdays", _needed("weekdays", t("On which days"), checkbox_element(days, form.weekdays), meta)
    shown = [
        option(speaker.say(name), one, speaker.say(said))
        for one, (name, said) in wording.LAYOUTS.items()
        if one in layouts
    ]
    yield "layout", _needed("layout", t("Layout"), radio_element(shown, form.layout), meta)
    languages = [option(name, one) for one, name in wording.LANGUAGES.items()]
    yield "language", _needed("language", t("Language of the posts"), select_element(languages, form.language), meta)
    late = [option(speaker.say(said), one) for one, said in wording.LATE_POLICIES.items()]
    label = t("Digests missed while Paperboy was down")
    yield "late_policy", _needed("late_policy", label, select_element(late, form.late_policy), meta)
    note = [option(t("Say so on days without entries"), "1")]
    ticked = checkbox_element(note, ("1",) if form.note_when_empty else ())
    yield "note_when_empty", _field("note_when_empty", t("Days without entries"), ticked, meta)


def _field(name: str, label: str, element: Block, meta: FormMeta, hint: str = "") -> Block:
    return labelled(meta.block(name), label, element, hint=hint)


def _needed(name: str, label: str, element: Block, meta: FormMeta) -> Block:
    return labelled(meta.block(name), label, element, optional=False)


def _suggestion_blocks(suggestions: Sequence[str], speaker: Translator) -> list[Block]:
    """Corrected queries, each of which a press puts into the field."""
    buttons: list[Block] = [
        {
            "type": "button",
            "text": plain(shortened(query, 75)),
            "action_id": f"{ActionName.QUERY}:{number}",
            "value": query,
        }
        for number, query in enumerate(suggestions[:_MOST_SUGGESTIONS])
        if query
    ]
    return [context(speaker.t("Did you mean:")), actions(buttons)] if buttons else []
