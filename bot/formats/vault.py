"""A Markdown vault, one note a paper: `papers/2024/240621 Claude 3.5 Sonnet.md`.

The shapes of ten years are read alike, since each is the same sequence with parts left out:

    links              one a line; what follows the last on its line is the first remark
    title (authors)    `*Title* (A, B)`, wrapped, without emphasis; without it the file name is the title
    > abstract
    remarks            Korean, then perhaps an English version; `#tags` anywhere in them
    # Links            wikilinks

What cannot be read with certainty is kept, and marked with a `Doubt`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bot.core.entries import Entry, Kind, Status, arxiv_id_of
from bot.core.imports import Doubt, Parsed, Skipped, SkipReason
from bot.core.text import fold, has_hangul, read_address
from bot.formats.file_names import note_name, read_file_name, year_folder
from bot.formats.languages import take_english, take_english_paragraphs
from bot.formats.links import arxiv_id_in, is_paper_address
from bot.formats.note_blocks import (
    Lines,
    further_links,
    is_quoted,
    only_links,
    read_remarks,
    take_links_sections,
    take_quote,
    take_tag_lines,
    wikilinks,
)
from bot.formats.note_head import Head, take_head
from bot.formats.tags import is_tag_line, take_tags
from bot.formats.titles import TitleBlock, read_title

ENGLISH_SINCE = date(2024, 9, 1)
USUAL_COMMENTARY = 20_000  # characters; the longest real commentary known has 16,188
USUAL_ABSTRACT = 6_000  # the longest known has 2,187

_INVISIBLE = dict.fromkeys(map(ord, "\x00\u200b\u2060\ufeff"))
_NOT_A_NOTE = re.compile(r"(?:readme|licen[cs]e|copying|contributing|changelog)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Draft:
    """An entry while its note is being read."""

    entry: Entry
    doubts: list[Doubt] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def set(self, **fields: object) -> None:
        """Changes fields of the entry."""
        self.entry = replace(self.entry, **fields)  # type: ignore[arg-type]

    def doubt(self, kind: Doubt, condition: object = True) -> None:
        """Notes a doubt once, when `condition` holds."""
        if condition and kind not in self.doubts:
            self.doubts.append(kind)


def parse_note(path: str, text: str) -> Parsed:
    """The entry that a note holds. `path` is relative to the imported root, with `/`; `text` is decoded, without mark.

    Never raises. A file that is no note, or an empty one, is skipped; every other one gives exactly one entry.
    """
    stem = note_name(path)
    if _NOT_A_NOTE.match(stem):
        return Parsed(skipped=(Skipped(path, SkipReason.NOT_AN_ENTRY),))
    if not text.strip():
        return Parsed(skipped=(Skipped(path, SkipReason.EMPTY),))
    draft = _Draft(Entry(id="", title=stem, sources=(path,)))
    _read_dates(draft, path, stem)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE).split("\n")
    section, lines = take_links_sections(lines)
    title, head, lines = _read_front(draft, lines)
    lines = _read_alternatives(draft, lines, title)
    lines = _read_abstract(draft, lines, title)
    _read_remarks(draft, lines, section)
    _read_links(draft, head, lines, section)
    _judge(draft, head, title)
    return Parsed((replace(draft.entry, warnings=tuple(doubt.value for doubt in draft.doubts)),), tuple(draft.skipped))


# --- dates --------------------------------------------------------------------------------------------------------


def _read_dates(draft: _Draft, path: str, stem: str) -> None:
    named = read_file_name(stem)
    draft.set(title=named.title, title_derived=True, paper_date=named.day, digest_date=named.day)
    if named.day is None:
        draft.set(status=Status.DRAFT)
        draft.doubt(Doubt.UNDATED)
        return
    draft.doubt(Doubt.DIGEST_DATE_DERIVED)
    draft.doubt(Doubt.DATE_CONFLICT, year_folder(path) not in {None, named.day.year})


# --- links, title -------------------------------------------------------------------------------------------------

_NAME_AND_URL = re.compile(
    r"\s*(?P<name>[^\s#>*\[\]-][^\[\]]{0,200}?)\s*[:：-]?\s+(?P<url>https?://\S+)\s*", re.IGNORECASE
)
_ENDS_WITH_URL = re.compile(r"(?<!\S)https?://\S+\s*$", re.IGNORECASE)


def _read_front(draft: _Draft, lines: Lines) -> tuple[TitleBlock | None, Head, Lines]:
    """The head links and the title block, in whichever order they stand, and the lines after them."""
    tags, lines = take_tag_lines(lines)
    head, rest = take_head(lines)
    more_tags, rest = take_tag_lines(rest)
    tags += more_tags
    draft.doubt(Doubt.SCHEME_ADDED, head.scheme_added)
    draft.doubt(Doubt.BROKEN_LINK, head.broken)
    if head.name and rest and rest[0].lstrip().startswith("("):
        rest = [f"{head.name} {rest[0].strip()}", *rest[1:]]
    title = _with_byline_below(rest, read_title(rest, likely=bool(head.urls)))
    if not head.urls:
        title, head, rest = _without_head(title, head, rest)
    if title:
        draft.set(
            title=title.title,
            title_derived=False,
            authors=title.byline.authors,
            organisation=title.byline.organisation,
        )
        draft.doubt(Doubt.AUTHORS_UNCLOSED, title.unclosed)
        rest = rest[title.lines :]
    elif head.name:
        draft.set(title=head.name, title_derived=False)
    draft.doubt(Doubt.TITLE_DERIVED, draft.entry.title_derived)
    if head.urls:
        ids = [found for url in head.urls if (found := arxiv_id_in(url))]
        draft.set(url=head.urls[0], arxiv_id=ids[0] if ids else None)
    return title, head, [*rest, *tags]


def _with_byline_below(lines: Sequence[str], title: TitleBlock | None) -> TitleBlock | None:
    """A title whose `(authors)` stand in a paragraph of their own below it."""
    if title is None or title.byline.authors or title.byline.organisation or title.url or title.rest:
        return title
    below = next(
        (number for number in range(title.lines, min(title.lines + 3, len(lines))) if lines[number].strip()), 0
    )
    names = lines[below].strip() if below else ""
    if not (names.startswith("(") and names.endswith(")")):
        return title
    joined = read_title([f"{title.title} {names}"], likely=False)
    return replace(joined, title=title.title, lines=below + 1) if joined else title


def _without_head(title: TitleBlock | None, head: Head, lines: Lines) -> tuple[TitleBlock | None, Head, Lines]:
    """A note that does not begin with a link: `Title (URL)`, `Name URL`, or a title with its link on the next line."""
    if title and title.url:
        following = read_title([line for line in lines[title.lines :] if line.strip()][:1], likely=False)
        listed = following is not None and following.url is not None
        return (None, head, lines) if listed else (title, Head([title.url]), lines)
    if title and not title.rest:
        below, rest = take_head(lines[title.lines :])
        if below.urls:
            return replace(title, lines=0), below, rest
        return title, head, lines
    return _name_and_url(head, lines)


def _name_and_url(head: Head, lines: Lines) -> tuple[TitleBlock | None, Head, Lines]:
    filled = [line for line in lines if line.strip()][:2]
    found = _NAME_AND_URL.fullmatch(filled[0]) if filled and not has_hangul(filled[0]) else None
    address = read_address(found["url"]) if found else None
    if not found or not address or (len(filled) > 1 and _ENDS_WITH_URL.search(filled[1])):
        return None, head, lines
    return TitleBlock(found["name"].strip(), lines=lines.index(filled[0]) + 1), Head([address.url]), lines


_MOST_ALTERNATIVES = 8
_MOST_TITLE_LINES = 50
_PIPED = re.compile(r"\s*\|\s*(?P<title>[^|]*)")


def _read_alternatives(draft: _Draft, lines: Lines, title: TitleBlock | None) -> Lines:
    """Takes off further title lines of the same paper (another version's title), which are reported as skipped."""
    for _ in range(_MOST_ALTERNATIVES if title else 0):
        start = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
        taken = _alternative(lines[start : start + _MOST_TITLE_LINES], title)
        if not taken:
            return lines
        other = " ".join(line.strip() for line in lines[start : start + taken])
        draft.skipped.append(Skipped(draft.entry.sources[0], SkipReason.EXTRA_LINE, f"second title line: {other}"))
        lines = lines[start + taken :]
    return lines


def _alternative(lines: Sequence[str], title: TitleBlock | None) -> int:
    """How many lines a further title line takes, 0 when there is none."""
    if not lines or not title:
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


# --- texts --------------------------------------------------------------------------------------------------------


def _read_abstract(draft: _Draft, lines: Lines, title: TitleBlock | None) -> Lines:
    start = _before_quote(lines)
    quote, rest = take_quote(lines[start:], unquoted_too=title is not None)
    lines = [*lines[:start], *rest]
    if title and title.rest:
        lines = [title.rest, "", *lines]
    draft.set(abstract=quote.abstract)
    draft.doubt(Doubt.BROKEN_QUOTE, quote.broken)
    return lines


_MOST_BEFORE_QUOTE = 4


def _before_quote(lines: Lines) -> int:
    """How many lines of links, tags or another paper's title stand between the title and the quote; 0 without a quote."""
    filled = [number for number, line in enumerate(lines) if line.strip()][: _MOST_BEFORE_QUOTE + 1]
    for number in filled:
        if is_quoted(lines[number]):
            return number
        if not _may_precede_quote(lines[number]):
            break
    return 0


def _may_precede_quote(line: str) -> bool:
    if is_tag_line(line) or only_links(line):
        return True
    other = read_title([line], likely=False)
    return other is not None and bool(other.byline.authors) and not other.rest


def _read_remarks(draft: _Draft, lines: Lines, section: Sequence[str]) -> None:
    versions = take_english(lines)
    main, english = versions.main, versions.english
    draft.doubt(Doubt.UNCLOSED_ENGLISH, versions.unclosed)
    remarks, remarks_en = read_remarks(main), read_remarks(english)
    text, text_en = remarks.text, remarks_en.text
    day = draft.entry.paper_date
    if text and not text_en and day and day >= ENGLISH_SINCE:
        korean, plain = take_english_paragraphs(text.split("\n"))
        text, text_en = "\n".join(korean).strip("\n"), "\n".join(plain).strip("\n") or None
    if not text:
        text, text_en = text_en, None
    tags = [*remarks.tags, *remarks_en.tags]
    for line in section:
        tags.extend(take_tags(line).tags)
    draft.set(commentary=text, commentary_en=text_en, tags=tuple(dict.fromkeys(tags)))
    draft.doubt(Doubt.STRAY_AFTER_TAGS, remarks.stray or remarks_en.stray)


def _read_links(draft: _Draft, head: Head, lines: Lines, section: Sequence[str]) -> None:
    body = "\n".join([*lines, *section])
    found = [*head.urls, *further_links(body, head.urls)]
    url = draft.entry.url
    related = dict.fromkeys(wikilinks(body))
    draft.set(links=tuple(link for link in dict.fromkeys(found) if link != url), related=tuple(related))


# --- judgement ----------------------------------------------------------------------------------------------------


def _judge(draft: _Draft, head: Head, title: TitleBlock | None) -> None:
    entry = draft.entry
    papers = {arxiv_id_of(url) or url for url in head.urls if is_paper_address(url)}
    draft.doubt(Doubt.SEVERAL_PAPERS, len(papers) > 1)
    draft.doubt(Doubt.NO_TEXT, not (entry.abstract or entry.commentary or entry.commentary_en))
    draft.set(kind=_kind(entry, bool(papers), title))
    longest = max(len(entry.commentary or ""), len(entry.commentary_en or ""))
    if longest > USUAL_COMMENTARY or len(entry.abstract or "") > USUAL_ABSTRACT:
        draft.set(status=Status.DRAFT)
        draft.doubt(Doubt.UNUSUAL_LENGTH)


def _kind(entry: Entry, has_paper: bool, title: TitleBlock | None) -> Kind:
    if has_paper or (entry.authors and title):
        return Kind.PAPER
    return Kind.ANNOUNCEMENT if entry.url or entry.organisation else Kind.ESSAY


# --- a whole vault ------------------------------------------------------------------------------------------------


def resolve_wikilinks(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries of one import, those with a wikilink to no note among them marked `Doubt.BROKEN_WIKILINK`."""
    names = {fold(note_name(source)) for entry in entries for source in entry.sources}
    return tuple(_marked(entry) if _has_broken_link(entry, names) else entry for entry in entries)


def _has_broken_link(entry: Entry, names: set[str]) -> bool:
    return any(fold(note_name(target)) not in names for target in entry.related)


def _marked(entry: Entry) -> Entry:
    return replace(entry, warnings=tuple(dict.fromkeys((*entry.warnings, Doubt.BROKEN_WIKILINK.value))))
