"""The commands around Slack, as processes."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.fernet import Fernet

from bot.core.people import Language
from bot.slack.manifest import manifest
from tests.platforms.slack import furnish, slack_server
from tests.processes import free_port, paperboy

OUTSIDE = "https://papers.example.org"


async def test_manifest(tmp_path: Path) -> None:
    printed = await paperboy(tmp_path, "manifest", "slack")
    assert printed.code == 0, printed.err
    assert json.loads(printed.out) == manifest(language=Language.ENGLISH)
    over_http = await paperboy(tmp_path, "manifest", "slack", "--http", OUTSIDE, "--language", "ko")
    assert json.loads(over_http.out) == manifest(http_url=OUTSIDE, language=Language.KOREAN)


async def test_manifest_for_many_workspaces(tmp_path: Path) -> None:
    both = await paperboy(tmp_path, "manifest", "slack", "--http", OUTSIDE, "--many")
    assert json.loads(both.out) == manifest(http_url=OUTSIDE, language=Language.ENGLISH, many=True)
    pages = await paperboy(tmp_path, "manifest", "slack", "--many", OUTSIDE)
    assert json.loads(pages.out) == manifest(install_url=OUTSIDE, language=Language.ENGLISH, many=True)
    nowhere = await paperboy(tmp_path, "manifest", "slack", "--many")
    assert nowhere.code == 2
    assert "address" in nowhere.err


async def test_manifest_comes_before_the_settings(tmp_path: Path) -> None:
    printed = await paperboy(tmp_path, "manifest", "slack", SLACK_APP_TOKEN="xapp-1", PAPERBOY_LANGUAGE="")
    assert printed.code == 0, printed.err
    assert json.loads(printed.out)["settings"]["socket_mode_enabled"] is True


async def test_manifest_speaks_the_language_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "paperboy.toml").write_text('paperboy_language = "ko"\n')
    printed = await paperboy(tmp_path, "manifest", "slack", PAPERBOY_LANGUAGE="")
    assert json.loads(printed.out) == manifest(language=Language.KOREAN)


async def test_manifest_refuses_what_is_wrong(tmp_path: Path) -> None:
    for wrong in (["--http", "http://papers.example.org"], ["--language", "fr"], ["--many", "nonsense"]):
        ended = await paperboy(tmp_path, "manifest", "slack", *wrong)
        assert ended.code == 2
        assert ended.err.startswith("paperboy: ")
        assert len(ended.err.splitlines()) == 1


async def test_new_key(tmp_path: Path) -> None:
    keys = [(await paperboy(tmp_path, "new-key")).out.strip() for _ in range(2)]
    assert keys[0] != keys[1]
    for key in keys:
        Fernet(key)


async def test_doctor_looks_at_slack(tmp_path: Path) -> None:
    async with slack_server() as slack:
        acme = furnish(slack, manifest(language=Language.ENGLISH))
        settings = {
            "SLACK_API_URL": slack.api_url,
            "SLACK_APP_TOKEN": acme.app.app_token,
            "PAPERBOY_WEB_PORT": str(free_port()),
        }
        checked = await paperboy(tmp_path, "doctor", SLACK_BOT_TOKEN=acme.token, **settings)
        assert checked.code == 0, checked.out + checked.err
        assert "Slack, Acme: The app has all scopes that Paperboy needs." in checked.out
        wrong = await paperboy(tmp_path, "doctor", SLACK_BOT_TOKEN="xoxb-not-this-one", **settings)
    assert wrong.code == 1
    assert "SLACK_BOT_TOKEN: Slack does not accept it." in wrong.out
    said = checked.out + checked.err + wrong.out + wrong.err
    assert not [secret for secret in (acme.token, acme.app.app_token, "not-this-one") if secret in said]


async def test_doctor_reads_the_installations_of_many_workspaces(tmp_path: Path) -> None:
    async with slack_server() as slack:
        acme = furnish(slack, manifest(http_url=OUTSIDE, language=Language.ENGLISH, many=True))
        checked = await paperboy(
            tmp_path,
            "doctor",
            SLACK_API_URL=slack.api_url,
            SLACK_CLIENT_ID=acme.app.client_id,
            SLACK_CLIENT_SECRET=acme.app.client_secret,
            SLACK_SIGNING_SECRET=acme.app.signing_secret,
            PAPERBOY_ENCRYPTION_KEY=Fernet.generate_key().decode(),
            PAPERBOY_WEB_PORT=str(free_port()),
        )
    assert checked.code == 0, checked.out + checked.err
    assert "no workspace has installed Paperboy yet" in checked.out
    assert slack.calls == []


async def test_doctor_says_when_there_is_no_database_to_look_into(tmp_path: Path) -> None:
    (tmp_path / "paperboy.db").write_bytes(b"no database" * 100)
    checked = await paperboy(
        tmp_path, "doctor", SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1", SLACK_API_URL="http://127.0.0.1:9/api/"
    )
    assert checked.code == 1
    assert "Slack: not looked at" in checked.out
