r"""BibTeX, one record an entry: `@misc` with `eprint` for arXiv, `@article` for other papers, `@online` for web pages.

Texts are plain in an entry and LaTeX in BibTeX, so its special characters are escaped; formulas that a title already
holds (`$O(n^2)$`) stay formulas. The file is UTF-8, which biber and current BibTeX styles read.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from bot.core.entries import Entry, Kind
from bot.core.text import has_hangul

_SPECIALS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "%": r"\%",
        "#": r"\#",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)
_FORMULA = re.compile(r"(?<!\\)(\$[^$\s{}](?:[^${}\n]|\{[^${}\n]*\})*(?<![\s\\])\$|\$[^$\s{}\\]\$)(?!\d)")
_PARTICLES = frozenset(
    {"van", "von", "de", "den", "der", "del", "della", "di", "da", "la", "le", "el", "al", "bin", "ter"}
)
_SMALL_WORDS = frozenset(
    {"a", "an", "the", "on", "in", "of", "for", "to", "with", "and", "is", "are", "do", "does", "how", "what"}
)
_ARXIV_MONTH = re.compile(r"(?:[a-z.-]+/)?(?P<year>[0-9]{2})(?P<month>0[1-9]|1[0-2])[.0-9]", re.IGNORECASE)
_ARXIV_CLASS = re.compile(r"([a-z-]+(?:\.[a-z]{2})?)/\d{7}", re.IGNORECASE)
_LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"}


def print_bibtex(entry: Entry, *, with_id: bool = True) -> str:
    """One record, its fields in a fixed order, ending in a line end.

    The key is the first author's surname (or the organisation), the year, the title's first word of weight, and the
    entry's id, which makes it unique in an archive; `with_id=False` leaves the id out for a record by itself.
    """
    kind, fields = _fields(entry)
    lines = [f"  {name} = {{{value}}}," for name, value in fields if value]
    return "\n".join([f"@{kind}{{{bibtex_key(entry, with_id=with_id)},", *lines, "}"]) + "\n"


def bibtex_key(entry: Entry, *, with_id: bool = True) -> str:
    """The key of an entry's record: ASCII letters, digits and `-` only.

    >>> bibtex_key(Entry(id="abcdefghij", title="On Paper Boats", authors=("Ada van Example",)), with_id=False)
    'examplepaper'
    """
    who = _surname(entry.authors[0]) if entry.authors else (entry.organisation or "")
    day = _day(entry)
    words = [_ascii(word) for word in re.findall(r"\w+", entry.title)]
    word = next((word for word in words if word and word not in _SMALL_WORDS), "")
    key = _ascii(who) + (str(day.year) if day else "") + word
    return "-".join(filter(None, (key or "entry", entry.id if with_id else "")))


def _fields(entry: Entry) -> tuple[str, list[tuple[str, str]]]:
    day = _day(entry)
    fields = [("title", "{" + _escaped(entry.title) + "}"), ("author", _authors(entry))]
    if day:
        fields += [("year", f"{day.year}"), ("month", f"{day.month}")]
    if entry.arxiv_id:
        old = _ARXIV_CLASS.fullmatch(entry.arxiv_id)
        fields += [("eprint", entry.arxiv_id), ("archivePrefix", "arXiv"), ("primaryClass", old[1] if old else "")]
    fields += [
        ("url", _address(entry.url or (f"https://arxiv.org/abs/{entry.arxiv_id}" if entry.arxiv_id else ""))),
        ("abstract", _escaped(" ".join((entry.abstract or "").split()))),
        ("keywords", _escaped(", ".join(entry.tags))),
    ]
    return _kind(entry), fields


def _kind(entry: Entry) -> str:
    if entry.arxiv_id or entry.url is None:
        return "misc"
    return "article" if entry.kind is Kind.PAPER else "online"


def _authors(entry: Entry) -> str:
    organisation = ["{" + _escaped(entry.organisation) + "}"] if entry.organisation else []
    return " and ".join(organisation + [_person(name) for name in entry.authors])


def _person(name: str) -> str:
    """A person's name; one that BibTeX would take apart wrongly is kept in one piece."""
    escaped = _escaped(name)
    in_one_piece = has_hangul(name) or "," in name or " and " in name.lower() or " " not in name
    return "{" + escaped + "}" if in_one_piece else escaped


def _escaped(text: str) -> str:
    """Text as LaTeX; formulas stay as they are."""
    pieces = _FORMULA.split(_printable(text))
    return "".join(piece if number % 2 else piece.translate(_SPECIALS) for number, piece in enumerate(pieces))


def _address(url: str) -> str:
    r"""An address for a `url` field, which styles put into `\url{}`: only what would end the field is escaped."""
    return _printable(url).replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C").replace(" ", "%20")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _day(entry: Entry) -> date | None:
    return entry.paper_date or _month_of(entry.arxiv_id) or entry.digest_date


def _month_of(arxiv_id: str | None) -> date | None:
    """When arXiv gave the id out: `2406.14548` is of June 2024, `cs/9901001` of January 1999."""
    found = _ARXIV_MONTH.match(arxiv_id or "")
    if not found:
        return None
    year = int(found["year"])
    return date((1900 if year > 90 else 2000) + year, int(found["month"]), 1)


def _surname(name: str) -> str:
    words = [word for word in name.partition(",")[0].split() if word.lower() not in _PARTICLES]
    return words[-1] if words else name


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", "".join(_LETTERS.get(letter, letter) for letter in text.lower()))
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())
