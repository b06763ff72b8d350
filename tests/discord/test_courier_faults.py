"""What may go wrong between Paperboy and Discord: every post ends up in its channel exactly once, whole, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.digests import ListContent
from bot.core.errors import ChannelUnavailable, ContentRefused, DeliveryUncertain, PlatformBusy
from bot.core.messages import msg
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel
from tests.discord import small_discord as small
from tests.discord.carrying import LONG, PAPERS, Office, ToldClock, an_office, card, paper, post_of
from tests.discord.small_discord import ADA, Fault

DAY = date(2024, 6, 21)
SORA = Person("discord", "1", str(ADA))
MESSAGES = "/channels/{c}/messages"
ONE = "/channels/{c}/messages/{m}"
THREADS = "/channels/{c}/messages/{m}/threads"


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with an_office() as made:
        yield made


def _break(office: Office, kind: str, *, method: str = "POST", route: str = MESSAGES, **more: float) -> None:
    office.server.faults.append(Fault(method, route, kind, **more))  # type: ignore[arg-type]


async def _is_whole(office: Office, message_id: str, paragraphs: int = 1) -> bool:
    """Whether the post is what a fresh one is."""
    own = office.shown(message_id)
    return own == office.shown(await office.send(card(paragraphs=paragraphs), key="fresh"))


# --- the post itself ------------------------------------------------------------------------------------------------

LOST = ["lost before", "500 before", "503 before"]
ARRIVED = ["lost after", "500 after", "503 after", "half"]


@pytest.mark.parametrize("kind", LOST)
async def test_a_post_that_did_not_arrive_is_found_nowhere(office: Office, kind: str) -> None:
    _break(office, kind)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    assert await office.find() is None
    assert await _is_whole(office, await office.send())


@pytest.mark.parametrize("kind", ARRIVED)
async def test_a_post_that_arrived_is_found(office: Office, kind: str) -> None:
    _break(office, kind)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    (message,) = office.messages()
    assert await office.find() == message["id"]
    assert office.calls().count(f"POST {MESSAGES}") == 1


@pytest.mark.parametrize("kind", ARRIVED)
async def test_a_post_in_a_thread_that_arrived_is_found_there(office: Office, kind: str) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    await office.send(card("A"), key="a", thread=head)
    _break(office, kind)
    with pytest.raises(DeliveryUncertain):
        await office.send(key="b", thread=head)
    office.server.archive(int(head))
    assert await office.find("b", thread=head) == office.place(office.messages()[-1])
    assert await office.find("c", thread=head) is None


async def test_a_post_that_arrived_late_is_there_once_by_its_nonce(office: Office) -> None:
    await office.send()
    assert await office.send() == office.messages()[0]["id"]
    assert len(office.messages()) == 1


async def test_a_message_of_somebody_else_is_not_ours(office: Office) -> None:
    message_id = await office.send()
    (own,) = office.messages()
    copy = office.server.say(small.PAPERS, ADA, "", components=own["components"])
    office.server.delete(small.PAPERS, int(message_id))
    assert copy in office.messages()
    assert await office.find() is None


async def test_what_continues_a_post_is_not_the_post(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    office.server.delete(small.PAPERS, int(message_id))
    assert await office.find() is None
    assert await office.find(thread=message_id) is None


async def test_a_post_is_looked_for_on_every_page_since_it_was_tried(office: Office) -> None:
    for number in range(250):
        office.server.say(small.PAPERS, ADA, f"Message {number}")
    message_id = await office.send()
    assert await office.find() == message_id
    late = datetime.now(UTC) + timedelta(minutes=6)
    assert await office.courier.find(PAPERS, "1/2024-06-21/a", thread_id=None, since=late) is None


# --- what continues it ----------------------------------------------------------------------------------------------


async def _send_with(office: Office, kind: str, route: str) -> None:
    """Send a post of three messages; something goes wrong once the first is there."""
    gate = office.server.hold[MESSAGES] = asyncio.Event()
    sending = asyncio.create_task(office.send(card(paragraphs=LONG)))
    await office.server.held.wait()
    _break(office, kind, route=route)
    del office.server.hold[MESSAGES]
    gate.set()
    with pytest.raises(DeliveryUncertain):
        await sending


@pytest.mark.parametrize("route", [MESSAGES, THREADS])
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


@pytest.mark.parametrize("route", [MESSAGES, THREADS])
@pytest.mark.parametrize("paragraphs", [LONG, 1])
async def test_an_edit_broken_off_is_completed_by_the_same_again(office: Office, route: str, paragraphs: int) -> None:
    message_id = await office.send(card("Before"))
    _break(office, "lost after", route=route)
    with pytest.raises(PlatformBusy):
        await office.edit(message_id, card(paragraphs=LONG))
    await office.edit(message_id, card(paragraphs=paragraphs))
    assert office.parts(message_id) == ([1, 2] if paragraphs == LONG else [])
    assert await _is_whole(office, message_id, paragraphs)


@pytest.mark.parametrize(
    ("method", "route"), [("GET", ONE), ("GET", MESSAGES), ("PATCH", ONE), ("DELETE", ONE), ("GET", "/channels/{c}")]
)
async def test_reading_changing_and_deleting_leave_nothing_uncertain(office: Office, method: str, route: str) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    office.courier = office.start()
    _break(office, "503 after", method=method, route=route)
    with pytest.raises(PlatformBusy):
        await office.edit(message_id, card("After"))
    await office.edit(message_id, card("After"))
    assert office.parts(message_id) == []
    _break(office, "503 after", method="DELETE", route=ONE)
    with pytest.raises(PlatformBusy):
        await office.withdraw(message_id)
    await office.withdraw(message_id)
    assert office.messages() == []


# --- rate limits ----------------------------------------------------------------------------------------------------


async def test_a_short_limit_is_waited_for_and_nothing_is_posted_twice(office: Office) -> None:
    _break(office, "429", retry_after=0.01)
    message_id = await office.send()
    assert [message["id"] for message in office.messages()] == [message_id]
    assert office.calls().count(f"POST {MESSAGES}") == 2


async def test_a_long_limit_is_the_ledgers_and_says_when(office: Office) -> None:
    clock = ToldClock(datetime.now(UTC))
    office.courier = office.start(clock=clock)
    _break(office, "429", retry_after=600)
    with pytest.raises(PlatformBusy) as busy:
        await office.send()
    assert busy.value.retry_at == clock.now() + timedelta(seconds=600)
    await office.send()


async def test_the_limit_of_one_channel_does_not_hold_up_another(office: Office) -> None:
    await office.send(card("Before"))  # the kinds of both channels are known by then
    other = Channel("discord", "1", str(small.OTHER))
    await office.send(channel=other)
    office.server.faults.append(Fault("POST", MESSAGES, "429", retry_after=30))
    waiting = asyncio.create_task(office.send(key="waits"))
    while not any(call[0] == "POST" and not office.server.faults for call in office.server.calls):
        await asyncio.sleep(0)
    await office.send(key="goes", channel=other)
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


# --- what only a person can put right -------------------------------------------------------------------------------


async def test_a_history_that_may_not_be_read_leaves_a_post_uncertain(office: Office) -> None:
    """Discord says then that nothing is there, which is not to be believed."""
    _break(office, "lost after")
    with pytest.raises(DeliveryUncertain):
        await office.send()
    office.here.denied = small.HISTORY
    with pytest.raises(DeliveryUncertain, match="permissions") as caught:
        await office.find()
    assert caught.value.lasting
    office.here.denied = 0
    assert await office.find() == office.messages()[0]["id"]


async def test_a_channel_that_is_hidden_leaves_a_post_uncertain(office: Office) -> None:
    office.here.denied = small.VIEW
    with pytest.raises(DeliveryUncertain, match="cannot see") as caught:
        await office.find()
    assert caught.value.lasting


async def test_a_channel_that_is_gone_is_unavailable(office: Office) -> None:
    message_id = await office.send()
    del office.server.channels[small.PAPERS]
    with pytest.raises(ChannelUnavailable, match="does not exist"):
        await office.find()
    await office.edit(message_id, card("After"))  # the message is gone with it
    await office.withdraw(message_id)


async def test_a_locked_thread_is_unavailable(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    await office.send(card("A"), key="a", thread=head)
    office.server.channels[int(head)].locked = True
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


ATTEMPTS: dict[str, Callable[[Office, str], Awaitable[object]]] = {
    "send": lambda office, _: office.send(),
    "find": lambda office, _: office.find(),
    "edit": lambda office, message_id: office.edit(message_id, card("After")),
    "withdraw": lambda office, message_id: office.withdraw(message_id),
    "seen": lambda office, message_id: office.courier.seen(PAPERS, [post_of(1, message_id)]),
    "enter": lambda office, _: office.courier.enter(PAPERS),
    "direct_channel": lambda office, _: office.courier.direct_channel(SORA),
    "tell": lambda office, _: office.courier.tell(SORA, msg("This channel is archived."), language=Language.ENGLISH),
}


@pytest.mark.parametrize("at_work", [True, False])
@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_with_a_token_that_is_not_taken_everything_is_unavailable(
    office: Office, attempt: Callable[[Office, str], Awaitable[object]], at_work: bool
) -> None:
    message_id = await office.send()
    if not at_work:
        office.courier = office.start()
    office.server.token = "another"
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
