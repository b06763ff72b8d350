"""Windows as somebody at the keyboard leaves them: what Discord hands back of their fields."""

from __future__ import annotations

from typing import Any

from bot.discord.modals import Modal, Typed, typed_in
from tests.discord.reading import check_window


def fields(modal: Modal) -> dict[str, dict[str, Any]]:
    """The fields of a window that Discord takes, by name, as Discord is sent them."""
    return {one["component"]["custom_id"]: one["component"] for one in check_window(modal)["components"]}


def sent(modal: Modal, **typed: str | tuple[str, ...]) -> Typed:
    """A window as it comes back, with some of its fields filled in otherwise (by name, `__` for `:`)."""
    otherwise = {name.replace("__", ":"): value for name, value in typed.items()}
    shown = fields(modal)
    assert otherwise.keys() <= shown.keys()
    inputs = [_as_left(one, otherwise.get(name)) for name, one in shown.items()]
    return typed_in({"custom_id": "form:x", "components": [{"type": 18, "id": 1, "component": one} for one in inputs]})


def _as_left(one: dict[str, Any], value: str | tuple[str, ...] | None) -> dict[str, Any]:
    left = {"type": one["type"], "id": 2, "custom_id": one["custom_id"]}
    if one["type"] == 3:
        chosen = tuple(option["value"] for option in one["options"] if option.get("default"))
        return {**left, "values": list(chosen if value is None else value)}
    text = one.get("value", "") if value is None else str(value)
    return {**left, "value": text.replace("\r\n", "\n").replace("\r", "\n").strip()}
