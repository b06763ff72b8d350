"""How much engagement each entry gathered, kept on the entry: counted anew in the transaction that changes it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, func, select, update

from storage.chunks import chunked
from storage.locks import lock_entries
from storage.tables import entries, posts, reactions, replies, saves


def recounted() -> dict[str, ColumnElement[int]]:
    """What the counters of `entries` should be, over all posts of an entry, also withdrawn ones."""
    on_posts = {
        table.name: select(func.count())
        .select_from(table.join(posts, posts.c.id == table.c.post_id))
        .where(posts.c.entry_id == entries.c.id)
        .correlate(entries)
        .scalar_subquery()
        for table in (reactions, replies)
    }
    saved = select(func.count()).where(saves.c.entry_no == entries.c.no).correlate(entries).scalar_subquery()
    return {**on_posts, "saves": saved, "popularity": on_posts["reactions"] + saved}


def count_posts(connection: Connection, post_ids: Iterable[int]) -> None:
    """Count anew what the entries of these posts gathered."""
    numbers: set[int] = set()
    for some in chunked(post_ids):
        of_posts = select(entries.c.no).join(posts, posts.c.entry_id == entries.c.id).where(posts.c.id.in_(some))
        numbers.update(connection.scalars(of_posts))
    count_entries(connection, numbers)


def count_entries(connection: Connection, numbers: Iterable[int]) -> None:
    """Count anew what these entries, by `entries.no`, gathered."""
    for some in chunked(sorted(numbers)):
        lock_entries(connection, some)  # two who count at once would each miss what the other adds
        connection.execute(update(entries).where(entries.c.no.in_(some)).values(**recounted()))
