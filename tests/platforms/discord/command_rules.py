"""Discord's rules for application commands: names, options, choices, sizes and how many there may be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.platforms.discord.refusals import Problems, Refused

Json = dict[str, Any]

CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
NUMBER = 10
OFFERING = (STRING, INTEGER, NUMBER)
"""Options that may have choices, or proposals while somebody types."""
INSIDE = {None: (SUBCOMMAND, GROUP), GROUP: (SUBCOMMAND,), SUBCOMMAND: ()}
"""What may stand in a command, a group and a subcommand beside options."""
NAME = re.compile(r"[-_'\w]{1,32}", re.UNICODE)
LOCALES = frozenset(
    (
        *("id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl"),
        *("pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW"),
        "ko",
    )
)
MOST_COMMANDS: Mapping[int, int] = {CHAT_INPUT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
MOST_OPTIONS, MOST_TEXT, MOST_TYPED = 25, 8000, 6000


def check_commands(commands: Sequence[Json], installations: Sequence[int]) -> None:
    """All commands of an application, which can be installed in these ways (0 on servers, 1 on accounts).

    Raises:
        Refused: they cannot be all there are.
    """
    problems = Problems()
    kinds = [one.get("type") or CHAT_INPUT for one in commands]
    named = Counter((kind, str(one.get("name"))) for kind, one in zip(kinds, commands, strict=True))
    for number, (kind, one) in enumerate(zip(kinds, commands, strict=True)):
        _check_command(problems, str(number), kind, one)
        if named[kind, str(one.get("name"))] > 1:
            said = "Application command names must be unique"
            problems.add(f"{number}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", said)
        if set(one.get("integration_types") or ()) - set(installations):
            said = "Your application does not support this installation context"
            problems.add(f"{number}.integration_types", "APPLICATION_COMMAND_INVALID_INTEGRATION_TYPES", said)
    problems.raise_if_any()
    if any(count > MOST_COMMANDS.get(kind, 0) for kind, count in Counter(kinds).items()):
        raise Refused(30032)


def _check_command(problems: Problems, path: str, kind: int, one: Json) -> None:
    if kind != CHAT_INPUT:
        for locale, name in _said(one, "name").items():
            problems.length(_path(path, "name", locale), name, 1, 32)
        if one.get("options") or one.get("description"):
            problems.add(
                path, "APPLICATION_COMMAND_INVALID", "Context menu commands have no options and no description"
            )
        return
    _check_names(problems, path, one)
    _check_options(problems, f"{path}.options", one.get("options") or [], parent=None)
    if _size(one) > MOST_TEXT:
        problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({MOST_TEXT})")


def _size(one: Json) -> int:
    """What counts of a command: names, descriptions and values; of several languages the longest."""
    own = sum(max(len(str(text or "")) for text in _said(one, name).values()) for name in ("name", "description"))
    value = one.get("value")
    inner = (*(one.get("options") or ()), *(one.get("choices") or ()))
    return own + (len(value) if isinstance(value, str) else 0) + sum(map(_size, inner))


def _said(one: Json, name: str) -> dict[str, Any]:
    """A text with its translations, by locale; its own is without."""
    return {"": one.get(name), **(one.get(f"{name}_localizations") or {})}


def _path(path: str, name: str, locale: str) -> str:
    return f"{path}.{name}" + (f"_localizations.{locale}" if locale else "")


def _check_names(problems: Problems, path: str, one: Json) -> None:
    for locale, name in _said(one, "name").items():
        is_known = not locale or locale in LOCALES
        if not is_known or not isinstance(name, str) or not NAME.fullmatch(name) or name != name.lower():
            said = "Command name is invalid"
            problems.add(_path(path, "name", locale), "APPLICATION_COMMAND_INVALID_NAME", said)
    for locale, text in _said(one, "description").items():
        problems.length(_path(path, "description", locale), text, 1, 100)


def _check_options(problems: Problems, path: str, options: list[Json], *, parent: int | None) -> None:
    if len(options) > MOST_OPTIONS:
        problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_OPTIONS} or fewer in length.")
    inner = [one.get("type") in (SUBCOMMAND, GROUP) for one in options]
    if any(inner) and not all(inner):
        said = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", said)
    if any(len(names) > len(set(names)) for names in _names(options)):
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")
    needed = [bool(one.get("required")) for one in options]
    if needed != sorted(needed, reverse=True):
        said = "Required options must be placed before non-required options"
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", said)
    for number, one in enumerate(options):
        _check_option(problems, f"{path}.{number}", one, parent=parent)


def _names(options: list[Json]) -> Iterator[list[str]]:
    """The names of options in each language."""
    for locale in ("", *sorted(LOCALES)):
        yield [str(_said(one, "name").get(locale) or one.get("name")) for one in options]


def _check_option(problems: Problems, path: str, one: Json, *, parent: int | None) -> None:
    _check_names(problems, path, one)
    kind = one.get("type")
    if kind in (SUBCOMMAND, GROUP):
        if kind not in INSIDE[parent]:
            said = "Sub-commands stand in commands and groups, groups in commands"
            problems.add(f"{path}.type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", said)
        else:
            _check_options(problems, f"{path}.options", one.get("options") or [], parent=kind)
        return
    if parent == GROUP:
        problems.add(f"{path}.type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Groups hold sub-commands")
    _check_choices(problems, path, one)
    problems.number(f"{path}.min_length", one.get("min_length"), 0, MOST_TYPED)
    problems.number(f"{path}.max_length", one.get("max_length"), 1, MOST_TYPED)


def _check_choices(problems: Problems, path: str, one: Json) -> None:
    choices, kind = one.get("choices") or [], one.get("type")
    if len(choices) > MOST_OPTIONS:
        problems.add(f"{path}.choices", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_OPTIONS} or fewer in length.")
    if choices and one.get("autocomplete"):
        said = "Autocomplete and choices are mutually exclusive"
        problems.add(path, "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES_INVALID", said)
    if (choices or one.get("autocomplete")) and kind not in OFFERING:
        said = "This type of option has neither choices nor autocomplete"
        problems.add(path, "APPLICATION_COMMAND_AUTOCOMPLETE_TYPE_INVALID", said)
    for number, choice in enumerate(choices):
        here = f"{path}.choices.{number}"
        for locale, name in _said(choice, "name").items():
            problems.length(_path(here, "name", locale), name, 1, 100)
        if kind == STRING:
            problems.length(f"{here}.value", choice.get("value"), 1, 100)
        elif isinstance(choice.get("value"), bool | str | None):
            problems.add(f"{here}.value", "NUMBER_TYPE_COERCE", f'Value "{choice.get("value")}" is no number.')
    if len({choice.get("name") for choice in choices}) < len(choices):
        said = "Option choice name already exists"
        problems.add(f"{path}.choices", "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", said)
