"""The loopback Slack's consent, its codes and tokens, and the manifests it takes."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.helpers import error_of
from tests.platforms.slack import MANIFEST, Acme, App, AuthorizeRefused, SlackServer, Workspace

# slack_sdk sends the client secret with a class that aiohttp is about to remove.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

Json = dict[str, Any]
BACK = "https://example.org/oauth"


def changed(**settings: Any) -> Json:
    """The usual manifest with other settings."""
    return {**MANIFEST, "settings": {**MANIFEST["settings"], **settings}}


@pytest.fixture
def other(slack: SlackServer, acme: Acme) -> Workspace:
    """A workspace where the app is not installed."""
    workspace = slack.add_workspace("other", "T2")
    workspace.add_user("U21", "bo", is_admin=True)
    return workspace


def link(app: App, **more: str) -> str:
    """A link to the consent page."""
    generator = AuthorizeUrlGenerator(client_id=app.client_id, scopes=["chat:write", "users:read"], redirect_uri=BACK)
    url = urlsplit(generator.generate("state-1"))
    query = {name: values[0] for name, values in parse_qs(url.query).items()} | more
    return f"https://slack.com/oauth/v2/authorize?{urlencode(query)}"


def query_of(url: str) -> dict[str, str]:
    """The query of an address."""
    assert url.startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_consent_leads_to_a_token(slack: SlackServer, acme: Acme, other: Workspace) -> None:
    back = query_of(slack.authorize(link(acme.app), other.users["U21"], other))
    assert back["state"] == "state-1"
    client = AsyncWebClient(base_url=slack.api_url)
    secrets = {"client_id": acme.app.client_id, "client_secret": acme.app.client_secret}
    answer = await client.oauth_v2_access(**secrets, code=back["code"], redirect_uri=BACK)
    assert (answer["team"]["id"], answer["scope"]) == ("T2", "chat:write,users:read")
    assert answer["authed_user"] == {"id": "U21"}
    told = await AsyncWebClient(token=answer["access_token"], base_url=slack.api_url).auth_test()
    assert told["user_id"] == answer["bot_user_id"]
    again = client.oauth_v2_access(**secrets, code=back["code"], redirect_uri=BACK)
    assert await error_of(again) == "code_already_used"


async def test_codes_that_are_refused(slack: SlackServer, acme: Acme, other: Workspace) -> None:
    code = query_of(slack.authorize(link(acme.app), other.users["U21"], other))["code"]
    client = AsyncWebClient(base_url=slack.api_url)
    good = {
        "client_id": acme.app.client_id,
        "client_secret": acme.app.client_secret,
        "redirect_uri": BACK,
        "code": code,
    }
    for change, error in [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"client_secret": "guess"}, "bad_client_secret"),
        ({"code": "guess"}, "invalid_code"),
        ({"redirect_uri": "https://example.org/other"}, "bad_redirect_uri"),
        ({"grant_type": "password"}, "invalid_grant_type"),
    ]:
        assert await error_of(client.oauth_v2_access(**{**good, **change})) == error
    slack.clock.advance(601)
    assert await error_of(client.oauth_v2_access(**good)) == "invalid_code"
    assert "T2" not in acme.app.installations


async def test_declining(slack: SlackServer, acme: Acme, other: Workspace) -> None:
    back = slack.authorize(link(acme.app), other.users["U21"], other, consent=False)
    assert query_of(back) == {"error": "access_denied", "state": "state-1"}


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"scope": "files:write"}, "invalid_scope"),
        ({"scope": ""}, "no_scopes"),
        ({"redirect_uri": "https://elsewhere.org/"}, "bad_redirect_uri"),
    ],
)
async def test_error_pages(
    slack: SlackServer, acme: Acme, other: Workspace, more: dict[str, str], complaint: str
) -> None:
    with pytest.raises(AuthorizeRefused, match=complaint):
        slack.authorize(link(acme.app, **more), other.users["U21"], other)


async def test_tokens_that_rotate(slack: SlackServer, other: Workspace) -> None:
    app = slack.create_app(changed(token_rotation_enabled=True), "A2")
    first = slack.install(app, other)
    old, refresh = first.bot_token, first.refresh_token
    client = AsyncWebClient(base_url=slack.api_url)
    slack.clock.advance(43_201)
    assert await error_of(client.auth_test(token=old)) == "token_expired"
    secrets = {"client_id": app.client_id, "client_secret": app.client_secret, "grant_type": "refresh_token"}
    answer = await client.oauth_v2_access(**secrets, refresh_token=refresh)
    assert answer["expires_in"] == 43_200
    assert (await client.auth_test(token=answer["access_token"]))["team_id"] == "T2"
    assert await error_of(client.oauth_v2_access(**secrets, refresh_token=refresh)) == "invalid_refresh_token"
    assert await error_of(client.auth_test(token=answer["refresh_token"])) == "invalid_auth"


async def test_uninstalling_is_told(slack: SlackServer, acme: Acme) -> None:
    await slack.person(acme.admin).uninstall()
    assert [one.event["type"] for one in slack.events.deliveries] == ["app_uninstalled", "tokens_revoked"]
    assert slack.events.deliveries[1].event["tokens"]["bot"] == [acme.installation.bot_user]


async def test_an_app_removes_itself(slack: SlackServer, acme: Acme, client: AsyncWebClient) -> None:
    wrong = client.apps_uninstall(client_id=acme.app.client_id, client_secret="guess")
    assert await error_of(wrong) == "bad_client_secret"
    await client.apps_uninstall(client_id=acme.app.client_id, client_secret=acme.app.client_secret)
    assert await error_of(client.auth_test()) == "account_inactive"


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("display_information.name", "x" * 36, "display_information.name"),
        ("display_information.description", "x" * 141, "display_information.description"),
        ("display_information.long_description", "short", "long_description"),
        ("display_information.background_color", "red", "background_color"),
        ("features.bot_user", {}, "display_name"),
        ("features.slash_commands", [{"command": "/Big", "description": "x"}], "/Big is not the name"),
        ("features.slash_commands", [{"command": "/test"}], "no description"),
        ("features.shortcuts", [{"callback_id": "x", "name": "x", "description": "x"}], "x has no type"),
        ("features.shortcuts", [{"callback_id": "x", "name": "x" * 25, "type": "global"}], "24 characters"),
        ("oauth_config.scopes.bot", ["chat:write"], "need the scope `commands`"),
        ("oauth_config.scopes.bot", ["commands", "chat:shout"], "unknown bot scopes: chat:shout"),
        ("settings.event_subscriptions.bot_events", ["weather"], "unknown bot event: weather"),
        ("settings.interactivity.is_enabled", False, "shortcuts need interactivity"),
        ("settings.socket_mode_enabled", False, "request_url is missing"),
    ],
)
async def test_manifests_that_are_refused(slack: SlackServer, path: str, value: Any, complaint: str) -> None:
    manifest = copy.deepcopy(MANIFEST)
    *way, last = path.split(".")
    part = manifest
    for name in way:
        part = part[name]
    part[last] = value
    with pytest.raises(ValueError, match=complaint):
        slack.create_app(manifest, "A2")
