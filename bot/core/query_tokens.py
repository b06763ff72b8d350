"""Cuts a query's text into tokens, without judging them; `bot.core.query_syntax` understands them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.core.entries import arxiv_id_of
from bot.core.nearest import nearest


class Key(StrEnum):
    """What can stand before a colon."""

    TAG = "tag"
    AUTHOR = "author"
    TITLE = "title"
    DATE = "date"
    AFTER = "after"
    BEFORE = "before"
    ID = "id"
    IS = "is"
    SORT = "sort"


KEYS: dict[str, Key] = {
    **{key.value: key for key in Key},
    "태그": Key.TAG,
    "저자": Key.AUTHOR,
    "제목": Key.TITLE,
    "날짜": Key.DATE,
    "이후": Key.AFTER,
    "이전": Key.BEFORE,
    "정렬": Key.SORT,
    "arxiv": Key.ID,
}

_DATE_KEYS = frozenset({Key.DATE, Key.AFTER, Key.BEFORE})

COLONS = ":：﹕"
HASHES = "#＃"
COMMAS = ",，、"
HARD_MINUSES = "-－−"
MINUSES = HARD_MINUSES + "‐‑–—"
DOUBLE_QUOTES = '"“”„‟＂'
QUOTES = {**dict.fromkeys(DOUBLE_QUOTES, DOUBLE_QUOTES), "「": "」", "『": "』"}
OPENING = "".join(QUOTES)
SPACES = dict.fromkeys(map(ord, "\u200b\ufeff"), " ")

_ESCAPED = r"\\[^\s0-9A-Za-z]"
_WORD = rf"(?:{_ESCAPED}|[^\s{OPENING}])+"
_KOREAN_REST = r"(?:(?<=년)\s+[0-9]{1,2}\s?월)?(?:(?<=월)\s+[0-9]{1,2}\s?일)?"
_ESCAPE = re.compile(r"\\([^\s0-9A-Za-z])")
_BARE = re.compile(_WORD)
_BARE_TAG = re.compile(rf"(?:{_ESCAPED}|[^\s{OPENING}{COMMAS}])+")
_TO = r"(?:\.{2,}|[…‥~～〜])"
_BARE_DATE = re.compile(
    rf"{_WORD}{_KOREAN_REST}(?:\s+{_TO}\s*(?=\d{{4}}|today|yesterday|오늘|어제){_WORD}{_KOREAN_REST})?", re.IGNORECASE
)
_QUOTED = {
    opening: re.compile(rf"(?:{_ESCAPED}|\\(?![^\s0-9A-Za-z])|[^\\{closing}])*+") for opening, closing in QUOTES.items()
}
_LEADING_MINUSES = re.compile(f"[{MINUSES}]*")
KEY_AND_COLON = re.compile(rf"(?P<name>[^\W\d_]+)[{COLONS}]")
RANGE = re.compile(rf"\s*{_TO}\s*")
UNWANTED = re.compile(r"[^\S\s]|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Value:
    """One value as it stands in the text at `start`..`end`, quotes included; `text` is without quotes and escapes."""

    text: str
    start: int
    end: int
    quoted: bool = False
    closed: bool = True
    escaped: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """One term as it stands in the text at `start`..`end`. `body` is where it goes on after its minus signs.

    `key` None is a free word or phrase, with one value, empty after a lone minus sign.
    """

    start: int
    end: int
    body: int
    key: Key | None
    values: tuple[Value, ...]

    @property
    def negated(self) -> bool:
        """Whether a minus sign stands before it."""
        return self.body > self.start


def tokens(text: str) -> Iterator[Token]:
    """Cut a query into terms without judging them; takes any text, in linear time."""
    text = text.translate(SPACES)
    at = skip_space(text, 0)
    while at < len(text):
        token = _token(text, at)
        yield token
        at = skip_space(text, token.end)


def skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _token(text: str, start: int) -> Token:
    minuses = _LEADING_MINUSES.match(text, start)
    body = minuses.end() if minuses else start
    key, at = key_at(text, body)
    values = (
        tuple(_values(text, at)) if key is Key.TAG else (_value(text, at, _BARE_DATE if key in _DATE_KEYS else _BARE),)
    )
    return Token(start, values[-1].end, body, key, values)


def key_at(text: str, at: int) -> tuple[Key | None, int]:
    """The known key that starts here, or `#`, and where its value starts."""
    if text[at : at + 1] and text[at] in HASHES:
        return Key.TAG, at + 1
    found = KEY_AND_COLON.match(text, at)
    key = KEYS.get(fold_key(found["name"])) if found else None
    return (key, found.end()) if found and key else (None, at)


def _values(text: str, at: int) -> Iterator[Value]:
    while True:
        value = _value(text, at, _BARE_TAG)
        yield value
        if value.end >= len(text) or text[value.end] not in COMMAS:
            return
        at = value.end + 1


def _value(text: str, at: int, bare: re.Pattern[str]) -> Value:
    if at < len(text) and text[at] in QUOTES:
        return _quoted(text, at)
    found = bare.match(text, at)
    raw = found[0] if found else ""
    return Value(_clean(raw), at, at + len(raw), escaped=_ESCAPE.search(raw) is not None)


def _quoted(text: str, start: int) -> Value:
    found = _QUOTED[text[start]].match(text, start + 1)
    raw = found[0] if found else ""
    end = start + 1 + len(raw)
    closed = end < len(text)
    return Value(_clean(raw), start, end + closed, quoted=True, closed=closed)


def _clean(raw: str) -> str:
    return unicodedata.normalize("NFC", " ".join(_ESCAPE.sub(r"\1", raw).split()))


def fold_key(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


# --- what a word looks like -----------------------------------------------------------------------------------------

_MEANT = {
    "by": Key.AUTHOR,
    "from": Key.AUTHOR,
    "topic": Key.TAG,
    "on": Key.DATE,
    "day": Key.DATE,
    "since": Key.AFTER,
    "until": Key.BEFORE,
    "order": Key.SORT,
    "has": Key.IS,
    "글쓴이": Key.AUTHOR,
    "부터": Key.AFTER,
    "까지": Key.BEFORE,
}


_BEFORE_ID = "<([{'‘“「"
_BEHIND_ID = ">)]}'’”」.,;:!?"
"""What stands around an address in a sentence."""


def id_of_word(text: str) -> str | None:
    return arxiv_id_of(text.lstrip(_BEFORE_ID).rstrip(_BEHIND_ID))


def unknown_key(text: str, at: int) -> str | None:
    """The name before a colon here, where a value follows and it is not the beginning of an address."""
    found = KEY_AND_COLON.match(text, at)
    if found is None:
        return None
    following = text[found.end() : found.end() + 1]
    if following and (following.isalnum() or following in OPENING):
        return found["name"]
    near = following and not following.isspace() and not text.startswith("//", found.end())
    return found["name"] if near and keys_meant(found["name"]) else None


def keys_meant(name: str) -> list[Key]:
    folded = fold_key(name)
    if folded in _MEANT:
        return [_MEANT[folded]]
    return list(dict.fromkeys(KEYS[key] for key in nearest(folded, [(key, 0) for key in KEYS])))
