"""How core values lie in columns: the few types SQLAlchemy does not bring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from bot.core.messages import Message
from storage.codec import message_from_json, message_to_json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

NUMBER = Integer().with_variant(BigInteger, "postgresql")
"""A key or a place. SQLite's integers are always as large as they need to be; and only so can it number rows itself."""

T = TypeVar("T")


class Kept(TypeDecorator[T]):
    """A value that is `kept` as a simple one and `restored` from it; None stays None."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def kept(self, value: T) -> str | int:
        """What stands in the column."""
        raise NotImplementedError

    def restored(self, value: Any) -> T:
        """The value again."""
        raise NotImplementedError

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | int | None:  # noqa: ARG002
        """SQLAlchemy's way in."""
        return None if value is None else self.kept(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> T | None:  # noqa: ARG002
        """SQLAlchemy's way out."""
        return None if value is None else self.restored(value)


class Moment(Kept[datetime]):
    """An aware datetime, kept as microseconds since 1970 in UTC: exact, and in order by value."""

    impl = BigInteger
    cache_ok = True

    def kept(self, value: datetime) -> int:
        """A naive datetime raises here rather than keep a wrong moment."""
        return (value - _EPOCH) // _MICROSECOND

    def restored(self, value: Any) -> datetime:
        """The moment, in UTC."""
        return _EPOCH + int(value) * _MICROSECOND


class Day(Kept[date]):
    """A date as ISO text, on every database alike: prefixes of it are ranges of its index."""

    cache_ok = True

    def kept(self, value: date) -> str:
        """The ISO form."""
        return value.isoformat()

    def restored(self, value: Any) -> date:
        """The date."""
        return date.fromisoformat(value)


class Texts(Kept[tuple[str, ...]]):
    """Several texts in order, as a JSON list."""

    cache_ok = True

    def kept(self, value: tuple[str, ...]) -> str:
        """The JSON list."""
        return dumps(value) if value else "[]"

    def restored(self, value: Any) -> tuple[str, ...]:
        """The texts."""
        return () if value == "[]" else tuple(json.loads(value))


class Choice(Kept[StrEnum]):
    """One value of an enumeration, by its text."""

    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def kept(self, value: StrEnum) -> str:
        """Its text; one that is no member raises."""
        return self.kind(value).value

    def restored(self, value: Any) -> StrEnum:
        """The member."""
        return self.kind(value)


class Said(Kept[Message]):
    """A `Message` with its values."""

    cache_ok = True

    def kept(self, value: Message) -> str:
        """As JSON."""
        return dumps(message_to_json(value))

    def restored(self, value: Any) -> Message:
        """The message."""
        return message_from_json(json.loads(value))


class Values(Kept[Mapping[str, object]]):
    """A mapping of JSON values."""

    cache_ok = True

    def kept(self, value: Mapping[str, object]) -> str:
        """As JSON."""
        return dumps(dict(value))

    def restored(self, value: Any) -> Mapping[str, object]:
        """The mapping."""
        return dict(json.loads(value))


dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Compact JSON that leaves Korean readable. `json.dumps` would make an encoder for every value."""
