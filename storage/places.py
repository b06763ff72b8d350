"""Places: one number that puts every entry in digest order.

`(day << 20) | n`, where `day` is the digest date's ordinal (0 when undated) and `n` counts the entries of that day
in the order they came. So newest first, a date range and the next page are ranges of one index.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Connection, select

from bot.core.query import DateSpan
from storage.tables import entries

_BITS = 20
MOST_BITS = _BITS
"""So many count the entries of one day."""
FIRST_DATED = 1 << _BITS
LAST = ((date.max.toordinal() + 1) << _BITS) - 1


def first_place(day: date | None) -> int:
    """The lowest place of a day; of the undated entries when None."""
    return day.toordinal() << _BITS if day else 0


def last_place(day: date | None) -> int:
    """The highest place of a day."""
    return first_place(day) + FIRST_DATED - 1


def fits(place: int, bits: int) -> bool:
    """Whether so many bits are enough to count the entries of its day up to it."""
    return place & (FIRST_DATED - 1) < 1 << bits


def day_of(place: int) -> date | None:
    """The digest date of a place."""
    return date.fromordinal(place >> _BITS) if place >= FIRST_DATED else None


def bounds(span: DateSpan) -> tuple[int, int]:
    """The lowest and highest place within a span of digest dates."""
    return (
        first_place(span.first) if span.first else FIRST_DATED,
        last_place(span.last) if span.last else LAST,
    )


def any_after(connection: Connection, day: date) -> bool:
    """Whether there are public entries of later digests."""
    later = select(entries.c.shown).where(entries.c.shown > last_place(day)).limit(1)
    return connection.scalar(later) is not None


def day_number(place: ColumnElement[int]) -> ColumnElement[int]:
    """In SQL: the ordinal of the digest date of a place."""
    return place // FIRST_DATED


def narrow(place: int, bits: int, *, up: bool = False) -> int:
    """A place as a smaller number, in the same order, whose last `bits` count the entries of its day.

    One beyond what they count becomes the last of its day, or with `up` the first of the next.
    """
    day, number = place >> _BITS, place & (FIRST_DATED - 1)
    if number >> bits:
        return (day + 1) << bits if up else (day + 1 << bits) - 1
    return day << bits | number


def wide(number: int, bits: int) -> int:
    """The place that `narrow` made smaller."""
    return (number >> bits) << _BITS | number & ((1 << bits) - 1)
