"""Paperboy as a process of its own, for tests that stop, restart and kill it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

ROOT = Path(__file__).resolve().parents[1]
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


async def paperboy(folder: Path, *arguments: str, **more: str) -> Finished:
    """Run a command of the command line to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=folder,
        env=environment(folder, **more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


@dataclass
class Running:
    """A `paperboy run` that answers."""

    process: asyncio.subprocess.Process
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
    folder: Path, port: int, *, command: Sequence[str] = ("-m", "bot", "run"), **more: str
) -> asyncio.subprocess.Process:
    """Start `paperboy run`, or another command of Python's, without waiting until it answers."""
    with (folder / "log.txt").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            cwd=folder,
            env=environment(folder, PAPERBOY_WEB_PORT=str(port), **more),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )


async def until_ready(process: asyncio.subprocess.Process, folder: Path, port: int) -> Running:
    """Wait for the line that names the address."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), _START)
    assert b"127.0.0.1" in line, (folder / "log.txt").read_text()
    return Running(process, f"http://127.0.0.1:{port}", line.decode())


@asynccontextmanager
async def running(
    folder: Path, port: int | None = None, *, roles: Sequence[str] = (), **more: str
) -> AsyncIterator[Running]:
    """`paperboy run` for the length of a block, with these roles, else with all."""
    port = port or free_port()
    options = [option for role in roles for option in ("--role", role)]
    process = await start(folder, port, command=("-m", "bot", "run", *options), **more)
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


def close_pipes(process: asyncio.subprocess.Process) -> None:
    """Close what asyncio would leave to the garbage collector, which warns about it."""
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
