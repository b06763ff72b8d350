"""A token and a client for each workspace: from the settings, or from installations whose tokens are renewed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from slack_sdk.oauth.installation_store import Bot, FileInstallationStore

from bot.core.errors import SettingsError, StorageError
from bot.settings import SlackSettings
from bot.slack.errors import REVOKED, SlackBusy, SlackError, SlackRefused, SlackUnreachable
from bot.slack.workspaces import Identity, Workspaces, is_revoked
from storage.installations import InstalledWorkspace
from storage.opening import Storage, open_storage
from tests.platforms.slack import Acme, SlackServer, furnish, slack_server
from tests.platforms.slack.furniture import MANIFEST
from tests.slack.carrying import Installed, Json, Scripted, ToldClock, answering, scripted

ROTATING = {**MANIFEST, "settings": {**MANIFEST["settings"], "token_rotation_enabled": True}}


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with slack_server() as server:
        yield server


@pytest.fixture
async def storage(sqlite_url: str) -> AsyncIterator[Storage]:
    storage = await open_storage(sqlite_url)
    yield storage
    await storage.close()


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock(datetime.now(UTC))


def _one(server: SlackServer, token: str, clock: ToldClock) -> Workspaces:
    return Workspaces(SlackSettings(bot_token=token, api_url=server.api_url), clock)


def _many(installed: Installed, clock: ToldClock) -> Workspaces:
    return Workspaces(installed.settings(), clock, installed.kept)


async def _token(workspaces: Workspaces, team_id: str = "T1") -> str:
    """The token with which a workspace is spoken to now, as Slack sees it."""
    client = await workspaces.client(team_id)
    return str(client._web.token)


async def _error(workspaces: Workspaces, team_id: str) -> SlackError:
    with pytest.raises(SlackError) as caught:
        await workspaces.client(team_id)
    return caught.value


# --- a bot token ----------------------------------------------------------------------------------------------------


async def test_a_bot_token_is_good_for_its_one_workspace(server: SlackServer, clock: ToldClock) -> None:
    acme = furnish(server)
    workspaces = _one(server, acme.token, clock)
    there = acme.installation
    assert await workspaces.start() == Identity("T1", "https://acme.slack.com/", there.bot_user, there.bot_id)
    assert await workspaces.client("T1") is await workspaces.client("whatever")
    await workspaces.identity("T1")
    assert [call.method for call in server.calls] == ["auth.test"]


@pytest.mark.parametrize("token", ["xoxb-wrong", "xapp-1-A1-secret"])
async def test_a_wrong_token_is_said_at_the_start(server: SlackServer, clock: ToldClock, token: str) -> None:
    furnish(server)
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN") as caught:
        await _one(server, token, clock).start()
    assert token not in str(caught.value)


async def test_a_slack_that_does_not_answer_is_waited_for(server: SlackServer, clock: ToldClock) -> None:
    acme = furnish(server)
    server.faults.error_before("auth.test")
    identity = await _one(server, acme.token, clock).start()
    assert identity is not None
    assert identity.team_id == "T1"


async def test_many_workspaces_need_no_start(server: SlackServer, storage: Storage, clock: ToldClock) -> None:
    installed = Installed(storage, server, furnish(server).app)
    assert await _many(installed, clock).start() is None
    assert server.calls == []


async def test_the_scopes_of_a_token_are_known(server: SlackServer, clock: ToldClock) -> None:
    acme = furnish(server)
    client = await _one(server, acme.token, clock).client("T1")
    assert await client.scopes() == frozenset(acme.app.manifest.bot_scopes)


async def test_no_token_shows_in_what_is_printed(server: SlackServer, clock: ToldClock) -> None:
    acme = furnish(server)
    workspaces = _one(server, acme.token, clock)
    client = await workspaces.client("T1")
    assert acme.token not in f"{workspaces!r} {client!r} {vars(workspaces)!r} {workspaces._settings!r}"


# --- installations --------------------------------------------------------------------------------------------------


async def test_each_workspace_has_its_own_token(server: SlackServer, storage: Storage, clock: ToldClock) -> None:
    acme = furnish(server)
    installed = Installed(storage, server, acme.app)
    other = server.add_workspace("other", "T2")
    bots = [await installed.add(workspace) for workspace in (acme.workspace, other)]
    workspaces = _many(installed, clock)
    assert [await _token(workspaces, team) for team in ("T1", "T2")] == [bot.bot_token for bot in bots]
    assert (await workspaces.identity("T2")).team_id == "T2"
    assert (await workspaces.identity("T1")).url == "https://acme.slack.com/"


async def test_where_it_is_not_installed_there_is_no_client(
    server: SlackServer, storage: Storage, clock: ToldClock
) -> None:
    acme = furnish(server)
    installed = Installed(storage, server, acme.app)
    await installed.add(acme.workspace)
    error = await _error(_many(installed, clock), "T404")
    assert is_revoked(error)


async def test_an_organisation_counts_for_its_workspaces(
    server: SlackServer, storage: Storage, clock: ToldClock
) -> None:
    acme = furnish(server)
    installed = Installed(storage, server, acme.app)
    first, second = server.add_workspace("one", "T2"), server.add_workspace("two", "T3")
    bots = [await installed.add(first, enterprise="E1"), await installed.add(second, enterprise="E2")]
    workspaces = _many(installed, clock)
    workspaces.belongs_to("T7", "E2")
    assert await _token(workspaces, "T7") == bots[1].bot_token
    workspaces.belongs_to("T8", "E3")
    assert is_revoked(await _error(workspaces, "T8"))
    assert server.calls_of("auth.teams.list") == []


def _org(slack: Scripted, installed: Installed, clock: ToldClock) -> Workspaces:
    settings = SlackSettings(client_id=installed.app.client_id, client_secret="s", api_url=slack.url)
    return Workspaces(settings, clock, installed.kept)


def _two_pages(asked: Json) -> Json:
    if not asked.get("cursor"):
        return {"ok": True, "teams": [{"id": "T7"}], "response_metadata": {"next_cursor": "more"}}
    return {"ok": True, "teams": [{"id": "T8"}], "response_metadata": {"next_cursor": ""}}


async def test_an_organisation_is_asked_once_for_its_workspaces(
    server: SlackServer, storage: Storage, clock: ToldClock
) -> None:
    """After a restart nobody has said yet whose a workspace is."""
    acme = furnish(server)
    installed = Installed(storage, server, acme.app)
    bot = await installed.add(acme.workspace, enterprise="E1")
    async with scripted(auth_teams_list=_two_pages) as slack:
        workspaces = _org(slack, installed, clock)
        assert set(await asyncio.gather(_token(workspaces, "T7"), _token(workspaces, "T8"))) == {bot.bot_token}
        assert is_revoked(await _error(workspaces, "T9")), "somebody else's"
        assert len(slack.calls["auth.teams.list"]) == 2
        assert workspaces.known_in("E1") == {"T7", "T8"}
        clock.pass_time(minutes=6)
        assert is_revoked(await _error(workspaces, "T9"))
        assert len(slack.calls["auth.teams.list"]) == 4, "it may have joined since"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (web.Response(status=503), SlackUnreachable),
        ({"ok": False, "error": "ratelimited"}, SlackBusy),
        ({"ok": False, "error": "access_denied"}, SlackRefused),
    ],
)
async def test_an_organisation_that_does_not_answer_may_still_be_the_one(
    server: SlackServer, storage: Storage, clock: ToldClock, answer: Json | web.Response, expected: type[SlackError]
) -> None:
    acme = furnish(server)
    installed = Installed(storage, server, acme.app)
    await installed.add(acme.workspace, enterprise="E1")
    async with scripted(auth_teams_list=answering(answer)) as slack:
        error = await _error(_org(slack, installed, clock), "T7")
    assert isinstance(error, expected)
    assert not is_revoked(error)


async def test_an_organisation_whose_token_is_dead_serves_nobody(
    server: SlackServer, storage: Storage, clock: ToldClock
) -> None:
    acme = furnish(server)
    installed = Installed(storage, server, acme.app)
    await installed.add(acme.workspace, enterprise="E1")
    async with scripted(auth_teams_list=answering({"ok": False, "error": "token_revoked"})) as slack:
        assert is_revoked(await _error(_org(slack, installed, clock), "T7"))


async def test_slack_sdks_own_store_of_files_serves_too(server: SlackServer, clock: ToldClock, tmp_path: Path) -> None:
    acme = furnish(server)

    class Files:
        store = FileInstallationStore(base_dir=str(tmp_path), client_id=acme.app.client_id)

        async def workspaces(self) -> list[InstalledWorkspace]:
            return [InstalledWorkspace(None, "T1", "Acme", is_enterprise_install=False)]

    there = acme.installation
    bot = Bot(
        team_id="T1", bot_token=there.bot_token, bot_id=there.bot_id, bot_user_id=there.bot_user, installed_at=1.0
    )
    await Files.store.async_save_bot(bot)
    settings = SlackSettings(client_id=acme.app.client_id, client_secret="s", api_url=server.api_url)
    assert (await Workspaces(settings, clock, Files()).identity("T1")).bot_user_id == there.bot_user


async def test_a_new_token_counts_once_the_old_one_is_dropped(
    server: SlackServer, storage: Storage, clock: ToldClock
) -> None:
    acme = furnish(server)
    installed = Installed(storage, server, acme.app)
    bot = await installed.add(acme.workspace)
    workspaces = _many(installed, clock)
    assert await _token(workspaces) == bot.bot_token
    bot.bot_token, before = "xoxb-new", bot.bot_token
    await installed.kept.async_save_bot(bot)
    assert await _token(workspaces) == before
    workspaces.drop("T1")
    assert await _token(workspaces) == "xoxb-new"


async def test_a_token_is_read_again_after_a_few_minutes(
    server: SlackServer, storage: Storage, clock: ToldClock
) -> None:
    acme = furnish(server)
    installed = Installed(storage, server, acme.app)
    bot = await installed.add(acme.workspace)
    workspaces = _many(installed, clock)
    await _token(workspaces)
    bot.bot_token = "xoxb-new"
    await installed.kept.async_save_bot(bot)
    clock.pass_time(minutes=6)
    assert await _token(workspaces) == "xoxb-new"


async def test_a_database_that_cannot_be_used_is_said(server: SlackServer, storage: Storage, clock: ToldClock) -> None:
    acme = furnish(server)
    await Installed(storage, server, acme.app).add(acme.workspace)
    other_key = Installed(storage, server, acme.app)
    with pytest.raises(StorageError, match="PAPERBOY_ENCRYPTION_KEY"):
        await _many(other_key, clock).client("T1")


# --- tokens that expire ---------------------------------------------------------------------------------------------


@pytest.fixture
def rotating(server: SlackServer) -> Acme:
    return furnish(server, ROTATING)


@pytest.fixture
async def installed(server: SlackServer, storage: Storage, rotating: Acme) -> Installed:
    return Installed(storage, server, rotating.app)


def _exchanges(server: SlackServer) -> list[str | None]:
    return [call.error for call in server.calls_of("oauth.v2.access")]


async def test_a_token_with_time_left_is_used_as_it_is(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock
) -> None:
    bot = await installed.add(rotating.workspace, hours=3)
    assert await _token(_many(installed, clock)) == bot.bot_token
    assert _exchanges(server) == []


async def test_a_token_near_its_end_is_exchanged_and_kept(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock
) -> None:
    bot = await installed.add(rotating.workspace, hours=1)
    workspaces = _many(installed, clock)
    token = await _token(workspaces)
    assert token == rotating.installation.bot_token != bot.bot_token
    assert (await workspaces.identity("T1")).team_id == "T1"
    kept = await installed.kept.async_find_bot(enterprise_id=None, team_id="T1")
    assert kept is not None
    assert (kept.bot_token, kept.bot_refresh_token) == (token, rotating.installation.refresh_token)
    assert await _token(_many(installed, clock)) == token  # another process needs no exchange
    assert _exchanges(server) == [None]


async def test_a_token_is_exchanged_for_work_that_nobody_asked_for(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock
) -> None:
    await installed.add(rotating.workspace, hours=3)
    workspaces = _many(installed, clock)
    before = await _token(workspaces)
    clock.pass_time(hours=1.5)
    assert await _token(workspaces) != before
    assert _exchanges(server) == [None]


async def test_those_who_ask_at_once_share_one_exchange(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock
) -> None:
    await installed.add(rotating.workspace, hours=1)
    workspaces = _many(installed, clock)
    assert len(set(await asyncio.gather(*(_token(workspaces) for _ in range(5))))) == 1
    assert _exchanges(server) == [None]


async def test_a_slow_exchange_holds_up_no_other_workspace(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock
) -> None:
    await installed.add(rotating.workspace, hours=1)
    other = server.add_workspace("globex", "T2")
    server.install(rotating.app, other)
    good = await installed.add(other, hours=9)
    workspaces = _many(installed, clock)
    held = server.faults.hold("oauth.v2.access")
    waiting = asyncio.create_task(_token(workspaces))
    await held.reached()
    assert await _token(workspaces, "T2") == good.bot_token
    held.release()
    await waiting


async def test_a_token_that_another_process_renewed_is_read(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock
) -> None:
    """A refresh token works once; who comes second finds what the first one kept."""
    await installed.add(rotating.workspace, hours=1)
    slow = server.faults.hold("oauth.v2.access")
    first = asyncio.create_task(_token(_many(installed, clock)))
    await slow.reached()
    second = asyncio.create_task(_token(_many(installed, clock)))
    await server.until(lambda: _exchanges(server) == [None, "invalid_refresh_token"])
    assert await second != rotating.installation.bot_token  # not kept yet: the old one is good for a while
    slow.release()
    assert await first == rotating.installation.bot_token
    assert await _token(_many(installed, clock)) == rotating.installation.bot_token


@pytest.mark.parametrize("fault", ["error_before", "malformed"])
async def test_a_token_that_cannot_be_exchanged_now_is_used_while_it_is_good(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock, fault: str
) -> None:
    bot = await installed.add(rotating.workspace, hours=1)
    getattr(server.faults, fault)("oauth.v2.access")
    assert await _token(_many(installed, clock)) == bot.bot_token


async def test_a_token_at_its_end_that_cannot_be_exchanged_is_no_refusal(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock
) -> None:
    await installed.add(rotating.workspace, hours=-1)
    server.faults.error_before("oauth.v2.access")
    workspaces = _many(installed, clock)
    assert isinstance(await _error(workspaces, "T1"), SlackUnreachable)
    assert await _token(workspaces) == rotating.installation.bot_token  # the next time it can


async def test_a_broken_connection_to_the_exchange_is_survived(
    server: SlackServer, installed: Installed, rotating: Acme, clock: ToldClock
) -> None:
    bot = await installed.add(rotating.workspace, hours=1)
    server.faults.drop_before("oauth.v2.access")
    assert await _token(_many(installed, clock)) == bot.bot_token


# --- revoked --------------------------------------------------------------------------------------------------------


def test_what_a_revoked_token_is() -> None:
    assert all(is_revoked(SlackRefused("auth.test", code)) for code in REVOKED)
    assert not is_revoked(SlackRefused("auth.test", "missing_scope"))
    assert not is_revoked(SlackUnreachable("auth.test", "TimeoutError"))
    assert not is_revoked(SlackBusy("auth.test", datetime.now(UTC)))
