"""What a command loads: a lookup starts fast, and nobody waits for the library of a platform that is not served."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.processes import environment, free_port

PLATFORMS = {"discord", "slack_bolt", "slack_sdk"}
SERVING = {"aiohttp", "apscheduler", "jinja2"}
NOWHERE = "http://127.0.0.1:9"
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": f"{NOWHERE}/api/"}
DISCORD = {
    "DISCORD_TOKEN": "MTAwMDAwMDAwMDAwMDAwMDAx.Gtests.a-token-of-nobody",
    "DISCORD_API_URL": f"{NOWHERE}/api/v10",
}

_TELL = """
import sys
from bot.cli import main
try:
    main()
finally:
    print(" ".join({name.partition(".")[0] for name in sys.modules}))
"""


async def loaded(folder: Path, *arguments: str, **settings: str) -> set[str]:
    """The libraries that a command has loaded by its end; `run` is ended once it is up."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _TELL, *arguments),
        cwd=folder,
        env=environment(folder, PAPERBOY_WEB_PORT=str(free_port()), **settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    if arguments == ("run",):
        await asyncio.wait_for(process.stdout.readline(), 60)
        process.send_signal(signal.SIGTERM)
    out, err = await process.communicate()
    assert out, err.decode()
    return set(out.decode().splitlines()[-1].split())


@pytest.mark.parametrize("settings", [{}, SLACK, DISCORD])
async def test_a_lookup_loads_neither_platforms_nor_pages(tmp_path: Path, settings: dict[str, str]) -> None:
    libraries = await loaded(tmp_path, "paper", "x", **settings)
    assert "sqlalchemy" in libraries
    assert libraries & (PLATFORMS | SERVING) == set()


@pytest.mark.parametrize(
    ("settings", "served"),
    [({}, set()), (SLACK, {"slack_bolt", "slack_sdk"}), (DISCORD, {"discord"}), (SLACK | DISCORD, PLATFORMS)],
)
async def test_a_run_loads_the_platforms_that_it_serves(
    tmp_path: Path, settings: dict[str, str], served: set[str]
) -> None:
    libraries = await loaded(tmp_path, "run", **settings)
    assert libraries >= SERVING
    assert libraries & PLATFORMS == served


@pytest.mark.parametrize("command", [("doctor",), ("export",), ("import", "."), ("manifest", "slack"), ("--help",)])
async def test_no_other_command_loads_the_library_for_discord(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "discord" not in await loaded(tmp_path, *command)


async def test_the_link_for_discord_needs_nothing_else(tmp_path: Path) -> None:
    libraries = await loaded(tmp_path, "invite", "discord", "--client-id", "1")
    assert "discord" in libraries
    assert libraries & {"sqlalchemy", "slack_bolt", "apscheduler"} == set()
