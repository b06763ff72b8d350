"""The garbage collector during imports: it looks seldom, and afterwards as often as before."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import pytest

from bot.core.ports import ImportedEntry
from storage.garbage import seldom_collected
from storage.opening import Storage

from .conftest import Make


@pytest.fixture(autouse=True)
def _as_usual() -> Iterator[None]:
    """Whatever a test does to it, the next one has the collector as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_as_often_as_before_once_the_last_is_through() -> None:
    gc.set_threshold(700, 11, 12)
    entered, leave = threading.Event(), threading.Event()

    def beside() -> None:
        with seldom_collected():
            entered.set()
            leave.wait()

    other = threading.Thread(target=beside)
    with suppress(ZeroDivisionError), seldom_collected():
        other.start()
        entered.wait()
        raise ZeroDivisionError
    assert gc.get_threshold()[0] > 50_000
    leave.set()
    other.join()
    assert gc.get_threshold() == (700, 11, 12)


@pytest.mark.parametrize("first", [0, 2_000_000])
def test_never_more_often_than_before(first: int) -> None:
    """0 is never: so whoever has said that does not want it at all."""
    gc.set_threshold(first, 11, 12)
    with seldom_collected():
        assert gc.get_threshold() == (first, 11, 12)
    assert gc.get_threshold() == (first, 11, 12)


async def test_an_import_is_not_looked_through_again_and_again(storage: Storage, make: Make, now: datetime) -> None:
    imported = [
        ImportedEntry(make(id=f"e{number}", tags=("one", f"tag {number}"), commentary=f"word{number} 낱말"), True)
        for number in range(800)
    ]
    looked: list[int] = []

    def look(phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            looked.append(about["generation"])

    gc.collect()
    gc.callbacks.append(look)
    try:
        await storage.archive.write_import(imported, documents=[], at=now)
    finally:
        gc.callbacks.remove(look)
    assert len(looked) <= 2, looked
