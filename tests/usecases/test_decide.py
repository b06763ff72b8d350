"""What nobody can tell is held, and an operator decides: nothing is sent twice on a guess."""

from __future__ import annotations

import pytest

from bot.core.digests import PostState
from bot.core.entries import Entry, Status
from bot.core.errors import Conflict, DeliveryUncertain, InputError, NotAllowed, NotFound
from bot.core.messages import msg
from bot.core.subscriptions import Layout
from bot.usecases.decide import found, held_up, resend, to_resend

from .conftest import HERE, MAINTAINER, OPERATOR, Desk, uncertain

UNREADABLE = DeliveryUncertain(msg("Paperboy may not read here."), lasting=True)


async def hold_up(desk: Desk, *, arrived: bool = True) -> Entry:
    """The card of one of two entries was interrupted, and can never be looked up."""
    one = await desk.add("One")
    await desk.add("Two")
    await desk.subscribe(created_by=OPERATOR.person)
    desk.chat.faults = [None, uncertain()]
    desk.chat.find_faults = [UNREADABLE] * 50
    await desk.send()
    if not arrived:
        del desk.chat.messages[list(desk.chat.messages)[-1]]
    desk.clock.pass_time(hours=1)
    await desk.round()
    return one


async def later(desk: Desk) -> None:
    for _ in range(2):
        desk.clock.pass_time(hours=1)
        await desk.round()


async def post_id(desk: Desk) -> int:
    held = await held_up(desk.stores, HERE)
    assert held is not None
    return held.post.id


async def test_what_cannot_be_told_waits_and_the_operator_is_told_how_to_decide(desk: Desk) -> None:
    await hold_up(desk)
    await later(desk)
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One"]
    ((user, said),) = desk.chat.told
    assert user == "olga"
    assert "/digest found" in said
    assert "/digest resend" in said
    held = await held_up(desk.stores, HERE)
    assert held is not None
    assert held.name == "One"


async def test_what_is_there_counts_as_sent(desk: Desk) -> None:
    await hold_up(desk)
    await found(desk.stores, desk.chat, OPERATOR, HERE, None, at=desk.clock.now())
    await later(desk)
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "Two"]
    assert await held_up(desk.stores, HERE) is None


async def test_what_is_there_under_an_address_is_kept_right(desk: Desk) -> None:
    one = await hold_up(desk)
    await desk.change(one, title="Uno")
    link = f"https://chat.example/{HERE.id}/2"
    await found(desk.stores, desk.chat, OPERATOR, HERE, link, at=desk.clock.now())
    await later(desk)
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "Uno", "Two"]
    await desk.change(await entry_of(desk, one), status=Status.REMOVED)
    await later(desk)
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "Two"]


async def entry_of(desk: Desk, entry: Entry) -> Entry:
    return (await desk.stores.archive.get([entry.id]))[entry.id]


async def test_what_is_there_nobody_knows_where_is_left_alone(desk: Desk) -> None:
    one = await hold_up(desk)
    await found(desk.stores, desk.chat, OPERATOR, HERE, None, at=desk.clock.now())
    await later(desk)
    await desk.change(one, title="Uno")
    await later(desk)
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "Two"]
    assert await desk.stores.ledger.latest_posts("chat", "team", [one.id]) == {}


async def test_entries_of_a_list_that_is_there_follow_in_its_thread(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe(layout=Layout.COMPACT)
    desk.chat.faults, desk.chat.find_faults = [uncertain()], [UNREADABLE] * 50
    await desk.send()
    await later(desk)
    await found(desk.stores, desk.chat, OPERATOR, HERE, f"https://chat.example/{HERE.id}/1", at=desk.clock.now())
    await later(desk)
    assert desk.chat.shown() == ["list 2024-06-21: One", "  One"]


async def test_what_is_not_there_is_sent_again(desk: Desk) -> None:
    await hold_up(desk, arrived=False)
    await resend(desk.stores, OPERATOR, HERE, await post_id(desk))
    await later(desk)
    assert desk.chat.shown() == ["head 2024-06-21 (2)", "One", "Two"]


async def test_only_operators_decide(desk: Desk) -> None:
    await hold_up(desk)
    held = await post_id(desk)
    with pytest.raises(NotAllowed):
        await found(desk.stores, desk.chat, MAINTAINER, HERE, None, at=desk.clock.now())
    with pytest.raises(NotAllowed):
        await to_resend(desk.stores, MAINTAINER, HERE)
    with pytest.raises(NotAllowed):
        await resend(desk.stores, MAINTAINER, HERE, held)
    assert await post_id(desk) == held


async def test_a_link_that_leads_elsewhere_decides_nothing(desk: Desk) -> None:
    await hold_up(desk)
    with pytest.raises(InputError):
        await found(desk.stores, desk.chat, OPERATOR, HERE, "https://chat.example/other/2", at=desk.clock.now())
    assert await held_up(desk.stores, HERE) is not None


async def test_where_nothing_is_held_up_there_is_nothing_to_decide(desk: Desk) -> None:
    await desk.add("One")
    await desk.subscribe()
    desk.chat.faults = [uncertain()]
    await desk.send()
    with pytest.raises(NotFound):  # it is looked up in a moment, and then it is known
        await to_resend(desk.stores, OPERATOR, HERE)
    with pytest.raises(NotFound):
        await resend(desk.stores, OPERATOR, HERE, 1)
    await later(desk)
    assert desk.chat.shown() == ["head 2024-06-21 (1)", "One"]


async def test_what_is_being_looked_up_is_not_decided(desk: Desk) -> None:
    await hold_up(desk)
    held = await post_id(desk)
    desk.clock.pass_time(hours=1)
    assert await desk.stores.ledger.claim(HERE, desk.clock.now()) is not None
    with pytest.raises(Conflict):
        await resend(desk.stores, OPERATOR, HERE, held)
    with pytest.raises(Conflict):
        await found(desk.stores, desk.chat, OPERATOR, HERE, None, at=desk.clock.now())


async def test_a_second_press_sends_nothing_twice(desk: Desk) -> None:
    await hold_up(desk, arrived=False)
    held = await post_id(desk)
    await resend(desk.stores, OPERATOR, HERE, held)
    with pytest.raises(NotFound):
        await resend(desk.stores, OPERATOR, HERE, held)
    await later(desk)
    assert not await desk.stores.ledger.settle(held, is_there=False), "it is sent by now"
    posts = await desk.stores.ledger.posts([1])
    assert {post.state for post in posts} == {PostState.SENT}
