"""What Slack takes as elements of blocks: buttons, menus, inputs, and the objects inside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.platforms.slack.checks import (
    Check,
    Problems,
    Shape,
    anything,
    array,
    boolean,
    integer,
    matching,
    one_of,
    plain_text,
    string,
    text_object,
    web_url,
)

ACTION_ID = string(255)

CONFIRM = Shape(
    {"title": plain_text(100), "text": text_object(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)
DISPATCH = Shape(
    {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)},
)


def option(text: Check, more: Mapping[str, Check] | None = None) -> Check:
    """One of the options of a menu or list."""
    return Shape({"text": text, "value": string(150)}, {"description": text_object(75), **(more or {})})


MENU_OPTION = option(plain_text(75))
LIST_OPTION = option(text_object(75))
OVERFLOW_OPTION = option(plain_text(75), {"url": web_url()})
OPTION_GROUP = Shape({"label": plain_text(75), "options": array(MENU_OPTION, 100)})


def _offered(element: dict[str, Any]) -> list[Any]:
    """The options of an element, those of its groups among them."""
    groups = [group for group in element.get("option_groups") or [] if isinstance(group, dict)]
    return [*(element.get("options") or []), *(one for group in groups for one in group.get("options") or [])]


def _initial_is_offered(problems: Problems, where: str, element: Any) -> None:
    offered = _offered(element)
    if element.get("initial_option") is not None and element["initial_option"] not in offered:
        problems.add("initial option does not match one of the available options", f"{where}/initial_option")
    for number, initial in enumerate(element.get("initial_options") or []):
        if initial not in offered:
            place = f"{where}/initial_options/{number}"
            problems.add("initial option does not match one of the available options", place)


def _options_or_groups(problems: Problems, where: str, element: Any) -> None:
    if (element.get("options") is None) == (element.get("option_groups") is None):
        problems.add("must define either `options` or `option_groups`", where)


def _values_differ(problems: Problems, where: str, element: Any) -> None:
    values = [one.get("value") for one in _offered(element) if isinstance(one, dict)]
    if len(set(values)) != len(values):
        problems.add("option values must be unique", f"{where}/options")


def _text_lengths_agree(problems: Problems, where: str, element: Any) -> None:
    shortest, longest = element.get("min_length"), element.get("max_length")
    initial = element.get("initial_value")
    if isinstance(shortest, int) and isinstance(longest, int) and shortest > longest:
        problems.add("min_length must not be greater than max_length", where)
    if isinstance(initial, str) and isinstance(longest, int) and len(initial) > longest:
        problems.add(f"must be less than {longest + 1} characters", f"{where}/initial_value")


def _most_selected(problems: Problems, where: str, element: Any) -> None:
    most, initial = element.get("max_selected_items"), element.get("initial_options")
    if isinstance(most, int) and isinstance(initial, list) and len(initial) > most:
        problems.add(f"no more than {most} items allowed", f"{where}/initial_options")


_BASE: dict[str, Check] = {"type": anything}
_ACTION: dict[str, Check] = {"action_id": ACTION_ID, "confirm": CONFIRM}
_INPUT: dict[str, Check] = {**_ACTION, "placeholder": plain_text(150), "focus_on_load": boolean}
_MULTI: dict[str, Check] = {"max_selected_items": integer(1, 1000)}
_STATIC: dict[str, Check] = {"options": array(MENU_OPTION, 100), "option_groups": array(OPTION_GROUP, 100)}
_STATIC_RULES: tuple[Check, ...] = (_options_or_groups, _initial_is_offered, _values_differ)

DATE = matching(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "must be a date in the format YYYY-MM-DD")
TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "must be a time in the format HH:mm")


def _text_input(more: Mapping[str, Check] | None = None) -> Shape:
    own: dict[str, Check] = {"initial_value": string(3000, 0), "dispatch_action_config": DISPATCH, **(more or {})}
    return Shape(_BASE, {**_INPUT, **own}, (_text_lengths_agree,))


def _picker(**fields: Check) -> Shape:
    return Shape(_BASE, {**_INPUT, **fields})


ELEMENTS: dict[str, Check] = {
    "button": Shape(
        {**_BASE, "text": plain_text(75)},
        {
            **_ACTION,
            "url": web_url(),
            "value": string(2000, 0),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
        },
    ),
    "image": Shape({**_BASE, "alt_text": string(2000)}, {"image_url": web_url(), "slack_file": anything}),
    "overflow": Shape({**_BASE, "options": array(OVERFLOW_OPTION, 5, 2)}, _ACTION, (_values_differ,)),
    "static_select": Shape(_BASE, {**_INPUT, **_STATIC, "initial_option": MENU_OPTION}, _STATIC_RULES),
    "multi_static_select": Shape(
        _BASE,
        {**_INPUT, **_STATIC, **_MULTI, "initial_options": array(MENU_OPTION, 100)},
        (*_STATIC_RULES, _most_selected),
    ),
    "external_select": Shape(_BASE, {**_INPUT, "initial_option": MENU_OPTION, "min_query_length": integer(0, 1_000)}),
    "multi_external_select": Shape(
        _BASE,
        {
            **_INPUT,
            **_MULTI,
            "initial_options": array(MENU_OPTION, 100),
            "min_query_length": integer(0, 1_000),
        },
        (_most_selected,),
    ),
    "users_select": _picker(initial_user=string(50)),
    "multi_users_select": _picker(initial_users=array(string(50), 1000), **_MULTI),
    "conversations_select": _picker(
        initial_conversation=string(50),
        default_to_current_conversation=boolean,
        response_url_enabled=boolean,
        filter=anything,
    ),
    "channels_select": _picker(initial_channel=string(50), response_url_enabled=boolean),
    "datepicker": _picker(initial_date=DATE),
    "timepicker": _picker(initial_time=TIME, timezone=string(100)),
    "datetimepicker": Shape(_BASE, {**_ACTION, "focus_on_load": boolean, "initial_date_time": integer(10**9, 10**10)}),
    "checkboxes": Shape(
        {**_BASE, "options": array(LIST_OPTION, 10)},
        {**_ACTION, "focus_on_load": boolean, "initial_options": array(LIST_OPTION, 10)},
        (_initial_is_offered, _values_differ),
    ),
    "radio_buttons": Shape(
        {**_BASE, "options": array(LIST_OPTION, 10)},
        {**_ACTION, "focus_on_load": boolean, "initial_option": LIST_OPTION},
        (_initial_is_offered, _values_differ),
    ),
    "plain_text_input": _text_input(
        {"multiline": boolean, "min_length": integer(0, 3000), "max_length": integer(1, 3000)}
    ),
    "email_text_input": _text_input(),
    "url_text_input": _text_input(),
    "number_input": Shape(
        {**_BASE, "is_decimal_allowed": boolean},
        {
            **_INPUT,
            "initial_value": string(100),
            "min_value": string(100),
            "max_value": string(100),
            "dispatch_action_config": DISPATCH,
        },
    ),
}

TEXT_INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
IN_INPUT = tuple(name for name in ELEMENTS if name not in ("button", "image", "overflow"))
IN_SECTION = tuple(name for name in ELEMENTS if name not in TEXT_INPUTS)
IN_ACTIONS = tuple(name for name in IN_SECTION if name != "image" and not name.startswith("multi_"))
INTERACTIVE = tuple(name for name in ELEMENTS if name != "image")
