"""Installing by OAuth: real pages, a real browser's cookies, Slack's own consent and token exchange."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.clock import SystemClock
from bot.core.people import Language
from bot.settings import SlackSettings
from bot.slack.errors import SlackRefused
from bot.slack.installing import Installing
from bot.slack.manifest import bot_scopes, manifest
from bot.slack.workspaces import Workspaces
from storage.installations import SlackInstallations
from storage.opening import open_storage
from tests.platforms.slack import SlackServer, User, Workspace, slack_server
from tests.platforms.slack.apps import App
from tests.processes import free_port

KEY = Fernet.generate_key().decode()
NOW = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)  # after everything that is installed here


@dataclass
class Site:
    """Paperboy's pages, a Slack to install it from, and a person's browser."""

    slack: SlackServer
    app: App
    acme: Workspace
    person: User
    installing: Installing
    workspaces: Workspaces
    kept: SlackInstallations
    database: Path
    url: str
    browser: ClientSession

    async def start(self, query: str = "", **headers: str) -> ClientResponse:
        """Follow the link to install."""
        return await self.browser.get(f"{self.url}/slack/install{query}", allow_redirects=False, headers=headers)

    async def consented(self, *, consent: bool = True, workspace: Workspace | None = None) -> str:
        """The address that Slack sends the browser back to."""
        there = workspace or self.acme
        started = await self.start()
        return self.slack.authorize(started.headers["Location"], self.person, there, consent=consent)

    async def install(self, workspace: Workspace | None = None) -> tuple[int, str]:
        """All of it: status and text of the last page."""
        return await self.visit(await self.consented(workspace=workspace))

    async def visit(self, url: str, **headers: str) -> tuple[int, str]:
        """Status and text of a page."""
        answer = await self.browser.get(url, headers=headers)
        assert answer.content_type == "text/html"
        assert answer.charset == "utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.text()

    async def installed(self) -> list[str | None]:
        """The workspaces that are kept."""
        return [one.team_id for one in await self.kept.workspaces()]


@asynccontextmanager
async def serving(installing: Installing, port: int) -> AsyncIterator[None]:
    server = web.Application()
    server.add_routes(installing.routes())
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    storage = await open_storage(sqlite_url)
    async with slack_server() as slack, ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        acme = slack.add_workspace("acme", "T1", name="Acme & Söhne")
        person = acme.add_user("U1", "ada", is_admin=True)
        app = slack.create_app(manifest(http_url=url, language=Language.ENGLISH, many=True))
        settings = SlackSettings(
            client_id=app.client_id,
            client_secret=app.client_secret,
            signing_secret=app.signing_secret,
            encryption_keys=(KEY,),
            api_url=slack.api_url,
        )
        kept = storage.slack_installations(app.client_id, [KEY])
        workspaces = Workspaces(settings, SystemClock(), kept)
        installing = Installing(settings, workspaces, kept, storage.slack_states(), language=Language.ENGLISH)
        async with serving(installing, port):
            database = tmp_path / "paperboy.db"
            yield Site(slack, app, acme, person, installing, workspaces, kept, database, url, browser)
    await storage.close()


# --- the way in -----------------------------------------------------------------------------------------------------


async def test_the_link_leads_to_slacks_consent_page_with_the_scopes_of_the_manifest(site: Site) -> None:
    started = await site.start()
    assert started.status == 302
    address = urlsplit(started.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{site.slack.url}/oauth/v2/authorize"
    asked = parse_qs(address.query, keep_blank_values=True)
    assert asked["scope"] == [",".join(bot_scopes())]
    assert asked["client_id"] == [site.app.client_id]
    assert asked["user_scope"] == [""]
    assert set(asked) == {"state", "client_id", "scope", "user_scope"}
    assert started.cookies["slack-app-oauth-state"].value == asked["state"][0]


async def test_slack_itself_is_where_people_are_sent_by_default(site: Site) -> None:
    settings = SlackSettings(client_id="1.2", client_secret="secret", app_token="xapp-1", encryption_keys=(KEY,))
    at_home = Installing(settings, site.workspaces, site.kept, _States(), language=Language.ENGLISH)
    port = free_port()
    async with serving(at_home, port):
        answer = await site.browser.get(f"http://127.0.0.1:{port}/slack/install", allow_redirects=False)
    assert answer.headers["Location"].startswith("https://slack.com/oauth/v2/authorize?state=s1&client_id=1.2&")


class _States(AsyncOAuthStateStore):
    """A state store that always knows the same one."""

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        return "s1"

    async def async_consume(self, state: str) -> bool:
        return state == "s1"


async def test_installed(site: Site) -> None:
    status, page = await site.install()
    assert status == 200
    assert "<h1>Paperboy is installed in Acme &amp; Söhne</h1>" in page
    assert f"{site.slack.url}/app_redirect?app=A1&amp;team=T1" in page
    assert "/digest subscribe" in page
    assert await site.installed() == ["T1"]
    client = await site.workspaces.client("T1")
    assert (await client.call("auth.test"))["team_id"] == "T1"
    assert await client.scopes() == frozenset(bot_scopes())


async def test_no_page_and_no_log_shows_a_secret(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as events, caplog.at_level("WARNING"):
        back = await site.consented()
        _, page = await site.visit(back)
        code = parse_qs(urlsplit(back).query)["code"][0]
        forged = (await site.consented()).replace("code=", "code=never-given-")
        _, refused = await site.visit(forged)
    said = page + refused + str(events) + caplog.text + capsys.readouterr().err
    bot = await site.kept.async_find_bot(enterprise_id=None, team_id="T1")
    assert bot is not None
    assert bot.bot_token
    assert bot.bot_refresh_token
    secrets = [code, "never-given", bot.bot_token, bot.bot_refresh_token, site.app.client_secret]
    assert [secret for secret in secrets if secret in said] == []
    assert "invalid_code" in str(events)  # why, for the operator


async def test_the_pages_speak_the_visitors_language(site: Site) -> None:
    _, page = await site.visit(await site.consented(), **{"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"})
    assert '<html lang="ko">' in page
    _, page = await site.visit(await site.consented(), **{"Accept-Language": "fr"})
    assert '<html lang="en">' in page


async def test_a_second_installation_counts_at_once(site: Site) -> None:
    await site.install()
    before = await site.workspaces.client("T1")
    site.slack.installer.revoke(site.app, site.acme)
    with pytest.raises(SlackRefused, match="token_revoked"):
        await before.call("auth.test")
    await site.install()
    await (await site.workspaces.client("T1")).call("auth.test")


async def test_each_workspace_has_its_own(site: Site) -> None:
    beta = site.slack.add_workspace("beta", "T2", name="Beta")
    await site.install()
    await site.install(beta)
    assert await site.installed() == ["T1", "T2"]
    for team in ("T1", "T2"):
        assert (await (await site.workspaces.client(team)).call("auth.test"))["team_id"] == team


# --- what goes wrong ------------------------------------------------------------------------------------------------


async def test_cancelled(site: Site) -> None:
    status, page = await site.visit(await site.consented(consent=False))
    assert status == 200
    assert "<h1>Paperboy was not installed</h1>" in page
    assert "cancelled" in page
    assert '<a href="install">' in page
    assert await site.installed() == []


async def test_another_browser_cannot_finish_what_this_one_began(site: Site) -> None:
    back = await site.consented()
    async with ClientSession() as other:
        answer = await other.get(back)
    assert answer.status == 400
    assert site.slack.calls_of("oauth.v2.access") == []
    assert await site.installed() == []


async def test_a_state_is_good_once(site: Site) -> None:
    back = await site.consented()
    state = parse_qs(urlsplit(back).query)["state"][0]
    await site.visit(back)
    status, page = await site.visit(back, Cookie=f"slack-app-oauth-state={state}")
    assert status == 400
    assert "not installed" in page
    assert len(site.slack.calls_of("oauth.v2.access")) == 1


async def test_a_code_that_slack_does_not_know(site: Site) -> None:
    back = await site.consented()
    status, page = await site.visit(re.sub("code=[^&]*", "code=wrong", back))
    assert status == 400
    assert "Slack did not confirm" in page
    assert await site.installed() == []


async def test_no_code(site: Site) -> None:
    back = await site.consented()
    status, _ = await site.visit(re.sub("code=[^&]*&?", "", back))
    assert status == 400


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "error_after", "malformed"])
async def test_slack_does_not_answer(site: Site, fault: str) -> None:
    back = await site.consented()
    getattr(site.slack.faults, fault)("oauth.v2.access")
    status, page = await site.visit(back)
    assert status in (400, 502)
    assert "not installed" in page
    assert await site.installed() == []
    assert (await site.install())[0] == 200


async def test_the_database_cannot_be_used(site: Site) -> None:
    back = await site.consented()
    with sqlite3.connect(site.database) as connection:
        connection.execute("DROP TABLE slack_bots")
    connection.close()
    status, page = await site.visit(back)
    assert status == 503
    assert "database" in page


async def test_too_many_have_set_out_already(site: Site) -> None:
    ends = (datetime.now(UTC) + timedelta(minutes=9)).strftime("%Y-%m-%d %H:%M:%S.000000")
    with sqlite3.connect(site.database) as connection:
        many = [(f"s{number}", ends) for number in range(1000)]
        connection.executemany("INSERT INTO slack_oauth_states (state, expire_at) VALUES (?, ?)", many)
    connection.close()
    status, page = await site.visit(f"{site.url}/slack/install")
    assert status == 503
    assert "Try again in ten minutes" in page
    assert '<a href="install">' in page


async def test_late_word_counts_less_than_a_slack_that_does_not_answer(site: Site) -> None:
    """What was installed since then stays: whether it works can be asked again, but not once it is deleted."""
    removed_at = datetime.now(UTC)
    await site.install()
    site.slack.faults.drop_before("auth.test", times=5)
    assert not await site.installing.forget(None, "T1", removed_at)
    assert await site.installed() == ["T1"]


async def test_what_anybody_may_have_written_is_not_shown_as_it_is(site: Site) -> None:
    hostile = "%3Cscript%3Ealert(1)%3C/script%3E" + "x" * 500
    status, page = await site.visit(f"{site.url}/slack/oauth_redirect?error={hostile}")
    assert status == 400
    assert "<script" not in page
    assert "x" * 100 not in page


@pytest.mark.parametrize(
    ("query", "team"), [("?team=T1", ["T1"]), ("?team=T1%26scope%3Dadmin", None), ("?team=", None)]
)
async def test_a_visitor_may_name_a_workspace_and_nothing_else(site: Site, query: str, team: list[str] | None) -> None:
    asked = parse_qs(urlsplit((await site.start(query)).headers["Location"]).query)
    assert asked.get("team") == team
    assert asked["scope"] == [",".join(bot_scopes())]


async def test_the_environment_does_not_decide_where_people_come_back_to(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_REDIRECT_URI", "https://elsewhere.example.org/")
    monkeypatch.setenv("SLACK_SCOPES", "admin")
    made = Installing(
        SlackSettings(client_id="1", client_secret="s", api_url=site.slack.api_url),
        site.workspaces,
        site.kept,
        _States(),
        language=Language.ENGLISH,
    )
    port = free_port()
    async with serving(made, port):
        answer = await site.browser.get(f"http://127.0.0.1:{port}/slack/install", allow_redirects=False)
    assert "elsewhere" not in answer.headers["Location"]
    assert "admin" not in answer.headers["Location"]


# --- the cookie -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "is_secure"),
    [
        ("papers.example.org", True),
        ("10.0.0.5:8080", True),
        ("127.0.0.1.example.org", True),
        ("127.0.0.1:8080", False),
        ("localhost:8080", False),
    ],
)
async def test_the_cookie_is_for_tls_except_on_this_machine(site: Site, host: str, is_secure: bool) -> None:
    cookie = (await site.start(Host=host)).headers["Set-Cookie"]
    assert ("Secure" in cookie) is is_secure
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=600" in cookie


async def test_the_cookie_is_gone_afterwards(site: Site) -> None:
    for consent in (True, False):
        answer = await site.browser.get(await site.consented(consent=consent))
        assert "slack-app-oauth-state=deleted; expires=Thu, 01 Jan 1970" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["install", "oauth_redirect"])
async def test_pages_are_read_and_nothing_else(site: Site, path: str) -> None:
    for method in ("HEAD", "POST"):
        assert (await site.browser.request(method, f"{site.url}/slack/{path}")).status == 405


# --- the way out ----------------------------------------------------------------------------------------------------


async def test_removed(site: Site) -> None:
    beta = site.slack.add_workspace("beta", "T2", name="Beta")
    await site.install()
    await site.install(beta)
    await site.workspaces.client("T1")
    site.slack.uninstall(site.app, site.acme)
    assert await site.installing.forget(None, "T1", NOW)
    assert await site.installed() == ["T2"]
    assert await site.kept.async_find_installation(enterprise_id=None, team_id="T1") is None
    with pytest.raises(SlackRefused, match="account_inactive"):
        await site.workspaces.client("T1")
    await (await site.workspaces.client("T2")).call("auth.test")


async def test_a_workspace_that_was_never_there_is_forgotten_too(site: Site) -> None:
    assert await site.installing.forget("E1", "T7", NOW)


async def test_late_word_of_a_removal_does_not_undo_a_new_installation(site: Site) -> None:
    await site.install()
    site.slack.uninstall(site.app, site.acme)
    removed_at = datetime.now(UTC)
    await site.install()
    assert not await site.installing.forget(None, "T1", removed_at)
    assert await site.installed() == ["T1"]
    await (await site.workspaces.client("T1")).call("auth.test")


async def test_what_was_removed_is_deleted_whatever_its_token_says(site: Site) -> None:
    await site.install()
    assert await site.installing.forget(None, "T1", NOW)
    assert await site.installed() == []


async def test_removed_while_slack_does_not_answer(site: Site) -> None:
    await site.install()
    site.slack.faults.drop_before("auth.test", times=5)
    assert await site.installing.forget(None, "T1", NOW)
    assert await site.installed() == []


async def test_removed_from_a_workspace_and_from_its_organisation(site: Site) -> None:
    await site.install()
    good = await site.kept.async_find_bot(enterprise_id=None, team_id="T1")
    assert good is not None
    for enterprise, token in (("E1", "xoxb-dead"), ("E2", good.bot_token)):
        whole = Installation(
            app_id="A1",
            user_id="U1",
            bot_id="B1",
            bot_user_id="UB1",
            enterprise_id=enterprise,
            team_id=None,
            bot_token=token,
            is_enterprise_install=True,
        )
        await site.kept.async_save(whole)
    assert await site.installing.forget("E1", None, NOW)
    assert not await site.installing.forget("E2", "T9", NOW)  # the organisation's token still works
    left = [(one.enterprise_id, one.team_id) for one in await site.kept.workspaces()]
    assert sorted(left, key=str) == [("E2", None), (None, "T1")]
