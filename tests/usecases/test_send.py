"""Whatever a platform answers to one post ends in the ledger, and holds back nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.core.digests import Content, DeliveryState, PostState
from bot.core.entries import Status
from bot.core.errors import ContentRefused, DeliveryUncertain, StorageBusy
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.subscriptions import Channel
from bot.usecases.explain import why
from bot.usecases.revise import revise_posts
from bot.usecases.send import Serving, Timing, send_waiting
from bot.usecases.subscribe import pause, resume, unsubscribe

from .conftest import HERE, OPERATOR, THERE, Desk, SmallPlatform, busy, failing, uncertain

DAY = date(2024, 6, 21)


async def _withdrawn_while_shut_out(desk: Desk) -> None:
    one, two = await desk.add("One"), await desk.add("Two")
    await desk.subscribe()
    await desk.round()
    desk.chat.channels.remove(HERE)
    await desk.change(one, status=Status.REMOVED)
    await desk.change(two, title="Dos")
    async with asyncio.timeout(10):  # not asked on and on
        await desk.round()
    assert await desk.stores.ledger.channels_waiting(desk.clock.now() + timedelta(hours=5)) == []


async def test_changes_wait_until_paperboy_is_let_in_again(desk: Desk) -> None:
    await _withdrawn_while_shut_out(desk)
    for _ in range(4):
        desk.clock.pass_time(hours=6)
        await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "Two"]
    desk.chat.channels.add(HERE)
    await desk.round()
    assert "One" in desk.chat.shown(), "nobody asks before its time"
    desk.clock.pass_time(hours=6)
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "Dos"]


async def test_changes_where_nobody_lets_paperboy_in_again_come_to_an_end(desk: Desk) -> None:
    await _withdrawn_while_shut_out(desk)
    for _ in range(200):
        desk.clock.pass_time(hours=6)
        await desk.send()
    assert await desk.stores.ledger.channels_waiting(desk.clock.now() + timedelta(days=365)) == []


async def test_an_edit_that_is_not_taken_is_given_up_and_holds_back_no_other(desk: Desk) -> None:
    one, two = await desk.add("One"), await desk.add("Two")
    await desk.subscribe()
    await desk.round()
    desk.chat.edit_faults = [None, refused()]  # the header's is taken
    await desk.change(one, title="Uno")
    await desk.change(two, title="Dos")
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "Dos"]
    assert await desk.stores.ledger.channels_waiting(desk.clock.now() + timedelta(days=365)) == []


async def test_an_unforeseen_error_holds_back_its_own_channel_only(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    await desk.subscribe(THERE)
    desk.chat.faults = [KeyError("surprise")]
    with pytest.raises(ExceptionGroup) as caught:
        await desk.send()
    assert isinstance(caught.value.exceptions[0], KeyError)
    assert len(desk.chat.shown(HERE)) + len(desk.chat.shown(THERE)) == 2
    desk.clock.pass_time(hours=1)
    await desk.round()
    assert desk.chat.shown(HERE) == desk.chat.shown(THERE) == ["head 2024-06-21 (1)", "One"]


class Silent(SmallPlatform):
    """A platform that never answers in one channel."""

    async def send(
        self, channel: Channel, content: Content, *, key: str, language: Language, thread_id: str | None
    ) -> str:
        if channel == HERE:
            await asyncio.Event().wait()
        return await super().send(channel, content, key=key, language=language, thread_id=thread_id)


async def test_a_platform_that_never_answers_is_not_waited_for(desk: Desk) -> None:
    desk.chat = Silent()
    await desk.add("One")
    await desk.subscribe()
    await desk.subscribe(THERE)
    serving = Serving(desk.stores, {"chat": desk.chat}, desk.clock, timing=Timing(timeout=0.5))
    async with asyncio.timeout(20):
        await asyncio.gather(*await serving.start())
    assert desk.chat.shown(THERE) == ["head 2024-06-21 (1)", "One"]
    (delivery,) = await desk.stores.ledger.deliveries(1, [DAY])
    states = [post.state for post in await desk.stores.ledger.posts([delivery.id])]
    assert states == [PostState.UNCERTAIN, PostState.PLANNED]


async def test_a_post_whose_ledger_failed_after_it_was_sent_is_found_and_not_sent_again(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    ledger = failing(desk.stores.ledger, "mark_sent", "mark_uncertain", error=StorageBusy(msg("Busy.")))
    with pytest.raises(StorageBusy):
        await send_waiting(replace(desk.stores, ledger=ledger), {"chat": desk.chat}, desk.clock)
    desk.clock.pass_time(hours=1)
    await desk.round()
    assert desk.chat.finds == 1
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "One"]


async def test_an_entry_put_off_to_tomorrow_before_it_was_sent_does_not_go_out_today(desk: Desk) -> None:
    one = await desk.add("One")
    await desk.add("Two")
    await desk.subscribe()
    await desk.change(one, digest_date=date(2024, 6, 22))
    await desk.send()  # before the change has been looked at
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "Two"]
    desk.clock.moment = datetime(2024, 6, 22, 0, 0, tzinfo=desk.clock.moment.tzinfo)
    await desk.round()
    assert desk.chat.shown()[2:] == ["head 2024-06-22 (1)", "One"]


async def test_what_may_have_arrived_and_is_not_wanted_any_more_is_never_sent_again(desk: Desk) -> None:
    one = await desk.add("One", date(2024, 6, 20))
    await desk.subscribe()
    desk.chat.faults = [None, uncertain()]
    await desk.send()
    (head, card) = list(desk.chat.messages)
    assert desk.chat.messages[card].key.endswith(one.id)
    del desk.chat.messages[card]  # it never arrived after all
    await desk.change(one, digest_date=date(2024, 6, 10))
    await revise_posts(desk.stores, desk.clock.now())
    while not desk.chat.arrivals.empty():
        desk.chat.arrivals.get_nowait()
    desk.clock.pass_time(hours=1)
    await desk.round()
    assert desk.chat.arrivals.empty()
    assert head not in desk.chat.messages
    assert await desk.stores.ledger.claim(HERE, desk.clock.now() + timedelta(days=1)) is None


async def test_an_unwanted_post_that_cannot_be_looked_up_is_looked_up_later(desk: Desk) -> None:
    one = await desk.add("One", date(2024, 6, 20))
    await desk.subscribe()
    desk.chat.faults = [None, uncertain()]
    await desk.send()
    await desk.change(one, digest_date=date(2024, 6, 10))
    await revise_posts(desk.stores, desk.clock.now())
    found, desk.chat.find = desk.chat.find, _busy_find  # type: ignore[method-assign]
    desk.clock.pass_time(hours=1)
    await desk.send()
    desk.chat.find = found  # type: ignore[method-assign]
    desk.clock.pass_time(hours=1)
    await desk.round()
    assert desk.chat.shown() == []


@pytest.mark.parametrize("what", ["pause", "unsubscribe"])
async def test_what_may_have_arrived_is_withdrawn_also_where_nothing_is_posted_any_more(desk: Desk, what: str) -> None:
    one = await desk.add("One")
    await desk.subscribe()
    desk.chat.faults = [None, uncertain()]
    await desk.send()
    await _stop(desk, what)
    await desk.change(one, status=Status.REMOVED)
    await _rounds(desk, 2)
    assert desk.chat.shown() == []


@pytest.mark.parametrize("what", ["pause", "unsubscribe"])
async def test_what_has_not_arrived_is_not_sent_where_nothing_is_posted_any_more(desk: Desk, what: str) -> None:
    await desk.add("One")
    await desk.subscribe()
    desk.chat.faults = [None, uncertain()]
    await desk.send()
    del desk.chat.messages[list(desk.chat.messages)[1]]  # it never arrived after all
    await _stop(desk, what)
    await _rounds(desk, 2)
    assert desk.chat.finds == 1
    assert desk.chat.shown() == ["head 2024-06-21 (1)"]
    if what == "pause":
        await resume(desk.stores, OPERATOR, HERE, None, at=desk.clock.now())
        await _rounds(desk, 1)
        assert desk.chat.shown() == ["head 2024-06-21 (1)", "One"]


async def _stop(desk: Desk, what: str) -> None:
    if what == "pause":
        await pause(desk.stores, OPERATOR, HERE, None)
    else:
        await unsubscribe(desk.stores, OPERATOR, HERE, None)


async def _busy_find(channel: Channel, key: str, *, thread_id: str | None, since: datetime) -> str | None:
    raise uncertain()


# --- what is refused for what it says -------------------------------------------------------------------------------


def refused() -> ContentRefused:
    return ContentRefused(msg("Slack did not accept this ({code}).", code="invalid_blocks"))


async def test_an_entry_that_is_not_taken_holds_back_no_other(desk: Desk) -> None:
    await desk.subscribe(created_by=OPERATOR.person)
    one = await desk.add("One", date(2024, 6, 22))
    await desk.add("Two", date(2024, 6, 22))
    desk.clock.moment = datetime(2024, 6, 22, 0, 0, tzinfo=desk.clock.moment.tzinfo)
    desk.chat.faults = [None, refused()]
    await desk.round()
    assert desk.chat.shown() == ["head 2024-06-22 (2)", "Two"]
    (delivery,) = await desk.stores.ledger.deliveries(1, [date(2024, 6, 22)])
    assert delivery.state is DeliveryState.DELIVERED
    told = await why(desk.stores, OPERATOR, HERE, day=date(2024, 6, 22), now=desk.clock.now())
    assert str(told[-1]) == "Given up: Slack did not accept this (invalid_blocks)."
    assert desk.chat.told == []
    await desk.change(one, title="Uno")  # now it says something else
    await desk.round()
    assert desk.chat.shown()[2:] == ["late Uno"]


async def test_a_digest_of_which_nothing_is_taken_has_failed_and_is_told_of(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe(created_by=OPERATOR.person)
    desk.chat.faults = [None, refused()]
    await desk.send()
    (delivery,) = await desk.stores.ledger.deliveries(1, [DAY])
    assert delivery.state is DeliveryState.FAILED
    assert [user for user, _ in desk.chat.told] == ["olga"]


# --- the operator ---------------------------------------------------------------------------------------------------


async def test_who_set_it_up_is_told_once_that_a_channel_cannot_be_posted_in(desk: Desk) -> None:
    await desk.add("One", date(2024, 6, 20))
    await desk.subscribe(created_by=OPERATOR.person)
    desk.chat.channels.clear()
    await desk.send()
    assert [user for user, _ in desk.chat.told] == ["olga"]
    assert "archived" in desk.chat.told[0][1]
    await desk.add("Two")
    desk.clock.pass_time(days=1)
    await desk.round()
    assert len(desk.chat.told) == 1, "that it goes on failing is no news"
    desk.chat.channels.add(HERE)
    await desk.add("Three", date(2024, 6, 23))
    desk.clock.pass_time(days=1)
    await desk.round()
    assert "Three" in desk.chat.shown()
    desk.chat.channels.clear()
    await desk.add("Four", date(2024, 6, 24))
    desk.clock.pass_time(days=1)
    await desk.round()
    assert len(desk.chat.told) == 2, "that it fails again after all was well is"


async def test_who_set_it_up_is_told_once_that_a_channel_is_held_up(desk: Desk) -> None:
    await desk.add("One", date(2024, 6, 20))
    await desk.subscribe(created_by=OPERATOR.person)
    desk.chat.faults = [None, uncertain()]
    await desk.send()
    assert desk.chat.told == [], "that a connection broke is nobody's to put right"
    scope = DeliveryUncertain(msg("The Slack app lacks the scope {scope}.", scope="channels:history"), lasting=True)
    desk.chat.find_faults = [scope, busy(), scope, uncertain(), scope]
    await _rounds(desk, 3)
    ((user, said),) = desk.chat.told
    assert user == "olga"
    assert "The digest of 2024-06-20 is held up" in said
    assert "channels:history" in said
    await _rounds(desk, 3)
    assert desk.chat.find_faults == []
    assert desk.chat.shown() == ["head 2024-06-20 (1)", "One"]


async def _rounds(desk: Desk, times: int) -> None:
    for _ in range(times):
        desk.clock.pass_time(hours=1)
        await desk.round()


async def test_an_operator_who_cannot_be_told_holds_nothing_up(desk: Desk) -> None:
    await desk.add("One", date(2024, 6, 20))
    await desk.subscribe(created_by=OPERATOR.person)
    await desk.subscribe(THERE)
    desk.chat.channels.discard(HERE)
    desk.chat.deaf = True
    await desk.send()
    assert "One" in desk.chat.shown(THERE)
