"""What Paperboy may do in a channel, worked out from what Discord tells: as the library and as Discord do it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import discord
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.core.errors import ChannelUnavailable
from bot.core.people import Language
from bot.core.subscriptions import Channel
from bot.discord.api import Api
from bot.discord.client import PaperboyClient
from bot.discord.courier import DiscordCourier
from bot.discord.entering import Membership, lacking_in, may_read, permissions_of, problem_in
from bot.discord.errors import DiscordRefused
from bot.discord.people import PLATFORM
from bot.discord.permissions import PERMISSIONS, permissions
from bot.discord.reading import channel_at
from bot.locale import translator
from bot.settings import DiscordSettings
from tests.discord.conftest import settings_for
from tests.platforms.discord import Acme, DiscordServer, furnish, shapes
from tests.platforms.discord import permissions as rules
from tests.platforms.discord import world as shown

Json = dict[str, Any]

SAY = translator(Language.ENGLISH).say
ME, GUILD, CHANNEL, OTHER = 10, 20, 30, 40
ROLES = (51, 52, 53)
ADMINISTRATOR = 1 << 3
TEXT, NEWS, FORUM = 0, 5, 15


# --- as the library has it ------------------------------------------------------------------------------------------

bits = st.builds(
    lambda names, more: discord.Permissions(**dict.fromkeys(names, True)).value | more,
    st.sets(st.sampled_from([*PERMISSIONS, "mention_everyone", "embed_links", "connect", "manage_guild"])),
    st.sampled_from([0, 0, 0, 0, ADMINISTRATOR]),
)
overwrites = st.builds(
    lambda who, allow, deny: {"id": str(who[0]), "type": who[1], "allow": str(allow), "deny": str(deny)},
    st.sampled_from([(GUILD, 0), *((role, 0) for role in (*ROLES, 54)), (ME, 1), (OTHER, 1)]),
    bits,
    bits,
)


@st.composite
def places(draw: st.DrawFn) -> tuple[Json, Json, Json]:
    """A server, Paperboy on it, and a channel, as Discord tells of them."""
    guild = {
        **{"id": str(GUILD), "name": "Acme", "owner_id": str(draw(st.sampled_from([OTHER, OTHER, OTHER, ME])))},
        "roles": [_role(GUILD, draw(bits)), *(_role(role, draw(bits)) for role in ROLES)],
    }
    member = {
        **{"user": {"id": str(ME), "username": "paperboy", "discriminator": "0", "avatar": None, "bot": True}},
        "roles": [str(role) for role in draw(st.sets(st.sampled_from([*ROLES, 54])))],  # of 54 nobody has heard
        **{"joined_at": None, "flags": 0, "deaf": False, "mute": False},
    }
    said = draw(st.lists(overwrites, max_size=6, unique_by=lambda one: (one["id"], one["type"])))
    kind = draw(st.sampled_from([TEXT, NEWS, FORUM]))
    channel = {"id": str(CHANNEL), "guild_id": str(GUILD), "type": kind, "name": "papers", "position": 0}
    return guild, member, {**channel, "permission_overwrites": said}


def _role(number: int, held: int) -> Json:
    shape = shapes.role(shown.Role(number, "role", held))
    return {**shape, "tags": {}}


def as_the_library_has_it(guild: Json, member: Json, channel: Json) -> discord.Permissions:
    """The same, from the library's own server, member and channel."""
    state: Any = PaperboyClient(DiscordSettings(token="a.b.c"))._connection
    there = discord.Guild(data=cast("Any", guild), state=state)
    made: Any = discord.ForumChannel if channel["type"] == FORUM else discord.TextChannel
    where = made(state=state, guild=there, data=channel)
    found: discord.Permissions = where.permissions_for(
        discord.Member(data=cast("Any", member), guild=there, state=state)
    )
    return found


@given(places(), st.sampled_from([None, -60, 3600]))
@settings(max_examples=400)
@example(
    (
        {"id": str(GUILD), "owner_id": "1", "roles": [_role(GUILD, permissions().value)]},
        {"roles": [], "user": {"id": str(ME), "username": "p", "discriminator": "0", "avatar": None}, "flags": 0},
        {"id": "1", "guild_id": str(GUILD), "type": TEXT, "name": "x", "position": 0, "permission_overwrites": []},
    ),
    3600,
)
def test_it_is_worked_out_as_the_library_does(place: tuple[Json, Json, Json], seconds: int | None) -> None:
    guild, member, channel = place
    ends = None if seconds is None else (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    member = {**member, "communication_disabled_until": ends}
    reference = as_the_library_has_it(guild, member, channel)
    ours = permissions_of(Membership(ME, guild, member, in_timeout=(seconds or 0) > 0), channel)
    if reference.view_channel:
        assert ours & permissions() == reference & permissions()
    else:
        assert ours.value == 0
        assert reference & permissions() & discord.Permissions.all_channel() == discord.Permissions.none()


@given(places())
def test_what_is_lacking_is_what_the_library_says(place: tuple[Json, Json, Json]) -> None:
    guild, member, channel = place
    reference = as_the_library_has_it(guild, member, channel)
    who = Membership(ME, guild, member)
    for optional in (False, True):
        said = lacking_in(who, channel, optional=optional)
        named = SAY(said).split(", ") if said else []
        assert named == [
            SAY(use.words)
            for name, use in PERMISSIONS.items()
            if use.optional is optional
            and not getattr(reference, name)
            and not (name == "create_public_threads" and channel["type"] == FORUM)
        ]
    assert (problem_in(who, channel) is None) == (lacking_in(who, channel) is None)


# --- as Discord has it ----------------------------------------------------------------------------------------------


@pytest.fixture
def acme(discord: DiscordServer) -> Acme:
    """A server on which Paperboy has just what its link asks for; everybody else has nothing."""
    made = furnish(discord, bits=permissions().value)
    made.guild.roles[made.guild.id].permissions = 0
    return made


@pytest.fixture
async def api(discord: DiscordServer) -> Any:
    """Asks that Discord."""
    wanted = settings_for(discord)
    client = PaperboyClient(wanted)
    yield Api(client, wanted.token, SystemClock())
    await client.close()


async def problem(api: Api, channel: shown.Channel) -> str | None:
    """What a person hears who wants the digest in a channel."""
    try:
        await DiscordCourier(api).enter(Channel(PLATFORM, str(channel.guild_id or "@me"), str(channel.id)))
    except ChannelUnavailable as error:
        return SAY(error.message)
    return None


def of_the_app(discord: DiscordServer, acme: Acme) -> shown.Role:
    """The role that the app got by its link."""
    return next(one for one in acme.guild.roles.values() if one.name == discord.state.application.name)


async def test_what_the_link_grants_is_enough(api: Api, acme: Acme) -> None:
    assert [await problem(api, one) for one in (acme.papers, acme.forum, acme.secret)] == [None] * 3


@pytest.mark.parametrize("name", [name for name, use in PERMISSIONS.items() if not use.optional])
@pytest.mark.parametrize("by", ["role", "channel"])
async def test_each_permission_that_is_taken_away_is_named(
    discord: DiscordServer, api: Api, acme: Acme, name: str, by: str
) -> None:
    bit = _bit(name)
    if by == "role":
        of_the_app(discord, acme).permissions &= ~bit
    else:
        for channel in (acme.papers, acme.forum):
            channel.overwrites = [shown.Overwrite(discord.state.application.bot.id, 1, deny=bit)]
    if name == "view_channel":
        said = "Paperboy cannot see this channel. Give it the permission to view the channel."
    else:
        said = f"Paperboy needs more permissions in this channel: {SAY(PERMISSIONS[name].words)}."
    assert await problem(api, acme.papers) == said
    assert await problem(api, acme.forum) == (None if name == "create_public_threads" else said)


def _bit(name: str) -> int:
    return discord.Permissions(**{name: True}).value


@pytest.mark.parametrize("name", [name for name, use in PERMISSIONS.items() if use.optional])
async def test_without_an_optional_one_posts_go_in(discord: DiscordServer, api: Api, acme: Acme, name: str) -> None:
    of_the_app(discord, acme).permissions &= ~_bit(name)
    assert await problem(api, acme.forum) is None
    assert await problem(api, acme.papers) is None


async def test_a_channel_gives_what_the_server_does_not(discord: DiscordServer, api: Api, acme: Acme) -> None:
    of_the_app(discord, acme).permissions = 0
    acme.papers.overwrites = [
        shown.Overwrite(acme.guild.id, 0, deny=_bit("send_messages")),
        shown.Overwrite(of_the_app(discord, acme).id, 0, allow=permissions().value),
    ]
    assert await problem(api, acme.papers) is None
    assert await problem(api, acme.lounge) is not None


async def test_the_owner_and_administrators_may_do_everything(discord: DiscordServer, api: Api, acme: Acme) -> None:
    of_the_app(discord, acme).permissions = ADMINISTRATOR
    acme.papers.overwrites = [shown.Overwrite(acme.guild.id, 0, deny=permissions().value)]
    assert await problem(api, acme.papers) is None
    of_the_app(discord, acme).permissions = 0
    acme.guild.owner_id = discord.state.application.bot.id
    assert await problem(api, acme.papers) is None


async def test_a_timeout_is_told_as_what_it_is(discord: DiscordServer, api: Api, acme: Acme) -> None:
    member = acme.guild.members[discord.state.application.bot.id]
    member.timeout_until = discord.clock.now() + 600
    assert await problem(api, acme.papers) == (
        "A moderator has put Paperboy into a timeout. Take it out again under its name."
    )
    member.timeout_until = discord.clock.now() - 600
    assert await problem(api, acme.papers) is None


async def test_direct_messages_need_no_permission(discord: DiscordServer, api: Api, acme: Acme) -> None:
    assert await problem(api, discord.state.direct(acme.reader.id)) is None
    assert await may_read(api, {"type": 1})
    assert [call.route for call in discord.requests if call.route.startswith("/guilds")] == []


@pytest.mark.parametrize("kind", [2, 4, 13])
async def test_other_channels_take_no_posts(discord: DiscordServer, api: Api, acme: Acme, kind: int) -> None:
    voice = discord.state.add_channel(acme.guild, "Voice", kind)
    assert await problem(api, voice) == "Paperboy posts into text, announcement and forum channels only."


async def test_threads_take_no_subscription(discord: DiscordServer, api: Api, acme: Acme) -> None:
    message = await discord.person(acme.owner).write(acme.papers, "Hello")
    thread = await discord.person(acme.owner).start_thread(message)
    assert await problem(api, thread) == "Paperboy posts into text, announcement and forum channels only."


async def test_a_channel_that_is_gone_and_a_server_that_put_it_out(
    discord: DiscordServer, api: Api, acme: Acme
) -> None:
    await discord.person(acme.owner).delete_channel(acme.lounge)
    assert await problem(api, acme.lounge) == "This channel does not exist any more."
    about = await channel_at(api, acme.papers.id)
    await discord.person(acme.owner).kick_bot(acme.guild)
    assert await problem(api, acme.papers) is not None
    with pytest.raises(DiscordRefused) as refused:  # between the two questions
        await may_read(api, about)
    assert refused.value.code == 10004


async def test_reading_needs_the_history(discord: DiscordServer, api: Api, acme: Acme) -> None:
    about = await channel_at(api, acme.papers.id)
    assert await may_read(api, about)
    of_the_app(discord, acme).permissions &= ~rules.READ_MESSAGE_HISTORY
    assert not await may_read(api, about)
