"""Several processes of Paperboy on one database, each with a part of the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.roles import EVERYTHING, Duties, ProcessRole, duties_of
from tests.platforms.slack import Acme, SlackServer
from tests.processes import Running, paperboy, running
from tests.slack.conftest import acme, eventually, slack, transport

__all__ = ["acme", "slack", "transport"]


@pytest.mark.parametrize(
    ("roles", "duties"),
    [
        ([], EVERYTHING),
        ([ProcessRole.ALL], EVERYTHING),
        ([ProcessRole.ALL, ProcessRole.WEB], EVERYTHING),
        ([ProcessRole.GATEWAY], Duties(listens=True, delivers=False, serves_pages=False)),
        ([ProcessRole.DELIVER], Duties(listens=False, delivers=True, serves_pages=False)),
        ([ProcessRole.WEB], Duties(listens=False, delivers=False, serves_pages=True)),
        ([ProcessRole.WEB, ProcessRole.GATEWAY], Duties(listens=True, delivers=False, serves_pages=True)),
        (list(ProcessRole)[1:], EVERYTHING),
    ],
)
def test_a_process_does_what_its_roles_say(roles: list[ProcessRole], duties: Duties) -> None:
    assert duties_of(roles) == duties
    assert duties.is_alone == (duties == EVERYTHING)


async def test_an_unknown_role_is_one_line(tmp_path: Path) -> None:
    done = await paperboy(tmp_path, "run", "--role", "sweeper")
    assert done.code == 2
    assert "sweeper" in done.err


async def status_of(process: Running, path: str) -> int:
    async with ClientSession() as browser, browser.get(process.address + path) as answer:
        return answer.status


@pytest.mark.slow
async def test_what_one_process_hears_another_delivers_and_a_third_shows(
    slack: SlackServer, acme: Acme, tmp_path: Path
) -> None:
    """Each does its own part only: nothing is posted before somebody delivers, and pages stand in one of them."""
    assert acme.app.app_token
    settings: dict[str, Any] = {
        "SLACK_BOT_TOKEN": acme.token,
        "SLACK_APP_TOKEN": acme.app.app_token,
        "SLACK_API_URL": slack.api_url,
    }
    await paperboy(tmp_path, "db", "upgrade")
    admin = slack.person(acme.admin)

    async def connected() -> bool:
        return bool(slack.sockets.connections(acme.app))

    async def posted() -> int:
        return len(admin.sees(acme.papers))

    async with running(tmp_path, roles=["web"], **settings) as web, running(tmp_path, roles=["gateway"], **settings):
        await eventually(connected, within=30)
        assert len(slack.sockets.connections(acme.app)) == 1
        await admin.command(acme.papers, "/digest", "subscribe")
        await slack.until(lambda: admin.view if admin.view and "submit" in str(admin.view) else None)
        await admin.submit({})
        await slack.until(lambda: "submit" not in str(admin.view), within=30)
        assert await posted() == 0
        assert [await status_of(web, path) for path in ("/read", "/metrics", "/chat/papers")] == [200, 200, 404]
        async with running(tmp_path, roles=["deliver"], **settings) as deliver:
            await eventually(posted, within=60)
            paths = ("/healthz", "/readyz", "/metrics", "/", "/read", "/feed.atom")
            assert [await status_of(deliver, path) for path in paths] == [200, 200, 200, 404, 404, 404]
            assert await deliver.stop() == 0
    assert slack.complaints == []
