"""The options of `/paper` as one query: pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.core.errors import QueryError
from bot.core.query import AuthorTerm, DateTerm, IdTerm, Query, TagTerm, Term, TextTerm
from bot.core.query_syntax import parse
from bot.core.query_writing import unparse, write_author

_BETWEEN_TAGS: Final = re.compile(r"[,，、]")
_HASHES: Final = "#＃"
_COUNT: Final = re.compile(r" · (?:항목 )?[0-9][0-9,]*(?: entry| entries|개)")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOptions:
    """What a person has put into the options; what they left out is empty."""

    tag: str = ""
    date: str = ""
    author: str = ""
    text: str = ""
    sort: str = ""
    query: str = ""


def typed(text: str) -> str:
    """What stands in an option, without the count of a choice that somebody went on typing after.

    >>> typed("rlaif · 12 entries, vision")
    'rlaif, vision'
    """
    return unicodedata.normalize("NFC", " ".join(_COUNT.sub("", text).split()))


def tags_in(text: str) -> tuple[str, ...]:
    """The tags in an option that takes several.

    >>> tags_in("#rlaif, weak to strong,")
    ('rlaif', 'weak to strong')
    """
    names = (one.strip().lstrip(_HASHES).strip() for one in _BETWEEN_TAGS.split(typed(text)))
    return tuple(name for name in names if name)


def query_of(options: QueryOptions) -> str:
    """One query of which all must hold: what stands in `query` is read as a query, all else as what its option is for.

    What no option takes so is written as it was typed, for whoever reads the query to say what is wrong with it.

    >>> query_of(QueryOptions(tag="rlaif", author="Kim Young", text="weak is:saved"))
    'tag:rlaif author:"Kim Young" "weak" "is:saved"'
    """
    asked = _understood(options.query)
    parts: list[Query | str] = [
        _tags(options.tag),
        _date(options.date),
        _author(options.author),
        _text(options.text),
        _sort(options.sort),
    ]
    read = [part for part in (asked, *parts) if isinstance(part, Query)]
    terms = [term for part in read for term in part.terms]
    sort = next((part.sort for part in reversed(read) if part.sort), None)
    wrong = [part for part in parts if isinstance(part, str)]
    # last, because a quotation mark that is not closed takes in all that follows
    unread = options.query.strip() if asked is None else ""
    return " ".join(filter(None, [unparse(Query(tuple(terms), sort)), *wrong, unread]))


def _understood(text: str) -> Query | None:
    try:
        return parse(text)
    except QueryError:
        return None


def _one(term: Term) -> Query:
    return Query((term,))


def _in_quotes(text: str) -> str:
    """A text that stays one value, whatever it is."""
    return '"' + re.sub(r'[\\"“”„‟＂]', r"\\\g<0>", text) + '"'


def _tags(text: str) -> Query | str:
    if names := tags_in(text):
        return _one(TagTerm(names))
    return f"tag:{_in_quotes(text.strip())}" if text.strip() else ""


def _date(text: str) -> Query | str:
    date = typed(text)
    if not date:
        return ""
    for written in (date, _in_quotes(date), "".join(date.split())):
        read = _understood(f"date:{written}")
        if read and len(read.terms) == 1 and isinstance(read.terms[0], DateTerm) and read.sort is None:
            return read
    return f"date:{_in_quotes(date)}"


def _author(text: str) -> Query | str:
    name = typed(text)
    if not name:
        return ""
    return _one(AuthorTerm(name)) if _has_words(name) else f"author:{write_author(name)}"


def _text(text: str) -> Query | str:
    """Words, phrases in quotes, words that must not stand there after a minus, and arXiv ids; all else word by word."""
    words = unicodedata.normalize("NFC", " ".join(text.split()))
    read = _understood(words)
    if read and read.sort is None and all(isinstance(term, TextTerm | IdTerm) for term in read.terms):
        return read
    plain = (word.replace('"', " ").strip() for word in words.split())
    found = tuple(TextTerm(" ".join(word.split()), phrase=True) for word in plain if _has_words(word))
    return Query(found) if found or not words else _in_quotes(words)


def _sort(text: str) -> Query | str:
    if not text.strip():
        return ""
    written = f"sort:{_in_quotes(text.strip())}"
    return _understood(written) or written


def _has_words(text: str) -> bool:
    return any(letter.isalnum() for letter in text)
