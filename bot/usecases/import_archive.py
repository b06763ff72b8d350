"""Import documents into the archive: each paper once, nothing dropped without a reason, all of it or nothing.

documents ─ parse ─> entries ─ match with each other and with the archive ─ merge ─> one transaction
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.entries import Entry, Status, identity_of, new_entry_id, tag_key
from bot.core.imports import Document, ImportReport, Parsed, Skipped, SkipReason
from bot.core.merging import Merger, Outcome, match_keys
from bot.core.ports import ImportedEntry, Stores
from bot.formats.detect import NotText, decode, detect
from bot.formats.vault import resolve_wikilinks

Progress = Callable[[int], None]


def _unwatched(_count: int) -> None:
    """Nobody watches the progress."""


@dataclass(slots=True)
class _Written:
    """What an import adds to the archive and what it changes there."""

    new: list[Entry]
    changed: list[Entry]


@dataclass(slots=True)
class _Read:
    """What the documents held: entries in reading order, each with the digest of its document."""

    entries: list[tuple[Entry, str]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)


async def import_documents(
    stores: Stores,
    documents: Iterable[Document | Skipped],
    *,
    at: datetime,
    progress: Progress | None = None,
) -> ImportReport:
    """Read documents into the archive and report what became of each; importing again adds nothing.

    A document that an earlier import has read is not looked at again, so later edits in chat are never undone.
    `progress` is told how many documents have been read. Raises nothing for a bad document: it is in the report.
    """
    report = ImportReport()
    read = _read_all(documents, report, progress or _unwatched)
    seen = await stores.archive.seen_documents(read.digests)
    fresh = [entry for entry, digest in read.entries if digest not in seen]
    report.unchanged += len(read.entries) - len(fresh)
    written = await _match(stores, fresh, report)
    new = await _with_ids(stores, written.new)
    await stores.archive.write_import(
        [ImportedEntry(entry, True) for entry in new] + [ImportedEntry(entry, False) for entry in written.changed],
        documents=[digest for digest in dict.fromkeys(read.digests) if digest not in seen],
        at=at,
    )
    _count(report, [*new, *written.changed])
    return report


def read_entries(documents: Iterable[Document | Skipped]) -> list[Entry]:
    """The entries of documents as they stand there: read and parsed, and nothing else done."""
    return [entry for entry, _ in _read_all(documents, ImportReport(), _unwatched).entries]


def _read_all(documents: Iterable[Document | Skipped], report: ImportReport, progress: Progress) -> _Read:
    read = _Read()
    for number, document in enumerate(documents, start=1):
        progress(number)
        if isinstance(document, Skipped):
            report.skipped.append(document)
            continue
        report.files_read += 1
        digest = _digest(document)
        read.digests.append(digest)
        parsed = _parse(document)
        report.skipped += parsed.skipped
        read.entries += [(entry, digest) for entry in parsed.entries]
    return read


def _digest(document: Document) -> str:
    """What makes two documents the same to an import: the file's name, which holds the date, and its bytes."""
    name = document.path.rsplit("/", 1)[-1]
    return hashlib.sha256(name.encode("utf-8", "surrogateescape") + b"\0" + document.data).hexdigest()


def _parse(document: Document) -> Parsed:
    try:
        text = decode(document.data)
    except NotText as error:
        return Parsed(skipped=(Skipped(document.path, error.reason),))
    parse = detect(document.path, text)
    if parse is None:
        return Parsed(skipped=(Skipped(document.path, SkipReason.UNKNOWN_FORMAT),))
    return parse(document.path, text)


async def _match(stores: Stores, entries: Sequence[Entry], report: ImportReport) -> _Written:
    """Put the same papers together: those of the archive first, then this import's in reading order."""
    resolved = resolve_wikilinks(entries)
    merger = Merger()
    known = await _known(stores, resolved)
    for entry in known.values():
        merger.add(entry)
    outcomes = Counter(merger.add(entry) for entry in resolved)
    written = _Written(
        new=[entry for entry in merger.entries if entry.id not in known],
        changed=[entry for entry in merger.entries if entry.id in known and entry != known[entry.id]],
    )
    report.new = len(written.new)
    report.unchanged += outcomes[Outcome.UNCHANGED]
    report.merged = len(resolved) - report.new - outcomes[Outcome.UNCHANGED]
    return written


async def _known(stores: Stores, entries: Sequence[Entry]) -> Mapping[str, Entry]:
    """The archive's entries that any of these could be, by id."""
    alike = await stores.archive.same_papers({key for entry in entries for key in match_keys(entry)})
    by_id = await stores.archive.get({entry.id for entry in entries if entry.id})
    return {entry.id: entry for entry in (*alike, *by_id.values())}


async def _with_ids(stores: Stores, entries: Sequence[Entry]) -> list[Entry]:
    """The same with ids, made from what they are, and never one that is taken."""
    wanted = {new_entry_id(identity_of(entry)) for entry in entries if not entry.id}
    taken = set(await stores.archive.get(wanted)) | {entry.id for entry in entries}
    named = []
    for entry in entries:
        entry_id, attempt = entry.id or new_entry_id(identity_of(entry)), 0
        while not entry.id and entry_id in taken:
            attempt += 1
            entry_id = new_entry_id(identity_of(entry), attempt)
        taken.add(entry_id)
        named.append(replace(entry, id=entry_id))
    return named


def _count(report: ImportReport, entries: Sequence[Entry]) -> None:
    """Warnings by kind, drafts, and tags written in several ways, of what was written."""
    warnings = Counter(kind for entry in entries for kind in entry.warnings)
    report.warnings = dict(sorted(warnings.items()))
    report.drafts = sum(entry.status is Status.DRAFT for entry in entries)
    spellings: dict[str, Counter[str]] = {}
    for tag in (tag for entry in entries for tag in entry.tags):
        spellings.setdefault(tag_key(tag), Counter())[tag] += 1
    report.alias_offers = sorted(
        tuple(name for name, _ in counts.most_common()) for counts in spellings.values() if len(counts) > 1
    )
