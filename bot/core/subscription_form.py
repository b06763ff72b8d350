"""The form for a subscription: texts as typed in, a subscription out, every wrong field named."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.errors import FormError, QueryError
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.core.query import AfterTerm, BeforeTerm, DateTerm, SavedTerm
from bot.core.query_syntax import parse
from bot.core.query_writing import unparse
from bot.core.subscriptions import LatePolicy, Layout, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionForm:
    """What stands in the fields. `at` is HH:MM; `weekdays` digits 0 (Monday) to 6 (Sunday)."""

    query: str = ""
    at: str = "09:00"
    zone: str = "Asia/Seoul"
    weekdays: tuple[str, ...] = ("0", "1", "2", "3", "4", "5", "6")
    layout: str = Layout.CARDS
    language: str = Language.KOREAN
    late_policy: str = LatePolicy.IN_ORDER
    note_when_empty: bool = False


def form_of(subscription: Subscription) -> SubscriptionForm:
    """The form filled with a subscription."""
    return SubscriptionForm(
        query=subscription.query,
        at=subscription.at.strftime("%H:%M"),
        zone=subscription.zone,
        weekdays=tuple(str(day) for day in sorted(subscription.weekdays)),
        layout=subscription.layout,
        language=subscription.language,
        late_policy=subscription.late_policy,
        note_when_empty=subscription.note_when_empty,
    )


def read_form(form: SubscriptionForm, before: Subscription, layouts: frozenset[Layout]) -> Subscription:
    """`before` with the form's fields; `layouts` are those the channel can show.

    Raises:
        FormError: with one message for each wrong field.
    """
    wrong: dict[str, Message] = {}
    query = _read_query(form.query, wrong)
    at = _read_time(form.at, wrong)
    zone = _read_zone(form.zone, wrong)
    weekdays = frozenset(int(day) for day in form.weekdays if re.fullmatch(r"[0-6]", day))
    if not weekdays:
        wrong["weekdays"] = msg("Choose at least one weekday.")
    if form.layout not in layouts:
        wrong["layout"] = msg("This channel cannot show that layout.")
    if form.language not in list(Language):
        wrong["language"] = msg("Choose Korean or English.")
    if form.late_policy not in list(LatePolicy):
        wrong["late_policy"] = msg("Choose what happens to missed digests.")
    if wrong:
        raise FormError(msg("Some fields need another look."), wrong)
    return replace(
        before,
        query=query,
        at=at,
        zone=zone,
        weekdays=weekdays,
        layout=Layout(form.layout),
        language=Language(form.language),
        late_policy=LatePolicy(form.late_policy),
        note_when_empty=form.note_when_empty,
    )


def standing_query(typed: str) -> str:
    """A query that can be asked of every day's digest, as Paperboy writes it.

    Raises:
        QueryError: not understood, or it depends on a date, an order or a person.
    """
    query = parse(typed)
    if query.sort is not None or any(
        isinstance(term, DateTerm | AfterTerm | BeforeTerm | SavedTerm) for term in query.terms
    ):
        raise QueryError(
            msg("A subscription chooses by tags, authors and words only: leave out dates, sort: and is:saved.")
        )
    return unparse(query)


def _read_query(typed: str, wrong: dict[str, Message]) -> str:
    try:
        return standing_query(typed)
    except QueryError as error:
        wrong["query"] = error.message
        return ""


def _read_time(typed: str, wrong: dict[str, Message]) -> time:
    found = re.fullmatch(r"([01]?\d|2[0-3])[:：]([0-5]\d)", typed.strip())
    if not found:
        wrong["at"] = msg("A time looks like 09:00 or 18:30.")
        return time(9)
    return time(int(found[1]), int(found[2]))


def _read_zone(typed: str, wrong: dict[str, Message]) -> str:
    name = typed.strip()
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong["zone"] = msg("There is no time zone “{zone}”. Names look like Asia/Seoul or Europe/Berlin.", zone=name)
    return name
