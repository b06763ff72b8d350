"""Which format a document is in, told from its content."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from bot.core.errors import DocumentError
from bot.core.imports import Parsed, SkipReason
from bot.core.messages import msg
from bot.formats.digest_page import parse_page, read_page_date
from bot.formats.json_lines import parse_json_lines
from bot.formats.vault import parse_note

Parser = Callable[[str, str], Parsed]

_BINARY_SIGNS = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"SQLite format 3",
    b"Rar!",
    b"7z\xbc\xaf",
)


class NotText(DocumentError):
    """Bytes that are no UTF-8 text; `reason` says why."""

    def __init__(self, reason: SkipReason) -> None:
        super().__init__(msg("This file is not UTF-8 text."))
        self.reason = reason


def decode(data: bytes) -> str:
    """The text of a document: UTF-8, with or without byte-order mark (which is taken off).

    Raises NotText with SkipReason.BINARY (zero bytes, or a known binary format) or SkipReason.NOT_UTF8: an encoding is
    never guessed.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NotText(SkipReason.NOT_UTF8)
    if data.startswith(_BINARY_SIGNS) or b"\x00" in data:
        raise NotText(SkipReason.BINARY)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NotText(SkipReason.NOT_UTF8) from None


def detect(path: str, text: str) -> Parser | None:
    """The parser for a document, None when it is in no known format.

    A page begins with its date, JSON Lines with `{`; any other `.md` file is a note of a vault.
    """
    first = _first_line(text)
    name = path.lower()
    if read_page_date(first):
        return parse_page
    if first.startswith("{") and (name.endswith((".jsonl", ".ndjson", ".json")) or _is_record(first)):
        return parse_json_lines
    return parse_note if name.endswith((".md", ".markdown")) else None


def _first_line(text: str) -> str:
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    end = text.find("\n", start)
    return text[start : end if end >= 0 else len(text)].strip()


def _is_record(line: str) -> bool:
    return bool(parse_json_lines("", line).entries)
