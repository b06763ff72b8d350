from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from sqlalchemy import Connection, Table, create_engine, func, select

from bot.core.errors import Conflict, SettingsError, StorageError
from storage.installations import InstalledWorkspace, SlackInstallations, SlackStates
from storage.opening import Storage, open_storage
from storage.tables import slack_bots, slack_installations, slack_oauth_states
from tests.databases import on_sqlite

KEY, NEW_KEY, OTHER_KEY = (Fernet.generate_key().decode() for _ in range(3))
INSTALLED = 1718939045.678901
TOKENS = {
    "bot_token": "xoxe.xoxb-1-bot-secret",
    "bot_refresh_token": "xoxe-1-bot-refresh-secret",
    "user_token": "xoxe.xoxp-1-user-secret",
    "user_refresh_token": "xoxe-1-user-refresh-secret",
    "incoming_webhook_url": "https://hooks.slack.com/services/T1/B1/webhook-secret",
}
TEAM: dict[str, Any] = {"enterprise_id": None, "team_id": "T1"}


def installation(**values: Any) -> Installation:
    """A whole one, with anything else as asked."""
    whole: dict[str, Any] = {
        "app_id": "A1",
        **TEAM,
        "team_name": "논문 읽기",
        "bot_id": "B1",
        "bot_user_id": "W1",
        "bot_scopes": ["chat:write", "commands"],
        "bot_token_expires_at": 1718982245,
        "user_id": "U1",
        "user_scopes": ["search:read"],
        "user_token_expires_at": 1718982246,
        "incoming_webhook_channel": "#papers",
        "incoming_webhook_channel_id": "C1",
        "incoming_webhook_configuration_url": "https://team.slack.com/services/B1",
        "token_type": "bot",
        "installed_at": INSTALLED,
    }
    return Installation(**{**whole, **TOKENS, **values})


@pytest.fixture
def store(storage: Storage) -> SlackInstallations:
    return storage.slack_installations("client", [KEY])


@pytest.fixture
def seoul(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that is not in UTC."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


async def rename(storage: Storage, table: str, name: str) -> None:
    """Take a table away, or give it back."""
    await storage.database.write(lambda connection: connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}"))


@pytest.mark.usefixtures("seoul")
async def test_an_installation_comes_back_as_it_was(store: SlackInstallations) -> None:
    given = installation()
    before = given.to_dict()
    await store.async_save(given)
    assert given.to_dict() == before  # the caller's own is left alone
    found = await store.async_find_installation(**TEAM)
    assert found is not None
    assert found.to_dict() == before
    assert (found.bot_token_expires_at, found.user_token_expires_at) == (1718982245, 1718982246)
    assert found.installed_at == INSTALLED
    bot = await store.async_find_bot(**TEAM)
    assert bot is not None
    assert bot.to_dict() == given.to_bot().to_dict()


@pytest.mark.usefixtures("seoul")
async def test_only_secrets_are_kept_differently_from_slack_sdk_itself(
    database_url: str, store: SlackInstallations
) -> None:
    given = installation()
    await store.async_save(given)
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    theirs = SQLAlchemyInstallationStore("client", engine)
    for kept, whole in ((theirs.find_installation(**TEAM), given), (theirs.find_bot(**TEAM), given.to_bot())):
        assert kept is not None
        values = kept.to_dict()
        sealed = {name: values[name] for name in TOKENS if name in values}
        opened = {name: Fernet(KEY).decrypt(token).decode() for name, token in sealed.items()}
        assert {**values, **opened} == whole.to_dict()
    engine.dispose()


async def test_what_there_is_not_stays_none(store: SlackInstallations) -> None:
    bare = installation(**dict.fromkeys(TOKENS), bot_token_expires_at=None, user_token_expires_at=None)
    await store.async_save(bare)
    found = await store.async_find_installation(**TEAM)
    assert found is not None
    assert found.to_dict() == bare.to_dict()
    assert await store.async_find_bot(**TEAM) is None
    assert await store.workspaces() == []


@on_sqlite
async def test_no_token_is_in_the_files(storage: Storage, store: SlackInstallations, path: Path) -> None:
    await store.async_save(installation())
    await store.async_save_bot(installation(bot_token="xoxb-rotated-secret", installed_at=INSTALLED + 1).to_bot())
    backup = path.with_name("backup.db")
    await storage.backup(backup)
    files = sorted(path.parent.iterdir())
    assert f"{path.name}-wal" in [file.name for file in files]
    kept = b"".join(file.read_bytes() for file in files)
    assert kept.count("논문 읽기".encode()) >= 2
    for secret in [*TOKENS.values(), "secret"]:
        assert secret.encode() not in kept


async def test_keys_can_be_changed(storage: Storage, store: SlackInstallations) -> None:
    await store.async_save(installation())
    both = storage.slack_installations("client", [NEW_KEY, KEY])
    found = await both.async_find_bot(**TEAM)
    assert found is not None
    assert found.bot_token == TOKENS["bot_token"]
    await both.async_save_bot(found)
    only_new = storage.slack_installations("client", [NEW_KEY])
    again = await only_new.async_find_bot(**TEAM)
    assert again is not None
    assert again.to_dict() == found.to_dict()
    with pytest.raises(StorageError):  # sealed with the first key, not with any
        await store.async_find_bot(**TEAM)


async def test_a_key_that_does_not_fit(storage: Storage, store: SlackInstallations) -> None:
    await store.async_save(installation())
    other = storage.slack_installations("client", [OTHER_KEY])
    for find in (other.async_find_bot(**TEAM), other.async_find_installation(**TEAM)):
        with pytest.raises(StorageError, match="PAPERBOY_ENCRYPTION_KEY") as caught:
            await find
        assert "secret" not in str(caught.value)
    assert len(await other.workspaces()) == 1


async def test_a_token_that_was_never_sealed(storage: Storage, store: SlackInstallations) -> None:
    await store.async_save(installation())

    def unseal(connection: Connection) -> None:
        connection.execute(slack_bots.update().values(bot_token="xoxb-비밀"))

    await storage.database.write(unseal)
    with pytest.raises(StorageError, match="cannot be read"):
        await store.async_find_bot(**TEAM)


@pytest.mark.parametrize("keys", [[], [""], ["short"], ["한글"], [KEY, KEY[:-2]]])
async def test_keys_that_are_none(storage: Storage, keys: list[str]) -> None:
    with pytest.raises(SettingsError, match="PAPERBOY_ENCRYPTION_KEY"):
        storage.slack_installations("client", keys)


async def test_an_installation_comes_and_goes_with_its_bot_or_not_at_all(
    storage: Storage, store: SlackInstallations
) -> None:
    await rename(storage, "slack_bots", "away")
    with pytest.raises(StorageError) as caught:
        await store.async_save(installation())
    assert "secret" not in str(caught.value) + str(caught.value.__cause__)
    await rename(storage, "away", "slack_bots")
    assert await storage.database.read(rows, slack_installations) == 0
    await store.async_save(installation())
    await rename(storage, "slack_installations", "away")
    with pytest.raises(StorageError):
        await store.async_delete_all(**TEAM)
    await rename(storage, "away", "slack_installations")
    assert await store.async_find_bot(**TEAM) is not None


async def test_the_newest_one_counts(store: SlackInstallations) -> None:
    for seconds, token in ((1, "one"), (3, "three"), (2, "two")):
        await store.async_save(installation(bot_token=token, team_name=token, installed_at=INSTALLED + seconds))
    bot = await store.async_find_bot(**TEAM)
    found = await store.async_find_installation(**TEAM)
    assert bot is not None
    assert found is not None
    assert bot.bot_token == found.bot_token == "three"
    assert await store.workspaces() == [InstalledWorkspace(None, "T1", "three", False)]


async def test_when_a_newer_bot_stands_in(store: SlackInstallations) -> None:
    """For a user, since tokens are rotated with the bot, and where somebody has installed without one."""
    await store.async_save(installation(bot_token="one", bot_id="B1"))
    await store.async_save_bot(installation(bot_token="two", bot_id="B2", installed_at=INSTALLED + 1).to_bot())

    async def found(user_id: str | None) -> tuple[str | None, str | None]:
        found = await store.async_find_installation(**TEAM, user_id=user_id)
        assert found is not None
        return found.bot_token, found.bot_id

    assert await found(None) == ("one", "B1")
    assert await found("U1") == ("two", "B2")
    await store.async_save(installation(bot_token=None, bot_id=None, user_id="U2", installed_at=INSTALLED + 2))
    assert await found(None) == ("two", "B2")


async def test_others_find_nothing(storage: Storage, store: SlackInstallations) -> None:
    await store.async_save(installation())
    await store.async_save(installation(enterprise_id="E1", team_id=None, is_enterprise_install=True, team_name=None))
    for team in ({"team_id": "T2"}, {"enterprise_id": "E1"}, {"enterprise_id": "E2", "team_id": None}):
        assert await store.async_find_bot(**{**TEAM, **team}) is None
        assert await store.async_find_installation(**{**TEAM, **team}) is None
    assert await store.async_find_installation(**TEAM, user_id="U2") is None
    whole = await store.async_find_bot(enterprise_id="E1", team_id="T9", is_enterprise_install=True)
    assert whole is not None
    assert whole.is_enterprise_install
    assert await store.workspaces() == [
        InstalledWorkspace(None, "T1", "논문 읽기", False),
        InstalledWorkspace("E1", None, None, True),
    ]
    stranger = storage.slack_installations("other", [KEY])
    assert await stranger.async_find_bot(**TEAM) is None
    assert await stranger.workspaces() == []
    await stranger.async_delete_all(**TEAM)
    assert len(await store.workspaces()) == 2


async def test_deleting(storage: Storage, store: SlackInstallations) -> None:
    for number, (team, user) in enumerate(product(("T1", "T2"), ("U1", "U2"))):
        await store.async_save(installation(team_id=team, user_id=user, installed_at=INSTALLED + number))
    await store.async_delete_installation(**TEAM, user_id="U2")
    assert await storage.database.read(rows, slack_installations) == 3
    await store.async_delete_bot(**TEAM)
    assert await store.async_find_bot(**TEAM) is None
    assert await store.async_find_installation(**TEAM, user_id="U1") is not None
    await store.async_delete_all(**TEAM)
    assert await store.async_find_installation(**TEAM) is None
    assert [workspace.team_id for workspace in await store.workspaces()] == ["T2"]
    await store.async_delete_all(enterprise_id=None, team_id="T2")
    assert await storage.database.read(rows, slack_bots) == await storage.database.read(rows, slack_installations) == 0


async def test_many_at_once(path: Path) -> None:
    """In two databases on one file, as two processes would be."""
    storages = [await open_storage(f"sqlite:///{path}") for _ in range(2)]
    stores = [storage.slack_installations("client", [KEY]) for storage in storages]
    saves = [
        store.async_save(installation(bot_token=f"token{number}{place}", installed_at=INSTALLED + 2 * number + place))
        for number in range(8)
        for place, store in enumerate(stores)
    ]
    await asyncio.gather(*saves, *(store.async_find_bot(**TEAM) for store in stores for _ in range(8)))
    for storage, store in zip(storages, stores, strict=True):
        bot = await store.async_find_bot(**TEAM)
        assert bot is not None
        assert bot.bot_token == "token71"
        assert await storage.database.read(rows, slack_installations) == 16
        await storage.close()


# --- states --------------------------------------------------------------------------------------------------------


@pytest.fixture
def states(storage: Storage) -> SlackStates:
    return storage.slack_states()


async def wait(storage: Storage, time: timedelta) -> None:
    """As if so much time had gone by since the states were issued."""

    def bring_nearer(connection: Connection) -> None:
        for id_, expires in connection.execute(select(slack_oauth_states.c.id, slack_oauth_states.c.expire_at)).all():
            this = slack_oauth_states.update().where(slack_oauth_states.c.id == id_)
            connection.execute(this.values(expire_at=expires - time))

    await storage.database.write(bring_nearer)


async def test_a_state_is_good_once(states: SlackStates) -> None:
    first, second = await states.async_issue(), await states.async_issue("request", anything=1)
    assert first != second
    assert await states.async_consume(first)
    assert not await states.async_consume(first)
    for wrong in ("guessed", "", "%", "\ud800"):
        assert not await states.async_consume(wrong)
    assert await states.async_consume(second)


@pytest.mark.usefixtures("seoul")
async def test_a_state_is_good_for_ten_minutes(storage: Storage, states: SlackStates) -> None:
    before = datetime.now(UTC)
    in_time, too_late = await states.async_issue(), await states.async_issue()
    ends = select(slack_oauth_states.c.expire_at)
    for at in await storage.database.read(lambda connection: connection.scalars(ends).all()):
        assert before <= at.replace(tzinfo=UTC) - timedelta(minutes=10) <= datetime.now(UTC)
    await wait(storage, timedelta(minutes=5))
    assert await states.async_consume(in_time)
    await wait(storage, timedelta(minutes=5))
    assert not await states.async_consume(too_late)


@pytest.mark.usefixtures("seoul")
async def test_states_that_nobody_came_back_with_are_deleted(storage: Storage, states: SlackStates) -> None:
    for _ in range(3):
        await states.async_issue()
    await wait(storage, timedelta(minutes=5))
    kept = await states.async_issue()
    await wait(storage, timedelta(minutes=5))
    await states.async_issue()
    assert await storage.database.read(rows, slack_oauth_states) == 2
    assert await states.async_consume(kept)


async def test_no_more_states_are_issued_than_people_may_need(storage: Storage, states: SlackStates) -> None:
    def issue_many(connection: Connection) -> None:
        ends = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=9)
        connection.execute(
            slack_oauth_states.insert(), [{"state": f"s{number}", "expire_at": ends} for number in range(999)]
        )

    await storage.database.write(issue_many)
    last = await states.async_issue()
    with pytest.raises(Conflict, match="ten minutes"):
        await states.async_issue()
    assert await storage.database.read(rows, slack_oauth_states) == 1000
    assert await states.async_consume(last)
    assert await states.async_issue(), "one has come back"
    await wait(storage, timedelta(minutes=10))
    assert await states.async_issue()
    assert await storage.database.read(rows, slack_oauth_states) == 1


async def test_of_many_who_come_with_one_state_one_is_let_in(path: Path) -> None:
    storages = [await open_storage(f"sqlite:///{path}") for _ in range(2)]
    state = await storages[0].slack_states().async_issue()
    let_in = await asyncio.gather(
        *(storage.slack_states().async_consume(state) for storage in storages for _ in range(5))
    )
    assert sum(let_in) == 1
    for storage in storages:
        await storage.close()


async def test_a_database_that_cannot_be_used_is_not_a_wrong_state(
    storage: Storage, states: SlackStates, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good, state = await states.async_issue(), await states.async_issue()
    assert await states.async_consume(good)
    await rename(storage, "slack_oauth_states", "away")
    for use in (states.async_consume(state), states.async_issue()):
        with pytest.raises(StorageError) as caught:
            await use
        assert state not in str(caught.value)
    await rename(storage, "away", "slack_oauth_states")
    assert await states.async_consume(state)
    assert [text for text in (state, good) if text in caplog.text] == []
