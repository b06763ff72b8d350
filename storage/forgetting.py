"""Erasing a person: what they did, what they follow with all that was sent to them, and their name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Select, delete, select, update

from bot.core.people import Person
from storage.counters import count_entries
from storage.people import person_values, where_person
from storage.subscriptions import to_subscription
from storage.tables import deliveries, entries, posts, reactions, replies, revisions, saves, subscriptions


def forget(connection: Connection, person: Person) -> int:
    """Erase a person's records, and everything in their direct messages; how many reactions, replies, saves, follows.

    Subscriptions that have ended are erased as well, but nobody follows their queries any more: they do not count.
    """
    made_by_them = where_person(subscriptions, person, "created_by_")
    personal = select(subscriptions).where(made_by_them, subscriptions.c.personal.is_(True))
    followed = [to_subscription(row) for row in connection.execute(personal)]
    count = sum(len(subscription.queries) for subscription in followed if not subscription.ended)
    ids = [subscription.id for subscription in followed]
    count += _erase_engagement(connection, person, _posts_of(ids))
    _erase_subscriptions(connection, ids)
    connection.execute(update(subscriptions).where(made_by_them).values(**person_values(None, "created_by_")))
    connection.execute(update(revisions).where(where_person(revisions, person)).values(**person_values(None)))
    return count


def _deliveries_of(subscription_ids: Sequence[int]) -> Select[int]:
    return select(deliveries.c.id).where(deliveries.c.subscription_id.in_(subscription_ids))


def _posts_of(subscription_ids: Sequence[int]) -> Select[int]:
    return select(posts.c.id).where(posts.c.delivery_id.in_(_deliveries_of(subscription_ids)))


def _erase_engagement(connection: Connection, person: Person, private: Select[int]) -> int:
    """What the person did anywhere, and anybody on their `private` posts."""
    count = 0
    touched = set(connection.scalars(select(saves.c.entry_no).where(where_person(saves, person))))
    for table in (reactions, replies):
        by_them_or_to_them: tuple[ColumnElement[bool], ...] = (
            where_person(table, person),
            table.c.post_id.in_(private),
        )
        for which in by_them_or_to_them:
            on_posts = posts.c.id.in_(select(table.c.post_id).where(which))
            numbers = select(entries.c.no).join(posts, posts.c.entry_id == entries.c.id).where(on_posts)
            touched.update(connection.scalars(numbers))
            count += connection.execute(delete(table).where(which)).rowcount
    count += connection.execute(delete(saves).where(where_person(saves, person))).rowcount
    count_entries(connection, sorted(touched))
    return count


def _erase_subscriptions(connection: Connection, ids: Sequence[int]) -> None:
    """Whoever is at work on one of the posts finds it gone, and cannot meet another in its place: see the tables."""
    connection.execute(delete(posts).where(posts.c.delivery_id.in_(_deliveries_of(ids))))
    connection.execute(delete(deliveries).where(deliveries.c.subscription_id.in_(ids)))
    connection.execute(delete(subscriptions).where(subscriptions.c.id.in_(ids)))
