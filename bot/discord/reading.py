"""Reading channels and threads: what Discord tells of them and their messages, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from functools import partial
from typing import Any, Final

import discord
from discord.http import HTTPClient
from discord.utils import snowflake_time, time_snowflake

from bot.discord.api import Api
from bot.discord.errors import GONE, UNKNOWN_CHANNEL, DiscordRefused
from bot.discord.labels import Payload

_PAGE: Final = 100
"""Messages, threads or people a request: the most that Discord hands out."""

_WRITTEN: Final = frozenset({0, 19})
"""Types of messages that somebody has written: a message, and a reply to one."""

_GONE: Final = GONE | {UNKNOWN_CHANNEL}


class Kind(Enum):
    """What a channel is, as far as posts are concerned."""

    TEXT = auto()  # a post is a message, which may have a thread
    FORUM = auto()  # a post is a thread
    DIRECT = auto()  # direct messages, where there are no threads
    OTHER = auto()  # nothing is posted there


_KINDS: Final = {0: Kind.TEXT, 5: Kind.TEXT, 15: Kind.FORUM, 16: Kind.FORUM, 1: Kind.DIRECT, 3: Kind.DIRECT}


def kind_of(channel: Payload) -> Kind:
    """What a channel is."""
    return _KINDS.get(int(channel.get("type", -1)), Kind.OTHER)


def id_of(thing: Payload) -> int:
    """The id of anything that Discord tells of."""
    return int(thing["id"])


def is_from(message: Payload, user_id: int) -> bool:
    """Whether this account wrote it."""
    return str((message.get("author") or {}).get("id")) == str(user_id)


def is_written(message: Payload) -> bool:
    """Whether somebody has written it, rather than Discord itself, as it does where a thread begins."""
    return message.get("type", 0) in _WRITTEN


def is_said_by_person(message: Payload) -> bool:
    """Whether a person has written it, rather than an app, a webhook or Discord itself."""
    author = message.get("author") or {}
    is_bot = author.get("bot") or author.get("system") or message.get("webhook_id") or message.get("application_id")
    return not is_bot and is_written(message)


def emoji_name(emoji: Payload) -> str:
    """How an emoji is recorded and asked for: itself, or a server's own as `NAME:ID`.

    >>> emoji_name({"id": None, "name": "🎉"}), emoji_name({"id": "7", "name": "wow"})
    ('🎉', 'wow:7')
    """
    return f"{emoji.get('name') or '_'}:{emoji['id']}" if emoji.get("id") else str(emoji.get("name"))


def made_at(thing: Payload) -> datetime:
    """When something was made (UTC), by its id."""
    return snowflake_time(id_of(thing)).astimezone(UTC)


def texts_of(message: Payload, *, kind: discord.ComponentType = discord.ComponentType.text_display) -> Iterator[str]:
    """The texts of a message of components, or the labels of its buttons, from top to bottom."""
    waiting: list[Any] = list(message.get("components") or ())
    while waiting:
        component = waiting.pop(0)
        if component.get("type") == kind.value:
            yield str(component.get("content") or component.get("label") or "")
        waiting[:0] = component.get("components") or ()


def snowflake(moment: datetime) -> int:
    """The smallest id that something made at this moment (UTC) can have."""
    return time_snowflake(moment)


async def messages_after(api: Api, channel_id: int, after: int) -> AsyncGenerator[Payload, None]:
    """Messages of a channel or thread with an id above `after`, oldest first.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    while True:
        page, is_more = await page_after(api, channel_id, after)
        for message in page:
            yield message
        if not is_more:
            return
        after = id_of(page[-1])


async def page_after(api: Api, channel_id: int, after: int) -> tuple[list[Payload], bool]:
    """The first messages with an id above `after`, oldest first, and whether there may be more.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    found: Any = await api.call(lambda http: http.logs_from(channel_id, _PAGE, after=after))
    return sorted(found, key=id_of), len(found) >= _PAGE


async def message_at(api: Api, channel_id: int, message_id: int) -> Payload | None:
    """One message; None when it, or the thread it was in, is gone.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    try:
        return await api.call(lambda http: http.get_message(channel_id, message_id))
    except DiscordRefused as error:
        if error.code not in _GONE:
            raise
        return None


async def channel_at(api: Api, channel_id: int) -> Payload:
    """A channel or thread.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    return await api.call(lambda http: http.get_channel(channel_id))


async def thread_after(api: Api, thread_id: int, after: int) -> list[Payload] | None:
    """Messages of a thread with an id above `after`, oldest first; None when there is no such thread.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    try:
        return [message async for message in messages_after(api, thread_id, after)]
    except DiscordRefused as error:
        if error.code != UNKNOWN_CHANNEL:
            raise
        return None


async def threads_since(api: Api, guild_id: int, channel_id: int, since: datetime) -> AsyncGenerator[Payload, None]:
    """Public threads of a channel that are not older than `since`: those in use, then the archived ones.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    oldest = snowflake(since)
    active: Any = await api.call(lambda http: http.get_active_threads(guild_id))
    for thread in active["threads"]:
        if str(thread.get("parent_id")) == str(channel_id) and id_of(thread) >= oldest:
            yield thread
    before: Any = None
    while True:
        ask = partial(HTTPClient.get_public_archived_threads, channel_id=channel_id, before=before, limit=_PAGE)
        page: Any = await api.call(ask)
        for thread in page["threads"]:
            if id_of(thread) >= oldest:
                yield thread
        ends = [str(thread["thread_metadata"]["archive_timestamp"]) for thread in page["threads"]]
        last = min(ends, key=datetime.fromisoformat, default=None)
        if not page.get("has_more") or last is None or datetime.fromisoformat(last) < since:
            return
        before = last


async def reacts(api: Api, channel_id: int, message_id: int, emoji: str, user_id: int, *, burst: bool) -> bool:
    """Whether somebody reacts with an emoji, normally or with a burst; nobody does where the message is gone.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    some = await _page_of_users(api, channel_id, message_id, emoji, burst=burst, after=user_id - 1, limit=1)
    return any(id_of(user) == user_id for user in some)


async def users_who_reacted(
    api: Api, channel_id: int, message_id: int, emoji: str, *, burst: bool
) -> AsyncGenerator[Payload, None]:
    """Who reacted with an emoji, normally or with a burst; nobody where the message is gone.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    after: int | None = None
    while True:
        page = await _page_of_users(api, channel_id, message_id, emoji, burst=burst, after=after, limit=_PAGE)
        for user in page:
            yield user
        if len(page) < _PAGE:
            return
        after = id_of(page[-1])


async def _page_of_users(
    api: Api, channel_id: int, message_id: int, emoji: str, *, burst: bool, after: int | None, limit: int
) -> Sequence[Payload]:
    """Who reacted with an emoji, in the order of their ids."""
    ask = partial(
        HTTPClient.get_reaction_users,
        channel_id=channel_id,
        message_id=message_id,
        emoji=emoji,
        limit=limit,
        after=after,
        type=1 if burst else 0,
    )
    try:
        page: Any = await api.call(ask)
    except DiscordRefused as error:
        if error.code not in _GONE:
            raise
        return ()
    return list(page)
