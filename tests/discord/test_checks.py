"""What `paperboy doctor` finds out about Discord, from a Discord that answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import discord as library
import pytest

from bot.clock import SystemClock
from bot.core.people import Language, Person, Staff
from bot.core.subscriptions import Channel, Subscription
from bot.discord.checks import discord_checks
from bot.discord.client import PaperboyClient
from bot.discord.people import PLATFORM
from bot.discord.permissions import PERMISSIONS, permissions
from bot.discord.server_checks import MOST_CHANNELS, MOST_SEARCHED
from bot.locale import translator
from bot.settings import Settings
from storage.opening import Storage, open_storage
from tests.discord.conftest import settings_for
from tests.platforms.discord import Acme, DiscordServer, furnish
from tests.platforms.discord import permissions as rules
from tests.platforms.discord import world as shown

SAY = translator(Language.ENGLISH).say


@dataclass
class Clinic:
    """A Discord with one server, and storage: what doctor finds there."""

    server: DiscordServer
    acme: Acme
    storage: Storage
    settings: Settings

    def change(self, **changes: object) -> None:
        """Change the settings for Discord."""
        assert self.settings.discord is not None
        changed = replace(self.settings.discord, **changes)  # type: ignore[arg-type]
        self.settings = replace(self.settings, discord=changed)

    def name(self, maintainers: str = "", operators: str = "") -> None:
        """Name others than the maintainer."""
        staff = Staff(frozenset(maintainers.split()), frozenset(operators.split()))
        self.settings = replace(self.settings, staff=staff)

    async def subscribe(
        self, channel: shown.Channel | int, *, guild: int | None = None, personal: bool = False, paused: bool = False
    ) -> None:
        """A subscription of a channel's."""
        number = channel if isinstance(channel, int) else channel.id
        there = Channel(PLATFORM, str(guild or self.acme.guild.id), str(number))
        by = Person(PLATFORM, there.workspace, str(self.acme.owner.id))
        due = None if paused else datetime(2024, 6, 21, tzinfo=UTC)
        await self.storage.subscriptions.add(
            Subscription(channel=there, next_run_at=due, personal=personal, paused=paused, created_by=by)
        )

    def deny(self, channel: shown.Channel, *names: str) -> None:
        """Take permissions from the app in a channel."""
        bits = library.Permissions(**dict.fromkeys(names, True)).value
        channel.overwrites = [shown.Overwrite(self.server.state.application.bot.id, 1, deny=bits)]

    async def found(self, language: Language = Language.ENGLISH) -> tuple[list[str], list[str]]:
        """What is right, and what is wrong."""
        checks = await discord_checks(self.settings, self.storage, SystemClock())
        said = [(check.ok, translator(language).say(check.message)) for check in checks]
        return [text for ok, text in said if ok], [text for ok, text in said if not ok]

    async def wrong(self) -> list[str]:
        """What is wrong."""
        return (await self.found())[1]

    def routes(self) -> set[str]:
        """What was asked."""
        return {f"{call.method} {call.route}" for call in self.server.requests}


@pytest.fixture
async def clinic(discord: DiscordServer, sqlite_url: str) -> AsyncIterator[Clinic]:
    storage = await open_storage(sqlite_url)
    acme = furnish(discord, bits=permissions().value)
    acme.guild.roles[acme.guild.id].permissions = rules.VIEW_CHANNEL
    settings = Settings(
        database_url="",
        language=Language.ENGLISH,
        language_is_set=True,
        zone="Asia/Seoul",
        web_host="127.0.0.1",
        web_port=8080,
        arxiv_url="",
        log_level="info",
        staff=Staff(frozenset({str(acme.maintainer.id)})),
        discord=settings_for(discord),
    )
    yield Clinic(discord, acme, storage, settings)
    await storage.close()


# --- token, application, gateway ------------------------------------------------------------------------------------


async def test_all_is_well(clinic: Clinic) -> None:
    await clinic.subscribe(clinic.acme.papers)
    await clinic.subscribe(clinic.acme.forum)
    right, wrong = await clinic.found()
    assert wrong == []
    assert right == [
        "Discord: the token works.",
        "Discord: the gateway is open to it, and no privileged intent is needed.",
        "Discord: Paperboy is on 1 server.",
        "Discord: Paperboy can post in 2 channels with a digest.",
    ]


async def test_without_discord_nobody_is_asked(clinic: Clinic) -> None:
    clinic.settings = replace(clinic.settings, discord=None)
    assert await clinic.found() == ([], [])
    assert clinic.server.requests == []


async def test_nothing_is_changed_and_nobody_connects(clinic: Clinic) -> None:
    for channel in (clinic.acme.papers, clinic.acme.lounge, clinic.acme.forum):
        await clinic.subscribe(channel)
    clinic.name(str(clinic.acme.curators.id), str(clinic.acme.guest.id))
    await clinic.found()
    assert clinic.routes() == {
        "GET /users/@me",
        "GET /oauth2/applications/@me",  # by the library, as it logs in
        "GET /applications/@me",
        "GET /gateway/bot",
        "GET /users/@me/guilds",
        "GET /channels/{channel_id}",
        "GET /guilds/{guild_id}",
        "GET /guilds/{guild_id}/members/{user_id}",
    }
    assert len(clinic.server.calls("GET", "/guilds/{guild_id}")) == 1, "a server is asked about once"
    assert clinic.server.gateway.opened == []


async def test_a_token_that_discord_does_not_accept(clinic: Clinic) -> None:
    await clinic.subscribe(clinic.acme.papers)
    clinic.change(token="MTAwMDAwMDAwMDAwMDAwMDAx.Gtests.a-token-of-nobody-for-these-tests")
    right, wrong = await clinic.found()
    assert right == []
    assert wrong == ["DISCORD_TOKEN: Discord does not accept it. Make a new one under “Bot”, “Reset Token”."]


async def test_discord_is_out_of_reach(clinic: Clinic) -> None:
    clinic.change(api_url="http://127.0.0.1:9/api/v10")
    assert await clinic.found() == ([], ["DISCORD_TOKEN: Discord did not answer."])


@pytest.mark.parametrize("route", ["/applications/@me", "/gateway/bot", "/users/@me/guilds"])
async def test_what_discord_does_not_answer_is_said(clinic: Clinic, route: str) -> None:
    clinic.server.rates.refuse("GET", route, 3600)
    assert await clinic.wrong() == ["Discord: Discord asks Paperboy to wait a little."]
    assert len(clinic.server.calls("GET", route)) == 1


async def test_commands_that_go_elsewhere_are_noticed(clinic: Clinic) -> None:
    clinic.server.state.application.endpoint_url = "https://example.org/interactions"
    (wrong,) = await clinic.wrong()
    assert "Interactions Endpoint URL" in wrong
    assert "General Information" in wrong


async def test_where_the_application_can_be_installed(clinic: Clinic) -> None:
    clinic.server.state.application.contexts = ("0",)
    right, wrong = await clinic.found()
    assert wrong == []
    assert [said for said in right if "“User Install”" in said]
    clinic.server.state.application.contexts = ("1",)
    (wrong_one,) = await clinic.wrong()
    assert "Tick “Guild Install” under “Installation”" in wrong_one
    clinic.server.state.application.contexts = ()  # an older application says nothing of it
    right, wrong = await clinic.found()
    assert [said for said in right + wrong if "Install”" in said] == []


def test_no_privileged_intent_is_asked_for(clinic: Clinic) -> None:
    assert clinic.settings.discord
    intents = PaperboyClient(clinic.settings.discord).intents
    privileged = library.Intents(members=True, presences=True, message_content=True)
    assert intents.value & privileged.value == 0


@pytest.mark.parametrize(
    ("left", "shards", "said"),
    [
        (10, None, None),
        (9, None, "Discord: 9 new connections are left for today. Look in the log for why there were so many."),
        (1, None, "Discord: 1 new connection is left for today. Look in the log for why there were so many."),
        (0, None, "Discord: 0 new connections are left for today. Look in the log for why there were so many."),
        (15, 16, "Discord: 15 new connections are left for today. Look in the log for why there were so many."),
        (16, 16, None),
    ],
)
async def test_connections_that_are_nearly_used_up(
    clinic: Clinic, left: int, shards: int | None, said: str | None
) -> None:
    clinic.server.gateway.starts_left = left
    if shards:
        clinic.change(shard_count=32, shard_ids=tuple(range(shards)))
    assert await clinic.wrong() == ([said] if said else [])


async def test_many_shards_take_many_connections(clinic: Clinic) -> None:
    clinic.server.shards = 20
    clinic.server.gateway.starts_left = 15
    assert len(await clinic.wrong()) == 1


# --- servers --------------------------------------------------------------------------------------------------------


async def test_on_no_server_yet(discord: DiscordServer, clinic: Clinic) -> None:
    clinic.server.doings.bot_leaves(clinic.acme.guild)
    right, wrong = await clinic.found()
    assert wrong == []
    assert "Discord: Paperboy is on no server yet. `paperboy invite discord` prints the link." in right


async def test_all_servers_are_counted_page_by_page(clinic: Clinic) -> None:
    world = clinic.server.state
    for number in range(420):
        guild = world.add_guild(f"Server {number}", clinic.acme.owner, everyone=rules.MEMBERS_USUAL)
        guild.add_member(world.application.bot)
    last = next(reversed(world.guilds.values()))
    await clinic.subscribe(world.add_channel(last, "papers"), guild=last.id)
    right, wrong = await clinic.found()
    assert wrong == []
    assert "Discord: Paperboy is on 421 servers." in right
    assert "Discord: Paperboy can post in 1 channel with a digest." in right
    assert len(clinic.server.calls("GET", "/users/@me/guilds")) == 3


async def test_a_last_page_that_is_full(clinic: Clinic) -> None:
    world = clinic.server.state
    for number in range(199):
        world.add_guild(f"Server {number}", clinic.acme.owner, everyone=0).add_member(world.application.bot)
    assert "Discord: Paperboy is on 200 servers." in (await clinic.found())[0]


async def test_a_server_that_put_paperboy_out_while_nobody_listened(clinic: Clinic) -> None:
    other = furnish(clinic.server, name="Globex")
    await clinic.subscribe(clinic.acme.papers)
    await clinic.subscribe(clinic.acme.lounge)
    await clinic.subscribe(other.papers, guild=other.guild.id)
    clinic.server.doings.bot_leaves(clinic.acme.guild)
    clinic.name()
    right, wrong = await clinic.found()
    assert wrong == [
        f"Discord: 2 channels of the server {clinic.acme.guild.id} are to get a digest, but Paperboy is not on it any "
        "more. `paperboy invite discord` prints the link that brings it back."
    ]
    assert "Discord: Paperboy can post in 1 channel with a digest." in right


# --- channels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, use in PERMISSIONS.items() if not use.optional])
async def test_a_permission_that_is_missing_in_a_channel_is_named(clinic: Clinic, name: str) -> None:
    await clinic.subscribe(clinic.acme.papers)
    await clinic.subscribe(clinic.acme.lounge)
    clinic.deny(clinic.acme.papers, name)
    right, (wrong,) = await clinic.found()
    if name == "view_channel":  # then Discord does not even tell what it is called
        assert wrong == (
            f"Discord, Acme: {clinic.acme.papers.id}: Paperboy cannot see this channel. "
            "Give it the permission to view the channel."
        )
    else:
        said = SAY(PERMISSIONS[name].words)
        assert wrong == f"Discord, Acme: #papers: Paperboy needs more permissions in this channel: {said}."
    assert not [said for said in right if "can post" in said]


async def test_all_that_is_missing_is_named_at_once(clinic: Clinic) -> None:
    await clinic.subscribe(clinic.acme.papers)
    clinic.deny(clinic.acme.papers, "send_messages", "read_message_history", "manage_threads")
    (wrong,) = await clinic.wrong()
    assert wrong.endswith("in this channel: Send Messages, Read Message History.")


@pytest.mark.parametrize("name", [name for name, use in PERMISSIONS.items() if use.optional])
async def test_what_a_forum_goes_without_is_no_fault(clinic: Clinic, name: str) -> None:
    await clinic.subscribe(clinic.acme.forum)
    await clinic.subscribe(clinic.acme.papers)
    clinic.deny(clinic.acme.forum, name)
    clinic.deny(clinic.acme.papers, name)
    right, wrong = await clinic.found()
    assert wrong == []
    assert [said for said in right if "goes without" in said] == [
        f"Discord, Acme: #paper-forum: It goes without {SAY(PERMISSIONS[name].words)}: "
        "forum tags that are missing are not made, and posts not deleted."
    ]
    assert "Discord: Paperboy can post in 2 channels with a digest." in right


async def test_a_forum_without_public_threads_is_no_fault(clinic: Clinic) -> None:
    await clinic.subscribe(clinic.acme.forum)
    clinic.deny(clinic.acme.forum, "create_public_threads")
    assert await clinic.wrong() == []


async def test_channels_that_are_gone_or_of_another_kind(clinic: Clinic) -> None:
    await clinic.subscribe(clinic.acme.papers)
    await clinic.subscribe(clinic.acme.papers)
    await clinic.subscribe(clinic.acme.lounge)
    await clinic.server.person(clinic.acme.owner).delete_channel(clinic.acme.lounge)
    await clinic.subscribe(clinic.server.state.add_channel(clinic.acme.guild, "Voice", 2))
    await clinic.subscribe(404)
    assert await clinic.wrong() == [
        f"Discord, Acme: {clinic.acme.lounge.id}: This channel does not exist any more.",
        "Discord, Acme: #Voice: Paperboy posts into text, announcement and forum channels only.",
        "Discord, Acme: 404: This channel does not exist any more.",
    ]
    assert len(clinic.server.calls("GET", "/channels/{channel_id}")) == 4


async def test_a_timeout(clinic: Clinic) -> None:
    await clinic.subscribe(clinic.acme.papers)
    bot = clinic.server.state.application.bot.id
    clinic.acme.guild.members[bot].timeout_until = clinic.server.clock.now() + 600
    (wrong,) = await clinic.wrong()
    assert wrong.startswith("Discord, Acme: #papers: A moderator has put Paperboy into a timeout.")


async def test_paused_and_personal_subscriptions_are_not_looked_at(clinic: Clinic) -> None:
    await clinic.subscribe(404, paused=True)
    await clinic.subscribe(clinic.server.state.direct(clinic.acme.reader.id), personal=True)
    assert await clinic.wrong() == []
    assert clinic.server.calls("GET", "/channels/{channel_id}") == []


async def test_only_so_many_channels_are_looked_at(clinic: Clinic) -> None:
    for number in range(MOST_CHANNELS + 2):
        await clinic.subscribe(clinic.server.state.add_channel(clinic.acme.guild, f"c{number}"))
    right, wrong = await clinic.found()
    assert wrong == []
    assert "Discord: 2 more channels were not looked at." in right
    assert f"Discord: Paperboy can post in {MOST_CHANNELS} channels with a digest." in right
    assert len(clinic.server.calls("GET", "/channels/{channel_id}")) == MOST_CHANNELS


async def test_when_discord_asks_to_wait_the_rest_is_left(clinic: Clinic) -> None:
    for channel in (clinic.acme.papers, clinic.acme.lounge, clinic.acme.forum):
        await clinic.subscribe(channel)
    clinic.server.rates.refuse("GET", "/channels/{channel_id}", 3600, major=clinic.acme.lounge.id)
    right, wrong = await clinic.found()
    assert wrong == []
    assert "Discord: Paperboy can post in 1 channel with a digest." in right
    assert "Discord: 2 more channels were not looked at." in right
    assert len(clinic.server.calls("GET", "/channels/{channel_id}")) == 2


# --- people and roles -----------------------------------------------------------------------------------------------


async def test_people_and_roles_in_the_settings(clinic: Clinic) -> None:
    acme, world = clinic.acme, clinic.server.state
    stranger = world.add_user("stranger")
    other = world.add_guild("Elsewhere", acme.owner, everyone=0)
    clinic.name(
        f"{acme.maintainer.id} {acme.curators.id} {acme.guild.id}/{acme.reader.id} U0123456789 T012/S0123456789",
        f"{stranger.id} {other.id}/{acme.owner.id} {acme.guild.id}/{stranger.id} @mina <@{acme.reader.id}>",
    )
    nobody = "Nobody and no role with this id is on a server with Paperboy."
    no_id = "No id of Discord: those are long numbers, which “Copy User ID” and “Copy Role ID” tell."
    assert sorted(await clinic.wrong()) == sorted(
        f"Discord: PAPERBOY_OPERATORS names {name}: {said}"
        for name, said in [
            (stranger.id, nobody),
            (f"{other.id}/{acme.owner.id}", "Paperboy is not on this server."),
            (f"{acme.guild.id}/{stranger.id}", nobody),
            ("@mina", no_id),
            (f"<@{acme.reader.id}>", no_id),
        ]
    )


async def test_somebody_on_one_of_several_servers_is_found(clinic: Clinic) -> None:
    other = furnish(clinic.server, name="Globex")
    clinic.name(f"{other.reader.id} {other.curators.id}", str(clinic.acme.guest.id))
    assert await clinic.wrong() == []


async def test_the_id_of_a_server_means_everybody(clinic: Clinic) -> None:
    clinic.name(str(clinic.acme.guild.id))
    right, wrong = await clinic.found()
    assert wrong == []
    assert right[-1] == (
        f"Discord: PAPERBOY_MAINTAINERS names {clinic.acme.guild.id}: "
        "This is the id of a server itself, so it means everybody there."
    )


async def test_on_many_servers_only_ids_of_one_are_looked_up(clinic: Clinic) -> None:
    world, acme = clinic.server.state, clinic.acme
    for number in range(MOST_SEARCHED):
        world.add_guild(f"Server {number}", acme.owner, everyone=0).add_member(world.application.bot)
    stranger = world.add_user("stranger")
    clinic.name(f"{stranger.id} {acme.guild.id}/{stranger.id}")
    (wrong,) = await clinic.wrong()
    assert f"{acme.guild.id}/{stranger.id}" in wrong
    assert len(clinic.server.calls("GET", "/guilds/{guild_id}")) == 1


async def test_when_discord_asks_to_wait_nobody_more_is_looked_up(clinic: Clinic) -> None:
    strangers = [clinic.server.state.add_user(f"stranger{number}") for number in range(3)]
    clinic.name(" ".join(str(one.id) for one in strangers))
    clinic.server.rates.refuse("GET", "/guilds/{guild_id}", 3600)
    assert await clinic.wrong() == []
    assert len(clinic.server.calls("GET", "/guilds/{guild_id}")) == 1


async def test_nobody_is_named(clinic: Clinic) -> None:
    clinic.name()
    right, wrong = await clinic.found()
    assert wrong == []
    assert right[-1] == "Discord: nobody is named in PAPERBOY_MAINTAINERS, so nobody can add or change papers there."


# --- in words -------------------------------------------------------------------------------------------------------


async def test_it_speaks_korean(clinic: Clinic) -> None:
    """Whatever there is to find, all at once."""
    acme, world = clinic.acme, clinic.server.state
    other = furnish(clinic.server, name="Globex")
    for channel in (acme.papers, acme.lounge, acme.forum):
        await clinic.subscribe(channel)
    await clinic.subscribe(404)
    await clinic.subscribe(other.papers, guild=other.guild.id)
    clinic.server.doings.bot_leaves(other.guild)
    clinic.deny(acme.papers, "send_messages", "create_public_threads")
    clinic.deny(acme.forum, "manage_channels")
    clinic.name(f"{world.add_user('stranger').id} ada {acme.guild.id} 1/{acme.owner.id}")
    world.application.endpoint_url, world.application.contexts = "https://example.org", ()
    clinic.server.gateway.starts_left = 3
    for language in Language:
        right, wrong = await clinic.found(language)
        assert (len(right), len(wrong)) == (4, 8), (right, wrong)
        assert all(("가" <= max(said) <= "힣") == (language is Language.KOREAN) for said in right + wrong)
