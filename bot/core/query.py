"""What a lookup asks for, as values. `bot.core.query_syntax` reads them from text and writes them back."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum


class Sort(StrEnum):
    """The order of results. Ties, and everything under NEW, go newest digest date first."""

    NEW = "new"
    OLD = "old"
    RELEVANCE = "relevance"
    POPULAR = "popular"
    DISCUSSED = "discussed"


class RelativeDay(StrEnum):
    """A day that depends on who asks when."""

    TODAY = "today"
    YESTERDAY = "yesterday"


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Digest dates from `first` to `last`, both included; None leaves that end open."""

    first: date | None
    last: date | None

    def meet(self, other: DateSpan) -> DateSpan:
        """The days in both."""
        firsts = [day for day in (self.first, other.first) if day]
        lasts = [day for day in (self.last, other.last) if day]
        return DateSpan(max(firsts, default=None), min(lasts, default=None))


_NO_DAYS = DateSpan(date.max, date.min)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A year, a month or a day: `2024`, `2024-06`, `2024-06-21`."""

    year: int
    month: int | None = None
    day: int | None = None


Day = PartialDate | RelativeDay


@dataclass(frozen=True, slots=True)
class TagTerm:
    """Carries any of these tags, each as typed; `negated`: none of them."""

    names: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AuthorTerm:
    """An author or the organisation has all these words in its name."""

    name: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class TitleTerm:
    """The title holds this; as one run when `phrase`, else all its words."""

    text: str
    phrase: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class TextTerm:
    """A free word, or a phrase that must stand as one run, anywhere in the entry.

    `begun`: it is still being typed, and stands for the words that begin so.
    """

    text: str
    phrase: bool = False
    negated: bool = False
    begun: bool = False


@dataclass(frozen=True, slots=True)
class DateTerm:
    """Digest dates `first`..`last`; one day, month or year when both are the same. One end may be open."""

    first: Day | None
    last: Day | None


@dataclass(frozen=True, slots=True)
class AfterTerm:
    """Digest dates later than this day, month or year."""

    day: Day


@dataclass(frozen=True, slots=True)
class BeforeTerm:
    """Digest dates earlier than this day, month or year."""

    day: Day


@dataclass(frozen=True, slots=True)
class IdTerm:
    """The entry with this entry id or arXiv id (lower case, without version)."""

    id: str


@dataclass(frozen=True, slots=True)
class SavedTerm:
    """Saved by the asker; `negated`: not saved by the asker."""

    negated: bool = False


Term = TagTerm | AuthorTerm | TitleTerm | TextTerm | DateTerm | AfterTerm | BeforeTerm | IdTerm | SavedTerm


@dataclass(frozen=True, slots=True)
class Query:
    """All terms must hold. `sort` None means the default: relevance where there are words, else new."""

    terms: tuple[Term, ...] = ()
    sort: Sort | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked at all."""
        return not self.terms and self.sort is None

    @property
    def has_words(self) -> bool:
        """Whether any term asks for text, which is what relevance can rank."""
        return any(isinstance(term, TextTerm | TitleTerm) and not term.negated for term in self.terms)

    @property
    def order(self) -> Sort:
        """The order in force."""
        if self.sort is not None:
            return self.sort
        return Sort.RELEVANCE if self.has_words else Sort.NEW


@dataclass(frozen=True, slots=True)
class Criteria:
    """A query made definite for one asker on one day: what storage answers.

    `tags` is a conjunction of alternatives. `span` has every date term met with "not later than today", so
    that tomorrow's digest is not found today. All texts are as typed; storage folds them its own way.
    """

    tags: tuple[tuple[str, ...], ...] = ()
    tags_not: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    authors_not: tuple[str, ...] = ()
    titles: tuple[TitleTerm, ...] = ()
    texts: tuple[TextTerm, ...] = ()
    ids: tuple[str, ...] = ()
    span: DateSpan = field(default_factory=lambda: DateSpan(None, None))
    saved: bool | None = None
    sort: Sort = Sort.NEW


AnyOf = tuple[Criteria, ...]
"""Met by what meets any of them."""


def criteria_of(query: Query, today: date, *, until: date | None = None) -> Criteria:
    """Resolve what depends on the asker's day. Two date terms that exclude each other give an empty span.

    Digests up to `until`, else up to `today`.
    """
    span = DateSpan(None, until or today)
    saved: bool | None = None
    for term in query.terms:
        match term:
            case DateTerm() | AfterTerm() | BeforeTerm():
                span = span.meet(_span_of(term, today))
            case SavedTerm():
                saved = not term.negated
            case _:
                pass
    tags = [term for term in query.terms if isinstance(term, TagTerm)]
    authors = [term for term in query.terms if isinstance(term, AuthorTerm)]
    return Criteria(
        tags=tuple(term.names for term in tags if not term.negated),
        tags_not=tuple(name for term in tags if term.negated for name in term.names),
        authors=tuple(term.name for term in authors if not term.negated),
        authors_not=tuple(term.name for term in authors if term.negated),
        titles=tuple(term for term in query.terms if isinstance(term, TitleTerm)),
        texts=tuple(term for term in query.terms if isinstance(term, TextTerm)),
        ids=tuple(term.id for term in query.terms if isinstance(term, IdTerm)),
        span=span,
        saved=saved,
        sort=query.order,
    )


def _span_of(term: DateTerm | AfterTerm | BeforeTerm, today: date) -> DateSpan:
    match term:
        case AfterTerm(day):
            last = last_day(day, today)
            return DateSpan(last + timedelta(days=1), None) if last < date.max else _NO_DAYS
        case BeforeTerm(day):
            first = first_day(day, today)
            return DateSpan(None, first - timedelta(days=1)) if first > date.min else _NO_DAYS
        case DateTerm(first_part, last_part):
            return DateSpan(
                first_day(first_part, today) if first_part else None,
                last_day(last_part, today) if last_part else None,
            )


def first_day(day: Day, today: date) -> date:
    """The first calendar day of a day, month or year."""
    if isinstance(day, RelativeDay):
        return today if day is RelativeDay.TODAY else today - timedelta(days=1)
    return date(day.year, day.month or 1, day.day or 1)


def last_day(day: Day, today: date) -> date:
    """The last calendar day of a day, month or year."""
    if isinstance(day, RelativeDay):
        return first_day(day, today)
    month = day.month or 12
    return date(day.year, month, day.day or monthrange(day.year, month)[1])
