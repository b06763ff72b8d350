"""What a button carries to be answered later, also after a restart: a question that can be asked again, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum


class AskKind(StrEnum):
    """What is asked: a command line, a page of a lookup, an entry in full, its abstract, or what is like it."""

    LINE = "line"
    LOOKUP = "lookup"
    ENTRY = "entry"
    ABSTRACT = "abstract"
    LIKE = "like"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question. `text`: the line, the query or the entry's id; `cursor` is a lookup's, `page` a long answer's."""

    kind: AskKind
    text: str
    cursor: str | None = None
    page: int = 0


@dataclass(frozen=True, slots=True)
class Press:
    """A button about an entry; `ask` is the question whose answer the button stands in, if it does."""

    entry_id: str
    ask: Ask | None = None


def write_ask(ask: Ask, most: int | None = None) -> str | None:
    """An ask as a button's value; None when it takes more than `most` characters.

    >>> write_ask(Ask(AskKind.LINE, "/digest show", page=1))
    '["line","/digest show",null,1]'
    """
    return _fitting(_parts(ask), most)


def read_ask(value: str) -> Ask | None:
    """The ask of a value; None for what is none.

    >>> read_ask('["line","/digest show",null,1]')
    Ask(kind=<AskKind.LINE: 'line'>, text='/digest show', cursor=None, page=1)
    """
    return _ask(_read(value))


def write_press(press: Press, most: int | None = None) -> str:
    """A press as a button's value; the ask is left out when it would take more than `most` characters with it."""
    whole = _fitting([press.entry_id, _parts(press.ask)], most) if press.ask else None
    return whole or press.entry_id


def read_press(value: str) -> Press:
    """The press of a value; an entry's id alone is one too."""
    read = _read(value)
    match read:
        case [str(entry_id), list(parts)]:
            return Press(entry_id, _ask(parts))
        case _:
            return Press(value)


def _parts(ask: Ask) -> list[object]:
    return [ask.kind.value, ask.text, ask.cursor, ask.page]


def _fitting(parts: list[object], most: int | None) -> str | None:
    written = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return None if most is not None and len(written) > most else written


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return None


def _ask(parts: object) -> Ask | None:
    match parts:
        case [str(kind), str(text), (str() | None) as cursor, int(page)] if kind in list(AskKind):
            return Ask(AskKind(kind), text, cursor, max(page, 0))
        case _:
            return None
