"""Paperboy as a process of its own, for tests that stop, restart and kill it.

Mostly one that is forked from a process that has read the code already (`forks.py`). Whoever is interested in a FRESH
start, in which Python itself starts and everything is imported, says so: its first second of work is another one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import BinaryIO

from tests.forks import Forked, forked

ROOT = Path(__file__).resolve().parents[1]

Process = asyncio.subprocess.Process | Forked
FORKED, FRESH = "forked", "fresh"
_START = 60  # seconds; a first start on a busy machine fills the archive


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A clean environment: nothing of the developer's own settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "TMPDIR", "COVERAGE_PROCESS_CONFIG")
    }
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{folder / 'paperboy.db'}",
        "PAPERBOY_LANGUAGE": "en",
        "PAPERBOY_ARXIV_URL": "http://127.0.0.1:9/api/query",  # nobody is there
        **more,
    }


_PORTS = range(10_000, 32_000)
"""Below those that systems give to whoever names none: who dies and starts anew finds its port still free."""


def free_port() -> int:
    """A TCP port that nobody listens on."""
    while True:
        port = SystemRandom().choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


async def until(look: Callable[[], Awaitable[object]], *, every: float = 0.1) -> None:
    """Look at other processes again and again, until something is found. They tell nobody when they get somewhere."""
    while not await look():  # noqa: ASYNC110 - see above
        await asyncio.sleep(every)


@dataclass
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


async def paperboy(folder: Path, *arguments: str, how: str = FORKED, **more: str) -> Finished:
    """Run a command of the command line to its end."""
    process = await begun(folder, *arguments, how=how, **more)
    try:
        return await ended(process)
    finally:
        close_pipes(process)


async def begun(folder: Path, *arguments: str, how: str = FORKED, **more: str) -> Process:
    """Start a command of the command line."""
    return await _process(folder, "bot", arguments, environment(folder, **more), how=how)


async def ended(process: Process) -> Finished:
    """Wait for its end; how it ended."""
    out, err = await process.communicate()
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


@dataclass
class Running:
    """A `paperboy run` that answers."""

    process: Process
    address: str
    out: str = ""  # what it printed, once it has ended

    async def kill(self) -> None:
        """kill -9: no handler runs, nothing is flushed."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


async def start(
    folder: Path,
    port: int,
    *,
    module: str = "bot",
    arguments: Sequence[str] = ("run",),
    how: str = FORKED,
    **more: str,
) -> Process:
    """Start `paperboy run`, or another module, without waiting until it answers."""
    with (folder / "log.txt").open("ab") as log:
        settings = environment(folder, PAPERBOY_WEB_PORT=str(port), **more)
        return await _process(folder, module, arguments, settings, log=log, how=how)


async def _process(
    folder: Path,
    module: str,
    arguments: Sequence[str],
    settings: Mapping[str, str],
    *,
    log: BinaryIO | None = None,
    how: str,
) -> Process:
    if how == FORKED:
        return await forked(module, arguments, folder, settings, log=log)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *arguments),
        cwd=folder,
        env=settings,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=log or asyncio.subprocess.PIPE,
    )


async def until_ready(process: Process, folder: Path, port: int) -> Running:
    """Wait for the line that names the address."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), _START)
    assert b"127.0.0.1" in line, (folder / "log.txt").read_text()
    return Running(process, f"http://127.0.0.1:{port}", line.decode())


@asynccontextmanager
async def running(
    folder: Path, port: int | None = None, *, roles: Sequence[str] = (), how: str = FORKED, **more: str
) -> AsyncIterator[Running]:
    """`paperboy run` for the length of a block, with these roles, else with all."""
    port = port or free_port()
    options = [option for role in roles for option in ("--role", role)]
    process = await start(folder, port, arguments=("run", *options), how=how, **more)
    run = Running(process, f"http://127.0.0.1:{port}")
    try:
        run.out = (await until_ready(process, folder, port)).out
        yield run
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        assert process.stdout is not None
        run.out += (await process.stdout.read()).decode()
        close_pipes(process)


async def refused(folder: Path, **settings: str) -> str:
    """The one line with which `paperboy run` ends where a setting is wrong."""
    async with asyncio.timeout(_START):
        ended = await paperboy(folder, "run", **{"PAPERBOY_WEB_PORT": str(free_port()), **settings})
    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.err
    (line,) = [line for line in ended.err.splitlines() if line.startswith("paperboy:")]
    return line


def close_pipes(process: Process) -> None:
    """Close what asyncio would leave to the garbage collector, which warns about it."""
    if isinstance(process, Forked):
        process.close()
        return
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
