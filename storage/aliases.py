"""Aliases of tags: other keys that stand for one, also on entries that carry them as tags of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, literal, select, update

from bot.core.entries import tag_key
from bot.core.errors import NotFound
from bot.core.messages import msg
from storage.asking import Group
from storage.bulk import insert_rows
from storage.chunks import chunked
from storage.codec import texts_of_list
from storage.dialects import upsert
from storage.locks import lock_archive
from storage.places import FIRST_DATED, LAST
from storage.postings import postings_of
from storage.raw import change, marks, rows_of
from storage.tables import entry_tags, tag_aliases, tag_spellings, tags
from storage.tags import count_spellings, tag_ids
from storage.tokens import tag_token


def declare_alias(connection: Connection, alias: str, tag: str) -> None:
    """Let `alias` stand for `tag`; a tag that was called so becomes one with it.

    Raises:
        NotFound: there is no such tag.
    """
    lock_archive(connection)
    key = tag_key(alias)
    target = tag_ids(connection, [tag_key(tag)]).get(tag_key(tag))
    if target is None:
        raise NotFound(msg("There is no tag “{tag}”.", tag=tag))
    merged = connection.scalar(select(tags.c.id).where(tags.c.key == key))
    before = connection.scalar(select(tag_aliases.c.tag_id).where(tag_aliases.c.key == key))
    if target in (merged, before):
        return  # a spelling of the tag itself
    if merged is not None:
        _merge(connection, merged, target)
    statement = upsert(connection, tag_aliases).values(key=key, tag_id=target)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"tag_id": target}))
    if before is not None:
        _move(connection, key, before, target)


def _merge(connection: Connection, old: int, target: int) -> None:
    """Let a tag become one with another."""
    places = select(literal(target), entry_tags.c.place).where(entry_tags.c.tag_id == old)
    connection.execute(upsert(connection, entry_tags).from_select(["tag_id", "place"], places).on_conflict_do_nothing())
    connection.execute(delete(entry_tags).where(entry_tags.c.tag_id == old))
    _recount(connection, [target])
    spellings = connection.execute(select(tag_spellings).where(tag_spellings.c.tag_id == old)).all()
    connection.execute(delete(tag_spellings).where(tag_spellings.c.tag_id == old))
    counts: dict[tuple[int, str], int] = {(target, row.spelling): row.uses for row in spellings}
    if counts:
        count_spellings(connection, counts)
    connection.execute(update(tag_aliases).where(tag_aliases.c.tag_id == old).values(tag_id=target))
    connection.execute(delete(tags).where(tags.c.id == old))


def _move(connection: Connection, key: str, old: int, target: int) -> None:
    """Let entries that carry the alias as a tag of their own carry the tag it stands for now, instead of the other."""
    others = _keys_of(connection, old)
    kept: set[int] = set()
    spellings: Counter[str] = Counter()
    carried: list[tuple[int, int]] = []
    for place, names in _carrying(connection, key):
        carried.append((target, place))
        spellings.update(name for name in names if tag_key(name) == key)
        if not others.isdisjoint(map(tag_key, names)):
            kept.add(place)
    insert_rows(connection, "entry_tags", ("tag_id", "place"), carried, "ON CONFLICT DO NOTHING")
    gone = [(old, place) for _, place in carried if place not in kept]
    change(connection, "DELETE FROM entry_tags WHERE tag_id = ? AND place = ?", gone)
    _recount(connection, [old, target])
    count_spellings(
        connection, {(tag, name): step * n for name, n in spellings.items() for tag, step in ((old, -1), (target, 1))}
    )


def _keys_of(connection: Connection, tag: int) -> set[str]:
    """All keys that stand for a tag."""
    sql = "SELECT key FROM tags WHERE id = ? UNION ALL SELECT key FROM tag_aliases WHERE tag_id = ?"
    return {key for (key,) in rows_of(connection, sql, (tag, tag))}


def _carrying(connection: Connection, key: str) -> Sequence[tuple[int, tuple[str, ...]]]:
    """The places of public entries that carry this very key, with all their tags as they are written."""
    wanted = [Group(((tag_token(key),),))]
    most = connection.scalar(select(func.count()).select_from(entry_tags)) or 0
    found = []
    for some in chunked(postings_of(connection).newest(connection, wanted, (), (FIRST_DATED, LAST), most)):
        sql = f"SELECT shown, tags FROM entries WHERE shown IN ({marks(some)})"  # noqa: S608
        for place, kept in rows_of(connection, sql, some):
            names = texts_of_list(kept)
            if key in map(tag_key, names):  # long keys may share a token
                found.append((place, names))
    return found


def _recount(connection: Connection, ids: Sequence[int]) -> None:
    carried = select(func.count()).where(entry_tags.c.tag_id == tags.c.id).correlate(tags).scalar_subquery()
    connection.execute(update(tags).where(tags.c.id.in_(ids)).values(uses=carried))
