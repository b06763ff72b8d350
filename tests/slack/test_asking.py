"""Asking Slack with a token that may have been renewed, or cannot be read, since it was last used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import ChannelUnavailable, PlatformBusy
from bot.core.people import Language, Staff
from bot.slack.asking import Api
from bot.slack.courier import SlackCourier
from bot.slack.errors import SlackBusy
from bot.slack.people import People
from bot.slack.workspaces import Workspaces
from storage.opening import Storage, open_storage
from tests.platforms.slack import slack_server
from tests.slack.carrying import PAPERS, Installed, Office, ToldClock, card

KEY = "1/2024-06-21/a"


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with slack_server() as server:
        yield Office(server)


@pytest.fixture
async def storage(sqlite_url: str) -> AsyncIterator[Storage]:
    storage = await open_storage(sqlite_url)
    yield storage
    await storage.close()


@pytest.fixture
def installed(office: Office, storage: Storage) -> Installed:
    return Installed(storage, office.server, office.acme.app)


def _courier(installed: Installed) -> SlackCourier:
    clock = ToldClock(datetime.now(UTC))
    workspaces = Workspaces(installed.settings(), clock, installed.kept)
    people = People(workspaces, Staff(), clock, language=Language.ENGLISH, zone="UTC")
    return SlackCourier(workspaces, people, clock, pace=0)


async def _send(courier: SlackCourier) -> str:
    return await courier.send(PAPERS, card(), key=KEY, language=Language.ENGLISH, thread_id=None)


async def test_a_token_replaced_in_the_database_serves_at_once(office: Office, installed: Installed) -> None:
    bot = await installed.add(office.acme.workspace)
    courier = _courier(installed)
    await _send(courier)
    old = office.server.tokens[bot.bot_token]
    bot.bot_token = "xoxb-new"
    office.server.tokens["xoxb-new"] = type(old)("xoxb-new", "bot", old.app_id, old.team_id, old.scopes)
    old.state = "revoked"
    await installed.kept.async_save_bot(bot)
    await _send(courier)
    assert [call.error for call in office.server.calls_of("chat.postMessage")] == [None, "token_revoked", None]
    assert len(office.messages()) == 2


async def test_a_token_that_is_refused_twice_is_no_good(office: Office, installed: Installed) -> None:
    bot = await installed.add(office.acme.workspace)
    courier = _courier(installed)
    office.server.tokens[bot.bot_token].state = "revoked"
    with pytest.raises(ChannelUnavailable, match="Install the app again"):
        await _send(courier)
    assert len(office.server.calls) == 2
    office.server.tokens[bot.bot_token].state = "good"
    await _send(courier)


async def test_a_token_that_cannot_be_read_means_that_nothing_was_posted(office: Office, installed: Installed) -> None:
    await installed.add(office.acme.workspace)
    installed.kept = Installed(installed.storage, office.server, office.acme.app).kept
    with pytest.raises(PlatformBusy, match="PAPERBOY_ENCRYPTION_KEY"):
        await _send(_courier(installed))


async def test_a_token_that_cannot_be_exchanged_means_that_nothing_was_posted(
    office: Office, installed: Installed
) -> None:
    await installed.add(office.acme.workspace, hours=-1)
    office.server.faults.error_before("oauth.v2.access")
    with pytest.raises(PlatformBusy):
        await _send(_courier(installed))
    assert office.messages() == []


async def test_who_is_not_patient_is_told_when_to_come_back(office: Office) -> None:
    api = Api(office.workspaces, "T1", ToldClock(datetime.now(UTC)))
    office.server.limit("users.info", "T1", retry_after=1)
    with pytest.raises(SlackBusy):
        await api.call("users.info", user="U1")


class HurriedClock(ToldClock):
    """A minute later whenever somebody looks at it."""

    def now(self) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment


async def test_who_is_patient_gives_up_in_the_end(office: Office) -> None:
    clock = HurriedClock(datetime.now(UTC))
    _, workspaces = office.start(clock=clock)
    api = Api(workspaces, "T1", clock, patient=True)
    office.server.limit("users.info", "T1", retry_after=0, times=100)
    with pytest.raises(SlackBusy):
        await api.call("users.info", user="U1")
    assert len(office.server.calls) == 6
