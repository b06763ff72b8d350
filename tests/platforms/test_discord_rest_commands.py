"""What the loopback Discord takes and refuses of an application and its commands over REST."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.discord import DiscordServer
from tests.platforms.discord.bare import Bare

Json = dict[str, Any]


@pytest.fixture
def commands(discord: DiscordServer) -> str:
    """Where the app's commands are."""
    return f"/applications/{discord.state.application.id}/commands"


def command(*options: Json, **more: Any) -> Json:
    """A slash command."""
    return {"name": "paper", "description": "Papers", "options": list(options), **more}


def option(kind: int = 3, **more: Any) -> Json:
    """An option of a command, a text where nothing is said."""
    return {"type": kind, "name": "tag", "description": "Tag", **more}


def menu(name: str = "Save paper", kind: int = 3, **more: Any) -> Json:
    """A context menu, of messages where nothing is said."""
    return {"type": kind, "name": name, **more}


# --- taken ------------------------------------------------------------------------------------------------------------


async def test_commands_are_told_as_discord_tells_them(discord: DiscordServer, rest: Bare, commands: str) -> None:
    korean: Json = {"name_localizations": {"ko": "논문"}, "description_localizations": {"ko": "논문들"}}
    made = (await rest.put(commands, [command(option(**korean), **korean), menu()])).body
    paper, save = made
    assert (paper["type"], paper["contexts"], paper["integration_types"]) == (1, None, [0, 1])
    assert paper["application_id"] == str(discord.state.application.id)
    assert (save["description"], "options" in save) == ("", False)
    whole = (await rest.get(commands, with_localizations="true")).body
    assert whole == made
    plain = (await rest.get(commands)).body
    assert "name_localizations" not in plain[0]
    assert "name_localizations" not in plain[0]["options"][0]
    assert [one["id"] for one in plain] == [one["id"] for one in made]


async def test_what_is_registered_again_keeps_its_id_and_the_others_go(rest: Bare, commands: str) -> None:
    first = (await rest.put(commands, [command(), menu()])).body
    second = (await rest.put(commands, [command(description="Another"), command(name="digest")])).body
    assert second[0]["id"] == first[0]["id"]
    assert second[0]["version"] != first[0]["version"]
    assert [one["name"] for one in (await rest.get(commands)).body] == ["paper", "digest"]
    assert (await rest.put(commands, [])).body == []


async def test_permissions_come_back_as_text(rest: Bare, commands: str) -> None:
    (made,) = (await rest.put(commands, [command(default_member_permissions=32)])).body
    assert made["default_member_permissions"] == "32"


@pytest.mark.parametrize(
    "one",
    [
        command(option(name="논문", autocomplete=True)),
        command(option(4, choices=[{"name": "One", "value": 1}]), option(name="other")),
        command(option(required=True), option(name="other")),
        command({**option(1, name="show"), "options": [option()]}),
        command({**option(2, name="group"), "options": [option(1, name="show")]}),
        command(*(option(name=f"option-{number}") for number in range(25))),
        menu("Edit Paper"),
        menu("Edit Paper", 2),
    ],
)
async def test_commands_that_are_taken(rest: Bare, commands: str, one: Json) -> None:
    assert (await rest.put(commands, [one])).status == 200


async def test_one_name_for_each_kind(rest: Bare, commands: str) -> None:
    three = [command(), menu("paper"), menu("paper", 2)]
    assert (await rest.put(commands, three)).status == 200


# --- refused ----------------------------------------------------------------------------------------------------------


LONG = "x" * 101
CHOICES = [{"name": str(number), "value": str(number)} for number in range(26)]


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize(
    ("one", "said"),
    [
        (command(name="Paper"), "0.name.APPLICATION_COMMAND_INVALID_NAME"),
        (command(name="pa per"), "0.name.APPLICATION_COMMAND_INVALID_NAME"),
        (command(name=""), "0.name.APPLICATION_COMMAND_INVALID_NAME"),
        (command(name="x" * 33), "0.name.APPLICATION_COMMAND_INVALID_NAME"),
        (command(name_localizations={"ko": "논 문"}), "0.name_localizations.ko.APPLICATION_COMMAND_INVALID_NAME"),
        (command(name_localizations={"kr": "논문"}), "0.name_localizations.kr.APPLICATION_COMMAND_INVALID_NAME"),
        (command(description=""), "0.description.BASE_TYPE_BAD_LENGTH"),
        (command(description=LONG), "0.description.BASE_TYPE_BAD_LENGTH"),
        (command(description=None), "0.description.BASE_TYPE_REQUIRED"),
        (command(description_localizations={"ko": LONG}), "0.description_localizations.ko.BASE_TYPE_BAD_LENGTH"),
        (command(*(option(name=f"o{number}") for number in range(26))), "0.options.BASE_TYPE_MAX_LENGTH"),
        (command(option(), option()), "OPTIONS_NAME_ALREADY_EXISTS"),
        (
            command(option(name_localizations={"ko": "태그"}), option(name="b", name_localizations={"ko": "태그"})),
            "OPTIONS_NAME_ALREADY_EXISTS",
        ),
        (command(option(), option(name="b", required=True)), "OPTIONS_REQUIRED_INVALID"),
        (command(option(), option(1, name="show")), "0.options.APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
        (
            command({**option(1, name="show"), "options": [option(1, name="inside")]}),
            "0.options.0.options.0.type.APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (
            command({**option(2, name="group"), "options": [option(2, name="inside")]}),
            "0.options.0.options.0.type.APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (
            command({**option(2, name="group"), "options": [option()]}),
            "0.options.0.options.0.type.APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (command(option(name="Tag")), "0.options.0.name.APPLICATION_COMMAND_INVALID_NAME"),
        (command(option(description=LONG)), "0.options.0.description.BASE_TYPE_BAD_LENGTH"),
        (command(option(choices=CHOICES)), "0.options.0.choices.BASE_TYPE_MAX_LENGTH"),
        (command(option(choices=[{"name": LONG, "value": "a"}])), "choices.0.name.BASE_TYPE_BAD_LENGTH"),
        (command(option(choices=[{"name": "a", "value": LONG}])), "choices.0.value.BASE_TYPE_BAD_LENGTH"),
        (command(option(choices=[{"name": "a", "value": ""}])), "choices.0.value.BASE_TYPE_BAD_LENGTH"),
        (command(option(4, choices=[{"name": "a", "value": "b"}])), "choices.0.value.NUMBER_TYPE_COERCE"),
        (command(option(choices=[CHOICES[0]] * 2)), "CHOICE_NAME_ALREADY_EXISTS"),
        (command(option(choices=CHOICES[:1], autocomplete=True)), "AUTOCOMPLETE_CHOICES_INVALID"),
        (command(option(6, autocomplete=True)), "AUTOCOMPLETE_TYPE_INVALID"),
        (command(option(5, choices=CHOICES[:1])), "AUTOCOMPLETE_TYPE_INVALID"),
        (command(option(max_length=6001)), "max_length.NUMBER_TYPE_RANGE"),
        (command(option(max_length=0)), "max_length.NUMBER_TYPE_RANGE"),
        (command(option(min_length=-1)), "min_length.NUMBER_TYPE_RANGE"),
        (menu("x" * 33), "0.name.BASE_TYPE_BAD_LENGTH"),
        (menu(name_localizations={"ko": "x" * 33}), "0.name_localizations.ko.BASE_TYPE_BAD_LENGTH"),
        (menu(description="Saves"), "0.APPLICATION_COMMAND_INVALID"),
        (menu(options=[option()]), "0.APPLICATION_COMMAND_INVALID"),
    ],
)
async def test_commands_that_are_refused(
    discord: DiscordServer, rest: Bare, commands: str, one: Json, said: str
) -> None:
    assert said in (await rest.put(commands, [one])).errors
    assert discord.state.application.commands == []


def large(most: int, **more: Any) -> Json:
    """A command of so many characters, and what `more` adds to its last option."""
    options = [option(name=f"option-{number:02}", description="x" * 91, choices=[]) for number in range(25)]
    left = most - len("paperPapers") - 25 * 100
    for one in options:
        while left >= 200 and len(one["choices"]) < 25:
            name = f"{len(one['choices']):0100}"
            one["choices"].append({"name": name, "value": name})
            left -= 200
    options[-1]["choices"].append({"name": "x" * min(100, left - 1), "value": "y" * max(1, left - 100)})
    options[-1] |= more
    return command(*options)


@pytest.mark.usefixtures("undescribed")
async def test_commands_have_a_size(rest: Bare, commands: str) -> None:
    assert (await rest.put(commands, [large(8000)])).status == 200
    assert "0.APPLICATION_COMMAND_TOO_LARGE" in (await rest.put(commands, [large(8001)])).errors
    shorter = large(8000, description_localizations={"ko": "x" * 91})
    assert (await rest.put(commands, [shorter])).status == 200
    longer = large(8000, description_localizations={"ko": "x" * 92})
    assert "0.APPLICATION_COMMAND_TOO_LARGE" in (await rest.put(commands, [longer])).errors


async def test_the_same_name_twice(rest: Bare, commands: str) -> None:
    answer = await rest.put(commands, [command(), menu(), command(description="Another")])
    assert "0.name.APPLICATION_COMMANDS_DUPLICATE_NAME" in answer.errors
    assert "2.name.APPLICATION_COMMANDS_DUPLICATE_NAME" in answer.errors
    assert "1.name" not in answer.errors


@pytest.mark.usefixtures("undescribed")
@pytest.mark.parametrize(("kind", "most"), [(1, 100), (2, 15), (3, 15)])
async def test_so_many_commands_of_each_kind(rest: Bare, commands: str, kind: int, most: int) -> None:
    some = [command(name=f"c{number}") if kind == 1 else menu(f"Menu {number}", kind) for number in range(most + 1)]
    assert (await rest.put(commands, some)).no == (400, 30032)
    assert (await rest.put(commands, some[:-1])).status == 200


async def test_only_where_the_app_can_be_installed(discord: DiscordServer, rest: Bare, commands: str) -> None:
    discord.state.application.contexts = ("0",)
    answer = await rest.put(commands, [command(integration_types=[0, 1])])
    assert "0.integration_types." in answer.errors
    (made,) = (await rest.put(commands, [command()])).body
    assert made["integration_types"] == [0]


@pytest.mark.usefixtures("undescribed")
async def test_what_is_no_list_of_commands(rest: Bare, commands: str) -> None:
    assert (await rest.put(commands, {})).no == (400, 50035)


async def test_commands_of_another_app(rest: Bare) -> None:
    assert (await rest.get("/applications/404/commands")).no == (403, 20012)
    assert (await rest.put("/applications/404/commands", [command()])).no == (403, 20012)


# --- the app and its gateway ------------------------------------------------------------------------------------------


async def test_who_the_app_is(discord: DiscordServer, rest: Bare) -> None:
    me = str(discord.state.application.bot.id)
    assert (await rest.get("/users/@me")).body["id"] == me
    for path in ("/applications/@me", "/oauth2/applications/@me"):
        assert (await rest.get(path)).body["id"] == me


async def test_where_the_gateway_is(discord: DiscordServer, rest: Bare) -> None:
    discord.shards, discord.gateway.max_concurrency, discord.gateway.starts_left = 3, 2, 7
    told = (await rest.get("/gateway/bot")).body
    assert (told["url"], told["shards"]) == (discord.gateway_url, 3)
    limit = told["session_start_limit"]
    assert (limit["remaining"], limit["max_concurrency"]) == (7, 2)
