"""A page at a time, and whatever fails keeps nobody else waiting."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.core.errors import StorageError
from bot.core.messages import msg
from bot.usecases.each import Failures, for_pages


class Numbers:
    """Numbers to be served, in pages; those in `broken` cannot be."""

    def __init__(self, count: int, size: int, *broken: int) -> None:
        self.left = list(range(count))
        self.size = size
        self.broken = set(broken)
        self.served: list[list[int]] = []
        self.failures = Failures()

    async def page_after(self, last: int | None) -> Sequence[int]:
        return [number for number in self.left if last is None or number > last][: self.size]

    async def serve(self, page: Sequence[int]) -> int:
        if self.broken & set(page):
            raise KeyError(min(self.broken & set(page)))
        self.served.append(list(page))
        self.left = [number for number in self.left if number not in page]
        return len(page)

    async def all(self) -> int:
        return await for_pages(self.page_after, self.serve, self.failures)


async def test_all_are_served_a_page_at_a_time() -> None:
    numbers = Numbers(7, 3)
    assert await numbers.all() == 7
    assert numbers.served == [[0, 1, 2], [3, 4, 5], [6]]
    numbers.failures.tell()


async def test_what_fails_is_tried_once_and_told_and_all_others_are_served() -> None:
    numbers = Numbers(20, 8, 3, 4, 19)
    assert await numbers.all() == 17
    assert numbers.left == [3, 4, 19]
    with pytest.raises(ExceptionGroup) as caught:
        numbers.failures.tell()
    told = [(error.args, error.__notes__) for error in caught.value.exceptions]
    assert told == [((number,), [f"while serving {number}"]) for number in (3, 4, 19)]


async def test_one_that_fails_among_very_many_is_found_in_a_few_steps() -> None:
    numbers = Numbers(512, 512, 200)
    assert await numbers.all() == 511
    assert len(numbers.served) == 9


async def test_where_the_storage_cannot_be_used_nobody_is_served() -> None:
    numbers = Numbers(7, 3)

    async def serve(page: Sequence[int]) -> int:
        raise StorageError(msg("The database cannot be used."))

    with pytest.raises(StorageError):
        await for_pages(numbers.page_after, serve, numbers.failures)
    with pytest.raises(StorageError), numbers.failures.kept(1):
        await serve([1])
    numbers.failures.tell()


async def test_of_very_many_that_fail_a_hundred_are_told() -> None:
    numbers = Numbers(300, 50, *range(300))
    assert await numbers.all() == 0
    with pytest.raises(ExceptionGroup) as caught:
        numbers.failures.tell()
    assert len(caught.value.exceptions) == 100
