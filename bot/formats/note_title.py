"""The front of a note: its links and its title, found by where they stand.

links, then the title         the usual order; the title is what reads like one, or what stands above the abstract
the title, then its link      also as a heading
`Title (URL)`, `Name URL`     both on one line
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.core.addresses import read_address
from bot.core.text import fold, has_hangul
from bot.formats.authors import read_byline
from bot.formats.note_blocks import Lines, is_quoted, take_asides
from bot.formats.note_head import Head, take_head
from bot.formats.organisations import looks_like_person
from bot.formats.titles import TitleBlock, read_title, title_whatever_its_look


@dataclass(frozen=True, slots=True)
class Front:
    """The links and the title of a note (None: it has no title line), and the lines left."""

    title: TitleBlock | None
    head: Head
    rest: Lines = field(default_factory=list)


def read_front(lines: Lines) -> Front:
    """The front of a note, whichever order it is written in; tags and wikilinks in the midst of it come after it."""
    asides, lines = take_asides(lines)
    head, rest = take_head(lines)
    more, rest = take_asides(rest)
    if head.name and rest and rest[0].lstrip().startswith("("):
        rest = [f"{head.name} {rest[0].strip()}", *rest[1:]]
    front = _below_links(head, rest) if head.urls else _without_head(head, rest)
    left = front.rest[front.title.lines :] if front.title else front.rest
    return replace(front, rest=[*left, *asides, *more])


# --- the title below the links ------------------------------------------------------------------------------------


def _below_links(head: Head, lines: Lines) -> Front:
    title = _with_byline_below(lines, read_title(lines))
    if title is None or not _is_named(title):
        above = _above_the_abstract(lines)
        title = above if above and (title is None or _is_named(above)) else title
    return Front(title, head, lines)


def _is_named(title: TitleBlock) -> bool:
    return bool(title.byline.authors or title.byline.organisation)


def _with_byline_below(lines: Sequence[str], title: TitleBlock | None) -> TitleBlock | None:
    """A title whose `(authors)` stand in a paragraph of their own below it."""
    if title is None or _is_named(title) or title.url or title.rest:
        return title
    below = next(
        (number for number in range(title.lines, min(title.lines + 3, len(lines))) if lines[number].strip()), 0
    )
    names = lines[below].strip() if below else ""
    if not (names.startswith("(") and names.endswith(")")):
        return title
    joined = read_title([f"{title.title} {names}"], likely=False)
    return replace(joined, title=title.title, lines=below + 1) if joined else title


_MOST_LINES_ABOVE = 12


def _above_the_abstract(lines: Sequence[str]) -> TitleBlock | None:
    """The paragraph between the links and the quoted abstract: its place says that it is the title.

    Its last line, or a second paragraph, may be a bare list of names.
    """
    quote = next((number for number, line in enumerate(lines[:_MOST_LINES_ABOVE]) if is_quoted(line)), 0)
    above = "\n".join(line.strip() for line in lines[:quote]).strip()
    if not above or has_hangul(above):
        return None
    first, _, last = above.rpartition("\n")
    names = read_byline(last).authors
    if first and len(names) > 1 and all(map(looks_like_person, names)):
        above = f"{first.strip()} ({last})"
    return None if "\n\n" in above else title_whatever_its_look(" ".join(above.split("\n")), quote)


# --- without a link at the top ------------------------------------------------------------------------------------

_HEADING = re.compile(r"#{1,6}\s+(?P<title>\S.*)")
_NAME_AND_URL = re.compile(
    r"\s*(?P<name>[^\s#>*\[\]-][^\[\]]{0,200}?)\s*[:：-]?\s+(?P<url>https?://\S+)\s*", re.IGNORECASE
)
_ENDS_WITH_URL = re.compile(r"(?<!\S)https?://\S+\s*$", re.IGNORECASE)


def _without_head(head: Head, lines: Lines) -> Front:
    title = _with_byline_below(lines, read_title(lines, likely=False))
    if title and title.url:
        following = read_title([line for line in lines[title.lines :] if line.strip()][:1], likely=False)
        listed = following is not None and following.url is not None
        return Front(None, head, lines) if listed else Front(title, Head([title.url]), lines)
    if title and not title.rest:
        below, rest = take_head(lines[title.lines :])
        return Front(replace(title, lines=0), below, rest) if below.urls else Front(title, head, lines)
    return _under_heading(lines) or _name_and_url(head, lines)


def _under_heading(lines: Lines) -> Front | None:
    """A note whose title is a heading, with its link below."""
    heading = _HEADING.fullmatch(lines[0].strip()) if lines and not has_hangul(lines[0]) else None
    below, rest = take_head(lines[1:]) if heading else (Head(), [])
    return Front(title_whatever_its_look(heading["title"], 0), below, rest) if heading and below.urls else None


def _name_and_url(head: Head, lines: Lines) -> Front:
    filled = [line for line in lines if line.strip()][:2]
    found = _NAME_AND_URL.fullmatch(filled[0]) if filled and not has_hangul(filled[0]) else None
    address = read_address(found["url"]) if found else None
    if not found or not address or (len(filled) > 1 and _ENDS_WITH_URL.search(filled[1])):
        return Front(None, head, lines)
    title = TitleBlock(found["name"].strip(), lines=lines.index(filled[0]) + 1)
    return Front(title, Head([address.url]), lines)


# --- further titles -----------------------------------------------------------------------------------------------

_PIPED = re.compile(r"\s*\|\s*(?P<title>[^|]*)")


def count_alternative(lines: Sequence[str], title: TitleBlock) -> int:
    """How many lines a further title line of the same paper takes (another version's title), 0 when there is none."""
    if not lines:
        return 0
    if _PIPED.fullmatch(lines[0]) and not has_hangul(lines[0]):
        return 1
    other = read_title(lines, likely=False)
    if other is None or other.rest:
        return 0
    shared = set(map(_any_order, other.byline.authors)) & set(map(_any_order, title.byline.authors))
    same_team = other.byline.organisation is not None and other.byline.organisation == title.byline.organisation
    return other.lines if shared or same_team else 0


def _any_order(name: str) -> frozenset[str]:
    """A name whichever of its parts comes first."""
    return frozenset(fold(name).split())
