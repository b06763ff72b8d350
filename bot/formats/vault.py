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
from bot.core.text import fold
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
    wikilinks,
)
from bot.formats.note_head import Head
from bot.formats.note_title import Front, count_alternative, read_front
from bot.formats.tags import is_tag_line, take_tags
from bot.formats.titles import TitleBlock, read_title

ENGLISH_SINCE = date(2024, 9, 1)
USUAL_COMMENTARY = 20_000  # characters; the longest real commentary known has 16,188
USUAL_ABSTRACT = 6_000  # the longest known has 2,187

_INVISIBLE = re.compile("[\x00\u200b\u2060\ufeff]")  # ten times as fast as translate on a text without any
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
    lines = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    lines = _without_front_matter(draft, lines)
    section, lines = take_links_sections(lines)
    front = _read_front(draft, lines)
    head, title = front.head, front.title
    lines = _read_alternatives(draft, front.rest, title)
    lines = _read_abstract(draft, lines, title)
    _read_remarks(draft, lines, section)
    _read_links(draft, head, lines, section)
    _judge(draft, head, title)
    return Parsed((replace(draft.entry, warnings=tuple(doubt.value for doubt in draft.doubts)),), tuple(draft.skipped))


_MOST_FRONT_MATTER = 60
_FRONT_MATTER = re.compile(r"\s*(?:[\w-]+\s*:.*|-\s.*|\s+.*|#.*|)")


def _without_front_matter(draft: _Draft, lines: Lines) -> Lines:
    """The lines below a block of `key: value` lines between `---` marks, which is reported as skipped."""
    end = lines.index("---", 1, _MOST_FRONT_MATTER) if lines[0] == "---" and "---" in lines[1:_MOST_FRONT_MATTER] else 0
    if not end or not all(map(_FRONT_MATTER.fullmatch, lines[1:end])):
        return lines
    matter = "; ".join(line.strip() for line in lines[1:end] if line.strip())
    draft.skipped.append(Skipped(draft.entry.sources[0], SkipReason.EXTRA_LINE, f"front matter: {matter}"))
    return lines[end + 1 :]


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


def _read_front(draft: _Draft, lines: Lines) -> Front:
    front = read_front(lines)
    head, title = front.head, front.title
    draft.doubt(Doubt.SCHEME_ADDED, head.scheme_added)
    draft.doubt(Doubt.BROKEN_LINK, head.broken)
    if title:
        draft.set(title=title.title, title_derived=False)
        draft.set(authors=title.byline.authors, organisation=title.byline.organisation)
        draft.doubt(Doubt.AUTHORS_UNCLOSED, title.unclosed)
    elif head.name:
        draft.set(title=head.name, title_derived=False)
    draft.doubt(Doubt.TITLE_DERIVED, draft.entry.title_derived)
    if head.urls:
        ids = [found for url in head.urls if (found := arxiv_id_in(url))]
        draft.set(url=head.urls[0], arxiv_id=ids[0] if ids else None)
    return front


_MOST_ALTERNATIVES = 8
_MOST_TITLE_LINES = 50


def _read_alternatives(draft: _Draft, lines: Lines, title: TitleBlock | None) -> Lines:
    """Takes off further title lines of the same paper (another version's title), which are reported as skipped."""
    for _ in range(_MOST_ALTERNATIVES):
        start = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
        taken = count_alternative(lines[start : start + _MOST_TITLE_LINES], title) if title else 0
        if not taken:
            return lines
        other = " ".join(line.strip() for line in lines[start : start + taken])
        draft.skipped.append(Skipped(draft.entry.sources[0], SkipReason.EXTRA_LINE, f"second title line: {other}"))
        lines = lines[start + taken :]
    return lines


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
    """How many lines of links, tags or another paper's title stand before the quote; 0 without one."""
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
