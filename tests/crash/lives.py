"""Processes that are killed: started afresh each time, or forked from one that has read Paperboy's code already.

A warm start skips the second of work that it takes to import everything. From there on it is `paperboy run` like any
other, in a process of its own with its own memory, that knows of no earlier one.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

from tests.processes import ROOT, close_pipes, environment, start

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


class _Fresh:
    """A process of our own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
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


class FreshStarts:
    """`python -m bot run`, or another module."""

    def __init__(self, module: str, options: Sequence[str] = ()) -> None:
        self._command = ("-m", module, *_ARGUMENTS[module], *options)

    async def start(self, folder: Path, port: int, **settings: str) -> Life:
        return _Fresh(await start(folder, port, command=self._command, **settings))


class _Forked:
    """A process of the one that forks. When it ends is told by its file descriptor."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        try:
            self._fd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._over.set()
        else:
            self._loop.add_reader(self._fd, self._end)

    def _end(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        self._over.set()

    async def ended(self, within: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), within)
        return self._over.is_set()

    async def kill(self) -> None:
        if not self._over.is_set():
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            await self._over.wait()


class _WarmStarts:
    def __init__(self, module: str, forking: asyncio.subprocess.Process, options: Sequence[str]) -> None:
        self._module = module
        self._forking = forking
        self._options = options

    async def start(self, folder: Path, port: int, **settings: str) -> Life:
        assert self._forking.stdin is not None
        assert self._forking.stdout is not None
        order = {
            "module": self._module,
            "arguments": [*_ARGUMENTS[self._module], *self._options],
            "folder": str(folder),
            "environment": environment(folder, PAPERBOY_WEB_PORT=str(port), **settings),
        }
        self._forking.stdin.write(json.dumps(order).encode() + b"\n")
        await self._forking.stdin.drain()
        return _Forked(int(await self._forking.stdout.readline()))


@asynccontextmanager
async def warm_starts(module: str, folder: Path, options: Sequence[str] = ()) -> AsyncIterator[Lives]:
    """Forks of one process, which ends with the block."""
    forking = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.crash.forking"),
        cwd=ROOT,
        env=environment(folder),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield _WarmStarts(module, forking, options)
    finally:
        assert forking.stdin is not None
        forking.stdin.close()
        await forking.wait()
        close_pipes(forking)
