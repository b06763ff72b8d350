"""The commands around Discord, as processes."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from bot.discord.permissions import invite_link
from tests.platforms.conftest import discord, guild
from tests.platforms.discord import Acme, DiscordServer
from tests.processes import Finished, free_port, paperboy

__all__ = ["discord", "guild"]

APP = 1234567890123456789
TOKEN = f"{base64.urlsafe_b64encode(str(APP).encode()).decode().rstrip('=')}.Gtests.a-token-of-nobody-for-these-tests"


def one_line(finished: Finished) -> str:
    """What stands on standard error, which must be one line."""
    (line,) = finished.err.strip().splitlines()
    assert line.startswith("paperboy: ")
    return line


async def test_invite_prints_the_link_and_nothing_else(tmp_path: Path) -> None:
    for ended in (
        await paperboy(tmp_path, "invite", "discord", "--client-id", str(APP)),
        await paperboy(tmp_path, "invite", "discord", DISCORD_TOKEN=TOKEN),
        await paperboy(tmp_path, "invite", "discord", DISCORD_TOKEN=f"Bot {TOKEN}"),
    ):
        assert ended.code == 0, ended.err
        assert ended.out == f"{invite_link(APP)}\n"
        assert ended.err == ""


async def test_invite_with_an_id_comes_before_the_settings(tmp_path: Path) -> None:
    ended = await paperboy(tmp_path, "invite", "discord", "--client-id", str(APP), SLACK_BOT_TOKEN="xoxb-1")
    assert ended.out == f"{invite_link(APP)}\n"


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        ((), {}, "Set DISCORD_TOKEN, or name the application"),
        (("--client-id", "Paperboy"), {}, "“Paperboy” is not the id of an application"),
        (("--client-id", "１２３"), {}, "is not the id of an application"),
        ((), {"DISCORD_TOKEN": "!!!"}, "DISCORD_TOKEN: this is no bot token"),
        ((), {"DISCORD_TOKEN": "abcd.efgh.ijkl"}, "DISCORD_TOKEN does not tell which application it is for"),
    ],
)
async def test_invite_says_what_it_lacks(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], said: str
) -> None:
    ended = await paperboy(tmp_path, "invite", "discord", *arguments, **settings)
    assert ended.code == 2
    assert said in one_line(ended)
    assert ended.out == ""
    assert "ijkl" not in ended.err


async def test_invite_speaks_korean(tmp_path: Path) -> None:
    ended = await paperboy(tmp_path, "invite", "discord", PAPERBOY_LANGUAGE="ko")
    assert any("가" <= letter <= "힣" for letter in one_line(ended))


async def test_doctor_looks_at_discord(discord: DiscordServer, guild: Acme, tmp_path: Path) -> None:
    settings = {
        "DISCORD_API_URL": discord.url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "PAPERBOY_MAINTAINERS": f"{guild.maintainer.id} {guild.curators.id}",
        "PAPERBOY_WEB_PORT": str(free_port()),
    }
    token = discord.state.application.token
    checked = await paperboy(tmp_path, "doctor", DISCORD_TOKEN=token, **settings)
    assert checked.code == 0, checked.out + checked.err
    assert "Discord: the token works." in checked.out
    assert "Discord: Paperboy is on 1 server." in checked.out
    assert {call.method for call in discord.requests} == {"GET"}
    wrong = await paperboy(tmp_path, "doctor", DISCORD_TOKEN=TOKEN, **settings)
    assert wrong.code == 1
    assert "DISCORD_TOKEN: Discord does not accept it." in wrong.out
    said = checked.out + checked.err + wrong.out + wrong.err
    assert token not in said
    assert TOKEN not in said


async def test_doctor_in_korean(discord: DiscordServer, tmp_path: Path) -> None:
    settings = {"DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": discord.url, "PAPERBOY_WEB_PORT": str(free_port())}
    wrong = await paperboy(tmp_path, "doctor", PAPERBOY_LANGUAGE="ko", **settings)
    (line,) = [line for line in wrong.out.splitlines() if "DISCORD_TOKEN" in line]
    assert "Discord" in line
    assert any("가" <= letter <= "힣" for letter in line)


async def test_doctor_says_when_there_is_no_database_to_look_into(tmp_path: Path) -> None:
    (tmp_path / "paperboy.db").write_bytes(b"no database" * 100)
    checked = await paperboy(tmp_path, "doctor", DISCORD_TOKEN=TOKEN, DISCORD_API_URL="http://127.0.0.1:9/api")
    assert checked.code == 1
    assert "Discord: not looked at" in checked.out
