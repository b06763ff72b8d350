"""Which events of a platform have been taken: each at most once within a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, delete, insert

from storage.database import Database
from storage.dialects import upsert
from storage.tables import inbox

_KEPT_FOR = timedelta(days=1)
"""Longer than any platform goes on delivering an event again."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class EventInbox:
    """`bot.core.ports.Inbox` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, platform: str, event_id: str, *, at: datetime) -> bool:
        """See the port."""
        return await self._database.write(_take, platform, event_id, at)


def touch(connection: Connection) -> None:
    """Write an event and take it away again, in one transaction: the database has to take it down all the same."""
    name = uuid4().hex
    connection.execute(insert(inbox).values(platform="", event_id=name, at=_LONG_AGO))
    connection.execute(delete(inbox).where(inbox.c.platform == "", inbox.c.event_id == name))


def _take(connection: Connection, platform: str, event_id: str, at: datetime) -> bool:
    connection.execute(delete(inbox).where(inbox.c.at < at - _KEPT_FOR))  # a look at its index when there are none
    new = upsert(connection, inbox).values(platform=platform, event_id=event_id, at=at).on_conflict_do_nothing()
    return connection.execute(new).rowcount > 0
