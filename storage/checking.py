"""Whether a database is sound: its pages, its references, its version, and everything kept twice for speed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exists, func, or_, select, text

from bot.core.messages import Message, msg, msg_n
from storage.counters import recounted
from storage.dialects import damage, numbers_taken, tables_with_strays
from storage.index_checking import index_problems
from storage.schema_version import HEAD
from storage.tables import archive_state, entries, entry_tags, metadata, tags


def problems(connection: Connection) -> Sequence[Message]:
    """What is wrong, in words; the database's own checks first, and alone when its pages are damaged."""
    if wrong := damage(connection):
        return [msg("The database is damaged: {detail}", detail="; ".join(wrong))]
    found = [
        _version(connection),
        _references(connection),
        _numbers(connection),
        _change(connection),
        *_counters(connection),
        *index_problems(connection),
    ]
    return [problem for problem in found if problem]


def _version(connection: Connection) -> Message | None:
    version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version == HEAD:
        return None
    return msg("The schema is at {version}, this Paperboy needs {head}.", version=version, head=HEAD)


def _references(connection: Connection) -> Message | None:
    tables = tables_with_strays(connection)
    return msg("Rows of {tables} refer to rows that are not there.", tables=", ".join(tables)) if tables else None


def _numbers(connection: Connection) -> Message | None:
    columns = ", ".join(numbers_taken(connection, metadata))
    return msg("The next number of {columns} is taken already.", columns=columns) if columns else None


def _change(connection: Connection) -> Message | None:
    newest = connection.scalar(select(func.max(entries.c.change_no)))
    if (connection.scalar(select(archive_state.c.change_no)) or 0) >= (newest or 0):
        return None
    return msg("The counter of changes is behind the entries.")


def _counters(connection: Connection) -> list[Message | None]:
    right = recounted()
    wrong = or_(*(entries.c[name] != value for name, value in right.items()))
    engagement = connection.scalar(select(func.count()).select_from(entries).where(wrong)) or 0
    carried = select(func.count()).where(entry_tags.c.tag_id == tags.c.id).correlate(tags).scalar_subquery()
    tag_counts = connection.scalar(select(func.count()).select_from(tags).where(tags.c.uses != carried)) or 0
    lost = ~exists().where(entries.c.shown == entry_tags.c.place)
    strays = connection.scalar(select(func.count(entry_tags.c.place.distinct())).where(lost)) or 0
    return [
        msg_n("{n} entry has a wrong engagement count.", "{n} entries have wrong engagement counts.", n=engagement)
        if engagement
        else None,
        msg_n("{n} tag has a wrong count.", "{n} tags have wrong counts.", n=tag_counts) if tag_counts else None,
        msg_n("{n} entry stands wrongly in the lookups.", "{n} entries stand wrongly in the lookups.", n=strays)
        if strays
        else None,
    ]
