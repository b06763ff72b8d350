"""What an import reads and reports: documents, doubts by kind, and the counts it ends with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.entries import Entry


class Doubt(StrEnum):
    """Kinds of warning an import leaves on an entry; the values stand in the archive and in JSON."""

    DIGEST_DATE_DERIVED = "digest-date-derived"  # a vault note without a page: the paper date serves
    TITLE_DERIVED = "title-derived"  # no title line: the file name serves
    UNDATED = "undated"
    DATE_CONFLICT = "date-conflict"  # file name and year folder disagree
    AUTHORS_UNCLOSED = "authors-unclosed"
    STRAY_AFTER_TAGS = "stray-after-tags"
    BROKEN_QUOTE = "broken-quote"
    BROKEN_LINK = "broken-link"
    SCHEME_ADDED = "scheme-added"
    BROKEN_WIKILINK = "broken-wikilink"
    SEVERAL_PAPERS = "several-papers"
    PARTIAL_ENTRY = "partial-entry"  # the page was cut
    UNCLOSED_ENGLISH = "unclosed-english"
    TEXTS_DIFFER = "texts-differ"  # the same paper with two texts: both kept
    DATES_DIFFER = "dates-differ"  # the same paper on two days: the earlier kept
    TITLES_DIFFER = "titles-differ"
    UNUSUAL_LENGTH = "unusual-length"  # imported as a draft
    NO_TEXT = "no-text"  # neither abstract nor commentary


REMARKS = frozenset({Doubt.DIGEST_DATE_DERIVED, Doubt.TITLE_DERIVED, Doubt.NO_TEXT})
"""Kinds that say how an entry came to be, and need nobody's eye."""


class SkipReason(StrEnum):
    """Why a file, or a part of one, did not become an entry."""

    DIRECTORY_UNREADABLE = "directory-unreadable"
    UNREADABLE = "unreadable"
    NOT_UTF8 = "not-utf8"
    TOO_LARGE = "too-large"
    BINARY = "binary"
    EMPTY = "empty"
    UNKNOWN_FORMAT = "unknown-format"
    NOT_AN_ENTRY = "not-an-entry"  # a format's file, or a part of it, that holds no entry
    EXTRA_LINE = "extra-line"  # a line of an entry that is none of its fields, such as a second title
    BROKEN_RECORD = "broken-record"  # a JSON line that is not an entry


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something left out: where (path relative to the imported root), why, and a short detail such as a line number."""

    path: str
    reason: SkipReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One file as read: its path relative to the imported root, and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a format makes of one document. Entries have `id=""`: the importer gives ids, except from JSON Lines."""

    entries: tuple[Entry, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class ImportReport:
    """The counts every import ends with."""

    files_read: int = 0
    new: int = 0
    merged: int = 0
    unchanged: int = 0
    drafts: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    alias_offers: list[tuple[str, ...]] = field(default_factory=list)
