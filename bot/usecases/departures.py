"""Paperboy can no longer post somewhere: a channel was archived or deleted, or the app removed from it."""

from __future__ import annotations

import structlog

from bot.core.errors import CourierError
from bot.core.messages import Message, msg
from bot.core.ports import Courier, Stores
from bot.core.subscriptions import Channel, Subscription

log = structlog.get_logger(__name__)


async def channel_gone(stores: Stores, courier: Courier, channel: Channel, reason: Message) -> int:
    """Pause a channel's subscriptions, and tell who set each up why, and how to go on; how many there were.

    Those that are paused already stay so, and nobody is told of them: told of the same again, nothing happens.
    """
    paused = await stores.subscriptions.pause_channel(channel)
    for subscription in paused:
        await _tell(courier, subscription, reason)
    return len(paused)


async def _tell(courier: Courier, subscription: Subscription, reason: Message) -> None:
    if subscription.created_by is None or subscription.personal:
        return
    said = msg(
        "{reason} Its digests (subscription {id}: {query}) are paused. Once Paperboy can post there again, "
        "/digest resume {id} in that channel goes on with them.",
        reason=reason,
        id=str(subscription.id),
        query=f"`{subscription.query}`" if subscription.query else msg("everything"),
    )
    try:
        await courier.tell(subscription.created_by, said, language=subscription.language)
    except CourierError as untold:
        log.warning("departure.operator_not_told", subscription=subscription.id, reason=str(untold))


async def workspace_gone(stores: Stores, platform: str, workspace: str) -> int:
    """End all subscriptions of a workspace that Paperboy was removed from, personal ones too; how many there were."""
    ended = await stores.subscriptions.end_workspace(platform, workspace)
    log.info("departure.workspace", platform=platform, workspace=workspace, subscriptions=ended)
    return ended


async def workspace_in_doubt(stores: Stores, platform: str, workspace: str) -> int:
    """Pause all subscriptions of a workspace that Paperboy may have been removed from; how many were not paused."""
    active = await stores.subscriptions.active()
    there = (one.channel for one in active if (one.channel.platform, one.channel.workspace) == (platform, workspace))
    paused = 0
    for channel in dict.fromkeys(there):
        paused += len(await stores.subscriptions.pause_channel(channel))
    log.warning("departure.workspace_in_doubt", platform=platform, workspace=workspace, subscriptions=paused)
    return paused
