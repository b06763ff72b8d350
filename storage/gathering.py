"""What many ask of the database at one time, done in one transaction.

A transaction costs more than what is done in it: its beginning, its locks, its commit, and a hop into a thread. Whoever
asks while one is under way waits for the next, together with everybody else who does; who is alone waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

MOST: Final = 50
"""Questions in one transaction."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Waiting = tuple[Asked, asyncio.Future[Answer]]


class Gathering(Generic[Asked, Answer]):
    """Hands all that are asked at one time to `answer_all`, which answers each in its place.

    Where that fails for several, each is asked alone: nobody fails because of another.
    """

    def __init__(self, answer_all: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]]) -> None:
        self._answer_all = answer_all
        self._waiting: list[Waiting[Asked, Answer]] = []
        self._under_way: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """The answer, or whatever goes wrong when it is looked for."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._go_on())
        return await answer

    async def _go_on(self) -> None:
        """Answer until nobody waits any more."""
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                there = [one for one in some if not one[1].done()]  # others were cancelled meanwhile
                if there:
                    await self._answer(there)
        finally:
            self._under_way = None

    async def _answer(self, some: Sequence[Waiting[Asked, Answer]]) -> None:
        try:
            answers = await self._answer_all([asked for asked, _ in some])
        except Exception as error:  # noqa: BLE001 - handed on to who asked
            if len(some) == 1:
                _fail(some[0][1], error)
            else:
                await asyncio.gather(*(self._answer([one]) for one in some))
            return
        for (_, waiting), answer in zip(some, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)


def _fail(waiting: asyncio.Future[Answer], error: Exception) -> None:
    if not waiting.done():
        waiting.set_exception(error)
