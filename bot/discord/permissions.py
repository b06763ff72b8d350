"""What Paperboy asks servers for, and what for: the link of `paperboy invite discord` is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

import discord

from bot.core.messages import Message, msg

SCOPES: Final = ("bot", "applications.commands")
_INTO_A_SERVER: Final = 0
"""One of the two places that an application can be installed to, and by default can."""


@dataclass(frozen=True, slots=True)
class Use:
    """A permission as Discord's settings call it, and the requests that need it; `optional`: posts go out without."""

    words: Message
    requests: tuple[str, ...]
    optional: bool = False


PERMISSIONS: Final[Mapping[str, Use]] = {
    "view_channel": Use(
        msg("View Channel"),
        (  # needed for all the others too; these need nothing else
            "GET /channels/{channel_id}",
            "GET /guilds/{guild_id}/threads/active",
            "PATCH /channels/{channel_id}/messages/{message_id}",
            "DELETE /channels/{channel_id}/messages/{message_id}",
            "PATCH /channels/{channel_id}",  # name and tags of a thread of its own
        ),
    ),
    "send_messages": Use(
        msg("Send Messages"),
        ("POST /channels/{channel_id}/messages", "POST /channels/{channel_id}/threads"),
    ),
    "create_public_threads": Use(
        msg("Create Public Threads"),
        ("POST /channels/{channel_id}/messages/{message_id}/threads",),
    ),
    "send_messages_in_threads": Use(
        msg("Send Messages in Threads"),
        (
            "POST /channels/{channel_id}/messages",
            "PATCH /channels/{channel_id}",  # opens an archived thread
        ),
    ),
    "read_message_history": Use(
        msg("Read Message History"),
        (
            "GET /channels/{channel_id}/messages",
            "GET /channels/{channel_id}/messages/{message_id}",
            "GET /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}",
            "GET /channels/{channel_id}/threads/archived/public",
            "POST /channels/{channel_id}/messages/{message_id}/threads",
        ),
    ),
    "manage_channels": Use(
        msg("Manage Channels"),
        ("PATCH /channels/{channel_id}",),  # tags that a forum lacks
        optional=True,
    ),
    "manage_threads": Use(
        msg("Manage Threads"),
        ("DELETE /channels/{channel_id}",),  # the post of a removed entry in a forum, and a thread left empty
        optional=True,
    ),
}
"""By the library's names. It takes none to answer commands and to write to people."""


def permissions() -> discord.Permissions:
    """All of them."""
    return discord.Permissions(reduce(or_, (discord.Permissions(**{name: True}).value for name in PERMISSIONS)))


def invite_link(client_id: int) -> str:
    """The page on which somebody lets Paperboy into their server, and not into their own account."""
    link = discord.utils.oauth_url(client_id, permissions=permissions(), scopes=SCOPES)
    return f"{link}&integration_type={_INTO_A_SERVER}"
