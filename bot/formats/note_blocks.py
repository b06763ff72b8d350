"""The blocks of a vault note, each cut out of its lines: `# Links`, the quoted abstract, remarks with their tags.

A note is read from the outside in: every function takes lines, and gives back what it found and the lines left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.core.addresses import find_urls, read_address
from bot.core.text import has_hangul
from bot.formats.tags import is_tag_line, take_tags

Lines = list[str]

_IS_URL = re.compile(r"\s*(?:https?://|www\.|[\w.-]+\.[a-z]{2,}/)", re.IGNORECASE)
_LINKS_HEADING = re.compile(r"\s*#{1,6}\s*(?:related\s+)?links?\s*:?\s*#*\s*", re.IGNORECASE)
_HEADING = re.compile(r"\s*#{1,6}\s+\S")
_WIKILINK = re.compile(r"!?\[\[([^\[\]\n]+)\]\]")
_BULLET = re.compile(r"\s*(?:[-*+•]|\d+[.)])?\s*[,;·/|]*\s*")
_FENCE = re.compile(r"\s*(?:```|~~~)")


def wikilinks(text: str) -> list[str]:
    """The names that `[[name]]`, `[[name.md|shown]]` and `[[name#part]]` point to, in order.

    >>> wikilinks("[[240101 One.md]], [[240102 Two|two]]")
    ['240101 One', '240102 Two']
    """
    return [name for found in _WIKILINK.finditer(text) if (name := wikilink_target(found[1]))]


def wikilink_target(inside: str) -> str:
    """The name a wikilink points to, without the text shown, the part of the note and `.md`."""
    target = inside.partition("|")[0].partition("#")[0].rstrip("\\").strip()
    return target[:-3].rstrip() if target.lower().endswith(".md") else target


def take_links_sections(lines: Sequence[str]) -> tuple[list[str], Lines]:
    """The lines under `# Links` headings, and all others. A section ends at the next heading; prose in it stays."""
    section: list[str] = []
    kept: Lines = []
    inside = fenced = False
    for line in lines:
        fenced ^= _FENCE.match(line) is not None
        if not fenced and _LINKS_HEADING.fullmatch(line):
            inside = True
            continue
        inside = inside and not _HEADING.match(line)
        belongs = inside and (not line.strip() or only_links(line))
        (section if belongs else kept).append(line)
    return section, kept


def take_asides(lines: Sequence[str]) -> tuple[Lines, Lines]:
    """The lines of nothing but tags or wikilinks that these lines begin with, and all from the next filled one on."""
    start = 0
    for number, line in enumerate(lines):
        if is_tag_line(line) or only_wikilinks(line):
            start = number + 1
        elif line.strip():
            break
    return list(lines[:start]), list(lines[_first_text(lines, start) :])


def only_links(line: str) -> bool:
    """Whether a line holds wikilinks or addresses and nothing else."""
    rest = _WIKILINK.sub(" ", line)
    if rest == line and not _IS_URL.match(_BULLET.sub("", line, count=1)):
        return False
    words = [word for word in rest.split() if word not in {"-", "*", "+", "•", ",", "/", "|", ";", "·"}]
    return all(_IS_URL.match(word) and read_address(word) for word in words)


def only_wikilinks(line: str) -> bool:
    """Whether a line holds wikilinks and nothing else."""
    rest = _WIKILINK.sub("", line)
    return rest != line and not _BULLET.sub("", rest.replace(",", " "), count=1).strip(" ,.;·/|-*+•")


_QUOTED = re.compile(r"\s{0,3}(?:[>＞]|&gt;)\s?")
_ENDS_QUOTE = re.compile(r"\s*(?:#{1,6}\s|```|\[\[|</?\s*eng|https?://\S+\s*$)", re.IGNORECASE)
_SHORTEST_UNQUOTED = 400
_AUTHORS_SPEAK = re.compile(
    r"\bin this (?:paper|work|report)\b|\bthis (?:paper|work|report) (?:presents|introduces|proposes|studies)\b"
    r"|\bwe (?:propose|present|introduce|show|demonstrate|study|investigate|develop|describe|release)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """The abstract (None: an empty quote, or none), and whether its quoting was broken somewhere."""

    abstract: str | None = None
    broken: bool = False


def take_quote(lines: Sequence[str], *, unquoted_too: bool) -> tuple[Quote, Lines]:
    """The abstract quoted at the beginning of these lines, lazy continuation lines included.

    `unquoted_too`: a long English paragraph that Korean ones follow, or that reads like an abstract, is one whose quote
    mark was forgotten.
    """
    start = _first_text(lines)
    if start == len(lines):
        return Quote(), list(lines)
    if not _QUOTED.match(lines[start]):
        return _unquoted(lines, start) if unquoted_too else (Quote(), list(lines))
    paragraphs: list[list[str]] = [[]]
    position, broken = start, False
    while position < len(lines):
        line = lines[position]
        quoted = _QUOTED.match(line)
        if quoted:
            _add(paragraphs, line[quoted.end() :])
        elif line.strip() and paragraphs[-1] and not _stops_quote(line):
            _add(paragraphs, line)
        else:
            following, torn = _quote_goes_on(lines, position, paragraphs)
            if following is None:
                break
            broken, position = broken or torn, following
            continue
        position += 1
    abstract = "\n\n".join(" ".join(part) for part in paragraphs if part)
    if _is_korean(abstract):
        return Quote(), list(lines)
    return Quote(abstract or None, broken), list(lines[position:])


def _is_korean(text: str) -> bool:
    """Whether a text is Korean, not an English one in which a Korean word is quoted."""
    return has_hangul(text) and sum(map(has_hangul, text)) * 10 > len(text)


def is_quoted(line: str) -> bool:
    """Whether a line begins with a quote mark."""
    return _QUOTED.match(line) is not None


def _first_text(lines: Sequence[str], start: int = 0) -> int:
    return next((number for number in range(start, len(lines)) if lines[number].strip()), len(lines))


def _add(paragraphs: list[list[str]], line: str) -> None:
    text = _QUOTED.sub("", line).strip() if _QUOTED.match(line) else line.strip()
    if text:
        paragraphs[-1].append(text)
    elif paragraphs[-1]:
        paragraphs.append([])


def _stops_quote(line: str) -> bool:
    return has_hangul(line) or is_tag_line(line) or _ENDS_QUOTE.match(line) is not None


def _quote_goes_on(lines: Sequence[str], position: int, paragraphs: list[list[str]]) -> tuple[int | None, bool]:
    """Where a quote goes on after a gap, None when it has ended, and whether its marks were torn there."""
    following = _first_text(lines, position)
    if following == len(lines) or following == position:
        return None, False
    line = lines[following]
    if _QUOTED.match(line) and not has_hangul(line):
        _add(paragraphs, "")
        return following, False
    last = paragraphs[-1][-1] if paragraphs[-1] else ""
    torn = bool(last) and last[-1] not in ".!?”\"')" and line.lstrip()[:1].islower() and not _stops_quote(line)
    if not torn:
        return None, False
    _add(paragraphs, line)
    return following + 1, True


def _unquoted(lines: Sequence[str], start: int) -> tuple[Quote, Lines]:
    stop = next((number for number in range(start, len(lines)) if not lines[number].strip()), len(lines))
    text = " ".join(line.strip() for line in lines[start:stop])
    if len(text) < _SHORTEST_UNQUOTED or has_hangul(text) or _ENDS_QUOTE.match(lines[start]):
        return Quote(), list(lines)
    if not any(map(has_hangul, lines[stop:])) and not _AUTHORS_SPEAK.search(text):
        return Quote(), list(lines)
    return Quote(text, broken=True), list(lines[stop:])


@dataclass(slots=True)
class Remarks:
    """Prose without its tags and lines of wikilinks; what was taken out is kept beside it."""

    text: str | None = None
    tags: list[str] = field(default_factory=list)
    stray: bool = False


def read_remarks(lines: Sequence[str]) -> Remarks:
    """The commentary that lines hold: paragraphs as written, without tags and lines of nothing but wikilinks."""
    remarks = Remarks()
    kept: Lines = []
    fenced = after_tags = False
    for line in lines:
        fenced ^= _FENCE.match(line) is not None
        if fenced:
            kept.append(line.rstrip())
            continue
        tagged = take_tags(line)
        remarks.tags.extend(tagged.tags)
        remarks.stray = remarks.stray or tagged.stray
        if after_tags and len(line.strip()) == 1 and line.strip().isalpha():
            remarks.stray = True
        elif tagged.text.strip() and not only_wikilinks(tagged.text):
            kept.append(tagged.text.rstrip())
        elif not tagged.tags or kept:
            kept.append("")
        after_tags = bool(tagged.tags) or (after_tags and not line.strip())
    remarks.text = _joined(kept)
    return remarks


_GAP = re.compile(r"\n{3,}")


def _joined(lines: Sequence[str]) -> str | None:
    text = _GAP.sub("\n\n", "\n".join(lines)).strip("\n")
    return text if text.strip() else None


def further_links(text: str, known: Sequence[str]) -> list[str]:
    """The addresses in a text that are not known yet, in order."""
    return [url for url in find_urls(text) if url not in known]
