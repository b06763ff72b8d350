"""The manifest holds what the code uses: nothing that is needed is missing, and nothing is asked for in vain."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.listener.async_listener import AsyncListener
from slack_bolt.response import BoltResponse

from bot.core.commands import COMMANDS
from bot.core.errors import InputError
from bot.core.people import Language
from bot.settings import SlackSettings
from bot.slack import manifest as module
from bot.slack.app import build_bolt
from bot.slack.manifest import EVENTS, SCOPES, SHORTCUTS, bot_scopes, manifest
from storage.opening import Storage
from tests.platforms.slack.apps import Manifest
from tests.platforms.slack.manifests import manifest_problems
from tests.slack.conftest import parts_for

Json = dict[str, Any]

OUTSIDE = "https://papers.example.org"
SOURCES = sorted(Path(module.__file__).parent.glob("*.py"))
# The library's own names for a method, where it is not called through `SlackClient.call`.
BY_LIBRARY = {
    "auth_test": "auth.test",
    "apps_connections_open": "apps.connections.open",
}


def calls(path: Path) -> Iterator[str]:
    """The methods of all `.call(METHOD, ...)` in a file, and what else stands there instead of a name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    handed_on = {node for function in ast.walk(tree) if is_call(function) for node in ast.walk(function)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("call", "api_call")
        ):
            method = node.args[0]
            if node not in handed_on or not isinstance(method, ast.Name) or method.id != "method":
                yield str(method.value) if isinstance(method, ast.Constant) else ast.unparse(method)


def is_call(node: ast.AST) -> bool:
    """Whether it is a function that is itself called with the name of a method, which it hands on."""
    return isinstance(node, ast.AsyncFunctionDef) and node.name == "call"


def methods_called() -> set[str]:
    found = set()
    for path in SOURCES:
        found |= set(calls(path))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in BY_LIBRARY:
                found.add(BY_LIBRARY[node.attr])
    return found


def kind_of(listener: AsyncListener) -> str:
    """Whether it listens to commands, events, shortcuts or something else."""
    (matcher,) = listener.matchers
    made_by = inspect.getclosurevars(matcher.func).nonlocals["func"]  # type: ignore[attr-defined]
    return str(made_by.__qualname__).partition(".")[0]


async def matches(listener: AsyncListener, body: Json) -> bool:
    """Whether it would hear a request."""
    request = AsyncBoltRequest(body=body, mode="socket_mode")
    return await listener.async_matches(req=request, resp=BoltResponse(status=200))


def event_request(name: str) -> Json:
    return {"type": "event_callback", "event": {"type": name}}


def shortcut_request(callback_id: str, menu: str) -> Json:
    return {"type": "message_action" if menu == "message" else "shortcut", "callback_id": callback_id}


@pytest.fixture
def app(storage: Storage) -> AsyncApp:
    """bolt with all listeners."""
    settings = SlackSettings(bot_token="xoxb-1", app_token="xapp-1")
    return build_bolt(settings, parts_for(settings, storage))


# --- both ways ----------------------------------------------------------------------------------------------------


def test_the_methods_with_scopes_are_the_methods_that_are_called() -> None:
    assert methods_called() == set(SCOPES)


@pytest.mark.parametrize(
    ("kind", "requests"),
    [
        ("command", {name: {"type": "slash_command", "command": name} for name in COMMANDS}),
        ("event", {name: event_request(name.partition(".")[0]) for name in EVENTS}),
        ("shortcut", {name: shortcut_request(name, shortcut.type) for name, shortcut in SHORTCUTS.items()}),
    ],
)
async def test_listeners_listen_to_what_is_in_the_manifest(kind: str, requests: dict[str, Json], app: AsyncApp) -> None:
    listeners = [listener for listener in app._async_listeners if kind_of(listener) == kind]
    assert listeners
    heard: set[str] = set()
    for listener in listeners:
        hears = {name for name, body in requests.items() if await matches(listener, body)}
        assert hears, f"a {kind} that the manifest lacks: {listener.ack_function}"
        heard |= hears
    assert heard == set(requests)


# --- what Slack takes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("http_url", [None, OUTSIDE])
@pytest.mark.parametrize("many", [False, True])
def test_slack_takes_it(language: Language, http_url: str | None, many: bool) -> None:
    made = manifest(http_url=http_url, language=language, many=many, install_url=OUTSIDE if many else None)
    assert manifest_problems(Manifest(made)) == []


@pytest.mark.parametrize("language", list(Language))
def test_it_holds_all_commands_shortcuts_and_events(language: Language) -> None:
    made = Manifest(manifest(language=language))
    assert set(made.commands) == set(COMMANDS)
    assert all(command["usage_hint"] and not command["should_escape"] for command in made.commands.values())
    assert {name: shortcut["type"] for name, shortcut in made.shortcuts.items()} == {
        "edit_entry": "message",
        "save_entry": "message",
        "add_paper": "global",
    }
    assert set(SHORTCUTS) == set(made.shortcuts)
    assert made.events == sorted(EVENTS)
    assert made.has_home
    assert made.has_messages_tab


def test_the_scopes_are_those_of_methods_and_events_and_of_commands() -> None:
    needed = {scope for scopes in (*SCOPES.values(), *EVENTS.values()) for scope in scopes}
    assert Manifest(manifest(language=Language.ENGLISH)).bot_scopes == sorted(needed | {"commands"}) == bot_scopes()


def test_over_socket_mode_there_is_no_address() -> None:
    made = manifest(language=Language.ENGLISH)
    assert made["settings"]["socket_mode_enabled"] is True
    assert "http" not in str(made["settings"]) + str(made["features"]) + str(made["oauth_config"])
    assert made["settings"]["org_deploy_enabled"] is made["settings"]["token_rotation_enabled"] is False


def test_over_http_everything_goes_to_one_address() -> None:
    made = manifest(http_url=OUTSIDE + "/", language=Language.ENGLISH)
    there = "https://papers.example.org/slack/events"
    settings = made["settings"]
    assert settings["socket_mode_enabled"] is False
    assert settings["event_subscriptions"]["request_url"] == there
    assert settings["interactivity"]["request_url"] == there
    assert settings["interactivity"]["message_menu_options_url"] == there  # without it no type-ahead
    assert {command["url"] for command in made["features"]["slash_commands"]} == {there}
    assert "redirect_urls" not in made["oauth_config"]


@pytest.mark.parametrize(
    ("urls", "redirect"),
    [
        ({"http_url": OUTSIDE}, OUTSIDE),
        ({"install_url": "https://install.example.org/"}, "https://install.example.org"),
        ({"http_url": OUTSIDE, "install_url": "https://install.example.org"}, "https://install.example.org"),
    ],
)
def test_many_workspaces_come_back_to_the_pages_they_installed_from(urls: dict[str, Any], redirect: str) -> None:
    made = manifest(language=Language.ENGLISH, many=True, **urls)
    assert made["oauth_config"]["redirect_urls"] == [f"{redirect}/slack/oauth_redirect"]
    assert made["settings"]["token_rotation_enabled"] is made["settings"]["org_deploy_enabled"] is True
    assert made["settings"]["socket_mode_enabled"] is ("http_url" not in urls)


@pytest.mark.parametrize(
    "url",
    [
        "http://papers.example.org",
        "ftp://papers.example.org",
        "papers.example.org",
        "https://",
        "https://x.org/?a=1",
        "",
    ],
)
def test_an_address_that_slack_cannot_reach_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="https"):
        manifest(http_url=url, language=Language.ENGLISH)


def test_many_workspaces_need_an_address() -> None:
    with pytest.raises(InputError, match="address"):
        manifest(language=Language.ENGLISH, many=True)


def test_this_machine_needs_no_tls() -> None:
    made = manifest(http_url="http://127.0.0.1:8080", language=Language.ENGLISH)
    assert made["settings"]["event_subscriptions"]["request_url"] == "http://127.0.0.1:8080/slack/events"
