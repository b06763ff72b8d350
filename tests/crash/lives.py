"""Processes that are killed: started afresh each time, or forked from one that has read the code already.

A warm start (`tests/forks.py`) skips the second of work that it takes to import everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.processes import FORKED, FRESH, Process, close_pipes, start

PAPERBOY = "bot"
BLIND = "tests.crash.blind"
"""The control: a Paperboy that finds nothing that it looks up."""

_ARGUMENTS: dict[str, Sequence[str]] = {PAPERBOY: ("run",), BLIND: ()}


class Life(Protocol):
    """One process."""

    async def ended(self, within: float) -> bool:
        """Whether it ends by itself within so many seconds."""
        ...

    async def kill(self) -> None:
        """kill -9: no handler runs, nothing is flushed."""
        ...


class Lives(Protocol):
    """Starts processes."""

    async def start(self, folder: Path, port: int, **settings: str) -> Life:
        """Start one without waiting until it answers."""
        ...


class _Started:
    """One, as asyncio sees it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def ended(self, within: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), within)
        return self._process.returncode is not None

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        close_pipes(self._process)


@dataclass(frozen=True)
class Starts:
    """`python -m bot run`, or another module; `is_warm` where it is forked."""

    module: str
    options: Sequence[str] = ()
    is_warm: bool = False

    async def start(self, folder: Path, port: int, **settings: str) -> Life:
        """See above."""
        arguments = [*_ARGUMENTS[self.module], *self.options]
        how = FORKED if self.is_warm else FRESH
        return _Started(await start(folder, port, module=self.module, arguments=arguments, how=how, **settings))
