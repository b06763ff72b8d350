"""What a window is about, and what stands in it beside its fields: pure.

A form has more fields than a window, so it is shown a page at a time; the rest of it is kept with the window's id.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from bot.core.entry_form import EntryForm
from bot.core.subscription_form import SubscriptionForm


class Page(StrEnum):
    """The pages of both forms."""

    MAIN = "main"
    SOURCE = "source"
    COMMENTARY = "commentary"
    COMMENTARY_EN = "commentary_en"
    ABSTRACT = "abstract"
    MORE = "more"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryState:
    """A page of an entry's form. Without `form` it shows the entry as it is; `start` counts a long text's windows."""

    form: EntryForm | None = None
    entry_id: str | None = None
    page: Page = Page.MAIN
    start: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionState:
    """A page of a subscription's form. Without `form` it shows the subscription as it is."""

    form: SubscriptionForm | None = None
    number: int | None = None
    page: Page = Page.MAIN


State = EntryState | SubscriptionState


def write_state(state: State) -> str:
    """As text: what is not as usual, as JSON.

    >>> write_state(EntryState(entry_id="e42", page=Page.SOURCE))
    '{"entry":"e42","page":"source"}'
    """
    told: dict[str, Any]
    match state:
        case EntryState(entry_id=entry_id, start=start):
            told = {"entry": entry_id or "", "start": start or None}
        case SubscriptionState(number=number):
            told = {"subscription": number or 0}
    told |= {"page": state.page.value, "form": _told(state.form) if state.form else None}
    return json.dumps({name: it for name, it in told.items() if it is not None}, separators=(",", ":"))


def _told(form: EntryForm | SubscriptionForm) -> dict[str, Any]:
    """What is not as in a new form; a remark about how it was filled in was said when it was offered, and goes."""
    usual = type(form)()
    told = {field.name: getattr(form, field.name) for field in fields(form) if field.name != "note"}
    return {name: value for name, value in told.items() if value != getattr(usual, name)}


def read_state(text: str) -> State | None:
    """The state of a text; None for what is none, or is broken.

    >>> read_state('{"subscription":3,"page":"more"}')
    SubscriptionState(form=None, number=3, page=<Page.MORE: 'more'>)
    """
    try:
        told = json.loads(text)
        page = Page(told["page"])
        if "entry" in told:
            entry_id, start = _same_kind(told["entry"], ""), _same_kind(told.get("start", 0), 0)
            form = _form(EntryForm(), told.get("form"))
            return EntryState(form=form, entry_id=entry_id or None, page=page, start=max(start, 0))
        number = _same_kind(told["subscription"], 0)
        return SubscriptionState(form=_form(SubscriptionForm(), told.get("form")), number=number or None, page=page)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _form(usual: Any, told: Any) -> Any:
    """A new form with what is told of it; what a later Paperboy may have added is left out."""
    if told is None:
        return None
    known = {field.name for field in fields(usual)} & _same_kind(told, {}).keys() - {"note"}
    return replace(usual, **{name: _same_kind(told[name], getattr(usual, name)) for name in known})


def _same_kind(value: Any, usual: Any) -> Any:
    """A value of the kind that is usual there.

    Raises:
        TypeError: it is another.
    """
    if isinstance(usual, tuple):
        return tuple(_same_kind(one, "") for one in _same_kind(value, []))
    if type(value) is not (str if isinstance(usual, str) else type(usual)):
        raise TypeError(value)
    return value
