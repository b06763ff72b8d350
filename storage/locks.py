"""What a transaction that writes has for itself until it ends.

SQLite has one writer, who has everything: there, none of this does anything. PostgreSQL has many, and each of these
functions takes one lock. A transaction takes those it needs before it reads anything it will rely on, in the order in
which they stand here, so that no two wait for each other; a transaction that waits longer than five seconds for one
gives up (`StorageBusy`). docs/architecture.md says which function relies on which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, func, select, text

from bot.core.people import Person
from bot.core.subscriptions import Channel
from storage.chunks import chunked
from storage.dialects import driver_of, is_sqlite
from storage.people import channel_of
from storage.tables import archive_state, entries

_MANY = "SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number"  # one after the other


def lock_schema(connection: Connection) -> None:
    """The schema, to change it. Waits as long as it takes: whoever has it is at work on just that."""
    if not is_sqlite(connection):
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        _take(connection, "schema")


def lock_engagement(connection: Connection, *, all_of_it: bool = False) -> None:
    """A part in recording what people do; or with `all_of_it` everything, so that nobody else records anything."""
    _take(connection, "engagement", shared=not all_of_it)


def lock_following(connection: Connection, person: Person) -> None:
    """What one person follows."""
    _take(connection, "following", person.platform, person.workspace, person.user_id)


def lock_channels(connection: Connection, channels: Iterable[Channel]) -> None:
    """Everything that is planned for these channels and goes out to them: deliveries and posts.

    However many there are, they are taken with one statement, one after the other in the order of the channels. Each
    takes a place in PostgreSQL's table of locks, which has 6,400 and some as it comes (`max_locks_per_transaction` for
    each connection it allows): nobody should take more than a thousand at a time.
    """
    in_order = sorted(set(channels))
    if in_order and not is_sqlite(connection):
        numbers = [_number_of(("channel", channel.platform, channel.workspace, channel.id)) for channel in in_order]
        driver_of(connection).execute(_MANY, [numbers])


def lock_channels_of(connection: Connection, *rows: Select[Any]) -> None:
    """The channels that these rows have to do with."""
    if not is_sqlite(connection):
        lock_channels(connection, {channel_of(row) for some in rows for row in connection.execute(some)})


def lock_archive(connection: Connection) -> None:
    """Entries with all that is kept about them, and the numbers of changes.

    A change's number is visible no earlier than all lower ones, since they are given out under this lock.
    """
    if not is_sqlite(connection):
        connection.execute(select(archive_state.c.change_no).with_for_update())


def lock_entries(connection: Connection, numbers: Iterable[int]) -> None:
    """These entries' rows, to count anew what they gathered: others count theirs before or afterwards."""
    if is_sqlite(connection):
        return
    for some in chunked(sorted(numbers)):
        rows = select(entries.c.no).where(entries.c.no.in_(some)).order_by(entries.c.no)
        connection.execute(rows.with_for_update(key_share=True))


def lock_rows(connection: Connection, rows: Select[Any]) -> None:
    """The rows of a select, before something else is found out about them."""
    if not is_sqlite(connection):
        connection.execute(rows.with_for_update())


def _take(connection: Connection, *what: str, shared: bool = False) -> None:
    if is_sqlite(connection):
        return
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    connection.execute(select(lock(_number_of(what))))


def _number_of(what: tuple[str, ...]) -> int:
    """The number of a lock. Two things that happened to have the same one would wait for each other, no more."""
    name = "\x1f".join(("paperboy", *what)).encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), signed=True)
