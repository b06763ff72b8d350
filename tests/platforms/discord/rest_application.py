"""Routes of the application: itself, its commands, the gateway's address, and the webhooks of interactions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.platforms.discord import shapes
from tests.platforms.discord.calls import Call
from tests.platforms.discord.interactions import Interaction
from tests.platforms.discord.refusals import Problems, Refused

Json = dict[str, Any]

CHAT_INPUT = 1
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
NUMBER = 10
NAME = re.compile(r"[-_'\w]{1,32}", re.UNICODE)
LOCALES = frozenset(
    (
        *("id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl"),
        *("pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW"),
        "ko",
    )
)
MOST_COMMANDS, MOST_OPTIONS, MOST_TEXT = 100, 25, 8000


def application(call: Call) -> Json:
    """`GET /applications/@me`, `GET /oauth2/applications/@me`."""
    it = call.server.state.application
    owner = shapes.user(next(one for one in call.server.state.users.values() if not one.is_bot))
    return {
        "id": str(it.id), "name": it.name, "description": "", "owner": owner, "flags": 0, "icon": None, "team": None,
        "bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64, "rpc_origins": None,
    }  # fmt: skip


def gateway(call: Call) -> Json:
    """`GET /gateway/bot`."""
    sockets = call.server.gateway
    limit = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": sockets.max_concurrency}
    return {"url": sockets.url, "shards": call.server.shards, "session_start_limit": limit}


# --- commands ---------------------------------------------------------------------------------------------------------


def list_commands(call: Call) -> list[Json]:
    """`GET /applications/{application_id}/commands`: with all languages only when asked for them."""
    _own(call)
    whole = call.query.get("with_localizations", "false").lower() in ("true", "1")
    return [_shown(one, whole=whole) for one in call.server.state.application.commands]


def put_commands(call: Call) -> list[Json]:
    """`PUT /applications/{application_id}/commands`: these and no others."""
    _own(call)
    commands = call.body
    if not isinstance(commands, list):
        raise Refused(50035, {"_errors": [{"code": "LIST_TYPE_CONVERT", "message": "a list"}]})
    problems = Problems()
    if len(commands) > MOST_COMMANDS:
        problems.add("_", "APPLICATION_COMMANDS_MAX", "too many")
    seen: set[tuple[int, str]] = set()
    for number, one in enumerate(commands):
        _check_command(problems, str(number), one)
        key = (one.get("type", CHAT_INPUT), str(one.get("name")))
        if key in seen:
            problems.add(f"{number}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "the same name twice")
        seen.add(key)
    problems.raise_if_any()
    it = call.server.state.application
    before = {(one["type"], one["name"]): one["id"] for one in it.commands}
    it.commands = [_kept(call, one, before) for one in commands]
    return [_shown(one, whole=True) for one in it.commands]


def _own(call: Call) -> None:
    if call.number("application_id") != call.server.state.application.id:
        raise Refused(20012)


def _kept(call: Call, one: Json, before: dict[tuple[int, str], str]) -> Json:
    kind = one.get("type") or CHAT_INPUT
    return {
        "description": "",
        "options": [],
        "default_member_permissions": None,
        "nsfw": False,
        "contexts": None,
        "integration_types": [0],
        **one,
        "type": kind,
        "id": before.get((kind, one["name"])) or str(call.server.state.new_id()),
        "version": str(call.server.state.new_id()),
        "application_id": str(call.server.state.application.id),
    }


def _shown(one: Json, *, whole: bool) -> Json:
    """As Discord tells it: without what is empty, and without languages unless they are asked for."""
    left_out = () if whole else ("name_localizations", "description_localizations")
    shown = {name: value for name, value in one.items() if name not in left_out}
    if not shown.get("options"):
        shown.pop("options", None)
    else:
        shown["options"] = [_shown(option, whole=whole) for option in shown["options"]]
    return shown


def _check_command(problems: Problems, path: str, one: Json) -> None:
    if (one.get("type") or CHAT_INPUT) != CHAT_INPUT:
        problems.length(f"{path}.name", one.get("name"), 1, 32)
        if one.get("options") or one.get("description"):
            problems.add(path, "APPLICATION_COMMAND_INVALID", "a menu has no options and no description")
        return
    _check_names(problems, path, one)
    _check_options(problems, f"{path}.options", one.get("options") or [], depth=0)
    if sum(map(len, _texts(one))) > MOST_TEXT:
        problems.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")


def _texts(one: Json) -> Iterator[str]:
    yield from (str(one.get("name", "")), str(one.get("description", "")))
    for inner in (*(one.get("options") or ()), *(one.get("choices") or ())):
        yield from _texts(inner)


def _check_names(problems: Problems, path: str, one: Json) -> None:
    names = {"": one.get("name"), **(one.get("name_localizations") or {})}
    for locale, name in names.items():
        where = f"{path}.name" + (f"_localizations.{locale}" if locale else "")
        is_known = not locale or locale in LOCALES
        if not is_known or not isinstance(name, str) or not NAME.fullmatch(name) or name != name.lower():
            problems.add(where, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    for locale, said in {"": one.get("description"), **(one.get("description_localizations") or {})}.items():
        problems.length(f"{path}.description" + (f"_localizations.{locale}" if locale else ""), said, 1, 100)


def _check_options(problems: Problems, path: str, options: list[Json], *, depth: int) -> None:
    if len(options) > MOST_OPTIONS:
        problems.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_OPTIONS} or fewer in length.")
    kinds = [one.get("type") for one in options]
    inner = [kind in (SUBCOMMAND, GROUP) for kind in kinds]
    if any(inner) and not all(inner):
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command and options may not be mixed")
    names = [one.get("name") for one in options]
    if len(set(names)) < len(names):
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")
    needed = [bool(one.get("required")) for one in options]
    if needed != sorted(needed, reverse=True):
        problems.add(path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options come first")
    for number, one in enumerate(options):
        _check_option(problems, f"{path}.{number}", one, depth=depth)


def _check_option(problems: Problems, path: str, one: Json, *, depth: int) -> None:
    _check_names(problems, path, one)
    kind = one.get("type")
    if kind in (SUBCOMMAND, GROUP):
        if depth >= (1 if kind == GROUP else 2):
            problems.add(f"{path}.type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "too deep")
        _check_options(problems, f"{path}.options", one.get("options") or [], depth=depth + 1)
        return
    choices = one.get("choices") or []
    if len(choices) > MOST_OPTIONS:
        problems.add(f"{path}.choices", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_OPTIONS} or fewer in length.")
    if choices and one.get("autocomplete"):
        problems.add(path, "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES_INVALID", "choices and autocomplete")
    if one.get("autocomplete") and kind not in (STRING, INTEGER, NUMBER):
        problems.add(path, "APPLICATION_COMMAND_AUTOCOMPLETE_TYPE_INVALID", "no autocomplete for this type")
    for number, choice in enumerate(choices):
        names = {"": choice.get("name"), **(choice.get("name_localizations") or {})}
        for said in names.values():
            problems.length(f"{path}.choices.{number}.name", said, 1, 100)
    problems.number(f"{path}.min_length", one.get("min_length"), 0, 6000)
    problems.number(f"{path}.max_length", one.get("max_length"), 1, 6000)


# --- interactions -----------------------------------------------------------------------------------------------------


def callback(call: Call) -> Json | None:
    """`POST /interactions/{interaction_id}/{interaction_token}/callback`."""
    found = call.server.interactions.answer(
        call.number("interaction_id"), call.params["interaction_token"], call.fields
    )
    return found if call.query.get("with_response", "").lower() in ("true", "1") else None


def follow_up(call: Call) -> Json:
    """`POST /webhooks/{webhook_id}/{webhook_token}`."""
    found = call.server.interactions.follow_up(_interaction(call), call.fields)
    return shapes.message(call.server.state, found)


def answer_of(call: Call) -> Json:
    """`GET` of a message that answers an interaction."""
    found = call.server.interactions.message_of(_interaction(call), call.params.get("message_id", "@original"))
    return shapes.message(call.server.state, found)


def edit_answer(call: Call) -> Json:
    """`PATCH` of one."""
    which = call.params.get("message_id", "@original")
    return shapes.message(call.server.state, call.server.interactions.edit(_interaction(call), which, call.fields))


def delete_answer(call: Call) -> None:
    """`DELETE` of one."""
    call.server.interactions.delete(_interaction(call), call.params.get("message_id", "@original"))


def _interaction(call: Call) -> Interaction:
    return call.server.interactions.by_token(call.number("webhook_id"), call.params["webhook_token"])
