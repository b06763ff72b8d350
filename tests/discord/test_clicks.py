"""Buttons of posts, and what is shared for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.subscriptions import Layout
from storage.opening import Storage
from tests.discord.conftest import Served, serving
from tests.discord.saying import buttons_of, text_of
from tests.discord.test_conversation import asked, turned
from tests.platforms.discord import Acme, DiscordServer, furnish, permissions
from tests.platforms.discord.refusals import DidNotRespond
from tests.platforms.discord.world import EPHEMERAL, Message

HOSTILE = "@everyone <@&1> [here](https://evil.example) `code` ||spoiler|| **bold**"


async def posted(served: Served, **more: Any) -> Message:
    """The post of one entry."""
    await served.add("RLAIF vs RLHF", tags=("rlaif",), abstract="The abstract.", commentary="A note.", **more)
    await served.subscribe()
    return served.message_of((await served.deliver())[-1])


async def test_buttons_of_a_post_answer_each_person_in_private(served: Served) -> None:
    post = await posted(served)
    assert buttons_of(post) == ["Abstract", "Save", "More like this"]
    before = text_of(post)
    abstract = await (await served.reader.click(post, "Abstract")).shown()
    assert abstract.only_for == served.acme.reader.id
    assert "The abstract." in text_of(abstract)
    saved = await (await served.guest.click(post, "Save")).shown()
    assert "/paper query:is:saved" in buttons_of(saved)
    mine = await (await served.guest.click(saved, "/paper query:is:saved")).shown()
    assert "RLAIF vs RLHF" in text_of(mine)
    assert text_of(await (await served.guest.click(post, "More like this")).shown())
    assert text_of(post) == before


async def test_buttons_of_a_post_work_after_a_restart_and_a_day(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with serving(discord, acme, storage) as served:
        post = await posted(served)
    with pytest.raises(DidNotRespond):
        await discord.person(acme.guest).click(post, "Abstract")
    discord.clock.advance(24 * 3600)
    async with serving(discord, acme, storage) as served:
        assert "The abstract." in text_of(await (await served.guest.click(post, "Abstract")).shown())


async def test_in_forum_posts_too(served: Served) -> None:
    await served.add("A paper", abstract="The abstract.")
    await served.subscribe(Layout.FORUM)
    (post,) = [one for one in await served.deliver() if one.entry_id]
    assert "The abstract." in text_of(await (await served.guest.click(served.message_of(post), "Abstract")).shown())


async def test_a_button_of_another_time_says_so(served: Served) -> None:
    post = await posted(served)
    for one in (custom for part in post.components for custom in part["components"] if custom["type"] == 1):
        one["components"][0]["custom_id"] = "juggle:42"
        one["components"][1]["custom_id"] = "run:~AAAAAAAAAAAAAAAAAAAAAA"
    for label in ("Abstract", "Save"):
        said = await (await served.guest.click(post, label)).shown()
        assert "no longer understood" in text_of(said)


async def test_a_removed_entry_says_so(served: Served) -> None:
    post = await posted(served)
    kept = next(part for part in post.components[0]["components"] if part["type"] == 1)["components"][0]["custom_id"]
    sure = await asked(served.maintainer, served.acme.papers, "paper-remove", entry=kept.partition(":")[2])
    await served.maintainer.click(sure, buttons_of(sure)[0])
    await served.server.until(lambda: served.changed)
    said = await (await served.guest.click(post, "Abstract")).shown()
    assert "The abstract." not in text_of(said)


# --- sharing ----------------------------------------------------------------------------------------------------------


async def test_sharing_shows_everybody_and_pings_nobody(served: Served) -> None:
    await served.add(HOSTILE, tags=("rlaif",), commentary="A note. " * 600)
    found = await asked(served.guest, served.acme.papers, "paper", tag="rlaif")
    details = await (await served.guest.click(found, "Details")).shown()
    while "Share" not in buttons_of(details):
        await turned(served, details)
    said = await (await served.guest.click(details, "Share")).shown()
    assert text_of(said) == "Shared into this channel."
    (shared,) = served.acme.papers.messages.values()
    assert not shared.flags & EPHEMERAL
    assert "Gwen shares a paper" in text_of(shared)
    assert r"\@everyone \<\@&1\>" in text_of(shared)
    assert shared.allowed_mentions == {"parse": []}
    again = await (await served.reader.click(shared, "Details")).shown()
    assert again.only_for == served.acme.reader.id


async def test_who_may_not_write_cannot_share(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    everyone = served.acme.guild.roles[served.acme.guild.id]
    await served.owner.allow(served.acme.papers, everyone, deny=permissions.SEND_MESSAGES)
    found = await asked(served.guest, served.acme.papers, "paper", tag="rlaif")
    details = await (await served.guest.click(found, "Details")).shown()
    said = await (await served.guest.click(details, "Share")).shown()
    assert "You may not write" in text_of(said)
    assert served.acme.papers.messages == {}


async def test_where_paperboy_may_not_write_it_says_so(served: Served) -> None:
    await served.add("A paper", tags=("rlaif",))
    await served.owner.allow(served.acme.papers, served.server.state.application.bot, deny=permissions.SEND_MESSAGES)
    found = await asked(served.guest, served.acme.papers, "paper", tag="rlaif")
    details = await (await served.guest.click(found, "Details")).shown()
    assert "may not write" in text_of(await (await served.guest.click(details, "Share")).shown())
    assert served.acme.papers.messages == {}


async def test_sharing_where_paperboy_is_not(discord: DiscordServer, acme: Acme, storage: Storage) -> None:
    elsewhere = furnish(discord, name="Elsewhere", is_joined=False)
    async with serving(discord, acme, storage) as served:
        await served.add("A paper", tags=("rlaif",))
        guest = discord.person(elsewhere.guest)
        await guest.install()
        found = await asked(guest, elsewhere.papers, "paper", tag="rlaif")
        details = await (await guest.click(found, "Details")).shown()
        await guest.click(details, "Share")
        await discord.until(lambda: elsewhere.papers.messages)
        (shared,) = elsewhere.papers.messages.values()
        assert "A paper" in text_of(shared)


async def test_tomorrows_entry_is_not_shared(served: Served) -> None:
    (entry,) = await served.add("Tomorrow", day=served.parts.desk.clock.now().date().replace(year=2099))
    post = await posted(served)
    button = next(part for part in post.components[0]["components"] if part["type"] == 1)["components"][0]
    button["custom_id"] = f"share:{entry.id}"
    said = await (await served.maintainer.click(post, "Abstract")).shown()
    assert "Tomorrow" in text_of(said)
    assert len(served.acme.papers.messages) == 2
