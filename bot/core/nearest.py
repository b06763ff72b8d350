"""Which known names a mistyped word probably meant."""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 100
_IGNORED = str.maketrans(dict.fromkeys("-_ "))


def nearest(word: str, candidates: Iterable[tuple[str, int]], limit: int = 3) -> list[str]:
    """The names that `word` probably meant, best first, at most `limit`.

    `candidates` are names with how often each is used, which settles ties. Case, width, `-` and `_` make no
    difference, and Hangul is compared letter by letter. A name is near when few letters are wrong, missing,
    too many or swapped (none in one or two letters, one in up to four, two in up to eight, else three), or
    when one of the two begins with or holds the other. Other spellings of the very word leave no room for more.
    """
    wanted = _Wanted.of(word)
    if not wanted.word:
        return []
    found: list[tuple[int, int, str]] = []
    for name, count in candidates:
        rank = _rank(wanted, fold(name))
        if rank is not None:
            found.append((rank, -count, name))
    same = [match for match in found if match[0] == 0]
    return [name for _, _, name in heapq.nsmallest(limit, same or found)]


@lru_cache(maxsize=16_384)
def fold(name: str) -> str:
    """A name without case, width, `-`, `_` and spaces, its Hangul taken apart into letters; at most its first 100."""
    name = name[:_LONGEST]
    if not name.isascii():
        name = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold())
    return name.lower().translate(_IGNORED)[:_LONGEST]


def distance(one: str, other: str, reach: int) -> int | None:
    """How many letters are wrong, missing, too many or swapped with their neighbour; None when above `reach`."""
    if abs(len(one) - len(other)) > reach:
        return None
    one, other = _without_shared_ends(one, other)
    if not one or not other:
        return len(one) + len(other)
    rows: list[list[int]] = [[], [min(j, reach + 1) for j in range(len(other) + 1)]]
    for i in range(1, len(one) + 1):
        rows = [rows[-1], _next_row(one[:i], other, rows, reach)]
        if min(rows[0]) >= reach and min(rows[1]) > reach:
            return None
    return rows[1][-1] if rows[1][-1] <= reach else None


def _without_shared_ends(one: str, other: str) -> tuple[str, str]:
    shorter = min(len(one), len(other))
    start = 0
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]


def _next_row(one: str, other: str, rows: list[list[int]], reach: int) -> list[int]:
    """The row of the distance table for the last letter of `one`, from the two before it.

    Only the cells that `reach` can matter to are worked out; the others hold more than `reach`.
    """
    before, above = rows
    i = len(one)
    letter, previous = one[-1], one[-2:-1]
    row = [reach + 1] * (len(other) + 1)
    if i <= reach:
        row[0] = i
    for j in range(max(1, i - reach), min(len(other), i + reach) + 1):
        cost = above[j - 1]
        if letter != other[j - 1]:
            cost = min(cost, above[j], row[j - 1]) + 1
            if j > 1 and previous == other[j - 1] and letter == other[j - 2]:
                cost = min(cost, before[j - 2] + 1)
        row[j] = cost
    return row


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A folded word, and what is worked out from it once."""

    word: str
    letters: frozenset[str]
    reach: int

    @classmethod
    def of(cls, word: str) -> _Wanted:
        folded = fold(word)
        return cls(folded, frozenset(folded), _reach(len(folded)))


def _reach(length: int) -> int:
    if length <= 2:
        return 0
    if length <= 4:
        return 1
    return 2 if length <= 8 else 3


def _rank(wanted: _Wanted, name: str) -> int | None:
    """Twice the number of wrong letters; a shared beginning counts 3, a shared part 5."""
    by_part = _rank_by_part(wanted.word, name)
    reach = wanted.reach
    if not -reach <= len(name) - len(wanted.word) <= reach or len(wanted.letters.difference(name)) > reach:
        return by_part
    wrong = distance(wanted.word, name, reach)
    if wrong is None:
        return by_part
    return 2 * wrong if by_part is None else min(2 * wrong, by_part)


def _rank_by_part(wanted: str, name: str) -> int | None:
    if wanted in name:
        if name.startswith(wanted):
            return 3
        return 5 if len(wanted) > 2 else None
    if len(name) > 2 and name in wanted:
        return 3 if wanted.startswith(name) else 5
    return None
