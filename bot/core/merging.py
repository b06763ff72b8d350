"""The same paper twice: on a page and in a vault, in two vaults, in copies of a note.

Two entries are the same paper when their arXiv ids are equal, else when titles and names are (`same_paper`). `merge`
puts them together so that no text is lost, and doing so again changes nothing. Candidates are found by `match_keys`:
an archive keeps the keys of each entry and asks for any of them, then lets `same_paper` decide.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from bot.core.entries import (
    Entry,
    Kind,
    Status,
    arxiv_id_of,
    identity_of,
    same_content,
    tag_key,
    title_key,
    titled_identity_of,
)
from bot.core.imports import Doubt
from bot.core.text import fold


class Outcome(StrEnum):
    """Whether an entry gained anything from the other one."""

    UNCHANGED = "unchanged"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Merge:
    """The entry that two became, and whether it differs from the one that was kept."""

    entry: Entry
    outcome: Outcome


# --- which entries are the same paper -----------------------------------------------------------------------------

_COPY_NUMBER = re.compile(r"\s+\(?\d{1,2}\)?$")


def match_keys(entry: Entry) -> tuple[str, ...]:
    """Every key under which the same paper may be met again; entries that share none are never the same.

    The id, the identity (arXiv id, or title with names), the title with names beside an arXiv id (a pasted page has no
    links), and for a note without title line its content, so that `Foo 1.md` is met as a copy of `Foo.md`.
    """
    keys = [f"id:{entry.id}"] if entry.id else []
    keys.append(identity_of(entry))
    if entry.arxiv_id and (entry.authors or entry.organisation):
        keys.append(titled_identity_of(entry))
    keys += _copy_keys(entry)
    return tuple(dict.fromkeys(keys))


def _copy_keys(entry: Entry) -> list[str]:
    if not entry.title_derived or not entry.commentary:
        return []
    texts = "\x00".join(fold(text or "") for text in (entry.url, entry.abstract, entry.commentary, entry.commentary_en))
    title = title_key(_COPY_NUMBER.sub("", entry.title))
    return [f"copy:{title}:{hashlib.sha256(texts.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"]


def same_paper(one: Entry, other: Entry) -> bool:
    """Whether two entries are about the same paper.

    Equal ids or arXiv ids decide; two different arXiv ids, or two different ids, are two papers. Else the title with
    the names does, without regard to case, width and punctuation: `StyleGAN 2` is not `StyleGAN`. A note about several
    papers is not the same as a note about the first of them.
    """
    return _may_be_same(one, other) and not set(match_keys(one)).isdisjoint(match_keys(other))


def _may_be_same(one: Entry, other: Entry) -> bool:
    """Whether nothing speaks against it that two entries which share a key are the same paper."""
    if one.id and one.id == other.id:
        return True
    if _is_about_several(one) != _is_about_several(other):
        return False
    if one.arxiv_id and other.arxiv_id:
        return one.arxiv_id == other.arxiv_id
    return not (one.id and other.id)


def _is_about_several(entry: Entry) -> bool:
    return Doubt.SEVERAL_PAPERS in entry.warnings


# --- putting two entries together ---------------------------------------------------------------------------------

_SETTLED_BY_MERGE = frozenset({Doubt.DIGEST_DATE_DERIVED, Doubt.TITLE_DERIVED, Doubt.UNDATED, Doubt.NO_TEXT})


def merge(kept: Entry, found: Entry) -> Merge:
    """What `kept` becomes when the same paper is `found` again.

    Id, status and revision stay, but that a draft for want of a date is published once one is found. Missing fields
    are filled; texts that differ are both kept, the richer first; a date or title that was derived yields to a written
    one; of two written digest dates the earlier stays. What could not be decided is left as a `Doubt`.
    """
    abstract = _texts_together(kept.abstract, found.abstract)
    commentary = _texts_together(kept.commentary, found.commentary)
    commentary_en = _texts_together(kept.commentary_en, found.commentary_en)
    days = _dates_together(kept, found)
    named = _titled(kept, found)
    url = kept.url or found.url
    merged = replace(
        kept,
        id=kept.id or found.id,
        title=named.title,
        title_derived=named.title_derived,
        digest_date=days.digest_date,
        paper_date=_earlier(kept.paper_date, found.paper_date),
        authors=kept.authors or found.authors,
        organisation=kept.organisation or (None if kept.authors else found.organisation),
        url=url,
        arxiv_id=kept.arxiv_id or found.arxiv_id,
        abstract=abstract.text,
        commentary=commentary.text,
        commentary_en=commentary_en.text,
        tags=_tags_together(kept.tags, found.tags),
        links=_links_together(url, kept, found),
        related=_once(kept.related, found.related),
        kind=Kind.PAPER if Kind.PAPER in {kept.kind, found.kind} else kept.kind,
        status=_status(kept, found),
        sources=_once(kept.sources, found.sources),
    )
    differ = {
        Doubt.TEXTS_DIFFER: abstract.differ or commentary.differ or commentary_en.differ,
        Doubt.DATES_DIFFER: days.differ,
        Doubt.TITLES_DIFFER: _two_titles(kept, found),
    }
    merged = replace(merged, warnings=_doubts(kept, found, merged, days.derived, differ))
    return Merge(merged, Outcome.UNCHANGED if same_content(merged, kept) else Outcome.MERGED)


@dataclass(frozen=True, slots=True)
class _Texts:
    text: str | None
    differ: bool = False


def _texts_together(one: str | None, other: str | None) -> _Texts:
    """Both texts, the longer first; one alone where it holds the other."""
    if not one or not other:
        return _Texts(one or other)
    plain, plain_other = " ".join(one.split()), " ".join(other.split())
    if plain_other in plain:
        return _Texts(one)
    if plain in plain_other:
        return _Texts(other)
    first, second = (one, other) if len(plain) >= len(plain_other) else (other, one)
    return _Texts(f"{first}\n\n{second}", differ=True)


@dataclass(frozen=True, slots=True)
class _Dates:
    digest_date: date | None
    derived: bool
    differ: bool = False


def _dates_together(kept: Entry, found: Entry) -> _Dates:
    """The digest date of a page before a derived one, and of two alike the earlier."""
    derived, found_derived = _is_derived(kept), _is_derived(found)
    if kept.digest_date is None or found.digest_date is None:
        of = found if kept.digest_date is None else kept
        return _Dates(of.digest_date, _is_derived(of))
    if derived != found_derived:
        return _Dates(found.digest_date if derived else kept.digest_date, derived=False)
    earlier = min(kept.digest_date, found.digest_date)
    return _Dates(earlier, derived, differ=kept.digest_date != found.digest_date)


def _is_derived(entry: Entry) -> bool:
    return entry.digest_date is not None and Doubt.DIGEST_DATE_DERIVED in entry.warnings


def _earlier(one: date | None, other: date | None) -> date | None:
    return min(one, other) if one and other else one or other


def _titled(kept: Entry, found: Entry) -> Entry:
    """The one whose title stays."""
    return found if kept.title_derived and not found.title_derived else kept


def _two_titles(kept: Entry, found: Entry) -> bool:
    derived = kept.title_derived or found.title_derived
    return not derived and title_key(kept.title) != title_key(found.title)


def _status(kept: Entry, found: Entry) -> Status:
    for_want_of_date = kept.status is Status.DRAFT and kept.digest_date is None
    return found.status if for_want_of_date and found.is_public else kept.status


def _tags_together(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    """All tags in order, each in its first spelling; spellings that stand side by side in one entry stay."""
    tags = list(dict.fromkeys(one))
    keys = {tag_key(tag) for tag in tags}
    for tag in other:
        if tag_key(tag) not in keys:
            tags.append(tag)
            keys.add(tag_key(tag))
    return tuple(tags)


def _links_together(url: str | None, kept: Entry, found: Entry) -> tuple[str, ...]:
    others = [found.url] if found.url and not _same_address(found.url, url) else []
    return tuple(link for link in _once(kept.links, others, found.links) if link != url)


def _same_address(one: str, other: str | None) -> bool:
    arxiv_id = arxiv_id_of(one)
    return one == other or (arxiv_id is not None and other is not None and arxiv_id == arxiv_id_of(other))


def _once(*lists: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))


def _doubts(kept: Entry, found: Entry, merged: Entry, derived: bool, differ: dict[Doubt, bool]) -> tuple[str, ...]:
    """The doubts of both that still hold, and the new ones, in order."""
    holds = {
        Doubt.DIGEST_DATE_DERIVED: derived,
        Doubt.TITLE_DERIVED: merged.title_derived,
        Doubt.UNDATED: merged.digest_date is None,
        Doubt.NO_TEXT: not (merged.abstract or merged.commentary or merged.commentary_en),
    }
    old = [kind for kind in _once(kept.warnings, found.warnings) if kind not in _SETTLED_BY_MERGE or holds[Doubt(kind)]]
    return _once(old, (kind.value for kind, happens in differ.items() if happens))


# --- the entries of one import ------------------------------------------------------------------------------------


class Merger:
    """Gathers the entries of one import, each paper once, in the order they were first seen.

    A paper keeps the keys of all that became part of it: a title that gave way to another one still leads to it.
    """

    def __init__(self) -> None:
        self._groups: list[Entry | None] = []  # None: has become part of an earlier one
        self._keys: list[set[str]] = []
        self._places: dict[str, list[int]] = {}

    def add(self, entry: Entry) -> Outcome | None:
        """Takes in an entry: None when it is the first of its paper, else whether it added anything."""
        keys = set(match_keys(entry))
        places = self._same_as(entry, keys)
        if not places:
            self._groups.append(entry)
            self._keys.append(set())
            self._index(len(self._groups) - 1, keys)
            return None
        outcome = self._put(places[0], entry, keys)
        while len(places := self._same_as(self._at(places[0]), self._keys[places[0]])) > 1:
            later = self._at(places[1])
            self._groups[places[1]] = None
            self._put(places[0], later, self._keys[places[1]])
        return outcome

    @property
    def entries(self) -> list[Entry]:
        """What has been gathered so far."""
        return [entry for entry in self._groups if entry is not None]

    def _at(self, place: int) -> Entry:
        entry = self._groups[place]
        assert entry is not None
        return entry

    def _put(self, place: int, entry: Entry, keys: set[str]) -> Outcome:
        merged = merge(self._at(place), entry)
        self._groups[place] = merged.entry
        self._index(place, keys.union(match_keys(merged.entry)))
        return merged.outcome

    def _index(self, place: int, keys: set[str]) -> None:
        for key in keys - self._keys[place]:
            self._places.setdefault(key, []).append(place)
        self._keys[place] |= keys

    def _same_as(self, entry: Entry, keys: set[str]) -> list[int]:
        """Where the same paper stands already, earliest first."""
        places = {place for key in keys for place in self._places.get(key, ())}
        return [
            place for place in sorted(places) if (one := self._groups[place]) is not None and _may_be_same(one, entry)
        ]


def gather(entries: Iterable[Entry]) -> list[Entry]:
    """The entries of one import with the same papers merged, in the order they were first seen."""
    merger = Merger()
    for entry in entries:
        merger.add(entry)
    return merger.entries
