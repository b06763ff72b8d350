"""What Slack has against an app manifest: as much of its rules as apps of this kind meet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.platforms.slack.apps import Manifest
from tests.platforms.slack.events import NEEDED

BOT_SCOPES = {
    "app_mentions:read",
    "bookmarks:read",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "chat:write.public",
    "commands",
    "emoji:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "links:read",
    "links:write",
    "metadata.message:read",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "pins:read",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users.profile:read",
    "users:read",
    "users:read.email",
}
COMMANDS, SHORTCUTS = 50, 10


def manifest_problems(manifest: Manifest) -> list[str]:
    """What is wrong with a manifest; nothing when Slack takes it."""
    return [*_naming(manifest), *_scopes(manifest), *_features(manifest), *_settings(manifest)]


def _naming(manifest: Manifest) -> Iterator[str]:
    shown = manifest.source.get("display_information", {})
    if not 1 <= len(shown.get("name", "")) <= 35:
        yield "display_information.name must have 1 to 35 characters"
    if len(shown.get("description", "")) > 140:
        yield "display_information.description must have at most 140 characters"
    long = shown.get("long_description")
    if long is not None and not 174 <= len(long) <= 4000:
        yield "display_information.long_description must have 174 to 4000 characters"
    colour = shown.get("background_color")
    if colour is not None and not re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour):
        yield "display_information.background_color must be a hexadecimal colour"


def _scopes(manifest: Manifest) -> Iterator[str]:
    scopes = manifest.bot_scopes
    if unknown := sorted(set(scopes) - BOT_SCOPES):
        yield f"unknown bot scopes: {', '.join(unknown)}"
    if (manifest.commands or manifest.shortcuts) and "commands" not in scopes:
        yield "commands and shortcuts need the scope `commands`"
    for event in manifest.events:
        needed = NEEDED.get(event)
        if event not in NEEDED:
            yield f"unknown bot event: {event}"
        elif needed and needed not in scopes:
            yield f"the event {event} needs the scope {needed}"


def _features(manifest: Manifest) -> Iterator[str]:
    features = manifest.source.get("features", {})
    if manifest.bot_scopes and not features.get("bot_user", {}).get("display_name"):
        yield "features.bot_user.display_name is missing"
    if len(manifest.commands) > COMMANDS or len(manifest.shortcuts) > SHORTCUTS:
        yield "too many commands or shortcuts"
    yield from _commands(manifest)
    yield from _shortcuts(manifest)


def _commands(manifest: Manifest) -> Iterator[str]:
    for name, command in manifest.commands.items():
        if not re.fullmatch(r"/[a-z0-9_-]{1,31}", name):
            yield f"{name} is not the name of a command"
        if not 1 <= len(command.get("description", "")) <= 2000:
            yield f"{name} has no description"
        if len(command.get("usage_hint", "")) > 1000:
            yield f"the usage hint of {name} is too long"
        if not manifest.uses_socket_mode and not command.get("url"):
            yield f"{name} has no URL"


def _shortcuts(manifest: Manifest) -> Iterator[str]:
    for callback_id, shortcut in manifest.shortcuts.items():
        if shortcut.get("type") not in ("message", "global"):
            yield f"{callback_id} has no type"
        if not 1 <= len(shortcut.get("name", "")) <= 24 or len(callback_id) > 255:
            yield f"{callback_id} has no name of at most 24 characters"
        if not 1 <= len(shortcut.get("description", "")) <= 150:
            yield f"{callback_id} has no description of at most 150 characters"


def _settings(manifest: Manifest) -> Iterator[str]:
    settings = manifest.source.get("settings", {})
    if manifest.shortcuts and not manifest.is_interactive:
        yield "shortcuts need interactivity"
    if manifest.uses_socket_mode:
        return
    if manifest.events and not settings.get("event_subscriptions", {}).get("request_url"):
        yield "settings.event_subscriptions.request_url is missing"
    if manifest.is_interactive and not settings.get("interactivity", {}).get("request_url"):
        yield "settings.interactivity.request_url is missing"
