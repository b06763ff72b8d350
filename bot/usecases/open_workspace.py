"""Open the local workspace: its first start makes two channels with a subscription each, so that it can be tried."""

from __future__ import annotations

import re
from datetime import datetime, time

from bot.core.people import Language
from bot.core.ports import Stores
from bot.core.query import TagTerm
from bot.core.query_syntax import parse
from bot.core.subscriptions import Channel, Subscription
from bot.core.workspace import LocalChannel
from bot.usecases.subscribe import begin

PLATFORM = "web"
WORKSPACE = "local"
_CHANNELS = 2
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")  # what stands in an address as it is


async def open_workspace(stores: Stores, *, language: Language, zone: str, at: datetime) -> None:
    """Make the two channels where there are none yet.

    A channel is made after its subscription, so that an interrupted first start is completed by the next one and
    a channel whose subscription somebody ended is left alone.
    """
    existing = {channel.id for channel in await stores.workspace.channels()}
    if len(existing) >= _CHANNELS:
        return
    for position, (name, query) in enumerate(await _channels(stores)):
        if name in existing:
            continue
        channel = Channel(PLATFORM, WORKSPACE, name)
        if not await stores.subscriptions.of_channel(channel):
            # At midnight a day's digest counts as delivered from its first minute on: what a maintainer adds for
            # today while trying things out goes into the channel at once.
            wanted = Subscription(channel=channel, query=query, at=time(0), zone=zone, language=language)
            await begin(stores, wanted, at=at)
        await stores.workspace.add_channel(LocalChannel(name, name, query, position))


async def _channels(stores: Stores) -> list[tuple[str, str]]:
    """(name, query) of each."""
    tag = await _favourite_tag(stores)
    everything = ("papers", "")
    return [everything, (tag, f"tag:{tag}")] if tag else [everything]


async def _favourite_tag(stores: Stores) -> str | None:
    """The most used tag whose name can be a channel's."""
    for tag in await stores.archive.tags(limit=5):
        if parse(f"tag:{tag.name}").terms == (TagTerm((tag.name,)),) and _CHANNEL_NAME.fullmatch(tag.name):
            return tag.name.lower()
    return None
