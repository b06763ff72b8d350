"""Keep posted copies right: late additions, edits and removals reach every channel that has, or should have, the entry.

Each subscription remembers up to which change of the archive its posts are right. What changed since is compared
with the ledger and turned into orders, in one transaction with the new mark: a crash in between repeats it. Paused and
ended subscriptions get no additions, but what they have posted is edited and withdrawn like everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.core.digests import (
    Delivery,
    DeliveryState,
    PlannedPost,
    Post,
    PostKind,
    PostState,
    entry_key,
    header_key,
)
from bot.core.entries import Entry
from bot.core.ports import Looked, PostChangeOrder, Stores
from bot.core.subscriptions import Layout, Subscription
from bot.usecases.concerned import CHANGES_AT_ONCE, Concerned
from bot.usecases.each import PAGE, Failures, for_pages
from bot.usecases.wanted import wanted_by

OPEN_TO_ADDITIONS = frozenset(
    {DeliveryState.PLANNED, DeliveryState.DELIVERED, DeliveryState.EMPTY, DeliveryState.MERGED}
)
_GONE = frozenset({PostState.WITHDRAWN, PostState.REFUSED})
_MAY_BE_SHOWN = frozenset({PostState.SENT, PostState.SENDING, PostState.UNCERTAIN})


@dataclass(slots=True)
class _Orders:
    """What one batch of changes asks of one subscription's posts."""

    additions: dict[int, list[PlannedPost]] = field(default_factory=dict)
    changes: dict[int, PostChangeOrder] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)  # deliveries whose head must be looked at again


async def revise_posts(stores: Stores, now: datetime) -> int:
    """Bring the posts of every subscription up to the archive's latest change; how many orders were given.

    Raises:
        ExceptionGroup: some could not be brought up to date and are behind still; all others are not.
    """

    latest = await stores.archive.latest_change()
    concerned, failures = Concerned(stores, latest), Failures()

    async def page_after(last: Subscription | None) -> Sequence[Subscription]:
        return await stores.subscriptions.behind(latest, limit=PAGE, after=last)

    async def serve(page: Sequence[Subscription]) -> int:
        count = 0
        for subscription in await concerned.among(page):
            with failures.kept(subscription):
                count += await _revise(stores, subscription, now)
        return count

    done = await for_pages(page_after, serve, failures)
    failures.tell()
    return done


async def _revise(stores: Stores, subscription: Subscription, now: datetime) -> int:
    """Bring one up to date, or as far as nothing else is planned for it meanwhile; how many orders were given."""
    count = 0
    while changed := await stores.archive.changed_since(subscription.seen_change, limit=CHANGES_AT_ONCE):
        orders, looked = await _orders_for(stores, subscription, [entry for _, entry in changed], now)
        seen = changed[-1][0]
        is_noted = await stores.ledger.amend(
            subscription.id, seen_change=seen, additions=orders.additions, changes=orders.changes, looked=looked
        )
        if not is_noted:
            break
        count += len(orders.additions) + len(orders.changes)
        subscription = replace(subscription, seen_change=seen)
    return count


async def _orders_for(
    stores: Stores, subscription: Subscription, entries: Sequence[Entry], now: datetime
) -> tuple[_Orders, Looked]:
    """What changed entries ask of its posts, and how it stood when that was found out."""
    ids = [entry.id for entry in entries]
    # Whether its day has come is not asked here: it has where there is a delivery, also if the zone was changed since.
    wanted = await wanted_by(stores, subscription, now, later_too=True).among(ids)
    posts = _by_entry(await stores.ledger.posts_of_entries(subscription.id, ids))
    days = {entry.digest_date for entry in entries if entry.digest_date}
    deliveries = await stores.ledger.deliveries(subscription.id, days)
    carriers = by_day(deliveries)
    orders = _Orders()
    open_to_additions = not (subscription.paused or subscription.ended)
    for entry in entries:
        delivery = carriers.get(entry.digest_date) if entry.id in wanted and entry.digest_date else None
        missing = _order_changes(orders, entry, posts.get(entry.id, []), delivery)
        if missing and open_to_additions and delivery and delivery.state in OPEN_TO_ADDITIONS:
            orders.additions.setdefault(delivery.id, []).append(
                _late_post(subscription, entry, len(posts.get(entry.id, [])), delivery)
            )
    if orders.additions or orders.touched:
        await _order_heads(stores, subscription, orders, deliveries)
    return orders, Looked(subscription.seen_change, days, {delivery.id for delivery in deliveries})


def _by_entry(posts: Sequence[Post]) -> dict[str, list[Post]]:
    found: dict[str, list[Post]] = {}
    for post in posts:
        if post.entry_id:
            found.setdefault(post.entry_id, []).append(post)
    return found


def by_day(deliveries: Sequence[Delivery]) -> dict[date, Delivery]:
    """The delivery that carries each day: its own, or the one it was merged into."""
    carriers = {day: delivery for delivery in deliveries for day in delivery.merged_dates}
    own = {delivery.digest_date: delivery for delivery in deliveries if delivery.state is not DeliveryState.MERGED}
    return carriers | own


def _order_changes(orders: _Orders, entry: Entry, posts: list[Post], delivery: Delivery | None) -> bool:
    """What has to become of an entry's posts: stay and be edited, or be withdrawn; whether its delivery lacks one."""
    live = [post for post in posts if post.state not in _GONE]
    kept = [post for post in live if delivery and post.delivery_id == delivery.id]
    for post in live:
        orders.touched.add(post.delivery_id)
        if post not in kept:
            orders.changes[post.id] = PostChangeOrder(withdraw=True)
        elif post.state in _MAY_BE_SHOWN and post.revision != entry.revision:
            orders.changes[post.id] = PostChangeOrder(withdraw=False)
    return not kept


def _late_post(subscription: Subscription, entry: Entry, generation: int, delivery: Delivery) -> PlannedPost:
    """A post for an entry that its delivery lacks; late unless it is the first the channel sees of that digest."""
    assert entry.digest_date is not None
    nothing_yet = delivery.state in (DeliveryState.EMPTY, DeliveryState.SKIPPED, DeliveryState.FAILED)
    return PlannedPost(
        key=entry_key(subscription.id, entry.digest_date, entry.id, generation),
        kind=PostKind.ENTRY,
        entry_id=entry.id,
        late=not nothing_yet,
        in_thread=subscription.layout is Layout.COMPACT,
    )


async def _order_heads(
    stores: Stores, subscription: Subscription, orders: _Orders, deliveries: Sequence[Delivery]
) -> None:
    """Edit the head of every delivery whose entries changed; add one where there is none, withdraw a bare one."""
    concerned = orders.touched | set(orders.additions)
    posts: dict[int, list[Post]] = {}
    for post in await stores.ledger.posts(concerned):
        posts.setdefault(post.delivery_id, []).append(post)
    known = {delivery.id: delivery for delivery in deliveries}
    for delivery_id in concerned:
        of_delivery, delivery = posts.get(delivery_id, []), known.get(delivery_id)
        _order_head(orders, subscription, delivery_id, of_delivery, delivery)
        if delivery_id in orders.additions and delivery and delivery.state is DeliveryState.EMPTY:
            _take_back_note(orders, of_delivery)


def _take_back_note(orders: _Orders, posts: Collection[Post]) -> None:
    """A day that was said to be without entries has some now."""
    for post in posts:
        if post.kind is PostKind.NOTE and post.state not in _GONE:
            orders.changes[post.id] = PostChangeOrder(withdraw=True)


def _order_head(
    orders: _Orders, subscription: Subscription, delivery_id: int, posts: list[Post], delivery: Delivery | None
) -> None:
    heads = [post for post in posts if post.kind in (PostKind.HEADER, PostKind.LIST)]
    head = next((post for post in heads if post.state not in _GONE), None)
    additions = orders.additions.get(delivery_id, [])
    if head is None:
        if additions and delivery and subscription.layout is not Layout.FORUM:
            kind = PostKind.LIST if subscription.layout is Layout.COMPACT else PostKind.HEADER
            key = header_key(subscription.id, delivery.digest_date, len(heads))
            additions.insert(0, PlannedPost(key=key, kind=kind))
        return
    if additions or _any_left(posts, orders.changes):
        if head.state in _MAY_BE_SHOWN:
            orders.changes[head.id] = PostChangeOrder(withdraw=False)
    else:
        orders.changes[head.id] = PostChangeOrder(withdraw=True)


def _any_left(posts: Collection[Post], changes: Mapping[int, PostChangeOrder]) -> bool:
    """Whether an entry's post remains once the orders are carried out."""
    return any(
        post.kind is PostKind.ENTRY
        and post.state not in _GONE
        and not (post.id in changes and changes[post.id].withdraw)
        for post in posts
    )


async def lay_out_missing(
    stores: Stores, subscription: Subscription, delivery: Delivery, entries: tuple[Entry, ...]
) -> int:
    """Plan posts for those of a digest's entries that its delivery lacks; how many there were."""
    posts = _by_entry(await stores.ledger.posts_of_entries(subscription.id, [entry.id for entry in entries]))
    orders = _Orders()
    for entry in entries:
        before = posts.get(entry.id, [])
        if all(post.state in _GONE for post in before):
            orders.additions.setdefault(delivery.id, []).append(_late_post(subscription, entry, len(before), delivery))
    if not orders.additions:
        return 0
    planned = len(orders.additions[delivery.id])
    await _order_heads(stores, subscription, orders, [delivery])
    await stores.ledger.amend(subscription.id, seen_change=None, additions=orders.additions, changes=orders.changes)
    return planned
