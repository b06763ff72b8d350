"""One message a second and channel."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from bot.core.subscriptions import Channel
from bot.slack.pacing import Pace
from tests.platforms.slack import RatePolicy, slack_server
from tests.slack.carrying import LONG, PAPERS, Office, card

THERE = Channel("slack", "T1", "C2")


async def _arrivals(pace: Pace, *channels: Channel) -> list[tuple[Channel, float]]:
    """When a turn began, by the loop's clock, in the order they began; all are asked for at once."""
    loop, found = asyncio.get_running_loop(), []

    async def go(channel: Channel) -> None:
        async with pace.turn(channel):
            found.append((channel, loop.time()))

    await asyncio.gather(*map(go, channels))
    return found


async def test_turns_in_one_channel_are_apart_and_in_order() -> None:
    pace = Pace(0.05)
    loop, begun = asyncio.get_running_loop(), []
    for number in range(4):
        async with pace.turn(PAPERS):
            begun.append((number, loop.time()))
            await asyncio.sleep(0)
    gaps = [after - before for (_, before), (_, after) in pairwise(begun)]
    assert min(gaps) >= 0.05


async def test_turns_asked_for_at_once_are_apart_too() -> None:
    times = [at for _, at in await _arrivals(Pace(0.05), PAPERS, PAPERS, PAPERS)]
    assert min(after - before for before, after in pairwise(times)) >= 0.05


async def test_the_pause_begins_when_the_turn_ends() -> None:
    pace, ended = Pace(0.05), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def slow() -> float:
        async with pace.turn(PAPERS):
            await ended.wait()
            return loop.time()

    first = asyncio.create_task(slow())
    await asyncio.sleep(0)
    second = asyncio.create_task(_arrivals(pace, PAPERS))
    ended.set()
    end = await first
    assert (await second)[0][1] >= end + 0.05


async def test_channels_do_not_wait_for_each_other() -> None:
    pace, held = Pace(1000), asyncio.Event()

    async def hold() -> None:
        async with pace.turn(PAPERS):
            await held.wait()

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0)
    assert len(await asyncio.wait_for(_arrivals(pace, THERE), 5)) == 1
    held.set()
    await holding


async def test_who_is_cut_off_lets_the_next_one_go() -> None:
    pace, held = Pace(0.001), asyncio.Event()

    async def hold() -> None:
        async with pace.turn(PAPERS):
            await held.wait()

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0)
    holding.cancel()
    assert len(await asyncio.wait_for(_arrivals(pace, PAPERS), 5)) == 1


async def test_without_a_pace_nobody_waits() -> None:
    pace = Pace(0)
    async with pace.turn(PAPERS):
        assert len(await asyncio.wait_for(_arrivals(pace, PAPERS), 5)) == 1


async def test_slack_never_has_to_ask_for_patience() -> None:
    async with slack_server() as server:
        office = Office(server)
        office.courier, _ = office.start(pace=1.0)
        server.rate_policy = RatePolicy(per_second=1.0, burst=1)
        server.clock.advance(0.01)
        await asyncio.gather(office.send(card(paragraphs=LONG)), office.send(key="b"))
        assert len(office.messages()) == 4
        assert [call.error for call in server.calls] == [None] * 4
