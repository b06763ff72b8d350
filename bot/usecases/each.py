"""Do one thing for each of many, so that one which fails keeps no other waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from bot.core.errors import StorageError

T = TypeVar("T")


async def for_each(items: Iterable[T], work: Callable[[T], Awaitable[int]]) -> int:
    """Do the work for each, one after the other; the sum of what it says.

    Raises:
        StorageError: at once, for then it would fail for all.
        ExceptionGroup: at the end, with what failed and for which item.
    """
    done = 0
    failed: list[Exception] = []
    for item in items:
        try:
            done += await work(item)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - handed on below
            error.add_note(f"while serving {item}")
            failed.append(error)
    if failed:
        raise ExceptionGroup("not everything could be done", failed)
    return done
