"""Settings for Slack, Discord and the database: what is missing or mixed up, and that no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import SettingsError
from bot.core.people import Staff
from bot.logs import hide_secrets
from bot.settings import DiscordSettings, Settings, load_settings

KEY, OLD_KEY = (Fernet.generate_key().decode() for _ in range(2))
ONE = {"SLACK_BOT_TOKEN": "xoxb-1-bot"}
MANY = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "client-secret", "PAPERBOY_ENCRYPTION_KEY": KEY}
SOCKET = {"SLACK_APP_TOKEN": "xapp-1-app"}
HTTP = {"SLACK_SIGNING_SECRET": "signing-secret"}
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.Gtests.a-token-of-nobody-for-these-tests"
DISCORD = {"DISCORD_TOKEN": TOKEN}


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
    for values in (ONE | SOCKET | HTTP, MANY | HTTP):
        shown = repr(read(folder, **values))
        assert not [value for name, value in values.items() if name != "SLACK_CLIENT_ID" and value in shown]


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


# --- Discord ----------------------------------------------------------------------------------------------------------


def discord_settings(folder: Path, **environment: str) -> DiscordSettings:
    """What they say of Discord, which has a token."""
    discord = read(folder, **{**DISCORD, **environment}).discord
    assert discord is not None
    return discord


@pytest.mark.parametrize("token", ["", "  "])
def test_without_its_token_discord_is_not_served(folder: Path, token: str) -> None:
    others = {"DISCORD_API_URL": "http://127.0.0.1:1/api", "PAPERBOY_DISCORD_SHARDS": "0/1"}
    assert read(folder, DISCORD_TOKEN=token, **others).discord is None


def test_discord_itself_is_asked_and_shards_are_left_to_it(folder: Path) -> None:
    expected = DiscordSettings(token=TOKEN, api_url="https://discord.com/api/v10", gateway_url=None)
    assert discord_settings(folder) == expected
    assert (expected.shard_count, expected.shard_ids) == (None, None)


@pytest.mark.parametrize("written", [TOKEN, f"Bot {TOKEN}", f"bot  {TOKEN}", f" {TOKEN}\n"])
def test_the_token_may_be_written_as_requests_carry_it(folder: Path, written: str) -> None:
    assert discord_settings(folder, DISCORD_TOKEN=written).token == TOKEN


@pytest.mark.parametrize(
    "wrong",
    [
        "5fDhoeVBpAs3aYkM1dTqWnZr8cXjLu2g",  # the secret of an application, which stands beside it
        "MTAwMDAwMDAwMDAwMDAwMDAx.Gtests",
        f"{TOKEN}.more",
        f"Bearer {TOKEN}",
        "Bot",
        "xoxb-1-bot",
        "MTAwMDAwMDAwMDAwMDAwMDAx.Gtests.토큰",
    ],
)
def test_what_is_no_token_is_said_without_showing_it(folder: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match="DISCORD_TOKEN: this is no bot token") as raised:
        read(folder, DISCORD_TOKEN=wrong)
    assert wrong == "Bot" or wrong not in str(raised.value)


def test_discord_may_be_elsewhere(folder: Path) -> None:
    discord = discord_settings(
        folder, DISCORD_API_URL="http://127.0.0.1:8000/api/v10/", DISCORD_GATEWAY_URL="ws://127.0.0.1:8001/gateway"
    )
    assert discord.api_url == "http://127.0.0.1:8000/api/v10"
    assert discord.gateway_url == "ws://127.0.0.1:8001/gateway"
    assert discord_settings(folder, DISCORD_GATEWAY_URL="").gateway_url is None


@pytest.mark.parametrize("name", ["DISCORD_API_URL", "DISCORD_GATEWAY_URL"])
@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8000", "http://", "ws://", "ftp://127.0.0.1", "ws://[::1", "http://[", "http://x:99999", "ws://x:y"],
)
def test_what_is_no_address_is_said(folder: Path, name: str, address: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(folder, **DISCORD, **{name: address})


@pytest.mark.parametrize(
    ("name", "address"), [("DISCORD_API_URL", "ws://127.0.0.1"), ("DISCORD_GATEWAY_URL", "http://127.0.0.1")]
)
def test_the_addresses_do_not_take_each_others_place(folder: Path, name: str, address: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(folder, **DISCORD, **{name: address})


@pytest.mark.parametrize(
    ("written", "count", "ids"),
    [
        ("0-3/16", 16, (0, 1, 2, 3)),
        ("5/16", 16, (5,)),
        ("15/16", 16, (15,)),
        ("0/1", 1, (0,)),
        ("2,5-6/16", 16, (2, 5, 6)),
        (" 3 , 1-2 / 4 ", 4, (1, 2, 3)),
        ("1-2,2,2-3/4", 4, (1, 2, 3)),
        ("", None, None),
    ],
)
def test_which_shards_this_process_serves(
    folder: Path, written: str, count: int | None, ids: tuple[int, ...] | None
) -> None:
    discord = discord_settings(folder, PAPERBOY_DISCORD_SHARDS=written)
    assert (discord.shard_count, discord.shard_ids) == (count, ids)


@pytest.mark.parametrize(
    "wrong",
    [
        *("16/16", "0-16/16", "3-1/16", "0,3-1/16", "0/0", "-1/16", "0--3/16", "0-/16", "/16", "0-3", "16"),
        *("0-3/", "a/16", "0,,1/4", "0/1/2", "0-3 of 16", "999999/9999999", "½/2"),
    ],
)
def test_shards_that_do_not_exist_are_said(folder: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"PAPERBOY_DISCORD_SHARDS: .* names no shards"):
        read(folder, **DISCORD, PAPERBOY_DISCORD_SHARDS=wrong)


@given(st.lists(st.integers(0, 99), min_size=1, unique=True), st.integers(1, 3))
def test_shards_written_in_any_way_are_the_same(ids: list[int], stride: int) -> None:
    ranges = [(number, min(number + stride, 99)) for number in ids]
    meant = sorted({one for first, last in ranges for one in range(first, last + 1)})
    written = ",".join(f"{first}-{last}" for first, last in ranges)
    for text in (written, ",".join(map(str, meant))):
        discord = load_settings({**DISCORD, "PAPERBOY_DISCORD_SHARDS": f"{text}/100"}, Path(__file__).parent).discord
        assert discord is not None
        assert discord.shard_ids == tuple(meant)


def test_the_token_is_never_shown(folder: Path) -> None:
    settings = read(folder, **DISCORD, **ONE, **SOCKET, PAPERBOY_DISCORD_SHARDS="0/2")
    assert TOKEN not in repr(settings) + str(settings) + repr(settings.discord)
    assert "shard_count=2" in repr(settings.discord)
    event = {"event": "x", "said": f"Bot {TOKEN} in {settings.discord}", "exception": f"... {TOKEN!r}"}
    assert TOKEN not in str(hide_secrets(None, "info", event))


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SLACK_API_URL", "PAPERBOY_ARXIV_URL", "DATABASE_URL"])
def test_half_an_address_is_one_line_and_no_traceback(folder: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(folder, **ONE, **SOCKET, **{name: "http://[::1"})
