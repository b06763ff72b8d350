"""Core values as the database keeps them: messages and, in revisions, entries as JSON; other entries as rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, time
from typing import Any

from bot.core.entries import Entry, Kind, Status
from bot.core.messages import Message


def message_to_json(message: Message) -> dict[str, object]:
    """A message as JSON values; dates, times and messages among its values keep their kind."""
    return {
        "id": message.id,
        "values": {name: _value_to_json(value) for name, value in message.values.items()},
        "plural": message.plural,
    }


def message_from_json(data: Mapping[str, Any]) -> Message:
    """The message that `message_to_json` took apart."""
    values = {name: _value_from_json(value) for name, value in data["values"].items()}
    return Message(data["id"], values, data["plural"])


_NAMED = ((datetime, "datetime"), (date, "date"), (time, "time"))  # a datetime is a date too: it comes first


def _value_to_json(value: object) -> object:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Message):
        return {"message": message_to_json(value)}
    if isinstance(value, list | tuple):
        return [_value_to_json(part) for part in value]
    for kind, name in _NAMED:
        if isinstance(value, kind):
            return {name: value.isoformat()}
    return str(value)


def _value_from_json(value: object) -> object:
    match value:
        case {"message": data}:
            return message_from_json(data)
        case {"datetime": str(text)}:
            return datetime.fromisoformat(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case {"time": str(text)}:
            return time.fromisoformat(text)
        case list():
            return tuple(_value_from_json(part) for part in value)
        case _:
            return value


ENTRY_FIELDS = tuple(field.name for field in fields(Entry))
_DEFAULTS = {field.name: field.default for field in fields(Entry)}
_DATES = ("digest_date", "paper_date")
_LISTS = ("authors", "tags", "links", "related", "sources", "warnings")


def entry_to_json(entry: Entry) -> dict[str, object]:
    """An entry as JSON values, without what it has by default."""
    values = {name: getattr(entry, name) for name in ENTRY_FIELDS}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if value != _DEFAULTS[name]
    }


def entry_from_json(data: Mapping[str, Any]) -> Entry:
    """The entry that `entry_to_json` took apart."""
    values = {name: data[name] for name in ENTRY_FIELDS if name in data}
    values.update({name: date.fromisoformat(values[name]) for name in _DATES if name in values})
    values.update({name: tuple(values[name]) for name in _LISTS if name in values})
    if "kind" in values:
        values["kind"] = Kind(values["kind"])
    if "status" in values:
        values["status"] = Status(values["status"])
    return Entry(**values)


_KINDS: Mapping[str, Kind] = {kind.value: kind for kind in Kind}
_STATUSES: Mapping[str, Status] = {status.value: status for status in Status}


_read_json = json.JSONDecoder().raw_decode  # `json.loads` looks for space around what it reads, which there is not


def _day(kept: str | None) -> date | None:
    return date.fromisoformat(kept) if kept else None


def texts_of_list(kept: str) -> tuple[str, ...]:
    """Texts as `storage.columns.Texts` keeps them."""
    return () if kept == "[]" else tuple(_read_json(kept)[0])


_READ: Mapping[str, Callable[[Any], object]] = {
    **dict.fromkeys(("digest_date", "paper_date"), _day),
    **dict.fromkeys(("authors", "tags", "links", "related", "sources", "warnings"), texts_of_list),
    "kind": _KINDS.__getitem__,
    "status": _STATUSES.__getitem__,
    "title_derived": bool,
}
_CONVERTED = tuple((at, _READ[name]) for at, name in enumerate(ENTRY_FIELDS) if name in _READ)


def entry_of(row: Sequence[Any]) -> Entry:
    """The entry of a row of its columns as the database keeps them, possibly with more behind them."""
    values = list(row[: len(ENTRY_FIELDS)])
    for at, read in _CONVERTED:
        values[at] = read(values[at])
    return Entry(**dict(zip(ENTRY_FIELDS, values, strict=True)))
