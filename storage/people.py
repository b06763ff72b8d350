"""Persons and channels as columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, select

from bot.core.people import Person
from bot.core.subscriptions import Channel
from storage.tables import CHANNEL_COLUMNS


def person_values(person: Person | None, prefix: str = "") -> dict[str, str | None]:
    """A person's column values."""
    return {
        f"{prefix}platform": person.platform if person else None,
        f"{prefix}workspace": person.workspace if person else None,
        f"{prefix}user_id": person.user_id if person else None,
    }


def person_of(row: Row[Any]) -> Person | None:
    """The person of a row, or None where none is kept."""
    return Person(row.platform, row.workspace, row.user_id) if row.user_id is not None else None


def where_person(
    table: FromClause, person: Person, prefix: str = "", *, in_all_workspaces: bool = False
) -> ColumnElement[bool]:
    """A table's rows of one person, whatever the workspace when that is said."""
    values = person_values(person, prefix)
    if in_all_workspaces:
        del values[f"{prefix}workspace"]
    return and_(*(table.c[name] == value for name, value in values.items()))


def channel_values(channel: Channel) -> dict[str, str]:
    """A channel's column values."""
    return {"platform": channel.platform, "workspace": channel.workspace, "channel_id": channel.id}


def channel_of(row: Row[Any]) -> Channel:
    """The channel of a row."""
    return Channel(row.platform, row.workspace, row.channel_id)


def select_channels(table: FromClause) -> Select[Any]:
    """The channels of a table's rows."""
    return select(*(table.c[name] for name in CHANNEL_COLUMNS))


def where_channel(table: FromClause, channel: Channel) -> ColumnElement[bool]:
    """A table's rows of one channel."""
    return and_(
        table.c.platform == channel.platform,
        table.c.workspace == channel.workspace,
        table.c.channel_id == channel.id,
    )
