"""Killed twenty times while it delivers, Paperboy leaves every post there once, in order; more by `make crash`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.campaign import Campaign
from tests.crash.databases import BASES
from tests.crash.lives import BLIND
from tests.crash.places import PLACES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("database", list(BASES))
@pytest.mark.parametrize("platform", list(PLACES))
async def test_whatever_crashes_every_post_is_there_once_and_in_order(
    tmp_path: Path, platform: str, database: str
) -> None:
    said: list[str] = []
    report = await Campaign(platform, database, 20, 20240621, tmp_path, say=said.append).run()
    assert report.line(platform, database) == f"{platform} {database}: 20 kills, lost 0, doubled 0, disordered 0", said
    assert report.problems == []


@pytest.mark.parametrize("platform", list(PLACES))
async def test_two_workers_on_one_database_do_not_get_into_each_others_way(tmp_path: Path, platform: str) -> None:
    report = await Campaign(platform, "postgresql", 20, 20240622, tmp_path, is_warm=True, workers=2).run()
    assert not report.score
    assert report.problems == []


@pytest.mark.parametrize("platform", list(PLACES))
async def test_without_the_look_up_posts_are_found_doubled(tmp_path: Path, platform: str) -> None:
    """The control: a harness that finds nothing wrong here could find nothing anywhere."""
    report = await Campaign(platform, "sqlite", 12, 20240621, tmp_path, module=BLIND, is_warm=True).run()
    assert report.score.doubled + report.score.lost > 0
