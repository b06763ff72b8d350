"""What may go wrong between Paperboy and Discord: every post ends up in its channel exactly once, whole, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.digests import ListContent
from bot.core.errors import ChannelUnavailable, ContentRefused, DeliveryUncertain, PlatformBusy
from bot.core.messages import msg
from bot.core.people import Language
from tests.discord.carrying import (
    ARRIVED,
    LONG,
    LOST,
    MESSAGES,
    NEW_THREAD,
    ONE_CHANNEL,
    ONE_MESSAGE,
    Office,
    ToldClock,
    card,
    paper,
    post_of,
)
from tests.platforms.discord import permissions
from tests.platforms.discord.faults import LATE, LOST_AFTER
from tests.platforms.discord.world import Message

DAY = date(2024, 6, 21)


async def _is_whole(office: Office, message_id: str, paragraphs: int = 1) -> bool:
    """Whether the post is what a fresh one is."""
    own = office.shown(message_id)
    return own == office.shown(await office.send(card(paragraphs=paragraphs), key="fresh"))


# --- the post itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOST)
async def test_a_post_that_did_not_arrive_is_found_nowhere(office: Office, kind: str) -> None:
    office.breaks(kind)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    assert await office.find() is None
    assert await _is_whole(office, await office.send())


@pytest.mark.parametrize("kind", ARRIVED)
async def test_a_post_that_arrived_is_found(office: Office, kind: str) -> None:
    office.breaks(kind)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    (message,) = office.messages()
    assert await office.find() == str(message.id)
    assert office.calls().count(f"POST {MESSAGES}") == 1


@pytest.mark.parametrize("kind", ARRIVED)
async def test_a_post_in_a_thread_that_arrived_is_found_there(office: Office, kind: str) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    await office.send(card("A"), key="a", thread=head)
    office.breaks(kind)
    with pytest.raises(DeliveryUncertain):
        await office.send(key="b", thread=head)
    await office.owner.archive(office.thread(head))
    assert await office.find("b", thread=head) == office.place(office.messages()[-1])
    assert await office.find("c", thread=head) is None


async def test_a_post_that_arrived_late_is_there_once_by_its_nonce(office: Office) -> None:
    await office.send()
    assert await office.send() == str(office.messages()[0].id)
    assert len(office.messages()) == 1


async def test_a_post_that_somebody_deleted_meanwhile_is_not_put_up_again(office: Office) -> None:
    """Within the minutes that a nonce holds: Discord says that the message of that nonce is gone."""
    message_id = await office.send()
    await office.owner.delete(office.message(message_id))
    with pytest.raises(ContentRefused):
        await office.send()
    assert office.messages() == []


async def test_a_message_of_somebody_else_is_not_ours(office: Office) -> None:
    message_id = await office.send()
    (own,) = office.messages()
    state = office.server.state
    copy = Message(state.new_id(), own.channel_id, office.ada.user, components=own.components, flags=own.flags)
    office.server.doings.post(office.here, copy)
    await office.owner.delete(office.message(message_id))
    assert copy in office.messages()
    assert await office.find() is None


async def test_what_continues_a_post_is_not_the_post(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.owner.delete(office.message(message_id))
    assert await office.find() is None
    assert await office.find(thread=message_id) is None


async def test_a_post_is_looked_for_on_every_page_since_it_was_tried(office: Office) -> None:
    for number in range(250):
        await office.ada.write(office.here, f"Message {number}")
    message_id = await office.send()
    assert await office.find() == message_id
    late = datetime.now(UTC) + timedelta(minutes=6)
    assert await office.courier.find(office.papers, "1/2024-06-21/a", thread_id=None, since=late) is None


# --- what continues it ----------------------------------------------------------------------------------------------


async def _send_with(office: Office, kind: str, route: str) -> None:
    """Send a post of three messages; something goes wrong once the first is there."""
    held = office.server.faults.add(LATE, "POST", MESSAGES)
    sending = asyncio.create_task(office.send(card(paragraphs=LONG)))
    await held.met.wait()
    office.breaks(kind, route=route)
    held.released.set()
    with pytest.raises(DeliveryUncertain):
        await sending


@pytest.mark.parametrize("route", [MESSAGES, NEW_THREAD])
@pytest.mark.parametrize("kind", [*LOST, *ARRIVED])
async def test_a_post_broken_off_is_completed_after_a_restart(office: Office, kind: str, route: str) -> None:
    await _send_with(office, kind, route)
    assert 1 <= len(office.messages()) <= 2
    office.courier = office.start()
    message_id = await office.find()
    assert message_id is not None
    await office.edit(message_id, card(paragraphs=LONG))
    assert office.parts(message_id) == [1, 2]
    assert await _is_whole(office, message_id, LONG)


@pytest.mark.parametrize("route", [MESSAGES, NEW_THREAD])
@pytest.mark.parametrize("paragraphs", [LONG, 1])
async def test_an_edit_broken_off_is_completed_by_the_same_again(office: Office, route: str, paragraphs: int) -> None:
    message_id = await office.send(card("Before"))
    office.breaks(LOST_AFTER, route=route)
    with pytest.raises(PlatformBusy):
        await office.edit(message_id, card(paragraphs=LONG))
    await office.edit(message_id, card(paragraphs=paragraphs))
    assert office.parts(message_id) == ([1, 2] if paragraphs == LONG else [])
    assert await _is_whole(office, message_id, paragraphs)


@pytest.mark.parametrize(
    ("method", "route"),
    [
        ("GET", ONE_MESSAGE),
        ("GET", MESSAGES),
        ("PATCH", ONE_MESSAGE),
        ("DELETE", ONE_MESSAGE),
        ("GET", ONE_CHANNEL),
    ],
)
async def test_reading_changing_and_deleting_leave_nothing_uncertain(office: Office, method: str, route: str) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    office.courier = office.start()
    office.breaks("503 after", method=method, route=route)
    with pytest.raises(PlatformBusy):
        await office.edit(message_id, card("After"))
    await office.edit(message_id, card("After"))
    assert office.parts(message_id) == []
    office.breaks("503 after", method="DELETE", route=ONE_MESSAGE)
    with pytest.raises(PlatformBusy):
        await office.withdraw(message_id)
    await office.withdraw(message_id)
    assert office.messages() == []


# --- rate limits ----------------------------------------------------------------------------------------------------


async def test_a_short_limit_is_waited_for_and_nothing_is_posted_twice(office: Office) -> None:
    office.server.rates.refuse("POST", MESSAGES, 0.01)
    message_id = await office.send()
    assert [str(message.id) for message in office.messages()] == [message_id]
    assert office.calls().count(f"POST {MESSAGES}") == 2


async def test_a_long_limit_is_the_ledgers_and_says_when(office: Office) -> None:
    clock = ToldClock(datetime.now(UTC))
    office.courier = office.start(clock=clock)
    office.server.rates.refuse("POST", MESSAGES, 600)
    with pytest.raises(PlatformBusy) as busy:
        await office.send()
    assert busy.value.retry_at == clock.now() + timedelta(seconds=600)
    await office.send()


async def test_a_window_of_many_minutes_is_no_limit_as_long_as_there_are_places_in_it(office: Office) -> None:
    """Starting threads has such a window: the library would ask for nothing more before its end."""
    office.server.rates.policy("POST", MESSAGES, 3, 300)
    for number in range(3):
        await office.send(key=f"fits-{number}")
    with pytest.raises(PlatformBusy) as busy:
        await office.send(key="waits")
    assert busy.value.retry_at is not None
    assert timedelta(minutes=4) < busy.value.retry_at - datetime.now(UTC) <= timedelta(minutes=5)
    assert len(office.messages()) == 3


async def test_the_limit_of_one_channel_does_not_hold_up_another(office: Office) -> None:
    await office.send(card("Before"))  # the kinds of both channels are known by then
    await office.send(channel=office.lounge)
    office.server.rates.refuse("POST", MESSAGES, 30)
    waiting = asyncio.create_task(office.send(key="waits"))
    await office.server.until(lambda: office.server.rates.answers[429])
    await office.send(key="goes", channel=office.lounge)
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_changes_of_old_posts_have_a_limit_that_passes_by(office: Office) -> None:
    first, second = await office.send(key="a"), await office.send(key="b")
    office.server.clock.advance(3601)
    office.server.rates.old_edits = 1
    await office.edit(first, card("After"))
    clock = ToldClock(datetime.now(UTC))
    office.courier = office.start(clock=clock)
    with pytest.raises(PlatformBusy) as busy:
        await office.edit(second, card("After"))
    assert busy.value.retry_at is not None
    assert timedelta(minutes=59) < busy.value.retry_at - clock.now() <= timedelta(hours=1)
    office.server.clock.advance(3600)
    await office.edit(second, card("After"))
    assert office.shown(second) == office.shown(first)


# --- what only a person can put right -------------------------------------------------------------------------------


async def test_a_history_that_may_not_be_read_leaves_a_post_uncertain(office: Office) -> None:
    """Discord says then that nothing is there, which is not to be believed."""
    office.breaks(LOST_AFTER)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    await office.deny(permissions.READ_MESSAGE_HISTORY)
    with pytest.raises(DeliveryUncertain, match="permissions") as caught:
        await office.find()
    assert caught.value.lasting
    await office.deny()
    assert await office.find() == str(office.messages()[0].id)


async def test_a_channel_that_is_hidden_leaves_a_post_uncertain(office: Office) -> None:
    await office.deny(permissions.VIEW_CHANNEL)
    with pytest.raises(DeliveryUncertain, match="cannot see") as caught:
        await office.find()
    assert caught.value.lasting


async def test_a_channel_that_is_gone_is_unavailable(office: Office) -> None:
    message_id = await office.send()
    await office.owner.delete_channel(office.here)
    with pytest.raises(ChannelUnavailable, match="does not exist"):
        await office.find()
    await office.edit(message_id, card("After"))  # the message is gone with it
    await office.withdraw(message_id)


async def test_a_locked_thread_is_unavailable(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    await office.send(card("A"), key="a", thread=head)
    await office.deny(permissions.MANAGE_THREADS)
    await office.owner.lock(office.thread(head))
    with pytest.raises(ChannelUnavailable, match="locked"):
        await office.send(card("B"), key="b", thread=head)


async def test_what_discord_does_not_take_is_refused_alone(office: Office) -> None:
    entry = paper()
    long = card().__class__(entry.__class__(id="x" * 200, title="A", commentary_en="B"))
    with pytest.raises(ContentRefused):
        await office.send(long)
    message_id = await office.send()
    with pytest.raises(ContentRefused):
        await office.edit(message_id, long)
    office.server.violations.clear()  # that such a button is too long stands in Discord's description


ATTEMPTS: dict[str, Callable[[Office, str], Awaitable[object]]] = {
    "send": lambda office, _: office.send(),
    "find": lambda office, _: office.find(),
    "edit": lambda office, message_id: office.edit(message_id, card("After")),
    "withdraw": lambda office, message_id: office.withdraw(message_id),
    "seen": lambda office, message_id: office.courier.seen(office.papers, [post_of(1, message_id, office.papers)]),
    "enter": lambda office, _: office.courier.enter(office.papers),
    "direct_channel": lambda office, _: office.courier.direct_channel(office.sora),
    "tell": lambda office, _: office.courier.tell(
        office.sora, msg("This channel is archived."), language=Language.ENGLISH
    ),
}


@pytest.mark.parametrize("at_work", [True, False])
@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_with_a_token_that_is_not_taken_everything_is_unavailable(
    office: Office, attempt: Callable[[Office, str], Awaitable[object]], at_work: bool
) -> None:
    message_id = await office.send()
    if not at_work:
        office.courier = office.start()
    office.server.state.application.token = "another"
    with pytest.raises(ChannelUnavailable, match="token"):
        await attempt(office, message_id)


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_without_a_discord_nothing_is_uncertain(
    office: Office, attempt: Callable[[Office, str], Awaitable[object]], unused_tcp_port: int
) -> None:
    office.courier = office.start(url=f"http://127.0.0.1:{unused_tcp_port}/api/v10")
    for _ in range(2):
        with pytest.raises(PlatformBusy):
            await attempt(office, "1000")


async def test_a_client_that_was_closed_posts_nothing(office: Office) -> None:
    await office.send()
    await office.clients[0].close()
    with pytest.raises(PlatformBusy):
        await office.send(key="second")
