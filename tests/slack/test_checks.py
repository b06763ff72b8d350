"""What `paperboy doctor` finds out about Slack, from a Slack that answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation

from bot.clock import SystemClock
from bot.core.people import Language, Person, Staff
from bot.core.subscriptions import Channel, Subscription
from bot.locale import translator
from bot.settings import Settings, SlackSettings
from bot.slack.checks import slack_checks
from bot.slack.manifest import bot_scopes, manifest
from bot.slack.people import PLATFORM
from bot.slack.team_checks import MOST_CHANNELS
from storage.opening import Storage, open_storage
from tests.platforms.slack import Acme, SlackServer, furnish, slack_server

KEY = Fernet.generate_key().decode()
SAY = translator(Language.ENGLISH).say


@dataclass
class Clinic:
    """One workspace over Socket Mode, with storage: what doctor finds there."""

    slack: SlackServer
    acme: Acme
    storage: Storage
    settings: Settings

    def set(self, **changes: object) -> None:
        """Change the settings for Slack."""
        assert self.settings.slack is not None
        self.settings = replace(self.settings, slack=replace(self.settings.slack, **changes))  # type: ignore[arg-type]

    async def subscribe(self, channel: str, *, team: str = "T1", personal: bool = False, paused: bool = False) -> None:
        """A subscription of a channel's."""
        there = Channel(PLATFORM, team, channel)
        by = Person(PLATFORM, team, "U1")
        due = None if paused else datetime(2024, 6, 21, tzinfo=UTC)
        await self.storage.subscriptions.add(
            Subscription(channel=there, next_run_at=due, personal=personal, paused=paused, created_by=by)
        )

    async def found(self) -> tuple[list[str], list[str]]:
        """What is right, and what is wrong."""
        slack = self.settings.slack
        many = slack is not None and slack.client_id
        kept = self.storage.slack_installations(many, slack.encryption_keys) if slack and many else None
        checks = await slack_checks(self.settings, self.storage, SystemClock(), kept)
        said = [(check.ok, SAY(check.message)) for check in checks]
        return [text for ok, text in said if ok], [text for ok, text in said if not ok]

    async def wrong(self) -> list[str]:
        """What is wrong."""
        return (await self.found())[1]


@pytest.fixture
async def clinic(sqlite_url: str) -> AsyncIterator[Clinic]:
    storage = await open_storage(sqlite_url)
    async with slack_server() as slack:
        acme = furnish(slack, manifest(language=Language.ENGLISH))
        settings = Settings(
            database_url="",
            language=Language.ENGLISH,
            language_is_set=True,
            zone="Asia/Seoul",
            web_host="127.0.0.1",
            web_port=8080,
            arxiv_url="",
            log_level="info",
            staff=Staff(frozenset({"U1"})),
            slack=SlackSettings(bot_token=acme.token, app_token=acme.app.app_token, api_url=slack.api_url),
        )
        yield Clinic(slack, acme, storage, settings)
    await storage.close()


def methods(clinic: Clinic) -> set[str]:
    return {call.method for call in clinic.slack.calls}


# --- one workspace --------------------------------------------------------------------------------------------------


async def test_all_is_well(clinic: Clinic) -> None:
    await clinic.subscribe("C1")
    right, wrong = await clinic.found()
    assert wrong == []
    assert right == [
        "Slack: one workspace, since SLACK_BOT_TOKEN is set; over Socket Mode, since SLACK_APP_TOKEN is set.",
        "Slack: the app-level token works.",
        "Slack, Acme: Paperboy's token works.",
        "Slack, Acme: The app has all scopes that Paperboy needs.",
        "Slack, Acme: Paperboy is in 1 channel with a digest.",
    ]


async def test_without_slack_nobody_is_asked(clinic: Clinic) -> None:
    clinic.settings = replace(clinic.settings, slack=None)
    assert await clinic.found() == ([], [])
    assert clinic.slack.calls == []


async def test_nothing_is_changed(clinic: Clinic) -> None:
    await clinic.subscribe("C1")
    await clinic.found()
    assert methods(clinic) == {"apps.connections.open", "auth.test", "conversations.info", "users.info"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bot_token": "xoxb-wrong"}, "SLACK_BOT_TOKEN: Slack does not accept it."),
        ({"app_token": "xapp-wrong"}, "SLACK_APP_TOKEN: Slack does not accept it."),
    ],
)
async def test_a_token_that_slack_does_not_accept(clinic: Clinic, change: dict[str, str], said: str) -> None:
    await clinic.subscribe("C1")
    clinic.set(**change)
    (wrong,) = await clinic.wrong()
    assert wrong.startswith(said)
    assert "wrong" not in wrong.removeprefix(said)


async def test_tokens_in_each_others_place(clinic: Clinic) -> None:
    clinic.set(app_token=clinic.acme.token)
    (wrong,) = await clinic.wrong()
    assert wrong.startswith("SLACK_APP_TOKEN: Slack does not accept it.")


async def test_slack_is_out_of_reach(clinic: Clinic) -> None:
    clinic.set(api_url="http://127.0.0.1:9/api/")
    assert await clinic.wrong() == ["SLACK_APP_TOKEN: Slack did not answer.", "SLACK_BOT_TOKEN: Slack did not answer."]


async def test_scopes_too_few_and_too_many(clinic: Clinic) -> None:
    granted = clinic.acme.installation.scopes
    granted.remove("users:read")
    granted.remove("groups:history")
    granted += ["team:read"]
    right, wrong = await clinic.found()
    assert "Slack, Acme: The app lacks scopes: groups:history, users:read. Give it the manifest" in wrong[0]
    assert "Slack, Acme: Scopes that Paperboy does not need: team:read." in right


async def test_the_scopes_are_those_of_the_manifest(clinic: Clinic) -> None:
    assert clinic.acme.installation.scopes == bot_scopes()


async def test_channels(clinic: Clinic) -> None:
    await clinic.subscribe("C1")
    await clinic.subscribe("C1")
    await clinic.subscribe("C2")
    await clinic.subscribe("C3")
    await clinic.subscribe("C404")
    old = clinic.acme.workspace.add_channel("C5", "old", {clinic.acme.installation.bot_user})
    old.is_archived = True
    await clinic.subscribe("C5")
    assert await clinic.wrong() == [
        "Slack, Acme: #general: Paperboy is not in this channel. Invite it with /invite @Paperboy.",
        "Slack, Acme: C3: Paperboy cannot see this channel. Invite it with /invite @Paperboy.",
        "Slack, Acme: C404: Paperboy cannot see this channel. Invite it with /invite @Paperboy.",
        "Slack, Acme: #old: This channel is archived.",
    ]
    assert len(clinic.slack.calls_of("conversations.info")) == 5


async def test_paused_and_personal_subscriptions_and_direct_messages_are_not_looked_at(clinic: Clinic) -> None:
    await clinic.subscribe("C404", paused=True)
    await clinic.subscribe("D404", personal=True)
    await clinic.subscribe("D405")
    assert await clinic.wrong() == []
    assert clinic.slack.calls_of("conversations.info") == []


async def test_subscriptions_of_a_workspace_without_a_token(clinic: Clinic) -> None:
    await clinic.subscribe("C1", team="T7")
    await clinic.subscribe("C2", team="T7")
    assert await clinic.wrong() == ["Slack, T7: 2 subscriptions wait, but Paperboy has no token for this workspace."]


@pytest.mark.slow
async def test_only_so_many_channels_are_looked_at(clinic: Clinic) -> None:
    for number in range(MOST_CHANNELS + 2):
        clinic.acme.workspace.add_channel(f"C9{number}", f"c{number}", {clinic.acme.installation.bot_user})
        await clinic.subscribe(f"C9{number}")
    right, wrong = await clinic.found()
    assert wrong == []
    assert "Slack, Acme: 2 more channels were not looked at." in right
    assert len(clinic.slack.calls_of("conversations.info")) == MOST_CHANNELS


async def test_when_slack_asks_to_wait_the_rest_is_left(clinic: Clinic) -> None:
    for channel in ("C1", "C2", "C3"):
        await clinic.subscribe(channel)
    clinic.slack.limit("conversations.info", "T1", retry_after=60, times=3)
    right, wrong = await clinic.found()
    assert wrong == []
    assert "Slack, Acme: 3 more channels were not looked at." in right


async def test_people_and_groups_in_the_settings(clinic: Clinic) -> None:
    acme = clinic.acme
    acme.workspace.add_group("S1", "editors", ["U1"])
    acme.workspace.add_user("U8", "gone", deleted=True)
    clinic.settings = replace(
        clinic.settings,
        staff=Staff(
            maintainers=frozenset({"U1", "S1", "T1/U2", "T2/U999", "U404", "123456789012345678"}),
            operators=frozenset({"U8", "S404", "ada"}),
        ),
    )
    assert await clinic.wrong() == [
        "Slack, Acme: PAPERBOY_MAINTAINERS names U404: Slack does not know this person any more.",
        "Slack, Acme: PAPERBOY_OPERATORS names S404: Slack did not accept this (no_such_subteam).",
        "Slack, Acme: PAPERBOY_OPERATORS names U8: This account has been deactivated.",
        "Slack, Acme: PAPERBOY_OPERATORS names ada: No id of Slack: those of people begin with U, "
        "those of user groups with S.",
    ]


async def test_nobody_is_named(clinic: Clinic) -> None:
    clinic.settings = replace(clinic.settings, staff=Staff())
    right, wrong = await clinic.found()
    assert wrong == []
    assert right[-1].startswith("Slack: nobody is named in PAPERBOY_MAINTAINERS")


# --- transport ------------------------------------------------------------------------------------------------------


async def test_over_http_slack_has_to_reach_paperboy(clinic: Clinic) -> None:
    clinic.set(app_token=None, signing_secret="secret")
    right, wrong = await clinic.found()
    assert wrong == []  # a Slack on this machine does
    assert right[0].endswith("over HTTP, since SLACK_SIGNING_SECRET is set and SLACK_APP_TOKEN is not.")
    assert "/slack/events" in right[1]
    assert "apps.connections.open" not in methods(clinic)

    clinic.set(api_url="https://slack.invalid/api/")
    (wrong_address, _) = await clinic.wrong()
    assert "listens on 127.0.0.1 only" in wrong_address
    clinic.settings = replace(clinic.settings, web_host="0.0.0.0")
    assert len(await clinic.wrong()) == 1


async def test_socket_mode_needs_no_address(clinic: Clinic) -> None:
    clinic.set(api_url="https://slack.invalid/api/")
    assert not [said for said in await clinic.wrong() if "listens" in said]


# --- many workspaces ------------------------------------------------------------------------------------------------


async def installed(clinic: Clinic, team: str | None, name: str, token: str, enterprise: str | None = None) -> None:
    kept = clinic.storage.slack_installations(clinic.acme.app.client_id, [KEY])
    await kept.async_save(
        Installation(
            app_id="A1",
            user_id="U1",
            bot_id="B1",
            bot_user_id="UB1",
            team_id=team,
            team_name=name,
            enterprise_id=enterprise,
            is_enterprise_install=team is None,
            bot_token=token,
        )
    )


def for_many(clinic: Clinic, *keys: str) -> None:
    app = clinic.acme.app
    clinic.set(bot_token=None, client_id=app.client_id, client_secret=app.client_secret, encryption_keys=keys or (KEY,))


async def test_each_workspace_is_looked_at(clinic: Clinic) -> None:
    for_many(clinic)
    beta = clinic.slack.add_workspace("beta", "T2", name="Beta")
    second = clinic.slack.install(clinic.acme.app, beta)
    await installed(clinic, "T1", "Acme", clinic.acme.token)
    await installed(clinic, "T2", "Beta", second.bot_token)
    await installed(clinic, "T3", "Gamma", "xoxb-long-gone")
    await clinic.subscribe("C1")
    await clinic.subscribe("C1", team="T2")
    right, wrong = await clinic.found()
    assert wrong == [
        "Slack, Gamma: Slack does not accept Paperboy's token any more. "
        "Install the app again, then see paperboy doctor.",
        "Slack, Beta: C1: Paperboy cannot see this channel. Invite it with /invite @Paperboy.",
    ]
    assert right[0].startswith("Slack: many workspaces, since SLACK_CLIENT_ID is set; over Socket Mode")
    assert "/slack/install" in right[1]
    assert "Slack, Acme: Paperboy is in 1 channel with a digest." in right


async def test_organisations(clinic: Clinic) -> None:
    for_many(clinic)
    await installed(clinic, None, "", clinic.acme.token, enterprise="E1")
    await installed(clinic, None, "", "xoxb-long-gone", enterprise="E2")
    right, wrong = await clinic.found()
    assert [said.partition(":")[0] for said in wrong] == ["Slack, E2"]
    assert "Slack, Acme: Paperboy's token works." in right


async def test_nobody_has_installed_it_yet(clinic: Clinic) -> None:
    for_many(clinic)
    right, wrong = await clinic.found()
    assert wrong == []
    assert "Slack: no workspace has installed Paperboy yet, at /slack/install." in right


async def test_a_key_that_does_not_open_what_is_kept(clinic: Clinic) -> None:
    await installed(clinic, "T1", "Acme", clinic.acme.token)
    for_many(clinic, Fernet.generate_key().decode())
    (wrong,) = await clinic.wrong()
    assert wrong.startswith("Slack, Acme: A Slack token in the database cannot be read with PAPERBOY_ENCRYPTION_KEY.")
    for_many(clinic, Fernet.generate_key().decode(), KEY)
    assert await clinic.wrong() == []


async def test_ids_without_a_workspace_cannot_be_looked_up_in_many(clinic: Clinic) -> None:
    for_many(clinic)
    await installed(clinic, "T1", "Acme", clinic.acme.token)
    clinic.settings = replace(clinic.settings, staff=Staff(frozenset({"U404", "T1/U405"})))
    assert await clinic.wrong() == [
        "Slack, Acme: PAPERBOY_MAINTAINERS names U405: Slack does not know this person any more."
    ]
