"""Channels that are gone and workspaces that Paperboy was removed from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.clock import SystemClock
from bot.core.people import Language
from bot.core.subscriptions import Channel
from bot.settings import SlackSettings
from bot.slack import departing
from bot.slack.bolt import bare_bolt
from bot.slack.events import EventLanes
from bot.slack.intake import Intake
from storage.opening import Storage
from tests.platforms.slack import Acme, SlackServer, visible_text
from tests.slack.conftest import Served, parts_for, settings_for


async def paused(served: Served) -> list[bool]:
    return [one.paused for one in await served.storage.subscriptions.of_channel(served.papers)]


def told(served: Served) -> list[str]:
    """What the admin was told in private."""
    direct = served.server.person(served.acme.admin).direct()
    return [visible_text(message) for message in direct.messages.values()]


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_an_archived_channel_rests(slack: SlackServer, served: Served) -> None:
    subscription = await served.subscribe(query="tag:rlaif")
    await slack.person(served.acme.admin).archive(served.acme.papers)
    await served.settled()
    assert await paused(served) == [True]
    (said,) = told(served)
    assert "https://acme.slack.com/archives/C1 was archived" in said
    assert f"/digest resume {subscription.id}" in said
    assert "tag:rlaif" in said
    await slack.person(served.acme.admin).unarchive(served.acme.papers)
    await served.settled()
    assert await paused(served) == [True], "a person decides when it goes on"


async def test_a_channel_that_paperboy_was_removed_from_rests(slack: SlackServer, served: Served) -> None:
    await served.subscribe()
    await slack.person(served.acme.admin).remove(served.acme.papers, served.acme.app)
    await served.settled()
    assert await paused(served) == [True]
    (said,) = told(served)
    assert "/invite @Paperboy" in said


@pytest.mark.parametrize("kind", ["channel_deleted", "group_deleted", "group_archive", "group_left", "channel_left"])
async def test_every_way_to_go_is_heard(slack: SlackServer, served: Served, kind: str) -> None:
    await served.subscribe()
    body = {
        "type": "event_callback",
        "event_id": "Ev-gone",
        "team_id": "T1",
        "event": {"type": kind, "channel": "C1", "event_ts": "1750000000.000100"},
    }
    await slack.dispatch(served.acme.app, "events_api", body)
    await slack.dispatch(served.acme.app, "events_api", {**body, "event_id": "Ev-again"})
    await served.settled()
    assert await paused(served) == [True]
    assert len(told(served)) == 1


async def test_somebody_else_who_leaves_changes_nothing(slack: SlackServer, served: Served) -> None:
    await served.subscribe()
    await slack.person(served.acme.reader).leave(served.acme.papers)
    await served.settled()
    assert await paused(served) == [False]


# --- workspaces -------------------------------------------------------------------------------------------------------


async def test_an_uninstalled_app_has_no_subscriptions_left(slack: SlackServer, served: Served) -> None:
    await served.subscribe()
    elsewhere = Channel("slack", "T2", "C1")
    await served.subscribe(channel=elsewhere)
    await slack.person(served.acme.admin).uninstall()
    await served.settled()
    assert await paused(served) == []
    assert len(await served.storage.subscriptions.of_channel(elsewhere)) == 1


class Departed:
    """Departures with many workspaces; `is_gone` is what the installations say."""

    def __init__(self, slack: SlackServer, acme: Acme, storage: Storage, *, is_gone: bool) -> None:
        settings: SlackSettings = settings_for(slack, acme, "socket")
        self.parts = parts_for(settings, storage)
        self.bolt: AsyncApp = bare_bolt(settings, self.parts.workspaces)
        self.lanes = EventLanes(storage.inbox, SystemClock())
        self.intake = Intake(self.bolt, language=Language.ENGLISH)
        self.forgotten: list[tuple[str | None, str | None]] = []
        self._is_gone = is_gone
        departing.register(self.bolt, self.parts, self.lanes, self._forget)

    async def _forget(self, enterprise_id: str | None, team_id: str | None, at: datetime) -> bool:
        self.forgotten.append((enterprise_id, team_id))
        return self._is_gone

    async def hear(self, **event: Any) -> None:
        body = {"type": "event_callback", "team_id": "T1", "enterprise_id": "E1", "event_id": "Ev1", "event": event}
        await self.intake.answer(AsyncBoltRequest(mode="socket_mode", body=body))
        await self.intake.drain(5)
        await self.lanes.drain(5)


@pytest.mark.parametrize(
    ("event", "is_gone", "left"),
    [
        ({"type": "app_uninstalled"}, True, 0),
        ({"type": "app_uninstalled"}, False, 1),  # it was installed again meanwhile
        ({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0"]}}, True, 0),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U2"], "bot": []}}, True, 1),
        ({"type": "tokens_revoked"}, True, 1),
    ],
)
async def test_the_installation_goes_with_the_subscriptions(
    slack: SlackServer, acme: Acme, storage: Storage, event: dict[str, Any], is_gone: bool, left: int
) -> None:
    departed = Departed(slack, acme, storage, is_gone=is_gone)
    served = Served(slack, acme, storage, departed.parts, None)  # type: ignore[arg-type]
    await served.subscribe()
    await departed.hear(**event)
    assert len(await storage.subscriptions.of_channel(served.papers)) == left
    concerns_us = event["type"] == "app_uninstalled" or bool(event.get("tokens", {}).get("bot"))
    assert departed.forgotten == ([("E1", "T1")] if concerns_us else [])
