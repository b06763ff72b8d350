"""Channels that are gone, and servers that Paperboy was removed from."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bot.core.subscriptions import Channel, Layout
from storage.opening import Storage
from tests.discord.conftest import Served, serving
from tests.discord.posting import posted, settled
from tests.discord.saying import text_of
from tests.platforms.discord import Acme, DiscordServer, furnish
from tests.platforms.discord.world import TEXT


async def paused(served: Served, channel: Channel | None = None) -> list[bool]:
    """Of each subscription of a channel whether it rests."""
    return [one.paused for one in await served.storage.subscriptions.of_channel(channel or served.papers)]


def told(served: Served) -> list[str]:
    """What the owner was told in private."""
    return [text_of(message) for message in served.owner.direct().messages.values()]


# --- channels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [Layout.CARDS, Layout.FORUM])
async def test_a_deleted_channel_rests(served: Served, layout: Layout) -> None:
    subscription = await served.subscribe(layout, query="tag:rlaif")
    channel = served.acme.forum if layout is Layout.FORUM else served.acme.papers
    await served.owner.delete_channel(channel)
    await settled(served)
    assert await paused(served, served.channel(channel)) == [True]
    (said,) = told(served)
    assert f"#{channel.name} was deleted" in said
    assert f"/digest resume {subscription.id}" in said
    assert "tag:rlaif" in said


async def test_all_that_went_there_rests_and_each_is_told_of_once(served: Served) -> None:
    await served.subscribe(query="tag:one")
    await served.storage.subscriptions.pause_channel(served.papers)
    await served.subscribe(query="tag:two")
    await served.subscribe(query="tag:three")
    await served.owner.delete_channel(served.acme.papers)
    await settled(served)
    assert await paused(served) == [True, True, True]
    assert [("tag:two" in said, "tag:three" in said) for said in told(served)] == [(True, False), (False, True)]


async def test_word_of_it_that_comes_twice_is_no_news(served: Served) -> None:
    await served.subscribe()
    await served.owner.delete_channel(served.acme.papers)
    await settled(served)
    (session,) = served.server.gateway.sessions
    (frame,) = [one for one in session.events if one["t"] == "CHANNEL_DELETE"]
    assert session.connection is not None
    session.connection.send(frame)
    await served.reader.write(served.acme.lounge, "Hello")
    await settled(served)
    assert len(told(served)) == 1


async def test_other_channels_and_threads_change_nothing(served: Served) -> None:
    it = await posted(served)
    other = await served.owner.create_channel(served.acme.guild, "other", TEXT)
    thread = await served.owner.start_thread(it.message)
    await served.owner.delete_channel(thread)
    await served.owner.delete_channel(other)
    await served.owner.rename_channel(served.acme.papers, "our-papers")
    await settled(served)
    assert await paused(served) == [False]
    assert told(served) == []


async def test_what_was_on_its_way_there_is_given_up(served: Served) -> None:
    await served.add("A paper")
    await served.subscribe()
    await served.owner.delete_channel(served.acme.papers)
    await settled(served)
    assert await served.deliver() == []
    assert len(told(served)) == 1, "one word is enough"


async def test_a_channel_that_went_while_nobody_listened_is_told_of_at_the_next_digest(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with serving(discord, acme, storage) as served:
        await served.add("A paper")
        await served.subscribe()
    await discord.person(acme.owner).delete_channel(acme.papers)
    async with serving(discord, acme, storage) as served:
        for _ in range(3):
            assert await served.deliver() == []
        (said,) = told(served)
        assert "does not exist any more" in said


async def test_an_operator_who_takes_no_direct_messages(served: Served) -> None:
    await served.subscribe()
    served.server.closed_to.add(served.acme.owner.id)
    with capture_logs() as logs:
        await served.owner.delete_channel(served.acme.papers)
        await settled(served)
    assert await paused(served) == [True]
    assert told(served) == []
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == ["departure.operator_not_told"]


# --- servers ----------------------------------------------------------------------------------------------------------


async def test_a_server_that_put_paperboy_out_has_no_subscriptions_left(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    other = furnish(discord, name="Globex")
    async with serving(discord, acme, storage) as served:
        elsewhere = Channel("discord", str(other.guild.id), str(other.papers.id))
        await served.subscribe()
        await served.subscribe(channel=elsewhere)
        await served.owner.kick_bot(acme.guild)
        await settled(served)
        assert await paused(served) == []
        assert await paused(served, elsewhere) == [False]
        assert await served.deliver() == []
        assert told(served) == []


async def test_an_outage_is_no_departure(served: Served) -> None:
    await served.subscribe()
    served.acme.guild.is_available = False
    served.server.events.guild_unavailable(served.acme.guild)
    await settled(served)
    assert await paused(served) == [False]
    served.acme.guild.is_available = True
    served.server.events.guild_available(served.acme.guild)
    await settled(served)
    assert await paused(served) == [False]


async def test_paperboy_comes_back(served: Served) -> None:
    await served.add("A paper")
    await served.subscribe()
    await served.owner.kick_bot(served.acme.guild)
    with capture_logs() as logs:
        await served.owner.invite_bot(served.acme.guild)
        await settled(served)
    assert [log["event"] for log in logs if "guild" in log] == ["discord.guild_joined"]
    assert served.acme.papers.messages == {}, "nothing is posted before somebody subscribes"
    await served.subscribe()
    assert len(await served.deliver()) == 2


async def test_a_server_that_put_paperboy_out_while_nobody_listened(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with serving(discord, acme, storage) as served:
        await served.add("A paper")
        await served.subscribe()
    await discord.person(acme.owner).kick_bot(acme.guild)
    async with serving(discord, acme, storage) as served:
        for _ in range(3):
            assert await served.deliver() == []
        invalid = discord.rates.invalid
        await served.deliver()
        assert discord.rates.invalid == invalid, "it is not tried again and again"
