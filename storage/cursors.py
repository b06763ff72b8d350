"""Cursors: where a page of results begins or ends, as a short URL-safe text.

`n-a-2kq5zk` is: sort new, after the result with that key. A key is the place of a result, after a score where the
sort has one; its numbers are in base 36.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.errors import InputError
from bot.core.messages import msg
from bot.core.query import Sort
from storage.places import LAST

_LETTERS = {Sort.NEW: "n", Sort.OLD: "o", Sort.RELEVANCE: "r", Sort.POPULAR: "p", Sort.DISCUSSED: "d"}
_CURSOR = re.compile(r"(?P<sort>[norpd])-(?P<side>[ab])(?P<key>(?:-[0-9a-z]{1,12}){1,2})", re.ASCII)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The results after a key, or with `backward` those before it."""

    key: Key
    backward: bool


def is_scored(sort: Sort) -> bool:
    """Whether a sort's keys have a score before the place."""
    return sort not in {Sort.NEW, Sort.OLD}


def write_cursor(cursor: Cursor, sort: Sort) -> str:
    """The text of a cursor."""
    return "-".join([_LETTERS[sort], "b" if cursor.backward else "a", *map(_base36, cursor.key)])


def read_cursor(text: str, sort: Sort) -> Cursor:
    """The cursor that a text is.

    Raises:
        InputError: it is none, or one of another sort.
    """
    found = _CURSOR.fullmatch(text)
    if found and found["sort"] == _LETTERS[sort]:
        key = tuple(int(number, 36) for number in found["key"][1:].split("-"))
        if len(key) == 1 + is_scored(sort) and all(number <= LAST for number in key):
            return Cursor(key, found["side"] == "b")
    raise InputError(msg("These results cannot be turned any further. Ask again."))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
