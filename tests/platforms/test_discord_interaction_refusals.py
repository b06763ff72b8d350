"""What the loopback Discord refuses of callbacks and of what follows them, and where an app is only by a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.platforms.discord import Acme, DiscordServer, furnish, permissions
from tests.platforms.discord.client import Client, connected
from tests.platforms.discord.driver import Person
from tests.platforms.discord.interactions import Interaction
from tests.platforms.discord.refusals import DidNotRespond, NotPossible, Refused
from tests.platforms.discord.world import EPHEMERAL

Json = dict[str, Any]
OPTIONS = [
    {"type": 3, "name": "tag", "description": "Tag", "autocomplete": True},
    {"type": 6, "name": "who", "description": "Who"},
    {"type": 8, "name": "role", "description": "Role"},
    {"type": 10, "name": "share", "description": "Share", "min_value": 0, "max_value": 1},
    {"type": 5, "name": "all", "description": "All"},
]
PING: Json = {"id": "5", "name": "ping", "description": "Ping", "integration_types": [0, 1], "options": OPTIONS}


@pytest.fixture
def acme(server: DiscordServer) -> Acme:
    server.state.application.commands = [PING]
    return furnish(server)


@pytest.fixture
async def client(server: DiscordServer, acme: Acme) -> AsyncIterator[Client]:
    async with connected(Client(server)) as running:
        yield running


@pytest.fixture
def reader(server: DiscordServer, acme: Acme) -> Person:
    return server.person(acme.reader)


async def begun(server: DiscordServer, act: Any) -> tuple[Interaction, asyncio.Task[Any]]:
    """Have a person do something; what has been sent, and their waiting."""
    number = len(server.interactions.all)
    waiting = asyncio.create_task(act)
    await server.until(lambda: len(server.interactions.all) > number)
    return server.interactions.all[-1], waiting


async def answered(server: DiscordServer, act: Any, body: Json) -> Interaction:
    """The same, answered."""
    interaction, waiting = await begun(server, act)
    server.interactions.answer(interaction.id, interaction.token, body)
    await waiting
    return interaction


def refused(server: DiscordServer, interaction: Interaction, body: Json) -> int:
    """The code with which a callback is refused."""
    with pytest.raises(Refused) as no:
        server.interactions.answer(interaction.id, interaction.token, body)
    assert server.interactions.refusals[-1] is no.value
    return no.value.code


async def test_callbacks_that_do_not_fit(client: Client, acme: Acme, reader: Person, server: DiscordServer) -> None:
    interaction, waiting = await begun(server, reader.command(acme.papers, "ping"))
    for body in (
        {"type": 6},
        {"type": 7, "data": {"content": "a"}},
        {"type": 8, "data": {"choices": []}},
        {"type": 1},
        {"type": 4, "data": {"content": "x" * 2001}},
        {"type": 9, "data": {"title": "", "custom_id": "a", "components": []}},
        {"type": "4", "data": {"content": "a"}},
        {},
    ):
        assert refused(server, interaction, body) == 50035
    assert refused(server, interaction, {"type": 4, "data": {}}) == 50006
    assert refused(server, interaction, {"type": 4, "data": None}) == 50006
    assert reader.private == []
    server.interactions.answer(interaction.id, interaction.token, {"type": 5})
    await waiting
    assert refused(server, interaction, {"type": 5}) == 40060
    interaction.token = "another"
    with pytest.raises(Refused, match="10062"):
        server.interactions.answer(interaction.id, "unknown", {"type": 5})


@pytest.mark.parametrize(
    "choices",
    [
        None,
        [{"name": "a", "value": "a"}] * 26,
        [{"name": "", "value": "a"}],
        [{"name": "x" * 101, "value": "a"}],
        [{"name": "a", "value": ""}],
        [{"name": "a", "value": "x" * 101}],
        [{"name": "a", "value": True}],
        [{"name": "a"}],
    ],
)
async def test_choices_that_do_not_fit(
    client: Client, acme: Acme, reader: Person, server: DiscordServer, choices: list[Json] | None
) -> None:
    interaction, waiting = await begun(server, reader.autocomplete(acme.papers, "ping", "tag", "a"))
    assert refused(server, interaction, {"type": 8, "data": {"choices": choices}}) == 50035
    server.interactions.answer(interaction.id, interaction.token, {"type": 8, "data": {"choices": []}})
    assert await waiting == []


async def test_webhooks_of_others_too_early_and_too_late(
    client: Client, acme: Acme, reader: Person, server: DiscordServer
) -> None:
    interaction, waiting = await begun(server, reader.command(acme.papers, "ping"))
    application = server.state.application.id

    def code(app: int = application, token: str = interaction.token) -> int:
        with pytest.raises(Refused) as no:
            server.interactions.by_token(app, token)
        return no.value.code

    assert code() == 10015
    server.interactions.answer(interaction.id, interaction.token, {"type": 4, "data": {"content": "a"}})
    await waiting
    assert server.interactions.by_token(application, interaction.token) is interaction
    assert code(app=1) == 10015
    assert code(token="unknown") == 50027
    with pytest.raises(Refused, match="10008"):
        server.interactions.message_of(interaction, "1")
    server.clock.advance(899)
    assert server.interactions.by_token(application, interaction.token) is interaction
    server.clock.advance(1)
    assert code() == 50027


async def test_the_first_followup_takes_the_place_of_thinking(
    client: Client, acme: Acme, reader: Person, server: DiscordServer
) -> None:
    asked = await answered(server, reader.command(acme.papers, "ping"), {"type": 5, "data": {"flags": EPHEMERAL}})
    first = server.interactions.follow_up(asked, {"content": "first"})
    assert first is asked.original
    assert first.only_for == acme.reader.id
    second = server.interactions.follow_up(asked, {"content": "second"})
    assert second.only_for is None
    assert [one.content for one in reader.sees(acme.papers)] == ["first", "second"]
    reader.dismiss(first)
    with pytest.raises(Refused, match="10008"):
        server.interactions.edit(asked, "@original", {"content": "late"})


async def test_an_app_that_is_there_by_the_person_only(
    client: Client, acme: Acme, reader: Person, server: DiscordServer
) -> None:
    admin = server.person(acme.owner)
    await reader.install()
    await admin.kick_bot(acme.guild)
    with pytest.raises(NotPossible, match="offers"):
        await admin.command(acme.papers, "ping")
    asked = await answered(server, reader.command(acme.papers, "ping"), {"type": 4, "data": {"content": "open"}})
    assert asked.is_external
    assert asked.metadata["authorizing_integration_owners"] == {"1": str(acme.reader.id)}
    assert [one.content for one in admin.sees(acme.papers)] == ["open"]
    heard = await client.until("interaction")
    assert heard[0].guild_id == acme.guild.id
    assert heard[0].is_user_integration()
    for _ in range(5):
        server.interactions.follow_up(asked, {"content": "more"})
    with pytest.raises(Refused, match="40094"):
        server.interactions.follow_up(asked, {"content": "one too many"})
    everyone = acme.guild.roles[acme.guild.id]
    await admin.allow(acme.papers, everyone, deny=permissions.USE_EXTERNAL_APPS)
    hidden = await answered(server, reader.command(acme.papers, "ping"), {"type": 4, "data": {"content": "hidden"}})
    assert hidden.reply is not None
    assert hidden.reply.only_for == acme.reader.id
    await reader.uninstall()
    with pytest.raises(NotPossible, match="offers"):
        await reader.command(acme.papers, "ping")


async def test_commands_need_their_permissions(
    client: Client, acme: Acme, reader: Person, server: DiscordServer
) -> None:
    admin = server.person(acme.owner)
    await admin.allow(acme.papers, acme.reader, deny=permissions.USE_APPLICATION_COMMANDS)
    with pytest.raises(NotPossible, match="offers"):
        await reader.command(acme.papers, "ping")
    server.state.application.commands = [{**PING, "default_member_permissions": "0"}]
    with pytest.raises(NotPossible, match="offers"):
        await server.person(acme.guest).command(acme.papers, "ping")
    await answered(server, admin.command(acme.papers, "ping"), {"type": 4, "data": {"content": "a"}})
    server.state.application.commands = [{**PING, "contexts": [1]}]
    with pytest.raises(NotPossible, match="offers"):
        await admin.command(acme.papers, "ping")
    await answered(server, reader.command(reader.direct(), "ping"), {"type": 4, "data": {"content": "a"}})
    assert (await client.until("interaction", 2))[1].context.dm_channel


async def test_options_that_name_somebody(client: Client, acme: Acme, reader: Person, server: DiscordServer) -> None:
    for wrong in ({"who": 1}, {"role": acme.reader}, {"share": 2}, {"share": True}, {"all": 1}):
        with pytest.raises(NotPossible):
            await reader.command(acme.papers, "ping", **wrong)
    editors = server.state.add_role(acme.guild, "editors")
    act = reader.command(acme.papers, "ping", who=acme.guest, role=editors, share=0.5, all=True)
    await answered(server, act, {"type": 4, "data": {"content": "a"}})
    (heard,) = await client.until("interaction")
    resolved = heard.data["resolved"]
    assert set(resolved) == {"users", "members", "roles"}
    assert set(resolved["roles"]) == {str(editors.id)}


async def test_a_modal_that_nobody_answers_stays(
    client: Client, acme: Acme, reader: Person, server: DiscordServer
) -> None:
    asks = {"type": 18, "label": "Words", "component": {"type": 4, "custom_id": "words", "style": 1}}
    form = {"type": 9, "data": {"title": "Add", "custom_id": "form", "components": [asks]}}
    await answered(server, reader.command(acme.papers, "ping"), form)
    modal = reader.modal
    assert modal is not None
    server.interactions.patience = 0.05
    with pytest.raises(DidNotRespond):
        await reader.submit({"words": "typed"})
    assert reader.modal is modal
    assert modal.values == {"words": "typed"}
    server.interactions.patience = 3
    submitted, waiting = await begun(server, reader.submit())
    assert refused(server, submitted, form) == 50035
    assert refused(server, submitted, {"type": 6}) == 50035
    server.interactions.answer(submitted.id, submitted.token, {"type": 5, "data": {"flags": EPHEMERAL}})
    await waiting
    assert not server.interactions.modals
    assert submitted.metadata["triggering_interaction_metadata"]["type"] == 2
    with pytest.raises(NotPossible, match="no modal"):
        await reader.submit()
