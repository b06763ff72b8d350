"""Windows with fields as plain values, as discord.py sends them, and what comes back from them.

A window has up to five fields, and its id leads to what it is about (`bot.discord.form_state`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import ui

from bot.discord.components import shortened

MOST_FIELDS: Final = 5
MOST_TITLE: Final = 45
"""Characters of a window's title, and of a field's label."""
MOST_HINT: Final = 100
MOST_VALUE: Final = 4_000
"""Characters of a field."""
MOST_OPTIONS: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A field for text."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    placeholder: str = ""
    multiline: bool = False
    required: bool = False
    most: int = MOST_VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceField:
    """A menu; `options` are values with what is shown of them and a line below, `chosen` some of the values."""

    name: str
    label: str
    hint: str = ""
    options: tuple[tuple[str, str, str], ...]
    chosen: tuple[str, ...] = ()
    several: bool = False
    required: bool = True


Field = TextField | ChoiceField


@dataclass(frozen=True, slots=True)
class Modal:
    """A window, with one to five fields."""

    title: str
    fields: tuple[Field, ...]


def modal_of(modal: Modal, custom_id: str) -> ui.Modal:
    """A window for the library."""
    made = ui.Modal(title=shortened(modal.title, MOST_TITLE), custom_id=custom_id, timeout=None)
    for field in modal.fields:
        made.add_item(
            ui.Label(
                text=shortened(field.label, MOST_TITLE),
                description=shortened(field.hint, MOST_HINT) or None,
                component=_text(field) if isinstance(field, TextField) else _menu(field),
            )
        )
    return made


def _text(field: TextField) -> ui.TextInput[Any]:
    return ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if field.multiline else discord.TextStyle.short,
        default=(field.value if field.multiline else _on_one_line(field.value)) or None,
        placeholder=shortened(field.placeholder, MOST_HINT) or None,
        required=field.required,
        max_length=field.most,
    )


def _on_one_line(text: str) -> str:
    return re.sub(r"\r\n|[\r\n]", " ", text)


def _menu(field: ChoiceField) -> ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=shortened(label, MOST_HINT),
            value=value,
            description=shortened(said, MOST_HINT) or None,
            default=value in field.chosen,
        )
        for value, label, said in field.options[:MOST_OPTIONS]
    ]
    return ui.Select(
        custom_id=field.name,
        options=options,
        required=field.required,
        min_values=1 if field.required else 0,
        max_values=len(options) if field.several else 1,
    )


# --- what comes back --------------------------------------------------------------------------------------------------

Typed = Mapping[str, tuple[str, ...]]
"""By field what was typed, or which values were chosen."""


def typed_in(data: Mapping[str, Any]) -> Typed:
    """What stands in the fields of a window that was sent, as Discord tells it."""
    return {str(one["custom_id"]): _values(one) for one in _inputs(data.get("components") or ()) if "custom_id" in one}


def is_untouched(typed: str, shown: str) -> bool:
    """Whether a text is what was shown.

    Discord takes white space from its ends, and knows one kind of line end, which a field of one line has none of.
    """
    lines = shown.replace("\r\n", "\n").replace("\r", "\n")
    return typed.strip() in (lines.strip(), _on_one_line(shown).strip())


def _inputs(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The fields, which stand in labels, or in rows."""
    for component in components:
        yield component
        inner = component.get("component")
        yield from _inputs([inner] if inner else component.get("components") or ())


def _values(component: Mapping[str, Any]) -> tuple[str, ...]:
    if "values" in component:
        return tuple(map(str, component["values"] or ()))
    return (str(component.get("value") or "").replace("\r\n", "\n"),)
