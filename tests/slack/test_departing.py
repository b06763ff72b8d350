"""Channels that are gone and workspaces that Paperboy was removed from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
from bot.slack.installing import Installing
from bot.slack.intake import Intake
from bot.slack.parts import SlackParts
from bot.slack.workspaces import Workspaces
from storage.opening import Storage
from tests.platforms.slack import Acme, SlackServer, visible_text
from tests.slack.carrying import Installed
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


@pytest.mark.parametrize(
    ("kind", "team", "channel"),
    [
        ("member_left_channel", "T1", "C1"),  # somebody else did
        ("channel_left", "T1", "C2"),
        ("channel_left", "T2", "C1"),
        ("channel_archive", "T1", ""),
    ],
)
async def test_what_happens_elsewhere_changes_nothing(
    slack: SlackServer, served: Served, kind: str, team: str, channel: str
) -> None:
    await served.subscribe()
    left = {"type": kind, "channel": channel, "user": served.acme.reader.id, "event_ts": "1750000000.000100"}
    body = {"type": "event_callback", "event_id": "Ev-left", "team_id": team, "event": left}
    await slack.dispatch(served.acme.app, "events_api", body)
    await served.settled()
    assert await paused(served) == [False]
    assert told(served) == []


# --- workspaces -------------------------------------------------------------------------------------------------------


async def test_an_uninstalled_app_has_no_subscriptions_left(slack: SlackServer, served: Served) -> None:
    await served.subscribe()
    elsewhere = Channel("slack", "T2", "C1")
    await served.subscribe(channel=elsewhere)
    await slack.person(served.acme.admin).uninstall()
    await served.settled()
    assert await paused(served) == []
    assert len(await served.storage.subscriptions.of_channel(elsewhere)) == 1


def stamp(**ago: float) -> str:
    """A timestamp of Slack's."""
    return f"{(datetime.now(UTC) - timedelta(**ago)).timestamp():.6f}"


REMOVALS = [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0"]}}]


async def hear_removal(served: Served, event: dict[str, Any], **ago: float) -> None:
    body = {"type": "event_callback", "event_id": "Ev-gone", "team_id": "T1"}
    event = {**event, "event_ts": stamp(**ago)}
    await served.server.dispatch(served.acme.app, "events_api", {**body, "event": event})
    await served.settled()


@pytest.mark.parametrize("event", REMOVALS)
async def test_late_word_of_a_removal_does_not_end_what_works_again(served: Served, event: dict[str, Any]) -> None:
    """Slack tells of it again for an hour, and the app may have been installed again by then."""
    await served.subscribe()
    await hear_removal(served, event, minutes=5)
    assert await paused(served) == [False]


@pytest.mark.parametrize("event", REMOVALS)
async def test_fresh_word_of_a_removal_counts(served: Served, event: dict[str, Any]) -> None:
    await served.subscribe()
    await hear_removal(served, event)
    assert await paused(served) == []


@pytest.mark.parametrize("event", REMOVALS)
@pytest.mark.parametrize("minutes", [0, 5])
async def test_a_removal_that_slack_does_not_confirm_pauses(
    served: Served, event: dict[str, Any], minutes: float
) -> None:
    await served.subscribe()
    await served.subscribe(channel=Channel("slack", "T1", "D1"), personal=True)
    elsewhere = Channel("slack", "T2", "C1")
    await served.subscribe(channel=elsewhere)
    served.server.faults.drop_before("auth.test", times=5)
    await hear_removal(served, event, minutes=minutes)
    everything = await served.storage.subscriptions.of_workspace("slack", "T1")
    assert [one.paused for one in everything] == [True, True]
    assert [one.paused for one in await served.storage.subscriptions.of_channel(elsewhere)] == [False]


class Departed:
    """Departures with many workspaces; `is_gone` is what the installations say."""

    def __init__(self, slack: SlackServer, acme: Acme, storage: Storage, *, is_gone: bool) -> None:
        settings: SlackSettings = settings_for(slack, acme, "socket")
        self.parts: SlackParts = parts_for(settings, storage)
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


# --- organisations ----------------------------------------------------------------------------------------------------


class Organisation:
    """Paperboy installed in organisation E1 and in the single workspace T3; a subscription in each of four."""

    def __init__(self, slack: SlackServer, acme: Acme, storage: Storage) -> None:
        self.slack, self.acme, self.storage = slack, acme, storage
        self.installed = Installed(storage, slack, acme.app)
        settings, clock = self.installed.settings(), SystemClock()
        self.workspaces = Workspaces(settings, clock, self.installed.kept)
        self.parts = replace(parts_for(settings, storage), workspaces=self.workspaces)
        installing = Installing(
            settings, self.workspaces, self.installed.kept, storage.slack_states(), language=Language.ENGLISH
        )
        self.bolt = bare_bolt(settings, self.workspaces)
        self.lanes = EventLanes(storage.inbox, clock)
        self.intake = Intake(self.bolt, language=Language.ENGLISH)
        departing.register(self.bolt, self.parts, self.lanes, installing.forget)

    async def found(self) -> None:
        """Install it, and subscribe: T1 and T4 have been heard of, T2 and T3 not since the start."""
        await self.installed.add(self.acme.workspace, enterprise="E1")
        await self.installed.add(self.slack.add_workspace("alone", "T3"))
        self.workspaces.belongs_to("T1", "E1")
        self.workspaces.belongs_to("T4", "E2")
        served = Served(self.slack, self.acme, self.storage, self.parts, None)  # type: ignore[arg-type]
        for team in ("T1", "T2", "T3", "T4"):
            await served.subscribe(channel=Channel("slack", team, "C1"))

    async def hear_removal(self, event_id: str = "Ev1") -> None:
        """Slack's word of it names no workspace."""
        event = {"type": "app_uninstalled", "event_ts": stamp()}
        body: dict[str, Any] = {"type": "event_callback", "enterprise_id": "E1", "event_id": event_id, "event": event}
        body["authorizations"] = [{"enterprise_id": "E1", "team_id": None, "is_enterprise_install": True}]
        await self.intake.answer(AsyncBoltRequest(mode="socket_mode", body=body))
        await self.intake.drain(5)
        await self.lanes.drain(5)

    async def subscriptions(self) -> dict[str, list[bool]]:
        """For each workspace, whether its subscriptions are paused."""
        found = self.storage.subscriptions.of_workspace
        return {team: [one.paused for one in await found("slack", team)] for team in ("T1", "T2", "T3", "T4")}


async def test_what_an_organisation_removed_is_gone_from_its_workspaces(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    organisation = Organisation(slack, acme, storage)
    await organisation.found()
    slack.uninstall(acme.app, acme.workspace)
    await organisation.hear_removal()
    assert await organisation.subscriptions() == {"T1": [], "T2": [], "T3": [False], "T4": [False]}


async def test_a_workspace_that_nobody_named_goes_on_while_slack_says_nothing(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    organisation = Organisation(slack, acme, storage)
    await organisation.found()
    slack.faults.drop_before("auth.test", times=9)
    await organisation.hear_removal()
    assert (await organisation.subscriptions())["T3"] == [False]


async def test_a_workspace_of_the_organisation_with_a_token_of_its_own_goes_on_or_rests(
    slack: SlackServer, acme: Acme, storage: Storage
) -> None:
    organisation = Organisation(slack, acme, storage)
    await organisation.found()
    organisation.workspaces.belongs_to("T3", "E1")
    await organisation.hear_removal()
    assert (await organisation.subscriptions())["T3"] == [False]
    slack.faults.drop_before("auth.test", times=9)
    await organisation.hear_removal("Ev2")
    assert (await organisation.subscriptions())["T3"] == [True], "Slack does not say whether its token works"
