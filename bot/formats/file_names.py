"""What the name of a note says: `papers/2024/240621 Claude 3.5 Sonnet.md`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_SHORT_DATE = re.compile(r"(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2})(?!\d)[\s_\-.]*", re.ASCII)
_LONG_DATE = re.compile(r"(?P<y>(?:19|20)\d{2})[-_.]?(?P<m>\d{2})[-_.]?(?P<d>\d{2})(?!\d)[\s_\-.]*", re.ASCII)
_YEAR = re.compile(r"(?:19|20)\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileName:
    """The day (None: there is none) and the short title in a note's name."""

    day: date | None
    title: str


def note_name(path: str) -> str:
    """A note's name without folders and `.md`, composed as it is typed: some file systems store letters in parts.

    >>> note_name("papers/2024/240621 Claude 3.5 Sonnet.md")
    '240621 Claude 3.5 Sonnet'
    """
    name = unicodedata.normalize("NFC", path.rpartition("/")[2])
    return (name[:-3] if name.lower().endswith(".md") else name).strip() or path


def read_file_name(name: str) -> FileName:
    """The day and title in `240621 Title` or `2024-06-21 Title`; a name without a day is all title.

    >>> read_file_name("240621 Claude 3.5 Sonnet")
    FileName(day=datetime.date(2024, 6, 21), title='Claude 3.5 Sonnet')
    """
    found = _LONG_DATE.match(name) or _SHORT_DATE.match(name)
    day = _day(found) if found else None
    return FileName(day, name[found.end() :].strip() or name) if found and day else FileName(None, name)


def year_folder(path: str) -> int | None:
    """The year that the innermost year folder of a path names."""
    years = [part for part in path.split("/")[:-1] if _YEAR.fullmatch(part)]
    return int(years[-1]) if years else None


def _day(found: re.Match[str]) -> date | None:
    year = int(found["y"])
    try:
        return date(year if year > 99 else 2000 + year, int(found["m"]), int(found["d"]))
    except ValueError:
        return None
