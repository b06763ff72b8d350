"""The form for adding and editing an entry: texts as typed in, an entry out, every wrong field named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from bot.core.addresses import clean_url
from bot.core.dates import parse_day
from bot.core.entries import Entry, Kind, Status, arxiv_id_of, tag_key
from bot.core.errors import FormError
from bot.core.messages import Message, msg
from bot.core.query import first_day

LONGEST: Final = {
    "title": 500,
    "authors": 5_000,
    "organisation": 300,
    "url": 2_000,
    "abstract": 10_000,
    "commentary": 20_000,
    "commentary_en": 20_000,
    "tags": 500,
}
MOST_TAGS: Final = 20


class Publish(StrEnum):
    """When an entry goes out."""

    TODAY = "today"
    ON_DATE = "date"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryForm:
    """What stands in the fields. Authors are separated by commas, tags by spaces or commas, `#` allowed.

    `publish` is a value of `Publish`, `date` matters for ON_DATE only. `revision` is that of the entry being
    edited, 0 for a new one. `note` tells what could not be filled in by itself.
    """

    title: str = ""
    authors: str = ""
    organisation: str = ""
    url: str = ""
    abstract: str = ""
    commentary: str = ""
    commentary_en: str = ""
    tags: str = ""
    paper_date: str = ""
    publish: str = Publish.TODAY
    date: str = ""
    revision: int = 0
    note: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedForm:
    """A form brought up to a later revision.

    `theirs` holds, by field, what somebody else wrote where both have changed it; there the form keeps its own text.
    """

    form: EntryForm
    theirs: Mapping[str, str]


_MERGED: Final = (
    *("title", "authors", "organisation", "url", "abstract", "commentary", "commentary_en"),
    *("tags", "paper_date", "publish", "date"),
)


def merge_forms(mine: EntryForm, base: EntryForm | None, theirs: EntryForm) -> MergedForm:
    """What was typed over `base` (None: not known any more), with what others have made of `base` meanwhile.

    >>> merged = merge_forms(EntryForm(title="A", tags="#b"), EntryForm(title="A"), EntryForm(title="C", revision=2))
    >>> merged.form.title, merged.form.tags, merged.form.revision, dict(merged.theirs)
    ('C', '#b', 2, {})
    """
    taken: dict[str, Any] = {}
    both: dict[str, str] = {}
    for name in _MERGED:
        own, other = getattr(mine, name), getattr(theirs, name)
        was = getattr(base, name) if base else None
        if own in (was, other):
            taken[name] = other
        elif other != was:
            both[name] = other
    return MergedForm(form=replace(mine, **taken, revision=theirs.revision), theirs=both)


def form_of(entry: Entry, note: Message | None = None) -> EntryForm:
    """The form filled with an entry."""
    return EntryForm(
        title=entry.title,
        authors=", ".join(entry.authors),
        organisation=entry.organisation or "",
        url=entry.url or "",
        abstract=entry.abstract or "",
        commentary=entry.commentary or "",
        commentary_en=entry.commentary_en or "",
        tags=" ".join(f"#{tag}" for tag in entry.tags),
        paper_date=entry.paper_date.isoformat() if entry.paper_date else "",
        publish=Publish.DRAFT if entry.status is Status.DRAFT else Publish.ON_DATE,
        date=entry.digest_date.isoformat() if entry.digest_date else "",
        revision=entry.revision,
        note=note,
    )


def read_form(form: EntryForm, *, today: date, before: Entry | None = None) -> Entry:
    """The entry the form describes: a new one with an empty id, or `before` with these fields changed.

    Raises:
        FormError: with one message for each wrong field.
    """
    wrong: dict[str, Message] = _too_long(form)
    title = " ".join(form.title.split())
    if not title:
        wrong["title"] = msg("A title is needed.")
    url, arxiv_id = _read_url(form.url, wrong)
    tags = _read_tags(form.tags, wrong)
    paper_date = _read_date("paper_date", form.paper_date, today, wrong) if form.paper_date.strip() else None
    status, digest_date = _read_publish(form, today, before, wrong)
    untouched = _untouched(form, before)
    wrong = {name: what for name, what in wrong.items() if name not in untouched}
    if wrong:
        raise FormError(msg("Some fields need another look."), wrong)
    base = before or Entry(id="", title=title)
    authors = tuple(name for part in form.authors.split(",") if (name := " ".join(part.split())))
    organisation = " ".join(form.organisation.split()) or None
    read = replace(
        base,
        title=title,
        title_derived=base.title_derived and "title" in untouched,
        authors=authors,
        organisation=organisation,
        url=url,
        arxiv_id=base.arxiv_id if "url" in untouched else arxiv_id,
        abstract=_text(form.abstract),
        commentary=_text(form.commentary),
        commentary_en=_text(form.commentary_en),
        tags=tags,
        paper_date=paper_date,
        digest_date=digest_date,
        status=status,
        kind=base.kind if before else _kind(arxiv_id, authors, organisation),
    )
    return replace(read, **{name: getattr(base, name) for name in untouched})


def _untouched(form: EntryForm, before: Entry | None) -> tuple[str, ...]:
    """The fields that still say what they were opened with: the entry may hold more than a form can say.

    An imported author's name may have a comma in it, a tag a space, an abstract more letters than are let in here.
    """
    if before is None:
        return ()
    opened = form_of(before)
    fields = (*LONGEST, "paper_date")
    return tuple(name for name in fields if _text(getattr(form, name)) == _text(getattr(opened, name)))


def _kind(arxiv_id: str | None, authors: tuple[str, ...], organisation: str | None) -> Kind:
    return Kind.ANNOUNCEMENT if organisation and not authors and not arxiv_id else Kind.PAPER


def _too_long(form: EntryForm) -> dict[str, Message]:
    return {
        name: msg("At most {limit} characters fit here; these are {length}.", limit=limit, length=len(text))
        for name, limit in LONGEST.items()
        if len(text := getattr(form, name)) > limit
    }


def _text(typed: str) -> str | None:
    return typed.replace("\r\n", "\n").strip() or None


def _read_url(typed: str, wrong: dict[str, Message]) -> tuple[str | None, str | None]:
    typed = typed.strip()
    if not typed:
        return None, None
    arxiv_id = arxiv_id_of(typed)
    if arxiv_id and "/" not in typed.removeprefix(arxiv_id.split("/")[0] + "/"):
        return f"https://arxiv.org/abs/{arxiv_id}", arxiv_id
    url = clean_url(typed)
    if url is None:
        wrong["url"] = msg("This is no web address or arXiv id. It should start with https://.")
    return url, arxiv_id


def _read_tags(typed: str, wrong: dict[str, Message]) -> tuple[str, ...]:
    names = [name.strip("#,") for name in re.split(r"[\s,]+", typed.replace("＃", "#"))]
    tags: dict[str, str] = {}
    for name in filter(None, names):
        if not re.fullmatch(r"[\w.+/-]{1,60}", name):
            wrong["tags"] = msg("“{tag}” cannot be a tag: letters, digits, “-” and “_” only.", tag=name)
        tags.setdefault(tag_key(name), name)
    if len(tags) > MOST_TAGS:
        wrong["tags"] = msg("At most {limit} tags fit on one entry.", limit=MOST_TAGS)
    return tuple(tags.values())


def _read_date(field: str, typed: str, today: date, wrong: dict[str, Message]) -> date | None:
    day = parse_day(typed.strip())
    if day is None or (not hasattr(day, "value") and getattr(day, "day", None) is None):
        wrong[field] = msg("A date looks like {example}.", example=today.isoformat())
        return None
    return first_day(day, today)


def _read_publish(
    form: EntryForm, today: date, before: Entry | None, wrong: dict[str, Message]
) -> tuple[Status, date | None]:
    if form.publish == Publish.DRAFT:
        return Status.DRAFT, before.digest_date if before else None
    if form.publish == Publish.TODAY:
        return Status.PUBLISHED, today
    if form.publish != Publish.ON_DATE:
        wrong["publish"] = msg("Choose today, a date, or draft.")
        return Status.DRAFT, None
    if not form.date.strip():
        wrong["date"] = msg("Choose the day on which it goes out.")
        return Status.DRAFT, None
    return Status.PUBLISHED, _read_date("date", form.date, today, wrong)
