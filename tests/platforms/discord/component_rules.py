"""Discord's rules for components: those of messages, old and V2, and those of modals; and the ids they are given."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.platforms.discord.refusals import Problems

Json = dict[str, Any]

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = range(1, 9)
SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR = range(9, 15)
CONTAINER, LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 17, 18, 19, 21, 22, 23
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
IN_CONTAINER = (ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR)
IN_LABEL = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)
LINK, PREMIUM = 5, 6

MOST_COMPONENTS = 40
MOST_TEXT = 4000


def walk(components: list[Json], path: str = "components") -> Iterator[tuple[str, Json]]:
    """Every component with its path, those inside others after them."""
    for number, one in enumerate(components):
        here = f"{path}.{number}"
        yield here, one
        if isinstance(one, dict):
            yield from walk(one.get("components") or [], f"{here}.components")
            for single in ("accessory", "component"):
                if isinstance(one.get(single), dict):
                    yield f"{here}.{single}", one[single]


def with_ids(components: list[Json]) -> list[Json]:
    """A copy in which every component has a number; zero stands for none."""
    copied = copy.deepcopy(components)
    everything = [one for _, one in walk(copied)]
    taken = {one["id"] for one in everything if one.get("id")}
    number = 0
    for one in everything:
        if not one.get("id"):
            number += 1
            while number in taken:
                number += 1
            one["id"] = number
            taken.add(number)
        if one.get("type") == BUTTON:
            one.setdefault("disabled", False)
    return copied


def check_message(problems: Problems, components: Any, *, is_v2: bool, path: str) -> None:
    """The components of a message."""
    if not isinstance(components, list):
        problems.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    everything = list(walk(components, path))
    most = MOST_COMPONENTS if is_v2 else 5
    counted = everything if is_v2 else [(path, one) for one in components]
    if len(counted) > most:
        problems.add(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"The message exceeds {most} components")
    for number, one in enumerate(components):
        allowed = (ROW, *IN_CONTAINER, CONTAINER) if is_v2 else (ROW,)
        if not isinstance(one, dict) or one.get("type") not in allowed:
            said = f'Value of field "type" must be one of {allowed}.'
            problems.add(f"{path}.{number}", "UNION_TYPE_CHOICES", said)
            return
    for where, one in everything:
        _component(problems, where, one)
    _unique(problems, everything)
    length = sum(len(str(one.get("content", ""))) for _, one in everything if one.get("type") == TEXT_DISPLAY)
    if length > MOST_TEXT:
        problems.add(path, "COMPONENT_MAX_TEXT_SIZE_EXCEEDED", f"The total text exceeds {MOST_TEXT} characters")


def check_modal(problems: Problems, data: Any, *, path: str = "data") -> None:
    """A modal as an app describes it."""
    if not isinstance(data, dict):
        problems.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        return
    problems.length(f"{path}.title", data.get("title"), 1, 45)
    problems.length(f"{path}.custom_id", data.get("custom_id"), 1, 100)
    components = data.get("components")
    if not isinstance(components, list) or not 1 <= len(components) <= 5:
        problems.add(f"{path}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        return
    for number, one in enumerate(components):
        _top_of_modal(problems, f"{path}.components.{number}", one)
    everything = list(walk(components, f"{path}.components"))
    _unique(problems, everything)
    for where, one in everything:
        _component(problems, where, one)
        if one.get("disabled"):
            problems.add(f"{where}.disabled", "COMPONENT_DISABLED_IN_MODAL", "Nothing is disabled in a modal")


def _top_of_modal(problems: Problems, path: str, one: Json) -> None:
    match one.get("type"):
        case 1:
            inner = one.get("components")
            if not isinstance(inner, list) or len(inner) != 1 or inner[0].get("type") != TEXT_INPUT:
                problems.add(f"{path}.components", "UNION_TYPE_CHOICES", "A row of a modal has one text input")
            else:
                problems.length(f"{path}.components.0.label", inner[0].get("label"), 1, 45)
        case 18:
            problems.length(f"{path}.label", one.get("label"), 1, 45)
            problems.optional_length(f"{path}.description", one.get("description"), 1, 100)
            inner = one.get("component")
            if not isinstance(inner, dict) or inner.get("type") not in IN_LABEL:
                problems.add(f"{path}.component", "UNION_TYPE_CHOICES", f"type must be one of {IN_LABEL}")
            elif inner.get("label") is not None:
                problems.add(f"{path}.component.label", "COMPONENT_LABEL_FORBIDDEN", "The label has the label")
        case 10:
            pass
        case _:
            problems.add(f"{path}.type", "BASE_TYPE_CHOICES", "Value must be one of (1, 10, 18).")


def _unique(problems: Problems, everything: list[tuple[str, Json]]) -> None:
    for name, code in (("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"), ("id", "COMPONENT_ID_DUPLICATED")):
        seen: set[Any] = set()
        for where, one in everything:
            value = one.get(name)
            if value and value in seen:
                problems.add(f"{where}.{name}", code, f"Component {name} cannot be duplicated")
            seen.add(value)


def _component(problems: Problems, path: str, one: Json) -> None:
    problems.number(f"{path}.id", one.get("id"), 0, 2**31 - 1)
    check = _CHECKS.get(one.get("type", 0))
    if check is not None:
        check(problems, path, one)


def _section(problems: Problems, path: str, one: Json) -> None:
    inner = one.get("components") or []
    if not 1 <= len(inner) <= 3 or any(each.get("type") != TEXT_DISPLAY for each in inner):
        problems.add(f"{path}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 3 texts.")
    if (one.get("accessory") or {}).get("type") not in (BUTTON, THUMBNAIL):
        problems.add(f"{path}.accessory", "UNION_TYPE_CHOICES", "must be a button or a thumbnail")


def _text(problems: Problems, path: str, one: Json) -> None:
    problems.length(f"{path}.content", one.get("content"), 1, MOST_TEXT)


def _container(problems: Problems, path: str, one: Json) -> None:
    inner = one.get("components") or []
    if not inner or any(each.get("type") not in IN_CONTAINER for each in inner):
        problems.add(f"{path}.components", "UNION_TYPE_CHOICES", f"type must be one of {IN_CONTAINER}")


def _row(problems: Problems, path: str, one: Json) -> None:
    inner = one.get("components")
    kinds = [each.get("type") for each in inner] if isinstance(inner, list) else []
    is_buttons = 1 <= len(kinds) <= 5 and set(kinds) == {BUTTON}
    if not is_buttons and not (len(kinds) == 1 and kinds[0] in (*SELECTS, TEXT_INPUT)):
        problems.add(f"{path}.components", "BASE_TYPE_BAD_LENGTH", "One to five buttons, or one select.")


def _button(problems: Problems, path: str, one: Json) -> None:
    problems.number(f"{path}.style", one.get("style", 0), 1, 6)
    if one.get("style") == LINK:
        problems.length(f"{path}.url", one.get("url"), 1, 512)
        if not str(one.get("url")).startswith(("http://", "https://", "discord://")):
            problems.add(f"{path}.url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of http, https, discord.")
        if one.get("custom_id") is not None:
            problems.add(path, "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", "A custom id and url cannot both be specified")
    elif one.get("style") != PREMIUM:
        problems.length(f"{path}.custom_id", one.get("custom_id"), 1, 100)
    problems.optional_length(f"{path}.label", one.get("label"), 0, 80)
    if not one.get("label") and not one.get("emoji"):
        problems.add(path, "BUTTON_COMPONENT_INVALID", "A button must have a label or emoji")


def _text_input(problems: Problems, path: str, one: Json) -> None:
    problems.length(f"{path}.custom_id", one.get("custom_id"), 1, 100)
    if one.get("style") not in (1, 2):
        problems.add(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")
    problems.optional_length(f"{path}.placeholder", one.get("placeholder"), 0, 100)
    problems.optional_length(f"{path}.value", one.get("value"), 0, 4000)
    problems.number(f"{path}.min_length", one.get("min_length"), 0, 4000)
    problems.number(f"{path}.max_length", one.get("max_length"), 1, 4000)
    least, most, value = one.get("min_length") or 0, one.get("max_length") or 4000, str(one.get("value") or "")
    if least > most:
        problems.add(f"{path}.min_length", "NUMBER_TYPE_MAX", "min_length is greater than max_length")
    elif value and not least <= len(value) <= most:
        problems.add(f"{path}.value", "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")


def _select(problems: Problems, path: str, one: Json) -> None:
    problems.length(f"{path}.custom_id", one.get("custom_id"), 1, 100)
    problems.optional_length(f"{path}.placeholder", one.get("placeholder"), 0, 150)
    problems.number(f"{path}.min_values", one.get("min_values"), 0, 25)
    problems.number(f"{path}.max_values", one.get("max_values"), 1, 25)
    least, most = one.get("min_values"), one.get("max_values")
    if (1 if least is None else least) > (1 if most is None else most):
        problems.add(f"{path}.min_values", "NUMBER_TYPE_MAX", "min_values is greater than max_values")
    if one["type"] == STRING_SELECT:
        _options(problems, path, one, 25)


def _choices(problems: Problems, path: str, one: Json) -> None:
    _options(problems, path, one, 10)


def _options(problems: Problems, path: str, one: Json, most: int) -> None:
    problems.length(f"{path}.custom_id", one.get("custom_id"), 1, 100)
    options = one.get("options")
    if not isinstance(options, list) or not 1 <= len(options) <= most:
        problems.add(f"{path}.options", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {most} in length.")
        return
    values = [option.get("value") for option in options]
    if len(set(values)) != len(values):
        problems.add(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The value is already used")
    for number, option in enumerate(options):
        here = f"{path}.options.{number}"
        problems.length(f"{here}.label", option.get("label"), 1, 100)
        problems.length(f"{here}.value", option.get("value"), 1, 100)
        problems.optional_length(f"{here}.description", option.get("description"), 1, 100)
    chosen = sum(bool(option.get("default")) for option in options)
    default_most = 1 if one["type"] in (STRING_SELECT, RADIO_GROUP) else most
    if chosen > (one.get("max_values") or default_most):
        problems.add(f"{path}.options", "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "Too many defaults")


_CHECKS: dict[int, Callable[[Problems, str, Json], None]] = {
    ROW: _row,
    BUTTON: _button,
    TEXT_INPUT: _text_input,
    SECTION: _section,
    TEXT_DISPLAY: _text,
    CONTAINER: _container,
    RADIO_GROUP: _choices,
    CHECKBOX_GROUP: _choices,
    **dict.fromkeys(SELECTS, _select),
}
