from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.core.digests import (
    Delivery,
    DeliveryState,
    PlannedDelivery,
    PlannedPost,
    Post,
    PostChange,
    PostKind,
    PostState,
)
from bot.core.leases import LEASE
from bot.core.messages import msg
from bot.core.ports import PostChangeOrder
from bot.core.subscriptions import Subscription
from storage.opening import Storage, open_storage

DAY = date(2024, 6, 21)
WHY = msg("The channel is gone.")
SECOND = timedelta(seconds=1)


class Desk:
    """One subscription with posts h, a, b planned, and short ways to act on them."""

    def __init__(self, storage: Storage, order: Subscription, now: datetime) -> None:
        self.storage, self.ledger, self.order, self.now = storage, storage.ledger, order, now

    async def plan(self, keys: str, *, day: date = DAY, in_thread: bool = False) -> None:
        posts = tuple(
            PlannedPost(
                key=f"{self.order.id}/{day}/{key}",
                kind=PostKind.NOTE if key != "h" else PostKind.HEADER,
                in_thread=in_thread and key != "h",
            )
            for key in keys
        )
        delivery = PlannedDelivery(digest_date=day, state=DeliveryState.PLANNED, due_at=self.now, posts=posts)
        await self.ledger.plan(self.order, [delivery])

    async def claim(self, after: timedelta = timedelta(0)) -> Post | None:
        return await self.ledger.claim(self.order.channel, self.now + after)

    async def next(self, after: timedelta = timedelta(0)) -> Post:
        post = await self.claim(after)
        assert post is not None
        return post

    async def sent(self, post: Post) -> None:
        await self.ledger.mark_sent(post, message_id=f"m{post.id}", revision=3, at=self.now)

    async def send_all(self) -> None:
        while post := await self.claim():
            await self.sent(post)

    async def change(self, post: Post, *, withdraw: bool) -> None:
        orders = {post.id: PostChangeOrder(withdraw=withdraw)}
        await self.ledger.amend(self.order.id, seen_change=None, additions={}, changes=orders)

    async def delivery(self, day: date = DAY) -> Delivery:
        (delivery,) = await self.ledger.deliveries(self.order.id, [day])
        return delivery

    async def posts(self) -> dict[str, Post]:
        posts = await self.ledger.posts([(await self.delivery()).id])
        return {post.key[-1]: post for post in posts}

    async def states(self) -> str:
        return " ".join(f"{key}:{post.state}" for key, post in (await self.posts()).items())

    async def waiting(self, after: timedelta = timedelta(0)) -> bool:
        return await self.ledger.channels_waiting(self.now + after) == [self.order.channel]


@pytest.fixture
async def desk(storage: Storage, order: Subscription, now: datetime) -> Desk:
    desk = Desk(storage, await storage.subscriptions.add(order), now)
    await desk.plan("hab")
    return desk


async def test_posts_go_out_one_by_one_in_order(desk: Desk) -> None:
    assert await desk.waiting()
    for key in "hab":
        post = await desk.next()
        assert (post.key[-1], post.state, post.attempts) == (key, PostState.PLANNED, 0)
        kept = (await desk.posts())[key]
        assert (kept.state, kept.attempts) == (PostState.SENDING, 1)
        assert await desk.claim() is None  # the one under way holds back those behind it
        assert not await desk.waiting()
        await desk.sent(post)
    assert await desk.claim() is None
    kept = (await desk.posts())["b"]
    assert (kept.state, kept.revision, kept.message_id) == (PostState.SENT, 3, f"m{kept.id}")
    assert (await desk.delivery()).state is DeliveryState.DELIVERED


async def test_marking_sent_twice_keeps_the_first(desk: Desk) -> None:
    post = await desk.next()
    await desk.sent(post)
    await desk.ledger.mark_sent(post, message_id="other", revision=9, at=desk.now)
    assert (await desk.posts())["h"].message_id == f"m{post.id}"


async def test_a_failed_post_waits_and_holds_back_the_rest(desk: Desk) -> None:
    post = await desk.next()
    await desk.ledger.mark_failed(post.id, reason=WHY, retry_at=desk.now + SECOND)
    assert await desk.claim() is None
    assert not await desk.waiting()
    assert await desk.waiting(SECOND)
    kept = (await desk.posts())["h"]
    assert (kept.state, kept.reason, kept.next_attempt_at) == (PostState.FAILED, WHY, desk.now + SECOND)
    again = await desk.next(SECOND)
    assert (again.id, again.state, again.attempts) == (post.id, PostState.FAILED, 1)
    await desk.sent(again)
    kept = (await desk.posts())["h"]
    assert (kept.reason, kept.attempts, kept.next_attempt_at) == (None, 2, None)


async def test_an_interrupted_post_is_looked_up_first(desk: Desk) -> None:
    post = await desk.next()
    assert await desk.ledger.recover() == 1
    assert await desk.ledger.recover() == 0
    uncertain = await desk.next()
    assert (uncertain.id, uncertain.state) == (post.id, PostState.UNCERTAIN)
    assert (await desk.posts())["h"].state is PostState.UNCERTAIN
    assert await desk.claim(timedelta(days=1)) is None  # it stays with who looks it up
    await desk.ledger.mark_uncertain(post.id, reason=WHY, retry_at=desk.now + 2 * SECOND)  # who could not be told
    assert await desk.claim(SECOND) is None
    assert (await desk.next(2 * SECOND)).reason == WHY
    await desk.ledger.mark_failed(post.id, reason=WHY, retry_at=desk.now)  # it never arrived
    assert (await desk.next()).state is PostState.FAILED


async def test_a_post_nobody_knows_about_is_looked_up_when_asked(desk: Desk) -> None:
    post = await desk.next()
    assert await desk.ledger.mark_uncertain(post.id, reason=WHY, retry_at=desk.now + SECOND)
    await desk.next(SECOND)
    assert not await desk.ledger.mark_uncertain(post.id, reason=WHY, retry_at=desk.now + SECOND)  # no news
    await desk.next(SECOND)
    assert await desk.ledger.mark_uncertain(post.id, reason=msg("Another."), retry_at=desk.now + SECOND)
    assert not await desk.waiting()
    assert await desk.waiting(SECOND)
    uncertain = await desk.next(SECOND)
    assert uncertain.state is PostState.UNCERTAIN
    await desk.sent(uncertain)
    assert (await desk.next()).key[-1] == "a"


async def test_what_is_being_served_is_not_recovered(desk: Desk) -> None:
    await desk.next()
    assert await desk.ledger.recover([desk.order.channel]) == 0
    assert await desk.states() == "h:sending a:planned b:planned"
    assert await desk.ledger.recover([replace(desk.order.channel, id="random")]) == 1
    assert await desk.states() == "h:uncertain a:planned b:planned"


@pytest.fixture
async def other(desk: Desk, database_url: str) -> AsyncIterator[Desk]:
    """The same subscription as another worker sees it."""
    storage = await open_storage(database_url, worker="other")
    yield Desk(storage, desk.order, desk.now)
    await storage.close()


async def test_what_another_worker_holds_is_left_to_it_however_late_it_is(desk: Desk, other: Desk) -> None:
    await desk.next()
    assert await other.ledger.recover() == 0
    assert await other.claim(timedelta(days=365)) is None
    assert not await other.waiting(timedelta(days=365))


async def test_a_worker_that_stands_still_for_a_lease_loses_what_it_holds(desk: Desk, other: Desk) -> None:
    post = await desk.next()
    assert await other.ledger.take_over(1000.0) == 0  # it begins to watch
    assert await other.ledger.take_over(1000.0 + LEASE - 1) == 0
    assert await desk.ledger.renew(post.id)
    assert await other.ledger.take_over(1000.0 + LEASE) == 0
    assert await other.ledger.take_over(1000.0 + 2 * LEASE) == 1
    assert not await desk.ledger.renew(post.id)
    orphan = await other.next()
    assert (orphan.id, orphan.state) == (post.id, PostState.UNCERTAIN)


async def test_a_worker_never_takes_over_its_own(desk: Desk) -> None:
    await desk.next()
    for elapsed in (0.0, LEASE, 10 * LEASE):
        assert await desk.ledger.take_over(elapsed) == 0


async def test_a_claim_that_ended_and_was_made_anew_is_another_one(desk: Desk, other: Desk) -> None:
    post = await desk.next()
    await other.ledger.take_over(0.0)
    await desk.ledger.mark_failed(post.id, reason=WHY, retry_at=desk.now)
    assert (await desk.next()).id == post.id
    assert await other.ledger.take_over(LEASE) == 0


async def test_who_has_lost_a_post_can_say_only_that_it_was_sent(desk: Desk, other: Desk) -> None:
    post = await desk.next()
    for elapsed in (0.0, LEASE):
        await other.ledger.take_over(elapsed)
    await other.next()
    await desk.ledger.mark_failed(post.id, reason=WHY, retry_at=desk.now)
    assert not await desk.ledger.mark_uncertain(post.id, reason=WHY, retry_at=desk.now)
    assert not await desk.ledger.mark_refused(post.id, reason=WHY)
    await desk.ledger.mark_withdrawn(post.id)
    await desk.ledger.mark_changed(post.id, revision=2)
    assert await desk.states() == "h:uncertain a:planned b:planned"
    assert await desk.claim() is None, "the other one is looking it up"
    await desk.sent(post)
    assert await desk.states() == "h:sent a:planned b:planned"


async def test_the_pauses_grow_with_every_attempt_at_a_change(desk: Desk) -> None:
    await desk.send_all()
    header = (await desk.posts())["h"]
    await desk.change(header, withdraw=False)
    for attempts in (1, 2, 3):
        assert (await desk.next()).attempts == attempts
        await desk.ledger.mark_failed(header.id, reason=WHY, retry_at=desk.now)
    await desk.next()
    await desk.ledger.mark_changed(header.id, revision=4)
    assert (await desk.posts())["h"].attempts == 0


async def test_what_may_be_there_and_is_withdrawn_says_so(desk: Desk) -> None:
    header = await desk.next()
    await desk.ledger.mark_uncertain(header.id, reason=WHY, retry_at=desk.now)
    await desk.change(header, withdraw=True)
    assert (await desk.next()).change is PostChange.WITHDRAW


async def test_a_refused_post_ends_its_delivery_only(desk: Desk) -> None:
    await desk.plan("c", day=date(2024, 6, 22))
    await desk.sent(await desk.next())
    await desk.ledger.mark_refused((await desk.next()).id, reason=WHY)
    assert await desk.states() == "h:sent a:refused b:refused"
    assert (await desk.posts())["b"].reason == WHY
    assert (await desk.delivery()).state is DeliveryState.FAILED
    assert (await desk.next()).key[-1] == "c"


async def test_a_post_refused_alone_leaves_the_rest_of_its_delivery(desk: Desk) -> None:
    await desk.sent(await desk.next())
    assert not await desk.ledger.mark_refused((await desk.next()).id, reason=WHY, alone=True)
    assert await desk.states() == "h:sent a:refused b:planned"
    await desk.sent(await desk.next())
    assert (await desk.delivery()).state is DeliveryState.DELIVERED


async def test_a_delivery_whose_posts_were_refused_one_by_one_has_failed(desk: Desk) -> None:
    await desk.sent(await desk.next())  # the header, which is nothing by itself
    assert not await desk.ledger.mark_refused((await desk.next()).id, reason=WHY, alone=True)
    assert await desk.ledger.mark_refused((await desk.next()).id, reason=WHY, alone=True)
    assert (await desk.delivery()).state is DeliveryState.FAILED


async def test_only_the_first_of_several_failures_is_news(desk: Desk) -> None:
    async def refuse(number: int) -> bool:
        await desk.plan("x", day=DAY + timedelta(number))
        return await desk.ledger.mark_refused((await desk.next()).id, reason=WHY)

    first, sibling = (await desk.next()).id, (await desk.posts())["b"].id
    assert await desk.ledger.mark_refused(first, reason=WHY)  # nothing has come before it
    assert not await desk.ledger.mark_refused(sibling, reason=WHY)  # has been refused with it
    assert not await refuse(1)
    later = PlannedDelivery(digest_date=DAY + timedelta(2), state=DeliveryState.EMPTY, due_at=desk.now)
    await desk.ledger.plan(desk.order, [later])
    assert not await refuse(3)  # an empty day has put nothing right
    await desk.plan("y", day=DAY + timedelta(4))
    await desk.send_all()
    assert await refuse(-1)  # by when it was planned, not by the day
    assert not await refuse(5)


async def test_failures_elsewhere_do_not_make_one_old_news(desk: Desk) -> None:
    other = Desk(desk.storage, await desk.storage.subscriptions.add(replace(desk.order, id=0)), desk.now)
    assert await desk.ledger.mark_refused((await desk.next()).id, reason=WHY)
    await other.plan("x")
    assert await other.ledger.mark_refused((await other.next()).id, reason=WHY)


async def test_when_a_post_was_first_tried_stays(desk: Desk) -> None:
    assert (await desk.posts())["h"].tried_at is None
    post = await desk.next(SECOND)
    assert post.tried_at == (await desk.posts())["h"].tried_at == desk.now + SECOND
    await desk.ledger.mark_failed(post.id, reason=WHY, retry_at=desk.now)
    assert (await desk.next(2 * SECOND)).tried_at == desk.now + SECOND
    await desk.ledger.recover()
    assert (await desk.next(3 * SECOND)).tried_at == desk.now + SECOND
    await desk.sent(post)
    assert (await desk.posts())["h"].tried_at == desk.now + SECOND


async def test_a_withdrawn_post_never_goes_out(desk: Desk) -> None:
    await desk.change((await desk.posts())["a"], withdraw=True)
    await desk.sent(await desk.next())
    assert (await desk.next()).key[-1] == "b"
    await desk.send_all()
    assert await desk.states() == "h:sent a:withdrawn b:sending"


async def test_a_delivery_of_withdrawn_posts_is_over(desk: Desk) -> None:
    for post in (await desk.posts()).values():
        await desk.change(post, withdraw=True)
    assert (await desk.delivery()).state is DeliveryState.DELIVERED
    assert not await desk.waiting()


async def test_changes_come_when_all_is_out(desk: Desk) -> None:
    header = await desk.next()
    await desk.sent(header)
    await desk.change(header, withdraw=False)
    post = await desk.next()
    assert (post.key[-1], post.change) == ("a", None)
    await desk.sent(post)
    await desk.sent(await desk.next())
    change = await desk.next()
    assert (change.id, change.state, change.change) == (header.id, PostState.SENT, PostChange.EDIT)
    assert await desk.claim() is None
    await desk.ledger.mark_changed(header.id, revision=4)
    kept = (await desk.posts())["h"]
    assert (kept.change, kept.revision, kept.next_attempt_at) == (None, 4, None)
    assert not await desk.waiting(timedelta(days=1))


async def test_a_withdrawal(desk: Desk) -> None:
    await desk.send_all()
    header = (await desk.posts())["h"]
    await desk.change(header, withdraw=True)
    assert (await desk.next()).change is PostChange.WITHDRAW
    await desk.ledger.mark_withdrawn(header.id)
    kept = (await desk.posts())["h"]
    assert (kept.state, kept.change, kept.message_id) == (PostState.WITHDRAWN, None, header.message_id)
    assert (await desk.delivery()).state is DeliveryState.DELIVERED


async def test_a_change_ordered_during_a_change_is_not_lost(desk: Desk) -> None:
    await desk.send_all()
    header = (await desk.posts())["h"]
    await desk.change(header, withdraw=False)
    await desk.next()
    await desk.change(header, withdraw=False)
    await desk.ledger.mark_changed(header.id, revision=4)
    assert (await desk.next()).change is PostChange.EDIT
    await desk.change(header, withdraw=True)
    await desk.ledger.mark_changed(header.id, revision=5)
    assert (await desk.next()).change is PostChange.WITHDRAW


async def test_a_change_ordered_while_sending_is_made_afterwards(desk: Desk) -> None:
    header = await desk.next()
    await desk.change(header, withdraw=True)
    await desk.sent(header)
    await desk.send_all()
    kept = (await desk.posts())["h"]
    assert (kept.state, kept.change) == (PostState.SENT, PostChange.WITHDRAW)


async def test_a_withdrawal_ordered_while_sending_fails_is_the_end(desk: Desk) -> None:
    header = await desk.next()
    await desk.change(header, withdraw=True)
    await desk.ledger.mark_failed(header.id, reason=WHY, retry_at=desk.now)
    assert (await desk.posts())["h"].state is PostState.WITHDRAWN


async def test_a_change_that_fails_or_is_refused(desk: Desk) -> None:
    await desk.send_all()
    header = (await desk.posts())["h"]
    await desk.change(header, withdraw=False)
    await desk.next()
    await desk.ledger.mark_failed(header.id, reason=WHY, retry_at=desk.now + SECOND)
    assert await desk.claim() is None
    assert (await desk.posts())["h"].state is PostState.SENT
    assert (await desk.next(SECOND)).change is PostChange.EDIT
    assert not await desk.ledger.mark_refused(header.id, reason=WHY)
    kept = (await desk.posts())["h"]
    assert (kept.state, kept.change, kept.reason) == (PostState.SENT, None, WHY)
    assert (await desk.delivery()).state is DeliveryState.DELIVERED
    assert not await desk.waiting(timedelta(days=1))


async def test_posts_in_a_thread_know_its_message(desk: Desk) -> None:
    await desk.send_all()
    await desk.plan("hab", day=date(2024, 6, 22), in_thread=True)
    header = await desk.next()
    assert header.thread_id is None
    await desk.sent(header)
    card = await desk.next()
    assert (card.in_thread, card.thread_id) == (True, f"m{header.id}")


async def test_a_channel_waits_for_its_own_posts_only(desk: Desk) -> None:
    elsewhere = replace(desk.order.channel, id="random")
    other = Desk(
        desk.storage, await desk.storage.subscriptions.add(replace(desk.order, id=0, channel=elsewhere)), desk.now
    )
    await other.plan("x")
    await desk.next()
    assert await desk.ledger.channels_waiting(desk.now) == [elsewhere]
    assert (await other.next()).key[-1] == "x"


async def test_a_removed_subscription_posts_nothing_more(desk: Desk) -> None:
    await desk.storage.subscriptions.remove(desk.order.id)
    assert await desk.claim() is None
    assert not await desk.waiting()
    assert await desk.states() == "h:planned a:planned b:planned"


async def test_marking_posts_that_are_not_there_changes_nothing(desk: Desk) -> None:
    post = await desk.next()
    await desk.ledger.mark_failed(post.id, reason=WHY, retry_at=desk.now)
    await desk.ledger.mark_sent(replace(post, id=99), message_id="x", revision=1, at=desk.now)
    await desk.ledger.mark_changed(99, revision=1)
    await desk.ledger.mark_withdrawn(99)
    assert not await desk.ledger.mark_uncertain(99, reason=WHY, retry_at=desk.now)
    await desk.ledger.mark_failed(99, reason=WHY, retry_at=desk.now)
    assert not await desk.ledger.mark_refused(99, reason=WHY)
    assert await desk.states() == "h:failed a:planned b:planned"


async def test_no_post_is_handed_out_twice(desk: Desk, database_url: str) -> None:
    """Two workers with databases of their own, and several tasks each."""
    await desk.plan("".join(chr(ord("A") + number) for number in range(12)), day=date(2024, 6, 22))
    other = await open_storage(database_url, worker="other")
    handed: list[int] = []

    async def work(storage: Storage) -> None:
        while len(handed) < 15:
            post = await storage.ledger.claim(desk.order.channel, desk.now)
            if post:
                handed.append(post.id)
                await storage.ledger.mark_sent(post, message_id=str(post.id), revision=1, at=desk.now)

    async with asyncio.timeout(60):
        await asyncio.gather(*(work(storage) for storage in (desk.storage, other) for _ in range(3)))
    await other.close()
    assert await desk.claim() is None
    assert len(handed) == len(set(handed)) == 15
    assert handed == sorted(handed)


async def test_a_word_of_an_earlier_process_that_comes_late_counts_no_more(desk: Desk, database_url: str) -> None:
    post = await desk.next()
    again = await open_storage(database_url)  # the same worker, started again
    try:
        assert await again.ledger.recover([desk.order.channel]) == 1
        uncertain = await again.ledger.claim(desk.order.channel, desk.now)
        assert uncertain is not None
        await desk.ledger.mark_failed(post.id, reason=WHY, retry_at=desk.now)
        assert await desk.states() == "h:uncertain a:planned b:planned"
        assert await desk.claim() is None
    finally:
        await again.close()
