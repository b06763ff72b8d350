"""Explain what became of a digest or an entry in a channel: posted when, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.core.digests import Delivery, DeliveryState, Post, PostState
from bot.core.entries import Entry, Status
from bot.core.messages import Message, msg
from bot.core.people import Caller, Role
from bot.core.ports import Stores
from bot.core.subscriptions import Channel, Subscription
from bot.usecases.look_up import find_entry
from bot.usecases.revise import OPEN_TO_ADDITIONS, by_day
from bot.usecases.wanted import wanted_by


async def why(
    stores: Stores,
    caller: Caller,
    channel: Channel,
    *,
    day: date | None = None,
    reference: str | None = None,
    now: datetime,
) -> tuple[Message, ...]:
    """One sentence or more for each subscription of the channel, about a day's digest or one entry.

    With neither, about the latest digest.

    Raises:
        NotAllowed: for anyone but operators and maintainers.
        NotFound: no such entry.
    """
    caller.require(Role.MAINTAINER, Role.OPERATOR)
    here = await stores.subscriptions.of_channel(channel)
    if not here:
        return (msg("This channel has no subscription. /digest subscribe makes one."),)
    if reference is not None:
        entry = await find_entry(stores, caller, reference)
        found = [(subscription, await _why_entry(stores, subscription, entry, now)) for subscription in here]
    else:
        found = [(one, sentence) for one in here for sentence in await _why_day(stores, one, day, now)]
    if len(here) == 1:
        return tuple(sentence for _, sentence in found)
    return tuple(msg("No. {id} · {said}", id=str(subscription.id), said=sentence) for subscription, sentence in found)


async def _why_day(stores: Stores, subscription: Subscription, day: date | None, now: datetime) -> list[Message]:
    day = day or await wanted_by(stores, subscription, now).latest_day()
    if day is None:
        return [msg("No entry matches this subscription so far.")]
    deliveries = await stores.ledger.deliveries(subscription.id, [day])
    if not deliveries:
        return [_not_planned(subscription, day, now)]
    posts = await stores.ledger.posts([delivery.id for delivery in deliveries])
    own = next((delivery for delivery in deliveries if delivery.digest_date == day), deliveries[0])
    return [_state_of(subscription, own, posts), *_troubles(posts)]


def _not_planned(subscription: Subscription, day: date, now: datetime) -> Message:
    if subscription.paused:
        return _paused(day)
    if subscription.delivered_through and day <= subscription.delivered_through:
        return msg(
            "{day}: not posted, because it is older than the subscription. /digest send {day} posts it.", day=day
        )
    return msg(
        "{day}: not due yet. The next run is at {at}.",
        day=day,
        at=_local(subscription, subscription.next_run_at or now),
    )


def _paused(day: date) -> Message:
    return msg("{day}: not posted, because the subscription is paused. /digest resume goes on.", day=day)


def _state_of(subscription: Subscription, delivery: Delivery, posts: Sequence[Post]) -> Message:
    day = delivery.digest_date
    reason = delivery.reason or msg("not all of it was delivered.")
    match delivery.state:
        case DeliveryState.DELIVERED:
            sent = [post.sent_at for post in posts if post.sent_at and post.delivery_id == delivery.id]
            if not sent:
                return msg("{day}: delivered.", day=day)
            return msg("{day}: delivered on {at}.", day=day, at=_local(subscription, min(sent)))
        case DeliveryState.PLANNED if subscription.paused:
            return _paused(day)
        case DeliveryState.PLANNED:
            return msg("{day}: on its way.", day=day)
        case DeliveryState.EMPTY:
            return msg("{day}: came due, but no entry of that day matches this subscription.", day=day)
        case _:
            return msg("{day}: {reason}", day=day, reason=reason)


def _troubles(posts: Sequence[Post]) -> list[Message]:
    """What holds posts back, each reason once."""
    troubles: dict[str, Message] = {}
    for post in posts:
        if post.reason is not None and post.state in (PostState.FAILED, PostState.REFUSED, PostState.UNCERTAIN):
            troubles.setdefault(str(post.reason), _trouble(post, post.reason))
    return list(troubles.values())


def _trouble(post: Post, reason: Message) -> Message:
    if post.state is PostState.REFUSED:
        return msg("Given up: {reason}", reason=reason)
    if post.next_attempt_at is None:
        return msg("Failed: {reason}", reason=reason)
    return msg("Failed: {reason} Next attempt at {at} UTC.", reason=reason, at=f"{post.next_attempt_at:%H:%M:%S}")


async def _why_entry(stores: Stores, subscription: Subscription, entry: Entry, now: datetime) -> Message:
    posts = await stores.ledger.posts_of_entries(subscription.id, [entry.id])
    live = [post for post in posts if post.state is not PostState.WITHDRAWN]
    if live:
        return _where(subscription, entry, live[-1])
    if entry.status is Status.DRAFT:
        return msg("“{title}” is a draft: it is posted once it is published.", title=entry.title)
    if entry.digest_date is None:
        return msg("“{title}” has no digest date.", title=entry.title)
    if entry.id not in await wanted_by(stores, subscription, now).among([entry.id]):
        return _why_not_wanted(subscription, entry, entry.digest_date, now)
    return await _why_missing(stores, subscription, entry, entry.digest_date, now)


def _why_not_wanted(subscription: Subscription, entry: Entry, day: date, now: datetime) -> Message:
    if day > subscription.local_date(now):
        return msg("“{title}” is not due before {day}.", title=entry.title, day=day)
    return msg(
        "“{title}” is filtered out by this subscription's query: {query}", title=entry.title, query=subscription.query
    )


async def _why_missing(stores: Stores, subscription: Subscription, entry: Entry, day: date, now: datetime) -> Message:
    """Why an entry that the subscription wants has no post."""
    if subscription.paused:
        return _paused(day)
    if subscription.seen_change < await stores.archive.latest_change():
        return msg("“{title}” is on its way.", title=entry.title)
    carrier = by_day(await stores.ledger.deliveries(subscription.id, [day])).get(day)
    if carrier and carrier.state in OPEN_TO_ADDITIONS:
        return msg(
            "“{title}” came while the subscription was paused. /digest send {day} posts it.",
            title=entry.title,
            day=day,
        )
    return (await _why_day(stores, subscription, day, now))[0]


def _where(subscription: Subscription, entry: Entry, post: Post) -> Message:
    match post.state:
        case PostState.SENT if post.sent_at:
            return msg(
                "“{title}” was posted here on {at}, in the digest of {day}.",
                title=entry.title,
                at=_local(subscription, post.sent_at),
                day=post.digest_date,
            )
        case PostState.PLANNED | PostState.SENDING:
            return msg("“{title}” is on its way.", title=entry.title)
        case _:
            return _trouble(post, post.reason or msg("no reason was recorded"))


def _local(subscription: Subscription, moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(subscription.zone)).strftime("%Y-%m-%d %H:%M")
