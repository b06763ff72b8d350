"""The local workspace's first start, also one that is broken off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.core.people import Language
from bot.core.subscriptions import Channel
from bot.usecases.deliver import plan_due
from bot.usecases.open_workspace import open_workspace
from storage.opening import Storage

from .conftest import Crash, failing, paper

AT = datetime(2024, 6, 21, 1, tzinfo=UTC)


async def opened(stores: Storage) -> list[str]:
    await open_workspace(stores, language=Language.ENGLISH, zone="Asia/Seoul", at=AT)
    return [channel.id for channel in await stores.workspace.channels()]


async def test_a_channel_has_a_name_that_can_stand_in_an_address(stores: Storage) -> None:
    for tags in (("rl/hf", "R&D"), ("rl/hf", "R&D", "RLAIF")):
        await stores.archive.add(paper(f"With {len(tags)}", tags=tags), by=None, at=AT)
    assert await opened(stores) == ["papers", "rlaif"]


async def test_a_first_start_that_was_broken_off_still_brings_the_latest_digest(stores: Storage) -> None:
    await stores.archive.add(paper("One", date(2024, 6, 18)), by=None, at=AT)
    with pytest.raises(Crash):
        await opened(replace(stores, ledger=failing(stores.ledger, "plan", error=Crash())))
    assert await opened(stores) == ["papers"]
    await plan_due(stores, AT)
    (subscription,) = await stores.subscriptions.of_channel(Channel("web", "local", "papers"))
    (delivery,) = await stores.ledger.deliveries(subscription.id, [date(2024, 6, 18)])
    assert len(await stores.ledger.posts([delivery.id])) == 2
