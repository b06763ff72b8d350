"""JSON Lines, one entry a line: what `paperboy export` writes and `paperboy import` reads back byte for byte.

The fields stand in a fixed order; dates are ISO, what is absent is null. `links` holds the further addresses and
after them the names of related notes as `"[[name]]"`. A record written by hand needs a title only; fields that
are not known are passed over, so that a newer export can be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NoReturn

from bot.core.entries import ENTRY_ID, Entry, Kind, Status, arxiv_id_of
from bot.core.imports import Doubt, Parsed, Skipped, SkipReason

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WIKILINK = re.compile(r"\[\[(.+)\]\]", re.DOTALL)
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


class _Wrong(ValueError):
    """What is wrong with a record, in words."""


# --- printing -----------------------------------------------------------------------------------------------------


def print_entry(entry: Entry) -> str:
    """An entry as one line of JSON, without the line end."""
    record = {
        "id": entry.id,
        "digest_date": _iso(entry.digest_date),
        "paper_date": _iso(entry.paper_date),
        "title": entry.title,
        "title_derived": entry.title_derived,
        "authors": entry.authors,
        "organisation": entry.organisation,
        "url": entry.url,
        "arxiv_id": entry.arxiv_id,
        "abstract": entry.abstract,
        "commentary": entry.commentary,
        "commentary_en": entry.commentary_en,
        "tags": entry.tags,
        "links": [*entry.links, *(f"[[{name}]]" for name in entry.related)],
        "kind": entry.kind,
        "status": entry.status,
        "sources": entry.sources,
        "warnings": entry.warnings,
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# --- parsing ------------------------------------------------------------------------------------------------------


def parse_json_lines(path: str, text: str) -> Parsed:
    """The entries of a document; a line that is no entry is skipped with its number, its field and what is wrong."""
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(path, _record(line)))
        except _Wrong as wrong:
            skipped.append(Skipped(path, SkipReason.BROKEN_RECORD, f"line {number}: {wrong}"))
    if not entries and not skipped:
        skipped.append(Skipped(path, SkipReason.EMPTY))
    return Parsed(tuple(entries), tuple(skipped))


def _record(line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line, parse_constant=_refuse_constant, object_pairs_hook=_no_twice)
    except RecursionError:
        raise _Wrong("record: nested too deeply") from None
    except _Wrong:
        raise
    except ValueError as error:
        raise _Wrong(f"record: not JSON ({error})") from None
    if not isinstance(record, dict):
        raise _Wrong("record: must be an object")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise _Wrong(f"record: {name} is not JSON")


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Wrong(f"{name}: given twice")
        found[name] = value
    return found


def _entry(path: str, record: Mapping[str, Any]) -> Entry:
    title = _text(record, "title")
    if not title or not title.strip():
        raise _Wrong("title: is missing")
    links = _texts(record, "links")
    paper_date, digest_date = _date(record, "paper_date"), _date(record, "digest_date")
    warnings = list(_texts(record, "warnings"))
    if "digest_date" not in record and paper_date:
        digest_date = paper_date
        warnings.append(Doubt.DIGEST_DATE_DERIVED.value)
    return Entry(
        id=_checked(record, "id", lambda text: not text or ENTRY_ID.fullmatch(text), "ten letters a-z or digits 2-7")
        or "",
        title=title,
        title_derived=_flag(record, "title_derived"),
        digest_date=digest_date,
        paper_date=paper_date,
        authors=_texts(record, "authors"),
        organisation=_text(record, "organisation"),
        url=_checked(record, "url", _WEB_ADDRESS.fullmatch, "an http or https address"),
        arxiv_id=_checked(record, "arxiv_id", lambda text: arxiv_id_of(text) == text, "an arXiv id such as 2406.14548"),
        abstract=_text(record, "abstract"),
        commentary=_text(record, "commentary"),
        commentary_en=_text(record, "commentary_en"),
        tags=tuple(tag.removeprefix("#") for tag in _texts(record, "tags")),
        links=_addresses(link for link in links if not _WIKILINK.fullmatch(link)),
        related=tuple(found[1] for link in links if (found := _WIKILINK.fullmatch(link))),
        kind=Kind(_choice(record, "kind", tuple(Kind), Kind.PAPER)),
        status=Status(_choice(record, "status", tuple(Status), Status.PUBLISHED if digest_date else Status.DRAFT)),
        sources=_texts(record, "sources") if "sources" in record else (path,),
        warnings=tuple(_with_undated(warnings, digest_date, record)),
    )


def _with_undated(warnings: list[str], digest_date: date | None, record: Mapping[str, Any]) -> list[str]:
    """A record written by hand without any date is an undated draft; an exported one says so itself."""
    missing = digest_date is None and "warnings" not in record and "status" not in record
    return [*warnings, Doubt.UNDATED.value] if missing else warnings


# --- fields -------------------------------------------------------------------------------------------------------


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    return None if value is None else _sound(name, value)


def _sound(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{name}: must be text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Wrong(f"{name}: holds half a character (a lone surrogate)") from None
    return value


def _texts(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = record.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _Wrong(f"{name}: must be a list")
    return tuple(_sound(name, item) for item in value)


def _flag(record: Mapping[str, Any], name: str) -> bool:
    value = record.get(name, False)
    if not isinstance(value, bool):
        raise _Wrong(f"{name}: must be true or false")
    return value


def _date(record: Mapping[str, Any], name: str) -> date | None:
    value = _text(record, name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value if _ISO_DATE.fullmatch(value) else "")
    except ValueError:
        raise _Wrong(f"{name}: must be a date such as 2024-06-21") from None


def _checked(record: Mapping[str, Any], name: str, holds: Callable[[str], object], what: str) -> str | None:
    value = _text(record, name)
    if value is not None and not holds(value):
        raise _Wrong(f"{name}: must be {what}")
    return value


def _choice(record: Mapping[str, Any], name: str, choices: tuple[str, ...], default: str) -> str:
    value = _text(record, name)
    if value is not None and value not in choices:
        raise _Wrong(f"{name}: must be one of {', '.join(choices)}")
    return value or default


def _addresses(links: Iterable[str]) -> tuple[str, ...]:
    found = tuple(links)
    if not all(_WEB_ADDRESS.fullmatch(link) for link in found):
        raise _Wrong("links: must be http or https addresses, or [[names]]")
    return found
