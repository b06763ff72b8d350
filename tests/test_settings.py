"""Settings for Slack and the database: what is missing or mixed up, and that no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.core.errors import SettingsError
from bot.core.people import Staff
from bot.settings import Settings, load_settings

KEY, OLD_KEY = (Fernet.generate_key().decode() for _ in range(2))
ONE = {"SLACK_BOT_TOKEN": "xoxb-1-bot"}
MANY = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "client-secret", "PAPERBOY_ENCRYPTION_KEY": KEY}
SOCKET = {"SLACK_APP_TOKEN": "xapp-1-app"}
HTTP = {"SLACK_SIGNING_SECRET": "signing-secret"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory without files of settings."""
    return tmp_path


def read(folder: Path, **environment: str) -> Settings:
    return load_settings(environment, folder)


def test_without_anything_of_slack_it_is_not_served(folder: Path) -> None:
    settings = read(folder, SLACK_API_URL="http://127.0.0.1:1/api", PAPERBOY_ENCRYPTION_KEY=KEY)
    assert settings.slack is None
    assert settings.staff == Staff()


@pytest.mark.parametrize(
    ("given", "socket", "many"),
    [
        (ONE | SOCKET, True, False),
        (ONE | HTTP, False, False),
        (ONE | SOCKET | HTTP, True, False),
        (MANY | SOCKET, True, True),
        (MANY | HTTP, False, True),
    ],
)
def test_what_is_set_decides_how_slack_is_served(folder: Path, given: dict[str, str], socket: bool, many: bool) -> None:
    slack = read(folder, **given).slack
    assert slack is not None
    assert slack.uses_socket_mode is socket
    assert slack.serves_many is many
    assert slack.api_url == "https://slack.com/api/"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (SOCKET, "SLACK_BOT_TOKEN is missing"),
        (HTTP, "SLACK_BOT_TOKEN is missing"),
        (ONE, "SLACK_APP_TOKEN"),
        (ONE, "SLACK_SIGNING_SECRET"),
        (MANY, "SLACK_SIGNING_SECRET"),
        (ONE | MANY | SOCKET, "set one of them"),
        ({"SLACK_CLIENT_ID": "1.2"} | SOCKET, "belong together"),
        ({"SLACK_CLIENT_SECRET": "x"} | SOCKET, "belong together"),
        (MANY | HTTP | {"PAPERBOY_ENCRYPTION_KEY": ""}, "new-key"),
        (MANY | HTTP | {"PAPERBOY_ENCRYPTION_KEY": "short"}, "this is no key"),
        (MANY | HTTP | {"PAPERBOY_ENCRYPTION_KEY": f"{KEY},short"}, "this is no key"),
        (SOCKET | {"SLACK_BOT_TOKEN": "xapp-1"}, "begins with xoxb-"),
        (SOCKET | {"SLACK_BOT_TOKEN": "xoxp-1"}, "begins with xoxb-"),
        (ONE | {"SLACK_APP_TOKEN": "xoxb-1"}, "begins with xapp-"),
        (ONE | SOCKET | {"SLACK_API_URL": "slack.com/api"}, "SLACK_API_URL"),
    ],
)
def test_what_is_missing_or_mixed_up_is_said(folder: Path, given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as raised:
        read(folder, **given)
    assert not [value for value in given.values() if value.startswith("xo") and value in str(raised.value)]


def test_one_key_or_several_the_first_for_writing(folder: Path) -> None:
    for text in (f"{KEY},{OLD_KEY}", f"{KEY} {OLD_KEY}", f" {KEY} , {OLD_KEY} "):
        slack = read(folder, **{**MANY, **HTTP, "PAPERBOY_ENCRYPTION_KEY": text}).slack
        assert slack is not None
        assert slack.encryption_keys == (KEY, OLD_KEY)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/api", "http://127.0.0.1:8000/api/"])
def test_slack_may_be_elsewhere(folder: Path, url: str) -> None:
    slack = read(folder, **ONE, **SOCKET, SLACK_API_URL=url).slack
    assert slack is not None
    assert slack.api_url == "http://127.0.0.1:8000/api/"


def test_people_and_groups(folder: Path) -> None:
    settings = read(folder, PAPERBOY_MAINTAINERS=" U1, S2 T1/U3,,", PAPERBOY_OPERATORS="U4")
    assert settings.staff == Staff(frozenset({"U1", "S2", "T1/U3"}), frozenset({"U4"}))


def test_files_hold_them_too(folder: Path) -> None:
    (folder / ".env").write_text("SLACK_BOT_TOKEN=xoxb-2\nSLACK_SIGNING_SECRET=s\nSLACK_TEAM_OF_ANOTHER_PROGRAM=x\n")
    (folder / "paperboy.toml").write_text('slack_app_token = "xapp-2"\npaperboy_maintainers = "U1"\n')
    settings = read(folder)
    assert settings.slack is not None
    assert settings.slack.bot_token == "xoxb-2"
    assert settings.slack.uses_socket_mode
    assert settings.staff.maintainers == {"U1"}


def test_a_slip_in_a_name_is_noticed(folder: Path) -> None:
    with pytest.raises(SettingsError, match="PAPERBOY_MAINTAINERS"):
        read(folder, PAPERBOY_MAINTAINER="U1")


def test_no_secret_is_shown(folder: Path) -> None:
    for given in (ONE | SOCKET | HTTP, MANY | HTTP):
        shown = repr(read(folder, **given))
        assert not [value for name, value in given.items() if name != "SLACK_CLIENT_ID" and value in shown]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///paperboy.db",
        "sqlite:////var/lib/paperboy.db",
        "postgresql://paperboy:secret@host:5432/papers?sslmode=require",
        "postgres://paperboy@host/papers",
        "postgresql:///papers?host=/run/postgresql",
    ],
)
def test_databases(folder: Path, url: str) -> None:
    settings = read(folder, DATABASE_URL=url)
    assert settings.database_url == url
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://paperboy:secret@host", "which database on the server"),
        ("postgresql://paperboy:secret@host/", "which database on the server"),
        ("postgresql:papers?password=secret", "no database address"),
        ("mysql://paperboy:secret@host/papers", "no database address"),
        ("postgresql://paperboy:secret@[::1/papers", "no database address"),
    ],
)
def test_what_is_no_database(folder: Path, url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        read(folder, DATABASE_URL=url)
    assert "secret" not in str(caught.value)
