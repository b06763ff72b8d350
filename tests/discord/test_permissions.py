"""The table of permissions names what the code asks Discord for: nothing is missing, and nothing stands in vain.

What each request really takes is told by a Discord, in test_story.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.people import Language
from bot.discord import permissions as module
from bot.discord.permissions import PERMISSIONS
from bot.locale import translator

SOURCES = sorted(Path(module.__file__).parent.glob("*.py"))
M = "/channels/{channel_id}/messages"
BY_LIBRARY = {
    "bulk_upsert_global_commands": "PUT /applications/{application_id}/commands",
    "delete_channel": "DELETE /channels/{channel_id}",
    "delete_message": f"DELETE {M}/{{message_id}}",
    "edit_channel": "PATCH /channels/{channel_id}",
    "edit_message": f"PATCH {M}/{{message_id}}",
    "get_active_threads": "GET /guilds/{guild_id}/threads/active",
    "get_channel": "GET /channels/{channel_id}",
    "get_member": "GET /guilds/{guild_id}/members/{user_id}",
    "get_message": f"GET {M}/{{message_id}}",
    "get_public_archived_threads": "GET /channels/{channel_id}/threads/archived/public",
    "get_reaction_users": f"GET {M}/{{message_id}}/reactions/{{emoji_name}}",
    "logs_from": f"GET {M}",
    "send_message": f"POST {M}",
    "start_thread_with_message": f"POST {M}/{{message_id}}/threads",
}
"""The routes of the library's own functions, as Discord's description calls them."""
OF_CLIENT = {"close", "request"}
"""What is called on the library's client beside them: its end, and whatever route stands there."""
FREE = {
    "GET /applications/@me",
    "GET /applications/{application_id}/commands",
    "GET /gateway/bot",
    "GET /guilds/{guild_id}",
    "GET /guilds/{guild_id}/members/{user_id}",
    "GET /users/@me/guilds",
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original",
    "POST /users/@me/channels",
    "POST /webhooks/{webhook_id}/{webhook_token}",
    "PUT /applications/{application_id}/commands",
}
"""What takes no permission of a server's."""


def routes_in(path: Path) -> Iterator[str]:
    """The routes that stand in a file, and the library's functions that it calls on its client."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Route":
            yield " ".join(str(ast.literal_eval(one)) for one in node.args[:2])
        if isinstance(node, ast.Attribute) and _is_client(node.value) and not _is_set(node):
            yield node.attr


def _is_client(node: ast.expr) -> bool:
    """`http` as `Api.call` hands it out, or the class it is of."""
    return (isinstance(node, ast.Name) and node.id in ("http", "HTTPClient")) or (
        isinstance(node, ast.Attribute) and node.attr == "http" and ast.unparse(node.value) != "discord"
    )


def _is_set(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store)


def asked_for() -> set[str]:
    """All requests that the code makes."""
    found = {one for path in SOURCES for one in routes_in(path)} - OF_CLIENT
    return {one if " " in one else BY_LIBRARY[one] for one in found}


def test_every_request_is_in_the_table_or_takes_no_permission() -> None:
    in_table = {request for use in PERMISSIONS.values() for request in use.requests}
    assert in_table & FREE == set()
    assert asked_for() == in_table | FREE


def test_the_functions_are_the_librarys_own() -> None:
    from discord.http import HTTPClient

    assert [name for name in (*BY_LIBRARY, *OF_CLIENT) if not hasattr(HTTPClient, name)] == []


@pytest.mark.parametrize("language", list(Language))
def test_each_is_called_as_discords_settings_call_it(language: Language) -> None:
    names = [translator(language).say(use.words) for use in PERMISSIONS.values()]
    assert len(set(names)) == len(PERMISSIONS)
    assert all(name[0].isupper() or language is Language.KOREAN for name in names)
