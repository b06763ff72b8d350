"""What stands in inputs and menus: at the beginning, and when a person has typed or chosen something."""

from __future__ import annotations

import re
from typing import Any

from tests.platforms.slack.checks import Problems
from tests.platforms.slack.element_limits import DATE, TEXT_INPUTS, TIME
from tests.platforms.slack.errors import NotPossible
from tests.platforms.slack.limits import elements_of

Json = dict[str, Any]

# Where the state of an element stands, and how its value was called as an initial one.
_FIELDS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(TEXT_INPUTS, ("value", "initial_value")),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
_MANY = ("selected_options", "selected_users")


def is_stateful(element: Json) -> bool:
    """Whether an element keeps what is put into it."""
    return element["type"] in _FIELDS


def initial_values(blocks: list[Json]) -> dict[str, dict[str, Json]]:
    """What stands in the elements of blocks before anybody has touched them."""
    found: dict[str, dict[str, Json]] = {}
    for block in blocks:
        for element in elements_of(block):
            if is_stateful(element):
                field, initial = _FIELDS[element["type"]]
                value = element.get(initial) or ([] if field in _MANY else None)
                state = {"type": element["type"], field: value}
                found.setdefault(block["block_id"], {})[element["action_id"]] = state
    return found


def is_empty(state: Json) -> bool:
    """Whether nothing has been put in."""
    return not state[_FIELDS[state["type"]][0]]


def entered(element: Json, value: Any, offered: list[Json]) -> Json:
    """The state of an element once a person has put a value in; `offered` is what an external menu has shown.

    Text for text inputs; an option's value, or several, for menus and lists; ids and dates as they are; None to clear.

    Raises:
        NotPossible: Slack's client would not take it.
    """
    kind = element["type"]
    field, _ = _FIELDS[kind]
    if value is None or value in ("", []):
        return {"type": kind, field: [] if field in _MANY else None}
    if kind in TEXT_INPUTS:
        return {"type": kind, field: _typed(element, value)}
    if field == "selected_option":
        return {"type": kind, field: _option(element, value, offered)}
    if field == "selected_options":
        return {"type": kind, field: _options(element, value, offered)}
    return {"type": kind, field: _picked(kind, value)}


def _typed(element: Json, value: Any) -> str:
    if not isinstance(value, str):
        raise NotPossible(f"{value!r} cannot be typed")
    shortest, longest = element.get("min_length", 0), element.get("max_length", 3000)
    if not shortest <= len(value) <= longest:
        raise NotPossible(f"between {shortest} and {longest} characters can be typed, not {len(value)}")
    if "\n" in value and not element.get("multiline"):
        raise NotPossible("there is only one line to type in")
    forms = {"number_input": r"-?\d+(\.\d+)?", "url_text_input": r"https?://\S+", "email_text_input": r"\S+@\S+\.\S+"}
    if not re.fullmatch(forms.get(element["type"], r"(?s).*"), value):
        raise NotPossible(f"{value!r} is not taken by a {element['type']}")
    return value


def _option(element: Json, value: Any, offered: list[Json]) -> Json:
    groups = [one for group in element.get("option_groups") or [] for one in group["options"]]
    initial = [element.get("initial_option"), *(element.get("initial_options") or [])]
    for option in [*(element.get("options") or []), *groups, *offered, *initial]:
        if option and option["value"] == value:
            found: Json = option
            return found
    raise NotPossible(f"there is no option {value!r}")


def _options(element: Json, values: Any, offered: list[Json]) -> list[Json]:
    if isinstance(values, str):
        raise NotPossible("a list of options is chosen here")
    if len(values) > element.get("max_selected_items", len(values)):
        raise NotPossible(f"only {element['max_selected_items']} can be chosen")
    return [_option(element, value, offered) for value in values]


def _picked(kind: str, value: Any) -> Any:
    problems = Problems()
    check = {"datepicker": DATE, "timepicker": TIME}.get(kind)
    if check is not None:
        check(problems, "", value)
    if problems.found:
        raise NotPossible(problems.found[0])
    return value


def action_of(element: Json, block_id: str, state: Json | None, action_ts: str) -> Json:
    """The action of a payload: what was pressed or chosen."""
    action = {"action_id": element["action_id"], "block_id": block_id, "type": element["type"], "action_ts": action_ts}
    if element["type"] == "button":
        action |= {name: element[name] for name in ("text", "value", "style", "url") if name in element}
    return {**action, **(state or {})}
