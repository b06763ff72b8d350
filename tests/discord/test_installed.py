"""Paperboy with people who have added it for themselves: in direct messages, in groups, on servers that know it not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.discord.conftest import Served
from tests.discord.forging import forged_buttons
from tests.discord.saying import buttons_of, text_of
from tests.platforms.discord import Person, furnish, permissions
from tests.platforms.discord.commanding import MESSAGE_MENU
from tests.platforms.discord.interactions import FOLLOWUPS_WITHOUT_BOT
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import EPHEMERAL, Channel

Place = Callable[[Served], tuple[Person, Channel]]


def with_paperboy(served: Served) -> tuple[Person, Channel]:
    """In direct messages with Paperboy."""
    return served.guest, served.guest.direct()


def with_a_friend(served: Served) -> tuple[Person, Channel]:
    """In direct messages with somebody else."""
    return served.guest, served.guest.direct_with(served.acme.reader)


def in_a_group(served: Served) -> tuple[Person, Channel]:
    """In a group of three."""
    acme = served.acme
    return served.guest, served.server.state.group(acme.guest.id, acme.reader.id, acme.owner.id)


def elsewhere(served: Served) -> tuple[Person, Channel]:
    """On a server where Paperboy is not."""
    other = furnish(served.server, name="Elsewhere", is_joined=False)
    return served.server.person(other.guest), other.papers


EVERYWHERE = pytest.mark.parametrize("place", [with_paperboy, with_a_friend, in_a_group, elsewhere])
WHERE_IT_IS_NOT = pytest.mark.parametrize("place", [with_a_friend, in_a_group, elsewhere])


@EVERYWHERE
async def test_papers_are_looked_up_in_private(served: Served, place: Place) -> None:
    for number in range(12):
        await served.add(f"Paper {number:02}", tags=("rlaif",), abstract="The abstract.")
    who, where = place(served)
    await who.install()
    found = await (await who.command(where, "paper", tag="rlaif")).shown()
    assert "Paper" in text_of(found)
    assert found.flags & EPHEMERAL
    before = text_of(found)
    await who.click(found, "Next")
    await served.server.until(lambda: text_of(found) != before)
    ids = [one for one in buttons_of(found) if one == "Details"]
    assert ids
    helped = await (await who.command(where, "paper-help")).shown()
    assert "tag:" in text_of(helped)
    assert [one["value"] for one in await who.autocomplete(where, "paper", "tag", "rl")] == ["rlaif"]
    assert where.messages == {}


@EVERYWHERE
async def test_a_paper_is_saved_and_found_again_wherever_one_is(served: Served, place: Place) -> None:
    await served.add("A paper", tags=("rlaif",))
    who, where = place(served)
    await who.install()
    found = await (await who.command(where, "paper", tag="rlaif")).shown()
    details = await (await who.click(found, "Details")).shown()
    await who.click(details, "Save")
    await served.server.until(lambda: "Saved" in buttons_of(details))
    saved = await (await who.command(where, "paper", query="is:saved")).shown()
    assert "A paper" in text_of(saved)


@WHERE_IT_IS_NOT
async def test_a_share_goes_where_paperboy_itself_is_not(served: Served, place: Place) -> None:
    await served.add("A paper @everyone", tags=("rlaif",))
    who, where = place(served)
    await who.install()
    found = await (await who.command(where, "paper", tag="rlaif")).shown()
    details = await (await who.click(found, "Details")).shown()
    await who.click(details, "Share")
    (shared,) = await served.server.until(lambda: list(where.messages.values()))
    assert "A paper" in text_of(shared)
    assert not shared.flags & EPHEMERAL
    assert shared.allowed_mentions == {"parse": []}
    asked = [call for call in served.server.requests if call.route == "/channels/{channel_id}/messages"]
    assert asked == [], "it may not post there, and does not try"
    again = await (await who.click(shared, "Details")).shown()
    assert again.only_for == who.user.id


async def test_a_share_into_direct_messages_with_paperboy(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    who, where = with_paperboy(served)
    await who.install()
    found = await (await who.command(where, "paper", tag="rlaif")).shown()
    details = await (await who.click(found, "Details")).shown()
    await who.click(details, "Share")
    (shared,) = await served.server.until(lambda: list(where.messages.values()))
    assert "A paper" in text_of(shared)


async def test_a_share_that_the_server_keeps_private_stays_so(served: Served) -> None:
    """There, nobody may use apps of their own before others."""
    await served.add("A paper", tags=("rlaif",))
    who, where = elsewhere(served)
    guild = served.server.state.guilds[where.guild_id or 0]
    guild.roles[guild.id].permissions &= ~permissions.USE_EXTERNAL_APPS
    await who.install()
    found = await (await who.command(where, "paper", tag="rlaif")).shown()
    details = await (await who.click(found, "Details")).shown()
    await (await who.click(details, "Share")).shown()
    assert where.messages == {}


@EVERYWHERE
async def test_one_press_takes_few_messages(served: Served, place: Place) -> None:
    """Where Paperboy is not, Discord takes five in answer to one interaction."""
    await served.add("Long", tags=("rlaif",), commentary_en="A word and another. " * 1_500)
    who, where = place(served)
    await who.install()
    found = await (await who.command(where, "paper", tag="rlaif")).shown()
    opened = await who.click(found, "Details")
    await opened.shown()
    assert len(opened.followups) <= FOLLOWUPS_WITHOUT_BOT
    assert served.server.interactions.refusals == []


@WHERE_IT_IS_NOT
async def test_nothing_else_is_offered_there(served: Served, place: Place) -> None:
    who, where = place(served)
    await who.install()
    own = {"paper-forget-me"} if place is elsewhere else set()
    assert {one["name"] for one in who.commands(where)} == {"paper", "paper-help"} | own
    assert who.commands(where, MESSAGE_MENU) == []
    for name in ("digest list", "paper-add", "paper-follow"):
        with pytest.raises(NotPossible):
            await who.command(where, name)


async def test_in_direct_messages_with_paperboy_people_have_what_is_theirs(served: Served) -> None:
    offered = {one["name"] for one in served.guest.commands(served.guest.direct())}
    assert offered == {"paper", "paper-help", "paper-follow", "paper-following", "paper-unfollow", "paper-forget-me"}


async def test_who_has_not_added_it_is_offered_nothing(served: Served) -> None:
    for place in (with_a_friend, in_a_group, elsewhere):
        who, where = place(served)
        assert who.commands(where) == []


async def test_no_link_leads_out_of_direct_messages(served: Served) -> None:
    """Nobody knows there which servers a person is on."""
    await served.add("A paper", tags=("rlaif",))
    await served.subscribe()
    await served.deliver()
    await served.guest.install()
    found = await (await served.guest.command(served.guest.direct(), "paper", tag="rlaif")).shown()
    assert "discord.com/channels" not in text_of(found)


async def test_to_manage_a_server_gives_no_rights_in_direct_messages(served: Served) -> None:
    await served.subscribe()
    await served.owner.install()
    where = served.owner.direct()
    for line in ("/digest list", "/digest pause 1", "/digest subscribe tag:x", "/paper-remove x"):
        message = forged_buttons(served, where, [f"run:{line}"])
        said = text_of(await (await served.owner.click(message, f"run:{line}")).shown())
        assert "Only operators" in said or "Only maintainers" in said
    (subscription,) = await served.storage.subscriptions.of_channel(served.papers)
    assert not subscription.paused
