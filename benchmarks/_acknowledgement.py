"""What the benchmarks of acknowledgement share: load beside a running Paperboy, and figures of how soon it answered."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.import_speed import write_vault
from tests.processes import environment

BAR = 3.0
"""Seconds that Slack and Discord give an app."""
CHANNELS = 8
NOTES = 5_560

Ask = Callable[[], Awaitable[list[float]]]
"""Has many people ask at once; the seconds that each waited for an acknowledgement."""


async def busy_times(ask: Ask, folder: Path, settings: Mapping[str, str]) -> list[float]:
    """Ask again and again while `paperboy import` of many notes runs beside `paperboy run`."""
    vault = folder / "vault"
    vault.mkdir()
    write_vault(vault, NOTES)
    importing = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "import", str(vault)),
        cwd=folder,
        env=environment(folder, **settings),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    busy: list[float] = []
    while importing.returncode is None:
        busy += await ask()
        with suppress(TimeoutError):
            await asyncio.wait_for(importing.wait(), 0.05)
    return busy


def report(what: str, idle: Sequence[float], busy: Sequence[float], posts: int) -> float:
    """Print the figures, and their ratio; the slowest acknowledgement in seconds."""
    print(f"{what}: {len(busy)} asked while importing {NOTES} notes and posting {posts} messages")
    p99 = {name: statistics.quantiles(times, n=100)[98] for name, times in (("idle", idle), ("busy", busy))}
    for name, times in (("idle", idle), ("busy", busy)):
        middle = statistics.median(times)
        print(
            f"  {name}: p50 {middle * 1000:6.0f} ms   p99 {p99[name] * 1000:6.0f} ms   max {max(times) * 1000:6.0f} ms"
        )
    print(f"  busy against idle, p99: {p99['busy'] / p99['idle']:.2f} x")
    return max(*idle, *busy)


def verdict(platform: str, slowest: float) -> int:
    """Print whether the bar is met; the exit code."""
    print(
        f"{platform} acknowledgement: slowest {slowest:.2f} s, bar {BAR:.0f} s: {'met' if slowest <= BAR else 'MISSED'}"
    )
    return 0 if slowest <= BAR else 1
