"""The forms of the local workspace: what was typed in, to a use case, to an answer. Nothing typed is ever lost."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.core.entries import Entry, Status
from bot.core.entry_form import EntryForm
from bot.core.errors import Conflict, FormError, PaperboyError, QueryError
from bot.core.messages import Message, msg
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Channel
from bot.usecases import curate, subscribe
from bot.web.answers import Answer, EntryFormAnswer, NoticeAnswer, SubscriptionFormAnswer, http_status, notice
from bot.web.commands import LAYOUTS, entry_changed
from bot.web.visitor import Visitor

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


async def save_entry(visitor: Visitor, typed: Typed, entry_id: str | None) -> Answer:
    """Add or edit an entry: the form again with what is wrong, or a notice of what becomes of it."""
    form = read_entry_form(typed)
    at = visitor.parts.clock.now()
    try:
        if entry_id is None:
            entry = await curate.add(visitor.parts.stores, visitor.caller, form, at=at)
        else:
            entry = await curate.edit(visitor.parts.stores, visitor.caller, entry_id, form, at=at)
    except Conflict as error:
        return await _caught_up(visitor, form, entry_id, error)
    except PaperboyError as error:
        return EntryFormAnswer(form, entry_id, _wrong(error), error.message, http_status(error))
    entry_changed(visitor, entry.id)
    return _saved(visitor, entry, is_new=entry_id is None)


async def _caught_up(visitor: Visitor, form: EntryForm, entry_id: str | None, error: Conflict) -> EntryFormAnswer:
    """The form with what somebody else has changed meanwhile, to be looked over and saved again."""
    status = http_status(error)
    if entry_id is None:
        return EntryFormAnswer(form, entry_id, problem=error.message, status=status)
    try:
        merged = await curate.catch_up(visitor.parts.stores, visitor.caller, entry_id, form)
    except PaperboyError as gone:
        return EntryFormAnswer(form, entry_id, problem=gone.message, status=http_status(gone))
    if merged.form.revision == form.revision:  # the conflict is with another entry
        return EntryFormAnswer(form, entry_id, problem=error.message, status=status)
    if merged.theirs:
        said = msg(
            "Somebody else has changed this meanwhile. Where you both wrote, theirs is below yours: choose, and save."
        )
    else:
        said = msg("Somebody else has changed this meanwhile. Their changes are in the form now: look, and save.")
    return EntryFormAnswer(merged.form, entry_id, problem=said, status=status, theirs=merged.theirs)


def _saved(visitor: Visitor, entry: Entry, *, is_new: bool) -> NoticeAnswer:
    suggestion = f"/paper-edit {entry.id}"
    if entry.status is Status.DRAFT:
        return notice(msg("“{title}” is kept as a draft.", title=entry.title), suggestion)
    if entry.digest_date and entry.digest_date > visitor.caller.today:
        said = msg("“{title}” goes out on {day}.", title=entry.title, day=entry.digest_date)
        return notice(said, suggestion)
    if is_new and entry.digest_date == visitor.caller.today:
        return notice(msg("“{title}” is added and on its way into the channels.", title=entry.title), suggestion)
    if is_new:
        said = msg("“{title}” is added to the digest of {day}.", title=entry.title, day=entry.digest_date or "")
        return notice(said, suggestion)
    return notice(msg("“{title}” is changed here and wherever it was posted.", title=entry.title), "/paper-undo")


async def save_subscription(visitor: Visitor, channel: Channel, typed: Typed, number: int | None) -> Answer:
    """Begin or change a subscription: the form again with what is wrong, or a notice."""
    parts, form = visitor.parts, read_subscription_form(typed)
    at = parts.clock.now()
    try:
        if number is None:
            done = await subscribe.subscribe(parts.stores, visitor.caller, channel, form, layouts=LAYOUTS, at=at)
        else:
            done = await subscribe.edit(parts.stores, visitor.caller, channel, number, form, layouts=LAYOUTS, at=at)
    except PaperboyError as error:
        suggestions = error.suggestions if isinstance(error, QueryError) else ()
        return SubscriptionFormAnswer(form, number, _wrong(error), suggestions, error.message, http_status(error))
    parts.nudge()
    if number is None:
        said = msg("Subscription {id} is set. The latest digest follows at once.", id=str(done.id))
    else:
        said = msg("Subscription {id} is changed.", id=str(done.id))
    return notice(said, "/digest list")


def _wrong(error: PaperboyError) -> Mapping[str, Message]:
    """Which fields an error is about."""
    match error:
        case FormError(fields=fields):
            return fields
        case QueryError(message=message):
            return {"query": message}
        case _:
            return {}
