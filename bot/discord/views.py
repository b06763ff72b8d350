"""Messages as discord.py sends them: the only place that makes its components."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import ui

from bot.discord.components import Button, DiscordMessage, Part, Row, Rule, Section, Text

_ACCENT: Final = 0x2F6F4F
"""The colour at the edge of a message."""


def view_of(message: DiscordMessage, ids: tuple[int, int] | None = None) -> ui.LayoutView:
    """A message for the library; `ids` number its container and its first text (see `bot.discord.labels`)."""
    container: ui.Container[Any] = ui.Container(accent_colour=_ACCENT, id=ids[0] if ids else None)
    waiting = ids[1] if ids else None
    for part in message.parts:
        container.add_item(_item(part, waiting if isinstance(part, Text) else None))
        if isinstance(part, Text):
            waiting = None
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return view


def _item(part: Part, number: int | None) -> ui.Item[Any]:
    match part:
        case Text(markdown):
            return ui.TextDisplay(markdown, id=number)
        case Rule():
            return ui.Separator()
        case Row(buttons):
            return ui.ActionRow(*map(_button, buttons))
        case Section(markdown, button):
            return ui.Section(ui.TextDisplay(markdown), accessory=_button(button))


def _button(button: Button) -> ui.Button[Any]:
    if button.url is not None:
        return ui.Button(label=button.label, url=button.url)
    style = discord.ButtonStyle[button.style.value]
    return ui.Button(label=button.label, custom_id=button.custom_id, style=style, disabled=button.disabled)
