"""The process that forks goes on, whatever becomes of those who ask it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.processes import begun, paperboy


@pytest.mark.parametrize("steps", range(8))
async def test_a_start_that_is_given_up_keeps_no_other_from_starting(tmp_path: Path, steps: int) -> None:
    starting = asyncio.create_task(begun(tmp_path, "--help"))  # it ends by itself, whoever knows of it
    for _ in range(steps):
        await asyncio.sleep(0)
    starting.cancel()
    with suppress(asyncio.CancelledError):
        process = await starting
        process.kill()
        await process.communicate()
    finished = await paperboy(tmp_path, "--help")
    assert (finished.code, finished.err) == (0, "")
