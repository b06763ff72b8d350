"""Sentences for people, before they are put into a person's language.

The core and the use cases never speak a language: they hand out a `Message`, the English sentence as its
catalogue id plus the values for its `{fields}`. `bot.locale` says it in Korean or English at the border.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def _no_values() -> Mapping[str, object]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence. `plural` and `values["n"]` are present when its form depends on a count."""

    id: str
    values: Mapping[str, object] = field(default_factory=_no_values, hash=False)
    plural: str | None = None

    def __str__(self) -> str:
        """The sentence in English, for logs and tracebacks."""
        form = self.plural if self.plural is not None and self.values.get("n") != 1 else self.id
        return form.format_map({key: str(value) for key, value in self.values.items()})


def msg(id: str, /, **values: object) -> Message:  # noqa: A002 - the catalogue's own word
    """A sentence; Babel collects the first argument of every call into the catalogues."""
    return Message(id, MappingProxyType(values))


def msg_n(singular: str, plural: str, /, *, n: int, **values: object) -> Message:
    """A sentence whose form depends on the count `n`, which both forms may show as `{n}`."""
    return Message(singular, MappingProxyType({"n": n, **values}), plural)


def mark(id: str, /) -> str:  # noqa: A002 - the catalogue's own word
    """A sentence that is said later, from its text alone; Babel collects it."""
    return id
