"""Names of authors and organisations on public entries, and how many entries each is under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from operator import itemgetter

from sqlalchemy import Connection

from bot.core.entries import Entry, TagCount
from storage.bulk import insert_rows
from storage.chunks import chunked
from storage.codec import texts_of_list
from storage.places import last_place
from storage.raw import change, marks, rows_of, value_of
from storage.tokens import names_on
from storage.words import name_words as words_of

_FEW, _FEW_OF_SEVERAL = 1_500, 3_000
"""So many names are put in order; more where there are further beginnings to look for, since fewer have them all."""
_BEGUN_ALIKE = 2
"""So many words of one name may begin alike, and it is met as often; three do so in hardly any."""
_END = "\U0010ffff"


def count_names(connection: Connection, placed: Iterable[tuple[Entry, int]], step: int) -> None:
    """Count (`step` 1), or count off (-1), the names on public entries."""
    on_each = [names_on(entry) for entry, _ in placed]
    keys = {name: " ".join(words_of(name)) for name in dict.fromkeys(chain.from_iterable(on_each))}
    uses = Counter(chain.from_iterable({keys[name] for name in names} for names in on_each))
    del uses[""]
    if step > 0:
        spelled = {key: name for name, key in reversed(keys.items())}  # as first written
        for key in _add_names(connection, spelled, uses):
            del uses[key]
    counted = [(step * count, key) for key, count in sorted(uses.items())]
    change(connection, "UPDATE names SET uses = uses + ? WHERE key = ?", counted)


def _add_names(connection: Connection, spelled: Mapping[str, str], uses: Mapping[str, int]) -> Sequence[str]:
    """Keep the names with uses, by their words, that are not known yet; their keys."""
    known: set[str] = set()
    for some in chunked(uses):
        sql = f"SELECT key FROM names WHERE key IN ({marks(some)})"  # noqa: S608
        known.update(key for (key,) in rows_of(connection, sql, some))
    new = sorted(uses.keys() - known)
    if not new:
        return new
    first = (value_of(connection, "SELECT max(id) FROM names") or 0) + 1
    ids = dict(zip(new, range(first, first + len(new)), strict=True))
    rows = [(ids[key], key, spelled[key], uses[key]) for key in new]
    insert_rows(connection, "names", ("id", "key", "name", "uses"), rows)
    words = [(word, ids[key]) for key in new for word in key.split()]
    words.sort(key=itemgetter(0))
    insert_rows(connection, "name_words", ("word", "name_id"), words)
    return new


def list_names(connection: Connection, prefix: str, limit: int, today: date | None) -> list[TagCount]:
    """Names with words that start with the prefix's words, most entries first."""
    later = _uses_after(connection, today) if today else Counter()
    begun = words_of(prefix)
    rare = _rare(connection, begun)
    others = [word for word in begun if word != rare]
    all_begun = " AND (key LIKE ? OR key LIKE ?)" * len(others)
    parameters = [pattern for word in others for pattern in (f"{word}%", f"% {word}%")]
    most = limit + len(later)
    if rare is None:  # which of those as frequent are left out is left to the index
        sql = f"SELECT uses, key, name FROM names WHERE uses > 0{all_begun} ORDER BY uses DESC, key DESC LIMIT ?"  # noqa: S608
    else:  # the sum keeps SQLite from walking along all names, among which these are far between
        sql = (
            "SELECT uses, key, name FROM name_words w CROSS JOIN names n WHERE n.id = w.name_id "  # noqa: S608
            f"AND word BETWEEN ? AND ? AND uses + 0 > 0{all_begun} ORDER BY uses + 0 DESC, key LIMIT ?"
        )
        parameters = [rare, rare + _END, *parameters]
        most *= _BEGUN_ALIKE
    rows = dict.fromkeys(map(tuple, rows_of(connection, sql, [*parameters, most])))
    found = sorted(((uses - later[key], key, name) for uses, key, name in rows), key=lambda one: (-one[0], one[1]))
    return [TagCount(name, uses) for uses, _, name in found if uses > 0][:limit]


def _rare(connection: Connection, begun: Sequence[str]) -> str | None:
    """Of the beginnings, one that so few names have that these can be put in order; None where there is none."""
    most = _FEW if len(begun) == 1 else _FEW_OF_SEVERAL
    sql = "SELECT count(*) FROM (SELECT 1 FROM name_words WHERE word BETWEEN ? AND ? LIMIT ?) AS few"
    counts: dict[str, int] = {}
    for word in sorted(begun, key=len, reverse=True):  # the longer, the rarer
        counts[word] = value_of(connection, sql, (word, word + _END, most + 1))
        if counts[word] <= _FEW:
            return word
    rarest = min(begun, key=counts.__getitem__, default=None)
    return rarest if rarest is not None and counts[rarest] <= most else None


def _uses_after(connection: Connection, day: date) -> Counter[str]:
    """How many entries of later digests each name is under, by its words."""
    sql = "SELECT authors, organisation FROM entries WHERE shown > ?"
    uses: Counter[str] = Counter()
    for authors, organisation in rows_of(connection, sql, [last_place(day)]):
        on_it = (*texts_of_list(authors), *([organisation] if organisation else []))
        uses.update({" ".join(words_of(name)) for name in on_it})
    return uses
