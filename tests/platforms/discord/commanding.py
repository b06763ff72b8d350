"""A person's slash commands and context menus: which the client offers them where, and what it lets them type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.platforms.discord import payloads, permissions
from tests.platforms.discord.interactions import AUTOCOMPLETE, COMMAND, Interaction
from tests.platforms.discord.pressing import Pressing
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import ALL_PERMISSIONS, Channel, Message

Json = dict[str, Any]

CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(3, 11)
MOST_TYPED = 6000


class Commanding(Pressing):
    """Types commands and opens context menus."""

    def commands(self, channel: Channel, kind: int = CHAT) -> list[Json]:
        """The app's commands that the client offers them there."""
        self._must_see(channel)
        known = self.world.application.commands
        if channel.guild_id is not None:
            known = [*known, *self.world.application.guild_commands.get(channel.guild_id, [])]
        return [one for one in known if one.get("type", CHAT) == kind and self._ways(one, channel)]

    async def command(self, channel: Channel, name: str, **options: Any) -> Interaction:
        """Type a command with its options, as `"digest show", date="2026-02-03"`; gives what came of it.

        Raises:
            PersonError: the client does not let it be sent, or the app did not respond.
        """
        command, path = self._find(channel, name)
        given = [_typed(self, channel, _option(path[-1], each), value) for each, value in options.items()]
        missing = [
            one["name"] for one in path[-1].get("options") or [] if one.get("required") and one["name"] not in options
        ]
        if missing:
            raise NotPossible(f"/{name} needs {missing}")
        data = {**_named(command), "options": _nested(path[1:], given)}
        if resolved := self._pointed(channel, given):
            data["resolved"] = resolved
        return await self._run(COMMAND, command, channel, data)

    async def autocomplete(self, channel: Channel, name: str, option: str, text: str = "", **others: Any) -> list[Json]:
        """What the app proposes while an option is typed: `name` and `value` of each choice.

        Raises:
            PersonError: the option has no proposals, or the app did not respond.
        """
        command, path = self._find(channel, name)
        asked = _option(path[-1], option)
        if not asked.get("autocomplete"):
            raise NotPossible(f"{option} of /{name} has no autocompletion")
        given = [{"name": each, "type": _option(path[-1], each)["type"], "value": one} for each, one in others.items()]
        focused = {"name": asked["name"], "type": asked["type"], "value": text, "focused": True}
        data = {**_named(command), "options": _nested(path[1:], [*given, focused])}
        return (await self._run(AUTOCOMPLETE, command, channel, data)).choices

    async def menu(self, message: Message, name: str) -> Interaction:
        """Choose an app's entry in the context menu of a message.

        Raises:
            PersonError: the client offers none of that name, or the app did not respond.
        """
        channel = self._must_see_message(message)
        if message.only_for is not None:
            raise NotPossible("private messages have no apps in their menu")
        command = self._called(self.commands(channel, MESSAGE_MENU), name)
        resolved = payloads.resolved_message(self.world, message)
        data = {**_named(command), "target_id": str(message.id), "resolved": resolved}
        return await self._run(COMMAND, command, channel, data, {"target_message_id": str(message.id)})

    # --- helpers --------------------------------------------------------------------------------------------------

    async def _run(
        self, kind: int, command: Json, channel: Channel, data: Json, more: Mapping[str, Any] | None = None
    ) -> Interaction:
        ways = self._ways(command, channel)
        interactions = self.server.interactions
        interaction = interactions.begin(
            kind,
            self.user.id,
            channel,
            message=None,
            is_external=0 not in ways,
            metadata=payloads.metadata(kind, self.user, payloads.owners(channel, self.user, ways), **(more or {})),
        )
        return await self._send(interaction, data)

    def _find(self, channel: Channel, name: str) -> tuple[Json, list[Json]]:
        """A command and the way through its groups to what is called."""
        words = name.removeprefix("/").split()
        path = [self._called(self.commands(channel), words[0])]
        for word in words[1:]:
            inner = [one for one in path[-1].get("options") or [] if one["type"] in (SUBCOMMAND, GROUP)]
            path.append(self._called(inner, word))
        if any(one["type"] in (SUBCOMMAND, GROUP) for one in path[-1].get("options") or []):
            raise NotPossible(f"/{name} is not complete: {[one['name'] for one in path[-1]['options']]}")
        return path[0], path

    def _called(self, offered: Sequence[Json], name: str) -> Json:
        """What is called so, in the person's language or as the app names it."""
        for one in offered:
            if name in (one["name"], (one.get("name_localizations") or {}).get(self.user.locale)):
                return one
        raise NotPossible(f"the client offers {[one['name'] for one in offered]}, not {name!r}")

    def _ways(self, command: Json, channel: Channel) -> set[int]:
        """How a command is there for them: 0 by the server, 1 by themselves; none when they are not offered it."""
        context = payloads.context_of(channel)
        contexts = command.get("contexts")
        if contexts is None:
            contexts = [0, 1, 2] if command.get("dm_permission", True) else [0]
        if context not in contexts or not self._may_use(command, channel):
            return set()
        types = command.get("integration_types") or [0]
        return {way for way in types if self._is_installed(way, context, channel)}

    def _is_installed(self, way: int, context: int, channel: Channel) -> bool:
        application = self.world.application
        if way == 1:
            return self.user.id in application.user_installs
        if context == payloads.IN_GUILD:
            return channel.guild_id in application.guild_installs
        shared = [self.world.guilds[one] for one in application.guild_installs]
        return context == payloads.WITH_BOT and any(self.user.id in guild.members for guild in shared)

    def _may_use(self, command: Json, channel: Channel) -> bool:
        if channel.guild_id is None:
            return True
        held = permissions.in_channel(self.world, channel, self.user.id)
        if not held & permissions.USE_APPLICATION_COMMANDS:
            return False
        needed = command.get("default_member_permissions")
        if needed is None or held == ALL_PERMISSIONS:
            return True
        return int(needed) != 0 and held & int(needed) == int(needed)

    def _pointed(self, channel: Channel, given: Sequence[Json]) -> Json:
        ids: dict[str, list[int]] = {}
        for one in given:
            if one["type"] in (USER, CHANNEL, ROLE, MENTIONABLE):
                number = int(one["value"])
                kinds = {CHANNEL: "channels", ROLE: "roles", USER: "users"}
                kind = kinds.get(one["type"]) or ("users" if number in self.world.users else "roles")
                ids.setdefault(kind, []).append(number)
        return payloads.resolved(self.world, channel, self.user, ids)


def _named(command: Json) -> Json:
    named = {"id": str(command["id"]), "name": command["name"], "type": command.get("type", CHAT)}
    return named | ({"guild_id": str(command["guild_id"])} if command.get("guild_id") else {})


def _nested(groups: Sequence[Json], given: list[Json]) -> list[Json]:
    for one in reversed(groups):
        given = [{"name": one["name"], "type": one["type"], "options": given}]
    return given


def _option(command: Json, name: str) -> Json:
    options: list[Json] = command.get("options") or []
    found = next((one for one in options if one["name"] == name), None)
    if found is None:
        raise NotPossible(f"{command['name']} has {[one['name'] for one in options]}, not {name!r}")
    return found


def _typed(person: Commanding, channel: Channel, option: Json, value: Any) -> Json:
    """An option as it is sent.

    Raises:
        NotPossible: the client does not let that be typed.
    """
    kind, name = option["type"], option["name"]
    if choices := option.get("choices"):
        value = _choice(name, choices, value)
    elif kind in (USER, CHANNEL, ROLE, MENTIONABLE):
        value = str(value if isinstance(value, int) else value.id)
        _must_be_offered(person, channel, option, int(value))
    else:
        _must_fit(option, value)
    return {"name": name, "type": kind, "value": value}


def _choice(name: str, choices: Sequence[Json], value: Any) -> Any:
    for one in choices:
        if value in (one["value"], one["name"]):
            return one["value"]
    raise NotPossible(f"{name} offers {[one['value'] for one in choices]}, not {value!r}")


def _must_fit(option: Json, value: Any) -> None:
    kinds: dict[int, Any] = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: (int, float)}
    kind, name = option["type"], option["name"]
    is_truth = isinstance(value, bool) and kind != BOOLEAN
    if is_truth or not isinstance(value, kinds.get(kind, object)):
        raise NotPossible(f"{name} does not take {value!r}")
    if kind == STRING:
        least, most = max(option.get("min_length") or 1, 1), option.get("max_length") or MOST_TYPED
        if not least <= len(value) <= most:
            raise NotPossible(f"{name} takes {least} to {most} characters, not {len(value)}")
    elif kind in (INTEGER, NUMBER) and not option.get("min_value", value) <= value <= option.get("max_value", value):
        raise NotPossible(f"{name} does not take {value}")


def _must_be_offered(person: Commanding, channel: Channel, option: Json, number: int) -> None:
    world, guild = person.world, person.world.guild_of(channel)
    is_user = number in world.users
    is_role = guild is not None and number in guild.roles
    kind = option["type"]
    if kind == CHANNEL:
        named = guild.channels.get(number) if guild is not None else None
        kinds = option.get("channel_types") or []
        is_offered = named is not None and (not kinds or named.kind in kinds)
    else:
        is_offered = (is_user and kind in (USER, MENTIONABLE)) or (is_role and kind in (ROLE, MENTIONABLE))
    if not is_offered:
        raise NotPossible(f"{option['name']} does not offer {number}")
