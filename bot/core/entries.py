"""Entries, tags and revisions: what the archive holds."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from bot.core.people import Person


class Kind(StrEnum):
    """What an entry is about."""

    PAPER = "paper"
    ANNOUNCEMENT = "announcement"
    ESSAY = "essay"


class Status(StrEnum):
    """Where an entry stands: only published entries are posted and found."""

    PUBLISHED = "published"
    DRAFT = "draft"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One paper or announcement, texts as written in the source.

    `digest_date` is the day it goes out, `paper_date` the day of the paper itself; None means unknown, and an
    entry without a digest date is never published. `authors` holds persons only. `links` are further http(s)
    addresses in order of appearance, `related` the names of other notes it points to. `sources` are the paths
    it was imported from, relative to the imported root, `warnings` the kinds of doubt its import left
    (see `bot.core.imports`). `id` never changes; everything else may. `revision` counts the changes from 1.
    """

    id: str
    title: str
    title_derived: bool = False
    digest_date: date | None = None
    paper_date: date | None = None
    authors: tuple[str, ...] = ()
    organisation: str | None = None
    url: str | None = None
    arxiv_id: str | None = None
    abstract: str | None = None
    commentary: str | None = None
    commentary_en: str | None = None
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    kind: Kind = Kind.PAPER
    status: Status = Status.PUBLISHED
    sources: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    revision: int = 1

    @property
    def is_public(self) -> bool:
        """Whether readers may see it once its digest date has come."""
        return self.status is Status.PUBLISHED and self.digest_date is not None


def same_content(one: Entry, other: Entry) -> bool:
    """Whether two entries differ in nothing but their revision number."""
    return replace(one, revision=1) == replace(other, revision=1)


class Action(StrEnum):
    """What a revision did to its entry."""

    ADD = "add"
    EDIT = "edit"
    REMOVE = "remove"
    UNDO = "undo"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of one entry: the entry as it was after it, who made it (None: an import) and when (UTC).

    `undone`: a later undo has taken it back. An undo is not itself undone: undoing again goes one step further back.
    """

    entry: Entry
    action: Action
    by: Person | None
    at: datetime
    undone: bool = False


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag as most often written, and how many published entries carry it, or `at_least` do."""

    name: str
    count: int
    at_least: bool = False


def tag_key(name: str) -> str:
    """What two spellings of one tag share: case, `-`, `_` and width make no difference.

    >>> tag_key("Vision_Language") == tag_key("vision-language")
    True
    """
    return re.sub(r"[-_\s]+", "", unicodedata.normalize("NFKC", name).casefold())


_ARXIV_ID = r"(?:\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[A-Za-z]{2})?/\d{7})"
_ARXIV_URL = re.compile(
    rf"(?:https?://)?(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html|format|e-print)/(?P<id>{_ARXIV_ID})(?:v\d+)?",
    re.IGNORECASE,
)
_BARE_ARXIV_ID = re.compile(rf"(?:arxiv:)?(?P<id>{_ARXIV_ID})(?:v\d+)?(?:\.pdf)?", re.IGNORECASE)


def arxiv_id_of(text: str) -> str | None:
    """The arXiv id, without version, that a whole text is: `2406.14548v2`, `arXiv:...` or an arxiv.org address."""
    text = unicodedata.normalize("NFKC", text).strip()
    found = _ARXIV_URL.match(text) or _BARE_ARXIV_ID.fullmatch(text)
    return found["id"].lower() if found else None


def title_key(title: str) -> str:
    """What two spellings of one title share: letters and digits only, without case or width."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", title).casefold())


def identity_of(entry: Entry) -> str:
    """What makes two notes the same paper: the arXiv id, else the title with the authors, else title and date."""
    return f"arxiv:{entry.arxiv_id}" if entry.arxiv_id else titled_identity_of(entry)


def titled_identity_of(entry: Entry) -> str:
    """The same for a note that has no arXiv id."""
    names = entry.authors or ((entry.organisation,) if entry.organisation else ())
    if names:
        return f"title:{title_key(entry.title)}:{title_key(''.join(names))}"
    return f"title:{title_key(entry.title)}:{entry.url or entry.paper_date or entry.digest_date or ''}"


def new_entry_id(identity: str, attempt: int = 0) -> str:
    """A short stable id made from the identity, so that the same import gives the same ids anywhere.

    `attempt` gives another id when that one is taken by a different entry.
    """
    digest = hashlib.sha256(f"{identity}\x00{attempt}".encode()).digest()
    return b32encode(digest)[:10].decode().lower()


ENTRY_ID = re.compile(r"[a-z2-7]{10}")
