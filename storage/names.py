"""Names of authors and organisations on public entries, and how many entries each is under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Connection, bindparam, func, select, update

from bot.core.entries import Entry, TagCount
from storage.bulk import insert_rows
from storage.chunks import chunked
from storage.places import last_place
from storage.tables import entries, name_words, names
from storage.tokens import names_on
from storage.words import name_words as words_of

_END = "\U0010ffff"


def count_names(connection: Connection, placed: Iterable[tuple[Entry, int]], step: int) -> None:
    """Count (`step` 1), or count off (-1), the names on public entries."""
    uses: Counter[str] = Counter()
    keys: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for entry, _ in placed:
        on_it = set()
        for name in names_on(entry):
            if name not in keys:
                keys[name] = " ".join(words_of(name))
                spelled.setdefault(keys[name], name)
            on_it.add(keys[name])
        uses.update(on_it)
    spelled.pop("", None)
    if not spelled:
        return
    if step > 0:
        _add_names(connection, spelled)
    connection.execute(
        update(names).where(names.c.key == bindparam("name_key")).values(uses=names.c.uses + bindparam("by")),
        [{"name_key": key, "by": step * count} for key, count in uses.items()],
    )


def _add_names(connection: Connection, spelled: Mapping[str, str]) -> None:
    """Keep the names, by their words, that are not known yet."""
    known: set[str] = set()
    for some in chunked(spelled):
        known.update(connection.scalars(select(names.c.key).where(names.c.key.in_(some))))
    new = [key for key in spelled if key not in known]
    if not new:
        return
    first = connection.scalar(select(func.coalesce(func.max(names.c.id), 0))) or 0
    ids = dict(zip(new, range(first + 1, first + 1 + len(new)), strict=True))
    insert_rows(connection, names, ("id", "key", "name", "uses"), [(ids[key], key, spelled[key], 0) for key in new])
    words = [(word, ids[key]) for key in new for word in key.split()]
    insert_rows(connection, name_words, ("word", "name_id"), words)


def list_names(connection: Connection, prefix: str, limit: int, today: date | None) -> list[TagCount]:
    """Names with words that start with the prefix's words, most entries first."""
    later = _uses_after(connection, today) if today else Counter()
    statement = select(names.c.key, names.c.name, names.c.uses).where(names.c.uses > 0)
    statement = statement.order_by(names.c.uses.desc(), names.c.key).limit(limit + len(later))
    for word in words_of(prefix):
        having = select(name_words.c.name_id).where(name_words.c.word.between(word, word + _END))
        statement = statement.where(names.c.id.in_(having))
    found = [(row.uses - later[row.key], row.key, row.name) for row in connection.execute(statement)]
    found.sort(key=lambda one: (-one[0], one[1]))
    return [TagCount(name, uses) for uses, _, name in found if uses > 0][:limit]


def _uses_after(connection: Connection, day: date) -> Counter[str]:
    """How many entries of later digests each name is under, by its words."""
    coming = select(entries.c.authors, entries.c.organisation).where(entries.c.shown > last_place(day))
    uses: Counter[str] = Counter()
    for row in connection.execute(coming):
        on_it = (*row.authors, row.organisation) if row.organisation else row.authors
        uses.update({" ".join(words_of(name)) for name in on_it})
    return uses
