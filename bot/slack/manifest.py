"""What Paperboy uses of Slack, and the app manifest that is made of it.

The tables are the only place that names scopes, events, commands and shortcuts for the app's configuration. Tests
compare them with the calls and listeners in the code, both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from bot.core.commands import COMMANDS
from bot.core.errors import InputError
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.locale import Translator, translator

EVENTS_PATH: Final = "/slack/events"
INSTALL_PATH: Final = "/slack/install"
REDIRECT_PATH: Final = "/slack/oauth_redirect"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """An entry of Slack's menus: of a message's, or of the one for the whole workspace."""

    type: Literal["message", "global"]
    name: Message
    description: Message


_NONE: Final = frozenset[str]()
_HISTORY: Final = frozenset({"channels:history", "groups:history", "im:history"})

SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "auth.teams.list": _NONE,
    "auth.test": _NONE,
    "apps.connections.open": _NONE,  # takes the app-level token, whose own scope is connections:write
    "oauth.v2.access": _NONE,
    "chat.delete": frozenset({"chat:write"}),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.update": frozenset({"chat:write"}),
    "conversations.history": _HISTORY,
    "conversations.info": frozenset({"channels:read", "groups:read"}),
    "conversations.join": frozenset({"channels:join"}),
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": _HISTORY,
    "reactions.get": frozenset({"reactions:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.info": frozenset({"users:read"}),
    "views.open": _NONE,
    "views.publish": _NONE,
    "views.update": _NONE,
}
"""Web API methods that are called, and the bot's scopes they need for the conversations Paperboy is in."""

EVENTS: Final[Mapping[str, frozenset[str]]] = {
    "app_home_opened": _NONE,
    "app_uninstalled": _NONE,
    "channel_archive": frozenset({"channels:read"}),
    "channel_deleted": frozenset({"channels:read"}),
    "channel_left": frozenset({"channels:read"}),
    "group_archive": frozenset({"groups:read"}),
    "group_deleted": frozenset({"groups:read"}),
    "group_left": frozenset({"groups:read"}),
    "message.channels": frozenset({"channels:history"}),
    "message.groups": frozenset({"groups:history"}),
    "message.im": frozenset({"im:history"}),
    "reaction_added": frozenset({"reactions:read"}),
    "reaction_removed": frozenset({"reactions:read"}),
    "tokens_revoked": _NONE,
}
"""Event types that Paperboy subscribes to, and the scopes they need."""

SHORTCUTS: Final[Mapping[str, Shortcut]] = {
    "edit_entry": Shortcut("message", msg("Edit this paper"), msg("Change the entry that this message shows")),
    "save_entry": Shortcut("message", msg("Save this paper"), msg("Keep it; /paper is:saved shows it again")),
    "add_paper": Shortcut("global", msg("Add a paper"), msg("Write a new entry, for a digest or as a draft")),
}
"""Shortcuts by callback id."""

_ENTRY: Final = msg("[entry id, arXiv id or address]")
_USAGE: Final[Mapping[str, Message]] = {
    "/paper": msg("[query, such as tag:rlaif | help | follow | following]"),
    "/digest": msg("[show | subscribe | list | edit | pause | preview | send | why | help]"),
    "/paper-add": msg("[arXiv id or address]"),
    "/paper-edit": _ENTRY,
    "/paper-remove": _ENTRY,
    "/paper-undo": _ENTRY,
}

_NAME: Final = "Paperboy"
_COLOUR: Final = "#1f4e5f"
_DESCRIPTION: Final = msg("The daily paper digest in your channels, and every paper of it at hand.")
_LONG_DESCRIPTION: Final = msg(
    "Paperboy brings your community's daily paper digest into the channels that subscribe to it, one card a paper, to "
    "react to and to discuss. It remembers every entry: /paper finds papers by tag, author, date or words. Follow what "
    "interests you and get a direct message when a digest has it. Maintainers add and edit papers in Slack itself. "
    "Of people Paperboy keeps their ids only, and /paper forget-me erases what it has stored about who asks."
)


def bot_scopes() -> list[str]:
    """All scopes of the bot, sorted."""
    needed = {"commands"}.union(*SCOPES.values(), *EVENTS.values())
    return sorted(needed)


def manifest(
    *, http_url: str | None = None, language: Language, many: bool = False, install_url: str | None = None
) -> dict[str, Any]:
    """The app's manifest, as Slack's "From a manifest" takes it in JSON.

    With `http_url`, where Paperboy is reached from outside, Slack sends requests there; else it is Socket Mode.
    `many`: any workspace may install the app, on the pages at `install_url` (that of `http_url` where None).

    Raises:
        InputError: an address that Slack cannot reach, or `many` without one.
    """
    words = translator(language)
    sent_to = None if http_url is None else _below(http_url, EVENTS_PATH)
    redirects = {"redirect_urls": [_below(install_url or http_url, REDIRECT_PATH)]} if many else {}
    return {
        "display_information": {
            "name": _NAME,
            "description": words.say(_DESCRIPTION),
            "long_description": words.say(_LONG_DESCRIPTION),
            "background_color": _COLOUR,
        },
        "features": _features(words, sent_to),
        "oauth_config": {**redirects, "scopes": {"bot": bot_scopes()}},
        "settings": _settings(sent_to, many=many),
    }


def _below(url: str | None, path: str) -> str:
    """A page of Paperboy's as Slack takes it: with TLS, unless it is on this very machine, for trying."""
    if url is None:
        raise InputError(msg("Many workspaces need an address of Paperboy's, where people install it."))
    parts = urlsplit(url)
    is_own = parts.hostname in ("localhost", "127.0.0.1", "::1")
    is_address = parts.hostname and not parts.query and not parts.fragment
    if not is_address or parts.scheme not in (("https", "http") if is_own else ("https",)):
        raise InputError(msg("“{url}” is no address that Slack can reach: those begin with https://.", url=url))
    return url.rstrip("/") + path


def _features(words: Translator, sent_to: str | None) -> dict[str, Any]:
    return {
        # Commands can be typed in the messages tab; people's own words there are not read.
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": _NAME, "always_online": True},
        "shortcuts": [
            {
                "name": words.say(shortcut.name),
                "type": shortcut.type,
                "callback_id": callback_id,
                "description": words.say(shortcut.description),
            }
            for callback_id, shortcut in SHORTCUTS.items()
        ],
        "slash_commands": [
            {
                "command": command,
                **({} if sent_to is None else {"url": sent_to}),
                "description": words.say(description),
                "usage_hint": words.say(_USAGE[command]),
                "should_escape": False,  # words stay as they were typed: `#rlaif` is a tag here, not a channel
            }
            for command, description in COMMANDS.items()
        ],
    }


def _settings(sent_to: str | None, *, many: bool) -> dict[str, Any]:
    by_http = {} if sent_to is None else {"request_url": sent_to}
    # Type-ahead in forms is asked for at an address of its own, which is the same here.
    options = {} if sent_to is None else {"message_menu_options_url": sent_to}
    return {
        "event_subscriptions": {**by_http, "bot_events": sorted(EVENTS)},
        "interactivity": {"is_enabled": True, **by_http, **options},
        "org_deploy_enabled": many,
        "socket_mode_enabled": sent_to is None,
        "token_rotation_enabled": many,
    }
