"""Paperboy can no longer post somewhere: subscriptions rest or end, and who set them up hears of it once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from bot.core.messages import msg
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel, Subscription
from bot.usecases.departures import channel_gone, workspace_gone
from storage.opening import Storage
from tests.usecases.conftest import HERE, SmallPlatform

ANN = Person(HERE.platform, HERE.workspace, "ann")
WHY = msg("The channel {channel} was archived.", channel="#papers")
NOW = datetime(2024, 6, 21, 12, tzinfo=UTC)


async def keep(stores: Storage, **more: Any) -> Subscription:
    wanted = Subscription(channel=HERE, created_by=ANN, language=Language.ENGLISH, next_run_at=NOW)
    return await stores.subscriptions.add(replace(wanted, delivered_through=date(2024, 6, 20), **more))


async def test_a_channel_that_is_gone_rests(stores: Storage, chat: SmallPlatform) -> None:
    first, second = await keep(stores), await keep(stores, query="tag:rlaif")
    assert await channel_gone(stores, chat, HERE, WHY) == 2
    here = await stores.subscriptions.of_channel(HERE)
    assert [(one.paused, one.next_run_at) for one in here] == [(True, None)] * 2
    assert [who for who, _ in chat.told] == ["ann", "ann"]
    assert f"/digest resume {first.id}" in chat.told[0][1]
    assert "everything" in chat.told[0][1]
    assert f"/digest resume {second.id}" in chat.told[1][1]
    assert "`tag:rlaif`" in chat.told[1][1]


async def test_it_is_told_once(stores: Storage, chat: SmallPlatform) -> None:
    await keep(stores)
    await channel_gone(stores, chat, HERE, WHY)
    assert await channel_gone(stores, chat, HERE, WHY) == 0
    assert len(chat.told) == 1


async def test_who_cannot_be_told_keeps_nobody_from_resting(stores: Storage, chat: SmallPlatform) -> None:
    await keep(stores)
    await keep(stores, query="tag:rlaif", created_by=None)
    chat.deaf = True
    assert await channel_gone(stores, chat, HERE, WHY) == 2
    assert all(one.paused for one in await stores.subscriptions.of_channel(HERE))


async def test_other_channels_go_on(stores: Storage, chat: SmallPlatform) -> None:
    there = Channel(HERE.platform, HERE.workspace, "there")
    await keep(stores, channel=there)
    assert await channel_gone(stores, chat, HERE, WHY) == 0
    assert not (await stores.subscriptions.of_channel(there))[0].paused


async def test_a_workspace_that_is_gone_has_no_subscriptions(stores: Storage) -> None:
    await keep(stores)
    await keep(stores, channel=Channel(HERE.platform, "elsewhere", "c"))
    assert await workspace_gone(stores, HERE.platform, HERE.workspace) == 1
    assert await stores.subscriptions.of_channel(HERE) == []
    assert len(await stores.subscriptions.of_workspace(HERE.platform, "elsewhere")) == 1
