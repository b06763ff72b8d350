"""The forms of the local workspace: what was typed in, as the fields that the core knows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.core.entry_form import EntryForm
from bot.core.subscription_form import SubscriptionForm

Typed = Mapping[str, tuple[str, ...]]


def read_entry_form(typed: Typed) -> EntryForm:
    """The fields as typed; a revision that is no number is 0, which no entry has."""
    revision = _one(typed, "revision")
    return EntryForm(
        title=_one(typed, "title"),
        authors=_one(typed, "authors"),
        organisation=_one(typed, "organisation"),
        url=_one(typed, "url"),
        abstract=_one(typed, "abstract"),
        commentary=_one(typed, "commentary"),
        commentary_en=_one(typed, "commentary_en"),
        tags=_one(typed, "tags"),
        paper_date=_one(typed, "paper_date"),
        publish=_one(typed, "publish"),
        date=_one(typed, "date"),
        revision=int(revision) if re.fullmatch("[0-9]{1,9}", revision) else 0,
    )


def read_subscription_form(typed: Typed) -> SubscriptionForm:
    """The fields as typed."""
    return SubscriptionForm(
        query=_one(typed, "query"),
        at=_one(typed, "at"),
        zone=_one(typed, "zone"),
        weekdays=tuple(typed.get("weekdays", ())),
        layout=_one(typed, "layout"),
        language=_one(typed, "language"),
        late_policy=_one(typed, "late_policy"),
        note_when_empty=bool(_one(typed, "note_when_empty")),
    )


def _one(typed: Typed, name: str) -> str:
    return next(iter(typed.get(name, ())), "").replace("\r\n", "\n")
