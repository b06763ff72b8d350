"""Registering the commands with Discord: only where they differ from what it has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord
import structlog
from discord.http import Route

from bot.discord.api import Api
from bot.discord.client import PaperboyClient
from bot.discord.translations import KoreanTranslator

_COMMAND: Final = (
    *("type", "name", "description", "name_localizations", "description_localizations", "options"),
    *("default_member_permissions", "contexts", "integration_types", "nsfw"),
)
_OPTION: Final = (
    *("type", "name", "description", "name_localizations", "description_localizations", "required", "choices"),
    *("options", "autocomplete", "min_value", "max_value", "min_length", "max_length", "channel_types"),
)
_CHOICE: Final = ("name", "name_localizations", "value")

log = structlog.get_logger(__name__)

Json = Mapping[str, Any]


async def sync(api: Api, client: PaperboyClient) -> bool:
    """Register the commands of the client's tree if Discord has others; whether it did.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    wanted = await payloads(client)
    await api.log_in()
    app_id = client.application_id or 0
    route = Route("GET", "/applications/{application_id}/commands", application_id=app_id)
    there: Any = await api.call(lambda http: http.request(route, params={"with_localizations": "true"}))
    if normalised(there) == normalised(wanted):
        return False
    await api.call(lambda http: http.bulk_upsert_global_commands(app_id, payload=wanted))
    log.info("discord.commands_registered", commands=len(wanted))
    return True


async def payloads(client: PaperboyClient) -> list[Any]:
    """The tree's commands as Discord takes them, in Korean and English."""
    tree, korean = client.tree, KoreanTranslator()
    kinds = (discord.AppCommandType.chat_input, discord.AppCommandType.user, discord.AppCommandType.message)
    commands = [command for kind in kinds for command in tree.get_commands(type=kind)]
    made: list[Any] = [await command.get_translated_payload(tree, korean) for command in commands]
    for one in made:
        del one["nsfw"]  # the library adds what Discord does not describe
    return made


def normalised(commands: Sequence[Json]) -> dict[str, str]:
    """By kind and name what a command is, without what Discord adds or leaves out by itself."""
    plain = (_plain(command, _COMMAND) for command in commands)
    return {f"{one.get('type', 1)}/{one['name']}": json.dumps(one, sort_keys=True, ensure_ascii=False) for one in plain}


def _plain(thing: Json, names: Sequence[str]) -> dict[str, Any]:
    plain = {name: _value(name, thing.get(name)) for name in names}
    return {name: value for name, value in plain.items() if value is not None and value is not False and value != []}


def _value(name: str, value: Any) -> Any:
    """A value without what is as usual, which may be left out: False, nothing, empty."""
    match name:
        case "options":
            return [_plain(option, _OPTION) for option in value or ()]
        case "choices":
            return [_plain(choice, _CHOICE) for choice in value or ()]
        case "type":
            return int(value or 1)
        case "contexts" | "integration_types" | "channel_types":
            return sorted(value or ())
        case "description" | "name_localizations" | "description_localizations":
            return value or None  # menus are told with an empty description
        case _:
            return value
