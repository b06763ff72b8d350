"""What was found, read from its places: entries, and what one asker sees beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from bot.core.digests import MessageRef, PostState
from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.hits import Hit
from bot.core.people import Person
from bot.core.subscriptions import Channel
from storage.asking import Run
from storage.chunks import chunked
from storage.codec import ENTRY_FIELDS, entry_of
from storage.raw import among, marks, rows_of
from storage.snippets import snippet_of
from storage.tables import PERSON_COLUMNS

_COLUMNS = ", ".join(f"e.{name}" for name in ENTRY_FIELDS)
_FIELDS = len(ENTRY_FIELDS)


def public_rows(connection: Connection, condition: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
    """Rows of the public entries `e` that meet a condition, in digest order: for `entry_of`, the place behind it."""
    sql = f"SELECT {_COLUMNS}, e.shown FROM entries e WHERE e.shown IS NOT NULL AND {condition}"  # noqa: S608
    found = rows_of(connection, sql, parameters)
    return sorted(found, key=lambda row: row[_FIELDS])  # put in order here, so that the condition's own index is taken


def entries_at(connection: Connection, places: Sequence[int]) -> tuple[Entry, ...]:
    """The public entries at these places, in this order."""
    found: dict[int, Entry] = {}
    for some in chunked(places):
        meant, asked = among(connection, some)
        sql = f"SELECT {_COLUMNS}, e.shown FROM entries e WHERE e.shown {meant}"  # noqa: S608
        found.update((row[_FIELDS], entry_of(row)) for row in rows_of(connection, sql, asked))
    return tuple(found[place] for place in places)


def hits_at(
    connection: Connection, places: Sequence[int], asker: Person | None, shown: Sequence[Run] = ()
) -> tuple[Hit, ...]:
    """The same with what the asker sees beside them, and where the words they asked for stand."""
    if not places:
        return ()
    found: dict[int, Hit] = {}
    entries = list(_with_counts(connection, places, asker))
    jumps = latest_posts(connection, asker.platform, asker.workspace, [e.id for _, e, _, _ in entries]) if asker else {}
    for place, entry, engagement, saved in entries:
        snippet = snippet_of(entry, shown) if shown else ()
        found[place] = Hit(entry, engagement, saved, jumps.get(entry.id), snippet)
    return tuple(found[place] for place in places)


def _with_counts(
    connection: Connection, places: Sequence[int], asker: Person | None
) -> list[tuple[int, Entry, Engagement, bool]]:
    who = [asker.platform, asker.workspace, asker.user_id] if asker else []
    is_theirs = " AND ".join(f"s.{column} = ?" for column in PERSON_COLUMNS)
    saved = f"EXISTS (SELECT 1 FROM saves s WHERE {is_theirs} AND s.entry_no = e.no)" if asker else "0"  # noqa: S608
    meant, asked = among(connection, places)
    sql = (
        f"SELECT {_COLUMNS}, e.shown, e.reactions, e.replies, e.saves, {saved} "  # noqa: S608
        f"FROM entries e WHERE e.shown {meant}"
    )
    rows = rows_of(connection, sql, [*who, *asked])
    return [
        (place, entry_of(row), Engagement(reactions, replies, saves), bool(is_saved))
        for row in rows
        for place, reactions, replies, saves, is_saved in [row[_FIELDS:]]
    ]


def latest_posts(
    connection: Connection, platform: str, workspace: str, entry_ids: Sequence[str]
) -> Mapping[str, MessageRef]:
    """The newest post of each of these entries in a workspace. Never one in somebody's direct messages."""
    found: dict[str, tuple[tuple[int, int], MessageRef]] = {}
    for some in chunked(entry_ids):
        sql = (
            "SELECT p.entry_id, p.channel_id, p.message_id, p.sent_at, p.id FROM posts p "  # noqa: S608
            f"WHERE p.entry_id IN ({marks(some)}) AND p.platform = ? AND p.workspace = ? AND p.state = ? "
            "AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.id = p.subscription_id AND s.personal)"
        )
        rows = rows_of(connection, sql, [*some, platform, workspace, PostState.SENT.value])
        for entry_id, channel_id, message_id, sent_at, number in rows:  # put in order here: SQLite would walk along all
            newest = found.get(entry_id)
            if newest is None or (sent_at, number) > newest[0]:
                ref = MessageRef(Channel(platform, workspace, channel_id), message_id)
                found[entry_id] = (sent_at, number), ref
    return {entry_id: ref for entry_id, (_, ref) in found.items()}
