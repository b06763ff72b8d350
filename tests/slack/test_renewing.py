"""A refresh token works once: what it brought is kept even when the database is not there, and an end is an end."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.oauth.installation_store import Bot, FileInstallationStore

from bot.core.errors import StorageBusy
from bot.core.messages import msg
from bot.settings import SlackSettings
from bot.slack.errors import SlackRefused
from bot.slack.renewing import Renewing
from tests.platforms.slack import Acme, SlackServer, furnish
from tests.platforms.slack.furniture import MANIFEST
from tests.slack.carrying import ToldClock

ROTATING = {**MANIFEST, "settings": {**MANIFEST["settings"], "token_rotation_enabled": True}}


class Files(FileInstallationStore):
    """A store in files, whose writes can be made to fail."""

    full = False

    async def async_save_bot(self, bot: Bot) -> None:
        if self.full:
            raise StorageBusy(msg("The disk is full."))
        await super().async_save_bot(bot)


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock(datetime.now(UTC))


@pytest.fixture
def acme(slack: SlackServer) -> Acme:
    return furnish(slack, ROTATING)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(base_dir=str(tmp_path), client_id="1.1")


@pytest.fixture
async def bot(acme: Acme, files: Files, clock: ToldClock) -> Bot:
    there = acme.installation
    made = Bot(
        app_id=acme.app.id,
        team_id="T1",
        bot_token=there.bot_token,
        bot_id=there.bot_id,
        bot_user_id=there.bot_user,
        bot_refresh_token=there.refresh_token,
        bot_token_expires_at=int(clock.now().timestamp()) + 3600,
        installed_at=1.0,
    )
    await files.async_save_bot(made)
    return made


def renewing(slack: SlackServer, acme: Acme, files: Files, clock: ToldClock) -> Renewing:
    settings = SlackSettings(client_id=acme.app.client_id, client_secret=acme.app.client_secret, api_url=slack.api_url)
    return Renewing(settings, files, clock)


async def kept(files: Files) -> Any:
    return await files.async_find_bot(enterprise_id=None, team_id="T1")


async def test_what_an_exchange_brought_outlives_a_full_disk(
    slack: SlackServer, acme: Acme, files: Files, clock: ToldClock, bot: Bot
) -> None:
    one = renewing(slack, acme, files, clock)
    files.full = True
    token = (await one.good(bot)).bot_token
    assert token == acme.installation.bot_token != bot.bot_token
    assert (await kept(files)).bot_token == bot.bot_token
    assert (await one.good(bot)).bot_token == token, "the refresh token is not used twice"
    files.full = False
    assert (await one.good(bot)).bot_token == token
    assert (await kept(files)).bot_token == token
    assert [call.error for call in slack.calls_of("oauth.v2.access")] == [None]


async def test_a_new_installation_counts_more_than_what_could_not_be_saved(
    slack: SlackServer, acme: Acme, files: Files, clock: ToldClock, bot: Bot
) -> None:
    one = renewing(slack, acme, files, clock)
    files.full = True
    unsaved = (await one.good(bot)).bot_token
    files.full = False
    again = copy(bot)
    again.bot_token, again.bot_token_expires_at = "xoxb-installed-again", None
    await files.async_save_bot(again)
    for _ in range(2):
        assert (await one.good(await kept(files))).bot_token == "xoxb-installed-again"
    assert (await kept(files)).bot_token == "xoxb-installed-again" != unsaved


async def test_the_old_token_does_not_come_back_when_the_unsaved_one_cannot_be_exchanged(
    slack: SlackServer, acme: Acme, files: Files, clock: ToldClock, bot: Bot
) -> None:
    one = renewing(slack, acme, files, clock)
    files.full = True
    unsaved = await one.good(bot)
    clock.pass_time(hours=11)
    slack.faults.error_before("oauth.v2.access")
    assert (await one.good(bot)).bot_token == unsaved.bot_token
    second = (await one.good(bot)).bot_token
    assert second not in (unsaved.bot_token, bot.bot_token)
    files.full = False
    clock.pass_time(hours=-11)  # Slack's own clock has stood still: what it gave last is near its end by ours
    assert (await one.good(bot)).bot_token == second
    assert (await kept(files)).bot_token == second


async def test_an_expired_token_that_slack_does_not_exchange_is_refused(
    slack: SlackServer, acme: Acme, files: Files, clock: ToldClock, bot: Bot
) -> None:
    bot.bot_refresh_token = "xoxe-1-gone"
    one = renewing(slack, acme, files, clock)
    assert (await one.good(bot)).bot_token == bot.bot_token, "good for an hour still"
    clock.pass_time(hours=2)
    with pytest.raises(SlackRefused, match="token_expired"):
        await one.good(bot)


async def test_two_ask_one_after_the_other(
    slack: SlackServer, acme: Acme, files: Files, clock: ToldClock, bot: Bot
) -> None:
    one = renewing(slack, acme, files, clock)
    first = await one.good(bot)
    assert (await one.good(await kept(files))).bot_token == first.bot_token
    assert len(slack.calls_of("oauth.v2.access")) == 1
