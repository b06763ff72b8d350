"""Writes a query as text that `bot.core.query_syntax` reads back as the same query."""

from __future__ import annotations

import re

from bot.core.dates import print_day
from bot.core.query import (
    AfterTerm,
    AuthorTerm,
    BeforeTerm,
    DateTerm,
    IdTerm,
    Query,
    SavedTerm,
    TagTerm,
    Term,
    TextTerm,
    TitleTerm,
)
from bot.core.query_tokens import (
    COMMAS,
    DOUBLE_QUOTES,
    HASHES,
    MINUSES,
    OPENING,
    RANGE,
    id_of_word,
    key_at,
    unknown_key,
)

_TO_ESCAPE = re.compile(rf"\\(?![0-9A-Za-z])|[{OPENING}]")
_TO_ESCAPE_IN_QUOTES = re.compile(rf"\\(?![0-9A-Za-z])|[{DOUBLE_QUOTES}]")
_NEEDS_QUOTES = re.compile(rf"[\s\\{OPENING}]")
_TAG_NEEDS_QUOTES = re.compile(rf"[{HASHES}]|.*[\s\\{OPENING}{COMMAS}]")
_FIRST_MARK = re.compile(r"[^\s0-9A-Za-z\\\w]|[^\x00-\x7f]")


def unparse(query: Query) -> str:
    """Write a query as text that `parse` reads back as the same query, with English keys, the order last."""
    parts = [print_term(term) for term in query.terms]
    if query.sort is not None:
        parts.append(f"sort:{query.sort}")
    return " ".join(parts)


def write_tag(name: str) -> str:
    """A tag's name as it goes after `tag:` or `#`, in quotes where it needs them."""
    return _quote(name) if _TAG_NEEDS_QUOTES.match(name) else name


def write_author(name: str) -> str:
    """A name as it goes after `author:`, in quotes where it needs them."""
    return _quote(name) if _NEEDS_QUOTES.search(name) else name


def print_term(term: Term) -> str:
    match term:
        case TagTerm(names, negated):
            text = "tag:" + ",".join(map(write_tag, names))
        case AuthorTerm(name, negated):
            text = "author:" + write_author(name)
        case TitleTerm(title, phrase, negated):
            text = "title:" + (_quote(title) if phrase else _escape(title))
        case TextTerm(words, phrase, negated):
            text = _quote(words) if phrase else _escape_word(words)
        case SavedTerm(negated):
            text = "is:saved"
        case _:
            return _print_positive(term)
    return f"-{text}" if negated else text


def _print_positive(term: DateTerm | AfterTerm | BeforeTerm | IdTerm) -> str:
    match term:
        case AfterTerm(day):
            return f"after:{print_day(day)}"
        case BeforeTerm(day):
            return f"before:{print_day(day)}"
        case IdTerm(entry_id):
            return f"id:{entry_id}"
        case DateTerm(first, last):
            if first == last and first is not None:
                return f"date:{print_day(first)}"
            return f"date:{print_day(first) if first else ''}..{print_day(last) if last else ''}"


def _quote(text: str) -> str:
    return '"' + _TO_ESCAPE_IN_QUOTES.sub(r"\\\g<0>", text) + '"'


def _escape(text: str) -> str:
    return _TO_ESCAPE.sub(r"\\\g<0>", text)


def _escape_word(text: str) -> str:
    mark = _FIRST_MARK.search(text)
    if mark is None or not _reads_as_more(text):
        return _escape(text)
    return f"{_escape(text[: mark.start()])}\\{mark[0]}{_escape(text[mark.end() :])}"


def _reads_as_more(word: str) -> bool:
    """Whether a bare word would be read as a key, a tag, an id, a negation or the end of a range."""
    if word[0] in MINUSES or RANGE.match(word) or key_at(word, 0)[0] or unknown_key(word, 0):
        return True
    return id_of_word(word) is not None
