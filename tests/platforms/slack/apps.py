"""Apps: their manifest, where they are installed, and the tokens that speak for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """An app's configuration, in the form of Slack's app manifests."""

    source: Json

    def _part(self, *names: str) -> Any:
        found: Any = self.source
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    @property
    def bot_scopes(self) -> list[str]:
        """What the app asks to be allowed."""
        return list(self._part("oauth_config", "scopes", "bot") or [])

    @property
    def redirect_urls(self) -> list[str]:
        """Where people may be sent back to after consent."""
        return list(self._part("oauth_config", "redirect_urls") or [])

    @property
    def events(self) -> list[str]:
        """The bot events it subscribes to, such as `message.channels`."""
        return list(self._part("settings", "event_subscriptions", "bot_events") or [])

    @property
    def commands(self) -> dict[str, Json]:
        """Slash commands by name, with the slash."""
        return {command["command"]: command for command in self._part("features", "slash_commands") or []}

    @property
    def shortcuts(self) -> dict[str, Json]:
        """Shortcuts by callback id."""
        return {shortcut["callback_id"]: shortcut for shortcut in self._part("features", "shortcuts") or []}

    @property
    def has_home(self) -> bool:
        """Whether it has a Home tab."""
        return bool(self._part("features", "app_home", "home_tab_enabled"))

    @property
    def has_messages_tab(self) -> bool:
        """Whether people can write to it directly."""
        enabled = self._part("features", "app_home", "messages_tab_enabled")
        return bool(enabled) and not self._part("features", "app_home", "messages_tab_read_only_enabled")

    @property
    def is_interactive(self) -> bool:
        """Whether buttons, views and shortcuts reach it."""
        return bool(self._part("settings", "interactivity", "is_enabled"))

    @property
    def uses_socket_mode(self) -> bool:
        """Whether it is reached over a WebSocket instead of HTTP."""
        return bool(self._part("settings", "socket_mode_enabled"))

    @property
    def rotates_tokens(self) -> bool:
        """Whether its tokens expire and are refreshed."""
        return bool(self._part("settings", "token_rotation_enabled"))


@dataclass
class Token:
    """What a token may do, and for how long."""

    value: str
    kind: Literal["bot", "app", "refresh"]
    app_id: str
    team_id: str | None
    scopes: list[str]
    expires_at: float | None = None
    state: Literal["good", "revoked", "uninstalled"] = "good"


@dataclass
class Installation:
    """An app in a workspace."""

    app_id: str
    team_id: str
    bot_user: str
    bot_id: str
    scopes: list[str]
    bot_token: str
    refresh_token: str | None = None


@dataclass
class App:
    """An app as its settings page shows it."""

    id: str
    name: str
    client_id: str
    client_secret: str
    signing_secret: str
    app_token: str
    manifest: Manifest
    request_url: str | None = None  # where HTTP requests go; the tests set it
    installations: dict[str, Installation] = field(default_factory=dict)  # by team
