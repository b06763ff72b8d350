"""`python -m tests.crash.slack_process WORKSPACES CHANNELS`: a Slack with many workspaces, in a process of its own.

Thousands of messages keep it as busy as the workers that send them, so it does not share their harness's process. It
says in one line of JSON how it is reached and answers each line on its standard input with one more, until that ends.
Posting into a channel is limited as Slack limits it: a message a second, and a few at once.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Self

from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.core.people import Language
from bot.core.subscriptions import Channel
from bot.slack.manifest import manifest
from tests.crash.marks import marks_in
from tests.platforms.slack import SlackServer, slack_server, visible_text
from tests.platforms.slack.apps import App
from tests.platforms.slack.apps import Installation as Installed
from tests.platforms.slack.rates import RatePolicy
from tests.platforms.slack.state import Channel as Room
from tests.processes import ROOT, close_pipes

Json = dict[str, Any]

_POLICY = RatePolicy(per_second=1.0, burst=3)
_LONGEST_LINE = 2**27
_SITE = "https://paperboy.example.org"


@dataclass(frozen=True)
class Told:
    """How the app, and Slack itself, are reached: `teams` are its installations, `rooms` the team of each channel."""

    api_url: str
    client_id: str
    client_secret: str
    signing_secret: str
    app_id: str
    teams: list[Json]
    rooms: dict[str, str]

    def settings(self) -> dict[str, str]:
        """What an operator sets, but for the key with which tokens are sealed."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_CLIENT_ID": self.client_id,
            "SLACK_CLIENT_SECRET": self.client_secret,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }

    def installations(self) -> list[Installation]:
        """What OAuth leaves in Paperboy's keeping."""
        app: Json = {"app_id": self.app_id, "user_id": "U1"}
        return [Installation(**app, **team) for team in self.teams]

    def channels(self) -> list[Channel]:
        """The channels, those of one workspace not one after the other."""
        return [Channel("slack", team, room) for room, team in self.rooms.items()]


@dataclass
class _Slack:
    """The server, and what it is asked for."""

    server: SlackServer
    rooms: dict[str, Room] = field(default_factory=dict)
    refused: int = 0  # calls that had to wait

    def furnish(self, workspaces: int, channels: int) -> Told:
        """An app that is installed everywhere, and in all channels."""
        source = manifest(http_url=_SITE, language=Language.ENGLISH, many=True)
        source["settings"]["event_subscriptions"]["bot_events"] = []  # nobody listens: the workers deliver
        app = self.server.create_app(source)
        teams = [self.server.add_workspace(f"team-{n}", f"T{n}") for n in range(workspaces)]
        installed = {team.id: self.server.install(app, team) for team in teams}
        where = {}
        for number in range(channels):
            team, name = teams[number % workspaces], f"C{number:04}"
            self.rooms[name] = team.add_channel(name, name.lower(), {installed[team.id].bot_user})
            where[name] = team.id
        self.server.rate_policy = _POLICY
        return _told(self.server, app, list(installed.values()), where)

    def answer(self, order: Json) -> Json:
        """Do what a line says."""
        match order["do"]:
            case "count":
                self._forget_calls()
                return {"messages": sum(len(room.messages) for room in self.rooms.values()), "refused": self.refused}
            case "look":
                days = {title: date.fromisoformat(day) for title, day in order["days"].items()}
                shown = {name: _shown(room, days) for name, room in self.rooms.items()}
                return {"shown": shown, "complaints": self.server.complaints}
            case _:
                for room in self.rooms.values():
                    room.messages.clear()
                self._forget_calls()
                self.refused = 0
                return {}

    def _forget_calls(self) -> None:
        """Calls that were answered are counted, and not kept: there are many, and long ones."""
        self.refused += sum(call.error == "ratelimited" for call in self.server.calls)
        self.server.calls[:] = [call for call in self.server.calls if not call.answer]


def _told(server: SlackServer, app: App, installed: list[Installed], rooms: dict[str, str]) -> Told:
    teams = [
        {
            "team_id": one.team_id,
            "team_name": one.team_id,
            "bot_token": one.bot_token,
            "bot_refresh_token": one.refresh_token,
            "bot_token_expires_in": 43_200,
            "bot_id": one.bot_id,
            "bot_user_id": one.bot_user,
            "bot_scopes": one.scopes,
        }
        for one in installed
    ]
    return Told(server.api_url, app.client_id, app.client_secret, app.signing_secret, app.id, teams, rooms)


def _shown(room: Room, days: dict[str, date]) -> list[str]:
    """The marks of all that stands in a channel, as it is read."""
    read = [said for message in room.top_level() for said in (message, *room.replies(message.ts))]
    return [mark for said in read for mark in marks_in(visible_text(said), days)]


async def _main(workspaces: int, channels: int) -> None:
    async with slack_server() as server:
        slack = _Slack(server)
        _say(asdict(slack.furnish(workspaces, channels)))
        orders = asyncio.StreamReader(limit=_LONGEST_LINE)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        while line := await orders.readline():
            _say(slack.answer(json.loads(line)))


def _say(line: Json) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class SlackProcess:
    """The other end: such a process, asked from the harness."""

    def __init__(self, process: asyncio.subprocess.Process, told: Told) -> None:
        self._process = process
        self.told = told

    @classmethod
    @asynccontextmanager
    async def started(cls, workspaces: int, channels: int) -> AsyncIterator[Self]:
        """One for the length of a block."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__, str(workspaces), str(channels)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        try:
            yield cls(process, Told(**await _line(process)))
        finally:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
            close_pipes(process)

    async def messages(self) -> int:
        """How many stand in all channels and threads."""
        return int((await self._ask({"do": "count"}))["messages"])

    async def refused(self) -> int:
        """How many calls were told to wait."""
        return int((await self._ask({"do": "count"}))["refused"])

    async def shown(self, days: dict[str, date]) -> tuple[dict[str, list[str]], list[str]]:
        """The marks in every channel, and what this Slack complains of."""
        named = {title: day.isoformat() for title, day in days.items()}
        answer = await self._ask({"do": "look", "days": named})
        return answer["shown"], answer["complaints"]

    async def clear(self) -> None:
        """Take away all that stands in the channels."""
        await self._ask({"do": "clear"})

    async def _ask(self, order: Json) -> Json:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await _line(self._process)


async def _line(process: asyncio.subprocess.Process) -> Json:
    assert process.stdout is not None
    answer: Json = json.loads(await process.stdout.readline())
    return answer


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
