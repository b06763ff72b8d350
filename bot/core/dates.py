"""Days as people type them, in queries and in commands."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import MINYEAR

from bot.core.query import Day, PartialDate, RelativeDay

RELATIVE_DAYS = {
    "today": RelativeDay.TODAY,
    "오늘": RelativeDay.TODAY,
    "yesterday": RelativeDay.YESTERDAY,
    "어제": RelativeDay.YESTERDAY,
}

_LONGEST = 40
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2}))?)?",
        r"(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})(?:/(?P<day>[0-9]{1,2}))?",
        r"(?P<year>[0-9]{4})\. ?(?P<month>[0-9]{1,2})(?:\. ?(?P<day>[0-9]{1,2}))?\.?",
        r"(?P<year>[0-9]{4}) ?년(?: ?(?P<month>[0-9]{1,2}) ?월(?: ?(?P<day>[0-9]{1,2}) ?일)?)?",
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    )
)
_DAY_FIRST = re.compile(r"(?P<one>[0-9]{1,2})[-./](?P<two>[0-9]{1,2})[-./](?P<year>[0-9]{4})")


def parse_day(text: str) -> Day | None:
    """The day, month or year that a whole text names, else None; impossible ones such as `2024-02-30` too.

    Reads `2024-06-21`, `2024-06`, `2024`, `today`, `yesterday`, `오늘`, `어제`, and kindly `2024.06.21`,
    `2024/6/21`, `20240621`, `2024년 6월 21일`, in full-width characters as well.
    """
    folded = _fold(text)
    if folded in RELATIVE_DAYS:
        return RELATIVE_DAYS[folded]
    parts = _parts_of(folded)
    return parts if parts and _exists(parts) else None


def print_day(day: Day) -> str:
    """The day as `parse_day` reads it: `2024-06-21`, `2024-06`, `2024`, `today`, `yesterday`."""
    if isinstance(day, RelativeDay):
        return day.value
    parts = [f"{day.year:04}", *(f"{part:02}" for part in (day.month, day.day) if part is not None)]
    return "-".join(parts)


def possible_days(text: str) -> list[Day]:
    """What a text that `parse_day` refuses may have meant, best first; empty when there is no telling.

    A day past the end of its month gives the last day of that month and the month; a month past December the
    year; `21/06/2024` the day in either order.
    """
    folded = _fold(text)
    found = _DAY_FIRST.fullmatch(folded)
    if found:
        one, two, year = int(found["one"]), int(found["two"]), int(found["year"])
        guesses = [PartialDate(year, two, one), PartialDate(year, one, two)]
        return list(dict.fromkeys(guess for guess in guesses if _exists(guess)))
    parts = _parts_of(folded)
    if parts is None or not _exists(PartialDate(parts.year)):
        return []
    month = PartialDate(parts.year, parts.month)
    if parts.month is None or not _exists(month):
        return [PartialDate(parts.year)]
    return [PartialDate(parts.year, parts.month, monthrange(parts.year, parts.month)[1]), month]


def is_one_day(day: Day) -> bool:
    """Whether it names a single day, not a month or a year."""
    return isinstance(day, RelativeDay) or day.day is not None


def _fold(text: str) -> str:
    if len(text) > _LONGEST:
        return ""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_DASHES).split())


def _parts_of(folded: str) -> PartialDate | None:
    for shape in _SHAPES:
        found = shape.fullmatch(folded)
        if found:
            month, day = found["month"], found["day"]
            return PartialDate(int(found["year"]), int(month) if month else None, int(day) if day else None)
    return None


def _exists(parts: PartialDate) -> bool:
    if parts.year < MINYEAR or parts.month == 0 or (parts.month or 1) > 12:
        return False
    return parts.day is None or 1 <= parts.day <= monthrange(parts.year, parts.month or 1)[1]
