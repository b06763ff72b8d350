"""Time zones that somebody probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from bot.core.nearest import nearest

_CALLED: Final = {
    **dict.fromkeys(("kst", "서울", "한국", "대한민국", "korea"), "Asia/Seoul"),
    **dict.fromkeys(("jst", "도쿄", "일본"), "Asia/Tokyo"),
    **dict.fromkeys(("pst", "pdt", "pacific"), "America/Los_Angeles"),
    **dict.fromkeys(("edt", "eastern"), "America/New_York"),
    **dict.fromkeys(("bst", "uk"), "Europe/London"),
    **dict.fromkeys(("cest",), "Europe/Berlin"),
    **dict.fromkeys(("ist",), "Asia/Kolkata"),
}
"""What people say who do not know the names."""


def nearest_zones(typed: str, limit: int = 3) -> Sequence[str]:
    """The names of time zones that come nearest to what was typed, best first; none where nothing does.

    >>> nearest_zones("Asia/Soeul", 1), nearest_zones("new york"), nearest_zones("KST")
    (['Asia/Seoul'], ['America/New_York'], ['Asia/Seoul'])
    """
    called = _CALLED.get(typed.strip().casefold())
    return [called] if called else nearest(typed, [(name, 0) for name in _names()], limit)


@cache
def _names() -> tuple[str, ...]:
    """All names there are, read from the disk but once."""
    return tuple(sorted(name for name in available_timezones() if not name.startswith(("posix", "right", "Etc"))))
