"""Apps come and go: created from a manifest, installed by consent or by the test, refreshed, removed."""

from __future__ import annotations

import base64
import binascii
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.platforms.slack.apps import App, Installation, Manifest, Token
from tests.platforms.slack.errors import AuthorizeRefused, SlackError
from tests.platforms.slack.manifests import manifest_problems
from tests.platforms.slack.state import User, Workspace

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]

OAUTH_METHODS = ("oauth.v2.access",)
CODE_SECONDS = 600.0
TOKEN_SECONDS = 43_200


@dataclass
class _Code:
    app_id: str
    team_id: str
    user: str
    scopes: list[str]
    redirect_uri: str | None
    expires_at: float
    is_used: bool = False


class Installer:
    """Creates, installs and removes apps."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._codes: dict[str, _Code] = {}
        self._numbers = itertools.count(1)

    def create(self, manifest: Manifest, app_id: str) -> App:
        """An app with its own secrets.

        Raises:
            ValueError: the manifest is not one that Slack takes.
        """
        if problems := manifest_problems(manifest):
            raise ValueError("; ".join(problems))
        name = str(manifest.source.get("display_information", {}).get("name", app_id))
        token = f"xapp-1-{app_id}-secret"
        app = App(app_id, name, f"100.{app_id}", f"client-secret-{app_id}", f"signing-{app_id}", token, manifest)
        self._server.apps[app_id] = app
        self._server.tokens[token] = Token(token, "app", app_id, None, ["connections:write"])
        return app

    def install(self, app: App, workspace: Workspace, scopes: list[str]) -> Installation:
        """Install an app; when it is there already, its scopes add up."""
        there = app.installations.get(workspace.id)
        if there is not None:
            there.scopes += [scope for scope in scopes if scope not in there.scopes]
            self._tokens(app, there)
            return there
        bot = self._bot(app, workspace)
        installation = Installation(app.id, workspace.id, bot.id, bot.bot_id or "", list(scopes), "")
        app.installations[workspace.id] = installation
        self._tokens(app, installation)
        return installation

    def _bot(self, app: App, workspace: Workspace) -> User:
        """The app's bot user: the one it had before, or a new one."""
        for user in workspace.users.values():
            if user.app_id == app.id:
                user.deleted = False
                return user
        number = next(self._numbers)
        return workspace.add_user(f"UBOT{number}", app.name.lower(), is_bot=True, bot_id=f"B{number}", app_id=app.id)

    def _tokens(self, app: App, installation: Installation) -> None:
        """A bot token, and where tokens rotate a refresh token and an end; one that does not rotate stays."""
        team, number = installation.team_id, next(self._numbers)
        if not app.manifest.rotates_tokens:
            value = installation.bot_token or f"xoxb-{team}-{app.id}-{number}"
            self._server.tokens[value] = Token(value, "bot", app.id, team, installation.scopes)
            installation.bot_token = value
            return
        expires_at = self._server.clock.now() + TOKEN_SECONDS
        bot, refresh = f"xoxe.xoxb-{team}-{app.id}-{number}", f"xoxe-1-{team}-{app.id}-{number}"
        self._server.tokens[bot] = Token(bot, "bot", app.id, team, installation.scopes, expires_at)
        self._server.tokens[refresh] = Token(refresh, "refresh", app.id, team, installation.scopes)
        installation.bot_token, installation.refresh_token = bot, refresh

    def uninstall(self, app: App, workspace: Workspace) -> None:
        """Remove an app from a workspace."""
        installation = app.installations[workspace.id]
        self._server.events.emit(workspace, {"type": "app_uninstalled"}, only=app.id)
        tokens = {"oauth": [], "bot": [installation.bot_user]}
        self._server.events.emit(workspace, {"type": "tokens_revoked", "tokens": tokens}, only=app.id)
        self._end_tokens(app, workspace, "uninstalled")
        del app.installations[workspace.id]
        for channel in workspace.channels.values():
            channel.members.discard(installation.bot_user)
        workspace.users[installation.bot_user].deleted = True

    def revoke(self, app: App, workspace: Workspace) -> None:
        """Take back an app's tokens, without removing it."""
        tokens = {"oauth": [], "bot": [app.installations[workspace.id].bot_user]}
        self._server.events.emit(workspace, {"type": "tokens_revoked", "tokens": tokens}, only=app.id)
        self._end_tokens(app, workspace, "revoked")

    def _end_tokens(self, app: App, workspace: Workspace, state: Literal["revoked", "uninstalled"]) -> None:
        for token in self._server.tokens.values():
            if token.app_id == app.id and token.team_id == workspace.id:
                token.state = state

    # --- consent --------------------------------------------------------------------------------------------------

    def authorize(self, url: str, user: User, workspace: Workspace, *, consent: bool) -> str:
        """The consent page: what an app asks for is checked, then a person decides."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        app = next((one for one in self._server.apps.values() if one.client_id == query.get("client_id")), None)
        if app is None:
            raise AuthorizeRefused("invalid_client_id")
        scopes = [scope for scope in query.get("scope", "").replace(" ", ",").split(",") if scope]
        if not scopes:
            raise AuthorizeRefused("no_scopes")
        if unknown := sorted(set(scopes) - set(app.manifest.bot_scopes)):
            raise AuthorizeRefused(f"invalid_scope: {', '.join(unknown)}")
        back = self._redirect(app, query.get("redirect_uri"))
        state = {"state": query["state"]} if "state" in query else {}
        if not consent:
            return f"{back}?{urlencode({'error': 'access_denied', **state})}"
        code = f"{workspace.id}.code.{next(self._numbers)}"
        expires_at = self._server.clock.now() + CODE_SECONDS
        self._codes[code] = _Code(app.id, workspace.id, user.id, scopes, query.get("redirect_uri"), expires_at)
        return f"{back}?{urlencode({'code': code, **state})}"

    def _redirect(self, app: App, asked: str | None) -> str:
        registered = app.manifest.redirect_urls
        if not registered:
            raise AuthorizeRefused("no redirect URL is registered")
        if asked is None:
            return registered[0]
        if not any(asked == one or asked.startswith(one.rstrip("/") + "/") for one in registered):
            raise AuthorizeRefused("bad_redirect_uri")
        return asked

    # --- oauth.v2.access ------------------------------------------------------------------------------------------

    def access(self, arguments: Json, authorization: str) -> Json:
        """Exchange a code, or a refresh token, for tokens."""
        app = self._client(arguments, authorization)
        grant = arguments.get("grant_type") or "authorization_code"
        if grant == "refresh_token":
            return self._refreshed(app, str(arguments.get("refresh_token", "")))
        if grant != "authorization_code":
            raise SlackError("invalid_grant_type")
        code = self._codes.get(str(arguments.get("code", "")))
        if code is None or code.app_id != app.id or self._server.clock.now() > code.expires_at:
            raise SlackError("invalid_code")
        if code.is_used:
            raise SlackError("code_already_used")
        if (arguments.get("redirect_uri") or None) != code.redirect_uri:
            raise SlackError("bad_redirect_uri")
        code.is_used = True
        installation = self.install(app, self._server.workspaces[code.team_id], code.scopes)
        return {**self._granted(app, installation), "authed_user": {"id": code.user}}

    def _client(self, arguments: Json, authorization: str) -> App:
        client_id, secret = arguments.get("client_id"), arguments.get("client_secret")
        if authorization.startswith("Basic "):
            try:
                client_id, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise SlackError("invalid_client_id") from None
        app = next((one for one in self._server.apps.values() if one.client_id == client_id), None)
        if app is None:
            raise SlackError("invalid_client_id")
        if secret != app.client_secret:
            raise SlackError("bad_client_secret")
        return app

    def _refreshed(self, app: App, value: str) -> Json:
        token = self._server.tokens.get(value)
        if token is None or token.kind != "refresh" or token.app_id != app.id or token.state != "good":
            raise SlackError("invalid_refresh_token")
        token.state = "revoked"
        installation = app.installations[token.team_id or ""]
        self._tokens(app, installation)
        return self._granted(app, installation)

    def _granted(self, app: App, installation: Installation) -> Json:
        workspace = self._server.workspaces[installation.team_id]
        enterprise = {"id": workspace.enterprise_id, "name": "Enterprise"} if workspace.enterprise_id else None
        body: Json = {
            "ok": True,
            "access_token": installation.bot_token,
            "token_type": "bot",
            "scope": ",".join(installation.scopes),
            "bot_user_id": installation.bot_user,
            "app_id": app.id,
            "team": {"id": workspace.id, "name": workspace.name},
            "enterprise": enterprise,
            "is_enterprise_install": False,
        }
        if installation.refresh_token:
            body |= {"refresh_token": installation.refresh_token, "expires_in": TOKEN_SECONDS}
        return body
