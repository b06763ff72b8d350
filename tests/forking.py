"""`python -m tests.forking`: reads Paperboy's code once, and forks a process for each order on its standard input.

Standard input is a socket. An order is a JSON object after its length in four bytes: the `module` to run and its
`arguments`, its `folder` and its whole `environment`. With it come three files: the process's standard output and its
standard error, and one on which is told of it, a line each, what its number is and how it ended. Nothing here has
threads, and what is forked has the one in which it goes on.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import sys
import time
from typing import Any

_READ = (
    "bot.app",
    "bot.cli",
    "bot.discord.app",
    "bot.discord.courier",
    "bot.slack.app",
    "bot.slack.courier",
    "bot.slack.installing",
    "storage.installations",
    "storage.postgresql",
)

_FILES = 3
_LENGTH = 4
"""Bytes."""


def main() -> None:
    """Fork until there are no more orders. A forked process comes out of this as what it was asked to be."""
    ending = _Ending()
    atexit.register(ending.now)  # before all others, so that it comes after them
    for name in _READ:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what all have in common is not copied for the sake of the garbage collector's marks
    order = _Forks(socket.socket(fileno=os.dup(0))).serve()
    if order is not None:
        _become(order, ending)


class _Ending:
    """The end of a forked process, after all that Python does before it takes modules apart.

    That would copy each page of memory that they share, only to give it back.
    """

    def __init__(self) -> None:
        self.code: int | None = None

    def now(self) -> None:
        if self.code is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self.code)


class _Forks:
    """Those that have not ended yet, each with where to tell of it."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._told: dict[int, int] = {}

    def serve(self) -> dict[str, Any] | None:
        """Answer orders; in a forked process, hand back its own."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for those that were forked
        ended, wakes = os.pipe()
        for end in (ended, wakes):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes)
        while True:
            ready, _, _ = select.select([self._orders.fileno(), ended], [], [])
            if ended in ready:
                os.read(ended, 4096)
                self._bury()
            if self._orders.fileno() in ready:
                length, files, _, _ = socket.recv_fds(self._orders, _LENGTH, _FILES)
                if not length:
                    return None
                order: dict[str, Any] = json.loads(self._received(int.from_bytes(length, "big")))
                pid = os.fork()
                if not pid:
                    _take(files)
                    return order
                *outputs, told = files
                for output in outputs:
                    os.close(output)
                self._told[pid] = told
                try:
                    os.write(told, b"%d\n" % pid)
                except BrokenPipeError:  # whoever asked for it has given up waiting
                    os.kill(pid, signal.SIGKILL)

    def _received(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            some = self._orders.recv(length - len(received))
            if not some:
                raise EOFError("whoever gives orders has ended in the middle of one")
            received += some
        return received

    def _bury(self) -> None:
        while self._told:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            told = self._told.pop(pid)
            try:
                os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
            except BrokenPipeError:
                pass  # nobody wants to know
            finally:
                os.close(told)


def _take(files: list[int]) -> None:
    """These are the standard files now, and no others are open."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for here, there in enumerate([os.open(os.devnull, os.O_RDONLY), *files[:-1]]):
        os.dup2(there, here)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _become(order: dict[str, Any], ending: _Ending) -> None:
    """Be the process that was asked for, to its end."""
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["folder"])
    random.seed()
    sys.argv = [order["module"], *order["arguments"]]
    ending.code = 1
    try:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
        ending.code = 0
    except SystemExit as end:
        ending.code = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise


if __name__ == "__main__":
    main()
