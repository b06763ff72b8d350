"""A channel's standing orders: subscribe, change, pause, resume, end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.errors import FormError, NotFound
from bot.core.messages import msg
from bot.core.people import Caller, Role
from bot.core.ports import Courier, Stores
from bot.core.query_syntax import parse
from bot.core.subscription_form import SubscriptionForm, form_of, read_form
from bot.core.subscriptions import Channel, Layout, Subscription, last_run, next_run
from bot.usecases.look_up import refuse_unknown_tags
from bot.usecases.owed import plans_for
from bot.usecases.wanted import Choices


def new_form(caller: Caller, zone: str) -> SubscriptionForm:
    """The form for a new subscription.

    Raises:
        NotAllowed: for anyone but operators.
    """
    caller.require(Role.OPERATOR)
    return SubscriptionForm(zone=zone, language=caller.language)


async def subscribe(
    stores: Stores,
    courier: Courier,
    caller: Caller,
    channel: Channel,
    form: SubscriptionForm,
    *,
    layouts: frozenset[Layout],
    at: datetime,
) -> Subscription:
    """Keep what the form describes, and plan the latest digest so that people see it work.

    Raises:
        NotAllowed: for anyone but operators.
        FormError: wrong fields, or the channel has the same already.
        QueryError: a tag the archive does not have.
        CourierError: Paperboy cannot get into the channel.
    """
    caller.require(Role.OPERATOR)
    wanted = read_form(form, Subscription(channel=channel, created_by=caller.person), layouts)
    await refuse_unknown_tags(stores, parse(wanted.query))
    await _refuse_twice(stores, wanted)
    await courier.enter(channel)
    return await begin(stores, wanted, at=at)


async def _refuse_twice(stores: Stores, wanted: Subscription) -> None:
    """The same entries in the same language twice would only be every digest twice."""
    for known in await stores.subscriptions.of_channel(wanted.channel):
        if (known.query, known.language) == (wanted.query, wanted.language):
            said = msg(
                "Subscription {id} of this channel brings this already. /digest edit {id} changes it.", id=str(known.id)
            )
            raise FormError(msg("Some fields need another look."), {"query": said})


async def begin(stores: Stores, wanted: Subscription, *, at: datetime) -> Subscription:
    """Start a subscription that has been checked already; nobody's permission is asked here."""
    seen = await stores.archive.latest_change()
    # Due at once and never served: should this be interrupted here, the delivery loop makes the start.
    added = await stores.subscriptions.add(replace(wanted, seen_change=seen, next_run_at=at, delivered_through=None))
    (plan,) = await plans_for(stores, Choices(stores), [added], at)
    await stores.ledger.plan(added, plan.deliveries, served=plan.served)
    return plan.served or added


async def subscriptions(stores: Stores, caller: Caller, channel: Channel) -> Sequence[Subscription]:
    """This channel's subscriptions, oldest first.

    Raises:
        NotAllowed: for anyone but operators.
    """
    caller.require(Role.OPERATOR)
    return await stores.subscriptions.of_channel(channel)


async def open_form(
    stores: Stores, caller: Caller, channel: Channel, subscription_id: int | None
) -> tuple[Subscription, SubscriptionForm]:
    """One of this channel's subscriptions with the form that shows it.

    Raises:
        NotAllowed: for anyone but operators.
        NotFound: no such subscription here, or several and none named.
    """
    subscription = await _one(stores, caller, channel, subscription_id)
    return subscription, form_of(subscription)


async def edit(
    stores: Stores,
    caller: Caller,
    channel: Channel,
    subscription_id: int,
    form: SubscriptionForm,
    *,
    layouts: frozenset[Layout],
    at: datetime,
) -> Subscription:
    """Change a subscription. What has been delivered stays; what is owed, and the next run, follow the new order.

    Raises:
        NotAllowed, NotFound, FormError, QueryError.
    """
    before = await _one(stores, caller, channel, subscription_id)
    wanted = read_form(form, before, layouts)
    await refuse_unknown_tags(stores, parse(wanted.query))
    changed = replace(wanted, next_run_at=_next_look(wanted, at))
    await stores.subscriptions.replace(changed)
    return changed


def _next_look(wanted: Subscription, at: datetime) -> datetime | None:
    """When a changed order is due: at once where a run of it has passed whose day is not delivered yet."""
    if wanted.paused:
        return None
    passed = last_run(wanted, at)
    if wanted.delivered_through and wanted.delivered_through >= wanted.local_date(passed):
        return next_run(wanted, at)
    return min(passed, wanted.next_run_at or passed)


async def pause(stores: Stores, caller: Caller, channel: Channel, subscription_id: int | None) -> Subscription:
    """Post nothing new until it is resumed; what is posted still follows its entries.

    Raises:
        NotAllowed, NotFound.
    """
    before = await _one(stores, caller, channel, subscription_id)
    changed = replace(before, paused=True, next_run_at=None)
    await stores.subscriptions.replace(changed)
    return changed


async def resume(
    stores: Stores, caller: Caller, channel: Channel, subscription_id: int | None, *, at: datetime
) -> Subscription:
    """Go on with the next run: those that passed during the pause were not wanted, so they are not owed.

    Raises:
        NotAllowed, NotFound.
    """
    before = await _one(stores, caller, channel, subscription_id)
    if not before.paused:
        return before
    passed = before.local_date(last_run(before, at))
    changed = replace(
        before,
        paused=False,
        next_run_at=next_run(before, at),
        delivered_through=max(passed, before.delivered_through or passed),
    )
    await stores.subscriptions.replace(changed)
    return changed


async def unsubscribe(stores: Stores, caller: Caller, channel: Channel, subscription_id: int | None) -> Subscription:
    """End a subscription. Its posts stay, and still follow their entries.

    Raises:
        NotAllowed, NotFound.
    """
    subscription = await _one(stores, caller, channel, subscription_id)
    await stores.subscriptions.remove(subscription.id)
    return subscription


async def _one(stores: Stores, caller: Caller, channel: Channel, subscription_id: int | None) -> Subscription:
    """The subscription that is meant: the named one, or the channel's only one."""
    caller.require(Role.OPERATOR)
    here = await stores.subscriptions.of_channel(channel)
    if not here:
        raise NotFound(msg("This channel has no subscription. /digest subscribe makes one."))
    if subscription_id is None:
        if len(here) == 1:
            return here[0]
        numbers = ", ".join(str(subscription.id) for subscription in here)
        raise NotFound(
            msg("This channel has several subscriptions: name one by its number ({numbers}).", numbers=numbers)
        )
    for subscription in here:
        if subscription.id == subscription_id:
            return subscription
    raise NotFound(msg("This channel has no subscription {number}. /digest list shows them.", number=subscription_id))
