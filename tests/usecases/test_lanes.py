"""Events wait in lanes: in the order in which they happened, each lane for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.core.errors import StorageBusy, StorageError
from bot.core.messages import msg
from bot.usecases.lanes import Lanes, Work, persistently

BUSY = StorageBusy(msg("The database is busy."))
BROKEN = StorageError(msg("The database does not answer."))


class Told:
    """What was handled, in order, and how often an event was lost."""

    def __init__(self, **options: Any) -> None:
        self.done: list[str] = []
        self.lost = 0
        self.lanes = Lanes("chat", missed=self._miss, **options)

    def _miss(self) -> None:
        self.lost += 1

    def put(self, lane: str, name: str, at: float = 0.0, work: Work | None = None) -> None:
        """Let an event wait that notes its name, or does `work` before."""

        async def handled() -> None:
            await asyncio.sleep(0)
            if work is not None:
                await work()
            self.done.append(name)

        self.lanes.put(lane, "event", handled, at=at)


def failing(*errors: Exception) -> Callable[[], Awaitable[None]]:
    """Work that raises these, one at a time, and is done then."""
    left = list(errors)

    async def work() -> None:
        if left:
            raise left.pop(0)

    return work


def until(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    """Work that waits for an event."""

    async def work() -> None:
        await event.wait()

    return work


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=30))
def test_each_lane_keeps_the_order_in_which_things_happened(events: list[tuple[str, int]]) -> None:
    async def handled() -> list[str]:
        told = Told()
        for number, (lane, at) in enumerate(events):
            told.put(lane, f"{lane}{number}", at)
        await told.lanes.drain(10)
        return told.done

    done = asyncio.run(handled())
    for lane in "abc":
        expected = sorted((at, number) for number, (where, at) in enumerate(events) if where == lane)
        assert [name for name in done if name[0] == lane] == [f"{lane}{number}" for _, number in expected]


async def test_what_happened_earlier_and_comes_later_goes_first_among_those_that_wait() -> None:
    told, first = Told(), asyncio.Event()
    told.put("a", "slow", 1, until(first))
    await asyncio.sleep(0)
    told.put("a", "later", 9)
    told.put("a", "earlier", 5)
    first.set()
    await told.lanes.drain(10)
    assert told.done == ["slow", "earlier", "later"]


async def test_lanes_do_not_wait_for_each_other() -> None:
    """The second event is what the first one waits for."""
    told, quick = Told(), asyncio.Event()

    async def work() -> None:
        quick.set()

    told.put("a", "slow", 0, until(quick))
    told.put("b", "quick", 1, work)
    await told.lanes.drain(10)
    assert told.done == ["quick", "slow"]


async def test_a_lane_begins_anew_when_all_was_handled() -> None:
    told = Told()
    for name in ("one", "two"):
        told.put("a", name)
        await told.lanes.drain(10)
    assert told.done == ["one", "two"]
    await told.lanes.drain(0)


async def test_an_event_that_fails_does_not_hold_back_the_next() -> None:
    told = Told()
    with capture_logs() as logs:
        told.put("a", "broken", 0, failing(RuntimeError("ours")))
        told.put("a", "next")
        await told.lanes.drain(10)
    assert told.done == ["next"]
    assert told.lost == 0
    assert [(entry["event"], entry["kind"]) for entry in logs] == [("lanes.event_failed", "event")]


async def test_an_event_that_cannot_be_recorded_is_lost_and_told() -> None:
    told = Told()
    with capture_logs() as logs:
        told.put("a", "lost", 0, failing(BROKEN))
        told.put("a", "next")
        await told.lanes.drain(10)
    assert (told.done, told.lost) == (["next"], 1)
    assert [entry["event"] for entry in logs] == ["lanes.event_lost"]


async def test_beyond_the_most_that_may_wait_events_are_lost_and_told() -> None:
    told, gate = Told(most_waiting=3), asyncio.Event()
    told.put("a", "1", 0, until(gate))
    for name in "234":
        told.put(name, name)
    with capture_logs() as logs:
        told.put("b", "5")
    assert told.lost == 2
    assert [(entry["event"], entry["waiting"]) for entry in logs] == [("lanes.event_lost", 3)]
    gate.set()
    await told.lanes.drain(10)
    assert sorted(told.done) == ["1", "2", "3"]
    told.put("a", "6")
    await told.lanes.drain(10)
    assert told.done[-1] == "6"


async def test_what_is_not_handled_in_time_is_broken_off() -> None:
    told, never = Told(most_waiting=3), asyncio.Event()
    told.put("a", "stuck", 0, until(never))
    told.put("a", "behind it")
    with capture_logs() as logs:
        await told.lanes.drain(0)
    assert (told.done, [entry["event"] for entry in logs]) == ([], ["lanes.broken_off"])
    for name in ("1", "2", "3"):  # and all its room is free again
        told.put("a", name)
    await told.lanes.drain(10)
    assert (told.done, told.lost) == (["1", "2", "3"], 0)


# --- again and again --------------------------------------------------------------------------------------------------


class Pauses(list[float]):
    """How long was paused, without waiting."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.mark.parametrize("times", [0, 1, 4])
async def test_what_meets_a_busy_database_is_done_again(times: int) -> None:
    pauses = Pauses()
    assert await persistently(failing(*[BUSY] * times), pause=pauses) is None
    assert pauses == [0.2 * 2**attempt for attempt in range(times)]


async def test_after_a_while_it_is_given_up() -> None:
    pauses = Pauses()
    with pytest.raises(StorageBusy):
        await persistently(failing(*[BUSY] * 5), pause=pauses)
    assert len(pauses) == 4


async def test_another_error_is_not_tried_again() -> None:
    pauses = Pauses()
    with pytest.raises(StorageError, match="does not answer"):
        await persistently(failing(BROKEN), pause=pauses)
    assert pauses == []
