"""Socket Mode: every envelope is acknowledged, and whatever cuts the connection, Paperboy comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.core.errors import SettingsError
from bot.core.people import Language
from bot.settings import SlackSettings
from bot.slack.bolt import bare_bolt
from bot.slack.calling import web_client
from bot.slack.intake import Intake
from bot.slack.sockets import SocketMode
from bot.slack.workspaces import Workspaces
from tests.platforms.slack import Acme, DispatchFailed, SlackServer
from tests.slack.conftest import eventually

Json = dict[str, Any]


OFFERED: list[Json] = [{"text": {"type": "plain_text", "text": "rlaif"}, "value": "rlaif"}]
TYPING: Json = {
    "type": "block_suggestion",
    "action_id": "tags",
    "block_id": "tags",
    "value": "rl",
    "team": {"id": "T1"},
    "user": {"id": "U2"},
}


class Listening:
    """One process of an app: what it heard, and its connection while the context is open."""

    def __init__(
        self,
        server: SlackServer,
        acme: Acme,
        *,
        app_token: str | None = None,
        api_url: str | None = None,
        missed_after: float = 60.0,
    ) -> None:
        clock = SystemClock()
        settings = SlackSettings(bot_token=acme.token, app_token=acme.app.app_token, api_url=server.api_url)
        self.heard: list[str] = []
        self.missed = 0
        self.bolt: AsyncApp = bare_bolt(settings, Workspaces(settings, clock))
        self.bolt.event("reaction_added")(self._hear)
        self.bolt.options("tags")(self._offer)
        self.bolt.command("/digest")(self._fail)
        intake = Intake(self.bolt, language=Language.ENGLISH)
        self.sockets = SocketMode(
            app_token or acme.app.app_token,
            web_client(None, api_url or server.api_url),
            intake,
            clock,
            missed=self._miss,
            missed_after=missed_after,
        )

    def _miss(self) -> None:
        self.missed += 1

    async def _hear(self, event: Json) -> None:
        self.heard.append(event["reaction"])

    async def _offer(self, ack: Any) -> None:
        await ack(options=OFFERED)

    async def _fail(self) -> None:
        raise ZeroDivisionError

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncio.Task[None]]:
        """From the first connection to the end."""
        up = asyncio.Event()
        running = asyncio.create_task(self.sockets.run(up.set))
        async with asyncio.timeout(10):
            await up.wait()
        try:
            yield running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def listening(slack: SlackServer, acme: Acme) -> AsyncIterator[Listening]:
    one = Listening(slack, acme)
    async with one.connected():
        yield one


async def react(slack: SlackServer, acme: Acme, *names: str) -> None:
    """The reader reacts to one message with several emoji, one after the other."""
    reader = slack.person(acme.reader)
    message = await reader.say(acme.papers, "Look at this")
    for name in names:
        await reader.react(acme.papers, message, name)


# --- acknowledging ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("events_api", {"type": "event_callback", "event_id": "Ev1", "event": {"type": "team_join"}, "team_id": "T1"}),
        ("events_api", {"type": "event_callback", "event": "no event", "team": 5}),
        ("interactive", {"type": "block_actions", "actions": [{"action_id": "nobody"}], "team": {"id": "T1"}}),
        ("interactive", {"type": "shortcut", "callback_id": "nobody", "team": None}),
        ("interactive", {"type": "view_closed", "view": {"callback_id": "nobody"}}),
        ("interactive", {}),
        ("slash_commands", {"command": "/nobody", "text": "", "team_id": "T1"}),
        ("something_new", {"hello": "world"}),
    ],
)
async def test_what_nobody_listens_to_is_acknowledged(
    slack: SlackServer, acme: Acme, listening: Listening, kind: str, payload: Json
) -> None:
    del listening
    ack = await slack.sockets.dispatch(acme.app, kind, payload, None)
    assert ack.payload is None
    assert slack.sockets.unacked == []
    assert slack.sockets.faults == []


@pytest.mark.usefixtures("listening")
async def test_a_handler_that_fails_is_acknowledged(slack: SlackServer, acme: Acme) -> None:
    ack = await slack.person(acme.reader).command(acme.papers, "/digest")
    assert ack.payload is None


@pytest.mark.usefixtures("listening")
async def test_an_answer_travels_with_the_acknowledgement(slack: SlackServer, acme: Acme) -> None:
    ack = await slack.sockets.dispatch(acme.app, "interactive", TYPING, None)
    assert ack.payload == {"options": OFFERED}


async def test_events_keep_their_order(slack: SlackServer, acme: Acme, listening: Listening) -> None:
    names = [f"n{number}" for number in range(100)]
    await react(slack, acme, *names)
    await slack.settled()
    assert listening.heard == names
    assert slack.sockets.faults == []


async def test_frames_that_are_no_envelopes_are_let_pass(slack: SlackServer, acme: Acme, listening: Listening) -> None:
    (connection,) = slack.sockets.connections(acme.app)
    for text in ("", "ping", "[1]", '"text"', "{}", '{"type": 5}', '{"type": "hello", "num_connections": null}'):
        await connection.socket.send_str(text)
    await connection.socket.send_bytes(b"\x00")
    await react(slack, acme, "eyes")
    await slack.settled()
    assert listening.heard == ["eyes"]


# --- staying connected ------------------------------------------------------------------------------------------------


async def test_a_cut_while_events_arrive_loses_none(slack: SlackServer, acme: Acme, listening: Listening) -> None:
    names = [f"n{number}" for number in range(40)]
    reacting = asyncio.create_task(react(slack, acme, *names))
    await slack.until(lambda: listening.heard)
    await slack.sockets.cut(acme.app)
    await reacting
    await slack.sockets.connected(acme.app)
    await slack.settled()
    await slack.events.retry_all()
    assert set(listening.heard) == set(names)  # one may be heard twice: its acknowledgement was lost


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "link_disabled", "something_new"])
async def test_an_announced_end_is_followed_by_a_new_connection(
    slack: SlackServer, acme: Acme, listening: Listening, reason: str
) -> None:
    (old,) = slack.sockets.connections(acme.app)
    await slack.sockets.disconnect(acme.app, reason)
    await slack.until(lambda: any(one is not old for one in slack.sockets.connections(acme.app)))
    await react(slack, acme, "eyes", "tada")
    await slack.settled()
    assert sorted(listening.heard) == ["eyes", "tada"]  # over two connections, maybe: lanes put them in order
    assert slack.sockets.unacked == []


async def test_after_a_warning_the_old_connection_is_used_to_its_end(
    slack: SlackServer, acme: Acme, listening: Listening
) -> None:
    """Slack sends over it until it closes, and wants the acknowledgement over the same one."""
    (old,) = slack.sockets.connections(acme.app)
    await slack.sockets.disconnect(acme.app, "warning")
    await slack.sockets.connected(acme.app, 2)
    received = old.received
    await react(slack, acme, "one", "two", "three", "four")
    await slack.settled()
    assert old.received > received
    assert sorted(listening.heard) == ["four", "one", "three", "two"]
    assert slack.sockets.faults == []


async def test_it_comes_back_when_slack_does(slack: SlackServer, acme: Acme, listening: Listening) -> None:
    slack.faults.error_before("apps.connections.open")
    slack.faults.malformed("apps.connections.open")
    await slack.sockets.cut(acme.app)
    await slack.sockets.connected(acme.app, within=20.0)
    await react(slack, acme, "eyes")
    await slack.settled()
    assert listening.heard == ["eyes"]


def pauses(logs: list[Any]) -> list[float]:
    """How long it waited each time before it tried again, in seconds."""
    return [float(entry["pause"]) for entry in logs if "pause" in entry]


async def test_pauses_grow_while_slack_fails(slack: SlackServer, acme: Acme, listening: Listening) -> None:
    del listening
    slack.faults.error_before("apps.connections.open", times=1_000)
    with capture_logs() as logs:
        await slack.sockets.cut(acme.app)
        await eventually(lambda: _true(len(pauses(logs)) >= 3))
    assert all(pause >= 0.25 * 2**number for number, pause in enumerate(pauses(logs)))


async def test_a_connection_that_ends_at_once_each_time_does_not_make_it_hurry(slack: SlackServer, acme: Acme) -> None:
    """Slack lets Paperboy in, says hello and hangs up."""

    async def hang_up(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        await socket.close()
        return socket

    async def open_one(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{request.url.port}/link"})

    app = web.Application()
    app.router.add_post("/apps.connections.open", open_one)
    app.router.add_get("/link", hang_up)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one = Listening(slack, acme, api_url=f"http://127.0.0.1:{runner.addresses[0][1]}/")
    with capture_logs() as logs:
        async with one.connected():
            await eventually(lambda: _true(len(pauses(logs)) >= 3))
    await runner.cleanup()
    assert all(pause >= 0.25 * 2**number for number, pause in enumerate(pauses(logs)))


async def _true(found: bool) -> bool:
    return found


async def test_a_long_time_without_a_connection_is_told_of(slack: SlackServer, acme: Acme) -> None:
    """Here it takes next to nothing to be long: what it is in seconds is not to be waited for."""
    one = Listening(slack, acme, missed_after=0.0)
    slack.faults.error_before("apps.connections.open")
    async with one.connected():
        await eventually(lambda: _true(one.missed == 1))
        slack.faults.error_before("apps.connections.open")
        await slack.sockets.cut(acme.app)
        await slack.sockets.connected(acme.app)
        await eventually(lambda: _true(one.missed == 2))


async def test_a_short_time_without_a_connection_is_nothing(
    slack: SlackServer, acme: Acme, listening: Listening
) -> None:
    (old,) = slack.sockets.connections(acme.app)
    await slack.sockets.cut(acme.app)
    await slack.until(lambda: any(one is not old for one in slack.sockets.connections(acme.app)))
    await react(slack, acme, "eyes")
    await slack.settled()
    assert listening.heard == ["eyes"]
    assert listening.missed == 0


async def test_two_processes_share_the_work(slack: SlackServer, acme: Acme, listening: Listening) -> None:
    other = Listening(slack, acme)
    async with other.connected():
        await slack.sockets.connected(acme.app, 2)
        await react(slack, acme, "one", "two", "three", "four")
        await slack.settled()
    assert len(listening.heard) == len(other.heard) == 2
    assert sorted(listening.heard + other.heard) == ["four", "one", "three", "two"]


# --- beginning and ending ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["xapp-wrong", "xoxb-of-a-bot"])
async def test_a_wrong_app_token_is_said_in_words(slack: SlackServer, acme: Acme, token: str) -> None:
    with pytest.raises(SettingsError, match="SLACK_APP_TOKEN"):
        await Listening(slack, acme, app_token=token).sockets.run(lambda: None)


async def test_socket_mode_that_is_switched_off_is_said_in_words(slack: SlackServer, acme: Acme) -> None:
    acme.app.manifest.source["settings"]["socket_mode_enabled"] = False
    with pytest.raises(SettingsError, match="switched off"):
        await Listening(slack, acme).sockets.run(lambda: None)


async def test_a_slack_that_is_away_at_the_start_is_waited_for(slack: SlackServer, acme: Acme) -> None:
    slack.faults.error_before("apps.connections.open")
    async with Listening(slack, acme).connected():
        assert len(slack.sockets.connections(acme.app)) == 1


async def test_a_token_that_is_revoked_later_is_tried_again(slack: SlackServer, acme: Acme) -> None:
    one = Listening(slack, acme)
    async with one.connected() as running:
        token = slack.tokens[acme.app.app_token]
        token.state = "revoked"
        before = len(slack.calls_of("apps.connections.open"))
        await slack.sockets.cut(acme.app)
        await slack.until(lambda: len(slack.calls_of("apps.connections.open")) > before)
        token.state = "good"
        await slack.sockets.connected(acme.app)
        assert not running.done()


async def test_it_ends_without_a_trace(slack: SlackServer, acme: Acme) -> None:
    before = asyncio.all_tasks()
    async with Listening(slack, acme).connected():
        await react(slack, acme, "eyes")
        await slack.settled()
    await slack.sockets.connected(acme.app, 0)
    left = {task for task in asyncio.all_tasks() - before if "sockets" in repr(task) or "intake" in repr(task)}
    assert left == set()


async def test_what_is_under_way_is_acknowledged_at_the_end(slack: SlackServer, acme: Acme) -> None:
    one = Listening(slack, acme)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(ack: Any) -> None:
        begun.set()
        await go_on.wait()
        await ack(options=OFFERED)

    one.bolt.options("slow")(slow)
    async with one.connected() as running:
        typing = {**TYPING, "action_id": "slow"}
        asking = asyncio.create_task(slack.sockets.dispatch(acme.app, "interactive", typing, None))
        await begun.wait()
        running.cancel()
        go_on.set()
        assert (await asking).payload == {"options": OFFERED}


async def test_without_a_connection_slack_has_nobody_to_tell(slack: SlackServer, acme: Acme) -> None:
    with pytest.raises(DispatchFailed):
        await slack.person(acme.reader).command(acme.papers, "/paper")
