"""`paperboy run` with Slack, as a process of its own against the loopback Slack, in both transports."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, CookieJar
from cryptography.fernet import Fernet

from bot.core.people import Language
from bot.slack.manifest import manifest
from tests.platforms.slack import Acme, Channel, Person, SlackServer, visible_text
from tests.processes import FRESH, environment, free_port, paperboy, refused, running
from tests.slack.conftest import Transport, eventually

pytestmark = pytest.mark.slow


def slack_environment(slack: SlackServer, acme: Acme, transport: Transport, port: int) -> dict[str, str]:
    """What an operator sets."""
    common = {
        "SLACK_BOT_TOKEN": acme.token,
        "SLACK_API_URL": slack.api_url,
        "PAPERBOY_MAINTAINERS": acme.guest.id,
    }
    if transport == "socket":
        assert acme.app.app_token
        return {**common, "SLACK_APP_TOKEN": acme.app.app_token}
    acme.app.request_url = f"http://127.0.0.1:{port}/slack/events"
    return {**common, "SLACK_SIGNING_SECRET": acme.app.signing_secret}


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_digest_and_a_lookup_over_a_restart(
    slack: SlackServer, acme: Acme, transport: Transport, tmp_path: Path
) -> None:
    port = free_port()
    settings = slack_environment(slack, acme, transport, port)
    admin, guest = slack.person(acme.admin), slack.person(acme.guest)

    async def posted() -> int:
        return len(admin.sees(acme.papers))

    async with running(tmp_path, port, how=FRESH, **settings) as paperboy_run:
        await eventually(lambda: _connected(slack, acme, transport), within=30)
        await admin.command(acme.papers, "/digest", "subscribe")
        view = await slack.until(lambda: admin.view if admin.view and "submit" in str(admin.view) else None)
        assert view is not None
        await admin.submit({})
        await eventually(posted, within=60)
        assert await paperboy_run.stop() == 0
    count = len(admin.sees(acme.papers))
    async with running(tmp_path, port, **settings):
        await eventually(lambda: _connected(slack, acme, transport), within=30)
        await guest.command(acme.general, "/paper", "tag:rlaif")
        shown = await slack.until(lambda: guest.ephemerals(acme.general))
        assert "rlaif" in visible_text(shown[-1])
        await guest.click(shown[-1], "page:0")

        async def rest_is_there() -> bool:
            return len(admin.sees(acme.papers)) > 1

        await eventually(rest_is_there, within=60)
    assert len(admin.sees(acme.papers)) >= count
    log = (tmp_path / "log.txt").read_text()
    for secret in (acme.token, acme.app.app_token, acme.app.signing_secret):
        assert secret
        assert secret not in log
    assert slack.complaints == []


async def _connected(slack: SlackServer, acme: Acme, transport: Transport) -> bool:
    return transport == "http" or bool(slack.sockets.connections(acme.app))


async def test_two_workspaces_install_it_and_one_takes_it_away(slack: SlackServer, tmp_path: Path) -> None:
    """Over HTTP, by OAuth, with tokens that expire: nothing is set for a workspace but what its people click."""
    port = free_port()
    key = Fernet.generate_key().decode()
    site = f"http://127.0.0.1:{port}"
    app = slack.create_app(manifest(http_url="https://paperboy.example.org", language=Language.ENGLISH, many=True))
    app.request_url = f"{site}/slack/events"
    settings = {
        "SLACK_API_URL": slack.api_url,
        "SLACK_CLIENT_ID": app.client_id,
        "SLACK_CLIENT_SECRET": app.client_secret,
        "SLACK_SIGNING_SECRET": app.signing_secret,
        "PAPERBOY_ENCRYPTION_KEY": key,
        "PAPERBOY_MAINTAINERS": "T1/UT1",
    }
    admins, rooms = [], []
    async with running(tmp_path, port, **settings), ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        for name, team in (("acme", "T1"), ("globex", "T2")):
            workspace = slack.add_workspace(name, team)
            admin = workspace.add_user(f"U{team}", "ada", is_admin=True)
            async with browser.get(f"{site}/slack/install", allow_redirects=False) as started:
                back = slack.authorize(started.headers["Location"], admin, workspace)
            async with browser.get(f"{site}{urlsplit(back).path}?{urlsplit(back).query}") as page:
                assert page.status == 200, await page.text()
            rooms.append(workspace.add_channel(f"C{team}", "papers", {admin.id}))
            admins.append(slack.person(admin))
            browser.cookie_jar.clear()
        for person, room in zip(admins, rooms, strict=True):
            await person.command(room, "/digest", "subscribe")
            await slack.until(partial(_form_of, person))
            await person.submit({})
        for person, room in zip(admins, rooms, strict=True):
            await slack.until(partial(person.sees, room), within=60)
        seats = list(zip(admins, rooms, strict=True))
        await slack.until(lambda: _cards(admins[0], rooms[0]), within=60)
        entry_id = next(iter(_cards(admins[0], rooms[0])))
        await slack.until(lambda: all(entry_id in _cards(person, room) for person, room in seats), within=60)
        await admins[0].command(rooms[0], "/paper-remove", entry_id)
        asked = await slack.until(lambda: admins[0].ephemerals(rooms[0]))
        await admins[0].click(asked[-1], "confirm")
        await slack.until(lambda: not any(entry_id in _cards(person, room) for person, room in seats), within=60)
        await admins[0].uninstall(app)
        await admins[1].command(rooms[1], "/paper", "tag:rlaif")
        shown = await slack.until(lambda: admins[1].ephemerals(rooms[1]))
        assert "rlaif" in visible_text(shown[-1])

        async def one_is_left() -> bool:
            return len(_installed(tmp_path)) == 1

        await eventually(one_is_left, within=30)
    assert b"xoxe" not in (tmp_path / "paperboy.db").read_bytes()


def _cards(person: Person, room: Channel) -> set[str]:
    """The ids of the entries that have a card in a channel, from their buttons."""
    return {
        str(element["value"])
        for message in person.sees(room)
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "save"
    }


def _form_of(person: Person) -> object:
    return person.view and person.view.payload.get("submit")


def _installed(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "paperboy.db")) as database:
        return [str(row[0]) for row in database.execute("SELECT DISTINCT team_id FROM slack_bots")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN"),
    ],
)
async def test_a_wrong_setting_is_one_line_and_an_exit(
    slack: SlackServer, acme: Acme, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    assert said in await refused(tmp_path, **{**slack_environment(slack, acme, "socket", 1), **change})


async def test_doctor_looks_at_slack(slack: SlackServer, acme: Acme, tmp_path: Path) -> None:
    settings = slack_environment(slack, acme, "socket", 1)
    assert (await paperboy(tmp_path, "db", "upgrade")).code == 0
    found = await paperboy(tmp_path, "doctor", **settings)
    assert "Slack" in found.out
    wrong = await paperboy(tmp_path, "doctor", **{**settings, "SLACK_BOT_TOKEN": "xoxb-wrong"})
    assert wrong.code == 1


def test_the_environment_of_processes_is_clean(tmp_path: Path) -> None:
    assert not [name for name in environment(tmp_path) if name.startswith("SLACK")]
