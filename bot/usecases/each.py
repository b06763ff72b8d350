"""Do one thing for very many, a page at a time, so that one which fails keeps no other waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from bot.core.errors import StorageError

T = TypeVar("T")

PAGE: Final = 1_000
"""How many are served at once: few enough that nobody waits long for the one transaction that writes all of it."""
_MOST_TOLD: Final = 100


class Failures:
    """What went wrong while everything else went on."""

    def __init__(self) -> None:
        self._errors: list[Exception] = []

    @contextmanager
    def kept(self, item: object) -> Iterator[None]:
        """Keep for later what goes wrong in a block, which serves this item.

        Raises:
            StorageError: at once, for then it would go wrong for all.
        """
        try:
            yield
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - handed on by `tell`
            self.keep(error, item)

    def keep(self, error: Exception, item: object) -> None:
        """Keep for later what went wrong with this item."""
        if len(self._errors) < _MOST_TOLD:
            error.add_note(f"while serving {item}")
            self._errors.append(error)

    def tell(self) -> None:
        """End with what went wrong, the first hundred of it.

        Raises:
            ExceptionGroup: with what failed and for which item.
        """
        if self._errors:
            raise ExceptionGroup("not everything could be done", self._errors)


async def for_pages(
    page_after: Callable[[T | None], Awaitable[Sequence[T]]],
    work: Callable[[Sequence[T]], Awaitable[int]],
    failures: Failures,
) -> int:
    """Do the work for page after page until there is none; the sum of what it says.

    `page_after` is asked for the page behind an item, or for the first one. A page that fails is done in halves, and
    so on, down to the items that make it fail: those are among the `failures`, and all others are done.

    Raises:
        StorageError: at once.
    """
    done = 0
    last: T | None = None
    while page := await page_after(last):
        done += await _halving(page, work, failures)
        last = page[-1]
    return done


async def _halving(page: Sequence[T], work: Callable[[Sequence[T]], Awaitable[int]], failures: Failures) -> int:
    try:
        return await work(page)
    except StorageError:
        raise
    except Exception as error:  # noqa: BLE001 - it comes again in the half that it belongs to, or is kept
        if len(page) == 1:
            failures.keep(error, page[0])
            return 0
        middle = len(page) // 2
        halves = (page[:middle], page[middle:])
        return sum([await _halving(half, work, failures) for half in halves])
