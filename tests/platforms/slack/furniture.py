"""A workspace as tests usually want it: a few people, a few channels, an app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.platforms.slack.apps import App, Installation
from tests.platforms.slack.state import Channel, User, Workspace

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]

EVENTS = [
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_left",
    "group_archive",
    "group_left",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
]
SCOPES = [
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
]

MANIFEST: Json = {
    "display_information": {"name": "Tester"},
    "features": {
        "bot_user": {"display_name": "tester", "always_online": True},
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
        "slash_commands": [{"command": "/test", "description": "Tries something", "should_escape": False}],
        "shortcuts": [
            {"name": "Test this", "type": "message", "callback_id": "test_message", "description": "Tries a message"},
            {"name": "Test", "type": "global", "callback_id": "test_anywhere", "description": "Tries something"},
        ],
    },
    "oauth_config": {"redirect_urls": ["https://example.org/oauth"], "scopes": {"bot": SCOPES}},
    "settings": {
        "event_subscriptions": {"bot_events": EVENTS},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
        "token_rotation_enabled": False,
        "org_deploy_enabled": False,
    },
}


@dataclass(frozen=True)
class Acme:
    """A furnished workspace."""

    workspace: Workspace
    app: App
    installation: Installation
    admin: User  # U1
    reader: User  # U2, Korean in Seoul
    guest: User  # U3, English in New York
    other_bot: User  # somebody else's
    papers: Channel  # C1, public, with the app and everybody in it
    general: Channel  # C2, public, without the app
    secret: Channel  # C3, private, without the app; the admin and the reader are in it

    @property
    def token(self) -> str:
        """The app's bot token."""
        return self.installation.bot_token


def furnish(server: SlackServer, manifest: Json | None = None) -> Acme:
    """Workspace T1 with people, channels and an app (A1) made from a manifest."""
    workspace = server.add_workspace("acme", "T1", name="Acme")
    admin = workspace.add_user("U1", "ada", is_admin=True, is_owner=True)
    reader = workspace.add_user("U2", "sora", tz="Asia/Seoul", locale="ko-KR")
    guest = workspace.add_user("U3", "joan", tz="America/New_York", locale="en-US")
    other_bot = workspace.add_user("U9", "helper", is_bot=True, bot_id="B9", app_id="A9")
    app = server.create_app(MANIFEST if manifest is None else manifest)
    installation = server.install(app, workspace)
    people = {admin.id, reader.id, guest.id}
    papers = workspace.add_channel("C1", "papers", {*people, other_bot.id, installation.bot_user})
    general = workspace.add_channel("C2", "general", people)
    secret = workspace.add_channel("C3", "secret", {admin.id, reader.id}, kind="private")
    return Acme(workspace, app, installation, admin, reader, guest, other_bot, papers, general, secret)
