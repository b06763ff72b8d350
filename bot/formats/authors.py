"""The names in the parentheses after a title: persons, an organisation, or both."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.text import has_hangul
from bot.formats.organisations import is_known, is_organisation, looks_like_person


@dataclass(frozen=True, slots=True)
class Byline:
    """Who wrote it. `authors` holds persons only, as written."""

    authors: tuple[str, ...] = ()
    organisation: str | None = None


_TEAM_AND_NAMES = re.compile(r"([^:：;]{1,120}?)\s*[,;]?\s*[:：]\s*[,;]?\s*(.*)", re.DOTALL)
_SEPARATOR = re.compile(r"\s*[,;，、]\s*")
_AND = re.compile(r"\s+(?:and|&|und|et|in collaboration with(?:\s+others\s+at)?)\s+(?!al\b)", re.IGNORECASE)
_LEADING_AND = re.compile(r"\A(?:and|&)\s+", re.IGNORECASE)
_OTHERS = re.compile(
    r"\s*\b(?:et\.?\s*al\b\.?|and\s+(?:\d+\s+)?(?:more|others)(?:\s+authors?)?"
    r"|(?:and\s+)?\d+\s+(?:more|other|additional)\s+authors?)(?:\s+not\s+shown)?\s*",
    re.IGNORECASE,
)
_DOTS = re.compile(r"\s*(?:\.{3,}|…)\s*")
_SUFFIX = re.compile(r"(?:Jr|Sr|I{2,3}|IV|Ph\.?\s?D|M\.?D)\.?", re.IGNORECASE)
_FOOTNOTE = re.compile(r"[\s*†‡§¶∗⋆♠♣♡♢⁰¹²³⁴⁵⁶⁷⁸⁹]+$")
_AFFILIATION = re.compile(r"\s*\(\s*\d+(?:\s*,\s*\d+)*\s*\)|\s*\[\d+\]")  # `Name (1, 2)`
_MEMBER = re.compile(r"([^()]+?)\s*\(([^()]+)\)")  # `Ada Example (Anthropic)`
_LONGEST_NAME = 70


def read_byline(text: str) -> Byline:
    """The persons and the organisation that a byline names. Nobody is invented: `et al.` is nobody.

    >>> read_byline("DeepSeek-AI: Ada Example, Bo Sample and Cy Muster")
    Byline(authors=('Ada Example', 'Bo Sample', 'Cy Muster'), organisation='DeepSeek-AI')
    >>> read_byline("Google DeepMind")
    Byline(authors=(), organisation='Google DeepMind')
    """
    text = " ".join(text.split())
    team = _TEAM_AND_NAMES.fullmatch(text)
    if team and "," not in team[1]:
        named = _sorted_out(_names(team[2]))
        organisation = ", ".join(filter(None, (team[1].strip(), named.organisation)))
        return Byline(named.authors, organisation or None)
    return _sorted_out(_names(text.replace(":", ",").replace("：", ",") if team else text))


def _sorted_out(names: list[str]) -> Byline:
    if len(names) == 1:
        (lone,) = names
        member = _MEMBER.fullmatch(lone)
        if member and looks_like_person(member[1]) and is_organisation(member[2], alone=True):
            return Byline((member[1],), member[2])
        return Byline(organisation=lone) if is_organisation(lone, alone=True) else Byline(authors=(lone,))
    organisations = [name for position, name in enumerate(names) if _organisation_among(name, first=position == 0)]
    persons = tuple(name for name in names if name not in organisations)
    return Byline(persons, ", ".join(dict.fromkeys(organisations)) or None)


_CAMEL = re.compile(r"[A-Z]?[a-z]+[A-Z]\w*|[A-Z]{3,}\d*")


def _organisation_among(name: str, *, first: bool) -> bool:
    """Whether one of several names is an organisation's; a lone `MiniMax` or `NVIDIA` in front of persons is."""
    return is_organisation(name) or (first and _CAMEL.fullmatch(name) is not None)


def _names(text: str) -> list[str]:
    """The names in a list, in order; two persons may have the same name."""
    text = _DOTS.sub(" ", _OTHERS.sub(", ", text))
    text = _AFFILIATION.sub("", text)
    found: list[str] = []
    for part in _SEPARATOR.split(text):
        if _SUFFIX.fullmatch(part) and found:
            found[-1] = f"{found[-1]}, {part}"
            continue
        found.extend(_tidy(name) for name in _parted(_LEADING_AND.sub("", part, count=1)))
    return [name for name in found if any(letter.isalnum() for letter in name)]


def _parted(part: str) -> list[str]:
    """`A and B` as two names, unless the `and` belongs to one organisation's name."""
    names = _AND.split(part)
    if len(names) > 1 and is_organisation(part) and not any(map(looks_like_person, names)):
        return [part]
    return names


def _tidy(name: str) -> str:
    return _FOOTNOTE.sub("", name.strip(" \t,;")).strip()


_VENUE = re.compile(
    r"(?:to appear|accepted|oral|spotlight|best paper|preprint|preview|(?-i:in))\b.*"
    r"|(?:extended |long |short |position )?(?:abstract|paper|version)|(?:technical |tech )?report|(?:a )?survey|demo"
    r"|part\s+\w+|[A-Za-z&/' -]{2,30}\s?['’]?\d{2,4}(?:\s+\w+)?|v\d+|\d+",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?:|www\.|\b[\w-]+\.(?:com|org|io|net|ai|co|dev)\b(?:/|$)", re.IGNORECASE)


def is_venue(text: str) -> bool:
    """Whether parentheses hold where or as what a paper appeared, a year or an address, and no names."""
    return bool(_ADDRESS.search(text) or _VENUE.fullmatch(text))


def looks_like_byline(text: str, title: str) -> bool:
    """Whether parentheses after a title hold its authors: names, not an address, a venue, an acronym or a remark."""
    if not text.strip() or has_hangul(text) or "](" in text or "://" in text:
        return False
    byline = read_byline(text)
    names = byline.authors or (byline.organisation or "",)
    if len(byline.authors) > 1 or (byline.authors and byline.organisation):
        return sum(map(_name_like, names)) * 2 >= len(names)
    return _lone_name(text.strip(), title)


def _lone_name(text: str, title: str) -> bool:
    if len(text) > _LONGEST_NAME or len(text.split()) > 8:
        return False
    if is_organisation(text):
        return _ADDRESS.match(text) is None or not text.islower() or is_known(text)
    if is_venue(text) or _is_acronym(text, title):
        return False
    words = len(text.split())
    return looks_like_person(text) or (text[0].isupper() and words <= 4) or (words == 1 and len(text) > 1)


def _name_like(name: str) -> bool:
    words = len(name.split())
    if any(mark in name for mark in "\\$_={}<>^|"):
        return False
    return len(name) <= _LONGEST_NAME and words <= 7 and (words < 4 or not name[0].isascii() or name[0].isupper())


def _is_acronym(text: str, title: str) -> bool:
    """Whether a word is made of first letters of the title's words, like `(NAS)` after Neural Architecture Search."""
    if not re.fullmatch(r"[A-Za-z0-9]*[A-Z][A-Za-z0-9-]*[A-Z0-9][A-Za-z0-9]*s?", text):
        return False
    capitals = [letter.lower() for letter in text if letter.isupper()]
    initials = iter([word[0].lower() for word in re.findall(r"\w+", title)])
    return all(letter in initials for letter in capitals)
