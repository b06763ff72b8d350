"""How soon 100 interactions at once are acknowledged while a digest goes out and an import runs, and when idle.

    python benchmarks/discord_acknowledgement.py [INTERACTIONS]

Paperboy is a process of its own (`paperboy run`), the import another one on the same database, and Discord the loopback
server of tests/platforms in this one, with a digest in 8 channels. People type commands, are offered choices and open
forms. Discord gives an app 3 seconds. Exits non-zero when one acknowledgement takes longer.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._acknowledgement import CHANNELS, busy_times, report, verdict  # noqa: E402
from tests.platforms.discord import Acme, DiscordServer, discord_server, furnish  # noqa: E402
from tests.platforms.discord.interactions import Interaction  # noqa: E402
from tests.processes import FRESH, free_port, running  # noqa: E402

QUERIES: tuple[dict[str, str], ...] = (
    {"tag": "rlaif"},
    {"author": "kim"},
    {"query": "is:saved sort:popular"},
    {"text": "모델"},
    {"tag": "rlfai"},
    {"date": "2024"},
    {},
)
TYPED = (("tag", "r"), ("date", ""), ("author", "k"), ("query", "tag:r"))
START = 60.0


async def main() -> int:
    """Measure, and print the figures."""
    interactions = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        async with discord_server() as server:
            return verdict("discord", await measure(server, Path(folder), interactions))


async def measure(server: DiscordServer, folder: Path, interactions: int) -> float:
    """The slowest acknowledgement in seconds."""
    server.interactions.patience = START  # what comes too late is measured too
    server.is_described = False  # holding all against Discord's description would take longer than Paperboy's answer
    server.rates.policy("POST", "/channels/{channel_id}/messages", 5, 5.0)
    acme = furnish(server)
    rooms = [server.state.add_channel(acme.guild, f"room-{number}") for number in range(CHANNELS)]
    settings = {
        "DISCORD_TOKEN": server.state.application.token,
        "DISCORD_API_URL": server.url,
        "DISCORD_GATEWAY_URL": server.gateway_url,
        "PAPERBOY_LOG_LEVEL": "warning",
    }
    async with running(folder, free_port(), how=FRESH, **settings):
        await server.until(lambda: server.state.application.commands, within=START)
        await server.gateway.connected(within=START)
        idle = await ask(server, acme, interactions)
        owner = server.person(acme.owner)
        for room in rooms:
            await owner.command(room, "digest subscribe")
            await (await owner.submit()).shown(START)
        busy = await busy_times(lambda: ask(server, acme, interactions), folder, settings)
        posts = sum(len(room.messages) for room in rooms)
    return report("gateway", idle, busy, posts)


async def ask(server: DiscordServer, acme: Acme, interactions: int) -> list[float]:
    """That many at once: commands, choices offered while typing, and forms; the seconds each took."""
    people = [server.person(user) for user in (acme.owner, acme.reader, acme.guest)]

    async def one(number: int) -> Any:
        person = people[number % 3]
        match number % 5:
            case 3:
                option, text = TYPED[number % len(TYPED)]
                return await person.autocomplete(acme.papers, "paper", option, text)
            case 4:
                return await people[0].command(acme.papers, "digest subscribe", query="tag:rlaif")
            case _:
                return await person.command(acme.papers, "paper", **QUERIES[number % len(QUERIES)])

    before = len(server.interactions.all)
    await asyncio.gather(*map(one, range(interactions)))
    return list(map(seconds, server.interactions.all[before:]))


def seconds(interaction: Interaction) -> float:
    """How long it took to be acknowledged."""
    assert interaction.answered_after is not None
    return interaction.answered_after


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
