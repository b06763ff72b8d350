"""What may be typed next in a slash command: says what stands at the cursor, in any text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.core.commands import (
    COMMANDS,
    DIGEST_SUBCOMMANDS,
    DIGEST_WORDS,
    LONGEST_LINE,
    PAPER_SUBCOMMANDS,
    fold_word,
)
from bot.core.messages import Message, msg
from bot.core.query import Sort
from bot.core.query_syntax import STATES
from bot.core.query_tokens import KEYS, Key, Token, Value, tokens


class CompletionKind(StrEnum):
    """What is being typed at the cursor. For ENTRY, SUBSCRIPTION, TAG and AUTHOR the archive knows the candidates."""

    COMMAND = "command"
    SUBCOMMAND = "subcommand"
    KEY = "key"
    TAG = "tag"
    AUTHOR = "author"
    DATE = "date"
    SORT = "sort"
    IS = "is"
    ENTRY = "entry"
    SUBSCRIPTION = "subscription"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing to offer: `label` is also what to put in place of the span."""

    label: str
    description: Message


@dataclass(frozen=True, slots=True)
class CompletionContext:
    """What stands at the cursor.

    `prefix` is what has been typed of it, without quotes; `start`..`end` the span of the line to put the choice
    in place of (`write_tag` and `write_author` of `bot.core.query_syntax` quote names that need it). `candidates`
    are those that the line alone tells, fitting the prefix; `tags` the other tags already in the query.
    """

    kind: CompletionKind
    prefix: str
    start: int
    end: int
    candidates: tuple[Candidate, ...] = ()
    tags: tuple[str, ...] = ()


KEY_DESCRIPTIONS: Mapping[Key, Message] = {
    Key.TAG: msg("A tag; several with commas: any of them"),
    Key.AUTHOR: msg("An author or organisation"),
    Key.TITLE: msg("Words of the title"),
    Key.DATE: msg("A digest's day, month, year or range"),
    Key.AFTER: msg("Later than a date"),
    Key.BEFORE: msg("Earlier than a date"),
    Key.ID: msg("An arXiv id or address"),
    Key.IS: msg("What you have saved"),
    Key.SORT: msg("The order of results"),
}
SORT_DESCRIPTIONS: Mapping[str, Message] = {
    Sort.NEW: msg("Newest digest first"),
    Sort.OLD: msg("Oldest digest first"),
    Sort.RELEVANCE: msg("Best match first"),
    Sort.POPULAR: msg("Most reactions first"),
    Sort.DISCUSSED: msg("Most replies first"),
}
_STATE_DESCRIPTIONS: Mapping[str, Message] = {STATES[0]: msg("What you have saved")}
_DAY_DESCRIPTIONS: Mapping[str, Message] = {"today": msg("Today's digest"), "yesterday": msg("Yesterday's digest")}

_AFTER_SUBCOMMAND = {
    **dict.fromkeys(("show", "recap", "preview", "send", "why"), CompletionKind.DATE),
    **dict.fromkeys(("edit", "pause", "resume", "unsubscribe"), CompletionKind.SUBSCRIPTION),
}
_VALUE_KINDS = {
    Key.TAG: CompletionKind.TAG,
    Key.AUTHOR: CompletionKind.AUTHOR,
    Key.DATE: CompletionKind.DATE,
    Key.AFTER: CompletionKind.DATE,
    Key.BEFORE: CompletionKind.DATE,
    Key.ID: CompletionKind.ENTRY,
    Key.IS: CompletionKind.IS,
    Key.SORT: CompletionKind.SORT,
}
_STATIC: Mapping[CompletionKind, Mapping[str, Message]] = {
    CompletionKind.DATE: _DAY_DESCRIPTIONS,
    CompletionKind.IS: _STATE_DESCRIPTIONS,
    CompletionKind.SORT: SORT_DESCRIPTIONS,
}
_NEGATABLE = frozenset({Key.TAG, Key.AUTHOR, Key.TITLE, Key.IS})
_RANGE_MARK = re.compile(r"\.{2,}|[~～〜…‥]")
_QUOTE_MARKS = '"“”„‟＂「」『』'


def complete_command(text: str, cursor: int) -> CompletionContext:
    """What is being typed at `cursor`, an offset in `text`; anything out of range counts as the nearest end."""
    cursor = max(0, min(cursor, len(text)))
    lead = len(text) - len(text.lstrip())
    if len(text) > LONGEST_LINE or cursor <= lead or text[lead] not in "/／":
        return _nothing(cursor)
    name_end = _word_end(text, lead)
    if cursor <= name_end:
        return _static(CompletionKind.COMMAND, "/" + fold_word(text[lead + 1 : cursor]), lead, name_end, COMMANDS)
    name = "/" + fold_word(text[lead + 1 : name_end])
    if name == "/paper":
        return _complete_query(text, name_end, cursor, with_subcommands=True)
    if name == "/digest":
        return _complete_digest(text, name_end, cursor)
    if name in {"/paper-edit", "/paper-remove", "/paper-undo"}:
        return _complete_rest(CompletionKind.ENTRY, text, name_end, cursor)
    return _nothing(cursor)


def _nothing(cursor: int) -> CompletionContext:
    return CompletionContext(CompletionKind.NONE, "", cursor, cursor)


def _static(kind: CompletionKind, prefix: str, start: int, end: int, known: Mapping[str, Message]) -> CompletionContext:
    return CompletionContext(kind, prefix, start, end, tuple(_fitting(prefix, known)))


def _fitting(prefix: str, known: Mapping[str, Message]) -> Iterator[Candidate]:
    folded = fold_word(prefix)
    return (Candidate(str(label), description) for label, description in known.items() if label.startswith(folded))


def _word_end(text: str, at: int) -> int:
    while at < len(text) and not text[at].isspace():
        at += 1
    return at


def _word_start(text: str, at: int, floor: int) -> int:
    while at > floor and not text[at - 1].isspace():
        at -= 1
    return at


def _complete_digest(text: str, base: int, cursor: int) -> CompletionContext:
    words = text[base:cursor].split()
    start = _word_start(text, cursor, base)
    if not words or (len(words) == 1 and start < cursor):
        end = _word_end(text, cursor)
        context = _static(CompletionKind.SUBCOMMAND, text[start:cursor], start, end, DIGEST_SUBCOMMANDS)
        return context if context.candidates else _in_korean(context, DIGEST_WORDS, DIGEST_SUBCOMMANDS)
    name = DIGEST_WORDS.get(fold_word(words[0]), "")
    after_name = text.index(words[0], base) + len(words[0])
    if name == "subscribe":
        return _complete_query(text, after_name, cursor, with_subcommands=False)
    kind = _AFTER_SUBCOMMAND.get(name)
    return _complete_rest(kind, text, after_name, cursor) if kind else _nothing(cursor)


def _in_korean(context: CompletionContext, words: Mapping[str, str], known: Mapping[str, Message]) -> CompletionContext:
    folded = fold_word(context.prefix)
    labels = dict.fromkeys(name for word, name in words.items() if word.startswith(folded))
    candidates = tuple(Candidate(label, known[label]) for label in labels)
    return CompletionContext(context.kind, context.prefix, context.start, context.end, candidates)


def _complete_rest(kind: CompletionKind, text: str, base: int, cursor: int) -> CompletionContext:
    """All that follows the command is one value."""
    start = base + len(text[base:cursor]) - len(text[base:cursor].lstrip())
    end = max(cursor, len(text.rstrip()))
    return _static(kind, text[start:cursor], start, end, _STATIC.get(kind, {}))


def _complete_query(text: str, base: int, cursor: int, *, with_subcommands: bool) -> CompletionContext:
    typed = list(tokens(text[base:cursor]))
    token = typed[-1] if typed and base + typed[-1].end == cursor else None
    if token and token.key is not None:
        return _complete_value(text, base, cursor, token, token.key)
    if token and token.values[0].quoted:
        return _nothing(cursor)
    start = base + token.body if token else cursor
    end = _end_of_key(text, cursor)
    prefix = text[start:cursor]
    only = with_subcommands and len(typed) == (token is not None) and not text[end:].strip()
    known = dict(PAPER_SUBCOMMANDS) if only and not (token and token.negated) else {}
    candidates = (*_fitting_keys(prefix, negated=token is not None and token.negated), *_fitting(prefix, known))
    return CompletionContext(CompletionKind.KEY, prefix, start, end, candidates, tuple(_tags_in(text[base:], -1)))


def _fitting_keys(prefix: str, *, negated: bool) -> Iterator[Candidate]:
    folded = fold_word(prefix)
    for key in dict.fromkeys(key for name, key in KEYS.items() if name.startswith(folded)):
        if not negated or key in _NEGATABLE:
            yield Candidate(f"{key}:", KEY_DESCRIPTIONS[key])


def _complete_value(text: str, base: int, cursor: int, token: Token, key: Key) -> CompletionContext:
    kind = _VALUE_KINDS.get(key)
    if kind is None:
        return _nothing(cursor)
    value = token.values[-1]
    if value.quoted and value.closed:
        return _nothing(cursor)
    start, prefix = base + value.start, value.text
    if kind is CompletionKind.DATE:
        marks = list(_RANGE_MARK.finditer(text, start, cursor))
        start = marks[-1].end() if marks else start
        prefix = text[start:cursor]
    elif kind is CompletionKind.TAG and not value.quoted:
        prefix = prefix.lstrip("#＃")
        start += 1 if text[start : start + 1] in {"#", "＃"} else 0
    end = _end_of_value(text, cursor, value, kind)
    candidates = tuple(_fitting(prefix, _STATIC.get(kind, {})))
    return CompletionContext(kind, prefix, start, end, candidates, tuple(_tags_in(text[base:], value.start)))


def _end_of_key(text: str, at: int) -> int:
    while at < len(text) and text[at].isalpha():
        at += 1
    return at + 1 if text[at : at + 1] in {":", "："} else at


def _end_of_value(text: str, at: int, value: Value, kind: CompletionKind) -> int:
    if value.quoted:
        closing = next((i for i in range(at, len(text)) if text[i] in _QUOTE_MARKS), None)
        return at if closing is None else closing + 1
    stops = _QUOTE_MARKS + (",，、" if kind is CompletionKind.TAG else "")
    while at < len(text) and not text[at].isspace() and text[at] not in stops:
        if kind is CompletionKind.DATE and _RANGE_MARK.match(text, at):
            break
        at += 1
    return at


def _tags_in(query: str, apart_from: int) -> Iterator[str]:
    """The tags of a query, but not the one whose value starts at that offset."""
    for token in tokens(query):
        if token.key is Key.TAG:
            yield from (value.text for value in token.values if value.text and value.start != apart_from)
