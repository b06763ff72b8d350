"""`python -m tests.crash.forking`: reads Paperboy's code once, and forks a process for each line on standard input.

A line is a JSON object: the `module` to run and its `arguments`, its `folder` and its whole `environment`. The answer
is the number of the process. There are no threads before it is forked.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import runpy
import signal
import sys
from pathlib import Path
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


def main() -> None:
    """Fork until there are no more lines."""
    for name in _READ:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that ended
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(order)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    """Be the process that was asked for, to its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(Path("log.txt"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for here, there in ((0, nothing), (1, nothing), (2, log)):
        os.dup2(there, here)
    random.seed()
    sys.argv = [order["module"], *order["arguments"]]
    code = 1
    try:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
