r"""The query language: text to `Query` and back.

    query  = { term }
    term   = [ "-" ] ( key ":" value | "#" tags | "phrase" | word )
    tags   = value { "," value }            the value of `tag:` too: any of them
    value  = "quoted" | bare                bare ends at white space or a quotation mark (in tags also at a comma)

Keys may be typed in any case, in Korean, and with full-width marks. A backslash before anything but an ASCII letter
or digit takes its meaning away: `\"` is a quotation mark inside quotes, `\-5` and `tag\:x` are plain words. A bare word
that is an arXiv id or address asks for that paper. Words without a letter or digit (`—`, `&`) are passed over.

What `parse` makes of texts, and `unparse` relies on: NFC, at least one letter or digit, no control characters, single
spaces inside and none around; words that are no phrase hold no space; tag names do not vanish in `tag_key`; dates
exist, a range has at least one end and is not reversed; ids are entry ids or arXiv ids in lower case; saved and not
saved do not stand together; terms and tag names are at most `MAX_TERMS`, and the text written back at most `MAX_LENGTH`
long.
For every such query `parse(unparse(query)) == query`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import NoReturn

from bot.core.dates import RELATIVE_DAYS, parse_day, possible_days, print_day
from bot.core.entries import ENTRY_ID, arxiv_id_of, tag_key
from bot.core.errors import QueryError
from bot.core.messages import Message, msg
from bot.core.nearest import nearest
from bot.core.query import (
    AfterTerm,
    AuthorTerm,
    BeforeTerm,
    DateTerm,
    Day,
    IdTerm,
    PartialDate,
    Query,
    SavedTerm,
    Sort,
    TagTerm,
    Term,
    TextTerm,
    TitleTerm,
    first_day,
    last_day,
)
from bot.core.query_tokens import (
    COLONS,
    DOUBLE_QUOTES,
    HARD_MINUSES,
    HASHES,
    OPENING,
    QUOTES,
    RANGE,
    SPACES,
    UNWANTED,
    Key,
    Token,
    Value,
    fold_key,
    id_of_word,
    keys_meant,
    skip_space,
    tokens,
    unknown_key,
)
from bot.core.query_writing import print_term, unparse

MAX_LENGTH = 1_000
MAX_TERMS = 32
SORTS: dict[str, Sort] = {
    **{sort.value: sort for sort in Sort},
    "최신": Sort.NEW,
    "최신순": Sort.NEW,
    "오래된순": Sort.OLD,
    "관련도": Sort.RELEVANCE,
    "관련도순": Sort.RELEVANCE,
    "인기": Sort.POPULAR,
    "인기순": Sort.POPULAR,
    "토론": Sort.DISCUSSED,
    "토론순": Sort.DISCUSSED,
}
STATES = ("saved",)
_SAVED = frozenset({*STATES, "저장", "저장됨"})

_EXAMPLES = {
    Key.TAG: "tag:rlaif",
    Key.AUTHOR: "author:kumar",
    Key.TITLE: 'title:"weak to strong"',
    Key.DATE: "date:2024-06-21",
    Key.AFTER: "after:2024-06-21",
    Key.BEFORE: "before:2024-06-21",
    Key.ID: "id:2406.14548",
    Key.IS: "is:saved",
    Key.SORT: "sort:popular",
}


@lru_cache(maxsize=1_024)  # pages, buttons and completion ask the same once more
def parse(text: str) -> Query:
    """Read a query. Empty text is the empty query.

    Raises:
        QueryError: it is not understood, or longer than `MAX_LENGTH` or `MAX_TERMS`. Each suggestion is a query
            that `parse` takes.
    """
    try:
        return _read(text)
    except QueryError as error:
        mended = dict.fromkeys(_mended(suggestion) for suggestion in error.suggestions)
        suggestions = [suggestion for suggestion in mended if suggestion]
        raise QueryError(error.message, start=error.start, end=error.end, suggestions=suggestions) from None


def _mended(text: str) -> str | None:
    """A suggestion whose further mistakes, if any, are put right as well; None when that fails."""
    for _ in range(4):
        try:
            return None if _read(text).is_empty else text
        except QueryError as error:
            if not error.suggestions:
                return None
            text = error.suggestions[0]
    return None


def _read(text: str) -> Query:
    _refuse_unwanted(text)
    return _Reader(text).query()


def _refuse_unwanted(text: str) -> None:
    if len(text) > MAX_LENGTH:
        _refuse_length(len(text))
    unwanted = UNWANTED.search(text)
    if unwanted:
        raise QueryError(
            msg("The query holds an invisible character that cannot be searched for. Type it again without it."),
            start=unwanted.start(),
            end=unwanted.end(),
            suggestions=[_tidy(UNWANTED.sub(" ", text))],
        )


def _refuse_length(length: int) -> NoReturn:
    raise QueryError(
        msg(
            "The query is too long: {length} characters, where {limit} are the most. Leave some out.",
            length=length,
            limit=MAX_LENGTH,
        ),
        start=min(length, MAX_LENGTH),
        end=length,
    )


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _is_searchable(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


class _Reader:
    """One text being understood."""

    def __init__(self, text: str) -> None:
        self._text = text.translate(SPACES)
        self._by_key: dict[Key | None, Callable[[Token], Term | None]] = {
            None: self._free,
            Key.TAG: self._tag,
            Key.AUTHOR: self._author,
            Key.TITLE: self._title,
            Key.DATE: self._date,
            Key.AFTER: self._after,
            Key.BEFORE: self._before,
            Key.ID: self._id,
            Key.IS: self._is,
        }

    def query(self) -> Query:
        terms: list[Term] = []
        sorts: list[Sort] = []
        size = 0
        for token in tokens(self._text):
            size += len(token.values)
            if size > MAX_TERMS:
                self._fail(
                    msg("The query has too many terms: {limit} are the most. Leave some out.", limit=MAX_TERMS), token
                )
            self._check_values(token)
            if token.key is Key.SORT:
                sorts.append(self._sort(token, sorts))
                continue
            term = self._by_key[token.key](token)
            if term:
                self._check_saved(terms, term, token)
                terms.append(term)
        return self._checked(Query(tuple(terms), sorts[0] if sorts else None))

    def _checked(self, query: Query) -> Query:
        if query.is_empty and self._text.strip():
            raise QueryError(
                msg("`{text}` has no letter or digit to search for.", text=_shown(self._text.strip())),
                end=len(self._text),
            )
        length = len(unparse(query))
        if length > MAX_LENGTH:
            _refuse_length(length)
        return query

    # what every term can have wrong

    def _fail(self, message: Message, at: Token | Value, *suggestions: str) -> NoReturn:
        raise QueryError(message, start=at.start, end=at.end, suggestions=[_tidy(text) for text in suggestions])

    def _with(self, start: int, end: int, instead: str) -> str:
        """The whole query with one part written otherwise."""
        return self._text[:start] + instead + self._text[end:]

    def _check_values(self, token: Token) -> None:
        for value in token.values:
            if not value.closed:
                self._fail_unclosed(value)
            if not value.text and token.key is not None:
                self._fail_empty(token, token.key, value)
            if token.key in {Key.AUTHOR, Key.TITLE} and not _is_searchable(value.text):
                self._fail_blank(value)

    def _fail_unclosed(self, value: Value) -> NoReturn:
        opened = self._text[: value.start]
        if value.text:
            closing = QUOTES[self._text[value.start]]
            options = [
                self._text.rstrip() + ('"' if closing == DOUBLE_QUOTES else closing),
                self._with(value.start, value.start + 1, " "),
            ]
        else:
            plain = opened.strip() and not any(mark in opened for mark in COLONS + HASHES + OPENING)
            options = [f'"{opened.strip()}"', opened] if plain else [opened]
        self._fail(
            msg(
                "A quotation mark is not closed: `{text}`. Add the closing one or leave the opening one out.",
                text=_shown(self._text[value.start :]),
            ),
            value,
            *options,
        )

    def _fail_empty(self, token: Token, key: Key, value: Value) -> NoReturn:
        next_word = skip_space(self._text, value.end)
        options = (
            [self._with(value.start, next_word, "")] if next_word > value.end and next_word < len(self._text) else []
        )
        if len(token.values) > 1:
            start = value.start - 1 if value is not token.values[0] else value.start
            options.append(self._with(start, value.end + (start == value.start), ""))
            self._fail(
                msg(
                    "A tag is missing beside a comma. Write tags without spaces between: `{example}`.",
                    example="tag:llm,alignment",
                ),
                token,
                *options,
            )
        name = self._text[token.body : value.start]
        if not value.quoted and name[-1:] in COLONS:
            options.append(self._with(token.start, value.end, f'"{name}"'))
        self._fail(
            msg(
                "Nothing follows `{key}`. Write the value right after it: `{example}`.",
                key=_shown(name),
                example=_EXAMPLES[key],
            ),
            token,
            *options,
        )

    def _fail_blank(self, value: Value) -> NoReturn:
        text = self._text[value.start : value.end]  # with its quotation marks, else nothing is there of two
        self._fail(msg("`{text}` has no letter or digit to search for.", text=_shown(text)), value)

    def _refuse_minus(self, token: Token, *suggestions: str) -> None:
        if token.negated:
            plain = self._with(token.start, token.body, "")
            self._fail(
                msg(
                    "A minus sign cannot go before `{term}`, only before words, tags, authors, titles and `is:saved`.",
                    term=_shown(self._text[token.body : token.end]),
                ),
                token,
                *(suggestions or (plain,)),
            )

    # words and phrases

    def _free(self, token: Token) -> Term | None:
        (value,) = token.values
        if value.quoted:
            if not _is_searchable(value.text):
                self._fail_blank(value)
            return TextTerm(value.text, phrase=True, negated=token.negated)
        if not value.text:
            self._refuse_lone_minus(token)
            return None
        if not value.escaped:
            self._refuse_unknown_key(token, value)
            entry_id = id_of_word(value.text)
            if entry_id:
                self._refuse_minus(token, self._with(token.body, token.end, f'"{value.text}"'))
                return IdTerm(entry_id)
        return TextTerm(value.text, negated=token.negated) if _is_searchable(value.text) else None

    def _refuse_lone_minus(self, token: Token) -> None:
        if not any(minus in HARD_MINUSES for minus in self._text[token.start : token.end]):
            return  # a dash between words
        next_word = skip_space(self._text, token.end)
        options = [self._with(token.start, next_word, ""), self._with(token.start, next_word, "-")]
        self._fail(
            msg(
                "A minus sign stands alone. Write it right before what to leave out: `{example}`.",
                example="-tag:vision",
            ),
            token,
            *(options if next_word < len(self._text) else options[:1]),
        )

    def _refuse_unknown_key(self, token: Token, value: Value) -> None:
        name = unknown_key(self._text, token.body)
        if name is None:
            return
        start, end = token.body, token.body + len(name) + 1
        near = keys_meant(name)
        options = [self._with(start, end, f"{key}:") for key in near]
        options.append(
            self._with(start, token.end, f'"{value.text}"') if value.end > end else self._with(end - 1, end, " ")
        )
        here = Value(name, start, end)
        if near:
            self._fail(
                msg(
                    "There is no search key `{key}:`. Did you mean `{meant}:`? Put words to search for in quotes.",
                    key=_shown(name),
                    meant=near[0],
                ),
                here,
                *options,
            )
        self._fail(
            msg(
                "There is no search key `{key}:`. The keys are {keys}. Put words to search for in quotes.",
                key=_shown(name),
                keys=" ".join(f"{key}:" for key in Key),
            ),
            here,
            *options,
        )

    # keys

    def _tag(self, token: Token) -> Term:
        names = tuple(
            value.text if value.quoted or value.escaped else value.text.removeprefix("#").removeprefix("＃")
            for value in token.values
        )
        for name, value in zip(names, token.values, strict=True):
            if not tag_key(name):
                self._fail_blank(value)
        return TagTerm(names, token.negated)

    def _author(self, token: Token) -> Term:
        return AuthorTerm(token.values[0].text, token.negated)

    def _title(self, token: Token) -> Term:
        return TitleTerm(token.values[0].text, token.values[0].quoted, token.negated)

    def _id(self, token: Token) -> Term:
        (value,) = token.values
        self._refuse_minus(token)
        entry_id = _id_of(value.text)
        if entry_id is None:
            self._fail(
                msg(
                    "`{text}` is not an id. Write an arXiv id such as `{example}`, its address, or an entry's own id.",
                    text=_shown(value.text),
                    example="2406.14548",
                ),
                value,
                self._with(token.start, token.end, f'"{value.text}"'),
            )
        return IdTerm(entry_id)

    def _is(self, token: Token) -> Term:
        (value,) = token.values
        if fold_key(value.text) not in _SAVED:
            self._fail(
                msg("There is no `is:{text}`. There is `is:saved`: what you have saved.", text=_shown(value.text)),
                value,
                self._with(value.start, value.end, "saved"),
            )
        return SavedTerm(token.negated)

    def _check_saved(self, terms: Iterable[Term], term: Term, token: Token) -> None:
        if isinstance(term, SavedTerm) and SavedTerm(not term.negated) in terms:
            self._fail(
                msg("`is:saved` and `-is:saved` exclude each other. Leave one of them out."),
                token,
                self._with(token.start, token.end, ""),
            )

    def _sort(self, token: Token, sorts: list[Sort]) -> Sort:
        (value,) = token.values
        self._refuse_minus(token)
        sort = SORTS.get(fold_key(value.text))
        if sort is None:
            near = nearest(value.text, [(name, 0) for name in Sort]) or list(Sort)[:3]
            self._fail(
                msg(
                    "There is no order `{text}`. The orders are {orders}.",
                    text=_shown(value.text),
                    orders=", ".join(Sort),
                ),
                value,
                *(self._with(value.start, value.end, name) for name in near),
            )
        if sorts and sort is not sorts[0]:
            self._fail(
                msg("Two orders cannot hold together. Keep one `sort:`."), token, self._with(token.start, token.end, "")
            )
        return sort

    # dates

    def _date(self, token: Token) -> Term:
        (value,) = token.values
        parts = RANGE.split(unicodedata.normalize("NFKC", value.text))
        if len(parts) > 2 or not any(parts):
            self._fail_date(value, value.text)
        days = [self._day(value, part) if part else None for part in parts]
        term = DateTerm(days[0], days[-1])
        if token.negated:
            self._refuse_minus(token, *(self._with(token.start, token.end, text) for text in _complement(term)))
        if _is_reversed(term):
            swapped = print_term(DateTerm(term.last, term.first))
            self._fail(
                msg("The range `{text}` ends before it begins. Turn it round.", text=_shown(value.text)),
                value,
                self._with(token.start, token.end, swapped),
            )
        return term

    def _after(self, token: Token) -> Term:
        day = self._single_day(token)
        self._refuse_minus(token, self._with(token.start, token.end, f"date:..{print_day(day)}"))
        return AfterTerm(day)

    def _before(self, token: Token) -> Term:
        day = self._single_day(token)
        self._refuse_minus(token, self._with(token.start, token.end, f"date:{print_day(day)}.."))
        return BeforeTerm(day)

    def _single_day(self, token: Token) -> Day:
        (value,) = token.values
        if RANGE.search(unicodedata.normalize("NFKC", value.text)):
            self._fail(
                msg(
                    "`{key}:` takes one date. A range goes with `date:`, like `{example}`.",
                    key=token.key,
                    example="date:2024-06-01..2024-06-30",
                ),
                token,
                self._with(token.body, value.start, "date:"),
            )
        return self._day(value, value.text)

    def _day(self, value: Value, text: str) -> Day:
        day = parse_day(text)
        if day is None:
            self._fail_date(value, text)
        return day

    def _fail_date(self, value: Value, text: str) -> NoReturn:
        written = self._text[value.start : value.end]
        near = [print_day(day) for day in possible_days(text)] or nearest(text, [(name, 0) for name in RELATIVE_DAYS])
        options = [
            self._with(value.start, value.end, written.replace(text, other, 1)) for other in near if text in written
        ]
        self._fail(
            msg(
                "`{text}` is not a date. Write a day as `2024-06-21`, a month as `2024-06`, a year as `2024`, "
                "a range as `2024-06-01..2024-06-30`, or `today` or `yesterday`.",
                text=_shown(text),
            ),
            value,
            *options,
        )


def _id_of(text: str) -> str | None:
    text = text.removeprefix("<").removesuffix(">")
    folded = fold_key(text)
    return arxiv_id_of(text) or (folded if ENTRY_ID.fullmatch(folded) else None)


def _is_reversed(term: DateTerm) -> bool:
    first, last = term.first, term.last
    if first is None or last is None or isinstance(first, PartialDate) is not isinstance(last, PartialDate):
        return False
    any_day = date(2024, 6, 21)
    return first_day(first, any_day) > last_day(last, any_day)


def _complement(term: DateTerm) -> list[str]:
    """Queries for the days outside: those before and those after."""
    before = [f"before:{print_day(term.first)}"] if term.first else []
    return [*before, f"after:{print_day(term.last)}"] if term.last else before
