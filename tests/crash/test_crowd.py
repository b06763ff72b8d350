"""Three workers deliver to many workspaces, two of them are killed on the way, and every channel shows its digest.

A small one; the thousand channels, where those who are killed do not come back, are played by `make crowd`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.crowd import Crowd

pytestmark = pytest.mark.slow


async def test_two_of_three_workers_are_killed_and_every_channel_shows_its_digest(tmp_path: Path) -> None:
    said: list[str] = []
    crowd = Crowd(30, 5, 3, 20240621, tmp_path, is_warm=True, come_back=True, say=said.append)
    async with crowd.opened() as stage:
        morning = await stage.play(crowd.kills())
    assert len(morning.kills) == 2
    assert not morning.score, said
    assert morning.problems == []
