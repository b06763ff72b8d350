"""Killed twenty times while it delivers, Paperboy leaves every post there once, in order; more by `make crash`.

Most of a campaign is waiting, so that those of both platforms go on beside each other.
"""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.crash.campaign import Campaign
from tests.crash.databases import BASES
from tests.crash.lives import BLIND
from tests.crash.places import PLACES

pytestmark = pytest.mark.slow


async def on_each_platform(folder: Path, database: str, kills: int, **more: Any) -> None:
    """A campaign on each, after which every post is there once and in order."""
    said: list[str] = []
    campaigns = [
        Campaign(platform, database, kills, 20240621, folder / platform, is_warm=True, say=said.append, **more)
        for platform in PLACES
    ]
    for campaign, report in zip(campaigns, await asyncio.gather(*(one.run() for one in campaigns)), strict=True):
        assert not report.score, said
        assert report.problems == [], campaign.platform
        assert report.kills >= kills


@pytest.mark.parametrize("database", list(BASES))
async def test_whatever_crashes_every_post_is_there_once_and_in_order(tmp_path: Path, database: str) -> None:
    await on_each_platform(tmp_path, database, 20)


async def test_two_workers_on_one_database_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    await on_each_platform(tmp_path, "postgresql", 20, workers=2)


async def test_started_as_anybody_starts_it(tmp_path: Path) -> None:
    """Without the head start that the others have: the first moments of a process are long ones."""
    report = await Campaign("slack", "sqlite", 5, 20240621, tmp_path, papers=2).run()
    assert report.line("slack", "sqlite") == f"slack sqlite: {report.kills} kills, lost 0, doubled 0, disordered 0"
    assert report.problems == []


async def test_without_the_look_up_posts_are_found_doubled(tmp_path: Path) -> None:
    """The control: a harness that finds nothing wrong here could find nothing anywhere."""

    async def goes_wrong(platform: str) -> None:
        for seed in count(1):  # mostly the first
            campaign = Campaign(platform, "sqlite", 4, seed, tmp_path / f"{platform}{seed}", BLIND, True, papers=2)
            score = (await campaign.run()).score
            if score.doubled + score.lost:
                return
            assert seed < 6, platform

    await asyncio.gather(*map(goes_wrong, PLACES))
