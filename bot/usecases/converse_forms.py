"""Save the forms that a conversation has opened. Nothing typed is ever lost: what is wrong comes back as the form."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.entries import Entry, Status
from bot.core.entry_form import EntryForm
from bot.core.errors import Conflict, FormError, PaperboyError, QueryError
from bot.core.messages import Message, msg
from bot.core.people import Caller
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Channel
from bot.usecases import curate, subscribe
from bot.usecases.answers import Answer, EntryFormAnswer, NoticeAnswer, SubscriptionFormAnswer, notice
from bot.usecases.desk import Desk


async def save_entry(desk: Desk, caller: Caller, form: EntryForm, entry_id: str | None) -> Answer:
    """Add an entry, or with its id edit one: the form again with what is wrong, or a notice of what becomes of it."""
    at = desk.clock.now()
    try:
        if entry_id is None:
            entry = await curate.add(desk.stores, caller, form, at=at)
        else:
            entry = await curate.edit(desk.stores, caller, entry_id, form, at=at)
    except Conflict as error:
        return await _caught_up(desk, caller, form, entry_id, error)
    except PaperboyError as error:
        return EntryFormAnswer(form, entry_id, _wrong(error), error.message, error)
    desk.entry_changed(entry.id)
    return _saved(caller, entry, is_new=entry_id is None)


async def _caught_up(
    desk: Desk, caller: Caller, form: EntryForm, entry_id: str | None, error: Conflict
) -> EntryFormAnswer:
    """The form with what somebody else has changed meanwhile, to be looked over and saved again."""
    if entry_id is None:
        return EntryFormAnswer(form, entry_id, problem=error.message, error=error)
    try:
        merged = await curate.catch_up(desk.stores, caller, entry_id, form)
    except PaperboyError as gone:
        return EntryFormAnswer(form, entry_id, problem=gone.message, error=gone)
    if merged.form.revision == form.revision:  # the conflict is with another entry
        return EntryFormAnswer(form, entry_id, problem=error.message, error=error)
    if merged.theirs:
        said = msg(
            "Somebody else has changed this meanwhile. Where you both wrote, theirs is below yours: choose, and save."
        )
    else:
        said = msg("Somebody else has changed this meanwhile. Their changes are in the form now: look, and save.")
    return EntryFormAnswer(merged.form, entry_id, problem=said, error=error, theirs=merged.theirs)


def _saved(caller: Caller, entry: Entry, *, is_new: bool) -> NoticeAnswer:
    suggestion = f"/paper-edit {entry.id}"
    if entry.status is Status.DRAFT:
        return notice(msg("“{title}” is kept as a draft.", title=entry.title), suggestion)
    if entry.digest_date and entry.digest_date > caller.today:
        said = msg("“{title}” goes out on {day}.", title=entry.title, day=entry.digest_date)
        return notice(said, suggestion)
    if is_new and entry.digest_date == caller.today:
        return notice(
            msg(
                "“{title}” is added to today's digest. Channels that have it already get it at once.", title=entry.title
            ),
            suggestion,
        )
    if is_new:
        said = msg("“{title}” is added to the digest of {day}.", title=entry.title, day=entry.digest_date or "")
        return notice(said, suggestion)
    return notice(msg("“{title}” is changed here and wherever it was posted.", title=entry.title), "/paper-undo")


async def save_subscription(
    desk: Desk, caller: Caller, channel: Channel, form: SubscriptionForm, number: int | None
) -> Answer:
    """Begin a subscription, or with its number change one: the form again with what is wrong, or a notice."""
    at = desk.clock.now()
    try:
        if number is None:
            done = await subscribe.subscribe(
                desk.stores, desk.courier, caller, channel, form, layouts=desk.layouts, at=at
            )
        else:
            done = await subscribe.edit(desk.stores, caller, channel, number, form, layouts=desk.layouts, at=at)
    except PaperboyError as error:
        suggestions = error.suggestions if isinstance(error, QueryError) else ()
        return SubscriptionFormAnswer(form, number, _wrong(error), suggestions, error.message, error)
    desk.nudge()
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
