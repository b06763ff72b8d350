"""Turns are taken by groups: very many who wait in one keep nobody of another waiting for long."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.usecases.turns import Turns


async def order_of(turns: Turns, groups: list[str]) -> list[str]:
    """In which order those of these groups have their turns, who have come in this order."""
    had: list[str] = []

    async def come(group: str) -> None:
        async with turns.turn(group):
            had.append(group)
            await asyncio.sleep(0)

    await asyncio.gather(*(come(group) for group in groups))
    return had


async def test_groups_take_turns_however_many_wait_in_one() -> None:
    had = await order_of(Turns(1), ["big"] * 1000 + ["small"] * 3)
    assert had[:8] == ["big", "big", "small", "big", "small", "big", "small", "big"]


@given(st.lists(st.sampled_from("abcd"), max_size=40), st.integers(1, 5))
def test_everybody_has_a_turn(groups: list[str], at_once: int) -> None:
    had = asyncio.run(order_of(Turns(at_once), groups))
    assert sorted(had) == sorted(groups)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
def test_nobody_waits_for_two_turns_of_another_group_while_theirs_has_none(groups: list[str]) -> None:
    had = asyncio.run(order_of(Turns(1), groups))
    for at in range(1, len(had) - 1):
        waiting = set(had[at + 1 :])
        if had[at] == had[at + 1]:
            assert waiting <= {had[at]}, "somebody else was waiting"


async def test_no_more_than_agreed_have_a_turn_at_once() -> None:
    turns, now, most = Turns(3), 0, 0

    async def come(group: int) -> None:
        nonlocal now, most
        async with turns.turn(group):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

    await asyncio.gather(*(come(number % 2) for number in range(20)))
    assert most == 3


async def test_who_goes_away_while_waiting_or_called_takes_nobodys_turn() -> None:
    turns = Turns(1)
    entered = asyncio.Event()

    async def wait() -> None:
        async with turns.turn("a"):
            entered.set()

    async with turns.turn("a"):
        gone, called = asyncio.create_task(wait()), asyncio.create_task(wait())
        last = asyncio.create_task(wait())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
    called.cancel()  # it has been handed the turn, and has not begun
    await asyncio.gather(gone, called, last, return_exceptions=True)
    assert entered.is_set()
    assert not last.cancelled()


async def test_a_turn_ends_with_whatever_ends_its_block() -> None:
    turns = Turns(1)
    with pytest.raises(KeyError):
        async with turns.turn("a"):
            raise KeyError("surprise")
    async with asyncio.timeout(5), turns.turn("b"):
        pass
