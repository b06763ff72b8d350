"""The local workspace's channels, messages, threads and reactions: what other platforms keep on their servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select, update

from bot.core.errors import NotFound
from bot.core.messages import msg
from bot.core.workspace import LocalChannel, LocalMessage
from storage.chunks import chunked
from storage.database import Database
from storage.dialects import upsert
from storage.locks import lock_rows
from storage.tables import workspace_channels as channels
from storage.tables import workspace_messages as messages
from storage.tables import workspace_reactions as reactions


class WorkspaceServer:
    """`bot.core.ports.LocalWorkspace` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_channel(self, channel: LocalChannel) -> None:
        """See the port."""
        await self._database.write(_add_channel, channel)

    async def channels(self) -> Sequence[LocalChannel]:
        """See the port."""
        return await self._database.read(_channels)

    async def post(self, message: LocalMessage) -> LocalMessage:
        """See the port."""
        return await self._database.write(_post, message)

    async def edit(self, message_id: int, payload: Mapping[str, object], *, at: datetime) -> LocalMessage | None:
        """See the port."""
        return await self._database.write(_edit, message_id, payload, at)

    async def delete(self, message_id: int, *, unless_replied: bool = False) -> LocalMessage | None:
        """See the port."""
        return await self._database.write(_delete, message_id, unless_replied)

    async def get(self, message_id: int) -> LocalMessage | None:
        """See the port."""
        return await self._database.read(_get, message_id)

    async def by_key(self, key: str) -> LocalMessage | None:
        """See the port."""
        return await self._database.read(_by_key, key)

    async def history(self, channel_id: str, *, before: int | None = None, limit: int = 50) -> Sequence[LocalMessage]:
        """See the port."""
        return await self._database.read(_history, channel_id, before, limit)

    async def thread(self, message_id: int, *, limit: int = 500) -> Sequence[LocalMessage]:
        """See the port."""
        return await self._database.read(_thread, message_id, limit)

    async def react(self, message_id: int, persona: str, emoji: str) -> bool:
        """See the port."""
        return await self._database.write(_react, message_id, persona, emoji)

    async def unreact(self, message_id: int, persona: str, emoji: str) -> bool:
        """See the port."""
        return await self._database.write(_unreact, message_id, persona, emoji)

    async def forget(self, persona: str) -> None:
        """See the port."""
        await self._database.write(_forget, persona)


def _add_channel(connection: Connection, channel: LocalChannel) -> None:
    values = {"id": channel.id, "name": channel.name, "topic": channel.topic, "position": channel.position}
    connection.execute(upsert(connection, channels).values(**values).on_conflict_do_nothing())


def _channels(connection: Connection) -> Sequence[LocalChannel]:
    statement = select(channels.c.id, channels.c.name, channels.c.topic, channels.c.position)
    return [LocalChannel(*row) for row in connection.execute(statement.order_by(channels.c.position, channels.c.id))]


def _post(connection: Connection, message: LocalMessage) -> LocalMessage:
    if message.key is not None and (same := _by_key(connection, message.key)):
        return same
    if connection.scalar(select(channels.c.id).where(channels.c.id == message.channel_id)) is None:
        raise NotFound(msg("There is no channel {channel}.", channel=message.channel_id))
    if message.thread_of is not None:
        within = select(messages.c.id).where(messages.c.id == message.thread_of)
        within = within.where(messages.c.channel_id == message.channel_id)
        if connection.scalar(_staying(within)) is None:
            raise NotFound(msg("The message to reply to is gone."))
    names = ("channel_id", "author", "thread_of", "key", "payload", "text", "sent_at", "edited_at")
    new = upsert(connection, messages).values(**{name: getattr(message, name) for name in names})
    new = new.on_conflict_do_nothing(index_elements=["key"])
    message_id = connection.scalar(new.returning(messages.c.id))
    if message_id is None:  # posted by somebody else just now
        assert message.key is not None
        stored = _by_key(connection, message.key)
    else:
        stored = _get(connection, message_id)
    assert stored is not None
    return stored


def _staying(messages_: Select[Any]) -> Select[Any]:
    """The same messages, which nobody deletes before the end of the transaction."""
    return messages_.with_for_update(read=True, key_share=True)


def _edit(connection: Connection, message_id: int, payload: Mapping[str, object], at: datetime) -> LocalMessage | None:
    connection.execute(update(messages).where(messages.c.id == message_id).values(payload=payload, edited_at=at))
    return _get(connection, message_id)


def _delete(connection: Connection, message_id: int, unless_replied: bool) -> LocalMessage | None:
    lock_rows(connection, select(messages.c.id).where(messages.c.id == message_id))  # nobody replies meanwhile
    was = _get(connection, message_id)
    if was is not None and was.reply_count and unless_replied:
        return None
    connection.execute(delete(messages).where(messages.c.id == message_id))
    return was


def _get(connection: Connection, message_id: int) -> LocalMessage | None:
    return next(iter(_fetch(connection, _select().where(messages.c.id == message_id))), None)


def _by_key(connection: Connection, key: str) -> LocalMessage | None:
    return next(iter(_fetch(connection, _select().where(messages.c.key == key))), None)


def _history(connection: Connection, channel_id: str, before: int | None, limit: int) -> Sequence[LocalMessage]:
    statement = _select().where(messages.c.channel_id == channel_id, messages.c.thread_of.is_(None))
    if before is not None:
        statement = statement.where(messages.c.id < before)
    return _fetch(connection, statement.order_by(messages.c.id.desc()).limit(limit))[::-1]


def _thread(connection: Connection, message_id: int, limit: int) -> Sequence[LocalMessage]:
    statement = _select().where(messages.c.thread_of == message_id)
    return _fetch(connection, statement.order_by(messages.c.id).limit(limit))


def _react(connection: Connection, message_id: int, persona: str, emoji: str) -> bool:
    if connection.scalar(_staying(select(messages.c.id).where(messages.c.id == message_id))) is None:
        return False
    new = upsert(connection, reactions).values(message_id=message_id, persona=persona, emoji=emoji)
    return bool(connection.execute(new.on_conflict_do_nothing()).rowcount)


def _unreact(connection: Connection, message_id: int, persona: str, emoji: str) -> bool:
    given = delete(reactions).where(reactions.c.message_id == message_id, reactions.c.persona == persona)
    return bool(connection.execute(given.where(reactions.c.emoji == emoji)).rowcount)


def _forget(connection: Connection, persona: str) -> None:
    connection.execute(delete(reactions).where(reactions.c.persona == persona))
    connection.execute(update(messages).where(messages.c.author == persona).values(text="", author=""))


def _select() -> Select[Any]:
    answers = messages.alias("answers")
    reply_count = select(func.count()).where(answers.c.thread_of == messages.c.id).correlate(messages)
    return select(messages, reply_count.scalar_subquery().label("reply_count"))


def _fetch(connection: Connection, statement: Select[Any]) -> list[LocalMessage]:
    rows = connection.execute(statement).all()
    given = _reactions(connection, [row.id for row in rows])
    return [_to_message(row, given.get(row.id, {})) for row in rows]


def _reactions(connection: Connection, message_ids: Iterable[int]) -> dict[int, dict[str, tuple[str, ...]]]:
    given: dict[int, dict[str, tuple[str, ...]]] = {}
    for some in chunked(message_ids):
        statement = select(reactions).where(reactions.c.message_id.in_(some)).order_by(reactions.c.id)
        for row in connection.execute(statement):
            by_emoji = given.setdefault(row.message_id, {})
            by_emoji[row.emoji] = (*by_emoji.get(row.emoji, ()), row.persona)
    return given


def _to_message(row: Row[Any], given: Mapping[str, tuple[str, ...]]) -> LocalMessage:
    return LocalMessage(
        id=row.id,
        channel_id=row.channel_id,
        author=row.author,
        thread_of=row.thread_of,
        key=row.key,
        payload=row.payload,
        text=row.text,
        sent_at=row.sent_at,
        edited_at=row.edited_at,
        reply_count=row.reply_count,
        reactions=given,
    )
