"""Processes that are forked from one that has read Paperboy's code already (`forking.py`), as asyncio has its own.

Reading the code takes more than a second of work, and most commands under test have less than that to do. From there on
each is `python -m bot` like any other: a process of its own with its own memory, that knows of no earlier one, and ends
as Python does.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

_ROOT = Path(__file__).resolve().parents[1]


class _Told(asyncio.Protocol):
    """What is told of a process: its number, and how it ended."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.pid: asyncio.Future[int] = loop.create_future()
        self.code: asyncio.Future[int] = loop.create_future()
        self._heard = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            awaited = self.code if self.pid.done() else self.pid
            if not awaited.done():
                awaited.set_result(int(line))

    def connection_lost(self, exc: Exception | None) -> None:
        for awaited in (self.pid, self.code):
            if not awaited.done():
                awaited.set_exception(ChildProcessError("the process that forks has ended"))


class Forked:
    """A process, as `asyncio.subprocess.Process` is one."""

    def __init__(
        self,
        pid: int,
        told: _Told,
        stdout: asyncio.StreamReader | None,
        stderr: asyncio.StreamReader | None,
        transports: Sequence[asyncio.BaseTransport],
    ) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self._told = told
        self._transports = transports

    @property
    def returncode(self) -> int | None:
        """How it ended, once it has."""
        return self._told.code.result() if self._told.code.done() else None

    async def wait(self) -> int:
        """Wait until it has ended; how."""
        return await asyncio.shield(self._told.code)

    async def communicate(self) -> tuple[bytes, bytes]:
        """Wait until it has ended; what it has written."""
        out, err = await asyncio.gather(*(_all_of(stream) for stream in (self.stdout, self.stderr)))
        await self.wait()
        return out, err

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Close its pipes, which are this process's own."""
        for transport in self._transports:
            transport.close()


async def _all_of(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


@dataclass
class _Forking:
    """The process that forks, as it is asked."""

    process: subprocess.Popen[bytes]
    orders: socket.socket

    def order(self, order: Mapping[str, object], files: Sequence[int]) -> None:
        line = json.dumps(order).encode()
        socket.send_fds(self.orders, [len(line).to_bytes(4, "big")], files)
        self.orders.sendall(line)

    def end(self) -> None:
        self.orders.close()
        self.process.wait()


@cache
def _forking() -> _Forking:
    """Started when it is first needed; there is one in each process that runs tests."""
    ours, theirs = socket.socketpair()
    kept = ("PATH", "HOME", "TMPDIR", "COVERAGE_PROCESS_CONFIG")
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking"],
            cwd=_ROOT,
            env={**{name: os.environ[name] for name in kept if name in os.environ}, "PYTHONPATH": str(_ROOT)},
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
        )
    forking = _Forking(process, ours)
    atexit.register(forking.end)
    return forking


async def forked(
    module: str,
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    log: BinaryIO | None = None,
) -> Forked:
    """`python -m MODULE ARGUMENTS` in a folder, with just this environment. What it says goes to `log`, else to us."""
    out, its_out = os.pipe()
    err, its_err = (None, log.fileno()) if log else os.pipe()
    told, its_told = os.pipe()
    order = {"module": module, "arguments": arguments, "folder": str(folder), "environment": dict(environment)}
    _forking().order(order, (its_out, its_err, its_told))
    for end in (its_out, its_told, *(() if log else (its_err,))):
        os.close(end)
    loop = asyncio.get_running_loop()
    telling, said = await loop.connect_read_pipe(_Told, os.fdopen(told, "rb", 0))
    transports: list[asyncio.BaseTransport] = [telling]
    try:
        stdout, of_stdout = await _reader(out)
        transports += of_stdout
        stderr, of_stderr = (None, []) if err is None else await _reader(err)
        transports += of_stderr
        return Forked(await asyncio.shield(said.pid), said, stdout, stderr, transports)
    except BaseException:  # nobody waits for it any more, as when a test takes too long
        said.pid.add_done_callback(_kill)
        for transport in transports[1:]:
            transport.close()
        raise


def _kill(pid: asyncio.Future[int]) -> None:
    if not pid.cancelled() and pid.exception() is None:
        with suppress(ProcessLookupError):
            os.kill(pid.result(), signal.SIGKILL)


async def _reader(pipe: int) -> tuple[asyncio.StreamReader, list[asyncio.BaseTransport]]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", 0))
    return reader, [transport]
