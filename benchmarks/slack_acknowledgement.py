"""How soon 100 commands at once are acknowledged while a digest goes out and an import runs, against an idle Paperboy.

    python benchmarks/slack_acknowledgement.py [COMMANDS]

Paperboy is a process of its own (`paperboy run`), the import another one on the same database, and Slack the loopback
server of tests/platforms in this one; over Socket Mode and over HTTP. Slack gives an app 3 seconds. Exits non-zero
when one acknowledgement takes longer.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._acknowledgement import CHANNELS, busy_times, report, verdict  # noqa: E402
from bot.core.people import Language  # noqa: E402
from bot.slack.manifest import EVENTS_PATH, manifest  # noqa: E402
from tests.platforms.slack import Acme, SlackServer, furnish, slack_server  # noqa: E402
from tests.processes import FRESH, free_port, running  # noqa: E402

QUERIES = ("tag:rlaif", "help", "author:kim", "is:saved sort:popular", "모델", "tag:rlfai", "date:2024")


async def main() -> int:
    """Measure both transports."""
    commands = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    worst = 0.0
    for transport in ("socket", "http"):
        with tempfile.TemporaryDirectory() as folder:
            async with slack_server() as server:
                worst = max(worst, await measure(server, transport, Path(folder), commands))
    return verdict("slack", worst)


async def measure(server: SlackServer, transport: str, folder: Path, commands: int) -> float:
    """One transport; the slowest acknowledgement in seconds."""
    port = free_port()
    url = None if transport == "socket" else "https://paperboy.example.org"
    acme = furnish(server, manifest(http_url=url, language=Language.ENGLISH, many=False))
    for number in range(CHANNELS):
        acme.workspace.add_channel(f"C1{number}", f"room-{number}", {acme.admin.id, acme.installation.bot_user})
    settings = {"SLACK_BOT_TOKEN": acme.token, "SLACK_API_URL": server.api_url, "PAPERBOY_LOG_LEVEL": "warning"}
    if transport == "socket":
        settings["SLACK_APP_TOKEN"] = acme.app.app_token or ""
    else:
        settings["SLACK_SIGNING_SECRET"] = acme.app.signing_secret
        acme.app.request_url = f"http://127.0.0.1:{port}{EVENTS_PATH}"
    async with running(folder, port, how=FRESH, **settings):
        if transport == "socket":
            await server.until(lambda: server.sockets.connections(acme.app))
        idle = await ask(server, acme, commands)
        await subscribe_all(server, acme)
        busy = await busy_times(lambda: ask(server, acme, commands), folder, settings)
        posts = sum(len(channel.messages) for channel in acme.workspace.channels.values())
    return report(transport, idle, busy, posts)


async def subscribe_all(server: SlackServer, acme: Acme) -> None:
    """Have every room get the digest, one message a second each."""
    admin = server.person(acme.admin)
    rooms = [channel for channel in acme.workspace.channels.values() if channel.name.startswith("room-")]
    for room in rooms:
        await admin.command(room, "/digest", "subscribe")
        await server.until(lambda: admin.view and admin.view.payload.get("submit"))
        await admin.submit({})
        await server.until(lambda: not admin.view or not admin.view.payload.get("submit"))
        if admin.view:  # it took a moment, and says so in the window
            await admin.close()


async def ask(server: SlackServer, acme: Acme, commands: int) -> list[float]:
    """That many `/paper` at once; the seconds each took to be acknowledged."""
    people = [server.person(user) for user in (acme.admin, acme.reader, acme.guest)]

    async def one(number: int) -> float:
        began = time.perf_counter()
        await people[number % 3].command(acme.papers, "/paper", QUERIES[number % len(QUERIES)])
        return time.perf_counter() - began

    return list(await asyncio.gather(*map(one, range(commands))))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
