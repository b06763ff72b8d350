"""bolt's app and the intake: only our settings count, and everything is answered in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.core.errors import SettingsError
from bot.core.people import Language
from bot.settings import SlackSettings
from bot.slack.app import SlackPlatform, build_bolt
from bot.slack.bolt import bare_bolt
from bot.slack.intake import Intake
from bot.slack.workspaces import Workspaces
from storage.opening import Storage
from tests.platforms.slack import Acme, SlackServer
from tests.slack.conftest import Served, parts_for, settings_for

Json = dict[str, Any]

SETTINGS = SlackSettings(bot_token="xoxb-ours", app_token="xapp-ours", api_url="http://127.0.0.1:9/api/")


def bolt() -> AsyncApp:
    return bare_bolt(SETTINGS, Workspaces(SETTINGS, SystemClock()))


def asked(**body: Any) -> AsyncBoltRequest:
    return AsyncBoltRequest(mode="socket_mode", body={"team": {"id": "T1"}, **body})


def form(*blocks: Json) -> AsyncBoltRequest:
    return asked(type="view_submission", view={"type": "modal", "callback_id": "form", "blocks": list(blocks)})


INPUT = {"type": "input", "block_id": "title"}


# --- settings ---------------------------------------------------------------------------------------------------------


async def test_the_environment_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """bolt would take a token and a whole OAuth flow from there, and keep installations in files."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("BOT_TOKEN", "CLIENT_ID", "CLIENT_SECRET", "SIGNING_SECRET", "SCOPES", "VERIFICATION_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", f"xoxb-{name}")
    with monkeypatch.context() as unchanged:
        app = bolt()
        unchanged.undo()
    assert app.oauth_flow is None
    assert app.installation_store is None
    assert app.client.token is None
    assert app.client.base_url == "http://127.0.0.1:9/api/"
    assert list(tmp_path.iterdir()) == []


async def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-other")
    bolt()
    import os

    assert os.environ["SLACK_BOT_TOKEN"] == "xoxb-other"


async def test_a_request_needs_no_call_to_pass(slack: SlackServer, acme: Acme) -> None:
    settings = settings_for(slack, acme, "socket")
    app = bare_bolt(settings, Workspaces(settings, SystemClock()))
    heard = asyncio.Event()

    async def listen() -> None:
        heard.set()

    app.event("team_join")(listen)
    intake = Intake(app, language=Language.ENGLISH)
    await intake.answer(asked(type="event_callback", event={"type": "team_join"}, team_id="T1"))
    await asyncio.wait_for(heard.wait(), 5)
    assert slack.calls == []


async def test_a_wrong_bot_token_stops_the_start(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    settings = SlackSettings(bot_token="xoxb-wrong", app_token=acme.app.app_token, api_url=slack.api_url)
    platform = SlackPlatform(settings, parts_for(settings, storage))
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN"):
        await platform.run(lambda: None)
    await platform.close()


async def test_over_http_it_stays_until_it_is_cancelled(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    settings = settings_for(slack, acme, "http")
    platform = SlackPlatform(settings, parts_for(settings, storage))
    assert [(route.method, route.path) for route in platform.routes()] == [("POST", "/slack/events")]
    up = asyncio.Event()
    running = asyncio.create_task(platform.run(up.set))
    await asyncio.wait_for(up.wait(), 5)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_over_socket_mode_it_has_no_routes(served: Served) -> None:
    assert served.platform.routes() == []


async def test_everything_registers_side_by_side(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    settings = settings_for(slack, acme, "socket")
    assert build_bolt(settings, parts_for(settings, storage)).client.token is None


# --- answers ----------------------------------------------------------------------------------------------------------


async def fails() -> None:
    raise ZeroDivisionError


async def fails_later(ack: AsyncAck) -> None:
    await ack(response_action="clear")
    raise ZeroDivisionError


async def never() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("handler", [fails, never])
async def test_a_form_whose_handler_fails_stays_open(handler: Callable[[], Any]) -> None:
    """An empty answer would close it, with everything that was typed."""
    app = bolt()
    app.view("form")(handler)
    intake = Intake(app, language=Language.KOREAN, answered_within=0.05)
    response = await intake.answer(form({"type": "section", "block_id": "no"}, INPUT))
    assert response.status == HTTPStatus.OK
    assert '"response_action": "errors"' in response.body
    assert '"title"' in response.body
    await intake.drain(0)


async def test_a_form_without_fields_is_closed() -> None:
    app = bolt()
    app.view("form")(fails)
    assert (await Intake(app, language=Language.ENGLISH).answer(form())).body == ""


async def test_a_menu_whose_handler_fails_offers_nothing() -> None:
    app = bolt()
    app.options("tags")(fails)
    response = await Intake(app, language=Language.ENGLISH).answer(asked(type="block_suggestion", action_id="tags"))
    assert response.body == '{"options": []}'


async def test_what_fails_after_the_answer_changes_nothing_of_it() -> None:
    app = bolt()
    app.view("form")(fails_later)
    with capture_logs() as logs:
        intake = Intake(app, language=Language.ENGLISH)
        response = await intake.answer(form({**INPUT, "label": "secret"}))
        await intake.drain(5)
    assert response.body == '{"response_action": "clear"}'
    (told,) = [entry for entry in logs if entry["event"] == "slack.handler_failed"]
    assert told["kind"] == "view_submission"
    assert "secret" not in repr({name: value for name, value in told.items() if name != "exc_info"})


async def test_what_nobody_listens_to_is_answered_and_no_matter(caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs:
        intake = Intake(bolt(), language=Language.ENGLISH)
        response = await intake.answer(asked(type="event_callback", event={"type": "team_join", "user": "secret"}))
        await intake.drain(5)
    assert (response.status, response.body) == (HTTPStatus.OK, "")
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("slack.nobody_listens", "debug")]
    assert "secret" not in caplog.text


@pytest.mark.parametrize("event", [None, 5, "text", [], {}, {"type": None}])
async def test_an_event_that_is_none_is_answered(event: object) -> None:
    app = bolt()
    app.event("team_join")(fails)
    response = await Intake(app, language=Language.ENGLISH).answer(asked(type="event_callback", event=event))
    assert response.status == HTTPStatus.OK


# --- ending -----------------------------------------------------------------------------------------------------------


async def test_handlers_under_way_are_let_finish() -> None:
    go_on, done = asyncio.Event(), []

    async def slow(ack: AsyncAck) -> None:
        await ack()
        await go_on.wait()
        done.append("done")

    app = bolt()
    app.command("/paper")(slow)
    intake = Intake(app, language=Language.ENGLISH)
    await intake.answer(asked(command="/paper"))
    draining = asyncio.create_task(intake.drain(5))
    go_on.set()
    await draining
    assert done == ["done"]


async def test_a_handler_that_does_not_end_is_broken_off() -> None:
    begun, broken_off = asyncio.Event(), asyncio.Event()

    async def endless(ack: AsyncAck) -> None:
        await ack()
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            broken_off.set()

    app = bolt()
    app.command("/paper")(endless)
    intake = Intake(app, language=Language.ENGLISH)
    await intake.answer(asked(command="/paper"))
    await begun.wait()
    await intake.drain(0.01)
    assert broken_off.is_set()
