"""Erasing a person: what they did, what they follow with all that was sent to them, and their name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import ColumnElement, Connection, FromClause, Select, delete, select, update

from bot.core.people import Person
from storage.counters import count_entries
from storage.locks import lock_archive, lock_channels_of, lock_engagement
from storage.people import person_values, select_channels, where_person
from storage.subscriptions import to_subscription
from storage.tables import deliveries, entries, posts, reactions, replies, revisions, saves, subscriptions

Theirs = Callable[[FromClause], ColumnElement[bool]]
"""The rows of a table that are the person's."""


def forget(connection: Connection, person: Person, in_all_workspaces: bool) -> int:
    """Erase a person's records, and everything in their direct messages; how many reactions, replies, saves, follows.

    Subscriptions that have ended are erased as well, but nobody follows their queries any more: they do not count.
    """
    theirs = partial(where_person, person=person, in_all_workspaces=in_all_workspaces)
    made_by_them = theirs(subscriptions, prefix="created_by_")
    personal = made_by_them, subscriptions.c.personal.is_(True)
    lock_engagement(connection, all_of_it=True)
    lock_channels_of(  # nobody plans for them any more
        connection,
        select_channels(subscriptions).where(*personal),
        select_channels(deliveries).where(
            deliveries.c.subscription_id.in_(select(subscriptions.c.id).where(*personal))
        ),
    )
    lock_archive(connection)  # their name is taken from revisions
    theirs_now = select(subscriptions).where(*personal).order_by(subscriptions.c.id).with_for_update()
    followed = [to_subscription(row) for row in connection.execute(theirs_now)]
    count = sum(len(subscription.queries) for subscription in followed if not subscription.ended)
    ids = [subscription.id for subscription in followed]
    count += _erase_engagement(connection, theirs, _posts_of(ids))
    _erase_subscriptions(connection, ids)
    connection.execute(update(subscriptions).where(made_by_them).values(**person_values(None, "created_by_")))
    connection.execute(update(revisions).where(theirs(revisions)).values(**person_values(None)))
    return count


def _deliveries_of(subscription_ids: Sequence[int]) -> Select[int]:
    return select(deliveries.c.id).where(deliveries.c.subscription_id.in_(subscription_ids))


def _posts_of(subscription_ids: Sequence[int]) -> Select[int]:
    return select(posts.c.id).where(posts.c.delivery_id.in_(_deliveries_of(subscription_ids)))


def _erase_engagement(connection: Connection, theirs: Theirs, private: Select[int]) -> int:
    """What the person did anywhere, and anybody on their `private` posts."""
    count = 0
    touched = set(connection.scalars(select(saves.c.entry_no).where(theirs(saves))))
    for table in (reactions, replies):
        by_them_or_to_them: tuple[ColumnElement[bool], ...] = (
            theirs(table),
            table.c.post_id.in_(private),
        )
        for which in by_them_or_to_them:
            on_posts = posts.c.id.in_(select(table.c.post_id).where(which))
            numbers = select(entries.c.no).join(posts, posts.c.entry_id == entries.c.id).where(on_posts)
            touched.update(connection.scalars(numbers))
            count += connection.execute(delete(table).where(which)).rowcount
    count += connection.execute(delete(saves).where(theirs(saves))).rowcount
    count_entries(connection, touched)
    return count


def _erase_subscriptions(connection: Connection, ids: Sequence[int]) -> None:
    """Whoever is at work on one of the posts finds it gone, and cannot meet another in its place: see the tables."""
    connection.execute(delete(posts).where(posts.c.delivery_id.in_(_deliveries_of(ids))))
    connection.execute(delete(deliveries).where(deliveries.c.subscription_id.in_(ids)))
    connection.execute(delete(subscriptions).where(subscriptions.c.id.in_(ids)))
