"""Who is asking, told from interactions as the library hands them out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import discord as library
import pytest
from discord import app_commands

from bot.core.people import Language, Person, Role, Staff
from bot.core.subscriptions import Channel
from bot.discord.people import PLATFORM, People, channel_of
from tests.platforms.discord import Acme, DiscordServer, driver, permissions
from tests.platforms.discord.client import Client, connected, leading_to, register
from tests.platforms.discord.world import Channel as Where
from tests.platforms.discord.world import Role as GuildRole

READER = frozenset({Role.READER})
EVENING = datetime(2024, 6, 20, 16, 0, tzinfo=UTC)  # in Seoul it is the next day already


class StandingClock:
    """Always the same moment."""

    def now(self) -> datetime:
        """See the port."""
        return EVENING


class App(Client):
    """An app that keeps what it is asked."""

    def __init__(self, server: DiscordServer) -> None:
        super().__init__(server)
        self.asked: list[library.Interaction[Any]] = []
        self.tree = app_commands.CommandTree(self)
        everywhere = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
        installed = app_commands.AppInstallationType(guild=True, user=True)

        async def hello(interaction: library.Interaction) -> None:
            self.asked.append(interaction)
            await interaction.response.defer(ephemeral=True, thinking=True)

        self.tree.add_command(
            app_commands.Command(
                name="hello",
                description="Asks",
                callback=hello,
                allowed_contexts=everywhere,
                allowed_installs=installed,
            )
        )

    async def setup_hook(self) -> None:
        """Register what there is."""
        await register(self, self.tree)


@dataclass
class Asking:
    """A server with people, and the app that they ask."""

    server: DiscordServer
    place: Acme
    app: App
    role: GuildRole

    async def by(self, person: driver.Person, where: Where | None = None) -> library.Interaction[Any]:
        """What the app is handed when somebody asks."""
        await person.command(where or self.place.papers, "hello")
        return self.app.asked[-1]


@pytest.fixture
async def asking(discord: DiscordServer, acme: Acme) -> AsyncIterator[Asking]:
    role = discord.state.add_role(acme.guild, "Librarians")
    with leading_to(discord):
        async with connected(App(discord)) as app:
            assert isinstance(app, App)
            yield Asking(discord, acme, app, role)


def people(**staff: frozenset[str]) -> People:
    return People(Staff(**staff), StandingClock(), language=Language.KOREAN, zone="Asia/Seoul")


async def test_roles_come_from_a_persons_id_their_roles_and_manage_server(asking: Asking) -> None:
    guild, guest = asking.place.guild, asking.place.guest
    interaction = await asking.by(asking.server.person(guest))
    assert people().caller(interaction).roles == READER
    maintains = READER | {Role.MAINTAINER}
    assert people(maintainers=frozenset({str(guest.id)})).caller(interaction).roles == maintains
    assert people(maintainers=frozenset({f"{guild.id}/{guest.id}"})).caller(interaction).roles == maintains
    assert people(maintainers=frozenset({f"1/{guest.id}"})).caller(interaction).roles == READER
    assert people(operators=frozenset({str(guest.id)})).caller(interaction).roles == READER | {Role.OPERATOR}


async def test_a_role_makes_its_members_maintainers_as_long_as_they_hold_it(asking: Asking) -> None:
    admin, guild = asking.server.person(asking.place.owner), asking.place.guild
    role = asking.role
    listed = people(maintainers=frozenset({str(role.id)}))
    guest = asking.server.person(asking.place.guest)
    assert listed.caller(await asking.by(guest)).roles == READER
    await admin.give_role(guild, guest.user, role)
    assert listed.caller(await asking.by(guest)).roles == READER | {Role.MAINTAINER}
    await admin.take_role(guild, guest.user, role)
    assert listed.caller(await asking.by(guest)).roles == READER


async def test_who_manages_the_server_operates(asking: Asking) -> None:
    admin, guild = asking.server.person(asking.place.owner), asking.place.guild
    assert people().caller(await asking.by(admin)).roles == READER | {Role.OPERATOR}
    guest = asking.server.person(asking.place.guest)
    await admin.give_role(guild, guest.user, asking.role)
    for allowed, roles in (
        (permissions.MANAGE_GUILD, READER | {Role.OPERATOR}),
        (permissions.ADMINISTRATOR, READER | {Role.OPERATOR}),
        (permissions.MANAGE_CHANNELS, READER),
    ):
        await admin.change_role(guild, asking.role, allowed)
        assert people().caller(await asking.by(guest)).roles == roles


async def test_in_direct_messages_only_what_a_persons_id_gives_holds(asking: Asking) -> None:
    admin = asking.server.person(asking.place.owner)
    asking.server.state.application.user_installs.add(admin.user.id)
    interaction = await asking.by(admin, admin.direct())
    caller = people().caller(interaction)
    assert caller.roles == READER
    assert caller.person == Person(PLATFORM, "@me", str(admin.user.id))
    assert channel_of(interaction).workspace == "@me"
    named = people(maintainers=frozenset({str(admin.user.id)})).caller(interaction)
    assert named.roles == READER | {Role.MAINTAINER}


async def test_language_and_day_are_the_persons_and_the_communitys(asking: Asking) -> None:
    reader = people().caller(await asking.by(asking.server.person(asking.place.reader)))
    assert reader.language is Language.KOREAN
    assert reader.today == date(2024, 6, 21)
    guest = people().caller(await asking.by(asking.server.person(asking.place.guest)))
    assert guest.language is Language.ENGLISH
    assert guest.person == Person(PLATFORM, str(asking.place.guild.id), str(asking.place.guest.id))


async def test_a_thread_counts_as_its_channel(asking: Asking) -> None:
    guest = asking.server.person(asking.place.guest)
    message = await guest.write(asking.place.papers, "Hello")
    thread = await guest.start_thread(message, "Talk")
    interaction = await asking.by(guest, thread)
    expected = Channel(PLATFORM, str(asking.place.guild.id), str(asking.place.papers.id))
    assert channel_of(interaction) == expected
