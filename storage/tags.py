"""Tags of public entries: their counts, spellings and aliases, and which entry carries which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from sqlalchemy import (
    ColumnElement,
    Connection,
    func,
    or_,
    select,
)

from bot.core.entries import Entry, TagCount, tag_key
from storage.bulk import insert_rows
from storage.chunks import chunked
from storage.places import any_after, last_place
from storage.raw import change, marks, rows_of
from storage.tables import entry_tags, tag_aliases, tags

_LEAST_WITHIN = 3


def may_stand_within(begun: str) -> bool:
    """Whether what is typed of a tag may be any part of it: `detection` of `object_detection`; not one or two letters.

    Korean nouns have two.
    """
    return len(begun) >= _LEAST_WITHIN - (not begun.isascii())


def tag_ids(connection: Connection, keys: Collection[str]) -> Mapping[str, int]:
    """The tags that these keys name, directly or as aliases."""
    found: dict[str, int] = {}
    for some in chunked(set(keys)):
        asked = marks(some)
        sql = (
            f"SELECT key, id FROM tags WHERE key IN ({asked}) UNION ALL "  # noqa: S608
            f"SELECT key, tag_id FROM tag_aliases WHERE key IN ({asked})"
        )
        found.update(map(tuple, rows_of(connection, sql, [*some, *some])))
    return found


def count_tags(connection: Connection, placed: Iterable[tuple[Entry, int]], step: int) -> None:
    """Enter (`step` 1) or take out (-1) the tags of public entries at their places."""
    written = [(name, place) for entry, place in placed for name in entry.tags]
    spellings = Counter(name for name, _ in written)
    keys = {name: key for name in spellings if (key := tag_key(name))}
    if not keys:
        return
    ids = tag_ids(connection, keys.values())
    if step > 0:
        ids = _with_new_tags(connection, ids, {key: name for name, key in reversed(keys.items())})
    carried = {(ids[keys[name]], place) for name, place in written if name in keys}  # several names may be one tag
    _write_rows(connection, carried, step)
    uses = Counter(tag_id for tag_id, _ in carried)
    counted = [(step * count, tag_id) for tag_id, count in sorted(uses.items())]
    change(connection, "UPDATE tags SET uses = uses + ? WHERE id = ?", counted)
    count_spellings(connection, {(ids[key], name): step * spellings[name] for name, key in keys.items()})


def _with_new_tags(connection: Connection, ids: Mapping[str, int], names: Mapping[str, str]) -> Mapping[str, int]:
    new = [key for key in names if key not in ids]
    insert_rows(connection, "tags", ("key", "name", "uses"), [(key, names[key], 0) for key in new])
    return {**ids, **tag_ids(connection, new)}


def _write_rows(connection: Connection, carried: Collection[tuple[int, int]], step: int) -> None:
    if step > 0:
        insert_rows(connection, "entry_tags", ("tag_id", "place"), sorted(carried))
        return
    change(connection, "DELETE FROM entry_tags WHERE tag_id = ? AND place = ?", list(carried))


def count_spellings(connection: Connection, changes: Mapping[tuple[int, str], int]) -> None:
    """Count how often more, or less, each tag is written in a way, and show it as it is most often written."""
    insert_rows(
        connection,
        "tag_spellings",
        ("tag_id", "spelling", "uses"),
        [(tag_id, name, by) for (tag_id, name), by in changes.items()],
        "ON CONFLICT (tag_id, spelling) DO UPDATE SET uses = tag_spellings.uses + excluded.uses",
    )
    _rename(connection, {tag_id for tag_id, _ in changes})


def _rename(connection: Connection, ids: Collection[int]) -> None:
    """Show each tag as it is most often written; of two spellings as frequent, as first written."""
    most = "SELECT spelling FROM tag_spellings WHERE tag_id = tags.id ORDER BY uses DESC, id LIMIT 1"
    change(connection, f"UPDATE tags SET name = ({most}) WHERE id = ?", [(tag_id,) for tag_id in sorted(ids)])  # noqa: S608


def list_tags(connection: Connection, prefix: str, limit: int, today: date | None) -> list[TagCount]:
    """Tags with a spelling or alias that starts with the prefix, most used first; then those with it further on."""
    start, uses = tag_key(prefix), _uses(connection, today)
    statement = select(tags.c.name, uses.label("uses")).where(uses > 0).order_by(uses.desc(), tags.c.key)
    if not start:
        return [TagCount(*row) for row in connection.execute(statement.limit(limit))]
    end = start + "\U0010ffff"
    aliased = select(tag_aliases.c.tag_id).where(tag_aliases.c.key.between(start, end))
    begins = or_(tags.c.key.between(start, end), tags.c.id.in_(aliased))
    found = [TagCount(*row) for row in connection.execute(statement.where(begins).limit(limit))]
    if len(found) < limit and may_stand_within(start):
        within = statement.where(tags.c.key.contains(start, autoescape=True), ~begins)
        found += [TagCount(*row) for row in connection.execute(within.limit(limit - len(found)))]
    return found


def tags_by_name(connection: Connection, limit: int, today: date | None) -> dict[str, TagCount]:
    """The most used tags by their names and aliases."""
    uses = _uses(connection, today)
    statement = select(tags.c.id, tags.c.name, uses.label("uses")).where(uses > 0).order_by(uses.desc(), tags.c.key)
    by_id = {row.id: TagCount(row.name, row.uses) for row in connection.execute(statement.limit(limit))}
    found = {tag.name: tag for tag in by_id.values()}
    aliases = select(tag_aliases.c.key, tag_aliases.c.tag_id).order_by(tag_aliases.c.key).limit(limit)
    for key, tag_id in connection.execute(aliases):
        if tag_id in by_id:
            found.setdefault(key, by_id[tag_id])
    return found


def _uses(connection: Connection, today: date | None) -> ColumnElement[int]:
    """How many public entries carry a tag; those of later digests are counted off, where there are any at all."""
    if today is None or not any_after(connection, today):
        return tags.c.uses
    later = select(func.count()).where(entry_tags.c.tag_id == tags.c.id, entry_tags.c.place > last_place(today))
    return tags.c.uses - later.correlate(tags).scalar_subquery()


def known_tags(connection: Connection, names: Collection[str], today: date | None) -> set[str]:
    """Which of these names are tags, or aliases of tags, that public entries carry."""
    keys = {name: tag_key(name) for name in names}
    ids = tag_ids(connection, keys.values())
    in_use = _uses(connection, today) > 0
    used = set(connection.scalars(select(tags.c.id).where(tags.c.id.in_(set(ids.values())), in_use)))
    return {name for name, key in keys.items() if ids.get(key) in used}
