"""What a person puts into selects, text inputs and check boxes, as their client sends it, or says that it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.platforms.discord.component_rules import (
    CHANNEL_SELECT,
    CHECKBOX,
    CHECKBOX_GROUP,
    FILE_UPLOAD,
    RADIO_GROUP,
    ROLE_SELECT,
    STRING_SELECT,
    TEXT_INPUT,
    USER_SELECT,
)
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import Guild, World

Json = dict[str, Any]

SHORT = 1


def preset(component: Json) -> Any:
    """What stands in an input before anybody has touched it."""
    kind = component["type"]
    if kind == TEXT_INPUT:
        return component.get("value") or ""
    if kind == CHECKBOX:
        return bool(component.get("default"))
    if kind in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        chosen = [one["value"] for one in component["options"] if one.get("default")]
        return (chosen or [None])[0] if kind == RADIO_GROUP else chosen
    return [one["id"] for one in component.get("default_values") or []]


def entered(component: Json, value: Any, world: World, guild: Guild | None) -> Json:
    """The part of an event that says what has been entered; `value` may be what one points at (a user, a channel).

    Raises:
        NotPossible: the client does not let that be entered.
    """
    kind = component["type"]
    told: Json = {"type": kind, "id": component["id"], "custom_id": component["custom_id"]}
    if kind == TEXT_INPUT:
        return {**told, "value": _text(component, value)}
    if kind == CHECKBOX:
        return {**told, "value": bool(value)}
    if kind == RADIO_GROUP:
        if value is None and not component.get("required", True):
            return {**told, "value": None}
        return {**told, "value": _options(component, [value])[0]}
    values = value if isinstance(value, list | tuple) else [value]
    return {**told, "values": chosen(component, values, world, guild)}


def chosen(component: Json, values: Sequence[Any], world: World, guild: Guild | None) -> list[str]:
    """The values of a select.

    Raises:
        NotPossible: too few, too many, or not to be chosen there.
    """
    kind = component["type"]
    least, most = component.get("min_values"), component.get("max_values")
    least = (1 if component.get("required", True) else 0) if least is None else least
    most = (len(component.get("options", [])) if kind == CHECKBOX_GROUP else 1) if most is None else most
    is_left_out = not values and not component.get("required", True)
    if is_left_out:
        return []
    if not least <= len(values) <= most:
        raise NotPossible(f"{component['custom_id']} takes {least} to {most} values, not {len(values)}")
    if kind in (STRING_SELECT, CHECKBOX_GROUP):
        return _options(component, values)
    if kind == FILE_UPLOAD:
        raise NotPossible("nobody uploads files here")
    return [str(_pointed_at(component, one, world, guild)) for one in values]


def _text(component: Json, value: Any) -> str:
    name = component["custom_id"]
    if not isinstance(value, str):
        raise NotPossible(f"{name} takes text, not {value!r}")
    text = value.strip()
    if not text and not component.get("required", True):
        return ""
    if not text:
        raise NotPossible(f"{name} has to be filled in")
    if component.get("style") == SHORT and "\n" in value:
        raise NotPossible(f"{name} has one line")
    least, most = component.get("min_length") or 0, component.get("max_length") or 4000
    if not least <= len(value) <= most:
        raise NotPossible(f"{name} takes {least} to {most} characters, not {len(value)}")
    return value


def _options(component: Json, values: Sequence[Any]) -> list[str]:
    by_value = {one["value"]: one for one in component["options"]}
    by_label = {one["label"]: one for one in component["options"]}
    found = []
    for value in values:
        option = by_value.get(value) or by_label.get(value)
        if option is None:
            raise NotPossible(f"{value!r} is not among {list(by_value)} of {component['custom_id']}")
        found.append(option["value"])
    return found


def _pointed_at(component: Json, value: Any, world: World, guild: Guild | None) -> int:
    kind, number = component["type"], value if isinstance(value, int) else int(getattr(value, "id", value))
    is_user = number in world.users and (guild is None or number in guild.members)
    is_role = guild is not None and number in guild.roles
    if kind == CHANNEL_SELECT:
        channel = guild.channels.get(number) if guild is not None else None
        kinds = component.get("channel_types") or []
        if channel is None or (kinds and channel.kind not in kinds):
            raise NotPossible(f"{component['custom_id']} does not offer channel {number}")
    elif not ((is_user and kind != ROLE_SELECT) or (is_role and kind != USER_SELECT)):
        raise NotPossible(f"{component['custom_id']} does not offer {number}")
    return number


def pointed(kind: int, values: Sequence[str], world: World) -> dict[str, list[int]]:
    """The ids that `data.resolved` has to describe."""
    numbers = [int(one) for one in values] if kind not in (STRING_SELECT, CHECKBOX_GROUP) else []
    if kind == CHANNEL_SELECT:
        return {"channels": numbers}
    users = [one for one in numbers if one in world.users]
    return {"users": users, "roles": [one for one in numbers if one not in world.users]}
