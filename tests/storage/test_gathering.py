"""What is asked at one time is answered together, each asker by what they asked, and none fails for another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from storage.gathering import MOST, Gathering


class Doubling:
    """Doubles numbers, when it is let; odd ones it does not like."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.arrivals: asyncio.Queue[None] = asyncio.Queue()
        self.may_answer = asyncio.Event()

    async def __call__(self, numbers: Sequence[int]) -> Sequence[int]:
        self.asked.append(list(numbers))
        self.arrivals.put_nowait(None)
        await self.may_answer.wait()
        if any(number % 2 for number in numbers):
            raise ValueError(f"odd: {numbers}")
        return [2 * number for number in numbers]


async def test_who_asks_while_others_are_answered_is_answered_next_with_all_who_do() -> None:
    doubling = Doubling()
    gathering = Gathering(doubling)
    first = asyncio.create_task(gathering.ask(2))
    await doubling.arrivals.get()
    others = [asyncio.create_task(gathering.ask(number)) for number in (4, 6, 8)]
    await asyncio.sleep(0)
    doubling.may_answer.set()
    assert await asyncio.gather(first, *others) == [4, 8, 12, 16]
    assert doubling.asked == [[2], [4, 6, 8]]


async def test_what_fails_fails_alone() -> None:
    doubling = Doubling()
    doubling.may_answer.set()
    gathering = Gathering(doubling)
    told = await asyncio.gather(*map(gathering.ask, (2, 3, 4)), return_exceptions=True)
    assert [told[0], told[2]] == [4, 8]
    assert str(told[1]) == "odd: [3]"
    assert await gathering.ask(10) == 20


async def test_who_is_cancelled_while_waiting_is_not_asked_for() -> None:
    doubling = Doubling()
    gathering = Gathering(doubling)
    first, second, third = (asyncio.create_task(gathering.ask(number)) for number in (2, 4, 6))
    await doubling.arrivals.get()
    late = asyncio.create_task(gathering.ask(8))
    await asyncio.sleep(0)
    for task in (second, late):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    doubling.may_answer.set()
    assert list(await asyncio.gather(first, third)) == [4, 12]
    assert doubling.asked == [[2, 4, 6]]


async def test_very_many_are_not_asked_for_at_once() -> None:
    doubling = Doubling()
    doubling.may_answer.set()
    gathering = Gathering(doubling)
    numbers = range(0, 4 * MOST, 2)
    assert await asyncio.gather(*map(gathering.ask, numbers)) == [2 * number for number in numbers]
    assert [len(some) for some in doubling.asked] == [MOST, MOST]


@pytest.mark.parametrize("number", [1, 2])
async def test_one_alone_is_answered_or_told_why_not(number: int) -> None:
    doubling = Doubling()
    doubling.may_answer.set()
    (told,) = await asyncio.gather(Gathering(doubling).ask(number), return_exceptions=True)
    assert str(told) in ("odd: [1]", "4")
    assert doubling.asked == [[number]]
