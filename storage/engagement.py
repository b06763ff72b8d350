"""Reactions, thread replies and saves, with the counts of each entry kept right in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, delete, or_, select

from bot.core.engagement import Engagement, Seen, SeenReaction, SeenReply
from bot.core.entries import Entry
from bot.core.errors import NotFound
from bot.core.messages import msg
from bot.core.people import Person
from storage.chunks import chunked
from storage.counters import count_entries, count_posts
from storage.database import Database
from storage.dialects import upsert
from storage.entry_rows import ENTRY_COLUMNS, to_entry
from storage.forgetting import forget
from storage.locks import lock_engagement
from storage.people import person_values, where_person
from storage.places import first_place, last_place
from storage.tables import entries, posts, reactions, replies, saves

_MOST = 1_000


class EngagementRecord:
    """`bot.core.ports.EngagementStore` on a database. Posts the ledger does not know are passed over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def react(self, post_id: int, person: Person, emoji: str, *, at: datetime) -> None:
        """Record a reaction."""
        await self._database.write(_react, post_id, person, emoji, at)

    async def unreact(self, post_id: int, person: Person, emoji: str) -> None:
        """Take a reaction back."""
        await self._database.write(_unreact, post_id, person, emoji)

    async def reply(self, post_id: int, person: Person, message_id: str, *, at: datetime) -> None:
        """Record a reply in the post's thread."""
        await self._database.write(_reply, post_id, person, message_id, at)

    async def unreply(self, post_id: int, message_id: str) -> None:
        """Take a reply back."""
        await self._database.write(_unreply, post_id, message_id)

    async def recorded(self, post_ids: Collection[int]) -> Mapping[int, Seen]:
        """See the port."""
        return await self._database.read(_recorded, sorted(post_ids))

    async def reconcile(
        self, seen: Mapping[int, Seen], *, before: Mapping[int, Seen] | None = None, at: datetime
    ) -> None:
        """See the port. Reactions that are known already keep their moment."""
        await self._database.write(_reconcile, seen, before or {}, at)

    async def save(self, entry_id: str, person: Person, *, at: datetime) -> None:
        """Save an entry for a person.

        Raises:
            NotFound: no such entry.
        """
        await self._database.write(_save, entry_id, person, at)

    async def unsave(self, entry_id: str, person: Person) -> None:
        """Take an entry off a person's list."""
        await self._database.write(_unsave, entry_id, person)

    async def saved(self, entry_ids: Collection[str], person: Person) -> Collection[str]:
        """See the port."""
        return await self._database.read(_saved, list(entry_ids), person)

    async def counts(self, entry_ids: Collection[str]) -> Mapping[str, Engagement]:
        """See the port."""
        return await self._database.read(_counts, list(entry_ids))

    async def between(self, first: date, last: date) -> Sequence[tuple[Entry, Engagement]]:
        """See the port."""
        return await self._database.read(_between, first, last)

    async def forget(self, person: Person, *, in_all_workspaces: bool = False) -> int:
        """See the port."""
        return await self._database.write(forget, person, in_all_workspaces)


def _react(connection: Connection, post_id: int, person: Person, emoji: str, at: datetime) -> None:
    _record(connection, reactions, post_id, {**person_values(person), "emoji": emoji, "at": at})


def _reply(connection: Connection, post_id: int, person: Person, message_id: str, at: datetime) -> None:
    _record(connection, replies, post_id, {**person_values(person), "message_id": message_id, "at": at})


def _record(connection: Connection, table: Table, post_id: int, values: Mapping[str, object]) -> None:
    lock_engagement(connection)
    if connection.scalar(select(posts.c.id).where(posts.c.id == post_id)) is None:
        return
    new = upsert(connection, table).values(post_id=post_id, **values).on_conflict_do_nothing()
    if connection.execute(new).rowcount:
        count_posts(connection, [post_id])


def _unreact(connection: Connection, post_id: int, person: Person, emoji: str) -> None:
    lock_engagement(connection)
    of_person = and_(where_person(reactions, person), reactions.c.emoji == emoji)
    connection.execute(delete(reactions).where(reactions.c.post_id == post_id, of_person))
    count_posts(connection, [post_id])


def _unreply(connection: Connection, post_id: int, message_id: str) -> None:
    lock_engagement(connection)
    connection.execute(delete(replies).where(replies.c.post_id == post_id, replies.c.message_id == message_id))
    count_posts(connection, [post_id])


def _recorded(connection: Connection, post_ids: Sequence[int]) -> dict[int, Seen]:
    given: dict[int, list[SeenReaction]] = {post_id: [] for post_id in post_ids}
    said: dict[int, list[SeenReply]] = {post_id: [] for post_id in post_ids}
    for some in chunked(post_ids):
        for row in connection.execute(select(reactions).where(reactions.c.post_id.in_(some))):
            given[row.post_id].append(SeenReaction(_person(row), row.emoji))
        for row in connection.execute(select(replies).where(replies.c.post_id.in_(some))):
            said[row.post_id].append(SeenReply(_person(row), row.message_id, row.at))
    return {post_id: Seen(tuple(given[post_id]), tuple(said[post_id])) for post_id in post_ids}


def _person(row: Row[Any]) -> Person:
    return Person(row.platform, row.workspace, row.user_id)


def _reconcile(connection: Connection, seen: Mapping[int, Seen], before: Mapping[int, Seen], at: datetime) -> None:
    lock_engagement(connection, all_of_it=True)
    found: list[int] = []
    for some in chunked(sorted(seen)):
        known = connection.scalars(select(posts.c.id).where(posts.c.id.in_(some))).all()
        now = _recorded(connection, known)
        right = {post_id: _merged(seen[post_id], before.get(post_id, now[post_id]), now[post_id]) for post_id in known}
        since = _reacted_at(connection, known)
        given = [_reaction(post_id, reaction, since, at) for post_id in known for reaction in right[post_id].reactions]
        said = [_reply_row(post_id, reply) for post_id in known for reply in right[post_id].replies]
        for table, rows in ((reactions, given), (replies, said)):
            connection.execute(delete(table).where(table.c.post_id.in_(known)))
            if rows:
                connection.execute(upsert(connection, table).on_conflict_do_nothing(), rows)
        found += known
    count_posts(connection, found)


def _merged(seen: Seen, before: Seen, now: Seen) -> Seen:
    """What the platform showed, with what has changed in the records between `before` and `now`.

    The records are compared, not moments: an event's moment is the platform's, and it may wait before it is recorded.
    """
    taken = set(before.reactions) - set(now.reactions)
    given = set(now.reactions) - set(before.reactions)
    had, has = ({reply.message_id for reply in one.replies} for one in (before, now))
    return Seen(
        tuple(reaction for reaction in seen.reactions if reaction not in taken) + tuple(given),
        tuple(reply for reply in seen.replies if reply.message_id not in had - has)
        + tuple(reply for reply in now.replies if reply.message_id not in had),
    )


def _reacted_at(connection: Connection, post_ids: Sequence[int]) -> dict[tuple[object, ...], datetime]:
    """Since when each reaction on these posts has been known."""
    rows = connection.execute(select(reactions).where(reactions.c.post_id.in_(post_ids)))
    return {(row.post_id, row.platform, row.workspace, row.user_id, row.emoji): row.at for row in rows}


def _reaction(
    post_id: int, seen: SeenReaction, since: Mapping[tuple[object, ...], datetime], at: datetime
) -> dict[str, object]:
    values = {"post_id": post_id, **person_values(seen.person), "emoji": seen.emoji}
    return {**values, "at": since.get(tuple(values.values()), at)}


def _reply_row(post_id: int, seen: SeenReply) -> dict[str, object]:
    return {"post_id": post_id, "message_id": seen.message_id, **person_values(seen.person), "at": seen.at}


def _save(connection: Connection, entry_id: str, person: Person, at: datetime) -> None:
    lock_engagement(connection)
    no = connection.scalar(select(entries.c.no).where(entries.c.id == entry_id))
    if no is None:
        raise NotFound(msg("There is no entry {id}.", id=entry_id))
    new = upsert(connection, saves).values(**person_values(person), entry_no=no, at=at)
    connection.execute(new.on_conflict_do_nothing())
    count_entries(connection, [no])


def _unsave(connection: Connection, entry_id: str, person: Person) -> None:
    lock_engagement(connection)
    no = connection.scalar(select(entries.c.no).where(entries.c.id == entry_id))
    if no is not None:
        connection.execute(delete(saves).where(where_person(saves, person), saves.c.entry_no == no))
        count_entries(connection, [no])


_COUNTERS = (entries.c.reactions, entries.c.replies, entries.c.saves)


def _saved(connection: Connection, entry_ids: Sequence[str], person: Person) -> set[str]:
    saved: set[str] = set()
    for some in chunked(entry_ids):
        statement = select(entries.c.id).join(saves, saves.c.entry_no == entries.c.no)
        saved.update(connection.scalars(statement.where(where_person(saves, person), entries.c.id.in_(some))))
    return saved


def _counts(connection: Connection, entry_ids: Sequence[str]) -> Mapping[str, Engagement]:
    found: dict[str, Engagement] = {}
    for some in chunked(entry_ids):
        any_at_all = or_(entries.c.popularity > 0, entries.c.replies > 0)
        statement = select(entries.c.id, *_COUNTERS).where(entries.c.id.in_(some), any_at_all)
        found.update((row.id, Engagement(*row[1:])) for row in connection.execute(statement))
    return found


def _between(connection: Connection, first: date, last: date) -> Sequence[tuple[Entry, Engagement]]:
    statement = (
        select(*ENTRY_COLUMNS, *_COUNTERS)
        .where(entries.c.shown.between(first_place(first), last_place(last)))
        .order_by(entries.c.shown)
        .limit(_MOST)
    )
    return [(to_entry(row), Engagement(*row[-len(_COUNTERS) :])) for row in connection.execute(statement)]
